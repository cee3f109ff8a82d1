"""`Template`: a Python function that states a derivative, its signature, and its body as SSA.

Input: a function that a decorator of `srcad.rules` was put on. Output: what the transforms need to inline it. The
function stays an ordinary one (it can be called, and is called where kinds are unknown). This module does not know
primitives; the checks of a body are in `srcad.rules.checks`.
"""

from __future__ import annotations

import inspect
import os.path
from collections.abc import Callable
from functools import cached_property, lru_cache
from types import FunctionType
from typing import Any

from srcad.errors import RuleError
from srcad.ir.nodes import Function, Loc
from srcad.ir.record import record

#: Parameters that a template has besides those of its primitive.
RESULT, COTANGENT, TANGENT_SUFFIX = "ans", "ans_bar", "_dot"


#: `os.path.realpath`, which asks the file system about each folder, once for each file.
real_path = lru_cache(maxsize=256)(os.path.realpath)


@record(frozen=True, eq=False)
class Template:
    """A template: calling it calls its Python function.

    Args:
        function: the Python function.
        signature: the function's whole signature.
        params: names of the parameters that are the primitive's own, in order.
        dots: for a tangent, the names of the parameters whose tangents it takes (without ``_dot``).
    """

    function: Callable[..., Any]
    signature: inspect.Signature
    params: tuple[str, ...]
    dots: tuple[str, ...] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the Python function."""
        return self.function(*args, **kwargs)

    @property
    def loc(self) -> Loc:
        """Where the function is defined."""
        code = self.function.__code__
        return Loc(code.co_filename, code.co_firstlineno, 0, 10**6, "", self.function.__qualname__)

    @property
    def place(self) -> str:
        """``FILE:LINE`` of the definition."""
        return f"{self.loc.file}:{self.loc.line}"

    @property
    def origin(self) -> tuple[str, int]:
        """What tells two definitions apart: a module that is loaded again has the same origins."""
        return real_path(self.loc.file), self.loc.line

    @cached_property
    def ssa(self) -> Function:
        """The body, lowered with the compiler's own frontend at first use."""
        from srcad.frontend.lower import lower

        return lower(self.function, template=True)

    def own(self, name: str) -> inspect.Parameter:
        """The parameter of that name."""
        return self.signature.parameters[name]

    @property
    def varargs(self) -> str | None:
        """The name of the ``*args`` parameter, if there is one."""
        kind = inspect.Parameter.VAR_POSITIONAL
        return next((n for n in self.params if self.own(n).kind is kind), None)

    def default_wrt(self) -> tuple[str, ...]:
        """The parameters before ``*`` that have no default."""
        keyword_only = inspect.Parameter.KEYWORD_ONLY
        own = [self.own(n) for n in self.params]
        return tuple(p.name for p in own if p.kind is not keyword_only and p.default is p.empty)


def _shown(function: object) -> str:
    return "a lambda" if getattr(function, "__name__", "") == "<lambda>" else repr(function)


def make_template(function: Callable[..., Any], *, takes_dots: bool = False) -> Template:
    """The template for a function, its signature split into the primitive's parameters and the compiler's.

    Raises:
        RuleError: if it is no function defined with ``def``.
    """
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise RuleError(f"a template is a function defined with def, not {_shown(function)}")
    signature = inspect.signature(function)
    names = tuple(signature.parameters)
    dots: tuple[str, ...] = ()
    if takes_dots:
        stems = (n.removesuffix(TANGENT_SUFFIX) for n in names if n.endswith(TANGENT_SUFFIX))
        dots = tuple(n for n in stems if n in names)
    extra = {RESULT, COTANGENT, *(n + TANGENT_SUFFIX for n in dots)}
    return Template(function, signature, tuple(n for n in names if n not in extra), dots)

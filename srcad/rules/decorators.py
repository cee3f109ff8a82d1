"""The decorators that register templates, for srcad's own templates and for users.

Each takes primitives (several may share one template) and registers a `Rule`; the decorated function is returned as it
is. The parameters of a template are those of the primitive, and after ``*`` what the compiler adds: ``ans`` (the
result), ``ans_bar`` (its cotangent), ``x_dot`` (the tangent of parameter ``x``).

Keyword options that the decorators share:

- ``kind``: the name of the type family of the result (see `srcad.rules.families`).
- ``wrt``: the parameters that carry derivatives; by default those before ``*`` that have no default.
- ``views``, ``writes``: parameters that the result may share memory with; that the primitive mutates.
- ``smaller``: the adjoint accepts an ``ans_bar`` that merely broadcasts to ``ans`` (a scalar for an array).
- ``singular``: a partial can be infinite or NaN at finite arguments (sqrt, log, /, arcsin; exp, which overflows).
- ``broadcasts``: for adjoints of elementwise functions: the compiler sums each result over the axes that its
  argument was broadcast along.
- ``impure``: draws random numbers or does input or output.
- ``of_form``: for `nondifferentiable`: the result depends on types, shapes and memory only (``len``), not on numbers.
- ``raises``: ``"never"`` if the primitive cannot raise for numeric arguments whose shapes fit together.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from srcad.errors import RuleError
from srcad.ir.nodes import Loc
from srcad.rules.checks import check
from srcad.rules.registry import Rule, primitive_name, register
from srcad.rules.templates import Template, make_template

F = TypeVar("F", bound=Callable[..., Any])


class Options(TypedDict, total=False):
    """The keyword options that all decorators share; the module's docstring explains them."""

    views: tuple[str, ...]
    writes: tuple[str, ...]
    smaller: bool
    singular: bool
    broadcasts: bool
    impure: bool
    of_form: bool
    raises: Literal["never", "maybe"]


def elementwise(
    *primitives: Any, wrt: tuple[str, ...] | None = None, kind: str | None = "elementwise", **options: Unpack[Options]
) -> Callable[[F], F]:
    """Register an elementwise function: the body returns one partial for each parameter of `wrt`, a tuple if several.

    The compiler multiplies with cotangents or tangents and sums over broadcast axes; the body does neither.

    Args:
        primitives: the functions that this template is for.
        wrt: the parameters that carry derivatives.
        kind: the type family of the result.
        options: see the module's docstring.
    """

    def decorate(function: F) -> F:
        template = make_template(function)
        names = check(template, "partials", wrt)
        _register(primitives, template, Rule(None, kind, names, partials=template, broadcasts=True), options)
        return function

    return decorate


def linear(
    *primitives: Any, wrt: tuple[str, ...] | None = None, kind: str | None = None, **options: Unpack[Options]
) -> Callable[[F], F]:
    """Register a function that is jointly linear in `wrt`: the body is its adjoint, the tangent is the function itself.

    Args:
        primitives: the functions that this template is for.
        wrt: the parameters that carry derivatives; in the tangent, one that carries none is replaced by zero.
        kind: the type family of the result.
        options: see the module's docstring.
    """

    def decorate(function: F) -> F:
        template = make_template(function)
        names = check(template, "adjoint", wrt)
        _register(primitives, template, Rule(None, kind, names, adjoint=template, linear=True), options)
        return function

    return decorate


def multilinear(
    *primitives: Any, wrt: tuple[str, ...] | None = None, kind: str | None = None, **options: Unpack[Options]
) -> Callable[[F], F]:
    """Register a function that is linear in each parameter of `wrt` alone (a product): the body is its adjoint.

    Its tangent is the sum over the active parameters of the function with that argument replaced by its tangent.

    Args:
        primitives: the functions that this template is for.
        wrt: the parameters that carry derivatives.
        kind: the type family of the result.
        options: see the module's docstring.
    """

    def decorate(function: F) -> F:
        template = make_template(function)
        names = check(template, "adjoint", wrt)
        _register(primitives, template, Rule(None, kind, names, adjoint=template, multilinear=True), options)
        return function

    return decorate


def adjoint(
    *primitives: Any, wrt: tuple[str, ...] | None = None, kind: str | None = None, **options: Unpack[Options]
) -> Callable[[F], F]:
    """Register the adjoint: the body returns the cotangents of `wrt` from ``ans_bar``, a tuple if there are several.

    A ``*args`` parameter or one that is a list counts as one and gets a list or tuple of cotangents.

    Args:
        primitives: the functions that this template is for.
        wrt: the parameters that carry derivatives.
        kind: the type family of the result.
        options: see the module's docstring.
    """

    def decorate(function: F) -> F:
        template = make_template(function)
        names = check(template, "adjoint", wrt)
        _register(primitives, template, Rule(None, kind, names, adjoint=template), options)
        return function

    return decorate


def tangent(*primitives: Any) -> Callable[[F], F]:
    """Register the tangent: the body returns the result's tangent from ``x_dot`` for each parameter that carries one.

    An inactive parameter's tangent arrives as ``0.0``. Belongs to the `adjoint` of the same primitives.

    Args:
        primitives: the functions that this template is for.
    """

    def decorate(function: F) -> F:
        template = make_template(function, takes_dots=True)
        names = check(template, "tangent", None)
        _register(primitives, template, Rule(None, None, names, tangent=template), {})
        return function

    return decorate


def nondifferentiable(*primitives: Any, kind: str | None = None, **options: Unpack[Options]) -> None:
    """State that the derivative is zero: a plain call, not a decorator.

    Args:
        primitives: functions whose result carries no derivative, or a zero one (rounding, comparison).
        kind: the type family of the result.
        options: see the module's docstring; `impure` for what draws random numbers or does input or output.
    """
    _register(primitives, _caller(), Rule(None, kind, nondifferentiable=True), options)


def structural(*primitives: Any, kind: str | None = None, **options: Unpack[Options]) -> None:
    """State that the compiler's own passes differentiate these (containers, iterators, attributes): a plain call.

    Args:
        primitives: functions that move values without computing.
        kind: the type family of the result.
        options: see the module's docstring.
    """
    _register(primitives, _caller(), Rule(None, kind, structural=True), options)


def _caller() -> Loc:
    frame = sys._getframe(2)
    return Loc(frame.f_code.co_filename, frame.f_lineno, 0, 10**6, "")


def _register(primitives: tuple[Any, ...], at: Template | Loc, rule: Rule, options: Options) -> None:
    loc = at.loc if isinstance(at, Template) else at
    unknown = [name for name in options if name not in Options.__annotations__]
    if unknown:
        known = ", ".join(Options.__annotations__)
        raise RuleError(f"unknown option {unknown[0]!r}", where=loc, remedy=f"the options are {known}")
    if not primitives:
        raise RuleError("no primitive is named", where=loc, remedy="name the functions that this template is for")
    if isinstance(at, Template):
        _check_names(at, options)
    for primitive in dict.fromkeys(map(_hashable, primitives)):
        if not callable(primitive) and not hasattr(primitive, "__get__"):
            raise RuleError(f"{primitive!r} is no function", where=loc, remedy="name functions, methods or classes")
        register(primitive, rule, options, loc)


def _hashable(primitive: Any) -> Any:
    try:
        hash(primitive)
    except TypeError:
        raise RuleError(f"{primitive_name(primitive)} cannot be hashed, so no rule can be found for it") from None
    return primitive


def _check_names(template: Template, options: Options) -> None:
    """`views` and `writes` name parameters of the template."""
    for option, names in (("views", options.get("views", ())), ("writes", options.get("writes", ()))):
        for name in names:
            if name not in template.params:
                raise RuleError(
                    f"{option} names {name!r}, which is no parameter",
                    where=template.loc,
                    remedy="the parameters are " + ", ".join(template.params),
                )

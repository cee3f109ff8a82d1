"""The derivative rule of what a call calls, or the error that says why there is none and what to do."""

from __future__ import annotations

import functools
import inspect
from types import MethodType
from typing import Any

import numpy as np

from srcad.analysis.keys import is_derivative
from srcad.errors import MissingRule, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Object, Static
from srcad.ir.nodes import Call, Const
from srcad.ir.visit import is_call_of
from srcad.rules import Rule, primitive_name, rule_for


def require_rule(call: Call) -> Rule:
    """The rule of the called primitive.

    Raises:
        MissingRule: it has none; the error shows the one to write.
        UnsupportedSyntax: what is called is no primitive, and is not supported yet.
    """
    fn = call.fn.value if isinstance(call.fn, Const) else None
    rule = rule_for(fn) if fn is not None else None
    if rule is not None and (rule.partials or rule.adjoint or rule.nondifferentiable):
        return rule
    if fn is None or fn is ops.call_method:
        raise unknown_callee(call)
    refuse(fn, call)
    name = (call.fn.expr if isinstance(call.fn, Const) else None) or primitive_name(fn)
    raise MissingRule(
        f"{name} has no derivative rule",
        where=call.loc,
        why="it has no Python source that srcad can differentiate, and no template is registered for it",
        remedy=f"register one:\n{_sketch(fn, name)}",
    )


def _sketch(fn: Any, name: str) -> str:
    """The beginning of a rule: a partial derivative for a function of numbers, else what to do with a cotangent."""
    short = name.rpartition(".")[2]
    if isinstance(fn, np.ufunc) or getattr(fn, "__module__", None) == "math":
        return f"@srcad.elementwise({name})\ndef {short}(x, *, ans):\n    return ...  # d {short}(x) / dx"
    try:
        first = next(iter(inspect.signature(fn).parameters))
    except (TypeError, ValueError, StopIteration):
        first = "x"
    return (
        f"@srcad.adjoint({name})\ndef {short}({first}, *, ans, ans_bar):\n"
        f"    return ...  # the cotangent of {first}, from that of the result"
    )


def refuse(fn: Any, call: Call) -> None:
    """Raise for a callable that is no primitive, and that could be looked into but is not yet."""
    name = getattr(fn, "__name__", None) or type(fn).__name__
    if is_derivative(fn):
        what = f"the derivative {name} is called in a function that is differentiated"
        why = "derivatives inside of functions are not differentiated yet"
        remedy = "differentiate the derivative as a whole: srcad.grad(srcad.grad(f)), srcad.jvp(srcad.grad(f), ...)"
    elif type(fn).__name__ == "_lru_cache_wrapper":
        what = f"{name} carries a derivative"
        why = "functions that keep their results (functools.cache, lru_cache) are not looked into yet"
        remedy = f"call the function itself: {name}.__wrapped__(...)"
    elif isinstance(fn, functools.partial):
        what = "a call of a functools.partial carries a derivative"
        why = "partial applications are not looked into yet"
        remedy = "call the function itself with all its arguments"
    elif isinstance(fn, MethodType):
        what = f"the method {name!r} of class {type(fn.__self__).__name__} carries a derivative"
        why = "methods of objects are not supported yet"
        remedy = "write it as a function, and pass the values that it reads as arguments"
    else:
        return
    raise UnsupportedSyntax(what, where=call.loc, why=why, remedy=remedy)


def unknown_callee(call: Call) -> UnsupportedSyntax:
    """The error for a call that carries a derivative and of which nothing is known."""
    if is_call_of(call, ops.call_method):
        receiver, name = atom_kind(call.args[0]), call.args[1]
        method = f"the method {name.value!r}" if isinstance(name, Const) else "a method"
        owner = f" of class {receiver.cls.__name__}" if isinstance(receiver, Object) else ""
        unknown = "what it does is not known while compiling, because the type of its object is not"
        return UnsupportedSyntax(
            f"{method}{owner} carries a derivative",
            where=call.loc,
            why="methods of objects are not supported yet" if owner else unknown,
            remedy="write it as a function, and pass the values that it reads as arguments",
        )
    called = atom_kind(call.fn)
    if isinstance(called, Static):
        refuse(called.value, call)
    if isinstance(called, Object):
        return UnsupportedSyntax(
            f"a call of an object of class {called.cls.__name__} carries a derivative",
            where=call.loc,
            why="methods of objects are not supported yet",
            remedy="write it as a function, and pass the values that it reads as arguments",
        )
    return UnsupportedSyntax(
        "a call whose function is not known while compiling carries a derivative",
        where=call.loc,
        why="functions that are values (in a variable, a container or an argument) are not followed yet",
        remedy="call a function by the name that it was defined with",
    )

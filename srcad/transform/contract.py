"""What a derivative asks of arguments and results, and what it says where they do not meet it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import BuiltinFunctionType, FunctionType

import numpy as np

from srcad.analysis.paths import Cut
from srcad.errors import ArgumentError, NonDifferentiable, UnsupportedSyntax
from srcad.ir.kinds import Array, Dict, Kind, List, Object, Opaque, Scalar, Static, Tuple, Undefined, may_be_active
from srcad.ir.nodes import Function, Var


def require_float(function: Function, var: Var) -> None:
    """Make sure that an argument holds floats.

    Raises:
        ArgumentError: it does not.
    """
    kind = var.kind
    if may_be_active(kind) or (isinstance(kind, (List, Dict)) and isinstance(kind.item, Undefined)):
        return  # an empty container has an empty gradient
    remedy = f"leave {var.name!r} out of argnums"
    if isinstance(kind, Scalar) and kind.dtype != "b1":
        remedy = f"pass a float ({var.name}=2.0 rather than 2), or {remedy}"
    elif isinstance(kind, Array):
        remedy = f"pass an array of floats ({var.name}.astype(float)), or {remedy}"
    elif isinstance(kind, (List, Tuple, Dict)):
        remedy = f"put floats into it (2.0 rather than 2), or {remedy}"
    raise ArgumentError(
        f"argument {var.name!r} of {function.name} cannot be differentiated: it {_without_floats(kind)}",
        where=function.loc,
        why="only floating-point numbers, arrays and containers of them have derivatives",
        remedy=remedy,
    )


def _without_floats(kind: Kind) -> str:
    """What is said of an argument that has no derivative."""
    match kind:
        case List() | Tuple() | Dict():
            cls = kind.cls.__name__ if isinstance(kind, (List, Tuple)) else "dict"
            return f"is a {cls} that holds no floats"
        case Object(cls=cls):
            return f"is an object of class {cls.__name__} that holds no floats"
        case _:
            return f"is {_described(kind)}"


def _described(kind: Kind) -> str:
    """A kind of value in words."""
    match kind:
        case Scalar(dtype=dtype):
            names = {"b": "a bool", "i": "an integer", "u": "an integer", "f": "a float", "c": "complex"}
            return names.get((dtype or "?")[0], "a number")
        case Array(dtype=dtype):
            return f"an array of dtype {np.dtype(dtype).name}" if dtype else "an array"
        case Static(value=None):
            return "None"
        case Static(value=str()):
            return "a string"
        case Static(value=FunctionType() | BuiltinFunctionType() | np.ufunc()):
            return "a function"
        case Static(value=value):
            return f"a {type(value).__name__}"
        case Opaque(cls=cls):
            return "an array that holds no numbers" if cls is np.ndarray else f"a {cls.__name__}"
        case List(cls=cls) | Tuple(cls=cls):
            return f"a {cls.__name__}"
        case Dict():
            return "a dict"
        case Object(cls=cls):
            return f"an object of class {cls.__name__}"
        case _:
            return f"of kind {kind}"


def no_private_copy(function: str, name: str, other: str) -> UnsupportedSyntax:
    """The error for an argument that changes in place, of which a copy would not do: `other` shares memory with it."""
    inside = other == repr(name)
    return UnsupportedSyntax(
        f"parts of argument {name!r} of {function} share memory"
        if inside
        else f"argument {name!r} of {function} shares memory with {other}",
        why=f"{function} changes that memory, and its derivative works on a copy, which is not shared",
        remedy="pass copies: .copy()" if inside else f"pass a copy: {name}.copy()",
    )


def not_followed(function: str, names: Sequence[str], error: UnsupportedSyntax) -> UnsupportedSyntax:
    """The error for arguments that share memory, through so many names that changes of it cannot be followed."""
    several = f"arguments {' and '.join(map(repr, names))} of {function} share memory"
    return UnsupportedSyntax(
        several if len(names) > 1 else f"parts of argument {names[0]!r} of {function} share memory",
        where=error.where,
        why=f"{function} changes that memory, and which names refer to it cannot be followed: {error.what}",
        remedy="pass copies: .copy()",
    )


def no_pair(function: Function, kind: Kind) -> ArgumentError:
    """The error for a result without an auxiliary value."""
    return ArgumentError(
        f"the result of {function.name} is {_result(kind)}, not a pair (value, aux)",
        where=function.loc,
        why="with has_aux=True the function returns its value and anything else beside it",
        remedy="end it with: return value, aux",
    )


def no_real_scalar(function: Function, kind: Kind) -> ArgumentError:
    """The error for a result that has no gradient."""
    return ArgumentError(
        f"the result of {function.name} is {_result(kind)}, not a real scalar",
        where=function.loc,
        why="a gradient is the derivative of one real number",
        remedy=f"return {_real_scalar(kind)}; srcad.jvp gives directional derivatives of other results",
    )


def _real_scalar(kind: Kind) -> str:
    """What to return instead of a result of this kind."""
    if isinstance(kind, Static) and kind.value is None:
        return "the number that is to be differentiated"
    if isinstance(kind, (Scalar, Array)) and (kind.dtype or "?")[0] == "c":
        return (
            "a real scalar such as abs(result)"
            if isinstance(kind, Scalar)
            else "a real scalar such as np.sum(abs(result))"
        )
    return "a real scalar such as np.sum(result)"


def _result(kind: Kind) -> str:
    match kind:
        case Array(dims=dims) if dims is not None:
            lengths = [str(d) if d is not None else "?" for d in dims]
            return f"an array of shape ({', '.join(lengths)}{',' * (len(lengths) == 1)})"
        case _:
            return _described(kind)


def refuse_cuts(found: Iterable[Cut]) -> None:
    """Make sure that no statement cuts the path of the derivative without being asked to.

    Raises:
        NonDifferentiable: one does.
    """
    for cut in found:
        if not cut.wanted:
            raise NonDifferentiable(
                "this cuts the path of the derivative, and strict=True is given",
                where=cut.where,
                why=cut.why,
                remedy="wrap its argument in srcad.stop_gradient(...) where that is meant, "
                "or use an operation that has a derivative",
            )

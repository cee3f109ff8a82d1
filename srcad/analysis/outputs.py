"""Calls that write their result to an array of the caller's: ``np.exp(x, out=y, where=m)``.

Facts about one call: which argument is the output, and what the call computes, which is the same call without it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.ir.nodes import Atom, Call, Const, Star

Kwargs = Sequence[tuple[str | None, Atom]]

#: Where `out` stands among the positional arguments of methods of arrays, which have no signature to look it up in.
_OUT_OF_METHOD: dict[Any, int] = {
    getattr(np.ndarray, name): place
    for place, names in {
        2: ("all", "any", "argmax", "argmin", "choose", "dot", "max", "min", "round"),
        3: ("clip", "compress", "cumprod", "cumsum", "mean", "prod", "std", "sum", "take", "var"),
        5: ("trace",),
    }.items()
    for name in names
}


#: Functions, besides ufuncs, that read all of their operands before they write where these overlap the output.
_READ_FIRST = frozenset(
    ("take", "dot", "matmul", "einsum", "cumsum", "cumprod", "sum", "max", "min", "amax", "amin", "mean", "var", "std",
     "prod", "clip", "outer", "trace", "choose", "nansum", "nanmax", "nanmin", "nanmean", "nanprod", "round", "around",
     "compress")
)  # fmt: skip


def reads_first(fn: Any) -> bool:
    """Whether it makes no difference to the result of `fn` that an operand overlaps the array which it is written to.

    >>> reads_first(np.add), reads_first(np.concatenate)
    (True, False)
    """
    return isinstance(fn, np.ufunc) or getattr(fn, "__name__", "") in _READ_FIRST


def outputs(fn: Any, args: Sequence[Atom | Star], kwargs: Kwargs) -> tuple[Atom, ...]:
    """What a call of the function `fn` was told to write its result to, by name or by position.

    >>> from srcad.ir.nodes import Var
    >>> y = Var("y")
    >>> outputs(np.exp, (Var("x"), y), ()) == outputs(np.sum, (Var("x"),), [("out", y)]) == (y,)
    True
    """
    given = tuple(v for k, v in kwargs if k == "out")
    plain = tuple(a.value if isinstance(a, Star) else a for a in args)
    if isinstance(fn, np.ufunc):
        given += plain[fn.nin :]
    elif (place := place_of_out(fn)) is not None:
        given += plain[place : place + 1]
    return tuple(a for a in given if a != Const(None))


def is_numpy(fn: Any) -> bool:
    """Whether `fn` is a function or method of NumPy: what it returns is the array that it was given for its result."""
    owner = getattr(fn, "__objclass__", None)
    module = getattr(fn, "__module__", None) or ""
    return isinstance(fn, np.ufunc) or owner in (np.ndarray, np.ufunc) or module.split(".")[0] == "numpy"


def computed(call: Call) -> Call:
    """`call` without what says where its result goes (``out=``) and, of a ufunc, which elements (``where=``)."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    args, kwargs = without_output(fn, call.args, call.kwargs)
    return replace(call, args=args, kwargs=kwargs)


def without_output(
    fn: Any, args: Sequence[Atom | Star], kwargs: Kwargs
) -> tuple[tuple[Atom | Star, ...], tuple[tuple[str | None, Atom], ...]]:
    """The arguments of `computed`."""
    args, place = tuple(args), place_of_out(fn)
    if isinstance(fn, np.ufunc):
        args = args[: fn.nin]
    elif place is not None and place < len(args):
        args = args[:place] if place == len(args) - 1 else (*args[:place], Const(None), *args[place + 1 :])
    left_out = ("out", "where") if isinstance(fn, np.ufunc) else ("out",)
    return args, tuple((k, v) for k, v in kwargs if k not in left_out)


def mask_of(call: Call) -> Atom | None:
    """Which elements a ufunc computes (its ``where=``); None where it computes all."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    mask = dict(call.kwargs).get("where") if isinstance(fn, np.ufunc) else None
    return None if mask == Const(True) else mask


def place_of_out(fn: Any) -> int | None:
    """The position of the parameter `out` of a function of NumPy; None where it has none."""
    try:
        return _OUT_OF_METHOD[fn] if fn in _OUT_OF_METHOD else _position_of_out(fn)
    except TypeError:
        return None  # not hashable


@functools.cache
def _position_of_out(fn: Any) -> int | None:
    if not (getattr(fn, "__module__", None) or "").startswith("numpy"):
        return None
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names.index("out") if "out" in names else None

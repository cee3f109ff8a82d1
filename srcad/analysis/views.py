"""What may share memory with an argument: views for certain, views that may be copies, copies.

NumPy decides some of it when a function runs, by memory order and dtype; what is known while compiling is stated here,
as facts about one `Call`. Which views a rule's function gives is part of the rule.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.operators import INPLACE
from srcad.analysis.outputs import is_numpy, outputs, place_of_out
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Kind, List, Numeric, Scalar, Slice, Static, Tuple, Unknown
from srcad.ir.memo import kept
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.ir.visit import is_call_of
from srcad.rules import rule_for

#: What returns a list of views of an array.
_SPLITTING = frozenset([np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.unstack])

#: What gives a view of an array whatever its memory order, and a writable one where the array is.
_CERTAIN: frozenset[Any] = frozenset(
    [np.ndarray.T, np.ndarray.mT, np.transpose, np.ndarray.transpose, np.permute_dims, np.matrix_transpose]
    + [np.swapaxes, np.ndarray.swapaxes, np.moveaxis, np.rollaxis, np.squeeze, np.ndarray.squeeze, np.expand_dims]
    + [np.flip, np.fliplr, np.flipud, np.rot90, ops.identity, ops.bound, ops.unpack, getattr, *INPLACE]
    + [runtime.as_view, runtime.laid_out]
)

#: What may give an item of its argument, or the argument itself.
_SHARING: frozenset[Any] = frozenset(
    [operator.getitem, ops.unpack, ops.identity, ops.bound, getattr, next, max, min]
    + [list.pop, dict.popitem, dict.get, dict.pop, dict.setdefault]
)

#: What gives a view or a copy of an array, as its memory order and dtype require.
_CHECKED: frozenset[Any] = frozenset(
    [np.reshape, np.ndarray.reshape, np.ravel, np.ndarray.ravel, np.asarray, np.asanyarray, np.ascontiguousarray]
    + [np.asfortranarray, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.real, np.ndarray.real, np.float64]
)


def is_part_of_sequence(call: Call) -> bool:
    """Whether `call` is a slice of a tuple or a list: a new one of the same items."""
    if not is_call_of(call, operator.getitem):
        return False
    base, index = (atom_kind(a) for a in call.args)
    return isinstance(base, (Tuple, List)) and isinstance(index, Slice)


def joins_sequences(call: Call) -> bool:
    """Whether `call` is ``xs + ys`` or ``xs * n`` of lists or tuples: a new one with the same items."""
    joining = isinstance(call.fn, Const) and any(call.fn.value is fn for fn in (operator.add, operator.mul))
    return joining and isinstance(call.target.kind, (List, Tuple))


def _first(call: Call) -> Atom:
    first = call.args[0]
    return first.value if isinstance(first, Star) else first


def is_certain_view(call: Call) -> bool:
    """Whether the result of `call`, which may share memory with an argument, does so for certain and can be written to.

    Reshaping may copy, a diagonal is read-only, an item of a container stands for itself: what they give is not.
    """
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn in _SPLITTING or (fn is ops.unpack and not isinstance(atom_kind(_first(call)), Tuple)):
        return False
    if fn is not operator.getitem or not isinstance(call.target.kind, (Array, Numeric, Unknown)):
        return fn in _CERTAIN or not isinstance(call.target.kind, (Array, Numeric, Unknown))
    base, index = call.args
    return (
        isinstance(call.target.kind, Array)
        and isinstance(atom_kind(base), Array)
        and index_form(atom_kind(index)) == "basic"
    )


def may_be_checked(call: Call) -> bool:
    """Whether what may be a view of an array can be written to if it is one: not a diagonal, not a repeated item."""
    if not isinstance(call.fn, Const) or not isinstance(call.target.kind, (Array, Unknown)):
        return False
    return call.fn.value in _CHECKED


@kept
def view_of(call: Call) -> tuple[Atom, ...] | None:
    """The arguments that the result of `call` may share memory with; None if the result is newly allocated."""
    if not isinstance(call.fn, Const):
        return None
    fn = call.fn.value
    rule = rule_for(fn)
    if rule is not None and not call.kwargs and _allocates(fn, len(call.args), views=bool(rule.views)):
        return None
    args = tuple(a.value if isinstance(a, Star) else a for a in call.args)
    if fn is operator.getitem:
        return None if copies(atom_kind(args[0]), args[1]) else args[:1]
    if fn in (ops.unpack, ops.identity, ops.bound, getattr, list.pop, dict.popitem, next):
        return args[:1]
    if fn is np.ufunc.at:  # it gives nothing
        return None
    if fn in (dict.get, dict.pop, dict.setdefault):
        return args[:1] + args[2:]  # an item, or the default
    if fn in (max, min):
        return args
    if rule is None and (fn is ops.call_method or not _is_own(fn)):
        known = isinstance(call.target.kind, (Array, Numeric, Unknown))
        return tuple(a for a in args if isinstance(atom_kind(a), (Array, Numeric, Unknown)) and known) or None
    if is_numpy(fn) and (written := outputs(fn, call.args, call.kwargs)):
        return written
    if rule is None or not rule.views:
        return None
    bound = rule.bind(call.args, call.kwargs) or {}
    found: list[Atom] = []
    for name in rule.views:
        value = bound.get(name)
        found += [] if value is None else list(value) if isinstance(value, tuple) else [value]
    if fn is np.einsum and len(found) > 2:  # the subscripts and more than one array
        return None
    if fn not in INPLACE:  # of a list, NumPy makes a new array
        found = [a for a in found if not isinstance(atom_kind(a), (List, Tuple))]
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _allocates(fn: Any, count: int, *, views: bool) -> bool:
    """Whether a call with so many positional arguments shares nothing; `fn` has a rule, which says `views`."""
    if views or fn in _SHARING:
        return False
    place = fn.nin if isinstance(fn, np.ufunc) else place_of_out(fn)
    return place is None or count <= place


def _is_own(fn: Any) -> bool:
    """Whether what the result of `fn` shares is known without a rule: ours, and methods of Python's containers."""
    if getattr(fn, "__objclass__", None) in (list, tuple, dict, set, frozenset, str):
        return True
    module = getattr(fn, "__module__", None) or ""
    return module.startswith("srcad.") or module in ("builtins", "copy", "itertools", "_operator")


def copies(base: Kind, index: Atom) -> bool:
    """Whether reading ``base[index]`` makes a copy: fancy and masked reads of arrays do, basic ones do not."""
    return isinstance(base, (Array, Numeric, Unknown)) and index_form(atom_kind(index)) in ("fancy", "mask")


def index_form(kind: Kind) -> str:
    """How an index of this kind selects: ``"basic"``, ``"fancy"``, ``"mask"`` or ``"unknown"``."""
    match kind:
        case Scalar(dtype=dtype):
            return "unknown" if dtype is None else "mask" if dtype == "b1" else "basic"
        case Slice() | Static(value=None):
            return "basic"
        case Static(value=value):
            return "basic" if value is Ellipsis else "unknown"
        case Array(dtype=dtype, dims=dims):
            if dtype is None:
                return "unknown"
            if dtype == "b1":
                return "mask"
            return "fancy" if dims != () else "basic"
        case List(cls=cls) if cls is list:
            return "fancy"
        case Tuple(items=items, cls=cls):
            if cls is list:
                return "fancy"
            forms = [index_form(k) for k in items]
            for form in ("unknown", "fancy", "mask"):
                if form in forms:
                    return "fancy" if form == "mask" and len(forms) > 1 else form
            return "basic"
        case _:
            return "unknown"

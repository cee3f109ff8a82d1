"""What a call does besides computing a value: what it writes, whether it can raise, be dropped or be repeated.

Facts about one `Call`, from the operation itself or from its rule. Reads nothing else, edits nothing.
"""

from __future__ import annotations

import functools
import itertools
import operator
import types
from typing import Any, TypeGuard

import numpy as np

from srcad import runtime
from srcad.analysis.defined import is_defined
from srcad.analysis.mutators import MUTATORS, mutation
from srcad.analysis.outputs import outputs, place_of_out
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_hashable, is_in, is_named_tuple
from srcad.ir.dims import Dim
from srcad.ir.kinds import INT, Array, Dict, Iterator, Kind, List, Scalar, Slice, Static, Tuple, is_mutable
from srcad.ir.memo import kept
from srcad.ir.nodes import Atom, Call, Callee, Const, Star, Var
from srcad.rules import rule_for

_WRITES_FIRST: frozenset[Any] = frozenset(
    [
        operator.setitem,
        operator.delitem,
        setattr,
        delattr,
        ops.restore,
        ops.undo,
        *ops.UPDATES.values(),
        *ops.IN_PLACE.values(),
    ]
    + [getattr(list, n) for n in ("append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear")]
    + [getattr(dict, n) for n in ("update", "setdefault", "pop", "popitem", "clear")]
    + [runtime.add_at, runtime.add_to, runtime.add_values, runtime.regroup, runtime.at_adjoint, runtime.at_tangent]
    + [runtime.add_to_item, runtime.unsort, runtime.spread, runtime.take_entries, runtime.put_back]
    + [getattr(set, n) for n in ("add", "update", "discard", "remove", "pop", "clear")]
)

_IMPURE: frozenset[Any] = frozenset(
    [ops.raise_error, ops.assert_true, ops.store_global, ops.store_free, ops.import_module, print, input, open, next]
)

#: Functions of the run-time module of tangents that change their first argument.
_TANGENT_WRITERS = frozenset(("assign_tangent", "merged_tangent", "remove_tangent", "sort_tangents", "updated_tangent"))

#: Methods that change their receiver, whatever its class is.
_MUTATORS = frozenset(
    ("append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear", "update", "setdefault", "popitem",
     "add", "discard", "appendleft", "popleft", "extendleft", "rotate", "fill", "put", "itemset", "resize", "partition",
     "setfield", "setflags", "__setitem__", "__delitem__", "__setattr__", "__delattr__", "__iadd__", "__isub__",
     "__imul__", "__imatmul__", "__itruediv__", "__ifloordiv__", "__imod__", "__ipow__", "__iand__", "__ior__",
     "__ixor__", "__ilshift__", "__irshift__")
)  # fmt: skip

_PURE: frozenset[Any] = frozenset(
    [ops.contains, ops.not_contains, ops.make_tuple, ops.make_list, ops.make_set, ops.make_dict, ops.merge_dicts,
     ops.format_value, ops.join_string, ops.unpack, ops.identity, ops.bound, ops.zeros_like_each, ops.load_global,
     ops.load_free,
     operator.getitem, operator.not_, operator.is_, operator.is_not, getattr, slice, isinstance, len, range, type,
     tuple, list, dict, reversed, enumerate, zip, itertools.repeat, bool, float, int, str, min, max, abs, sum, sorted,
     map, filter, list.index, list.count, dict.get,
     operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)  # fmt: skip

_ARITHMETIC: frozenset[Any] = frozenset(
    [operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.truediv, operator.abs,
     operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne, abs]
)  # fmt: skip

_NEVER_RAISE: frozenset[Any] = frozenset(
    [ops.make_tuple, ops.make_list, ops.identity, operator.is_, operator.is_not, slice, isinstance, type]
)

_PRODUCTS: frozenset[Any] = frozenset([operator.matmul, np.matmul, np.dot, np.ndarray.dot])

_WHOLE_REDUCTIONS: frozenset[Any] = frozenset(
    [np.sum, np.mean, np.prod, np.var, np.std]
    + [getattr(np.ndarray, n) for n in ("sum", "mean", "prod", "var", "std", "copy")]
)


@kept
def writes(call: Call) -> tuple[Atom, ...]:
    """The values that `call` changes in place."""
    if not isinstance(call.fn, Const):
        return tuple(a for a in _plain(call) if is_mutable(atom_kind(a)))
    fn = call.fn.value
    if isinstance(fn, Callee):
        return tuple(_plain(call)[k] for k in fn.writes)
    rule = rule_for(fn)
    if not call.kwargs and is_hashable(fn) and _only_reads(fn, len(call.args), rule is not None and not rule.writes):
        return ()
    if is_in(fn, _WRITES_FIRST):
        return _plain(call)[:1]
    if getattr(fn, "__module__", None) == "srcad.runtime.tangents" and fn.__name__ in _TANGENT_WRITERS:
        return _plain(call)[:1]
    if fn is ops.call_method and isinstance(call.args[1], Const) and call.args[1].value in _MUTATORS:
        return _plain(call)[:1]
    if is_in(fn, MUTATORS):
        made = mutation(call)
        return _mutable(call) if made is None else (made.base,)
    if fn is np.nan_to_num and not _copies(call):
        return _plain(call)[:1]
    if rule is None and _shuffles(call):
        return tuple(a for a in _plain(call) if is_mutable(atom_kind(a)))[-1:]
    out = outputs(fn, call.args, call.kwargs)
    if rule is not None and rule.writes:
        bound = rule.bind(call.args, call.kwargs) or {}
        return out + tuple(a for name in rule.writes for a in _flat(bound.get(name)))
    return out


@functools.lru_cache(maxsize=4096)
def _only_reads(fn: Any, count: int, ruled: bool) -> bool:
    """Whether a call of `fn` with so many positional arguments certainly changes none; `ruled`: its rule says so."""
    if not ruled or fn is ops.call_method or fn is np.nan_to_num or fn in _WRITES_FIRST or fn in MUTATORS:
        return False
    if getattr(fn, "__module__", None) == "srcad.runtime.tangents":
        return False
    place = fn.nin if isinstance(fn, np.ufunc) else place_of_out(fn)
    return place is None or count <= place


def _mutable(call: Call) -> tuple[Atom, ...]:
    """The arguments of a call that can be changed in place."""
    return tuple(a for a in (*_plain(call), *(v for _, v in call.kwargs)) if is_mutable(atom_kind(a)))


def _copies(call: Call) -> bool:
    """Whether the argument `copy`, the second one, is left out or true."""
    given = dict(call.kwargs).get("copy", _plain(call)[1] if len(_plain(call)) > 1 else Const(True))
    return given == Const(True)


def _shuffles(call: Call) -> bool:
    """Whether `call` reorders its last argument at random."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is ops.call_method:
        return call.args[1] == Const("shuffle")
    return getattr(fn, "__name__", "") == "shuffle"


@kept
def is_pure(call: Call) -> bool:
    """Whether `call` only computes a value (it may raise): it can go where its value and its error are not needed."""
    if not isinstance(call.fn, Const) or writes(call):
        return False
    fn = call.fn.value
    if isinstance(fn, Callee):
        return fn.pure
    if is_in(fn, _PURE) or is_in(fn, _ARITHMETIC) or is_named_tuple(fn):
        return True
    if is_in(fn, _IMPURE):
        return False
    rule = rule_for(fn)
    if rule is not None:
        return not rule.impure
    module = getattr(fn, "__module__", None) or ""
    return module.startswith(("srcad.templates", "srcad.runtime"))


@kept
def cannot_raise(call: Call) -> bool:
    """Whether it is certain that `call` raises nothing: only such calls of the primal may be left out by `grad`."""
    if not isinstance(call.fn, Const) or not is_pure(call):
        return False
    fn = call.fn.value
    args = _plain(call)
    kinds = [atom_kind(a) for a in args]
    if is_in(fn, _NEVER_RAISE):
        return True
    if fn is getattr and isinstance(args[0], Var) and isinstance(kinds[0], Array):
        return isinstance(args[1], Const) and hasattr(np.ndarray, args[1].value)
    if fn in (np.ndarray.T, np.ndarray.real, np.ndarray.imag):
        return isinstance(kinds[0], Array)
    if fn is len or fn is range or fn is reversed:
        return not call.kwargs and _can_be_counted(fn, kinds)
    if fn is getattr and all(isinstance(a, Const) for a in args):
        owner, name = (a.value for a in args if isinstance(a, Const))
        return isinstance(owner, types.ModuleType) and hasattr(owner, name)
    if fn is operator.getitem and isinstance(kinds[0], Array) and kinds[0].dims is not None:
        return _takes_slices(kinds[1], len(kinds[0].dims))
    if is_in(fn, _WHOLE_REDUCTIONS):
        return len(args) == 1 and _is_number(kinds[0]) and _axes_fit(call, kinds[0])
    if fn is operator.truediv and isinstance(kinds[0], Scalar) and isinstance(kinds[1], Scalar):
        return kinds[0].weak is False or kinds[1].weak is False or _nonzero(args[1])
    if is_in(fn, _PRODUCTS):
        return len(args) == 2 and not call.kwargs and all(map(_is_number, kinds)) and _lengths_fit(*kinds)
    if fn is operator.pow and not (_is_numpy(kinds[0]) and (kinds[0].dtype or "?")[0] in "fc"):
        return False
    rule = rule_for(fn)
    known = (
        fn is operator.pow
        or is_in(fn, _ARITHMETIC)
        or (rule is not None and rule.family == "elementwise" and isinstance(fn, np.ufunc))
    )
    if not known or call.kwargs or not all(map(_is_number, kinds)):
        return False
    return _shapes_fit(kinds) and is_defined(fn, args, kinds)


def _can_be_counted(fn: Any, kinds: list[Kind]) -> bool:
    """Whether ``len``, ``range`` or ``reversed`` of values of these kinds certainly has an answer."""
    if fn is not range:
        sized = len(kinds) == 1 and isinstance(kinds[0], (Array, List, Dict, Tuple))
        counts = len(kinds) == 1 and isinstance(kinds[0], Iterator) and kinds[0].form == "range"
        return counts or (fn is len and sized and not (isinstance(kinds[0], Array) and not kinds[0].dims))
    whole = all(isinstance(k, Scalar) and k.dtype == "i8" for k in kinds)
    step = kinds[2] if len(kinds) == 3 else INT
    known = step.value.known if isinstance(step, Scalar) and step.value is not None else None
    return whole and 1 <= len(kinds) <= (3 if known else 2)


def _takes_slices(index: Kind, rank: int) -> bool:
    """Whether an index of an array of `rank` axes consists of slices, ``None`` and an ellipsis only."""
    parts = index.items if isinstance(index, Tuple) and index.cls is tuple else (index,)
    statics = [part.value for part in parts if isinstance(part, Static)]
    slices = sum(isinstance(part, Slice) and _is_plain_slice(part) for part in parts)
    fits = slices <= rank and statics.count(Ellipsis) <= 1 and all(v is None or v is Ellipsis for v in statics)
    return fits and slices + len(statics) == len(parts)


def _is_plain_slice(index: Slice) -> bool:
    """Whether a slice has integer bounds, and a step that is known not to be zero."""
    bounds = (index.start, index.stop)
    whole = all(k == Static(None) or (isinstance(k, Scalar) and k.dtype == "i8") for k in bounds)
    step = index.step.value.known if isinstance(index.step, Scalar) and index.step.value is not None else None
    return whole and (index.step == Static(None) or bool(step))


def _axes_fit(call: Call, kind: Kind) -> bool:
    """Whether a reduction of a value of this kind is over axes that it has, all of them where none are named."""
    given = dict(call.kwargs)
    axis, keepdims = given.pop("axis", Const(None)), given.pop("keepdims", Const(False))
    if given or not isinstance(kind, Array) or not isinstance(axis, Const) or not isinstance(keepdims, Const):
        return False
    axes = axis.value if isinstance(axis.value, tuple) else () if axis.value is None else (axis.value,)
    if not axes:
        return axis.value is None
    count = 0 if kind.dims is None else len(kind.dims)
    known = all(type(k) is int and -count <= k < count for k in axes)
    return known and len({k % count for k in axes}) == len(axes)


def _nonzero(atom: Atom) -> bool:
    return isinstance(atom, Const) and bool(atom.value)


def _is_numpy(kind: Kind) -> TypeGuard[Array | Scalar]:
    """An array or a NumPy scalar: where a Python number raises, it has inf or nan."""
    return isinstance(kind, Array) or (isinstance(kind, Scalar) and kind.weak is False)


def _lengths_fit(a: Kind, b: Kind) -> bool:
    """Whether the product of two vectors or matrices contracts axes of one length."""
    if not isinstance(a, Array) or not isinstance(b, Array) or not a.dims or not b.dims:
        return False
    inner = b.dims[0]
    return len(a.dims) <= 2 and len(b.dims) <= 2 and inner is not None and a.dims[-1] == inner


def _is_number(kind: Kind) -> bool:
    return isinstance(kind, (Array, Scalar)) and kind.dtype is not None and kind.dtype[0] in "fcib"


def _shapes_fit(kinds: list[Kind]) -> bool:
    shapes = [k.dims for k in kinds if isinstance(k, Array)]
    if len(shapes) <= 1:
        return True
    columns = itertools.zip_longest(*(reversed(s) for s in shapes if s is not None), fillvalue=Dim.of(1))
    fits = all(len({d for d in column if d is None or d.known != 1}) <= 1 and None not in column for column in columns)
    return None not in shapes and fits


def _plain(call: Call) -> tuple[Atom, ...]:
    return tuple(a.value if isinstance(a, Star) else a for a in call.args)


def _flat(value: Any) -> tuple[Atom, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, tuple) else (value,)

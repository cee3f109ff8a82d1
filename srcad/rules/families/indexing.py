"""Reading by subscript: arrays by every form of index, sequences, dicts."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srcad.ir.atoms import MISSING, constant
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Numeric,
    Opaque,
    Scalar,
    Slice,
    Static,
    Tuple,
    Undefined,
)
from srcad.ir.lattice import join_all, same_static
from srcad.rules.families.core import Dims, numeric, operand
from srcad.rules.families.elementwise import broadcast


def getitem(base: Kind, index: Kind, facts: Facts) -> Kind:
    """The kind of ``base[index]``."""
    match base:
        case Array(dtype="O"):
            return UNKNOWN
        case Array(dtype=dtype, dims=dims):
            return array_item(dtype, dims, index, facts)
        case Scalar(weak=False, dtype=dtype) | Numeric(dtype=dtype):
            return Numeric(dtype)
        case Tuple(items=items):
            return _tuple_item(base, items, index)
        case List(item=item, cls=cls, length=length):
            match index:
                case Scalar() | Numeric() | Array():
                    return item
                case Slice():
                    return List(item, slice_length(length, index, facts), cls)
                case _:
                    return UNKNOWN
        case Dict(item=item, items=entries):
            key = constant(index)
            if entries is None or key is MISSING:
                return item
            return next((k for name, k in entries if same_static(name, key)), item)
        case Static(value=str()) | Opaque(cls=builtins.str):
            return Opaque(str)
        case Iterator(form="range"):
            return Iterator(base.item, None, "range") if isinstance(index, Slice) else base.item
        case _:
            return UNKNOWN


def _tuple_item(base: Tuple, items: tuple[Kind, ...], index: Kind) -> Kind:
    position = constant(index)
    if isinstance(position, int):
        return items[position] if -len(items) <= position < len(items) else UNKNOWN
    if isinstance(index, Slice):
        parts = [constant(k) for k in (index.start, index.stop, index.step)]
        if all(p is None or isinstance(p, int) for p in parts) and parts[2] != 0:
            return Tuple(items[slice(*parts)])
        return List(join_all(items), None, tuple)
    return join_all(items) if isinstance(index, (Scalar, Numeric)) else UNKNOWN


def slice_length(dim: Dim | None, index: Slice, facts: Facts) -> Dim | None:
    """The length of ``x[start:stop:step]`` for an x of length `dim`; None where it is not an affine expression."""
    if dim is None:
        return None
    dim = facts.resolve(dim)
    parts = [_bound(k, facts) for k in (index.start, index.stop, index.step)]
    start, stop, step = parts
    if any(p is MISSING for p in parts) or (step is not None and (step.known is None or step.known == 0)):
        return None
    numbers = [None if p is None else p.known for p in parts]
    if dim.known is not None and all(p is None or n is not None for p, n in zip(parts, numbers, strict=True)):
        return Dim.of(len(range(*slice(*numbers).indices(dim.known))))
    stride = 1 if step is None else step.known
    if start is None and stop is None:
        return dim if stride in (1, -1) else None
    return _unit_slice(dim, start, stop) if stride == 1 else None


def _bound(kind: Kind, facts: Facts) -> Any:
    """A bound of a slice: None where left out, `MISSING` where nothing is known of it."""
    match kind:
        case Static(value=None):
            return None
        case Scalar(value=Dim() as value):
            return facts.resolve(value)
        case _:
            return MISSING


def _unit_slice(dim: Dim, start: Dim | None, stop: Dim | None) -> Dim | None:
    inside = _inside(dim, start, stop)
    if inside is not None:
        return inside
    low = dim.lower_bound or 0
    first = 0 if start is None else _from_front(dim, start, low)
    if first is None:
        return None
    if stop is None:
        return dim.shrunk(first)
    if stop.known is not None and stop.known >= 0:
        # x[a:c] has c - a elements only if x is long enough
        return Dim.of(max(0, stop.known - first)) if stop.known <= low or stop.known <= first else None
    cut = _cut_off(dim, stop, low)
    return None if cut is None else dim.shrunk(first + cut)


def _inside(dim: Dim, start: Dim | None, stop: Dim | None) -> Dim | None:
    """``stop - start``, where both are known to lie inside the array and in that order."""
    first, last = Dim.of(0) if start is None else start, dim if stop is None else stop
    length, rest = last.plus(first, -1), dim.plus(last, -1)
    if any(part is None or part.lower_bound is None or part.lower_bound < 0 for part in (first, length, rest)):
        return None
    return length


def _from_front(dim: Dim, start: Dim, low: int) -> int | None:
    """How many elements a start skips, where that is a number."""
    if start.known is not None and start.known >= 0:
        return start.known
    return None


def _cut_off(dim: Dim, stop: Dim, low: int) -> int | None:
    """How many elements a stop cuts off at the end, where that is a number (more than there are may be cut off)."""
    if stop.known is not None:
        return -stop.known if stop.known < 0 else None
    rest = dim.plus(stop, -1)
    if rest is None or rest.known is None:
        return 0 if stop == dim else None
    count = rest.known
    if count <= 0:
        return 0
    # ``stop = n - count`` becomes negative for n < count and then counts from the end: harmless up to 2
    return count if count <= 2 or count <= low else None


@dataclass
class _Parts:
    """What the entries of an index do, one per axis of the result: a length, or a marker for the advanced part."""

    dims: list[Dim | None]
    advanced: list[Dims | None]
    place: int | None = None
    apart: bool = False
    closed: bool = False
    integers: bool = True
    wide: bool = False


def array_item(dtype: str | None, dims: Dims | None, index: Kind, facts: Facts) -> Kind:
    """The kind of ``x[index]`` for an array x."""
    entries = list(index.items) if isinstance(index, Tuple) and index.cls is tuple else [index]
    if any(isinstance(e, Undefined) for e in entries):
        return UNKNOWN
    used = [_axes_used(e) for e in entries]
    if any(u is None for u in used):
        return Numeric(dtype)
    count = sum(u for u in used if u is not None)
    ellipsis = any(_is_ellipsis(e) for e in entries)
    if dims is None:
        return _item_of_unknown_rank(dtype, entries, ellipsis)
    if count > len(dims):
        return UNKNOWN  # raises
    parts = _Parts([], [])
    axis = 0
    for entry, taken in zip(entries, used, strict=True):
        skip = len(dims) - count if _is_ellipsis(entry) else taken or 0
        _enter(parts, entry, dims[axis : axis + skip], facts)
        axis += skip
    parts.dims.extend(dims[axis:])
    return _assemble(dtype, parts, ellipsis, facts)


def _assemble(dtype: str | None, parts: _Parts, ellipsis: bool, facts: Facts) -> Kind:
    if not parts.wide:
        rank = tuple(parts.dims)
        return Array(dtype, rank) if ellipsis or rank else numeric(dtype, ())
    shape = broadcast(parts.advanced, facts)
    if shape is None:
        return Numeric(dtype)
    place = 0 if parts.apart or parts.place is None else parts.place
    result = (*parts.dims[:place], *shape, *parts.dims[place:])
    return Array(dtype, result) if result else Numeric(dtype)


def _item_of_unknown_rank(dtype: str | None, entries: Sequence[Kind], ellipsis: bool) -> Kind:
    keeps = ellipsis or any(isinstance(e, Slice) or (isinstance(e, Static) and e.value is None) for e in entries)
    return Array(dtype, None) if keeps else Numeric(dtype)


def _is_ellipsis(kind: Kind) -> bool:
    return isinstance(kind, Static) and kind.value is Ellipsis


def _axes_used(entry: Kind) -> int | None:
    """How many axes an entry of an index stands for; None where that is not known."""
    match entry:
        case Static(value=value) if value is None or value is Ellipsis:
            return 0
        case Slice():
            return 1
        case Scalar(dtype="b1"):
            return 0
        case Scalar(dtype=dtype) if dtype is not None and dtype[0] in "iu":
            return 1
        case Array(dtype="b1", dims=dims):
            return None if dims is None else len(dims)
        case Array(dtype=dtype) if dtype is not None and dtype[0] in "iu":
            return 1
        case Iterator(form="range"):
            return 1
        case List() | Tuple():
            item = operand(entry)
            if item is None or item.dtype is None:
                return 1 if isinstance(entry, List) and isinstance(entry.item, Undefined) else None
            return (
                item.rank if item.dtype == "b1" else 1 if item.dtype[0] in "iu" or item.dims == (Dim.of(0),) else None
            )
        case _:
            return None


def _enter(parts: _Parts, entry: Kind, axes: Dims, facts: Facts) -> None:
    match entry:
        case Static(value=None):
            _basic(parts, [Dim.of(1)])
        case Static():
            _basic(parts, list(axes))
        case Slice():
            _basic(parts, [slice_length(axes[0], entry, facts)])
        case Scalar(dtype=dtype) if dtype != "b1":
            _advanced(parts, ())
        case Iterator(length=length):
            _advanced(parts, (length,))
            parts.wide = True
        case _:
            item = operand(entry)
            mask = item is not None and item.dtype == "b1"
            if mask and item is not None and item.dims is not None:
                for axis, length in zip(axes, item.dims, strict=False):
                    facts.equate(axis, length)
            _advanced(parts, (None,) if mask or item is None else item.dims)
            parts.wide = True


def _basic(parts: _Parts, dims: list[Dim | None]) -> None:
    parts.dims.extend(dims)
    parts.closed = parts.place is not None


def _advanced(parts: _Parts, dims: Dims | None) -> None:
    if parts.place is None:
        parts.place = len(parts.dims)
    elif parts.closed:
        parts.apart = True
    parts.advanced.append(dims)

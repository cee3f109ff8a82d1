"""Families that join arrays."""

from __future__ import annotations

from collections.abc import Sequence

from srcad.ir.atoms import MISSING
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, List, Tuple
from srcad.rules.families.core import BoundCall, Dims, Operand, array_dtype, dtype_argument, family, is_none, operand
from srcad.rules.families.reductions import flat_length


def _parts(call: BoundCall) -> tuple[list[Operand], Dim | None] | None:
    """The arrays to join and their number; for a list of unknown length one operand stands for all."""
    kind = call.first()
    if not is_none(call.kind("out")):
        return None
    if isinstance(kind, Tuple) and kind.items:
        items = [operand(k) for k in kind.items]
        found = [o for o in items if o is not None]
        return (found, Dim.of(len(found))) if len(found) == len(items) else None
    if isinstance(kind, List):
        item = operand(kind.item)
        return None if item is None else ([item], kind.length)
    if isinstance(kind, Array) and kind.dims:
        return [Operand(kind.dtype, kind.dims[1:], False, scalar=len(kind.dims) == 1)], kind.dims[0]
    return None


def _dtype(call: BoundCall, parts: Sequence[Operand]) -> str | None:
    return dtype_argument(call, array_dtype([*parts]))


def joined(parts: list[Dims], axis: int, count: Dim | None, facts: Facts) -> Dims:
    """The dims of arrays one after the other along an axis; the other lengths are equal, which is recorded."""
    dims: list[Dim | None] = []
    for i in range(len(parts[0])):
        lengths = [p[i] for p in parts]
        if i == axis:
            dims.append(_total(lengths, count))
            continue
        known = [d for d in lengths if d is not None]
        for other in known[1:]:
            facts.equate(known[0], other)
        dims.append(known[0] if known else None)
    return tuple(dims)


def _total(lengths: list[Dim | None], count: Dim | None) -> Dim | None:
    if len(lengths) == 1 and (count is None or count.known != 1):
        # one operand stands for `count` of them
        return flat_length((lengths[0], count))
    total: Dim | None = Dim.of(0)
    for length in lengths:
        total = None if total is None or length is None else total.plus(length)
    return total


@family("concatenate")
def concatenate(call: BoundCall, facts: Facts) -> Kind:
    """``np.concatenate(arrays, axis)``."""
    found = _parts(call)
    if found is None:
        return UNKNOWN
    parts, count = found
    dtype = _dtype(call, parts)
    shapes = [p.dims for p in parts if p.dims is not None]
    axis = call.constant("axis", 0)
    if axis is None:
        total = [flat_length(p.dims) for p in parts]
        return Array(dtype, (_total(total, count),))
    if len(shapes) < len(parts) or axis is MISSING or type(axis) is not int or len({*map(len, shapes)}) > 1:
        return Array(dtype, None)
    rank = len(shapes[0])
    if not -rank <= axis < rank:
        return Array(dtype, None)
    return Array(dtype, joined(shapes, axis % rank, count, facts))


@family("stack")
def stack(call: BoundCall, facts: Facts) -> Kind:
    """``np.stack(arrays, axis)``: a new axis."""
    found = _parts(call)
    if found is None:
        return UNKNOWN
    parts, count = found
    dtype = _dtype(call, parts)
    shapes = [p.dims for p in parts if p.dims is not None]
    axis = call.constant("axis", 0)
    if len(shapes) < len(parts) or type(axis) is not int or len({*map(len, shapes)}) > 1:
        return Array(dtype, None)
    rank = len(shapes[0]) + 1
    if not -rank <= axis < rank:
        return Array(dtype, None)
    dims = joined(shapes, -1, count, facts)
    axis %= rank
    return Array(dtype, (*dims[:axis], count, *dims[axis:]))


@family("vstack", "hstack")
def vstack_hstack(call: BoundCall, facts: Facts) -> Kind:
    """``np.vstack`` joins rows (vectors count as rows), ``np.hstack`` columns (vectors end to end)."""
    found = _parts(call)
    if found is None:
        return UNKNOWN
    parts, count = found
    dtype = _dtype(call, parts)
    least = 2 if getattr(call.fn, "__name__", "") in ("vstack", "row_stack") else 1
    shapes = [_at_least(p.dims, least) for p in parts if p.dims is not None]
    if len(shapes) < len(parts) or len({*map(len, shapes)}) > 1:
        return Array(dtype, None)
    axis = 0 if least == 2 or len(shapes[0]) == 1 else 1
    return Array(dtype, joined(shapes, axis, count, facts))


def _at_least(dims: Dims, rank: int) -> Dims:
    return dims if len(dims) >= rank else (*(Dim.of(1),) * (rank - len(dims)), *dims)

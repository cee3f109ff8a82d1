"""Families of sorting by index: the permutation that sorts, and what is taken along an axis."""

from __future__ import annotations

import numpy as np

from srcad.ir.atoms import dtype_name
from srcad.ir.dims import Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind
from srcad.rules.families.core import BoundCall, axes_of, family, is_none, operand
from srcad.rules.families.elementwise import broadcast
from srcad.rules.families.reductions import flat_length


@family("argsort")
def argsort(call: BoundCall, facts: Facts) -> Kind:
    """Integers in the shape of the argument, flat where `axis` is None; of rank 0 they have one axis."""
    item = operand(call.first())
    if item is None or item.dims is None or not item.dims:
        return UNKNOWN
    dtype = dtype_name(np.dtype(np.intp))
    if "axis" in call.arguments and is_none(call.kind("axis")):
        return Array(dtype, (flat_length(item.dims),))
    axes = axes_of(call, len(item.dims), default=-1)
    return Array(dtype, None if axes is None else item.dims)


@family("take_along_axis")
def take_along_axis(call: BoundCall, facts: Facts) -> Kind:
    """The length of the indices along the axis, and along the others what both broadcast to."""
    values = call.operands()[:2]
    item, indices = (operand(k) for k in values) if len(values) == 2 else (None, None)
    if item is None or indices is None:
        return UNKNOWN
    if item.dims is None or indices.dims is None or len(item.dims) != len(indices.dims):
        return Array(item.dtype, None)
    axes = axes_of(call, len(item.dims), default=-1)
    if axes is None or is_none(call.kind("axis") if "axis" in call.arguments else values[0]):
        return Array(item.dtype, None)
    (axis,) = axes
    others = broadcast([d[:axis] + d[axis + 1 :] for d in (item.dims, indices.dims)], facts)
    return Array(item.dtype, None if others is None else (*others[:axis], indices.dims[axis], *others[axis:]))

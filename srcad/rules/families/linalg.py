"""Families of numpy.linalg: stacks of matrices in the last two axes."""

from __future__ import annotations

from srcad.ir.dims import Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Numeric, Tuple
from srcad.rules.families.core import BoundCall, Dims, family, numeric, operand, promote
from srcad.rules.families.elementwise import broadcast, real_dtype
from srcad.rules.families.shapes import float_dtype


@family("solve")
def solve(call: BoundCall, facts: Facts) -> Kind:
    """``np.linalg.solve(a, b)``: b is a vector where it has one axis, else a stack of matrices (NumPy 2)."""
    kinds = call.operands()
    items = [operand(k) for k in kinds[:2]]
    if len(items) < 2 or items[0] is None or items[1] is None:
        return UNKNOWN
    a, b = items[0], items[1]
    names = [float_dtype(a.dtype), float_dtype(b.dtype)]
    dtype = promote([n for n in names if n is not None]) if None not in names else None
    if a.dims is None or b.dims is None or len(a.dims) < 2 or not b.dims:
        return Array(dtype, None)
    facts.equate(a.dims[-1], a.dims[-2])
    if len(b.dims) == 1:
        facts.equate(a.dims[-1], b.dims[0])
        return Array(dtype, (*a.dims[:-2], b.dims[0]))
    facts.equate(a.dims[-1], b.dims[-2])
    stack = broadcast((a.dims[:-2], b.dims[:-2]), facts)
    return Array(dtype, None if stack is None else (*stack, *b.dims[-2:]))


def _stack(call: BoundCall, facts: Facts) -> tuple[str | None, Dims | None] | None:
    item = operand(call.first())
    if item is None:
        return None
    dims = item.dims
    if dims is not None and len(dims) >= 2:
        facts.equate(dims[-1], dims[-2])
    return float_dtype(item.dtype), dims[:-2] if dims is not None and len(dims) >= 2 else None


@family("det")
def det(call: BoundCall, facts: Facts) -> Kind:
    """One number per matrix."""
    found = _stack(call, facts)
    return UNKNOWN if found is None else numeric(*found)


@family("slogdet")
def slogdet(call: BoundCall, facts: Facts) -> Kind:
    """The named tuple of sign and logarithm, one pair per matrix."""
    from numpy.linalg import slogdet as function

    found = _stack(call, facts)
    if found is None:
        return UNKNOWN
    dtype, dims = found
    cls = type(function([[1.0]]))
    parts = (dtype, real_dtype(dtype))
    return Tuple(tuple(Numeric(d) if dims is None else numeric(d, dims) for d in parts), cls)

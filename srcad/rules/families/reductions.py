"""Families of reductions: ``axis``, ``keepdims`` and ``dtype`` as NumPy reads them."""

from __future__ import annotations

from collections.abc import Callable

from srcad.ir.atoms import MISSING
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Numeric
from srcad.rules.families.core import (
    BoundCall,
    Dims,
    Operand,
    axes_of,
    dtype_argument,
    family,
    is_none,
    numeric,
    operand,
)
from srcad.rules.families.elementwise import real_dtype

#: Reductions that add up in a wider integer; the others keep the dtype.
_WIDENING = frozenset({"sum", "prod", "nansum", "nanprod", "cumsum", "cumprod", "nancumsum", "nancumprod", "trace"})
_KEEPING = frozenset({"max", "min", "amax", "amin", "nanmax", "nanmin", "ptp"})
_REAL_RESULT = frozenset({"var", "std", "nanvar", "nanstd", "norm"})


def reduced_dims(call: BoundCall, dims: Dims | None) -> tuple[bool, Dims | None]:
    """Whether the rank of the result is known, and the dims that are left."""
    keep = call.constant("keepdims", False)
    axis_given = "axis" in call.arguments and call.constant("axis") is not None
    if keep is MISSING or (not axis_given and keep is False):
        return keep is False, () if keep is False else None
    if dims is None:
        return False, None
    axes = axes_of(call, len(dims))
    if axes is None:
        return False, None
    if keep:
        return True, tuple(Dim.of(1) if i in axes else d for i, d in enumerate(dims))
    return True, tuple(d for i, d in enumerate(dims) if i not in axes)


def _reduction(dtype_rule: Callable[[BoundCall, Operand], str | None]) -> Callable[[BoundCall, Facts], Kind]:
    def result(call: BoundCall, facts: Facts) -> Kind:
        out = call.kind("out")
        if not is_none(out):
            return out if isinstance(out, Array) else UNKNOWN
        item = operand(call.first())
        if item is None:
            return UNKNOWN
        dtype = dtype_argument(call, dtype_rule(call, item))
        known, dims = reduced_dims(call, item.dims)
        return numeric(dtype, dims) if known else Numeric(dtype) if dtype != "O" else UNKNOWN

    return result


def accumulated(dtype: str | None) -> str | None:
    """The dtype in which NumPy adds up: small integers and bools as 64-bit ones."""
    if dtype in ("b1", "i1", "i2", "i4", "i8"):
        return "i8"
    return "u8" if dtype in ("u1", "u2", "u4", "u8") else dtype


def _name(call: BoundCall) -> str:
    return getattr(call.fn, "__name__", "")


def _sum_dtype(call: BoundCall, item: Operand) -> str | None:
    if _name(call) in _WIDENING:
        return accumulated(item.dtype)
    if _name(call) in _KEEPING:
        return item.dtype
    return item.dtype if item.dtype is not None and item.dtype[0] in "fc" else None


def mean_dtype(call: BoundCall, item: Operand) -> str | None:
    """The dtype of means and deviations: integers become floats, deviations of complex numbers are real."""
    if item.dtype is None or item.dtype == "O":
        return None
    floats = item.dtype if item.dtype[0] in "fc" else "f8"
    return real_dtype(floats) if _name(call) in _REAL_RESULT else floats


family("reduction")(_reduction(_sum_dtype))
family("mean", "reduction_real")(_reduction(mean_dtype))
family("reduction_int")(_reduction(lambda call, item: "i8"))
family("reduction_bool")(_reduction(lambda call, item: None if item.dtype in (None, "O") else "b1"))


@family("cumulative")
def cumulative(call: BoundCall, facts: Facts) -> Kind:
    """Running sums: the operand's shape, flattened where there is no axis. Always an array."""
    if not is_none(call.kind("out")):
        return UNKNOWN
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    dtype = dtype_argument(call, _sum_dtype(call, item))
    axis = call.constant("axis")
    if axis is not None and axis is not MISSING:
        return Array(dtype, item.dims if item.dims != () else (Dim.of(1),))
    if axis is MISSING and item.rank != 1:
        return Array(dtype, None)
    return Array(dtype, (flat_length(item.dims),))


def flat_length(dims: Dims | None) -> Dim | None:
    """The number of elements, where that is an affine expression."""
    if dims is None:
        return None
    total: Dim | None = Dim.of(1)
    for dim in dims:
        if total is None or dim is None:
            return None
        if total.known is not None:
            total = dim.times(total.known) if total.known != 1 else dim
        else:
            total = (
                total.times(dim.known)
                if dim.known is not None and dim.known != 1
                else total
                if dim.known == 1
                else None
            )
    return total


@family("norm")
def norm(call: BoundCall, facts: Facts) -> Kind:
    """``np.linalg.norm``: a real number, or one per position of the other axes."""
    item = operand(call.first())
    if item is None or item.dtype in (None, "O"):
        return UNKNOWN if item is None else Numeric(None)
    floats = real_dtype(item.dtype if str(item.dtype)[0] in "fc" else "f8")
    # orders other than the plain ones go through powers and absolute values whose dtype depends on the order
    plain = call.constant("ord") in (None, 2, "fro")
    if getattr(call.fn, "__name__", "") == "matrix_norm":
        matrix = call.constant("keepdims", False) is False and item.dims is not None and len(item.dims) >= 2
        known, dims = (True, item.dims[:-2]) if matrix and item.dims is not None else (False, None)
    else:
        known, dims = reduced_dims(call, item.dims)
    return numeric(floats if plain else None, dims) if known else Numeric(None)


@family("trace")
def trace(call: BoundCall, facts: Facts) -> Kind:
    """The sum over a diagonal: two axes less."""
    item = operand(call.first())
    if item is None or not is_none(call.kind("out")):
        return UNKNOWN
    dtype = dtype_argument(call, accumulated(item.dtype))
    if item.dims is None:
        return Numeric(dtype)
    axes = tuple(call.constant(name, default) for name, default in (("axis1", 0), ("axis2", 1)))
    if any(type(a) is not int for a in axes) or len(item.dims) < 2:
        return Array(dtype, (None,) * (len(item.dims) - 2)) if len(item.dims) > 2 else numeric(dtype, ())
    dropped = {a % len(item.dims) for a in axes}
    return numeric(dtype, tuple(d for i, d in enumerate(item.dims) if i not in dropped))

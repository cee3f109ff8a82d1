"""Families that make arrays from shapes, ranges and Python data."""

from __future__ import annotations

from srcad.ir.atoms import MISSING, const_kind
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Scalar
from srcad.rules.families.core import (
    BoundCall,
    array_dtype,
    dtype_argument,
    family,
    is_none,
    operand,
    promote,
    shape_dims,
)


def _shape_argument(call: BoundCall) -> Kind | None:
    return call.kind("shape") or call.first()


@family("zeros", "ones", "empty")
def zeros(call: BoundCall, facts: Facts) -> Kind:
    """``np.zeros(shape, dtype)``."""
    return Array(dtype_argument(call, "f8"), shape_dims(_shape_argument(call)))


@family("full")
def full(call: BoundCall, facts: Facts) -> Kind:
    """``np.full(shape, fill_value, dtype)``."""
    fill = operand(call.kind("fill_value") or UNKNOWN)
    dtype = None if fill is None else array_dtype([fill])
    return Array(dtype_argument(call, dtype), shape_dims(_shape_argument(call)))


@family("eye")
def eye(call: BoundCall, facts: Facts) -> Kind:
    """``np.eye(N, M)`` and ``np.identity(n)``."""
    rows = _int_value(call.first())
    columns = rows if is_none(call.kind("M")) else _int_value(call.kind("M"))
    return Array(dtype_argument(call, "f8"), (rows, columns))


@family("tri")
def tri(call: BoundCall, facts: Facts) -> Kind:
    """``np.tri(N, M)``: square without M, empty where a number is negative."""
    rows = _int_value(call.first())
    columns = rows if is_none(call.kind("M")) else _int_value(call.kind("M"))
    return Array(dtype_argument(call, "f8"), tuple(None if n is None else n.clamp() for n in (rows, columns)))


def _int_value(kind: Kind | None) -> Dim | None:
    return kind.value if isinstance(kind, Scalar) else None


@family("linspace")
def linspace(call: BoundCall, facts: Facts) -> Kind:
    """``np.linspace(start, stop, num)`` between scalars; between arrays the rank is one more than theirs."""
    if call.constant("retstep", False) is not False:
        return UNKNOWN
    ends = [operand(k) for k in (call.kind("start"), call.kind("stop")) if k is not None]
    good = [o for o in ends if o is not None]
    if len(good) < len(ends):
        return UNKNOWN
    names = [o.dtype for o in good]
    plain = all(n in ("f8", "i8", "b1", "i4", "f4") for n in names) and any(n in ("f8", "i8", "i4") for n in names)
    dtype = dtype_argument(call, promote([*filter(None, names), "f8"]) if plain else None)
    if any(o.dims != () for o in good):
        return Array(dtype, None)
    num = call.kind("num")
    return Array(dtype, (Dim.of(50) if num is None else _int_value(num),))


@family("arange")
def arange(call: BoundCall, facts: Facts) -> Kind:
    """``np.arange``; the length is known for integers with a step of 1."""
    start, *rest = [*call.operands()[:3], UNKNOWN][: max(1, len(call.operands()))]
    stop = rest[0] if rest and not is_none(rest[0]) else None
    kinds = [start] if stop is None else [start, stop]
    if len(rest) > 1 and not is_none(rest[1]):
        kinds = [*([const_kind(0)] if stop is None else []), *kinds, rest[1]]
    names = [k.dtype if isinstance(k, Scalar) else None for k in kinds]
    dtype = promote([n for n in names if n is not None]) if None not in names and names else None
    if dtype in ("b1", "i1", "i2", "i4", "u1", "u2", "u4"):
        dtype = None
    return Array(dtype_argument(call, dtype), (range_length([_int_value(k) for k in kinds], facts),))


def range_length(values: list[Dim | None], facts: Facts) -> Dim | None:
    """The number of integers in ``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``."""
    if not values or any(v is None for v in values):
        return None
    known = [facts.resolve(v) for v in values if v is not None]
    numbers = [d.known for d in known]
    if all(n is not None for n in numbers):
        plain = [n for n in numbers if n is not None]
        return None if len(plain) == 3 and plain[2] == 0 else Dim.of(len(range(*plain)))
    start, stop = (Dim.of(0), known[0]) if len(known) == 1 else (known[0], known[1])
    step = known[2].known if len(known) == 3 else 1
    if step not in (1, -1):
        return None
    length = stop.plus(start, -1) if step == 1 else start.plus(stop, -1)
    return None if length is None else length.clamp()


@family("array")
def array(call: BoundCall, facts: Facts) -> Kind:
    """``np.array``, ``np.asarray`` of numbers, arrays and nested sequences."""
    item = operand(call.first())
    if item is None or call.constant("subok", False) is MISSING:
        return UNKNOWN
    dtype = dtype_argument(call, array_dtype([item]) if item.dims == () else item.dtype)
    if item.weak is not False and item.dims is None:
        dtype = dtype_argument(call, item.dtype if item.dtype in ("f8", "c16", "b1") else None)
    least = call.constant("ndmin", 0)
    if type(least) is not int:
        return Array(dtype, None)
    if item.dims is None:
        return Array(dtype, None)
    ones = (Dim.of(1),) * max(0, least - len(item.dims))
    return Array(dtype, (*ones, *item.dims))


@family("memory")
def memory(call: BoundCall, facts: Facts) -> Kind:
    """The memory of arrays, which have one dtype."""
    found = {kind.dtype if isinstance(kind, Array) else None for kind in call.rest("arrays")}
    return Array(found.pop() if len(found) == 1 else None, (None,))


@family("laid_out")
def laid_out(call: BoundCall, facts: Facts) -> Kind:
    """A view of memory that is laid out as an array is."""
    kind, memory = call.kind("x"), call.kind("memory")
    if not isinstance(kind, Array) or not isinstance(memory, Array):
        return UNKNOWN
    return Array(memory.dtype, kind.dims)

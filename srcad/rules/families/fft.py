"""Families of numpy.fft: lengths that an argument asks for, halves of them, complex and real results."""

from __future__ import annotations

from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Scalar
from srcad.rules.families.core import BoundCall, Dims, axes_of, family, is_none, operand

_COMPLEX = {"f4": "c8", "c8": "c8", "f8": "c16", "c16": "c16"}
_REAL = {"c8": "f4", "c16": "f8"}


def _transformed(call: BoundCall) -> tuple[str | None, Dims | None, int | None]:
    """The dtype of complex results, the dims of the argument, and the axis of the transform."""
    item = operand(call.first())
    if item is None:
        return None, None, None
    dtype = None if item.dtype is None else _COMPLEX.get(item.dtype, "c16" if item.dtype[0] in "biu" else None)
    axes = None if item.dims is None else axes_of(call, len(item.dims), default=-1)
    return dtype, item.dims, axes[0] if axes is not None and len(axes) == 1 else None


def _with_length(dims: Dims | None, axis: int | None, length: Dim | None) -> Dims | None:
    if dims is None:
        return None
    if axis is None:
        return (None,) * len(dims)
    return (*dims[:axis], length, *dims[axis + 1 :])


def _asked(call: BoundCall, old: Dim | None) -> Dim | None:
    """The number of points: `n`, or the length of the argument."""
    if is_none(call.kind("n")):
        return old
    kind = call.kind("n")
    length = kind.value if isinstance(kind, Scalar) else None
    return length.clamp() if length is not None else None


@family("fft")
def fft(call: BoundCall, facts: Facts) -> Kind:
    """Complex, with `n` points along an axis."""
    dtype, dims, axis = _transformed(call)
    length = None if dims is None or axis is None else _asked(call, dims[axis])
    return Array(dtype, _with_length(dims, axis, length))


@family("rfft")
def rfft(call: BoundCall, facts: Facts) -> Kind:
    """Complex, with ``n // 2 + 1`` coefficients."""
    dtype, dims, axis = _transformed(call)
    length = None if dims is None or axis is None else half(_asked(call, dims[axis]), facts)
    return Array(dtype, _with_length(dims, axis, length))


@family("irfft")
def irfft(call: BoundCall, facts: Facts) -> Kind:
    """Real, with `n` points, or ``2 (m - 1)`` from `m` coefficients."""
    dtype, dims, axis = _transformed(call)
    length = None
    if dims is not None and axis is not None:
        old = dims[axis]
        fewer = None if old is None else old.plus(Dim.of(-1))
        length = _asked(call, None if fewer is None else fewer.times(2))  # less than 1 raises
    return Array(None if dtype is None else _REAL[dtype], _with_length(dims, axis, length))


@family("fftn")
def fftn(call: BoundCall, facts: Facts) -> Kind:
    """Complex, of the argument's shape where no lengths are given."""
    dtype, dims, _ = _transformed(call)
    if dims is not None and not is_none(call.kind("s")):
        dims = (None,) * len(dims)
    return Array(dtype, dims)


@family("fftfreq", "rfftfreq")
def fftfreq(call: BoundCall, facts: Facts) -> Kind:
    """As many frequencies as points, or ``n // 2 + 1`` of them."""
    from numpy.fft import rfftfreq

    spacing = operand(call.kind("d") or Scalar("f8", True))
    if spacing is None or spacing.dims != () or not spacing.scalar or spacing.dtype is None:
        return UNKNOWN
    n = call.kind("n")
    length = n.value if isinstance(n, Scalar) else None
    if call.fn is rfftfreq:
        length = half(length, facts)
    return Array("f8" if spacing.weak or spacing.dtype == "f8" else None, (None if length is None else length.clamp(),))


def half(n: Dim | None, facts: Facts) -> Dim | None:
    """``n // 2 + 1``: the number of coefficients that do not follow from the others."""
    return None if n is None else facts.quotient(n, 2).plus(Dim.of(1))

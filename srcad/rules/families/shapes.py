"""Families of functions that rearrange axes or elements and keep the dtype."""

from __future__ import annotations

import numpy as np

from srcad.ir.atoms import MISSING
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Numeric, Scalar, Static
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
    shape_dims,
)
from srcad.rules.families.elementwise import broadcast
from srcad.rules.families.reductions import flat_length

ONE = Dim.of(1)
_FLATTENING = ("sort", "argsort", "partition", "argpartition")


def reshaped(item: Operand, dims: Dims | None) -> Kind:
    """An array with these dims. Rank 0 may be a scalar, because NumPy's scalars have these methods too."""
    if dims is None:
        return Numeric(item.dtype) if item.scalar or item.dims is None or not item.dims else Array(item.dtype, None)
    if not dims and (item.scalar or item.dims is None):
        return Numeric(item.dtype)
    return Array(item.dtype, dims)


@family("identity")
def identity(call: BoundCall, facts: Facts) -> Kind:
    """Exactly the first argument's kind."""
    return call.first()


@family("same")
def same(call: BoundCall, facts: Facts) -> Kind:
    """The first argument's shape and dtype: copies, sorting, rounding. Rank 0 may become a scalar or an array."""
    if not is_none(call.kind("out")) or call.has("dtype"):
        return UNKNOWN
    item = operand(call.first())
    if item is None or (item.dtype == "O" and not item.dims):
        return UNKNOWN
    if getattr(call.fn, "__name__", "") in _FLATTENING and "axis" in call.arguments and is_none(call.kind("axis")):
        return Array(item.dtype, (flat_length(item.dims),))  # sort(x, axis=None) flattens
    if call.fn in (np.round, np.around):
        return numeric(None if item.dtype == "b1" else item.dtype, item.dims)
    return Array(item.dtype, item.dims) if item.dims else Numeric(item.dtype)


@family("inv")
def inv(call: BoundCall, facts: Facts) -> Kind:
    """A square matrix, or a stack of them, as floats."""
    item = operand(call.first())
    return UNKNOWN if item is None else Array(float_dtype(item.dtype), _square(item.dims, facts))


def _square(dims: Dims | None, facts: Facts) -> Dims | None:
    if dims is not None and len(dims) >= 2:
        facts.equate(dims[-1], dims[-2])
    return dims


def float_dtype(dtype: str | None) -> str | None:
    """The dtype in which numpy.linalg computes."""
    if dtype is None or dtype == "O":
        return None
    return dtype if dtype in ("f4", "f8", "c8", "c16") else "f8" if dtype[0] in "biu" else None


@family("cholesky")
def cholesky(call: BoundCall, facts: Facts) -> Kind:
    """As `inv`: a square factor of the same size."""
    return inv(call, facts)


@family("reshape")
def reshape(call: BoundCall, facts: Facts) -> Kind:
    """``reshape(a, shape)``, or the method with the lengths one by one."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    names = [n for n in call.arguments if n in ("shape", "newshape")] or list(call.arguments)[1:2]
    given = call.arguments.get(names[0]) if names else None
    if given is None:
        return reshaped(item, None)
    if isinstance(given, tuple):
        kinds = call.rest(names[0])
        one = kinds[0] if len(kinds) == 1 else None
        dims = shape_dims(one) if one is not None else tuple(k.value if isinstance(k, Scalar) else None for k in kinds)
    else:
        dims = shape_dims(call.kind(names[0]))
    return reshaped(item, None if dims is None else _fill_minus_one(item.dims, dims, facts))


def _fill_minus_one(old: Dims | None, new: Dims, facts: Facts) -> Dims:
    """The dims asked for, with -1 replaced by what the number of elements leaves, where that is decidable."""
    new = tuple(None if d is None else facts.resolve(d) for d in new)
    holes = [i for i, d in enumerate(new) if d is None or d.known == -1]
    # a length that may be negative may be -1, which stands for any length
    sure = tuple(d if d is not None and _never_minus_one(d) else None for d in new)
    if len(holes) != 1 or new[holes[0]] is None or any(d is None for i, d in enumerate(sure) if i not in holes):
        return sure
    i = holes[0]
    return (*sure[:i], _quotient(old, sure[:i] + sure[i + 1 :], facts), *sure[i + 1 :])


def _never_minus_one(dim: Dim) -> bool:
    return (dim.lower_bound or 0) >= 0 if dim.lower_bound is not None else False


def _quotient(old: Dims | None, rest: Dims, facts: Facts) -> Dim | None:
    """The product of `old` over the product of `rest`, by striking equal lengths that are not 0 by construction."""
    if old is None or any(d is None for d in old):
        return None
    left = [facts.resolve(d) for d in old if d is not None]
    factor = 1
    for dim in (d for d in rest if d is not None):
        if dim.known is not None:
            factor *= dim.known
        elif dim in left:
            left.remove(dim)
        else:
            return None
    for dim in [d for d in left if d.known is not None]:
        left.remove(dim)
        known = dim.known or 0
        if factor == 0 or known == 0:
            return None
        if known % factor == 0:
            left, factor = [*left, Dim.of(known // factor)], 1
            break
        return None
    if factor != 1:
        return None
    return flat_length(tuple(left))


@family("ravel")
def ravel(call: BoundCall, facts: Facts) -> Kind:
    """All elements along one axis."""
    item = operand(call.first())
    return UNKNOWN if item is None else Array(item.dtype, (flat_length(item.dims),))


@family("transpose")
def transpose(call: BoundCall, facts: Facts) -> Kind:
    """``transpose(a, axes)``, the method with the axes one by one, and the attributes ``T`` and ``mT``."""
    item = operand(call.first())
    if item is None or item.dims is None:
        return UNKNOWN if item is None else reshaped(item, None)
    rank = len(item.dims)
    if getattr(call.fn, "__name__", "") in ("mT", "matrix_transpose"):
        return reshaped(item, (*item.dims[:-2], *item.dims[:-3:-1]) if rank >= 2 else None)
    names = list(call.arguments)[1:2]
    value = call.constant(names[0]) if names else None
    if isinstance(value, tuple) and len(value) == 1 and (value[0] is None or isinstance(value[0], tuple)):
        value = value[0]
    if value is None or value == ():
        return reshaped(item, item.dims[::-1])
    if not isinstance(value, tuple) or sorted(v % rank if type(v) is int and rank else -1 for v in value) != [
        *range(rank)
    ]:
        return Array(item.dtype, (None,) * rank) if rank else reshaped(item, None)
    return reshaped(item, tuple(item.dims[v] for v in value))


def _moved(call: BoundCall, names: tuple[str, str]) -> tuple[Operand, list[int] | None, list[int] | None] | None:
    item = operand(call.first())
    if item is None or item.dims is None:
        return None
    rank = len(item.dims)
    first, second = (
        axes_of(call, rank, name, MISSING) if call.constant(name, MISSING) is not None else None for name in names
    )
    return item, None if first is None else [*first], None if second is None else [*second]


@family("swapaxes")
def swapaxes(call: BoundCall, facts: Facts) -> Kind:
    """Two axes exchanged."""
    names = [n for n in call.arguments][1:3]
    found = _moved(call, (names[0], names[1])) if len(names) == 2 else None
    if found is None:
        return _rearranged(call)
    item, first, second = found
    if first is None or second is None or item.dims is None:
        return _rearranged(call)
    dims = list(item.dims)
    dims[first[0]], dims[second[0]] = dims[second[0]], dims[first[0]]
    return reshaped(item, tuple(dims))


@family("moveaxis")
def moveaxis(call: BoundCall, facts: Facts) -> Kind:
    """Axes moved to other places."""
    names = [n for n in call.arguments][1:3]
    found = _moved(call, (names[0], names[1])) if len(names) == 2 else None
    if found is None:
        return _rearranged(call)
    item, source, destination = found
    if source is None or destination is None or item.dims is None or len(source) != len(destination):
        return _rearranged(call)
    order = [i for i in range(len(item.dims)) if i not in source]
    for place, axis in sorted(zip(destination, source, strict=True)):
        order.insert(place, axis)
    return reshaped(item, tuple(item.dims[i] for i in order))


def _rearranged(call: BoundCall) -> Kind:
    """The first argument with its axes in an unknown order."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    return reshaped(item, None if item.dims is None else (None,) * len(item.dims))


@family("expand_dims")
def expand_dims(call: BoundCall, facts: Facts) -> Kind:
    """New axes of length 1."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    value = call.constant("axis", MISSING)
    count = len(value) if isinstance(value, tuple) else 1
    rank = None if item.dims is None or value is MISSING else len(item.dims) + count
    axes = None if rank is None else axes_of(call, rank, "axis", MISSING)
    if axes is None or rank is None or value is None or item.dims is None:
        return Array(item.dtype, None)
    rest = iter(item.dims)
    return Array(item.dtype, tuple(ONE if i in axes else next(rest) for i in range(rank)))


@family("squeeze")
def squeeze(call: BoundCall, facts: Facts) -> Kind:
    """Axes of length 1 dropped: the ones named, else all of them, where it is known which those are."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    if item.dims is None:
        return Numeric(item.dtype)
    if is_none(call.kind("axis")):
        ones = [facts.is_one(d) for d in item.dims]
        return reshaped(item, None if None in ones else tuple(d for d, o in zip(item.dims, ones, strict=True) if not o))
    axes = axes_of(call, len(item.dims))
    return reshaped(item, None if axes is None else tuple(d for i, d in enumerate(item.dims) if i not in axes))


@family("broadcast_to")
def broadcast_to(call: BoundCall, facts: Facts) -> Kind:
    """The first argument spread over a shape, whose axes that are not 1 are equal to its own or those are 1."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    dims = shape_dims(call.kind("shape"))
    if dims is not None and item.dims is not None and len(item.dims) <= len(dims):
        broadcast((dims, item.dims), facts)
    return Array(item.dtype, dims)


@family("diag")
def diag(call: BoundCall, facts: Facts) -> Kind:
    """``np.diag``: the diagonal of a matrix, or a matrix with this diagonal (``k`` off the middle makes it larger)."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    if item.dims is None or len(item.dims) not in (1, 2):
        return Array(item.dtype, None)
    k = call.constant("k", 0)
    if len(item.dims) == 2:
        same_size = k == 0 and type(k) is int and facts.equal(*item.dims)
        return Array(item.dtype, (item.dims[0] if same_size else None,))
    size = None if type(k) is not int or item.dims[0] is None else item.dims[0].plus(Dim.of(abs(k)))
    return Array(item.dtype, (size, size))


@family("zeros_like", "full_like")
def zeros_like(call: BoundCall, facts: Facts) -> Kind:
    """An array with the first argument's shape and dtype, except as given."""
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    dtype = dtype_argument(call, item.dtype)
    dims = item.dims if is_none(call.kind("shape")) else shape_dims(call.kind("shape"))
    subok = call.constant("subok", True)
    return UNKNOWN if isinstance(subok, Static) else Array(dtype, dims)

"""Families of linear-algebra products. Contracted lengths are equal, which is recorded in the facts."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.atoms import MISSING, constant
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, List, Numeric, Scalar, Tuple
from srcad.rules.families.core import BoundCall, Dims, Operand, array_dtype, family, is_none, numeric, operand
from srcad.rules.families.elementwise import broadcast, ufunc_dtype
from srcad.rules.families.reductions import flat_length


def _pair(call: BoundCall) -> tuple[Operand, Operand] | None:
    kinds = call.operands()[:2]
    items = [operand(k) for k in kinds]
    if len(items) < 2 or items[0] is None or items[1] is None or not is_none(call.kind("out")):
        return None
    return items[0], items[1]


@family("matmul")
def matmul(call: BoundCall, facts: Facts) -> Kind:
    """``a @ b``: vectors are rows or columns, leading axes broadcast."""
    pair = _pair(call)
    return UNKNOWN if pair is None else matmul_kind(*pair, facts)


def matmul_kind(a: Operand, b: Operand, facts: Facts) -> Kind:
    """The kind of ``a @ b``."""
    dtype = ufunc_dtype(np.matmul, (a, b))
    if a.dims is None or b.dims is None:
        return Numeric(dtype) if _may_be_vector(a) and _may_be_vector(b) else Array(dtype, None)
    if not a.dims or not b.dims:
        return UNKNOWN  # raises
    facts.equate(a.dims[-1], b.dims[-1] if len(b.dims) == 1 else b.dims[-2])
    stack = broadcast((a.dims[:-2], b.dims[:-2]), facts)
    if stack is None:
        return Array(dtype, None)
    rows = a.dims[-2:-1]
    columns = b.dims[-1:] if len(b.dims) > 1 else ()
    return numeric(dtype, (*stack, *rows, *columns))


@family("cross")
def cross(call: BoundCall, facts: Facts) -> Kind:
    """Vectors of 3 components: known where one operand has them along its last axis. Of 2 and 2 it is a number."""
    pair = _pair(call)
    if pair is None or any(
        call.constant(name, usual) != usual
        for name, usual in (("axisa", -1), ("axisb", -1), ("axisc", -1), ("axis", None))
    ):
        return UNKNOWN
    a, b = (item.dims for item in pair)
    if not a or not b or 3 not in [None if d is None else facts.resolve(d).known for d in (a[-1], b[-1])]:
        return UNKNOWN
    stack = broadcast((a[:-1], b[:-1]), facts)
    return Array(ufunc_dtype(np.multiply, pair), None if stack is None else (*stack, Dim.of(3)))


def _may_be_vector(item: Operand) -> bool:
    return item.dims is None or len(item.dims) == 1


@family("dot")
def dot(call: BoundCall, facts: Facts) -> Kind:
    """``np.dot``: a product with a scalar, else the last axis of a with the second to last of b is contracted."""
    pair = _pair(call)
    if pair is None:
        return UNKNOWN
    a, b = pair
    dtype = array_dtype([*pair])
    if (a.dims == () and a.scalar) or (b.dims == () and b.scalar) or a.dims is None or b.dims is None:
        return _scalar_product(a, b, dtype)
    if not a.dims or not b.dims:
        return numeric(dtype, a.dims or b.dims)
    facts.equate(a.dims[-1], b.dims[-1] if len(b.dims) == 1 else b.dims[-2])
    return numeric(dtype, (*a.dims[:-1], *b.dims[:-2], *(b.dims[-1:] if len(b.dims) > 1 else ())))


def _scalar_product(a: Operand, b: Operand, dtype: str | None) -> Kind:
    if a.dims is None or b.dims is None:
        return Numeric(dtype)
    if not a.dims and not b.dims:
        # two Python numbers are multiplied as such
        return Scalar(dtype, weak=False if a.weak is False or b.weak is False else None)
    return numeric(dtype, a.dims or b.dims)


@family("inner")
def inner(call: BoundCall, facts: Facts) -> Kind:
    """``np.inner``: the last axes are contracted, the others side by side."""
    pair = _pair(call)
    if pair is None:
        return UNKNOWN
    a, b = pair
    dtype = array_dtype([*pair])
    if not a.dims or not b.dims:
        return _scalar_product(a, b, dtype)
    facts.equate(a.dims[-1], b.dims[-1])
    return numeric(dtype, (*a.dims[:-1], *b.dims[:-1]))


@family("outer")
def outer(call: BoundCall, facts: Facts) -> Kind:
    """``np.outer``: both operands flattened."""
    pair = _pair(call)
    if pair is None:
        return UNKNOWN
    return Array(array_dtype([*pair]), (flat_length(pair[0].dims), flat_length(pair[1].dims)))


@family("tensordot")
def tensordot(call: BoundCall, facts: Facts) -> Kind:
    """``np.tensordot`` with constant axes: the contracted axes go, the others stand side by side. Always an array."""
    pair = _pair(call)
    if pair is None:
        return UNKNOWN
    a, b = pair
    dtype = array_dtype([*pair])
    axes = call.constant("axes", 2)
    if axes is MISSING:
        axes = _listed(call.kind("axes"))
    if a.dims is None or b.dims is None:
        return Array(dtype, None)
    chosen = _tensordot_axes(axes, len(a.dims), len(b.dims))
    if chosen is None:
        return Array(dtype, None)
    left, right = chosen
    for i, j in zip(left, right, strict=True):
        facts.equate(a.dims[i], b.dims[j])
    kept = [d for i, d in enumerate(a.dims) if i not in left] + [d for j, d in enumerate(b.dims) if j not in right]
    return Array(dtype, tuple(kept))


def _listed(kind: Kind | None) -> Any:
    """The value of a tuple of lists of equal integers: ``([0], [1])``."""
    if not isinstance(kind, Tuple):
        return MISSING
    parts = [_list_value(k) if isinstance(k, List) else constant(k) for k in kind.items]
    return MISSING if any(p is MISSING for p in parts) else tuple(parts)


def _list_value(kind: List) -> Any:
    value, count = constant(kind.item), None if kind.length is None else kind.length.known
    return MISSING if value is MISSING or count is None or count > 1 else (value,) * count


def _tensordot_axes(axes: Any, left: int, right: int) -> tuple[list[int], list[int]] | None:
    if type(axes) is int:
        if not 0 <= axes <= min(left, right):
            return None
        return list(range(left - axes, left)), list(range(axes))
    if axes is MISSING or not isinstance(axes, tuple) or len(axes) != 2:
        return None
    pairs = [(x,) if type(x) is int else x for x in axes]
    if any(not isinstance(p, tuple) or any(type(v) is not int for v in p) for p in pairs) or len(pairs[0]) != len(
        pairs[1]
    ):
        return None
    if any(not -n <= v < n for p, n in zip(pairs, (left, right), strict=True) for v in p):
        return None
    return [v % left for v in pairs[0]], [v % right for v in pairs[1]]


@family("einsum")
def einsum(call: BoundCall, facts: Facts) -> Kind:
    """``np.einsum`` with constant subscripts in a string; an ellipsis gives an unknown rank."""
    if not is_none(call.kind("out")) or call.has("dtype"):
        return UNKNOWN
    kinds = call.operands()
    names = next(iter(call.arguments), "")
    given = call.constant(names)
    text = given[0] if isinstance(given, tuple) and given else given
    text = text if isinstance(text, str) else _first_string(call)
    items = [operand(k) for k in kinds[1:]]
    operands = [o for o in items if o is not None]
    if text is None or len(operands) < len(items) or not operands:
        return UNKNOWN
    dtype = array_dtype(operands)
    dims = einsum_dims(text.replace(" ", ""), [o.dims for o in operands], facts)
    return Numeric(dtype) if dims is None else numeric(dtype, dims)


def _first_string(call: BoundCall) -> str | None:
    for kind in call.operands()[:1]:
        value = constant(kind)
        return value if isinstance(value, str) else None
    return None


def einsum_dims(text: str, shapes: list[Dims | None], facts: Facts) -> Dims | None:
    """The dims of an einsum; None where they are not known."""
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if (
        "." in text
        or len(terms) != len(shapes)
        or any(s is not None and len(s) != len(t) for s, t in zip(shapes, terms, strict=True))
    ):
        return None
    letters = [c for t in terms for c in t]
    if not arrow:
        output = "".join(sorted(c for c in dict.fromkeys(letters) if letters.count(c) == 1))
    lengths: dict[str, list[Dim | None]] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, dim in zip(term, shape or (None,) * len(term), strict=True):
            lengths.setdefault(letter, []).append(dim)
    found = {c: _einsum_length(values, facts) for c, values in lengths.items()}
    return tuple(found.get(c) for c in output)


def _einsum_length(values: list[Dim | None], facts: Facts) -> Dim | None:
    # einsum lets a length of 1 stand for any other, as broadcasting does
    result = broadcast([(v,) for v in values], facts)
    return None if result is None else result[0]

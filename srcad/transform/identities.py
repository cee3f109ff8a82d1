"""Identities between products, sums and shapes, applied to the code of derivatives as it is built.

What is exact (up to the sign of zero) is applied wherever the kinds are known. Products are also reordered, so that
numbers are multiplied before arrays, and numbers are taken out of sums: that is cheaper, and
rounds differently, which a derivative may.

    (-a).sum(axis=0)            ->  -a.sum(axis=0)
    (2 * a) * (1.0 / n)         ->  (2.0 / n) * a
    np.expand_dims(v, 1)        ->  v[:, None]
    (a.T @ b).T                 ->  b.T @ a

>>> import numpy as np
>>> import srcad
>>> def f(x, y):
...     return np.mean((x - y) ** 2)
>>> print(srcad.grad(f).source_for(np.ones(3), np.ones(3)))
# kinds: x: f8[n], y: f8[m]
def f_grad(x, y):
    t = x - y
    return 2.0 / len(x) * t
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from srcad import runtime
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Kind, Scalar
from srcad.ir.nodes import Atom, Const, Star, Var
from srcad.transform.algebra import Keywords, is_const, keeps_dtype, rank, rewrites, rewrites_keywords
from srcad.transform.axes import axes_of
from srcad.transform.builder import Builder
from srcad.transform.equal import doubled, is_part, may_double, operands_of
from srcad.transform.shares import sum_of_shares


@rewrites(operator.add)
def _add(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``a + a`` is ``2 * a``."""
    return doubled(b, x) if may_double(b, x, y) else None


# --- products --------------------------------------------------------------------------------------------------------


def is_number(atom: Atom) -> bool:
    """Whether a value is one float or complex number: multiplying it costs next to nothing."""
    kind = atom_kind(atom)
    if isinstance(atom, Const):
        return type(atom.value) in (int, float)
    return isinstance(kind, Scalar) and keeps_dtype(kind)


def is_array(atom: Atom) -> bool:
    """Whether a value is an array of floats with at least one axis."""
    kind = atom_kind(atom)
    return isinstance(kind, Array) and kind.dims != () and keeps_dtype(kind)


def _no_wider(factor: Atom, other: Kind) -> bool:
    """Whether a product with an array of kind `other` has the dtype of that, in whichever order it is computed."""
    kind = atom_kind(factor)
    if isinstance(factor, Const):
        return True
    if not isinstance(kind, (Scalar, Array)) or not isinstance(other, Array) or None in (kind.dtype, other.dtype):
        return False
    weak = isinstance(kind, Scalar) and kind.weak and str(kind.dtype)[0] == "f"
    return weak or np.result_type(str(kind.dtype), str(other.dtype)) == other.dtype


@rewrites(operator.mul)
def _mul(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """Constants come first and are multiplied with each other, numbers with numbers or with the smaller array."""
    if isinstance(y, Const) and not isinstance(x, Const) and is_number(y) and b.loc.adjoint:
        return b.call(operator.mul, y, x)
    if isinstance(x, Const) and (known := _of_constant(b, x, y)) is not None:
        return known
    for other, product in ((x, y), (y, x)):
        call = b.recent(product, operator.mul)
        if call is None or not is_part(call) or not is_array(product):
            continue
        p, q = operands_of(call)
        number, array = (p, q) if is_number(p) else (q, p)
        if not is_number(number) or not is_array(array) or not _no_wider(number, atom_kind(array)):
            continue
        if isinstance(number, Const) and isinstance(other, Const):
            continue  # their product would be a number that nobody wrote
        if is_number(other) and _no_wider(other, atom_kind(array)):
            return b.call(operator.mul, b.call(operator.mul, number, other), array)
        if is_array(other) and _no_wider(number, atom_kind(other)) and _is_smaller(b, other, array):
            return b.call(operator.mul, b.call(operator.mul, number, other), array)
    return None


def _is_smaller(b: Builder, x: Atom, y: Atom) -> bool:
    """Whether an array has fewer axes than another, or is stretched along one to fit it."""
    own, other = atom_kind(x), atom_kind(y)
    if not isinstance(own, Array) or not isinstance(other, Array) or own.dims is None or other.dims is None:
        return False
    lacking = len(other.dims) - len(own.dims)
    pairs = list(zip(own.dims, other.dims[max(lacking, 0) :], strict=False))
    fits = all(b.facts.equal(p, q) or b.facts.is_one(p) for p, q in pairs)
    return lacking >= 0 and fits and (lacking > 0 or any(not b.facts.equal(p, q) for p, q in pairs))


def _is_whole(b: Builder, item: Atom | Star) -> bool:
    made = b.definition(item, slice)
    return made is not None and all(a == Const(None) for a in made.args)


def _of_constant(b: Builder, constant: Const, other: Atom) -> Atom | None:
    """``constant * other`` where `other` is itself a constant times, or over, something; exact."""
    if not is_number(constant):
        return None
    for fn in (operator.mul, operator.truediv):
        call = b.recent(other, fn)
        if call is None or not (is_part(call) or (call.loc.adjoint and is_number(other))):
            continue
        p, q = operands_of(call)
        if isinstance(p, Const) and is_number(p) and is_exact(constant.value, p.value):
            return b.call(fn, Const(constant.value * p.value), q)
    return None


def is_exact(a: float, c: float) -> bool:
    """Whether a product of two constants is exact: of small integers, or with a power of two."""
    small = all(float(v).is_integer() and abs(v) < 2**20 for v in (a, c))
    return small or any(abs(v) in (0.25, 0.5, 1.0, 2.0, 4.0) for v in (a, c))


@rewrites(operator.truediv)
def _truediv(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``x / y`` where `x` is ``1 / y`` is ``x * x``; ``(n * 1.0) / y`` is ``n / y``, as dividing makes it a float."""
    inverse = b.recent(x, operator.truediv)
    if inverse is not None and b.loc.adjoint and is_const(inverse.args[0], 1) and inverse.args[1] == y:
        return b.append(operator.mul, (x, x))
    call = b.recent(x, operator.mul)
    kind = atom_kind(y)
    if call is None or not isinstance(kind, (Array, Scalar)) or kind.dtype not in ("f8", "c16"):
        return None
    p, q = operands_of(call)
    for one, other in ((p, q), (q, p)):
        if is_const(one, 1) and isinstance(atom_kind(other), Scalar):
            return b.call(operator.truediv, other, y)
    return None


# --- sums over axes --------------------------------------------------------------------------------------------------


@rewrites_keywords(np.ndarray.sum)
def _sum(b: Builder, args: Sequence[Atom], kwargs: Keywords) -> Atom | None:
    """The sign, and a number that multiplies every element, are taken out of a sum."""
    x = args[0]
    if len(args) > 1 or not is_array(x) or any(name not in ("axis", "keepdims") for name, _ in kwargs):
        return None
    negated = b.recent(x, operator.neg)
    if negated is not None and negated.loc.adjoint:
        return b.call(operator.neg, b.call(np.ndarray.sum, *negated.args, kwargs=kwargs))
    whole = sum_of_shares(b, x, kwargs)
    if whole is not None:
        return whole
    return _without_constant_factors(b, x, dict(kwargs))


def _without_constant_factors(b: Builder, x: Atom, how: dict[str | None, Atom]) -> Atom | None:
    """The sum over some axes of a product, what does not vary along them taken out of it."""
    kind = atom_kind(x)
    axes = _summed_axes(b, kind, how.get("axis", Const(None)))
    if axes is None or not isinstance(kind, Array) or kind.dims is None:
        return None
    keeps = how.get("keepdims", Const(False)) == Const(True)
    parts = _factors(b, x)
    outside = [_is_constant(b, f, kind, axes, keeps=keeps) for f, _ in parts]
    if not any(outside) or all(outside):
        return None
    inner = _product(b, [part for part, out in zip(parts, outside, strict=True) if not out])
    if inner is None or not _same_shape(b, atom_kind(inner), kind):
        return None
    total = b.call(np.ndarray.sum, inner, kwargs=list(how.items()))
    for (factor, divides), out in zip(parts, outside, strict=True):
        if out:
            total = b.call(operator.truediv, total, factor) if divides else b.call(operator.mul, factor, total)
    return total


def _same_shape(b: Builder, kind: Kind, other: Array) -> bool:
    if not isinstance(kind, Array) or kind.dtype != other.dtype or kind.dims is None or other.dims is None:
        return False
    return len(kind.dims) == len(other.dims) and all(map(b.facts.equal, kind.dims, other.dims))


def _factors(b: Builder, x: Atom) -> list[tuple[Atom, bool]]:
    """The factors of a product that was just written, and whether each divides."""
    for fn in (operator.mul, operator.truediv):
        call = b.recent(x, fn)
        if call is not None and is_part(call):
            p, q = operands_of(call)
            right = _factors(b, q) if fn is operator.mul else [(q, True)]
            return [*_factors(b, p), *right]
    return [(x, False)]


def _product(b: Builder, parts: Sequence[tuple[Atom, bool]]) -> Atom | None:
    first = next((k for k, (_, divides) in enumerate(parts) if not divides), None)
    if first is None:
        return None
    found = parts[first][0]
    for factor, divides in [*parts[:first], *parts[first + 1 :]]:
        found = b.call(operator.truediv if divides else operator.mul, found, factor)
    return found


def _summed_axes(b: Builder, kind: Kind, axis: Atom) -> tuple[int, ...] | None:
    ndim = rank(kind)
    if ndim is None:
        return None
    return tuple(range(ndim)) if axis == Const(None) else axes_of(b, axis, ndim)


def _is_constant(b: Builder, factor: Atom, whole: Array, axes: tuple[int, ...], *, keeps: bool) -> bool:
    """Whether a factor of a product is the same along `axes` of it, and multiplies their sum as it multiplies it."""
    if not _no_wider(factor, whole):
        return False
    kind = atom_kind(factor)
    if is_number(factor):
        return True
    if not isinstance(kind, Array) or kind.dims is None or whole.dims is None or not is_array(factor):
        return False
    lacking = len(whole.dims) - len(kind.dims)
    if keeps:
        return all(k < lacking or b.facts.is_one(kind.dims[k - lacking]) is True for k in axes)
    return all(k < lacking for k in axes)


@rewrites(np.where)
def _where(b: Builder, condition: Atom, x: Atom, y: Atom) -> Atom | None:
    """``np.where(m, -a, 0.0)`` is ``-np.where(m, a, 0.0)``, whose sign may go into a difference."""
    for chosen, other in ((x, y), (y, x)):
        negated = b.recent(chosen, operator.neg)
        if negated is not None and is_part(negated) and is_const(other, 0):
            inner = negated.args[0]
            args = (inner, other) if chosen == x else (other, inner)
            return b.call(operator.neg, b.call(np.where, condition, *args))
    return None


@rewrites(runtime.is_numpy)
def _is_numpy(b: Builder, x: Atom) -> Atom | None:
    """Which of two forms a template takes: that for Python's numbers also where nothing is known."""
    kind = atom_kind(x)
    return Const(is_array(x) or (isinstance(kind, (Array, Scalar)) and getattr(kind, "weak", False) is False))


# --- shapes ----------------------------------------------------------------------------------------------------------


@rewrites(np.expand_dims)
def _expand_dims(b: Builder, x: Atom, axis: Atom) -> Atom | None:
    """An index with None where the new axes are, which takes a twentieth of the time."""
    ndim = rank(atom_kind(x))
    if ndim is None or not is_array(x):
        return None
    known = b.definition(axis, ops.make_tuple)
    count = len(known.args) if known is not None else len(axis.value) if _is_tuple(axis) else 1  # type: ignore[union-attr]
    axes = axes_of(b, axis, ndim + count)
    if axes is None:
        return None
    if axes == (ndim,) and ndim > 1:
        return b.append(operator.getitem, (x, b.append(ops.make_tuple, (Const(Ellipsis), Const(None)))))
    items: list[Atom] = []
    for k in range(ndim + count):
        items.append(Const(None) if k in axes else b.append(slice, (Const(None), Const(None), Const(None))))
    return b.append(operator.getitem, (x, b.append(ops.make_tuple, items)))


def lean(b: Builder, g: Atom) -> Atom:
    """A cotangent without leading axes of length 1 that were just added: it broadcasts without them."""
    call = b.definition(g, operator.getitem)
    index = None if call is None else b.definition(call.args[1], ops.make_tuple)
    if call is None or index is None or not is_part(call) or index.args[0] != Const(None):
        return g
    rest = index.args[sum(a == Const(None) for a in index.args) :]
    whole = all(_is_whole(b, item) for item in rest)
    return call.args[0] if whole and isinstance(call.args[0], Var) else g


def _is_tuple(atom: Atom) -> bool:
    return isinstance(atom, Const) and isinstance(atom.value, tuple)


def _swaps_last(b: Builder, kind: Kind, first: Atom, second: Atom) -> bool:
    ndim = rank(kind)
    if ndim is None or ndim < 2 or not isinstance(first, Const) or not isinstance(second, Const):
        return False
    found = axes_of(b, Const((first.value, second.value)), ndim)
    return found is not None and set(found) == {ndim - 2, ndim - 1}


@rewrites(np.swapaxes)
def _swapaxes(b: Builder, x: Atom, first: Atom, second: Atom) -> Atom | None:
    """The transposes of matrices: ``a.mT``; what is such a transpose gives its original back."""
    kind = atom_kind(x)
    if not isinstance(kind, Array):
        return None
    if not _swaps_last(b, kind, first, second):
        return b.append(np.ndarray.swapaxes, (x, first, second))
    made = b.definition(x)
    if made is not None and isinstance(made.fn, Const) and not made.kwargs:
        swaps = made.fn.value in (np.swapaxes, np.ndarray.swapaxes) and len(made.args) == 3
        same = made.fn.value is np.ndarray.mT or (swaps and _swaps_last(b, kind, *made.args[1:]))  # type: ignore[arg-type]
        if same and isinstance(made.args[0], Var) and isinstance(made.args[0].kind, Array):
            return made.args[0]
    return b.call(np.ndarray.T, x) if rank(kind) == 2 else b.append(np.ndarray.mT, (x,))


@rewrites(np.ndarray.T)
def _transpose(b: Builder, x: Atom) -> Atom | None:
    """``(a.T @ b).T`` is ``b.T @ a``."""
    call = b.recent(x, operator.matmul)
    if call is None or not call.loc.adjoint or rank(atom_kind(x)) != 2:
        return None
    p, q = operands_of(call)
    if rank(atom_kind(p)) != 2 or rank(atom_kind(q)) != 2 or not (is_array(p) and is_array(q)):
        return None
    if b.definition(p, np.ndarray.T) is None and b.definition(q, np.ndarray.T) is None:
        return None
    return b.call(operator.matmul, b.call(np.ndarray.T, q), b.call(np.ndarray.T, p))

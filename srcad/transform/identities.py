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
    return 2.0 / (t ** 2).size * t
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from srcad.analysis.effects import is_pure
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Kind, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.transform.algebra import Keywords, is_const, keeps_dtype, rank, rewrites, rewrites_keywords
from srcad.transform.builder import Builder

_SAME_DEPTH = 8

# --- sums of equal terms ---------------------------------------------------------------------------------------------


def is_same(b: Builder, x: Atom, y: Atom, depth: int = _SAME_DEPTH) -> bool:
    """Whether two values that a transform computed are the same computation on the same values."""
    if x == y:
        return True
    if depth == 0 or not (isinstance(x, Var) and isinstance(y, Var)) or x.kind != y.kind:
        return False
    first, second = b.definition(x), b.definition(y)
    if first is None or second is None or first.fn != second.fn or not isinstance(first.fn, Const):
        return False
    if b.recent(x, first.fn.value) is None or b.recent(y, first.fn.value) is None or not _repeats(first):
        return False
    if len(first.args) != len(second.args) or [k for k, _ in first.kwargs] != [k for k, _ in second.kwargs]:
        return False
    left = [*first.args, *(v for _, v in first.kwargs)]
    right = [*second.args, *(v for _, v in second.kwargs)]
    return all(
        not isinstance(p, Star) and not isinstance(q, Star) and is_same(b, p, q, depth - 1)
        for p, q in zip(left, right, strict=True)
    )


def _repeats(call: Call) -> bool:
    """Whether a call that a transform added gives the same at each of its runs."""
    return call.loc.adjoint and is_pure(call)


def doubled(b: Builder, g: Atom) -> Atom:
    """``2 * g``, for the sum of two equal cotangents: exact."""
    if isinstance(g, Const):
        return Const(2 * g.value)
    for fn in (operator.mul, operator.truediv):
        call = b.recent(g, fn)
        if call is not None and _is_part(call):
            p, q = _operands(call)
            return b.call(fn, b.call(operator.mul, Const(2), p), q)
    return b.call(operator.mul, Const(2), g)


def _operands(call: Call) -> tuple[Atom, Atom]:
    p, q = call.args
    assert not isinstance(p, Star) and not isinstance(q, Star)
    return p, q


@rewrites(operator.add)
def _add(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``a + a`` is ``2 * a``."""
    return doubled(b, x) if may_double(b, x, y) else None


def may_double(b: Builder, x: Atom, y: Atom) -> bool:
    """Whether ``x + y`` is ``2 * x``, exactly: of complex numbers it is not where a part is infinite."""
    kind = atom_kind(x)
    return isinstance(kind, (Array, Scalar)) and (kind.dtype or "?")[0] == "f" and is_same(b, x, y)


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


def _is_part(call: Call) -> bool:
    """Whether a value is but a part of a formula: not itself a cotangent, of which there may be other uses."""
    return call.loc.adjoint and not call.target.name


def _no_wider(number: Atom, array: Atom) -> bool:
    """Whether a product has the dtype of the array, whatever it is multiplied with first."""
    kind, other = atom_kind(number), atom_kind(array)
    if isinstance(number, Const):
        return True
    if not (isinstance(kind, Scalar) and isinstance(other, Array)) or kind.dtype is None or other.dtype is None:
        return False
    return (kind.weak and kind.dtype[0] == "f") or np.result_type(kind.dtype, other.dtype) == other.dtype


@rewrites(operator.mul)
def _mul(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """Constants are multiplied with each other, numbers with numbers before arrays."""
    for constant, other in ((x, y), (y, x)):
        if isinstance(constant, Const) and (known := _of_constant(b, constant, other)) is not None:
            return known
    for number, product in ((x, y), (y, x)):
        call = b.recent(product, operator.mul)
        if call is None or not _is_part(call) or not is_number(number) or not is_array(product):
            continue
        p, q = _operands(call)
        first, array = (p, q) if is_number(p) else (q, p)
        if isinstance(first, Const) and isinstance(number, Const):
            continue  # their product would be a number that nobody wrote
        if is_number(first) and is_array(array) and _no_wider(first, array) and _no_wider(number, array):
            return b.call(operator.mul, b.call(operator.mul, first, number), array)
    return None


def _of_constant(b: Builder, constant: Const, other: Atom) -> Atom | None:
    """``constant * other`` where `other` is itself a constant times, or over, something; exact."""
    if not is_number(constant):
        return None
    for fn in (operator.mul, operator.truediv):
        call = b.recent(other, fn)
        if call is None or not (_is_part(call) or (call.loc.adjoint and is_number(other))):
            continue
        p, q = _operands(call)
        if isinstance(p, Const) and is_number(p) and _is_exact(constant.value, p.value):
            return b.call(fn, Const(constant.value * p.value), q)
    return None


def _is_exact(a: float, c: float) -> bool:
    """Whether a product of two constants is exact: of small integers, or with a power of two."""
    small = all(float(v).is_integer() and abs(v) < 2**20 for v in (a, c))
    return small or any(abs(v) in (0.25, 0.5, 1.0, 2.0, 4.0) for v in (a, c))


@rewrites(operator.truediv)
def _truediv(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``(n * 1.0) / y`` of an integer is ``n / y``: dividing by a float makes it one."""
    call = b.recent(x, operator.mul)
    kind = atom_kind(y)
    if call is None or not isinstance(kind, (Array, Scalar)) or kind.dtype not in ("f8", "c16"):
        return None
    p, q = _operands(call)
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
    product = b.recent(x, operator.mul)
    if product is None or not _is_part(product):
        return None
    p, q = _operands(product)
    for number, array in ((p, q), (q, p)):
        if is_number(number) and is_array(array) and _no_wider(number, array):
            return b.call(operator.mul, number, b.call(np.ndarray.sum, array, kwargs=kwargs))
    return None


@rewrites(np.where)
def _where(b: Builder, condition: Atom, x: Atom, y: Atom) -> Atom | None:
    """``np.where(m, -a, 0.0)`` is ``-np.where(m, a, 0.0)``, whose sign may go into a difference."""
    for chosen, other in ((x, y), (y, x)):
        negated = b.recent(chosen, operator.neg)
        if negated is not None and _is_part(negated) and is_const(other, 0):
            inner = negated.args[0]
            args = (inner, other) if chosen == x else (other, inner)
            return b.call(operator.neg, b.call(np.where, condition, *args))
    return None


# --- shapes ----------------------------------------------------------------------------------------------------------


def axes_of(b: Builder, axis: Atom, ndim: int) -> tuple[int, ...] | None:
    """The axes that an argument names, counted from the front; None where it is not known or not valid."""
    made = b.definition(axis, ops.make_tuple)
    if made is not None:
        values = [a.value for a in made.args if isinstance(a, Const)]
        if len(values) != len(made.args):
            return None
    elif isinstance(axis, Const):
        values = list(axis.value) if isinstance(axis.value, tuple) else [axis.value]
    else:
        return None
    if not all(type(v) is int and -ndim <= v < ndim for v in values):
        return None
    axes = tuple(v % ndim for v in values)
    return axes if len(set(axes)) == len(axes) else None


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
    if call is None or index is None or not _is_part(call) or index.args[0] != Const(None):
        return g
    rest = index.args[sum(a == Const(None) for a in index.args) :]
    whole = all(made is not None and all(p == Const(None) for p in made.args) for made in _slices(b, rest))
    return call.args[0] if whole and isinstance(call.args[0], Var) else g


def _slices(b: Builder, items: Sequence[Atom | Star]) -> list[Call | None]:
    return [b.definition(item, slice) for item in items]


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
    p, q = _operands(call)
    if rank(atom_kind(p)) != 2 or rank(atom_kind(q)) != 2 or not (is_array(p) and is_array(q)):
        return None
    if b.definition(p, np.ndarray.T) is None and b.definition(q, np.ndarray.T) is None:
        return None
    return b.call(operator.matmul, b.call(np.ndarray.T, q), b.call(np.ndarray.T, p))

"""Products of vectors, matrices and tensors: linear in each operand.

Products of one- and two-dimensional operands are written as a NumPy programmer would; stacks of matrices and tensors go
through general formulas. A cotangent is given in the shape of its operand: stacks that were broadcast are summed here.
"""

from __future__ import annotations

import operator

import numpy as np

from srcad.rules import multilinear, sample
from srcad.templates._array_helpers import mT, sum_to


@multilinear(operator.imatmul, kind="matmul", writes=("a",), views=("a",))
@multilinear(np.matmul, operator.matmul, kind="matmul")
def matmul(a, b, *, ans, ans_bar):
    """(..., n, m) @ (..., m, p), and vectors on either side.

    With g the cotangent of the product, a_bar = g b^T and b_bar = a^T g (Giles 2008, section 2.2.2).
    """
    if np.ndim(a) == 1 and np.ndim(b) == 1:
        return ans_bar * b, ans_bar * a
    if np.ndim(a) == 2 and np.ndim(b) == 2:
        return ans_bar @ b.T, a.T @ ans_bar
    if np.ndim(a) == 2 and np.ndim(b) == 1:
        return np.outer(ans_bar, b), a.T @ ans_bar
    if np.ndim(a) == 1 and np.ndim(b) == 2:
        return b @ ans_bar, np.outer(a, ans_bar)
    if np.ndim(b) == 1:
        return ans_bar[..., None] * b, sum_to((mT(a) @ ans_bar[..., None])[..., 0], b)
    if np.ndim(a) == 1:
        return sum_to((b @ ans_bar[..., None])[..., 0], a), a[:, None] * ans_bar[..., None, :]
    return sum_to(ans_bar @ mT(b), a), sum_to(mT(a) @ ans_bar, b)


@multilinear(np.dot, np.ndarray.dot, kind="dot")
def dot(a, b, *, ans, ans_bar):
    """The last axis of `a` with the last but one of `b`; a product where one of them is a number."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return sum_to(ans_bar * b, a), sum_to(ans_bar * a, b)
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return matmul(a, b, ans=ans, ans_bar=ans_bar)
    return tensordot(a, b, (-1, -min(2, np.ndim(b))), ans=ans, ans_bar=ans_bar)


@multilinear(np.inner, kind="inner")
def inner(a, b, *, ans, ans_bar):
    """The last axis of `a` with the last axis of `b`."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return sum_to(ans_bar * b, a), sum_to(ans_bar * a, b)
    if np.ndim(a) == 1 and np.ndim(b) == 1:
        return ans_bar * b, ans_bar * a
    if np.ndim(a) == 2 and np.ndim(b) == 2:
        return ans_bar @ b, ans_bar.T @ a
    if np.ndim(a) == 2 and np.ndim(b) == 1:
        return np.outer(ans_bar, b), a.T @ ans_bar
    if np.ndim(a) == 1 and np.ndim(b) == 2:
        return b.T @ ans_bar, np.outer(ans_bar, a)
    return tensordot(a, b, (-1, -1), ans=ans, ans_bar=ans_bar)


@multilinear(np.outer, np.linalg.outer, kind="outer")
def outer(a, b, *, ans, ans_bar):
    """All products of an element of `a` with one of `b`; both are flattened."""
    if np.ndim(a) == 1 and np.ndim(b) == 1:
        return ans_bar @ b, a @ ans_bar
    return np.reshape(ans_bar @ np.ravel(b), np.shape(a)), np.reshape(np.ravel(a) @ ans_bar, np.shape(b))


@multilinear(np.vdot, kind="unknown")
def vdot(a, b, *, ans, ans_bar):
    """The sum of conj(a) * b, of the flattened arguments."""
    if np.ndim(a) == 1 and np.ndim(b) == 1:
        return np.conj(ans_bar * b), ans_bar * np.conj(a)
    return np.conj(ans_bar * np.reshape(b, np.shape(a))), ans_bar * np.conj(np.reshape(a, np.shape(b)))


@multilinear(np.vecdot, np.linalg.vecdot, kind="unknown")
def vecdot(a, b, *, axis=-1, ans, ans_bar):
    """The sum of conj(a) * b over one axis; the other axes broadcast."""
    g = np.expand_dims(ans_bar, axis)
    return sum_to(np.conj(g * b), a), sum_to(g * np.conj(a), b)


@multilinear(np.matvec, kind="unknown")
def matvec(a, b, *, ans, ans_bar):
    """(..., n, m) times (..., m)."""
    return sum_to(ans_bar[..., None] * b[..., None, :], a), sum_to((mT(a) @ ans_bar[..., None])[..., 0], b)


@multilinear(np.vecmat, kind="unknown")
def vecmat(a, b, *, ans, ans_bar):
    """conj((..., n)) times (..., n, m)."""
    a_bar = np.conj((b @ ans_bar[..., None])[..., 0])
    return sum_to(a_bar, a), sum_to(np.conj(a)[..., None] * ans_bar[..., None, :], b)


@multilinear(np.tensordot, np.linalg.tensordot, wrt=("a", "b"), kind="tensordot")
def tensordot(a, b, axes=2, *, ans, ans_bar):
    """The cotangent of each operand is the product of ``ans_bar`` with the other one over that one's free axes."""
    first, b_free, a_order, a_free, last, b_order = tensordot_plan(np.ndim(a), np.ndim(b), axes)
    a_bar = np.tensordot(ans_bar, b, (first, b_free))
    b_bar = np.tensordot(a, ans_bar, (a_free, last))
    if a_order is not None:
        a_bar = np.transpose(a_bar, a_order)
    if b_order is not None:
        b_bar = np.transpose(b_bar, b_order)
    return a_bar, b_bar


def tensordot_plan(a_ndim, b_ndim, axes):
    """Which axes the products for the two cotangents contract, and how their results are transposed (None: not at all).

    >>> tensordot_plan(2, 2, 1)
    ((1,), (1,), None, (0,), (0,), None)
    """
    if isinstance(axes, (tuple, list)):
        a_axes, b_axes = ((one,) if isinstance(one, (int, np.integer)) else tuple(one) for one in axes)
    else:
        a_axes, b_axes = tuple(range(a_ndim - axes, a_ndim)), tuple(range(axes))
    a_axes, b_axes = tuple(int(i) % a_ndim for i in a_axes), tuple(int(i) % b_ndim for i in b_axes)
    a_free = tuple(i for i in range(a_ndim) if i not in a_axes)
    b_free = tuple(i for i in range(b_ndim) if i not in b_axes)
    a_made = [*a_free, *(a_axes[b_axes.index(i)] for i in sorted(b_axes))]
    b_made = [*(b_axes[a_axes.index(i)] for i in sorted(a_axes)), *b_free]
    first = tuple(range(len(a_free), len(a_free) + len(b_free)))
    return first, b_free, order_of(a_made), a_free, tuple(range(len(a_free))), order_of(b_made)


def order_of(axes):
    """The transposition of an array whose k-th axis is to become axis ``axes[k]``; None where that changes nothing."""
    order = tuple(axes.index(i) for i in range(len(axes)))
    return None if order == tuple(range(len(axes))) else order


@multilinear(np.kron, kind="unknown")
def kron(a, b, *, ans, ans_bar):
    """Every axis of the result is a pair of axes, one of `a` and one of `b`: contracting with the other undoes it."""
    ndim = max(np.ndim(a), np.ndim(b))
    a_shape = (1,) * (ndim - np.ndim(a)) + np.shape(a)
    b_shape = (1,) * (ndim - np.ndim(b)) + np.shape(b)
    pairs = np.reshape(ans_bar, tuple(n for pair in zip(a_shape, b_shape, strict=True) for n in pair))
    evens, odds = tuple(range(0, 2 * ndim, 2)), tuple(range(1, 2 * ndim, 2))
    own = tuple(range(ndim))
    a_bar = np.reshape(np.tensordot(pairs, np.reshape(b, b_shape), (odds, own)), np.shape(a))
    b_bar = np.reshape(np.tensordot(pairs, np.reshape(a, a_shape), (evens, own)), np.shape(b))
    return a_bar, b_bar


@multilinear(np.cross, kind="cross")
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None, *, ans, ans_bar):
    """Of vectors with 3 components: d(a x b) = da x b + a x db, so a_bar = b x g and b_bar = g x a."""
    if axis is not None:
        axisa = axisb = axisc = axis
    if axisa == -1 and axisb == -1 and axisc == -1:
        return sum_to(np.cross(b, ans_bar), a), sum_to(np.cross(ans_bar, a), b)
    x, y, g = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1), np.moveaxis(ans_bar, axisc, -1)
    return np.moveaxis(sum_to(np.cross(y, g), x), -1, axisa), np.moveaxis(sum_to(np.cross(g, x), y), -1, axisb)


@multilinear(np.linalg.cross, kind="unknown")
def linalg_cross(a, b, *, axis=-1, ans, ans_bar):
    """As `cross`, with one axis for both operands and the result."""
    return cross(a, b, axis=axis, ans=ans, ans_bar=ans_bar)


SAMPLES = [
    sample(np.matmul, "a: (3,), b: (3,)"),
    sample(np.matmul, "a: (2, 3), b: (3, 4)"),
    sample(np.matmul, "a: (2, 3) f4, b: (3,) f4"),
    sample(np.matmul, "a: (3,), b: (3, 4)"),
    sample(np.matmul, "a: (5, 2, 3), b: (3,)"),
    sample(np.matmul, "a: (3,), b: (5, 3, 4)"),
    sample(np.matmul, "a: (5, 2, 3), b: (3, 4)"),
    sample(np.matmul, "a: (5, 1, 2, 3), b: (6, 3, 4)"),
    sample(np.matmul, "a: (2, 3) c16, b: (3, 4)"),
    sample(operator.matmul, "a: (2, 3), b: (3, 4)"),
    sample(np.dot, "a: (), b: (3,)"),
    sample(np.dot, "a: (3,), b: (3,)"),
    sample(np.dot, "a: (2, 3) f4, b: (3, 4) f4"),
    sample(np.dot, "a: (2, 3), b: (3,)"),
    sample(np.dot, "a: (3,), b: (3, 4)"),
    sample(np.dot, "a: (2, 5, 3), b: (3,)"),
    sample(np.dot, "a: (2, 5, 3), b: (4, 3, 2)"),
    sample(np.ndarray.dot, "a: (2, 3), b: (3, 4)"),
    sample(np.inner, "a: (3,), b: ()"),
    sample(np.inner, "a: (3,), b: (3,)"),
    sample(np.inner, "a: (2, 3), b: (4, 3)"),
    sample(np.inner, "a: (2, 3) f4, b: (3,) f4"),
    sample(np.inner, "a: (3,), b: (4, 3)"),
    sample(np.inner, "a: (2, 5, 3), b: (4, 3)"),
    sample(np.outer, "a: (3,), b: (2,)"),
    sample(np.outer, "a: (2, 3) f4, b: (2, 2) f4"),
    sample(np.linalg.outer, "a: (3,), b: (2,)"),
    sample(np.vdot, "a: (3,) c16, b: (3,) c16"),
    sample(np.vdot, "a: (2, 3), b: (3, 2)"),
    sample(np.vecdot, "a: (2, 3) c16, b: (3,) c16"),
    sample(np.vecdot, "a: (3, 2), b: (3, 1)", axis=0),
    sample(np.linalg.vecdot, "a: (2, 3), b: (2, 3)"),
    sample(np.matvec, "a: (2, 4, 3), b: (3,)"),
    sample(np.matvec, "a: (4, 3), b: (2, 3)"),
    sample(np.vecmat, "a: (3,) c16, b: (2, 3, 4) c16"),
    sample(np.vecmat, "a: (2, 3), b: (3, 4)"),
    sample(np.tensordot, "a: (2, 3, 4), b: (3, 4, 5)"),
    sample(np.tensordot, "a: (2, 3), b: (4,)", axes=0),
    sample(np.tensordot, "a: (2, 3, 4) f4, b: (4, 5, 2) f4", axes=((0, 2), (2, 0))),
    sample(np.tensordot, "a: (2, 3, 4), b: (5, 3)", axes=([1], [-1])),
    sample(np.linalg.tensordot, "a: (2, 3), b: (3, 2)", axes=1),
    sample(np.kron, "a: (2, 3), b: (3, 2)"),
    sample(np.kron, "a: (2,), b: (3, 2)"),
    sample(np.cross, "a: (3,), b: (3,)"),
    sample(np.cross, "a: (2, 3), b: (3,)"),
    sample(np.cross, "a: (3, 2), b: (2, 3)", axisa=0, axisc=0),
    sample(np.linalg.cross, "a: (3, 2), b: (3, 2)", axis=0),
]

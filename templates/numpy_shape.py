"""Functions that rearrange the elements of one array: linear, and mostly views.

The adjoint puts every element's cotangent back where the element came from; elements that appear several times in the
result get the sum, elements that do not appear get 0.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import linear, sample
from srcad.templates._array_helpers import full_like_result, inverse_permutation


@linear(np.reshape, wrt=("a",), kind="reshape", views=("a",))
def reshape(a, shape, order="C", *, ans, ans_bar):
    """Back to the shape of `a`."""
    if order == "C":
        return np.reshape(ans_bar, np.shape(a))
    return in_memory_order(np.ravel(ans_bar, "F" if read_order(order, a) == "F" else "C"), a, read_order(order, a))


@linear(np.ndarray.reshape, wrt=("a",), kind="reshape", views=("a",))
def reshape_method(a, *shape, order="C", ans, ans_bar):
    """As `reshape`; the lengths are one tuple or several arguments."""
    if order == "C":
        return np.reshape(ans_bar, np.shape(a))
    return in_memory_order(np.ravel(ans_bar, "F" if read_order(order, a) == "F" else "C"), a, read_order(order, a))


@linear(np.ravel, np.ndarray.ravel, kind="ravel", views=("a",))
def ravel(a, order="C", *, ans, ans_bar):
    """Back to the shape of `a`."""
    if order == "C":
        return np.reshape(ans_bar, np.shape(a))
    return in_memory_order(ans_bar, a, read_order(order, a))


@linear(np.ndarray.flatten, kind="ravel")
def flatten(a, order="C", *, ans, ans_bar):
    """Back to the shape of `a`."""
    if order == "C":
        return np.reshape(ans_bar, np.shape(a))
    return in_memory_order(ans_bar, a, read_order(order, a))


def read_order(order, a):
    """The order in which elements of `a` are read: "A" is decided by the layout of `a`."""
    if order == "A":
        return "F" if np.isfortran(a) else "C"
    return order


def in_memory_order(g, a, order):
    """The array of the shape of `a` whose elements, read in that order ("C", "F", "K"), are the vector `g`."""
    if order != "K":
        return np.reshape(g, np.shape(a), order=order)
    number = np.empty_like(a, dtype=np.intp)
    number[...] = np.reshape(np.arange(np.size(a)), np.shape(a))
    full = np.empty_like(g)
    full[np.ravel(number, "K")] = g
    return np.reshape(full, np.shape(a))


@linear(np.transpose, np.permute_dims, kind="transpose", views=("a",), smaller=True)
def transpose(a, axes=None, *, ans, ans_bar):
    """The inverse permutation of the axes."""
    g = full_like_result(ans_bar, ans)
    if axes is None:
        return np.transpose(g)
    return np.transpose(g, inverse_permutation(axes))


@linear(np.ndarray.transpose, wrt=("a",), kind="transpose", views=("a",), smaller=True)
def transpose_method(a, *axes, ans, ans_bar):
    """As `transpose`; the axes are one tuple, several arguments, or none."""
    g = full_like_result(ans_bar, ans)
    if len(axes) == 0:
        return g.T
    if len(axes) == 1 and axes[0] is None:
        return g.T
    if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
        return np.transpose(g, inverse_permutation(axes[0]))
    return np.transpose(g, inverse_permutation(axes))


@linear(np.ndarray.T, kind="transpose", views=("a",), smaller=True)
def transpose_attribute(a, *, ans, ans_bar):
    """All axes reversed."""
    return full_like_result(ans_bar, ans).T


@linear(np.matrix_transpose, np.linalg.matrix_transpose, np.ndarray.mT, kind="transpose", views=("a",), smaller=True)
def matrix_transpose(a, *, ans, ans_bar):
    """The last two axes exchanged."""
    return np.swapaxes(full_like_result(ans_bar, ans), -1, -2)


@linear(np.swapaxes, np.ndarray.swapaxes, wrt=("a",), kind="swapaxes", views=("a",), smaller=True)
def swapaxes(a, axis1, axis2, *, ans, ans_bar):
    """The same exchange again."""
    return np.swapaxes(full_like_result(ans_bar, ans), axis1, axis2)


@linear(np.moveaxis, wrt=("a",), kind="moveaxis", views=("a",), smaller=True)
def moveaxis(a, source, destination, *, ans, ans_bar):
    """From the destination back to the source."""
    return np.moveaxis(full_like_result(ans_bar, ans), destination, source)


@linear(np.rollaxis, wrt=("a",), kind="unknown", views=("a",))
def rollaxis(a, axis, start=0, *, ans, ans_bar):
    """The axis goes back from where `rollaxis` put it (before axis `start`)."""
    axis = axis % np.ndim(a)
    start = start + np.ndim(a) if start < 0 else start
    return np.moveaxis(ans_bar, start - 1 if start > axis else start, axis)


@linear(np.expand_dims, wrt=("a",), kind="expand_dims", views=("a",))
def expand_dims(a, axis, *, ans, ans_bar):
    """Back to the shape of `a`."""
    return np.reshape(ans_bar, np.shape(a))


@linear(np.squeeze, np.ndarray.squeeze, kind="squeeze", views=("a",))
def squeeze(a, axis=None, *, ans, ans_bar):
    """Back to the shape of `a`."""
    return np.reshape(ans_bar, np.shape(a))


@linear(np.atleast_1d, np.atleast_2d, np.atleast_3d, wrt=("arys",), kind="unknown", views=("arys",))
def atleast(*arys, ans, ans_bar):
    """Back to the shape of each argument; with one argument the result is an array, else a tuple."""
    if len(arys) == 1:
        return [np.reshape(ans_bar, np.shape(arys[0]))]
    return [np.reshape(full_like_result(ans_bar[i], ans[i]), np.shape(a)) for i, a in enumerate(arys)]


@linear(np.broadcast_to, wrt=("array",), kind="broadcast_to", views=("array",), broadcasts=True)
def broadcast_to(array, shape, *, ans, ans_bar):
    """The sum over the axes along which the array was repeated."""
    return ans_bar


@linear(np.flip, wrt=("m",), kind="same", views=("m",))
def flip(m, axis=None, *, ans, ans_bar):
    """Flipped again."""
    return np.flip(ans_bar, axis)


@linear(np.fliplr, kind="same", views=("m",))
def fliplr(m, *, ans, ans_bar):
    """Flipped again."""
    return np.fliplr(ans_bar)


@linear(np.flipud, kind="same", views=("m",))
def flipud(m, *, ans, ans_bar):
    """Flipped again."""
    return np.flipud(ans_bar)


@linear(np.rot90, wrt=("m",), kind="unknown", views=("m",))
def rot90(m, k=1, axes=(0, 1), *, ans, ans_bar):
    """Turned back."""
    return np.rot90(ans_bar, -k, axes)


@linear(np.roll, wrt=("a",), kind="same")
def roll(a, shift, axis=None, *, ans, ans_bar):
    """Rolled back."""
    if isinstance(shift, (tuple, list)):
        return np.roll(ans_bar, tuple(-s for s in shift), axis)
    return np.roll(ans_bar, -shift, axis)


@linear(np.tile, wrt=("A",), kind="unknown")
def tile(A, reps, *, ans, ans_bar):
    """The sum over the copies: every axis of the result is (number of copies, length)."""
    shape = (1,) * (np.ndim(ans) - np.ndim(A)) + np.shape(A)
    reps = (reps,) if isinstance(reps, (int, np.integer)) else tuple(reps)
    reps = (1,) * (np.ndim(ans) - len(reps)) + reps
    pairs = np.reshape(ans_bar, tuple(n for pair in zip(reps, shape, strict=True) for n in pair))
    return np.reshape(np.sum(pairs, axis=tuple(range(0, 2 * len(shape), 2))), np.shape(A))


@linear(np.repeat, np.ndarray.repeat, wrt=("a",), kind="unknown")
def repeat(a, repeats, axis=None, *, ans, ans_bar):
    """The sum over the copies of each element."""
    if axis is None:
        return np.reshape(sum_of_copies(ans_bar, repeats, 0, np.size(a)), np.shape(a))
    return sum_of_copies(ans_bar, repeats, axis, np.shape(a)[axis])


def sum_of_copies(g, repeats, axis: int, length: int):
    """The sums along `axis` over groups of `repeats` (a number, or one for each group)."""
    moved = np.moveaxis(g, axis, 0)
    if np.size(repeats) == 1:
        groups = np.reshape(moved, (length, int(np.reshape(repeats, ())), *np.shape(moved)[1:]))
        return np.moveaxis(np.sum(groups, axis=1), 0, axis)
    sums = np.zeros((length, *np.shape(moved)[1:]), dtype=g.dtype)
    np.add.at(sums, np.repeat(np.arange(length), repeats), moved)
    return np.moveaxis(sums, 0, axis)


SAMPLES = [
    sample(np.reshape, "a: (2, 3), shape: =", (3, 2)),
    sample(np.reshape, "a: (2, 3) f4, shape: =", -1, order="F"),
    sample(np.reshape, "a: (2, 3, 2), shape: =", (4, -1), order="F"),
    sample(np.ndarray.reshape, "a: (2, 3), n: =, m: =", 3, 2),
    sample(np.ndarray.reshape, "a: (2, 3), shape: =", (-1,)),
    sample(np.ravel, "a: (2, 3)"),
    sample(np.ravel, "a: (2, 3) f4", order="F"),
    sample(np.ravel, "a: (2, 3, 2)", order="K"),
    sample(np.ndarray.ravel, "a: (2, 3)"),
    sample(np.ndarray.flatten, "a: (2, 3) f4"),
    sample(np.ndarray.flatten, "a: (2, 3)", order="F"),
    sample(np.transpose, "a: (2, 3)"),
    sample(np.transpose, "a: (2, 3, 4) f4", axes=(1, -1, 0)),
    sample(np.permute_dims, "a: (2, 3, 4)", axes=(2, 0, 1)),
    sample(np.ndarray.transpose, "a: (2, 3)"),
    sample(np.ndarray.transpose, "a: (2, 3, 4), i: =, j: =, k: =", 1, 2, 0),
    sample(np.ndarray.transpose, "a: (2, 3, 4), axes: =", (1, 2, 0)),
    sample(np.matrix_transpose, "a: (2, 3, 4)"),
    sample(np.swapaxes, "a: (2, 3, 4), axis1: =, axis2: =", 0, -1),
    sample(np.ndarray.swapaxes, "a: (2, 3, 4) f4, axis1: =, axis2: =", 0, 1),
    sample(np.moveaxis, "a: (2, 3, 4), source: =, destination: =", 0, -1),
    sample(np.moveaxis, "a: (2, 3, 4), source: =, destination: =", (0, 1), (-1, 0)),
    sample(np.rollaxis, "a: (2, 3, 4), axis: =", 2),
    sample(np.rollaxis, "a: (2, 3, 4), axis: =, start: =", 0, 3),
    sample(np.rollaxis, "a: (2, 3, 4), axis: =, start: =", -1, -2),
    sample(np.expand_dims, "a: (2, 3), axis: =", 1),
    sample(np.expand_dims, "a: (2, 3) f4, axis: =", (0, -1)),
    sample(np.squeeze, "a: (2, 1, 3, 1)"),
    sample(np.squeeze, "a: (2, 1, 3, 1)", axis=-1),
    sample(np.ndarray.squeeze, "a: (2, 1) f4"),
    sample(np.atleast_1d, "a: ()"),
    sample(np.atleast_2d, "a: (3,)"),
    sample(np.atleast_3d, "a: (2, 3)"),
    sample(np.broadcast_to, "array: (3,), shape: =", (2, 3)),
    sample(np.broadcast_to, "array: (2, 1) f4, shape: =", (4, 2, 3)),
    sample(np.flip, "m: (2, 3)"),
    sample(np.flip, "m: (2, 3) f4", axis=1),
    sample(np.flip, "m: (2, 3, 2)", axis=(0, -1)),
    sample(np.fliplr, "m: (2, 3)"),
    sample(np.flipud, "m: (2, 3)"),
    sample(np.rot90, "m: (2, 3)"),
    sample(np.rot90, "m: (2, 3, 4)", k=3, axes=(1, 2)),
    sample(np.roll, "a: (2, 3), shift: =", 2),
    sample(np.roll, "a: (2, 3) f4, shift: =", -1, axis=1),
    sample(np.roll, "a: (2, 3), shift: =", (1, 2), axis=(0, 1)),
    sample(np.tile, "A: (3,), reps: =", 2),
    sample(np.tile, "A: (2, 3) f4, reps: =", (2, 1, 3)),
    sample(np.tile, "A: (2, 1, 2), reps: =", (2,)),
    sample(np.repeat, "a: (2, 3), repeats: =", 2),
    sample(np.repeat, "a: (2, 3), repeats: =", np.array([0, 2, 1]), axis=1),
    sample(np.ndarray.repeat, "a: (2, 3) f4, repeats: =", 2, axis=-1),
]

"""Functions that make arrays: constants, arrays from lists and numbers, copies and changes of dtype, grids."""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, linear, nondifferentiable, sample, tangent
from srcad.templates._array_helpers import sum_to

nondifferentiable(np.zeros, kind="zeros")
nondifferentiable(np.ones, kind="ones")
nondifferentiable(np.empty, kind="empty")
nondifferentiable(np.zeros_like, np.ones_like, np.empty_like, kind="zeros_like", of_form=True)
nondifferentiable(np.eye, np.identity, kind="eye")
nondifferentiable(np.tri, kind="tri")
nondifferentiable(np.indices, np.diag_indices, np.tril_indices, np.triu_indices, np.ix_, kind="unknown")
nondifferentiable(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from, kind="unknown", of_form=True)
nondifferentiable(np.bartlett, np.blackman, np.hamming, np.hanning, kind="unknown")


@linear(np.full, wrt=("fill_value",), kind="full", broadcasts=True)
def full(shape, fill_value, dtype=None, *, ans, ans_bar):
    """The value gets the sum over what it was broadcast to."""
    return ans_bar


@adjoint(np.full_like, wrt=("a", "fill_value"), kind="full_like", broadcasts=True)
def full_like(a, fill_value, dtype=None, *, shape=None, ans, ans_bar):
    """The value gets the sum over what it was broadcast to; of `a` only the shape and the dtype matter."""
    return 0.0, ans_bar


@tangent(np.full_like)
def full_like_tangent(a, fill_value, dtype=None, *, shape=None, ans, a_dot, fill_value_dot):
    """The tangent of the value in every place."""
    return np.full_like(ans, fill_value_dot)


@linear(np.array, wrt=("object",), kind="array")
def array(object, dtype=None, *, ans, ans_bar):
    """Item by item, where the argument is a list or tuple (of lists, of arrays, of numbers)."""
    return items_of(ans_bar, object, dtype)


@linear(np.asarray, np.asanyarray, wrt=("a",), kind="array", views=("a",))
def asarray(a, dtype=None, *, ans, ans_bar):
    """Item by item, where the argument is a list or tuple (of lists, of arrays, of numbers)."""
    return items_of(ans_bar, a, dtype)


@linear(np.ascontiguousarray, np.asfortranarray, np.require, wrt=("a",), kind="unknown", views=("a",))
def ascontiguousarray(a, dtype=None, *, ans, ans_bar):
    """As `asarray`; a number became an array with one axis."""
    if isinstance(a, (list, tuple)):
        return items_of(ans_bar, a, dtype)
    return items_of(np.reshape(ans_bar, np.shape(a)), a, dtype)


def items_of(g, x, dtype):
    """The cotangent of `x` from that of ``np.array(x, dtype)``: lists are mirrored, numbers and arrays are leaves."""
    if isinstance(x, list):
        return [inner_items_of(g[i], item, dtype) for i, item in enumerate(x)]
    return inner_items_of(g, x, dtype)


def inner_items_of(g, x, dtype):
    """As `items_of` for an item: that of a list is a list of the parts of `g`."""
    if isinstance(x, list):
        return list(g)
    if isinstance(x, tuple):
        return tuple([inner_items_of(g[i], item, dtype) for i, item in enumerate(x)])
    if dtype is not None and isinstance(x, (np.ndarray, np.generic)):
        return in_dtype_of(g, x)
    return g


def in_dtype_of(g, x):
    """The cotangent `g` of the array `x`, in the dtype of `x`: what undoes a change of dtype."""
    if np.iscomplexobj(g) and not np.iscomplexobj(x):
        return np.asarray(np.real(g), dtype=x.dtype)
    return np.asarray(g, dtype=x.dtype)


@linear(np.copy, np.ndarray.copy, kind="same", smaller=True)
def copy(a, order="K", *, ans, ans_bar):
    """The same cotangent."""
    return ans_bar


@linear(np.ndarray.astype, np.astype, wrt=("a",), kind="astype", smaller=True)
def astype(a, dtype, order="K", *, casting="unsafe", ans, ans_bar):
    """Back to the dtype of `a`."""
    return in_dtype_of(ans_bar, a)


@linear(np.linspace, wrt=("start", "stop"), kind="linspace")
def linspace(
    start,
    stop,
    num=50,
    endpoint=True,
    *,
    dtype=None,
    axis=0,
    ans,
    ans_bar,
):
    """``start * (1 - t) + stop * t`` with `t` from 0 to 1."""
    t = from_zero_to_one(num, endpoint, ans.dtype)
    if np.ndim(ans) == 1:
        return (1.0 - t) @ ans_bar, t @ ans_bar
    start_bar = np.tensordot(1.0 - t, np.moveaxis(ans_bar, axis, 0), 1)
    stop_bar = np.tensordot(t, np.moveaxis(ans_bar, axis, 0), 1)
    return sum_to(start_bar, start), sum_to(stop_bar, stop)


def from_zero_to_one(num, endpoint, dtype):
    """The weights of the end point."""
    if isinstance(endpoint, bool) and endpoint:
        return np.linspace(0.0, 1.0, num, dtype=dtype)
    return np.linspace(0.0, 1.0, num, endpoint, dtype=dtype)


@adjoint(np.arange, wrt=("start", "stop", "step"), kind="arange")
def arange(start, stop=None, step=1, *, dtype=None, ans, ans_bar):
    """``start + i * step``, as many as there are; a single bound, and the upper one, only decide how many."""
    if stop is None:
        return 0.0, 0.0, np.arange(len(ans)) @ ans_bar
    return np.sum(ans_bar), 0.0, np.arange(len(ans)) @ ans_bar


@tangent(np.arange)
def arange_tangent(
    start,
    stop=None,
    step=1,
    *,
    dtype=None,
    ans,
    start_dot,
    stop_dot,
    step_dot,
):
    """The tangent of ``start + i * step``."""
    if stop is None:
        return np.arange(len(ans)) * step_dot
    return start_dot + np.arange(len(ans)) * step_dot


@linear(np.meshgrid, wrt=("xi",), kind="unknown")
def meshgrid(*xi, sparse=False, indexing="xy", ans, ans_bar):
    """Each vector gets the sum over the axes along which it was repeated."""
    return [np.reshape(sum_of_grid(ans_bar[k], ans[k], k, indexing), np.shape(x)) for k, x in enumerate(xi)]


def sum_of_grid(g, grid, k: int, indexing: str):
    """The sums over all axes but that of the k-th vector; with "xy" the first two are exchanged."""
    own = 1 - k if indexing == "xy" and k < 2 and np.ndim(grid) > 1 else k
    return np.sum(np.broadcast_to(g, np.shape(grid)), axis=tuple(i for i in range(np.ndim(grid)) if i != own))


SAMPLES = [
    sample(np.full, "shape: =, fill_value: float", 3),
    sample(np.full, "shape: =, fill_value: (3,)", (2, 3)),
    sample(np.full_like, "a: (2, 3), fill_value: float"),
    sample(np.full_like, "a: (2, 3) f4, fill_value: (2, 1) f4"),
    sample(np.array, "object: (3,)"),
    sample(np.array, "object: [float, float]"),
    sample(np.array, "object: [[float, float], [float, float]]"),
    sample(np.array, "object: [(3,) f4, (3,) f4]"),
    sample(np.array, "object: <float, ()>"),
    sample(np.array, "object: (2, 3) f4", dtype="f8"),
    sample(np.asarray, "a: (2, 3)"),
    sample(np.asarray, "a: [float, float]"),
    sample(np.asanyarray, "a: (2, 3) f4"),
    sample(np.ascontiguousarray, "a: (2, 3)"),
    sample(np.ascontiguousarray, "a: ()"),
    sample(np.asfortranarray, "a: (2, 3) f4"),
    sample(np.require, "a: (2, 3)"),
    sample(np.copy, "a: (2, 3)"),
    sample(np.ndarray.copy, "a: (3,) f4"),
    sample(np.ndarray.astype, "a: (2, 3), dtype: =", "f8"),
    sample(np.ndarray.astype, "a: (2, 3) f4, dtype: =", "f8"),
    sample(np.ndarray.astype, "a: (2, 3), dtype: =", "c16"),
    sample(np.astype, "a: (3,), dtype: =", np.float64),
    sample(np.linspace, "start: float, stop: float"),
    sample(np.linspace, "start: float, stop: float", num=5, endpoint=False),
    sample(np.linspace, "start: (3,), stop: (2, 1)", num=4, axis=-1),
    sample(np.arange, "start: =, stop: =, step: =", 0.5, 3.2, 0.7),
    sample(np.arange, "start: =", 4.0, step=0.3),
    sample(np.meshgrid, "x: (3,), y: (2,)"),
    sample(np.meshgrid, "x: (3,) f4, y: (2,) f4, z: (4,) f4", indexing="ij", sparse=True),
]

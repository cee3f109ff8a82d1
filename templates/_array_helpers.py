"""Plain functions that several array templates share. No templates.

They are written so that they fold away where shapes are known while compiling: ``if`` only on numbers of axes, on
``is None``, and on the constants of the call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.runtime import unbroadcast


def mT(a):
    """The transposes of matrices, shape (..., n, m) -> (..., m, n)."""
    if np.ndim(a) == 2:
        return a.T
    return np.swapaxes(a, -1, -2)


def real_like(g, x):
    """The cotangent `g` of `x`, without an imaginary part where `x` is real."""
    if np.iscomplexobj(g) and not np.iscomplexobj(x):
        return np.real(g)
    return g


def sum_to(g, x):
    """`g` summed over the axes along which `x` was broadcast to its shape."""
    return unbroadcast(g, x)


def conj(x):
    """The conjugate; `x` itself where it is real."""
    return np.conj(x) if np.iscomplexobj(x) else x


def real(x):
    """The real part; `x` itself where it is real."""
    return np.real(x) if np.iscomplexobj(x) else x


def full_like_result(g, ans):
    """The cotangent `g` with the full shape of the result `ans`."""
    if np.ndim(g) == np.ndim(ans):
        return g
    return np.broadcast_to(g, np.shape(ans))


def spread(g, ans, axis, keepdims: bool):
    """The cotangent of a reduction's result, with the reduced axes put back as axes of length 1."""
    if axis is None or keepdims or np.ndim(g) == 0:
        return g
    return np.expand_dims(full_like_result(g, ans), axis)


def size(a):
    """The number of elements."""
    return a.size if isinstance(a, np.ndarray) else np.size(a)


def count(a, axis):
    """How many elements of `a` go into one element of its reduction over `axis`."""
    if axis is None:
        return size(a)
    if not isinstance(axis, tuple):
        return np.shape(a)[axis]
    number = None
    for one in axis:
        number = np.shape(a)[one] if number is None else number * np.shape(a)[one]
    return 1 if number is None else number


def inverse_permutation(axes) -> tuple[int, ...]:
    """The axes that undo a transposition with `axes`."""
    positions = [axis % len(axes) for axis in axes]
    return tuple(positions.index(i) for i in range(len(positions)))


def part(g, index, axis: int):
    """``g[..., index, ...]`` with `index` (an integer or a slice) at `axis`."""
    if axis == 0:
        return g[index]
    if axis == -1:
        return g[..., index]
    return g[(slice(None, None, None),) * (axis % np.ndim(g)) + (index,)]


def put_back(items: list[Any], like):
    """The cotangents of the items of `like`, which is a list, a tuple or an array."""
    if isinstance(like, np.ndarray):
        return np.stack(items)
    if isinstance(like, tuple):
        return tuple(items)
    return items

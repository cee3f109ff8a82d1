"""Functions that join arrays or split one: linear.

A list of arrays counts as one argument; its cotangent is a list of cotangents, views of the result's.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import linear, sample
from srcad.templates._array_helpers import full_like_result, part, put_back, size


@linear(np.concatenate, kind="concatenate")
def concatenate(arrays, axis=0, *, dtype=None, ans, ans_bar):
    """Each array gets its part of the result's cotangent."""
    if axis is None:
        return put_back(parts_of_flat(arrays, ans_bar), arrays)
    return put_back(parts_along(arrays, axis, ans_bar), arrays)


def parts_along(arrays, axis, g, least=1):
    """The part of `g` along `axis` that belongs to each array; one of less than `least` axes has one index."""
    arrays = list(arrays)
    parts = []
    start = None
    for i, a in enumerate(arrays):
        if np.ndim(a) < least:
            first = 0 if start is None else start
            piece = part(g, first, axis)
            start = first + 1
        else:
            length = np.shape(a)[axis]
            stop = None if i == len(arrays) - 1 else length if start is None else start + length
            piece = part(g, slice(start, stop, None), axis)
            start = stop
        parts.append(piece if np.ndim(a) > 0 else np.reshape(piece, ()))
    return parts


def parts_of_flat(arrays, g):
    """The part of the vector `g` that belongs to each array, in its shape."""
    parts = []
    start = 0
    for a in arrays:
        parts.append(np.reshape(g[start : start + size(a)], np.shape(a)))
        start = start + size(a)
    return parts


@linear(np.stack, kind="stack")
def stack(arrays, axis=0, *, dtype=None, ans, ans_bar):
    """Each array gets its slice of the result's cotangent."""
    return put_back([part(ans_bar, i, axis) for i in range(len(list(arrays)))], arrays)


@linear(np.vstack, kind="vstack")
def vstack(tup, *, dtype=None, ans, ans_bar):
    """One after the other along the first axis; a vector is one row."""
    return put_back(parts_along(tup, 0, ans_bar, 2), tup)


@linear(np.hstack, kind="hstack")
def hstack(tup, *, dtype=None, ans, ans_bar):
    """One after the other along the second axis, vectors along the first."""
    if np.ndim(ans) == 1:
        return put_back(parts_along(tup, 0, ans_bar), tup)
    return put_back(parts_along(tup, 1, ans_bar), tup)


@linear(np.dstack, kind="unknown")
def dstack(tup, *, ans, ans_bar):
    """One after the other along the third axis."""
    layers = parts_along([np.atleast_3d(a) for a in tup], 2, ans_bar)
    return put_back([np.reshape(g, np.shape(a)) for g, a in zip(layers, tup, strict=True)], tup)


@linear(np.column_stack, kind="unknown")
def column_stack(tup, *, ans, ans_bar):
    """One after the other along the second axis; a vector is one column."""
    return put_back(parts_along(tup, 1, ans_bar, 2), tup)


@linear(np.append, wrt=("arr", "values"), kind="unknown")
def append(arr, values, axis=None, *, ans, ans_bar):
    """A concatenation of two."""
    first, second = parts_of_flat([arr, values], ans_bar) if axis is None else parts_along([arr, values], axis, ans_bar)
    return first, second


@linear(np.split, np.array_split, wrt=("ary",), kind="unknown", views=("ary",))
def split(ary, indices_or_sections, axis=0, *, ans, ans_bar):
    """The cotangents of the parts, joined."""
    return np.concatenate(filled(ans_bar, ans), axis)


@linear(np.vsplit, wrt=("ary",), kind="unknown", views=("ary",))
def vsplit(ary, indices_or_sections, *, ans, ans_bar):
    """The cotangents of the parts, joined along the first axis."""
    return np.concatenate(filled(ans_bar, ans), 0)


@linear(np.hsplit, wrt=("ary",), kind="unknown", views=("ary",))
def hsplit(ary, indices_or_sections, *, ans, ans_bar):
    """The cotangents of the parts, joined along the second axis, of vectors along the first."""
    return np.concatenate(filled(ans_bar, ans), 0 if np.ndim(ary) == 1 else 1)


@linear(np.dsplit, wrt=("ary",), kind="unknown", views=("ary",))
def dsplit(ary, indices_or_sections, *, ans, ans_bar):
    """The cotangents of the parts, joined along the third axis."""
    return np.concatenate(filled(ans_bar, ans), 2)


@linear(np.unstack, wrt=("x",), kind="unknown", views=("x",))
def unstack(x, *, axis=0, ans, ans_bar):
    """The cotangents of the slices, stacked."""
    return np.stack(filled(ans_bar, ans), axis)


def filled(cotangents, values):
    """The cotangents of a list of arrays with their full shapes."""
    return [full_like_result(cotangents[i], values[i]) for i in range(len(values))]


SAMPLES = [
    sample(np.concatenate, "arrays: [(2, 3), (1, 3)]"),
    sample(np.concatenate, "arrays: <(3,) f4, (2,) f4, (1,) f4>"),
    sample(np.concatenate, "arrays: [(2, 3), (2, 1)]", axis=-1),
    sample(np.concatenate, "arrays: [(2, 3, 2), (2, 1, 2)]", axis=1),
    sample(np.concatenate, "arrays: [(2, 3), (2,)]", axis=None),
    sample(np.concatenate, "arrays: (2, 3, 2)"),
    sample(np.stack, "arrays: [(3,), (3,)]"),
    sample(np.stack, "arrays: <(2, 3) f4, (2, 3) f4>", axis=1),
    sample(np.stack, "arrays: [(2, 3), (2, 3)]", axis=-1),
    sample(np.vstack, "tup: [(3,), (2, 3)]"),
    sample(np.vstack, "tup: [(3,) f4, (3,) f4]"),
    sample(np.hstack, "tup: [(3,), (2,)]"),
    sample(np.hstack, "tup: <(2, 3) f4, (2, 1) f4>"),
    sample(np.dstack, "tup: [(2, 3), (2, 3, 2)]"),
    sample(np.dstack, "tup: [(3,), (3,)]"),
    sample(np.column_stack, "tup: [(3,), (3, 2)]"),
    sample(np.append, "arr: (2, 3), values: (2,)"),
    sample(np.append, "arr: (2, 3), values: (1, 3)", axis=0),
    sample(np.split, "ary: (6,), n: =", 3),
    sample(np.split, "ary: (2, 5), n: =", [1, 3], axis=1),
    sample(np.array_split, "ary: (7,), n: =", 3),
    sample(np.vsplit, "ary: (4, 2), n: =", 2),
    sample(np.hsplit, "ary: (2, 4), n: =", 2),
    sample(np.dsplit, "ary: (1, 2, 4), n: =", 2),
    sample(np.unstack, "x: (3, 2)"),
    sample(np.unstack, "x: (3, 2)", axis=1),
]

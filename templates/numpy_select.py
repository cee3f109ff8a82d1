"""Functions that select elements: by condition, by index, by order.

What is not selected gets exactly 0, whatever its cotangent: selection is written with `np.where`, not as a product.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, linear, nondifferentiable, sample, tangent


@linear(np.where, wrt=("x", "y"), kind="where", broadcasts=True)
def where(condition, x=None, y=None, *, ans, ans_bar):
    """`x` gets the cotangent where the condition holds, `y` elsewhere."""
    return np.where(condition, ans_bar, 0.0), np.where(condition, 0.0, ans_bar)


@adjoint(np.clip, wrt=("a", "a_min", "a_max"), kind="clip", broadcasts=True)
def clip(a, a_min=None, a_max=None, *, ans, ans_bar):
    """`a` gets the cotangent where it lies between the bounds, both included; a bound where it applies."""
    if a_min is None and a_max is None:
        return ans_bar, 0.0, 0.0
    if a_max is None:
        return np.where(a >= a_min, ans_bar, 0.0), np.where(a < a_min, ans_bar, 0.0), 0.0
    if a_min is None:
        return np.where(a <= a_max, ans_bar, 0.0), 0.0, np.where(a > a_max, ans_bar, 0.0)
    return (
        np.where((a >= a_min) & (a <= a_max), ans_bar, 0.0),
        np.where((a < a_min) & (a_min <= a_max), ans_bar, 0.0),
        np.where((a > a_max) | (a_min > a_max), ans_bar, 0.0),
    )


@tangent(np.clip)
def clip_tangent(a, a_min=None, a_max=None, *, ans, a_dot, a_min_dot, a_max_dot):
    """The tangent of `a`, or of the bound that applies."""
    if a_min is None and a_max is None:
        return a_dot
    if a_max is None:
        return np.where(a >= a_min, a_dot, a_min_dot)
    if a_min is None:
        return np.where(a <= a_max, a_dot, a_max_dot)
    return np.where((a > a_max) | (a_min > a_max), a_max_dot, np.where(a < a_min, a_min_dot, a_dot))


@adjoint(np.ndarray.clip, wrt=("a", "min", "max"), kind="clip", broadcasts=True)
def clip_method(a, min=None, max=None, *, ans, ans_bar):
    """As `clip`."""
    return clip(a, min, max, ans=ans, ans_bar=ans_bar)


@tangent(np.ndarray.clip)
def clip_method_tangent(a, min=None, max=None, *, ans, a_dot, min_dot, max_dot):
    """As `clip`."""
    return clip_tangent(a, min, max, ans=ans, a_dot=a_dot, a_min_dot=min_dot, a_max_dot=max_dot)


@linear(np.select, wrt=("choicelist", "default"), kind="unknown", broadcasts=True)
def select(condlist, choicelist, default=0, *, ans, ans_bar):
    """Each choice gets the cotangent where its condition is the first that holds, `default` where none does."""
    cotangents = []
    rest = ans_bar
    for condition in condlist:
        cotangents.append(np.where(condition, rest, 0.0))
        rest = np.where(condition, 0.0, rest)
    return cotangents, rest


@linear(np.take, np.ndarray.take, wrt=("a",), kind="unknown")
def take(a, indices, axis=None, *, mode="raise", ans, ans_bar):
    """Added up at the indices."""
    a_bar = np.zeros(np.shape(a), dtype=ans_bar.dtype)
    length = np.size(a) if axis is None else np.shape(a)[axis]
    if mode == "wrap":
        indices = np.mod(indices, length)
    elif mode == "clip":
        indices = np.clip(indices, 0, length - 1)
    if axis is None:
        np.add.at(np.reshape(a_bar, -1), indices, ans_bar)
        return a_bar
    before = (slice(None),) * (axis % np.ndim(a))
    np.add.at(a_bar, (*before, indices), ans_bar)
    return a_bar


@linear(np.take_along_axis, wrt=("arr",), kind="take_along_axis")
def take_along_axis(arr, indices, axis=-1, *, ans, ans_bar):
    """Added up at the indices."""
    if axis is None:
        return np.reshape(added_along_axis(np.ravel(arr), indices, 0, ans_bar), np.shape(arr))
    return added_along_axis(arr, indices, axis, ans_bar)


def added_along_axis(a, indices, axis: int, g):
    """An array of the shape of `a`, zero but for `g` added at `indices` along `axis`."""
    a_bar = np.zeros(np.shape(a), dtype=g.dtype)
    index = list(np.indices(np.shape(indices), sparse=True))
    for i in range(np.ndim(a)):
        if np.shape(a)[i] == 1:
            index[i] = np.zeros_like(index[i])
    index[axis] = indices
    np.add.at(a_bar, tuple(index), g)
    return a_bar


@linear(np.compress, wrt=("a",), kind="unknown")
def compress(condition, a, axis=None, *, ans, ans_bar):
    """Put back where the condition holds."""
    return compress_cotangent(condition, a, axis, ans_bar)


@linear(np.ndarray.compress, wrt=("a",), kind="unknown")
def compress_method(a, condition, axis=None, *, ans, ans_bar):
    """Put back where the condition holds."""
    return compress_cotangent(condition, a, axis, ans_bar)


def compress_cotangent(condition, a, axis, g):
    """The cotangent of `compress`; a condition that is shorter than the axis leaves out the rest."""
    a_bar = np.zeros(np.shape(a), dtype=g.dtype)
    flat = np.reshape(a_bar, -1) if axis is None else np.moveaxis(a_bar, axis, 0)
    flat[np.flatnonzero(condition)] = g if axis is None else np.moveaxis(g, axis, 0)
    return a_bar


@linear(np.extract, wrt=("arr",), kind="unknown")
def extract(condition, arr, *, ans, ans_bar):
    """Put back where the condition holds."""
    return compress_cotangent(np.ravel(condition), arr, None, ans_bar)


def order_of(a, axis, kind, stable):
    """The permutation that sorts."""
    if kind is None and stable is None:
        return np.argsort(a) if axis == -1 else np.argsort(a, axis=axis)
    return np.argsort(a, axis=axis, kind=kind, stable=stable)


@adjoint(np.sort, wrt=("a",), kind="same")
def sort(a, axis=-1, kind=None, *, stable=None, ans, ans_bar):
    """Back to where the permutation that sorts took each element from."""
    order = order_of(a, axis, kind, stable)
    a_bar = np.empty_like(ans_bar)
    if np.ndim(a) == 1 or axis is None:
        a_bar[order] = ans_bar
        return np.reshape(a_bar, np.shape(a)) if axis is None else a_bar
    np.put_along_axis(a_bar, order, ans_bar, axis)
    return a_bar


@tangent(np.sort)
def sort_tangent(a, axis=-1, kind=None, *, stable=None, ans, a_dot):
    """The tangents through the permutation that sorts."""
    order = order_of(a, axis, kind, stable)
    if axis is None:
        return np.ravel(a_dot)[order]
    return np.take_along_axis(a_dot, order, axis)


@adjoint(np.partition, wrt=("a",), kind="same")
def partition(a, kth, axis=-1, kind="introselect", *, ans, ans_bar):
    """Back to where each element was: NumPy's own choice of an order is found again by sorting `a` and the result."""
    if axis is None:
        ranks = np.argsort(np.argsort(np.ravel(a)))
        return np.reshape(ans_bar[np.argsort(ans)][ranks], np.shape(a))
    ranks = np.argsort(np.argsort(a, axis=axis), axis=axis)
    return np.take_along_axis(np.take_along_axis(ans_bar, np.argsort(ans, axis=axis), axis), ranks, axis)


@tangent(np.partition)
def partition_tangent(a, kth, axis=-1, kind="introselect", *, ans, a_dot):
    """The tangents to where each element went."""
    if axis is None:
        return np.ravel(a_dot)[np.argsort(np.ravel(a))][np.argsort(np.argsort(ans))]
    ranks = np.argsort(np.argsort(ans, axis=axis), axis=axis)
    return np.take_along_axis(np.take_along_axis(a_dot, np.argsort(a, axis=axis), axis), ranks, axis)


@linear(np.diag, kind="diag", views=("v",))
def diag(v, k=0, *, ans, ans_bar):
    """A matrix from a vector, or the vector on a diagonal of a matrix."""
    if np.ndim(v) == 1:
        return np.diagonal(ans_bar, k)
    return on_diagonal(ans_bar, v, k, 0, 1)


@linear(np.diagflat, kind="unknown")
def diagflat(v, k=0, *, ans, ans_bar):
    """A matrix from the elements of `v`."""
    return np.reshape(np.diagonal(ans_bar, k), np.shape(v))


@linear(np.diagonal, np.ndarray.diagonal, kind="unknown", views=("a",))
def diagonal(a, offset=0, axis1=0, axis2=1, *, ans, ans_bar):
    """Put back on the diagonal."""
    return on_diagonal(ans_bar, a, offset, axis1, axis2)


@linear(np.linalg.diagonal, kind="unknown", views=("x",))
def linalg_diagonal(x, *, offset=0, ans, ans_bar):
    """Put back on the diagonal of the last two axes."""
    return on_diagonal(ans_bar, x, offset, -2, -1)


def on_diagonal(g, a, offset, axis1, axis2):
    """Zeros of the shape of `a`, with `g` on a diagonal."""
    full = np.zeros_like(a)
    if offset == 0 and np.ndim(a) == 2:
        np.fill_diagonal(full, g)
        return full
    places = np.arange(np.shape(g)[-1])
    rows = places - offset if offset < 0 else places
    columns = places + offset if offset > 0 else places
    if np.ndim(a) == 2 and axis1 == 0 and axis2 == 1:
        full[rows, columns] = g
    else:
        np.moveaxis(full, (axis1, axis2), (-2, -1))[..., rows, columns] = g
    return full


@linear(np.tril, kind="same")
def tril(m, k=0, *, ans, ans_bar):
    """The same triangle."""
    return np.tril(ans_bar, k)


@linear(np.triu, kind="same")
def triu(m, k=0, *, ans, ans_bar):
    """The same triangle."""
    return np.triu(ans_bar, k)


@linear(np.pad, wrt=("array",), kind="unknown")
def pad(array, pad_width, mode="constant", *, reflect_type="even", ans, ans_bar):
    """The inner part; what other modes copied to the border is added to where it came from."""
    if mode == "constant":
        widths = np.broadcast_to(pad_width, (np.ndim(array), 2))
        index = tuple(slice(w[0], w[0] + n) for w, n in zip(widths.tolist(), np.shape(array), strict=True))
        return ans_bar[index]
    if mode not in ("edge", "reflect", "symmetric", "wrap") or reflect_type != "even":
        raise NotImplementedError(f"the derivative of np.pad with mode {mode!r} and reflect_type {reflect_type!r}")
    source = np.pad(np.reshape(np.arange(np.size(array)), np.shape(array)), pad_width, mode=mode)
    array_bar = np.zeros(np.size(array), dtype=ans_bar.dtype)
    np.add.at(array_bar, source, ans_bar)
    return np.reshape(array_bar, np.shape(array))


@linear(np.diff, wrt=("a",), kind="unknown")
def diff(a, n=1, axis=-1, *, ans, ans_bar):
    """Each difference adds to the later and subtracts from the earlier element."""
    g = np.moveaxis(ans_bar, axis, 0)
    for _ in range(n):
        zero = np.zeros((1, *np.shape(g)[1:]), dtype=g.dtype)
        g = np.concatenate((zero, g)) - np.concatenate((g, zero))
    return np.moveaxis(g, 0, axis)


nondifferentiable(np.argsort, np.ndarray.argsort, kind="argsort")
nondifferentiable(np.argpartition, np.searchsorted, np.argwhere, np.digitize, np.lexsort, kind="unknown")
nondifferentiable(np.nonzero, np.flatnonzero, np.ndarray.nonzero, kind="unknown")
nondifferentiable(np.ndarray.argpartition, np.ndarray.searchsorted, kind="unknown")
nondifferentiable(np.array_equal, np.allclose, np.array_equiv, kind="reduction_bool")

SAMPLES = [
    sample(np.where, "condition: (3,) bool, x: (3,), y: (3,)"),
    sample(np.where, "condition: (2, 3) bool, x: (3,) f4, y: () f4"),
    sample(np.where, "condition: (2, 1) bool, x: (1, 3), y: float"),
    sample(np.clip, "a: (6,), a_min: =, a_max: =", -0.7, 1.0),
    sample(np.clip, "a: (2, 3), a_min: (3,), a_max: =", None),
    sample(np.clip, "a: (2, 3) f4, a_min: =, a_max: () f4", None),
    sample(np.ndarray.clip, "a: (2, 3), min: (2, 1), max: (3,)"),
    sample(np.select, "condlist: [(4,) bool, (4,) bool], choicelist: [(4,), (4,)], default: float"),
    sample(np.take, "a: (3, 4), indices: (5,) index:3", axis=0),
    sample(np.take, "a: (3, 4), indices: (2, 2) index:12"),
    sample(np.take, "a: (3, 4) f4, indices: =", [5, -1, 1], axis=-1, mode="wrap"),
    sample(np.ndarray.take, "a: (3, 4), indices: =", 1, axis=1),
    sample(np.take_along_axis, "arr: (3, 4), indices: (3, 2) index:4", axis=1),
    sample(np.take_along_axis, "arr: (3, 4), indices: (1, 4) index:3", axis=0),
    sample(np.compress, "condition: =, a: (3, 4)", [False, True], axis=0),
    sample(np.compress, "condition: =, a: (2, 3)", [True, False, True, True]),
    sample(np.ndarray.compress, "a: (3, 4), condition: =", [True, False, True], axis=0),
    sample(np.extract, "condition: (2, 3) bool, arr: (2, 3)"),
    sample(np.sort, "a: (5,)"),
    sample(np.sort, "a: (2, 3) f4", axis=0),
    sample(np.sort, "a: (2, 3)", axis=None),
    sample(np.partition, "a: (5,), kth: =", 2),
    sample(np.partition, "a: (2, 5), kth: =", 1, axis=1),
    sample(np.diag, "v: (3,)"),
    sample(np.diag, "v: (3,)", k=-1),
    sample(np.diag, "v: (3, 4) f4", k=1),
    sample(np.diagflat, "v: (2, 2)", k=1),
    sample(np.diagonal, "a: (3, 4)"),
    sample(np.diagonal, "a: (2, 3, 4)", offset=-1, axis1=1, axis2=0),
    sample(np.ndarray.diagonal, "a: (3, 4)", offset=1),
    sample(np.linalg.diagonal, "x: (2, 3, 4)"),
    sample(np.tril, "m: (3, 4)"),
    sample(np.tril, "m: (2, 3, 3) f4", k=-1),
    sample(np.triu, "m: (3, 4)"),
    sample(np.triu, "m: (2, 3, 3)", k=1),
    sample(np.pad, "array: (3,), pad_width: =", 2),
    sample(np.pad, "array: (2, 3), pad_width: =", ((1, 0), (2, 1))),
    sample(np.pad, "array: (2, 3) f4, pad_width: =", 1, mode="edge"),
    sample(np.pad, "array: (3, 4), pad_width: =", ((1, 2), (2, 0)), mode="reflect"),
    sample(np.diff, "a: (4,)"),
    sample(np.diff, "a: (4, 3) f4", n=2, axis=0),
]

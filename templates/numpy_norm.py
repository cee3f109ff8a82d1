"""Norms of vectors and of matrices.

At 0 the derivative is 0, a subgradient; of several maxima each gets an equal part.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, sample, tangent
from srcad.templates._array_helpers import conj, real, spread


@adjoint(np.linalg.norm, wrt=("x",), kind="norm", smaller=True)
def norm(x, ord=None, axis=None, keepdims=False, *, ans, ans_bar):
    """The cotangent times `norm_partials`; for the Euclidean norm x / norm."""
    if is_euclidean(ord, axis, np.ndim(x)):
        return spread(ans_bar / (ans + (ans == 0)), ans, axis, keepdims) * conj(x)
    return spread(ans_bar, ans, axis, keepdims) * norm_partials(x, ord, axis, spread(ans, ans, axis, keepdims))


@tangent(np.linalg.norm)
def norm_tangent(x, ord=None, axis=None, keepdims=False, *, ans, x_dot):
    """The real part of the sum of partials times tangents."""
    if is_euclidean(ord, axis, np.ndim(x)):
        return np.sum(real(conj(x) * x_dot), axis=axis, keepdims=keepdims) / (ans + (ans == 0))
    partials = norm_partials(x, ord, axis, spread(ans, ans, axis, keepdims))
    return np.sum(real(partials * x_dot), axis=axis, keepdims=keepdims)


@adjoint(np.linalg.vector_norm, wrt=("x",), kind="norm", smaller=True)
def vector_norm(x, *, axis=None, keepdims=False, ord=2, ans, ans_bar):
    """As `norm`, always of vectors."""
    return spread(ans_bar, ans, axis, keepdims) * vector_norm_partials(x, ord, axis, spread(ans, ans, axis, keepdims))


@tangent(np.linalg.vector_norm)
def vector_norm_tangent(x, *, axis=None, keepdims=False, ord=2, ans, x_dot):
    """As `norm`, always of vectors."""
    partials = vector_norm_partials(x, ord, axis, spread(ans, ans, axis, keepdims))
    return np.sum(real(partials * x_dot), axis=axis, keepdims=keepdims)


@adjoint(np.linalg.matrix_norm, wrt=("x",), kind="norm", smaller=True)
def matrix_norm(x, *, keepdims=False, ord="fro", ans, ans_bar):
    """As `norm`, of the matrices in the last two axes."""
    full = spread(ans, ans, (-2, -1), keepdims)
    return spread(ans_bar, ans, (-2, -1), keepdims) * norm_partials(x, ord, (-2, -1), full)


@tangent(np.linalg.matrix_norm)
def matrix_norm_tangent(x, *, keepdims=False, ord="fro", ans, x_dot):
    """As `norm`, of the matrices in the last two axes."""
    partials = norm_partials(x, ord, (-2, -1), spread(ans, ans, (-2, -1), keepdims))
    return np.sum(real(partials * x_dot), axis=(-2, -1), keepdims=keepdims)


def is_euclidean(ord, axis, ndim: int) -> bool:
    """Whether a norm is the root of the sum of squares over its axes."""
    if ord is None or ord == "fro":
        return True
    return ord == 2 and (isinstance(axis, int) or (axis is None and ndim == 1))


def norm_partials(x, ord, axis, ans):
    """The partials of a norm, of vectors or (two axes) of matrices; `ans` has the reduced axes as axes of length 1."""
    if axis is None and np.ndim(x) == 2:
        axis = (0, 1)
    if not isinstance(axis, tuple) or len(axis) == 1:
        return vector_norm_partials(x, ord, axis, ans)
    rows, columns = axis[0] % np.ndim(x), axis[1] % np.ndim(x)
    if ord == 1 or ord == -1:
        return of_extreme_sums(x, rows, columns, ord > 0)
    if ord == np.inf or ord == -np.inf:
        return of_extreme_sums(x, columns, rows, ord > 0)
    if ord == 2 or ord == -2 or ord == "nuc":
        moved = np.moveaxis(x, (rows, columns), (-2, -1))
        return np.moveaxis(spectral_partials(moved, ord), (-2, -1), (rows, columns))
    return conj(x) / (ans + (ans == 0))


def vector_norm_partials(x, ord, axis, ans):
    """For the p-norm, sign(x) (|x| / norm)^(p - 1); for p = inf the sign where |x| is largest."""
    sign = conj(np.sign(x))
    if ord == 1:
        return sign
    if ord == 0:
        return np.zeros_like(sign)
    if ord is None or ord == 2:
        return conj(x) / (ans + (ans == 0))
    size = np.abs(x)
    if ord == np.inf or ord == -np.inf:
        chosen = ~(size < ans) if ord > 0 else ~(size > ans)
        return np.where(chosen, sign / np.sum(chosen, axis=axis, keepdims=True, dtype=size.dtype), 0.0)
    ratio = np.where(size > 0, size, 1.0) / (ans + (ans == 0))
    return np.where(size > 0, sign * ratio ** (ord - 1), 0.0)


def of_extreme_sums(x, summed: int, compared: int, largest: bool):
    """The partials of the largest (smallest) of the sums of |x| along one axis: signs, where that sum was taken."""
    sums = np.sum(np.abs(x), axis=summed, keepdims=True)
    extreme = np.max(sums, axis=compared, keepdims=True) if largest else np.min(sums, axis=compared, keepdims=True)
    chosen = ~(sums < extreme) if largest else ~(sums > extreme)
    return np.where(chosen, conj(np.sign(x)) / np.sum(chosen, axis=compared, keepdims=True, dtype=sums.dtype), 0.0)


def spectral_partials(x, ord):
    """The partials of norms made from singular values: d s_i = u_i^H dX v_i, so conj(U diag(weights) V^H)."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    if ord == "nuc":
        smallest = np.max(s, axis=-1, keepdims=True) * np.finfo(s.dtype).eps * max(np.shape(x)[-2:])
        weights = np.where(s > smallest, 1.0, 0.0)
    else:
        extreme = np.max(s, axis=-1, keepdims=True) if ord > 0 else np.min(s, axis=-1, keepdims=True)
        chosen = (s == extreme) & (extreme > 0)
        weights = chosen / np.maximum(np.sum(chosen, axis=-1, keepdims=True), 1)
    return conj(u * weights[..., None, :].astype(s.dtype) @ vh)


SAMPLES = [
    sample(np.linalg.norm, "x: (3,)"),
    sample(np.linalg.norm, "x: (2, 3, 4)"),
    sample(np.linalg.norm, "x: (2, 3) f4", axis=1),
    sample(np.linalg.norm, "x: (2, 3)", axis=0, keepdims=True),
    sample(np.linalg.norm, "x: (3,)", ord=1),
    sample(np.linalg.norm, "x: (3,)", ord=2),
    sample(np.linalg.norm, "x: (2, 3)", ord=3, axis=-1),
    sample(np.linalg.norm, "x: (3,)", ord=np.inf),
    sample(np.linalg.norm, "x: (2, 3)", ord=-np.inf, axis=1),
    sample(np.linalg.norm, "x: (2, 3)", ord="fro"),
    sample(np.linalg.norm, "x: (2, 3)", ord=1),
    sample(np.linalg.norm, "x: (2, 3) f4", ord=np.inf),
    sample(np.linalg.norm, "x: (2, 3)", ord=2),
    sample(np.linalg.norm, "x: (2, 3)", ord=-2),
    sample(np.linalg.norm, "x: (2, 3, 4)", ord="nuc", axis=(2, 0)),
    sample(np.linalg.norm, "x: (3,) c16"),
    sample(np.linalg.norm, "x: (3,) c16", ord=1),
    sample(np.linalg.norm, "x: (2, 3) c16", ord="nuc"),
    sample(np.linalg.vector_norm, "x: (2, 3)"),
    sample(np.linalg.vector_norm, "x: (2, 3)", axis=1, ord=3),
    sample(np.linalg.matrix_norm, "x: (2, 3, 2)"),
    sample(np.linalg.matrix_norm, "x: (2, 3)", ord=1, keepdims=True),
]

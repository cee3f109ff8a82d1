"""`numpy.linalg`: inverse, solution, determinant, Cholesky factor, trace, power; also of stacks (..., n, n).

Formulas: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); I. Murray, "Differentiation of the Cholesky decomposition" (2016). A cotangent is multiplied by the derivative,
not by its conjugate: where a function is holomorphic, the formula for real matrices holds as it stands.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, linear, sample, tangent
from srcad.templates._array_helpers import conj, full_like_result, mT, sum_to


@adjoint(np.linalg.inv, kind="inv")
def inv(a, *, ans, ans_bar):
    """a_bar = -A^-T g A^-T (Giles 2008, section 2.2.3)."""
    return -mT(ans) @ ans_bar @ mT(ans)


@tangent(np.linalg.inv)
def inv_tangent(a, *, ans, a_dot):
    """The tangent of A^-1 is -A^-1 dA A^-1."""
    return -ans @ a_dot @ ans


@adjoint(np.linalg.solve, kind="solve")
def solve(a, b, *, ans, ans_bar):
    """b_bar = A^-T g, a_bar = -b_bar x^T (Giles 2008, section 2.3.1); `b` of one axis is a vector."""
    if np.ndim(a) == 2 and np.ndim(b) <= 2:
        b_bar = np.linalg.solve(a.T, ans_bar)
        return -np.outer(b_bar, ans) if np.ndim(b) == 1 else -b_bar @ ans.T, b_bar
    if np.ndim(b) == 1:
        vectors = np.linalg.solve(mT(a), ans_bar[..., None])[..., 0]
        return -vectors[..., :, None] * ans[..., None, :], sum_to(vectors, b)
    matrices = np.linalg.solve(mT(a), ans_bar)
    return sum_to(-matrices @ mT(ans), a), sum_to(matrices, b)


@tangent(np.linalg.solve)
def solve_tangent(a, b, *, ans, a_dot, b_dot):
    """A dx = db - dA x; a vector `b` is one column."""
    if np.ndim(a_dot) == 0:
        return np.linalg.solve(a, b_dot)
    if np.ndim(b) == 1 and np.ndim(a) > 2:
        return np.linalg.solve(a, (b_dot - (a_dot @ ans[..., None])[..., 0])[..., None])[..., 0]
    return np.linalg.solve(a, b_dot - a_dot @ ans)


@adjoint(np.linalg.det, kind="det")
def det(a, *, ans, ans_bar):
    """The partials are the inverse, transposed, times the determinant (Giles 2008, section 2.2.4)."""
    if np.ndim(a) == 2:
        return ans_bar * ans * np.linalg.inv(a).T
    return (ans_bar * ans)[..., None, None] * mT(np.linalg.inv(a))


@tangent(np.linalg.det)
def det_tangent(a, *, ans, a_dot):
    """The tangent is det(A) tr(A^-1 dA)."""
    return ans * np.sum(mT(np.linalg.inv(a)) * a_dot, axis=(-2, -1))


@adjoint(np.linalg.slogdet, kind="slogdet")
def slogdet(a, *, ans, ans_bar):
    """The logarithm changes by Re tr(A^-1 dA), the sign s by i s Im tr(A^-1 dA): not at all for real A."""
    sign_bar, logabsdet_bar = ans_bar
    if np.iscomplexobj(a):
        logabsdet_bar = np.real(logabsdet_bar) + 1j * np.imag(ans[0] * sign_bar)
    if np.ndim(a) == 2:
        return logabsdet_bar * np.linalg.inv(a).T
    return full_like_result(logabsdet_bar, ans[1])[..., None, None] * mT(np.linalg.inv(a))


@tangent(np.linalg.slogdet)
def slogdet_tangent(a, *, ans, a_dot):
    """The tangents of sign and logarithm."""
    change = np.sum(mT(np.linalg.inv(a)) * a_dot, axis=(-2, -1))
    if np.iscomplexobj(a):
        return 1j * np.imag(change) * ans[0], np.real(change)
    return np.zeros_like(change), change


@adjoint(np.linalg.cholesky, kind="cholesky")
def cholesky(a, *, upper=False, ans, ans_bar):
    """Murray 2016, section 3.2. Only one triangle of `a` is read; the cotangent of the other one is 0."""
    if upper:
        return mT(conj(cholesky_cotangent(mT(conj(ans)), mT(conj(ans_bar)))))
    return cholesky_cotangent(ans, ans_bar)


def cholesky_cotangent(factor, factor_bar):
    """S = L^-T phi(L^T g) conj(L^-1), then folded onto the lower triangle, which alone is read."""
    inverse = np.linalg.inv(factor)
    s = mT(inverse) @ half_lower(mT(factor) @ factor_bar) @ conj(inverse)
    return half_lower(s + mT(conj(s)))


@tangent(np.linalg.cholesky)
def cholesky_tangent(a, *, upper=False, ans, a_dot):
    """DL = L phi(L^-1 dA L^-H) (Murray 2016, section 2)."""
    if upper:
        return mT(conj(cholesky_dot(mT(conj(ans)), mT(conj(a_dot)))))
    return cholesky_dot(ans, a_dot)


def cholesky_dot(factor, a_dot):
    """The tangent of the lower factor, from the lower triangle of `a_dot`."""
    inverse = np.linalg.inv(factor)
    lower = half_lower(a_dot)
    hermitian = lower + mT(conj(lower))
    return factor @ half_lower(inverse @ hermitian @ mT(conj(inverse)))


def half_lower(x):
    """The lower triangle with its diagonal halved: phi in Murray 2016."""
    if np.ndim(x) == 2:
        return np.tril(x) - 0.5 * np.diag(np.diag(x))
    return np.tril(x) * (1.0 - 0.5 * np.eye(np.shape(x)[-1], dtype=x.dtype))


@linear(np.trace, np.ndarray.trace, kind="trace")
def trace(a, offset=0, axis1=0, axis2=1, *, ans, ans_bar):
    """The cotangent on the diagonal, 0 elsewhere."""
    eye = diagonal_ones(np.shape(a)[axis1], np.shape(a)[axis2], offset, a.dtype)
    if np.ndim(a) == 2:
        return ans_bar * (eye if axis1 % 2 == 0 else eye.T)
    return np.moveaxis(ans_bar[..., None, None] * eye, (-2, -1), (axis1, axis2))


@linear(np.linalg.trace, kind="unknown")
def linalg_trace(x, *, offset=0, ans, ans_bar):
    """The cotangent on the diagonal of the last two axes."""
    eye = diagonal_ones(np.shape(x)[-2], np.shape(x)[-1], offset, x.dtype)
    if np.ndim(x) == 2:
        return ans_bar * eye
    return ans_bar[..., None, None] * eye


def diagonal_ones(rows, columns, offset, dtype):
    """Ones on a diagonal of a matrix, zeros elsewhere."""
    if offset == 0:
        return np.eye(rows, columns, dtype=dtype)
    return np.eye(rows, columns, offset, dtype=dtype)


@adjoint(np.linalg.matrix_power, wrt=("a",), kind="unknown")
def matrix_power(a, n, *, ans, ans_bar):
    """The adjoint of the product: a sum of P^T g Q^T over the ways to split the power into P A Q."""
    if n < 0:
        inverse = np.linalg.inv(a)
        return -mT(inverse) @ power_cotangent(inverse, -n, ans_bar) @ mT(inverse)
    return power_cotangent(a, n, ans_bar)


@tangent(np.linalg.matrix_power)
def matrix_power_tangent(a, n, *, ans, a_dot):
    """d(A^n) is the sum of A^k dA A^(n-1-k)."""
    if n < 0:
        inverse = np.linalg.inv(a)
        return mT(power_cotangent(inverse, -n, mT(-inverse @ a_dot @ inverse)))
    return mT(power_cotangent(a, n, mT(a_dot)))


def power_cotangent(a, n: int, g):
    """Sum over k < n of (A^T)^k g (A^T)^(n-1-k), by Horner's rule."""
    total, transposed = np.zeros_like(a * g), mT(a)
    power = np.broadcast_to(np.eye(np.shape(a)[-1], dtype=a.dtype), np.shape(a))
    for _ in range(n):
        total = total @ transposed + power @ g
        power = power @ transposed
    return total


SAMPLES = [
    sample(np.linalg.inv, "a: (3, 3) regular"),
    sample(np.linalg.inv, "a: (2, 3, 3) regular f4"),
    sample(np.linalg.inv, "a: (3, 3) regular c16"),
    sample(np.linalg.solve, "a: (3, 3) regular, b: (3,)"),
    sample(np.linalg.solve, "a: (3, 3) regular, b: (3, 2)"),
    sample(np.linalg.solve, "a: (2, 3, 3) regular f4, b: (3,) f4"),
    sample(np.linalg.solve, "a: (2, 3, 3) regular, b: (3, 2)"),
    sample(np.linalg.solve, "a: (3, 3) regular, b: (2, 3, 4)"),
    sample(np.linalg.solve, "a: (3, 3) regular c16, b: (3,)"),
    sample(np.linalg.det, "a: (3, 3) regular"),
    sample(np.linalg.det, "a: (2, 3, 3) regular f4"),
    sample(np.linalg.det, "a: (3, 3) regular c16"),
    sample(np.linalg.slogdet, "a: (3, 3) regular"),
    sample(np.linalg.slogdet, "a: (2, 3, 3) regular f4"),
    sample(np.linalg.slogdet, "a: (3, 3) regular c16"),
    sample(np.linalg.cholesky, "a: (3, 3) spd"),
    sample(np.linalg.cholesky, "a: (2, 3, 3) spd f4"),
    sample(np.linalg.cholesky, "a: (3, 3) spd", upper=True),
    sample(np.trace, "a: (3, 3)"),
    sample(np.trace, "a: (3, 4)", offset=1),
    sample(np.trace, "a: (3, 4)", offset=1, axis1=1, axis2=0),
    sample(np.trace, "a: (2, 3, 4) f4", axis1=-1, axis2=0),
    sample(np.ndarray.trace, "a: (3, 3)"),
    sample(np.linalg.trace, "x: (2, 3, 3)", offset=-1),
    sample(np.linalg.matrix_power, "a: (3, 3) regular, n: =", 3),
    sample(np.linalg.matrix_power, "a: (2, 3, 3) regular f4, n: =", -2),
    sample(np.linalg.matrix_power, "a: (3, 3) regular, n: =", 0),
]

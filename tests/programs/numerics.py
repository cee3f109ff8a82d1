"""Programs about numbers: dtypes, complex values, scalars of NumPy, empty and 0-d arrays, NumPy functions in use."""

import numpy as np

from tests.programs.table import arr, program


def float32_array(v):
    return (v * v).sum() * v[0]


def float32_times_float64(v, c):
    return (v * c).sum()


def float_among_float32(v, x, n):
    parts = [v * t for t in (x, 0.5)]
    for _ in range(n):
        v = v * x
    y = max(v[0], x * v[1])
    if n > 1:
        y = y + v[2] * x
    return parts[0].sum() * y


def mixed_precision(a, b):
    return (a * b + a).sum()


def numpy_scalar(x):
    return x * x + np.sin(x)


def zero_dimensional(x):
    return (x * x).sum() * 2.0


def empty_array(v):
    return (v * v).sum() + 1.5 * v.prod()


def integer_data(x, k):
    return x ** k[0] * k.sum() + (x * k).mean()


def bool_data(x, mask):
    return (x * mask).sum() * (mask.sum() + 1)


def modulus_of_complex(z):
    return abs(z) ** 2


def complex_arithmetic(x):
    z = x + 2j * x * x
    w = z * z.conjugate() + (z * z).real
    return w.real


def complex_array(z, w):
    return np.sum(np.abs(z * w) ** 2) + np.real(z).sum() * np.imag(w).sum()


def reductions(A):
    columns = A.sum(axis=0) * A.mean(axis=0)
    rows = np.prod(A, axis=1, keepdims=True)
    return (columns * rows).sum() + A.sum(axis=(0, 1)) * A.mean()


def extrema(A):
    return A.max() * A.min() + A.max(axis=0).sum() * A.min(axis=1)[0] + np.max(A, axis=-1, keepdims=True).sum()


def variances(A):
    return A.var() * A.std() + A.var(axis=0).sum() + np.std(A, axis=1, ddof=1)[0]


def cumulative(v):
    return (np.cumsum(v) * v).sum() + np.cumsum(v * v)[1]


def shapes(A):
    B = A.reshape(3, 2).T
    C = np.transpose(A)[:, None].squeeze(1)
    return (B @ C).sum() + (A.ravel() ** 2).sum() + np.expand_dims(A, 0).swapaxes(1, 2)[0, 1, 1]


def joining(v, w):
    s = np.stack([v, w], axis=1)
    c = np.concatenate([v, w * w])
    return (s[:, 0] * s[:, 1]).sum() + (c[1:] * c[:-1]).sum() + np.vstack([v, w])[1, 0] * np.hstack([v, w])[-1]


def broadcast_explicitly(v):
    return (np.broadcast_to(v, (4, 3)) * np.arange(12.0).reshape(4, 3)).sum() * v[0]


def where_and_clip(v):
    return np.where(v > 0.0, v * v, -v).sum() + (np.clip(v, -0.5, 0.5) * v).sum()


def products(A, B, v):
    return (
        np.dot(A, B).sum()
        + np.outer(v, v)[0, 1]
        + np.inner(v, v)
        + np.tensordot(A, B, axes=2)
        + np.einsum("ij,jk,k->i", A, B, v).sum()
        + np.trace(A @ B)
    )


def linear_algebra(A, b):
    x = np.linalg.solve(A, b)
    return x @ b + np.linalg.det(A) + np.linalg.inv(A)[0, 1] + np.linalg.norm(A) + np.linalg.norm(b)


def log_determinant(A):
    S = A @ A.T + 2.0 * np.eye(3)
    sign, logdet = np.linalg.slogdet(S)
    return sign * logdet + np.linalg.cholesky(S)[2, 0] ** 2


def casting(v):
    return (v.astype(np.float64) * v.copy() * np.asarray(v) * np.array(v)).sum()


def created_arrays(x):
    full = np.full((2, 2), x)
    like = np.ones_like(full) * x + np.zeros_like(full)
    return (full * like).sum() + np.array([x, 2.0, x * x]).sum() + np.array([[x, 1.0], [0.0, x]])[1, 1]


def order_of_memory(A):
    B = A * 1.0
    B[0] = B[1] * 2.0
    return (B * A).sum()


def power_at_zero(x):
    return x**0 + x**1 + x**2


def absolute_at_zero(x):
    return abs(x) + 3.0 * x


def rounding(x):
    return x * np.floor(x) + x * np.round(x) + np.ceil(x) + np.sign(x) * x


def softmax_cross_entropy(z, k):
    m = np.max(z, axis=1, keepdims=True)
    e = np.exp(z - m)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(k)), k]))


def logsumexp(v):
    top = np.max(v)
    return top + np.log(np.sum(np.exp(v - top)))


def methods_of_arrays(A):
    return A.dot(A.T).trace() + A.flatten()[1] * A.transpose()[0, 1] + A.clip(-1.0, 1.0).sum() + A.item(0)


def any_rank(x):
    return np.sum(x * x) * np.mean(x)


PROGRAMS = [
    program(float32_array, (arr(3).astype(np.float32),), rtol=1e-4),
    program(float32_times_float64, (arr(3).astype(np.float32), np.float64(0.7)), argnums=(0, 1), rtol=1e-4),
    program(float_among_float32, (arr(3).astype(np.float32), 0.7, 2), argnums=(0, 1), rtol=1e-4),
    program(mixed_precision, (arr(3).astype(np.float32), arr(3, seed=1)), argnums=(0, 1), rtol=1e-4),
    program(numpy_scalar, (np.float64(0.7),)),
    program(zero_dimensional, (np.array(0.7),), analytic=True),
    program(empty_array, (arr(0),), (arr(3),)),
    program(integer_data, (0.7, np.array([2, 3, 1])), analytic=True),
    program(bool_data, (arr(3), np.array([True, False, True])), analytic=True),
    program(modulus_of_complex, (1.0 + 2.0j,)),
    program(complex_arithmetic, (0.7,)),
    program(complex_array, (arr(3) + 1j * arr(3, seed=1), arr(3, seed=2) - 1j * arr(3, seed=3)), argnums=(0, 1)),
    program(reductions, (arr(2, 3),), analytic=True, golden=True),
    program(extrema, (arr(3, 4),)),
    program(variances, (arr(3, 4),)),
    program(cumulative, (arr(4),), analytic=True),
    program(shapes, (arr(2, 3),), analytic=True),
    # the arrays of a list have one kind for all: the lengths of the parts are not known
    program(joining, (arr(3), arr(3, seed=1)), argnums=(0, 1), analytic=True, helpers=True),
    program(broadcast_explicitly, (arr(3),), analytic=True),
    program(where_and_clip, (arr(5),)),
    program(products, (arr(3, 3), arr(3, 3, seed=1), arr(3)), argnums=(0, 1, 2), analytic=True),
    program(linear_algebra, (np.eye(3) + 0.3 * arr(3, 3), arr(3)), argnums=(0, 1)),
    program(log_determinant, (arr(3, 3),)),
    program(casting, (arr(3),)),
    program(created_arrays, (0.7,)),
    program(order_of_memory, (np.asfortranarray(arr(3, 4)),), (arr(6, 8)[::2, ::2],), (arr(3, 4).T,)),
    program(power_at_zero, (0.0,), (1.3,)),
    program(absolute_at_zero, (1.3,), (-1.3,)),
    program(rounding, (1.3,), (-2.6,)),
    program(softmax_cross_entropy, (arr(4, 3), np.array([0, 2, 1, 1])), golden=True),
    program(logsumexp, (arr(4),), golden=True),
    program(methods_of_arrays, (arr(3, 3),)),
    program(any_rank, (0.7,), (arr(3),), (arr(2, 3),)),
]

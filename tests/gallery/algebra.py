"""Linear algebra by loops, equations solved by iteration, and sorting."""

import math

import numpy as np


def cholesky(A, y):
    """The negative log density of a normal distribution, by a Cholesky factorisation in loops."""
    n = len(y)
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    z = np.zeros(n)
    for i in range(n):
        z[i] = (y[i] - L[i, :i] @ z[:i]) / L[i, i]
    return 0.5 * z @ z + np.sum(np.log(np.diag(L)))


def gram_schmidt(A, b):
    """Least squares by a QR factorisation (modified Gram-Schmidt); the norm of the solution."""
    n = A.shape[1]
    Q = A.copy()
    R = np.zeros((n, n))
    for k in range(n):
        R[k, k] = np.sqrt(Q[:, k] @ Q[:, k])
        Q[:, k] /= R[k, k]
        for j in range(k + 1, n):
            R[k, j] = Q[:, k] @ Q[:, j]
            Q[:, j] -= R[k, j] * Q[:, k]
    x = Q.T @ b
    for k in reversed(range(n)):
        x[k] = (x[k] - R[k, k + 1 :] @ x[k + 1 :]) / R[k, k]
    return x @ x


def newton(mean_anomaly, eccentricity, tolerance):
    """Kepler's equation by Newton's method: where a planet is on its ellipse."""
    E = mean_anomaly
    error = E - eccentricity * math.sin(E) - mean_anomaly
    while abs(error) > tolerance:
        E -= error / (1.0 - eccentricity * math.cos(E))
        error = E - eccentricity * math.sin(E) - mean_anomaly
    return E


def bisection(p, q, low, high, tolerance):
    """A root of a cubic by bisection, and a last step by Newton's method.

    The interval depends on `p` and `q` through comparisons only, so it is constant almost everywhere; the last step
    knows how the root moves, as the implicit function theorem says.
    """
    while high - low > tolerance:
        middle = 0.5 * (low + high)
        if middle**3 + p * middle < q:
            low = middle
        else:
            high = middle
    x = 0.5 * (low + high)
    return x - (x**3 + p * x - q) / (3.0 * x**2 + p)


def power_iteration(A, v, steps):
    """The largest eigenvalue of a symmetric matrix."""
    for _ in range(steps):
        v = A @ v
        v = v / np.sqrt(v @ v)
    return v @ A @ v


def wasserstein(x, y):
    """The distance of two samples as distributions: both sorted, and compared point by point."""
    return np.mean(np.abs(np.sort(x) - np.sort(y)))


def trimmed_squares(w, X, y, keep):
    """Regression that ignores outliers: the mean of the smallest squared residuals."""
    residual = X @ w - y
    return np.mean(np.sort(residual**2)[:keep])

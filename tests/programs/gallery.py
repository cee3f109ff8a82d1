"""The programs of the project's gallery, and the classics of scientific computing that they stand for."""

import numpy as np

from tests.programs.table import arr, pos, program


def loss(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z)


def heat(u, alpha, steps):
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def sqrt_newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def logistic_map(r, x, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def pendulum(theta, omega, steps, dt):
    for _ in range(steps):
        omega = omega - dt * np.sin(theta)
        theta = theta + dt * omega
    return theta**2 + omega**2


def gradient_descent(rate, x, n):
    velocity = np.zeros_like(x)
    for _ in range(n):
        g = 2.0 * x * np.array([1.0, 10.0])
        velocity = 0.9 * velocity - rate * g
        x = x + velocity
    return (x * x).sum()


def kalman(z, q, r):
    x, p, total = 0.0, 1.0, 0.0
    for i in range(len(z)):
        p = p + q
        k = p / (p + r)
        innovation = z[i] - x
        x = x + k * innovation
        p = (1.0 - k) * p
        total += innovation**2 / (p + r) + np.log(p + r)
    return total


def rosenbrock(v):
    return np.sum(100.0 * (v[1:] - v[:-1] ** 2) ** 2 + (1.0 - v[:-1]) ** 2)


def lstm_like(W, h, c, xs):
    n = len(h)
    for x in xs:
        z = W @ np.concatenate([h, x])
        gate = 1.0 / (1.0 + np.exp(-z[:n]))
        c = gate * c + (1.0 - gate) * np.tanh(z[n:])
        h = np.tanh(c)
    return h @ h


def gated_like(Wg, Wc, h, c, xs):
    for x in xs:
        hx = np.concatenate([h, x])
        gate = 1.0 / (1.0 + np.exp(-(Wg @ hx)))
        c = gate * c + (1.0 - gate) * np.tanh(Wc @ hx)
        h = np.tanh(c)
    return h @ h


PROGRAMS = [
    program(loss, (arr(3), 0.2, arr(5, 3), np.array([0.0, 1.0, 1.0, 0.0, 1.0])), argnums=(0, 1), golden=True),
    program(heat, (arr(7), 0.2, 3), (arr(7), 0.2, 0), (arr(3), 0.2, 2), golden=True),
    program(sqrt_newton, (2.7, 1e-1), (0.3, 1e-2), golden=True),
    program(logistic_map, (3.1, 0.3, 6), argnums=(0, 1), analytic=True, golden=True),
    program(pendulum, (0.7, -0.2, 5, 0.1), argnums=(0, 1, 3), analytic=True),
    program(gradient_descent, (0.03, arr(2), 4), argnums=(0, 1), analytic=True),
    program(kalman, (arr(5), 0.1, 0.5), argnums=(0, 1, 2), analytic=True),
    program(rosenbrock, (arr(5),), analytic=True, golden=True),
    # z[n:] may have length 1
    program(lstm_like, (arr(4, 3), arr(2), pos(2), arr(3, 1)), argnums=(0, 1, 2, 3), analytic=True, helpers=True),
    program(
        gated_like,
        (arr(2, 3), arr(2, 3, seed=1), arr(2), pos(2), arr(3, 1)),
        argnums=(0, 1, 2, 3, 4),
        analytic=True,
        golden=True,
    ),
]

"""The programs whose graphs are kept as text: one for each thing that a drawing has to show."""

import numpy as np


def straight(w, b, x):
    z = x @ w + b
    return np.sum(np.tanh(z) - b * z)


def branch(x, k):
    if k > 0:
        y = np.sin(x)
        z = 1.0
    else:
        y = x
        z = x * x
    return y * z


def loop(x, n):
    a, b = x, 1.0
    for i in range(n):
        a, b = b, a * b + i
    return a - b


def newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def calls(x, n):
    y = power(x, n)
    return y + power(y, 2)


def store(y, r, steps):
    for _ in range(steps):
        y[1:] += r * y[:-1] * y[1:]
    return np.sum(y)


def found(x, limit):
    total = 0.0
    with np.errstate(all="ignore"):
        for v in x:
            if v > limit:
                break
            total += v if v > 0 else -v
    return total


KINDS = {
    "straight": "w: f8[d], b: float, x: f8[n,d]",
    "branch": "x: float, k: float",
    "loop": "x: float, n: int",
    "newton": "a: float, tol: float",
    "calls": "x: float, n: int",
    "store": "y: f8[n], r: float, steps: int",
    "found": "x: f8[n], limit: float",
}

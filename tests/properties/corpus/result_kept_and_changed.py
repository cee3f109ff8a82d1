"""A callee keeps the array that it returns; its caller changed it before the reverse function ran."""

import numpy as np

from tests.properties.fuzz import Way


def h(w, n):
    return h(w * 1.1, n - 1) if n > 0 else np.tanh(w)


def f(x, v):
    z = h(v, 1)
    z[1:] = z[:-1] * x
    return np.sum(z * z)


ARGS = (0.3, np.array([0.7, -0.2, 1.1]))
WAY = Way(argnums=(0, 1))

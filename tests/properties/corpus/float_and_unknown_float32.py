"""A sum of unknown dtype that turns out to be float32 gave a Python float a float32 cotangent."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, v, A):
    v = A.diagonal().copy()
    s = np.cumsum(v + v) @ v
    return 0.5 * x + np.sum(v * v) + 0.5 * s


ARGS = (0.7, np.array([0.3, 1.2], np.float32), np.array([[0.5, 0.1], [-0.3, 0.9]], np.float32))
WAY = Way(argnums=(0, 1, 2))

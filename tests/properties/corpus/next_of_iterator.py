"""`next` hands out an item: what changes it changes the caller's array."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    w = next(iter([v, v * 2.0]))
    w *= x
    return np.sum(v * v)


ARGS = (0.7, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(0, 1))

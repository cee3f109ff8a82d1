"""What a branch overwrote through a second name was not put back: nobody reads that name later."""

import math

import numpy as np

from tests.properties.fuzz import Way


def f(x, y, v, n):
    parts = [math.cos(0.4 * n * y), (v @ v), -x]
    if (v @ v) > 0.82:
        v = v[::-1]
        v[2] += -x + (y + y)
    else:
        v = np.where(v > 0.1, v, v)
    return (v @ v) ** 2 * 0.5 + sum(parts) * 0.3 + np.sum(v * v)


ARGS = (0.7, 0.3, np.array([0.3, 1.2, -0.4]), 2)
WAY = Way(argnums=(0, 1, 2))

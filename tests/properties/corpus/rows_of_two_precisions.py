"""The gradient of a float32 array came in double precision: a float64 array was in the same list."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    rows = [np.zeros(3), v, v]
    return 0.5 * x + np.sum(v * v) + sum(np.sum(t * t) for t in rows)


ARGS = (0.3, np.array([0.7, -0.2, 1.1], np.float32))
WAY = Way(argnums=(0, 1))

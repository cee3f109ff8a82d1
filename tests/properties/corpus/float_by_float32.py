"""The cotangent of a Python float that a loop collects from float32 arrays was a float32."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    parts = [v * t for t in (x, 0.5)]
    return 0.5 * x + np.sum(v * v) + sum(np.sum(t * t) for t in parts)


ARGS = (0.7, np.array([0.3, 1.2], np.float32))
WAY = Way(argnums=(0, 1))

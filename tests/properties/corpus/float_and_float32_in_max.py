"""The same through branches and `max`, where the dtype is not known while compiling."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, y, v):
    x = v[1]
    s, t = (x if y > 0.2 else y), y * x * 0.8
    u = max(max(x, t), v[0]) / (1.5 + x**2)
    return 0.5 * u + np.sum(v * v) + 0.5 * s + 0.5 * y + 0.5 * t + 0.5 * x


ARGS = (0.2, 0.3, np.array([0.3, 1.2, -0.4], np.float32))
WAY = Way(argnums=(0, 1, 2))

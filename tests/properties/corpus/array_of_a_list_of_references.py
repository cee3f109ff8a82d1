"""What `np.array` of a list gives back belongs to the arrays in it, which others refer to: it was dropped."""

import numpy as np

from tests.properties.fuzz import Way


def f(y, v):
    v[1:] = np.cumsum(v)[:-1]
    rows = np.array([v, v * y])
    parts = [v]
    return np.sum(rows * rows) + sum(np.sum(t * t) for t in parts)


ARGS = (0.7, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(0, 1))

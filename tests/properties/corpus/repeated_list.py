"""``[a] * 2`` holds one array twice."""

import numpy as np

from tests.properties.fuzz import Way


def f(v):
    rows = [np.zeros(3)] * 2
    rows[0][1] = v[0] * v[1]
    rows[1][2] += v[2] + rows[0][1]
    return (rows[0] * v).sum() + rows[1][1]


ARGS = (np.array([0.3, 1.2, -0.4]),)
WAY = Way(argnums=(0,))

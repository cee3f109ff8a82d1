"""``P_bar[0] += g`` was written for a tuple, which changes the array and then fails."""

import numpy as np

from tests.properties.fuzz import Way


def f(y, v):
    table = {"u": v * 2.0, "w": v}
    pair = (np.zeros(3), v)
    if y > 0.86:
        pair = (v * y, v)
        pair[0][1] = np.sum(v)
    return np.sum(pair[0] * pair[1]) + np.sum(table["u"] * table["w"])


ARGS = (0.9, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(0, 1))

"""A loop over a second name of an array of unknown kind went over a copy of its items, while it changed them."""

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    w = v
    for k in w:
        w += np.array([k, 1.0, k]) * x
    return np.sum(w * w)


ARGS = (0.3, np.array([0.7, -0.2, 1.1]))
WAY = Way(mode="unknown", argnums=(0, 1))

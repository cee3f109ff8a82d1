"""An array that `dict(w=v)` holds was changed there, and with it the caller's: it was not copied."""

import math

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    arrays = dict(u=v / (1.5 + v * v), w=v)
    for k in arrays:
        arrays[k] *= math.cos(max(x, v[1]))
    return np.sum(v * v) + np.sum(arrays["u"] * arrays["w"])


ARGS = (0.7, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(0, 1))

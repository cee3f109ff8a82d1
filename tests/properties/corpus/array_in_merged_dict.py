"""The same for ``{**d, 'u': ...}``: the arrays of `d` are those of the new dict."""

import math

import numpy as np

from tests.properties.fuzz import Way


def f(x, v):
    first = {"u": np.cumsum(v), "w": v}
    second = {**first, "u": np.where(v > 0.1, v, v)}
    for k in second:
        second[k] *= math.cos(x)
    return np.sum(v * v) + np.sum(first["u"] * second["w"])


ARGS = (0.7, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(0, 1))

"""Tangents of `v * v` before and after a callee changes `v` in place: they are not one value."""

import numpy as np

from tests.properties.fuzz import Way


def changed(w):
    w[[0, 2]] = np.sin(w)[[1, 0]]


def f(v, c):
    p = (v * v, c)
    changed(v)
    return np.sum(v * v) * c + np.sum(p[0])


ARGS = (np.array([0.3, -0.7, 1.1]), 0.5)
WAY = Way(argnums=(0, 1), without=("inline",))

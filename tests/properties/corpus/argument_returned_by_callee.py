"""A callee returns its argument, which does not vary, and something that varies is stored into it."""

import math

import numpy as np

from tests.properties.fuzz import Way


def same(w, q):
    return w


def f(x, y, v):
    before = v.copy()
    w = same(v, math.tanh(0.4 * x))
    w[-1] = math.cos(before[1] * y) / (1.5 + (x + w[1]) ** 2)
    return np.sum(v * v) + np.sum(w * before)


ARGS = (0.7, 0.3, np.array([0.3, 1.2, -0.4]))
WAY = Way(argnums=(1,), without=("inline",))

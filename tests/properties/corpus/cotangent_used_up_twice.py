"""The memory of a cotangent was used for what was computed from it, and a second time while that was still needed."""

import math

import numpy as np

from tests.properties.fuzz import Way


def h0(w, q):
    return np.sin(w / (1.5 + w * w))


def f(x, y, v, n):
    a1 = h0(v[:], (v[0] + x))
    a2 = (a1 + a1) / (1.5 + (v + v) * (v + v))
    a1 = h0(v, (y + 0.4 * n))
    s3 = a2[-1] / (1.5 + x**2)
    a5 = h0(v, y / (1.5 + s3**2))
    s7 = math.exp(-(s3**2))
    return 0.5 * s7 + np.sum(v * v) + np.sum(a2 * a2) + np.sum(a5 * a5) + np.sum(a1 * a1) + 0.5 * s3


ARGS = (0.3, 0.7, np.array([0.3, -0.4, 0.8]), 2)
WAY = Way(mode="known", argnums=(0, 1, 2))

"""Functions of another module, with data of its own, for the tests of calls."""

from __future__ import annotations

import numpy as np

SCALE = 1.5
OFFSETS = np.array([0.25, -0.5, 1.0])


def scaled(x):
    """Reads a number of its module."""
    return SCALE * x * x


def shifted(x):
    """Reads an array of its module, and calls a function that reads another datum."""
    return scaled(np.sum(x * OFFSETS)) + np.sum(x) ** 2


def recursive_scale(x, n):
    """Recursion that reads data of its module."""
    if n == 0:
        return x
    return SCALE * recursive_scale(np.sin(x), n - 1) * x

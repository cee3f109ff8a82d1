"""``B.sort(axis=0)`` of a matrix: its tangents are moved along the same axis."""

import numpy as np

from tests.properties.fuzz import Way


def f(A):
    B = A * A
    B.sort(axis=0)
    B[1].sort()
    return (B * A).sum()


ARGS = (np.array([[0.3, 1.2], [-0.4, 0.8], [0.5, -0.7]]),)
WAY = Way(argnums=(0,))

"""The tangent of a name that is bound on some paths only was taken where it has no value."""

import math

from tests.properties.fuzz import Way


def f(x, y, n):
    if n > 5:
        return x * x
    for k in range(3):
        if k == 2:
            return y * y * 0.5
        y = math.sin(y + x)
    return x + y


ARGS = (0.7, 0.3, 0)
WAY = Way(mode="unknown", argnums=(0, 1))

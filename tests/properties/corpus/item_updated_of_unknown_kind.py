"""The same where kinds are not known: an error when the item turns out to be an array."""

import numpy as np

from tests.properties.fuzz import Way


def f(v, w):
    params = [v * 1.0, w * 1.0]
    for k in range(2):
        params[k] -= 0.1 * np.sin(params[k])
    return (params[0] * w).sum() + (params[1] * v).sum()


ARGS = (np.array([0.3, 1.2, -0.4]), np.array([0.8, -0.2, 0.5]))
WAY = Way("unknown", argnums=(0, 1))

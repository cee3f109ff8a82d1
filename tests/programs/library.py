"""Functions that the programs call from another file."""

import math

OFFSET = 0.25


def damped(x, rate=0.5, *, shift=0.0):
    """A decaying wave."""
    return math.exp(-rate * x) * math.sin(x) + shift * x + OFFSET


def normalise(v):
    """The vector over the root of one plus its square."""
    return v / math.sqrt(1.0 + float(v @ v))


def pair(a, b):
    """Two results at once."""
    return a * b, a - b


def relaxed(u, rate):
    """The array itself, each element moved towards its neighbour."""
    u[1:] += rate * u[:-1] * OFFSET
    u[0] *= rate
    return u

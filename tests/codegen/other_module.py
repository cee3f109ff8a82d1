"""A module of a user's without numpy, and with a global of its own: programs join functions of several modules."""

import numpy

SCALE = 10.0


def scaled(x):
    return x * SCALE


def bare(x):
    return x


def counter():
    """A function that shares a cell with the returned setter."""
    count = 1

    def read(x):
        return x + count

    def put(value):
        nonlocal count
        count = value

    return read, put


def uses_numpy(x):
    return numpy.exp(x)

"""The examples that courses on automatic differentiation use; `test_courses` has their exact values."""

import numpy as np

import srcad
from tests.programs.table import arr, program


def twice_dot(x):
    y = 2 * np.dot(x, x)
    return y


def plain_sum(x):
    return x.sum()


def sum_of_squares(x):
    y = x * x
    return y.sum()


def detached(x):
    y = x * x
    u = srcad.stop_gradient(y)
    z = u * x
    return z.sum()


def doubling(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


PROGRAMS = [
    program(twice_dot, (arr(4),), analytic=True, golden=True),
    program(plain_sum, (arr(4),), analytic=True),
    program(sum_of_squares, (arr(4),), analytic=True),
    program(doubling, (np.array(0.7),), (np.array(-1.3),), golden=True),
]

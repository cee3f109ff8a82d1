import functools

import srcad


def power(x, n):
    return x**n


cube = functools.partial(power, n=3.0)


def uses_partial(x):
    return cube(x) + x


srcad.grad(uses_partial)(2.0)

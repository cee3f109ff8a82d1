"""Plain functions that the elementwise templates share. No templates.

Those with a branch have a form for scalars and one for arrays; which one is meant is known while compiling. Constants
are Python numbers and masks bools, so that float32 stays float32.
"""

import numpy as np


def nonzero(x):
    """`x`, with 1 in place of 0: a denominator that makes 0 / 0 zero, and an argument that makes log(0) zero."""
    return x + (x == 0)


def masked(mask, g):
    """The cotangent `g` where `mask` holds, exactly 0 elsewhere; `mask` broadcasts to the shape of `g`."""
    if np.ndim(g) == 0:
        return g if mask else 0.0
    return np.where(mask, g, 0.0)


def shared(loses, ties, g):
    """The cotangent `g`: nothing of it where `loses`, half where `ties`, all of it elsewhere."""
    if np.ndim(loses) == 0:
        return 0.0 if loses else 0.5 * g if ties else g
    return np.where(loses, 0.0, np.where(ties, 0.5 * g, g))


def picked(loses, ties, x_dot, y_dot):
    """The tangent of a choice between x and y: that of y where x loses, the mean of both where they tie."""
    if np.ndim(loses) == 0:
        return 0.5 * (x_dot + y_dot) if ties else y_dot if loses else x_dot
    return np.where(ties, 0.5 * (x_dot + y_dot), np.where(loses, y_dot, x_dot))


def power_slope(x, y):
    """The derivative of x ** y with respect to x: y * x ** (y - 1), and 0 for y = 0, also at x = 0."""
    return y * x ** (y - (y != 0))


def real_like(g, x):
    """The cotangent `g` of `x`, without an imaginary part where `x` is real."""
    if np.iscomplexobj(g) and not np.iscomplexobj(x):
        return np.real(g)
    return g


def items_like(items, sequence):
    """The cotangents of the items of `sequence`, which is a list, a tuple or an array."""
    if isinstance(sequence, np.ndarray):
        return np.array(items)
    if isinstance(sequence, tuple):
        return tuple(items)
    return items

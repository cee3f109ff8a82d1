"""Python's builtin functions. `abs` and `divmod` are in `operators`.

What moves values without computing (list, zip, sorted, ...) is differentiated by the compiler itself: see `structural`.
"""

import numpy as np

from srcad.rules import adjoint, elementwise, linear, nondifferentiable, sample, structural, tangent
from srcad.runtime import unbroadcast
from srcad.templates._helpers import items_like, nonzero, power_slope, real_like


@elementwise(pow, wrt=("base", "exp"), kind="python_pow", singular=True)
def pow_(base, exp, *, ans):
    """As the operator ``**``."""
    return power_slope(base, exp), ans * np.log(nonzero(base))


@linear(float, wrt=("x",), kind="python_float")
def float_(x=0.0, *, ans, ans_bar):
    """The same number."""
    return ans_bar


@linear(complex, wrt=("real", "imag"), kind="python_complex")
def complex_(real=0, imag=0, *, ans, ans_bar):
    """real + i imag."""
    return real_like(ans_bar, real), real_like(1j * ans_bar, imag)


@linear(sum, wrt=("iterable", "start"), kind="python_sum")
def sum_(iterable, start=0, *, ans, ans_bar):
    """Every item gets the cotangent of the sum, summed to its own shape where it was broadcast.

    An array's items are its rows: the cotangent broadcasts to it.
    """
    if isinstance(iterable, np.ndarray):
        return ans_bar, sum_to_shape(ans_bar, start)
    return items_like([sum_to_shape(ans_bar, item) for item in iterable], iterable), sum_to_shape(ans_bar, start)


def sum_to_shape(g, x):
    """The cotangent `g` of a sum, summed over the axes along which `x` was broadcast."""
    if np.ndim(g) == 0 and np.ndim(x) == 0:
        return real_like(g, x)
    return unbroadcast(g, x)


@adjoint(max, wrt=("values",), kind="python_minmax")
def max_(*values, key=None, ans, ans_bar):
    """The object that was selected gets the cotangent, the first one of several equal ones."""
    if len(values) == 1:
        return (chosen(values[0], first_max(values[0], key), ans_bar),)
    if len(values) == 2 and key is None:
        return (0.0 if values[1] > values[0] else ans_bar), (ans_bar if values[1] > values[0] else 0.0)
    return chosen(values, first_max(values, key), ans_bar)


@tangent(max)
def max_tangent(*values, key=None, ans, values_dot):
    """The tangent of the object that was selected."""
    if len(values) == 1:
        return values_dot[0][first_max(values[0], key)]
    if len(values) == 2 and key is None:
        return values_dot[1] if values[1] > values[0] else values_dot[0]
    return values_dot[first_max(values, key)]


@adjoint(min, wrt=("values",), kind="python_minmax")
def min_(*values, key=None, ans, ans_bar):
    """The object that was selected gets the cotangent, the first one of several equal ones."""
    if len(values) == 1:
        return (chosen(values[0], first_min(values[0], key), ans_bar),)
    if len(values) == 2 and key is None:
        return (0.0 if values[1] < values[0] else ans_bar), (ans_bar if values[1] < values[0] else 0.0)
    return chosen(values, first_min(values, key), ans_bar)


@tangent(min)
def min_tangent(*values, key=None, ans, values_dot):
    """The tangent of the object that was selected."""
    if len(values) == 1:
        return values_dot[0][first_min(values[0], key)]
    if len(values) == 2 and key is None:
        return values_dot[1] if values[1] < values[0] else values_dot[0]
    return values_dot[first_min(values, key)]


def first_max(items, key):
    """The position of the item that ``max(items, key=key)`` selects."""
    keys = list(items) if key is None else [key(item) for item in items]
    return max(range(len(keys)), key=keys.__getitem__)


def first_min(items, key):
    """The position of the item that ``min(items, key=key)`` selects."""
    keys = list(items) if key is None else [key(item) for item in items]
    return min(range(len(keys)), key=keys.__getitem__)


def chosen(items, position, g):
    """The cotangents of `items`, zero but for `g` at a position."""
    return items_like([g if i == position else 0.0 for i in range(len(items))], items)


# Truth, classes, texts, identities: no numbers that could vary.
nondifferentiable(bool, kind="python_bool")
nondifferentiable(int, kind="python_int")
nondifferentiable(round, kind="python_round")
nondifferentiable(len, kind="len", of_form=True)
nondifferentiable(dict.keys, kind="unknown")
nondifferentiable(range, kind="range")
nondifferentiable(hash, ord, kind="python_int")
nondifferentiable(id, kind="python_int", of_form=True)
nondifferentiable(any, all, kind="bool")
nondifferentiable(isinstance, issubclass, callable, hasattr, type, kind="static", of_form=True)
nondifferentiable(str, repr, ascii, format, bin, hex, oct, chr, float.hex, kind="string")
nondifferentiable(float.is_integer, kind="bool")
nondifferentiable(float.as_integer_ratio, dir, kind="unknown")
nondifferentiable(print, kind="none", impure=True)
nondifferentiable(input, kind="string", impure=True)
nondifferentiable(open, kind="unknown", impure=True)

# Moving references.
structural(list, kind="list")
structural(tuple, kind="tuple")
structural(dict, kind="dict")
structural(sorted, kind="sorted")
structural(zip, kind="zip")
structural(enumerate, kind="enumerate")
structural(reversed, kind="reversed")
structural(set, frozenset, iter, map, filter, kind="unknown")
structural(next, kind="unknown", impure=True)
structural(getattr, slice, super, object, property, staticmethod, classmethod, kind="unknown")
structural(setattr, delattr, kind="none")


SAMPLES = [
    sample(pow, "base: float positive, exp: float"),
    sample(pow, "base: (2, 3) positive, exp: (3,)"),
    sample(pow, "base: (3,), exp: =", 2),
    sample(float, "x: float"),
    sample(float, "x: ()"),
    sample(complex, "real: float, imag: float"),
    sample(complex, "real: complex, imag: complex"),
    sample(sum, "iterable: [float, float, float]"),
    sample(sum, "iterable: <float, (3,), (2, 1)>, start: (3,)"),
    sample(sum, "iterable: (3,)"),
    sample(sum, "iterable: (2, 3)"),
    sample(max, "*values: [float, float]"),
    sample(max, "*values: [float, float, float]"),
    sample(max, "values: [float, float, float]"),
    sample(max, "values: (4,)"),
    sample(max, "*values: [float, float]", key=abs),
    sample(max, "values: <float, float, float>", key=abs),
    sample(min, "*values: [float, float]"),
    sample(min, "*values: [float, float, float]"),
    sample(min, "values: [float, float, float]"),
    sample(min, "values: (4,)"),
    sample(min, "*values: [float, float]", key=abs),
]

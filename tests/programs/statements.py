"""Programs about the other statements: with, assert, raise, import, print, pass, docstrings."""

import math

import numpy as np

from tests.programs.table import arr, pos, program


def with_errstate(v):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = v / np.abs(v)
        z = y * v * v
    return z.sum()


def with_in_loop(v, n):
    for _ in range(n):
        with np.errstate(over="ignore"):
            v = np.exp(0.1 * v)
            if v.sum() > 100.0:
                break
    return v.sum()


def return_inside_with(x):
    with np.errstate(all="raise"):
        if x > 1.0:
            return x * x
    return 3.0 * x


def assertion(x):
    assert x > 0.0, "x must be positive"
    y = x * x
    assert y != 7.0
    return y * x


def raising(x, n):
    if n < 0:
        raise ValueError(f"n is {n}")
    if n == 0:
        raise KeyError("zero") from None
    return x**n


def raise_in_loop(v):
    total = 0.0
    for i, x in enumerate(v):
        if x < 0.0:
            raise ValueError("negative entry", i)
        total += math.sqrt(x)
    return total


def import_inside(x):
    import math as m
    from math import cos
    from math import exp as e

    return m.sin(x) * cos(x) + e(x)


def import_submodule(A, b):
    import numpy.linalg

    return numpy.linalg.solve(A, b).sum()


def printing(x, n):
    print("start", n)
    y = x * x
    for i in range(n):
        print(f"{i}: {y:.3f}", end=";")
        y = y * 1.1
    return y


def docstring_and_pass(x):
    """A function with a docstring, ``...`` and pass."""
    if x > 100.0:
        pass
    for _ in range(2):
        ...
    "a string in the middle"
    return x * x


# fmt: off
def semicolons(x):
    y = x * x; z = y + 1.0; return y * z  # noqa: E702


def continued_lines(x, y):
    z = (
        x * y
        + x  # a comment
        - y
    )
    w = z * \
        x
    return (w
            + z)
# fmt: on


def unicode_names(α, θ_1):
    Δ = α * θ_1
    return Δ * Δ + math.sin(θ_1)


def comment_like_text(x):
    label = "# not a comment: x = 2"
    return x * len(label)


def warnings_pass_through(v):
    with np.errstate(invalid="ignore"):
        y = np.sqrt(v)
    return np.nansum(y * y) if np.isnan(y).any() else y.sum()


# fmt: off
def one_line(x): return x * x if x > 0.0 else -x  # noqa: E704
# fmt: on


def division_by_zero(x, y):
    return x / y


def math_domain(x):
    return math.log(x) + math.sqrt(x)


def wrong_shapes(A, v):
    return (A @ v).sum()


def missing_key(table):
    return table["a"] * table["b"]


PROGRAMS = [
    program(with_errstate, (arr(4),)),
    program(with_in_loop, (arr(3), 3), (arr(3), 0)),
    program(return_inside_with, (1.3,), (0.4,)),
    program(assertion, (1.3,), raising=((-1.3,),)),
    program(raising, (1.3, 3), raising=((1.3, -2), (1.3, 0))),
    program(raise_in_loop, (pos(3),), raising=((np.array([0.5, -0.5]),),)),
    program(import_inside, (0.7,)),
    program(import_submodule, (np.eye(3) + 0.3 * arr(3, 3), arr(3)), argnums=(0, 1), analytic=True),
    program(printing, (1.3, 2), (1.3, 0)),
    program(docstring_and_pass, (1.3,)),
    program(semicolons, (1.3,), analytic=True),
    program(continued_lines, (1.3, 0.4), argnums=(0, 1), analytic=True, golden=True),
    program(unicode_names, (1.3, 0.4), argnums=(0, 1)),
    program(comment_like_text, (1.3,), analytic=True),
    program(warnings_pass_through, (pos(3),)),
    program(one_line, (1.3,), (-1.3,)),
    program(division_by_zero, (1.3, 0.4), argnums=(0, 1), raising=((1.3, 0.0),)),
    program(math_domain, (1.3,), raising=((-1.3,), (0.0,))),
    program(wrong_shapes, (arr(3, 2), arr(2)), argnums=(0, 1), raising=((arr(3, 2), arr(3)),)),
    program(missing_key, ({"a": 0.5, "b": 1.2},), raising=(({"a": 0.5},),)),
]

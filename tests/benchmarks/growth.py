"""``python -m tests.benchmarks.growth``: what ten times the length costs, for the gradient and for the function itself.

Processor time, the least of several calls. 10 is linear, 100 quadratic.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad import grad
from tests.api import test_cost as programs


def damped(x, i):
    """Too long to be written in its caller: a pair of functions."""
    t = x[i]
    u = t * 0.5
    for k in range(2):
        t = t * u + 1.0
        u = u * 0.5 + t * 0.25
        if t > 3.0 + k:
            t = t - 1.0
        if u > 3.0:
            u = u - 0.5
    a = t * u
    b = a + t
    c = b * a
    d = c - u
    e = d * 0.5 + b
    f = e * d
    g = f + c * 0.25
    h = g - a * 0.5
    v = h * 0.125 + e
    w = v + g * 0.5
    y = w * 0.5 - h
    z = y + v * 0.25
    p = z * 0.5 + w
    q = p - y * 0.5
    r = q * 0.25 + z
    s = r + p * 0.125
    return s * 0.5 + q


def through_a_pair(x):
    """Reads an element in a callee that is not inlined."""
    total = 0.0
    for i in range(len(x)):
        total = total + damped(x, i)
    return total


def numbers(n: int) -> tuple[Any, ...]:
    """A vector."""
    return (np.linspace(0.0, 1.0, n),)


CASES: tuple[tuple[str, Callable[..., Any], Callable[[int], tuple[Any, ...]]], ...] = (
    ("a[i] = g(a[i - 1])", programs.recurrence, lambda n: (0.3, n)),
    ("a[i] = g(a, i), inlined", programs.with_callee, lambda n: (0.3, n)),
    ("reading x[i]", programs.elements, numbers),
    ("reading x[i] in a pair", through_a_pair, numbers),
    ("y[i] += ...", programs.updates, numbers),
    ("rows of A", programs.rows, lambda n: (np.linspace(0.0, 1.0, 3 * n).reshape(n, 3),)),
)


def rows() -> list[tuple[str, float, float]]:
    """For each program what ten times the length costs: the function, and its gradient."""
    found = []
    for name, f, args_for in CASES:
        df = grad(f)
        df(*args_for(10))
        ratios = [programs.seconds(g, args_for(10_000), 5) / programs.seconds(g, args_for(1000), 15) for g in (f, df)]
        found.append((name, ratios[0], ratios[1]))
    return found


def main() -> int:
    """Print one line for each case."""
    print(f"{'case':26} {'function':>9} {'gradient':>9}   from 1000 to 10,000")
    for name, function, gradient in rows():
        print(f"{name:26} {function:9.1f} {gradient:9.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Items of containers that change later: the reverse sweep has what was read, not what is there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import numeric

X = np.array([0.3, 0.7, 1.1])


def item_replaced_in_the_loop(x: Any) -> Any:
    xs = [x * 1.0, 2 * x]
    s = 0.0
    for _ in range(2):
        y = xs[0]
        s += (y * y).sum()
        xs[0] = xs[1] * 3
    return s


def replaced_while_iterating(x: Any) -> Any:
    xs = [x * 1.0, 2 * x]
    s = 0.0
    for y in xs:
        s += (y * y).sum()
        xs[1] = xs[1] * 3
        xs[0] = xs[1] * 3
    return s


def replaced_while_enumerating(x: Any) -> Any:
    xs = [x * 1.0, 2 * x]
    a = [x[0], x[1]]
    s = 0.0
    for k, y in enumerate(xs):
        p = a[k]
        s += (y * y).sum() * p * p
        xs[1] = xs[1] * 3
        xs[0] = y * 2
    return s


def replaced_in_a_dict(x: Any) -> Any:
    d = {"a": x * 1.0, "b": 2 * x}
    s = 0.0
    for k in ("a", "b", "a"):
        y = d[k]
        s += (y * y).sum()
        d[k] = y * x
    return s


@pytest.mark.parametrize(
    "f", [item_replaced_in_the_loop, replaced_while_iterating, replaced_while_enumerating, replaced_in_a_dict]
)
def test_what_was_read_is_kept(f: Callable[..., Any]) -> None:
    gradient = srcad.grad(f)(X)
    for k, direction in enumerate(np.eye(3)):
        want = numeric.central(f, (X,), {0: direction})
        assert want is not None and abs(gradient[k] - want) < 1e-6 * max(1.0, abs(want)), f.__name__
        _, tangent = srcad.jvp(f, (X,), (direction,))
        assert abs(tangent - want) < 1e-6 * max(1.0, abs(want))

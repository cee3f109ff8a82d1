"""Numbers that are the same in every pass of a loop are computed again instead of being kept for each."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.passes import without


def steps(x, dt, n):
    for _ in range(n):
        x = x + math.sqrt(dt) * math.sin(x)
    return x


def inner_steps(x, dt, n):
    for _ in range(n):
        dt = dt * 1.5
        for _ in range(2):
            x = x + np.sqrt(dt) * np.sin(x)
    return x


def own_number(x, dt, n):
    for _ in range(n):
        dt = dt * 1.5
        x = x + math.sqrt(dt) * math.sin(x)
    return x


def of_the_pass(x, dt, n):
    for k in range(n):
        x = x + math.sqrt(dt + k * x) * math.sin(x)
    return x


def in_a_branch(x, dt, n):
    for k in range(n):
        if k % 2:
            x = x + math.exp(dt) * math.sin(x)
        else:
            x = x * math.cos(x)
    return x


@pytest.mark.parametrize("function", [steps, inner_steps, own_number, of_the_pass, in_a_branch])
def test_right(function: Callable[..., Any]) -> None:
    """With finite differences, and as without the pass."""
    assert srcad.check(function, (0.7, 0.3, 4), argnums=(0, 1)).ok
    with without(["recompute"]):
        own = srcad.grad(function)(0.7, 0.3, 4)
    assert srcad.grad(function)(0.7, 0.3, 4) == pytest.approx(own, rel=1e-14)


def test_constants_are_not_kept() -> None:
    """One list, of what does change; the root is there again where it is used."""
    source = srcad.grad(steps).source_for(0.7, 0.3, 4)
    assert source.count(".append(") == 1 and "x_saved.append(x)" in source
    assert "math.sqrt(dt)" in _reverse(source)


def test_constants_of_an_inner_loop() -> None:
    """What only the outer loop changes is kept once in each of its passes, with what is computed from it."""
    source = srcad.grad(inner_steps).source_for(0.7, 0.3, 4)
    inner = source.partition("for _ in range(2):")[2].partition("# return x")[0]
    assert "append(x)" in inner and "append((" not in inner


def test_others_are_kept() -> None:
    """What depends on the pass is computed once: in the forward sweep."""
    assert "math.sqrt" not in _reverse(srcad.grad(of_the_pass).source_for(0.7, 0.3, 4))


def _reverse(source: str) -> str:
    """The code of the reverse sweep without its comments."""
    lines = source.partition("# return x")[2].splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))

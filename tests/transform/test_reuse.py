"""What is computed in the memory of a cotangent that is used up, and what must not be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.passes import without


def layers(w, b, x):
    h = np.tanh(x @ w + b)
    z = h @ w
    return np.sum(z * z)


def read_by_two(w, b, x):
    h = np.tanh(x @ w + b)
    g = h @ w
    return np.sum(np.sin(g)) + np.sum(np.tanh(g) @ w)


def grows(w, b, x):
    h = np.tanh(b)
    z = (h * x) @ w
    return np.sum(z * z)


def kept_for_later(w, b, x):
    total = 0.0
    h = x
    for _ in range(3):
        h = np.tanh(h @ w + b)
        total += np.sum(h * h)
    return total + np.sum(h @ w)


def viewed(w, b, x):
    h = np.tanh(x @ w + b)
    z = h.T @ h
    return np.sum(z * z)


def same_array_twice(w, b, x):
    h = x @ w
    z = h * h + b
    return np.sum(z @ w)


PROGRAMS = [layers, read_by_two, grows, kept_for_later, viewed, same_array_twice]


def arguments(dtype: Any = float) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    return tuple(rng.standard_normal(shape).astype(dtype) for shape in ((4, 4), (4,), (6, 4)))


@pytest.mark.parametrize("function", PROGRAMS)
def test_the_numbers_stay(function: Callable[..., Any]) -> None:
    """Bit for bit the same gradient as with arrays of their own; and the arguments are left alone."""
    args = arguments()
    before = [a.copy() for a in args]
    with without(["reuse"]):
        own = srcad.grad(function, argnums=(0, 1, 2))(*args)
    found = srcad.grad(function, argnums=(0, 1, 2))(*args)
    assert all(map(np.array_equal, own, found)) and all(map(np.array_equal, before, args))
    assert all(a.dtype == b.dtype for a, b in zip(own, found, strict=True))
    assert srcad.check(function, args).ok


def test_it_is_done() -> None:
    """The one that the pass is for; not where it is switched off."""
    args = arguments()
    assert "h_bar *= 1 - h * h" in srcad.grad(layers, argnums=(0, 1)).source_for(*args)
    with without(["reuse"]):
        assert "*=" not in srcad.grad(layers, argnums=(0, 1)).source_for(*args)


@pytest.mark.parametrize("function", [read_by_two, grows, viewed])
def test_it_is_not_done(function: Callable[..., Any]) -> None:
    """A cotangent that others read, that is smaller than the result, or whose result is used once."""
    assert "*=" not in srcad.grad(function, argnums=1).source_for(*arguments())


def test_types_decide() -> None:
    """The cotangent of a float32 result does not hold products in float64."""
    w, b, x = arguments(np.float32)
    mixed = srcad.grad(layers, argnums=(0, 1))(w, b.astype(float), x)
    with without(["reuse"]):
        own = srcad.grad(layers, argnums=(0, 1))(w, b.astype(float), x)
    assert [a.dtype for a in mixed] == [a.dtype for a in own]
    assert all(map(np.array_equal, mixed, own))


def test_lines_are_watched() -> None:
    """`check_finite` looks at what is computed in place, too."""
    w, b, x = arguments()
    with pytest.raises(FloatingPointError, match="h = "):
        srcad.grad(layers, argnums=(0, 1), check_finite=True)(w, np.array([np.nan, 0.0, 0.0, 0.0]), x)

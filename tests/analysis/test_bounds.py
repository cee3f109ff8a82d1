"""Reads that certainly are in bounds go from `grad`; all others stay and raise what the function raises."""

from collections.abc import Callable

import numpy as np
import pytest

import srcad


def neighbours(x, n):
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i] * x[i + 1]
    return total


def backwards(x, n):
    total = 0.0
    for i in range(len(x) - 1, -1, -1):
        total += 3.0 * x[i]
    return total


def turned(x, n):
    total = 0.0
    for i in range(1, len(x)):
        for j in reversed(range(1, i + 1)):
            total += 3.0 * x[i - j] * x[j - 1]
    return total


def triangle(x, n):
    size = len(x)
    a = np.zeros((size, size))
    total = 0.0
    for i in range(size):
        for j in range(i):
            total += 2.0 * x[i - j] + a[i, j] + a[j + 1, i - 1]
    return total


@pytest.mark.parametrize("function", [neighbours, backwards, turned, triangle])
def test_loops_that_only_read_go(function: Callable[..., float]) -> None:
    """A loop number times the length of what it indexes is proof enough; the value is kept with its loop."""
    x = np.array([1.0, 2.5, -3.0, 0.5, 2.0, 7.0])
    df = srcad.grad(function)
    assert srcad.check(function, (x, 0), argnums=0).ok
    assert "x[" not in _forward(df.source_for(x, 0))
    assert "for" not in _forward(df.source_for(x, 0))
    value, gradient = srcad.value_and_grad(function)(x, 0)
    assert value == function(x, 0) and np.array_equal(gradient, df(x, 0))


def past_the_end(x, n):
    count = 0
    for i in range(len(x)):
        count += x[i] > x[i + 1]
    return count + np.sum(x * x)


def given_number(x, n):
    count = 0
    for i in range(n):
        count += x[i] > 0
    return count + np.sum(x * x)


def wrong_length(x, n):
    count = 0
    y = x[1:]
    for i in range(len(x)):
        count += y[i] > 0
    return count + np.sum(x * x)


def in_steps(x, n):
    count = 0
    for i in range(0, 2 * len(x), 2):
        count += x[i] > 0
    return count + np.sum(x * x)


def before_the_start(x, n):
    count = 0
    for i in range(len(x)):
        count += x[i - 2 * len(x)] > 0
    return count + np.sum(x * x)


def changed_number(x, n):
    count = 0
    for i in range(len(x)):
        if i > 2:
            i = i + n
        count += x[i] > 0
    return count + np.sum(x * x)


def counted_number(x, n):
    count = 0
    for i in range(len(x)):
        j = i
        for _ in range(n):
            j = j + 1
        count += x[j] > 0
    return count + np.sum(x * x)


def other_axis(x, n):
    count = 0
    a = np.outer(x, x)[:, :2]
    for i in range(len(x)):
        count += a[i, i] > 0
    return count + np.sum(x * x)


def second_time(x, n):
    count = 0
    for size in (len(x), n):
        for i in range(size):
            count += x[i] > 0
    return count + np.sum(x * x)


def too_many(x, n):
    count = 0
    for i in range(len(x)):
        count += x[i, i] > 0
    return count + np.sum(x * x)


def shrinking(x, n):
    count = 0
    y = x
    for _ in range(3):
        for i in range(len(x)):
            count += y[i] > 0
        y = y[:-1]
    return count + np.sum(x * x)


def kept_length(x, n):
    count = 0
    sizes = []
    for k in range(3):
        y = x[k:]
        sizes.append(len(y))
        for i in range(sizes[0]):
            count += y[i] > 0
    return count + np.sum(x * x)


def first_length(x, n):
    count = 0
    for k in range(3):
        y = x[k:]
        if k == 0:
            size = len(y)
        for i in range(size):
            count += y[i] > 0
    return count + np.sum(x * x)


def masked(x, n):
    count = 0
    y = x[x > 0]
    for i in range(len(x)):
        count += y[i] > 0
    return count + np.sum(x * x)


def popped(x, n):
    count = 0
    items = [3.0 * v for v in x]
    for i in range(len(items)):
        items.pop()
        count += items[i] > 0
    return count + np.sum(x * x)


@pytest.mark.parametrize(
    "function",
    [past_the_end, given_number, wrong_length, in_steps, before_the_start, changed_number, counted_number, other_axis,
     second_time, too_many, shrinking, kept_length, first_length, masked, popped],
)  # fmt: skip
def test_reads_out_of_bounds_raise(function: Callable[..., float]) -> None:
    """The exception is the function's own, in both derivatives, though neither needs what is read."""
    x = np.array([1.0, 2.5, -3.0, 0.5, 2.0])
    with pytest.raises(IndexError) as own:
        function(x, 9)
    for df in (srcad.grad(function), srcad.value_and_grad(function)):
        with pytest.raises(IndexError) as found:
            df(x, 9)
        assert str(found.value) == str(own.value)


def _forward(source: str) -> str:
    """The lines of a gradient above its first comment, without those of its header."""
    lines = source.splitlines()[2:]
    return "\n".join(lines[: next(k for k, line in enumerate(lines) if line.lstrip().startswith("#"))])

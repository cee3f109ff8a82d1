"""What is timed: primals, and for each a gradient written by hand.

The primals also run under autograd, with `anp` in place of `np`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One benchmark: a primal for an array module, its arguments, and a gradient for the first `count` of them."""

    name: str
    make: Callable[[Any], Callable[..., Any]]
    hand: Callable[..., Any]
    args: tuple[Any, ...]
    count: int = 1


def recurrence(np: Any) -> Callable[..., Any]:
    """1000 passes on ten values."""

    def f(s):
        for _ in range(1000):
            s = s * 0.999 + np.sin(s) * 0.001
        return np.sum(s)

    return f


def recurrence_by_hand(s):
    saved = []
    for _ in range(1000):
        saved.append(s)
        s = s * 0.999 + np.sin(s) * 0.001
    s_bar = np.ones_like(s)
    while saved:
        s = saved.pop()
        s_bar = 0.999 * s_bar + np.cos(s) * (0.001 * s_bar)
    return s_bar


def network(np: Any) -> Callable[..., Any]:
    """A softmax classifier with one hidden layer."""

    def f(W1, b1, W2, b2, x, y):
        h = np.tanh(x @ W1 + b1)
        z = h @ W2 + b2
        m = np.max(z, axis=1, keepdims=True)
        s = np.log(np.sum(np.exp(z - m), axis=1)) + m[:, 0]
        return np.mean(s - np.sum(z * y, axis=1))

    return f


def network_by_hand(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    z_bar = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
    a_bar = (z_bar @ W2.T) * (1.0 - h * h)
    return x.T @ a_bar, a_bar.sum(axis=0), h.T @ z_bar, z_bar.sum(axis=0)


def scalar_loop(np: Any) -> Callable[..., Any]:
    """10,000 passes on one Python float."""

    def f(x):
        y = 0.5
        for _ in range(10_000):
            y = y * x * (1.0 - y) + 0.01
        return y

    return f


def scalar_loop_by_hand(x):
    y = 0.5
    saved = []
    for _ in range(10_000):
        saved.append(y)
        y = y * x * (1.0 - y) + 0.01
    y_bar = 1.0
    x_bar = 0.0
    while saved:
        y = saved.pop()
        x_bar += y * (1.0 - y) * y_bar
        y_bar = x * (1.0 - 2.0 * y) * y_bar
    return x_bar


def tiny(np: Any) -> Callable[..., Any]:
    """Next to nothing: what is left is the cost of the call."""

    def f(x):
        return x * x

    return f


def tiny_by_hand(x):
    return 2.0 * x


def _network_args(n: int, d: int, h: int, c: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    y = np.eye(c)[rng.integers(0, c, n)]
    return (
        0.1 * rng.standard_normal((d, h)),
        np.zeros(h),
        0.1 * rng.standard_normal((h, c)),
        np.zeros(c),
        rng.standard_normal((n, d)),
        y,
    )


CASES = (
    Case("recurrence, 1000 passes on 10 values", recurrence, recurrence_by_hand, (np.linspace(0.1, 1.0, 10),)),
    Case("network (8, 4, 8, 3)", network, network_by_hand, _network_args(8, 4, 8, 3), 4),
    Case("network (64, 64, 64, 10)", network, network_by_hand, _network_args(64, 64, 64, 10), 4),
    Case("network (512, 784, 256, 10)", network, network_by_hand, _network_args(512, 784, 256, 10), 4),
    Case("scalar loop, 10,000 passes", scalar_loop, scalar_loop_by_hand, (3.3,)),
    Case("call of x * x", tiny, tiny_by_hand, (2.0,)),
)

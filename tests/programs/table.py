"""What an entry of the program bank is, and sample data for its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Program:
    """One ordinary function, the inputs it is run on, and what is expected of its derivative.

    Args:
        fn: the function, undecorated, returning a real scalar.
        inputs: tuples of positional arguments; each is a test of its own.
        argnums: the arguments to differentiate.
        analytic: the function also runs on complex numbers and is analytic there: the complex step checks it to 1e-11.
        raising: inputs on which the function raises; the derivative must raise the same.
        helpers: the gradient for known kinds may call a helper of srcad's (a kind really is unknown); the reason is a
            comment in the table. A tuple of numbers: only for these inputs.
        golden: its generated source is kept in tests/golden.
        known_only: where kinds are unknown, a located error is as good as the right answer.
        later: the program goes beyond what is promised so far; a located error is as good as the right answer.
            "reverse": only in reverse mode; forward mode is right.
        rtol: relative tolerance against differences; the default is justified in `tests.programs.numeric`.
    """

    fn: Callable[..., Any]
    inputs: tuple[tuple[Any, ...], ...]
    argnums: int | tuple[int, ...] = 0
    analytic: bool = False
    raising: tuple[tuple[Any, ...], ...] = ()
    helpers: bool | tuple[int, ...] = False
    golden: bool = False
    known_only: bool = False
    later: bool | str = False
    rtol: float = 1e-7

    @property
    def name(self) -> str:
        """The function's name: unique in the bank."""
        return self.fn.__name__

    def may_call_helpers(self, k: int) -> bool:
        """Whether the gradient for the kinds of input `k` may call helpers."""
        return self.helpers if isinstance(self.helpers, bool) else k in self.helpers

    def is_promised(self, direction: str, mode: str) -> bool:
        """Whether the derivative in this direction, "reverse" or "forward", is right when compiled in `mode`."""
        if mode == "unknown" and self.known_only:
            return False
        return not self.later or (self.later == "reverse" and direction == "forward")

    @property
    def wanted(self) -> tuple[int, ...]:
        """`argnums` as a tuple."""
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums


def program(fn: Callable[..., Any], *inputs: tuple[Any, ...], **options: Any) -> Program:
    """A table entry: the function, then one tuple of arguments for each input."""
    return Program(fn, inputs, **options)


def arr(*shape: int, seed: int = 0, low: float = -1.5, high: float = 1.5) -> np.ndarray:
    """A generic array: no symmetries, no ties, no zeros."""
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape)


def pos(*shape: int, seed: int = 0) -> np.ndarray:
    """A generic array of positive numbers."""
    return arr(*shape, seed=seed, low=0.4, high=1.8)

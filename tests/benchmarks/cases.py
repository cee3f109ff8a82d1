"""What is timed: the table of programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from tests.benchmarks import models, programs


@dataclass(frozen=True)
class Case:
    """One program: the primal, its arguments, and a gradient for the first `count` of them.

    Attributes:
        name: what the table calls it.
        primal: the function, in NumPy.
        hand: its gradient, the adjoint of each statement.
        args: the arguments.
        count: so many are differentiated, one bare, several as a tuple.
        simplified: its gradient with the algebra that a person does on paper, where that is another one.
        functional: the program without stores in place, for peers that do not have them.
        cloned: the program for a peer that stores in place, but not into arguments.
        compiled: the program with the loop operations of a peer that compiles functions without Python's loops.
        without: peers that are left out, and why.
    """

    name: str
    primal: FunctionType
    hand: Callable[..., Any]
    args: tuple[Any, ...]
    count: int = 1
    simplified: Callable[..., Any] | None = None
    functional: FunctionType | None = None
    cloned: FunctionType | None = None
    compiled: FunctionType | None = None
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrt(self) -> int | tuple[int, ...]:
        """The arguments to differentiate, as the libraries take them."""
        return tuple(range(self.count)) if self.count > 1 else 0


def _network(*sizes: int) -> Case:
    return Case(
        f"network {sizes}",
        models.network,
        models.network_by_hand,
        models.network_args(*sizes),
        4,
        models.network_simplified,
    )


def _neighbours(n: int) -> Case:
    return Case(
        f"reads x[i] * x[i + 1], {n:,} elements",
        programs.neighbours,
        programs.neighbours_by_hand,
        (np.linspace(0.0, 1.0, n),),
        compiled=programs.neighbours_compiled,
        without={"JAX": "compiles one program for each index"},
    )


def _definite(n: int) -> np.ndarray[Any, Any]:
    """A symmetric matrix with positive eigenvalues."""
    rng = np.random.default_rng(4)
    a = rng.standard_normal((n, n))
    return a @ a.T + n * np.eye(n)


CASES = (
    Case(
        "recurrence, 1000 passes on 10 values",
        programs.recurrence,
        programs.recurrence_by_hand,
        (np.linspace(0.1, 1.0, 10),),
        compiled=programs.recurrence_compiled,
    ),
    Case(
        "scalar loop, 10,000 passes",
        programs.scalar_loop,
        programs.scalar_loop_by_hand,
        (3.3,),
        simplified=programs.scalar_loop_simplified,
        compiled=programs.scalar_loop_compiled,
    ),
    Case(
        "heat, 100 steps on 1000 values",
        programs.heat,
        programs.heat_by_hand,
        (np.sin(np.linspace(0.0, 9.0, 1000)), 0.1, 100),
        functional=programs.heat_functional,
        cloned=programs.heat_cloned,
        compiled=programs.heat_compiled,
    ),
    _network(8, 4, 8, 3),
    _network(64, 64, 64, 10),
    _network(512, 784, 256, 10),
    Case(
        "attention, 64 vectors of 32",
        models.attention,
        models.attention_by_hand,
        models.attention_args(64, 32),
        3,
        models.attention_simplified,
    ),
    Case(
        "RNN, 100 steps",
        models.rnn,
        models.rnn_by_hand,
        models.rnn_args(100, 16, 8, 32),
        4,
        compiled=models.rnn_compiled,
    ),
    _neighbours(1000),
    _neighbours(10_000),
    Case(
        "Gaussian mixture, 500 points",
        models.mixture,
        models.mixture_by_hand,
        models.mixture_args(500, 4, 5),
        3,
        models.mixture_simplified,
    ),
    Case(
        "Cholesky by loops, 12 rows",
        programs.cholesky,
        programs.cholesky_by_hand,
        (_definite(12),),
        functional=programs.cholesky_functional,
        compiled=programs.cholesky_compiled,
    ),
    Case("call of x * x", programs.tiny, programs.tiny_by_hand, (2.0,)),
)

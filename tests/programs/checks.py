"""What is checked of a gradient, for the bank, the golden files and the random programs alike."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.programs import numeric
from tests.programs.table import Program

DIRECTIONS = 3


def primal(fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, str]:
    """The value of the function on a copy of `args`, and what it printed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        value = fn(*copy.deepcopy(args))
    return value, output.getvalue()


def wide(value: Any) -> Any:
    """`value` with its float32 leaves (and smaller ones) in double precision, which differences need."""
    if isinstance(value, dict):
        return {k: wide(v) for k, v in value.items()}

    def widen(leaf: Any) -> Any:
        single = np.asarray(leaf).dtype in (np.float16, np.float32, np.complex64)
        if not single:
            return leaf
        return np.asarray(leaf).astype(np.result_type(leaf, np.float64))[()]

    return numeric.tree_map(widen, value)


def check_gradient(entry: Program, args: tuple[Any, ...], gradient: tuple[Any, ...]) -> None:
    """Raise AssertionError unless `gradient` mirrors the arguments and agrees with differences in random directions."""
    for i, g in zip(entry.wanted, gradient, strict=True):
        problem = numeric.mirrors(g, args[i])
        assert problem is None, f"argument {i}: {problem}"
    arguments = wide(args)
    with contextlib.redirect_stdout(io.StringIO()):
        value = abs(float(entry.fn(*copy.deepcopy(arguments))))
        for seed in range(DIRECTIONS):
            along = {i: numeric.direction(arguments[i], np.random.default_rng([seed, i])) for i in entry.wanted}
            got = sum(numeric.inner(g, along[i]) for g, i in zip(gradient, entry.wanted, strict=True))
            want = numeric.central(entry.fn, arguments, along)
            assert numeric.close(got, want, entry.rtol, value), f"gradient {got!r}, differences {want!r}"
            if entry.analytic and not numeric.single_precision(args):
                exact = numeric.complex_step(entry.fn, arguments, along)
                assert numeric.close(got, exact, 1e-11, value), f"gradient {got!r}, complex step {exact!r}"

"""What choosing the version costs: a call of a derivative, against a call of the function that it chooses."""

from __future__ import annotations

import statistics

import numpy as np

import srcad
from tests.benchmarks.measure import in_turns
from tests.benchmarks.peers import Candidate


def of_one_float(x):
    return x * x


def of_one(a):
    return a[0] * 2.0


def of_two(a, b):
    return a[0] * 2.0


def of_four(a, b, c, d):
    return a[0] * 2.0


def of_eight(a, b, c, d, e, f, g, h):
    return a[0] * 2.0


#: Each function, and its number of arrays.
FUNCTIONS = ((of_one_float, 0), (of_one, 1), (of_two, 2), (of_four, 4), (of_eight, 8))


def rows(rounds: int = 41) -> list[tuple[int, float]]:
    """For each number of arrays the nanoseconds that the choice adds to a call: the median over rounds."""
    found = []
    for f, count in FUNCTIONS:
        args = tuple(np.ones(3) for _ in range(count)) if count else (2.0,)
        df = srcad.grad(f)
        df(*args)
        assert df._last is not None
        times = in_turns({"called": Candidate(df, args), "alone": Candidate(df._last.run, args)}, rounds)
        added = [a - b for a, b in zip(times["called"], times["alone"], strict=True) if a is not None and b is not None]
        found.append((count, statistics.median(added) * 1e9))
    return found

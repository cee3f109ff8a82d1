"""Times of the gallery: ratios within one run, in which the candidates take turns."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import srcad
from tests.gallery.entries import Entry
from tests.programs import numeric

ROUNDS = 25
SECONDS = 0.005


def ratios(entry: Entry) -> tuple[str, str]:
    """The gradient's time against the function's, and against that of the gradient by hand: the best turn of each."""
    gradient = srcad.grad(entry.fn, entry.program.argnums)
    candidates: list[Callable[..., Any]] = [entry.fn, gradient]
    if entry.by_hand:
        candidates.append(entry.by_hand)
    changing = changes_arguments(entry)
    repeats = [max(1, int(SECONDS / _seconds(f, entry, 2, changing))) for f in candidates]
    rounds = [
        [_seconds(f, entry, n, changing) for f, n in zip(candidates, repeats, strict=True)] for _ in range(ROUNDS)
    ]
    primal, ours, *by_hand = map(min, zip(*rounds, strict=True))
    return f"{ours / primal:.2f}×", f"{ours / by_hand[0]:.2f}×" if by_hand else "–"


def changes_arguments(entry: Entry) -> bool:
    """Whether the function changes what it is given: then each call gets arguments of its own."""
    args = copy.deepcopy(entry.args)
    entry.fn(*args)
    return not numeric.identical(args, entry.args)


def _seconds(f: Callable[..., Any], entry: Entry, repeat: int, changing: bool) -> float:
    """Seconds for one call, of this thread alone: others on the machine do not count."""
    calls = [copy.deepcopy(entry.args) if changing else entry.args for _ in range(repeat + 1)]
    f(*calls.pop())
    start = time.thread_time()
    for args in calls:
        f(*args)
    return (time.thread_time() - start) / repeat

"""Times of the gallery: ratios within one run, in which the candidates take turns."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import srcad
from tests.gallery.entries import Entry

ROUNDS = 9
SECONDS = 0.02


def ratios(entry: Entry) -> tuple[str, str]:
    """The gradient's time against the function's, and against that of the gradient by hand."""
    args = copy.deepcopy(entry.args)
    gradient = srcad.grad(entry.fn, entry.program.argnums)
    candidates: list[Callable[..., Any]] = [entry.fn, gradient]
    if entry.by_hand:
        candidates.append(entry.by_hand)
    repeats = [max(1, int(SECONDS / _seconds(f, args, 2))) for f in candidates]
    rounds = [[_seconds(f, args, n) for f, n in zip(candidates, repeats, strict=True)] for _ in range(ROUNDS)]
    against_primal = statistics.median(r[1] / r[0] for r in rounds)
    if not entry.by_hand:
        return f"{against_primal:.2f}×", "–"
    return f"{against_primal:.2f}×", f"{statistics.median(r[1] / r[2] for r in rounds):.2f}×"


def _seconds(f: Callable[..., Any], args: tuple[Any, ...], repeat: int) -> float:
    """Seconds for one call: programs that change an argument do so to these, which are scratch copies."""
    f(*args)
    start = time.perf_counter()
    for _ in range(repeat):
        f(*args)
    return (time.perf_counter() - start) / repeat

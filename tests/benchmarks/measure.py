"""How candidates are timed: in rounds in which they take turns, so that a drift of the machine's speed hits all.

Times are processor time of one thread. What is reported are ratios taken within a round: their median and quartiles.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import srcad
from tests.benchmarks.cases import Case
from tests.benchmarks.peers import Candidate, installed

#: A turn lasts so many seconds, or one call; what is so slow that it has used up its share skips the other rounds.
TURN = 0.02
SHARE = 4.0
ROUNDS = 21


@dataclass
class Timing:
    """Seconds of each candidate of a case.

    Attributes:
        case: what was timed.
        seconds: for each candidate its time in each round; None where it skipped one.
        first: for each candidate the time from making the gradient to its first result.
        forms: the form of the program that a peer was given, where it is another one.
    """

    case: Case
    seconds: dict[str, list[float | None]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)

    def ratios(self, name: str, base: str) -> list[float]:
        """The ratios of two candidates within rounds, sorted."""
        pairs = zip(self.seconds.get(name, ()), self.seconds.get(base, ()), strict=False)
        return sorted(a / b for a, b in pairs if a is not None and b is not None)


def middle(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Median, first and third quartile."""
    n = len(ratios)
    return statistics.median(ratios), ratios[n // 4], ratios[-1 - n // 4]


def once(f: Callable[..., Any], args: tuple[Any, ...], repeat: int = 1) -> float:
    """Seconds for one call, over `repeat` calls."""
    turns = range(repeat)
    start = time.process_time()
    for _ in turns:
        f(*args)
    return (time.process_time() - start) / repeat


def in_turns(candidates: Mapping[str, Candidate], rounds: int = ROUNDS) -> dict[str, list[float | None]]:
    """Seconds for one call of each candidate, in each round."""
    single = {name: once(candidate.run, candidate.args) for name, candidate in candidates.items()}
    for name, candidate in candidates.items():
        if single[name] < TURN:  # the first one may have been slower
            single[name] = min(single[name], once(candidate.run, candidate.args))
    repeats = {name: max(1, int(TURN / max(seconds, 1e-8))) for name, seconds in single.items()}
    times: dict[str, list[float | None]] = {name: [] for name in candidates}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for name, candidate in candidates.items():
                skipped = number > 1 and single[name] * number > SHARE
                times[name].append(None if skipped else once(candidate.run, candidate.args, repeats[name]))
    finally:
        gc.enable()
    return times


def agree(case: Case, name: str, found: Any) -> None:
    """Nothing is timed that does not give the right answer."""
    results = [np.asarray(g) for g in (found if isinstance(found, (tuple, list)) else (found,))]
    wanted = case.hand(*case.args)
    for a, b in zip(results, wanted if case.count > 1 else (wanted,), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=f"{name}, {case.name}")


def _ours(case: Case) -> Candidate:
    return Candidate(srcad.grad(case.primal, case.wrt), case.args)


def measure(case: Case, rounds: int = ROUNDS) -> Timing:
    """Time all candidates of a case."""
    timing = Timing(case)
    candidates = {"primal": Candidate(case.primal, case.args), "by hand": Candidate(case.hand, case.args)}
    if case.simplified is not None:
        candidates["simplified"] = Candidate(case.simplified, case.args)
    makers = {"srcad": _ours, **{name: make for name, make in installed().items() if name not in case.without}}
    for name, make in makers.items():
        start = time.process_time()
        candidate = candidates[name] = make(case)
        found = candidate.run(*candidate.args)
        timing.first[name] = time.process_time() - start
        timing.forms[name] = candidate.form
        agree(case, name, found)
        if name == "srcad":
            candidates["srcad alone"] = Candidate(candidate.run._last.run, case.args)
    if case.simplified is not None:
        agree(case, "simplified", case.simplified(*case.args))
    timing.seconds = in_turns(candidates, rounds)
    return timing

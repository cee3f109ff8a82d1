"""What is aimed at, and whether it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.measure import Timing
from tests.benchmarks.tables import median, number, table


@dataclass(frozen=True)
class Results:
    """Everything that one run measures."""

    timings: Sequence[Timing]
    growth: Sequence[tuple[str, float, float]]
    choice: Sequence[tuple[int, float]]
    start: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Target:
    """One target: what is asked, what was measured, whether that is enough, and else what it would take."""

    name: str
    limit: str
    measured: str
    reached: bool
    needed: str

    @property
    def row(self) -> list[str]:
        """Its line in the table."""
        return [self.name, self.limit, self.measured, "yes" if self.reached else f"no: {self.needed}"]


VECTORISED = ("network", "attention", "RNN", "Gaussian")


def _worst(timings: Sequence[Timing], name: str, base: str) -> tuple[float, str]:
    """The largest of the medians, and whose it is."""
    found = [(value, t.case.name) for t in timings if (value := median(t, name, base)) is not None]
    return max(found, default=(0.0, "-"))


def _ratio(target: str, timings: Sequence[Timing], name: str, base: str, limit: float, needed: str) -> Target:
    value, whose = _worst(timings, name, base)
    text = number(value) if len(timings) == 1 else f"{number(value)} ({whose})"
    return Target(target, f"{limit:g}", text, value <= limit, needed)


def targets(results: Results) -> list[Target]:
    """Each target, with what was measured."""
    timings = results.timings
    vectorised = [t for t in timings if t.case.name.startswith(VECTORISED)]
    smallest = [t for t in vectorised if "(8, 4, 8, 3)" in t.case.name]
    recurrence = [t for t in timings if t.case.name.startswith("recurrence")]
    scalar = [t for t in timings if t.case.name.startswith("scalar loop")]
    found = [
        _ratio("recurrence / function", recurrence, "srcad alone", "primal", 2.5, NEEDED_LOOPS),
        _ratio("scalar loop / function", scalar, "srcad alone", "primal", 4.0, NEEDED_LOOPS),
        _ratio("vectorised models / by hand, the worst", vectorised, "srcad alone", "by hand", 1.05, NEEDED_MODELS),
        _ratio("smallest network, called / by hand", smallest, "srcad", "by hand", 1.2, NEEDED_MODELS),
    ]
    for peer in ("autograd", "PyTorch"):
        if any(peer in t.seconds for t in vectorised):
            text = f"vectorised models, called / {peer}, the worst"
            found.append(_ratio(text, vectorised, "srcad", peer, 1.0, NEEDED_MODELS))
    return [*found, *_others(results)]


NEEDED_LOOPS = (
    "factoring what two adjoints share, as a person does on paper: "
    "the gradient by hand, statement by statement, takes as long"
)
NEEDED_MODELS = (
    "an operation is done again where only its size is asked for, and the derivative of a maximum that is subtracted "
    "and added again is computed though it is zero"
)


def _others(results: Results) -> list[Target]:
    start = [ms for _, ms in results.start]
    growth, whose = max((gradient / function, name) for name, function, gradient in results.growth)
    chosen = all(ns <= 200 + 150 * count for count, ns in results.choice)
    counts, times = (", ".join(f"{value:.0f}" for value in column) for column in zip(*results.choice, strict=True))
    return [
        Target("growth of a gradient / growth of its function", "1.2", f"{growth:.2f} ({whose})", growth <= 1.2, ""),
        Target("choosing the version, ns", "200 + 150 for each array", f"{times} for {counts}", chosen, NEEDED_CHOICE),
        Target("first call of 100 lines", "250 ms", f"{start[1]:.0f} ms", start[1] <= 250, NEEDED_COLD),
        Target("the same, templates loaded", "100 ms", f"{start[2]:.0f} ms", start[2] <= 100, NEEDED_WARM),
        Target("`import srcad` beyond NumPy", "150 ms", f"{start[0]:.0f} ms", start[0] <= 150, ""),
    ]


NEEDED_CHOICE = "one generated function that tests and runs, instead of two that a method calls"
NEEDED_COLD = (
    "importing the compiler and its templates is about a third of it, reading and lowering the templates that are used "
    "an eighth; templates kept in lowered form"
)
NEEDED_WARM = (
    "each pass walks the whole function again, where something has changed anywhere; passes that look only at what has "
    "changed, and a writer that need not run twice to know which names are taken"
)


def target_table(results: Results) -> str:
    """The targets as a table."""
    return table(["target", "at most", "measured", "reached"], [target.row for target in targets(results)])

"""What a check of derivatives found, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["ok", "wrong", "unclear"]


@dataclass(frozen=True)
class Comparison:
    """One directional derivative, computed in two ways.

    Attributes:
        what: ``"reverse"`` (against finite differences), ``"forward"`` (against reverse).
        where: the leaf or leaves along which it was taken, ``"x[0]"``, ``"params['W']"``, ``"all"``.
        expected: by finite differences, or by reverse mode.
        got: by the derivative under test.
        tolerance: the largest difference that counts as equal.
        verdict: ``unclear`` where finite differences do not settle (a kink, a jump or noise near the point).
    """

    what: str
    where: str
    expected: float
    got: float
    tolerance: float
    verdict: Verdict

    def __str__(self) -> str:
        against = "finite differences" if self.what == "reverse" else "reverse mode"
        return (
            f"{self.verdict:7}  {self.what} mode along {self.where}: {self.got:.10g}, {against}: {self.expected:.10g} "
            f"(tolerance {self.tolerance:.1e})"
        )


@dataclass(frozen=True)
class CheckReport:
    """The outcome of a check: true in a condition if everything agreed.

    Attributes:
        value: what the function returned.
        comparisons: every directional derivative that was compared.
        problems: sentences on what else is wrong (shape or dtype of a gradient, a changed argument, ...).
        seed: the seed of the random directions.
    """

    value: Any
    comparisons: tuple[Comparison, ...]
    problems: tuple[str, ...]
    seed: int

    @property
    def ok(self) -> bool:
        """Whether every comparison agreed and nothing else is wrong."""
        return not self.problems and all(c.verdict == "ok" for c in self.comparisons)

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that did not agree, or could not be judged."""
        return tuple(c for c in self.comparisons if c.verdict != "ok")

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"problem  {p}" for p in self.problems] + [str(c) for c in self.failures]
        if any(c.verdict == "unclear" for c in self.comparisons):
            lines.append("unclear: finite differences do not settle here (a kink, a jump or noise); try other inputs")
        agreed = len(self.comparisons) - len(self.failures)
        worst = max((c.tolerance for c in self.comparisons if c.verdict == "ok"), default=0.0)
        word = "ok" if self.ok else "FAILED"
        lines.append(
            f"{word}: {agreed} of {len(self.comparisons)} directional derivatives agree "
            f"(tolerances up to {worst:.1e}, seed {self.seed})"
        )
        return "\n".join(lines)

"""``python -m tests.benchmarks``: gradients of srcad against the primal, gradients written by hand, and autograd.

Every figure is the median over rounds in which the candidates take turns, so that a drift of the machine's speed hits
all of them; ratios are taken within a round. The compile time is that of the first call, minus the second.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402 - after the number of threads is set

import srcad  # noqa: E402
from tests.benchmarks.programs import CASES, Case  # noqa: E402

ROUNDS = 15
SECONDS = 0.05


def peers(case: Case) -> dict[str, Callable[..., Any]]:
    """Autograd's gradient, where it is installed."""
    try:
        import autograd
        import autograd.numpy as anp
    except ImportError:
        return {}
    wrt = tuple(range(case.count)) if case.count > 1 else 0
    return {"autograd": autograd.grad(case.make(anp), wrt)}


def once(f: Callable[..., Any], args: tuple[Any, ...], repeat: int) -> float:
    """Seconds for one call, over `repeat` calls."""
    start = time.perf_counter()
    for _ in range(repeat):
        f(*args)
    return (time.perf_counter() - start) / repeat


def agree(case: Case, ours: Callable[..., Any]) -> None:
    """Nothing is timed that does not give the right answer."""
    found, wanted = ours(*case.args), case.hand(*case.args)
    pairs = zip(found, wanted, strict=True) if case.count > 1 else [(found, wanted)]
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def measure(case: Case) -> tuple[dict[str, list[float]], float]:
    """Seconds of each candidate in each round, and the compile time of ours."""
    primal = case.make(np)
    ours = srcad.grad(primal, tuple(range(case.count)) if case.count > 1 else 0)
    first = once(ours, case.args, 1)
    compiled = first - once(ours, case.args, 1)
    agree(case, ours)
    candidates = {"primal": primal, "by hand": case.hand, "srcad": ours, **peers(case)}
    repeats = {name: max(1, int(SECONDS / max(once(f, case.args, 1), 1e-7))) for name, f in candidates.items()}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, f in candidates.items():
            times[name].append(once(f, case.args, repeats[name]))
    return times, compiled


def ratio(a: list[float], b: list[float]) -> str:
    """Median of the ratios within rounds, and their spread."""
    found = sorted(x / y for x, y in zip(a, b, strict=True))
    return f"{statistics.median(found):8.2f} ({found[2]:.2f}..{found[-3]:.2f})"


def main() -> int:
    """Print one line for each case."""
    print(
        f"{'case':38} {'primal':>10} {'srcad/primal':>24} {'srcad/by hand':>24} {'autograd/by hand':>24} {'compile':>9}"
    )
    for case in CASES:
        times, compiled = measure(case)
        other = ratio(times["autograd"], times["by hand"]) if "autograd" in times else "-"
        primal = statistics.median(times["primal"])
        print(
            f"{case.name:38} {primal * 1e6:8.2f}us {ratio(times['srcad'], times['primal']):>24} "
            f"{ratio(times['srcad'], times['by hand']):>24} {other:>24} {compiled * 1e3:6.1f}ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

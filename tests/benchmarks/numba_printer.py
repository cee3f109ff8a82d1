"""``python -m tests.benchmarks.numba_printer``: gradients printed for numba, against the primal under numba and NumPy.

Every figure is the median over rounds in which the candidates take turns; ratios are taken within a round. Compiling is
not counted.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numba  # noqa: E402 - after the number of threads is set
import numpy as np  # noqa: E402

import srcad  # noqa: E402
from tests.codegen import test_numba as programs  # noqa: E402

ROUNDS = 9
SECONDS = 0.05
_RNG = np.random.default_rng(0)

#: Program, kinds, arguments.
CASES: tuple[tuple[Callable[..., Any], str, tuple[Any, ...]], ...] = (
    (programs.logistic_map, "r: float, x: float, steps: int", (3.7, 0.3, 10_000)),
    (programs.sqrt_newton, "a: float, tol: float", (2.0, 1e-12)),
    (programs.neighbours, "x: f8[n]", (_RNG.normal(size=10_000),)),
    (programs.heat, "u: f8[n], alpha: float, steps: int", (_RNG.normal(size=100), 0.1, 1000)),
    (programs.recurrence, "s: f8[n], steps: int", (_RNG.normal(size=10), 1000)),
    (programs.cholesky, "a: f8[n,n]", (programs.positive(30),)),
)


def once(f: Callable[..., Any], args: tuple[Any, ...], repeat: int) -> float:
    """Seconds for one call, over `repeat` calls."""
    start = time.perf_counter()
    for _ in range(repeat):
        f(*args)
    return (time.perf_counter() - start) / repeat


def measure(f: Callable[..., Any], kinds: str, args: tuple[Any, ...]) -> dict[str, list[float]]:
    """Seconds of each candidate in each round; nothing is timed that does not give the right answer."""
    ours = srcad.grad(f)
    candidates: dict[str, Callable[..., Any]] = {
        "primal": f,
        "gradient": ours,
        "numba primal": numba.njit(f),
        "numba gradient": numba.njit(programs.printed(f, kinds)),
    }
    copied = tuple(np.copy(a) if isinstance(a, np.ndarray) else a for a in args)
    np.testing.assert_allclose(candidates["numba gradient"](*copied), ours(*copied), rtol=1e-9)
    candidates["numba primal"](*copied)
    repeats = {name: max(1, int(SECONDS / max(once(g, copied, 1), 1e-9))) for name, g in candidates.items()}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, g in candidates.items():
            times[name].append(once(g, copied, repeats[name]))
    return times


def main() -> None:
    """Measure and print a table."""
    names = ("primal", "gradient", "numba primal", "numba gradient")
    print(
        f"{'program':<14}"
        + "".join(f"{name:>16}" for name in names)
        + f"{'/ numba primal':>18}{'/ NumPy gradient':>18}"
    )
    for f, kinds, args in CASES:
        times = measure(f, kinds, args)
        row = "".join(f"{statistics.median(times[name]) * 1e6:>13.1f} us" for name in names)
        for other in ("numba primal", "gradient"):
            ratios = [a / b for a, b in zip(times["numba gradient"], times[other], strict=True)]
            row += f"{statistics.median(ratios):>18.3g}"
        print(f"{f.__name__:<14}{row}")


if __name__ == "__main__":
    main()

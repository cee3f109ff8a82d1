"""The derivative of a function of one number by finite differences, with an estimate of its error.

Central differences at halving steps, extrapolated to step zero (Ridders 1982, "Accurate computation of F'(x) and
F'(x) F''(x)"). The estimate matters more than the value: a comparison may only fail by more than the differences
themselves are uncertain, and where they do not settle (a kink, a jump, noise) the answer must be "unclear" and not
"right".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_STEP = 2.0**-5
_ROWS = 12


@dataclass(frozen=True)
class Difference:
    """An approximated derivative: its value, the estimated error, and the largest |function value| met on the way."""

    value: float
    error: float
    magnitude: float


def differentiate(phi: Callable[[float], float], eps: float = 2.0**-52) -> Difference:
    """The derivative of `phi` at 0.

    Args:
        phi: a function of one float; NaN where it has no value.
        eps: the relative precision with which `phi` is computed (that of float64 unless given).

    Returns:
        value, error and magnitude; an infinite error where `phi` has no values near 0.

    >>> import math
    >>> d = differentiate(math.sin)
    >>> abs(d.value - 1.0) < d.error < 1e-9
    True
    """
    best = Difference(math.nan, math.inf, 0.0)
    previous: list[float] = []
    magnitude = 0.0
    for row in range(_ROWS):
        step = _FIRST_STEP * 2.0**-row
        up, down = phi(step), phi(-step)
        top = max(abs(up), abs(down))
        roundoff = 4 * eps * top / step
        magnitude = top if math.isnan(magnitude) or row == 0 else magnitude
        current = [(up - down) / (2 * step)]
        best_of_row = math.inf
        for order, coarser in enumerate(previous, start=1):
            finer = current[-1]
            current.append(finer + (finer - coarser) / (4.0**order - 1))
            error = max(abs(current[-1] - finer), abs(current[-1] - coarser)) + roundoff
            best_of_row = min(best_of_row, error)  # NaN compares false: such entries are passed over
            if error < best.error:
                best = Difference(current[-1], error, magnitude)
        previous = current
        settled = best.error < math.inf and best.error <= 8 * roundoff
        if row >= 3 and (settled or (row >= 6 and best_of_row > 100 * best.error)):
            break
    return best

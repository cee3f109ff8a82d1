"""`srcad.check`: hands srcad's own derivatives to the comparison, which knows nothing of the compiler."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from srcad import api
from srcad.checking.compare import check_derivatives, float_arguments
from srcad.checking.report import CheckReport


def check(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    argnums: int | tuple[int, ...] | None = 0,
    seed: int = 0,
    directions: int = 3,
) -> CheckReport:
    """Compares the gradient of a function with finite differences, and forward mode with reverse mode.

    Args:
        f: the function; a real scalar as result.
        args: its arguments, by position; containers are looked into.
        argnums: which of them to differentiate, as for `grad`; None for all that hold floats.
        seed: of the random directions.
        directions: how many random directions for each array of more than a few elements.

    Returns:
        A report: true if everything agreed, and readable when printed.

    Raises:
        ArgumentError: if no chosen argument holds a float, or the result is no real scalar.
        SrcadError: if the function cannot be differentiated.

    >>> import srcad
    >>> print(srcad.check(lambda x, y: x * y, (2.0, 3.0), argnums=(0, 1)))
    ok: 5 of 5 directional derivatives agree (tolerances up to ..., seed 0)
    """
    chosen = float_arguments(args) if argnums is None else argnums
    return check_derivatives(
        f,
        args,
        value_and_grad=api.value_and_grad(f, chosen) if chosen != () else f,
        jvp=functools.partial(api.jvp, f),
        argnums=chosen,
        names=list(inspect.signature(f).parameters)[: len(args)],
        directions=directions,
        seed=seed,
    )

"""The passes that make a derivative shorter and faster, each applied until none finds anything more to do.

Passes work for each other: a view taken again leaves a name unused, what is gone lets a copy go, a copy that is gone
makes two contributions neighbours. So they run in rounds, at most `ROUNDS` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcad.ir.nodes import Function
from srcad.passes import is_on
from srcad.transform.bundle import bundle_saved
from srcad.transform.counted import count_forwards
from srcad.transform.elide import elide_copies
from srcad.transform.fills import fill_buffers
from srcad.transform.propagate import propagate
from srcad.transform.rederive import rederive_views
from srcad.transform.signs import settle_signs
from srcad.transform.sink import sink
from srcad.transform.sums import join_sums

Pass = Callable[[Function], Function]

#: What every derivative goes through at last: functions that are called, and the one that calls them.
LATE: tuple[tuple[str, Pass], ...] = (
    ("propagate", propagate),
    ("elide", elide_copies),
    ("views", rederive_views),
    ("sink", sink),
    ("sums", join_sums),
    ("forwards", count_forwards),
    ("fills", fill_buffers),
)

#: Programs of the tests need two or three, few of them four; more would mean that passes undo each other's work.
ROUNDS = 6


def polish(function: Function, clean: Pass, passes: Sequence[tuple[str, Pass]] = ()) -> Function:
    """`function` after `passes` and the late ones, with the lists of a loop joined.

    Args:
        function: a derivative in its proper form, both sweeps or one of them.
        clean: removes what nobody needs; it runs in each round, too.
        passes: what is for this function only.
    """
    function = optimise(function, (*passes, *LATE, ("", clean)))
    function = settle_signs(function) if is_on("signs") else function
    return bundle_saved(function) if is_on("bundle") else function


def optimise(function: Function, passes: Sequence[tuple[str, Pass]]) -> Function:
    """`function` after rounds of the passes that are on; one without a name always is.

    A pass that changes nothing returns the very object that it was given, and is not asked again about that one.

    >>> from srcad.ir.nodes import NOWHERE, Block
    >>> empty = Function("f", Block((), (), ()), NOWHERE)
    >>> optimise(empty, [("sink", sink)]) == empty
    True
    """
    return settled(function, passes)[0]


def settled(function: Function, passes: Sequence[tuple[str, Pass]]) -> tuple[Function, int]:
    """The same, and the number of rounds; the last one found nothing to do if there were fewer than `ROUNDS`."""
    chosen = [run for name, run in passes if not name or is_on(name)]
    quiet = 0  # so many passes, the last ones, found nothing to do
    for count, run in enumerate(chosen * ROUNDS, start=1):
        after = run(function)
        quiet, function = (quiet + 1, function) if after is function or after == function else (0, after)
        if quiet == len(chosen):
            return function, -(-count // len(chosen))
    return function, ROUNDS

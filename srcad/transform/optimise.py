"""The passes that make a derivative shorter and faster, each applied until none finds anything more to do.

Passes work for each other: a view taken again leaves a name unused, what is gone lets a copy go, a copy that is gone
makes two contributions neighbours. So they run in rounds, at most `ROUNDS` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srcad.ir.nodes import Function
from srcad.passes import is_on

Pass = Callable[[Function], Function]

#: Programs of the tests need two or three; more would mean that passes undo each other's work.
ROUNDS = 4


def optimise(function: Function, passes: Sequence[tuple[str, Pass]]) -> Function:
    """`function` after rounds of the passes that are on.

    >>> from srcad.transform.sink import sink
    >>> from srcad.ir.nodes import NOWHERE, Block
    >>> empty = Function("f", Block((), (), ()), NOWHERE)
    >>> optimise(empty, [("sink", sink)]) == empty
    True
    """
    chosen = [run for name, run in passes if is_on(name)]
    for _ in range(ROUNDS):
        before = function
        for run in chosen:
            function = run(function)
        if function == before:
            break
    return function

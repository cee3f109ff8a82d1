"""Forward mode: the tangent of each statement, after it."""

from __future__ import annotations

from collections.abc import Callable

from srcad.analysis.memory import Memory
from srcad.ir.dims import Facts
from srcad.ir.nodes import Block, Function
from srcad.transform.reverse.gradient import Request


def pushforward(
    function: Function, request: Request, memory: Memory, facts: Facts, facts_of: Callable[[Block], Facts]
) -> Function:
    """The function that computes value and tangent."""
    raise NotImplementedError

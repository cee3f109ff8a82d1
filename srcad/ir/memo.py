"""Answers that are kept with the node that they are about.

Passes ask the same of the same operations again and again: what a call writes, what its result may be a view of. Nodes
never change, so an answer that depends on the node alone is found once. Only such: what an analysis of a whole function
finds is no business of a node's. Some answers depend on the rules, too; they are forgotten when a rule is added.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

_Node = TypeVar("_Node")
_Answer = TypeVar("_Answer")


class _Era:
    """The time between two changes of the rules: answers of an earlier one do not count."""


_era = _Era()


def forget_answers() -> None:
    """Let every question be asked anew: something that answers depend on has changed."""
    global _era
    _era = _Era()


def kept(question: Callable[[_Node], _Answer]) -> Callable[[_Node], _Answer]:
    """`question`, a pure function of a node, answered once for each node.

    >>> from srcad.ir.nodes import Block
    >>> asked = []
    >>> @kept
    ... def length(block):
    ...     asked.append(block)
    ...     return len(block.stmts)
    >>> empty = Block((), (), ())
    >>> length(empty), length(empty), len(asked)
    (0, 0, 1)
    >>> forget_answers()
    >>> length(empty), len(asked)
    (0, 2)
    """
    name = f"_kept_{question.__module__}.{question.__qualname__}"

    @functools.wraps(question)
    def answer(node: _Node) -> _Answer:
        found: Any = getattr(node, name, None)
        era = _era  # as it was before the question, whoever adds a rule meanwhile
        if found is not None and found[0] is era:
            known: _Answer = found[1]
            return known
        new = question(node)
        setattr(node, name, (era, new))
        return new

    return answer

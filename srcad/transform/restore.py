"""Deciding which overwritten values the reverse sweep puts back.

A `restore` mark stands in the reverse sweep where a store is undone. It becomes a store of what was overwritten if
reverse code that runs later may read that memory as it was before (a reader after the mark, or in a loop that both are
in); else it goes, and with it the copy that the forward sweep would have made.

>>> import srcad
>>> import numpy as np
>>> def f(y):
...     z = np.exp(y[1:]) @ y[1:]
...     y[1] = 2.0
...     return z + y[0]
>>> print(srcad.grad(f).source_for(np.ones(3)))
# kinds: y: f8[n]
def f_grad(y):
    y = y.copy(order='K')
    t = np.exp(y[1:])
    t2 = y[1:]
    y_old = y[1]
    y[1] = 2.0
    y[0]
    # return z + y[0]
    y_bar = np.zeros_like(y)
    y_bar[0] += 1.0
    # y[1] = 2.0
    y[1] = y_old
    y_bar[1] = 0.0
    # z = np.exp(y[1:]) @ y[1:]
    t_bar = t2.copy()
    y_bar[1:] += t
    y_bar[1:] += t * t_bar
    return y_bar
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.nodes import Block, Call, Const, For, Function, Star, Stmt, Var, While
from srcad.ir.visit import blocks, uses, with_blocks

#: Operations that need only the shape or the identity of an array, not what is in it.
_SHAPE_ONLY = frozenset(
    [np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.shape, np.ndim, len, ops.restore, ops.zeros_like_each,
     ops.zeros_like_items]
)  # fmt: skip


@dataclass
class _Readers:
    """For each root, where reverse code reads what is in it: order and the loops around."""

    memory: Memory
    found: dict[Var, list[tuple[int, tuple[int, ...]]]] = field(default_factory=dict)
    marks: dict[Var, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    always: frozenset[Var] = frozenset()
    order: int = 0

    def block(self, block: Block, loops: tuple[int, ...], *, reverse: bool) -> None:
        for stmt in block.stmts:
            self.order += 1
            inside = reverse or stmt.loc.adjoint
            here = (*loops, stmt.id) if isinstance(stmt, (For, While)) else loops
            if inside:
                self.stmt(stmt, loops)
            for inner in blocks(stmt):
                self.block(inner, here, reverse=inside)

    def stmt(self, stmt: Stmt, loops: tuple[int, ...]) -> None:
        if isinstance(stmt, Call):
            if stmt.fn == Const(ops.restore):
                self.marks[stmt.target] = (self.order, loops)
            if reads_only_shape(stmt):
                return
        for var in uses(stmt):
            for root in self.memory.of(var):
                self.found.setdefault(root, []).append((self.order, loops))

    def needed(self, call: Call) -> bool:
        order, loops = self.marks[call.target]
        base = call.args[0]
        assert not isinstance(base, Star)
        for root in self.memory.of(base):
            if root in self.always:
                return True
            for at, around in self.found.get(root, ()):
                if at > order or any(loop in around for loop in loops):
                    return True
        return False


def reads_only_shape(call: Call) -> bool:
    """Whether `call` does not look at the contents of its arguments: questions of shape, and views."""
    if not isinstance(call.fn, Const):
        return False
    if call.fn.value is getattr:
        return True
    try:
        known = call.fn.value in _SHAPE_ONLY
    except TypeError:
        return False
    return known


def restore(function: Function, memory: Memory, always: Iterable[Var] = ()) -> Function:
    """`function`, both sweeps in one body, with each restore mark carried out or removed.

    `always` are roots that somebody else reads.
    """
    readers = _Readers(memory, always=frozenset(always))
    readers.block(function.body, (), reverse=False)
    return replace(function, body=_rewritten(readers, function.body))


def _rewritten(readers: _Readers, block: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        if isinstance(stmt, Call) and stmt.fn == Const(ops.restore):
            if readers.needed(stmt):
                stmts.append(replace(stmt, fn=Const(operator.setitem), loc=replace(stmt.loc, saving=True)))
            continue
        stmts.append(with_blocks(stmt, tuple(_rewritten(readers, b) for b in blocks(stmt))))
    return replace(block, stmts=tuple(stmts))

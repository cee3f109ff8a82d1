"""Deciding which overwritten values the reverse sweep puts back.

A `restore` mark stands in the reverse sweep where a store is undone. It becomes a store of what was overwritten if
reverse code that runs later may read that memory as it was before (a reader after the mark, or in a loop that both are
in); else it goes, and with it the copy that the forward sweep would have made. An `undo` mark does the same for a list
or a dict whose items come and go.

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
    exp = np.exp(y[1:])
    y_old = y[1]
    y[1] = 2.0
    y[0]
    # return z + y[0]
    y_bar = np.zeros_like(y)
    y_bar[0] = 1.0
    # y[1] = 2.0
    y[1] = y_old
    y_bar[1] = 0.0
    # z = np.exp(y[1:]) @ y[1:]
    y_bar[1:] += exp
    y_bar[1:] += exp * y[1:]
    return y_bar
<BLANKLINE>

    y[1] = y_old                           (read again: stays)
    restore(z, 0, z_old)       ->          (never read: goes)
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.nodes import Block, Call, Const, For, Function, Star, Stmt, Var, While
from srcad.ir.visit import blocks, is_call_of, updated, uses, with_blocks
from srcad.passes import is_on

#: Operations that need only the shape or the identity of an array, not what is in it.
_SHAPE_ONLY = frozenset(
    [np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.shape, np.ndim, len, ops.restore, ops.undo,
     ops.zeros_like_each, ops.zeros_like_items]
)  # fmt: skip

_MARKS = (Const(ops.restore), Const(ops.undo))


@dataclass
class _Readers:
    """For each root, where reverse code reads what is in it: order and the loops around."""

    memory: Memory
    found: dict[Var, list[tuple[int, tuple[int, ...]]]] = field(default_factory=dict)
    sized: dict[Var, list[tuple[int, tuple[int, ...]]]] = field(default_factory=dict)
    marks: dict[Var, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    always: frozenset[Var] = frozenset()
    order: int = 0

    def block(self, block: Block, loops: tuple[int, ...], *, reverse: bool) -> None:
        for stmt in block.stmts:
            self.order += 1
            inside = reverse or stmt.loc.adjoint
            here = (*loops, _id_of(stmt)) if isinstance(stmt, (For, While)) else loops
            if inside:
                self.stmt(stmt, loops)
            for inner in blocks(stmt):
                self.block(inner, here, reverse=inside)

    def stmt(self, stmt: Stmt, loops: tuple[int, ...]) -> None:
        found = self.found
        if isinstance(stmt, Call):
            if stmt.fn in _MARKS:
                self.marks[stmt.target] = (self.order, loops)
                return
            if reads_only_shape(stmt):
                found = self.sized
        for var in uses(stmt):
            for root in self.memory.of(var):
                found.setdefault(root, []).append((self.order, loops))

    def needed(self, call: Call) -> bool:
        if not is_on("restore"):
            return True
        order, loops = self.marks[call.target]
        base = call.args[0]
        assert not isinstance(base, Star)
        for root in self.memory.of(base):
            if root in self.always:
                return True
            home = self.memory.home.get(root, ())  # what is made in a loop is another object in every pass
            readers = self.found.get(root, [])
            if is_call_of(call, ops.undo):
                readers = readers + self.sized.get(root, [])
            for at, around in readers:
                if at > order or any(loop in around and loop not in home for loop in loops):
                    return True
        return False


def _id_of(loop: For | While) -> int:
    """The id of a loop of the forward sweep, also for the loop that mirrors it."""
    return loop.id if loop.reverse_of is None else loop.reverse_of


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
    return updated(function, body=_rewritten(readers, function.body))


def _rewritten(readers: _Readers, block: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        if isinstance(stmt, Call) and stmt.fn in _MARKS:
            if readers.needed(stmt):
                stmts.append(_carried_out(stmt))
            continue
        stmts.append(with_blocks(stmt, tuple(_rewritten(readers, b) for b in blocks(stmt))))
    return updated(block, stmts=tuple(stmts))


def _carried_out(mark: Call) -> Call:
    """What a mark stands for."""
    if is_call_of(mark, ops.restore):
        return replace(mark, fn=Const(operator.setitem), loc=replace(mark.loc, saving=True))
    function = mark.args[1]
    assert isinstance(function, Const)
    return replace(mark, fn=function, args=(mark.args[0], *mark.args[2:]), loc=replace(mark.loc, saving=True))

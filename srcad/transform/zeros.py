"""Zeroing cotangent buffers no earlier than needed, and not where nobody looks again.

The adjoint of a store takes a cotangent from a buffer and leaves zero there. Where what it took is used up before the
buffer is touched again, no copy is needed; where something is then added to the buffer, it is stored instead; where
nothing touches the buffer again, it may keep what it has.

    t_bar = y_bar.copy()               x_bar += 2 * x * y_bar
    y_bar[...] = 0.0           ->      y_bar[...] = 0.0
    x_bar += 2 * x * t_bar

>>> import srcad
>>> import numpy as np
>>> def f(x, y):
...     np.multiply(x, y, out=y)
...     return np.sum(y)
>>> print(srcad.grad(f, argnums=(0, 1)).source_for(np.ones(3), np.ones(3)))
# kinds: x: f8[n], y: f8[m]
def f_grad(x, y):
    y = y.copy(order='K')
    y_old = y.copy()
    np.multiply(x, y, out=y)
    # return np.sum(y)
    y_bar = np.ones_like(y)
    # np.multiply(x, y, out=y)
    x_bar = y_old * y_bar
    y_bar[...] = x * y_bar
    return x_bar, y_bar
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcad.analysis.effects import writes
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.kinds import Array, is_mutable
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Stmt, Var
from srcad.ir.visit import (
    blocks,
    calls_of,
    count_uses,
    defs,
    is_call_of,
    map_atoms,
    updated,
    uses,
    walk,
    walk_blocks,
    with_inner,
)
from srcad.rules import rule_for
from srcad.transform.elide import reads_only

_ZERO = (Const(Ellipsis), Const(0.0))


def settle_zeros(function: Function) -> Function:
    """`function` with its buffers set to zero where that matters."""
    known = Known.of(function)
    body = _block(known, function.body, count_uses(function.body))
    return updated(function, body=_without_dead_stores(known, body))


@dataclass
class Known:
    """Where variables come from."""

    calls: Mapping[Var, Call]
    merged: set[Var]

    @staticmethod
    def of(function: Function) -> Known:
        """The facts of `function`."""
        calls = calls_of(function.body)
        merged: set[Var] = set()
        for stmt in walk(function.body):
            if not isinstance(stmt, Call) and stmt.loc.adjoint:
                merged.update(defs(stmt))
                for inner in blocks(stmt):
                    merged.update(inner.params)
        return Known(calls, merged)

    def base(self, var: Var) -> Var:
        """What `var` is a view of."""
        while (call := self.calls.get(var)) is not None:
            viewed = view_of(call)
            if not viewed or not isinstance(viewed[0], Var):
                return var
            var = viewed[0]
        return var

    def buffer(self, atom: Atom) -> Var | None:
        """The buffer that `atom` is, or is a view of: an array which the reverse sweep allocated."""
        if not isinstance(atom, Var):
            return None
        base = self.base(atom)
        call = self.calls.get(base)
        if call is None or not call.loc.adjoint or not isinstance(base.kind, Array):
            return None
        rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
        return None if rule is None or rule.structural or view_of(call) is not None else base

    def touches(self, stmt: Stmt, buffer: Var) -> bool:
        """Whether `stmt` may use the memory of `buffer`."""
        return any(self.reaches(v, buffer) for v in _all_uses(stmt))

    def reaches(self, var: Var, buffer: Var) -> bool:
        """Whether `var` may refer to the memory of `buffer`."""
        base = self.base(var)
        if base == buffer:
            return True
        if not is_mutable(var.kind):
            return False
        call = self.calls.get(base)
        if base in self.merged:
            return True
        if call is not None and is_call_of(call, ops.make_tuple, ops.make_list) and not call.kwargs:
            return any(self.reaches(v, buffer) for v in uses(call))
        return call is not None and call.loc.adjoint and self.buffer(base) is None


def _all_uses(stmt: Stmt) -> list[Var]:
    if isinstance(stmt, Call):
        return list(uses(stmt))
    inner = [v for b in blocks(stmt) for each in walk_blocks(b) for v in each.yields if isinstance(v, Var)]
    return [*uses(stmt), *inner, *(v for b in blocks(stmt) for s in walk(b) for v in uses(s))]


def _without_dead_stores(known: Known, block: Block) -> Block:
    """The body of a function without the stores into buffers that nothing uses afterwards."""
    kept: list[Stmt] = []
    after = [a for a in block.yields if isinstance(a, Var)]
    for stmt in reversed(block.stmts):
        if isinstance(stmt, Call) and _is_zeroing(stmt):
            target = stmt.args[0]
            buffer = known.buffer(target) if isinstance(target, Var) else None
            if buffer is not None and not any(known.reaches(v, buffer) for v in after):
                continue
        kept.append(stmt)
        after += _all_uses(stmt)
    return updated(block, stmts=tuple(reversed(kept)))


def _is_zeroing(call: Call) -> bool:
    """Whether `call` sets elements of a buffer to zero."""
    plain = call.loc.adjoint and len(writes(call)) == 1 and writes(call)[0] in call.args[:1]
    return plain and is_call_of(call, operator.setitem, np.copyto) and call.args[-1] == Const(0.0)


def _block(known: Known, block: Block, counts: Mapping[Var, int]) -> Block:
    stmts: list[Stmt] = with_inner(block, lambda b: _block(known, b, counts))
    at = 0
    while at < len(stmts):
        stmt = stmts[at]
        if isinstance(stmt, Call) and is_call_of(stmt, operator.setitem) and stmt.args[1:] == _ZERO:
            _settle(known, stmts, at, counts)
        at += 1
    return updated(block, stmts=tuple(stmts))


def _settle(known: Known, stmts: list[Stmt], at: int, counts: Mapping[Var, int]) -> None:
    """Move one zeroing behind the uses of what was taken from the buffer, or into what is added to it next."""
    zeroing = stmts[at]
    assert isinstance(zeroing, Call)
    target = zeroing.args[0]
    buffer = known.buffer(target) if isinstance(target, Var) else None
    if buffer is None or not isinstance(target, Var) or not zeroing.loc.adjoint:
        return
    touching = next((k for k in range(at + 1, len(stmts)) if _stops(known, stmts[k], buffer)), len(stmts))
    copied = _copy_before(known, stmts, at, target, buffer)
    last = None if copied is None else _last_use(stmts, copied, (at, touching), counts)
    following = stmts[touching] if touching < len(stmts) else None
    adds = isinstance(following, Call) and following.fn == Const(ops.IN_PLACE[operator.iadd])
    into = adds and isinstance(following, Call) and following.args[0] == target and following.args[1] != target
    if last is None and not into:
        return
    if into and isinstance(following, Call):
        value = following.args[1]
        stmts[touching] = replace(following, fn=Const(operator.setitem), args=(target, Const(Ellipsis), value))
    elif last is not None:
        stmts.insert(last + 1, zeroing)
    removed = [at]
    if last is not None and copied is not None:
        _rename(stmts, copied, target, at + 1, last + 1)
        removed.append(copied)
    for k in sorted(removed, reverse=True):
        del stmts[k]


def _stops(known: Known, stmt: Stmt, buffer: Var) -> bool:
    return not isinstance(stmt, Call) or known.touches(stmt, buffer)


def _copy_before(known: Known, stmts: list[Stmt], at: int, target: Var, buffer: Var) -> int | None:
    """The statement that takes a copy of the buffer, which nothing else uses before it becomes zero."""
    for k in range(at - 1, -1, -1):
        stmt = stmts[k]
        if not isinstance(stmt, Call):
            return None
        if known.touches(stmt, buffer):
            return k if is_call_of(stmt, np.ndarray.copy) and stmt.args == (target,) and not stmt.kwargs else None
    return None


def _last_use(stmts: Sequence[Stmt], copied: int, between: tuple[int, int], counts: Mapping[Var, int]) -> int | None:
    """Where a copy is used last, if all its uses only read it and lie between the zeroing and the next touch."""
    call = stmts[copied]
    assert isinstance(call, Call)
    taken = call.target
    found = [k for k in range(between[0] + 1, between[1]) if taken in tuple(uses(stmts[k]))]
    users = [stmts[k] for k in found]
    used = sum(tuple(uses(s)).count(taken) for s in users)
    if not found or used != counts.get(taken):
        return None
    return found[-1] if all(isinstance(s, Call) and reads_only(s, taken) for s in users) else None


def _rename(stmts: list[Stmt], copied: int, target: Var, start: int, stop: int) -> None:
    call = stmts[copied]
    assert isinstance(call, Call)
    taken = call.target
    for k in range(start, stop):
        stmts[k] = map_atoms(stmts[k], lambda a: target if a == taken else a)

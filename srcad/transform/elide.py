"""Leaving out copies that protect a value from changes which do not come.

A cotangent taken from a buffer is copied, because the buffer may change before the cotangent is used. Where its only
use is an operation that makes something new (or stores the value elsewhere), with no change in between, the copy goes.

    t_bar = alpha * u_bar[1:-1].copy()      ->      t_bar = alpha * u_bar[1:-1]

>>> import srcad
>>> import numpy as np
>>> def f(u, a):
...     u[1:] += a * u[:-1]
...     return u.sum()
>>> print(srcad.grad(f).source_for(np.ones(3), 0.5))
# kinds: u: f8[n], a: float
def f_grad(u, a):
    u = u.copy(order='K')
    u[1:] += a * u[:-1]
    # return u.sum()
    u_bar = np.ones_like(u)
    # u[1:] += a * u[:-1]
    u_bar[:-1] += a * u_bar[1:]
    return u_bar
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from srcad.analysis.aliases import Aliases, makes_new
from srcad.analysis.effects import is_pure, writes
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import count_uses, is_call_of, map_atoms, updated, uses, with_inner
from srcad.rules import rule_for
from srcad.transform.cleanup import added


def elide_copies(function: Function) -> Function:
    """`function` without copies that make no difference."""
    return updated(function, body=_block(function.body, count_uses(function.body), Aliases.of(function)))


def _block(block: Block, counts: Mapping[Var, int], aliases: Aliases) -> Block:
    stmts: list[Stmt] = with_inner(block, lambda b: _block(b, counts, aliases))
    renamed: dict[Var, Atom] = {}
    kept: list[Stmt] = []
    for k, stmt in enumerate(stmts):
        source = _copied(stmt)
        if source is not None and isinstance(stmt, Call) and _takes_over(kept, stmt, source, counts):
            continue
        if source is not None and isinstance(stmt, Call) and counts.get(stmt.target) == 1:
            user = _only_user(stmts[k + 1 :], stmt, aliases)
            if user is not None and reads_only(user, stmt.target):
                renamed[stmt.target] = renamed.get(source, source) if isinstance(source, Var) else source
                continue
        kept.append(map_atoms(stmt, lambda a: renamed.get(a, a) if isinstance(a, Var) else a) if renamed else stmt)
    return updated(block, stmts=tuple(kept))


def _takes_over(before: list[Stmt], copy: Call, source: Atom, counts: Mapping[Var, int]) -> bool:
    """Whether what is copied is a new array that only this copy uses; then its maker makes the copy's target."""
    if not isinstance(source, Var) or counts.get(source) != 1:
        return False
    for k in range(len(before) - 1, -1, -1):
        stmt = before[k]
        if isinstance(stmt, Call) and stmt.target == source:
            if not (added(stmt.loc) and isinstance(source.kind, Array) and makes_new(stmt)):
                return False
            before[k] = replace(stmt, target=copy.target)
            return True
    return False


def _copied(stmt: Stmt) -> Atom | None:
    """What a statement that a transform added copies, if it is such a copy."""
    if not isinstance(stmt, Call) or not added(stmt.loc) or not is_call_of(stmt, np.ndarray.copy) or stmt.kwargs:
        return None
    source = stmt.args[0]
    return None if isinstance(source, Star) else source


def _only_user(following: list[Stmt], copy: Call, aliases: Aliases) -> Call | None:
    """The call that uses a copy, if nothing changes what it is a copy of before."""
    for stmt in following:
        if not isinstance(stmt, Call):
            return None
        if copy.target in tuple(uses(stmt)):
            return stmt
        if aliases.crosses(copy, stmt) or not (writes(stmt) or is_pure(stmt)):
            return None
    return None


def reads_only(call: Call, var: Var) -> bool:
    """Whether `call` is done with `var` when it has run: its result shares no memory with it."""
    if not isinstance(call.fn, Const):
        return False
    fn = call.fn.value
    if fn is operator.setitem or fn in ops.UPDATE_OPERATORS or fn in ops.IN_PLACE_OPERATORS:
        return call.args[-1] == var and var not in call.args[:-1]
    rule = rule_for(fn)
    return rule is not None and not rule.structural and is_pure(call) and view_of(call) is None

"""Moving what the reverse sweep computes to where it is used, so that it can be written there.

    t = a * z_bar                       y_bar += b * z_bar
    t2 = b * z_bar           ->         x_bar += a * z_bar
    y_bar += t2
    x_bar += t

Only among the lines of one statement of the user's, only what has no effects and one use, and never across a change of
memory that it reads.

>>> import srcad
>>> import numpy as np
>>> def f(x, y):
...     for _ in range(3):
...         x[0] += np.sum(y[1:] * y[:-1])
...     return x[0]
>>> print(srcad.grad(f, argnums=1).source_for(np.ones(2), np.ones(3)).partition("# x[0] += ")[2])
np.sum(y[1:] * y[:-1])
        t_bar = x_bar[0]
        y_bar[:-1] += y[1:] * t_bar
        y_bar[1:] += y[:-1] * t_bar
    return y_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace

from srcad.analysis.aliases import Aliases
from srcad.analysis.effects import is_pure
from srcad.ir import ops
from srcad.ir.nodes import Block, Call, Function, Stmt, Var
from srcad.ir.visit import count_uses, is_call_of, updated, uses, with_inner
from srcad.transform.cleanup import added


def sink(function: Function) -> Function:
    """`function`, whose reverse sweep computes temporaries right before they are used."""
    return updated(function, body=_block(function.body, Aliases.of(function), count_uses(function.body)))


def _block(block: Block, aliases: Aliases, counts: Mapping[Var, int]) -> Block:
    stmts = with_inner(block, lambda b: _block(b, aliases, counts))
    at = len(stmts) - 1
    while at >= 0:
        stmt = stmts[at]
        if isinstance(stmt, Call) and added(stmt.loc) and counts.get(stmt.target) == 1:
            _move(stmts, at, stmt, aliases)
        at -= 1
    return updated(block, stmts=tuple(stmts))


def _move(stmts: list[Stmt], at: int, call: Call, aliases: Aliases) -> None:
    """Move one call to right before its user, and before what else stands there for it."""
    if not is_pure(call) or _is_target(stmts[at - 1], call):
        return
    for k in range(at + 1, len(stmts)):
        stmt = stmts[k]
        if not isinstance(stmt, Call) or not added(stmt.loc) or not _same_statement(call, stmt):
            return
        if call.target in tuple(uses(stmt)):
            if not stmt.loc.adjoint or stmt.loc.saving or (call.loc.saving and _collects_results(stmt)):
                return
            place = _first_operand(stmts, at, k)
            if place > at + 1 or call.loc.saving:
                stmts.insert(place, replace(call, loc=stmt.loc))
                del stmts[at]
            return
        if aliases.crosses(call, stmt):
            return


def _is_target(before: Stmt, call: Call) -> bool:
    """Whether `call` takes an item out of what is unpacked right before: it is written as a target, ``a, b = c``."""
    if not isinstance(before, Call) or not is_call_of(call, operator.getitem):
        return False
    source = before.args[0] if is_call_of(before, operator.getitem) else before.target
    return call.args[0] == source and (is_call_of(before, ops.unpack, operator.getitem))


def _collects_results(call: Call) -> bool:
    """Whether a call belongs to no statement: it puts together what is returned, also by the forward sweep alone."""
    return call.loc.stmt < 0


def _first_operand(stmts: list[Stmt], at: int, user: int) -> int:
    """Where the calls begin that stand directly before a user and are only for it."""
    wanted = set(uses(stmts[user]))
    place = user
    while place - 1 > at:
        stmt = stmts[place - 1]
        if not isinstance(stmt, Call) or stmt.target not in wanted:
            break
        wanted.update(uses(stmt))
        place -= 1
    return place


def _same_statement(a: Call, b: Call) -> bool:
    again = a.loc.saving and not a.loc.adjoint  # computed again for the reverse sweep, for whichever statement
    return again or (b.loc.adjoint and (a.loc.function, a.loc.stmt) == (b.loc.function, b.loc.stmt))

"""Which results of a reverse function are new arrays that nobody else holds: the caller may add to them in place."""

from __future__ import annotations

import operator

import numpy as np

from srcad.ir import ops
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import is_call_of, uses, walk, walk_blocks

_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.matmul)
_MAKERS = (np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.ndarray.copy, *_ARITHMETIC)
_CHANGES = (operator.setitem, np.add.at, *ops.UPDATE_OPERATORS, *ops.IN_PLACE_OPERATORS)


def fresh_results(reverse: Function) -> tuple[bool, ...]:
    """For each cotangent that a reverse function returns, whether it is an array of its own that nothing else holds."""
    body = reverse.body
    made = {s.target: s for s in body.stmts if isinstance(s, Call)}
    result = body.yields[0]
    display = made.get(result) if isinstance(result, Var) else None
    bars: tuple[Atom | Star, ...] = (result,)
    if display is not None and is_call_of(display, ops.make_tuple):
        bars = display.args
    inner = {a for b in walk_blocks(body) if b is not body for a in b.yields}
    return tuple(
        isinstance(bar, Var)
        and isinstance(bar.kind, Array)
        and bar in made
        and _calls(made[bar], _MAKERS)
        and bar not in inner
        and bars.count(bar) == 1
        and all(stmt is display or _keeps_nothing(stmt, bar) for stmt in walk(body) if bar in uses(stmt))
        for bar in bars
    )


def _keeps_nothing(stmt: Stmt, bar: Var) -> bool:
    """Whether a statement that uses `bar` leaves no other name for its memory."""
    if not isinstance(stmt, Call):
        return False
    return _calls(stmt, _ARITHMETIC) or (_calls(stmt, _CHANGES) and list(uses(stmt)).count(bar) == 1)


def _calls(call: Call, functions: tuple[object, ...]) -> bool:
    return isinstance(call.fn, Const) and any(call.fn.value is fn for fn in functions)

"""Loops that only count their passes do so forwards: ``for _ in range(n)``, not ``for _ in reversed(range(n))``.

>>> import numpy as np
>>> import srcad
>>> def f(v, rows):
...     for _ in rows:
...         v = v * 0.5
...     return v.sum()
>>> "reversed" in srcad.grad(f).source_for(np.ones(2), np.ones((3, 2)))
False

    for _ in reversed(range(n)):      ->      for _ in range(n):
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from srcad.ir.nodes import Atom, Block, Call, For, Function, Stmt, Var
from srcad.ir.visit import calls_of, count_uses, is_call_of, updated, with_inner


def count_forwards(function: Function) -> Function:
    """`function`, whose reverse loops do not go backwards over numbers that nobody reads."""
    counts = count_uses(function.body)
    made = calls_of(function.body)
    return updated(function, body=_block(function.body, counts, made))


def _block(block: Block, counts: Mapping[Var, int], made: Mapping[Var, Call]) -> Block:
    stmts: list[Stmt] = with_inner(block, lambda b: _block(b, counts, made))
    gone: set[Var] = set()
    for k, stmt in enumerate(stmts):
        source = _numbers(stmt, counts, made) if isinstance(stmt, For) else None
        if isinstance(stmt, For) and isinstance(stmt.iter, Var) and source is not None:
            stmts[k] = replace(stmt, iter=source)
            gone.add(stmt.iter)
    return updated(block, stmts=tuple(s for s in stmts if not (isinstance(s, Call) and s.target in gone)))


def _numbers(loop: For, counts: Mapping[Var, int], made: Mapping[Var, Call]) -> Atom | None:
    """The range over which a loop goes backwards, without reading its numbers."""
    backwards = made.get(loop.iter) if isinstance(loop.iter, Var) and counts[loop.iter] == 1 else None
    if (
        backwards is None
        or not is_call_of(backwards, reversed)
        or loop.body.params[0] in counts
        or not loop.loc.adjoint
    ):
        return None
    source = backwards.args[0]
    forwards = made.get(source) if isinstance(source, Var) else None
    return forwards.target if forwards is not None and is_call_of(forwards, range) else None

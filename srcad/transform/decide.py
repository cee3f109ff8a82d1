"""Taking the branches that are known while compiling.

    if isinstance(x, tuple):            (x: float)
        y = f(x[0])
    else:                       ->      y = x * x
        y = x * x

A condition is known where the kind of its value says what it is: questions about classes, None and the number of
axes. The other branch never runs for arguments of these kinds. The question goes too, where it raises nothing and
nobody else reads it. A call of an argument whose kind says which function it is becomes a call of that function.

>>> import srcad
>>> def f(x: float):
...     y = x[0] if isinstance(x, tuple) else x
...     return y * y
>>> print(srcad.dump(f, stage="typed"))
function f(x: float):
    # return y * y
    _1: float = x * x
    return _1
"""

from __future__ import annotations

from dataclasses import replace

from srcad.analysis.effects import cannot_raise
from srcad.ir.atoms import MISSING, constant
from srcad.ir.kinds import Static
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Call, Const, Function, If, Stmt, Var
from srcad.ir.visit import blocks, count_uses, substitute, updated, uses, with_blocks


def take_known_branches(function: Function) -> Function:
    """`function`, with kinds, without the branches that never run."""
    decided: dict[Var, None] = {}
    body = _taken(function.body, decided)
    return updated(function, body=_without(body, decided))


def _taken(block: Block, decided: dict[Var, None]) -> Block:
    stmts: list[Stmt] = []
    renamed: dict[Var, Atom] = {}
    for old in block.stmts:
        stmt = _named(substitute(old, renamed))
        known = _known_arm(stmt)
        if isinstance(stmt, If) and isinstance(stmt.cond, Var) and known is not None:
            decided[stmt.cond] = None
            arm = _taken(known, decided)
            stmts += arm.stmts
            renamed.update(zip(stmt.targets, arm.yields, strict=True))
        else:
            stmts.append(with_blocks(stmt, tuple(_taken(b, decided) for b in blocks(stmt))))
    yields = tuple(renamed.get(y, y) if isinstance(y, Var) else y for y in block.yields)
    return updated(block, stmts=tuple(stmts), yields=yields)


def _known_arm(stmt: Stmt) -> Block | None:
    """The arm of a branch that certainly runs; None where it leaves a name unbound, which only a branch can say."""
    if not isinstance(stmt, If) or (known := constant(stmt.cond)) is MISSING:
        return None
    arm = stmt.then if known else stmt.orelse
    return None if UNDEFINED_ATOM in arm.yields else arm


def _named(stmt: Stmt) -> Stmt:
    """A call of a variable of static kind as a call of what it is."""
    if isinstance(stmt, Call) and isinstance(stmt.fn, Var) and isinstance(stmt.fn.kind, Static):
        value = stmt.fn.kind.value
        return replace(stmt, fn=Const(value)) if callable(value) else stmt
    return stmt


def _without(body: Block, decided: dict[Var, None]) -> Block:
    """`body` without the questions that only decided branches, and what only those questions read."""
    while True:
        counts = count_uses(body)
        gone = [v for v in decided if not counts.get(v)]
        found: list[Var] = []
        new = _dropped(body, frozenset(gone), found)
        if not found:
            return body
        body = new
        for var in found:
            decided.setdefault(var)


def _dropped(block: Block, gone: frozenset[Var], inputs: list[Var]) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        if isinstance(stmt, Call) and stmt.target in gone and cannot_raise(stmt):
            inputs += [stmt.target, *uses(stmt)]
        else:
            stmts.append(with_blocks(stmt, tuple(_dropped(b, gone, inputs) for b in blocks(stmt))))
    return updated(block, stmts=tuple(stmts))

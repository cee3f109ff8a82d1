"""Sums of contributions in one expression: an array that is made and added to at once need not be changed in place.

    s_bar = np.cos(s) * (0.001 * t_bar)              s_bar = np.cos(s) * (0.001 * t_bar) + 0.999 * t_bar
    s_bar += 0.999 * t_bar                    ->

Only contributions of one statement of the user's, to an array that nothing else has seen yet, and while the expression
stays short. NumPy adds into a temporary operand in place if that is large, so nothing is lost.

>>> import srcad
>>> import numpy as np
>>> def f(s, n: int):
...     for _ in range(n):
...         s = s * 0.999 + np.sin(s) * 0.001
...     return np.sum(s)
>>> "s_bar = np.cos(s) * (0.001 * s_bar) + 0.999 * s_bar" in srcad.grad(f).source_for(np.ones(3), 2)
True
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

from srcad.analysis.aliases import makes_new
from srcad.analysis.effects import is_pure
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import blocks, count_uses, updated, uses, with_blocks

#: So many operations may stand in the expression of one sum.
LONGEST = 9

_OPERATORS: dict[Atom, object] = {
    Const(ops.IN_PLACE[operator.iadd]): operator.add,
    Const(ops.IN_PLACE[operator.isub]): operator.sub,
}


def join_sums(function: Function) -> Function:
    """`function`, a reverse sweep, with contributions that follow one another in one expression."""
    return updated(function, body=_block(function.body, dict(count_uses(function.body))))


def _block(block: Block, counts: dict[Var, int]) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        new = with_blocks(stmt, tuple(_block(b, counts) for b in blocks(stmt)))
        stmts.append(new)
        if isinstance(new, Call) and new.fn in _OPERATORS:
            _join(stmts, new, counts)
    return updated(block, stmts=tuple(stmts))


def _join(stmts: list[Stmt], change: Call, counts: dict[Var, int]) -> None:
    """Make one sum of the last of `stmts`, which adds in place, and what made the array."""
    total, value = change.args
    if not isinstance(total, Var) or isinstance(value, Star):
        return
    at = _made_at(stmts, total, value, counts)
    if at is None or total == value:
        return
    made = stmts[at]
    assert isinstance(made, Call)
    if not _makes_array(made) or not _keeps_dtype(total, value) or not _same_statement(made, change):
        return
    if _size(stmts, total, counts) + _size(stmts, value, counts) > LONGEST:
        return
    first = Var("", total.kind)
    stmts[at] = replace(made, target=first)
    fn = Const(_OPERATORS[change.fn])
    stmts[-1] = Call(total, fn, (first, value), (), change.loc)
    counts[first] = 1
    counts[total] -= 1


def _made_at(stmts: list[Stmt], total: Var, value: Atom, counts: dict[Var, int]) -> int | None:
    """The place of the call that makes `total`, if all that follows is only for `value`, which does not use it."""
    wanted = {value}
    for k in range(len(stmts) - 2, -1, -1):
        stmt = stmts[k]
        if not isinstance(stmt, Call) or not stmt.loc.adjoint:
            return None
        if stmt.target == total:
            return k
        if stmt.target not in wanted or counts.get(stmt.target) != 1 or not is_pure(stmt) or total in tuple(uses(stmt)):
            return None
        wanted.update(uses(stmt))
    return None


def _makes_array(call: Call) -> bool:
    """Whether the result of `call` is a new array, and making it is all that it does."""
    return isinstance(call.target.kind, Array) and is_pure(call) and makes_new(call)


def _keeps_dtype(total: Var, value: Atom) -> bool:
    """Whether a sum of both has the dtype of the first, as an addition in place leaves it."""
    own, other = total.kind, atom_kind(value)
    if not isinstance(own, Array) or own.dtype is None or not isinstance(other, (Array, Scalar)):
        return False
    if isinstance(other, Scalar) and other.weak:
        return other.dtype in ("f8", "i8", "b1") and own.dtype[0] in "fc"
    return other.dtype == own.dtype


def _same_statement(a: Call, b: Call) -> bool:
    return (a.loc.function, a.loc.stmt) == (b.loc.function, b.loc.stmt)


def _size(stmts: Iterable[Stmt], atom: Atom, counts: dict[Var, int]) -> int:
    """About how many operations stand in the expression that `atom` is printed as."""
    made = {s.target: s for s in stmts if isinstance(s, Call) and s.loc.adjoint}

    def size(at: Atom, *, top: bool) -> int:
        call = made.get(at) if isinstance(at, Var) else None
        if call is None or (not top and counts.get(call.target, 0) > 1):
            return 0
        return 1 + sum(size(a, top=False) for a in uses(call))

    return size(atom, top=isinstance(atom, Var) and counts.get(atom, 0) <= 1 or atom in made)

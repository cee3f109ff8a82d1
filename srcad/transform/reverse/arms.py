"""What the arms of a branch save, as one value for each branch.

A value that only one arm computes, and only the adjoint of that arm reads, need not be a result of its own, missing
in the other arm: each arm keeps a tuple.

    if c: y = f(x); t = g(y)                if c: y = f(x); t = g(y); kept = (y,)
    else: z = h(x); t = z * z       ->      else: z = h(x); t = z * z; kept = (z,)
    return t, (c, y?, z?)                   return t, (c, kept)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

from srcad.ir import ops
from srcad.ir.kinds import UNKNOWN, Tuple
from srcad.ir.nodes import UNDEFINED_ATOM, Block, Call, Const, If, Loc, Stmt, Var
from srcad.ir.visit import blocks, count_uses, definitions, substitute


def packed(
    forward: Sequence[Stmt], reverse: Block, needed: Sequence[Var]
) -> tuple[tuple[Stmt, ...], Block, tuple[Var, ...]]:
    """The two sweeps with what arms save packed.

    Args:
        forward: the forward sweep, or an arm of it.
        reverse: the reverse sweep, or the mirror image of the arm.
        needed: what `reverse` reads of what `forward` defines.

    Returns:
        The same three, after packing.
    """
    stmts: list[Stmt] = []
    for stmt in forward:
        mirror = _mirror(stmt, reverse)
        if isinstance(stmt, If) and mirror is not None:
            groups = [_group(stmt, arm, mirror, reverse, needed) for arm in (0, 1)]
            if sum(map(len, groups)) > 1:
                new, image, kept = _pack(stmt, mirror, groups)
                stmts.append(new)
                reverse = replace(reverse, stmts=tuple(image if s is mirror else s for s in reverse.stmts))
                gone = {stmt.targets[k] for group in groups for k in group}
                needed = (*(v for v in needed if v not in gone), kept)
                continue
        stmts.append(stmt)
    return tuple(stmts), reverse, tuple(needed)


def _mirror(stmt: Stmt, reverse: Block) -> If | None:
    """The branch of the reverse sweep that belongs to a branch of the forward sweep."""
    if not isinstance(stmt, If):
        return None
    return next((s for s in reverse.stmts if isinstance(s, If) and s.reverse_of == stmt.id), None)


def _group(stmt: If, arm: int, mirror: If, reverse: Block, needed: Sequence[Var]) -> list[int]:
    """The targets that only this arm gives a value, and only its mirror image reads."""
    here, other = blocks(stmt)[arm], blocks(stmt)[1 - arm]
    everywhere, inside = count_uses(reverse), count_uses(blocks(mirror)[arm])
    return [
        k
        for k, target in enumerate(stmt.targets)
        if target in needed
        and isinstance(here.yields[k], Var)
        and other.yields[k] == UNDEFINED_ATOM
        and everywhere.get(target) == inside.get(target)
    ]


def _pack(stmt: If, mirror: If, groups: Sequence[Sequence[int]]) -> tuple[If, If, Var]:
    kept = Var("kept", UNKNOWN)
    arms: list[Block] = []
    images: list[Block] = []
    for block, image, group in zip(blocks(stmt), blocks(mirror), groups, strict=True):
        values = {stmt.targets[k]: v for k in group if isinstance(v := block.yields[k], Var)}
        inner = tuple(v for v in definitions(block) if v in values.values())
        stmts, image, inner = packed(block.stmts, substitute(image, values), inner)
        made = Var("", Tuple(tuple(v.kind for v in inner)))
        keep = Call(made, Const(ops.make_tuple), inner, (), replace(stmt.loc, saving=True))
        arms.append(replace(block, stmts=(*stmts, keep), yields=(*block.yields, made)))
        images.append(replace(image, stmts=(*_unpacked(kept, inner, mirror.loc), *image.stmts)))
    new = replace(stmt, targets=(*stmt.targets, kept), then=arms[0], orelse=arms[1], style="if")
    return new, replace(mirror, then=images[0], orelse=images[1]), kept


def _unpacked(kept: Var, values: Sequence[Var], loc: Loc) -> list[Stmt]:
    if not values:
        return []
    loc = replace(loc, adjoint=True, stmt=-1, text="")
    items = Var("", Tuple(tuple(v.kind for v in values)))
    reads = [Call(v, Const(operator.getitem), (items, Const(k)), (), loc) for k, v in enumerate(values)]
    return [Call(items, Const(ops.unpack), (kept, Const(len(values))), (), loc), *reads]

"""Values of branches as results of the branches, for who reads them behind."""

from __future__ import annotations

from dataclasses import replace

from srcad.ir.kinds import Kind
from srcad.ir.lattice import join
from srcad.ir.nodes import UNDEFINED_ATOM, Block, If, Stmt, Var, With
from srcad.ir.visit import blocks, defs, walk, with_blocks


def hoist(forward: tuple[Stmt, ...], var: Var) -> tuple[tuple[Stmt, ...], Var]:
    """`forward` with `var`, which a branch or a ``with`` defines, as a result of the regions around it."""
    out: list[Stmt] = []
    current = var
    for stmt in forward:
        if isinstance(stmt, (If, With)) and any(var in _defined(b) for b in blocks(stmt)):
            stmt, current = _hoist_from(stmt, var)
        out.append(stmt)
    return tuple(out), current


def _defined(block: Block) -> set[Var]:
    return {v for s in walk(block) for v in defs(s)}


def _hoist_from(stmt: If | With, var: Var) -> tuple[If | With, Var]:
    new_blocks: list[Block] = []
    kinds: list[Kind] = []
    for block in blocks(stmt):
        if var not in _defined(block):
            new_blocks.append(replace(block, yields=(*block.yields, UNDEFINED_ATOM)))
            continue
        stmts, inner = hoist(block.stmts, var)
        kinds.append(inner.kind)
        new_blocks.append(replace(block, stmts=stmts, yields=(*block.yields, inner)))
    target = var.like(kind=kinds[0] if len(kinds) == 1 else join(kinds[0], kinds[1]))
    widened: If | With = replace(stmt, targets=(*stmt.targets, target))
    if isinstance(widened, If):
        widened = replace(widened, style="if")
    result = with_blocks(widened, tuple(new_blocks))
    assert isinstance(result, (If, With))
    return result, target

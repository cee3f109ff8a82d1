"""The forward sweep: the primal's statements, with what the reverse sweep will need to follow them.

Loops whose number of passes is not known beforehand count them; before a store, what it overwrites is read (both are
removed again by `srcad.transform.cleanup` where nobody uses them). What is taken for a view of an array that changes,
but may be a copy, is checked. Nothing that the primal computes is changed.

    while c(x):                 n = 0
        x = f(x)        ->      while c(x):
                                    n = n + 1
                                    x = f(x)
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from srcad import runtime
from srcad.analysis.result import result_kind
from srcad.analysis.views import view_of
from srcad.ir.dims import Facts
from srcad.ir.kinds import INT, Array, Scalar
from srcad.ir.nodes import Block, Call, Const, For, Stmt, Var, While
from srcad.ir.visit import blocks as blocks_of
from srcad.ir.visit import walk, with_blocks
from srcad.transform.recompute import is_sized
from srcad.transform.reverse.stores import overwritten, previous


@dataclass
class Sweep:
    """The forward sweep and what it provides.

    Attributes:
        block: the statements of the primal.
        passes: for loops that count their passes, the variable that holds the number, by loop id.
        olds: for stores, the variable that holds what is overwritten, by the store's target.
        calls: the calls of the primal, by target.
        unsure: values that are taken for views, and may be copies.
    """

    block: Block
    passes: dict[int, Var] = field(default_factory=dict)
    olds: dict[Var, Var] = field(default_factory=dict)
    calls: dict[Var, Call] = field(default_factory=dict)
    unsure: Collection[Var] = ()


def forward_sweep(body: Block, unsure: Collection[Var] = ()) -> Sweep:
    """The forward sweep for the body of a typed function; `unsure` are the values that are taken for views."""
    sweep = Sweep(body, unsure=unsure)
    sweep.calls = {s.target: s for s in walk(body) if isinstance(s, Call)}
    sweep.block = _block(sweep, body)
    return sweep


def _block(sweep: Sweep, block: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        inner = with_blocks(stmt, tuple(_block(sweep, b) for b in blocks_of(stmt)))
        if isinstance(inner, Call):
            stmts += _before_store(sweep, inner)
        elif isinstance(inner, While) or (
            isinstance(inner, For) and (inner.stops or not is_sized(inner.iter, sweep.calls))
        ):
            inner = _counted(sweep, inner)
        stmts.append(inner)
        if isinstance(inner, Call) and inner.target in sweep.unsure:
            base, *_ = view_of(inner) or ()
            stmts.append(Call(Var(""), Const(runtime.as_view), (inner.target, base), (), inner.loc))
    return replace(block, stmts=tuple(stmts))


def _before_store(sweep: Sweep, call: Call) -> list[Stmt]:
    place = previous(call)
    if place is None:
        return []
    base, index = place
    kind = result_kind(Const(operator.getitem), place, (), Facts())
    loc = replace(call.loc, saving=True)
    whole = index == Const(Ellipsis)
    item = base if whole else Var("", kind)
    made: list[Stmt] = [] if whole else [Call(item, Const(operator.getitem), place, (), loc)]  # type: ignore[arg-type]
    if isinstance(kind, Scalar) or overwritten(call) is None:
        old = replace(item, name=f"{_name(base)}_old") if isinstance(item, Var) else Var("", kind)
        made = [Call(old, Const(operator.getitem), place, (), loc)]
    else:
        old = Var(f"{_name(base)}_old", kind)
        made.append(Call(old, Const(np.ndarray.copy if isinstance(kind, Array) else runtime.own), (item,), (), loc))
    sweep.olds[call.target] = old
    return made


def _name(atom: object) -> str:
    return atom.name if isinstance(atom, Var) else ""


def _counted(sweep: Sweep, loop: For | While) -> For | While:
    """The loop with a counter of its passes as one more carried value."""
    before, after, final = (Var("passes", INT) for _ in range(3))
    loc = replace(loop.loc, saving=True)
    count = Call(after, Const(operator.add), (before, Const(1)), (), loc)
    at = len(loop.inits)
    body = loop.body
    yields = (*body.yields[:at], after, *body.yields[at:])
    new = Block((*body.params, before), (count, *body.stmts), yields)
    sweep.passes[loop.id] = final
    targets, inits = (*loop.targets, final), (*loop.inits, Const(0))
    if isinstance(loop, While):
        cond = replace(loop.cond, params=(*loop.cond.params, Var("passes", INT)))
        return replace(loop, targets=targets, inits=inits, cond=cond, body=new)
    return replace(loop, targets=targets, inits=inits, body=new)

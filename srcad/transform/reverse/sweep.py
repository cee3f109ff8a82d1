"""The forward sweep: the primal's statements, with what the reverse sweep will need to follow them.

Loops whose number of passes is not known beforehand, or not afterwards, count them; at a store, what it overwrites or
moves is noted; so is the truth of a list that a branch tests and changes (all are removed again by
`srcad.transform.cleanup` where nobody uses them). What is taken for a view of an array that changes, but may be a copy,
is checked. Nothing that the primal computes is changed.

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
from srcad.analysis.memory import Memory
from srcad.analysis.resized import resized
from srcad.analysis.result import result_kind
from srcad.analysis.views import view_of
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import BOOL, INT, Array, Iterator, Scalar, is_mutable
from srcad.ir.nodes import Atom, Block, Call, Const, For, If, Stmt, Var, While
from srcad.ir.visit import blocks as blocks_of
from srcad.ir.visit import walk, with_blocks
from srcad.transform.recompute import is_sized, made_by
from srcad.transform.reverse.changes import Notes, Noting
from srcad.transform.reverse.stores import change_of, overwritten, previous


@dataclass
class Sweep:
    """The forward sweep and what it provides.

    Attributes:
        block: the statements of the primal.
        passes: for loops that count their passes, the variable that holds the number, by loop id.
        notes: for stores and other calls, what was noted, by the target of the call and by name; ``"old"`` is what is
            overwritten.
        truths: for branches on the truth of something that changes, the variable that holds it, by the branch's id.
        calls: the calls of the primal, by target.
        memory: the memory facts of the function.
        resized: the lists and dicts whose number of items changes.
        unsure: values that are taken for views, and may be copies.
    """

    block: Block
    passes: dict[int, Var] = field(default_factory=dict)
    notes: dict[Var, Notes] = field(default_factory=dict)
    truths: dict[int, Var] = field(default_factory=dict)
    calls: dict[Var, Call] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    resized: frozenset[Var] = frozenset()
    unsure: Collection[Var] = ()


def forward_sweep(body: Block, memory: Memory, unsure: Collection[Var] = ()) -> Sweep:
    """The forward sweep for the body of a typed function; `unsure` are the values that are taken for views."""
    sweep = Sweep(body, memory=memory, resized=resized(body, memory), unsure=unsure)
    sweep.calls = {s.target: s for s in walk(body) if isinstance(s, Call)}
    sweep.block = _block(sweep, body)
    return sweep


def _block(sweep: Sweep, block: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        inner = with_blocks(stmt, tuple(_block(sweep, b) for b in blocks_of(stmt)))
        if isinstance(inner, Call):
            stmts += _noted(sweep, inner)
            if inner.target in sweep.unsure:
                base, *_ = view_of(inner) or ()
                stmts.append(Call(Var(""), Const(runtime.as_view), (inner.target, base), (), inner.loc))
            continue
        if isinstance(inner, While) or (isinstance(inner, For) and not _is_sized(sweep, inner)):
            inner = _counted(sweep, inner)
        elif isinstance(inner, If) and is_mutable(atom_kind(inner.cond)) and sweep.memory.is_mutated(inner.cond):
            truth = Var("", BOOL)
            stmts.append(Call(truth, Const(bool), (inner.cond,), (), replace(inner.loc, saving=True)))
            sweep.truths[inner.id] = truth
        stmts.append(inner)
    return replace(block, stmts=tuple(stmts))


def _is_sized(sweep: Sweep, loop: For) -> bool:
    """Whether the number of passes is known in the reverse sweep, too."""
    return not loop.stops and is_sized(loop.iter, sweep.calls) and not _iterates_resized(sweep, loop.iter)


def _iterates_resized(sweep: Sweep, source: Atom) -> bool:
    fn, args = made_by(sweep.calls, source)
    if fn is range:
        return False
    if fn is not None and isinstance(atom_kind(source), Iterator):
        return any(_iterates_resized(sweep, a) for a in args)
    return any(root in sweep.resized for root in sweep.memory.of(source))


def _noted(sweep: Sweep, call: Call) -> list[Stmt]:
    """A call with what is noted before and after it."""
    change = change_of(call)
    if change is None:
        return [*_before_store(sweep, call), call]
    noting = Noting(call, sweep.calls)
    change.note(noting, call)
    sweep.notes[call.target] = noting.found
    return [*noting.first.stmts, call, *noting.then.stmts]


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
    sweep.notes[call.target] = {"old": old}
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

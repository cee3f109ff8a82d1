"""One list for all that a pass of a loop keeps: a tuple is saved and taken out again, in one line each.

    a_saved = []                         saved = []
    b_saved = []                         for x in xs:
    for x in xs:                             a = ...
        a = ...                              b = ...
        a_saved.append(a)         ->         saved.append((a, b))
        b = ...                          ...
        b_saved.append(b)                    a, b = saved.pop()
    ...
        a = a_saved.pop()
        b = b_saved.pop()

Only lists that are pushed to in one block and popped from in one block, both once. What is saved as it is when a pass
begins makes one tuple, what the pass computes another one, where its names keep their values until the last of them.

>>> import srcad
>>> import numpy as np
>>> def f(x, n: int):
...     for _ in range(n):
...         y = np.sin(x)
...         x = y * np.cos(x) * y
...     return np.sum(x)
>>> text = srcad.grad(f).source_for(np.ones(3), 2)
>>> text.count("append"), "saved.append((y, " in text
(1, True)
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from srcad.ir import ops
from srcad.ir.kinds import UNDEFINED, List, Tuple
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Loc, Stmt, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, count_uses, defs, substitute, updated, walk, walk_blocks, with_blocks

_PUSH, _POP, _LIST = Const(list.append), Const(list.pop), Const(ops.make_list)


@record(frozen=True)
class _Saved:
    """One list: where the forward sweep pushes what, and where the reverse sweep pops it.

    `at` and `taken` are the places of both in their blocks, `until` is where another value takes the value's name.
    """

    saved: Var
    value: Var
    push: Call
    pop: Call
    at: int
    taken: int
    until: int


@dataclass
class _Plan:
    """What becomes of the statements that deal with lists, by the variable that they define."""

    first: dict[Var, list[Stmt]] = field(default_factory=dict)
    last: dict[Var, list[Stmt]] = field(default_factory=dict)
    gone: set[Var] = field(default_factory=set)
    renamed: dict[Var, Atom] = field(default_factory=dict)

    def add(self, group: Sequence[_Saved]) -> None:
        """Join the lists of a group."""
        bundle = Var("saved", List(Tuple(tuple(s.value.kind for s in group))))
        loc = group[0].push.loc
        packed = Var("", Tuple(tuple(s.value.kind for s in group)))
        pack = Call(packed, Const(ops.make_tuple), tuple(s.value for s in group), (), loc)
        push = Call(Var("", UNDEFINED), _PUSH, (bundle, packed), (), loc)
        taken, items = packed.like(), packed.like()
        pop_loc = group[0].pop.loc
        pop = Call(taken, _POP, (bundle,), (), pop_loc)
        unpack = Call(items, Const(ops.unpack), (taken, Const(len(group))), (), pop_loc)
        parts = [_item(s.pop.target, items, k, pop_loc) for k, s in enumerate(group)]
        self.gone.update(s.push.target for s in group)
        self.gone.update(s.pop.target for s in group)
        self.renamed.update((s.saved, bundle) for s in group)
        self.last[group[-1].push.target] = [pack, push]
        self.first[min(group, key=lambda s: s.taken).pop.target] = [pop, unpack, *parts]

    def block(self, block: Block, made: set[Atom]) -> Block:
        """A block with the joined lists."""
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if not isinstance(stmt, Call):
                stmts.append(with_blocks(stmt, tuple(self.block(b, made) for b in blocks(stmt))))
            elif stmt.target in self.renamed and stmt.fn == _LIST:
                here = {self.renamed.get(s.target) for s in block.stmts if isinstance(s, Call) and s.fn == _LIST}
                for bundle in dict.fromkeys(self.renamed.values()):
                    if bundle in here and bundle not in made and isinstance(bundle, Var):
                        made.add(bundle)
                        stmts.append(replace(stmt, target=bundle))
            elif stmt.target in self.gone:
                stmts += self.last.get(stmt.target, ()) or self.first.get(stmt.target, ())
            else:
                stmts.append(stmt)
        return updated(block, stmts=tuple(stmts))


def _item(target: Var, items: Var, number: int, loc: Loc) -> Call:
    return Call(target, Const(operator.getitem), (items, Const(number)), (), loc)


def bundle_saved(function: Function) -> Function:
    """`function` with the lists of a loop joined to one."""
    plan = _Plan()
    for group in _groups(function):
        for part in _together(group):
            if len(part) > 1:
                plan.add(part)
    if not plan.renamed:
        return function
    return updated(function, body=substitute(plan.block(function.body, set()), plan.renamed))


def _groups(function: Function) -> Iterator[list[_Saved]]:
    """The lists that are pushed to in one block and popped from in one block, in the order of the pushes."""
    made = (s for s in walk(function.body) if isinstance(s, Call) and s.fn == _LIST and s.loc.saving)
    lists = dict.fromkeys(s.target for s in made)
    pushes: dict[Var, list[tuple[Block, int, Call]]] = {}
    pops: dict[Var, list[tuple[Block, int, Call]]] = {}
    for block in walk_blocks(function.body):
        for k, stmt in enumerate(block.stmts):
            if isinstance(stmt, Call) and stmt.args and isinstance(saved := stmt.args[0], Var) and saved in lists:
                if stmt.fn == _PUSH:
                    pushes.setdefault(saved, []).append((block, k, stmt))
                elif stmt.fn == _POP and len(stmt.args) == 1:
                    pops.setdefault(saved, []).append((block, k, stmt))
    drained = {a for s in walk(function.body) if isinstance(s, While) for a in s.cond.yields}
    uses = count_uses(function.body)
    groups: dict[tuple[int, int, bool], list[_Saved]] = {}
    for saved in pushes:  # in the order of the text
        if len(pushes[saved]) != 1 or len(pops.get(saved, ())) != 1 or uses[saved] != 2 + (saved in drained):
            continue
        (block, at, push), (home, taken, pop) = pushes[saved][0], pops[saved][0]
        value = push.args[1]
        if isinstance(value, Var):
            found = _Saved(saved, value, push, pop, at, taken, _until(block, at, value))
            groups.setdefault((id(block), id(home), value in block.params), []).append(found)
    for group in groups.values():
        yield sorted(group, key=lambda s: s.at)


def _until(block: Block, at: int, value: Var) -> int:
    """The first statement of a block behind `at` that gives the name of a value to another one."""
    for k in range(at + 1, len(block.stmts)):
        stmt = block.stmts[k]
        inner = [v for b in blocks(stmt) for s in walk(b) for v in defs(s)]
        if value.name and any(v.name == value.name for v in (*defs(stmt), *inner)):
            return k
    return len(block.stmts)


def _together(group: Sequence[_Saved]) -> Iterator[list[_Saved]]:
    """The parts of a group whose values all have their names until the last of them is pushed."""
    part: list[_Saved] = []
    for saved in group:
        if part and min(s.until for s in part) <= saved.at:
            yield part
            part = []
        part.append(saved)
    yield part

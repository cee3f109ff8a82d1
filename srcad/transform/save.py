"""Making values of the forward sweep's loops available to the reverse sweep: saved, or recomputed.

After the reverse transform, reverse code names values of forward loops and branches. For each loop, innermost first,
this pass takes the values of one pass that the reverse body names, chooses the cheapest set to keep
(`srcad.analysis.cut`), and writes

    xs = []                                      x_saved = []
    for i in range(n):                           for i in range(n):
        x = f(x)                                     x_saved.append(x)
    ...                                   ->         x = f(x)
    for i in reversed(range(n)):                 ...
        x_bar = df(x) * x_bar                    for _ in range(n):
                                                     x = x_saved.pop()
                                                     x_bar = df(x) * x_bar

Lists are made once, before the outermost loop: pushes and pops mirror each other. A value that is the next pass's input
is kept once. Outside loops nothing is saved: names are still there (a value of a branch becomes a result of the
branch).

>>> import srcad
>>> def f(x: float, n: int):
...     for _ in range(n):
...         x = x * x
...     return x
>>> print(srcad.dump(f, stage="simplified"))
function f_grad(x: float, n: int):
    # for _ in range(n):
    _1: range[int] = range(n)
    x_saved: list[float] = []
    x.3: float = for _.2: int in _1 with x.1: float = x:  # loop 1
        list.append(x_saved, x.1)
        # x = x * x
        x.2: float = x.1 * x.1
        next x.2
    # adjoint of: return x
    x_bar: float = 1.0
    # adjoint of: for _ in range(n):
    _4: range[int] = range(n)
    x_bar.3: np.f8 = for i: int in _4 with x_bar.1: np.f8 = x_bar:  # loop 2, reverse of 1
        # for _ in range(n):
        x.4: float = list.pop(x_saved)
        # adjoint of: x = x * x
        _5: float = 2 * x.4
        x_bar.2: np.f8 = _5 * x_bar.1
        next x_bar.2
    return x_bar.3
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

from srcad.analysis.cut import cheapest_cut
from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.dims import Facts
from srcad.ir.kinds import UNDEFINED, Iterator, Kind, List, Scalar, Tuple
from srcad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Loc,
    Star,
    Stmt,
    Var,
    While,
)
from srcad.ir.visit import blocks, count_uses, defs, free_vars, is_call_of, substitute, uses, walk, with_blocks
from srcad.transform.builder import Builder
from srcad.transform.hoist import hoist
from srcad.transform.homes import Forward
from srcad.transform.recompute import (
    available_item,
    has_items,
    has_rows,
    is_cheap,
    is_number_operation,
    is_sized,
    made_by,
    rebuild,
)

_SCALAR_COST, _ARRAY_COST = 2, 5


def save(function: Function, memory: Memory) -> Function:
    """`function`, both sweeps in one body, with every value that the reverse sweep needs made available."""
    stmts = function.body.stmts
    at = next((k for k, s in enumerate(stmts) if s.loc.adjoint), len(stmts))
    forward, reverse = stmts[:at], stmts[at:]
    saver = _Saver(memory)
    saver.forward.read(forward, (), None, nested=False)
    saver.reverse_calls = {s.target: s for s in walk(Block((), reverse, ())) if isinstance(s, Call)}
    reverse = tuple(saver.statement(stmt, ()) for stmt in reverse)
    again = [v for v in saver.of_branches(_free(reverse, ())) if saver.is_quick(v)]
    if again:
        quick = {v for v in saver.forward.homes if saver.is_quick(v)}
        reverse = tuple(saver.in_branches(stmt, again, quick) for stmt in reverse)
    hoisted = saver.of_branches(_free(reverse, function.body.yields))
    forward = tuple(saver.forward_stmts(forward, top=True))
    renaming: dict[Var, Atom] = {}
    for var in hoisted:
        forward, outer = hoist(forward, var)
        renaming[var] = outer
        memory.name(outer, var)
    whole = substitute(Block((), reverse, function.body.yields), renaming)
    body = replace(function.body, stmts=(*forward, *whole.stmts), yields=whole.yields)
    return replace(function, body=body)


def _free(stmts: Sequence[Stmt], yields: Sequence[Atom]) -> tuple[Var, ...]:
    return free_vars(Block((), tuple(stmts), tuple(yields)))


class _Saver:
    """The state of one run: what is pushed where in the forward sweep."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.forward = Forward()
        self.reverse_calls: dict[Var, Call] = {}
        self.pushes: dict[Var, Var] = {}
        self.lists: dict[int, list[Var]] = {}

    # --- branches outside loops ----------------------------------------------------------------------------------

    def of_branches(self, variables: Sequence[Var]) -> list[Var]:
        """Those that a branch or a ``with`` of the forward sweep defines, outside of loops."""
        homes = ((v, self.forward.homes.get(v)) for v in variables)
        return [v for v, home in homes if home is not None and not home.loops and home.nested]

    def is_quick(self, var: Var) -> bool:
        """Whether a number that an arm of a branch defines is quickly computed again from what is defined outside."""
        home = self.forward.homes[var]
        if home.call is None or home.arm is None or not isinstance(var.kind, Scalar) or home.loops:
            return False
        inputs = self.of_branches(_inputs(home.call))
        return is_cheap(home.call, self.memory) and all(map(self.is_quick, inputs))

    def in_branches(self, stmt: Stmt, again: Sequence[Var], quick: set[Var]) -> Stmt:
        """A statement of the reverse sweep with the numbers `again` of branches computed in their mirror images.

        `quick` are all that can be computed again so.
        """
        loc = replace(stmt.loc, saving=True, adjoint=False)
        return self.provide_in_arms(stmt, (), again, {}, self.forward.homes.keys() - quick, (), loc)

    # --- the reverse sweep ---------------------------------------------------------------------------------------

    def statement(self, stmt: Stmt, loops: tuple[int, ...]) -> Stmt:
        """A statement of the reverse sweep inside the mirror images of the forward loops `loops`."""
        if isinstance(stmt, For) and stmt.reverse_of is not None:
            return self.loop(stmt, (*loops, stmt.reverse_of))
        inner = tuple(replace(b, stmts=tuple(self.statement(s, loops) for s in b.stmts)) for b in blocks(stmt))
        return with_blocks(stmt, inner)

    def loop(self, stmt: For, loops: tuple[int, ...]) -> Stmt:
        body = replace(stmt.body, stmts=tuple(self.statement(s, loops) for s in stmt.body.stmts))
        original = self.forward.loops[loops[-1]]
        needed = [v for v in free_vars(body) if (h := self.forward.homes.get(v)) and h.loops == loops]
        kept = self.choose(needed, original, loops)
        chained = self.chained(original, kept, stmt)
        kept = [v for v in kept if v not in chained]
        for var in kept:
            self.push(var, loops)
        body = self.provide(body, needed, kept, chained, original, loops)
        new = replace(stmt, body=body)
        for y, param in chained.items():
            new = self.carry(new, original, y, param)
        if body.params[0] in count_uses(new.body):
            return new
        always = [self.pushes[v] for v in kept if self.forward.homes[v].arm is None]
        counts = isinstance(original, While) or original.stops or not is_sized(original.iter, self.forward.calls)
        if counts and always and len(loops) == 1:
            return _drained(new, always[0])
        return replace(new, iter=self.unreversed(new.iter))

    def unreversed(self, iterable: Atom) -> Atom:
        """``range(n)`` for ``reversed(range(n))``, where the number of the pass is not used."""
        made = self.reverse_calls.get(iterable) if isinstance(iterable, Var) else None
        if made is None or not is_call_of(made, reversed) or isinstance(made.args[0], Star):
            return iterable
        return made.args[0]

    def choose(self, needed: Sequence[Var], original: For | While, loops: tuple[int, ...]) -> list[Var]:
        """The values of one pass to keep."""
        inputs: dict[Var, list[Var] | None] = {}
        cost: dict[Var, int] = {}

        def visit(var: Var) -> None:
            if var in inputs:
                return
            inputs[var] = None
            cost[var] = _cost(var.kind)
            home = self.forward.homes[var]
            if self.is_item(var, original):
                inputs[var] = []
            elif home.call is not None and (is_cheap(home.call, self.memory) or self.is_constant(home.call, loops)):
                local = [a for a in _inputs(home.call) if self.is_local(a, loops)]
                for other in local:
                    visit(other)
                inputs[var] = local

        for var in needed:
            visit(var)
        return cheapest_cut(list(needed), inputs, cost)

    def is_constant(self, call: Call, loops: tuple[int, ...]) -> bool:
        """Whether `call` gives every pass the same number: one operation on numbers from outside of the loop."""
        if not isinstance(call.target.kind, Scalar) or not is_number_operation(call):
            return False
        return not any(
            self.forward.homes[v].loops[: len(loops)] == loops for v in uses(call) if v in self.forward.homes
        )

    def is_local(self, var: Var, loops: tuple[int, ...]) -> bool:
        home = self.forward.homes.get(var)
        return home is not None and home.loops == loops

    def is_item(self, var: Var, original: For | While) -> bool:
        """Whether `var` is the item of a loop over something that can be read again."""
        if not isinstance(original, For) or var != original.body.params[0]:
            return False
        if not has_items(original.iter, self.forward.calls):
            return False
        return not self.reads_mutated(original.iter)

    def reads_mutated(self, source: Atom) -> bool:
        """Whether the items of an iterable, unless they are views, are read from memory that is changed in place."""
        fn, args = made_by(self.forward.calls, source)
        if fn is not None and not isinstance(source, Const) and isinstance(source.kind, Iterator):
            return any(map(self.reads_mutated, args))
        return self.memory.is_mutated(source) and not has_rows(source)

    def chained(self, original: For | While, kept: Sequence[Var], stmt: For) -> dict[Var, Var]:
        """Kept values that are the next pass's kept input: carried backwards instead of being saved a second time."""
        params = original.body.params[1:] if isinstance(original, For) else original.body.params
        found: dict[Var, Var] = {}
        for param, following in zip(params, original.body.yields, strict=False):
            if param in kept and following in kept and following != param and following not in found:
                assert isinstance(following, Var)
                if self.forward.homes[following].arm is None and following not in params:
                    found[following] = param
        return found

    def carry(self, loop: For, original: For | While, following: Var, param: Var) -> For:
        """Carry the value with which a pass ended: before the first reverse pass that is the loop's result."""
        params = original.body.params[1:] if isinstance(original, For) else original.body.params
        target = original.targets[params.index(param)]
        inside = following.like()
        self.memory.name(inside, following)
        kept = next(s.target for s in loop.body.stmts if isinstance(s, Call) and s.args[:1] == (self.pushes[param],))
        body = substitute(loop.body, {following: inside})
        body = replace(body, params=(*body.params, inside), yields=(*body.yields, kept))
        return replace(loop, targets=(*loop.targets, inside.like()), inits=(*loop.inits, target), body=body)

    def push(self, var: Var, loops: tuple[int, ...]) -> None:
        if var not in self.pushes:
            name = "all_saved" if var.name == "saved" else f"{var.name or 't'}_saved"
            saved = Var(name, List(var.kind), of=var.temporary)
            self.pushes[var] = saved
            self.lists.setdefault(loops[0], []).append(saved)

    def provide(
        self,
        body: Block,
        needed: Sequence[Var],
        kept: Sequence[Var],
        chained: dict[Var, Var],
        original: For | While,
        loops: tuple[int, ...],
    ) -> Block:
        """The reverse body with pops and recomputed values at the start of the block that mirrors each definition."""
        loc = replace(original.loc, saving=True, adjoint=False)
        mapping: dict[Var, Atom] = {}
        b = Builder(Facts(), loc, dict(self.forward.calls))
        for var in kept:
            if self.forward.homes[var].arm is None:
                mapping[var] = self.pop(b, var)
        item = original.body.params[0] if isinstance(original, For) else None
        if isinstance(original, For) and item is not None and self.is_item(item, original):
            mapping[item] = available_item(b, original, body.params[0])
        arm_kept = [v for v in kept if self.forward.homes[v].arm is not None]
        kept_all = {*kept, *chained}
        for var in needed:
            if self.forward.homes[var].arm is None and var not in kept_all and var not in mapping:
                rebuild(b, var, self.forward.calls, mapping, kept_all, lambda v: self.is_local(v, loops))
        in_arms = [v for v in needed if self.forward.homes[v].arm is not None]
        stmts = tuple(self.provide_in_arms(s, arm_kept, in_arms, mapping, kept_all, loops, loc) for s in body.stmts)
        self.named(mapping)
        new = substitute(replace(body, stmts=stmts), mapping)
        return replace(new, stmts=(*b.stmts, *new.stmts))

    def named(self, mapping: dict[Var, Atom]) -> None:
        """What is popped or computed again is the same memory under a new name."""
        for var, atom in mapping.items():
            self.memory.name(atom, var)

    def provide_in_arms(
        self,
        stmt: Stmt,
        kept: Sequence[Var],
        needed: Sequence[Var],
        outer: dict[Var, Atom],
        kept_all: set[Var],
        loops: tuple[int, ...],
        loc: Loc,
    ) -> Stmt:
        """The same for values that only one arm of a branch defines, in the mirror image of that arm."""
        if not needed or isinstance(stmt, (Call, For, While)):
            return stmt
        new_blocks: list[Block] = []
        for arm, block in enumerate(blocks(stmt)):
            mapping = dict(outer)
            b = Builder(Facts(), loc, dict(self.forward.calls))
            if isinstance(stmt, If) and stmt.reverse_of is not None:
                here = (stmt.reverse_of, arm)
                for var in kept:
                    if self.forward.homes[var].arm == here:
                        mapping[var] = self.pop(b, var)
                for var in needed:
                    if self.forward.homes[var].arm == here and var not in kept_all:
                        rebuild(b, var, self.forward.calls, mapping, kept_all, lambda v: self.is_local(v, loops))
            own = {v: a for v, a in mapping.items() if v not in outer}
            stmts = tuple(self.provide_in_arms(s, kept, needed, mapping, kept_all, loops, loc) for s in block.stmts)
            self.named(own)
            new = substitute(replace(block, stmts=stmts), own)
            new_blocks.append(replace(new, stmts=(*b.stmts, *new.stmts)))
        return with_blocks(stmt, tuple(new_blocks))

    # --- the forward sweep ---------------------------------------------------------------------------------------

    def forward_stmts(self, stmts: Sequence[Stmt], *, top: bool = False) -> list[Stmt]:
        """The forward sweep with lists made and values pushed."""
        out: list[Stmt] = []
        waiting: list[Call] = []
        for k, stmt in enumerate(stmts):
            if top:
                for loop in _loops_in(stmt):
                    out += [self.new_list(v, stmt.loc) for v in self.lists.pop(loop, ())]
            new = with_blocks(stmt, tuple(self.forward_block(b, stmt.loc) for b in blocks(stmt)))
            out.append(new)
            waiting += [self.pushing(v, stmt.loc) for v in defs(stmt) if v in self.pushes]
            if not same_unpacking(stmt, stmts[k + 1 : k + 2]):
                out += waiting
                waiting = []
        return out

    def forward_block(self, block: Block, loc: Loc) -> Block:
        first = [self.pushing(v, loc) for v in block.params if v in self.pushes]
        stmts = (*first, *self.forward_stmts(block.stmts))
        return replace(block, stmts=stmts)

    def pop(self, b: Builder, var: Var) -> Var:
        return b.append(list.pop, (self.pushes[var],), name=var.name, kind=var.kind, of=var.temporary)

    def new_list(self, saved: Var, loc: Loc) -> Call:
        return Call(saved, Const(ops.make_list), (), (), replace(loc, saving=True))

    def pushing(self, var: Var, loc: Loc) -> Call:
        args = (self.pushes[var], var)
        return Call(Var("", UNDEFINED), Const(list.append), args, (), replace(loc, saving=True))


def same_unpacking(stmt: Stmt, following: Sequence[Stmt]) -> bool:
    """Whether the next statement takes another item out of what `stmt` unpacks, or takes an item out of."""
    if not following or not isinstance(stmt, Call) or not isinstance(after := following[0], Call):
        return False
    source = stmt.target if is_call_of(stmt, ops.unpack) else stmt.args[0] if stmt.args else None
    item = Const(operator.getitem)
    return after.fn == item and after.args[0] == source and (stmt.fn in (item, Const(ops.unpack)))


def _loops_in(stmt: Stmt) -> list[int]:
    return [s.id for s in walk(Block((), (stmt,), ())) if isinstance(s, (For, While))]


def _inputs(call: Call) -> list[Var]:
    return list(uses(call))


def _cost(kind: Kind) -> int:
    match kind:
        case Scalar():
            return _SCALAR_COST
        case Tuple(items=items):
            return 1 + sum(_cost(k) for k in items)
        case _:
            return _ARRAY_COST


def _drained(loop: For, saved: Var) -> While:
    """``while x_saved:``, for a loop that otherwise would need the number of its passes."""
    cond = Block(tuple(p.like() for p in loop.body.params[1:]), (), (saved,))
    body = replace(loop.body, params=loop.body.params[1:])
    return While(loop.targets, loop.inits, cond, body, False, loop.loc, loop.id, loop.reverse_of)

"""Removing what nobody needs: dead statements, dead carried values, dead results of branches.

Statements of the primal stay (its effects and its exceptions are the user's), except that with `drop_primal` those go
that certainly raise nothing and whose value nobody reads. Statements that a transform added go when their value is not
needed; stores into a cotangent buffer go when the buffer is never read.

    t_bar = 2.0 * z_bar         (removed: t_bar is not read)
    x_bar = 3.0 * z_bar   ->    x_bar = 3.0 * z_bar
    return x_bar                return x_bar

>>> import srcad
>>> def f(x: float):
...     y = 3.0 * x
...     z = 2.0 * y
...     return y * y
>>> print(srcad.dump(f, stage="simplified"))
function f_grad(x: float):
    # y = 3.0 * x
    y: float = 3.0 * x
    # adjoint of: y = 3.0 * x
    x_bar: float = 6.0 * y
    return x_bar
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from srcad import runtime
from srcad.analysis.bounds import Bounds
from srcad.analysis.effects import cannot_raise, is_pure, writes
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Iterator, List, Scalar, Tuple
from srcad.ir.memo import kept
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Star, Stmt, Var, While, With
from srcad.ir.visit import blocks, is_call_of, updated, uses


def clean(
    function: Function,
    *,
    drop_primal: bool,
    keep_stores: bool = False,
    drop_regions: bool = False,
    memory: Memory | None = None,
    outputs: Sequence[Var] = (),
) -> Function:
    """`function` without dead code.

    Args:
        function: any form; variables may be used outside the region that defines them.
        drop_primal: whether operations of the primal that cannot raise may go, too (`grad`, not `value_and_grad`).
        drop_regions: with `drop_primal`, whether branches and loops of the primal with nothing left in them may go,
            too: not before their values are saved, which goes by the loops of the forward sweep.
        memory: its memory facts: which names may refer to the memory that a store changes.
        outputs: what the caller reads the memory of.
        keep_stores: whether all stores stay: other references to the same memory may read it (in forward mode).
    """
    live = _Live(drop_primal, keep_stores, drop_primal and drop_regions, memory or Memory())
    live.collect(function.body)
    live.want_all((*function.body.yields, *outputs))
    live.run()
    return updated(function, body=_rebuilt(live, function.body))


#: What `np.errstate` does without raising anything.
_QUIET = ("ignore", "warn", "print", "log")


def added(loc: Loc) -> bool:
    """Whether a statement was made by a transform."""
    return loc.adjoint or loc.saving


@dataclass
class _Live:
    """Marking: which variables are needed, starting from effects and results."""

    drop_primal: bool
    keep_stores: bool = False
    drop_regions: bool = False
    memory: Memory = field(default_factory=Memory)
    makers: dict[Var, list[list[Atom]]] = field(default_factory=dict)
    stores: dict[Var, list[Call]] = field(default_factory=dict)
    bases: dict[Var, Var] = field(default_factory=dict)
    vars: set[Var] = field(default_factory=set)
    todo: list[Var] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)
    controls: dict[int, tuple[Atom, ...]] = field(default_factory=dict)
    contexts: dict[Var, Call] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)

    def want_all(self, atoms: Sequence[Atom | Star]) -> None:
        known = self.vars
        for atom in atoms:
            var = atom.value if isinstance(atom, Star) else atom
            if isinstance(var, Var) and var not in known:
                known.add(var)
                self.todo.append(var)

    def run(self) -> None:
        while self.todo:
            var = self.todo.pop()
            for needed in self.makers.get(var, ()):
                self.want_all(needed)
            base = self.base(var)
            for place in self.places(base):
                for store in self.stores.get(place, ()):
                    self.keep(store)
            if base != var:
                self.want_all((base,))

    def keep(self, stmt: Call) -> None:
        """A call that runs for its effect, and the conditions and iterables of the regions around it."""
        if id(stmt) not in self.kept:
            self.kept.add(id(stmt))
            self.want_all(uses(stmt))
            self.want_all(self.controls[id(stmt)])

    def base(self, var: Var) -> Var:
        while var in self.bases and not self.memory.of(var):
            var = self.bases[var]
        return var

    def places(self, base: Var) -> tuple[Var, ...]:
        """What stands for the memory that `base` refers to: its roots."""
        return self.memory.of(base) or (base,)

    def collect(self, block: Block, around: tuple[Atom, ...] = (), *, raising: bool = False) -> None:
        """Note what needs what; `raising`: in a ``with`` that may make errors of what are warnings elsewhere."""
        for stmt in block.stmts:
            inside = around
            match stmt:
                case Call():
                    self.controls[id(stmt)] = around
                    self.contexts.update({stmt.target: stmt} if stmt.fn == Const(np.errstate) else {})
                    self.call(stmt, raising=raising)
                case If():
                    self.link(stmt.targets, stmt.then.yields, [stmt.cond])
                    self.link(stmt.targets, stmt.orelse.yields, [])
                case For():
                    self.loop(stmt, stmt.body.params[1:], [])
                    self.bounds.read_loop(stmt)
                case While():
                    self.loop(stmt, stmt.body.params, [])
                    self.link(stmt.cond.params, stmt.body.params, [])
                case With():
                    self.link(stmt.targets, stmt.body.yields, [stmt.context])
            if not isinstance(stmt, Call):
                inside = (*around, *_controls(stmt))
                if not self.droppable(stmt):
                    self.kept.add(id(stmt))
                    self.want_all(inside)
            strict = raising or (isinstance(stmt, With) and not self.is_quiet(stmt.context))
            for inner in blocks(stmt):
                self.collect(inner, inside, raising=strict)

    def is_quiet(self, context: Atom) -> bool:
        """Whether a context is an ``np.errstate`` that makes no errors."""
        made = self.contexts.get(context) if isinstance(context, Var) else None
        settings = () if made is None else tuple(value for _, value in made.kwargs)
        return made is not None and not made.args and all(isinstance(v, Const) and v.value in _QUIET for v in settings)

    def link(self, targets: Sequence[Var], sources: Sequence[Atom], also: list[Atom]) -> None:
        for target, source in zip(targets, sources, strict=False):
            self.makers.setdefault(target, []).append([source, *also])

    def loop(self, stmt: For | While, params: Sequence[Var], also: list[Atom]) -> None:
        extra = [*also, *_controls(stmt)]
        for k, param in enumerate(params):
            needed = [stmt.inits[k], stmt.body.yields[k], *extra]
            self.makers.setdefault(param, []).append(needed)
            self.makers.setdefault(stmt.targets[k], []).append([param, *needed])

    def call(self, call: Call, *, raising: bool) -> None:
        self.bounds.read_call(call)
        view, written = _effects(call)
        if view is not None:
            self.bases[call.target] = view
        by_need = bool(written) and not self.keep_stores
        if by_need:
            for base in map(self.base, written):
                for place in self.memory.reachable(base) or (base,):  # what is added to a list is added to its arrays
                    self.stores.setdefault(place, []).append(call)
        self.makers.setdefault(call.target, []).append([*uses(call), *self.controls[id(call)]])
        if not by_need and not self.removable(call, raising=raising):
            self.keep(call)

    def removable(self, call: Call, *, raising: bool) -> bool:
        if added(call.loc):
            return is_pure(call) and not _checks(call)
        return self.drop_primal and ((not raising and cannot_raise(call)) or self.bounds.has_item(call))

    def droppable(self, stmt: Stmt) -> bool:
        """Whether a region may go when nothing in it is needed."""
        if added(stmt.loc):
            return isinstance(stmt, (For, If, With))
        return self.drop_regions and _is_harmless(stmt, self.bounds)


@kept
def _effects(call: Call) -> tuple[Var | None, tuple[Var, ...]]:
    """What the result of a call that a transform added is a view of, and what it changes if that is read."""
    if not added(call.loc):
        return None, ()
    view = view_of(call)
    base = view[0] if view and isinstance(view[0], Var) else None
    fixed = _drains(call) or _undoes(call)
    return base, () if fixed else tuple(a for a in writes(call) if isinstance(a, Var))


def _is_harmless(stmt: Stmt, bounds: Bounds) -> bool:
    """Whether a region with nothing in it certainly ends and raises nothing."""
    match stmt:
        case If(cond=cond):
            return isinstance(atom_kind(cond), Scalar)
        case For(iter=iterable):
            made = bounds.calls.get(iterable) if isinstance(iterable, Var) else None
            kind = atom_kind(made.args[0] if made is not None and is_call_of(made, reversed) else iterable)
            sized = isinstance(kind, (List, Tuple)) or (isinstance(kind, Array) and bool(kind.dims))
            return sized or (isinstance(kind, Iterator) and kind.form == "range")
        case _:
            return False


def _controls(stmt: Stmt) -> tuple[Atom, ...]:
    """What decides whether and how often the blocks of a region run."""
    match stmt:
        case If(cond=cond):
            return (cond,)
        case For(iter=iterable, body=body):
            return (iterable, body.yields[-1]) if stmt.stops else (iterable,)
        case While(cond=cond, body=body):
            return (cond.yields[0], body.yields[-1]) if stmt.stops else (cond.yields[0],)
        case With(context=context):
            return (context,)
        case _:
            return ()


def _checks(call: Call) -> bool:
    """Making sure that the result is a real scalar: also where no argument has a part in it."""
    return isinstance(call.fn, Const) and call.fn.value is runtime.seed


def _drains(call: Call) -> bool:
    """Pushing to and popping from the lists of saved values: both or neither, so they always stay."""
    return isinstance(call.fn, Const) and call.fn.value in (list.append, list.pop)


def _undoes(call: Call) -> bool:
    """Whether a store puts back what one of the primal overwrote: it is there because somebody reads that memory.

    Who does may know it by another name, which a branch or a list of saved values gave to it.
    """
    return call.loc.adjoint and call.loc.saving


def _rebuilt(live: _Live, block: Block) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        new = _kept(live, stmt)
        if new is not None:
            stmts.append(new)
    return updated(block, stmts=tuple(stmts))


def _kept(live: _Live, stmt: Stmt) -> Stmt | None:
    match stmt:
        case Call():
            return stmt if stmt.target in live.vars or id(stmt) in live.kept else None
        case If():
            wanted = [k for k, t in enumerate(stmt.targets) if t in live.vars]
            then, orelse = (_narrowed(_rebuilt(live, b), wanted) for b in (stmt.then, stmt.orelse))
            empty = not (then.stmts or orelse.stmts or wanted)
            if empty and id(stmt) not in live.kept:
                return None
            return updated(stmt, targets=tuple(stmt.targets[k] for k in wanted), then=then, orelse=orelse)
        case With():
            wanted = [k for k, t in enumerate(stmt.targets) if t in live.vars]
            body = _narrowed(_rebuilt(live, stmt.body), wanted)
            if not (body.stmts or wanted) and id(stmt) not in live.kept:
                return None
            return updated(stmt, targets=tuple(stmt.targets[k] for k in wanted), body=body)
        case For() | While():
            return _kept_loop(live, stmt)


def _narrowed(block: Block, wanted: Sequence[int]) -> Block:
    return updated(block, yields=tuple(block.yields[k] for k in wanted))


def _kept_loop(live: _Live, stmt: For | While) -> Stmt | None:
    first = 1 if isinstance(stmt, For) else 0
    params = stmt.body.params[first:]
    wanted = [k for k, p in enumerate(params) if p in live.vars or stmt.targets[k] in live.vars]
    wanted_yields = [*wanted, len(params)] if stmt.stops else wanted
    body = _narrowed(_rebuilt(live, stmt.body), wanted_yields)
    body = updated(body, params=(*stmt.body.params[:first], *(params[k] for k in wanted)))
    if not (body.stmts or wanted) and id(stmt) not in live.kept:
        return None
    targets = tuple(stmt.targets[k] for k in wanted)
    inits = tuple(stmt.inits[k] for k in wanted)
    if isinstance(stmt, For):
        return updated(stmt, targets=targets, inits=inits, body=body)
    cond = updated(_rebuilt(live, stmt.cond), params=tuple(stmt.cond.params[k] for k in wanted))
    return updated(stmt, targets=targets, inits=inits, body=body, cond=cond)

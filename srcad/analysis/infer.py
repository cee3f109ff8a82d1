"""Kinds for all variables of a function, by abstract interpretation in program order.

Input: a `Function` whose variables have no kinds, and the kinds of its parameters. Output: `Typed`, the same
function with a kind in every variable (the same uids), and the facts (equal lengths) of every region. Loops are
passed over until the kinds of what they carry stay; the whole function until the kinds of what is stored into
containers stay (see `srcad.analysis.heap`).

Facts are scoped: those of a loop's body or a branch's arm hold only inside. They are filed under the variables that
a block defines, because these survive the passes that follow; `Typed.facts_of` looks them up for a block, also for
one that was rewritten.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import CellType, ModuleType
from typing import Any

import numpy as np

from srcad.analysis.heap import Heap
from srcad.analysis.operators import stored
from srcad.analysis.result import has_description, result_kind
from srcad.analysis.stores import known, note
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.atoms import MISSING, atom_kind, constant
from srcad.ir.dims import Dim, Facts, Symbol
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Array, Dict, Kind, List, Object, Opaque, Undefined
from srcad.ir.lattice import join, join_all, without_local
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.ir.record import record
from srcad.rules.families.indexing import getitem
from srcad.rules.families.python import item_of, truth_of

#: Passes over a loop, or over the function, after which what still changes becomes Unknown.
PATIENCE = 6


@record(frozen=True)
class CalleeKind:
    """What is known of a call of another function of the program.

    Args:
        result: the kind of its result.
        params: the kinds of its arguments after the call, where it may have changed what containers hold, else None.
    """

    result: Kind
    params: tuple[Kind, ...] | None = None


CalleeHook = Callable[[Any, Sequence[Atom | Star], Sequence[tuple[str | None, Atom]]], "CalleeKind | Kind | None"]
DataHook = Callable[[Any, str], "Kind | None"]


@record(frozen=True)
class Typed:
    """A function with kinds, and what is known of its lengths.

    `facts` holds at the top level of the function once it has run; `scopes` files the facts of each region under the
    uids of the variables that are defined directly in it.
    """

    function: Function
    facts: Facts
    scopes: Mapping[int, Facts]

    @property
    def result(self) -> Kind:
        """The kind of the function's result."""
        return atom_kind(self.function.body.yields[0])

    @property
    def params(self) -> tuple[Kind, ...]:
        """The kinds of the parameters, widened by what the function stores into them."""
        return tuple(p.kind for p in self.function.body.params)

    def facts_of(self, block: Block) -> Facts:
        """The facts that hold once `block` has run; those of the function for a block that defines nothing."""
        for var in (*block.params, *(v for stmt in block.stmts for v in _defined(stmt))):
            if var.uid in self.scopes:
                return self.scopes[var.uid]
        return self.facts

    def facts_at(self, var: Var) -> Facts:
        """The facts of the region in which a variable is defined."""
        return self.scopes.get(var.uid, self.facts)


def infer(
    function: Function,
    arg_kinds: Sequence[Kind],
    *,
    callee_kind: CalleeHook | None = None,
    read_data: DataHook | None = None,
) -> Typed:
    """Give every variable of a function its kind.

    Args:
        function: the function; kinds that its variables have already are ignored.
        arg_kinds: the kinds of its parameters, in order; parameters beyond them are Unknown.
        callee_kind: called for functions known while compiling that have no rule, with the function, its arguments
            and its keyword arguments (typed atoms). None as the answer means that nothing is known, a bare kind that it
            stores nothing into its arguments.
        read_data: called with `ops.load_global` or `ops.load_free`, or a module or closure cell, and a name, for the
            kind of that datum.

    Returns:
        The typed function with its facts.
    """
    heap = Heap()
    lengths: dict[tuple[int, int], Dim] = {}
    params = function.body.params
    given = [*arg_kinds, *[UNKNOWN] * (len(params) - len(arg_kinds))]
    for var, kind in zip(params, given, strict=True):
        heap.enter(var, kind)
    rounds = 0
    while True:
        version = heap.version
        run = _Inference(heap, callee_kind, read_data, lengths)
        facts = Facts()
        for var, kind in zip(params, given, strict=True):
            run.define(var, kind, facts)
        body = run.block(function.body, facts)
        if heap.version == version:
            return Typed(replace(function, body=body), facts, run.scopes)
        rounds += 1
        heap.coarse = rounds >= PATIENCE


def _defined(stmt: Stmt) -> tuple[Var, ...]:
    if isinstance(stmt, Call):
        return (stmt.target,)
    if isinstance(stmt, With) and stmt.entered is not None:
        return (stmt.entered, *stmt.targets)
    return stmt.targets


class _Inference:
    """One pass over a function."""

    def __init__(
        self,
        heap: Heap,
        callee_kind: CalleeHook | None,
        read_data: DataHook | None,
        lengths: dict[tuple[int, int], Dim],
    ) -> None:
        self.heap = heap
        self.lengths = lengths
        self.callee_kind = callee_kind
        self.read_data = read_data
        self.scopes: dict[int, Facts] = {}
        self.env: dict[int, Var] = {}

    def define(self, var: Var, kind: Kind, facts: Facts) -> Var:
        """Give a variable its kind where it is defined."""
        typed = Var(var.name, self.named(var, self.heap.widen(var, kind)), var.uid)
        self.env[var.uid] = typed
        self.scopes[var.uid] = facts
        return typed

    def named(self, var: Var, kind: Kind) -> Kind:
        """`kind` with a symbol for each unknown length of an array: the same wherever this value goes in this pass."""
        if not isinstance(kind, Array) or kind.dims is None or None not in kind.dims:
            return kind
        dims = []
        for axis, dim in enumerate(kind.dims):
            if dim is None:
                dim = self.lengths.setdefault((var.uid, axis), Dim.of(Symbol("?", local=True)))
            dims.append(dim)
        return Array(kind.dtype, tuple(dims))

    def atom(self, atom: Atom) -> Atom:
        """The operand with its kind."""
        return self.env.get(atom.uid, atom) if isinstance(atom, Var) else atom

    def argument(self, arg: Atom | Star) -> Atom | Star:
        """An argument with its kind."""
        return Star(self.atom(arg.value)) if isinstance(arg, Star) else self.atom(arg)

    def block(self, block: Block, facts: Facts) -> Block:
        """A block whose parameters are defined already."""
        params = tuple(self.env[p.uid] for p in block.params)
        stmts = tuple(self.stmt(s, facts) for s in block.stmts)
        return Block(params, stmts, tuple(map(self.atom, block.yields)))

    def stmt(self, stmt: Stmt, facts: Facts) -> Stmt:
        """One statement."""
        match stmt:
            case Call():
                return self.call(stmt, facts)
            case If():
                return self.branch(stmt, facts)
            case For():
                return self.for_loop(stmt, facts)
            case While():
                return self.while_loop(stmt, facts)
            case With():
                return self.with_block(stmt, facts)
            case _:
                raise InternalError(f"infer kinds: unknown statement {type(stmt).__name__}")

    def call(self, stmt: Call, facts: Facts) -> Call:
        """A call: its result's kind, and what it stores."""
        fn, args = self.atom(stmt.fn), tuple(map(self.argument, stmt.args))
        kwargs = tuple([(k, self.atom(v)) for k, v in stmt.kwargs])
        typed = Call(stmt.target, fn, args, kwargs, stmt.loc)
        found = self._result(typed, facts)
        kind = found.result if isinstance(found, CalleeKind) else UNKNOWN if found is None else found
        typed = Call(self.define(stmt.target, kind, facts), fn, args, kwargs, stmt.loc)
        if isinstance(found, CalleeKind) and found.params is not None:
            self._absorb(typed, found.params)
        note(typed, self.heap, facts, described=found is not None)
        return typed

    def _result(self, call: Call, facts: Facts) -> CalleeKind | Kind | None:
        function = constant(call.fn)
        if function is ops.load_global or function is ops.load_free:
            name = constant(call.args[0]) if isinstance(call.args[0], Const) else None
            found = self.read_data(function, name) if self.read_data is not None and isinstance(name, str) else None
            kind = UNKNOWN if found is None else _filled(found)
            self.heap.enter(call.target, kind)
            return kind
        if function is getattr and self.read_data is not None and (place := _place(call)) is not None:
            return self._datum(call, place, facts)
        if not has_description(function) and not hasattr(function, "__objclass__"):
            if any(isinstance(atom_kind(a), Undefined) for a in call.args):
                return UNDEFINED
            return None if self.callee_kind is None or function is MISSING else self._ask(function, call)
        _note_stores(function, call, facts)
        return result_kind(call.fn, call.args, call.kwargs, facts)

    def _datum(self, call: Call, place: tuple[Any, str], facts: Facts) -> Kind:
        """Data that another module, or the closure of another function, holds."""
        kind = result_kind(call.fn, call.args, call.kwargs, facts)
        if kind == UNKNOWN and self.read_data is not None:
            found = self.read_data(*place)
            kind = UNKNOWN if found is None else _filled(found)
            self.heap.enter(call.target, kind)
        return kind

    def _ask(self, function: Any, call: Call) -> CalleeKind | Kind | None:
        assert self.callee_kind is not None
        return self.callee_kind(function, call.args, call.kwargs)

    def _absorb(self, call: Call, after: tuple[Kind, ...]) -> None:
        """Take in what a callee stored into the containers that it was given."""
        for arg, kind in zip(call.args, after, strict=False):
            before = atom_kind(arg)
            if join(before, kind) == before:
                continue
            match kind:
                case List(item=item) | Dict(item=item):
                    self.heap.store(arg, item)
                    self.heap.touch(arg)
                case Object(fields=fields):
                    for name, value in fields:
                        self.heap.store(arg, value, name)
                case _:
                    self.heap.blur([arg])
                    self.heap.store(arg, UNKNOWN)

    def branch(self, stmt: If, facts: Facts) -> If:
        """A branch: its targets have the join of what the arms that may run yield."""
        cond = self.atom(stmt.cond)
        truth = truth_of(atom_kind(cond), facts)
        then = self._arm(stmt.then, facts, live=truth is not False)
        orelse = self._arm(stmt.orelse, facts, live=truth is not True)
        live = [b for b, dead in ((then, truth is False), (orelse, truth is True)) if not dead]
        targets = []
        for i, target in enumerate(stmt.targets):
            yields = [b.yields[i] for b in live]
            for atom in yields:
                self.heap.alias(target, atom)
            targets.append(self.define(target, join_all([atom_kind(a) for a in yields], facts), facts))
        return replace(stmt, targets=tuple(targets), cond=cond, then=then, orelse=orelse)

    def _arm(self, block: Block, facts: Facts, *, live: bool) -> Block:
        """An arm of a branch; one that never runs stores nothing."""
        before = self.heap.recording
        self.heap.recording = before and live
        typed = self.block(block, facts.child())
        self.heap.recording = before
        return typed

    def for_loop(self, stmt: For, facts: Facts) -> For:
        """A loop over an iterable."""
        iterable = self.atom(stmt.iter)
        inits = tuple(map(self.atom, stmt.inits))
        item, *params = stmt.body.params
        if isinstance(iterable, Var):
            self.heap.contains(iterable, item)
        self._alias_carried(stmt.targets, params, inits, stmt.body)

        def one_pass(carried: list[Kind]) -> tuple[list[Block], Facts]:
            inner = facts.child()
            self.define(item, item_of(atom_kind(iterable), facts), inner)
            for param, kind in zip(params, carried, strict=True):
                self.define(param, kind, inner)
            return [self.block(stmt.body, inner)], inner

        blocks, carried = self._fixpoint(one_pass, inits)
        targets = tuple(self.define(t, k, facts) for t, k in zip(stmt.targets, carried, strict=True))
        return replace(stmt, targets=targets, iter=iterable, inits=inits, body=blocks[0])

    def while_loop(self, stmt: While, facts: Facts) -> While:
        """A loop on a condition, which runs before each pass."""
        inits = tuple(map(self.atom, stmt.inits))
        self._alias_carried(stmt.targets, stmt.body.params, inits, stmt.body)
        self._alias_carried(stmt.targets, stmt.cond.params, inits, None)

        def one_pass(carried: list[Kind]) -> tuple[list[Block], Facts]:
            outer = facts.child()
            for param, kind in zip(stmt.cond.params, carried, strict=True):
                self.define(param, kind, outer)
            cond = self.block(stmt.cond, outer)
            inner = outer.child()
            for param, kind in zip(stmt.body.params, carried, strict=True):
                self.define(param, kind, inner)
            return [self.block(stmt.body, inner), cond], inner

        blocks, carried = self._fixpoint(one_pass, inits)
        targets = tuple(self.define(t, k, facts) for t, k in zip(stmt.targets, carried, strict=True))
        return replace(stmt, targets=targets, inits=inits, cond=blocks[1], body=blocks[0])

    def _alias_carried(
        self, targets: Sequence[Var], params: Sequence[Var], inits: Sequence[Atom], body: Block | None
    ) -> None:
        for i, (target, param, init) in enumerate(zip(targets, params, inits, strict=True)):
            self.heap.alias(param, init)
            self.heap.alias(target, param)
            if body is not None:
                self.heap.alias(param, body.yields[i])

    def _fixpoint(
        self, one_pass: Callable[[list[Kind]], tuple[list[Block], Facts]], inits: Sequence[Atom]
    ) -> tuple[list[Block], list[Kind]]:
        """Repeat a pass until the kinds of what the loop carries stay; the last pass is the one that is kept."""
        carried = [atom_kind(a) for a in inits]
        for count in range(PATIENCE + 2):
            blocks, inner = one_pass(carried)
            yields = [atom_kind(a) for a in blocks[0].yields[: len(carried)]]
            joined = [join(a, b, inner) for a, b in zip(carried, yields, strict=True)]
            after = [a if a == b else without_local(b) for a, b in zip(carried, joined, strict=True)]
            if after == carried:
                return blocks, carried
            if count >= PATIENCE:
                after = [a if a == b else UNKNOWN for a, b in zip(carried, after, strict=True)]
                if count > PATIENCE:
                    after = [UNKNOWN for _ in carried]
            carried = after
        blocks, _ = one_pass(carried)
        return blocks, carried

    def with_block(self, stmt: With, facts: Facts) -> With:
        """A context manager. One that never suppresses an exception lets the facts of its body out."""
        context = self.atom(stmt.context)
        kind = atom_kind(context)
        transparent = isinstance(kind, (Opaque, Object)) and kind.cls is np.errstate
        entered = None
        if stmt.entered is not None:
            self.heap.blur([stmt.entered, context])
            entered = self.define(stmt.entered, UNKNOWN, facts)
        body = self.block(stmt.body, facts if transparent else facts.child())
        for target, atom in zip(stmt.targets, body.yields, strict=True):
            self.heap.alias(target, atom)
        targets = tuple(self.define(t, atom_kind(a), facts) for t, a in zip(stmt.targets, body.yields, strict=True))
        return replace(stmt, targets=targets, context=context, entered=entered, body=body)


def _place(call: Call) -> tuple[Any, str] | None:
    """The module or closure cell, and the name in it, that a call of `getattr` reads; None for other objects."""
    match call.args:
        case (Const(value=ModuleType() | CellType() as owner), Const(value=str() as name)):
            return owner, name
        case _:
            return None


def _filled(kind: Kind) -> Kind:
    """The kind of a container outside of the function, which others may fill: an empty one may hold anything later."""
    match kind:
        case List(item=Undefined(), cls=cls):
            return List(UNKNOWN, None, cls)
        case Dict(item=Undefined()):
            return Dict(UNKNOWN)
        case _:
            return kind


def _note_stores(function: Any, call: Call, facts: Facts) -> None:
    """Record what a store into an array asserts about lengths."""
    is_store = function is operator.setitem or known(ops.UPDATE_OPERATORS, function) is not None
    if is_store and len(call.args) == 3:
        place, index, value = (atom_kind(a) for a in call.args)
        if isinstance(place, Array):
            stored(value, getitem(place, index, facts), facts)

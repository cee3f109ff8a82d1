"""Companions: for every reference to carried memory, the same reference to its shadow.

A shadow is the array (list, dict) in which the reverse sweep collects the cotangents of memory that is changed in
place. Where it is not known while compiling which memory a name refers to (`srcad.analysis.carried`), the forward sweep
makes each shadow where it makes the memory, and does to shadows what it does to references: it takes the same views of
them, merges them in branches and loops, puts them into containers and takes them out again.

    w = u if c else v           w, w_bar = (u, u_bar) if c else (v, v_bar)
    rows.append(w)       ->     rows.append(w); rows_bar.append(w_bar)
    r = rows[k]                 r = rows[k]; r_bar = rows_bar[k]

The shadow of a list of numbers has a zero for each; numbers in a tuple have none (their cotangents are values).

>>> import srcad
>>> import numpy as np
>>> def f(u, v, c):
...     w = u if c else v
...     w[0] = 1.0
...     return u @ u
>>> print(srcad.grad(f).source_for(np.ones(3), np.ones(3), True))
# kinds: u: f8[n], v: f8[m], c: bool
def f_grad(u, v, c):
    u = u.copy(order='K')
    v = v.copy(order='K')
    u_bar = np.zeros_like(u)
    v_bar = np.zeros_like(v)
    if c:
        w = u
        w_bar = u_bar
    else:
        w = v
        w_bar = v_bar
    w[0] = 1.0
    # return u @ u
    u_bar += 2 * u
    # w[0] = 1.0
    w_bar[0] = 0.0
    return u_bar
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcad import runtime
from srcad.analysis.carried import holds_references
from srcad.analysis.effects import writes
from srcad.analysis.memory import Event, Memory
from srcad.analysis.views import view_of
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import Array, Iterator, Kind, List, Scalar, Tuple, Undefined, may_be_active
from srcad.ir.nodes import (
    NOWHERE,
    UNDEFINED_ATOM,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Star,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.visit import is_call_of, walk
from srcad.runtime.tangents import like_view, zero_tangent
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.buffers import cotangent_kind, zeros
from srcad.transform.reverse.cotangents import Companions
from srcad.transform.reverse.slots import bar
from srcad.transform.tangent_containers import container_operation
from srcad.transform.tangent_iteration import along, assembled, is_iteration, iterator_value, leaf_kinds, leaves
from srcad.transform.tangent_stores import tangent_of_store


def with_companions(
    function: Function,
    memory: Memory,
    lengths: tuple[Facts, Callable[[Block], Facts]],
    shadows: Mapping[Var, Var] | None = None,
) -> tuple[Function, Companions]:
    """`function` with the companions of its carried references, and these by reference.

    `memory` learns of them: they are references to memory that the reverse sweep changes. `shadows` are those of
    parameters that the caller gives.
    """
    if not memory.carried:
        return function, Companions()
    facts, facts_of = lengths
    carrier = _Carrier(memory, facts_of)
    b = Builder(facts, replace(function.loc, saving=True, text="", stmt=-1))
    carrier.of.update(shadows or {})
    calls = [s for s in walk(function.body) if isinstance(s, Call)]
    effects = [memory.effects[s.target] for s in calls if s.target in memory.effects]
    changed = [a for c in calls for a in writes(c)] + [a for e in effects for a in e.writes]
    moves = any(holds_references(atom_kind(a)) for a in changed)
    for param in function.body.params:
        if param not in carrier.of:
            carrier.allocated(b, param)
            if moves:
                carrier.entered(b, param)
    carrier.statements(function.body.stmts, b)
    body = replace(function.body, stmts=tuple(b.stmts))
    carrier.remember()
    return replace(function, body=body), carrier.of


@dataclass
class _Carrier:
    """The state of one walk: the companion of every carried reference met so far."""

    memory: Memory
    facts_of: Callable[[Block], Facts]
    of: Companions = field(default_factory=Companions)
    b: Builder | None = None
    named: set[Var] = field(default_factory=set)

    def dot(self, atom: Atom) -> Value:
        """The companion of an atom, `ZERO` for what has none."""
        if not isinstance(atom, Var):
            return ZERO
        missing = atom in self.memory.carried and atom not in self.of
        if missing and self.b is not None and is_iteration(self.b.definition(atom)):
            return iterator_value(self.b, atom, self.dot)
        return self.of.get(atom, ZERO)

    # --- statements ------------------------------------------------------------------------------------------------

    def statements(self, stmts: Sequence[Stmt], b: Builder) -> None:
        """Write statements with the companions of what they define."""
        outer, self.b = self.b, b
        for stmt in stmts:
            b.loc = replace(stmt.loc, saving=True)
            match stmt:
                case Call():
                    self.call(stmt, b)
                case If():
                    self.branch(stmt, b)
                case For() | While():
                    self.loop(stmt, b)
                case With():
                    self.with_block(stmt, b)
                case _:
                    raise InternalError(f"no case for the node {type(stmt).__name__}")
        self.b = outer

    def call(self, call: Call, b: Builder) -> None:
        """Write a call, what it does to containers of shadows before it, and the companion of its result behind it."""
        changed = [a for a in writes(call) if isinstance(a, Var) and a in self.memory.carried]
        taken: Value = ZERO
        if is_call_of(call, ops.unpack) and call.target in self.memory.carried:
            self.unpacked(call, b)
        if any(not isinstance(a.kind, Array) for a in changed):
            taken = self.changed(call, b)
        b.emit(call)
        var = call.target
        if var not in self.memory.carried or isinstance(var.kind, Undefined) or is_iteration(call) or var in self.of:
            return
        effect = self.memory.effects.get(var)
        if effect is not None and effect.returns:
            self.of.returned[var] = self.companion(var)
        elif changed and taken is not ZERO:
            self.keep(b, var, taken)
        elif self.memory.of(var) == (var,):
            self.allocated(b, var, call)
        else:
            self.viewed(b, var, call)

    def unpacked(self, call: Call, b: Builder) -> None:
        """The shadows of ``a, b = t``, in a line of their own before it."""
        value, kind = self.dot(call.args[0]), call.target.kind  # type: ignore[arg-type]
        if not isinstance(value, Var) or not isinstance(kind, Tuple) or len(call.args) != 2:
            return
        items = b.append(ops.unpack, (value, call.args[1]), kind=kind)
        read = [b.append(operator.getitem, (items, Const(k)), kind=part) for k, part in enumerate(kind.items)]
        parts = zip(read, kind.items, strict=True)
        shadows: list[Value] = [ZERO if isinstance(k, Scalar) or not may_be_active(k) else v for v, k in parts]
        self.of[call.target] = Seq(shadows, tuple)

    def changed(self, call: Call, b: Builder) -> Value:
        """What a change of a container does to its shadow; returns the companion of the result."""
        base = writes(call)[0]
        fn = call.fn.value if isinstance(call.fn, Const) else None
        references = holds_references(atom_kind(base))
        replaces = fn in ops.UPDATE_OPERATORS or (fn is operator.setitem and not references)
        if replaces and isinstance(atom_kind(base), List) and isinstance(atom_kind(call.args[-1]), Scalar):
            return ZERO  # as many numbers as before
        return tangent_of_store(b, call, self.dot)

    def allocated(self, b: Builder, var: Var, call: Call | None = None) -> None:
        """The shadow of memory that is new."""
        if var not in self.memory.carried or isinstance(var.kind, Undefined):
            return
        if call is not None and not isinstance(var.kind, Array):
            value = (
                container_operation(b, call, self.dot)
                if holds_references(var.kind) or isinstance(var.kind, Tuple)
                else None
            )
            if value is not None and value is not ZERO:
                self.keep(b, var, value)
                return
        if isinstance(var.kind, Tuple):
            items = [self.part(b, var, k, kind) for k, kind in enumerate(var.kind.items)]
            self.of[var] = Seq(items, tuple)
        elif holds_references(var.kind):
            self.keep(b, var, b.append(zero_tangent, (var,), kind=cotangent_kind(var.kind)))
        else:
            self.keep(b, var, _zeros(b, var))

    def entered(self, b: Builder, param: Var) -> None:
        """What is in a container that is given: the function may change it, the gradient has what it was."""
        for shadow in _variables(self.of.get(param, ZERO)):
            if holds_references(shadow.kind):
                self.of.given.setdefault(param, []).append((shadow, b.append(runtime.groups, (shadow,))))

    def part(self, b: Builder, var: Var, k: int, kind: Kind) -> Value:
        """The shadow of an item of a new tuple."""
        if not may_be_active(kind) or isinstance(kind, Scalar):
            return ZERO
        item = b.append(operator.getitem, (var, Const(k)), kind=kind)
        return b.append(zero_tangent, (item,), name=bar(var.name), kind=cotangent_kind(kind))

    def viewed(self, b: Builder, var: Var, call: Call) -> None:
        """The same view of the shadow, or the shadow of the same item."""
        value = container_operation(b, call, self.dot)
        if value is None:
            bases = view_of(call) or ()
            args = [self.dot(a) if a in bases and not isinstance(a, Star) else a for a in call.args]
            plain = [a for a in args if not isinstance(a, Seq)]
            if not bases or len(plain) < len(args) or any(a is ZERO for a in args):
                raise UnsupportedSyntax(
                    f"{var.name or 'a value'} may share memory with what is changed in place, in a way that cannot be "
                    "followed",
                    where=call.loc,
                    remedy="take a copy here",
                )
            value = b.append(call.fn, plain, call.kwargs, kind=cotangent_kind(var.kind))
        if var in self.memory.unsure:
            base = next(a for a in view_of(call) or ())
            shadow = materialise(b, self.dot(base))
            value = b.append(like_view, (materialise(b, value), shadow, var, base), kind=b.kind(var))
        self.keep(b, var, value)

    def keep(self, b: Builder, var: Var, value: Value) -> None:
        """Note a companion under the name that it is printed with."""
        if isinstance(value, Var) and value not in self.named:
            value = b.rename(value, bar(var.name))
            self.named.add(value)
        self.of[var] = value

    # --- regions ---------------------------------------------------------------------------------------------------

    def entering(self, b: Builder, atom: Atom, kind: Kind) -> Atom:
        """The companion of what enters or leaves a region, as one atom."""
        if atom == UNDEFINED_ATOM:
            return UNDEFINED_ATOM
        value = self.dot(atom)
        if value is not ZERO:
            return materialise(b, _written_out(b, value))
        if isinstance(kind, Array):
            return b.append(np.zeros, (b.append(np.shape, (atom,)),), kind=kind)
        return Const(None)

    def wanted(self, targets: Sequence[Var]) -> list[int]:
        return [k for k, t in enumerate(targets) if t in self.memory.carried and not isinstance(t.kind, Undefined)]

    def branch(self, stmt: If, b: Builder) -> None:
        wanted = self.wanted(stmt.targets)
        arms: list[Block] = []
        for block in (stmt.then, stmt.orelse):
            inner = b.child(self.facts_of(block))
            self.statements(block.stmts, inner)
            inner.loc = replace(stmt.loc, saving=True)
            extra = [self.entering(inner, block.yields[k], stmt.targets[k].kind) for k in wanted]
            arms.append(replace(block, stmts=tuple(inner.stmts), yields=(*block.yields, *extra)))
        targets = [self.companion(stmt.targets[k]) for k in wanted]
        style = "if" if wanted or any(a.stmts for a in arms) else stmt.style
        b.emit(replace(stmt, targets=(*stmt.targets, *targets), then=arms[0], orelse=arms[1], style=style))

    def with_block(self, stmt: With, b: Builder) -> None:
        wanted = self.wanted(stmt.targets)
        inner = b.child(self.facts_of(stmt.body))
        self.statements(stmt.body.stmts, inner)
        extra = [self.entering(inner, stmt.body.yields[k], stmt.targets[k].kind) for k in wanted]
        targets = [self.companion(stmt.targets[k]) for k in wanted]
        body = replace(stmt.body, stmts=tuple(inner.stmts), yields=(*stmt.body.yields, *extra))
        b.emit(replace(stmt, targets=(*stmt.targets, *targets), body=body))

    def companion(self, var: Var) -> Var:
        """A variable for the companion of what a region gives."""
        made = Var(bar(var.name), cotangent_kind(var.kind))
        self.named.add(made)
        self.of[var] = made
        return made

    def loop(self, stmt: For | While, b: Builder) -> None:
        carried = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
        wanted = [k for k, p in enumerate(carried) if self.wanted((p, stmt.targets[k]))]
        inits = [self.entering(b, stmt.inits[k], carried[k].kind) for k in wanted]
        params = [self.companion(carried[k]) for k in wanted]
        targets = [self.companion(stmt.targets[k]) for k in wanted]
        inner = b.child(self.facts_of(stmt.body))
        inner.loc = replace(stmt.loc, saving=True)
        new: For | While = self.items(stmt, b, inner) if isinstance(stmt, For) else stmt
        self.statements(new.body.stmts, inner)
        inner.loc = replace(stmt.loc, saving=True)
        extra = [self.entering(inner, stmt.body.yields[k], carried[k].kind) for k in wanted]
        at = len(carried)
        yields = (*stmt.body.yields[:at], *extra, *stmt.body.yields[at:])
        body = Block((*new.body.params, *params), tuple(inner.stmts), yields)
        new = replace(new, targets=(*stmt.targets, *targets), inits=(*stmt.inits, *inits), body=body)
        if isinstance(new, While):
            new = replace(new, cond=self.condition(new.cond, wanted, params, b))
        b.emit(new)

    def condition(self, cond: Block, wanted: Sequence[int], params: Sequence[Var], b: Builder) -> Block:
        own = [p.like() for p in params]
        for k, var in zip(wanted, own, strict=True):
            self.of[cond.params[k]] = var
        inner = b.child(self.facts_of(cond))
        self.statements(cond.stmts, inner)
        return replace(cond, params=(*cond.params, *own), stmts=tuple(inner.stmts))

    def items(self, stmt: For, b: Builder, inner: Builder) -> For:
        """A loop over references runs over their shadows, too."""
        item = stmt.body.params[0]
        found = along(b, stmt.iter, self.dot) if item in self.memory.carried else ZERO
        columns = leaves(found)
        if not columns:
            return stmt
        kinds = [item.kind, *leaf_kinds(found, item.kind)]
        pair = Var("", Tuple(tuple(kinds)))
        pairs = b.append(zip, (stmt.iter, *columns), kind=Iterator(pair.kind, _length(stmt.iter), "zip"))
        unpacked = inner.append(ops.unpack, (pair, Const(len(kinds))), kind=pair.kind)
        inner.emit(Call(item, Const(operator.getitem), (unpacked, Const(0)), (), inner.loc))
        shadows = [
            inner.append(operator.getitem, (unpacked, Const(k + 1)), name=bar(item.name), kind=kinds[k + 1])
            for k in range(len(columns))
        ]
        self.of[item] = assembled(found, shadows)
        return replace(stmt, iter=pairs, body=replace(stmt.body, params=(pair, *stmt.body.params[1:])))

    # --- what the analysis learns ----------------------------------------------------------------------------------

    def remember(self) -> None:
        """Tell the memory facts of the companions: the roots of each are the companions of its reference's roots."""
        memory = self.memory
        for var, value in self.of.items():
            for shadow in _variables(value):
                roots = tuple(r for root in memory.of(var) for r in _variables(self.of.get(root, ZERO)))
                memory.roots[shadow] = memory.roots.get(shadow, ()) + tuple(
                    r for r in dict.fromkeys(roots) if r not in memory.roots.get(shadow, ())
                )
        for container, held in list(memory.contents.items()):
            inside = [s for root in held for s in _variables(self.of.get(root, ZERO))]
            for shadow in _variables(self.of.get(container, ZERO)):
                memory.contents[shadow] = tuple(dict.fromkeys(r for s in inside for r in memory.of(s)))
        for root in dict.fromkeys(r for v in self.of.values() for s in _variables(v) for r in memory.of(s)):
            memory.stores.setdefault(root, []).append(Event(0, (), NOWHERE))
            memory.home.setdefault(root, ())


def _length(source: Atom) -> Dim | None:
    kind = atom_kind(source)
    return kind.length if isinstance(kind, (List, Iterator)) else None


def _zeros(b: Builder, var: Var) -> Atom:
    if isinstance(var.kind, Array) and (var.kind.dtype or "f")[0] not in "fc":
        return b.append(np.zeros, (b.append(np.shape, (var,)),), kind=replace(var.kind, dtype="f8"))
    return zeros(b, var, var.kind)


def _written_out(b: Builder, value: Value) -> Value:
    """A companion with None for the parts that have none."""
    if isinstance(value, Seq):
        return Seq([_written_out(b, v) for v in value.items], tuple)
    return Const(None) if value is ZERO else value


def _variables(value: Value) -> list[Var]:
    if isinstance(value, Seq):
        return [v for item in value.items for v in _variables(item)]
    return [value] if isinstance(value, Var) else []

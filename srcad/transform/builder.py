"""Writing SSA: a block under construction, with kinds inferred and trivial arithmetic folded as statements are added.

Every transform that makes new code makes it through a `Builder`, so that new variables have kinds and ``1.0 * x`` is
never written. Statements of the primal are appended unchanged with `emit`: the forward sweep computes what the primal
computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from srcad.analysis.effects import writes
from srcad.analysis.result import result_kind
from srcad.analysis.views import view_of
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Kind
from srcad.ir.nodes import Atom, Block, Call, Const, Loc, Star, Stmt, Var
from srcad.ir.visit import blocks, defs
from srcad.transform.algebra import is_zero, simplified


@dataclass
class _Ages:
    """What all builders of a function share: when variables were made and memory was last changed, by one clock."""

    clock: int = 0
    made: dict[Var, int] = field(default_factory=dict)
    changed: dict[Var, int] = field(default_factory=dict)
    masked: set[Var] = field(default_factory=set)
    shares: set[Atom] = field(default_factory=set)


class Builder:
    """A block under construction.

    Attributes:
        facts: what is known of lengths at this point.
        loc: the location that new statements get.
        defs: the call that defines each variable made so far, shared by nested builders.
        is_mutated: whether the memory of a value is changed in place somewhere.
    """

    def __init__(
        self,
        facts: Facts,
        loc: Loc,
        known: dict[Var, Call] | None = None,
        is_mutated: Callable[[Atom], bool] = lambda atom: False,
    ) -> None:
        self.facts = facts
        self.loc = loc
        self.is_mutated = is_mutated
        self.defs: dict[Var, Call] = {} if known is None else known
        self.stmts: list[Stmt] = []
        self._ages = _Ages()
        self._since = 0

    def child(self, facts: Facts | None = None) -> Builder:
        """A builder for a block nested at this point."""
        inner = Builder(self.facts.child() if facts is None else facts, self.loc, self.defs, self.is_mutated)
        inner._ages = self._ages
        inner._since = self._ages.clock + 1  # in a loop, what comes later in the block has run when a pass begins
        return inner

    def emit(self, stmt: Stmt) -> None:
        """Append a finished statement."""
        if isinstance(stmt, Call):
            self.defs[stmt.target] = stmt
            self._ages.clock += 1
            self._ages.made[stmt.target] = self._ages.clock
            for atom in writes(stmt):
                if isinstance(atom, Var):
                    self._ages.changed[self._base(atom)] = self._ages.clock
        self.stmts.append(stmt)

    def call(
        self,
        fn: Callable[..., Any] | Atom,
        *args: Atom | Star | Any,
        kwargs: Sequence[tuple[str | None, Atom]] = (),
        name: str = "",
        kind: Kind | None = None,
    ) -> Atom:
        """Append ``fn(*args, **kwargs)`` and return its value: an existing atom where algebra knows one.

        Arguments that are not atoms become constants.
        """
        callee = fn if isinstance(fn, (Var, Const)) else Const(fn)
        atoms = tuple(a if isinstance(a, (Var, Const, Star)) else Const(a) for a in args)
        known = simplified(self, callee, atoms, tuple(kwargs))
        if known is not None:
            return known
        return self.append(callee, atoms, kwargs, name=name, kind=kind)

    def append(
        self,
        fn: Callable[..., Any] | Atom,
        args: Iterable[Atom | Star],
        kwargs: Sequence[tuple[str | None, Atom]] = (),
        *,
        name: str = "",
        kind: Kind | None = None,
        of: int = 0,
    ) -> Var:
        """Append a call as it is, without algebra, and return its target."""
        callee = fn if isinstance(fn, (Var, Const)) else Const(fn)
        atoms = tuple(Const(0.0) if is_zero(a) else a for a in args)
        kwargs = [(name, Const(0.0) if is_zero(v) else v) for name, v in kwargs]
        if kind is None:
            kind = result_kind(callee, atoms, tuple(kwargs), self.facts)
        target = Var(name, kind, of=of)
        self.emit(Call(target, callee, atoms, tuple(kwargs), self.loc))
        return target

    def definition(self, atom: Atom | Star, fn: Callable[..., Any] | None = None) -> Call | None:
        """The call that defines `atom`, if it is known (and calls `fn`, where given)."""
        call = self.defs.get(atom) if isinstance(atom, Var) else None
        if call is None or fn is None:
            return call
        return call if isinstance(call.fn, Const) and call.fn.value is fn else None

    def recent(self, atom: Atom | Star, fn: Callable[..., Any]) -> Call | None:
        """`definition`, if computing it again now would give the same: nothing it reads was changed in place since.

        Algebra that looks through a definition uses its operands, which an in-place operation may have changed.
        """
        call = self.definition(atom, fn)
        if call is None:
            return None
        age = self._ages.made.get(call.target, 0)
        if 0 < age < self._since:
            return None
        for var in (call.target, *(a for a in call.args if isinstance(a, Var))):
            if self.is_mutated(var) or self._ages.changed.get(self._base(var), 0) > age:
                return None
        return call

    def _base(self, var: Var) -> Var:
        """What `var` is a view of."""
        while True:
            call = self.defs.get(var)
            viewed = None if call is None else view_of(call)
            if not viewed or not isinstance(viewed[0], Var):
                return var
            var = viewed[0]

    def learn(self, stmts: Iterable[Stmt]) -> None:
        """Remember the definitions among `stmts` and inside them, without emitting anything."""
        for stmt in stmts:
            if isinstance(stmt, Call):
                self.defs[stmt.target] = stmt
            for block in blocks(stmt):
                self.learn(block.stmts)

    def block(self, params: Sequence[Var] = (), yields: Sequence[Atom] = ()) -> Block:
        """The finished block."""
        return Block(tuple(params), tuple(self.stmts), tuple(yields))

    @property
    def masked(self) -> set[Var]:
        """Cotangent buffers of which chosen elements were set to zero."""
        return self._ages.masked

    @property
    def shares(self) -> set[Atom]:
        """Values that a sum of shares of them was found to be."""
        return self._ages.shares

    def mark(self) -> int:
        """A position to `rollback` to."""
        return len(self.stmts)

    def rollback(self, mark: int) -> None:
        """Forget everything that was appended since `mark`."""
        for stmt in self.stmts[mark:]:
            for var in defs(stmt):
                self.defs.pop(var, None)
        del self.stmts[mark:]

    def rename(self, var: Var, name: str, of: int = 0) -> Var:
        """Give a variable defined by a call in this block the name that it should be printed with (`Var.of`)."""
        call = self.defs.get(var)
        if call is None or not name:
            return var
        for k in range(len(self.stmts) - 1, -1, -1):
            if self.stmts[k] is call:
                named = Call(Var(name, var.kind, var.uid, of), call.fn, call.args, call.kwargs, call.loc)
                self.stmts[k] = self.defs[var] = named
                return named.target
        return var

    def kind(self, atom: Atom) -> Kind:
        """The kind of an atom."""
        return atom_kind(atom)

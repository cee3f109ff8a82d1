"""Where the forward sweep defines its values: in which loops, in which arm of a branch, by which call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from srcad.ir.nodes import Call, For, If, Stmt, Var, While, With
from srcad.ir.visit import defs


@dataclass
class Home:
    """Where the forward sweep defines a value: the loops around it, and the branch arm in the innermost one."""

    loops: tuple[int, ...]
    arm: tuple[int, int] | None
    call: Call | None
    nested: bool


@dataclass
class Forward:
    """An index of the forward sweep."""

    homes: dict[Var, Home] = field(default_factory=dict)
    loops: dict[int, For | While] = field(default_factory=dict)
    calls: dict[Var, Call] = field(default_factory=dict)

    def read(self, stmts: Sequence[Stmt], loops: tuple[int, ...], arm: tuple[int, int] | None, *, nested: bool) -> None:
        """Note the values that statements define."""
        for stmt in stmts:
            home = Home(loops, arm, stmt if isinstance(stmt, Call) else None, nested)
            for var in defs(stmt):
                self.homes[var] = home
            if isinstance(stmt, Call):
                self.calls[stmt.target] = stmt
            self.enter(stmt, loops, arm)

    def enter(self, stmt: Stmt, loops: tuple[int, ...], arm: tuple[int, int] | None) -> None:
        """Note the values that are defined inside a statement."""
        match stmt:
            case If():
                self.read(stmt.then.stmts, loops, (stmt.id, 0), nested=True)
                self.read(stmt.orelse.stmts, loops, (stmt.id, 1), nested=True)
            case For() | While():
                self.loops[stmt.id] = stmt
                inner = (*loops, stmt.id)
                for param in stmt.body.params:
                    self.homes[param] = Home(inner, None, None, nested=False)
                self.read(stmt.body.stmts, inner, None, nested=False)
            case With():
                self.read(stmt.body.stmts, loops, arm, nested=True)
            case _:
                pass

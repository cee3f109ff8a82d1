"""A small builder of SSA for tests: statements are appended to the open block, variables come back as they are made."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from srcad.ir import ops
from srcad.ir.kinds import UNKNOWN, Kind
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Program, Star, Stmt, Var, While, With

LOC = Loc("user.py", 1, 0, 0, "")


def at(text: str, stmt: int = 1, *, adjoint: bool = True) -> Loc:
    """A location whose statement has this text."""
    return Loc("user.py", stmt, 0, 0, text, "f", stmt, adjoint)


def atom(value: Any) -> Any:
    """Variables and constants as they are, other values as constants."""
    return value if isinstance(value, (Var, Const, Star)) else Const(value)


class Builder:
    """Builds one function."""

    def __init__(self, *params: str, kind: Kind = UNKNOWN, source: Any = None, kinds: Sequence[Kind] = ()) -> None:
        self.params = [Var(p, kinds[k] if kinds else kind) for k, p in enumerate(params)]
        self.kind, self.source = kind, source
        self.stmts: list[Stmt] = []
        self.loc = LOC

    def __iter__(self) -> Iterator[Var]:
        return iter(self.params)

    @contextmanager
    def at(self, loc: Loc) -> Iterator[None]:
        """Statements made inside belong to `loc`."""
        before, self.loc = self.loc, loc
        yield
        self.loc = before

    def call(
        self, fn: Any, *args: Any, name: str = "", kind: Kind | None = None, expr: str | None = None, **kwargs: Any
    ) -> Var:
        """``target = fn(*args, **kwargs)``."""
        target = Var(name, self.kind if kind is None else kind)
        keywords = tuple((k, atom(v)) for k, v in kwargs.items())
        callee = fn if isinstance(fn, Var) else Const(fn, expr)
        self.stmts.append(Call(target, callee, tuple(map(atom, args)), keywords, self.loc))
        return target

    def add(self, a: Any, b: Any, name: str = "") -> Var:
        """``a + b``."""
        return self.call(operator.add, a, b, name=name)

    def mul(self, a: Any, b: Any, name: str = "") -> Var:
        """``a * b``."""
        return self.call(operator.mul, a, b, name=name)

    def item(self, x: Any, *index: Any, name: str = "") -> Var:
        """``x[index]``; a Python slice stands for one of constants."""
        parts = [self.call(slice, i.start, i.stop, i.step) if isinstance(i, slice) else atom(i) for i in index]
        key = parts[0] if len(parts) == 1 else self.call(ops.make_tuple, *parts)
        return self.call(operator.getitem, x, key, name=name)

    @contextmanager
    def block(self, *params: Var) -> Iterator[_Open]:
        """An open block: statements made inside belong to it; set `yields` before its end."""
        outer, self.stmts = self.stmts, []
        opened = _Open(params)
        yield opened
        opened.built = Block(tuple(params), tuple(self.stmts), tuple(map(atom, opened.yields)))
        self.stmts = outer

    def branch(self, cond: Any, then: _Open, orelse: _Open, names: Sequence[str], style: Any = "if") -> list[Var]:
        """An `If` of two built blocks."""
        targets = tuple(Var(n, self.kind) for n in names)
        self.stmts.append(If(targets, atom(cond), then.built, orelse.built, self.loc, style))
        return list(targets)

    def loop(
        self,
        iterable: Any,
        inits: Sequence[Any],
        body: _Open,
        *,
        stops: bool = False,
        reverse_of: int | None = None,
    ) -> list[Var]:
        """A `For`."""
        targets = tuple(p.like() for p in body.params[1:])
        made = For(targets, atom(iterable), tuple(map(atom, inits)), body.built, stops, self.loc)
        self.stmts.append(replace(made, reverse_of=reverse_of))
        return list(targets)

    def repeat(self, inits: Sequence[Any], cond: _Open, body: _Open, *, stops: bool = False) -> list[Var]:
        """A `While`."""
        targets = tuple(p.like() for p in body.params)
        self.stmts.append(While(targets, tuple(map(atom, inits)), cond.built, body.built, stops, self.loc))
        return list(targets)

    def context(self, manager: Any, entered: Var | None, body: _Open, names: Sequence[str]) -> list[Var]:
        """A `With`."""
        targets = tuple(Var(n, self.kind) for n in names)
        self.stmts.append(With(targets, atom(manager), entered, body.built, self.loc))
        return list(targets)

    def var(self, name: str) -> Var:
        """A variable for a block's parameter."""
        return Var(name, self.kind)

    def function(self, result: Any, name: str = "f") -> Function:
        """The finished function."""
        return Function(name, Block(tuple(self.params), tuple(self.stmts), (atom(result),)), LOC, self.source)

    def program(self, result: Any, name: str = "f") -> Program:
        """A program of the finished function alone."""
        return Program(self.function(result, name))


class _Open:
    """A block being built."""

    def __init__(self, params: Sequence[Var]) -> None:
        self.params = tuple(params)
        self.yields: Sequence[Atom | Any] = ()
        self.built: Block

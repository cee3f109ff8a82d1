"""Builds SSA by hand for tests of the analyses, from a few lines per statement."""

from __future__ import annotations

from typing import Any

from srcad.ir.nodes import NOWHERE, Block, Call, Const, For, Function, If, Star, Var, While


def atom(value: Any) -> Any:
    return value if isinstance(value, (Var, Const, Star)) else Const(value)


class Builder:
    """Collects the statements of one block; `call` returns the new variable."""

    def __init__(self, *params: str) -> None:
        self.params = tuple(Var(p) for p in params)
        self.stmts: list[Any] = []

    def call(self, fn: Any, *args: Any, **kwargs: Any) -> Var:
        target = Var("")
        keywords = tuple((k, atom(v)) for k, v in kwargs.items())
        self.stmts.append(Call(target, atom(fn), tuple(map(atom, args)), keywords, NOWHERE))
        return target

    def if_(
        self, cond: Any, then: Builder, then_yields: list[Any], orelse: Builder, else_yields: list[Any]
    ) -> list[Var]:
        targets = tuple(Var("") for _ in then_yields)
        self.stmts.append(If(targets, atom(cond), then.block(*then_yields), orelse.block(*else_yields), NOWHERE))
        return list(targets)

    def for_(self, iterable: Any, inits: list[Any], body: Builder, yields: list[Any]) -> list[Var]:
        targets = tuple(Var("") for _ in inits)
        inits = [atom(i) for i in inits]
        self.stmts.append(For(targets, atom(iterable), tuple(inits), body.block(*yields), False, NOWHERE))
        return list(targets)

    def while_(self, inits: list[Any], cond: Builder, test: Any, body: Builder, yields: list[Any]) -> list[Var]:
        targets = tuple(Var("") for _ in inits)
        loop = While(targets, tuple(map(atom, inits)), cond.block(test), body.block(*yields), False, NOWHERE)
        self.stmts.append(loop)
        return list(targets)

    def block(self, *yields: Any) -> Block:
        return Block(self.params, tuple(self.stmts), tuple(map(atom, yields)))

    def function(self, result: Any) -> Function:
        return Function("f", self.block(result), NOWHERE)

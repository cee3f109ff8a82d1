"""Building SSA by hand, for the tests of the layers that read it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from srcad.ir.kinds import UNKNOWN, Kind
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Stmt, Var, While, new_loop_id


def at(text: str = "", line: int = 1, *, adjoint: bool = False) -> Loc:
    """A place in a made-up file."""
    return Loc("made_up.py", line, 0, len(text), text, "f", line, adjoint)


def var(name: str = "", kind: Kind = UNKNOWN) -> Var:
    return Var(name, kind)


def call(target: Var, fn: Callable[..., Any] | Atom, *args: Any, loc: Loc | None = None, **kwargs: Any) -> Call:
    """``target = fn(*args)``, with anything that is not an atom made a constant."""
    given = tuple(a if isinstance(a, (Var, Const)) else Const(a) for a in args)
    named = tuple((k, v if isinstance(v, (Var, Const)) else Const(v)) for k, v in kwargs.items())
    return Call(target, fn if isinstance(fn, (Var, Const)) else Const(fn), given, named, loc or at())


def block(params: tuple[Var, ...], stmts: tuple[Stmt, ...], *yields: Any) -> Block:
    return Block(params, stmts, tuple(y if isinstance(y, (Var, Const)) else Const(y) for y in yields))


def function(params: tuple[Var, ...], stmts: tuple[Stmt, ...], result: Any) -> Function:
    return Function("f", block(params, stmts, result), at("def f():"))


def for_loop(
    body: Callable[[Var, Var], tuple[tuple[Stmt, ...], Any]], init: Any, *, stops: bool = False, **fields: Any
) -> tuple[For, Var]:
    """A loop over ``range(3)`` carrying one value; `body` makes statements and yields from (item, carried)."""
    item, carried, out = var("i"), var("x"), var("x")
    stmts, *yields = body(item, carried)
    init = init if isinstance(init, (Var, Const)) else Const(init)
    fields = {"loc": at("for i in range(3):"), "id": new_loop_id(), **fields}
    loop = For((out,), Const(range(3)), (init,), block((item, carried), stmts, *yields), stops, **fields)
    return loop, out


def while_loop(init: Any, **fields: Any) -> tuple[While, Var]:
    """``while x > 1: x = x / 2``."""
    tested, small, carried, halved, out = var("x"), var(), var("x"), var("x"), var("x")
    cond = block((tested,), (call(small, operator.gt, tested, 1.0),), small)
    body = block((carried,), (call(halved, operator.truediv, carried, 2.0),), halved)
    fields = {"loc": at("while x > 1:"), "id": new_loop_id(), **fields}
    return While((out,), (init if isinstance(init, Var) else Const(init),), cond, body, False, **fields), out


def branch(cond: Any, value: Any, **fields: Any) -> tuple[If, Var]:
    """``if cond: y = -value``, else ``y = value``."""
    negated, out = var("y"), var("y")
    then = block((), (call(negated, operator.neg, value),), negated)
    fields = {"loc": at("if cond:"), **fields}
    cond = cond if isinstance(cond, (Var, Const)) else Const(cond)
    return If((out,), cond, then, block((), (), value), **fields), out

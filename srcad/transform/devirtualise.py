"""Calls of functions that only kinds know: of an argument, an item of a table, an attribute.

    f: <sin>;             y = f(x)    ->    y = sin(x)
    f: one of sin, cos;   y = f(x)    ->    y = sin(x) if f is sin else cos(x)
    p: partial(g, 2.0);   y = p(x)    ->    y = g(2.0, x)

Runs between two inferences: what is called then can be put in place and has a kind.

>>> import srcad
>>> import numpy as np
>>> def f(x: float, name: bool):
...     g = [np.sin, np.cos][name]
...     return g(x)
>>> print(srcad.dump(f, stage="typed"))
function f(x: float, name: bool):
    # g = [np.sin, np.cos][name]
    _1: list[one of sin, cos] = [np.sin, np.cos]
    g: one of sin, cos = _1[name]
    # return g(x)
    _2: bool = g is np.sin
    _5: np.f8 = if[ifexp] _2:  # if 1
        _3: np.f8 = np.sin(x)
        yield _3
    else:
        _4: np.f8 = np.cos(x)
        yield _4
    return _5
"""

from __future__ import annotations

import functools
import operator
from dataclasses import replace
from typing import Any

from srcad.frontend.resolve import is_opened, is_static
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Functions, Object, Static
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Guard, If, Star, Stmt, Var, new_loop_id
from srcad.ir.visit import blocks, is_call_of, with_blocks


def known_callees(function: Function) -> Function | None:
    """A typed function with calls of what kinds know; None where there are none."""
    run = _Run()
    body = run.block(function.body)
    return replace(function, body=body, guards=(*function.guards, *run.guards)) if run.found else None


class _Run:
    def __init__(self) -> None:
        self.found = False
        self.guards: list[Guard] = []

    def block(self, block: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if isinstance(stmt, Call):
                stmts += self.call(stmt)
            else:
                stmts.append(with_blocks(stmt, tuple(map(self.block, blocks(stmt)))))
        return replace(block, stmts=tuple(stmts))

    def call(self, call: Call) -> list[Stmt]:
        """The statements that stand for a call."""
        if is_call_of(call, ops.call_method):
            value = _held_function(call)
            if value is None:
                return [call]
            self.found = True
            return self.call(replace(call, fn=Const(value), args=call.args[2:]))
        if isinstance(call.fn, Const):
            return self.opened(call, call.fn.value) if is_opened(call.fn.value) else [call]
        match call.fn.kind:
            case Static(value=value) if is_static(value):
                self.found = True
                return self.call(replace(call, fn=Const(value)))
            case Functions(values=values):
                self.found = True
                return self.chosen(call, call.fn, values)
            case _:
                return [call]

    def chosen(self, call: Call, fn: Var, values: tuple[Any, ...]) -> list[Stmt]:
        """A branch for each function that it may be."""
        one, *others = values
        if not others:
            return self.call(replace(call, fn=Const(one)))
        test = Var("")
        asked = Call(test, Const(operator.is_), (fn, Const(one)), (), call.loc)
        then, orelse = call.target.like(), call.target.like()
        yes = self.call(replace(call, target=then, fn=Const(one)))
        no = self.chosen(replace(call, target=orelse), fn, tuple(others))
        sides = (Block((), tuple(yes), (then,)), Block((), tuple(no), (orelse,)))
        return [asked, If((call.target,), test, *sides, call.loc, "ifexp", new_loop_id())]

    def opened(self, call: Call, value: Any) -> list[Stmt]:
        """A call of a partial application: of its function, with its arguments. Others stay as they are."""
        if not isinstance(value, functools.partial):
            return [call]
        self.found = True
        first: list[Stmt] = []
        args: list[Atom | Star] = []
        for k, item in enumerate(value.args):
            args.append(self.part(first, call, value, "args", k, item))
        given = {key for key, _ in call.kwargs}
        kwargs: list[tuple[str | None, Atom]] = []
        for key, item in value.keywords.items():
            if key not in given:
                self.guards.append(Guard(value.keywords, key, item))
                kwargs.append((key, self.part(first, call, value, "keywords", key, item)))
        rest = replace(call, fn=Const(value.func), args=(*args, *call.args), kwargs=(*kwargs, *call.kwargs))
        return [*first, *self.call(rest)]

    def part(self, first: list[Stmt], call: Call, made: Any, where: str, key: Any, value: Any) -> Atom:
        """An argument that a partial application holds: a constant, or read from it when the code runs."""
        if value is None or isinstance(value, bool | int | float | complex | str) or is_static(value):
            return Const(value)
        holder, item = Var(""), Var("")
        first.append(Call(holder, Const(getattr), (Const(made), Const(where)), (), call.loc))
        first.append(Call(item, Const(operator.getitem), (holder, Const(key)), (), call.loc))
        return item


def _held_function(call: Call) -> Any:
    """The function that an attribute of an object holds, where its class has no method of that name; else None."""
    receiver, name = call.args[0], call.args[1]
    kind = atom_kind(receiver)
    if not isinstance(kind, Object) or not isinstance(name, Const) or hasattr(kind.cls, name.value):
        return None
    held = dict(kind.fields).get(name.value)
    return held.value if isinstance(held, Static) and is_static(held.value) else None

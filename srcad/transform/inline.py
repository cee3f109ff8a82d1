"""Putting the bodies of small, non-recursive callees in place of their calls.

    y = square(x) + 1.0      ->      y = x * x + 1.0

A callee is inlined if it has source, calls no function that is being inlined already, is not longer than `LIMIT` statements, and
reads no data from the globals of another module or from a closure: such data is read live under names of its own module, which
mean something else in the caller's. All other calls stay as they are; they become calls of forward and reverse pairs.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

from srcad.errors import SrcadError
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Guard, Star, Stmt, Var
from srcad.ir.visit import blocks, rename_fresh, substitute, walk, with_blocks
from srcad.rules import rule_for

LIMIT = 40

_DATA = (ops.load_global, ops.load_free, ops.store_global, ops.store_free)


def inline_calls(function: Function) -> Function:
    """`function` with the bodies of small callees in place."""
    inliner = _Inliner(function.source)
    body = inliner.block(function.body, (function.source,))
    return replace(function, body=body, guards=(*function.guards, *inliner.guards))


def is_user_function(value: object) -> bool:
    """Whether a callee is a Python function that is to be looked into: it has no rule and is not part of srcad."""
    if not isinstance(value, FunctionType) or rule_for(value) is not None:
        return False
    return not (value.__module__ or "").startswith(("srcad.ir.", "srcad.runtime", "srcad.templates", "srcad.frontend"))


class _Inliner:
    def __init__(self, caller: Any) -> None:
        self.caller = caller
        self.guards: list[Guard] = []

    def block(self, block: Block, stack: tuple[Any, ...]) -> Block:
        stmts: list[Stmt] = []
        renamed: dict[Var, Atom] = {}
        for old in block.stmts:
            stmt = substitute(old, renamed) if renamed else old
            if isinstance(stmt, Call):
                made = self.call(stmt, stack)
                if made is not None:
                    body, result = made
                    renamed[stmt.target] = result
                    stmts += _named(body, result, stmt.target)
                    renamed[stmt.target] = _renamed_result(stmts, result)
                    continue
            stmts.append(with_blocks(stmt, tuple(self.block(b, stack) for b in blocks(stmt))))
        yields = tuple(renamed.get(y, y) if isinstance(y, Var) else y for y in block.yields)
        return replace(block, stmts=tuple(stmts), yields=yields)

    def call(self, call: Call, stack: tuple[Any, ...]) -> tuple[tuple[Stmt, ...], Atom] | None:
        callee = call.fn.value if isinstance(call.fn, Const) else None
        if not is_user_function(callee) or callee in stack:
            return None
        try:
            lowered = lower(callee)
        except SrcadError:
            return None  # reported, where the call carries a derivative, with the place of the call
        if not self.fits(lowered) or _calls(lowered, callee):
            return None
        bound = bind_call(callee, call.args, dict(call.kwargs))
        if bound is None:
            return None
        self.guards += lowered.guards
        body = self.block(rename_fresh(lowered.body), (*stack, callee))
        body = substitute(body, dict(zip(body.params, bound, strict=True)))
        result = body.yields[0]
        return body.stmts, result

    def fits(self, callee: Function) -> bool:
        count = 0
        for stmt in walk(callee.body):
            count += 1
            if isinstance(stmt, Call) and isinstance(stmt.fn, Const) and stmt.fn.value in _DATA:
                if stmt.fn.value in (ops.load_free, ops.store_free):
                    return False
                if callee.source.__globals__ is not getattr(self.caller, "__globals__", None):
                    return False
        return count <= LIMIT


def _calls(function: Function, callee: object) -> bool:
    return any(isinstance(s, Call) and isinstance(s.fn, Const) and s.fn.value is callee for s in walk(function.body))


def _named(body: Sequence[Stmt], result: Atom, target: Var) -> list[Stmt]:
    """The inlined statements, the result called as the caller calls it where the callee gave it no name."""
    if not (isinstance(result, Var) and target.name and not result.name):
        return list(body)
    return [
        replace(s, target=replace(s.target, name=target.name)) if isinstance(s, Call) and s.target == result else s
        for s in body
    ]


def _renamed_result(stmts: Sequence[Stmt], result: Atom) -> Atom:
    for stmt in reversed(stmts):
        if isinstance(stmt, Call) and stmt.target == result:
            return stmt.target
    return result


def bind_call(
    callee: FunctionType, args: Sequence[Atom | Star], kwargs: Mapping[str | None, Atom]
) -> list[Atom] | None:
    """An atom for each parameter of `callee`; None where the arguments do not fit or need a display of their own."""
    if None in kwargs or any(isinstance(a, Star) for a in args):
        return None
    signature = inspect.signature(callee, follow_wrapped=False)
    try:
        bound = signature.bind(*args, **{str(k): v for k, v in kwargs.items()})
    except TypeError:
        return None  # the call raises the same error when it runs
    atoms: list[Atom] = []
    for name, param in signature.parameters.items():
        if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD):
            return None
        atoms.append(bound.arguments[name] if name in bound.arguments else Const(param.default))
    return atoms

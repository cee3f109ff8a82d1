"""Putting the bodies of small, non-recursive callees in place of their calls.

    y = square(x) + 1.0      ->      y = x * x + 1.0

A callee is inlined if it has source, calls no function that is being inlined already, is not longer than `LIMIT`
statements, and reads no data from the globals of another module or from a closure: such data is read live under names
of its own module, which mean something else in the caller's. All other calls stay as they are; they become calls of
forward and reverse pairs.

>>> import srcad
>>> def square(x):
...     return x * x
>>> def f(x: float):
...     return square(x) + 1.0
>>> print(srcad.dump(f, stage="typed"))
function f(x: float):
    # return x * x
    _1: float = x * x
    # return square(x) + 1.0
    _2: float = _1 + 1.0
    return _2
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
#: How many functions are looked at to find out whether one calls itself.
_SEARCH = 64

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
        self.recursive: dict[Any, bool] = {}
        self.known: dict[Any, Function | None] = {}

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
        if not (isinstance(callee, FunctionType) and is_user_function(callee)) or callee in stack:
            return None
        lowered = self.lowered(callee)
        if lowered is None:
            return None  # reported, where the call carries a derivative, with the place of the call
        if not self.fits(lowered) or self.is_recursive(callee, lowered):
            return None
        gathered = gather(callee, call)
        if gathered is None:
            return None
        displays, bound = gathered
        self.guards += lowered.guards
        body = self.block(rename_fresh(lowered.body), (*stack, callee))
        body = substitute(body, dict(zip(body.params, bound, strict=True)))
        result = body.yields[0]
        return (*displays, *body.stmts), result

    def is_recursive(self, callee: Any, lowered: Function) -> bool:
        """Whether a callee may call itself, also through others."""
        if callee not in self.recursive:
            pending, seen = called_functions(lowered), {callee}
            self.recursive[callee] = False
            while pending:
                other = pending.pop()
                self.recursive[callee] |= other is callee
                if other not in seen and len(seen) < _SEARCH:
                    seen.add(other)
                    pending += called_functions(self.lowered(other))
        return self.recursive[callee]

    def lowered(self, callee: Any) -> Function | None:
        """The SSA form of a function; None where it cannot be had."""
        if callee not in self.known:
            try:
                self.known[callee] = lower(callee)
            except SrcadError:
                self.known[callee] = None
        return self.known[callee]

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


def called_functions(function: Function | None) -> list[Any]:
    """The user functions that a function calls by name, in order of the text."""
    if function is None:
        return []
    called = (s.fn.value for s in walk(function.body) if isinstance(s, Call) and isinstance(s.fn, Const))
    return [fn for fn in called if is_user_function(fn)]


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


def gather(callee: FunctionType, call: Call) -> tuple[list[Call], list[Atom]] | None:
    """An atom for each parameter of `callee`, and the displays of what ``*args`` and ``**kwargs`` collect.

    None where it is not known while compiling which argument is which, or the call does not fit.
    """
    every = inspect.signature(callee, follow_wrapped=False).parameters
    positional = [n for n, p in every.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = [n for n, p in every.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    given = call.args[: len(positional)]
    bound: dict[str, Atom] = {n: a for n, a in zip(positional, given, strict=False) if not isinstance(a, Star)}
    if len(bound) != len(given):
        return None
    extra: list[Atom] = []
    mappings: list[Atom] = []
    for name, value in call.kwargs:
        if name in named and name not in bound:
            bound[name] = value
        elif name is None:
            mappings.append(value)
        elif name in bound:
            return None
        else:
            extra += [Const(name), value]
    displays: list[Call] = []
    atoms: list[Atom] = []
    for name, param in every.items():
        if param.kind is param.VAR_POSITIONAL:
            atoms.append(_collected(displays, name, call, ops.make_tuple, call.args[len(positional) :]))
        elif param.kind is param.VAR_KEYWORD:
            display = _collected(displays, name, call, ops.make_dict, extra)
            whole = (*mappings, display) if extra else tuple(mappings)
            atoms.append(_collected(displays, name, call, ops.merge_dicts, whole) if mappings else display)
        elif name in bound or (param.default is not param.empty and not mappings):
            atoms.append(bound[name] if name in bound else Const(param.default))
        else:
            return None
    kinds = [p.kind for p in every.values()]
    lost = (len(call.args) > len(positional) and inspect.Parameter.VAR_POSITIONAL not in kinds) or (
        (extra or mappings) and inspect.Parameter.VAR_KEYWORD not in kinds
    )
    return None if lost else (displays, atoms)


def _collected(displays: list[Call], name: str, call: Call, fn: Any, items: Sequence[Atom | Star]) -> Var:
    target = Var(name)
    displays.append(Call(target, Const(fn), tuple(items), (), call.loc))
    return target


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

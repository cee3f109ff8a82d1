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
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import CellType, FunctionType
from typing import Any

from srcad.errors import SrcadError
from srcad.frontend.codes import code_objects
from srcad.frontend.lower import lower
from srcad.frontend.resolve import is_static
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Dict, List, Tuple
from srcad.ir.nodes import NOWHERE, Atom, Block, Call, Const, Function, Guard, Star, Stmt, Var
from srcad.ir.visit import blocks, count_uses, is_call_of, rename_fresh, substitute, uses, walk, with_blocks
from srcad.passes import is_on
from srcad.rules import rule_for

LIMIT = 40
#: How many functions are looked at to find out whether one calls itself.
_SEARCH = 64

_DATA = (ops.load_global, ops.load_free, ops.store_global, ops.store_free)


def inline_calls(function: Function) -> Function:
    """`function` with the bodies of small callees in place, and arguments given as ``*tuple`` written out.

    Where the pass is off, only the latter: what a callee collects must be known for its own derivative, too.
    """
    inliner = _Inliner(function.source, readable_displays(function.body))
    body = _without_unread(inliner.block(function.body, (function.source,)), inliner.made)
    return replace(function, body=body, guards=(*function.guards, *inliner.guards))


def _without_unread(block: Block, made: set[Var]) -> Block:
    """A block without the tuples and dicts of collected arguments that nothing reads."""
    while gone := {var for var in made if not count_uses(block).get(var)}:
        made = made - gone
        block = _dropped(block, gone)
    return block


def _dropped(block: Block, gone: set[Var]) -> Block:
    kept = [stmt for stmt in block.stmts if not (isinstance(stmt, Call) and stmt.target in gone)]
    return replace(block, stmts=tuple(with_blocks(s, tuple(_dropped(b, gone) for b in blocks(s))) for s in kept))


def is_user_function(value: object) -> bool:
    """Whether a callee is a Python function that is to be looked into: it has no rule and is not part of srcad."""
    if not isinstance(value, FunctionType) or rule_for(value) is not None:
        return False
    return not (value.__module__ or "").startswith(("srcad.ir.", "srcad.runtime", "srcad.templates", "srcad.frontend"))


def underlying(value: object) -> FunctionType | None:
    """The user function that a call of a value runs, itself or behind a cache; None for primitives.

    A cached function gives what it gave before: what its function would give, unless that reads data that changes.
    """
    if type(value).__name__ == "_lru_cache_wrapper":
        inner = getattr(value, "__wrapped__", None)
        return underlying(inner) if isinstance(inner, FunctionType) and not reads_data(inner) else None
    return value if isinstance(value, FunctionType) and is_user_function(value) else None


def reads_data(fn: FunctionType, seen: tuple[FunctionType, ...] = ()) -> bool:
    """Whether a function, or one that it calls, may read data of its module or of the functions around it."""
    values = [cell.cell_contents for cell in fn.__closure__ or () if cell != CellType()]
    for code in code_objects(fn.__code__):
        values += [fn.__globals__[name] for name in code.co_names if name in fn.__globals__]
    for value in values:
        inner = getattr(value, "__wrapped__", value) if type(value).__name__ == "_lru_cache_wrapper" else value
        if not is_static(value):
            return True
        new = isinstance(inner, FunctionType) and inner is not fn and inner not in seen and is_user_function(inner)
        if new and reads_data(inner, (*seen, fn)):
            return True
    return False


class _Inliner:
    def __init__(self, caller: Any, displays: Mapping[Var, Call]) -> None:
        self.caller = caller
        self.displays = dict(displays)
        self.made: set[Var] = set()  # what calls collect that were put in place
        self.guards: list[Guard] = []
        self.recursive: dict[Any, bool] = {}
        self.known: dict[Any, Function | None] = {}

    def block(self, block: Block, stack: tuple[Any, ...]) -> Block:
        stmts: list[Stmt] = []
        renamed: dict[Var, Atom] = {}
        for old in block.stmts:
            stmt = substitute(old, renamed) if renamed else old
            if isinstance(stmt, Call):
                stmt = spread(stmt, self.displays)
                made = self.call(stmt, stack)
                if made is not None:
                    body, result = made
                    renamed[stmt.target] = result
                    stmts += _named(body, result, stmt.target)
                    renamed[stmt.target] = _renamed_result(stmts, result)
                    continue
                first, stmt = self.collected(stmt)
                stmts += first
            stmts.append(with_blocks(stmt, tuple(self.block(b, stack) for b in blocks(stmt))))
        yields = tuple(renamed.get(y, y) if isinstance(y, Var) else y for y in block.yields)
        return replace(block, stmts=tuple(stmts), yields=yields)

    def call(self, call: Call, stack: tuple[Any, ...]) -> tuple[tuple[Stmt, ...], Atom] | None:
        callee = underlying(call.fn.value) if isinstance(call.fn, Const) else None
        if callee is None or callee in stack:
            return None
        lowered = self.lowered(callee)
        if lowered is None:
            return None  # reported, where the call carries a derivative, with the place of the call
        if not is_on("inline") or not self.fits(lowered) or self.is_recursive(callee, lowered):
            return None
        gathered = gather(callee, call)
        if gathered is None:
            return None
        displays, bound = gathered
        self.made.update(display.target for display in displays)
        self.guards += lowered.guards
        body = rename_fresh(lowered.body)
        readable = readable_displays(body)
        self.displays.update(readable)
        for display, param in zip(displays, collecting(callee, body.params), strict=False):
            if is_call_of(display, ops.make_tuple) or _only_read(param, body):
                self.displays[display.target] = display
        body = self.block(substitute(body, dict(zip(body.params, bound, strict=True))), (*stack, callee))
        result = body.yields[0]
        return (*displays, *body.stmts), result

    def collected(self, call: Call) -> tuple[list[Call], Call]:
        """A call of a function with ``*args`` or ``**kwargs``, what these collect made before it: ``f(x, *t, **d)``."""
        callee = underlying(call.fn.value) if isinstance(call.fn, Const) else None
        if callee is None or not collects(callee) or is_collected(callee, call, self.displays):
            return [], call
        gathered = gather(callee, call)
        if gathered is None:
            return [], call
        displays, atoms = gathered
        args: list[Atom | Star] = []
        kwargs: list[tuple[str | None, Atom]] = []
        for (name, param), atom in zip(parameters_of(callee).items(), atoms, strict=True):
            if param.kind is param.VAR_POSITIONAL:
                args.append(Star(atom))
            elif param.kind is param.VAR_KEYWORD:
                kwargs.append((None, atom))
            elif param.kind is param.KEYWORD_ONLY:
                kwargs.append((name, atom))
            else:
                args.append(atom)
        self.displays.update((display.target, display) for display in displays)
        return displays, replace(call, args=tuple(args), kwargs=tuple(kwargs))

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
    return [fn for fn in map(underlying, called) if fn is not None]


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


def readable_displays(body: Block) -> dict[Var, Call]:
    """The tuples that a function makes, and the dicts with known keys that it makes and nobody changes."""
    found: dict[Var, Call] = {}
    for stmt in walk(body):
        made = stmt.fn if isinstance(stmt, Call) else None
        if isinstance(stmt, Call) and (
            made == Const(ops.make_tuple) or (made == Const(ops.make_dict) and _only_read(stmt.target, body))
        ):
            found[stmt.target] = stmt
    return found


def _only_read(var: Var, body: Block) -> bool:
    """Whether a dict is only read by key and given as ``**dict``."""
    for stmt in walk(body):
        if any(y == var for inner in blocks(stmt) for y in inner.yields):
            return False
        for atom in uses(stmt):
            if atom != var:
                continue
            if not isinstance(stmt, Call):
                return False
            looked_up = is_call_of(stmt, operator.getitem) and stmt.args[0] == var
            looked_up |= is_call_of(stmt, ops.call_method) and stmt.args[0] == var and stmt.args[1] == Const("get")
            given = all(a != var for a in stmt.args) and all(k is None for k, v in stmt.kwargs if v == var)
            if not looked_up and not given:
                return False
    return var not in body.yields


def spread(call: Call, displays: Mapping[Var, Call]) -> Call:
    """A call with ``*tuple`` and ``**dict`` written out where they were made in sight."""
    args: list[Atom | Star] = []
    for arg in call.args:
        made = displays.get(arg.value) if isinstance(arg, Star) and isinstance(arg.value, Var) else None
        if made is not None and is_call_of(made, ops.make_tuple):
            args += made.args
        else:
            args.append(arg)
    kwargs: list[tuple[str | None, Atom]] = []
    for key, value in call.kwargs:
        made = displays.get(value) if key is None and isinstance(value, Var) else None
        names = made.args[::2] if made is not None and is_call_of(made, ops.make_dict) else ()
        if made is not None and all(isinstance(n, Const) and isinstance(n.value, str) for n in names):
            pairs = zip(names, made.args[1::2], strict=True)
            kwargs += [(n.value, v) for n, v in pairs if isinstance(n, Const) and not isinstance(v, Star)]
        else:
            kwargs.append((key, value))
    names_given = [key for key, _ in kwargs if key is not None]
    if len(set(names_given)) != len(names_given):
        return call
    changed = (
        len(args) != len(call.args)
        or kwargs != list(call.kwargs)
        or any(a is not b for a, b in zip(args, call.args, strict=True))
    )
    return replace(call, args=tuple(args), kwargs=tuple(kwargs)) if changed else call


def parameters_of(callee: FunctionType) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function itself, not of what it wraps."""
    return inspect.signature(callee, follow_wrapped=False).parameters


def collects(callee: FunctionType) -> bool:
    """Whether a function has ``*args`` or ``**kwargs``."""
    if not callee.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return False
    every = parameters_of(callee).values()
    return any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in every)


def collecting(callee: FunctionType, params: Sequence[Var]) -> list[Var]:
    """The parameters that collect arguments, in order."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [var for var, p in zip(params, parameters_of(callee).values(), strict=True) if p.kind in kinds]


def is_collected(callee: FunctionType, call: Call, displays: Mapping[Var, Call] | None = None) -> bool:
    """Whether a call of a function with ``*args`` gives the others one by one, the rest as one tuple and dict."""
    every = parameters_of(callee)
    plain = [n for n, p in every.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    only = {n for n, p in every.items() if p.kind is p.KEYWORD_ONLY}
    rest = call.args[len(plain) :]
    stars = sum(p.kind is p.VAR_POSITIONAL for p in every.values())
    mappings = sum(p.kind is p.VAR_KEYWORD for p in every.values())
    if any(isinstance(a, Star) for a in call.args[: len(plain)]) or len(call.args) != len(plain) + stars:
        return False
    if not all(isinstance(a, Star) for a in rest) or {k for k, _ in call.kwargs if k is not None} != only:
        return False
    given = [v for k, v in call.kwargs if k is None]
    collected = [*(a.value for a in rest if isinstance(a, Star)), *given]
    return len(given) == mappings and all(
        v in displays if displays is not None else isinstance(atom_kind(v), (Tuple, List, Dict)) for v in collected
    )


def gather(callee: FunctionType, call: Call) -> tuple[list[Call], list[Atom]] | None:
    """An atom for each parameter of `callee`, and the displays of what ``*args`` and ``**kwargs`` collect.

    None where it is not known while compiling which argument is which, or the call does not fit.
    """
    every = parameters_of(callee)
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
    call = Call(Var(""), Const(callee), tuple(args), tuple(kwargs.items()), NOWHERE)
    if collects(callee):
        return _as_collected(callee, call) if is_collected(callee, call) else None
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


def _as_collected(callee: FunctionType, call: Call) -> list[Atom]:
    named = dict(call.kwargs)
    given = iter(a.value if isinstance(a, Star) else a for a in call.args)
    atoms = []
    for name, param in parameters_of(callee).items():
        if param.kind is param.VAR_KEYWORD:
            atoms.append(named[None])
        else:
            atoms.append(named[name] if param.kind is param.KEYWORD_ONLY else next(given))
    return atoms

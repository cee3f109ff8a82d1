"""Writing the body of a template, or of a small function, at the place of its call, evaluating what is known.

A template is an ordinary Python function; its SSA is run here over atoms: calls are appended to a `Builder`, branches
on known facts are taken, loops over things of known length are unrolled, lists and tuples of known length live only
while compiling (`Seq`). Where a branch or a loop depends on something unknown the template cannot be expanded: `expand`
then leaves the builder as it was and returns None, and the caller writes a call of the template function itself.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from srcad.errors import InternalError
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.atoms import is_hashable
from srcad.ir.kinds import List, Tuple
from srcad.ir.lattice import join
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.rules import rule_for
from srcad.transform import identities  # noqa: F401 - registers what `Builder.call` applies
from srcad.transform.algebra import is_const, is_zero
from srcad.transform.builder import Builder

_UNROLL_LIMIT = 64


@dataclass
class Seq:
    """A tuple or list known while compiling; `cls` says which."""

    items: list[Value]
    cls: type = field(default=tuple)


Value = Atom | Seq


class _CannotExpand(Exception):
    """The body needs something that is only known at run time."""


def expand(b: Builder, function: Function, args: Sequence[Value]) -> Value | None:
    """Append the body of `function` for `args` (one for each parameter) and return its result; None: not possible."""
    mark = b.mark()
    try:
        return _Expansion(b).run(function, args)
    except _CannotExpand:
        b.rollback(mark)
        return None


def materialise(b: Builder, value: Value) -> Atom:
    """An atom for `value`: a display of its items where it is a `Seq`."""
    if not isinstance(value, Seq):
        return value
    items = [materialise(b, item) for item in value.items]
    texts = [item.value for item in items if isinstance(item, Const) and type(item.value) is str]
    if value.cls is tuple and texts and len(texts) == len(items):
        return Const(tuple(texts))
    return b.append(ops.make_tuple if value.cls is tuple else ops.make_list, items)


def known_items(b: Builder, atom: Atom) -> list[Atom] | None:
    """The items of a tuple, or of a list that nothing changes, whose display or length is known."""
    for make in (ops.make_tuple, ops.make_list):
        call = None if b.is_mutated(atom) and make is ops.make_list else b.definition(atom, make)
        if call is not None and not any(isinstance(a, Star) for a in call.args):
            return [a for a in call.args if not isinstance(a, Star)]
    if isinstance(atom, Const) and isinstance(atom.value, (tuple, str, range)):
        return [Const(v) for v in atom.value]
    kind = b.kind(atom)
    if isinstance(kind, Tuple) and len(kind.items) <= _UNROLL_LIMIT:
        return [b.call(operator.getitem, atom, k) for k in range(len(kind.items))]
    if isinstance(kind, List) and kind.length is not None and kind.length.known is not None:
        count = kind.length.known
        return [b.call(operator.getitem, atom, k) for k in range(count)] if count <= _UNROLL_LIMIT else None
    return None


class _Expansion:
    """One run of a body: `env` gives the value of each of its variables."""

    def __init__(self, b: Builder, depth: int = 0) -> None:
        self.b = b
        self.env: dict[Var, Value] = {}
        self.depth = depth
        if depth > _UNROLL_LIMIT:
            raise _CannotExpand

    def run(self, function: Function, args: Sequence[Value]) -> Value:
        self.env.update(zip(function.body.params, args, strict=True))
        self.stmts(function.body.stmts)
        return self.value(function.body.yields[0])

    def value(self, atom: Atom) -> Value:
        return self.env.get(atom, atom) if isinstance(atom, Var) else atom

    def stmts(self, stmts: Sequence[Stmt]) -> None:
        for stmt in stmts:
            match stmt:
                case Call():
                    self.env[stmt.target] = self.call(stmt)
                case If():
                    self.branch(stmt)
                case For():
                    self.loop(stmt)
                case While() | With():
                    raise _CannotExpand
                case _:
                    raise InternalError(f"no case for the node {type(stmt).__name__}")

    def branch(self, stmt: If) -> None:
        taken = truth(self.b, self.value(stmt.cond))
        if taken is None:
            self.open_branch(stmt)
            return
        block = stmt.then if taken else stmt.orelse
        self.stmts(block.stmts)
        self.env.update({t: self.value(y) for t, y in zip(stmt.targets, block.yields, strict=True)})

    def open_branch(self, stmt: If) -> None:
        """A conditional expression on data: it is written as one."""
        if stmt.style == "if":
            raise _CannotExpand
        outer = self.b
        arms: list[tuple[Builder, list[Atom]]] = []
        for block in (stmt.then, stmt.orelse):
            self.b = outer.child()
            try:
                self.stmts(block.stmts)
                yields = [materialise(self.b, self.value(y)) for y in block.yields]
                arms.append((self.b, [Const(0.0) if is_zero(y) else y for y in yields]))
            finally:
                self.b = outer
        targets = [Var("", join(outer.kind(a), outer.kind(c))) for a, c in zip(arms[0][1], arms[1][1], strict=True)]
        then, orelse = (b.block((), yields) for b, yields in arms)
        cond = materialise(outer, self.value(stmt.cond))
        outer.emit(If(tuple(targets), cond, then, orelse, outer.loc, stmt.style))
        self.env.update(zip(stmt.targets, targets, strict=True))

    def loop(self, stmt: For) -> None:
        items = self.items(self.value(stmt.iter))
        if items is None or len(items) > _UNROLL_LIMIT:
            raise _CannotExpand
        carried = [self.value(a) for a in stmt.inits]
        for item in items:
            carried, stop = self.one_pass(stmt.body, [item, *carried], stmt.stops)
            if stop:
                break
        self.env.update(zip(stmt.targets, carried, strict=True))

    def one_pass(self, body: Block, params: list[Value], stops: bool) -> tuple[list[Value], bool]:
        self.env.update(zip(body.params, params, strict=True))
        self.stmts(body.stmts)
        carried = [self.value(y) for y in body.yields]
        if not stops:
            return carried, False
        stop = truth(self.b, carried.pop())
        if stop is None:
            raise _CannotExpand
        return carried, stop

    def items(self, value: Value) -> list[Value] | None:
        if isinstance(value, Seq):
            return list(value.items)
        known = known_items(self.b, value)
        return None if known is None else [*known]

    def call(self, stmt: Call) -> Value:
        if not isinstance(stmt.fn, Const):
            raise _CannotExpand
        args: list[Value] = []
        for arg in stmt.args:
            if isinstance(arg, Star):
                items = self.items(self.value(arg.value))
                if items is None:
                    raise _CannotExpand
                args += items
            else:
                args.append(self.value(arg))
        kwargs = [(name, self.value(v)) for name, v in stmt.kwargs]
        fn = stmt.fn.value
        special = _SEQUENCES.get(fn) if is_hashable(fn) else None
        if special is not None and not kwargs:
            result: Value = special(self, *args)
            if result is not NotImplemented:
                return result
        if isinstance(fn, FunctionType) and rule_for(fn) is None and fn not in _LANGUAGE:
            return self.nested(fn, args, dict(kwargs))
        atoms = [materialise(self.b, a) for a in args]
        named = [(name, materialise(self.b, v)) for name, v in kwargs]
        resolved = _resolve_method(self.b, fn, atoms)
        if resolved is not None:
            fn, atoms = resolved
        return self.b.call(Const(fn, stmt.fn.expr if resolved is None else None), *atoms, kwargs=named)

    def nested(self, fn: FunctionType, args: list[Value], kwargs: Mapping[str | None, Value]) -> Value:
        """The body of another template or helper of the template modules."""
        if not fn.__module__.startswith(("srcad.templates", "srcad.runtime")) or fn.__module__.startswith(
            "srcad.runtime"
        ):
            atoms = [materialise(self.b, a) for a in args]
            named = [(n, materialise(self.b, v)) for n, v in kwargs.items()]
            return self.b.call(fn, *atoms, kwargs=named)
        if kwargs == {} and (known := _evaluated(fn, args)) is not None:
            return known
        bound = bind_values(fn, args, kwargs)
        if bound is None:
            raise _CannotExpand
        return _Expansion(self.b, self.depth + 1).run(_lowered(fn), bound)


@functools.cache
def _lowered(fn: FunctionType) -> Function:
    """The body of a helper of the template modules."""
    return lower(fn, template=True)


@functools.cache
def _signature(fn: FunctionType) -> inspect.Signature:
    """The signature of a function of the template modules, or of one that templates call."""
    return inspect.signature(fn)


def _evaluated(fn: FunctionType, args: Sequence[Value]) -> Value | None:
    """The result of a helper of the templates whose arguments are all known: it is simply called."""
    try:
        return _as_value(fn(*(_as_constant(a) for a in args)))
    except _CannotExpand:
        return None


def _as_constant(value: Value) -> Any:
    if isinstance(value, Seq):
        return value.cls(_as_constant(v) for v in value.items)
    if isinstance(value, Const) and isinstance(value.value, (bool, int, float, str, tuple, type(None))):
        return value.value
    raise _CannotExpand


def _as_value(value: Any) -> Value:
    if isinstance(value, (tuple, list)):
        return Seq([_as_value(v) for v in value], type(value))
    if isinstance(value, (bool, int, float, str, type(None))):
        return Const(value)
    raise _CannotExpand


def bind_values(fn: FunctionType, args: Sequence[Value], kwargs: Mapping[str | None, Value]) -> list[Value] | None:
    """The value of each parameter of `fn` in order, for a call with these arguments; None where they do not fit."""
    if None in kwargs:
        return None
    try:
        signature = _signature(fn)
        bound = signature.bind(*args, **{str(k): v for k, v in kwargs.items()})
    except TypeError:
        return None
    values: list[Value] = []
    for name, param in signature.parameters.items():
        if param.kind is inspect.Parameter.VAR_POSITIONAL:
            values.append(Seq(list(bound.arguments.get(name, ()))))
        elif param.kind is inspect.Parameter.VAR_KEYWORD:
            return None
        elif name in bound.arguments:
            values.append(bound.arguments[name])
        else:
            values.append(Const(param.default))
    return values


def truth(b: Builder, value: Value) -> bool | None:
    """Whether `value` is true, where that is known while compiling."""
    if isinstance(value, Seq):
        return bool(value.items)
    if isinstance(value, Const):
        try:
            return bool(value.value)
        except Exception:
            return None
    kind = b.kind(value)
    if isinstance(kind, Tuple):
        return bool(kind.items)
    return None


def _resolve_method(b: Builder, fn: Any, atoms: list[Atom]) -> tuple[Any, list[Atom]] | None:
    """A method call or attribute read on a receiver of known class, as a call of the class's own function."""
    from srcad.transform.methods import method_for, resolve_attribute, resolve_method

    if fn is ops.call_method and isinstance(atoms[1], Const):
        method = resolve_method(b.kind(atoms[0]), atoms[1].value)
        return None if method is None else (method, [atoms[0], *atoms[2:]])
    if fn is getattr and len(atoms) == 2 and isinstance(atoms[1], Const):
        attribute = resolve_attribute(b.kind(atoms[0]), atoms[1].value)
        return None if attribute is None else (attribute, [atoms[0]])
    method = method_for(fn, b.kind(atoms[0])) if atoms else None
    return None if method is None else (method, atoms)


# --- operations on sequences known while compiling -----------------------------------------------------------------


def _make(cls: type) -> Callable[..., Any]:
    def make(run: _Expansion, *items: Value) -> Any:
        return Seq(list(items), cls)

    return make


def _seq_getitem(run: _Expansion, seq: Value, index: Value) -> Any:
    if not isinstance(seq, Seq):
        return NotImplemented
    if isinstance(index, Const) and isinstance(index.value, int) and -len(seq.items) <= index.value < len(seq.items):
        return seq.items[index.value]
    call = run.b.definition(index, slice) if isinstance(index, Var) else None
    if call is not None and all(isinstance(a, Const) for a in call.args):
        return Seq(seq.items[slice(*(a.value for a in call.args if isinstance(a, Const)))], seq.cls)
    raise _CannotExpand


def _seq_len(run: _Expansion, seq: Value) -> Any:
    items = run.items(seq) if isinstance(seq, Seq) else None
    return NotImplemented if items is None else Const(len(items))


def _seq_append(run: _Expansion, seq: Value, item: Value) -> Any:
    if not isinstance(seq, Seq):
        raise _CannotExpand
    seq.items.append(item)
    return Const(None)


def _seq_convert(cls: type) -> Callable[..., Any]:
    def convert(run: _Expansion, *args: Value) -> Any:
        if not args:
            return Seq([], cls)
        items = run.items(args[0])
        return NotImplemented if items is None or isinstance(args[0], Const) else Seq(items, cls)

    return convert


def _seq_enumerate(run: _Expansion, seq: Value, start: Value = Const(0)) -> Any:  # noqa: B008
    items = run.items(seq)
    if items is None or not isinstance(start, Const):
        return NotImplemented
    return Seq([Seq([Const(start.value + k), item]) for k, item in enumerate(items)])


def _seq_zip(run: _Expansion, *seqs: Value) -> Any:
    columns = [run.items(s) for s in seqs]
    if any(c is None for c in columns):
        return NotImplemented
    return Seq([Seq(list(row)) for row in zip(*[c for c in columns if c is not None], strict=False)])


def _seq_reversed(run: _Expansion, seq: Value) -> Any:
    items = run.items(seq)
    return NotImplemented if items is None else Seq(items[::-1])


def _seq_add(run: _Expansion, x: Value, y: Value) -> Any:
    if not (isinstance(x, Seq) or isinstance(y, Seq)):
        return NotImplemented
    left, right = run.items(x), run.items(y)
    if left is None or right is None:
        raise _CannotExpand
    return Seq(left + right, x.cls if isinstance(x, Seq) else tuple)


def _seq_mul(run: _Expansion, x: Value, y: Value) -> Any:
    if isinstance(x, Seq) and isinstance(y, Const) and isinstance(y.value, int):
        return Seq(x.items * y.value, x.cls)
    return NotImplemented


def _seq_unpack(run: _Expansion, x: Value, before: Value, after: Value = Const(-1)) -> Any:  # noqa: B008
    if isinstance(x, Seq) and isinstance(before, Const) and is_const(after, -1) and len(x.items) == before.value:
        return Seq(list(x.items))
    return NotImplemented


def _seq_method(run: _Expansion, receiver: Value, name: Value, *args: Value) -> Any:
    if isinstance(receiver, Seq) and isinstance(name, Const) and name.value == "append":
        return _seq_append(run, receiver, *args)
    return NotImplemented


_SEQUENCES: dict[Any, Callable[..., Any]] = {
    ops.make_tuple: _make(tuple),
    ops.make_list: _make(list),
    operator.getitem: _seq_getitem,
    operator.add: _seq_add,
    operator.mul: _seq_mul,
    ops.unpack: _seq_unpack,
    ops.call_method: _seq_method,
    len: _seq_len,
    list.append: _seq_append,
    tuple: _seq_convert(tuple),
    list: _seq_convert(list),
    enumerate: _seq_enumerate,
    zip: _seq_zip,
    reversed: _seq_reversed,
}

#: The functions of `srcad.ir.ops`: parts of the language, not helpers to look into.
_LANGUAGE = frozenset(
    v for v in (*vars(ops).values(), *ops.UPDATES.values(), *ops.IN_PLACE.values()) if isinstance(v, FunctionType)
)

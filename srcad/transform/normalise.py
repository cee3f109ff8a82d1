"""Rewriting typed SSA into fewer forms, now that kinds say what an operation means.

- ``x.sum()`` on an array becomes a call of ``np.ndarray.sum``, ``x.T`` of the descriptor ``np.ndarray.T``,
  ``xs.append`` of ``list.append``;
- ``x += v`` becomes an in-place operation on an array or a list, and ``x = x + v`` on what cannot be changed;
- branches get an id, by which the reverse sweep refers to them;
- a loop over something that cannot be read again by position (a generator, a set) and that yields active values runs
  over a list of it;
- starred arguments of known length are written out.

    x: f8[n]; x.1 = iadd(x, v); y = x.1.sum()   ->   in_place_iadd(x, v); y = np.ndarray.sum(x)

>>> import srcad
>>> import numpy as np
>>> def f(x):
...     x += 1.0
...     return x.sum()
>>> print(srcad.dump(f, stage="typed"))
function f(x: f8[any]):
    # x += 1.0
    _1: f8[any] = x + 1.0
    x.1: f8[any] = as_updated(_1, x)
    # return x.sum()
    _2: np.f8 = ndarray.sum(x.1)
    return _2
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.effects import is_pure
from srcad.analysis.operators import INPLACE
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import (
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Numeric,
    Opaque,
    Scalar,
    Tuple,
    Unknown,
    is_mutable,
    may_be_active,
)
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Star, Stmt, Var, While, new_loop_id
from srcad.ir.visit import blocks, defs, is_call_of, map_atoms, substitute, uses, walk, with_blocks
from srcad.transform.given_lists import with_arrays
from srcad.transform.inline import collects, underlying
from srcad.transform.methods import resolve_attribute, resolve_method
from srcad.transform.mutating import as_function, into_output, without_nothing
from srcad.transform.recompute import has_items


def normalise(function: Function, *, exact: bool = False) -> Function:
    """The same function in fewer forms.

    Args:
        function: typed.
        exact: whether ``x op= v`` stays as it is where `x` may be a number or an array, nobody knows; else it gives a
            new value, and an error at run time where it matters.
    """
    pass_ = _Normaliser(_Uses(function.body), exact=exact)
    body = drop_invariants(pass_.block(function.body))
    return replace(function, body=body)


class _Uses:
    """Where each variable is defined and last used, by position in the text and loops around."""

    def __init__(self, body: Block) -> None:
        self.position = 0
        self.last: dict[Var, int] = {}
        self.home: dict[Var, tuple[int, ...]] = dict.fromkeys(body.params, ())
        self.calls: dict[Var, tuple[int, tuple[int, ...]]] = {}
        self.names: dict[Var, Var] = {}
        self.count: dict[Var, int] = {}
        self.around: dict[int, tuple[int, ...]] = {}
        self.read(body, ())

    def read(self, block: Block, loops: tuple[int, ...]) -> None:
        self.home.update(dict.fromkeys(block.params, loops))
        for stmt in block.stmts:
            self.position += 1
            for var in uses(stmt):
                self.last[self.origin(var)] = self.position
                if not (isinstance(stmt, Call) and is_call_of(stmt, ops.identity)):
                    self.count[self.origin(var)] = self.count.get(self.origin(var), 0) + 1
            if isinstance(stmt, Call):
                self.calls[stmt.target] = (self.position, loops)
                if is_call_of(stmt, ops.identity) and isinstance(stmt.args[0], Var):
                    self.names[stmt.target] = stmt.args[0]
            inside = (*loops, stmt.id) if isinstance(stmt, (For, While)) else loops
            if isinstance(stmt, For):
                self.around[stmt.id] = loops
            for inner in blocks(stmt):
                self.read(inner, inside)
            self.home.update(dict.fromkeys(defs(stmt), loops))
        self.position += 1
        for atom in block.yields:
            if isinstance(atom, Var):
                self.last[self.origin(atom)] = self.position

    def origin(self, var: Var) -> Var:
        """The variable of which `var` is another name."""
        while var in self.names:
            var = self.names[var]
        return var

    def seen_after(self, base: Var, call: Call) -> bool:
        """Whether `base` is used after `call`, in the text or in a later pass of a loop."""
        position, loops = self.calls[call.target]
        base = self.origin(base)
        return self.last[base] > position or len(loops) > len(self.home.get(base, ()))

    def serves_once(self, iterator: Var, loops: tuple[int, ...]) -> bool:
        """Whether an iterator has a single use, inside `loops`, which is reached once."""
        iterator = self.origin(iterator)
        return self.count.get(iterator) == 1 and len(loops) <= len(self.home.get(iterator, ()))


class _Normaliser:
    def __init__(self, seen: _Uses, *, exact: bool) -> None:
        self.seen, self.exact = seen, exact
        self.renamed: dict[Var, Atom] = {}
        self.calls: dict[Var, Call] = {}
        self.unwrapped: set[Var] = set()

    def atom(self, atom: Atom) -> Atom:
        while isinstance(atom, Var) and atom in self.renamed:
            atom = self.renamed[atom]
        return atom

    def block(self, block: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            stmts += self.stmt(map_atoms(stmt, self.atom))
        stmts = [s for s in stmts if not (isinstance(s, Call) and s.target in self.unwrapped)]
        return replace(block, stmts=tuple(stmts), yields=tuple(map(self.atom, block.yields)))

    def stmt(self, stmt: Stmt) -> list[Stmt]:
        if isinstance(stmt, Call):
            made = self.call(stmt)
            self.calls.update({s.target: s for s in made if isinstance(s, Call)})
            return made
        first: list[Stmt] = []
        if isinstance(stmt, For):
            first, stmt = self.iterable(stmt)
        new = with_blocks(stmt, tuple(self.block(b) for b in blocks(stmt)))
        if isinstance(new, If) and not new.id:
            new = replace(new, id=new_loop_id())
        return [*first, new]

    def iterable(self, loop: For) -> tuple[list[Stmt], For]:
        item = loop.body.params[0]
        self.require_unused(loop)
        if _steps(loop.iter, self.calls):
            return [], loop
        if has_items(loop.iter, self.calls) or not may_be_active(item.kind):
            return [], loop
        if isinstance(atom_kind(loop.iter), (Unknown, Numeric)) and not _is_iterator(loop.iter, self.calls):
            return [], loop
        items = Var("", List(item.kind))
        call = Call(items, Const(list), (loop.iter,), (), loop.loc)
        if isinstance(atom_kind(loop.iter), Unknown) and not self.is_iterator(loop.iter) and _may_change(loop.body):
            found = Var("", UNKNOWN)
            return _as_it_is(found, loop.iter, call), replace(loop, iter=found)
        self.calls[items] = call
        return [call], replace(loop, iter=items)

    def require_unused(self, loop: For) -> None:
        """An iterator serves one loop or one call: a second would find it where the first left it."""
        if (
            isinstance(loop.iter, Var)
            and self.is_iterator(loop.iter)
            and not self.seen.serves_once(loop.iter, self.seen.around[loop.id])
        ):
            raise _used_again(loop.loc)

    def is_iterator(self, atom: Atom) -> bool:
        """Whether `atom` is what can be stepped through only once."""
        made = self.calls.get(self.seen.origin(atom)) if isinstance(atom, Var) else None
        return made is not None and isinstance(made.fn, Const) and is_in(made.fn.value, _ITERATORS)

    def collected(self, call: Call) -> tuple[list[Stmt], Call]:
        """`call` with lists of the items of the iterators that it uses up, which the reverse sweep needs once more."""
        made: list[Stmt] = []
        args = list(call.args)
        for k, arg in enumerate(call.args):
            if isinstance(arg, Star) or not self.is_iterator(arg) or not isinstance(arg, Var):
                continue
            if not self.seen.serves_once(arg, self.seen.calls[call.target][1]):
                raise _used_again(call.loc)
            if not (isinstance(call.fn, Const) and is_in(call.fn.value, _COLLECTING)):
                kind = arg.kind
                items = Var("", List(kind.item, kind.length) if isinstance(kind, Iterator) else List(UNKNOWN))
                self.calls[items] = Call(items, Const(list), (arg,), (), call.loc)
                made.append(self.calls[items])
                args[k] = items
        return made, replace(call, args=tuple(args))

    def call(self, call: Call) -> list[Stmt]:
        first, call = self.unstarred(call)
        if first:
            return [*first, *self.call(call)]
        fn = call.fn.value if isinstance(call.fn, Const) else None
        if fn is not ops.identity:
            first, call = self.collected(call)
            if first:
                return [*first, *self.call(call)]
        first, call = with_arrays(call)
        if first:
            return [*first, *self.call(call)]
        if fn is ops.call_method:
            call = as_function(_method(call))
            fn = call.fn.value if isinstance(call.fn, Const) else None
        call = without_nothing(call)
        written = into_output(call, self.calls)
        if written is not None:
            self.renamed[call.target] = written[1]
            given = dict(call.kwargs).get("out")
            if isinstance(given, Var) and given != written[1] and self.seen.count.get(given) == 1:
                self.unwrapped.add(given)
            return [written[0]]
        if fn is getattr:
            return [_attribute(call)]
        if (
            isinstance(call.fn, Const)
            and is_in(fn, ops.UPDATE_OPERATORS)
            and not _of_numbers(atom_kind(_plain(call.args[0])))
        ):
            return self.updated_item(call, ops.UPDATE_OPERATORS[call.fn.value])
        if fn is operator.or_ and isinstance(atom_kind(call.args[0]), Dict):
            return [replace(call, fn=Const(ops.merge_dicts))]
        if isinstance(call.fn, Const) and is_in(fn, INPLACE):
            return self.in_place(call, fn)
        return [call]

    def unstarred(self, call: Call) -> tuple[list[Stmt], Call]:
        """`call` with starred arguments of known length written out; not those that a function collects again."""
        callee = underlying(call.fn.value) if isinstance(call.fn, Const) else None
        if callee is not None and collects(callee):
            return [], call
        made: list[Stmt] = []
        args: list[Atom | Star] = []
        for arg in call.args:
            kind = atom_kind(arg.value) if isinstance(arg, Star) else None
            if isinstance(arg, Star) and isinstance(kind, Tuple):
                for k, item in enumerate(kind.items):
                    target = Var("", item)
                    made.append(Call(target, Const(operator.getitem), (arg.value, Const(k)), (), call.loc))
                    args.append(target)
            else:
                args.append(arg)
        return made, replace(call, args=tuple(args)) if made else call

    def updated_item(self, call: Call, op: Any) -> list[Stmt]:
        """``xs[i] op= v`` where the item may be an array, in Python's steps: the item itself is changed in place."""
        base, index, value = call.args
        kind = _item_kind(atom_kind(_plain(base)), index)
        if not self.exact and isinstance(kind, (Numeric, Unknown)):  # right for a number: where it is none, an error
            at = Var("", atom_kind(_plain(index)))
            checked = Call(at, Const(runtime.index_of_number), (base, index), (), call.loc)
            return [checked, replace(call, args=(base, at, value))]
        old, new = Var("", kind), Var("", kind)
        read = Call(old, Const(operator.getitem), (base, index), (), call.loc)
        stored = self.in_place(Call(new, Const(op), (old, value), (), call.loc), op)
        if not self.exact and isinstance(kind, (Array, List, Dict)):
            return [read, *stored]  # the item is the same object as before
        written = Call(Var("", call.target.kind), Const(operator.setitem), (base, index, self.atom(new)), (), call.loc)
        return [read, *stored, written]

    def in_place(self, call: Call, op: Any) -> list[Stmt]:
        """``x op= v`` by what `x` is."""
        base = call.args[0]
        assert not isinstance(base, Star)
        kind = atom_kind(base)
        if isinstance(kind, (Array, List, Dict)) or (isinstance(kind, Opaque) and is_mutable(kind)):
            self.renamed[call.target] = base
            if isinstance(kind, List) and kind.cls is list and op is operator.iadd:
                return [replace(call, target=Var("", Opaque(type(None))), fn=Const(list.extend))]
            if isinstance(kind, List) and kind.cls is tuple:
                del self.renamed[call.target]
                return [replace(call, fn=Const(INPLACE[op]))]
            return [replace(call, target=Var("", Opaque(type(None))), fn=Const(ops.IN_PLACE[op]))]
        if isinstance(kind, (Numeric, Unknown)) and isinstance(base, Var):
            return [call] if self.exact else self.perhaps_in_place(call, base, op)
        return [replace(call, fn=Const(INPLACE[op]))]

    def perhaps_in_place(self, call: Call, base: Var, op: Any) -> list[Stmt]:
        """A number or an array, nobody knows: compute a new value, which is the same where nobody else sees the array.

        Where somebody might, it is an error at run time if it is an array.
        """
        result = Var("", call.target.kind)
        computed = replace(call, target=result, fn=Const(INPLACE[op]))
        update = runtime.as_updated_number if self.seen.seen_after(base, call) else runtime.as_updated
        return [computed, replace(call, fn=Const(update), args=(result, base), kwargs=())]


def _plain(arg: Atom | Star) -> Atom:
    return arg.value if isinstance(arg, Star) else arg


def _of_numbers(kind: Kind) -> bool:
    """Whether an item of such a value is a number, or a part of an array, which no other name refers to alone."""
    if isinstance(kind, (List, Dict)):
        return isinstance(kind.item, Scalar)
    return not isinstance(kind, Unknown)


def _item_kind(kind: Kind, index: Atom | Star) -> Kind:
    match kind:
        case List(item=item):
            return item
        case Dict(items=entries) if entries is not None and isinstance(index, Const):
            return dict(entries).get(index.value, kind.item)
        case Dict(item=item):
            return item
        case _:
            return UNKNOWN


#: What gives an iterator, which can be stepped through once.
_ITERATORS = dict.fromkeys((zip, enumerate, reversed, iter, map, filter, np.ndenumerate))

#: What collects the items of an iterator, or steps through it later.
_COLLECTING = dict.fromkeys((list, tuple, sorted, set, frozenset, dict, next, *_ITERATORS))


def _used_again(loc: Loc) -> UnsupportedSyntax:
    return UnsupportedSyntax(
        "an iterator is used more than once",
        where=loc,
        why="what is left of it the second time is only known at run time",
        remedy="make a list of it first, or a new iterator for each use",
    )


def _is_iterator(atom: Atom, calls: dict[Var, Call]) -> bool:
    while isinstance(atom, Var) and atom in calls and calls[atom].fn == Const(ops.identity):
        atom = _plain(calls[atom].args[0])
    return isinstance(atom, Var) and atom in calls


def _may_change(body: Block) -> bool:
    """Whether a pass of a loop may change anything in place, what the loop runs over among it."""
    calls = [s for s in walk(body) if isinstance(s, Call)]
    return any(not is_pure(c) or (isinstance(c.fn, Const) and is_in(c.fn.value, INPLACE)) for c in calls)


def _as_it_is(found: Var, source: Atom, items: Call) -> list[Stmt]:
    """`found`: the source if it is an array or a container, so that a loop sees its changes; else a list of `items`."""
    loc, known = items.loc, Var("", Scalar("b1"))
    classes = Const((np.ndarray, list, tuple, dict))
    asked = Call(known, Const(isinstance), (source, classes), (), loc)
    then, orelse = Block((), (), (source,)), Block((), (items,), (items.target,))
    return [asked, If((found,), known, then, orelse, loc, id=new_loop_id())]


def _steps(atom: Atom, calls: dict[Var, Call]) -> bool:
    """Whether an iterable steps through containers as the loop runs, so that it sees what the loop changes in them."""
    made = calls.get(atom) if isinstance(atom, Var) else None
    if made is None or not isinstance(made.fn, Const):
        return made is None
    if made.fn.value is ops.call_method:
        return made.args[1] in (Const("items"), Const("values"))
    return made.fn.value in (zip, enumerate, reversed, iter, np.ndenumerate, dict.items, dict.values)


def _method(call: Call) -> Call:
    receiver, name = call.args[0], call.args[1]
    assert not isinstance(receiver, Star) and isinstance(name, Const)
    function = resolve_method(atom_kind(receiver), name.value)
    if function is None:
        return call
    return replace(call, fn=Const(function), args=(receiver, *call.args[2:]))


def _attribute(call: Call) -> Call:
    receiver, name = call.args[0], call.args[1]
    assert not isinstance(receiver, Star)
    if not isinstance(name, Const):
        return call
    descriptor = resolve_attribute(atom_kind(receiver), name.value)
    return call if descriptor is None else replace(call, fn=Const(descriptor), args=(receiver,))


def drop_invariants(block: Block) -> Block:
    """Values that every pass of a loop, or every arm of a branch, hands on as they are: they are what they were before.

    After ``x += v`` on an array has become an in-place operation, `x` is such a value.
    """
    stmts: list[Stmt] = []
    renamed: dict[Var, Atom] = {}
    for old in block.stmts:
        stmt = substitute(old, renamed) if renamed else old
        stmt = with_blocks(stmt, tuple(drop_invariants(b) for b in blocks(stmt)))
        while isinstance(stmt, (For, While)):
            reduced, same = _without_invariants(stmt)
            if not same:
                break
            renamed |= same
            stmt = reduced
        if isinstance(stmt, If):
            renamed |= {
                target: a
                for target, a, b in zip(stmt.targets, stmt.then.yields, stmt.orelse.yields, strict=True)
                if a == b and isinstance(a, Var)
            }
            stmt = _without_targets(stmt, [k for k, t in enumerate(stmt.targets) if t not in renamed])
        stmts.append(stmt)
    yields = tuple(renamed.get(y, y) if isinstance(y, Var) else y for y in block.yields)
    return replace(block, stmts=tuple(stmts), yields=yields)


def _without_targets(stmt: If, keep: list[int]) -> If:
    then, orelse = (replace(b, yields=tuple(b.yields[k] for k in keep)) for b in (stmt.then, stmt.orelse))
    return replace(stmt, targets=tuple(stmt.targets[k] for k in keep), then=then, orelse=orelse)


def _without_invariants(loop: For | While) -> tuple[For | While, dict[Var, Atom]]:
    first = 1 if isinstance(loop, For) else 0
    params = loop.body.params[first:]
    same = [k for k, p in enumerate(params) if loop.body.yields[k] == p and is_mutable(p.kind)]
    if not same:
        return loop, {}
    inside: dict[Var, Atom] = {params[k]: loop.inits[k] for k in same}
    if isinstance(loop, While):
        inside |= {loop.cond.params[k]: loop.inits[k] for k in same}
    keep = [k for k in range(len(params)) if k not in same]
    extra = [len(params)] if loop.stops else []
    body = replace(
        loop.body,
        params=(*loop.body.params[:first], *(params[k] for k in keep)),
        yields=tuple(loop.body.yields[k] for k in (*keep, *extra)),
    )
    after: dict[Var, Atom] = {loop.targets[k]: loop.inits[k] for k in same}
    targets, inits = tuple(loop.targets[k] for k in keep), tuple(loop.inits[k] for k in keep)
    new_body = substitute(body, inside)
    if isinstance(loop, While):
        cond = replace(loop.cond, params=tuple(loop.cond.params[k] for k in keep))
        return replace(loop, targets=targets, inits=inits, cond=substitute(cond, inside), body=new_body), after
    return replace(loop, targets=targets, inits=inits, body=new_body), after

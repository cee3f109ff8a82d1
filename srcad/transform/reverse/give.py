"""Moving cotangents: taking that of a variable, adding to that of an atom, of a part or an item of it.

What is changed in place has one buffer; adding to a view of it adds to the same view of the buffer (`shadow`).
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.views import index_form, is_certain_view, view_of
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import MISSING, constant
from srcad.ir.kinds import Array, Dict, Kind, List, Scalar, Slice, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Const, Var
from srcad.ir.visit import is_call_of
from srcad.transform.builder import Builder
from srcad.transform.callees import unknown_callee
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.buffers import add_in_place, as_real
from srcad.transform.reverse.cotangents import Scope, State
from srcad.transform.reverse.slots import Path, leaves, parts, subkind


def whole(scope: Scope, var: Var) -> Value | None:
    """Take the cotangent of `var`: one atom, or a `Seq` that mirrors a tuple; None where it is zero."""
    inner = parts(var.kind)
    if inner is None:
        return _taken(scope, var, (), var.kind)
    states = [_taken(scope, var, path, kind) for path, kind in leaves(var.kind)]
    direct = scope.take((var, ()))
    if direct is not None:
        spread_buffer(scope, var, direct, states)
        states = [_taken(scope, var, path, kind) for path, kind in leaves(var.kind)]
    if all(s is None for s in states):
        return None
    found = iter(states)
    return _assembled(scope, var, (), var.kind, lambda: next(found))


def spread_buffer(scope: Scope, var: Var, direct: State, states: Sequence[Value | None] = ()) -> None:
    """Give the items of a buffer, made for subscripts known only at run time, to the parts of the structure."""
    for (path, kind), known in itertools.zip_longest(leaves(var.kind), states):
        if not may_be_active(kind):
            continue
        item: Atom = direct.atom
        for key in path:
            item = scope.b.call(operator.getitem, item, Const(key))
        if scope.memory.root(var) is None:
            scope.add((var, path), item)
        else:  # a dict that is changed in place: all that was given to its entries is in the buffer
            scope.set((var, path), State(item))
        if known is not None and not isinstance(known, Seq):
            scope.add((var, path), known)


def _taken(scope: Scope, var: Var, path: Path, kind: Kind) -> Value | None:
    state = scope.take((var, path))
    if isinstance(kind, List) and path == ():
        return _with_items(scope, var, state)
    return None if state is None else state.atom


def _with_items(scope: Scope, var: Var, state: State | None) -> Value | None:
    """A list's cotangent from its buffer and from cotangents of single items."""
    items = {slot[1]: found.atom for slot, found in scope.states.items() if slot[0] == var and slot[1]}
    for path in items:
        scope.take((var, path))
    if not items:
        return None if state is None else state.atom
    if state is None:
        scope.buffer((var, ()))
        taken = scope.take((var, ()))
        assert taken is not None
        state = taken
    for path, atom in items.items():
        target = state.atom
        for key in path[:-1]:
            target = scope.b.call(operator.getitem, target, Const(key))
        add_to_entry(scope.b, target, Const(path[-1]), atom)
    return state.atom


def _assembled(scope: Scope, var: Var, path: Path, kind: Kind, following: Callable[[], Value | None]) -> Value:
    inner = parts(kind)
    if inner is None:
        atom = following()
        return zero_like(scope, (var, path)) if atom is None else atom
    return Seq([_assembled(scope, var, (*path, key), k, following) for key, k in inner])


def zero_like(scope: Scope, slot: tuple[Var, Path]) -> Atom:
    """A zero for a part whose cotangent is needed as a value: a number where that broadcasts."""
    kind = subkind(slot[0].kind, slot[1])
    if isinstance(kind, (Scalar, Array)) or not may_be_active(kind):
        return Const(0.0)
    return scope.b.append(runtime.zeros_like, (scope.primal(slot),), kind=kind)


def give(scope: Scope, atom: Atom, value: Value, *, path: Path = (), owned: bool = False) -> None:
    """Add the cotangent `value` (an atom, or a `Seq` in parts) to that of `atom`."""
    if not isinstance(atom, Var) or not may_be_active(atom.kind):
        return
    kind = subkind(atom.kind, path)
    inner = parts(kind)
    if inner is None and isinstance(value, Seq):
        if isinstance(kind, List) and not path and not _is_kept_whole(scope, atom):
            for k, item in enumerate(value.items):
                give(scope, atom, item, path=(*path, k), owned=owned)
            return
        value = materialise(scope.b, value)
    if inner is None:
        assert not isinstance(value, Seq)
        if not (isinstance(value, Const) and value.value is None):
            _give_leaf(scope, atom, path, value, owned)
        return
    for k, (key, part) in enumerate(inner):
        if may_be_active(part):
            item = value.items[k] if isinstance(value, Seq) else scope.b.call(operator.getitem, value, Const(key))
            give(scope, atom, item, path=(*path, key))


def give_values(scope: Scope, atom: Atom, value: Atom, *, owned: bool = False) -> None:
    """Add a cotangent that crosses a call to that of `atom`; what is in the shadow of `atom` is there already."""
    if not isinstance(atom, Var) or atom not in scope.companions or parts(atom.kind) is None:
        give(scope, atom, value, owned=owned)
        return
    for path, kind in leaves(atom.kind):
        if may_be_active(kind) and not scope.is_carried((atom, path)):
            part = value
            for key in path:
                part = scope.b.call(operator.getitem, part, Const(key))
            give(scope, atom, part, path=path)


def _give_leaf(scope: Scope, var: Var, path: Path, g: Atom, owned: bool) -> None:
    root = scope.memory.root(var)
    carried = var in scope.companions
    if path and not isinstance(var.kind, Tuple) and (carried or scope.memory.is_mutated(var)):
        _add_to_item(scope, var, Const(path[0]), path[1:], State(g))
        return
    if path == () and ((root is not None and root != var) or (carried and not isinstance(var.kind, Tuple))):
        call = scope.memory.defined.get(var)
        is_item = call is not None and is_call_of(call, operator.getitem) and is_view(scope, var)
        if is_item and call is not None and isinstance(scope.b.kind(call.args[0]), Array):  # type: ignore[arg-type]
            base, index = call.args
            add_indexed(scope.b, shadow(scope, base), index, g)  # type: ignore[arg-type]
        else:
            add_in_place(scope.b, shadow(scope, var), g)
        return
    scope.add((var, path), g, owned=owned)


def _is_kept_whole(scope: Scope, var: Var) -> bool:
    """Whether the cotangent of a list is one buffer, and not cotangents of its items."""
    return scope.memory.is_mutated(var) or scope.in_loop_for(var) or var in scope.companions


def is_view(scope: Scope, var: Var) -> bool:
    """Whether the shadow of `var` can be taken from that of what it is a view of, where it is needed."""
    if scope.memory.of(var) == (var,):
        return False
    call = scope.memory.defined.get(var)
    if var not in scope.companions:
        return True
    if call is None or var in scope.memory.unsure or not is_certain_view(call):
        return False
    viewed = view_of(call) or ()
    made = len(viewed) == 1 and isinstance(viewed[0], Var) and isinstance(viewed[0].kind, Array)
    return made and not is_call_of(call, runtime.laid_out)


def shadow(scope: Scope, var: Var) -> Atom:
    """The cotangent buffer of memory that is changed in place: the root's own, or the same view of it that `var` is."""
    root = scope.memory.root(var)
    if (root is None and var not in scope.companions) or not is_view(scope, var):
        return scope.buffer((var, ()))
    call = scope.memory.defined.get(var)
    bases = None if call is None else view_of(call)
    if call is not None and (isinstance(call.fn, Var) or is_call_of(call, ops.call_method)):
        raise unknown_callee(call)
    if call is None or bases is None or len(bases) != 1 or not isinstance(bases[0], Var):
        raise UnsupportedSyntax(
            f"{var.name or 'an array'} is changed in place through a name whose memory cannot be followed",
            where=scope.b.loc,
            remedy="change the array itself, or a copy of it",
        )
    base = bases[0]
    inner = shadow(scope, base)
    args = tuple(inner if a == base else a for a in call.args)
    view = scope.b.append(call.fn, args, call.kwargs)
    return scope.b.call(runtime.as_view, view, inner) if var in scope.memory.unsure else view


def give_item(scope: Scope, base: Atom, index: Atom, path: Path, state: State) -> None:
    """Add a cotangent to that of ``base[index]``, at `path` inside it: costs as much as the item, not as the base."""
    if not isinstance(base, Var) or not may_be_active(base.kind):
        return
    if path and isinstance(scope.b.kind(index), Slice):
        index, path = Const(_position(scope, base, index, path[0])), path[1:]
    match base.kind:
        case Tuple() | Dict() if (
            isinstance(index, Const)
            and parts(base.kind) is not None
            and (isinstance(base.kind, Tuple) or not (scope.memory.is_mutated(base) or base in scope.companions))
        ):
            items = parts(base.kind) or []
            key = index.value + len(items) if _is_negative(index, base.kind) else index.value
            give(scope, base, state.atom, path=(key, *path), owned=state.owned)
        case List() if (
            isinstance(index, Const)
            and isinstance(index.value, int)
            and index.value >= 0
            and not _is_kept_whole(scope, base)
        ):
            give(scope, base, state.atom, path=(index.value, *path), owned=state.owned)
        case Tuple() | Dict() | List():
            _add_to_item(scope, base, index, path, state)
        case _:
            add_indexed(scope.b, shadow(scope, base), index, state.atom)


def _position(scope: Scope, base: Var, index: Atom, key: object) -> int:
    """Where in the tuple `base` the part `key` of the slice ``base[index]`` is."""
    kind = scope.b.kind(index)
    bounds: list[Any] = (
        [constant(k) for k in (kind.start, kind.stop, kind.step)] if isinstance(kind, Slice) else [MISSING]
    )
    if not isinstance(base.kind, Tuple) or not isinstance(key, int) or MISSING in bounds:
        raise InternalError(f"reverse: which part of {base.name or 'a tuple'} a slice takes", where=scope.b.loc)
    start, stop, step = bounds
    return range(len(base.kind.items))[slice(start, stop, step)][key]


def _is_negative(index: Const, kind: Kind) -> bool:
    return isinstance(kind, Tuple) and isinstance(index.value, int) and index.value < 0


def _add_to_item(scope: Scope, base: Var, index: Atom, path: Path, state: State) -> None:
    target: Atom = shadow(scope, base)
    keys: list[Atom] = [index, *(Const(k) for k in path)]
    for key in keys[:-1]:
        target = scope.b.call(operator.getitem, target, key)
    add_to_entry(scope.b, target, keys[-1], state.atom)


def add_to_entry(b: Builder, target: Atom, key: Atom, g: Atom) -> None:
    """``target[key] += g`` for a list or a dict; entry by entry where the item is itself a container."""
    kind = b.kind(target)
    item = kind.item if isinstance(kind, (List, Dict)) else Unknown()
    if isinstance(b.kind(key), Slice):
        b.append(runtime.add_at, (target, key, g), kind=Unknown())
        return
    if isinstance(item, (Scalar, Array)):
        b.append(ops.UPDATES[operator.iadd], (target, key, as_real(b, g, item)))
        return
    total = b.append(runtime.accumulate, (b.append(operator.getitem, (target, key), kind=item), g), kind=item)
    b.append(operator.setitem, (target, key, total))


def add_indexed(b: Builder, target: Atom, index: Atom, g: Atom) -> None:
    """``target[index] += g``, counting repeated indices as often as they occur."""
    form = index_form(b.kind(index))
    known = isinstance(b.kind(target), Array)
    if known and form in ("basic", "mask"):
        negated = b.recent(g, operator.neg)
        if negated is not None:
            b.append(ops.UPDATES[operator.isub], (target, index, *negated.args))
        else:
            b.append(ops.UPDATES[operator.iadd], (target, index, g))
    elif known and form == "fancy":
        b.append(np.add.at, (target, index, g))
    else:
        b.append(runtime.add_at, (target, index, g), kind=Unknown())


def unpacked(b: Builder, value: Value, count: int) -> list[Value]:
    """The `count` parts of a value."""
    if isinstance(value, Seq):
        if len(value.items) != count:
            raise InternalError(f"a template returned {len(value.items)} cotangents for {count} arguments", where=b.loc)
        return list(value.items)
    return [b.call(operator.getitem, value, Const(k)) for k in range(count)]

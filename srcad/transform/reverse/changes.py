"""Changes of lists and dicts in the two sweeps: what is noted of them, how they are undone, and their adjoints.

The shadow of a container that changes has, at every point of the reverse sweep, the structure that the container had
there: each change is mirrored by its inverse.

    xs.append(v)        ->      v_bar = xs_bar.pop()
    v = xs.pop(i)       ->      xs_bar.insert(i, v_bar)

What the reverse sweep must know (a length, a position, whether a key was there) is noted in the forward sweep, as an
ordinary value. The container itself is put back, too, where reverse code reads it (an `undo` mark).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from srcad import runtime
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, Dict, Kind, List, Scalar, Tuple, may_be_active
from srcad.ir.lattice import join_all
from srcad.ir.nodes import Atom, Block, Call, Const, If, Star, Var, new_loop_id
from srcad.ir.record import record
from srcad.transform.builder import Builder
from srcad.transform.reverse.buffers import owned_copy, zeros
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.give import give, whole
from srcad.transform.reverse.slots import parts

#: What was noted of one call, by name.
Notes = Mapping[str, Atom]


class Noting:
    """The statements that the forward sweep runs before and after a call, and the notes that they make."""

    def __init__(self, call: Call, calls: Mapping[Var, Call]) -> None:
        self.calls = calls
        loc = replace(call.loc, saving=True)
        self.first, self.then = Builder(Facts(), loc), Builder(Facts(), loc)
        self.found: dict[str, Atom] = {}
        base = call.args[0]
        self._base = base.name if isinstance(base, Var) else ""

    def before(self, name: str, fn: Callable[..., Any], *args: Atom, kind: Kind | None = None) -> Atom:
        """Note ``fn(*args)`` as it is before the call."""
        return self._note(self.first, name, fn, args, kind)

    def after(self, name: str, fn: Callable[..., Any], *args: Atom, kind: Kind | None = None) -> Atom:
        """Note ``fn(*args)`` as it is after the call."""
        return self._note(self.then, name, fn, args, kind)

    def _note(self, b: Builder, name: str, fn: Callable[..., Any], args: tuple[Atom, ...], kind: Kind | None) -> Atom:
        label = f"{self._base}_{name}" if self._base else name
        self.found[name] = b.append(fn, args, name=label, kind=kind)
        return self.found[name]


@record(frozen=True)
class Change:
    """A way in which a call changes a list or a dict.

    Args:
        adjoint: writes the adjoint, given the scope, the call, its notes and the shadow of the container.
        undo: marks where the container itself is put back.
        note: notes what these two need.
    """

    adjoint: Callable[[Scope, Call, Notes, Atom], None]
    undo: Callable[[Scope, Call, Notes], None]
    note: Callable[[Noting, Call], None] = lambda noting, call: None


def plain(call: Call) -> list[Atom]:
    """The positional arguments of a call; starred ones are refused."""
    found: list[Atom] = []
    for arg in call.args:
        if isinstance(arg, Star):
            raise UnsupportedSyntax("a starred argument of a method of a container", where=call.loc)
        found.append(arg)
    return found


def mark(scope: Scope, base: Atom, fn: Callable[..., Any], *args: Atom) -> None:
    """The point where ``fn(base, *args)`` undoes a change of `base`, if somebody reads it as it was."""
    scope.b.append(ops.undo, (base, Const(fn), *args))


def whole_slot(scope: Scope, var: Atom) -> Atom:
    """Take the cotangent of `var`, which came out of a container, as an item of the shadow: full, held by nobody."""
    if not isinstance(var, Var) or not may_be_active(var.kind):
        return Const(None)
    if scope.memory.root(var) not in (None, var):
        raise UnsupportedSyntax(
            f"{var.name or 'an item'} is taken out of a container and shares memory with something that is changed",
            where=scope.b.loc,
            remedy="take a copy of it, and change that",
        )
    if isinstance(var.kind, Scalar):
        state = scope.take((var, ()))
        return Const(0.0) if state is None else state.atom
    inner = parts(var.kind)
    direct = None if inner is None else scope.take((var, ()))
    if inner is None:
        scope.buffer((var, ()))
        taken = whole(scope, var)  # with what was given to single items of a list
        assert isinstance(taken, Var)
        return taken
    made = _slot_of_parts(scope, var, (), var.kind)
    if direct is not None:
        scope.b.append(runtime.add_to, (made, direct.atom))
    return made


def _slot_of_parts(scope: Scope, var: Var, path: tuple[object, ...], kind: Kind) -> Atom:
    """The same for a value whose cotangent is kept in parts: a list for a tuple, so that its items can be changed."""
    inner = parts(kind)
    b = scope.b
    if inner is None:
        state = scope.take((var, path))
        primal = scope.primal((var, path))
        if state is None:
            return zeros(b, primal, kind) if may_be_active(kind) else Const(None)
        if isinstance(kind, Scalar) or scope.is_buffer((var, path), state):
            return state.atom
        return owned_copy(b, state.atom, primal, kind)
    items = [_slot_of_parts(scope, var, (*path, key), part) for key, part in inner]
    if isinstance(kind, Dict):
        pairs = [a for (key, _), item in zip(inner, items, strict=True) for a in (Const(key), item)]
        return b.append(ops.make_dict, pairs)
    return b.append(ops.make_list, items)


def give_slot(scope: Scope, value: Atom, g: Atom) -> None:
    """Give what was an item of the shadow to the value that was stored: nobody else holds it any more."""
    give(scope, value, g, owned=True)


def zero_slots(b: Builder, items: Atom, kind: Kind) -> Atom:
    """Zeros for a list of items that a change removed, in a new list."""
    return zeros(b, items, List(kind.item if isinstance(kind, List) else atom_kind(items)))


def zero_slot(b: Builder, item: Atom, kind: Kind) -> Atom:
    """A zero for one item of this kind."""
    if isinstance(kind, Scalar):
        return Const(0.0)
    if isinstance(kind, (Array, List)):
        return zeros(b, item, kind)
    return b.append(runtime.zeros_like, (item,), kind=kind)


def give_sequence(scope: Scope, source: Atom, part: Atom) -> None:
    """Give a list of cotangents, one for each item that an iteration over `source` gave, to `source`."""
    if not isinstance(source, Var) or not may_be_active(source.kind) or isinstance(source.kind, Dict):
        return
    b = scope.b
    match source.kind:
        case List():
            give(scope, source, part)
        case Tuple(items=items):
            for k, kind in enumerate(items):
                if may_be_active(kind):
                    give(scope, source, b.append(operator.getitem, (part, Const(k)), kind=kind), path=(k,))
        case _:
            give(scope, source, b.append(runtime.items_like, (part, source), kind=source.kind), owned=True)


def either(scope: Scope, cond: Atom, then: Callable[[Builder], Atom], orelse: Callable[[Builder], Atom]) -> Atom:
    """A value that a branch of the reverse sweep gives; its arms only compute, and change shadows in place."""
    blocks: list[Block] = []
    kinds: list[Kind] = []
    for arm in (then, orelse):
        b = scope.b.child()
        atom = arm(b)
        kinds.append(b.kind(atom))
        blocks.append(b.block((), (atom,)))
    target = Var("", join_all(kinds))
    scope.b.emit(If((target,), cond, blocks[0], blocks[1], scope.b.loc, "if", new_loop_id()))
    return target


def when(scope: Scope, cond: Atom, then: Callable[[Builder], object]) -> None:
    """Statements of the reverse sweep under a condition."""
    b = scope.b.child()
    then(b)
    scope.b.emit(If((), cond, b.block(), Block((), (), ()), scope.b.loc, "if", new_loop_id()))

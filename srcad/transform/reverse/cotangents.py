"""The cotangents of a block of the reverse sweep: who holds what, and when it may be changed in place.

A *slot* is a variable and a path into it: ``(params, ("W",))`` is the cotangent of ``params["W"]``. Tuples and dicts of
known structure thus never exist as cotangents; their parts do.

A `Scope` mirrors one block of the forward sweep. What is defined in that block has its cotangents there; for what comes
from outside:

- in a branch, the new cotangent becomes a result of the branch;
- in a loop, scalars are carried from pass to pass; arrays and lists are accumulated in place in a buffer that is made
  before the loop.

A cotangent is *owned* if it is a fresh value of full shape that nobody else holds: only then is it changed in place.

    x_bar2 = x_bar + t_bar      ->      x_bar += t_bar

>>> import srcad
>>> import numpy as np
>>> def f(x):
...     return np.sum(np.sin(x)) * np.sum(x[:2])
>>> "x_bar[:2]" in srcad.grad(f).source_for(np.ones(3))
True
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Tuple, Undefined, Unknown, may_be_active
from srcad.ir.nodes import Atom, Const, Star, Var
from srcad.ir.record import record
from srcad.passes import is_on
from srcad.transform.builder import Builder
from srcad.transform.equal import cancels
from srcad.transform.expand import Seq, Value
from srcad.transform.reverse.buffers import (
    add_in_place,
    as_real,
    cotangent_kind,
    is_full,
    owned_copy,
    uses_buffer,
    zeros,
)
from srcad.transform.reverse.slots import Path, Slot, bar, leaves, parts, subkind

#: What gives back its first argument where that has the shape already.
_PERHAPS_THE_SAME = (Const(runtime.unbroadcast), Const(runtime.broadcast_like))


@record(frozen=True)
class State:
    """A cotangent: its value, whether it is ours alone, and whether it was made with its primal's full shape.

    One that is `given` is memory of the caller's, who finds there what was added to it.
    """

    atom: Atom
    owned: bool = False
    full: bool = False
    given: bool = False


class Companions(dict[Var, Value]):
    """For references to carried memory, the same references to its shadow (`srcad.transform.companions`).

    `given` are the shadows of arguments that are containers, each with what it held on entry, where the function
    changes what is in them; `returned` are those that calls of other functions give back with their results.
    """

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[Var, list[tuple[Var, Var]]] = {}
        self.returned: dict[Var, Var] = {}

    def variables(self) -> frozenset[Var]:
        """The variables that hold shadows, which carry no derivative themselves."""
        found: list[Var] = []
        pending: list[Value] = list(self.values())
        while pending:
            value = pending.pop()
            if isinstance(value, Seq):
                pending += value.items
            elif isinstance(value, Var):
                found.append(value)
        return frozenset(found)


class Scope:
    """The cotangents of one block; see the module's docstring.

    Args:
        b: where the reverse code of the block is written.
        own: the variables that the forward block defines.
        parent: the scope around it, None for the function's.
        loop: whether the block is the body of a loop.
        memory: the memory facts of the function.
        companions: the shadows that the forward sweep made.
    """

    def __init__(
        self,
        b: Builder,
        own: frozenset[Var],
        memory: Memory,
        parent: Scope | None = None,
        *,
        loop: bool = False,
        companions: Companions | None = None,
    ) -> None:
        self.b, self.own, self.memory, self.parent, self.loop = b, own, memory, parent, loop
        self.states: dict[Slot, State] = {}
        self.carried: dict[Slot, Var] = {}
        self.companions: Companions = companions or (Companions() if parent is None else parent.companions)
        self.given: dict[Var, Var] = {}  # what the caller gave, for arguments of which the function works on a copy

    def settle(self, var: Var, *, is_active: bool) -> None:
        """Leave no cotangent of `var` behind, now that its definition has been dealt with.

        One that a rule gave to a value which does not vary is dropped; a lost one of an active value is a bug.
        """
        left = [slot for slot in self.states if slot[0] == var]
        if not is_active:
            for slot in left:
                del self.states[slot]
        elif left and isinstance(var.kind, Unknown) and self.memory.of(var):
            raise UnsupportedSyntax(
                f"{var.name or 'a value'} refers to memory that is changed in place, and carries a derivative",
                where=self.b.loc,
                why="how its parts share that memory is not known while compiling, because its kind is not",
                remedy="let the derivative know the kinds of its arguments",
            )
        elif left and self.memory.root(var) is None:
            raise InternalError(f"reverse: a cotangent of {var.name or 'a temporary'} is lost", where=self.b.loc)

    def is_local(self, var: Var) -> bool:
        """Whether the cotangent of `var` lives in this scope."""
        return self.parent is None or var in self.own

    def kind(self, slot: Slot) -> Kind:
        """The kind of the primal value at a slot."""
        return subkind(slot[0].kind, slot[1])

    def primal(self, slot: Slot) -> Atom:
        """The primal value at a slot."""
        atom: Atom = self.given.get(slot[0], slot[0])
        for key in slot[1]:
            atom = self.b.call(operator.getitem, atom, Const(key))
        return atom

    def current(self, slot: Slot) -> State | None:
        """The cotangent at a slot as code written now in this scope sees it; in a loop this makes it carried."""
        if slot in self.states:
            return self.states[slot]
        if self.is_carried(slot):
            return State(self.carried_shadow(slot), owned=True, full=True)
        if self.parent is None or slot[0] in self.own:
            return None
        if not self.loop:
            return self.parent.current(slot)
        param = Var(bar(*_named(slot)), cotangent_kind(self.kind(slot)), of=_temporary(slot))
        self.carried[slot] = param
        self.states[slot] = State(param, owned=not isinstance(param.kind, Scalar), full=True)
        return self.states[slot]

    def set(self, slot: Slot, state: State) -> None:
        """Replace the cotangent at a slot."""
        if isinstance(state.atom, Var) and (not state.atom.name or state.atom.of):
            state = replace(state, atom=self.b.rename(state.atom, bar(*_named(slot)), _temporary(slot)))
        self.states[slot] = state

    def take(self, slot: Slot) -> State | None:
        """Remove and return the cotangent of a variable of this block, once its definition is reached.

        That of carried memory is its shadow, where it is allocated; other references to it leave nothing behind.
        """
        if not self.is_carried(slot):
            return self.states.pop(slot, None)
        kind = self.kind(slot)
        numbers = isinstance(kind, Scalar) or (not slot[1] and not _holds_others(kind))
        inside = bool(slot[1]) and parts(slot[0].kind) is None  # a list's items go with the list
        if inside or not numbers or self.memory.of(slot[0]) != (slot[0],):
            return None
        return State(self.carried_shadow(slot), owned=True, full=True)

    # --- carried memory --------------------------------------------------------------------------------------------

    def is_carried(self, slot: Slot) -> bool:
        """Whether the cotangent at a slot is in a shadow that the forward sweep made, and not a value."""
        return slot[0] in self.companions and is_in_shadow(slot[0].kind, slot[1])

    def carried_shadow(self, slot: Slot) -> Atom:
        """The part of a shadow that belongs to a slot."""
        value, kind = self.companions[slot[0]], slot[0].kind
        for key in slot[1]:
            kind = subkind(kind, (key,))
            if isinstance(value, Seq):
                value = value.items[key]  # type: ignore[call-overload]
            else:
                value = self.b.append(operator.getitem, (value, Const(key)), kind=kind)
        if isinstance(value, Seq):
            raise InternalError(f"reverse: the shadow of {slot[0].name or 'a tuple'} as a whole", where=self.b.loc)
        return value

    def _add_to_shadow(self, slot: Slot, g: Atom) -> None:
        var, path = slot
        if path and isinstance(self.kind(slot), Scalar):
            self.b.append(ops.UPDATES[operator.iadd], (self.carried_shadow((var, path[:-1])), Const(path[-1]), g))
        else:
            add_in_place(self.b, self.carried_shadow(slot), g)

    def add(self, slot: Slot, g: Atom, *, owned: bool = False) -> None:
        """Add `g` to the cotangent at a slot: the first contribution assigns.

        `g` has the primal's shape or broadcasts to it; `owned` says that nobody else holds it.
        """
        kind = self.kind(slot)
        if not may_be_active(kind) or g == Const(0.0):
            return
        g = as_real(self.b, g, kind)
        if self.is_carried(slot):
            self._add_to_shadow(slot, g)
            return
        if isinstance(kind, (Numeric, Unknown)) and isinstance(g, Const):
            g, owned = self.b.call(runtime.broadcast_like, g, self.primal(slot)), True
        changed = self.memory.root(slot[0]) is not None and not isinstance(kind, Scalar)
        in_buffer = changed or (self.in_loop_for(slot[0]) and uses_buffer(kind))
        if in_buffer:
            self._add_in_place(slot, g, owned)
            return
        state = self.current(slot)
        if state is not None and self.is_local(slot[0]) and cancels(self.b, state.atom, g):
            del self.states[slot]
        elif state is None:
            found = self.b.kind(g)
            if isinstance(found, (Array, Numeric, Unknown)) and self._is_changing(g):  # a value, not the memory
                copy = np.ndarray.copy if isinstance(found, Array) else runtime.own
                g, owned = self.b.append(copy, (g,), kind=found), True
            self.set(slot, State(g, owned))
        elif isinstance(kind, Array) and self.is_buffer(slot, state) and (state.given or is_on("accumulate")):
            add_in_place(self.b, state.atom, g)
        else:
            self.set(slot, State(self._sum(state.atom, g, kind), owned=True))

    def _is_changing(self, atom: Atom) -> bool:
        """Whether a value of the reverse sweep may be memory of the primal that is changed in place, or view it."""
        if not isinstance(atom, Var):
            return False
        call = self.b.definition(atom)
        if self.memory.is_mutated(atom) or call is None:
            return self.memory.is_mutated(atom)
        same = call.args[:1] if call.fn in _PERHAPS_THE_SAME else view_of(call) or ()
        return any(self._is_changing(a) for a in same if not isinstance(a, Star))

    def in_loop_for(self, var: Var) -> bool:
        """Whether a loop lies between this scope and the home of `var`."""
        scope: Scope | None = self
        while scope is not None and not scope.is_local(var):
            if scope.loop:
                return True
            scope = scope.parent
        return False

    def _sum(self, a: Atom, g: Atom, kind: Kind) -> Atom:
        if isinstance(kind, (Scalar, Array)) or (isinstance(kind, Numeric) and kind.dtype is not None):
            return self.b.call(operator.add, a, g)
        return self.b.call(runtime.accumulate, a, g)

    def _add_in_place(self, slot: Slot, g: Atom, owned: bool) -> None:
        fresh = self.is_local(slot[0]) and slot not in self.states
        if fresh and owned and isinstance(self.kind(slot), List) and isinstance(self.b.kind(g), List):
            self.set(slot, State(g, owned=True, full=True))
            return
        if fresh and isinstance(self.kind(slot), Array):
            own = g if owned and is_full(self.b, g, self.kind(slot)) else self._copy(slot, g)
            self.set(slot, State(own, owned=True, full=True))
            return
        add_in_place(self.b, self.buffer(slot), g)

    def _copy(self, slot: Slot, g: Atom) -> Atom:
        return owned_copy(self.b, g, self.primal(slot), self.kind(slot))

    def buffer(self, slot: Slot) -> Atom:
        """The cotangent at a slot as an owned value of full shape, which may be changed in place."""
        if self.is_carried(slot):
            return self.carried_shadow(slot)
        if not self.is_local(slot[0]) and slot not in self.states:
            assert self.parent is not None
            if self.loop and isinstance(self.kind(slot), (Numeric, Unknown)):
                state = self.current(slot)
                assert state is not None
                return state.atom
            return self.parent.buffer(slot)
        state = self.states.get(slot)
        if state is None:
            atom = zeros(self.b, self.primal(slot), self.kind(slot))
        elif self.is_buffer(slot, state):
            return state.atom
        else:
            atom = owned_copy(self.b, state.atom, self.primal(slot), self.kind(slot))
        self.set(slot, State(atom, owned=True, full=True))
        return self.states[slot].atom

    def is_buffer(self, slot: Slot, state: State) -> bool:
        """Whether a cotangent may be changed in place: it is ours and has the full shape of the primal value."""
        return state.owned and (state.full or is_full(self.b, state.atom, self.kind(slot)))

    def close_branch(self, others: list[Scope]) -> list[Slot]:
        """The slots of the outer scope that one of the branches `others` gave a new cotangent."""
        return list(dict.fromkeys(s for scope in others for s in scope.states if s[0] not in scope.own))


def is_in_shadow(kind: Kind, path: Path) -> bool:
    """Whether the cotangent of a part of carried memory is in its shadow; that of a number in a tuple is a value."""
    part = subkind(kind, path)
    if isinstance(part, Scalar):
        return not isinstance(subkind(kind, path[:-1]), Tuple)
    return may_be_active(part)


def is_all_in_shadow(kind: Kind) -> bool:
    """Whether the cotangents of all parts of carried memory are in its shadow."""
    return all(is_in_shadow(kind, path) or not may_be_active(part) for path, part in leaves(kind))


def _holds_others(kind: Kind) -> bool:
    """Whether a value is a container of more than numbers: what it holds has shadows or slots of its own."""
    match kind:
        case List(item=item) | Dict(item=item, items=None):
            return not isinstance(item, (Scalar, Undefined))
        case Array():
            return False
        case _:
            return True


def _temporary(slot: Slot) -> int:
    """The temporary whose cotangent is at a slot."""
    return slot[0].temporary if bar(*_named(slot)) == bar("") else 0


def _named(slot: Slot) -> tuple[str, Path]:
    return slot[0].name, slot[1]

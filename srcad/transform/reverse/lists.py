"""The adjoints of what changes a list in place: on the shadow, the inverse of what was done to the list.

    xs.extend(ys)       ->      part = xs_bar[n:]; del xs_bar[n:]       (n: the length before), part to ys
    xs.insert(i, v)     ->      v_bar = xs_bar.pop(i)
    v = xs.pop(i)       ->      xs_bar.insert(i, v_bar)
    xs.reverse()        ->      xs_bar.reverse()
    xs.sort()           ->      each item of xs_bar back to where its item came from
    xs[a:b] = ys        ->      part = xs_bar[a:a + m]; xs_bar[a:a + m] = zeros, part to ys

An item goes in and out of the shadow together with the item of the list: its cotangent lives in the slot.
"""

from __future__ import annotations

import operator
from types import FunctionType
from typing import Any

from srcad import runtime
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import MISSING, atom_kind, constant
from srcad.ir.kinds import INT, Array, Iterator, Kind, List, Scalar, Slice, Unknown, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of
from srcad.transform.builder import Builder
from srcad.transform.reverse.changes import (
    Change,
    Notes,
    Noting,
    give_sequence,
    give_slot,
    mark,
    plain,
    whole_slot,
    zero_slot,
    zero_slots,
)
from srcad.transform.reverse.cotangents import Scope

_RANGE = Iterator(INT, form="range")
_NONE = Const(None)


def item_kind(base: Atom) -> Kind:
    """The kind of the items of a list."""
    kind = atom_kind(base)
    return kind.item if isinstance(kind, List) else Unknown()


def _list_of(base: Atom) -> Kind:
    return List(item_kind(base))


def _copied(noting: Noting, base: Atom) -> Atom:
    return noting.before("old", list, base, kind=_list_of(base))


def _put_old(scope: Scope, base: Atom, old: Atom) -> None:
    """Mark the point where the whole list is put back."""
    mark(scope, base, operator.setitem, scope.b.append(slice, (_NONE, _NONE, _NONE)), old)


# --- append, extend, insert -----------------------------------------------------------------------------------------


def _append(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    value = plain(call)[1]
    give_slot(scope, value, scope.b.append(list.pop, (target,), kind=item_kind(target)))


def _undo_append(scope: Scope, call: Call, notes: Notes) -> None:
    mark(scope, plain(call)[0], list.pop)


def _note_extend(noting: Noting, call: Call) -> None:
    noting.before("length", len, plain(call)[0], kind=INT)


def _extend(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    source, b = plain(call)[1], scope.b
    rest = b.append(slice, (notes["length"], _NONE, _NONE))
    carries = isinstance(source, Var) and may_be_active(source.kind)
    part = b.append(operator.getitem, (target, rest), kind=_list_of(target)) if carries else None
    again = b.append(slice, (notes["length"], _NONE, _NONE))
    b.append(operator.delitem, (target, again))
    if part is not None:
        give_sequence(scope, source, part)


def _undo_extend(scope: Scope, call: Call, notes: Notes) -> None:
    rest = scope.b.append(slice, (notes["length"], _NONE, _NONE))
    mark(scope, plain(call)[0], operator.delitem, rest)


def _note_insert(noting: Noting, call: Call) -> None:
    base, index, _ = plain(call)
    if index != Const(0):
        noting.found["place"] = _start(noting, base, index)


def _start(noting: Noting, base: Atom, index: Atom) -> Atom:
    """The position before which an insertion at `index` puts something: bounded by the length of the list."""
    b = noting.first
    places = b.append(range, (b.append(len, (base,), kind=INT),), kind=_RANGE)
    part = b.append(operator.getitem, (places, b.append(slice, (index, _NONE, _NONE))), kind=_RANGE)
    return noting.before("place", getattr, part, Const("start"), kind=INT)


def _insert(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    value = plain(call)[2]
    place = notes.get("place", Const(0))
    give_slot(scope, value, scope.b.append(list.pop, (target, place), kind=item_kind(target)))


def _undo_insert(scope: Scope, call: Call, notes: Notes) -> None:
    mark(scope, plain(call)[0], list.pop, notes.get("place", Const(0)))


# --- pop, remove, del -----------------------------------------------------------------------------------------------


def _pop(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    _reinsert(scope.b, target, call, whole_slot(scope, call.target))


def _undo_pop(scope: Scope, call: Call, notes: Notes) -> None:
    base, *index = plain(call)
    if not index or index[0] == Const(-1):
        mark(scope, base, list.append, call.target)
    else:
        mark(scope, base, list.insert, _place_again(scope.b, base, index[0]), call.target)


def _reinsert(b: Builder, target: Atom, call: Call, g: Atom) -> None:
    index = plain(call)[1:]
    if not index or index[0] == Const(-1):
        b.append(list.append, (target, g))
    else:
        b.append(list.insert, (target, _place_again(b, target, index[0]), g))


def _place_again(b: Builder, items: Atom, index: Atom) -> Atom:
    """Where an item was that has been taken out of `items`, which are now one less, at `index`."""
    number = constant(index)
    if isinstance(number, int):
        return Const(number) if number >= 0 else Const(number + 1)
    kind = atom_kind(index)
    value = kind.value if isinstance(kind, Scalar) else None
    if value is not None and (b.facts.resolve(value).lower_bound or -1) >= 0:
        return index
    length = b.call(operator.add, b.append(len, (items,), kind=INT), Const(1))
    places = b.append(range, (length,), kind=_RANGE)
    return b.append(operator.getitem, (places, index), kind=INT)


def _note_remove(noting: Noting, call: Call) -> None:
    base, value = plain(call)
    old = _copied(noting, base)
    place = noting.after("place", list.index, old, value, kind=INT)
    noting.after("removed", operator.getitem, old, place, kind=item_kind(base))


def _remove(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    zero = zero_slot(scope.b, notes["removed"], item_kind(target))
    scope.b.append(list.insert, (target, notes["place"], zero))


def _undo_remove(scope: Scope, call: Call, notes: Notes) -> None:
    mark(scope, plain(call)[0], list.insert, notes["place"], notes["removed"])


def _note_delete(noting: Noting, call: Call) -> None:
    base, index = plain(call)
    old = _copied(noting, base)
    if isinstance(atom_kind(index), Slice):
        noting.after("removed", operator.getitem, old, index, kind=_list_of(base))
        if _is_plain(index):
            noting.found["place"] = _first(noting, base, index)
    else:
        noting.after("removed", operator.getitem, old, index, kind=item_kind(base))


def _delete(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    index, b = plain(call)[1], scope.b
    if not isinstance(atom_kind(index), Slice):
        _reinsert(b, target, call, zero_slot(b, notes["removed"], item_kind(target)))
        return
    zeros = zero_slots(b, notes["removed"], atom_kind(target))
    if "place" in notes:
        gap = b.append(slice, (notes["place"], notes["place"], _NONE))
        b.append(operator.setitem, (target, gap, zeros))
    else:
        b.append(runtime.spread, (target, index, zeros))


def _undo_whole(scope: Scope, call: Call, notes: Notes) -> None:
    _put_old(scope, plain(call)[0], notes["old"])


# --- slices ---------------------------------------------------------------------------------------------------------


def _is_plain(index: Atom) -> bool:
    """Whether a slice has no step, so that a store can change the length of the list."""
    kind = atom_kind(index)
    return isinstance(kind, Slice) and constant(kind.step) in (None, 1)


def _first(noting: Noting, base: Atom, index: Atom) -> Atom:
    """Where the items that a slice of a list takes begin."""
    made = noting.calls.get(index) if isinstance(index, Var) else None
    if made is not None and is_call_of(made, slice) and not any(isinstance(a, Star) for a in made.args):
        start = _NONE if len(made.args) == 1 else made.args[0]
        assert isinstance(start, (Var, Const))
    else:
        start = noting.first.append(getattr, (index, Const("start")))
    return Const(0) if start in (_NONE, Const(0)) else _start(noting, base, start)


def _note_store(noting: Noting, call: Call) -> None:
    base, index, _ = plain(call)
    if isinstance(atom_kind(index), Slice):
        noting.before("old", operator.getitem, base, index, kind=_list_of(base))
        if _is_plain(index):
            noting.found["place"] = _first(noting, base, index)
        elif _has_unknown_step(index):
            noting.before("whole", list, base, kind=_list_of(base))
    else:
        noting.before("old", operator.getitem, base, index, kind=item_kind(base))


def _store(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    base, index, value = plain(call)
    b = scope.b
    if isinstance(atom_kind(index), Slice):
        _store_slice(scope, call, notes, target)
        return
    carries = isinstance(value, Var) and may_be_active(value.kind)
    item = b.append(operator.getitem, (target, index), kind=item_kind(target)) if carries else None
    b.append(operator.setitem, (target, index, zero_of_old(b, notes["old"], value)))
    if item is not None:
        give_slot(scope, value, item)


def zero_of_old(b: Builder, old: Atom, value: Atom) -> Atom:
    """A zero for what a store overwrote; made of the new value where that is known to have the same shape."""
    kind, new = atom_kind(old), atom_kind(value)
    same = isinstance(kind, Array) and kind == new and kind.dims is not None and None not in kind.dims
    return zero_slot(b, value if same else old, kind)


def _store_slice(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    _, index, value = plain(call)
    b = scope.b
    if _has_unknown_step(index):
        raise UnsupportedSyntax(
            "a slice of a list, whose step is only known at run time, is replaced, and carries a derivative",
            where=call.loc,
            why="with a step of 1 the list may change its length, with any other it may not",
            remedy="write the step as a number",
        )
    if "place" in notes:
        stop = b.call(operator.add, notes["place"], b.append(len, (value,), kind=INT))
        index = b.append(slice, (notes["place"], stop, _NONE))
    carries = isinstance(value, Var) and may_be_active(value.kind)
    part = b.append(operator.getitem, (target, index), kind=_list_of(target)) if carries else None
    b.append(operator.setitem, (target, index, zero_slots(b, notes["old"], atom_kind(target))))
    if part is not None:
        give_sequence(scope, value, part)


def _has_unknown_step(index: Atom) -> bool:
    kind = atom_kind(index)
    return isinstance(kind, Slice) and constant(kind.step) is MISSING


def _undo_store(scope: Scope, call: Call, notes: Notes) -> None:
    base, index, value = plain(call)
    b = scope.b
    if "whole" in notes:
        _put_old(scope, base, notes["whole"])
        return
    if "place" in notes:
        stop = b.call(operator.add, notes["place"], b.append(len, (value,), kind=INT))
        index = b.append(slice, (notes["place"], stop, _NONE))
    mark(scope, base, operator.setitem, index, notes["old"])


# --- the whole list -------------------------------------------------------------------------------------------------


def _reverse(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    scope.b.append(list.reverse, (target,))


def _undo_reverse(scope: Scope, call: Call, notes: Notes) -> None:
    mark(scope, plain(call)[0], list.reverse)


def _note_sort(noting: Noting, call: Call) -> None:
    base = plain(call)[0]
    _copied(noting, base)
    b = noting.first
    places = b.append(range, (b.append(len, (base,), kind=INT),), kind=_RANGE)
    options = dict(call.kwargs)
    keys: Atom = base
    if options.get("key", _NONE) != _NONE:
        keys = b.append(list, (b.append(map, (options["key"], base)),), kind=List(Unknown()))
    lookup = b.append(getattr, (keys, Const("__getitem__")))
    kwargs: list[tuple[str | None, Atom]] = [("key", lookup)]
    if "reverse" in options:
        kwargs.append(("reverse", options["reverse"]))
    label = f"{base.name}_order" if isinstance(base, Var) and base.name else "order"
    noting.found["order"] = b.append(sorted, (places,), kwargs, name=label, kind=List(INT))


def _sort(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    key = dict(call.kwargs).get("key", _NONE)
    if not isinstance(key, Const) or isinstance(key.value, FunctionType):
        raise UnsupportedSyntax(
            "a list that carries a derivative is sorted with a key that srcad does not look into",
            where=call.loc,
            why="to know the permutation, the derivative would have to call it once more",
            remedy="write the key as a lambda, as in: xs.sort(key=lambda item: f(item))",
        )
    scope.b.append(runtime.unsort, (target, notes["order"]))


def _note_whole(noting: Noting, call: Call) -> None:
    _copied(noting, plain(call)[0])


def _clear(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    if not isinstance(atom_kind(plain(call)[0]), List):
        raise UnsupportedSyntax(
            "clear() of something of unknown kind, which carries a derivative",
            where=call.loc,
            remedy="let the derivative know the kinds of its arguments",
        )
    b = scope.b
    b.append(list.extend, (target, zero_slots(b, notes["old"], atom_kind(target))))


def _repeat(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    b = scope.b
    folded = b.append(runtime.folded, (target, notes["old"]), kind=_list_of(target))
    everything = b.append(slice, (_NONE, _NONE, _NONE))
    b.append(operator.setitem, (target, everything, folded))


#: What changes a list, by the function that does it.
LIST_CHANGES: dict[Any, Change] = {
    list.append: Change(_append, _undo_append),
    list.extend: Change(_extend, _undo_extend, _note_extend),
    list.insert: Change(_insert, _undo_insert, _note_insert),
    list.pop: Change(_pop, _undo_pop),
    list.remove: Change(_remove, _undo_remove, _note_remove),
    list.reverse: Change(_reverse, _undo_reverse),
    list.sort: Change(_sort, _undo_whole, _note_sort),
    list.clear: Change(_clear, _undo_whole, _note_whole),
    operator.delitem: Change(_delete, _undo_whole, _note_delete),
    operator.setitem: Change(_store, _undo_store, _note_store),
    ops.IN_PLACE[operator.imul]: Change(_repeat, _undo_whole, _note_whole),
}

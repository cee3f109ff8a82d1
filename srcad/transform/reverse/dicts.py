"""The adjoints of what changes a dict in place, and of reads under keys that may not be there.

    v = d.pop(k)            ->      d_bar[k] = v_bar
    d.update(other)         ->      the entries of d_bar under the keys of `other` go to other_bar
    v = d.get(k, w)         ->      d_bar[k] += v_bar if k was in d, else w_bar += v_bar

The order of the entries plays no role in the shadow, and an entry that is not there is zero.
"""

from __future__ import annotations

import operator
from typing import Any

from srcad import runtime
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import MISSING, atom_kind, constant
from srcad.ir.kinds import BOOL, UNKNOWN, Dict, Kind, Scalar, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Var
from srcad.transform.builder import Builder
from srcad.transform.expand import materialise
from srcad.transform.reverse.buffers import zeros
from srcad.transform.reverse.changes import (
    Change,
    Notes,
    Noting,
    either,
    give_slot,
    mark,
    plain,
    when,
    whole_slot,
    zero_slot,
)
from srcad.transform.reverse.cotangents import Scope, State
from srcad.transform.reverse.give import add_to_entry, give, give_item, shadow, whole
from srcad.transform.reverse.slots import parts

_NONE = Const(None)


def entry_kind(base: Atom, key: Atom = _NONE) -> Kind:
    """The kind of the values of a dict, or of that under a known key."""
    kind = atom_kind(base)
    if not isinstance(kind, Dict):
        return Unknown()
    return dict(kind.items).get(constant(key), kind.item) if kind.items is not None else kind.item


def _note_old(noting: Noting, base: Atom) -> Atom:
    return noting.before("old", dict, base, kind=Dict(entry_kind(base)))


def _undo(scope: Scope, call: Call, notes: Notes) -> None:
    mark(scope, plain(call)[0], runtime.put_back, notes["old"])


def _nothing(scope: Scope, call: Call, notes: Notes) -> None:
    pass


# --- d[k] = v, del d[k], pop, popitem, clear ------------------------------------------------------------------------


def _note_store(noting: Noting, call: Call) -> None:
    base, key, _ = plain(call)
    _note_old(noting, base)
    if not isinstance(entry_kind(base, key), Scalar):
        noting.before("before", dict.get, base, key, kind=UNKNOWN)


def _store(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    _, key, value = plain(call)
    b, kind = scope.b, entry_kind(target, key)
    carries = isinstance(value, Var) and may_be_active(value.kind)
    item = b.append(operator.getitem, (target, key), kind=kind) if carries else None
    b.append(operator.setitem, (target, key, _zero_before(b, kind, value, notes.get("before"))))
    if item is not None:
        give_slot(scope, value, item)


def _zero_before(b: Builder, kind: Kind, value: Atom, before: Atom | None) -> Atom:
    """A zero for what was under a key before `value` was stored there; if there was nothing, it does not matter."""
    if isinstance(kind, Scalar) or before is None:
        return Const(0.0)
    if _is_alike(kind, value):
        return zero_slot(b, value, kind)
    return b.append(runtime.zeros_like, (before,), kind=kind)


def _is_alike(kind: Kind, value: Atom) -> bool:
    """Whether what may be under a key has the kind of the new value, shape and all."""
    new = atom_kind(value)
    dims = getattr(new, "dims", None)
    return kind == new and dims is not None and None not in dims


def _note_taken(noting: Noting, call: Call) -> None:
    base, key, *default = plain(call)
    _note_old(noting, base)
    if default:
        noting.before("had", ops.contains, key, base, kind=BOOL)


def _pop(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    base, key, *default = plain(call)
    b = scope.b
    if not default:
        if may_be_active(call.target.kind):
            b.append(operator.setitem, (target, key, whole_slot(scope, call.target)))
        return
    value = whole(scope, call.target)
    g = Const(0.0) if value is None else materialise(b, value)
    kind = entry_kind(base, key)
    had = notes["had"]
    when(scope, had, lambda inner: _put_slot(inner, target, key, notes["old"], g, kind))
    _give_default(scope, default[0], had, g)


def _put_slot(b: Builder, target: Atom, key: Atom, old: Atom, g: Atom, kind: Kind) -> None:
    """``target[key] = g``, full and held by nobody else."""
    if isinstance(kind, Scalar):
        b.append(operator.setitem, (target, key, g))
        return
    item = b.append(operator.getitem, (old, key), kind=kind)
    b.append(operator.setitem, (target, key, zero_slot(b, item, kind)))
    if g != Const(0.0):
        add_to_entry(b, target, key, g)


def _give_default(scope: Scope, default: Atom, had: Atom, g: Atom) -> None:
    """Give `g` to the default, where the key was not there."""
    if isinstance(default, Var) and may_be_active(default.kind) and g != Const(0.0):
        zero = lambda b: zeros(b, default, default.kind)  # noqa: E731
        give(scope, default, either(scope, had, zero, lambda b: g))


def _note_delete(noting: Noting, call: Call) -> None:
    base, key = plain(call)
    _note_old(noting, base)
    if not isinstance(entry_kind(base, key), Scalar):
        noting.before("before", operator.getitem, base, key, kind=entry_kind(base, key))


def _delete(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    key = plain(call)[1]
    zero = zero_slot(scope.b, notes.get("before", Const(0.0)), entry_kind(target, key))
    scope.b.append(operator.setitem, (target, key, zero))


def _note_popitem(noting: Noting, call: Call) -> None:
    _note_old(noting, plain(call)[0])
    noting.after("key", operator.getitem, call.target, Const(0), kind=UNKNOWN)


def _popitem(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    b, pair = scope.b, call.target
    kind = entry_kind(target)
    value = whole(scope, pair)
    if not isinstance(pair.kind, Tuple):
        raise UnsupportedSyntax("popitem() of something of unknown kind", where=call.loc)
    b.append(operator.setitem, (target, notes["key"], zero_slot(b, _popped(b, pair, kind), kind)))
    if value is not None:
        item = b.call(operator.getitem, value, Const(1)) if isinstance(value, (Var, Const)) else value.items[1]
        add_to_entry(b, target, notes["key"], materialise(b, item))


def _popped(b: Builder, pair: Var, kind: Kind) -> Atom:
    return Const(0.0) if isinstance(kind, Scalar) else b.call(operator.getitem, pair, Const(1))


def _note_whole(noting: Noting, call: Call) -> None:
    _note_old(noting, plain(call)[0])


def _clear(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    b = scope.b
    zero = zeros(b, notes["old"], Dict(entry_kind(target)))
    b.append(dict.update, (target, zero))


# --- update, setdefault ---------------------------------------------------------------------------------------------


def _update(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    _, *others = plain(call)
    b = scope.b
    for name, value in reversed(call.kwargs):
        if name is None:
            raise UnsupportedSyntax("update(**entries) carries a derivative", where=call.loc, remedy="update(entries)")
        _take_entry(scope, target, Const(name), value, notes["old"])
    for other in others:
        kind = atom_kind(other)
        if not isinstance(kind, Dict):
            raise UnsupportedSyntax(
                "update() with something else than a dict carries a derivative",
                where=call.loc,
                remedy="update with a dict, or store the entries in a loop",
            )
        inner = parts(kind)
        if inner is not None:
            for key, _ in reversed(inner):
                _take_entry(scope, target, Const(key), other, notes["old"], path=(key,))
            continue
        taken = b.append(runtime.take_entries, (target, other, notes["old"]), kind=Dict(entry_kind(target)))
        if isinstance(other, Var):
            give(scope, other, taken)


def _take_entry(
    scope: Scope, target: Atom, key: Const, value: Atom, old: Atom, *, path: tuple[object, ...] = ()
) -> None:
    """The cotangent of one entry that was stored goes to the value, or to the part of it at `path`."""
    b, kind = scope.b, entry_kind(target, key)
    item = b.append(operator.getitem, (target, key), kind=kind)
    before = None if isinstance(kind, Scalar) else b.append(dict.get, (old, key), kind=UNKNOWN)
    b.append(operator.setitem, (target, key, _zero_before(b, kind, Const(None), before)))
    give(scope, value, item, path=path)


def _setdefault(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    _, key, *default = plain(call)
    b, had = scope.b, notes.get("had")
    value = whole(scope, call.target)
    if value is not None:
        add_to_entry(b, target, key, materialise(b, value))
    stored = default[0] if default else Const(None)
    if had is None or not (isinstance(stored, Var) and may_be_active(stored.kind)):
        return

    def take(inner: Builder) -> Atom:
        return inner.append(dict.pop, (target, key), kind=entry_kind(target, key))

    zero = lambda inner: zeros(inner, stored, stored.kind)  # noqa: E731
    give(scope, stored, either(scope, had, zero, take))


# --- reads ----------------------------------------------------------------------------------------------------------


def _note_get(noting: Noting, call: Call) -> None:
    base, key, *_ = plain(call)
    if not _is_fixed(base, key):
        noting.before("had", ops.contains, key, base, kind=BOOL)


def _is_fixed(base: Atom, key: Atom) -> bool:
    """Whether it is known while compiling if a key is there."""
    kind = atom_kind(base)
    return isinstance(kind, Dict) and kind.items is not None and constant(key) is not MISSING


def _get(scope: Scope, call: Call, notes: Notes, target: Atom) -> None:
    base, key, *default = plain(call)
    value = whole(scope, call.target)
    if value is None or not isinstance(base, Var):
        return
    g = materialise(scope.b, value)
    if _is_fixed(base, key):
        if constant(key) in dict(base.kind.items or ()):  # type: ignore[attr-defined]
            give_item(scope, base, Const(constant(key)), (), State(g))
        elif default:
            give(scope, default[0], g)
        return
    if may_be_active(base.kind):
        bars = shadow(scope, base)
        when(scope, notes["had"], lambda inner: add_to_entry(inner, bars, key, g))
    if default:
        _give_default(scope, default[0], notes["had"], g)


#: What changes a dict or reads under a key that may not be there, by the function that does it.
DICT_CHANGES: dict[Any, Change] = {
    operator.setitem: Change(_store, _undo, _note_store),
    operator.delitem: Change(_delete, _undo, _note_delete),
    dict.pop: Change(_pop, _undo, _note_taken),
    dict.popitem: Change(_popitem, _undo, _note_popitem),
    dict.clear: Change(_clear, _undo, _note_whole),
    dict.update: Change(_update, _undo, _note_whole),
    ops.IN_PLACE[operator.ior]: Change(_update, _undo, _note_whole),
    dict.setdefault: Change(_setdefault, _undo, _note_taken),
    dict.get: Change(_get, _nothing, _note_get),
}

"""The adjoint of stores into arrays, lists and dicts.

A store ``y[i] = v`` overwrites: in the reverse sweep what was overwritten is put back (a `restore` mark, kept only if
somebody reads it), the cotangent of `v` is taken from ``y_bar[i]``, and ``y_bar[i]`` is set to zero. ``y[i] += v``
leaves ``y_bar[i]`` as it is.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from srcad.analysis.carried import holds_references
from srcad.analysis.effects import writes
from srcad.analysis.mutators import changed, mutation
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Unknown, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of
from srcad.rules import rule_for
from srcad.transform.expand import materialise
from srcad.transform.reverse.adjoints import reverse_call
from srcad.transform.reverse.changes import Change, Notes
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.dicts import DICT_CHANGES
from srcad.transform.reverse.lists import LIST_CHANGES
from srcad.transform.reverse.masking import note_zeroed
from srcad.transform.reverse.mutators import reverse_mutation
from srcad.transform.reverse.outputs import reverse_output, written_output
from srcad.transform.reverse.primitives import Active, Reading, apply_template, reverse_primitive
from srcad.transform.reverse.shadows import give_stored, read_stored, store_target, zero_item

#: In-place operators whose result is linear in both operands with constant factors: what they overwrite is not needed.
_SIGNS: dict[Any, int] = {operator.iadd: 1, operator.isub: -1}

BINARY: dict[Any, Any] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ipow: operator.pow,
    operator.imod: operator.mod,
    operator.imatmul: operator.matmul,
    operator.ifloordiv: operator.floordiv,
}


def is_store(call: Call) -> bool:
    """Whether `call` changes something in place."""
    return bool(writes(call))


def overwritten(call: Call) -> tuple[Atom, Atom] | None:
    """The array and the index of what a store overwrites; None for lists and dicts, which get nothing put back."""
    if not isinstance(call.fn, Const):
        return None
    if (found := changed(call)) is not None:
        return found if isinstance(found[0], Var) else None
    args = [a for a in call.args if not isinstance(a, Star)]
    if not args or not isinstance(args[0], Var) or not isinstance(args[0].kind, (Array, Numeric, Unknown)):
        return None
    fn = call.fn.value
    if fn is operator.setitem or fn in ops.UPDATE_OPERATORS:
        return args[0], args[1]
    if fn in ops.IN_PLACE_OPERATORS:
        return args[0], Const(Ellipsis)
    return None


def previous(call: Call) -> tuple[Atom, Atom] | None:
    """The item that an augmented store changes, also in a list or a dict: its derivative reads what it was."""
    place = overwritten(call)
    if place is not None or not isinstance(call.fn, Const) or call.fn.value not in ops.UPDATE_OPERATORS:
        return place
    base, index = (a for a in call.args[:2] if not isinstance(a, Star))
    return base, index


def change_of(call: Call) -> Change | None:
    """How a call changes, or reads, a list or a dict, where that takes notes in the forward sweep."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if type(fn).__hash__ is None or not call.args or isinstance(call.args[0], Star) or call.loc.saving:
        return None  # what is done to shadows is not undone
    kind = atom_kind(call.args[0])
    if isinstance(kind, Dict) or getattr(fn, "__objclass__", None) is dict:
        return DICT_CHANGES.get(fn)
    if isinstance(kind, List) or getattr(fn, "__objclass__", None) is list:
        return LIST_CHANGES.get(fn)
    return None


def _reverse_change(scope: Scope, call: Call, change: Change, notes: Notes, active: Active) -> None:
    """A change of a list or a dict: the shadow is made, the container put back, and the change undone on the shadow."""
    base = call.args[0]
    assert isinstance(base, Var)
    changes = bool(writes(call))
    carried = changes and base in scope.companions and _moves_references(call, base.kind)
    target = store_target(scope, base) if changes and base in active and not carried else None
    change.undo(scope, call, notes)
    if carried:
        return
    if base in active or call.target in active:
        change.adjoint(scope, call, notes, base if target is None else target)
    scope.settle(call.target, is_active=call.target in active)


def reverse_store(scope: Scope, call: Call, active: Active, notes: Mapping[Var, Notes]) -> None:
    """Write the adjoint of a store."""
    if call.loc.saving:
        return  # what the forward sweep does to shadows
    fn = call.fn.value if isinstance(call.fn, Const) else None
    change = change_of(call)
    if change is not None:
        _reverse_change(scope, call, change, notes[call.target], active)
        return
    place = overwritten(call)
    noted = notes.get(call.target, {}).get("old")
    old = noted if isinstance(noted, Var) else None
    out = written_output(call)
    if out is not None:
        reverse_output(scope, call, out, old, active)
        return
    made = mutation(call)
    if made is not None:
        reverse_mutation(scope, made, old, active)
        return
    if place is not None and old is not None:
        scope.b.append(ops.restore, (*place, old))
    target = next(iter(writes(call)))
    if not (isinstance(target, Var) and target in active):
        if call.target in active:
            reverse_call(scope, call, active)
        return
    args = [a for a in call.args if not isinstance(a, Star)]
    if target in scope.companions and _moves_references(call, target.kind):
        return
    if fn is operator.setitem:
        _setitem(scope, args[0], args[1], args[2])
    elif fn in ops.UPDATE_OPERATORS:
        _update(scope, call, ops.UPDATE_OPERATORS[fn], args[0], args[1], args[2], old, active)
    elif fn in ops.IN_PLACE_OPERATORS:
        _update(scope, call, ops.IN_PLACE_OPERATORS[fn], args[0], Const(Ellipsis), args[1], old, active)
    else:
        raise UnsupportedSyntax(
            f"{name_of(call)} changes something that carries a derivative",
            where=call.loc,
            why="of in-place changes, subscript stores, augmented assignments and the methods of lists and dicts are "
            "supported so far",
            remedy="write the result to a new name",
        )


def _moves_references(call: Call, kind: Kind) -> bool:
    """Whether a change of a container concerns only which references are in it: these have shadows of their own."""
    stored = call.args[-1]
    number = not isinstance(stored, Star) and isinstance(atom_kind(stored), Scalar)
    return holds_references(kind) and not (is_call_of(call, operator.setitem) and number)


def name_of(call: Call) -> str:
    """What the user calls the function of a store: ``np.copyto``, or the method's name."""
    if not isinstance(call.fn, Const):
        return "this call"
    if call.fn.value is ops.call_method and isinstance(call.args[1], Const):
        return f"the method {call.args[1].value!r}"
    return call.fn.expr or str(getattr(call.fn.value, "__qualname__", "this call"))


def _setitem(scope: Scope, base: Atom, index: Atom, value: Atom) -> None:
    target = store_target(scope, base)
    if target is None:
        return
    b = scope.b
    carries = isinstance(value, Var) and may_be_active(value.kind)
    item = read_stored(b, target, index) if carries else None
    b.append(operator.setitem, (target, index, zero_item(scope, base, value)))
    note_zeroed(b, target, index)
    if item is not None:
        assert isinstance(value, Var)
        give_stored(scope, value, item, target)


def _update(
    scope: Scope,
    call: Call,
    op: Any,
    base: Atom,
    index: Atom,
    value: Atom,
    old: Atom | None,
    active: Active,
) -> None:
    """``base[index] op= value``, or ``base op= value`` where the index is ``...``."""
    target = store_target(scope, base)
    if target is None:
        return
    b = scope.b
    is_active = isinstance(value, Var) and value in active
    sign = _SIGNS.get(op)
    if sign is not None:
        if is_active:
            assert isinstance(value, Var)
            item = read_stored(b, target, index)
            give_stored(scope, value, item if sign > 0 else b.call(operator.neg, item), target)
        return
    rule = rule_for(BINARY.get(op))
    if rule is not None and rule.adjoint is not None and old is not None and index == Const(Ellipsis):
        item = read_stored(b, target, index)
        b.append(operator.setitem, (target, index, Const(0.0)))
        computed = Call(base, Const(BINARY[op]), (base, value), (), call.loc)  # type: ignore[arg-type]
        reverse_primitive(scope, computed, active, item, reading=Reading({base: old}))
        return
    if rule is None or rule.partials is None or old is None:
        raise UnsupportedSyntax(
            f"the in-place operator of this statement ({getattr(op, '__name__', op)}) is not differentiated yet",
            where=call.loc,
            remedy="write it as an assignment of a new value",
        )
    before: Atom = old
    names = rule.partials.params
    ans = b.append(BINARY[op], (before, value))
    partials = apply_template(b, rule.partials, {names[0]: before, names[1]: value, "ans": ans})
    factors = partials.items if hasattr(partials, "items") else [b.call(operator.getitem, partials, k) for k in (0, 1)]
    item = read_stored(b, target, index)
    g = b.call(operator.mul, materialise(b, factors[1]), item) if is_active else None
    b.append(operator.setitem, (target, index, b.call(operator.mul, materialise(b, factors[0]), item)))
    if g is not None:
        assert isinstance(value, Var)
        give_stored(scope, value, g, target)

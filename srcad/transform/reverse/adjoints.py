"""The adjoint of one call: from the cotangent of its result to those of its arguments.

Operations of the language (subscripts, unpacking, copies of references) are here and in `containers`, primitives in
`primitives`, stores in `stores`, branches and loops in `regions`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcad import runtime
from srcad.analysis.rounding import may_give_integers
from srcad.analysis.views import view_of
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, constant, field_number, is_hashable, is_named_tuple
from srcad.ir.kinds import List, Tuple, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.transform.expand import Value, materialise
from srcad.transform.reverse.axes import through_axes
from srcad.transform.reverse.containers import (
    reverse_copy,
    reverse_dict,
    reverse_dict_display,
    reverse_display,
    reverse_iterated,
    reverse_merge,
    reverse_sequence_arithmetic,
    reverse_sorted,
    reverse_sum,
)
from srcad.transform.reverse.cotangents import Scope, State
from srcad.transform.reverse.give import give, give_item, shadow, spread_buffer, unpacked, whole
from srcad.transform.reverse.primitives import Active, reverse_primitive
from srcad.transform.reverse.slots import bar, leaves, parts, subkind


def reverse_call(scope: Scope, call: Call, active: Active) -> None:
    """Write the adjoint of a call that is not a store."""
    if call.target not in active:
        return
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn in (operator.add, operator.mul) and _is_of_sequences(call):
        reverse_sequence_arithmetic(scope, call)
        return
    if is_named_tuple(fn) and isinstance(call.target.kind, Tuple):
        reverse_display(scope, positional(call), active)
        return
    special = _LANGUAGE.get(fn) if fn is not None and is_hashable(fn) else None
    if special is not None:
        special(scope, call, active)
        return
    ans_bar = _of_a_copy(scope, call) if call.target in scope.companions else whole(scope, call.target)
    if ans_bar is None:
        return
    if may_give_integers(call):
        ans_bar = scope.b.append(runtime.unless_integers, (materialise(scope.b, ans_bar), call.target))
    reverse_primitive(scope, call, active, ans_bar)


def _is_of_sequences(call: Call) -> bool:
    """Whether ``+`` or ``*`` joins or repeats sequences, as far as is known."""
    perhaps = isinstance(call.target.kind, Unknown) and not any(isinstance(a, Star) for a in call.args)
    known = any(isinstance(atom_kind(a), (Tuple, List)) for a in call.args if not isinstance(a, Star))
    return isinstance(call.target.kind, (Tuple, List)) or (perhaps and known)


def _of_a_copy(scope: Scope, call: Call) -> Value | None:
    """The cotangent of what may be a view or a copy of carried memory: zero where it is a view."""
    base = next((a for a in view_of(call) or () if a in scope.companions), None)
    if call.target not in scope.memory.unsure or not isinstance(base, Var):
        return whole(scope, call.target)
    args = (shadow(scope, call.target), shadow(scope, base))
    return scope.b.append(runtime.unless_view, args, kind=scope.b.kind(args[0]))


def _identity(scope: Scope, call: Call, active: Active) -> None:
    value = whole(scope, call.target)
    source = call.args[0]
    if value is None or isinstance(source, Star):
        return
    if isinstance(value, Const) and scope.b.definition(source) is None:
        # A seed that enters a loop: a line of its own, under the statement that it comes from.
        value = scope.b.append(ops.identity, (value,), name=bar(source.name if isinstance(source, Var) else ""))
    give(scope, source, value)


def _unpack(scope: Scope, call: Call, active: Active) -> None:
    """``a, b = value``: the parts are read by subscripts of the unpacked tuple."""
    source, before = call.args[0], call.args[1]
    after = call.args[2] if len(call.args) > 2 else Const(-1)
    assert not (isinstance(source, Star) or isinstance(before, Star) or isinstance(after, Star))
    if not isinstance(after, Const) or after.value >= 0:
        _unpack_starred(scope, call, source, before, after)
        return
    assert isinstance(before, Const)
    for k in range(before.value):
        kind = subkind(call.target.kind, (k,))
        for path, _ in list(leaves(kind)):
            state = scope.take((call.target, (k, *path)))
            if state is not None:
                give_item(scope, source, Const(k), path, state)


def _unpack_starred(scope: Scope, call: Call, source: Atom, before: Atom, after: Atom) -> None:
    assert isinstance(before, Const) and isinstance(after, Const)
    count = before.value + 1 + after.value
    value = whole(scope, call.target)
    if value is None:
        return
    items = unpacked(scope.b, value, count)
    for k, item in enumerate(items):
        if k == before.value:
            _give_middle(scope, source, before.value, after.value, item)
            continue
        index = k if k < before.value else k - count
        give_item(scope, source, Const(index), (), State(materialise(scope.b, item)))


def _give_middle(scope: Scope, source: Atom, before: int, after: int, value: Value) -> None:
    """The cotangent of the list that ``*middle`` takes out of a sequence."""
    kind = scope.b.kind(source)
    if isinstance(value, Const):
        return
    if isinstance(kind, Tuple):
        for k, item in enumerate(unpacked(scope.b, value, len(kind.items) - before - after)):
            give(scope, source, item, path=(before + k,))
        return
    if isinstance(source, Var):
        target = shadow(scope, source)
        stop = Const(-after) if after else Const(None)
        index = scope.b.append(slice, (Const(before), stop, Const(None)))
        scope.b.append(runtime.add_at, (target, index, materialise(scope.b, value)), kind=Unknown())


def _getitem(scope: Scope, call: Call, active: Active) -> None:
    base, index = call.args
    assert not isinstance(base, Star) and not isinstance(index, Star)
    is_view = scope.memory.root(call.target) not in (None, call.target)  # and not a copy that is changed itself
    if isinstance(base, Var) and is_view and scope.memory.root(base) is not None:
        return  # a view of memory that is changed in place: its uses have added to the shadow directly
    inner = parts(call.target.kind)
    if inner is None:
        value = whole(scope, call.target)
        state = None if value is None else State(materialise(scope.b, value))
        if state is None:
            return
        plain = isinstance(base, Var) and scope.memory.root(base) is None and base not in scope.companions
        g = through_axes(scope.b, state.atom, base, index) if plain else None
        if g is None:
            give_item(scope, base, index, (), state)
        else:
            give(scope, base, g)
        return
    direct = scope.take((call.target, ()))
    if direct is not None:
        spread_buffer(scope, call.target, direct)
    for path, _ in list(leaves(call.target.kind)):
        state = scope.take((call.target, path))
        if state is not None:
            give_item(scope, base, index, path, state)


def positional(call: Call) -> Call:
    """The construction of a named tuple with its fields in order."""
    cls = call.fn.value if isinstance(call.fn, Const) else None
    named = dict(call.kwargs)
    rest = [named[name] for name in getattr(cls, "_fields", ())[len(call.args) :]]
    return replace(call, args=(*call.args, *rest), kwargs=())


def _get_attribute(scope: Scope, call: Call, active: Active) -> None:
    base = call.args[0]
    number = None if isinstance(base, Star) else field_number(scope.b.kind(base), constant(call.args[1]))  # type: ignore[arg-type]
    if number is not None:
        _getitem(scope, replace(call, fn=Const(operator.getitem), args=(base, Const(number))), active)
        return
    value = whole(scope, call.target)
    if value is None:
        return
    name = call.args[1].value if isinstance(call.args[1], Const) else "?"
    raise UnsupportedSyntax(
        f"the attribute {name!r} carries a derivative",
        where=call.loc,
        why="attributes of objects are not differentiated yet",
        remedy="pass the value as an argument",
    )


_LANGUAGE: dict[Any, Callable[[Scope, Call, Active], None]] = {
    ops.make_tuple: reverse_display,
    ops.make_list: reverse_display,
    ops.make_dict: reverse_dict_display,
    ops.identity: _identity,
    ops.bound: _identity,
    ops.unpack: _unpack,
    operator.getitem: _getitem,
    getattr: _get_attribute,
    list: reverse_copy,
    tuple: reverse_copy,
    dict: reverse_dict,
    list.copy: reverse_copy,
    dict.copy: reverse_copy,
    iter: reverse_iterated,
    zip: reverse_iterated,
    enumerate: reverse_iterated,
    reversed: reverse_iterated,
    dict.values: reverse_iterated,
    dict.items: reverse_iterated,
    ops.merge_dicts: reverse_merge,
    sorted: reverse_sorted,
    sum: reverse_sum,
}

"""The adjoint of what builds and copies containers: displays, merging, sorting, concatenation, iterators as values."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from srcad import runtime
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import MISSING, atom_kind, constant
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Tuple, Unknown, may_be_active
from srcad.ir.lattice import join_all
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.changes import give_sequence
from srcad.transform.reverse.cotangents import Scope, State
from srcad.transform.reverse.give import give, unpacked, whole
from srcad.transform.reverse.primitives import Active, reverse_primitive
from srcad.transform.reverse.slots import leaves


def reverse_display(scope: Scope, call: Call, active: Active) -> None:
    """``(a, b)`` and ``[a, b]``."""
    if any(isinstance(a, Star) for a in call.args):
        _starred_display(scope, call)
        return
    target = call.target
    listed = scope.take((target, ()))
    for k, item in enumerate(call.args):
        if isinstance(item, Star):
            continue
        for path, _ in list(leaves(scope.b.kind(item))):
            state = scope.take((target, (k, *path)))
            if state is not None:
                give(scope, item, state.atom, path=path, owned=state.owned)
        if listed is not None and item not in scope.companions:
            give(scope, item, scope.b.call(operator.getitem, listed.atom, Const(k)))


def _starred_display(scope: Scope, call: Call) -> None:
    """``[a, *xs, b]``: items and stretches of the cotangent, by position."""
    value = whole(scope, call.target)
    if value is None:
        return
    b = scope.b
    at: Atom = Const(0)
    for item in call.args:
        if isinstance(item, Star):
            stop = b.call(operator.add, at, _length_of(b, item.value))
            _give_part(scope, item.value, value, at, stop)
            at = stop
            continue
        known = isinstance(value, Seq) and isinstance(at, Const)
        part = value.items[at.value] if known else b.append(operator.getitem, (materialise(b, value), at))  # type: ignore[union-attr]
        give(scope, item, part)
        at = b.call(operator.add, at, Const(1))


def reverse_dict_display(scope: Scope, call: Call, active: Active) -> None:
    """``{"a": x}``: each entry gets its part."""
    target = call.target
    listed = scope.take((target, ()))
    args = [a for a in call.args if not isinstance(a, Star)]
    pairs = list(zip(args[::2], args[1::2], strict=True))
    keys = [constant(key) for key in args[::2]]
    if MISSING in keys:
        if listed is not None:
            _give_entries(scope, pairs, listed)
        return
    for at, (key, item) in enumerate(pairs):
        if keys[at] in keys[at + 1 :]:
            continue  # the last one of several values under a key is kept
        for path, _ in list(leaves(scope.b.kind(item))):
            state = scope.take((target, (keys[at], *path)))
            if state is not None:
                give(scope, item, state.atom, path=path, owned=state.owned)
        if listed is not None and item not in scope.companions:
            give(scope, item, scope.b.call(operator.getitem, listed.atom, key))


def _give_entries(scope: Scope, pairs: Sequence[tuple[Atom, Atom]], listed: State) -> None:
    """The entries of a display some of whose keys are only known at run time: the last value under a key is kept."""
    b = scope.b
    kind = b.kind(listed.atom)
    if len(pairs) == 1:
        give(scope, pairs[0][1], b.append(operator.getitem, (listed.atom, pairs[0][0])))
        return
    bars = listed.atom if listed.owned else b.append(dict, (listed.atom,), kind=kind)
    for key, item in reversed(pairs):
        found = b.kind(item)
        if not isinstance(item, Var) or not may_be_active(found) or item in scope.companions:
            b.append(dict.pop, (bars, key, Const(None)), kind=Unknown())
            continue
        zero = Const(0.0) if isinstance(found, (Scalar, Array)) else b.append(runtime.zeros_like, (item,), kind=found)
        give(scope, item, b.append(dict.pop, (bars, key, zero), kind=found))


def reverse_merge(scope: Scope, call: Call, active: Active) -> None:
    """``{**a, **b}``: each entry goes to the last dict that has its key."""
    value = whole(scope, call.target)
    kind = call.target.kind
    if value is None:
        return
    if not isinstance(kind, Dict) or kind.items is None:
        _give_merged(scope, [a for a in call.args if not isinstance(a, Star)], value)
        return
    for (key, _), item in zip(kind.items, unpacked(scope.b, value, len(kind.items)), strict=True):
        for source in reversed(call.args):
            found = scope.b.kind(source) if isinstance(source, Var) else None
            if isinstance(found, Dict) and found.items is not None and key in dict(found.items):
                assert isinstance(source, Var)
                give(scope, source, item, path=(key,))
                break


def _give_merged(scope: Scope, sources: Sequence[Atom], value: Value) -> None:
    """The same where keys are only known at run time."""
    b = scope.b
    given = [b.kind(s) for s in sources]
    kinds = tuple(Dict(kind.item if isinstance(kind, Dict) else Unknown()) for kind in given)
    made = b.append(runtime.parts_of_merged, (materialise(b, value), *sources), kind=Tuple(kinds))
    for at, (source, found) in enumerate(zip(sources, given, strict=True)):
        if not isinstance(source, Var) or not may_be_active(found):
            continue
        taken = b.append(operator.getitem, (made, Const(at)), kind=kinds[at])
        if isinstance(found, Dict) and found.items is not None:
            for key, kind in found.items:
                if may_be_active(kind):
                    zero = Const(0.0) if isinstance(kind, (Scalar, Array)) else Const(None)
                    give(scope, source, b.append(dict.get, (taken, Const(key), zero), kind=kind), path=(key,))
        else:
            give(scope, source, taken)


def reverse_sorted(scope: Scope, call: Call, active: Active) -> None:
    """``sorted(xs)``: each cotangent goes to where its item came from."""
    value = whole(scope, call.target)
    if value is None or isinstance(call.args[0], Star):
        return
    options = dict(call.kwargs)
    if "key" in options:
        raise UnsupportedSyntax(
            "sorted with a key that srcad cannot look into carries a derivative",
            where=call.loc,
            remedy="sort the indices, as in: order = np.argsort(...)",
        )
    source = call.args[0]
    args = (materialise(scope.b, value), source, options.get("reverse", Const(False)))
    give(scope, source, scope.b.append(runtime.unsorted, args, kind=scope.b.kind(source)))


def reverse_sum(scope: Scope, call: Call, active: Active) -> None:
    """Builtin `sum` of a list whose length is only known at run time: every item gets the cotangent of the sum."""
    source = call.args[0]
    single = len(call.args) == 1 and not call.kwargs
    if single and isinstance(source, Var) and isinstance(source.kind, List) and isinstance(source.kind.item, Scalar):
        ans_bar = whole(scope, call.target)
        if ans_bar is not None:
            b = scope.b
            one = b.append(ops.make_list, (materialise(b, ans_bar),))
            items = b.append(operator.mul, (one, b.call(len, source)), kind=List(Scalar("f8")))
            give(scope, source, items, owned=True)
        return
    ans_bar = whole(scope, call.target)
    if ans_bar is not None:
        reverse_primitive(scope, call, active, ans_bar)


def reverse_sequence_arithmetic(scope: Scope, call: Call) -> None:
    """``xs + ys`` and ``xs * n`` of lists and tuples: item by item."""
    value = whole(scope, call.target)
    if value is None:
        return
    b = scope.b
    first, second = (a for a in call.args if not isinstance(a, Star))
    assert isinstance(call.fn, Const)
    if isinstance(call.target.kind, Unknown):
        _give_perhaps(scope, call, (first, second), materialise(b, value))
        return
    if call.fn.value is operator.add:
        count = _length_of(b, first)
        _give_part(scope, first, value, Const(None), count)
        _give_part(scope, second, value, count, Const(None))
        return
    source, times = (first, second) if isinstance(b.kind(first), (Tuple, List)) else (second, first)
    if not isinstance(times, Const):
        parts_ = b.append(runtime.folded, (materialise(b, value), source), kind=List(_item_kind(source)))
        give_sequence(scope, source, parts_)
        return
    for k in range(times.value):
        size = _length_of(b, source)
        start = b.call(operator.mul, size, Const(k))
        _give_part(scope, source, value, start, b.call(operator.add, start, size))


def _give_perhaps(scope: Scope, call: Call, operands: tuple[Atom, Atom], value: Atom) -> None:
    """The same where one operand is a list or a tuple, and the other one of unknown kind."""
    b = scope.b
    kinds = Tuple(tuple(b.kind(a) for a in operands))
    helper = runtime.parts_of_joined if is_call_of(call, operator.add) else runtime.parts_of_repeated
    made = b.append(helper, (value, *operands), kind=kinds)
    for k, source in enumerate(operands):
        if isinstance(source, Var) and may_be_active(source.kind):
            give_sequence(scope, source, b.append(operator.getitem, (made, Const(k)), kind=kinds.items[k]))


def _item_kind(source: Atom) -> Kind:
    kind = atom_kind(source)
    return join_all(kind.items) if isinstance(kind, Tuple) else kind.item if isinstance(kind, List) else Unknown()


def _length_of(b: Builder, sequence: Atom) -> Atom:
    kind = b.kind(sequence)
    return Const(len(kind.items)) if isinstance(kind, Tuple) else b.call(len, sequence)


def _give_part(scope: Scope, source: Atom, value: Value, start: Atom, stop: Atom) -> None:
    """Give ``value[start:stop]`` to a sequence."""
    if not isinstance(source, Var) or not may_be_active(source.kind):
        return
    if isinstance(value, Seq) and isinstance(start, Const) and isinstance(stop, Const):
        give(scope, source, Seq(value.items[start.value : stop.value], value.cls))
        return
    b = scope.b
    part = b.append(slice, (start, stop, Const(None)))
    found = b.append(operator.getitem, (materialise(b, value), part), kind=source.kind)
    if isinstance(source.kind, Tuple):
        give(scope, source, Seq(unpacked(b, found, len(source.kind.items))))
    else:
        give(scope, source, found)


def reverse_iterated(scope: Scope, call: Call, active: Active) -> None:
    """Iterators that are consumed as values (``list(zip(a, b))``): each item goes where it came from."""
    value = whole(scope, call.target)
    if value is None or not isinstance(call.fn, Const):
        return
    fn = call.fn.value
    args = [a for a in call.args if not isinstance(a, Star)]
    if fn is iter:
        give(scope, args[0], value)
        return
    if fn in (zip, enumerate, reversed):
        _give_items(scope, fn, args, value)
        return
    if fn is dict.values:
        _dict_values(scope, args[0], value)
        return
    if fn is dict.items:
        _dict_values(scope, args[0], scope.b.append(runtime.column, (materialise(scope.b, value), Const(1))))
        return
    raise UnsupportedSyntax(
        f"{getattr(fn, '__name__', fn)}() carries a derivative outside of a for statement",
        where=call.loc,
        why="it is differentiated as the iterable of a loop or of a comprehension",
        remedy="write the loop out",
    )


def _give_items(scope: Scope, fn: Any, args: Sequence[Atom], value: Value) -> None:
    """The items of an iterator that was turned into a list go to the sequences that it was made of."""
    b = scope.b
    atom = materialise(b, value)
    for k, source in enumerate(args[:1] if fn is enumerate else args):
        if not isinstance(source, Var) or not may_be_active(source.kind):
            continue
        if fn is reversed:
            part = b.append(runtime.items_like, (b.append(runtime.backwards, (atom,)), source), kind=source.kind)
        else:
            column = b.append(runtime.column, (atom, Const(1 if fn is enumerate else k)))
            part = b.append(runtime.items_like, (column, source), kind=source.kind)
        give(scope, source, part, owned=True)


def _dict_values(scope: Scope, base: Atom, value: Value) -> None:
    assert isinstance(base, Var)
    if isinstance(base.kind, Dict) and base.kind.items is not None:
        for (key, _), item in zip(base.kind.items, unpacked(scope.b, value, len(base.kind.items)), strict=True):
            give(scope, base, item, path=(key,))
        return
    target = scope.buffer((base, ()))
    scope.b.append(runtime.add_values, (target, materialise(scope.b, value), base))


def reverse_copy(scope: Scope, call: Call, active: Active) -> None:
    """``list(xs)``, ``tuple(xs)``, ``xs.copy()``: item by item."""
    value = whole(scope, call.target)
    source = call.args[0] if call.args else None
    if value is None or not isinstance(source, Var):
        return
    b = scope.b
    if isinstance(source.kind, Array | Unknown | Numeric):
        atom = materialise(b, value)
        give(scope, source, b.append(runtime.items_like, (atom, source), kind=source.kind), owned=True)
        return
    give(scope, source, value)


def reverse_dict(scope: Scope, call: Call, active: Active) -> None:
    """``dict(d)``, ``dict(a=x)``, ``dict(zip(keys, values))``."""
    b = scope.b
    source = call.args[0] if len(call.args) == 1 and not isinstance(call.args[0], Star) else None
    pairs = None if source is None else b.definition(source, zip)
    if source is not None and isinstance(b.kind(source), Dict) and not call.kwargs:
        reverse_copy(scope, call, active)
        return
    value = whole(scope, call.target)
    if value is None:
        return
    if not call.args and all(name is not None for name, _ in call.kwargs):
        for name, item in call.kwargs:
            give(scope, item, b.append(operator.getitem, (materialise(b, value), Const(name)), kind=b.kind(item)))
        return
    if pairs is None or call.kwargs or len(pairs.args) != 2 or any(isinstance(a, Star) for a in pairs.args):
        raise UnsupportedSyntax(
            "dict() of something else than a dict, keywords or zip(keys, values) carries a derivative",
            where=call.loc,
            remedy="write a dict comprehension",
        )
    keys, values = (a for a in pairs.args if not isinstance(a, Star))
    if isinstance(values, Var) and may_be_active(values.kind):
        give_sequence(
            scope, values, b.append(runtime.entries_at, (materialise(b, value), keys, values), kind=_listed(values))
        )


def _listed(source: Atom) -> Kind:
    return List(_item_kind(source))

"""The tangents of what the language does to containers: the same operation on the containers of tangents.

    xs = [x, 2.0 * y]; xs.insert(0, z)    ->    xs_dot = [x_dot, 2.0 * y_dot]; xs_dot.insert(0, z_dot)

Keys, indices and decisions (which permutation sorts a list) are the primal's own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcad.analysis.dict_keys import gives_keys
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, field_number, is_hashable, is_named_tuple
from srcad.ir.kinds import Array, Dict, Iterator, List, Numeric, Slice, Tuple, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of
from srcad.runtime import tangents as runtime
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.tangent_iteration import ITERATORS, along, as_iterator, is_iteration, zero_items
from srcad.transform.tangent_values import mirrored, whole

Dots = Callable[[Atom], Value]

#: What each argument of an operation is: (c) the container, (v) a value, (i) an iterable of values, (k) a key, kept.
_ROLES: dict[Any, str] = {
    list.append: "cv",
    list.extend: "ci",
    list.insert: "ckv",
    list.pop: "ck",
    list.reverse: "c",
    list.clear: "c",
    list.copy: "c",
    dict.get: "ckv",
    dict.pop: "ckv",
    dict.setdefault: "ckv",
    dict.update: "cv",
    dict.clear: "c",
    dict.copy: "c",
    dict.fromkeys: "kv",
    operator.delitem: "ck",
    operator.concat: "cc",
    ops.merge_dicts: "cc",
    ops.IN_PLACE[operator.ior]: "cv",
    ops.IN_PLACE[operator.imul]: "ck",
    list: "i",
    tuple: "i",
}

#: The same for arithmetic operators, on lists and tuples.
_SEQUENCE_ROLES: dict[Any, str] = {operator.add: "cc", operator.iadd: "cc"}


def fresh_index(b: Builder, atom: Atom) -> Atom:
    """An index of its own for the tangent line where the primal's is a slice: each is written where it is used."""
    call = b.definition(atom) if isinstance(atom, Var) and not atom.name else None
    if call is None or call.kwargs or not is_call_of(call, slice, ops.make_tuple):
        return atom
    parts = [fresh_index(b, a) for a in call.args if not isinstance(a, Star)]
    if len(parts) != len(call.args) or not isinstance(call.target.kind, (Slice, Tuple)):
        return atom
    return b.append(call.fn, parts, kind=call.target.kind)


def container_operation(b: Builder, call: Call, dot: Dots) -> Value | None:
    """The tangent of an operation on containers, written to `b`; None for any other call."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if not is_hashable(fn):
        return None
    if gives_keys(call):
        return ZERO
    if is_named_tuple(fn) and isinstance(call.target.kind, Tuple):
        return _named_tuple(b, call, dot)
    special = _SPECIAL.get(fn)
    if special is not None:
        return special(b, call, dot)
    roles = _roles(fn, call)
    return None if roles is None else mirror(b, call, dot, roles)


def _roles(fn: Any, call: Call) -> str | None:
    first = atom_kind(call.args[0]) if call.args else None
    if fn is ops.IN_PLACE[operator.imul] and not isinstance(first, List):
        return None
    if fn in (operator.add, operator.iadd) and isinstance(call.target.kind, (List, Tuple)):
        return _SEQUENCE_ROLES[fn]
    if fn is operator.add and isinstance(call.target.kind, Unknown):
        perhaps = all(isinstance(atom_kind(a), (Unknown, List, Tuple)) for a in call.args)
        return "cc" if perhaps else None  # lists, perhaps: their tangents are joined, those of arrays added
    if fn in (operator.mul, operator.imul) and isinstance(call.target.kind, (List, Tuple)):
        return "ck" if isinstance(first, (List, Tuple)) else "kc"
    return _ROLES.get(fn)


def mirror(b: Builder, call: Call, dot: Dots, roles: str) -> Value:
    """The same operation on tangents, by the roles of its arguments."""
    args: list[Atom | Star] = []
    varies = False
    for k, arg in enumerate(call.args):
        role = roles[min(k, len(roles) - 1)]
        atom = arg.value if isinstance(arg, Star) else arg
        varies |= role != "k" and dot(atom) is not ZERO
        args.append(arg if role == "k" else Star(_given(b, atom, dot, "i")) if isinstance(arg, Star) else atom)
    kwargs = [(name, whole(b, v, dot(v))) for name, v in call.kwargs]
    if not varies and all(dot(v) is ZERO for _, v in call.kwargs):
        return ZERO
    made = [
        _given(b, a, dot, roles[min(k, len(roles) - 1)]) if not isinstance(a, Star) else a for k, a in enumerate(args)
    ]
    return b.append(call.fn, made, kwargs, kind=call.target.kind)


def _given(b: Builder, atom: Atom, dot: Dots, role: str) -> Atom:
    if role == "k":
        return fresh_index(b, atom)
    value = dot(atom)
    if role != "i" or (value is not ZERO and not isinstance(atom_kind(atom), Dict)):
        given = whole(b, atom, value)
        return b.append(runtime.item_tangents, (given,)) if role == "i" and _may_be_dict(b, atom) else given
    return zero_items(b, atom)


def _may_be_dict(b: Builder, atom: Atom) -> bool:
    """Whether an iteration may give keys, nobody knows."""
    return isinstance(atom_kind(atom), Unknown) and not is_iteration(b.definition(atom))


# --- operations with forms of their own -----------------------------------------------------------------------------


def _tuple(b: Builder, call: Call, dot: Dots) -> Value:
    if any(isinstance(a, Star) for a in call.args):
        return _display(b, call, dot)
    return Seq([dot(a) for a in call.args if not isinstance(a, Star)], tuple)


def _named_tuple(b: Builder, call: Call, dot: Dots) -> Value:
    if all(dot(a) is ZERO for a in (*call.args, *(v for _, v in call.kwargs)) if not isinstance(a, Star)):
        return ZERO
    items = [whole(b, a, dot(a)) for a in call.args if not isinstance(a, Star)]
    named = [(name, whole(b, v, dot(v))) for name, v in call.kwargs]
    return b.append(call.fn, items, named, kind=call.target.kind)


def _display(b: Builder, call: Call, dot: Dots) -> Value:
    items: list[Atom | Star] = []
    for arg in call.args:
        if isinstance(arg, Star):
            items.append(Star(_given(b, arg.value, dot, "i")))
        else:
            items.append(whole(b, arg, dot(arg)))
    return b.append(call.fn, items, kind=call.target.kind)


def _dict(b: Builder, call: Call, dot: Dots) -> Value:
    items: list[Atom] = [a for a in call.args if not isinstance(a, Star)]
    values = [a if k % 2 == 0 else whole(b, a, dot(a)) for k, a in enumerate(items)]
    return b.append(ops.make_dict, values, kind=call.target.kind)


def _getitem(b: Builder, call: Call, dot: Dots) -> Value:
    base, index = call.args
    assert not isinstance(base, Star) and not isinstance(index, Star)
    value = dot(base)
    if isinstance(value, Seq):
        if isinstance(index, Const) and isinstance(index.value, int):
            return value.items[index.value]
        value = materialise(b, mirrored(b, base, value))
    return ZERO if value is ZERO else b.append(operator.getitem, (value, fresh_index(b, index)), kind=call.target.kind)


def _unpack(b: Builder, call: Call, dot: Dots) -> Value:
    source = call.args[0]
    assert not isinstance(source, Star)
    value = dot(source)
    if value is ZERO:
        return ZERO
    plain = len(call.args) < 3 or call.args[2] == Const(-1)
    if isinstance(value, Seq) and plain:
        return value
    return b.append(ops.unpack, (whole(b, source, value), *call.args[1:]), kind=call.target.kind)


def _same(b: Builder, call: Call, dot: Dots) -> Value:
    source = call.args[0]
    return ZERO if isinstance(source, Star) else dot(source)


def _deferred(b: Builder, call: Call, dot: Dots) -> Value:
    """Loops look at how an iterator was made; a tangent of it is made where something else reads it."""
    return ZERO


def _sorted(b: Builder, call: Call, dot: Dots) -> Value:
    source = call.args[0]
    assert not isinstance(source, Star)
    if isinstance(atom_kind(source), Iterator):
        raise UnsupportedSyntax(
            "sorted() of an iterator carries a derivative", where=call.loc, remedy="make a list of it first"
        )
    value = dot(source)
    if value is ZERO:
        return ZERO
    return b.append(runtime.sorted_tangents, (source, whole(b, source, value)), call.kwargs, kind=call.target.kind)


def _sort(b: Builder, call: Call, dot: Dots) -> Value:
    base = call.args[0]
    assert not isinstance(base, Star)
    b.append(runtime.sort_tangents, (whole(b, base, dot(base)), base), call.kwargs)
    return ZERO


def _remove(b: Builder, call: Call, dot: Dots) -> Value:
    base, value = (a for a in call.args if not isinstance(a, Star))
    b.append(runtime.remove_tangent, (whole(b, base, dot(base)), base, value))
    return ZERO


def _setitem(b: Builder, call: Call, dot: Dots) -> Value:
    base, index, value = (a for a in call.args if not isinstance(a, Star))
    kind = atom_kind(base)
    stored = dot(value)
    if stored is ZERO and isinstance(kind, (Array, Numeric)):
        item: Atom = Const(0.0)
    elif stored is ZERO and isinstance(atom_kind(index), Slice) and not isinstance(kind, Unknown):
        item = zero_items(b, value)
    else:
        item = whole(b, value, stored)
    b.append(operator.setitem, (whole(b, base, dot(base)), fresh_index(b, index), item))
    return ZERO


def _popitem(b: Builder, call: Call, dot: Dots) -> Value:
    """The key carries no derivative."""
    base = call.args[0]
    assert not isinstance(base, Star)
    if dot(base) is ZERO:
        return ZERO
    pair = b.append(dict.popitem, (whole(b, base, dot(base)),), kind=call.target.kind)
    return Seq([ZERO, b.append(operator.getitem, (pair, Const(1)))], tuple)


def _dict_of(b: Builder, call: Call, dot: Dots) -> Value:
    """``dict(...)``: of a dict, of keywords, of ``zip(keys, values)``."""
    args = [a for a in call.args if not isinstance(a, Star)]
    if not args or isinstance(atom_kind(args[0]), Dict):
        return mirror(b, call, dot, "c")
    pairs = b.definition(args[0], zip)
    if pairs is None or len(pairs.args) != 2 or any(isinstance(a, Star) for a in pairs.args):
        raise UnsupportedSyntax(
            "dict() of something else than a dict, keywords or zip(keys, values) carries a derivative",
            where=call.loc,
            remedy="write a dict comprehension",
        )
    keys, values = pairs.args
    assert not isinstance(values, Star)
    found = along(b, values, dot)
    items = zero_items(b, values) if found is ZERO else as_iterator(b, values, found)
    return b.append(dict, (b.append(zip, (keys, items)),), kind=call.target.kind)


def _attribute(b: Builder, call: Call, dot: Dots) -> Value | None:
    """An item of a named tuple by its name."""
    base, name = call.args[0], call.args[1]
    assert not isinstance(base, Star)
    place = field_number(atom_kind(base), name.value) if isinstance(name, Const) else None
    if place is None:
        return None
    value = dot(base)
    if isinstance(value, Seq):
        return value.items[place]
    return ZERO if value is ZERO else b.append(operator.getitem, (value, Const(place)), kind=call.target.kind)


def _union(b: Builder, call: Call, dot: Dots) -> Value:
    """``x | y`` of dicts, perhaps."""
    if all(dot(a) is ZERO for a in call.args if not isinstance(a, Star)):
        return ZERO
    given = [whole(b, a, dot(a)) for a in call.args if not isinstance(a, Star)]
    return b.append(runtime.union_tangent, given, kind=call.target.kind)


def _method(b: Builder, call: Call, dot: Dots) -> Value | None:
    """A method of something of unknown class that containers have."""
    receiver, name = call.args[0], call.args[1]
    assert not isinstance(receiver, Star)
    if not isinstance(name, Const) or dot(receiver) is ZERO:
        return None
    if name.value == "fill":
        stored = Call(call.target, Const(operator.setitem), (receiver, Const(Ellipsis), call.args[2]), (), call.loc)
        return _setitem(b, stored, dot)
    if name.value in ("sort", "remove"):
        moved = replace(call, args=(receiver, *call.args[2:]))
        return _sort(b, moved, dot) if name.value == "sort" else _remove(b, moved, dot)
    for cls in (list, dict):
        roles = _ROLES.get(getattr(cls, name.value, None))
        if roles is not None:
            return mirror(b, call, dot, roles[0] + "k" + roles[1:])
    return ZERO if name.value in ("items", "values", "keys", "index", "count") else None


_SPECIAL: dict[Any, Callable[[Builder, Call, Dots], Value | None]] = {
    ops.make_tuple: _tuple,
    ops.make_list: _display,
    ops.make_dict: _dict,
    ops.unpack: _unpack,
    ops.identity: _same,
    ops.bound: _same,
    ops.call_method: _method,
    operator.getitem: _getitem,
    operator.setitem: _setitem,
    getattr: _attribute,
    operator.or_: _union,
    dict: _dict_of,
    dict.popitem: _popitem,
    sorted: _sorted,
    list.sort: _sort,
    list.remove: _remove,
    **dict.fromkeys(ITERATORS, _deferred),
}

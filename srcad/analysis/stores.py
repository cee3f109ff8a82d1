"""What one call does to containers, told to the heap: what it stores where, and what may be one object afterwards.

Input: a typed `Call` and the heap. Calls that move containers in ways not listed here make everything that they
touch one.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from srcad.analysis.heap import Heap, refers
from srcad.analysis.operators import BINARY, INPLACE, inplace
from srcad.analysis.result import has_description
from srcad.ir import ops
from srcad.ir.atoms import MISSING, atom_kind, constant
from srcad.ir.dims import Facts
from srcad.ir.kinds import UNKNOWN, Array, Dict, Kind, List, Numeric, Scalar, Slice, Tuple, Undefined, Unknown
from srcad.ir.nodes import Atom, Call, Star
from srcad.rules.families.indexing import getitem
from srcad.rules.families.python import item_of

Args = Sequence[Atom | Star]


def note(call: Call, heap: Heap, facts: Facts, *, described: bool) -> None:
    """Tell the heap what a call does.

    Args:
        call: the call, its variables typed.
        heap: the heap.
        facts: what is known where it runs.
        described: whether the callee is known not to change the kinds of its arguments' items.
    """
    function = constant(call.fn)
    args = call.args
    operands: list[Atom | Star] = [*args, *(v for _, v in call.kwargs)]
    storing = known(_STORES, function)
    if storing is not None:
        storing(call, heap, facts)
        return
    if not any(refers(atom_kind(a)) for a in operands):
        return
    name = _method_name(function, args)
    if name is not None:
        receiver, rest = args[0], args[2:] if function is ops.call_method else args[1:]
        if _method(name, call, receiver, rest, heap, facts):
            return
    moving = known(_MOVES, function)
    if moving is not None:
        moving(call, heap, facts)
        return
    if not described and not has_description(function):
        heap.blur([call.target, *operands])
        for arg in operands:
            if refers(atom_kind(arg)):
                heap.store(arg, UNKNOWN)
        return
    if refers(call.target.kind):
        heap.blur([call.target, *(a for a in operands if refers(atom_kind(a)))])


V = TypeVar("V")


def known(table: Mapping[Any, V], function: Any) -> V | None:
    """The entry of a function in a table; None also for what cannot be hashed."""
    try:
        return table.get(function)
    except TypeError:
        return None


def _method_name(function: Any, args: Args) -> str | None:
    """The name of a method of list or dict that is called."""
    if function is ops.call_method:
        name = constant(args[1]) if not isinstance(args[1], Star) else MISSING
        described = isinstance(atom_kind(args[0]), (List, Dict, Tuple))
        return name if isinstance(name, str) and described else None
    if getattr(function, "__objclass__", None) in (list, dict):
        return str(function.__name__)
    return None


def _method(name: str, call: Call, receiver: Atom | Star, rest: Args, heap: Heap, facts: Facts) -> bool:
    """A method of a list or dict; False if it is not one of these."""
    match name:
        case "append" | "insert":
            _put(heap, receiver, rest[-1])
        case "extend":
            heap.share(receiver, rest[0])
            heap.store(receiver, item_of(atom_kind(rest[0]), facts))
            heap.touch(receiver)
        case "update":
            _merge(heap, receiver, rest, call)
        case "pop" | "popitem":
            heap.contains(receiver, call.target)
            heap.touch(receiver)
            for default in rest[1:]:
                heap.alias(call.target, default)
        case "get" | "setdefault":
            heap.contains(receiver, call.target)
            for default in rest[1:]:
                heap.alias(call.target, default)
                if name == "setdefault":
                    _put(heap, receiver, default)
            if name == "setdefault":
                heap.touch(receiver)
        case "clear" | "remove" | "reverse" | "sort":
            heap.touch(receiver)
        case "copy":
            heap.share(call.target, receiver)
        case "values":
            heap.share(call.target, receiver)
        case "items":
            _nested(call, receiver, heap)
        case "keys" | "index" | "count":
            pass
        case _:
            return False
    return True


def _put(heap: Heap, container: Atom | Star, value: Atom | Star) -> None:
    kind = atom_kind(value)
    heap.contains(container, value)
    heap.store(container, item_of(kind, Facts()) if isinstance(value, Star) else kind)
    heap.touch(container)


def _merge(heap: Heap, receiver: Atom | Star, rest: Args, call: Call) -> None:
    for other in rest:
        kind = atom_kind(other)
        heap.share(receiver, other)
        heap.store(receiver, kind.item if isinstance(kind, Dict) else UNKNOWN)
    for _, value in call.kwargs:
        _put(heap, receiver, value)
    heap.touch(receiver)


def _nested(call: Call, source: Atom | Star, heap: Heap) -> None:
    """The target yields tuples with the items of the source."""
    target, cell = heap.cell(call.target), heap.cell(source)
    if target is not None and cell is not None:
        heap.unify(heap.items(heap.items(target)), heap.items(cell))


def _setitem(call: Call, heap: Heap, facts: Facts) -> None:
    container, index, value = call.args
    if isinstance(atom_kind(container), (Array, Numeric, Scalar)):
        return
    kind = atom_kind(value)
    if isinstance(atom_kind(index), Slice):
        heap.share(container, value)
        heap.store(container, item_of(kind, facts))
        heap.touch(container)
        return
    heap.contains(container, value)
    key = constant(index) if not isinstance(index, Star) else MISSING
    fixed = isinstance(atom_kind(container), Dict) and (isinstance(key, str) or type(key) is int)
    heap.store(container, kind, key if fixed else None)


def _update(op: Callable[..., Any]) -> Callable[[Call, Heap, Facts], None]:
    def noted(call: Call, heap: Heap, facts: Facts) -> None:
        container, index, value = call.args
        base = atom_kind(container)
        if isinstance(base, (Array, Numeric, Scalar)):
            return
        heap.share(container, value)
        item = getitem(base, atom_kind(index), facts)
        result: Kind = UNKNOWN if isinstance(item, Unknown) else _updated(op, item, atom_kind(value), facts)
        heap.store(container, result)
        heap.touch(container)

    return noted


def _updated(op: Callable[..., Any], item: Kind, value: Kind, facts: Facts) -> Kind:
    return item if isinstance(item, Undefined) else inplace(op, [item, value], facts.child())


def _setattr(call: Call, heap: Heap, facts: Facts) -> None:
    container, name, value = call.args
    heap.contains(container, value)
    heap.store(container, atom_kind(value), constant(name) if not isinstance(name, Star) else None)


def _delete(call: Call, heap: Heap, facts: Facts) -> None:
    heap.touch(call.args[0])


def _getitem(call: Call, heap: Heap, facts: Facts) -> None:
    if isinstance(atom_kind(call.args[1]), Slice):
        heap.share(call.target, call.args[0])
    else:
        heap.contains(call.args[0], call.target)


def _getattr(call: Call, heap: Heap, facts: Facts) -> None:
    heap.contains(call.args[0], call.target)


def _display(call: Call, heap: Heap, facts: Facts) -> None:
    for arg in call.args:
        if isinstance(arg, Star):
            heap.share(call.target, arg.value)
        else:
            heap.contains(call.target, arg)


def _share(call: Call, heap: Heap, facts: Facts) -> None:
    for arg in call.args:
        heap.share(call.target, arg)


def _identity(call: Call, heap: Heap, facts: Facts) -> None:
    heap.alias(call.target, call.args[0])


def _zip(call: Call, heap: Heap, facts: Facts) -> None:
    for arg in call.args:
        _nested(call, arg, heap)


def _inplace(call: Call, heap: Heap, facts: Facts) -> None:
    """``xs += ys`` on a list extends it; on anything else it is the operator."""
    target, value = call.args
    kind = atom_kind(target)
    heap.share(call.target, value)
    heap.share(call.target, target)
    if (isinstance(kind, List) and kind.cls is list) or isinstance(kind, (Dict, Unknown)):
        heap.alias(call.target, target)
        source = atom_kind(value)
        heap.store(target, source.item if isinstance(source, Dict) else item_of(source, facts))
        heap.touch(target)


def _ignore(call: Call, heap: Heap, facts: Facts) -> None:
    pass


_STORES: dict[Any, Callable[[Call, Heap, Facts], None]] = {
    operator.setitem: _setitem,
    builtins.setattr: _setattr,
    operator.delitem: _delete,
    builtins.delattr: _delete,
    **{update: _update(op) for op, update in ops.UPDATES.items()},
}
_MOVES: dict[Any, Callable[[Call, Heap, Facts], None]] = {
    operator.getitem: _getitem,
    builtins.getattr: _getattr,
    ops.identity: _identity,
    ops.bound: _identity,
    ops.make_tuple: _display,
    ops.make_list: _display,
    ops.make_dict: _display,
    ops.make_set: _display,
    ops.merge_dicts: _share,
    ops.unpack: _share,
    ops.format_value: _ignore,
    ops.contains: _ignore,
    ops.not_contains: _ignore,
    operator.is_: _ignore,
    operator.is_not: _ignore,
    operator.not_: _ignore,
    operator.eq: _ignore,
    operator.ne: _ignore,
    builtins.zip: _zip,
    builtins.enumerate: _zip,
    **dict.fromkeys((list, tuple, dict, set, sorted, reversed, iter), _share),
    **dict.fromkeys(BINARY, _share),
    **dict.fromkeys(INPLACE, _inplace),
    **dict.fromkeys(
        (builtins.len, builtins.print, builtins.isinstance, builtins.type, builtins.bool, builtins.id), _ignore
    ),
}

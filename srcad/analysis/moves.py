"""What moves references into containers and out of them: tables of functions, read by `srcad.analysis.memory`."""

from __future__ import annotations

import operator
from typing import Any

from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Dict, Numeric, Unknown
from srcad.ir.nodes import Atom, Var

#: What makes a container of its arguments.
DISPLAYS = (ops.make_tuple, ops.make_list, ops.make_dict, ops.make_set)

#: What iterates over its arguments and hands on the items; of a dict, these are the keys.
_OF_ITEMS: tuple[Any, ...] = (list, tuple, sorted, reversed, zip, enumerate, iter, dict.keys)

#: What hands on the items of its arguments.
GATHERING: tuple[Any, ...] = (
    *_OF_ITEMS,
    dict,
    dict.values,
    dict.items,
    list.copy,
    dict.copy,
    dict.popitem,
    ops.merge_dicts,
)

#: What puts its last argument into a container, or the items of it.
STORES = frozenset(
    [operator.setitem, list.append, list.insert, list.extend, dict.setdefault, dict.update, setattr]
    + [ops.IN_PLACE[operator.ior]]
)

#: What puts the items of its argument into a container.
SPREADING = frozenset([list.extend, dict.update, ops.IN_PLACE[operator.ior]])

#: What takes items out of a container, and what may give its last argument instead.
TAKING = frozenset([operator.getitem, ops.unpack, list.pop, next, max, min])
LOOKING_UP = frozenset([dict.get, dict.pop, dict.setdefault])


def is_array(root: Var) -> bool:
    """Whether what is read from this memory may be a view of it."""
    return isinstance(root.kind, (Array, Numeric, Unknown))


def hands_on_keys(fn: object, source: Atom) -> bool:
    """Whether `fn` hands on the keys of `source`, a dict, and not what is under them."""
    return isinstance(atom_kind(source), Dict) and fn in _OF_ITEMS

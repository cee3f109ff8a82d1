"""Which lists and dicts change their number of items: what was as long as they were then is not known from them later.

Facts about typed, normalised SSA and its memory; edits nothing.
"""

from __future__ import annotations

import operator
from typing import Any

from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, List, Numeric, Scalar, Slice
from srcad.ir.nodes import Block, Call, Const, Star, Var
from srcad.ir.visit import walk

#: What stores into a list without changing its length.
_KEEPING: frozenset[Any] = frozenset([list.reverse, list.sort, *ops.UPDATES.values()])


def resized(body: Block, memory: Memory) -> frozenset[Var]:
    """The roots of the lists, dicts and values of unknown kind whose number of items may change."""
    found: set[Var] = set()
    for stmt in walk(body):
        if isinstance(stmt, Call):
            changed = (*writes(stmt), *_passed(stmt))
            for atom in changed:
                if not isinstance(atom_kind(atom), (Array, Numeric, Scalar)) and not _keeps_length(stmt):
                    found.update(root for root in memory.reachable(atom) if root in memory.stores)
    return frozenset(found)


def _passed(call: Call) -> tuple[Var, ...]:
    """The arguments of a call that may do anything with them."""
    if isinstance(call.fn, Const) and not hasattr(call.fn.value, "__code__") and not hasattr(call.fn.value, "key"):
        return ()
    plain = (a.value if isinstance(a, Star) else a for a in call.args)
    return tuple(a for a in plain if isinstance(a, Var))


def _keeps_length(call: Call) -> bool:
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is operator.setitem:
        base, index = (atom_kind(a) for a in call.args[:2])
        return isinstance(base, List) and not isinstance(index, Slice)
    return type(fn).__hash__ is not None and fn in _KEEPING

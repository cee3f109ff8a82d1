"""Whether what is stored in an array may be a view of the same array: NumPy then copies it first, loops do not.

u[1:] += u[:-1]        ->        u[1:] += u[:-1].copy()
"""

from __future__ import annotations

from srcad.analysis.origins import Origins
from srcad.codegen.tables import atom_of
from srcad.ir import ops
from srcad.ir.kinds import Array
from srcad.ir.nodes import Call, Var

#: What stores elementwise while it reads. (For plain stores numba looks for overlaps itself.)
UPDATES = frozenset((*ops.UPDATE_OPERATORS, *ops.IN_PLACE_OPERATORS))


def may_overlap(call: Call, origins: Origins) -> bool:
    """Whether a store may read, at another place, what it changes."""
    base, value = atom_of(call.args[0]), atom_of(call.args[-1])
    if not isinstance(base, Var) or not isinstance(value, Var) or not isinstance(value.kind, Array):
        return False
    (first, part), (second, other) = origins.behind(base), origins.behind(value)
    if not (part or other or len(call.args) == 3):
        return False  # whole arrays: each item is read where it is changed
    return not first.isdisjoint(second) or bool(first & origins.given and second & origins.given)

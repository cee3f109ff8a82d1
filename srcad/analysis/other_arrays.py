"""Arrays of other libraries as arguments: code for them must not need that arrays change in place as NumPy's do.

There a slice may be a copy, and ``x += v`` may make a new array. What only adds to an array of its own that has no
other name is right for them, too, and all that the reverse sweep does of its own accord is of this sort.
"""

from __future__ import annotations

from srcad.analysis.effects import writes
from srcad.analysis.origins import Origins
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import Array, Numeric, Unknown
from srcad.ir.nodes import Atom, Call, Const, Function, Program, Var
from srcad.ir.visit import walk


def require_no_changes(program: Program, cls: type) -> None:
    """Make sure that finished code is right for arrays of class `cls`.

    Raises:
        UnsupportedSyntax: it changes an array in place that it has not made for itself.
    """
    for function in (program.entry, *(function for _, function in program.callees)):
        _require(function, cls)


def _require(function: Function, cls: type) -> None:
    origins = Origins.of(function)
    for call in (stmt for stmt in walk(function.body) if isinstance(stmt, Call)):
        for base in writes(call):
            kind, item = atom_kind(base), _changes_item(call, cls)
            if not item and not isinstance(kind, (Array, Numeric, Unknown)):
                continue
            if not call.loc.adjoint or not _is_own(base, origins) or (item and not isinstance(kind, Array)):
                raise _error(call, cls)


def _changes_item(call: Call, cls: type) -> bool:
    """Whether a call is ``xs[i] += v`` of a list, which changes the item itself where that is such an array."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    return is_in(fn, ops.UPDATE_OPERATORS) and hasattr(cls, "__iadd__")


def _error(call: Call, cls: type) -> UnsupportedSyntax:
    what = "the derivative of this changes a part of an array" if call.loc.adjoint else "an array is changed"
    name = f"{cls.__module__}.{cls.__qualname__}"
    return UnsupportedSyntax(
        f"{what} in place where arrays of another library are given",
        where=call.loc,
        why=f"whether a slice of a {name} is a view, and whether += changes it, is up to that library; the derivative "
        "follows NumPy's rules",
        remedy="write it without changes in place (x = x + v), or pass arrays of NumPy",
    )


def _is_own(base: Atom, origins: Origins) -> bool:
    """Whether an array was made by the function and is changed as a whole or by index, not through a view of it."""
    if not isinstance(base, Var):
        return False
    behind, viewed = origins.behind(base)
    return not viewed and behind.isdisjoint(origins.given)

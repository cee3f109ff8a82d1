"""Keys of dicts: what iterates over a dict gets its keys, which carry no derivative.

A value that carries one may serve as a key, as in a table of results; but then the keys must not be read back, because
the derivative would miss that way.
"""

from __future__ import annotations

import operator
from collections.abc import Set
from typing import Any

from srcad.analysis.memory import Memory
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Dict
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Loc, Star, Var
from srcad.ir.visit import walk

#: What gives the keys of a dict that it is given, or some of them, or something made of them.
_TAKING_KEYS: frozenset[Any] = frozenset(
    [list, tuple, set, frozenset, sorted, reversed, iter, sum, min, max, dict.keys, dict.fromkeys, ops.unpack, any, all]
)

#: What hands on keys among other things.
_SHOWING_KEYS: frozenset[Any] = frozenset([dict.items, dict.popitem, zip, enumerate, map, filter, ops.make_list])


def gives_keys(call: Call) -> bool:
    """Whether the result of `call` consists of the keys of a dict, so that it carries no derivative."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if type(fn).__hash__ is None or fn not in _TAKING_KEYS or not call.args:
        return False
    first = call.args[0]
    others = [v for _, v in call.kwargs] + [a.value if isinstance(a, Star) else a for a in call.args[1:]]
    plain = not isinstance(first, Star) and isinstance(atom_kind(first), Dict)
    return plain and not any(isinstance(a, Var) for a in others) or fn is dict.keys


def refuse_active_keys(function: Function, varied: Set[Var], memory: Memory) -> None:
    """Raise where a value that carries a derivative becomes a key of a dict whose keys are read.

    Args:
        function: typed and normalised.
        varied: the variables that depend on the inputs.
        memory: its memory facts.

    Raises:
        UnsupportedSyntax: there is such a key.
    """
    stored = _stored_keys(function.body, varied, memory)
    if not stored:
        return
    for stmt in walk(function.body):
        read: list[Atom] = []
        if isinstance(stmt, For):
            read = [stmt.iter]
        elif isinstance(stmt, Call) and _shows_keys(stmt):
            read = [a.value if isinstance(a, Star) else a for a in stmt.args]
        for atom in read:
            for root in memory.of(atom) if isinstance(atom_kind(atom), Dict) else ():
                if root in stored:
                    raise UnsupportedSyntax(
                        "a value that carries a derivative is a key of a dict, and the keys are read",
                        where=stored[root],
                        why=f"derivatives are not followed through keys (read in line {stmt.loc.line})",
                        remedy="keep such values in a list beside the dict, or as values of the dict",
                    )


def _stored_keys(body: Block, varied: Set[Var], memory: Memory) -> dict[Var, Loc]:
    """The dicts that have a varied value among their keys, and where it is put there."""
    found: dict[Var, Loc] = {}
    for stmt in walk(body):
        if not isinstance(stmt, Call) or not isinstance(stmt.fn, Const):
            continue
        fn = stmt.fn.value
        args = [a for a in stmt.args if not isinstance(a, Star)]
        if fn is ops.make_dict:
            keys, base = args[::2], stmt.target
        elif fn in (operator.setitem, dict.setdefault) and isinstance(atom_kind(args[0]), Dict):
            keys, base = args[1:2], args[0]  # type: ignore[assignment]
        else:
            continue
        if any(key in varied for key in keys):
            found.update((root, stmt.loc) for root in memory.of(base))
    return found


def _shows_keys(call: Call) -> bool:
    fn = call.fn.value if isinstance(call.fn, Const) else None
    return type(fn).__hash__ is not None and (fn in _TAKING_KEYS or fn in _SHOWING_KEYS)

"""Lists of numbers that are given where NumPy expects an array: ``np.sum([a, b])`` is ``np.sum(np.array([a, b]))``.

Input: a typed call. Output: calls of `numpy.array` for such arguments, and the call with their results. Templates then
see arrays only, but for those of functions that take sequences of arrays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from srcad.analysis.operators import INPLACE
from srcad.analysis.result import result_kind
from srcad.errors import MissingRule
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, List, Tuple, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Star, Stmt, Var
from srcad.ir.visit import atoms
from srcad.rules import rule_for

#: Functions of NumPy that take a sequence of arrays, or say themselves what the cotangent of a list is.
_OF_SEQUENCES: list[Any] = [
    np.array,
    np.asarray,
    np.asanyarray,
    np.concatenate,
    np.stack,
    np.vstack,
    np.hstack,
    np.dstack,
    np.column_stack,
] + [np.block, np.select, np.choose, np.einsum, np.linalg.multi_dot, np.ix_, np.meshgrid, np.broadcast_arrays]


def with_arrays(call: Call) -> tuple[list[Stmt], Call]:
    """`call` with arrays for the lists of numbers that it takes for arrays, as NumPy itself does first."""
    made: list[Stmt] = []
    renamed: dict[Atom, Atom] = {}
    for atom in _taken_for_arrays(call):
        kind = atom_kind(atom)
        if isinstance(kind, (List, Tuple)) and may_be_active(kind) and atom not in renamed:
            array = Var("", result_kind(Const(np.array), (atom,), (), Facts()))
            made.append(Call(array, Const(np.array), (atom,), (), call.loc))
            renamed[atom] = array
    if not made:
        return made, call
    args = tuple(a if isinstance(a, Star) else renamed.get(a, a) for a in call.args)
    return made, replace(call, args=args, kwargs=tuple((k, renamed.get(v, v)) for k, v in call.kwargs))


def _taken_for_arrays(call: Call) -> tuple[Atom, ...]:
    """The arguments of a call that stand for one array each."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is None or any(fn is f for f in _OF_SEQUENCES):
        return ()
    if fn in INPLACE.values():
        plain = tuple(a for a in call.args if not isinstance(a, Star))
        return plain if any(isinstance(atom_kind(a), Array) for a in plain) else ()
    numpy = isinstance(fn, np.ufunc) or (getattr(fn, "__module__", None) or "").split(".")[0] == "numpy"
    rule = rule_for(fn) if numpy else None
    if rule is None or not any(isinstance(atom_kind(a), (List, Tuple)) for a in atoms(call)):
        return ()
    try:
        bound = rule.bind(call.args, call.kwargs) or {}
    except MissingRule:  # an error only where it carries a derivative
        return ()
    return tuple(v for name in rule.wrt if (v := bound.get(name)) is not None and not isinstance(v, tuple))

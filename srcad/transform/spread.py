"""Writing an index again at each of its uses, so that it is printed in its brackets.

Slices, and tuples of slices and numbers, cost nothing to make and are only readable where they are used. The same holds
of every tuple that is used as an index and as nothing else.

    t = slice(1, None)                 y = v[1:]
    y = v[t]                   ->      v_bar[1:] += y_bar
    v_bar[t] += y_bar

    t2 = i, j                          y = A[i, j]
    y = A[t2]                  ->      A_bar[i, j] += y_bar
    A_bar[t2] += y_bar

>>> import srcad
>>> import numpy as np
>>> def f(v):
...     y = v[1:]
...     return y @ y
>>> print(srcad.grad(f).source_for(np.ones(3)))
# kinds: v: f8[n]
def f_grad(v):
    y = v[1:]
    # return y @ y
    y_bar = 2 * y
    # y = v[1:]
    v_bar = np.zeros_like(v)
    v_bar[1:] = y_bar
    return v_bar
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import Scalar, Slice, Static
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import blocks, is_call_of, map_atoms, updated, uses, walk, with_blocks

#: Operations on a container and an index.
_SUBSCRIPTS: frozenset[Any] = frozenset([operator.getitem, operator.setitem, operator.delitem, *ops.UPDATES.values()])


def spread_indices(function: Function) -> Function:
    """`function` with every index made where it is used."""
    kept = {a for b in _blocks(function.body) for a in b.yields if isinstance(a, Var)}
    other = {a for s in walk(function.body) for a in _used_otherwise(s)}
    made = {s.target: s for s in walk(function.body) if isinstance(s, Call) and _is_index(s, other)}
    spread = {var: call for var, call in made.items() if var not in kept}
    return updated(function, body=_block(function.body, spread))


def _blocks(block: Block) -> list[Block]:
    return [block, *(inner for s in block.stmts for b in blocks(s) for inner in _blocks(b))]


def _used_otherwise(stmt: Stmt) -> list[Var]:
    """What a statement uses other than as the index of a subscript or of a function like `np.add.at`."""
    found = list(uses(stmt))
    if isinstance(stmt, Call) and isinstance(stmt.fn, Const) and len(stmt.args) > 1 and _takes_index(stmt.fn.value):
        index = stmt.args[1]
        if isinstance(index, Var) and found.count(index) == 1:
            found.remove(index)
    return found


def _takes_index(fn: Any) -> bool:
    if is_in(fn, _SUBSCRIPTS):
        return True
    return isinstance(getattr(fn, "__self__", None), np.ufunc) and fn.__name__ == "at"


def _is_index(call: Call, other: set[Var]) -> bool:
    if call.target.name:
        return False  # the user gave it a name
    if is_call_of(call, slice):
        return not call.kwargs
    if not is_call_of(call, ops.make_tuple) or any(isinstance(a, Star) for a in call.args):
        return False
    if call.target not in other:
        return True
    kinds = [atom_kind(a) for a in call.args]
    parts = any(isinstance(k, Slice) for k in kinds)
    return parts and all(isinstance(k, (Slice, Scalar, Static)) for k in kinds)


def _block(block: Block, spread: dict[Var, Call]) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        if isinstance(stmt, Call) and stmt.target in spread:
            continue
        renamed: dict[Var, Atom] = {}
        for var in dict.fromkeys(uses(stmt)):
            if var in spread:
                stmts += _again(spread[var], spread, stmt, renamed)
        new = map_atoms(stmt, lambda a: renamed.get(a, a) if isinstance(a, Var) else a)  # noqa: B023
        stmts.append(with_blocks(new, tuple(_block(b, spread) for b in blocks(new))))
    return updated(block, stmts=tuple(stmts))


def _again(call: Call, spread: dict[Var, Call], user: Stmt, renamed: dict[Var, Atom]) -> list[Stmt]:
    """The statements that make an index again for `user`."""
    made: list[Stmt] = []
    for arg in call.args:
        if isinstance(arg, Var) and arg in spread and arg not in renamed:
            made += _again(spread[arg], spread, user, renamed)
    copy = replace(map_atoms(call, lambda a: renamed.get(a, a) if isinstance(a, Var) else a), loc=user.loc)
    assert isinstance(copy, Call)
    target = call.target.like(name="")
    renamed[call.target] = target
    return [*made, replace(copy, target=target)]

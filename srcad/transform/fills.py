"""What is added to a buffer of zeros first is stored in it; a whole buffer is made of what it gets first.

    x_bar = np.zeros_like(x)               x_bar = np.zeros_like(x)
    x_bar[1:] += t_bar             ->      x_bar[1:] = t_bar
    x_bar[0] -= s_bar                      x_bar[0] -= s_bar

    u_bar = np.zeros_like(u)       ->      u_bar = v.copy()
    u_bar += v

Elements at other constant indices than those before are still zero: they are stored, too.

>>> import numpy as np
>>> import srcad
>>> def f(p):
...     return p[0] * np.sin(p[1])
>>> print(srcad.grad(f).source_for(np.ones(2)))
# kinds: p: f8[n]
def f_grad(p):
    p[0]
    sin = np.sin(p[1])
    # return p[0] * np.sin(p[1])
    p_bar = np.zeros_like(p)
    p_bar[1] = np.cos(p[1]) * p[0]
    p_bar[0] = sin
    return p_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srcad.analysis.views import index_form
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import is_call_of, updated, uses, with_inner
from srcad.transform.zeros import Known

_UPDATES = (Const(ops.UPDATES[operator.iadd]), Const(ops.UPDATES[operator.isub]))
_IN_PLACE = (Const(ops.IN_PLACE[operator.iadd]), Const(ops.IN_PLACE[operator.isub]))
_ZEROS = Const(np.zeros_like)


def fill_buffers(function: Function) -> Function:
    """`function` with the first contributions to its buffers stored instead of added."""
    return updated(function, body=_block(Known.of(function), function.body))


def _block(known: Known, block: Block) -> Block:
    stmts: list[Stmt] = with_inner(block, lambda b: _block(known, b))
    made = {s.target: s for s in stmts if isinstance(s, Call)}
    for at in range(len(stmts) - 1, -1, -1):
        stmt = stmts[at]
        if not isinstance(stmt, Call) or stmt.fn != _ZEROS or stmt.kwargs or not stmt.loc.adjoint:
            continue
        if known.buffer(stmt.target) == stmt.target:
            _fill(known, stmts, at, stmt, made)
    return updated(block, stmts=tuple(stmts))


def _fill(known: Known, stmts: list[Stmt], at: int, zeros: Call, made: dict[Var, Call]) -> None:
    buffer, stored = zeros.target, list[Atom]()
    following = at + 1
    while following < len(stmts):
        stmt = stmts[following]
        if not known.touches(stmt, buffer):
            following += 1
            continue
        if not isinstance(stmt, Call) or stmt.args[0] != buffer or buffer in stmt.args[1:] or not stmt.loc.adjoint:
            return
        if stmt.fn in _IN_PLACE and not stored:
            _make(stmts, at, following, zeros, stmt)
            return
        index = stmt.args[1] if stmt.fn in _UPDATES else None
        if index is None or isinstance(index, Star) or not all(_are_apart(index, other, made) for other in stored):
            return
        if index_form(atom_kind(index)) not in ("basic", "mask") or buffer in tuple(uses(stmt))[1:]:
            return
        stored.append(index)
        following += _store(stmts, following, stmt)


def _store(stmts: list[Stmt], at: int, update: Call) -> int:
    """Store what is added; what is subtracted changes its sign first. Returns the number of statements it takes."""
    value = update.args[2]
    new: list[Stmt] = []
    if update.fn == _UPDATES[1]:
        if isinstance(value, Star):
            return 1
        sign = Call(Var("", atom_kind(value)), Const(operator.neg), (value,), (), update.loc)
        new.append(sign)
        value = sign.target
    new.append(replace(update, fn=Const(operator.setitem), args=(*update.args[:2], value)))
    stmts[at : at + 1] = new
    return len(new)


def _make(stmts: list[Stmt], at: int, adding: int, zeros: Call, add: Call) -> None:
    """Make a buffer of the first thing that is added to all of it: a copy of an array, or a number everywhere."""
    value, kind = add.args[1], zeros.target.kind
    if isinstance(value, Star) or not isinstance(kind, Array) or add.fn != _IN_PLACE[0]:
        return
    found = atom_kind(value)
    if isinstance(found, Array) and kind.dims and found.dims == kind.dims and found.dtype == kind.dtype is not None:
        new = Call(zeros.target, Const(np.ndarray.copy), (value,), (), add.loc)
    elif isinstance(found, Scalar) and kind.dims != () and isinstance(value, Var):
        new = replace(zeros, fn=Const(np.full_like), args=(*zeros.args, value), loc=add.loc)
    else:
        return
    stmts[adding] = new
    del stmts[at]


def _are_apart(index: Atom, other: Atom, made: dict[Var, Call]) -> bool:
    """Whether two indices certainly select different elements: constants that differ, at one place at least."""
    mine, theirs = _items(index, made), _items(other, made)
    for p, q in zip(mine, theirs, strict=False):
        numbers = [a.value for a in (p, q) if isinstance(a, Const) and type(a.value) is int]
        if len(numbers) < 2:
            if Const(Ellipsis) in (p, q) or Const(None) in (p, q):
                return False
            continue
        if numbers[0] != numbers[1] and (numbers[0] < 0) == (numbers[1] < 0):
            return True
    return False


def _items(index: Atom, made: dict[Var, Call]) -> Sequence[Atom | Star]:
    call = made.get(index) if isinstance(index, Var) else None
    return call.args if call is not None and is_call_of(call, ops.make_tuple) else (index,)

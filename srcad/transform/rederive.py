"""Taking views again where they are used: ``y[1:]`` is written in place, as a person writes it, rather than named.

    t = y[1:]                                  z = np.exp(y[1:])
    z = np.exp(t)                              ...
    ...                              ->        y_bar[1:] += z * z_bar * y[1:]
    y_bar[1:] += z * z_bar * t

Views with constant or named indices (and sums of such indices), in what a transform adds: the user's own lines stay as
they are. A view refers to the same memory wherever it is taken: a change of its array in between makes no difference.

>>> import srcad
>>> import numpy as np
>>> def f(y):
...     return np.exp(y[1:]) @ y[1:]
>>> print(srcad.grad(f).source_for(np.ones(3)))
# kinds: y: f8[n]
def f_grad(y):
    exp = np.exp(y[1:])
    # return np.exp(y[1:]) @ y[1:]
    y_bar = np.zeros_like(y)
    y_bar[1:] = exp
    y_bar[1:] += exp * y[1:]
    return y_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from srcad.analysis.aliases import Aliases
from srcad.analysis.views import is_certain_view
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Loc, Star, Stmt, Var
from srcad.ir.visit import blocks, calls_of, count_uses, is_call_of, map_atoms, updated, uses, with_blocks
from srcad.transform.cleanup import added

_VIEWS = (operator.getitem, np.ndarray.T)
_ADDITIONS = (operator.add, operator.sub)
_PARTS = (slice, ops.make_tuple)
_DISPLAYS = (ops.make_tuple, ops.make_list, ops.make_dict, list.append)
_DEEPEST = 3


def rederive_views(function: Function) -> Function:
    """`function` with views taken again in the lines that a transform added, where they were used more than once."""
    made = calls_of(function.body)
    repeated = _Views(made, count_uses(function.body), Aliases.of(function))
    return updated(function, body=repeated.block(function.body))


@dataclass
class _Views:
    """The calls of a function by what they define, and how often that is used."""

    made: Mapping[Var, Call]
    counts: Mapping[Var, int]
    aliases: Aliases

    def block(self, block: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if isinstance(stmt, Call) and added(stmt.loc):
                stmts += self.call(stmt)
            else:
                stmts.append(with_blocks(stmt, tuple(self.block(b) for b in blocks(stmt))))
        return updated(block, stmts=tuple(stmts))

    def call(self, call: Call) -> list[Stmt]:
        """A call, after new views for those of its operands that are views with other users.

        What is put into a tuple or a list (results, what is saved) is the view itself.
        """
        if is_call_of(call, *_DISPLAYS):
            return [call]
        before: list[Stmt] = []
        again = {v: self.copy(v, call.loc, before) for v in dict.fromkeys(uses(call)) if self.is_repeated(v, call)}
        if not again:
            return [call]
        return [*before, map_atoms(call, lambda a: again.get(a, a) if isinstance(a, Var) else a)]

    def is_repeated(self, var: Var, user: Call) -> bool:
        """Whether a variable is a view that others use, too, or that is far from its user, and is quickly written."""
        call = self.made.get(var)
        if call is None or var.name or not call.args or call.kwargs:
            return False
        if (call.loc.adjoint or call.loc == user.loc) and self.counts.get(var, 0) == list(uses(user)).count(var):
            return False  # it is where it is used
        if not all(self.is_short(a) for a in call.args):
            return False
        return _is_view(call) or _is_index(call) or self.is_fixed_item(call)

    def is_fixed_item(self, call: Call) -> bool:
        """Whether `call` reads a number by a constant out of an array that nothing changes."""
        base, index = call.args[0], call.args[-1]
        reads = is_call_of(call, operator.getitem) and isinstance(call.target.kind, Scalar) and isinstance(index, Const)
        return reads and isinstance(base, Var) and isinstance(base.kind, Array) and not self.aliases.is_changed(base)

    def is_short(self, atom: Atom | Star, depth: int = 0) -> bool:
        """Whether an operand of a view is a constant, a name, or a slice or tuple of such."""
        if isinstance(atom, Star):
            return False
        if isinstance(atom, Const) or atom.name:
            return True
        if depth == _DEEPEST or not self.is_part(atom):
            return False
        return all(self.is_short(a, depth + 1) for a in self.made[atom].args)

    def copy(self, var: Var, loc: Loc, before: list[Stmt]) -> Var:
        """The definition of `var` once more, appended to `before`."""
        call = self.made[var]
        args = tuple(self.copy(a, loc, before) if self.is_part(a) else a for a in call.args)  # type: ignore[arg-type]
        new = replace(call, target=var.like(), args=args, loc=loc)
        before.append(new)
        return new.target

    def is_part(self, atom: Atom | Star) -> bool:
        """Whether an operand of a view is a slice, a tuple or a sum that has no name: it is written with the view."""
        call = self.made.get(atom) if isinstance(atom, Var) and not atom.name else None
        return call is not None and not call.kwargs and (is_call_of(call, *_PARTS) or _is_index(call))


def _is_view(call: Call) -> bool:
    """Whether `call` takes a view of an array."""
    base = call.args[0]
    array = isinstance(call.target.kind, Array) and isinstance(base, Var) and isinstance(base.kind, Array)
    return array and is_call_of(call, *_VIEWS) and is_certain_view(call)


def _is_index(call: Call) -> bool:
    """Whether `call` makes an index: a sum or difference of Python integers, a tuple of integers."""
    if is_call_of(call, ops.make_tuple):
        return all(_is_integer(a) for a in call.args)
    return is_call_of(call, *_ADDITIONS) and all(_is_integer(a) for a in (call.target, *call.args))


def _is_integer(atom: Atom | Star) -> bool:
    kind = None if isinstance(atom, Star) else atom_kind(atom)
    return isinstance(kind, Scalar) and kind.dtype == "i8" and bool(kind.weak)

"""Common subexpressions: what has been computed is not computed again, across the forward and the reverse sweep.

    y = np.exp(-x) * c                       t = np.exp(-x)
    ...                                      y = t * c
    c_bar = np.exp(-x) * y_bar      ->       ...
    x_bar = -(np.exp(-x) * c * y_bar)        c_bar = t * y_bar
                                             x_bar = -(t * c * y_bar)

Lines of the reverse sweep (or of tangents) take a value from an earlier line of the same, and from the forward sweep;
the user's own lines stay as they are. A value counts as the same if operation and operands are, and no memory that it
reads is changed anywhere; what stands for two values is only read afterwards. Arithmetic of numbers is repeated, and in
loops, where a value of the forward sweep would have to be saved, so is arithmetic of arrays.

>>> import srcad
>>> import numpy as np
>>> def f(x, y):
...     return np.sum(np.sin(x) * y) + np.sum(np.sin(x) * y * y)
>>> print(srcad.grad(f, argnums=1).source_for(np.ones(3), np.ones(3)))
# kinds: x: f8[n], y: f8[m]
def f_grad(x, y):
    sin_x = np.sin(x)
    t = sin_x * y
    np.sin(x) * y * y
    # return np.sum(np.sin(x) * y) + np.sum(np.sin(x) * y * y)
    y_bar = t + t + sin_x
    return y_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field

from srcad.analysis.aliases import Aliases, makes_new
from srcad.analysis.effects import is_pure
from srcad.ir.atoms import is_in
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Block, Call, Callee, Const, For, Function, Star, Stmt, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, defs, map_atoms, updated, uses, walk, walk_blocks, with_blocks
from srcad.transform.elide import reads_only

_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg)
_COMMUTATIVE = (operator.add, operator.mul)


def share_common(function: Function, sweeps: int = 2) -> Function:
    """`function` with values taken from where they were computed first.

    Args:
        function: both sweeps in one body, or one of values and tangents.
        sweeps: how many these are.
    """
    table = _Table.of(function, sweeps)
    return updated(function, body=table.block(function.body, ChainMap()))


@record(frozen=True)
class _Home:
    """Where a value is defined: the block, and whether a loop is around it."""

    block: int
    loops: bool


@dataclass
class _Table:
    """What is known of a function's values."""

    aliases: Aliases
    homes: dict[Var, _Home] = field(default_factory=dict)
    forward: dict[Hashable, Var] = field(default_factory=dict)
    taken: dict[Var, Var] = field(default_factory=dict)
    fixed: set[Var] = field(default_factory=set)
    top: int = 0
    sweeps: int = 2

    @classmethod
    def of(cls, function: Function, sweeps: int) -> _Table:
        """Read a function: its values, and the expressions of its forward sweep, if another one comes after it."""
        table = cls(Aliases.of(function), top=id(function.body), sweeps=sweeps)
        table.read(function.body, loops=False)
        for block in walk_blocks(function.body):
            table.fixed.update(a for a in block.yields if isinstance(a, Var))
        for stmt in walk(function.body):
            seen = [v for v in uses(stmt) if not (isinstance(stmt, Call) and reads_only(stmt, v))]
            table.fixed.update(seen)
        return table

    def read(self, block: Block, *, loops: bool) -> None:
        home = _Home(id(block), loops)
        self.homes.update((p, home) for p in block.params)
        for stmt in block.stmts:
            self.homes.update((v, home) for v in defs(stmt))
            if isinstance(stmt, Call) and not stmt.loc.adjoint and self.sweeps == 2:
                self.learn(stmt)
            for inner in blocks(stmt):
                self.read(inner, loops=loops or isinstance(stmt, (For, While)))

    def learn(self, call: Call) -> None:
        """Remember an expression of the forward sweep, for lines of the reverse sweep that may name its value."""
        key = self.key(call)
        if key is None:
            return
        first = self.forward.setdefault(key, call.target)
        if first != call.target and self.homes[first].block in (self.homes[call.target].block, self.top):
            self.taken[call.target] = first

    def key(self, call: Call) -> Hashable | None:
        """What decides the value of a call; None where it is not to be shared."""
        if not isinstance(call.fn, Const) or isinstance(call.fn.value, Callee) or not is_pure(call):
            return None
        if not makes_new(call) or any(isinstance(a, Star) for a in call.args) or self.aliases.is_changed(call.target):
            return None
        simple = is_in(call.fn.value, _ARITHMETIC)
        if isinstance(call.target.kind, Scalar) and (simple or not _is_function(call)):
            return None
        operands = list(uses(call))
        if not operands or any(self.aliases.is_changed(v) for v in operands):
            return None
        args = tuple(self.taken.get(a, a) if isinstance(a, Var) else a for a in call.args)
        numbers = all(isinstance(v.kind, (Array, Scalar)) for v in operands)
        if is_in(call.fn.value, _COMMUTATIVE) and numbers:
            return (call.fn, frozenset(args) if args[0] != args[1] else args, call.kwargs)
        return (call.fn, args, tuple((k, self.taken.get(v, v) if isinstance(v, Var) else v) for k, v in call.kwargs))

    def block(self, block: Block, known: MutableMapping[Hashable, Var]) -> Block:
        """A block whose added lines take values that are known."""
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            inner = tuple(self.block(b, ChainMap({}, known)) for b in blocks(stmt))
            new = with_blocks(stmt, inner)
            if isinstance(new, Call) and new.loc.adjoint and not new.loc.saving:
                new = self.renamed(new)
                first = self.same(new, known)
                if first is not None:
                    self.taken[new.target] = first
                    continue
            elif isinstance(new, Call) and self.sweeps == 1 and (key := self.key(new)) is not None:
                known.setdefault(key, new.target)
            stmts.append(new)
        return updated(block, stmts=tuple(stmts))

    def renamed(self, call: Call) -> Call:
        """A call with the first name of each operand, where it only reads it."""
        names = {v: self.taken[v] for v in uses(call) if v in self.taken and reads_only(call, v)}
        if not names:
            return call
        renamed = map_atoms(call, lambda a: names.get(a, a) if isinstance(a, Var) else a)
        assert isinstance(renamed, Call)
        return renamed

    def same(self, call: Call, known: MutableMapping[Hashable, Var]) -> Var | None:
        """An earlier value that is the same as that of `call`; else `call` is remembered."""
        key = self.key(call)
        if key is None or call.target in self.fixed:
            return None
        earlier = self.forward.get(key)
        if earlier is not None and self.may_name(call, earlier):
            return earlier
        first = known.get(key)
        if first is None:
            known[key] = call.target
        return first

    def may_name(self, call: Call, earlier: Var) -> bool:
        """Whether a line of the reverse sweep may take a value of the forward sweep, and should."""
        home = self.homes[earlier]
        if home.block == self.top:
            return True
        beside = any(self.homes[v].block == home.block for v in uses(call) if v in self.homes)
        return beside and not (home.loops and is_in(_value(call), _ARITHMETIC))


def _value(call: Call) -> object:
    return call.fn.value if isinstance(call.fn, Const) else None


def _is_function(call: Call) -> bool:
    """Whether `call` is worth a name: a function of numbers, not an item or an attribute."""
    module = str(getattr(_value(call), "__module__", ""))
    return module.split(".")[0] in ("numpy", "math", "cmath", "scipy")

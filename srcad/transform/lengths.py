"""Asking for a length, or for an array of the same shape, where it costs nothing to ask.

The reverse sweep asks values of the forward sweep for their shapes. A value that is otherwise not needed is not
computed, or saved by a loop, for that: equal lengths are known while compiling, so something else is asked.

    t = s - np.sum(z * y, axis=1)
    s_bar = 1.0 / t.size               ->      s_bar = 1.0 / len(y)

>>> import numpy as np
>>> import srcad
>>> def f(x, y):
...     return np.mean((x - y) ** 2)
>>> print(srcad.grad(f).source_for(np.ones(3), np.ones(3)))
# kinds: x: f8[n], y: f8[m]
def f_grad(x, y):
    # return np.mean((x - y) ** 2)
    x_bar = 2.0 / len(x) * (x - y)
    return x_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcad.analysis.effects import cannot_raise
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Stmt, Var, While
from srcad.ir.visit import blocks, is_call_of, substitute, updated, uses, with_blocks
from srcad.transform.builder import Builder

_LIKE = (Const(np.zeros_like), Const(np.ones_like), Const(np.empty_like), Const(np.full_like))
_WHOLE = (Const("size"), Const("shape"))

Loops = tuple[int, ...]


def ask_cheaply(function: Function, facts: Facts, *, drop_primal: bool) -> Function:
    """`function`, both sweeps in one body, with questions about shapes asked of what is there anyway.

    Args:
        function: in the form in which reverse code names values of forward loops.
        facts: what is known of lengths where the forward sweep has run.
        drop_primal: whether operations of the primal that cannot raise may go.
    """
    found = _Found(facts, function.body.params, drop_primal)
    found.read(function.body.stmts, ())
    again = {v.name for v in found.homes}  # a name that the function binds anew is not kept for its first value
    found.params = tuple(p for p in found.params if p.name not in again)
    found.want(function.body, ())
    return updated(function, body=substitute(found.rewritten(function.body, ()), found.renamed))


def _question(call: Call) -> Var | None:
    """The variable of which a call of the reverse sweep wants the shape only, and the dtype."""
    subject = call.args[0] if call.args and isinstance(call.args[0], Var) else None
    if subject is None or not isinstance(subject.kind, Array) or subject.kind.dims is None or call.kwargs:
        return None
    if call.fn in _LIKE:
        return None if subject in call.args[1:] else subject
    if is_call_of(call, len) or (is_call_of(call, getattr) and call.args[1] in _WHOLE):
        return subject
    return None


@dataclass
class _Found:
    """What the reverse sweep can ask: parameters, and values that it needs anyway."""

    facts: Facts
    params: tuple[Var, ...]
    drop_primal: bool
    homes: dict[Var, Loops] = field(default_factory=dict)
    wanted: dict[Var, None] = field(default_factory=dict)
    stays: set[Var] = field(default_factory=set)
    renamed: dict[Var, Atom] = field(default_factory=dict)

    def read(self, stmts: Sequence[Stmt], loops: Loops) -> None:
        """Note in which loops the forward sweep defines what; what a branch defines is left out."""
        for stmt in stmts:
            if stmt.loc.adjoint:
                continue
            match stmt:
                case Call():
                    self.homes[stmt.target] = loops
                    if not loops and not (self.drop_primal and cannot_raise(stmt)):
                        self.stays.add(stmt.target)
                case For() | While():
                    inner = (*loops, stmt.id)
                    self.homes.update(dict.fromkeys(stmt.targets, loops))
                    self.homes.update(dict.fromkeys(stmt.body.params, inner))
                    self.read(stmt.body.stmts, inner)
                case _:
                    self.homes.update(dict.fromkeys(getattr(stmt, "targets", ()), loops))

    def want(self, block: Block, loops: Loops, *, reverse: bool = False) -> None:
        """Note what the reverse sweep reads the values of."""
        for stmt in block.stmts:
            own = reverse or stmt.loc.adjoint
            if own and isinstance(stmt, Call) and (subject := _question(stmt)) is not None:
                self.wanted.update(dict.fromkeys(v for v in uses(stmt) if v != subject))
            elif own:
                self.wanted.update(dict.fromkeys(uses(stmt)))
            if own:
                for inner in blocks(stmt):
                    self.want(inner, loops, reverse=True)
        if reverse or not loops:
            self.wanted.update(dict.fromkeys(a for a in block.yields if isinstance(a, Var)))

    def rewritten(self, block: Block, loops: Loops, *, reverse: bool = False) -> Block:
        """A block with its questions asked elsewhere; `loops` are the forward loops that it mirrors."""
        shapes: dict[Atom, Var] = {}
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if not (reverse or stmt.loc.adjoint):
                stmts.append(stmt)
            elif isinstance(stmt, Call):
                stmts += self.asked(stmt, loops, shapes)
            else:
                mirrored = stmt.reverse_of if isinstance(stmt, For) else None
                inner = loops if mirrored is None else (*loops, mirrored)
                stmts.append(with_blocks(stmt, tuple(self.rewritten(b, inner, reverse=True) for b in blocks(stmt))))
        return updated(block, stmts=tuple(stmts))

    def asked(self, call: Call, loops: Loops, shapes: dict[Atom, Var]) -> list[Stmt]:
        """A call, or what gives the same and asks something else."""
        subject = _question(call)
        if subject is None:
            return self.part_of_shape(call, loops, shapes)
        if is_call_of(call, getattr) and call.args[1] == Const("shape"):
            shapes[call.target] = subject
        if self.is_free(subject, loops):
            return [call]
        assert isinstance(subject.kind, Array) and subject.kind.dims is not None
        whole = call.fn in _LIKE or len(subject.kind.dims) > 1
        other = self.like(subject, loops, dtype=call.fn in _LIKE) if whole else None
        if other is not None:
            return [replace(call, args=(other, *call.args[1:]))]
        counts = is_call_of(call, len) or call.args[1:] == (Const("size"),)
        dims = subject.kind.dims[:1] if is_call_of(call, len) else subject.kind.dims
        return self.product(call, dims, loops) if counts else [call]

    def part_of_shape(self, call: Call, loops: Loops, shapes: dict[Atom, Var]) -> list[Stmt]:
        """The same for ``x.shape[k]``."""
        subject = shapes.get(call.args[0]) if is_call_of(call, operator.getitem) else None  # type: ignore[arg-type]
        if subject is None or self.is_free(subject, loops) or not isinstance(subject.kind, Array):
            return [call]
        axis, dims = call.args[1], subject.kind.dims
        known = isinstance(axis, Const) and type(axis.value) is int and dims is not None
        if not known or not isinstance(axis, Const) or dims is None or not -len(dims) <= axis.value < len(dims):
            return [call]
        return self.product(call, (dims[axis.value],), loops)

    def product(self, call: Call, dims: Sequence[Dim | None], loops: Loops) -> list[Stmt]:
        """A product of lengths in place of `call`, if all of them can be asked."""
        b = Builder(self.facts, call.loc)
        total: Atom | None = None
        for dim in dims:
            length = self.length(b, dim, loops)
            if length is None:
                return [call]
            total = length if total is None else b.call(operator.mul, total, length)
        if total is None:
            return [call]
        self.renamed[call.target] = total
        return b.stmts

    def length(self, b: Builder, dim: Dim | None, loops: Loops) -> Atom | None:
        """A number that the function has, or the length of something that it has."""
        if dim is None:
            return None
        if (known := self.facts.resolve(dim).known) is not None:
            return Const(known)
        for axis in (None, 0, 1, 2, 3):
            for var in self.visible(loops):
                kind = var.kind
                if axis is None and isinstance(kind, Scalar) and kind.weak and self.facts.equal(kind.value, dim):
                    return var
                dims = kind.dims if isinstance(kind, Array) else None
                if axis is None or dims is None or axis >= len(dims) or not self.facts.equal(dims[axis], dim):
                    continue
                if axis == 0:
                    return b.call(len, var)
                return b.call(operator.getitem, b.call(getattr, var, Const("shape")), Const(axis))
        return None

    def like(self, subject: Var, loops: Loops, *, dtype: bool) -> Var | None:
        """An array of the shape of `subject`, and of its dtype."""
        kind = subject.kind
        assert isinstance(kind, Array) and kind.dims is not None
        for var in self.visible(loops):
            other = var.kind
            if not isinstance(other, Array) or other.dims is None or len(other.dims) != len(kind.dims):
                continue
            same = other.dtype == kind.dtype and kind.dtype is not None
            if (same or not dtype) and all(map(self.facts.equal, other.dims, kind.dims)):
                return var
        return None

    def visible(self, loops: Loops) -> list[Var]:
        """What can be asked in the mirror image of these loops: parameters first."""
        return [*self.params, *(v for v in self.wanted if v in self.homes and self.is_free(v, loops))]

    def is_free(self, var: Var, loops: Loops) -> bool:
        """Whether a variable is there anyway: a parameter, a value of the reverse sweep, or one that it needs."""
        home = self.homes.get(var)
        return home is None or var in self.stays or (var in self.wanted and home == loops[: len(home)])

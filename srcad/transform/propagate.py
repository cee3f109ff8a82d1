"""Constants and copies where they are used: of loops that hand a value on unchanged, and of what they make constant.

    loss_bar = 1.0                               for _ in range(n):
    for _ in range(n):                               y_bar = 0.5 * x
        y_bar = 0.5 * loss_bar * x     ->
    (loss_bar as it was)

>>> import srcad
>>> def f(x, n: int):
...     loss = 0.0
...     for i in range(n):
...         loss += 0.5 * x[i]
...     return loss
>>> import numpy as np
>>> print(srcad.grad(f).source_for(np.ones(3), 2))
# kinds: x: f8[n], n: int(m)
def f_grad(x, n):
    for i in range(n):
        x[i]
    # for i in range(n):
    x_bar = np.zeros_like(x)
    for i in reversed(range(n)):
        # loss += 0.5 * x[i]
        x_bar[i] += 0.5
    return x_bar
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from srcad.ir import ops
from srcad.ir.dims import Facts
from srcad.ir.kinds import Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Stmt, Var, While
from srcad.ir.visit import blocks, calls_of, is_call_of, map_atoms, updated, uses, with_blocks
from srcad.transform.builder import Builder
from srcad.transform.cleanup import added


def propagate(function: Function) -> Function:
    """`function` with constants and copies of the lines that a transform added where they are used."""
    calls = calls_of(function.body)
    found = _Known(calls)
    body = found.block(function.body)
    return updated(function, body=updated(body, yields=tuple(map(found.of, body.yields))))


@dataclass
class _Known:
    """The calls of a function, and what has turned out to be something else."""

    calls: Mapping[Var, Call]
    atoms: dict[Var, Atom] = field(default_factory=dict)
    seeds: dict[Var, Const] = field(default_factory=dict)

    def of(self, atom: Atom) -> Atom:
        """What an atom is."""
        while isinstance(atom, Var) and atom in self.atoms:
            atom = self.atoms[atom]
        return atom

    def number(self, atom: Atom) -> Const | None:
        """The number that an atom is known to be."""
        known = self.of(atom)
        found = self.seeds.get(known) if isinstance(known, Var) else known
        return found if found is not None and isinstance(found.value, (int, float)) else None

    def value(self, atom: Atom) -> Atom:
        """What an atom is, the number where it is one."""
        return self.number(atom) or self.of(atom)

    def block(self, block: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in block.stmts:
            if isinstance(stmt, Call):
                stmts += self.call(stmt)
                continue
            new = map_atoms(stmt, self.of) if any(v in self.atoms for v in uses(stmt)) else stmt
            if isinstance(new, (For, While)) and added(new.loc):
                new = self.loop(new)
            inner = tuple(self.yielding(self.block(b)) for b in blocks(new))
            stmts.append(with_blocks(new, inner))
        return updated(block, stmts=tuple(stmts))

    def yielding(self, block: Block) -> Block:
        return updated(block, yields=tuple(map(self.of, block.yields)))

    def call(self, call: Call) -> list[Stmt]:
        """A call with what its operands are; folded, if one has become a constant."""
        if is_call_of(call, ops.identity) and call.loc.adjoint and isinstance(call.args[0], Const):
            self.seeds[call.target] = call.args[0]
        if not (self.atoms or self.seeds) or not any(v in self.atoms or v in self.seeds for v in uses(call)):
            return [call]
        constant = added(call.loc) and any(self.number(v) is not None for v in uses(call))
        new = map_atoms(call, self.value if constant else self.of)
        assert isinstance(new, Call)
        if not constant:
            return [new]
        b = Builder(Facts(), call.loc, dict(self.calls))
        atom = b.call(new.fn, *new.args, kwargs=new.kwargs, name=new.target.name, kind=new.target.kind)
        if isinstance(atom, Var) and b.stmts and isinstance(last := b.stmts[-1], Call) and last.target == atom:
            return [*b.stmts[:-1], replace(last, target=call.target)]
        if isinstance(atom, Var) and not isinstance(atom.kind, Scalar):
            return [new]  # a new array is not the same as one that something else refers to
        self.atoms[call.target] = atom
        return list(b.stmts)

    def loop(self, loop: For | While) -> For | While:
        """A loop of the reverse sweep without the values that every pass hands on as they are."""
        first = 1 if isinstance(loop, For) else 0
        params = loop.body.params[first:]
        steady = [k for k, param in enumerate(params) if loop.body.yields[k] == param]
        for k in steady:
            self.atoms[params[k]] = self.atoms[loop.targets[k]] = loop.inits[k]
            if isinstance(loop, While):
                self.atoms[loop.cond.params[k]] = loop.inits[k]
        kept = [k for k in range(len(params)) if k not in steady]
        rest = loop.body.yields[len(params) :]
        body = updated(
            loop.body,
            params=(*loop.body.params[:first], *(params[k] for k in kept)),
            yields=(*(loop.body.yields[k] for k in kept), *rest),
        )
        targets = tuple(loop.targets[k] for k in kept)
        inits = tuple(loop.inits[k] for k in kept)
        if isinstance(loop, While):
            cond = updated(loop.cond, params=tuple(loop.cond.params[k] for k in kept))
            return updated(loop, targets=targets, inits=inits, body=body, cond=cond)
        return updated(loop, targets=targets, inits=inits, body=body)

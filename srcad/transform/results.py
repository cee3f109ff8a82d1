"""Copies of gradients that protect nothing: of an array that the reverse sweep made and that goes to the caller only.

    while v_saved:                                 while v_saved:
        v = v_saved.pop()                              v = v_saved.pop()
        v_bar = np.cos(v) * v_bar         ->           v_bar = np.cos(v) * v_bar
    return v_bar.copy()                            return v_bar

A gradient is copied where it may be memory that somebody else holds: of an argument, of a value, of another gradient.
What comes out of branches and loops is known once they are complete: here, at the end.

>>> import srcad
>>> def f(v: float, n: int):
...     for _ in range(n):
...         v = np.sin(v)
...     return np.sum(v)
>>> "copy" in srcad.grad(f).source_for(np.ones(3), 2)
False
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcad.analysis.effects import writes
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.kinds import Array, Scalar, Static
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.ir.visit import blocks, defs, is_call_of, substitute, updated
from srcad.rules import rule_for

_DISPLAYS = (Const(ops.make_tuple), Const(ops.make_list), Const(ops.make_dict))


def keep_results(function: Function) -> Function:
    """`function`, which returns gradients, without copies of what nobody else will hold."""
    makers = _Makers.of(function.body)
    leaves = _leaves(makers, function.body.yields[0])
    last = max((k for k, s in enumerate(function.body.stmts) if not isinstance(s, Call) or writes(s)), default=-1)
    late = {s.target for s in function.body.stmts[last + 1 :] if isinstance(s, Call)}
    renamed: dict[Var, Atom] = {}
    for k, leaf in enumerate(leaves):
        made = makers.call(leaf)
        if made is None or not is_call_of(made, np.ndarray.copy) or made.kwargs or made.target not in late:
            continue
        array = made.args[0]
        assert isinstance(leaf, Var) and isinstance(array, (Var, Const))
        own = makers.sources(array, set()) if made.loc.adjoint else None
        if own and all(makers.is_apart(own, other) for other in leaves[:k] + leaves[k + 1 :]):
            renamed[leaf] = array
            leaves[k] = array
    if not renamed:
        return function
    stmts = [s for s in function.body.stmts if not (isinstance(s, Call) and s.target in renamed)]
    kept = [substitute(s, renamed) for s in stmts]
    yields = tuple(renamed.get(a, a) if isinstance(a, Var) else a for a in function.body.yields)
    return updated(function, body=updated(function.body, stmts=tuple(kept), yields=yields))


def _leaves(makers: _Makers, atom: Atom | Star) -> list[Atom]:
    """What is returned, without the tuples, lists and dicts around it."""
    made = makers.call(atom)
    if made is not None and made.fn in _DISPLAYS:
        return [leaf for item in made.args for leaf in _leaves(makers, item)]
    return [] if isinstance(atom, Star) else [atom]


@dataclass
class _Makers:
    """Where variables come from: a call, or the atoms that a region or a block's parameter takes its value from.

    `reverse` are those that the reverse sweep defines.
    """

    calls: dict[Var, Call]
    merges: dict[Var, tuple[Atom, ...]]
    reverse: set[Var]

    @classmethod
    def of(cls, body: Block) -> _Makers:
        """Those of a function."""
        found = cls({}, {}, set())
        found.read(body)
        return found

    def read(self, block: Block) -> None:
        for stmt in block.stmts:
            if stmt.loc.adjoint:
                self.reverse.update(defs(stmt))
            if isinstance(stmt, Call):
                self.calls[stmt.target] = stmt
            else:
                self.merge(stmt)
                for inner in blocks(stmt):
                    self.read(inner)

    def merge(self, stmt: Stmt) -> None:
        match stmt:
            case If():
                pairs = zip(stmt.targets, stmt.then.yields, stmt.orelse.yields, strict=True)
                self.merges.update({target: (a, b) for target, a, b in pairs})
            case With():
                self.merges.update({target: (a,) for target, a in zip(stmt.targets, stmt.body.yields, strict=True)})
            case For() | While():
                carried = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
                for k, first in enumerate(stmt.inits):
                    self.merges[stmt.targets[k]] = self.merges[carried[k]] = (first, stmt.body.yields[k])
            case _:
                pass

    def call(self, atom: Atom | Star) -> Call | None:
        """The call that makes a value."""
        return self.calls.get(atom) if isinstance(atom, Var) else None

    def sources(self, atom: Atom, seen: set[Var]) -> frozenset[Var] | None:
        """The calls of the reverse sweep one of whose new arrays a value is; None where it may be another one."""
        if not isinstance(atom, Var):
            return None
        if atom in seen:
            return frozenset()
        seen.add(atom)
        if atom in self.merges:
            found = [self.sources(a, seen) for a in self.merges[atom]]
            known = [sources for sources in found if sources is not None]
            return frozenset[Var]().union(*known) if len(known) == len(found) else None
        made = self.calls.get(atom)
        return frozenset([atom]) if made is not None and _is_new(made) else None

    def is_apart(self, own: frozenset[Var], other: Atom) -> bool:
        """Whether a value that is returned shares nothing with these arrays of the reverse sweep."""
        if not isinstance(other, Var) or isinstance(other.kind, (Scalar, Static)):
            return True
        found = self.sources(other, set())
        return other not in self.reverse if found is None else own.isdisjoint(found)


def _is_new(call: Call) -> bool:
    """Whether the result of a call is an array that the reverse sweep has made."""
    if not call.loc.adjoint or not isinstance(call.target.kind, Array) or not isinstance(call.fn, Const):
        return False
    fn = call.fn.value
    rule = None if isinstance(fn, Callee) else rule_for(fn)
    return rule is not None and not rule.views and not writes(call) and view_of(call) is None

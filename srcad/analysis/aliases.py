"""Which variables may refer to the same memory, in any form of a function: also among cotangents of a reverse sweep.

One pass over the function that joins what a view, a copy of a reference, a container, a branch or a loop connects, in
any order: coarse, quick, and never wrong by omission. `srcad.analysis.memory` knows more of the primal's references.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FunctionType

from srcad.analysis.effects import writes
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import Array, Iterator, Scalar, is_mutable
from srcad.ir.memo import kept
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.ir.visit import blocks, uses
from srcad.rules import rule_for


@dataclass
class Aliases:
    """Classes of variables that may share memory, and which of them are changed in place.

    >>> x, y, z = Var("x"), Var("y"), Var("z")
    >>> known = Aliases()
    >>> known.join([x, y])
    >>> known.find(x) == known.find(y), known.find(x) == known.find(z)
    (True, False)
    """

    parents: dict[Var, Var] = field(default_factory=dict)
    changed: set[Var] = field(default_factory=set)

    @staticmethod
    def of(function: Function) -> Aliases:
        """Those of a function."""
        return _aliases(function.body)

    def find(self, var: Var) -> Var:
        """What stands for the class of a variable."""
        root = var
        while (parent := self.parents.get(root)) is not None:
            root = parent
        while var != root:
            self.parents[var], var = root, self.parents[var]
        return root

    def join(self, found: Iterable[object]) -> None:
        """Put variables into one class; what cannot be changed in place has no part in it."""
        first: Var | None = None
        for atom in found:
            var = atom.value if isinstance(atom, Star) else atom
            if not isinstance(var, Var) or not (is_mutable(var.kind) or isinstance(var.kind, Iterator)):
                continue
            if first is None:
                first = self.find(var)
            elif (root := self.find(var)) != first:
                self.parents[root] = first

    def is_changed(self, var: Var) -> bool:
        """Whether memory that a variable may refer to is changed in place anywhere in the function."""
        return self.find(var) in self.changed

    def crosses(self, moved: Call, other: Stmt) -> bool:
        """Whether `other` may change what `moved`, which has no effects itself, reads."""
        if not isinstance(other, Call):
            return True
        written = [self.find(a) for a in _changed(other) if isinstance(a, Var)]
        return bool(written) and any(self.find(v) in written for v in uses(moved) if not isinstance(v.kind, Scalar))

    def _block(self, block: Block, written: list[Var]) -> None:
        for stmt in block.stmts:
            match stmt:
                case Call():
                    written += [a for a in _changed(stmt) if isinstance(a, Var)]
                    self._call(stmt)
                case If():
                    for target, a, b in zip(stmt.targets, stmt.then.yields, stmt.orelse.yields, strict=True):
                        self.join((target, a, b))
                case With():
                    self.join((stmt.context, stmt.entered))
                    for target, a in zip(stmt.targets, stmt.body.yields, strict=True):
                        self.join((target, a))
                case For():
                    self.join((stmt.iter, stmt.body.params[0]))
                    self._loop(stmt, stmt.body.params[1:])
                case While():
                    self._loop(stmt, stmt.body.params)
                    for a, b in zip(stmt.cond.params, stmt.body.params, strict=True):
                        self.join((a, b))
            for inner in blocks(stmt):
                self._block(inner, written)

    def _loop(self, loop: For | While, carried: tuple[Var, ...]) -> None:
        for param, first, last, target in zip(carried, loop.inits, loop.body.yields, loop.targets, strict=False):
            self.join((param, first, last, target))

    def _call(self, call: Call) -> None:
        if makes_new(call) or _stores_numbers(call):
            return
        if isinstance(call.target.kind, Array) and (viewed := view_of(call)) is not None:
            self.join((call.target, *viewed))
        else:
            self.join((call.target, call.fn, *call.args, *(value for _, value in call.kwargs)))


def _changed(call: Call) -> tuple[Atom, ...]:
    """What `call` may change in place; functions with a body of their own may change whatever they are given."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if isinstance(fn, Callee):
        unknown = not fn.pure
    else:
        unknown = isinstance(fn, FunctionType) and rule_for(fn) is None and not fn.__module__.startswith("srcad.")
    if not unknown:
        return writes(call)
    given = (*(a.value if isinstance(a, Star) else a for a in call.args), *(value for _, value in call.kwargs))
    return tuple(a for a in given if is_mutable(atom_kind(a)))


@kept
def _aliases(body: Block) -> Aliases:
    """Those of a function with this body."""
    found = Aliases()
    written: list[Var] = []
    found._block(body, written)
    found.changed = {found.find(var) for var in written}
    return found


@kept
def makes_new(call: Call) -> bool:
    """Whether the result of `call` is a number or a new array, and its arguments stay apart."""
    if not isinstance(call.target.kind, (Array, Scalar)) or not isinstance(call.fn, Const):
        return False
    rule = rule_for(call.fn.value)
    if rule is None or rule.views or rule.structural or rule.writes:
        return _is_number_of(call)
    return view_of(call) is None and not writes(call)


def _stores_numbers(call: Call) -> bool:
    """Whether `call` changes elements of an array of numbers: what it stores there is copied."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    stores = fn is operator.setitem or is_in(fn, ops.UPDATE_OPERATORS) or is_in(fn, ops.IN_PLACE_OPERATORS)
    kind = atom_kind(call.args[0]) if stores and not isinstance(call.args[0], Star) else None
    return isinstance(kind, Array) and kind.dtype is not None


def _is_number_of(call: Call) -> bool:
    """Whether `call` gives a number and holds on to nothing: an item, a length."""
    return isinstance(call.target.kind, Scalar) and not writes(call)

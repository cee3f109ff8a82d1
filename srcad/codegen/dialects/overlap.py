"""Whether what is stored in an array may be a view of the same array: NumPy then copies it first, loops do not.

u[1:] += u[:-1]        ->        u[1:] += u[:-1].copy()
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field

from srcad.analysis.views import view_of
from srcad.codegen.tables import atom_of, function_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Call, For, Function, If, Stmt, Var, While, With
from srcad.ir.visit import walk

#: What stores an array elementwise while it reads it. (For plain stores numba looks for overlaps itself.)
UPDATES = frozenset((*ops.UPDATE_OPERATORS, *ops.IN_PLACE_OPERATORS))


@dataclass
class Overlaps:
    """Where the references of one function may come from: for each variable others that it may be, or be a view of."""

    sources: dict[Var, list[tuple[Atom, bool]]] = field(default_factory=dict)
    given: frozenset[Var] = frozenset()

    @staticmethod
    def of(function: Function) -> Overlaps:
        """The references of `function`."""
        found = Overlaps(given=frozenset(function.body.params))
        for stmt in walk(function.body):
            found._add(stmt)
        return found

    def _add(self, stmt: Stmt) -> None:
        match stmt:
            case Call(target=target):
                if function_of(stmt) is list.append:
                    self._link(stmt.args[0], stmt.args[1], viewed=False)  # type: ignore[arg-type]
                elif function_of(stmt) in (ops.make_tuple, ops.make_list):
                    for arg in stmt.args:
                        self._link(target, atom_of(arg), viewed=False)
                else:
                    viewed = function_of(stmt) not in (ops.identity, list.pop, ops.unpack)
                    viewed &= function_of(stmt) is not operator.getitem or isinstance(
                        atom_kind(atom_of(stmt.args[0])), Array
                    )
                    for atom in view_of(stmt) or ():
                        self._link(target, atom, viewed=viewed)
            case If(targets=targets, then=then, orelse=orelse):
                for target, *arms in zip(targets, then.yields, orelse.yields, strict=True):
                    for atom in arms:
                        self._link(target, atom, viewed=False)
            case For(targets=targets, iter=iterable, inits=inits, body=body):
                self._link(body.params[0], iterable, viewed=True)
                self._carried(body.params[1:], targets, inits, body.yields)
            case While(targets=targets, inits=inits, cond=cond, body=body):
                self._carried(body.params, targets, inits, body.yields)
                self._carried(cond.params, targets, inits, body.yields)
            case With(targets=targets, body=body):
                for target, atom in zip(targets, body.yields, strict=True):
                    self._link(target, atom, viewed=False)

    def _carried(
        self, params: tuple[Var, ...], targets: tuple[Var, ...], inits: tuple[Atom, ...], ends: tuple[Atom, ...]
    ) -> None:
        for param, target, first, last in zip(params, targets, inits, ends, strict=False):
            for var in (param, target):
                self._link(var, first, viewed=False)
                self._link(var, last, viewed=False)

    def _link(self, var: Atom, source: Atom, *, viewed: bool) -> None:
        if isinstance(var, Var) and isinstance(source, Var):
            self.sources.setdefault(var, []).append((source, viewed))

    def _origins(self, var: Var) -> tuple[set[Var], bool]:
        """Where the memory of a variable may have been made, and whether it may be a part of it."""
        seen, todo, viewed = {var}, [var], False
        while todo:
            for source, part in self.sources.get(todo.pop(), ()):
                viewed |= part
                if isinstance(source, Var) and source not in seen:
                    seen.add(source)
                    todo.append(source)
        return seen, viewed

    def harmful(self, call: Call) -> bool:
        """Whether an update may read, at another place, what it changes."""
        base, value = atom_of(call.args[0]), atom_of(call.args[-1])
        if not isinstance(base, Var) or not isinstance(value, Var) or not isinstance(value.kind, Array):
            return False
        (first, part), (second, other) = self._origins(base), self._origins(value)
        if not (part or other or len(call.args) == 3):
            return False  # whole arrays: each item is read where it is changed
        return not first.isdisjoint(second) or bool(first & self.given and second & self.given)

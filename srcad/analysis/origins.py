"""Where references of one function may come from, whoever the arguments are: through views, branches, loops, lists.

Coarser than `srcad.analysis.memory` and without its promises: for finished code, where nothing is transformed any more.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field

from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Call, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.ir.visit import unknown, walk


@dataclass
class Origins:
    """For each variable others that it may be, or be a view of; `given` are the function's parameters."""

    given: frozenset[Var] = frozenset()
    _sources: dict[Var, list[tuple[Var, bool]]] = field(default_factory=dict)

    @staticmethod
    def of(function: Function) -> Origins:
        """The references of `function`."""
        found = Origins(frozenset(function.body.params))
        for stmt in walk(function.body):
            found._add(stmt)
        return found

    def behind(self, var: Var) -> tuple[frozenset[Var], bool]:
        """All that a variable may be or be a view of, itself included, and whether a view is on the way."""
        seen, pending, viewed = {var}, [var], False
        while pending:
            for source, part in self._sources.get(pending.pop(), ()):
                viewed |= part
                if source not in seen:
                    seen.add(source)
                    pending.append(source)
        return frozenset(seen), viewed

    def _add(self, stmt: Stmt) -> None:
        match stmt:
            case Call():
                self._call(stmt)
            case If(targets=targets, then=then, orelse=orelse):
                self._same(targets, then.yields)
                self._same(targets, orelse.yields)
            case For(targets=targets, iter=iterable, inits=inits, body=body):
                self._link(body.params[0], iterable, viewed=True)
                for names in (body.params[1:], targets):
                    self._same(names, inits)
                    self._same(names, body.yields)
            case While(targets=targets, inits=inits, cond=cond, body=body):
                for names in (cond.params, body.params, targets):
                    self._same(names, inits)
                    self._same(names, body.yields)
            case With(targets=targets, body=body):
                self._same(targets, body.yields)
            case _:
                raise unknown(stmt)

    def _call(self, call: Call) -> None:
        args = [a.value if isinstance(a, Star) else a for a in call.args]
        fn = call.fn.value if isinstance(call.fn, Const) else None
        if fn is list.append:
            self._link(args[0], args[1], viewed=False)
        elif fn is ops.make_tuple or fn is ops.make_list:
            for arg in args:
                self._link(call.target, arg, viewed=False)
        else:
            whole = fn in (ops.identity, ops.bound, ops.unpack, list.pop)
            whole |= fn is operator.getitem and not isinstance(atom_kind(args[0]), Array)
            for arg in view_of(call) or ():
                self._link(call.target, arg, viewed=not whole)

    def _same(self, targets: Sequence[Var], sources: Sequence[Atom]) -> None:
        for target, source in zip(targets, sources, strict=False):
            self._link(target, source, viewed=False)

    def _link(self, var: Atom, source: Atom, *, viewed: bool) -> None:
        if isinstance(var, Var) and isinstance(source, Var):
            self._sources.setdefault(var, []).append((source, viewed))

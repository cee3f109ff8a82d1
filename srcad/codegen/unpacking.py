"""Unpackings whose items are read right behind them, as targets: ``a, (b, *c) = v`` and ``for i, x in ...``."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from srcad.codegen.decisions import Folding, Pattern
from srcad.codegen.tables import function_of, is_temporary
from srcad.ir import ops
from srcad.ir.nodes import Block, Call, Const, Stmt, Var


class Unpackings:
    """Finds the patterns of one function and notes them in its decisions."""

    def __init__(self, result: Folding) -> None:
        self.result = result

    def loop_item(self, body: Block) -> None:
        """``for i, x in ...``: the item's unpacking opens the body."""
        item = body.params[0]
        if self.result.uses.get(item.uid, 0) != 1 or not body.stmts or not is_temporary(item.name):
            return
        first = body.stmts[0]
        if isinstance(first, Call) and function_of(first) is ops.unpack and first.args[0] == item:
            pattern = self.find(first.target, first, body.stmts[1:])
            if pattern is not None:
                self.result.patterns[item.uid] = pattern
                self.result.absorbed.add(first.target.uid)

    def find(self, target: Var, unpack: Call, rest: Sequence[Stmt]) -> Pattern | None:
        """The targets of an unpacking whose items are read by the statements right behind it, and by nothing else."""
        if target.uid in self.result.patterns:
            return self.result.patterns[target.uid]
        counts = [a.value for a in unpack.args[1:] if isinstance(a, Const)]
        before, after = counts[0], counts[1] if len(counts) > 1 else -1
        items: list[Var | Pattern | None] = [None] * (before if after < 0 else before + 1 + after)
        absorbed: list[int] = []
        nested: dict[int, int] = {}
        for stmt in rest:
            if not isinstance(stmt, Call):
                break
            position = _item_read(stmt, target, len(items))
            if position is not None and items[position] is None:
                items[position] = stmt.target
                nested[stmt.target.uid] = position
            elif not self._nested_unpack(stmt, nested) and not self._reads_nested(stmt):
                break
            else:
                continue
            absorbed.append(stmt.target.uid)
        if len(absorbed) != self.result.uses.get(target.uid, 0) or not items:
            return None
        self.result.absorbed.update(absorbed)
        self._nest(items, nested, rest)
        pattern = Pattern(tuple(items), None if after < 0 else before)
        self.result.patterns[target.uid] = pattern
        return pattern

    def _nested_unpack(self, stmt: Call, items: dict[int, int]) -> bool:
        """Whether `stmt` unpacks one of `items` that nothing else reads."""
        if function_of(stmt) is not ops.unpack or not isinstance(stmt.args[0], Var):
            return False
        uid = stmt.args[0].uid
        return uid in items and self.result.uses.get(uid, 0) == 1 and is_temporary(stmt.args[0].name)

    def _reads_nested(self, stmt: Call) -> bool:
        """Whether `stmt` reads an item of an unpacking by a constant, as those of a nested pattern do."""
        return (
            function_of(stmt) is operator.getitem
            and isinstance(stmt.args[0], Var)
            and isinstance(stmt.args[1], Const)
            and stmt.args[0].name == ""
        )

    def _nest(self, items: list[Var | Pattern | None], nested: dict[int, int], rest: Sequence[Stmt]) -> None:
        for index, stmt in enumerate(rest):
            if not isinstance(stmt, Call):
                break
            if not self._nested_unpack(stmt, nested):
                continue
            if any(isinstance(s, Call) and s.target.uid not in self.result.absorbed for s in rest[:index]):
                return
            inner = self.find(stmt.target, stmt, rest[index + 1 :])
            if inner is not None and isinstance(stmt.args[0], Var):
                items[nested[stmt.args[0].uid]] = inner
                self.result.absorbed.add(stmt.target.uid)


def _item_read(stmt: Call, target: Var, count: int) -> int | None:
    """The index k, where `stmt` is ``target[k]``."""
    if function_of(stmt) is not operator.getitem or stmt.args[0] != target or not isinstance(stmt.args[1], Const):
        return None
    index = stmt.args[1].value
    return index if type(index) is int and 0 <= index < count else None

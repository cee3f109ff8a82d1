"""Where the lines of tangents go: behind their statement, or before it where it changes what they read.

x_dot = 0.5 * x_dot - x_dot / (x * x)        (reads the x that the next line replaces)
x = x * 0.5 + 1.0 / x
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srcad.analysis.effects import cannot_raise, is_pure, writes
from srcad.analysis.memory import Memory
from srcad.ir.nodes import Call, Loc
from srcad.ir.visit import defs, is_call_of, uses
from srcad.transform.builder import Builder


class Lines:
    """The block being written: `b` has what is written, `t` the tangents of the current statement, not yet placed."""

    def __init__(self, b: Builder) -> None:
        self.b, self.t = b, b.child(b.facts)
        self.start = self.begin = 0
        self._statement: tuple[str, int] | None = None

    def at(self, loc: Loc) -> None:
        """The next lines belong to this statement."""
        if (loc.function, loc.stmt) != self._statement:
            self.flush()
            self._statement, self.begin = (loc.function, loc.stmt), len(self.b.stmts)
        self.t.loc = replace(loc, adjoint=True, text="")

    def flush(self) -> None:
        """Write the tangents behind the statement, or before it where they read the name that it binds anew."""
        at = self.start if self.rebinds() else len(self.b.stmts)
        self.b.stmts[at:at] = self.t.stmts
        self.t.stmts.clear()
        self.start = len(self.b.stmts)

    def move_up(self, mark: int) -> None:
        """Move what was written since `mark` to where the statement begins, if it reads nothing that came since."""
        new = self.b.stmts[mark:]
        made = {v for stmt in self.b.stmts[self.begin : mark] for v in defs(stmt)}
        if not any(v in made for stmt in new for v in uses(stmt)):
            del self.b.stmts[mark:]
            self.b.stmts[self.begin : self.begin] = new

    def rebinds(self) -> bool:
        """Whether the tangents had better come first: they read a name that the statement gives to another value.

        Only where they read nothing that it computes, and raise no other errors than it does.
        """
        own = self.b.stmts[self.start :]
        calls = [s for s in own if isinstance(s, Call)]
        waiting = [s for s in self.t.stmts if isinstance(s, Call)]
        if len(calls) < len(own) or not waiting or not all(map(is_pure, (*calls, *waiting))):
            return False
        made = {s.target for s in calls}
        read = [v for s in waiting for v in uses(s)]
        names = {v.name for v in read if v.name}
        if any(v in made for v in read) or not any(v.name in names for v in made):
            return False
        raising = [s.fn for s in calls]
        return all(cannot_raise(s) or s.fn in raising for s in waiting)

    def store(self, call: Call, memory: Memory) -> None:
        """Write a store whose tangent is the last of the waiting lines."""
        b, changed = self.b, {r for a in writes(call) for r in memory.reachable(a)}
        reads = [v for stmt in self.t.stmts for v in uses(stmt)]
        readers = [s for s in self.t.stmts if isinstance(s, Call) and not _looks_at_shape(s)]
        needed = [v for stmt in readers for v in uses(stmt)]
        made = {v for stmt in b.stmts[self.start :] for v in defs(stmt)}
        if not any(r in changed for v in needed for r in memory.reachable(v)):
            b.emit(call)
            self.flush()
            return
        pure = all(isinstance(s, Call) and is_pure(s) for s in b.stmts[self.start :])
        if pure and not any(v in made for v in reads):
            b.stmts[self.start : self.start] = self.t.stmts
            self.t.stmts.clear()
        self.flush()
        b.emit(call)
        self.start = len(b.stmts)


def _looks_at_shape(call: Call) -> bool:
    return is_call_of(call, getattr, np.zeros_like, np.shape)

"""Blocks and regions to lines: branches, loops, ``break``, ``return``, comments.

What a block gives to its surroundings is written at its end as copies (`End`): nothing where naming has made
both sides one name. ``stops`` comes back as ``break`` in the arm that stops, and a result chosen by the last
branch as ``return`` in its arms, by handing the end of the outer block down into the arms.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

from srcad.codegen.assignments import Assignments
from srcad.codegen.expressions import negate
from srcad.codegen.printing import Line
from srcad.codegen.tables import is_temporary
from srcad.errors import InternalError
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Star, Stmt, Var, While, With
from srcad.ir.record import record

_TRUE = Const(True)


@record(frozen=True)
class End:
    """What happens at the end of a block: copies, then maybe ``break`` by a condition, or ``return``."""

    moves: tuple[tuple[Var, Atom], ...] = ()
    kind: str = ""
    atom: Atom = _TRUE


class Statements(Assignments):
    """Writes one function's body as lines."""

    comments = True

    def function(self, function: Function) -> list[Line]:
        """All lines of a function's body."""
        self.start()
        self.lines: list[Line] = []
        self.indent = 1
        self._comment: tuple[str, int, str] | None = None
        self._recent: list[Call] = []
        self._loc: Loc | None = None
        result = function.body.yields[0]
        self.block(function.body, End((), "return", result))
        return [Line(1, node) for node in self.declared()] + self.lines

    # -- blocks ----------------------------------------------------------------------------------------------------

    def block(self, block: Block, end: End) -> bool:
        """Write a block and its end; whether it always leaves (``break``, ``return``)."""
        roots = self.folding.roots(block)
        handed = bool(roots) and self._hands_down(roots[-1], block, end)
        self._recent = []
        for stmt in roots[:-1] if handed else roots:
            self.stmt(stmt)
        last = roots[-1] if handed else None
        return self.branch(last, end) if isinstance(last, If) else self.finish(end)

    def finish(self, end: End) -> bool:
        """Write the end of a block."""
        goes_on = end.kind == "stop" and not (isinstance(end.atom, Const) and end.atom.value)
        moves = self.copies([m for m in end.moves if not (goes_on and self._is_steady(*m))])
        if end.kind == "stop" and not isinstance(end.atom, Const):
            return self._stop_on(end.atom, moves)
        self._write_copies(moves)
        match end.kind:
            case "stop":
                leaves = isinstance(end.atom, Const) and bool(end.atom.value)
                if leaves:
                    self._emit(ast.Break())
                return leaves
            case "return":
                if end.atom == Const(None) and self.lines and self.indent == 1:
                    return True  # as a function that runs for what it changes ends
                self._loc = self._origin(end.atom) or self._loc
                self._emit(ast.Return(self.atom(end.atom)))
                return True
            case _:
                return False

    def _origin(self, atom: Atom | Star) -> Loc | None:
        """The user's statement behind a value that is written where it is used."""
        call = self.folding.inlined.get(atom.uid) if isinstance(atom, Var) else None
        if call is None or call.loc.text or not isinstance(call, Call):
            return None if call is None else call.loc
        return next((place for place in map(self._origin, call.args) if place is not None), None)

    def _is_steady(self, target: Var, source: Atom) -> bool:
        """Whether a carried value already is this constant in every pass."""
        return isinstance(source, Const) and self.folding.steady.get(target.uid) == source

    def _stop_on(self, stop: Atom, moves: list[tuple[str, Atom]]) -> bool:
        """``if stop: break`` behind the copies; before them, with copies of its own, if they destroy what it reads."""
        before = not {self.name(v) for v in self.folding.leaves(stop)}.isdisjoint(name for name, _ in moves)
        if not before:
            self._write_copies(moves)
        self._emit(ast.If(self.atom(stop), [ast.Pass()], []))
        if before:
            self.lines += [Line(self.indent + 1, node) for node in self.written_copies(moves)]
        self.lines.append(Line(self.indent + 1, ast.Break()))
        if before:
            self._write_copies(moves)
        return False

    def _write_copies(self, moves: list[tuple[str, Atom]]) -> None:
        joined = self._joined(moves) if len(moves) > 1 else []
        del self.lines[len(self.lines) - len(joined) :]
        self.folding.inlined.update((call.target.uid, call) for call in joined)
        # Values that were folded in keep their order only in one tuple.
        for node in [self.together(moves)] if joined else self.written_copies(moves):
            self._emit(node)
        for call in joined:
            del self.folding.inlined[call.target.uid]

    def _joined(self, moves: list[tuple[str, Atom]]) -> list[Call]:
        """The lines right before the copies whose values are only for them: ``a, b = b, a + b``."""
        sources = [source for _, source in moves]
        joined: list[Call] = []
        place = len(sources)
        for call in reversed(self._recent):
            target = call.target
            forced = is_temporary(target.name) or self.name(target) != target.name
            if not forced or self.folding.uses.get(target.uid) != 1 or target not in sources[:place]:
                break
            place = sources.index(target)
            joined.insert(0, call)
        return joined

    def _emit(self, node: ast.stmt) -> None:
        self._recent = []
        self.lines.append(Line(self.indent, node, loc=self._loc))

    def _capture(self, write: Callable[[], bool]) -> tuple[list[Line], bool]:
        """The lines that `write` makes, one level deeper."""
        outer, self.lines = self.lines, []
        before = self._comment
        self.indent += 1
        leaves = write()
        self.indent -= 1
        inner, self.lines = self.lines, outer
        self._recent = []
        self._comment = before if not any(isinstance(line.node, str) for line in inner) else None
        return inner, leaves

    def _note(self, loc: Loc) -> bool:
        """The comment over the adjoint lines of one statement of the user's, once; whether one was written."""
        if not (self.comments and loc.adjoint and loc.text):
            self._comment = None
            return False
        key = (loc.function, loc.stmt, loc.text)
        if key != self._comment:
            self._comment = key
            self.lines.append(Line(self.indent, f"# {loc.text}"))
            return True
        return False

    # -- statements ------------------------------------------------------------------------------------------------

    def stmt(self, stmt: Stmt) -> None:
        """Write one statement."""
        self._loc = stmt.loc
        match stmt:
            case Call():
                nodes, recent = list(self.statement(stmt)), self._recent
                if nodes:
                    recent = [] if self._note(stmt.loc) else recent
                for node in nodes:
                    self._emit(node)
                if len(nodes) == 1 and isinstance(nodes[0], ast.Assign) and isinstance(nodes[0].targets[0], ast.Name):
                    self._recent = [*recent, stmt]
            case If(targets=targets) if targets and targets[0].uid in self.folding.expressions:
                self._note(stmt.loc)
                unused = not self.used(targets[0]) and is_temporary(targets[0].name)
                value = self.conditional(stmt)
                self._emit(ast.Expr(value) if unused else self.assign(targets[0], value))
            case If():
                self.branch(stmt, End())
            case For():
                self._for(stmt)
            case While():
                self._while(stmt)
            case With():
                self._with(stmt)
            case _:
                raise InternalError(f"emit: no such statement {type(stmt).__name__}")

    def _for(self, loop: For) -> None:
        item, *carried = loop.body.params
        self._write_copies(self.copies(list(zip(carried, loop.inits, strict=True))))
        pattern = self.folding.patterns.get(item.uid)
        unused = not self.used(item) and (is_temporary(item.name) or loop.reverse_of is not None)
        name: ast.expr = ast.Name(self.dummy if unused else self.name(item), ast.Store())
        target = name if pattern is None else self.pattern(pattern)
        self._emit(ast.For(target, self.atom(loop.iter), [ast.Pass()], []))
        self._body(loop, carried, None)

    def _while(self, loop: While) -> None:
        self._write_copies(self.copies(list(zip(loop.body.params, loop.inits, strict=True))))
        test = loop.cond.yields[0]
        if id(loop) in self.folding.conditions:
            self._emit(ast.While(self.atom(test), [ast.Pass()], []))
            self._body(loop, loop.body.params, None)
            return
        self._emit(ast.While(ast.Constant(True), [ast.Pass()], []))
        self._body(loop, loop.body.params, loop.cond)

    def _body(self, loop: For | While, carried: Sequence[Var], test: Block | None) -> None:
        stop = loop.body.yields[-1] if loop.stops else Const(False)
        end = End(tuple(zip(carried, loop.body.yields, strict=False)), "stop", stop)

        def write() -> bool:
            if test is not None:
                self.block(test, End())
                self._emit(ast.If(negate(self.atom(test.yields[0])), [ast.Pass()], []))
                self.lines.append(Line(self.indent + 1, ast.Break()))
            return self.block(loop.body, end)

        self._append(self._capture(write)[0])

    def _with(self, stmt: With) -> None:
        entered = stmt.entered
        name = ast.Name(self.name(entered), ast.Store()) if entered is not None and self.used(entered) else None
        self._emit(ast.With([ast.withitem(self.atom(stmt.context), name)], [ast.Pass()]))
        end = End(tuple(zip(stmt.targets, stmt.body.yields, strict=True)))
        self._append(self._capture(lambda: self.block(stmt.body, end))[0])

    def _append(self, body: list[Line]) -> None:
        self.lines += body
        if all(isinstance(line.node, str) for line in body):
            self.lines.append(Line(self.indent + 1, ast.Pass()))

    # -- branches --------------------------------------------------------------------------------------------------

    def _hands_down(self, last: Stmt, block: Block, end: End) -> bool:
        """Whether a block's end is better written in the arms of its last branch."""
        if not isinstance(last, If) or last.targets and last.targets[0].uid in self.folding.expressions:
            return False
        if not isinstance(end.atom, Var) or end.atom not in last.targets:
            return False
        if self.folding.uses.get(end.atom.uid) != block.yields.count(end.atom):
            return False
        if end.kind == "return":
            return end.atom.uid in self.folding.tails
        return end.kind == "stop" and _decides(last, end.atom)

    def branch(self, stmt: If, end: End | None = None) -> bool:
        """Write a branch whose arms end in `end`; whether every path leaves."""
        end = End() if end is None else end
        self._loc = stmt.loc
        handed = end.kind != ""
        written: list[tuple[list[Line], bool]] = []
        test = self.atom(stmt.cond)
        for arm in (stmt.then, stmt.orelse):
            gives = dict(zip(stmt.targets, arm.yields, strict=True))
            if handed:
                moves = tuple((t, gives.get(s, s) if isinstance(s, Var) else s) for t, s in end.moves)
                atom = gives[end.atom] if isinstance(end.atom, Var) else end.atom
                inner = replace(end, moves=moves, atom=atom)
            else:
                inner = End(tuple(gives.items()))
            written.append(self._capture(lambda arm=arm, inner=inner: self.block(arm, inner)))  # type: ignore[misc]
        self._lay_out(test, *written[0], *written[1])
        return written[0][1] and written[1][1]

    def _lay_out(self, test: ast.expr, then: list[Line], leaves: bool, orelse: list[Line], other_leaves: bool) -> None:
        if not then and orelse:
            test, then, orelse, leaves = negate(test), orelse, [], other_leaves
        self._emit(ast.If(test, [ast.Pass()], []))
        self._append(then)
        if not orelse:
            return
        if leaves:
            self.lines += [replace(line, indent=line.indent - 1) for line in orelse]
        elif self._is_one_if(orelse):
            self.lines.append(replace(orelse[0], indent=self.indent, alternative=True))
            self.lines += [replace(line, indent=line.indent - 1) for line in orelse[1:]]
        else:
            self.lines.append(Line(self.indent, "else:"))
            self.lines += orelse

    def _is_one_if(self, lines: list[Line]) -> bool:
        """Whether the lines are one ``if`` statement with its own ``elif`` and ``else``."""
        base = self.indent + 1
        first, *rest = (line for line in lines if line.indent == base)
        return isinstance(first.node, ast.If) and all(r.alternative or r.node == "else:" for r in rest)


def _decides(branch: If, stop: Var) -> bool:
    """Whether an arm of `branch`, at any depth, knows whether the loop stops."""
    place = branch.targets.index(stop)
    for arm in (branch.then, branch.orelse):
        atom = arm.yields[place]
        if isinstance(atom, Const):
            return True
        last = arm.stmts[-1] if arm.stmts else None
        if isinstance(last, If) and atom in last.targets and isinstance(atom, Var) and _decides(last, atom):
            return True
    return False

"""Turns `break`, `continue` and `return` into structure: nested branches and flags.

Input: the statements of one function body (gast, nested functions untouched). Output: statements without jumps.

- What follows a branch of which one arm always jumps moves into the other arm.
- Only where both arms can fall through, what follows is guarded by a flag.
- ``return e`` becomes ``@value = e``; inside a loop it also sets ``@returned``, and the loop stops.
- A loop with a jump out of it starts its body with ``@stopN = False``, and ends after the pass that set it to True.
  After zero passes the flag is False, too.
- The ``else`` of a loop becomes a branch on that flag after the loop.

Flags that nothing reads cost nothing: they are names like any other, and lowering keeps only what is read.

>>> import gast, ast
>>> def show(text):
...     tree = gast.parse(text)
...     print(ast.unparse(gast.gast_to_ast(gast.Module(structure(tree.body[0].body), []))))
>>> show('''
... def f(x):
...     if x > 0:
...         return x
...     y = x * x
...     return y
... ''')
@returned = False
if x > 0:
    @value = x
    @returned = True
else:
    y = x * x
    @value = y
    @returned = True
>>> show('''
... def f(xs):
...     for x in xs:
...         if x > 3:
...             break
...         print(x)
...     else:
...         print("none")
... ''')
@returned = False
for x in xs:
    @stop1 = False
    @skip1 = False
    if x > 3:
        @stop1 = True
        @skip1 = True
    else:
        print(x)
if @stop1:
    pass
else:
    print('none')
@value = None
@returned = True
"""

from __future__ import annotations

from collections.abc import Callable

import gast

from srcad.frontend import trees
from srcad.frontend.matching import expand_match
from srcad.frontend.trees import Node
from srcad.ir.nodes import UNDEFINED_VALUE
from srcad.ir.record import record

BREAK, CONTINUE, RETURN = 1, 2, 4
VALUE, RETURNED, STOP, SKIP, ENDED = "@value", "@returned", "@stop", "@skip", "@ended"


@record(frozen=True)
class Completion:
    """How a statement can end: by falling through, and by which jumps."""

    falls: bool
    jumps: int


def structure(body: list[Node]) -> list[Node]:
    """The statements of a function body, without jumps."""
    return _Structure().function(body)


def stop_flag(body: list[Node]) -> str | None:
    """The name of the flag that ends a loop with this body, if it has one."""
    match body:
        case [gast.Assign(targets=[gast.Name(id=name)]), *_] if name.startswith(STOP):
            return str(name)
        case _:
            return None


class _Structure:
    """One run over a function body."""

    def __init__(self) -> None:
        self.memo: dict[int, Completion] = {}
        self.matches: dict[int, list[Node]] = {}
        self.loops = 0
        self.kept: list[Node] = []  # nodes whose id is in the memo must stay alive

    def function(self, body: list[Node]) -> list[Node]:
        if self.completes(body).falls:
            last = body[-1]
            body = [*body, trees.at(gast.Return(None), last)]
        start = trees.assign(RETURNED, trees.const(False, body[0]), body[0])
        return [start, *self.block(body, 0)]

    # -- how statements end ---------------------------------------------------------------------

    def completes(self, stmts: list[Node]) -> Completion:
        """How a sequence of statements can end."""
        jumps = 0
        for stmt in stmts:
            one = self.completion(stmt)
            jumps |= one.jumps
            if not one.falls:
                return Completion(False, jumps)
        return Completion(True, jumps)

    def completion(self, stmt: Node) -> Completion:
        """How one statement can end."""
        known = self.memo.get(id(stmt))
        if known is None:
            known = self.memo[id(stmt)] = self._completion(stmt)
            self.kept.append(stmt)
        return known

    def _completion(self, stmt: Node) -> Completion:
        match stmt:
            case gast.Return():
                return Completion(False, RETURN)
            case gast.Break():
                return Completion(False, BREAK)
            case gast.Continue():
                return Completion(False, CONTINUE)
            case gast.Raise():
                return Completion(False, 0)
            case gast.If(body=body, orelse=orelse):
                a, b = self.completes(body), self.completes(orelse)
                return Completion(a.falls or b.falls, a.jumps | b.jumps)
            case gast.For(body=body, orelse=orelse):
                return self._loop_completion(body, orelse, endless=False)
            case gast.While(test=test, body=body, orelse=orelse):
                return self._loop_completion(body, orelse, endless=_always(test))
            case gast.With(body=body):
                inner = self.completes(body)
                return Completion(inner.falls or not inner.jumps, inner.jumps)
            case gast.Match():
                return self.completes(self.expanded(stmt))
            case _:
                return Completion(True, 0)

    def _loop_completion(self, body: list[Node], orelse: list[Node], *, endless: bool) -> Completion:
        inner, after = self.completes(body), self.completes(orelse)
        jumps = inner.jumps & RETURN
        if endless:
            return Completion(bool(inner.jumps & BREAK), jumps)
        return Completion(after.falls or bool(inner.jumps & BREAK), jumps | after.jumps)

    def expanded(self, stmt: Node) -> list[Node]:
        """The branches that a `match` stands for, made once."""
        known = self.matches.get(id(stmt))
        if known is None:
            known = self.matches[id(stmt)] = expand_match(stmt)
        return known

    # -- rewriting ------------------------------------------------------------------------------

    def block(self, stmts: list[Node], loop: int) -> list[Node]:
        """`stmts` without jumps; `loop` is the number of the loop around them, 0 outside of loops."""
        out: list[Node] = []
        for k, stmt in enumerate(stmts):
            end, rest = self.completion(stmt), stmts[k + 1 :]
            if isinstance(stmt, gast.Match):
                return out + self.block(self.expanded(stmt) + rest, loop)
            if not end.jumps or not end.falls or not rest:
                out += self.statement(stmt, loop)
                if not end.falls:
                    return out
                continue
            return out + self.guarded(stmt, rest, loop)
        return out

    def guarded(self, stmt: Node, rest: list[Node], loop: int) -> list[Node]:
        """`stmt`, which may jump, and what follows where it did not."""
        if isinstance(stmt, gast.If):
            if not self.completes(stmt.body).falls:
                body, orelse = self.block(stmt.body, loop), self.block(stmt.orelse + rest, loop)
                return [trees.branch(stmt.test, body, orelse, stmt)]
            if not self.completes(stmt.orelse).falls:
                body, orelse = self.block(stmt.body + rest, loop), self.block(stmt.orelse, loop)
                return [trees.branch(stmt.test, body, orelse, stmt)]
        flag = f"{SKIP}{loop}" if loop else RETURNED
        done = self.statement(stmt, loop)
        return [*done, trees.branch(trees.load(flag, stmt), [_pass(stmt)], self.block(rest, loop), stmt)]

    def statement(self, stmt: Node, loop: int) -> list[Node]:
        """One statement without jumps."""
        match stmt:
            case gast.Return(value=value):
                value = trees.const(None, stmt) if value is None else value
                return [trees.assign(VALUE, value, stmt), *self._set(stmt, RETURNED), *self._leave(stmt, loop)]
            case gast.Break():
                return self._leave(stmt, loop)
            case gast.Continue():
                return self._set(stmt, f"{SKIP}{loop}")
            case gast.If(test=test, body=body, orelse=orelse):
                return [trees.branch(test, self.block(body, loop), self.block(orelse, loop), stmt)]
            case gast.With(items=items, body=body):
                return [_with(items, self.block(body, loop), stmt)]
            case gast.For(target=target, iter=over):
                return self.loop(stmt, lambda body: trees.loop(target, over, body, stmt), loop)
            case gast.While(test=test):
                if _binds(test) and not stmt.orelse:
                    stmt = _test_inside(stmt)
                elif _binds(test):
                    return self.block(_test_inside_with_else(stmt, self.loops + 1), loop)
                return self.loop(stmt, lambda body: trees.at(gast.While(stmt.test, body, []), stmt), loop)
            case gast.Match():
                return self.block(self.expanded(stmt), loop)
            case _:
                return [stmt]

    def loop(self, stmt: Node, make: Callable[[list[Node]], Node], outer: int) -> list[Node]:
        """A loop: its flags, its body, its `else`, and what a return inside means to the loop around."""
        self.loops += 1
        number, jumps = self.loops, self.completes(stmt.body).jumps
        body = self.block(stmt.body, number)
        if jumps & RETURN:
            reset = trees.const(UNDEFINED_VALUE, stmt)
            body = [trees.assign(VALUE, reset, stmt), *self._set(stmt, RETURNED, value=False), *body]
        if jumps:
            body = [*self._set(stmt, f"{SKIP}{number}", value=False), *body]
        if jumps & (BREAK | RETURN):
            body = [*self._set(stmt, f"{STOP}{number}", value=False), *body]
        out = [make(body)]
        orelse = self.block(stmt.orelse, outer)
        if jumps & RETURN and outer:
            leave = self._leave(stmt, outer)
            out.append(trees.branch(trees.load(RETURNED, stmt), leave, [_pass(stmt)], stmt))
        if orelse and jumps & (BREAK | RETURN):
            stopped = trees.load(f"{STOP}{number}", stmt)
            out.append(trees.branch(stopped, [_pass(stmt)], orelse, stmt))
        else:
            out += orelse
        return out

    def _leave(self, stmt: Node, loop: int) -> list[Node]:
        return [*self._set(stmt, f"{STOP}{loop}"), *self._set(stmt, f"{SKIP}{loop}")] if loop else []

    def _set(self, stmt: Node, flag: str, *, value: bool = True) -> list[Node]:
        return [trees.assign(flag, trees.const(value, stmt), stmt)]


def _pass(like: Node) -> Node:
    return trees.at(gast.Pass(), like)


def _always(test: Node) -> bool:
    return isinstance(test, gast.Constant) and bool(test.value)


def _binds(test: Node) -> bool:
    """Whether evaluating `test` binds a name (or may, by a call of a local function)."""
    return any(isinstance(node, gast.NamedExpr) for node in gast.walk(test))


def _test_inside(stmt: Node) -> Node:
    """``while (x := f()): body``  ->  ``while True: if (x := f()): body else: break``."""
    inner = trees.branch(stmt.test, stmt.body, [trees.at(gast.Break(), stmt)], stmt)
    return trees.at(gast.While(trees.const(True, stmt), [inner], []), stmt)


def _test_inside_with_else(stmt: Node, number: int) -> list[Node]:
    """As `_test_inside`, remembering whether the test ended the loop: only then its `else` runs."""
    flag = f"{ENDED}{number}"
    end = [trees.assign(flag, trees.const(True, stmt), stmt), trees.at(gast.Break(), stmt)]
    inner = trees.branch(stmt.test, stmt.body, end, stmt)
    turned = trees.at(gast.While(trees.const(True, stmt), [inner], []), stmt)
    start = trees.assign(flag, trees.const(False, stmt), stmt)
    return [start, turned, trees.branch(trees.load(flag, stmt), stmt.orelse, [_pass(stmt)], stmt)]


def _with(items: list[Node], body: list[Node], stmt: Node) -> Node:
    """``with a, b: body``  ->  ``with a: with b: body``."""
    for item in reversed(items):
        body = [trees.at(gast.With([item], body, None), stmt)]
    return body[0]

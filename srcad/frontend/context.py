"""The state of one lowering: the block being filled, the environment, the scope, the place in the source.

The environment maps keys of local variables (`Scope.key`) to what they are bound to now: an atom, or a local function,
which never becomes a value. `branch` and the loops merge environments; what they create in excess is removed by
`srcad.frontend.prune`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import gast

from srcad.errors import InternalError, NonDifferentiable, UnsupportedSyntax
from srcad.frontend.lifted import Lifted
from srcad.frontend.merge import Merge
from srcad.frontend.resolve import Resolver
from srcad.frontend.scope import Bindings, Names, Scope, filled_names, special_names
from srcad.frontend.source import Source
from srcad.frontend.trees import Node
from srcad.frontend.values import (
    Env,
    Home,
    LocalFunction,
    Value,
)
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Call, Const, If, Loc, Star, Stmt, Var
from srcad.ir.record import record

_TESTS: tuple[object, ...] = (
    operator.is_,
    operator.is_not,
    operator.not_,
    ops.contains,
    ops.not_contains,
    callable,
    bool,
    isinstance,
)
_TESTS += (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
_COMPOUND = gast.If | gast.For | gast.While | gast.With | gast.FunctionDef


@dataclass
class Captured:
    """What lowering into a block of its own gave."""

    stmts: list[Stmt]
    env: Env
    dead: bool
    value: Value | None


@record(frozen=True)
class _Place:
    """The user's statement that is being lowered."""

    text: str
    number: int


class Context:
    """State and primitive steps; the classes of expressions, calls and statements build on it."""

    def __init__(self, source: Source, resolver: Resolver, bindings: Bindings, *, template: bool) -> None:
        self.source, self.resolver, self.bindings, self.template = source, resolver, bindings, template
        self.home = Home(source, resolver)  # of the function being lowered; `source` and `resolver` may be a callee's
        self.scope = Scope({})
        self.env: Env = {}
        self.out: list[Stmt] = []
        self.dead = False
        self.maybe: set[int] = set()  # variables that may be undefined, by uid
        self.flags: set[int] = set()  # variables that hold a flag of the compiler's
        self.places: dict[tuple[str, int, int], _Place] = {}
        self.place = _Place("", 0)
        self.pinned: Loc | None = None  # the location of all code while a helper of ours is inlined
        self.counter = 0
        self.lifted: list[Lifted] = []
        self.assumed: dict[Atom, bool] = {}  # conditions of the branches around
        self.negated: dict[Atom, tuple[Atom, bool]] = {}  # conditions that are the contrary of others
        self.functions: frozenset[str] = frozenset()  # names that local functions are bound to
        self.filled: frozenset[str] = frozenset()  # names of containers into which local functions are put
        self.deleted: frozenset[str] = frozenset()  # names that a ``del`` may leave without a value
        self.live: frozenset[str] = frozenset()  # outer names that the function assigns: always read when it runs

    # -- the methods of the classes built on this one ----------------------------------------------

    def expr(self, node: Node, name: str = "") -> Atom:
        """Lowers an expression; its value's variable takes `name`."""
        raise NotImplementedError

    def value(self, node: Node, name: str = "") -> Value:
        """Lowers an expression that may be a known function."""
        raise NotImplementedError

    def data(self, value: Value, node: Node, name: str = "") -> Atom:
        """A value as one of the program."""
        raise NotImplementedError

    def stmts(self, nodes: list[Node]) -> None:
        """Lowers statements."""
        raise NotImplementedError

    def assign(self, target: Node, value: Value) -> None:
        """Binds a target."""
        raise NotImplementedError

    def local_function(self, node: Node) -> LocalFunction:
        """Makes a local function of a lambda or nested def."""
        raise NotImplementedError

    def inline(
        self,
        function: LocalFunction,
        args: list[Value | Star],
        kwargs: list[tuple[str | None, Value]],
        node: Node,
        name: str = "",
    ) -> Value:
        """Lowers a call of a local function as its body."""
        raise NotImplementedError

    def argument(self, node: Node) -> Value:
        """An expression that is handed on at once."""
        raise NotImplementedError

    # -- places -------------------------------------------------------------------------------------

    def survey(self, tree: Node) -> None:
        """Numbers the statements of a function, and notes names that need care: see `live`, `deleted`, `functions`."""
        if not isinstance(tree, gast.Lambda):
            self.number(tree.body)
        nodes = list(gast.walk(tree))
        live, deleted, functions = special_names(nodes)
        self.filled |= filled_names(nodes, functions)
        self.live, self.deleted, self.functions = self.live | live, self.deleted | deleted, self.functions | functions

    def number(self, stmts: list[Node]) -> None:
        """Numbers the user's statements in the order of the source."""
        for stmt in stmts:
            self._register(stmt)
            for field in ("body", "orelse"):
                self.number(getattr(stmt, field, None) or [])
            for part in getattr(stmt, "cases", ()):
                self.number(part.body)

    def _register(self, stmt: Node) -> None:
        line = self.source.line(stmt.lineno)
        start = self.source.column(stmt.lineno, stmt.col_offset)
        text = line[start:]
        if isinstance(stmt, _COMPOUND):
            text = _header(stmt, line, start, self.source)
        elif stmt.end_lineno == stmt.lineno:
            text = line[start : self.source.column(stmt.lineno, stmt.end_col_offset)]
        self.places[self.source.file, stmt.lineno, stmt.col_offset] = _Place(text.strip(), len(self.places) + 1)

    def enter(self, stmt: Node) -> None:
        """Statements emitted from here on belong to this statement, if it is one of the user's."""
        if self.pinned is None:
            self.place = self.places.get((self.source.file, stmt.lineno, stmt.col_offset), self.place)

    def loc(self, node: Node) -> Loc:
        """The location of an expression inside the current statement."""
        if self.pinned is not None:
            return self.pinned
        line = node.lineno
        start = self.source.column(line, node.col_offset)
        one = node.end_lineno == line
        end = self.source.column(line, node.end_col_offset) if one else len(self.source.line(line))
        return Loc(self.source.file, line, start, end, self.place.text, self.scope.binder().function, self.place.number)

    def unsupported(self, node: Node, what: str, remedy: str, why: str = "") -> UnsupportedSyntax:
        """The error for a construct that cannot be differentiated yet."""
        return UnsupportedSyntax(what, where=self.loc(node), why=why, remedy=remedy)

    def forbidden(self, node: Node, what: str, remedy: str, why: str = "") -> NonDifferentiable:
        """The error for what can never be differentiated."""
        return NonDifferentiable(what, where=self.loc(node), why=why, remedy=remedy)

    # -- statements ---------------------------------------------------------------------------------

    def emit(
        self,
        fn: object,
        args: list[Atom | Star],
        node: Node,
        name: str = "",
        kwargs: tuple[tuple[str | None, Atom], ...] = (),
    ) -> Var:
        """Emits ``name = fn(*args, **kwargs)``; `fn` is an atom or a static callable."""
        target = Var(name)
        callee = fn if isinstance(fn, Var | Const) else Const(fn)
        self.out.append(Call(target, callee, tuple(args), kwargs, self.loc(node)))
        return target

    def capture(self, run: Callable[[], Value | None]) -> Captured:
        """Runs a lowering step into a block of its own, with a copy of the environment."""
        out, env, dead, place = self.out, self.env, self.dead, self.place
        self.out, self.env, self.dead = [], dict(env), False
        try:
            value = run()
            return Captured(self.out, self.env, self.dead, value)
        finally:
            self.out, self.env, self.dead, self.place = out, env, dead, place

    def settled(self, cond: Atom, node: Node) -> Atom:
        """A condition that is asked again later, as it is now: nothing can change it."""
        if isinstance(cond, Const) or cond.uid in self.flags:
            return cond
        made = next((s for s in reversed(self.out) if isinstance(s, Call) and s.target == cond), None)
        fresh = made is not None and isinstance(made.fn, Const) and made.fn.value in _TESTS and not cond.name
        return cond if fresh else self.emit(bool, [cond], node)

    # -- names --------------------------------------------------------------------------------------

    def fresh(self, name: str) -> str:
        """A name of the compiler's own, never used before in this function."""
        self.counter += 1
        return f"@{name}{self.counter}"

    def peek(self, name: str) -> Value | None:
        """What a local name is bound to; None where the name is not local."""
        key = self.scope.key(name)
        if key is None or key == "global":
            return None
        return self.env.get(key, UNDEFINED_ATOM)

    def bind(self, name: str, value: Value) -> None:
        """Binds a local name."""
        key = self.scope.key(name)
        if key is None or key == "global":
            raise InternalError(f"'{name}' is not local", why="stage lower")
        self.env[key] = value

    def is_free(self, name: str) -> bool:
        """Whether a name that is not local is a variable of a function around the primal."""
        return name in self.resolver.cells

    def undefined(self, name: str, node: Node) -> Atom:
        """A read of a name that is certainly not bound: Python's own error, when the code gets there."""
        free = self.scope.binder().key(name) is not None and name not in self.scope.binder().names
        message = f"cannot access local variable '{name}' where it is not associated with a value"
        if free:
            message = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        error = self.emit(NameError if free else UnboundLocalError, [Const(message)], node)
        return self.emit(ops.raise_error, [error], node)

    def assuming(self, cond: Atom, truth: bool, run: Callable[[], Value | None]) -> Callable[[], Value | None]:
        """A lowering step during which it is known whether a condition holds."""

        def step() -> Value | None:
            before = self.assumed
            of, as_it_is = self.negated.get(cond, (cond, True))
            self.assumed = {**before, of: truth == as_it_is}
            try:
                return run()
            finally:
                self.assumed = before

        return step

    # -- merging ------------------------------------------------------------------------------------

    def branch(
        self,
        cond: Atom,
        then: Callable[[], Value | None],
        orelse: Callable[[], Value | None],
        node: Node,
        style: Literal["if", "ifexp", "and", "or"] = "if",
        name: str = "",
        *,
        follow: bool = True,
    ) -> Value | None:
        """Emits an `If`; the value of the two sides, where they have one, is the result.

        Where these are two functions, the result is a `Choice`, unless `follow` is false.
        """
        loc, before = self.loc(node), self.env
        a, b = self.capture(self.assuming(cond, True, then)), self.capture(self.assuming(cond, False, orelse))
        merge = Merge(self, a, b, before, cond, node)
        value: Value | None = None
        if a.value is not None and b.value is not None:
            value = merge.result(a.value, b.value, name, follow=follow)
        self.env = merge.environment()
        self.dead = self.dead or (a.dead and b.dead)
        left, right = Block((), tuple(a.stmts), tuple(merge.left)), Block((), tuple(b.stmts), tuple(merge.right))
        self.out.append(If(tuple(merge.targets), merge.cond, left, right, loc, style))
        return value


def loop_names(names: Names, scope: Scope) -> dict[str, str]:
    """Environment keys of the names that a loop binds, with the names; global and outer ones have none."""
    keys = {}
    for name in names:
        key = scope.key(name)
        if key is not None and key != "global":
            keys[key] = name
    return keys


def _header(stmt: Node, line: str, start: int, source: Source) -> str:
    """The header of a compound statement, as far as it stands on its first line."""
    match stmt:
        case gast.If(test=last) | gast.While(test=last) | gast.For(iter=last):
            pass
        case gast.With(items=items):
            last = items[-1].optional_vars or items[-1].context_expr
        case _:
            return line[start:]
    if last.end_lineno != stmt.lineno:
        return line[start:]
    colon = line.find(":", source.column(stmt.lineno, last.end_col_offset))
    return line[start : colon + 1] if colon >= 0 else line[start:]

"""The state of one lowering: the block being filled, the environment, the scope, the place in the source.

The environment maps keys of local variables (`Scope.key`) to what they are bound to now: an atom, or a local function,
which never becomes a value. `branch` and the loops merge environments; what they create in excess is removed by
`srcad.frontend.prune`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import gast

from srcad.errors import InternalError, NonDifferentiable, UnsupportedSyntax
from srcad.frontend.resolve import Resolver
from srcad.frontend.scope import Bindings, Names, Scope, special_names
from srcad.frontend.source import Source
from srcad.frontend.trees import Node
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Call, Const, If, Loc, Star, Stmt, Var

_COMPOUND = gast.If | gast.For | gast.While | gast.With | gast.FunctionDef


@dataclass(eq=False)
class LocalFunction:
    """A lambda or nested function of the function being lowered; its calls are inlined.

    A `helper` is one of ours: its code stands where it is called, as far as locations go.
    """

    name: str
    node: Node
    args: Node
    body: list[Node]
    scope: Scope
    defaults: dict[str, Value]
    helper: bool = False

    def has_own_values(self) -> bool:
        """Whether defaults were computed where it was defined: it can be called where these are visible."""
        return any(isinstance(default, Var) for default in self.defaults.values())


@dataclass(frozen=True)
class Ambiguous:
    """What a name is bound to where it may be one of several local functions, or a value."""

    name: str


Value = Atom | LocalFunction | Ambiguous
Env = dict[str, Value]


@dataclass
class Captured:
    """What lowering into a block of its own gave."""

    stmts: list[Stmt]
    env: Env
    dead: bool
    value: Atom | None


@dataclass(frozen=True)
class _Place:
    """The user's statement that is being lowered."""

    text: str
    number: int


class Context:
    """State and primitive steps; the classes of expressions, calls and statements build on it."""

    def __init__(self, source: Source, resolver: Resolver, bindings: Bindings, *, template: bool) -> None:
        self.source, self.resolver, self.bindings, self.template = source, resolver, bindings, template
        self.scope = Scope({})
        self.env: Env = {}
        self.out: list[Stmt] = []
        self.dead = False
        self.maybe: set[int] = set()  # variables that may be undefined, by uid
        self.flags: set[int] = set()  # variables that hold a flag of the compiler's
        self.places: dict[tuple[int, int], _Place] = {}
        self.place = _Place("", 0)
        self.pinned: Loc | None = None  # the location of all code while a helper of ours is inlined
        self.counter = 0
        self.functions: frozenset[str] = frozenset()  # names that local functions are bound to
        self.deleted: frozenset[str] = frozenset()  # names that a ``del`` may leave without a value
        self.live: frozenset[str] = frozenset()  # outer names that the function assigns: always read when it runs

    # -- the methods of the classes built on this one ----------------------------------------------

    def expr(self, node: Node, name: str = "") -> Atom:
        """Lowers an expression; its value's variable takes `name`."""
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
    ) -> Atom:
        """Lowers a call of a local function as its body."""
        raise NotImplementedError

    # -- places -------------------------------------------------------------------------------------

    def survey(self, tree: Node) -> None:
        """Numbers the statements of a function, and notes names that need care: see `live`, `deleted`, `functions`."""
        if not isinstance(tree, gast.Lambda):
            self.number(tree.body)
        live, deleted, functions = special_names(tree)
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
        self.places[stmt.lineno, stmt.col_offset] = _Place(text.strip(), len(self.places) + 1)

    def enter(self, stmt: Node) -> None:
        """Statements emitted from here on belong to this statement, if it is one of the user's."""
        if self.pinned is None:
            self.place = self.places.get((stmt.lineno, stmt.col_offset), self.place)

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

    def capture(self, run: Callable[[], Atom | None]) -> Captured:
        """Runs a lowering step into a block of its own, with a copy of the environment."""
        out, env, dead, place = self.out, self.env, self.dead, self.place
        self.out, self.env, self.dead = [], dict(env), False
        try:
            value = run()
            return Captured(self.out, self.env, self.dead, value)
        finally:
            self.out, self.env, self.dead, self.place = out, env, dead, place

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
        return name in self.resolver.cells and self.scope.sees_cells()

    def undefined(self, name: str, node: Node) -> Atom:
        """A read of a name that is certainly not bound: Python's own error, when the code gets there."""
        free = self.scope.binder().key(name) is not None and name not in self.scope.binder().names
        message = f"cannot access local variable '{name}' where it is not associated with a value"
        if free:
            message = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        error = self.emit(NameError if free else UnboundLocalError, [Const(message)], node)
        return self.emit(ops.raise_error, [error], node)

    # -- merging ------------------------------------------------------------------------------------

    def branch(
        self,
        cond: Atom,
        then: Callable[[], Atom | None],
        orelse: Callable[[], Atom | None],
        node: Node,
        style: Literal["if", "ifexp", "and", "or"] = "if",
        name: str = "",
    ) -> Atom | None:
        """Emits an `If`; the value of the two sides, where they have one, is the result."""
        loc, before = self.loc(node), self.env
        a, b = self.capture(then), self.capture(orelse)
        merge = _Merge(self, a, b, before)
        value = None
        if a.value is not None and b.value is not None:
            value = merge.value(a.value, b.value, name)
        self.env = merge.environment()
        self.dead = self.dead or (a.dead and b.dead)
        left, right = Block((), tuple(a.stmts), tuple(merge.left)), Block((), tuple(b.stmts), tuple(merge.right))
        self.out.append(If(tuple(merge.targets), cond, left, right, loc, style))
        return value


class _Merge:
    """The merge of the environments after the two sides of a branch."""

    def __init__(self, context: Context, a: Captured, b: Captured, before: Env) -> None:
        self.context, self.a, self.b, self.before = context, a, b, before
        self.targets: list[Var] = []
        self.left: list[Atom] = []
        self.right: list[Atom] = []
        self.shared: dict[tuple[Atom, Atom], Var] = {}

    def environment(self) -> Env:
        """The environment after the branch."""
        env: Env = {}
        for key in {**self.a.env, **self.b.env}:
            x, y = self.a.env.get(key, UNDEFINED_ATOM), self.b.env.get(key, UNDEFINED_ATOM)
            env[key] = x if x is y or x == y else self._merged(key, x, y)
        return env

    def _merged(self, key: str, x: Value, y: Value) -> Value:
        old = self.before.get(key, UNDEFINED_ATOM)
        if any(isinstance(v, LocalFunction) and v.has_own_values() for v in (x, y) if v != old):
            return Ambiguous(display(key))
        if self.a.dead and not self.b.dead:
            if not isinstance(y, Var) or y == old:
                return y
            x = UNDEFINED_ATOM
        elif self.b.dead and not self.a.dead:
            if not isinstance(x, Var) or x == old:
                return x
            y = UNDEFINED_ATOM
        if isinstance(x, LocalFunction | Ambiguous) or isinstance(y, LocalFunction | Ambiguous):
            return Ambiguous(display(key))
        if key[0] == "@":
            known = self.shared.get((x, y))
            if known is not None:
                return known
        target = self.value(x, y, display(key))
        if key[0] == "@":
            self.shared[x, y] = target
            self.context.flags.add(target.uid)
        alive = [(v, c) for v, c in ((x, self.a), (y, self.b)) if not c.dead]
        if any(v == UNDEFINED_ATOM or (isinstance(v, Var) and v.uid in self.context.maybe) for v, _ in alive):
            self.context.maybe.add(target.uid)
        return target

    def value(self, x: Atom, y: Atom, name: str) -> Var:
        """A target that is `x` or `y`."""
        target = Var(name)
        self.targets.append(target)
        self.left.append(x)
        self.right.append(y)
        return target


def display(key: str) -> str:
    """The name that a variable of this key would like: the user's, or the flag's without its number."""
    if key[0] == "@":
        return key[1:].partition("@")[0].rstrip("0123456789")
    return key.partition("@")[0]


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

"""Python's scopes: which names a function binds, which names a loop binds, and where a name lives.

`Bindings` answers the first two from the (structured) tree; results for statements are kept, so that each statement is
looked at once. `Scope` answers the third: every local variable of every scope has a key in the lowering's environment.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

import gast

from srcad.frontend.trees import Node

Names = dict[str, None]
"""An ordered set of names."""

_FUNCTIONS = gast.FunctionDef | gast.AsyncFunctionDef | gast.Lambda


class Bindings:
    r"""The names that statements bind in their function.

    >>> tree = gast.parse("for i in range(3):\n    a = (b := i)\n    [c for c in 'x']\n    def f(d): e = 1")
    >>> list(Bindings().of(tree.body))
    ['i', 'a', 'b', 'f']
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, Names]] = {}

    def of(self, stmts: list[Node]) -> Names:
        """The names that a sequence of statements binds, in order of appearance."""
        names: Names = {}
        for stmt in stmts:
            names.update(self.statement(stmt))
        return names

    def statement(self, stmt: Node) -> Names:
        """The names that one statement binds."""
        known = self._known.get(id(stmt))
        if known is None:
            names: Names = {}
            self._collect(stmt, names)
            known = self._known[id(stmt)] = (stmt, names)
        return known[1]

    def _collect(self, stmt: Node, names: Names) -> None:
        match stmt:
            case gast.If(test=test, body=body, orelse=orelse) | gast.While(test=test, body=body, orelse=orelse):
                bound(test, names)
                names.update(self.of(body))
                names.update(self.of(orelse))
            case gast.For(target=target, iter=over, body=body, orelse=orelse):
                bound(over, names)
                bound(target, names)
                names.update(self.of(body))
                names.update(self.of(orelse))
            case gast.Match(subject=subject, cases=cases):
                bound(subject, names)
                for case in cases:
                    bound(case.pattern, names)
                    bound(case.guard, names)
                    names.update(self.of(case.body))
            case gast.With(items=items, body=body):
                for item in items:
                    bound(item, names)
                names.update(self.of(body))
            case gast.FunctionDef(name=name):
                names[name] = None
                names.update(_outer_names(stmt))
                for node in [*stmt.args.defaults, *stmt.args.kw_defaults]:
                    bound(node, names)
            case gast.Import(names=aliases) | gast.ImportFrom(names=aliases):
                for alias in aliases:
                    names[alias.asname or alias.name.partition(".")[0]] = None
            case _:
                bound(stmt, names)


def bound(node: Node, names: Names) -> None:
    """Adds the names that an expression or a simple statement binds."""
    match node:
        case gast.Name(id=name, ctx=gast.Store() | gast.Del()):
            names[name] = None
        case gast.Name() | gast.Constant() | None:
            pass
        case gast.MatchAs(name=name) | gast.MatchStar(name=name) | gast.MatchMapping(rest=name) if name is not None:
            names[name] = None
            for inner in [getattr(node, "pattern", None), *getattr(node, "patterns", ())]:
                bound(inner, names)
        case gast.Lambda(args=args):
            for default in [*args.defaults, *args.kw_defaults]:
                bound(default, names)
        case gast.ListComp() | gast.SetComp() | gast.DictComp() | gast.GeneratorExp():
            for inner in gast.walk(node):
                if isinstance(inner, gast.NamedExpr):
                    names[inner.target.id] = None
        case _:
            for field_name in node._fields:
                value = getattr(node, field_name, None)
                if isinstance(value, list):
                    for item in value:
                        if isinstance(item, gast.AST):
                            bound(item, names)
                elif isinstance(value, gast.AST):
                    bound(value, names)


def _outer_names(function: Node) -> Names:
    """The names of enclosing functions that a nested function assigns (``nonlocal``)."""
    names: Names = {}
    for node in gast.walk(function):
        if isinstance(node, gast.Nonlocal):
            names.update(dict.fromkeys(node.names))
    return names


def declared(stmts: list[Node], kind: type) -> frozenset[str]:
    """The names that ``global`` (or ``nonlocal``) statements of this function declare."""
    found: set[str] = set()
    todo = list(stmts)
    while todo:
        node = todo.pop()
        if isinstance(node, kind):
            found.update(node.names)  # type: ignore[attr-defined]
        if not isinstance(node, _FUNCTIONS | gast.expr):
            for field_name in ("body", "orelse", "cases"):
                todo += getattr(node, field_name, [])
    return frozenset(found)


def special_names(tree: Node) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of a function, or of one inside it: declared global or nonlocal; deleted; bound to a local function."""
    outer: set[str] = set()
    deleted: set[str] = set()
    functions: set[str] = set()
    for node in gast.walk(tree):
        match node:
            case gast.Global(names=names) | gast.Nonlocal(names=names):
                outer.update(names)
            case gast.Name(id=name, ctx=gast.Del()):
                deleted.add(name)
            case gast.FunctionDef(name=name):
                functions.add(name)
            case gast.Assign(targets=targets, value=gast.Lambda()):
                functions.update(target.id for target in targets if isinstance(target, gast.Name))
            case _:
                pass
    return frozenset(outer), frozenset(deleted), frozenset(functions)


_numbers = itertools.count(1)


@dataclass(eq=False)
class Scope:
    """A function being lowered, or a comprehension in it: which names are its own.

    `outer` are names that it declares ``nonlocal``; they belong to the scopes around. The outermost scope's nonlocal
    names are the primal's free variables.
    """

    names: Names
    parent: Scope | None = None
    globals: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    function: str = ""
    comprehension: bool = False
    result: str = ""
    elsewhere: bool = False  # a function of the module, not inside the primal: it sees none of the primal's cells
    suffix: str = field(default_factory=lambda: f"@{next(_numbers)}")

    def key(self, name: str) -> str | Literal["global"] | None:
        """The environment's key of a name, "global" where the scope declares it so, None where it is not local."""
        scope: Scope | None = self
        if name[0] == "@":
            while scope is not None and scope.comprehension:
                scope = scope.parent
            return name + (scope.suffix if scope is not None else "")
        while scope is not None:
            if name in scope.globals:
                return "global"
            if name in scope.names and name not in scope.outer:
                return name + scope.suffix
            scope = scope.parent
        return None

    def binder(self) -> Scope:
        """The scope in which an assignment expression binds: that of the function, not of a comprehension."""
        scope: Scope = self
        while scope.comprehension and scope.parent is not None:
            scope = scope.parent
        return scope

    def sees_cells(self) -> bool:
        """Whether names that are local nowhere may be variables of the functions around the primal."""
        scope: Scope = self
        while scope.parent is not None:
            scope = scope.parent
        return not scope.elsewhere

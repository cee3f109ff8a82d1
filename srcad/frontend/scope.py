"""Python's scopes: which names a function binds, which names a loop binds, and where a name lives.

`Bindings` answers the first two from the (structured) tree; results for statements are kept, so that each statement is
looked at once. `Scope` answers the third: every local variable of every scope has a key in the lowering's environment.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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


def filled_names(nodes: Sequence[Node], functions: frozenset[str]) -> frozenset[str]:
    """Names of lists and dicts into which a function puts local functions: ``fs.append(lambda ...)``, ``d[k] = f``.

    `nodes` are all nodes of the function.
    """
    found: set[str] = set()

    def is_local(node: Node) -> bool:
        return isinstance(node, gast.Lambda) or (isinstance(node, gast.Name) and node.id in functions)

    for node in nodes:
        match node:
            case gast.Call(func=gast.Attribute(value=gast.Name(id=name), attr="append"), args=[item]) if is_local(item):
                found.add(name)
            case gast.Assign(targets=[gast.Subscript(value=gast.Name(id=name))], value=item) if is_local(item):
                found.add(name)
            case _:
                pass
    return frozenset(found)


def special_names(nodes: Sequence[Node]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names of a function, or of one inside it: declared global or nonlocal; deleted; bound to a local function.

    `nodes` are all nodes of the function.
    """
    outer: set[str] = set()
    deleted: set[str] = set()
    functions: set[str] = set()
    for node in nodes:
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


_LOOKS_INTO = frozenset({"len", "enumerate", "zip", "reversed", "list", "tuple", "iter"})
_LOOK_UPS = frozenset({"get", "items", "values", "keys"})


def only_looked_into(name: str, tree: Node) -> bool:
    """Whether all reads of a name take an item of what it holds, or go over its items: nothing else sees the object."""
    looks: set[int] = set()
    for node in gast.walk(tree):
        match node:
            case gast.Subscript(value=inner, ctx=gast.Load()) | gast.Starred(value=inner):
                looks.add(id(inner))
            case gast.For(iter=inner) | gast.comprehension(iter=inner):
                looks.add(id(inner))
            case gast.Call(func=gast.Name(id=called), args=args) if called in _LOOKS_INTO:
                looks.update(map(id, args))
            case gast.Call(func=gast.Attribute(value=inner, attr=attr)) if attr in _LOOK_UPS:
                looks.add(id(inner))
            case gast.keyword(arg=None, value=inner):
                looks.add(id(inner))
            case _:
                pass
    reads = (n for n in gast.walk(tree) if isinstance(n, gast.Name) and n.id == name and isinstance(n.ctx, gast.Load))
    return all(id(node) in looks for node in reads)


def holds_definitions(tree: Node) -> bool:
    """Whether a function or lambda is defined inside a tree, or a generator that may run after it."""
    nodes = [node for node in gast.walk(tree) if node is not tree]
    return any(isinstance(node, _FUNCTIONS) for node in nodes) or any(
        isinstance(part, gast.GeneratorExp)
        for node in (tree, *nodes)
        if not isinstance(node, gast.Call)
        for part in gast.iter_child_nodes(node)
    )


def makes_functions(tree: Node) -> bool:
    """Whether a function returns functions: a lambda, a nested function, a partial application, a tuple of these.

    >>> def gives(text):
    ...     return makes_functions(gast.parse(text).body[0])
    >>> gives("def f(k): return lambda x: k * x"), gives("def f(k): return k")
    (True, False)
    """
    if isinstance(tree, gast.Lambda):
        return is_made(tree.body)
    local = special_names(list(gast.walk(tree)))[2]
    returned = [node.value for stmt in tree.body for node in _own(stmt) if isinstance(node, gast.Return) and node.value]
    return any(is_made(value, local) for value in returned)


def _own(node: Node) -> list[Node]:
    """A node and those inside it, nested functions left out."""
    if isinstance(node, _FUNCTIONS):
        return []
    return [node, *(inner for child in gast.iter_child_nodes(node) for inner in _own(child))]


def is_made(value: Node, local: frozenset[str] = frozenset()) -> bool:
    """Whether an expression gives a function, or a container of functions, as far as its text tells."""
    match value:
        case gast.Lambda():
            return True
        case gast.Name(id=name):
            return name in local
        case gast.Call(func=gast.Name(id="partial") | gast.Attribute(attr="partial")):
            return True
        case gast.Call(func=called):
            return is_made(called) and not isinstance(called, gast.Lambda)
        case gast.Tuple(elts=elts) | gast.List(elts=elts):
            return any(is_made(item, local) for item in elts)
        case gast.Dict(values=values):
            return any(is_made(item, local) for item in values)
        case gast.IfExp(body=body, orelse=orelse):
            return is_made(body, local) or is_made(orelse, local)
        case gast.ListComp(elt=elt):
            return is_made(elt, local)
        case _:
            return False


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
    node: Node = None  # the function, or that of a scope around a comprehension
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

    def sees(self, key: str) -> bool:
        """Whether a key of the environment is that of a variable of this scope or of one around it."""
        scope: Scope | None = self
        while scope is not None:
            if key.endswith(scope.suffix):
                return True
            scope = scope.parent
        return False

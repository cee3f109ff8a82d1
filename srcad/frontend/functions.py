"""Local functions: a lambda or nested `def` that is called is lowered as its body, at the call.

Before::

    def f(x):
        def square(v):
            return v * v * x
        return square(x + 1)

After, as if it had been written::

    def f(x):
        v = x + 1
        return v * v * x

Captured names are read where the call stands, which is Python's late binding. Each inlined body has its own scope, so
its names meet no others; the variables of a call stay known as long as a function that was defined in it may read them.
"""

from __future__ import annotations

from collections.abc import Iterable

import gast

from srcad.errors import UnsupportedSyntax
from srcad.frontend.binding import Args, Kwargs
from srcad.frontend.lifted import Lifted, Recursion, complete, new_callee, without_unread
from srcad.frontend.merge import display
from srcad.frontend.prune import prune
from srcad.frontend.scope import Names, Scope, declared, holds_definitions
from srcad.frontend.streams import CLOSED, ITEM, Streams
from srcad.frontend.structure import VALUE, structure
from srcad.frontend.trees import Node, at
from srcad.frontend.values import (
    Home,
    LocalFunction,
    Value,
    atoms_of,
    is_atom,
    map_value,
)
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Const, Function, Star, Var

#: So many calls inside of each other are written out.
_DEPTH = 60
#: So often is one function written out inside of itself, each time with other functions as arguments.
_AGAIN = 6


class Functions(Streams):
    """Making and inlining of local functions."""

    lifting: tuple[Lifted, ...] = ()

    def local_function(self, node: Node) -> LocalFunction:
        """Makes a local function of a lambda or nested def; its defaults are evaluated here."""
        if isinstance(node, gast.Lambda):
            name, body = "<lambda>", [at(gast.Return(node.body), node.body)]
            self.places.setdefault((self.source.file, node.body.lineno, node.body.col_offset), self.place)
        else:
            name, body = node.name, node.body
        args = node.args
        generator = any(isinstance(inner, gast.Yield | gast.YieldFrom) for inner in own_nodes(body))
        if generator and isinstance(node, gast.FunctionDef):
            body = self.generator_body(name, body)
        positional = [*args.posonlyargs, *args.args]
        defaults: dict[str, Value] = {}
        with_default = positional[len(positional) - len(args.defaults) :]
        pairs = [*zip(with_default, args.defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
        for param, default in pairs:
            if default is not None:
                defaults[param.id] = self.value(default)
        home = Home(self.source, self.resolver)
        return LocalFunction(name, node, args, structure(body), self.scope, defaults, home, generator=generator)

    def inline(self, function: LocalFunction, args: Args, kwargs: Kwargs, node: Node, name: str = "") -> Value:
        """Lowers a call of a local function as its body, or as a call where it calls itself."""
        bound = self.bound(function, args, kwargs, node)
        if function.generator:
            return self.stream(function, bound, node)
        for record in self.lifting:
            if record.function.key is function.key and all(
                is_atom(value) or _alike(value, record.known.get(param, value)) for param, value in bound.items()
            ):
                return self.lifted_call(record, bound, node, name)
        given = {param: value for param, value in bound.items() if not is_atom(value)}
        same = [known for other, known in zip(self.inlining, self.given, strict=True) if other.key is function.key]
        if any(all(_alike(value, known.get(param, value)) for param, value in given.items()) for known in same):
            raise Recursion(function.key)
        if len(same) > _AGAIN or len(self.inlining) > _DEPTH:
            raise self.endless(function, node)
        start, env, dead = len(self.out), dict(self.env), self.dead
        try:
            return self.body_of(function, bound, node, name)
        except Recursion as found:
            if found.key is not function.key:
                raise
            del self.out[start:]
            self.env, self.dead = env, dead
            return self.lifted_call(
                self.known_lift(function, bound) or self.lift(function, bound, node), bound, node, name
            )

    def body_of(self, function: LocalFunction, bound: dict[str, Value], node: Node, name: str) -> Value:
        """Lowers the body of a local function with these arguments."""
        names: Names = dict.fromkeys(bound)
        written = function.node.body if isinstance(function.node, gast.FunctionDef) else function.body
        names.update(self.bindings.of(written))
        if function.generator:
            names[ITEM] = None
        global_names, outer_names = declared(written, gast.Global), declared(written, gast.Nonlocal)
        scope = Scope(names, function.scope, global_names, outer_names, function.name, result=name, node=function.node)
        pinned = self.loc(node) if function.helper else None
        outer, place, inlining = self.scope, (self.place, self.pinned), (self.inlining, self.given)
        home = (self.source, self.resolver)
        self.scope, self.pinned, self.inlining = scope, pinned, (*self.inlining, function)
        self.given = (*self.given, {param: value for param, value in bound.items() if not is_atom(value)})
        self.source, self.resolver = function.home.source, function.home.resolver
        try:
            self.start(scope)
            if function.generator:
                self.env[CLOSED + scope.suffix] = Const(False)
            for param, value in bound.items():
                self.bind(param, self.kept(value, param, node))
            self.stmts(function.body)
            result = self.env.get(f"{VALUE}{scope.suffix}", UNDEFINED_ATOM)
        finally:
            self.scope, (self.inlining, self.given) = outer, inlining
            self.place, self.pinned = place
            self.source, self.resolver = home
            if not holds_definitions(function.node):
                self.leave(scope)
        if isinstance(result, Var) and result.uid in self.maybe:
            self.maybe.discard(result.uid)  # every way through the body that comes back has set it
        return Const(None) if result == UNDEFINED_ATOM else result

    # -- functions that call themselves -----------------------------------------------------------------

    def lift(self, function: LocalFunction, bound: dict[str, Value], node: Node) -> Lifted:
        """A local function as one of its own; what it captures are its first parameters."""
        captured: dict[Var, Var] = {}
        taken = set(bound)

        def unused(name: str) -> str:
            wanted = name or "t"
            while wanted in taken:
                wanted += "_"
            taken.add(wanted)
            return wanted

        def inside(atom: Atom) -> Atom:
            if not isinstance(atom, Var):
                return atom
            if atom not in captured:
                captured[atom] = Var(unused(atom.name))
                if atom.uid in self.maybe:
                    self.maybe.add(captured[atom].uid)
            return captured[atom]

        env = {key: map_value(value, inside) for key, value in self.env.items()}
        known = {p: map_value(value, inside) for p, value in bound.items() if not is_atom(value)}
        params = {p: Var(p) for p in bound if p not in known}
        record = Lifted(function, known, new_callee(function.name, self.home.resolver.fn), captured)
        for value in [*env.values(), *known.values()]:
            if any(atom in captured for atom in atoms_of(value) if isinstance(atom, Var)):
                raise self.escapes(node, "a container of functions")
        outer, lifting, inlining = (self.env, self.out, self.dead), self.lifting, (self.inlining, self.given)
        self.env, self.out, self.dead = dict(env), [], False
        self.lifting, self.inlining, self.given = (*lifting, record), (), ()
        try:
            result = self.data(self.body_of(function, {**known, **params}, node, ""), node)
            for key, value in env.items():
                if self.env.get(key, value) is not value and self.env.get(key) != value:
                    raise self.unsupported(
                        node,
                        f"the local function '{function.name}' calls itself and changes '{display(key)}'",
                        "pass the value as an argument and return it",
                        "a variable of the function around it that a recursion changes is not followed yet",
                    )
            block = Block((*captured.values(), *params.values()), tuple(self.out), (result,))
        finally:
            (self.env, self.out, self.dead), self.lifting, (self.inlining, self.given) = outer, lifting, inlining
        body, kept = without_unread(record.callee, prune(block, self.flags), len(captured))
        record.captured = {v: p for k, (v, p) in enumerate(captured.items()) if k in kept}
        record.seen = {key: value for key, value in self.env.items() if function.scope.sees(key)}
        names = {
            value: key for key, value in record.seen.items() if isinstance(value, Var) and value.uid not in self.maybe
        }
        record.places = [names[v] for v in record.captured] if names.keys() >= record.captured.keys() else None
        self.lifted.append(record)
        loc = self.loc(function.node if isinstance(function.node, gast.FunctionDef) else node)
        complete(record.callee, Function(record.callee.__name__, body, loc, record.callee))
        return record

    def known_lift(self, function: LocalFunction, bound: dict[str, Value]) -> Lifted | None:
        """The function as it was lifted for another call, where it is the same for this one."""
        for record in self.lifted:
            fits = record.function.key is function.key and not record.known and all(map(is_atom, bound.values()))
            now = record.arguments(self.env) if fits else None
            if now is not None and not any(isinstance(a, Var) and a.uid in self.maybe for a in now):
                return record
        return None

    def lifted_call(self, record: Lifted, bound: dict[str, Value], node: Node, name: str) -> Value:
        """A call of a function that was lifted, or is being lifted."""
        inside = record in self.lifting
        for param, value in bound.items():
            if is_atom(value) == (param in record.known) or (
                inside and not _alike(value, record.known.get(param, value))
            ):
                raise self.endless(record.function, node)
        again = None if inside else record.arguments(self.env)
        first: Iterable[Atom] = record.captured.values() if inside else record.captured if again is None else again
        args: list[Atom | Star] = [*first, *(value for value in bound.values() if is_atom(value))]
        return self.emit(Const(record.callee, record.callee.__name__), args, node, name)

    def endless(self, function: LocalFunction, node: Node) -> UnsupportedSyntax:
        """The error for a recursion whose functions differ from call to call."""
        return self.unsupported(
            node,
            f"the local function '{function.name}' calls itself with other functions than it was given",
            "pass what differs as data, or define the function at the top level of the module",
            "each call would be a function of its own",
        )

    def start(self, scope: Scope) -> None:
        """Makes the names that inner functions assign known, so that loops carry them."""
        for name in scope.names:
            if name in self.live and name not in scope.outer and name not in scope.globals:
                self.env[name + scope.suffix] = UNDEFINED_ATOM

    def leave(self, scope: Scope) -> None:
        """Forgets the variables of a scope that has ended."""
        for key in [key for key in self.env if key.endswith(scope.suffix)]:
            del self.env[key]


def _alike(a: Value, b: Value) -> bool:
    """Whether two functions are the same one, with the same arguments given."""
    if isinstance(a, LocalFunction) and isinstance(b, LocalFunction):
        return a.key is b.key and all(a.defaults[k] == b.defaults[k] for k in a.defaults)
    return a is b


def own_nodes(body: list[Node]) -> list[Node]:
    """All nodes of a function body, nested functions left out."""
    found: list[Node] = []
    todo = list(body)
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, gast.FunctionDef | gast.Lambda | gast.AsyncFunctionDef):
            continue
        todo += gast.iter_child_nodes(node)
    return found

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

import functools
from operator import getitem

import gast

from srcad.errors import ArgumentError, UnsupportedSyntax
from srcad.frontend.context import Context, display
from srcad.frontend.lifted import Lifted, Recursion, complete, new_callee, without_unread
from srcad.frontend.prune import prune
from srcad.frontend.scope import Names, Scope, declared, holds_definitions, only_looked_into
from srcad.frontend.structure import VALUE, structure
from srcad.frontend.trees import Node, at
from srcad.frontend.values import (
    Choice,
    Home,
    LocalFunction,
    Pack,
    Partial,
    Value,
    atoms_of,
    holds_functions,
    is_atom,
    map_value,
)
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Const, Function, Star, Var

Args = list[Value | Star]
Kwargs = list[tuple[str | None, Value]]

#: So many calls inside of each other are written out.
_DEPTH = 60


class Functions(Context):
    """Making and inlining of local functions."""

    inlining: tuple[LocalFunction, ...] = ()
    lifting: tuple[Lifted, ...] = ()

    def local_function(self, node: Node) -> LocalFunction:
        """Makes a local function of a lambda or nested def; its defaults are evaluated here."""
        if isinstance(node, gast.Lambda):
            name, body = "<lambda>", [at(gast.Return(node.body), node.body)]
            self.places.setdefault((self.source.file, node.body.lineno, node.body.col_offset), self.place)
        else:
            name, body = node.name, node.body
        args = node.args
        for inner in own_nodes(body):
            if isinstance(inner, gast.Yield | gast.YieldFrom):
                raise self.unsupported(
                    inner, f"the nested function '{name}' is a generator", "build and return a list instead of yielding"
                )
        positional = [*args.posonlyargs, *args.args]
        defaults: dict[str, Value] = {}
        with_default = positional[len(positional) - len(args.defaults) :]
        pairs = [*zip(with_default, args.defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
        for param, default in pairs:
            if default is not None:
                defaults[param.id] = self.value(default)
        return LocalFunction(name, node, args, structure(body), self.scope, defaults, Home(self.source, self.resolver))

    def data(self, value: Value, node: Node, name: str = "") -> Atom:
        """A value as one of the program: a container of functions of modules is made, a choice becomes a branch."""
        match value:
            case Var() | Const():
                return value
            case Pack(cls=cls, items=items, keys=keys):
                made: list[Atom | Star] = [self.data(item, node) for item in items]
                if cls is dict:
                    made = [part for key, item in zip(keys, made, strict=True) for part in (Const(key), item)]
                make = {tuple: ops.make_tuple, list: ops.make_list, dict: ops.make_dict}[cls]
                return self.emit(make, made, node, name)
            case Choice(cond=cond, then=then, orelse=orelse):
                if cond in self.assumed:
                    return self.data(then if self.assumed[cond] else orelse, node, name)
                sides = (lambda: self.data(then, node), lambda: self.data(orelse, node))
                found = self.branch(cond, *sides, node, "ifexp", name, follow=False)
                assert found is not None and is_atom(found)
                return found
            case LocalFunction(name=called):
                raise self.escapes(node, "a lambda" if called == "<lambda>" else f"the local function '{called}'")
            case Partial(fn=fn, args=args, kwargs=kwargs):
                named = tuple((key, self.data(item, node)) for key, item in kwargs)
                return self.emit(functools.partial, [self.data(item, node) for item in (fn, *args)], node, name, named)
            case _:
                raise self.unsure(value.name, node)

    def unsure(self, name: str, node: Node) -> UnsupportedSyntax:
        """The error for a name that may be one of several functions, in a way that is not followed."""
        return self.unsupported(
            node,
            f"'{name}' may be one of several local functions here",
            "call the function in each branch, or pass what differs as an argument",
        )

    def escapes(self, node: Node, what: str) -> UnsupportedSyntax:
        """The error for a local function that is used as a value."""
        return self.unsupported(
            node,
            f"{what} is used as a value",
            "call it directly, or define the function at the top level of the module",
            "calls of local functions are written out while compiling; one that is stored or passed where only the "
            "running program knows it cannot be followed",
        )

    def inline(self, function: LocalFunction, args: Args, kwargs: Kwargs, node: Node, name: str = "") -> Value:
        """Lowers a call of a local function as its body, or as a call where it calls itself."""
        bound = self.bound(function, args, kwargs, node)
        for record in self.lifting:
            if record.function.key is function.key:
                return self.lifted_call(record, bound, node, name)
        if any(function.key is other.key for other in self.inlining):
            raise Recursion(function.key)
        if len(self.inlining) > _DEPTH:
            raise self.endless(function, node)
        start, env, dead = len(self.out), dict(self.env), self.dead
        try:
            return self.body_of(function, bound, node, name)
        except Recursion as found:
            if found.key is not function.key:
                raise
            del self.out[start:]
            self.env, self.dead = env, dead
            return self.lifted_call(self.lift(function, bound, node), bound, node, name)

    def body_of(self, function: LocalFunction, bound: dict[str, Value], node: Node, name: str) -> Value:
        """Lowers the body of a local function with these arguments."""
        names: Names = dict.fromkeys(bound)
        written = function.node.body if isinstance(function.node, gast.FunctionDef) else function.body
        names.update(self.bindings.of(written))
        global_names, outer_names = declared(written, gast.Global), declared(written, gast.Nonlocal)
        scope = Scope(names, function.scope, global_names, outer_names, function.name, result=name, node=function.node)
        pinned = self.loc(node) if function.helper else None
        outer, place, inlining = self.scope, (self.place, self.pinned), self.inlining
        home = (self.source, self.resolver)
        self.scope, self.pinned, self.inlining = scope, pinned, (*inlining, function)
        self.source, self.resolver = function.home.source, function.home.resolver
        try:
            self.start(scope)
            for param, value in bound.items():
                self.bind(param, self.kept(value, param, node))
            self.stmts(function.body)
            result = self.env.get(f"{VALUE}{scope.suffix}", UNDEFINED_ATOM)
        finally:
            self.scope, self.inlining = outer, inlining
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
        outer, lifting, inlining = (self.env, self.out, self.dead), self.lifting, self.inlining
        self.env, self.out, self.dead = dict(env), [], False
        self.lifting, self.inlining = (*lifting, record), ()
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
            (self.env, self.out, self.dead), self.lifting, self.inlining = outer, lifting, inlining
        body, kept = without_unread(record.callee, prune(block, self.flags), len(captured))
        record.captured = {v: p for k, (v, p) in enumerate(captured.items()) if k in kept}
        loc = self.loc(function.node if isinstance(function.node, gast.FunctionDef) else node)
        complete(record.callee, Function(record.callee.__name__, body, loc, record.callee))
        return record

    def lifted_call(self, record: Lifted, bound: dict[str, Value], node: Node, name: str) -> Value:
        """A call of a function that was lifted, or is being lifted."""
        inside = record in self.lifting
        for param, value in bound.items():
            if is_atom(value) == (param in record.known) or (inside and not _alike(value, record.known.get(param, value))):
                raise self.endless(record.function, node)
        first = record.captured.values() if inside else record.captured
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

    def kept(self, value: Value, name: str, node: Node) -> Value:
        """What a name is bound to: a list or dict of functions is known only where nobody else may change it."""
        if not isinstance(value, Pack) or (holds_functions(value) and value.cls is tuple):
            return value
        tree = self.scope.binder().node
        if tree is not None and only_looked_into(name, tree):
            return value
        try:
            return self.data(value, node, name)
        except UnsupportedSyntax:
            return value  # an error where it is used

    def start(self, scope: Scope) -> None:
        """Makes the names that inner functions assign known, so that loops carry them."""
        for name in scope.names:
            if name in self.live and name not in scope.outer and name not in scope.globals:
                self.env[name + scope.suffix] = UNDEFINED_ATOM

    def leave(self, scope: Scope) -> None:
        """Forgets the variables of a scope that has ended."""
        for key in [key for key in self.env if key.endswith(scope.suffix)]:
            del self.env[key]

    # -- arguments --------------------------------------------------------------------------------------

    def bound(self, function: LocalFunction, args: Args, kwargs: Kwargs, node: Node) -> dict[str, Value]:
        """Which parameter gets which value."""
        spec = function.args
        positional = [p.id for p in [*spec.posonlyargs, *spec.args]]
        by_name = {p.id for p in [*spec.args, *spec.kwonlyargs]}
        plain, rest = self._spread(function, args, kwargs, positional, node)
        bound: dict[str, Value] = dict(zip(positional, plain, strict=False))
        extra: list[Value | Star] = [*plain[len(positional) :], *rest]
        named: dict[str, Value] = {}
        mappings: list[Value] = []
        for key, value in kwargs:
            if key is None:
                mappings.append(value)
            elif key in by_name and key not in bound:
                bound[key] = value
            elif key not in by_name and spec.kwarg is not None and key not in named:
                named[key] = value
            else:
                raise self._misfit(function, node, f"argument '{key}' is unknown or given twice")
        if spec.vararg is not None:
            bound[spec.vararg.id] = self._tuple(extra, node, spec.vararg.id)
        elif extra:
            raise self._misfit(function, node, f"it takes {len(positional)} positional arguments, not {len(plain)}")
        if spec.kwarg is not None:
            bound[spec.kwarg.id] = self._dict(function, named, mappings, node, spec.kwarg.id)
        for param in [*positional, *(p.id for p in spec.kwonlyargs)]:
            if param not in bound:
                if param not in function.defaults:
                    raise self._misfit(function, node, f"argument '{param}' is missing")
                bound[param] = function.defaults[param]
        every = [*spec.posonlyargs, *spec.args, *([spec.vararg] if spec.vararg else []), *spec.kwonlyargs]
        return {p.id: bound[p.id] for p in [*every, *([spec.kwarg] if spec.kwarg else [])]}

    def _spread(
        self, function: LocalFunction, args: Args, kwargs: Kwargs, positional: list[str], node: Node
    ) -> tuple[list[Value], list[Star]]:
        """The positional arguments one by one, and what is left for ``*args``."""
        first = next((k for k, arg in enumerate(args) if isinstance(arg, Star)), len(args))
        plain = [arg for arg in args[:first] if not isinstance(arg, Star)]
        rest = args[first:]
        stars = [arg for arg in rest if isinstance(arg, Star)]
        spec = function.args
        if spec.vararg is not None and len(plain) >= len(positional):
            return plain, rest  # type: ignore[return-value]
        given = {key for key, _ in kwargs}
        missing = [p for p in positional[len(plain) :] if p not in given]
        if stars and (len(rest) > 1 or spec.vararg is not None or any(p in function.defaults for p in missing)):
            raise self._unmatched(function, node)
        if not stars:
            return plain, []
        items = self.emit(ops.unpack, [stars[0].value, Const(len(missing))], node)
        return [*plain, *(self.emit(getitem, [items, Const(k)], node) for k in range(len(missing)))], []

    def _tuple(self, items: list[Value | Star], node: Node, name: str) -> Value:
        """What ``*args`` collects."""
        if any(isinstance(item, Star) for item in items):
            parts = [item if isinstance(item, Star) else self.data(item, node) for item in items]
            return self.emit(ops.make_tuple, parts, node, name)
        return Pack(tuple, [item for item in items if not isinstance(item, Star)], [], self.out)

    def _dict(
        self, function: LocalFunction, named: dict[str, Value], mappings: list[Value], node: Node, name: str
    ) -> Value:
        """What ``**kwargs`` collects."""
        known = Pack(dict, list(named.values()), list(named), self.out)
        if not mappings:
            return known
        if function.args.args or function.args.kwonlyargs or len(mappings) > 1 or named:
            raise self._unmatched(function, node)
        return self.emit(ops.merge_dicts, [self.data(mappings[0], node)], node, name)

    def _unmatched(self, function: LocalFunction, node: Node) -> UnsupportedSyntax:
        return self.unsupported(
            node,
            f"the local function '{function.name}' is called with starred arguments",
            "pass the arguments one by one",
            "which parameter gets which of them is only known at run time",
        )

    def _misfit(self, function: LocalFunction, node: Node, why: str) -> ArgumentError:
        return ArgumentError(
            f"the arguments of this call do not fit the local function '{function.name}'",
            where=self.loc(node),
            why=why,
            remedy="correct the call",
        )


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

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
its names meet no others. A local function that goes anywhere else than into a call is an error.
"""

from __future__ import annotations

import gast

from srcad.errors import ArgumentError, UnsupportedSyntax
from srcad.frontend.context import Context, LocalFunction, Value
from srcad.frontend.scope import Names, Scope, declared
from srcad.frontend.structure import VALUE, structure
from srcad.frontend.trees import Node, at
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Const, Star, Var


class Functions(Context):
    """Making and inlining of local functions."""

    inlining: tuple[LocalFunction, ...] = ()

    def local_function(self, node: Node) -> LocalFunction:
        """Makes a local function of a lambda or nested def; its defaults are evaluated here."""
        if isinstance(node, gast.Lambda):
            name, body = "<lambda>", [at(gast.Return(node.body), node.body)]
            self.places.setdefault((node.body.lineno, node.body.col_offset), self.place)
        else:
            name, body = node.name, node.body
            if node.decorator_list:
                raise self.unsupported(
                    node.decorator_list[0],
                    f"the nested function '{name}' has a decorator",
                    "define it at the top level of the module, or leave the decorator out",
                )
        args = node.args
        for inner in _own_nodes(body):
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
        return LocalFunction(name, node, args, structure(body), self.scope, defaults)

    def value(self, node: Node) -> Value:
        """The value of an argument, which may be a local function."""
        if isinstance(node, gast.Lambda):
            return self.local_function(node)
        if isinstance(node, gast.Name):
            known = self.peek(node.id)
            if isinstance(known, LocalFunction):
                return known
        return self.expr(node)

    def escapes(self, node: Node, what: str) -> UnsupportedSyntax:
        """The error for a local function that is used as a value."""
        return self.unsupported(
            node,
            f"{what} is used as a value",
            "call it directly, or define the function at the top level of the module",
            "srcad inlines local functions where they are called; one that is stored, returned or passed on "
            "cannot be followed yet",
        )

    def inline(
        self,
        function: LocalFunction,
        args: list[Value | Star],
        kwargs: list[tuple[str | None, Value]],
        node: Node,
        name: str = "",
    ) -> Atom:
        """Lowers a call of a local function as its body."""
        if function in self.inlining:
            raise self.unsupported(
                node,
                f"the local function '{function.name}' calls itself",
                "define it at the top level of the module, where srcad derives recursive functions",
            )
        bound = self._bound(function, args, kwargs, node)
        names: Names = dict.fromkeys(bound)
        written = function.node.body if isinstance(function.node, gast.FunctionDef) else function.body
        names.update(self.bindings.of(written))
        scope = Scope(
            names,
            function.scope,
            declared(written, gast.Global),
            declared(written, gast.Nonlocal),
            function.name,
            result=name,
        )
        pinned = self.loc(node) if function.helper else None
        outer, place, inlining = self.scope, (self.place, self.pinned), self.inlining
        self.scope, self.pinned, self.inlining = scope, pinned, (*inlining, function)
        try:
            self.start(scope)
            for param, value in bound.items():
                self.bind(param, value)
            self.stmts(function.body)
            result = self.env.get(f"{VALUE}{scope.suffix}", UNDEFINED_ATOM)
        finally:
            self.scope, self.inlining = outer, inlining
            self.place, self.pinned = place
            self.leave(scope)
        if not isinstance(result, Var | Const):
            raise self.escapes(node, f"a function returned by '{function.name}'")
        if isinstance(result, Var) and result.uid in self.maybe:
            self.maybe.discard(result.uid)  # every way through the body that comes back has set it
        return Const(None) if result == UNDEFINED_ATOM else result

    def start(self, scope: Scope) -> None:
        """Makes the names that inner functions assign known, so that loops carry them."""
        for name in scope.names:
            if name in self.live and name not in scope.outer and name not in scope.globals:
                self.env[name + scope.suffix] = UNDEFINED_ATOM

    def leave(self, scope: Scope) -> None:
        """Forgets the variables of a scope that has ended."""
        for key in [key for key in self.env if key.endswith(scope.suffix)]:
            del self.env[key]

    def _bound(
        self, function: LocalFunction, args: list[Value | Star], kwargs: list[tuple[str | None, Value]], node: Node
    ) -> dict[str, Value]:
        """Which parameter gets which value."""
        spec = function.args
        positional = [p.id for p in [*spec.posonlyargs, *spec.args]]
        by_name = {p.id for p in [*spec.args, *spec.kwonlyargs]}
        if any(isinstance(arg, Star) for arg in args) or any(key is None for key, _ in kwargs):
            raise self.unsupported(
                node,
                f"the local function '{function.name}' is called with starred arguments",
                "pass the arguments one by one",
            )
        plain = [arg for arg in args if not isinstance(arg, Star)]
        bound: dict[str, Value] = dict(zip(positional, plain, strict=False))
        extra, named = plain[len(positional) :], {}
        for key, value in kwargs:
            if key in by_name and key not in bound:
                bound[str(key)] = value
            elif key not in by_name and spec.kwarg is not None:
                named[key] = value
            else:
                raise self._misfit(function, node, f"argument '{key}' is unknown or given twice")
        if spec.vararg is not None:
            rest: list[Atom | Star] = [self._data(value, node) for value in extra]
            bound[spec.vararg.id] = self.emit(ops.make_tuple, rest, node, spec.vararg.id)
        elif extra:
            raise self._misfit(function, node, f"it takes {len(positional)} positional arguments, not {len(plain)}")
        if spec.kwarg is not None:
            items: list[Atom | Star] = []
            for key, value in named.items():
                items += [Const(key), self._data(value, node)]
            bound[spec.kwarg.id] = self.emit(ops.make_dict, items, node, spec.kwarg.id)
        for param in [*positional, *(p.id for p in spec.kwonlyargs)]:
            if param not in bound:
                if param not in function.defaults:
                    raise self._misfit(function, node, f"argument '{param}' is missing")
                bound[param] = function.defaults[param]
        return bound

    def _data(self, value: Value, node: Node) -> Atom:
        if not isinstance(value, Var | Const):
            raise self.escapes(node, "a local function")
        return value

    def _misfit(self, function: LocalFunction, node: Node, why: str) -> ArgumentError:
        return ArgumentError(
            f"the arguments of this call do not fit the local function '{function.name}'",
            where=self.loc(node),
            why=why,
            remedy="correct the call",
        )


def _own_nodes(body: list[Node]) -> list[Node]:
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

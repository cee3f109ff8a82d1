"""Comprehensions become loops, with a scope of their own for their targets.

``[f(x) for x in xs if x > 0]`` is lowered as if it had been written::

    result = []
    for x in xs:
        if x > 0:
            list.append(result, f(x))

A generator expression is a list where its items are read at once; `any`, `all` and `next` of one become a loop that
stops at the first item that decides. Under a name, or where a loop goes over it, it is a generator (see `streams`).
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
from types import FunctionType

import gast

from srcad.errors import SrcadError
from srcad.frontend import trees
from srcad.frontend.functions import Functions
from srcad.frontend.scope import Names, Scope, bound, holds_definitions, is_made, makes_functions
from srcad.frontend.source import find
from srcad.frontend.structure import structure
from srcad.frontend.trees import Node
from srcad.frontend.values import Home, LocalFunction, Pack, Stream, Value, holds_functions
from srcad.ir import ops
from srcad.ir.nodes import Atom, Call, Const, Star

#: Loops over so many functions, or making so many of them, are written out pass by pass.
UNROLLED = 32
ENDLESS = (itertools.count, itertools.cycle)


NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Comprehensions(Functions):
    """Lowering of comprehensions and generator expressions."""

    eager: Node = None
    """The expression whose items are read at once: ``map(...)`` there is a list."""

    passed: Node = None
    """The expression that is an argument of a call, which reads its items before anything else happens."""

    def comprehension(self, node: Node, name: str) -> Value:
        """The list, set or dict of a comprehension; a generator expression gives a list."""
        make, put, parts = _container(node)
        self.check_plain(node)
        first = self.iterated(node.generators[0].iter, node)
        last = self.out[-1] if self.out else None
        if isinstance(last, Call) and last.target == first and isinstance(last.fn, Const) and last.fn.value in ENDLESS:
            raise self.unsupported(
                node,
                "this generator never ends",
                "write a loop with a `break`",
                "srcad collects the items of a generator expression in a list",
            )
        scope = Scope(_targets(node.generators), self.scope, comprehension=True)
        outer, self.scope = self.scope, scope
        try:
            if isinstance(first, Pack) and len(node.generators) == 1 and not node.generators[0].ifs:
                return self.one_by_one(node, first, parts, name)
            source, result = self.fresh("iter"), self.fresh("result")
            made = self.emit(make, [], node, name)
            body = [trees.expression(trees.call(put, [trees.load(result, node), *parts], node), node)]
            self.bind(source, first)
            self.bind(result, made)
            self.stmts(_loops(node.generators, trees.load(source, node), body, node))
            return made
        finally:
            self.scope = outer
            if not holds_definitions(node):
                self.leave(scope)

    def iterated(self, node: Node, comprehension: Node) -> Value:
        """What a comprehension goes over first; known one by one where that makes or takes functions."""
        elt = getattr(comprehension, "elt", None) or getattr(comprehension, "value", None)
        if is_made(elt, self.functions) or self.calls_maker(elt):
            known = self.items_of(node)
            if known is not None:
                return Pack(tuple, known, [], self.out)
        return self.iterable_value(node)

    def calls_maker(self, elt: Node) -> bool:
        """Whether an expression is a call of a function that returns functions."""
        if not isinstance(elt, gast.Call) or not isinstance(elt.func, gast.Name):
            return False
        known = self.peek(elt.func.id)
        if isinstance(known, LocalFunction):
            return makes_functions(known.node) if isinstance(known.node, gast.FunctionDef | gast.Lambda) else False
        static = self.resolver.lookup(elt.func.id) if known is None else None
        return isinstance(static, FunctionType) and returns_functions(static)

    def items_of(self, node: Node) -> list[Value] | None:
        """The items of an expression that is iterated over, where they are written out; else None."""
        match node:
            case gast.Tuple(elts=elts) | gast.List(elts=elts) if len(elts) <= UNROLLED:
                plain = not any(isinstance(item, gast.Starred) for item in elts)
                return [self.value(item) for item in elts] if plain else None
            case gast.Call(func=gast.Name(id="range"), args=[*args], keywords=[]):
                numbers = [arg.value if isinstance(arg, gast.Constant) else None for arg in args]
                if self.peek("range") is None and self.resolver.lookup("range") is range:
                    whole = [n for n in numbers if type(n) is int]
                    if 0 < len(whole) == len(args) <= 3 and len(range(*whole)) <= UNROLLED:
                        return [Const(n) for n in range(*whole)]
                return None
            case gast.Name(id=name):
                pack = self.peek(name)
                return list(pack.items) if isinstance(pack, Pack) and pack.cls is not dict else None
            case _:
                return None

    def one_by_one(self, node: Node, items: Pack, parts: list[Node], name: str) -> Value:
        """A comprehension over items that are known one by one."""
        keys: list[Value] = []
        made: list[Value] = []
        for item in items.items if items.cls is not dict else map(Const, items.keys):
            self.assign(node.generators[0].target, item)
            found = [self.value(part) for part in parts]
            made.append(found[-1])
            keys += found[:-1]
        cls = dict if isinstance(node, gast.DictComp) else list
        plain = all(isinstance(key, Const) and isinstance(key.value, str | int) for key in keys)
        if any(map(holds_functions, made)) and not isinstance(node, gast.SetComp) and plain:
            return Pack(cls, made, [key.value for key in keys if isinstance(key, Const)], self.out)
        pairs = zip(keys, made, strict=True) if keys else zip(made)
        atoms: list[Atom | Star] = [self.data(part, node) for pair in pairs for part in pair]
        return self.emit(_container(node)[0], atoms, node, name)

    def check_plain(self, node: Node) -> None:
        """Refuses asynchronous comprehensions."""
        if any(generator.is_async for generator in node.generators):
            raise self.forbidden(node, "`async for` cannot be differentiated", "collect the items outside")

    def iterable(self, node: Node) -> Atom:
        """An expression that is iterated over at once: a generator expression is a list here."""
        value = self.iterable_value(node)
        return self.listed(value, node) if isinstance(value, Stream) else self.data(value, node)

    def iterable_value(self, node: Node) -> Value:
        """An expression that is iterated over at once, which may hold functions."""
        if isinstance(node, gast.GeneratorExp):
            return self.comprehension(node, "")
        eager, self.eager = self.eager, node
        try:
            return self.value(node)
        finally:
            self.eager = eager

    def argument(self, node: Node) -> Value:
        """An expression that is handed on at once: a generator expression there is an iterator over a list."""
        passed, self.passed = self.passed, node
        try:
            return self.value(node)
        finally:
            self.passed = passed

    def suspended(self, node: Node) -> Value:
        """A generator expression that is not read at once: a generator, whose values are computed when asked for."""
        self.check_plain(node)
        first = self.iterable_value(node.generators[0].iter)
        source = "iter@"
        item = trees.expression(trees.at(gast.Yield(node.elt), node), node)
        body = self.generator_body("<genexpr>", _loops(node.generators, trees.load(source, node), [item], node))
        args = gast.arguments([trees.load(source, node)], [], None, [], [], None, [])
        home = Home(self.source, self.resolver)
        scope = self.scope
        function = LocalFunction("<genexpr>", node, args, structure(body), scope, {}, home, generator=True)
        return self.inline(function, [first], [], node)

    def search(self, node: Node, fn: object, default: list[Node], name: str) -> Value:
        """``any``, ``all`` or ``next`` of a generator expression, which stops early.

        ``any(p(x) for x in xs)`` is a local function: ``for x in xs: if p(x): return True`` and then ``return False``.
        """
        self.check_plain(node)
        first = self.iterable_value(node.generators[0].iter)
        fallback = [self.value(item) for item in default]
        source, other = "iter@", "default@"
        elt = node.elt
        if fn is next:
            body = [trees.at(gast.Return(elt), node)]
            after = trees.at(gast.Return(trees.load(other, node)), node)
            if not default:
                after = trees.at(gast.Raise(trees.call(StopIteration, [], node), None), node)
        else:
            found = trees.at(gast.Return(trees.const(fn is any, node)), node)
            skip = trees.at(gast.Pass(), node)
            body = [trees.branch(elt, *(([found], [skip]) if fn is any else ([skip], [found])), node)]
            after = trees.at(gast.Return(trees.const(fn is all, node)), node)
        stmts = [*_loops(node.generators, trees.load(source, node), body, node), after]
        params = [trees.load(source, node), *([trees.load(other, node)] if default else [])]
        args = gast.arguments(params, [], None, [], [], None, [])
        home = Home(self.source, self.resolver)
        function = LocalFunction(self.scope.binder().function, node, args, structure(stmts), self.scope, {}, home)
        return self.inline(function, [first, *fallback], [], node, name)


@functools.cache
def returns_functions(fn: FunctionType) -> bool:
    """Whether a function of a module seems to return functions."""
    if fn.__code__.co_flags & NOT_PLAIN or (fn.__module__ or "").startswith(("numpy", "scipy", "srcad.")):
        return False
    try:
        return makes_functions(find(fn).tree)
    except SrcadError:
        return False


def _container(node: Node) -> tuple[object, object, list[Node]]:
    """What makes an empty container, what puts an item into it, and the parts of an item."""
    match node:
        case gast.SetComp(elt=elt):
            return ops.make_set, set.add, [elt]
        case gast.DictComp(key=key, value=value):
            return ops.make_dict, operator.setitem, [key, value]
        case _:
            return ops.make_list, list.append, [node.elt]


def _targets(generators: list[Node]) -> Names:
    names: Names = {}
    for generator in generators:
        bound(generator.target, names)
    return names


def _loops(generators: list[Node], source: Node, body: list[Node], like: Node) -> list[Node]:
    """The nested loops of a comprehension; the first iterates over what has been evaluated already."""
    for k, generator in reversed(list(enumerate(generators))):
        for test in reversed(generator.ifs):
            body = [trees.branch(test, body, [], like)]
        body = [trees.loop(generator.target, source if k == 0 else generator.iter, body, like)]
    return body

"""Comprehensions become loops, with a scope of their own for their targets.

``[f(x) for x in xs if x > 0]`` is lowered as if it had been written::

    result = []
    for x in xs:
        if x > 0:
            list.append(result, f(x))

A generator expression is consumed where it stands, as a list; `any`, `all` and `next` of one become a loop that stops
at the first item that decides.
"""

from __future__ import annotations

import itertools
import operator

import gast

from srcad.frontend import trees
from srcad.frontend.context import LocalFunction
from srcad.frontend.functions import Functions
from srcad.frontend.scope import Names, Scope, bound
from srcad.frontend.structure import structure
from srcad.frontend.trees import Node
from srcad.ir import ops
from srcad.ir.nodes import Atom, Call, Const

ENDLESS = (itertools.count, itertools.cycle)


class Comprehensions(Functions):
    """Lowering of comprehensions and generator expressions."""

    eager: Node = None
    """The expression whose items are read at once: ``map(...)`` there is a list."""

    def comprehension(self, node: Node, name: str) -> Atom:
        """The list, set or dict of a comprehension; a generator expression gives a list."""
        make, put, parts = _container(node)
        self.check_plain(node)
        first = self.iterable(node.generators[0].iter)
        last = self.out[-1] if self.out else None
        if isinstance(last, Call) and last.target == first and isinstance(last.fn, Const) and last.fn.value in ENDLESS:
            raise self.unsupported(
                node,
                "this generator never ends",
                "write a loop with a `break`",
                "srcad collects the items of a generator expression in a list",
            )
        source, result = self.fresh("iter"), self.fresh("result")
        made = self.emit(make, [], node, name)
        scope = Scope(_targets(node.generators), self.scope, comprehension=True)
        body = [trees.expression(trees.call(put, [trees.load(result, node), *parts], node), node)]
        outer, self.scope = self.scope, scope
        try:
            self.bind(source, first)
            self.bind(result, made)
            self.stmts(_loops(node.generators, trees.load(source, node), body, node))
        finally:
            self.scope = outer
            self.leave(scope)
        return made

    def check_plain(self, node: Node) -> None:
        """Refuses asynchronous comprehensions."""
        if any(generator.is_async for generator in node.generators):
            raise self.forbidden(node, "`async for` cannot be differentiated", "collect the items outside")

    def iterable(self, node: Node) -> Atom:
        """An expression that is iterated over at once: a generator expression is a list here."""
        if isinstance(node, gast.GeneratorExp):
            return self.comprehension(node, "")
        eager, self.eager = self.eager, node
        try:
            return self.expr(node)
        finally:
            self.eager = eager

    def search(self, node: Node, fn: object, default: list[Node], name: str) -> Atom:
        """``any``, ``all`` or ``next`` of a generator expression, which stops early.

        ``any(p(x) for x in xs)`` is a local function: ``for x in xs: if p(x): return True`` and then ``return False``.
        """
        self.check_plain(node)
        first = self.iterable(node.generators[0].iter)
        fallback = [self.expr(item) for item in default]
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
        function = LocalFunction(self.scope.binder().function, node, args, structure(stmts), self.scope, {})
        return self.inline(function, [first, *fallback], [], node, name)


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

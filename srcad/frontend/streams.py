"""Generators: the body of a generator runs where its values are consumed, and what consumes them stands at its yields.

Before::

    def numbers(n):
        for i in range(n):
            yield i * i

    for a in numbers(5):
        total += a * x

After, as if it had been written::

    for i in range(5):
        a = i * i
        total += a * x

So each value is computed when it is asked for, as Python does it. ``break`` in the consumer ends the generator. What
stores a generator for later is refused.
"""

from __future__ import annotations

import copy

import gast

from srcad.frontend import trees
from srcad.frontend.binding import Binding
from srcad.frontend.context import loop_names
from srcad.frontend.scope import Names
from srcad.frontend.structure import stop_flag
from srcad.frontend.trees import Node
from srcad.frontend.values import Consumer, LocalFunction, Stream, Value
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const

CLOSED = "@closed"
ITEM = "item@"


class Streams(Binding):
    """Iteration over generators."""

    consumers: tuple[Consumer, ...] = ()
    loops_around: int = 0
    """In how many loops, which the program runs, the code stands that is lowered."""

    def generator_body(self, name: str, body: list[Node]) -> list[Node]:
        """The body of a generator, ready to be structured: after each yield it ends if the consumer has stopped."""
        return _Yields(self, name).block(copy.deepcopy(body))

    def body_of(self, function: LocalFunction, bound: dict[str, Value], node: Node, name: str) -> Value:
        """Lowers the body of a local function with these arguments."""
        raise NotImplementedError

    def stream(self, function: LocalFunction, bound: dict[str, Value], node: Node) -> Stream:
        """The generator that a call gives."""
        if any(function.key is other.key for other in self.inlining):
            raise self.unsupported(
                node,
                f"the generator '{function.name}' calls itself",
                "write a recursive function that returns a list",
                "generators are written out where they are consumed",
            )
        return Stream(function, bound, self.loops_around)

    inlining: tuple[LocalFunction, ...] = ()
    given: tuple[dict[str, Value], ...] = ()
    """What the parameters of the functions in `inlining` are that are no values of the program."""

    def consume(self, stream: Stream, consumer: Consumer, node: Node) -> None:
        """Runs a generator, `consumer` at each of its yields."""
        if stream.used or stream.loops != self.loops_around:
            raise self.unsupported(
                node,
                "a generator is used more than once",
                "call the generator function again for each use, or make a list of its values",
                "what is left of it the second time is only known at run time",
            )
        if not consumer.stops and _never_ends(stream.function.node):
            raise self.unsupported(
                node,
                f"the generator '{stream.function.name}' may never end",
                "go over it with a `for` loop that has a `break`",
                "its values are computed here before anything else happens",
            )
        stream.used = True
        outer, self.consumers = self.consumers, (*self.consumers, consumer)
        try:
            self.body_of(stream.function, stream.bound, node, "")
        finally:
            self.consumers = outer

    def listed(self, stream: Stream, node: Node, name: str = "") -> Atom:
        """All values of a generator, in a list."""
        made = self.emit(ops.make_list, [], node, name)

        def put(value: Value) -> None:
            self.emit(list.append, [made, self.data(value, node)], node)

        self.consume(stream, Consumer(put, {}, self.here()), node)
        return made

    def stream_loop(self, node: Node, stream: Stream) -> None:
        """``for target in generator(...): body``."""
        flag = stop_flag(node.body)
        if flag is not None:
            self.bind(flag, Const(False))
        keys = loop_names(self._bound_by(node), self.scope)
        if _yields(node) and self.consumers:
            keys.update(self.carried_for_consumers(node))

        def run(value: Value) -> Atom | None:
            self.assign(node.target, value)
            self.stmts(node.body)
            return None if flag is None else self.data(self.env[str(self.scope.key(flag))], node)

        self.consume(stream, Consumer(run, keys, self.here(), flag is not None), node)

    def _bound_by(self, node: Node) -> Names:
        return self.bindings.statement(node)

    def here(self) -> tuple[object, ...]:
        """Where the consumer stands: what names mean there."""
        state = (self.inlining, self.given, self.consumers)
        return (self.scope, self.source, self.resolver, self.place, self.pinned, *state)

    def go(self, there: tuple[object, ...]) -> None:
        """Lower as if at a place that `here` gave."""
        scope, source, resolver, place, pinned, *state = there
        self.scope, self.source, self.resolver = scope, source, resolver  # type: ignore[assignment]
        self.place, self.pinned = place, pinned  # type: ignore[assignment]
        self.inlining, self.given, self.consumers = state  # type: ignore[assignment]

    def yielded(self, node: Node) -> None:
        """``yield value``: the consumer runs here."""
        consumer = self.consumers[-1]
        value = Const(None) if node.value is None else self.value(node.value)
        back = self.here()
        self.go(consumer.place)
        try:
            stop = consumer.run(value)
        finally:
            self.go(back)
        if stop is not None:
            self.env[str(self.scope.key(CLOSED))] = stop

    def carried_for_consumers(self, node: Node) -> dict[str, str]:
        """The names that a loop of a generator carries because its consumer binds them."""
        if not self.consumers or not _yields(node):
            return {}
        keys = dict(self.consumers[-1].keys)
        if self.consumers[-1].stops:
            keys[str(self.scope.key(CLOSED))] = CLOSED
        return keys


def _yields(node: Node) -> bool:
    return any(isinstance(inner, gast.Yield) for inner in gast.walk(node))


def _never_ends(node: Node) -> bool:
    """Whether a generator has a loop that only its consumer ends, as far as its text tells."""
    for inner in gast.walk(node):
        if isinstance(inner, gast.While) and isinstance(inner.test, gast.Constant) and inner.test.value:
            return True
        called = inner.func if isinstance(inner, gast.Call) else None
        if getattr(called, "attr", getattr(called, "id", None)) in ("count", "cycle", "repeat", "iter"):
            return True
    return False


class _Yields:
    """Rewrites the yields of a generator."""

    def __init__(self, context: Streams, name: str) -> None:
        self.context, self.name = context, name

    def block(self, stmts: list[Node]) -> list[Node]:
        return [new for stmt in stmts for new in self.statement(stmt)]

    def statement(self, stmt: Node) -> list[Node]:
        match stmt:
            case gast.Expr(value=gast.Yield()):
                return [stmt, self.end(stmt)]
            case gast.Expr(value=gast.YieldFrom(value=value)):
                item = trees.at(gast.Yield(trees.load(ITEM, stmt)), stmt)
                body = [trees.expression(item, stmt), self.end(stmt)]
                return [trees.loop(trees.store(ITEM, stmt), value, body, stmt)]
            case gast.FunctionDef():
                return [stmt]
            case gast.If() | gast.For() | gast.While() | gast.With():
                for header in ("test", "iter", "items"):
                    self.check(getattr(stmt, header, None), stmt)
                for part in ("body", "orelse"):
                    if getattr(stmt, part, None):
                        setattr(stmt, part, self.block(getattr(stmt, part)))
                return [stmt]
            case _:
                self.check(stmt, stmt)
                return [stmt]

    def end(self, stmt: Node) -> Node:
        """``if the consumer has stopped: return``."""
        return trees.branch(trees.load(CLOSED, stmt), [trees.at(gast.Return(None), stmt)], [], stmt)

    def check(self, part: object, stmt: Node) -> None:
        for node in part if isinstance(part, list) else [part]:
            if isinstance(node, gast.AST) and any(isinstance(n, gast.Yield | gast.YieldFrom) for n in gast.walk(node)):
                raise self.context.unsupported(
                    stmt,
                    f"the generator '{self.name}' yields inside of an expression or a `{type(stmt).__name__}`",
                    "make the `yield` a statement of its own",
                )

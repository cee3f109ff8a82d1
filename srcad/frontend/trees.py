"""Small builders of gast nodes for the desugarings.

Every node made here takes its position from a node of the user's, so that locations stay right. Names that the
compiler makes up start with ``@``, which no Python name does. A `gast.Constant` may hold any object: a static
function in a desugared call is such a constant.
"""

from __future__ import annotations

from typing import Any

import gast

Node = Any
"""A gast node; gast has no type annotations."""

POSITION = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def at(node: Node, like: Node) -> Node:
    """`node` with the position of `like`."""
    for field in POSITION:
        setattr(node, field, getattr(like, field, None))
    return node


def load(name: str, like: Node) -> Node:
    """A read of a name."""
    return at(gast.Name(name, gast.Load(), None, None), like)


def store(name: str, like: Node) -> Node:
    """A name as a target."""
    return at(gast.Name(name, gast.Store(), None, None), like)


def const(value: object, like: Node) -> Node:
    """A literal, or a static object."""
    return at(gast.Constant(value, None), like)


def assign(name: str, value: Node, like: Node) -> Node:
    """``name = value``."""
    return at(gast.Assign([store(name, like)], value, None), like)


def call(fn: object, args: list[Node], like: Node) -> Node:
    """``fn(*args)`` of a static callable."""
    return at(gast.Call(const(fn, like), args, []), like)


def branch(test: Node, body: list[Node], orelse: list[Node], like: Node) -> Node:
    """``if test: body else: orelse``."""
    return at(gast.If(test, body, orelse), like)


def loop(target: Node, over: Node, body: list[Node], like: Node) -> Node:
    """``for target in over: body``."""
    return at(gast.For(target, over, body, [], None), like)


def expression(value: Node, like: Node) -> Node:
    """An expression statement."""
    return at(gast.Expr(value), like)

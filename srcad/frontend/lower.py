"""Lowers a Python function to structured SSA: the first stage.

Input: a plain Python function. Output: an `ir.nodes.Function` whose variables all have kind unknown, with the guards of
the names that were resolved. Every operation is one call; control flow is in regions; names are bound to values without
copies. Nothing is evaluated, except that names of functions, classes and modules are looked up.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import gast

from srcad.errors import NonDifferentiable, UnsupportedSyntax
from srcad.frontend.functions import own_nodes
from srcad.frontend.lifted import form_of
from srcad.frontend.loops import Loops
from srcad.frontend.prune import prune
from srcad.frontend.resolve import Resolver
from srcad.frontend.scope import Bindings, Names, Scope, declared
from srcad.frontend.source import find
from srcad.frontend.structure import VALUE, structure
from srcad.frontend.trees import Node, at
from srcad.ir.nodes import Block, Const, Function, Loc, Var

_GENERATOR, _ASYNC = 0x20, 0x80 | 0x200


def lower(fn: Any, *, template: bool = False) -> Function:
    """The SSA form of a Python function.

    Args:
        fn: a plain function, lambda or nested function; decorators in its source are ignored.
        template: for the body of a derivative template: data of its module is constant.

    Returns:
        The function, with parameters in the order of the signature (``*args`` a tuple, ``**kwargs`` a dict).

    Raises:
        SourceUnavailable: the source cannot be found or is not what runs.
        UnsupportedSyntax: a construct that is not supported yet.
        NonDifferentiable: a construct that never can be.
    """
    lifted = form_of(fn)
    if lifted is not None:
        return lifted
    source = find(fn)
    lowering = _Lowering(source, Resolver(fn), Bindings(), template=template)
    try:
        return lowering.run(fn)
    except RecursionError:
        raise UnsupportedSyntax(
            f"'{fn.__name__}' is nested too deeply",
            where=lowering.definition(source.tree),
            why="each early return or `continue` nests what follows it one level deeper",
            remedy="split the function into smaller ones",
        ) from None


class _Lowering(Loops):
    """The lowering of one function."""

    def run(self, fn: FunctionType) -> Function:
        tree, name = self.source.tree, fn.__code__.co_name
        body = [at(gast.Return(tree.body), tree.body)] if isinstance(tree, gast.Lambda) else tree.body
        self.survey(tree)
        self.number(body if isinstance(tree, gast.Lambda) else [])
        self.scope = Scope({}, function=name, node=tree)
        loc = self.definition(tree)
        self._check_plain(fn, tree)
        structured = structure(body)
        params = _parameters(tree.args)
        names: Names = dict.fromkeys(params)
        names.update(self.bindings.of(body))
        nonlocals = declared(body, gast.Nonlocal)
        self.scope = Scope(names, None, declared(body, gast.Global), nonlocals, name, node=tree)
        self.start(self.scope)
        variables = [Var(param) for param in params]
        for param, variable in zip(params, variables, strict=True):
            self.bind(param, variable)
        self.stmts(structured)
        value = self.env.get(f"{VALUE}{self.scope.suffix}", Const(None))
        result = self.data(value, self.returned(tree))
        block = prune(Block(tuple(variables), tuple(self.out), (result,)), self.flags)
        return Function(name, block, loc, fn, tuple(self.resolver.guards.values()))

    def returned(self, tree: Node) -> Node:
        """The first expression that the function returns."""
        if isinstance(tree, gast.Lambda):
            return tree.body
        found = (n.value for n in own_nodes(tree.body) if isinstance(n, gast.Return) and n.value is not None)
        return min(found, key=lambda n: (n.lineno, n.col_offset), default=tree.body[-1])

    def definition(self, tree: Node) -> Loc:
        """The location of the function itself: its first line."""
        source = self.source
        line = source.line(tree.lineno)
        start = source.column(tree.lineno, tree.col_offset)
        stop = source.column(tree.lineno, tree.end_col_offset) if tree.end_lineno == tree.lineno else len(line)
        return Loc(source.file, tree.lineno, start, stop, line.strip(), self.scope.function)

    def _check_plain(self, fn: FunctionType, tree: Node) -> None:
        """Refuses generators and coroutines."""
        flags, where = fn.__code__.co_flags, self.definition(tree)
        if flags & _ASYNC:
            raise NonDifferentiable(
                f"'{fn.__name__}' is asynchronous",
                where=where,
                why="its result is not there when it returns",
                remedy="differentiate a plain function, and await outside of it",
            )
        if flags & _GENERATOR:
            found = next(n for n in gast.walk(tree) if isinstance(n, gast.Yield | gast.YieldFrom))
            raise NonDifferentiable(
                f"'{fn.__name__}' is a generator function",
                where=self.loc(found),
                why="`yield` suspends it before its result is known",
                remedy="collect the values in a list and return the list",
            )


def _parameters(args: Node) -> list[str]:
    """The parameters' names in the order of the signature."""
    names = [*args.posonlyargs, *args.args, *([args.vararg] if args.vararg else []), *args.kwonlyargs]
    return [str(node.id) for node in [*names, *([args.kwarg] if args.kwarg else [])]]

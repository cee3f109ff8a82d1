"""Values where the program needs one, and the arguments of a local function: which parameter gets which."""

from __future__ import annotations

import functools
from operator import getitem
from types import FunctionType
from typing import Any

from srcad.errors import ArgumentError, UnsupportedSyntax
from srcad.frontend.context import Context
from srcad.frontend.getters import MAKERS
from srcad.frontend.scope import only_looked_into
from srcad.frontend.trees import Node
from srcad.frontend.values import Choice, LocalFunction, Pack, Partial, Stream, Value, holds_functions, is_atom
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const, Star, Var

Args = list[Value | Star]
Kwargs = list[tuple[str | None, Value]]
_DISPLAYS: dict[type, Any] = {tuple: ops.make_tuple, list: ops.make_list, dict: ops.make_dict}


class Binding(Context):
    """Making values of the program of what is known, and binding arguments."""

    def data(self, value: Value, node: Node, name: str = "") -> Atom:
        """A value as one of the program: a container of functions of modules is made, a choice becomes a branch."""
        match value:
            case Var() | Const():
                return value
            case Pack(cls=cls, items=items, keys=keys):
                made: list[Atom | Star] = [self.data(item, node) for item in items]
                if cls is dict:
                    made = [part for key, item in zip(keys, made, strict=True) for part in (Const(key), item)]
                make = _DISPLAYS[cls]
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
            case Stream(function=function):
                raise self.unsupported(
                    node,
                    f"the generator '{function.name}' is used as a value",
                    "go over it with `for`, or make a list of its values: list(...)",
                    "its values are computed one by one, when something asks for them",
                )
            case Partial(fn=fn, args=args, kwargs=kwargs):
                named = tuple((key, self.data(item, node)) for key, item in kwargs)
                maker = MAKERS.get(fn.value) if isinstance(fn, Const) and isinstance(fn.value, FunctionType) else None
                given = args if maker is not None else (fn, *args)
                operands = [self.data(item, node) for item in given]
                return self.emit(maker or functools.partial, [*operands], node, name, named)
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

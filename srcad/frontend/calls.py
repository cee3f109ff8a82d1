"""Lowers calls and attributes.

A call of a static function is a `Call` of that constant; of a method, ``ops.call_method``; of a local function, its
body. Built-ins that call their argument (`sorted(key=...)`, `reduce`, ...) are written out with `HIGHER_ORDER` where
the argument is a local function, `map` and `filter` always, so that what they call is visible.
"""

from __future__ import annotations

import functools
import inspect
import operator
from types import FunctionType, ModuleType
from typing import Any

import gast

from srcad.frontend.comprehensions import Comprehensions
from srcad.frontend.context import LocalFunction, Value
from srcad.frontend.resolve import MISSING, Resolver, is_static
from srcad.frontend.scope import Bindings, Scope
from srcad.frontend.source import Source, find
from srcad.frontend.structure import structure
from srcad.frontend.trees import Node
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const, Star

CONSUMERS = (list, tuple, set, frozenset, dict, sum, min, max, sorted, enumerate, zip, reversed, bytes)
"""Built-ins that take a generator expression as they take a list."""

HIGHER_ORDER = """
def map(function, items):
    return [function(item) for item in items]

def map2(function, items, others):
    return [function(item, other) for item, other in zip(items, others)]

def filter(function, items):
    return [item for item in items if function(item)]

def sorted(items, key, reverse):
    items = list(items)
    keys = [key(item) for item in items]
    return [items[k] for k in sort(range(len(keys)), key=keys.__getitem__, reverse=reverse)]

def min(items, key):
    items = list(items)
    keys = [key(item) for item in items]
    return items[least(range(len(keys)), key=keys.__getitem__)]

def max(items, key):
    items = list(items)
    keys = [key(item) for item in items]
    return items[greatest(range(len(keys)), key=keys.__getitem__)]

def reduce1(function, items):
    items = list(items)
    if not items:
        raise TypeError("reduce() of empty iterable with no initial value")
    first = items[0]
    for item in items[1:]:
        first = function(first, item)
    return first

def reduce(function, items, first):
    for item in items:
        first = function(first, item)
    return first
"""
_HELPERS: dict[str, Any] = {
    "zip": zip,
    "list": list,
    "range": range,
    "len": len,
    "sort": sorted,
    "least": min,
    "greatest": max,
    "TypeError": TypeError,
}


@functools.cache
def _higher_order() -> dict[str, tuple[Node, list[Node]]]:
    """Parameters and structured bodies of `HIGHER_ORDER`."""
    return {node.name: (node.args, structure(node.body)) for node in gast.parse(HIGHER_ORDER).body}


NOT_PLAIN = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Calls(Comprehensions):
    """Lowering of calls and attributes."""

    def __init__(self, source: Source, resolver: Resolver, bindings: Bindings, *, template: bool) -> None:
        super().__init__(source, resolver, bindings, template=template)
        self.module_functions: dict[FunctionType, LocalFunction] = {}

    def attribute(self, node: Node, base: Atom, name: str) -> Atom:
        """``base.attr``: a static object where `base` is a module or class, else a read."""
        found = self.static_attribute(base, node.attr)
        return self.emit(getattr, [base, Const(node.attr)], node, name) if found is None else found

    def static_attribute(self, base: Atom, attr: str) -> Const | None:
        """The static object ``base.attr``, if it is one."""
        if not isinstance(base, Const) or not isinstance(base.value, ModuleType | type):
            return None
        value = self.resolver.attribute(base.value, attr)
        return None if value is MISSING else Const(value, f"{base.expr}.{attr}" if base.expr else None)

    def call(self, node: Node, name: str) -> Atom:
        """A call."""
        func = node.func
        match func:
            case gast.Constant(value=value):
                return self.apply(Const(value), node, name)
            case gast.Lambda():
                return self.inline(self.local_function(func), *self.values(node), node, name)
            case gast.Name(id=called) if isinstance(self.peek(called), LocalFunction):
                function = self.peek(called)
                assert isinstance(function, LocalFunction)
                return self.inline(function, *self.values(node), node, name)
            case gast.Attribute(value=gast.Name() as receiver, attr="sort") if self.sorts_by_local(node):
                return self.sort_by(receiver, node)
            case gast.Attribute(value=receiver, attr=attr):
                base = self.expr(receiver)
                static = self.static_attribute(base, attr)
                if static is not None:
                    return self.apply(static, node, name)
                if isinstance(base, Const) and isinstance(base.value, ModuleType):
                    return self.apply(self.emit(getattr, [base, Const(attr)], func), node, name)
                args, kwargs = self.arguments(node, None)
                return self.emit(ops.call_method, [base, Const(attr), *args], node, name, kwargs)
            case _:
                return self.apply(self.expr(func), node, name)

    def sorts_by_local(self, node: Node) -> bool:
        """Whether ``xs.sort(key=...)`` is given a lambda or a local function: only lists have a `sort` like that."""
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        return not node.args and set(keywords) <= {"key", "reverse"} and self.is_local(keywords.get("key"))

    def sort_by(self, receiver: Node, node: Node) -> Atom:
        """``xs.sort(key=f)`` as ``xs[:] = sorted(xs, key=f)``."""
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        reverse = keywords.get("reverse", gast.Constant(False, None))
        items = self.written_out("sorted", [receiver, keywords["key"], reverse], node, "")
        everything = self.emit(slice, [Const(None), Const(None), Const(None)], node)
        self.emit(operator.setitem, [self.expr(receiver), everything, items], node)
        return Const(None)

    def apply(self, fn: Atom, node: Node, name: str) -> Atom:
        """A call of something that is not a local function."""
        if isinstance(fn, Const):
            self.check_allowed(fn.value, node)
            special = self.special(fn.value, node, name)
            if special is not None:
                return special
            if isinstance(fn.value, FunctionType) and self.passes_local(node):
                return self.inline(self.module_function(fn, node), *self.values(node), node, name)
        args, kwargs = self.arguments(node, fn.value if isinstance(fn, Const) else None)
        return self.emit(fn, args, node, name, kwargs)

    def arguments(self, node: Node, fn: object) -> tuple[list[Atom | Star], tuple[tuple[str | None, Atom], ...]]:
        """The evaluated arguments of a call of `fn`."""
        args: list[Atom | Star] = []
        for arg in node.args:
            if isinstance(arg, gast.Starred):
                args.append(Star(self.iterable(arg.value)))
            elif is_static(fn) and fn in CONSUMERS:
                args.append(self.iterable(arg))
            else:
                args.append(self.expr(arg))
        return args, tuple((keyword.arg, self.expr(keyword.value)) for keyword in node.keywords)

    def values(self, node: Node) -> tuple[list[Value | Star], list[tuple[str | None, Value]]]:
        """The arguments of a call of a local function, which may be local functions themselves."""
        args: list[Value | Star] = [
            Star(self.iterable(arg.value)) if isinstance(arg, gast.Starred) else self.value(arg) for arg in node.args
        ]
        return args, [(keyword.arg, self.value(keyword.value)) for keyword in node.keywords]

    def check_allowed(self, fn: object, node: Node) -> None:
        """Refuses built-ins that look at the running frame or run text."""
        if fn in (eval, exec, compile) if is_static(fn) else False:
            raise self.forbidden(
                node,
                f"'{getattr(fn, '__name__', fn)}' cannot be differentiated",
                "write the code out, or compute the value outside and pass it in",
                "the text that it runs is known only when the function runs",
            )
        if inspect.isfunction(fn) and fn.__module__ == "srcad.api":
            raise self.unsupported(
                node,
                f"'{fn.__name__}' inside a function that is differentiated is not supported yet",
                "make the derivative outside and differentiate it as a whole: srcad.grad(srcad.grad(f))",
                "what is differentiated there is known only when the function runs",
            )
        if fn is super and not node.args:
            raise self.unsupported(node, "`super()` is not supported yet", "name the class: `Base.method(self, ...)`")
        if fn is locals or (fn in (vars, dir) and not node.args if is_static(fn) else False):
            raise self.unsupported(
                node, f"'{getattr(fn, '__name__', fn)}()' is not supported", "name the variables that are meant"
            )

    # -- functions that are given a local function ------------------------------------------------------

    def passes_local(self, node: Node) -> bool:
        """Whether a call hands a local function on."""
        return any(map(self.is_local, [*node.args, *(keyword.value for keyword in node.keywords)]))

    def module_function(self, fn: Const, node: Node) -> LocalFunction:
        """A function of the primal's module, made local: its calls are inlined, so that it can take local functions."""
        value = fn.value
        known = self.module_functions.get(value)
        if known is not None:
            self._set_defaults(known, fn, node)
            return known
        same_file = value.__code__.co_filename == self.source.file
        if not same_file or value.__globals__ is not self.resolver.fn.__globals__ or value.__closure__:
            raise self.escapes(node, f"a local function passed to '{value.__name__}'")
        tree = find(value).tree
        if isinstance(tree, gast.Lambda) or value.__code__.co_flags & NOT_PLAIN:
            raise self.escapes(node, f"a local function passed to '{value.__name__}'")
        self.survey(tree)
        scope = Scope({}, None, function=value.__name__, elsewhere=True)
        function = LocalFunction(value.__name__, tree, tree.args, structure(tree.body), scope, {})
        self._set_defaults(function, fn, node)
        self.module_functions[value] = function
        return function

    def _set_defaults(self, function: LocalFunction, fn: Const, node: Node) -> None:
        """The defaults of the parameters, as values that this call can see."""
        args, defaults = function.args, fn.value.__defaults__ or ()
        positional = [*args.posonlyargs, *args.args]
        for k, param in enumerate(positional[len(positional) - len(defaults) :]):
            function.defaults[param.id] = self._default(fn, "__defaults__", k, defaults[k], node)
        for key, default in (fn.value.__kwdefaults__ or {}).items():
            function.defaults[key] = self._default(fn, "__kwdefaults__", key, default, node)

    def _default(self, fn: Const, where: str, key: object, value: object, node: Node) -> Atom:
        """The default of a parameter: a constant, or read from the function."""
        if value is None or isinstance(value, bool | int | float | complex | str) or is_static(value):
            return Const(value, getattr(value, "__name__", None))
        return self.emit(operator.getitem, [self.emit(getattr, [fn, Const(where)], node), Const(key)], node)

    # -- built-ins that call their argument ------------------------------------------------------------

    def special(self, fn: object, node: Node, name: str) -> Atom | None:
        """A call of a built-in that is written out, or None."""
        args = node.args
        if not is_static(fn) or any(isinstance(arg, gast.Starred) for arg in args):
            return None
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if fn in (any, all, next) and args and isinstance(args[0], gast.GeneratorExp) and not keywords:
            return self.search(args[0], fn, args[1:], name)
        if fn in (map, filter) and 2 <= len(args) <= (3 if fn is map else 2) and not _is_none(args[0]):
            written = "map2" if len(args) == 3 else getattr(fn, "__name__", "")
            eager = self.eager is node
            items = self.written_out(written, args, node, name if eager else "")
            return items if eager else self.emit(iter, [items], node, name)
        if fn in (sorted, min, max) and len(args) == 1 and self.is_local(keywords.get("key")):
            reverse = keywords.pop("reverse", None) if fn is sorted else None
            if set(keywords) == {"key"}:
                extra = [gast.Constant(False, None) if reverse is None else reverse] if fn is sorted else []
                return self.written_out(getattr(fn, "__name__", ""), [args[0], keywords["key"], *extra], node, name)
        if fn is functools.reduce and len(args) in (2, 3) and self.is_local(args[0]):
            return self.written_out("reduce" if len(args) == 3 else "reduce1", args, node, name)
        return None

    def is_local(self, node: Node | None) -> bool:
        """Whether an argument is a lambda or the name of a local function."""
        if isinstance(node, gast.Name):
            return isinstance(self.peek(node.id), LocalFunction)
        return isinstance(node, gast.Lambda)

    def written_out(self, which: str, args: list[Node], node: Node, name: str) -> Atom:
        """Inlines one of `HIGHER_ORDER`, all of its code at the place of the call."""
        values: list[Value | Star] = [
            self.value(arg) if self.is_local(arg) or k > 1 and which == "reduce" else self.iterable(arg)
            for k, arg in enumerate(args)
        ]
        params, body = _higher_order()[which]
        scope = Scope(dict.fromkeys(_HELPERS), None, function=self.scope.binder().function)
        for helper, value in _HELPERS.items():
            self.env[helper + scope.suffix] = Const(value, value.__name__)
        function = LocalFunction(which, node, params, body, scope, {}, helper=True)
        try:
            return self.inline(function, values, [], node, name)
        finally:
            self.leave(scope)


def _is_none(node: Node) -> bool:
    return isinstance(node, gast.Constant) and node.value is None

"""Lowers calls and attributes.

A call of a static function is a `Call` of that constant; of a method, ``ops.call_method``; of a local function, its
body. Built-ins that call their argument (`map`, `sorted(key=...)`, `reduce`, ...) are written out, see
`srcad.frontend.higher_order`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
from types import FunctionType, ModuleType

import gast

from srcad.frontend.binding import Args, Kwargs
from srcad.frontend.known import KnownCalls
from srcad.frontend.resolve import MISSING, is_static
from srcad.frontend.trees import Node
from srcad.frontend.values import Pack, Stream, Value
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const, Star

CONSUMERS = (list, tuple, set, frozenset, dict, sum, min, max, sorted, enumerate, zip, reversed, bytes)
"""Built-ins that take a generator expression as they take a list."""
_AT_ONCE = (list, tuple, set, frozenset, dict, sum, min, max, sorted, functools.reduce)
"""Those that read all items before anything else happens."""
_STORING = ("append", "appendleft", "insert", "add", "setdefault", "setitem", "put")
"""What keeps its argument for later; others are taken to read the items of a generator before anything else happens."""

_STEPPING = (map, filter, functools.reduce, itertools.starmap, itertools.filterfalse)


class Calls(KnownCalls):
    """Lowering of calls and attributes."""

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

    def called(self, node: Node, name: str = "") -> Value:
        """A call, which may give a function."""
        func = node.func
        match func:
            case gast.Constant(value=value):
                return self.apply(Const(value), node, name)
            case gast.Attribute(value=receiver, attr=attr):
                owner = self.value(receiver)
                if isinstance(owner, Pack):
                    args, kwargs = self.values(node, None)
                    found = self.pack_method(owner, attr, args, kwargs, node)
                    if found is not None:
                        return found
                    made = [arg if isinstance(arg, Star) else self.data(arg, node) for arg in args]
                    named = tuple((key, self.data(value, node)) for key, value in kwargs)
                    return self.emit(ops.call_method, [self.data(owner, node), Const(attr), *made], node, name, named)
                return self.method(self.data(owner, receiver), attr, node, name)
            case _:
                self.check_own_derivative(func, node)
                return self.apply(self.value(func), node, name)

    def method(self, base: Atom, attr: str, node: Node, name: str) -> Value:
        """``base.attr(...)``."""
        static = self.static_attribute(base, attr)
        if static is not None:
            return self.apply(static, node, name)
        if isinstance(base, Const) and isinstance(base.value, ModuleType):
            return self.apply(self.emit(getattr, [base, Const(attr)], node.func), node, name)
        args, kwargs = self.values(node, None)
        options = {str(key): value for key, value in kwargs}
        if attr == "sort" and not args and self.sorts_by_known(options):
            return self.sort_by(base, options, node)
        made = [arg if isinstance(arg, Star) else self.data(arg, node) for arg in args]
        named = tuple((key, self.data(value, node)) for key, value in kwargs)
        return self.emit(ops.call_method, [base, Const(attr), *made], node, name, named)

    def sorts_by_known(self, options: dict[str, Value]) -> bool:
        """Whether ``xs.sort(key=...)`` is given a function with source: only lists have a `sort` like that."""
        key = options.get("key", Const(None))
        opaque = isinstance(key, Const) and not isinstance(key.value, FunctionType)
        return set(options) <= {"key", "reverse"} and not opaque and self.is_known_call(key)

    def sort_by(self, base: Atom, options: dict[str, Value], node: Node) -> Atom:
        """``xs.sort(key=f)`` as ``xs[:] = sorted(xs, key=f)``."""
        values = [base, options["key"], options.get("reverse", Const(False))]
        items = self.data(self.written_out("sorted", values, node, ""), node)
        everything = self.emit(slice, [Const(None), Const(None), Const(None)], node)
        self.emit(operator.setitem, [base, everything, items], node)
        return Const(None)

    def apply(self, fn: Value, node: Node, name: str) -> Value:
        """A call of what was evaluated."""
        static = fn.value if isinstance(fn, Const) else None
        if isinstance(fn, Const):
            self.check_allowed(fn.value, node)
            args = node.args
            steps = is_static(static) and static in (any, all, next) and not node.keywords
            if steps and args and isinstance(args[0], gast.GeneratorExp):
                return self.search(args[0], static, args[1:], name)
        args, kwargs = self.values(node, static)
        return self.call_value(fn, args, kwargs, node, name)

    def values(self, node: Node, fn: object) -> tuple[Args, Kwargs]:
        """The evaluated arguments of a call of `fn`; what is starred and known is spread."""
        eager = is_static(fn) and (fn in CONSUMERS or fn in _STEPPING)
        args: Args = []
        at_once = eager and fn in _AT_ONCE
        stores = getattr(fn, "__name__", getattr(node.func, "attr", "")) in _STORING
        hand_on = self.value if stores else self.argument
        for arg in node.args:
            if isinstance(arg, gast.Starred) and _is_literal(arg.value):
                args += [self.value(item) for item in arg.value.elts]
            elif isinstance(arg, gast.Starred):
                spread = self.iterable_value(arg.value)
                spread = self.listed(spread, arg) if isinstance(spread, Stream) else spread
                known = isinstance(spread, Pack) and spread.cls is not dict
                args += spread.items if known else [Star(self.data(spread, arg))]  # type: ignore[union-attr]
            elif fn in (zip, enumerate, reversed) and eager and _is_literal(arg):
                args.append(Pack(tuple, [self.value(item) for item in arg.elts], [], self.out))
            else:
                value = self.iterable_value(arg) if eager else hand_on(arg)
                args.append(self.listed(value, arg) if at_once and isinstance(value, Stream) else value)
        kwargs: Kwargs = []
        for keyword in node.keywords:
            literal = keyword.value if keyword.arg is None and isinstance(keyword.value, gast.Dict) else None
            names = [getattr(key, "value", None) for key in literal.keys] if literal is not None else []
            if literal is not None and _are_names(names):
                kwargs += [(str(key), self.value(part)) for key, part in zip(names, literal.values, strict=True)]
                continue
            value = hand_on(keyword.value)
            if keyword.arg is None and isinstance(value, Pack) and value.cls is dict and _are_names(value.keys):
                kwargs += zip(map(str, value.keys), value.items, strict=True)
            else:
                kwargs.append((keyword.arg, value))
        return args, kwargs

    def check_own_derivative(self, func: Node, node: Node) -> None:
        """Refuses a function that calls itself by a name that means its derivative (``@grad`` above a recursion)."""
        if not isinstance(func, gast.Name) or self.scope.key(func.id) not in (None, "global"):
            return
        found = self.resolver.lookup(func.id)
        primal = getattr(found, "primal", None) if hasattr(type(found), "source_for") else None
        if primal is not None and getattr(primal, "__code__", None) is self.home.resolver.fn.__code__:
            name = func.id
            raise self.unsupported(
                node,
                f"'{name}' is the derivative here, not the function that is differentiated",
                f"define '{name}' without the decorator, and name its derivative otherwise: d{name} = grad({name})",
                "a decorator gives the name to the derivative, so that the function cannot call itself by it",
            )

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


def _is_literal(node: Node) -> bool:
    """Whether a node is a tuple or list display without stars."""
    return isinstance(node, gast.Tuple | gast.List) and not any(isinstance(i, gast.Starred) for i in node.elts)


def _are_names(keys: list[object]) -> bool:
    return all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)

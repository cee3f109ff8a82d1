"""Calls and look-ups of what is known while compiling: functions, partial applications, containers of functions.

f = functools.partial(np.power, x)      f(2.0)        ->    np.power(x, 2.0)
fs = [np.sin, lambda t: t * x]          fs[1](y)      ->    y * x
g = np.sin if x > 0 else np.cos         g(y)          ->    np.sin(y) if x > 0 else np.cos(y)
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from types import FunctionType
from typing import Any

import gast

from srcad.errors import SrcadError
from srcad.frontend import trees
from srcad.frontend.binding import Args, Kwargs
from srcad.frontend.comprehensions import NOT_PLAIN, returns_functions
from srcad.frontend.getters import GETTERS, item_of, method_of
from srcad.frontend.higher_order import HELPERS, LAZY, higher_order, written_form
from srcad.frontend.packs import Packs
from srcad.frontend.resolve import Hook, Resolver, is_opened, is_static
from srcad.frontend.scope import Bindings, Scope
from srcad.frontend.source import Source, find
from srcad.frontend.structure import structure
from srcad.frontend.trees import Node
from srcad.frontend.values import (
    Choice,
    Home,
    LocalFunction,
    Pack,
    Partial,
    Value,
    holds_functions,
    holds_local,
    is_function,
)
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const, Star, Var


def _decorated(function: Any) -> Any:
    """What ``functools.wraps(f)`` does to a function, as far as calls of it go."""
    return function


class KnownCalls(Packs):
    """Calls of values that are known while compiling."""

    def __init__(self, source: Source, resolver: Resolver, bindings: Bindings, *, template: bool) -> None:
        super().__init__(source, resolver, bindings, template=template)
        self.module_functions: dict[FunctionType, LocalFunction | None] = {}

    def call_value(self, fn: Value, args: Args, kwargs: Kwargs, node: Node, name: str = "") -> Value:
        """A call of any value."""
        match fn:
            case LocalFunction():
                return self.inline(fn, args, kwargs, node, name)
            case Partial(fn=inner, args=first, kwargs=given):
                named = [(k, v) for k, v in given if k not in {key for key, _ in kwargs}]
                return self.call_value(inner, [*first, *args], [*named, *kwargs], node, name)
            case Choice(cond=cond, then=then, orelse=orelse):
                if cond in self.assumed:
                    return self.call_value(then if self.assumed[cond] else orelse, args, kwargs, node, name)
                found = self.branch(
                    cond,
                    lambda: self.call_value(then, args, kwargs, node, name),
                    lambda: self.call_value(orelse, args, kwargs, node, name),
                    node,
                    "ifexp",
                    name,
                )
                assert found is not None
                return found
            case Const(value=None):
                error = self.emit(TypeError, [Const("'NoneType' object is not callable")], node)
                return self.emit(ops.raise_error, [error], node, name)
            case Const(value=static) if is_static(static):
                return self.call_static(fn, static, args, kwargs, node, name)
            case _:
                return self.plain_call(self.data(fn, node), args, kwargs, node, name)

    def plain_call(self, fn: Atom, args: Args, kwargs: Kwargs, node: Node, name: str) -> Var:
        """A call that the program makes."""
        if fn == Const(dict) and not args and kwargs and all(key is not None for key, _ in kwargs):
            pairs: list[Atom | Star] = [atom for key, value in kwargs for atom in (Const(key), self.data(value, node))]
            return self.emit(ops.make_dict, pairs, node, name)
        made = [arg if isinstance(arg, Star) else self.data(arg, node) for arg in args]
        return self.emit(fn, made, node, name, tuple((key, self.data(value, node)) for key, value in kwargs))

    def call_static(self, fn: Const, static: Any, args: Args, kwargs: Kwargs, node: Node, name: str) -> Value:
        """A call of a function or class that is known by name."""
        if is_opened(static):
            return self.call_value(self.opened(fn, node), args, kwargs, node, name)
        stars = any(isinstance(arg, Star) for arg in args)
        plain = [arg for arg in args if not isinstance(arg, Star)]
        if not stars and None not in dict(kwargs):
            found = self.special_value(static, plain, {str(k): v for k, v in kwargs}, node, name)
            if found is not None:
                return found
        given = [*plain, *(value for _, value in kwargs)]
        if isinstance(static, FunctionType) and (
            any(map(holds_functions, given)) or returns_functions(static) or hands_on(static) or is_generator(static)
        ):
            local = self.module_function(fn, node)
            busy = local is not None and any(local.key is other.key for other in self.inlining)
            if local is not None and (not busy or any(map(holds_local, given))):
                return self.inline(local, args, kwargs, node, name)
            for value in given:
                if holds_local(value):
                    raise self.escapes(node, f"a local function passed to '{static.__name__}'")
        return self.plain_call(fn, args, kwargs, node, name)

    def special_value(
        self, fn: Any, args: list[Value], kwargs: dict[str, Value], node: Node, name: str
    ) -> Value | None:
        """A call of a built-in that makes, takes or asks about functions; None where there is nothing special."""
        if fn is functools.partial and args:
            return Partial(args[0], tuple(args[1:]), tuple(kwargs.items()))
        if fn in GETTERS and args:
            return Partial(Const(GETTERS[fn]), tuple(args), tuple(kwargs.items()))
        if fn in GETTERS.values() and len(args) > 1:
            return self.got(fn, args[:-1], kwargs, args[-1], node, name)
        if fn is functools.wraps and len(args) == 1:
            return Const(_decorated)
        if fn is _decorated and len(args) == 1 and not kwargs:
            return args[0]
        if fn is callable and len(args) == 1 and (is_function(args[0]) or args[0] == Const(None)):
            return Const(args[0] != Const(None))
        if fn in (list, tuple, reversed, len, enumerate) and len(args) == 1 and isinstance(args[0], Pack):
            return self.packed(fn, args[0], node)
        if (
            fn is zip
            and any(map(holds_functions, args))
            and all(isinstance(a, Pack) and a.cls is not dict for a in args)
        ):
            columns = []
            for arg in args:
                if isinstance(arg, Pack):
                    arg.seen = True
                    columns.append(arg.items)
            return Pack(
                tuple, [Pack(tuple, list(row), [], self.out) for row in zip(*columns, strict=False)], [], self.out
            )
        if fn is filter and len(args) == 2 and args[0] == Const(None):
            args = [Const(bool), args[1]]
        if self.inlining and self.inlining[-1].helper and fn in (sorted, min, max):
            return None  # our own call, in what stands for the user's
        form = written_form(fn, len(args), set(kwargs))
        if form is None or (fn in (sorted, min, max) and not self.is_known_call(kwargs["key"])):
            return None
        which, keywords = form
        extra = [kwargs.get(key, Const(False)) for key in keywords]
        return self.written(fn, which, [*args, *extra], node, name)

    def written(self, fn: Any, which: str, args: list[Value], node: Node, name: str) -> Value:
        """A call of a built-in that calls its argument, as a definition in `higher_order` writes it."""
        if fn not in LAZY or self.eager is node:
            return self.written_out(which, args, node, name)
        if self.passed is not node:
            return self.stepped(which, args, node)
        return self.emit(iter, [self.data(self.written_out(which, args, node, ""), node)], node, name)

    def stepped(self, which: str, args: list[Value], node: Node) -> Value:
        """A call of `map`, `filter` or their kin whose items are not read at once: a generator."""
        if len(args) > 2:
            which, args = "starmap", [args[0], self.plain_call(Const(zip), [*args[1:]], [], node, "")]
        return self.written_out(f"lazy_{which}", args, node, "")

    def is_known_call(self, fn: Value) -> bool:
        """Whether it is known what a value does when it is called."""
        return is_function(fn) or isinstance(fn, Choice)

    def packed(self, fn: Any, pack: Pack, node: Node) -> Value:
        """A container of functions as another one, or its length."""
        items: list[Value] = [Const(key) for key in pack.keys] if pack.cls is dict else list(pack.items)
        if fn is len:
            return Const(len(items))
        pack.seen |= fn in (enumerate, reversed)
        if fn is enumerate:
            items = [Pack(tuple, [Const(k), item], [], self.out) for k, item in enumerate(items)]
        return Pack(list if fn is list else tuple, items[::-1] if fn is reversed else items, [], self.out)

    def got(self, fn: Any, args: list[Value], kwargs: dict[str, Value], owner: Value, node: Node, name: str) -> Value:
        """A call of an ``operator.itemgetter``, ``attrgetter`` or ``methodcaller``."""
        base = self.data(owner, node)
        atoms = [self.data(arg, node) for arg in args]
        if fn is method_of:
            named = tuple((key, self.data(value, node)) for key, value in kwargs.items())
            return self.emit(ops.call_method, [base, *atoms], node, name, named)
        one = self.emit_item if fn is item_of else self.emit_attribute
        if len(atoms) == 1:
            return one(base, atoms[0], node, name)
        return self.emit(ops.make_tuple, [one(base, atom, node, "") for atom in atoms], node, name)

    def emit_item(self, base: Atom, key: Atom, node: Node, name: str) -> Var:
        """``base[key]``."""
        return self.emit(operator.getitem, [base, key], node, name)

    def emit_attribute(self, base: Atom, path: Atom, node: Node, name: str) -> Atom:
        """``base.a.b`` for the path ``"a.b"``."""
        if not (isinstance(path, Const) and isinstance(path.value, str)):
            return self.emit(getattr, [base, path], node, name)
        *inner, last = path.value.split(".")
        for attr in inner:
            base = self.emit(getattr, [base, Const(attr)], node)
        return self.emit(getattr, [base, Const(last)], node, name)

    def written_out(self, which: str, values: list[Value], node: Node, name: str) -> Value:
        """Inlines one of the definitions in `higher_order`, all of its code at the place of the call."""
        definition, params, body = higher_order()[which]
        scope = Scope(dict.fromkeys(HELPERS), None, function=self.scope.binder().function)
        for helper, value in HELPERS.items():
            self.env[helper + scope.suffix] = Const(value, value.__name__)
        home = Home(self.source, self.resolver)
        lazy = which.startswith("lazy_")
        called = which.removeprefix("lazy_")
        if lazy:
            body = structure(self.generator_body(which, definition.body))
        function = LocalFunction(called, definition, params, body, scope, {}, home, helper=True, generator=lazy)
        try:
            return self.inline(function, [*values], [], node, name)
        finally:
            self.leave(scope)

    # -- functions made of functions --------------------------------------------------------------------

    def opened(self, fn: Const, node: Node) -> Value:
        """A partial application or getter that was made outside of the function."""
        made = fn.value
        if not isinstance(made, functools.partial):
            maker, (args, kwargs) = type(made), _arguments_of(made)
            return Partial(
                Const(GETTERS[maker]), tuple(map(Const, args)), tuple((k, Const(v)) for k, v in kwargs.items())
            )
        items = [self.outside(fn, "args", k, value, node) for k, value in enumerate(made.args)]
        named = []
        for key, value in made.keywords.items():
            self.resolver.guard(made.keywords, key, value)
            named.append((key, self.outside(fn, "keywords", key, value, node)))
        return Partial(Const(made.func), tuple(items), tuple(named))

    def outside(self, fn: Const, where: str, key: object, value: object, node: Node) -> Value:
        """A datum that a function object holds: a constant, or read from it when the code runs."""
        if value is None or isinstance(value, bool | int | float | complex | str) or is_static(value):
            return Const(value, getattr(value, "__name__", None))
        return self.emit(operator.getitem, [self.emit(getattr, [fn, Const(where)], node), Const(key)], node)

    def module_function(self, fn: Const, node: Node) -> LocalFunction | None:
        """A function of a module, made local, so that it can take and give local functions; None where it cannot be."""
        value = fn.value
        if value not in self.module_functions:
            self.module_functions[value] = self._made_local(value)
        known = self.module_functions[value]
        if known is not None:
            self._set_defaults(known, fn, node)
        return known

    def _made_local(self, value: FunctionType) -> LocalFunction | None:
        flags = value.__code__.co_flags
        if flags & NOT_PLAIN & ~inspect.CO_GENERATOR or (value.__module__ or "").startswith(
            ("numpy", "scipy", "srcad.")
        ):
            return None
        if Hook.has_rule(value):
            return None
        try:
            source = find(value)
        except SrcadError:
            return None
        resolver = Resolver(value)
        resolver.guards = self.resolver.guards
        tree, outer = source.tree, self.source
        self.source = source
        try:
            self.survey(tree)
            body = [trees.at(gast.Return(tree.body), tree.body)] if isinstance(tree, gast.Lambda) else tree.body
            generator = bool(flags & inspect.CO_GENERATOR) and not isinstance(tree, gast.Lambda)
            body = self.generator_body(value.__name__, body) if generator else body
            if isinstance(tree, gast.Lambda):
                self.number(body)
        finally:
            self.source = outer
        scope = Scope({}, None, function=value.__name__, node=tree)
        home = Home(source, resolver)
        return LocalFunction(value.__name__, tree, tree.args, structure(body), scope, {}, home, generator=generator)

    def _set_defaults(self, function: LocalFunction, fn: Const, node: Node) -> None:
        """The defaults of the parameters, as values that this call can see."""
        args, defaults = function.args, fn.value.__defaults__ or ()
        positional = [*args.posonlyargs, *args.args]
        for k, param in enumerate(positional[len(positional) - len(defaults) :]):
            function.defaults[param.id] = self.outside(fn, "__defaults__", k, defaults[k], node)
        for key, default in (fn.value.__kwdefaults__ or {}).items():
            function.defaults[key] = self.outside(fn, "__kwdefaults__", key, default, node)

    # -- data of other modules --------------------------------------------------------------------------

    def foreign(self, name: str, node: Node) -> Atom | None:
        """A read of data that a function of another module or a closure sees; None where the primal sees the same."""
        own = self.home.resolver
        if self.resolver is own:
            return None
        cell = self.resolver.cells.get(name)
        if cell is not None:
            return self.emit(getattr, [Const(cell, f"{name}_cell"), Const("cell_contents")], node)
        scope = self.resolver.fn.__globals__
        if name not in scope or scope is own.fn.__globals__:
            return None
        module = sys.modules.get(scope.get("__name__", ""))
        if module is None or vars(module) is not scope:
            raise self.unsupported(
                node,
                f"'{self.resolver.fn.__name__}' reads '{name}' of a module that cannot be imported",
                "pass it as an argument",
            )
        return self.emit(getattr, [Const(module, module.__name__.rpartition(".")[2]), Const(name)], node)


def is_generator(fn: FunctionType) -> bool:
    """Whether a call of a function gives a generator."""
    return bool(fn.__code__.co_flags & inspect.CO_GENERATOR)


def hands_on(fn: FunctionType) -> bool:
    """Whether a function is a wrapper: it collects arguments, and calls a function that it closes over."""
    collects = fn.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    return bool(collects and fn.__closure__) and not (fn.__module__ or "").startswith(("numpy", "scipy", "srcad."))


def _arguments_of(getter: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a getter was made of: its pickled form says so."""
    maker, args = getter.__reduce__()[:2]
    if isinstance(maker, functools.partial):
        return (*maker.args, *args), dict(maker.keywords)
    return tuple(args), {}

"""Lowers statements that are not loops: assignments, branches, `assert`, `raise`, imports, deletions.

An alias (``y = x``) or a constant binds the name without any statement. ``a, b = b, a`` evaluates all values first and
then binds: a swap is no statement either. Other unpacking goes through ``ops.unpack``, which checks the number of
items.
"""

from __future__ import annotations

import operator
from typing import Any

import gast

from srcad.frontend.expressions import Expressions
from srcad.frontend.resolve import MISSING, is_static, loaded_module
from srcad.frontend.structure import VALUE
from srcad.frontend.trees import Node
from srcad.frontend.values import Pack, Stream, Value, holds_local, is_atom
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Const, Star, Var

INPLACE: dict[type, Any] = {
    gast.Add: operator.iadd,
    gast.Sub: operator.isub,
    gast.Mult: operator.imul,
    gast.Div: operator.itruediv,
    gast.FloorDiv: operator.ifloordiv,
    gast.Mod: operator.imod,
    gast.Pow: operator.ipow,
    gast.MatMult: operator.imatmul,
    gast.BitAnd: operator.iand,
    gast.BitOr: operator.ior,
    gast.BitXor: operator.ixor,
    gast.LShift: operator.ilshift,
    gast.RShift: operator.irshift,
}
_NOT_YET = {
    "Try": ("`try`", "move it into the caller, or test for the condition with `if`"),
    "TryStar": ("`try`", "move it into the caller, or test for the condition with `if`"),
    "ClassDef": ("a class defined inside the function", "define the class at the top level of the module"),
    "AsyncFor": ("`async for`", "collect the items outside and loop over a list"),
    "AsyncWith": ("`async with`", "enter the context outside of the function"),
    "AsyncFunctionDef": ("an asynchronous function", "write a plain function"),
    "TypeAlias": ("a type alias inside the function", "move it to the top level of the module"),
}


class Statements(Expressions):
    """Lowering of statements."""

    def stmts(self, nodes: list[Node]) -> None:
        """Lowers statements, each at its place."""
        for node in nodes:
            self.enter(node)
            self.stmt(node)

    def stmt(self, node: Node) -> None:
        """Lowers one statement."""
        match node:
            case gast.Assign(targets=targets, value=value):
                self.assignment(targets, value)
            case gast.AugAssign():
                self.augmented(node)
            case gast.AnnAssign(target=target, value=value):
                if value is not None:
                    self.assignment([target], value)
            case gast.Expr(value=gast.Yield() as made) if self.consumers:
                self.yielded(made)
            case gast.Expr(value=value):
                if not isinstance(value, gast.Constant):
                    self.value(value)
            case gast.If(test=test, body=body, orelse=orelse):
                self.branches(node, test, body, orelse)
            case gast.For() | gast.While():
                self.loop(node)
            case gast.With(items=[item], body=body):
                self.context_manager(node, item, body)
            case gast.FunctionDef(name=name):
                self.bind_function(node, name)
            case gast.Pass() | gast.Global() | gast.Nonlocal():
                pass
            case _:
                self.rare_statement(node)

    def loop(self, node: Node) -> None:
        """Lowers a loop."""
        raise NotImplementedError

    def context_manager(self, node: Node, item: Node, body: list[Node]) -> None:
        """Lowers a ``with``."""
        raise NotImplementedError

    def rare_statement(self, node: Node) -> None:
        """The less frequent statements."""
        match node:
            case gast.Assert():
                self.assertion(node)
            case gast.Raise():
                self.raising(node)
            case gast.Delete(targets=targets):
                for target in targets:
                    self.delete(target)
            case gast.Import() | gast.ImportFrom():
                self.imports(node)
            case _:
                what, remedy = _NOT_YET.get(type(node).__name__, (f"the statement {type(node).__name__}", "rewrite it"))
                raise self.unsupported(node, f"{what} is not supported yet", remedy)

    # -- assignment -----------------------------------------------------------------------------------

    def assignment(self, targets: list[Node], value: Node) -> None:
        """``t1 = t2 = value``."""
        if len(targets) == 1 and _parallel(targets[0], value):
            pairs = list(zip(targets[0].elts, value.elts, strict=True))
            found = [(target, self.value_for(target, item, alone=False)) for target, item in pairs]
            for target, item in found:
                self.assign(target, item)
            return
        result = self.value_for(targets[0], value)
        for target in targets:
            self.assign(target, result)

    def value_for(self, target: Node, value: Node, *, alone: bool = True) -> Value:
        """The value to assign to a target, named as the target is; a local function stays one for a name.

        ``x = a`` and ``return x`` are statements of the user's, so that they are operations, too (`ops.identity`),
        unless they are part of a parallel assignment.
        """
        if not isinstance(target, gast.Name):
            return self.value(value)
        name = target.id if target.id[0] != "@" else ""
        if target.id == VALUE:
            name = self.scope.binder().result
        made = self.empty(target, value) or self.value(value, name)
        return self.copied(value, made, name, alone and (bool(name) or target.id == VALUE)) if is_atom(made) else made

    def empty(self, target: Node, value: Node) -> Pack | None:
        """An empty list or dict into which the function puts local functions."""
        filled = target.id in self.filled
        if filled and isinstance(value, gast.List | gast.Dict) and not list(gast.iter_child_nodes(value))[1:]:
            cls = list if isinstance(value, gast.List) else dict
            if not (value.elts if cls is list else value.keys):
                return Pack(cls, [], [], self.out)
        return None

    def copied(self, node: Node, value: Atom, name: str, alone: bool) -> Atom:
        """A reference under another name, where the expression is nothing but a name."""
        plain = alone and isinstance(node, gast.Name) and isinstance(value, Var) and not self.template
        return self.emit(ops.identity, [value], node, name) if plain else value

    def assign(self, target: Node, value: Value) -> None:
        """Binds or stores into a target of any form."""
        match target:
            case gast.Name(id=name):
                self.assign_name(target, name, value)
            case gast.Tuple(elts=elts) | gast.List(elts=elts):
                parts = self.parts_for(elts, value)
                if parts is not None:
                    for item, part in zip(elts, parts, strict=True):
                        self.assign(item, part)
                    return
                items = self.listed(value, target) if isinstance(value, Stream) else self.data(value, target)
                self.unpack(target, elts, items)
            case gast.Subscript(value=base, slice=index):
                self.store_item(target, self.value(base), index, value)
            case gast.Attribute(value=base, attr=attr):
                self.emit(setattr, [self.expr(base), Const(attr), self.data(value, target)], target)
            case gast.Starred(value=inner):
                self.assign(inner, value)
            case _:
                raise self.unsupported(target, f"a {type(target).__name__} cannot be a target", "assign to a name")

    def parts_for(self, elts: list[Node], value: Value) -> list[Value] | None:
        """The items of a container of functions for the targets that it is unpacked to; None where they do not fit."""
        if not isinstance(value, Pack) or value.cls is dict:
            return None
        stars = [k for k, item in enumerate(elts) if isinstance(item, gast.Starred)]
        if not stars:
            return list(value.items) if len(value.items) == len(elts) else None
        first, last = stars[0], len(value.items) - (len(elts) - stars[0] - 1)
        if last < first:
            return None
        return [*value.items[:first], Pack(list, value.items[first:last], [], self.out), *value.items[last:]]

    def store_item(self, target: Node, owner: Value, index: Node, value: Value) -> None:
        """``owner[index] = value``."""
        if isinstance(owner, Pack) and (holds_local(value) or holds_local(owner)):
            self.put(owner, self.index(index), value, target)
            return
        base = self.data(owner, target)
        self.emit(operator.setitem, [base, self.index(index), self.data(value, target)], target)

    def assign_name(self, node: Node, name: str, value: Value) -> None:
        """Binds a name, or stores where it is declared global or nonlocal."""
        key = self.scope.key(name)
        if key is not None and key != "global":
            self.env[key] = value if name[0] == "@" or name in self.filled else self.kept(value, name, node)
            return
        if self.resolver is not self.home.resolver:
            raise self.unsupported(
                node,
                f"'{self.resolver.fn.__name__}' sets the outer variable '{name}'",
                "let it return the value",
                "it is written out in its caller, because it takes or gives functions",
            )
        store = ops.store_global if key == "global" or not self.is_free(name) else ops.store_free
        self.emit(store, [Const(name), self.data(value, node)], node)

    def unpack(self, node: Node, elts: list[Node], value: Atom) -> None:
        """``a, *b, c = value``."""
        stars = [k for k, item in enumerate(elts) if isinstance(item, gast.Starred)]
        count: list[Atom | Star] = [Const(len(elts))]
        if stars:
            count = [Const(stars[0]), Const(len(elts) - stars[0] - 1)]
        items = self.emit(ops.unpack, [value, *count], node)
        for k, target in enumerate(elts):
            inner = target.value if isinstance(target, gast.Starred) else target
            name = inner.id if isinstance(inner, gast.Name) else ""
            self.assign(target, self.emit(operator.getitem, [items, Const(k)], target, name))

    def augmented(self, node: Node) -> None:
        """``target op= value``: the target is evaluated once, before the value."""
        target, op = node.target, INPLACE[type(node.op)]
        match target:
            case gast.Name(id=name):
                old = self.expr(target)
                self.assign(target, self.emit(op, [old, self.data(self.argument(node.value), node)], node, name))
            case gast.Subscript(value=base, slice=index):
                owner = self.expr(base)
                place = self.index(index)
                if _may_change(base, node.value):
                    old = self.emit(operator.getitem, [owner, place], target)
                    new = self.emit(op, [old, self.expr(node.value)], node)
                    self.emit(operator.setitem, [owner, place, new], node)
                else:
                    self.emit(ops.UPDATES[op], [owner, place, self.expr(node.value)], node)
            case gast.Attribute(value=base, attr=attr):
                owner = self.expr(base)
                old = self.emit(getattr, [owner, Const(attr)], target)
                new = self.emit(op, [old, self.expr(node.value)], node)
                self.emit(setattr, [owner, Const(attr), new], node)
            case _:
                raise self.unsupported(target, f"a {type(target).__name__} cannot be a target", "assign to a name")

    def bind_function(self, node: Node, name: str) -> None:
        """A nested ``def`` binds its name to a local function."""
        if self.scope.key(name) == "global":
            raise self.escapes(node, f"the local function '{name}'")
        decorators = [self.value(decorator) for decorator in node.decorator_list]
        value: Value = self.local_function(node)
        for decorator in reversed(decorators):
            value = self.call_value(decorator, [value], [], node)
        self.bind(name, value)

    def delete(self, target: Node) -> None:
        """``del target``."""
        match target:
            case gast.Name(id=name):
                key = self.scope.key(name)
                if key is None or key == "global":
                    raise self.unsupported(target, f"deleting the outer variable '{name}' is not supported", "set it")
                old = self.env.get(key, UNDEFINED_ATOM)
                if old == UNDEFINED_ATOM:
                    self.undefined(name, target)
                elif isinstance(old, Var) and old.uid in self.maybe:
                    self.emit(ops.bound, [old], target)  # raises where there is nothing to delete
                self.env[key] = UNDEFINED_ATOM
            case gast.Subscript(value=base, slice=index):
                owner = self.expr(base)
                self.emit(operator.delitem, [owner, self.index(index)], target)
            case gast.Attribute(value=base, attr=attr):
                self.emit(delattr, [self.expr(base), Const(attr)], target)
            case gast.Tuple(elts=elts) | gast.List(elts=elts):
                for item in elts:
                    self.delete(item)
            case _:
                raise self.unsupported(target, "this cannot be deleted", "delete names, items or attributes")

    # -- branches, errors, imports ------------------------------------------------------------------------

    def branches(self, node: Node, test: Node, body: list[Node], orelse: list[Node]) -> None:
        """``if``; a literal, or a flag whose value is known here, takes its side at once."""
        cond = self.truth(self.value(test), test)
        flag = isinstance(test, gast.Name) and test.id[0] == "@"
        decided = isinstance(cond, Const) and isinstance(cond.value, bool)
        if isinstance(cond, Const) and (flag or decided or isinstance(test, gast.Constant)):
            self.stmts(body if cond.value else orelse)
            return
        self.branch(cond, lambda: self.stmts(body), lambda: self.stmts(orelse), test)

    def assertion(self, node: Node) -> None:
        """``assert test, message``; the message is evaluated only when the test fails."""
        if not __debug__:
            return
        test, message = node.test, node.msg
        if message is None or (isinstance(message, gast.Constant) and message.value is not None):
            args = [self.expr(test), *([] if message is None else [Const(message.value)])]
            self.emit(ops.assert_true, [*args], node)
            return
        cond = self.expr(test)

        def fail() -> None:
            error = self.emit(AssertionError, [self.expr(message)], node)
            self.emit(ops.raise_error, [error], node)
            self.dead = True

        self.branch(cond, lambda: None, fail, node)

    def raising(self, node: Node) -> None:
        """``raise error from cause``."""
        if node.exc is None:
            raise self.unsupported(node, "a bare `raise` is not supported yet", "raise an error by name")
        args = [self.expr(node.exc), *([] if node.cause is None else [self.expr(node.cause)])]
        self.emit(ops.raise_error, [*args], node)
        self.dead = True

    def imports(self, node: Node) -> None:
        """Modules that are loaded already are static; others are imported when the code runs."""
        for alias in node.names:
            if alias.name == "*":
                raise self.unsupported(node, "`import *` is not supported", "import the names that are used")
            name = alias.asname or alias.name.partition(".")[0]
            if isinstance(node, gast.Import):
                value = self.imported(node, alias.name, None, name)
                if alias.asname is None and "." in alias.name:
                    value = self.imported(node, name, None, name)
            else:
                value = self.imported(node, self.resolver.module(node.module or "", node.level or 0), alias.name, name)
            self.assign_name(node, name, value)

    def imported(self, node: Node, module: str, attribute: str | None, name: str) -> Atom:
        """What an import binds to `name`."""
        found = loaded_module(module)
        if found is not None:
            if attribute is None:
                return Const(found, name)
            value = self.resolver.attribute(found, attribute)
            if value is not MISSING and is_static(value):
                return Const(value, name)
        args: list[Atom | Star] = [Const(module), *([] if attribute is None else [Const(attribute)])]
        return self.emit(ops.import_module, args, node, name)


def _parallel(target: Node, value: Node) -> bool:
    """Whether a literal tuple is assigned to as many plain targets."""
    sides = gast.Tuple | gast.List
    if not isinstance(target, sides) or not isinstance(value, sides) or len(target.elts) != len(value.elts):
        return False
    return not any(isinstance(item, gast.Starred) for item in [*target.elts, *value.elts])


def _may_change(base: Node, value: Node) -> bool:
    """Whether evaluating `value` calls something with the very name of which an item is updated."""
    if not isinstance(base, gast.Name):
        return False
    for node in gast.walk(value):
        if isinstance(node, gast.Call):
            if any(isinstance(arg, gast.Name) and arg.id == base.id for arg in node.args):
                return True
            receiver = node.func.value if isinstance(node.func, gast.Attribute) else None
            if isinstance(receiver, gast.Name) and receiver.id == base.id:
                return True
    return False

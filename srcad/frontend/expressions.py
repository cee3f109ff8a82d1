"""Lowers expressions to calls of static functions, and those that branch to `If`.

``x @ w + b`` becomes two calls, ``operator.matmul`` and ``operator.add``. Operands are evaluated from left to right.
The value of an expression that is assigned to a name directly has that name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import gast

from srcad.frontend.calls import Calls
from srcad.frontend.resolve import MISSING
from srcad.frontend.trees import Node
from srcad.frontend.values import (
    Ambiguous,
    Choice,
    Pack,
    Value,
    holds_functions,
    is_atom,
    is_function,
    same_function,
)
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Const, Star, Var

BINARY: dict[type, Any] = {
    gast.Add: operator.add,
    gast.Sub: operator.sub,
    gast.Mult: operator.mul,
    gast.Div: operator.truediv,
    gast.FloorDiv: operator.floordiv,
    gast.Mod: operator.mod,
    gast.Pow: operator.pow,
    gast.MatMult: operator.matmul,
    gast.BitAnd: operator.and_,
    gast.BitOr: operator.or_,
    gast.BitXor: operator.xor,
    gast.LShift: operator.lshift,
    gast.RShift: operator.rshift,
}
UNARY: dict[type, Any] = {
    gast.USub: operator.neg,
    gast.UAdd: operator.pos,
    gast.Not: operator.not_,
    gast.Invert: operator.invert,
}
COMPARE: dict[type, Any] = {
    gast.Eq: operator.eq,
    gast.NotEq: operator.ne,
    gast.Lt: operator.lt,
    gast.LtE: operator.le,
    gast.Gt: operator.gt,
    gast.GtE: operator.ge,
    gast.Is: operator.is_,
    gast.IsNot: operator.is_not,
    gast.In: ops.contains,
    gast.NotIn: ops.not_contains,
}


class Expressions(Calls):
    """Lowering of expressions."""

    def expr(self, node: Node, name: str = "") -> Atom:
        """Lowers an expression; its value's variable takes `name`."""
        value = self.value(node, name)
        return value if is_atom(value) else self.data(value, node, name)

    def value(self, node: Node, name: str = "") -> Value:
        """Lowers an expression that may give a known function, or a container of them."""
        match node:
            case gast.Name():
                return self.read(node)
            case gast.Lambda():
                return self.local_function(node)
            case gast.Constant(value=value):
                return Const(value)
            case gast.BinOp(left=left, op=op, right=right):
                a, b = self.expr(left), self.expr(right)
                return self.emit(BINARY[type(op)], [a, b], node, name)
            case gast.UnaryOp(op=op, operand=operand):
                return self.unary(node, op, operand, name)
            case gast.Call():
                return self.called(node, name)
            case gast.Attribute(value=value):
                return self.attribute(node, self.expr(value), name)
            case gast.Subscript(value=value, slice=index):
                return self.subscript(node, self.value(value), index, name)
            case gast.Compare():
                return self.compare(node, name)
            case gast.BoolOp(op=op, values=values):
                return self.either(node, isinstance(op, gast.And), values, name)
            case gast.IfExp():
                return self.sides(node, name)
            case gast.Tuple(elts=elts):
                return self.display(tuple, elts, node, name)
            case gast.List(elts=elts):
                return self.display(list, elts, node, name)
            case gast.Dict():
                return self.dictionary(node, name)
            case _:
                return self.rare(node, name)

    def subscript(self, node: Node, base: Value, index: Node, name: str) -> Value:
        """``base[index]``."""
        if not isinstance(base, Pack):
            return self.emit(operator.getitem, [self.data(base, node), self.index(index)], node, name)
        part = self.part(base, index) if isinstance(index, gast.Slice) else None
        return self.item(base, self.index(index), node, name) if part is None else part

    def rare(self, node: Node, name: str) -> Value:
        """The less frequent expressions."""
        match node:
            case gast.Set(elts=elts):
                return self.emit(ops.make_set, self.items(elts), node, name)
            case gast.ListComp() | gast.SetComp() | gast.DictComp():
                return self.comprehension(node, name)
            case gast.GeneratorExp() if node is not self.passed:
                return self.suspended(node)
            case gast.GeneratorExp():
                return self.emit(iter, [self.data(self.comprehension(node, ""), node)], node, name)
            case gast.NamedExpr(target=target, value=value):
                result = self.value(value, target.id)
                scope, self.scope = self.scope, self.scope.binder()
                try:
                    self.assign(target, result)
                finally:
                    self.scope = scope
                return result
            case gast.JoinedStr():
                return self.joined(node, name)
            case gast.FormattedValue():
                return self.formatted(node)
            case gast.Slice():
                return self.index(node)
            case gast.Yield() | gast.YieldFrom():
                raise self.forbidden(
                    node,
                    "a generator function cannot be differentiated",
                    "collect the values in a list and return it",
                    "`yield` suspends the function before its result is known",
                )
            case gast.Await():
                raise self.forbidden(node, "`await` cannot be differentiated", "compute the awaited value outside")
            case gast.Starred():
                raise self.unsupported(node, "a starred expression cannot stand here", "put it into a list or tuple")
            case _:
                raise self.unsupported(
                    node, f"the expression {type(node).__name__} is not supported yet", "write it in another way"
                )

    def read(self, node: Node) -> Value:
        """A read of a name."""
        name = node.id
        key = self.scope.key(name)
        if key is not None and key != "global":
            value = self.env.get(key, UNDEFINED_ATOM)
            if isinstance(value, Ambiguous):
                raise self.unsure(name, node)
            if not is_atom(value):
                return value
            if name[0] == "@":
                return value
            if isinstance(value, Var) and value.uid in self.maybe:
                return self.emit(ops.bound, [value], node, name)  # raises where it has no value
            return self.undefined(name, node) if value == UNDEFINED_ATOM else value
        return self.read_outer(node, name, live=key == "global")

    def read_outer(self, node: Node, name: str, *, live: bool) -> Atom:
        """A read of a name of the module, of a function around the primal, or of Python itself."""
        if not live and name not in self.live:
            value = self.resolver.static(name)
            if value is not MISSING:
                return Const(value, name)
            value = self.resolver.lookup(name)
            if self.template and value is not MISSING:
                return Const(value, name)
        foreign = self.foreign(name, node)
        if foreign is not None:
            return foreign
        load = ops.load_free if self.is_free(name) and not live else ops.load_global
        return self.emit(load, [Const(name)], node)

    def unary(self, node: Node, op: Node, operand: Node, name: str) -> Atom:
        """A unary operator; the negative of a number is a number."""
        number = isinstance(operand, gast.Constant) and type(operand.value) in (int, float, complex)
        if number and isinstance(op, gast.USub):
            return Const(-operand.value)
        if isinstance(op, gast.Not):
            value = self.value(operand)
            known = None if is_atom(value) else self.truth(value, operand)
            if isinstance(known, Const):
                return Const(not known.value)
            contrary = self.emit(operator.not_, [self.data(value, operand) if known is None else known], node, name)
            if known is not None:
                self.negated[contrary] = (known, False)
            return contrary
        return self.emit(UNARY[type(op)], [self.expr(operand)], node, name)

    def compare(self, node: Node, name: str) -> Atom:
        """``a < b < c`` is ``t = a < b; t and b < c``, each operand evaluated once.

        The chain ends at the first comparison that is false, so the rest is a branch.
        """
        left = self.value(node.left)
        if len(node.ops) == 1 and isinstance(node.ops[0], gast.Is | gast.IsNot | gast.Eq | gast.NotEq):
            right = self.value(node.comparators[0])
            if holds_functions(left) or holds_functions(right):
                return self.identical(left, right, node, name)
            return self.emit(COMPARE[type(node.ops[0])], [self.data(left, node), self.data(right, node)], node, name)
        first = self.data(left, node.left)
        return self.chain(first, list(zip(node.ops, node.comparators, strict=True)), node, name)

    def identical(self, left: Value, right: Value, node: Node, name: str) -> Atom:
        """``f is g`` or ``f == g`` of functions, of which one may be missing: decided now where possible."""
        if isinstance(left, Choice):
            return self.by_choice(left, lambda side: self.identical(side, right, node, name), node)
        if isinstance(right, Choice):
            return self.by_choice(right, lambda side: self.identical(left, side, node, name), node)
        op, same = node.ops[0], same_function(left, right)
        if same is None:
            return self.emit(COMPARE[type(op)], [self.data(left, node), self.data(right, node)], node, name)
        return Const(same == isinstance(op, gast.Is | gast.Eq))

    def chain(self, left: Atom, rest: list[tuple[Node, Node]], node: Node, name: str) -> Atom:
        """The value of ``left op right op ...``."""
        (op, comparator), more = rest[0], rest[1:]
        right = self.expr(comparator)
        if not more:
            return self.emit(COMPARE[type(op)], [left, right], node, name)
        first = self.emit(COMPARE[type(op)], [left, right], node)
        result = self.branch(first, lambda: self.chain(right, more, node, name), lambda: first, node, "and", name)
        assert result is not None and is_atom(result)
        return result

    def either(self, node: Node, both: bool, values: list[Node], name: str) -> Value:
        """``a and b`` is ``b if a else a``, ``a or b`` is ``a if a else b``, with `a` evaluated once."""
        if len(values) == 1:
            return self.value(values[0], name)
        one, rest = self.value(values[0]), values[1:]
        if isinstance(one, Choice):
            truth = self.truth(one, node)
            result = self.branch(
                truth,
                lambda: self.either(node, both, rest, name) if both else one,
                lambda: one if both else self.either(node, both, rest, name),
                node,
                "ifexp",
                name,
            )
            assert result is not None
            return result
        if is_function(one) or one == Const(None):
            return one if both == (one == Const(None)) else self.either(node, both, rest, name)
        first = self.data(one, node)
        if both:
            result = self.branch(first, lambda: self.either(node, both, rest, name), lambda: first, node, "and", name)
        else:
            result = self.branch(first, lambda: first, lambda: self.either(node, both, rest, name), node, "or", name)
        assert result is not None
        return result

    def by_choice(self, value: Choice, ask: Callable[[Value], Atom], node: Node) -> Atom:
        """The answer to a question about one of two functions: often the condition by which it was chosen."""
        if value.cond in self.assumed:
            return ask(value.then if self.assumed[value.cond] else value.orelse)
        start = len(self.out)
        then, orelse = ask(value.then), ask(value.orelse)
        if len(self.out) == start and isinstance(then, Const) and isinstance(orelse, Const):
            if bool(then.value) == bool(orelse.value):
                return Const(bool(then.value))
            if then.value:
                return value.cond
            contrary = self.emit(operator.not_, [value.cond], node)
            self.negated[contrary] = (value.cond, False)
            return contrary
        del self.out[start:]
        found = self.branch(value.cond, lambda: ask(value.then), lambda: ask(value.orelse), node, "ifexp")
        assert found is not None and is_atom(found)
        return found

    def truth(self, value: Value, node: Node) -> Atom:
        """A condition: whether there is a function is known while compiling, or by the condition that chose it."""
        if isinstance(value, Choice):
            return self.by_choice(value, lambda side: self.truth(side, node), node)
        if isinstance(value, Pack):
            return Const(bool(value.items))
        if value == Const(None):
            return Const(False)
        return Const(True) if is_function(value) else self.data(value, node)

    def sides(self, node: Node, name: str) -> Value:
        """``body if test else orelse``."""
        cond, body, orelse = self.truth(self.value(node.test), node.test), node.body, node.orelse
        if isinstance(cond, Const) and isinstance(cond.value, bool):
            return self.value(body if cond.value else orelse, name)
        result = self.branch(
            cond, lambda: self.value(body, name), lambda: self.value(orelse, name), node, "ifexp", name
        )
        assert result is not None
        return result

    def display(self, cls: type, nodes: list[Node], node: Node, name: str) -> Value:
        """A tuple or list display; one that holds functions stays known."""
        items: list[Value | Star] = []
        for item in nodes:
            if isinstance(item, gast.Starred):
                spread = self.iterable_value(item.value)
                known = isinstance(spread, Pack) and spread.cls is not dict
                items += spread.items if known else [Star(self.data(spread, item))]  # type: ignore[union-attr]
            else:
                items.append(self.value(item))
        plain = [item for item in items if not isinstance(item, Star)]
        if any(map(holds_functions, plain)) and len(plain) == len(items):
            return Pack(cls, plain, [], self.out)
        atoms = [item if isinstance(item, Star) else self.data(item, node) for item in items]
        return self.emit(ops.make_tuple if cls is tuple else ops.make_list, atoms, node, name)

    def items(self, nodes: list[Node]) -> list[Atom | Star]:
        """The items of a display, starred ones as `Star`."""
        found: list[Atom | Star] = []
        for item in nodes:
            if isinstance(item, gast.Starred):
                found.append(Star(self.iterable(item.value)))
            else:
                found.append(self.expr(item))
        return found

    def index(self, node: Node) -> Atom:
        """The index of a subscript."""
        match node:
            case gast.Slice(lower=lower, upper=upper, step=step):
                parts = [Const(None) if part is None else self.expr(part) for part in (lower, upper, step)]
                return self.emit(slice, [*parts], node)
            case gast.Tuple(elts=elts):
                found: list[Atom | Star] = []
                for item in elts:
                    star = isinstance(item, gast.Starred)
                    found.append(Star(self.iterable(item.value)) if star else self.index(item))
                return self.emit(ops.make_tuple, found, node)
            case _:
                return self.expr(node)

    def dictionary(self, node: Node, name: str) -> Value:
        """A dict display: runs of plain entries, merged with the mappings between them; one of functions is known."""
        keys = [key.value for key in node.keys if isinstance(key, gast.Constant) and isinstance(key.value, str | int)]
        if len(keys) == len(node.keys) == len(set(keys)):
            values = [self.value(value) for value in node.values]
            if any(map(holds_functions, values)):
                return Pack(dict, values, [*keys], self.out)
            pairs = zip(keys, values, strict=True)
            parts: list[Atom | Star] = [a for key, value in pairs for a in (Const(key), self.data(value, node))]
            return self.emit(ops.make_dict, parts, node, name)
        runs: list[Atom | Star] = []
        entries: list[Atom | Star] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                entries += [self.expr(key), self.expr(value)]
                continue
            if entries:
                runs.append(self.emit(ops.make_dict, entries, node))
                entries = []
            runs.append(self.expr(value))
        if not runs:
            return self.emit(ops.make_dict, entries, node, name)
        if entries:
            runs.append(self.emit(ops.make_dict, entries, node))
        return self.emit(ops.merge_dicts, runs, node, name)

    def joined(self, node: Node, name: str = "") -> Atom:
        """``f"a{b!r:>{n}}"`` is ``join_string("a", format_value(b, 114, join_string(">", ...)))``."""
        if all(isinstance(part, gast.Constant) for part in node.values):
            return Const("".join(part.value for part in node.values))
        parts: list[Atom | Star] = [
            Const(part.value) if isinstance(part, gast.Constant) else self.formatted(part) for part in node.values
        ]
        return self.emit(ops.join_string, parts, node, name)

    def formatted(self, node: Node) -> Atom:
        """One ``{value!r:spec}``."""
        value = self.expr(node.value)
        spec = Const("") if node.format_spec is None else self.joined(node.format_spec)
        return self.emit(ops.format_value, [value, Const(node.conversion), spec], node)

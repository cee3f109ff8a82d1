"""Lowers expressions to calls of static functions, and those that branch to `If`.

``x @ w + b`` becomes two calls, ``operator.matmul`` and ``operator.add``. Operands are evaluated from left to right.
The value of an expression that is assigned to a name directly has that name.
"""

from __future__ import annotations

import operator
from typing import Any

import gast

from srcad.frontend.calls import Calls
from srcad.frontend.context import Ambiguous, LocalFunction
from srcad.frontend.resolve import MISSING
from srcad.frontend.trees import Node
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
        match node:
            case gast.Name():
                return self.read(node)
            case gast.Constant(value=value):
                return Const(value)
            case gast.BinOp(left=left, op=op, right=right):
                a, b = self.expr(left), self.expr(right)
                return self.emit(BINARY[type(op)], [a, b], node, name)
            case gast.UnaryOp(op=op, operand=operand):
                return self.unary(node, op, operand, name)
            case gast.Call():
                return self.call(node, name)
            case gast.Attribute(value=value):
                return self.attribute(node, self.expr(value), name)
            case gast.Subscript(value=value, slice=index):
                base = self.expr(value)
                return self.emit(operator.getitem, [base, self.index(index)], node, name)
            case gast.Compare():
                return self.compare(node, name)
            case gast.BoolOp(op=op, values=values):
                return self.either(node, isinstance(op, gast.And), values, name)
            case gast.IfExp(test=test, body=body, orelse=orelse):
                cond = self.expr(test)
                return self.sides(cond, body, orelse, node, name)
            case gast.Tuple(elts=elts):
                return self.emit(ops.make_tuple, self.items(elts), node, name)
            case gast.List(elts=elts):
                return self.emit(ops.make_list, self.items(elts), node, name)
            case gast.Set(elts=elts):
                return self.emit(ops.make_set, self.items(elts), node, name)
            case gast.Dict():
                return self.dictionary(node, name)
            case _:
                return self.rare(node, name)

    def rare(self, node: Node, name: str) -> Atom:
        """The less frequent expressions."""
        match node:
            case gast.ListComp() | gast.SetComp() | gast.DictComp():
                return self.comprehension(node, name)
            case gast.GeneratorExp():
                return self.emit(iter, [self.comprehension(node, "")], node, name)
            case gast.NamedExpr(target=target, value=value):
                result = self.expr(value, target.id)
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
            case gast.Lambda():
                raise self.escapes(node, "a lambda")
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

    def read(self, node: Node) -> Atom:
        """A read of a name."""
        name = node.id
        key = self.scope.key(name)
        if key is not None and key != "global":
            value = self.env.get(key, UNDEFINED_ATOM)
            if isinstance(value, LocalFunction):
                raise self.escapes(node, f"the local function '{name}'")
            if isinstance(value, Ambiguous):
                raise self.unsupported(
                    node,
                    f"'{name}' may be one of several local functions here",
                    "call the function in each branch, or pass what differs as an argument",
                )
            if name[0] == "@":
                return value
            if isinstance(value, Var) and value.uid in self.maybe:
                return self.emit(ops.bound, [value], node, name)  # raises where it has no value
            return self.undefined(name, node) if value == UNDEFINED_ATOM else value
        return self.read_outer(node, name, live=key == "global")

    def read_outer(self, node: Node, name: str, *, live: bool) -> Atom:
        """A read of a name of the module, of a function around the primal, or of Python itself."""
        if not live and name not in self.live:
            value = self.resolver.static(name, free=self.scope.sees_cells())
            if value is not MISSING:
                return Const(value, name)
            value = self.resolver.lookup(name)
            if self.template and value is not MISSING:
                return Const(value, name)
        load = ops.load_free if self.is_free(name) and not live else ops.load_global
        return self.emit(load, [Const(name)], node)

    def unary(self, node: Node, op: Node, operand: Node, name: str) -> Atom:
        """A unary operator; the negative of a number is a number."""
        number = isinstance(operand, gast.Constant) and type(operand.value) in (int, float, complex)
        if number and isinstance(op, gast.USub):
            return Const(-operand.value)
        return self.emit(UNARY[type(op)], [self.expr(operand)], node, name)

    def compare(self, node: Node, name: str) -> Atom:
        """``a < b < c`` is ``t = a < b; t and b < c``, each operand evaluated once.

        The chain ends at the first comparison that is false, so the rest is a branch.
        """
        left = self.expr(node.left)
        return self.chain(left, list(zip(node.ops, node.comparators, strict=True)), node, name)

    def chain(self, left: Atom, rest: list[tuple[Node, Node]], node: Node, name: str) -> Atom:
        """The value of ``left op right op ...``."""
        (op, comparator), more = rest[0], rest[1:]
        right = self.expr(comparator)
        if not more:
            return self.emit(COMPARE[type(op)], [left, right], node, name)
        first = self.emit(COMPARE[type(op)], [left, right], node)
        result = self.branch(first, lambda: self.chain(right, more, node, name), lambda: first, node, "and", name)
        assert result is not None
        return result

    def either(self, node: Node, both: bool, values: list[Node], name: str) -> Atom:
        """``a and b`` is ``b if a else a``, ``a or b`` is ``a if a else b``, with `a` evaluated once."""
        if len(values) == 1:
            return self.expr(values[0], name)
        first, rest = self.expr(values[0]), values[1:]
        if both:
            result = self.branch(first, lambda: self.either(node, both, rest, name), lambda: first, node, "and", name)
        else:
            result = self.branch(first, lambda: first, lambda: self.either(node, both, rest, name), node, "or", name)
        assert result is not None
        return result

    def sides(self, cond: Atom, body: Node, orelse: Node, node: Node, name: str) -> Atom:
        """``body if cond else orelse``."""
        result = self.branch(cond, lambda: self.expr(body, name), lambda: self.expr(orelse, name), node, "ifexp", name)
        assert result is not None
        return result

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

    def dictionary(self, node: Node, name: str) -> Atom:
        """``{k: v, **d}``: runs of plain entries, merged with the mappings between them."""
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

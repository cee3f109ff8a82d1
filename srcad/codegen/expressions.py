"""One operation of SSA to one expression of Python's syntax tree.

Used for everything that `srcad.codegen.statements` prints inside a line. Every reference to something outside
the function goes through `References`, every variable through a naming function.
"""

from __future__ import annotations

import ast
import cmath
import math
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.codegen.decisions import Folding
from srcad.codegen.references import References
from srcad.codegen.tables import BINARY, COMPARE, COPIES, INPLACE, UNARY, function_of, is_identifier
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Call, Const, If, Star, Var
from srcad.ir.visit import is_call_of

_LOAD, _STORE = ast.Load(), ast.Store()


class Expressions:
    """Writes the expressions of one function."""

    def __init__(self, name: Callable[[Var], str], references: References, folding: Folding) -> None:
        self.name, self.references, self.folding = name, references, folding

    # -- atoms -----------------------------------------------------------------------------------------------------

    def atom(self, atom: Atom) -> ast.expr:
        """A value: a name, a constant, or the expression folded into it."""
        if isinstance(atom, Const):
            return self.constant(atom)
        definition = self.folding.inlined.get(atom.uid)
        if definition is None:
            return ast.Name(self.name(atom), _LOAD)
        return self.call(definition) if isinstance(definition, Call) else self.conditional(definition)

    def leaf(self, atom: Atom | Star) -> str | None:
        """The name of a variable that is written as a name, else None."""
        if not isinstance(atom, Var) or atom.uid in self.folding.inlined:
            return None
        return self.name(atom)

    def argument(self, argument: Atom | Star) -> ast.expr:
        """An argument of a call or an item of a display."""
        if isinstance(argument, Star):
            return ast.Starred(self.atom(argument.value), _LOAD)
        return self.atom(argument)

    def static(self, value: object, expr: str | None = None) -> ast.expr:
        """A static object by its path."""
        return _dotted(self.references.path(Const(value, expr)))

    def constant(self, const: Const) -> ast.expr:
        """A literal, or a static object."""
        value = const.value
        if value is None or value is Ellipsis or type(value) in (bool, str, bytes):
            return ast.Constant(value)
        if type(value) is int or type(value) is float:
            return self._number(value)
        if type(value) is complex:
            return self._complex(value)
        if type(value) is tuple:
            return ast.Tuple([self.constant(Const(v)) for v in value], _LOAD)
        if type(value) is slice:
            parts = [self.constant(Const(v)) for v in (value.start, value.stop, value.step)]
            return ast.Call(self.static(slice), parts, [])
        if type(value) is range:
            return ast.Call(self.static(range), [self._number(v) for v in (value.start, value.stop, value.step)], [])
        if isinstance(value, np.generic) and isinstance(value.item(), (bool, int, float, complex)):
            return ast.Call(self.static(type(value)), [self.constant(Const(value.item()))], [])
        if isinstance(value, np.dtype) and value.isbuiltin == 1:
            return ast.Call(self.static(np.dtype), [ast.Constant(value.str.lstrip("<=|"))], [])
        if const == UNDEFINED_ATOM:
            raise InternalError("emit: a value that is not bound yet is read")
        return _dotted(self.references.path(const))

    def _number(self, value: int | float) -> ast.expr:
        if math.copysign(1.0, value) < 0:
            return ast.UnaryOp(ast.USub(), self._number(-value) if value == value else self._nonfinite(value))
        return ast.Constant(value) if math.isfinite(value) else self._nonfinite(value)

    def _nonfinite(self, value: float) -> ast.expr:
        name = "nan" if math.isnan(value) else "inf"
        for module in ("numpy", "math"):
            alias = self.references.module(module)
            if alias is not None:
                return _dotted(f"{alias}.{name}")
        return ast.Call(self.static(float), [ast.Constant(name)], [])

    def _complex(self, value: complex) -> ast.expr:
        real, imag = value.real, value.imag
        if not cmath.isfinite(value) or math.copysign(1.0, real) < 0 or math.copysign(1.0, imag) < 0:
            return ast.Call(self.static(complex), [self._number(real), self._number(imag)], [])
        imaginary = ast.Constant(complex(0.0, imag))
        return imaginary if real == 0 else ast.BinOp(ast.Constant(real), ast.Add(), imaginary)

    # -- operations ------------------------------------------------------------------------------------------------

    def call(self, call: Call) -> ast.expr:
        """An operation as an expression."""
        fn = function_of(call)
        args = call.args
        plain = not call.kwargs and not any(isinstance(a, Star) for a in args)
        if fn is None or not plain:
            return self._special(fn, call) or self._generic(call)
        if len(args) == 2:
            left, right = args
            infix = BINARY.get(fn) or INPLACE.get(fn)
            if infix is not None:
                return ast.BinOp(self.argument(left), infix(), self.argument(right))
            if fn in COMPARE:
                return ast.Compare(self.argument(left), [COMPARE[fn]()], [self.argument(right)])
            if fn is operator.getitem:
                assert not isinstance(right, Star)
                return ast.Subscript(self.argument(left), self.index(right), _LOAD)
            if fn is getattr and isinstance(right, Const) and is_identifier(right.value):
                return ast.Attribute(self.argument(left), right.value, _LOAD)
        if len(args) == 1:
            if fn in UNARY:
                return ast.UnaryOp(UNARY[fn](), self.argument(args[0]))
            if fn in COPIES:
                return self.argument(args[0])
            if isinstance(fn, (types.GetSetDescriptorType, types.MemberDescriptorType)):
                return ast.Attribute(self.argument(args[0]), fn.__name__, _LOAD)
        return self._special(fn, call) or self._generic(call)

    def _special(self, fn: Callable[..., Any] | None, call: Call) -> ast.expr | None:
        """Displays, methods, f-strings and names; None for an ordinary call."""
        args = call.args
        if fn is ops.make_tuple:
            return ast.Tuple([self.argument(a) for a in args], _LOAD)
        if fn is ops.make_list:
            return ast.List([self.argument(a) for a in args], _LOAD)
        if fn is ops.make_set:
            items = [self.argument(a) for a in args]
            return ast.Set(items) if items else ast.Call(self.static(set), [], [])
        if fn is ops.make_dict:
            items = [self.argument(a) for a in args]
            return ast.Dict(list(items[::2]), items[1::2])
        if fn is ops.merge_dicts:
            return self._merged(args)
        if fn is ops.zeros_like_each or fn is ops.zeros_like_items:
            return self._zeros(call)
        if fn is ops.load_global:
            return self.global_name(_text(call))
        if fn is ops.load_free:
            return ast.Name(self.references.read_free(_text(call)), _LOAD)
        if fn is ops.join_string or fn is ops.format_value:
            return self._f_string([call.target] if fn is ops.format_value else list(args), call)
        return self._method(fn, call)

    def _zeros(self, call: Call) -> ast.expr:
        """``[np.zeros_like(v) for v in xs]``, or the same for the entries of a dict."""
        item = ast.Name("v", _LOAD)
        zero = ast.Call(self.static(np.zeros_like), [item], [])
        source = self.argument(call.args[0])
        if is_call_of(call, ops.zeros_like_each):
            return ast.ListComp(zero, [ast.comprehension(ast.Name("v", _STORE), source, [], 0)])
        entries = ast.Call(ast.Attribute(source, "items", _LOAD), [], [])
        target = ast.Tuple([ast.Name("k", _STORE), ast.Name("v", _STORE)], _STORE)
        return ast.DictComp(ast.Name("k", _LOAD), zero, [ast.comprehension(target, entries, [], 0)])

    def _merged(self, args: Sequence[Atom | Star]) -> ast.expr:
        """``{"k": 1, **d}``: displays among the merged dicts are written as their entries."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for argument in args:
            node = self.argument(argument)
            keys += node.keys if isinstance(node, ast.Dict) else [None]
            values += node.values if isinstance(node, ast.Dict) else [node]
        return ast.Dict(keys, values)

    def _method(self, fn: Callable[..., Any] | None, call: Call) -> ast.expr | None:
        """``x.name(...)``."""
        args = call.args
        if not args or isinstance(args[0], Star):
            return None
        if fn is ops.call_method and isinstance(args[1], Const) and is_identifier(args[1].value):
            return self._applied(ast.Attribute(self.atom(args[0]), args[1].value, _LOAD), args[2:], call)
        if isinstance(fn, types.MethodDescriptorType) and is_identifier(fn.__name__):
            return self._applied(ast.Attribute(self.atom(args[0]), fn.__name__, _LOAD), args[1:], call)
        return None

    def _generic(self, call: Call) -> ast.expr:
        """``fn(*args, **kwargs)``."""
        return self._applied(self.atom(call.fn), call.args, call)

    def _applied(self, fn: ast.expr, args: tuple[Atom | Star, ...], call: Call) -> ast.Call:
        keywords = [ast.keyword(name, self.atom(value)) for name, value in call.kwargs]
        return ast.Call(fn, [self.argument(a) for a in args], keywords)

    def global_name(self, name: str) -> ast.expr:
        """A global, also where a parameter has its name."""
        if self.references.read_global(name):
            return ast.Name(name, _LOAD)
        return ast.Subscript(ast.Call(self.static(globals), [], []), ast.Constant(name), _LOAD)

    # -- subscripts ------------------------------------------------------------------------------------------------

    def index(self, atom: Atom) -> ast.expr:
        """What stands between square brackets."""
        call = self._folded_call(atom)
        if call is not None and function_of(call) is ops.make_tuple and call.args:
            items = [a if isinstance(a, Star) else self._index_item(a) for a in call.args]
            return ast.Tuple([self.argument(i) if isinstance(i, Star) else i for i in items], _LOAD)
        if isinstance(atom, Const) and type(atom.value) is tuple and atom.value:
            return ast.Tuple([self._index_item(Const(v)) for v in atom.value], _LOAD)
        return self._index_item(atom)

    def _index_item(self, atom: Atom) -> ast.expr:
        call = self._folded_call(atom)
        parts: list[Atom | Star] = []
        if call is not None and function_of(call) is slice and len(call.args) == 3 and not call.kwargs:
            parts = list(call.args)
        elif isinstance(atom, Const) and type(atom.value) is slice:
            parts = [Const(v) for v in (atom.value.start, atom.value.stop, atom.value.step)]
        if not parts or any(isinstance(p, Star) for p in parts):
            return self.atom(atom)
        start, stop, step = (None if isinstance(p, Const) and p.value is None else self.argument(p) for p in parts)
        return ast.Slice(start, stop, step)

    def _folded_call(self, atom: Atom) -> Call | None:
        found = self.folding.inlined.get(atom.uid) if isinstance(atom, Var) else None
        return found if isinstance(found, Call) else None

    # -- f-strings -------------------------------------------------------------------------------------------------

    def _f_string(self, parts: list[Atom | Star], call: Call) -> ast.expr:
        values: list[ast.expr] = []
        for part in parts:
            if isinstance(part, Const) and isinstance(part.value, str):
                values.append(ast.Constant(part.value))
                continue
            formatted = call if part == call.target else self._folded_call(part) if isinstance(part, Var) else None
            if formatted is not None and function_of(formatted) is ops.format_value:
                values.append(self._formatted(formatted))
            else:
                values.append(ast.FormattedValue(self.argument(part), -1, None))
        return ast.JoinedStr(values)

    def _formatted(self, call: Call) -> ast.expr:
        value, conversion, spec = call.args
        code = conversion.value if isinstance(conversion, Const) else -1
        if isinstance(spec, Const):
            written = ast.JoinedStr([ast.Constant(spec.value)]) if spec.value else None
        else:
            inner = self.argument(spec)
            nested = isinstance(inner, ast.JoinedStr)
            written = inner if nested else ast.JoinedStr([ast.FormattedValue(inner, -1, None)])  # type: ignore[assignment]
        return ast.FormattedValue(self.argument(value), int(code), written)

    # -- branches --------------------------------------------------------------------------------------------------

    def conditional(self, branch: If) -> ast.expr:
        """``a if c else b``, ``a and b``, ``a or b``."""
        cond, then, orelse = branch.cond, branch.then.yields[0], branch.orelse.yields[0]
        if branch.style == "and" and orelse == cond:
            return _boolean(ast.And(), self.atom(cond), self.atom(then))
        if branch.style == "or" and then == cond:
            return _boolean(ast.Or(), self.atom(cond), self.atom(orelse))
        return ast.IfExp(self.atom(cond), self.atom(then), self.atom(orelse))


def _boolean(op: ast.boolop, left: ast.expr, right: ast.expr) -> ast.expr:
    """``left op right``; a chain of comparisons where that is what it was."""
    if isinstance(op, ast.And) and isinstance(left, ast.Compare) and isinstance(right, ast.Compare):
        middle = left.comparators[-1]
        if isinstance(middle, (ast.Name, ast.Constant)) and ast.dump(middle) == ast.dump(right.left):
            return ast.Compare(left.left, left.ops + right.ops, left.comparators + right.comparators)
    if isinstance(right, ast.BoolOp) and type(right.op) is type(op):
        return ast.BoolOp(op, [left, *right.values])
    return ast.BoolOp(op, [left, right])


def _dotted(path: str) -> ast.expr:
    root, *rest = path.split(".")
    node: ast.expr = ast.Name(root, _LOAD)
    for name in rest:
        node = ast.Attribute(node, name, _LOAD)
    return node


def _text(call: Call) -> str:
    """The constant name that a read of a global or an enclosing variable has."""
    name = call.args[0]
    if not isinstance(name, Const) or not isinstance(name.value, str):
        raise InternalError("emit: the name of a global is not a constant", where=call.loc)
    return name.value


def negate(test: ast.expr) -> ast.expr:
    """The opposite of a condition, in a place where only its truth counts."""
    opposite = {ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in opposite:
            return ast.Compare(left, [opposite[type(op)]()], [right])
        case _:
            return ast.UnaryOp(ast.Not(), test)

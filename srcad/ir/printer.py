"""SSA as text for people: what ``srcad dump --stage ssa`` shows and what the verifier quotes.

One statement a line, regions indented, operators infix. Variables are numbered per name in the order of their
definitions (``x``, ``x.1``, ``x.2``; temporaries ``_1``, ``_2``), regions per function, so the text does not depend on
what was compiled before. The text is not Python and is never executed: printing Python is the job of `srcad.codegen`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np

from srcad.ir import ops
from srcad.ir.atoms import is_hashable
from srcad.ir.nodes import (
    Atom,
    Block,
    Call,
    Callee,
    Const,
    For,
    Function,
    If,
    Loc,
    Program,
    Star,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.visit import count_uses, definitions, unknown, walk

INFIX: dict[object, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.matmul: "@",
    operator.and_: "&",
    operator.or_: "|",
    operator.xor: "^",
    operator.lshift: "<<",
    operator.rshift: ">>",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
    operator.is_: "is",
    operator.is_not: "is not",
    ops.contains: "in",
    ops.not_contains: "not in",
}
"""Binary operations and how they are written between their operands."""

PREFIX: dict[object, str] = {operator.neg: "-", operator.pos: "+", operator.invert: "~", operator.not_: "not "}
"""Unary operations and how they are written before their operand."""

INPLACE: dict[object, str] = {
    operator.iadd: "+=",
    operator.isub: "-=",
    operator.imul: "*=",
    operator.itruediv: "/=",
    operator.ifloordiv: "//=",
    operator.imod: "%=",
    operator.ipow: "**=",
    operator.imatmul: "@=",
    operator.iand: "&=",
    operator.ior: "|=",
    operator.ixor: "^=",
    operator.ilshift: "<<=",
    operator.irshift: ">>=",
}
"""In-place operations: the symbol of the augmented assignment."""

_DISPLAYS: dict[object, tuple[str, str]] = {
    ops.make_tuple: ("(", ")"),
    ops.make_list: ("[", "]"),
    ops.make_set: ("{", "}"),
}


def to_text(node: Program | Function | Block, *, kinds: bool = True, comments: bool = True) -> str:
    """The readable form of a program, a function or a block; ends with a newline.

    Args:
        node: what to print; of a program, the entry function comes first.
        kinds: whether definitions show their kind, as in ``x: f8[n] = ...``.
        comments: whether each statement of the user is quoted above what became of it.
    """
    if isinstance(node, Program):
        functions = (node.entry, *(function for _, function in node.callees))
        return "\n".join(to_text(function, kinds=kinds, comments=comments) for function in functions)
    body = node.body if isinstance(node, Function) else node
    printer = Printer(body, kinds=kinds, comments=comments)
    if isinstance(node, Function):
        params = ", ".join(map(printer.definition, body.params))
        printer.line(0, f"function {node.name}({params}):")
        printer.block(1, body, "return")
    else:
        printer.block(0, body, "yield")
    return "\n".join(printer.lines) + "\n"


class Printer:
    """Collects the lines of one function; `names` gives every variable of it a name of its own."""

    def __init__(self, body: Block, *, kinds: bool = True, comments: bool = True) -> None:
        self.kinds, self.comments = kinds, comments
        self.lines: list[str] = []
        self._names: dict[Var, str] = {}
        self._counts: dict[str, int] = {}
        self._used = count_uses(body)
        self._quoted: Loc | None = None
        self._regions: dict[int, int] = {}
        for var in definitions(body):
            self.name(var)
        for stmt in walk(body):
            if isinstance(stmt, (If, For, While)) and stmt.id:
                self._regions.setdefault(stmt.id, len(self._regions) + 1)

    def name(self, var: Var) -> str:
        """The name of `var` in the text."""
        if var not in self._names:
            base = var.name or "_"
            number = self._counts.get(base, 0 if var.name else 1)
            self._counts[base] = number + 1
            self._names[var] = f"_{number}" if not var.name else base if number == 0 else f"{base}.{number}"
        return self._names[var]

    def definition(self, var: Var) -> str:
        """`var` where it is defined, with its kind."""
        return f"{self.name(var)}: {var.kind}" if self.kinds else self.name(var)

    def atom(self, atom: Atom | Star) -> str:
        """A use of a variable, or a constant."""
        if isinstance(atom, Star):
            return "*" + self.atom(atom.value)
        return self.name(atom) if isinstance(atom, Var) else const_text(atom)

    def atoms(self, atoms: Iterable[Atom | Star]) -> str:
        """Atoms separated by commas."""
        return ", ".join(map(self.atom, atoms))

    def line(self, depth: int, text: str) -> None:
        """Append one line."""
        self.lines.append("    " * depth + text)

    def block(self, depth: int, block: Block, last: str, stops: bool = False) -> None:
        """The statements of a block and its yields, introduced by the word `last`."""
        for stmt in block.stmts:
            self.stmt(depth, stmt)
        yields = block.yields[:-1] if stops else block.yields
        end = f"{last} {self.atoms(yields)}".rstrip()
        self.line(depth, f"{end} stop {self.atom(block.yields[-1])}" if stops and block.yields else end)

    def stmt(self, depth: int, stmt: Stmt) -> None:
        """One statement, with the blocks it owns."""
        self._quote(depth, stmt.loc)
        match stmt:
            case Call():
                self.line(depth, self.call(stmt))
            case If(cond=cond, then=then, orelse=orelse, style=style):
                word = "if" if style == "if" else f"if[{style}]"
                self.line(depth, f"{self._targets(stmt.targets)}{word} {self.atom(cond)}:{self._note(stmt)}")
                self.block(depth + 1, then, "yield")
                self.line(depth, "else:")
                self.block(depth + 1, orelse, "yield")
            case For(body=body):
                item = ", ".join(map(self.definition, body.params[:1]))
                carried = self._carried(body.params[1:], stmt.inits)
                head = f"{self._targets(stmt.targets)}for {item} in {self.atom(stmt.iter)}{carried}"
                self.line(depth, f"{head}:{self._note(stmt)}")
                self.block(depth + 1, body, "next", stmt.stops)
            case While(cond=test, body=body):
                carried = self._carried(body.params, stmt.inits)
                self.line(depth, f"{self._targets(stmt.targets)}while{carried}:{self._note(stmt)}")
                self.line(depth + 1, f"test({', '.join(map(self.definition, test.params))}):")
                self.block(depth + 2, test, "yield")
                self.line(depth + 1, "body:")
                self.block(depth + 2, body, "next", stmt.stops)
            case With(context=context, entered=entered, body=body):
                name = "" if entered is None else f" as {self.definition(entered)}"
                self.line(depth, f"{self._targets(stmt.targets)}with {self.atom(context)}{name}:")
                self.block(depth + 1, body, "yield")
            case _:
                raise unknown(stmt)

    def call(self, stmt: Call) -> str:
        """A call as one line of text, with its target unless that is an unused temporary."""
        text = self._expression(stmt)
        if not stmt.target.name and stmt.target not in self._used:
            return text
        return f"{self.definition(stmt.target)} = {text}"

    def _expression(self, stmt: Call) -> str:
        fn = stmt.fn.value if isinstance(stmt.fn, Const) else None
        plain = [] if any(isinstance(a, Star) for a in stmt.args) or stmt.kwargs else list(stmt.args)
        args = [self.atom(arg) for arg in plain]
        if fn is not None and (args or fn in _DISPLAYS):
            special = self._special(fn, plain, args)
            if special is not None:
                return special
        keywords = [("**" if name is None else f"{name}=") + self.atom(value) for name, value in stmt.kwargs]
        return f"{self.atom(stmt.fn)}({', '.join([*map(self.atom, stmt.args), *keywords])})"

    def _special(self, fn: Any, plain: list[Atom | Star], args: list[str]) -> str | None:
        """How an operation with a syntax of its own is written, or None."""
        if not is_hashable(fn):
            return None
        if fn in INFIX and len(args) == 2:
            left = f"({args[0]})" if args[0].startswith("-") else args[0]
            return f"{left} {INFIX[fn]} {args[1]}"
        if fn in PREFIX and len(args) == 1:
            return PREFIX[fn] + args[0]
        if fn in INPLACE and len(args) == 2:
            return f"({args[0]} {INPLACE[fn]} {args[1]})"
        if fn in ops.IN_PLACE_OPERATORS and len(args) == 2:
            return f"{args[0]} {INPLACE[ops.IN_PLACE_OPERATORS[fn]]} {args[1]}"
        if fn in ops.UPDATE_OPERATORS and len(args) == 3:
            return f"{args[0]}[{args[1]}] {INPLACE[ops.UPDATE_OPERATORS[fn]]} {args[2]}"
        if fn in _DISPLAYS:
            left, right = _DISPLAYS[fn]
            comma = "," if fn is ops.make_tuple and len(args) == 1 else ""
            return f"{left}{', '.join(args)}{comma}{right}"
        writer = _WRITERS.get((fn, len(args)))
        if writer is not None:
            return writer(*args)
        return self._attribute(fn, plain, args)

    def _attribute(self, fn: Any, plain: list[Atom | Star], args: list[str]) -> str | None:
        name = plain[1].value if len(plain) > 1 and isinstance(plain[1], Const) else None
        if not isinstance(name, str):
            return None
        if fn is getattr and len(args) == 2:
            return f"{args[0]}.{name}"
        if fn is setattr and len(args) == 3:
            return f"{args[0]}.{name} = {args[2]}"
        if fn is delattr and len(args) == 2:
            return f"del {args[0]}.{name}"
        if fn is ops.call_method:
            return f"{args[0]}.{name}({', '.join(args[2:])})"
        return None

    def _targets(self, targets: tuple[Var, ...]) -> str:
        return ", ".join(map(self.definition, targets)) + " = " if targets else ""

    def _carried(self, params: tuple[Var, ...], inits: tuple[Atom, ...]) -> str:
        pairs = [f"{self.definition(p)} = {self.atom(i)}" for p, i in zip(params, inits, strict=False)]
        return f" with {', '.join(pairs)}" if pairs else ""

    def _note(self, stmt: If | For | While) -> str:
        word = "if" if isinstance(stmt, If) else "loop"
        parts = [f"{word} {self._regions[stmt.id]}"] if stmt.id else []
        if stmt.reverse_of is not None:
            parts.append(f"reverse of {self._regions.get(stmt.reverse_of, '?')}")
        return f"  # {', '.join(parts)}" if parts else ""

    def _quote(self, depth: int, loc: Loc) -> None:
        before = self._quoted
        self._quoted = loc
        if not self.comments or not isinstance(loc, Loc) or not loc.text:
            return
        if before is None or (before.file, before.line, before.stmt, before.adjoint) != (
            loc.file,
            loc.line,
            loc.stmt,
            loc.adjoint,
        ):
            self.line(depth, f"# {'adjoint of: ' if loc.adjoint else ''}{loc.text}")


_WRITERS: dict[tuple[object, int], Callable[..., str]] = {
    (operator.getitem, 2): lambda x, i: f"{x}[{i}]",
    (operator.setitem, 3): lambda x, i, v: f"{x}[{i}] = {v}",
    (operator.delitem, 2): lambda x, i: f"del {x}[{i}]",
    (ops.assert_true, 1): lambda c: f"assert {c}",
    (ops.assert_true, 2): lambda c, m: f"assert {c}, {m}",
    (ops.raise_error, 1): lambda e: f"raise {e}",
    (ops.raise_error, 2): lambda e, c: f"raise {e} from {c}",
    (ops.identity, 1): lambda x: str(x),
    (ops.bound, 1): lambda x: str(x),
}


def const_text(const: Const) -> str:
    """A constant as text: a literal, or the name of a static object; never an address."""
    value = const.value
    if const.expr is not None:
        return const.expr
    if isinstance(value, Callee):
        return value.name
    if isinstance(value, tuple):
        return "(" + ", ".join(const_text(Const(v)) for v in value) + ("," if len(value) == 1 else "") + ")"
    if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str, bytes)):
        return "..." if value is Ellipsis else repr(value)
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__}"
    if isinstance(value, (np.dtype, np.generic)):
        return repr(value)
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, slice):
        return f"slice({', '.join(const_text(Const(v)) for v in (value.start, value.stop, value.step))})"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if isinstance(name, str):
        module = getattr(value, "__module__", None) or ""
        return f"np.{name}" if module.partition(".")[0] == "numpy" else name
    text = repr(value)
    short = "\n" not in text and " at 0x" not in text and len(text) <= 60
    return text if short else f"<{type(value).__name__}>"

"""How operations are written: the tables of infix operators and of operations that are statements.

Keys are functions, compared by identity; every table is a constant of the language, not of a program.
"""

from __future__ import annotations

import ast
import functools
import keyword
import operator
import re
from collections.abc import Callable
from typing import Any

from srcad.ir import ops
from srcad.ir.nodes import Atom, Call, Const, Star

Function = Callable[..., Any]

BINARY: dict[Function, type[ast.operator]] = {
    operator.add: ast.Add,
    operator.sub: ast.Sub,
    operator.mul: ast.Mult,
    operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv,
    operator.mod: ast.Mod,
    operator.pow: ast.Pow,
    operator.matmul: ast.MatMult,
    operator.and_: ast.BitAnd,
    operator.or_: ast.BitOr,
    operator.xor: ast.BitXor,
    operator.lshift: ast.LShift,
    operator.rshift: ast.RShift,
}
#: Copies of a reference: naming makes them void where it can.
COPIES: frozenset[Function] = frozenset((ops.identity, ops.bound))
INPLACE: dict[Function, type[ast.operator]] = {
    operator.iadd: ast.Add,
    operator.isub: ast.Sub,
    operator.imul: ast.Mult,
    operator.itruediv: ast.Div,
    operator.ifloordiv: ast.FloorDiv,
    operator.imod: ast.Mod,
    operator.ipow: ast.Pow,
    operator.imatmul: ast.MatMult,
    operator.iand: ast.BitAnd,
    operator.ior: ast.BitOr,
    operator.ixor: ast.BitXor,
    operator.ilshift: ast.LShift,
    operator.irshift: ast.RShift,
}
COMPARE: dict[Function, type[ast.cmpop]] = {
    operator.eq: ast.Eq,
    operator.ne: ast.NotEq,
    operator.lt: ast.Lt,
    operator.le: ast.LtE,
    operator.gt: ast.Gt,
    operator.ge: ast.GtE,
    operator.is_: ast.Is,
    operator.is_not: ast.IsNot,
    ops.contains: ast.In,
    ops.not_contains: ast.NotIn,
}
UNARY: dict[Function, type[ast.unaryop]] = {
    operator.neg: ast.USub,
    operator.pos: ast.UAdd,
    operator.invert: ast.Invert,
    operator.inv: ast.Invert,
    operator.not_: ast.Not,
}
#: Operations without a value of interest: written as statements, never inside an expression.
STATEMENTS: frozenset[Function] = frozenset(
    (
        operator.setitem,
        operator.delitem,
        setattr,
        delattr,
        ops.raise_error,
        ops.assert_true,
        ops.store_global,
        ops.store_free,
        *ops.UPDATE_OPERATORS,
        *ops.IN_PLACE_OPERATORS,
    )
)

#: Displays and f-strings: their own text is only brackets and commas.
DISPLAYS: frozenset[Function] = frozenset(
    (ops.make_tuple, ops.make_list, ops.make_set, ops.make_dict, ops.merge_dicts, ops.join_string, ops.format_value)
)

_PLAIN = re.compile(r"[^\W\d]\w*\Z")
_GENERATED = re.compile(r"(.*?)((?:_bar|_dot|_saved)+)\Z")


def function_of(call: Call) -> Function | None:
    """The function (or the descriptor of an attribute) that a call is known to call, if it can be a key here."""
    if not isinstance(call.fn, Const):
        return None
    fn: Function = call.fn.value
    try:
        hash(fn)
    except TypeError:
        return None
    return fn


def is_identifier(text: object) -> bool:
    """Whether `text` can be written as a name or an attribute."""
    return isinstance(text, str) and _PLAIN.match(text) is not None and not keyword.iskeyword(text)


def generated_parts(name: str) -> tuple[str, str] | None:
    """Stem and suffix of a name that the compiler made: ``x_bar`` is ``("x", "_bar")``; else None."""
    found = _GENERATED.match(name)
    return None if found is None else (found[1], found[2])


def is_temporary(name: str) -> bool:
    """Whether a wanted name stands for nothing of the user's: a temporary, or the adjoint of one."""
    if not name:
        return True
    parts = generated_parts(name)
    return parts is not None and parts[0] in ("", "t") and parts[1] != "_saved"


def atom_of(argument: Atom | Star) -> Atom:
    """The value of an argument, starred or not."""
    return argument.value if isinstance(argument, Star) else argument


def operands(call: Call) -> list[Atom]:
    """The operands of a call in the order in which the written form evaluates them."""
    args = [atom_of(a) for a in call.args]
    fn = function_of(call)
    if fn is operator.setitem and len(args) == 3 or fn is setattr and len(args) == 3:
        args = [args[2], args[0], args[1]]
    head = [] if isinstance(call.fn, Const) else [call.fn]
    return head + args + [value for _, value in call.kwargs]


@functools.lru_cache(maxsize=4096)
def variant(name: str, count: int) -> str:
    """The `count`-th variant of a name.

    >>> variant("x", 2), variant("x_bar", 2), variant("x1", 2), variant("t", 1)
    ('x2', 'x2_bar', 'x1_2', 't')
    """
    if count == 1:
        return name
    stem, suffix = generated_parts(name) or (name, "")
    return f"{stem}_{count}{suffix}" if stem[-1:].isdigit() else f"{stem}{count}{suffix}"


#: ``base[index] op= value``: the operation to the operator that it is written with.
UPDATE_SYMBOLS: dict[Function | None, type[ast.operator]] = {
    update: INPLACE[inplace] for update, inplace in ops.UPDATE_OPERATORS.items()
}

#: In-place operation on a whole array to the operator that it is written with.
IN_PLACE_SYMBOLS: dict[Function | None, type[ast.operator]] = {
    update: INPLACE[inplace] for update, inplace in ops.IN_PLACE_OPERATORS.items()
}

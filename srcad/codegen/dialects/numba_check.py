"""That a function is in the subset that numba compiles: a located error for the first thing that is not."""

from __future__ import annotations

from srcad.codegen.dialects.numba_calls import reason, type_of
from srcad.codegen.references import describe
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, constant, is_in
from srcad.ir.kinds import Array, Iterator, List, Opaque, Static
from srcad.ir.nodes import (
    Call,
    Callee,
    Const,
    For,
    Function,
    If,
    Loc,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.visit import blocks, count_uses, defs, unknown, walk

_TYPES = (
    "numba compiles for fixed types; this dialect has bool, int and float64 numbers, arrays of them with a known "
    "number of axes, tuples, and lists of one type"
)
_STATE = "state the kinds of the arguments, and begin sums of floats with 0.0"
_WITHOUT = "print it for Python, or write this part of the function another way"
#: What can never be printed: what it is called, and why.
_NEVER = {
    ops.load_global: ("a read of the global", "it is read live, numba takes its value while compiling for good"),
    ops.load_free: (
        "a read of the enclosing variable",
        "it is read live, numba takes its value while compiling for good",
    ),
    ops.store_global: ("a store into the global", "numba's globals are constants"),
    ops.store_free: ("a store into the enclosing variable", "numba has no closures that change"),
    ops.call_method: ("a call of the method", "of which class it is, is known only at run time"),
    ops.bound: ("a read of a variable that may have no value", "numba would read any value"),
}


def check(function: Function) -> None:
    """Raise for what numba does not compile.

    Raises:
        UnsupportedSyntax: at the user's line.
    """
    used = count_uses(function.body)
    for param in function.body.params:
        if param in used or not isinstance(param.kind, Opaque | Static) or callable(constant(param.kind)):
            _typed(param, function.loc)
        if isinstance(param.kind, List):
            raise _error(f"the argument {param.name!r}, a list,", function.loc, "numba copies lists at every call")
    for stmt in walk(function.body):
        if isinstance(stmt, Call):
            _never(stmt)
    for stmt in walk(function.body):
        _region(stmt)
        for var in (*defs(stmt), *(param for block in blocks(stmt) for param in block.params)):
            if var in used:
                _typed(var, stmt.loc)


def _region(stmt: Stmt) -> None:
    match stmt:
        case Call():
            why = reason(stmt)
            if why:
                raise _error(f"this call of `{describe(stmt.fn.value)}`", stmt.loc, why)  # type: ignore[union-attr]
        case If() | While():
            pass
        case For(iter=iterable):
            kind = atom_kind(iterable)
            if not isinstance(kind, Array) and not (isinstance(kind, Iterator) and kind.form == "range"):
                raise _error(f"a loop over {kind}", stmt.loc, "this dialect has loops over ranges and arrays")
        case With():
            raise _error("a `with` statement", stmt.loc, "numba has no context managers")
        case _:
            raise unknown(stmt)


def _never(call: Call) -> None:
    """Raise for a call that no kinds make printable."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is None:
        raise _error(
            "a call of a function that is known only at run time", call.loc, "numba binds calls while compiling"
        )
    if isinstance(fn, Callee):
        why = "this dialect prints single functions"
        raise _error(f"a call of {fn.name!r}, which is compiled on its own,", call.loc, why)
    if is_in(fn, _NEVER):
        what, why = _NEVER[fn]
        names = [repr(a.value) for a in call.args if isinstance(a, Const)]
        raise _error(" ".join((what, *names[:1])), call.loc, why)


def _typed(var: Var, loc: Loc) -> None:
    if type_of(var.kind) is None:
        named = f"{var.name!r}" if var.name else "a value here"
        raise UnsupportedSyntax(
            f"{named} is of kind {var.kind}, which numba does not compile", where=loc, why=_TYPES, remedy=_STATE
        )


def _error(what: str, loc: Loc, why: str) -> UnsupportedSyntax:
    return UnsupportedSyntax(f"{what} cannot be printed for numba", where=loc, why=why, remedy=_WITHOUT)

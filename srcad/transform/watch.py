"""Checks for `check_finite=True`: every adjoint or tangent that a statement makes is finite, or the derivative stops.

    y = np.log(x)                          y = np.log(x)
                                           note_value(y, 'y')
    x_bar = y_bar / x              ->      x_bar = y_bar / x
                                           check_finite(x_bar, 'x_bar')

Values of the function are only noted: an infinite one is no error as long as no derivative is made of it. Where a part
of an array or a container changes, the check looks at that part.

>>> import srcad
>>> def f(x: float):
...     y = x * x
...     return y * y
>>> print(srcad.grad(f, check_finite=True).source.rstrip())
# kinds: x: float
def f_grad(x):
    srcad.runtime.finite.watch_values()
    y = x * x
    srcad.runtime.finite.note_value(y, 'y')
    # return y * y
    y_bar = 2 * y
    srcad.runtime.finite.check_finite(y_bar, 'y_bar')
    # y = x * x
    x_bar = 2 * x * y_bar
    srcad.runtime.finite.check_finite(x_bar, 'x_bar')
    return x_bar
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace

from srcad import runtime
from srcad.analysis.effects import writes
from srcad.ir import ops
from srcad.ir.atoms import is_in
from srcad.ir.kinds import UNDEFINED, may_be_active
from srcad.ir.nodes import Atom, Call, Callee, Const, Function, Loc, Star, Stmt, Var
from srcad.ir.visit import blocks, calls_of, is_call_of, with_blocks
from srcad.transform.cleanup import added
from srcad.transform.save import same_unpacking

#: Stores of the form ``store(base, index, ...)`` that change only that part.
_INDEXED = frozenset([operator.setitem, *ops.UPDATES.values(), runtime.add_at, runtime.add_to_item])


#: The arguments of a check without an index.
_WHOLE = 2

Calls = Mapping[Var, Call]


def watched(function: Function, *, entry: bool = False) -> Function:
    """`function` with a check after each statement that makes a derivative or a value of a name.

    Args:
        function: in its last form.
        entry: whether it is the one that the user calls: there the notes begin.
    """
    calls = calls_of(function.body)
    stmts = tuple(_watched(function.body.stmts, calls))
    if entry:
        loc = replace(function.loc, saving=True)
        stmts = (Call(Var("", UNDEFINED), Const(runtime.watch_values), (), (), loc), *stmts)
    return replace(function, body=replace(function.body, stmts=stmts))


def _watched(stmts: Sequence[Stmt], calls: Calls) -> list[Stmt]:
    made: list[Stmt] = []
    waiting: list[Call] = []
    for k, stmt in enumerate(stmts):
        inner = tuple(replace(b, stmts=tuple(_watched(b.stmts, calls))) for b in blocks(stmt))
        made.append(with_blocks(stmt, inner))
        if isinstance(stmt, Call):
            waiting += [check for check in _checks(stmt, calls) if not _is_repeated(check, stmts[k + 1 :])]
        if not same_unpacking(stmt, stmts[k + 1 : k + 2]):
            made += waiting
            waiting = []
    return made


def _checks(call: Call, calls: Calls) -> list[Call]:
    """What follows a call: a check of what it makes, or of what it changes."""
    if is_call_of(call, ops.identity):
        return []
    changed = [a for a in writes(call) if isinstance(a, Var)]
    if not changed:
        of_callee = _is_beside_value(call, calls)  # a tangent, or what is kept for the reverse sweep
        is_kept = of_callee and not call.target.name.endswith("_dot")
        return [] if is_kept else _check(call.target, None, replace(call.loc, adjoint=of_callee or call.loc.adjoint))
    indexed = isinstance(call.fn, Const) and is_in(call.fn.value, _INDEXED)
    index = call.args[1] if indexed else None
    assert not isinstance(index, Star)
    return [check for var in changed for check in _check(var, index, call.loc)]


def _is_beside_value(call: Call, calls: Calls) -> bool:
    """Whether a call takes out of the result of a generated function what that gives beside the value."""
    if not is_call_of(call, operator.getitem) or call.args[1] == Const(0):
        return False
    items = calls.get(call.args[0])  # type: ignore[arg-type]
    made = None if items is None or not is_call_of(items, ops.unpack) else calls.get(items.args[0])  # type: ignore[arg-type]
    return made is not None and isinstance(made.fn, Const) and isinstance(made.fn.value, Callee)


def _check(var: Var, index: Atom | None, loc: Loc) -> list[Call]:
    derivative = loc.adjoint and not loc.saving and var.name.endswith(("_bar", "_dot"))
    if not var.name or not may_be_active(var.kind) or (added(loc) and not derivative):
        return []
    args = (var, Const(var.name), *([] if index is None else [index]))
    fn = runtime.check_finite if derivative else runtime.note_value
    return [Call(Var("", UNDEFINED), Const(fn), args, (), loc)]


def _is_repeated(check: Call, following: Sequence[Stmt]) -> bool:
    """Whether the same adjoint statement adds to what is checked under the same name, with only temporaries between."""
    var = check.args[0]
    assert isinstance(var, Var)
    for after in following:
        same = isinstance(after, Call) and (after.loc.function, after.loc.stmt) == (check.loc.function, check.loc.stmt)
        if not same or not isinstance(after, Call):
            return False
        if after.target.name or var in after.args:
            return var in after.args and after.target.name == var.name and len(check.args) == _WHOLE
    return False

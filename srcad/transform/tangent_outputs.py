"""The tangent of calls that write their result to an array: it goes to the tangent of that array.

np.exp(x, out=y)                 ->    y_dot[...] = x_dot * y            (after y has changed)
np.multiply(a, b, out=a)         ->    a_dot[...] = a_dot * b + a * b_dot    (before a changes)
np.sqrt(x, out=y, where=m)       ->    np.copyto(y_dot, ..., where=m)
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from srcad.analysis.memory import Memory
from srcad.analysis.outputs import computed, mask_of
from srcad.ir.kinds import Array, Numeric, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import map_atoms, uses
from srcad.rules import rule_for
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Value, materialise
from srcad.transform.reverse.masking import harmless
from srcad.transform.reverse.outputs import reads_result, refuse_overlap
from srcad.transform.tangent_lines import Lines
from srcad.transform.tangents import tangent_of_primitive

Dots = Callable[[Atom], Value]


def tangent_of_output(lines: Lines, call: Call, out: Var, memory: Memory, dot: Dots) -> None:
    """Write `call`, which writes its result to `out`, and its tangent."""
    made = computed(call)
    if any(dot(v) is not ZERO for v in uses(made)):
        refuse_overlap(made, list(uses(made)), out, memory)
    rule = rule_for(made.fn.value) if isinstance(made.fn, Const) else None
    template = None if rule is None else rule.tangent or rule.partials
    after = template is not None and reads_result(template)
    if after:
        lines.flush()
        own = set(memory.of(out))
        shared = [v for v in dict.fromkeys(uses(made)) if any(root in own for root in memory.of(v))]
        lines.b.loc = lines.t.loc
        kept = {v: _copy(lines.b, v) for v in shared}
        lines.b.emit(call)
        lines.start = len(lines.b.stmts)
        _store(lines.t, call, made, out, kept, dot)
        lines.flush()
    else:
        _store(lines.t, call, made, out, {}, dot)
        lines.store(call, memory)


def _copy(b: Builder, var: Var) -> Var:
    if isinstance(var.kind, (Numeric, Unknown)):
        from srcad.runtime import own

        return b.append(own, (var,), kind=var.kind)
    return b.append(np.ndarray.copy, (var,), kind=var.kind) if isinstance(var.kind, Array) else var


def _store(t: Builder, call: Call, made: Call, out: Var, kept: dict[Var, Var], dot: Dots) -> None:
    """Write the tangent of the result, read from what the operands were, to the tangent of `out`."""
    origin: dict[Atom, Atom] = {new: old for old, new in kept.items()}
    mask = mask_of(call)
    rule = rule_for(made.fn.value) if isinstance(made.fn, Const) else None
    varies = any(dot(v) is not ZERO for v in uses(made))
    read: dict[Atom, Atom] = dict(kept.items())
    pseudo = map_atoms(Call(out, made.fn, made.args, made.kwargs, made.loc), lambda a: read.get(a, a))
    assert isinstance(pseudo, Call)
    if mask is not None and varies and rule is not None and rule.singular and rule.partials is not None:
        values = {str(k): a for k, a in enumerate(pseudo.args) if not isinstance(a, Star)}
        safe = harmless(t, rule, values, mask, names=tuple(values))
        origin |= {safe[k]: origin.get(a, a) for k, a in values.items()}
        ans = harmless(t, rule, {"ans": out}, mask)["ans"]
        pseudo = Call(ans, pseudo.fn, tuple(safe.values()), pseudo.kwargs, pseudo.loc)
    value = tangent_of_primitive(t, pseudo, lambda a: dot(origin.get(a, a))) if varies else ZERO
    found = Const(0.0) if value is ZERO else materialise(t, value)
    target = materialise(t, dot(out))
    if mask is None:
        t.append(operator.setitem, (target, Const(Ellipsis), found))
    else:
        t.append(np.copyto, (target, found), (("where", mask),))

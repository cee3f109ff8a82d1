"""The adjoint of calls that write their result to an array: ``np.exp(x, out=y, where=m)``.

The cotangent of the result is taken from the shadow of the array that was written, where it was written, and set to
zero there; from then on it is the adjoint of the call without ``out=``. An operand may share memory with that array: it
is read as it was before the call, the result as it was after it.

    np.multiply(a, b, out=a)      ->      a_old = a.copy()
                                          np.multiply(a, b, out=a)
                                          # np.multiply(a, b, out=a)
                                          t_bar = a_bar.copy()
                                          a_bar[...] = b * t_bar
                                          b_bar = a_old * t_bar
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from srcad.analysis.memory import Memory
from srcad.analysis.outputs import computed, mask_of, outputs, reads_first
from srcad.analysis.result import result_kind
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Call, Const, Var
from srcad.ir.visit import count_uses, uses
from srcad.rules import Rule, Template
from srcad.transform.builder import Builder
from srcad.transform.callees import require_rule
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.masking import note_masked
from srcad.transform.reverse.primitives import Active, Reading, reverse_primitive
from srcad.transform.reverse.shadows import read_stored, store_target


def written_output(call: Call) -> Var | None:
    """The array that a call writes its result to, by name or by position; None for any other call."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    found = () if fn is None or fn is ops.call_method else outputs(fn, call.args, call.kwargs)
    return found[0] if len(found) == 1 and isinstance(found[0], Var) else None


def reverse_output(scope: Scope, call: Call, out: Var, old: Var | None, active: Active) -> None:
    """Write the adjoint of a call that wrote its result to `out`, where `old` was before."""
    b, mask = scope.b, mask_of(call)
    made = computed(call)
    operands = list(uses(made))
    varies = any(v in active for v in operands) and not require_rule(made).nondifferentiable
    target = store_target(scope, out) if out in active else None
    if target is None or not varies:
        _undo(b, out, old)
        if target is not None:
            _zero(b, target, mask)
        return
    rule = require_rule(made)
    refuse_unknown_shape(b, made, rule, out)
    refuse_overlap(made, operands, out, scope.memory)
    ans: Var = out
    after = reads_result(rule.partials or rule.adjoint)
    own = set(scope.memory.of(out))
    others = [v for v in operands if v != out or old is None]
    overlaps = any(root in own for v in others for root in scope.memory.of(v))
    if after and overlaps:
        ans = b.append(np.ndarray.copy, (out,), kind=out.kind)
    if overlaps or not after:
        _undo(b, out, old)
    g = _taken(b, target, mask)
    instead: dict[Atom, Atom] = {} if old is None else {out: old}
    pseudo = Call(out, made.fn, made.args, made.kwargs, made.loc)
    reverse_primitive(scope, pseudo, active, g, ans, Reading(instead, mask))
    if after and not overlaps:
        _undo(b, out, old)


def _undo(b: Builder, out: Atom, old: Var | None) -> None:
    if old is not None:
        b.append(ops.restore, (out, Const(Ellipsis), old))


def _taken(b: Builder, target: Atom, mask: Atom | None) -> Atom:
    """The cotangent of what was written, which becomes zero in the shadow."""
    if mask is None:
        g = read_stored(b, target, Const(Ellipsis))
    else:
        g = b.append(np.where, (mask, target, Const(0.0)), kind=b.kind(target))
    _zero(b, target, mask)
    return g


def _zero(b: Builder, target: Atom, mask: Atom | None) -> None:
    if mask is None:
        b.append(operator.setitem, (target, Const(Ellipsis), Const(0.0)))
        return
    b.append(np.copyto, (target, Const(0.0)), (("where", mask),))
    note_masked(b, target)


def reads_result(template: Template | None) -> bool:
    """Whether a template reads the result of its primitive."""
    if template is None:
        return True
    read = count_uses(template.ssa.body)
    return any(p.name == "ans" and p in read for p in template.ssa.body.params)


def refuse_overlap(call: Call, operands: Sequence[Var], out: Var, memory: Memory) -> None:
    """Some functions write part of their result before they have read all: with an overlap, it is another function."""
    own = set(memory.of(out))
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if reads_first(fn) or not any(root in own for v in operands for root in memory.reachable(v)):
        return
    raise UnsupportedSyntax(
        f"{getattr(fn, '__name__', 'this function')} writes to an array that it reads at the same time",
        where=call.loc,
        why="what it gives depends on the order in which NumPy reads and writes",
        remedy="give it a copy",
    )


def refuse_unknown_shape(b: Builder, made: Call, rule: Rule, out: Var) -> None:
    """A product may be repeated to fill what it is written to; its adjoint does not know that form."""
    assert isinstance(made.fn, Const)
    fn = made.fn.value
    if rule.broadcasts or not (isinstance(fn, np.ufunc) or fn in (np.outer, np.einsum)):
        return
    kind = result_kind(made.fn, made.args, made.kwargs, b.facts)
    known = isinstance(kind, Array) and isinstance(out.kind, Array) and None not in (kind.dims, out.kind.dims)
    if known and isinstance(kind, Array) and isinstance(out.kind, Array):
        own, given = kind.dims or (), out.kind.dims or ()
        if len(own) == len(given) and all(
            b.facts.equal(p, q) or b.facts.is_one(p) is False for p, q in zip(own, given, strict=True)
        ):
            return
    raise UnsupportedSyntax(
        f"whether {rule.name} fills the array that it writes to once, or repeats its result, is not known",
        where=made.loc,
        why="the lengths of both have to be known while compiling",
        remedy="assign its result: out[...] = the call without out",
    )

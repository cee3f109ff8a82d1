"""Values of the code of a derivative that are the same computation: doubled instead of added, or cancelling."""

from __future__ import annotations

import operator

from srcad.analysis.effects import is_pure
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.transform.builder import Builder

_DEPTH = 8


def is_part(call: Call) -> bool:
    """Whether a value is but a part of a formula: not itself a cotangent, of which there may be other uses."""
    return call.loc.adjoint and not call.target.name


def is_same(b: Builder, x: Atom, y: Atom, depth: int = _DEPTH) -> bool:
    """Whether two values that a transform computed are the same computation on the same values."""
    if x == y:
        return True
    if depth == 0 or not (isinstance(x, Var) and isinstance(y, Var)) or x.kind != y.kind:
        return False
    first, second = b.definition(x), b.definition(y)
    if first is None or second is None or first.fn != second.fn or not isinstance(first.fn, Const):
        return False
    if b.recent(x, first.fn.value) is None or b.recent(y, first.fn.value) is None or not _repeats(first):
        return False
    if len(first.args) != len(second.args) or [k for k, _ in first.kwargs] != [k for k, _ in second.kwargs]:
        return False
    left = [*first.args, *(v for _, v in first.kwargs)]
    right = [*second.args, *(v for _, v in second.kwargs)]
    return all(
        not isinstance(p, Star) and not isinstance(q, Star) and is_same(b, p, q, depth - 1)
        for p, q in zip(left, right, strict=True)
    )


def _repeats(call: Call) -> bool:
    """Whether a call that a transform added gives the same at each of its runs."""
    return call.loc.adjoint and is_pure(call)


def doubled(b: Builder, g: Atom) -> Atom:
    """``2 * g``, for the sum of two equal cotangents: exact."""
    if isinstance(g, Const):
        return Const(2 * g.value)
    for fn in (operator.mul, operator.truediv):
        call = b.recent(g, fn)
        if call is not None and is_part(call):
            p, q = operands_of(call)
            return b.call(fn, b.call(operator.mul, Const(2), p), q)
    return b.call(operator.mul, Const(2), g)


def operands_of(call: Call) -> tuple[Atom, Atom]:
    """The two operands of an operator."""
    p, q = call.args
    assert not isinstance(p, Star) and not isinstance(q, Star)
    return p, q


def may_double(b: Builder, x: Atom, y: Atom) -> bool:
    """Whether ``x + y`` is ``2 * x``, exactly: of complex numbers it is not where a part is infinite."""
    kind = atom_kind(x)
    return isinstance(kind, (Array, Scalar)) and (kind.dtype or "?")[0] == "f" and is_same(b, x, y)


def cancels(b: Builder, total: Atom, g: Atom) -> bool:
    """Whether ``total + g`` is nothing: `g` is the sum of shares of `total`, with the opposite sign."""
    if isinstance(total, Const) and isinstance(g, Const):
        whole = [a.value for a in b.shares if isinstance(a, Const)]
        return g.value == -total.value and any(abs(v) == abs(total.value) for v in whole)
    call = b.recent(g, operator.neg)
    shared = None if call is None else call.args[0]
    return isinstance(shared, Var) and shared in b.shares and is_same(b, total, shared)

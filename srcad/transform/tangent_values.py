"""Tangents as values: zeros, names, full shapes, and who else holds the same memory.

A tangent mirrors its value: an array of the same shape, the same containers. Leaves that carry no derivative have 0.0
(numbers) or None (anything else). `ZERO` stands for the tangent of what does not vary as long as nobody needs a value.
"""

from __future__ import annotations

import operator

import numpy as np

from srcad import runtime
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Tuple, Undefined, Unknown, may_be_active
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Call, Const, Var
from srcad.rules import rule_for
from srcad.runtime.tangents import zero_tangent
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.buffers import cotangent_kind, filled, is_full


def dotted(atom: Atom) -> str:
    """The name of a tangent: ``x_dot``; that of a temporary's is one, too."""
    return f"{atom.name or 't'}_dot" if isinstance(atom, Var) else ""


def tangent_kind(kind: Kind) -> Kind:
    """The kind of the tangent of a value of this kind: numbers without derivative have 0.0."""
    match kind:
        case Scalar(dtype=dtype) if not may_be_active(kind) and dtype is not None:
            return Scalar("f8")
        case _:
            return cotangent_kind(kind)


def zero(b: Builder, primal: Atom) -> Atom:
    """A zero tangent for `primal` as a value of its own."""
    kind = atom_kind(primal)
    match kind:
        case Undefined():
            return UNDEFINED_ATOM
        case Scalar():
            return Const(0.0)
        case Array() if may_be_active(kind):
            return b.append(np.zeros_like, (primal,), name=dotted(primal), kind=cotangent_kind(kind))
        case Tuple(items=items):
            return b.append(ops.make_tuple, [zero(b, b.call(operator.getitem, primal, k)) for k in range(len(items))])
        case Array() | List() | Dict() | Numeric() | Unknown():
            return b.append(zero_tangent, (primal,), name=dotted(primal), kind=kind)
        case _ if may_be_active(kind):
            return b.append(zero_tangent, (primal,), name=dotted(primal), kind=kind)
        case _:
            return Const(None)


def mirrored(b: Builder, primal: Atom, value: Value) -> Value:
    """A tangent with its zeros written out."""
    kind = atom_kind(primal)
    if isinstance(value, Seq) and isinstance(kind, Tuple):
        items = [
            mirrored(b, b.call(operator.getitem, primal, k), item) if item is ZERO or isinstance(item, Seq) else item
            for k, item in enumerate(value.items)
        ]
        return Seq(items, tuple)
    return zero(b, primal) if value is ZERO else value


def whole(b: Builder, primal: Atom, value: Value) -> Atom:
    """A tangent as one atom, zeros written out."""
    return materialise(b, mirrored(b, primal, value))


def full(b: Builder, value: Atom, var: Var) -> Atom:
    """`value` with the full shape of `var`, whose tangent it is; what is full already comes back as it is."""
    kind = var.kind
    if not isinstance(kind, (Array, Numeric, Unknown)) or isinstance(kind, Array) and is_full(b, value, kind):
        return value
    if isinstance(kind, Array) and isinstance(b.kind(value), Scalar):
        return filled(b, value, var, kind)
    if isinstance(kind, Array) and isinstance(b.kind(value), Array):
        return b.append(np.broadcast_to, (value, b.call(getattr, var, Const("shape"))), kind=kind)
    return b.append(runtime.broadcast_like, (value, var), kind=kind)


class Shapes:
    """Which tangents have the full shape of the result of a call, from how they were computed.

    An elementwise expression has the shape of all its operands together: where it reads the result itself, or each
    operand of the call or something of the same shape, it is full.
    """

    def __init__(self) -> None:
        self.like: dict[Var, list[Var]] = {}

    def note(self, dot: Value, primal: Var) -> None:
        """`dot` has the shape of `primal`."""
        if isinstance(dot, Var):
            self.like.setdefault(dot, []).append(primal)

    def covers(self, b: Builder, value: Atom, call: Call, mark: int) -> bool:
        """Whether `value`, computed by the statements of `b` since `mark`, is full for the result of `call`."""
        made = {s.target: s for s in b.stmts[mark:] if isinstance(s, Call)}
        seen: set[Var] = set()
        pending: list[object] = [value]
        while pending:
            atom = pending.pop()
            if not isinstance(atom, Var):
                continue
            maker = made.get(atom)
            if maker is None:
                seen.add(atom)
                seen.update(self.like.get(atom, ()))
            elif _elementwise(maker):
                pending += maker.args
        operands = [a for a in call.args if isinstance(a, Var) and not isinstance(a.kind, Scalar)]
        return call.target in seen or (bool(operands) and all(a in seen for a in operands))


def _elementwise(call: Call) -> bool:
    rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
    return rule is not None and rule.partials is not None and not call.kwargs

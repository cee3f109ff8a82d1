"""The tangents of stores: the same store into the tangent, from what was there before.

y[i] = v      ->    y_dot[i] = v_dot
y[i] += v     ->    y_dot[i] += v_dot
y *= v        ->    y_dot[...] = y_dot * v + y * v_dot      (before y changes)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from srcad.analysis.effects import writes
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.runtime import tangents as runtime
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Value, materialise
from srcad.transform.reverse.stores import BINARY, name_of
from srcad.transform.tangent_containers import container_operation, fresh_index
from srcad.transform.tangent_values import whole
from srcad.transform.tangents import tangent_of_primitive

Dots = Callable[[Atom], Value]

#: In-place operators with which the tangent of the target changes as the target does where the operand does not vary.
_LINEAR = (operator.imul, operator.itruediv, operator.imatmul)

_BINARY: dict[Any, Any] = {**BINARY, operator.imatmul: operator.matmul}


def tangent_of_store(b: Builder, call: Call, dot: Dots) -> Value:
    """Write to `b` what `call`, which changes something that carries a derivative, does to tangents.

    Returns:
        The tangent of the result of `call`.
    """
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if any(dot(a) is ZERO for a in writes(call)) and fn not in _BINARY:
        raise UnsupportedSyntax(
            "this statement changes something that carries a derivative through a value whose tangent is not known",
            where=call.loc,
            remedy="change the array itself",
        )
    if fn in ops.UPDATE_OPERATORS:
        _update(b, call, ops.UPDATE_OPERATORS[fn], call.args[1], dot)
        return ZERO
    if fn in ops.IN_PLACE_OPERATORS and isinstance(_kind(call.args[0]), (Array, Numeric)):
        _update(b, call, ops.IN_PLACE_OPERATORS[fn], None, dot)
        return ZERO
    if fn in _BINARY:
        return _rebound(b, call, fn, dot)
    if fn is operator.ior:
        given = [whole(b, a, dot(a)) for a in call.args if not isinstance(a, Star)]
        return b.append(runtime.merged_tangent, given, kind=call.target.kind)
    result = container_operation(b, call, dot)
    if result is None:
        name = name_of(call)
        raise UnsupportedSyntax(
            f"{name} changes something that carries a derivative",
            where=call.loc,
            why="how it changes the tangent is not known",
            remedy="write the result to a new name",
        )
    return result


def _kind(arg: Atom | Star) -> Kind:
    return atom_kind(arg)


def _rebound(b: Builder, call: Call, op: Any, dot: Dots) -> Value:
    """``x op= v`` where `x` may be a number or an array: its tangent is replaced or changed in place as it is."""
    base, value = (a for a in call.args if not isinstance(a, Star))
    x_dot, along = whole(b, base, dot(base)), dot(value)
    kind = call.target.kind
    if op in (operator.iadd, operator.isub):
        if along is ZERO and isinstance(kind, Numeric):
            return x_dot
        return b.append(call.fn, (x_dot, whole(b, value, along)), kind=kind)
    if along is ZERO and op in _LINEAR:
        return b.append(call.fn, (x_dot, value), kind=kind)
    total = _combined(b, call, op, (base, x_dot), None, dot)
    return b.append(runtime.updated_tangent, (x_dot, total), kind=kind)


def _update(b: Builder, call: Call, op: Any, index: Atom | Star | None, dot: Dots) -> None:
    """``base[index] op= value``, or ``base op= value`` where the index is None."""
    base, value = call.args[0], call.args[-1]
    if isinstance(base, Star) or isinstance(value, Star) or isinstance(index, Star):
        raise InternalError("a store with a starred argument", where=call.loc)
    target, along = dot(base), dot(value)
    if target is ZERO:
        raise InternalError("a store into something that has no tangent", where=call.loc)
    y_dot = materialise(b, target)
    place = [] if index is None else [fresh_index(b, index)]
    numbers = isinstance(atom_kind(base), (Array, Numeric)) or _of_numbers(atom_kind(base))
    if op in (operator.iadd, operator.isub):
        if along is not ZERO or not numbers:
            b.append(call.fn, (y_dot, *place, whole(b, value, along)))
        return
    if along is ZERO and op in _LINEAR:
        b.append(call.fn, (y_dot, *place, value))
        return
    total = _combined(b, call, op, (base, y_dot), index, dot)
    if index is None:
        b.append(operator.setitem, (y_dot, Const(Ellipsis), total))
    elif isinstance(atom_kind(base), Array) or (numbers and _scalars(base)):
        b.append(operator.setitem, (y_dot, fresh_index(b, index), total))
    else:
        b.append(runtime.assign_tangent, (y_dot, fresh_index(b, index), total))


def _combined(b: Builder, call: Call, op: Any, bases: tuple[Atom, Atom], index: Atom | None, dot: Dots) -> Atom:
    """The tangent of ``old op value`` at what is there before the store."""
    binary = _BINARY.get(op)
    value = call.args[-1]
    assert not isinstance(value, Star)
    if binary is None:
        raise UnsupportedSyntax(
            f"the in-place operator of this statement ({op.__name__}) is not differentiated yet",
            where=call.loc,
            remedy="write it as an assignment of a new value",
        )
    old, old_dot = bases
    if index is not None:
        old, old_dot = (b.append(operator.getitem, (a, fresh_index(b, index))) for a in bases)
    ans = b.append(binary, (old, value))

    def along(atom: Atom) -> Value:
        return old_dot if atom == old else dot(atom)

    made = Call(ans, Const(binary), (old, value), (), call.loc)
    return materialise(b, tangent_of_primitive(b, made, along))


def _of_numbers(kind: Kind) -> bool:
    return isinstance(kind, (List, Dict)) and isinstance(kind.item, (Scalar, Array, Numeric))


def _scalars(base: Atom) -> bool:
    kind = atom_kind(base)
    return isinstance(kind, (List, Dict)) and isinstance(kind.item, Scalar)

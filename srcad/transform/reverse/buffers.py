"""Cotangents as values: zeros, copies, full shapes, and adding to one in place."""

from __future__ import annotations

import operator

import numpy as np

from srcad import runtime
from srcad.ir import ops
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Tuple, Unknown, may_be_active
from srcad.ir.lattice import join_all
from srcad.ir.nodes import Atom, Const
from srcad.transform.builder import Builder


def add_in_place(b: Builder, target: Atom, g: Atom) -> None:
    """``target += g``, or ``target -= h`` where `g` is ``-h``; containers item by item."""
    if not isinstance(b.kind(target), (Array, Numeric, Scalar)):
        b.append(runtime.add_to, (target, g), kind=Unknown())
        return
    negated = b.recent(g, operator.neg)
    if negated is None:
        b.append(ops.IN_PLACE[operator.iadd], (target, g))
    else:
        b.append(ops.IN_PLACE[operator.isub], (target, *negated.args))


def uses_buffer(kind: Kind) -> bool:
    """Whether cotangents of values of this kind are accumulated in place across the passes of a loop."""
    return isinstance(kind, (Array, List)) or (isinstance(kind, Dict) and kind.items is None)


def cotangent_kind(kind: Kind) -> Kind:
    """The kind of a full cotangent of a value of this kind."""
    match kind:
        case Scalar(dtype=dtype):
            return Scalar(dtype, weak=False)
        case _:
            return kind


def as_real(b: Builder, g: Atom, kind: Kind) -> Atom:
    """`g` without an imaginary part where the primal value is real, and in double precision where that is a number."""
    found = b.kind(g)
    if (
        isinstance(kind, Scalar)
        and kind.dtype == "f8"
        and isinstance(found, Scalar)
        and found.dtype in ("f2", "f4", None)
    ):
        return b.append(np.float64, (g,))
    if not isinstance(found, (Array, Scalar, Numeric)) or found.dtype is None or found.dtype[0] != "c":
        return g
    if isinstance(kind, (Array, Scalar, Numeric)) and kind.dtype is not None and kind.dtype[0] == "f":
        return b.call(np.real, g)
    return g


def is_full(b: Builder, g: Atom, kind: Kind) -> bool:
    """Whether a cotangent is known to have the shape of its primal value, which has this kind."""
    found = b.kind(g)
    match kind:
        case Array(dims=dims):
            if dims is None:
                return False
            if not isinstance(found, Array) or found.dims is None or len(found.dims) != len(dims):
                return False
            return all(b.facts.equal(p, q) for p, q in zip(found.dims, dims, strict=True))
        case Scalar():
            return True
        case _:
            # Cotangents of values of unknown kind are always made full.
            return True


def zeros(b: Builder, primal: Atom, kind: Kind) -> Atom:
    """A fresh zero cotangent of full shape."""
    match kind:
        case Scalar():
            return Const(0.0)
        case Array():
            return b.append(np.zeros_like, (primal,), kind=cotangent_kind(kind))
        case List(item=Scalar()):
            zero = b.append(ops.make_list, (Const(0.0),))
            return b.append(operator.mul, (zero, b.call(len, primal)), kind=List(Scalar("f8")))
        case List(item=Array()):
            return b.append(ops.zeros_like_each, (primal,), kind=List(kind.item))
        case Dict(item=Scalar()):
            return b.append(dict.fromkeys, (primal, Const(0.0)), kind=Dict(Scalar("f8")))
        case Dict(item=Array()):
            return b.append(ops.zeros_like_items, (primal,), kind=Dict(kind.item))
        case Tuple(items=items):
            made = [zeros(b, b.call(operator.getitem, primal, k), item) for k, item in enumerate(items)]
            return b.append(ops.make_list, made, kind=List(join_all(items)))
        case Dict(items=items) if items is not None:
            pairs = [
                a
                for key, item in items
                for a in (Const(key), zeros(b, b.call(operator.getitem, primal, Const(key)), item))
            ]
            return b.append(ops.make_dict, pairs, kind=Dict(kind.item))
        case _ if not may_be_active(kind):
            return Const(0.0)
        case _:
            return b.append(runtime.zeros_like, (primal,), kind=kind)


def owned_copy(b: Builder, g: Atom, primal: Atom, kind: Kind) -> Atom:
    """A fresh array of full shape with the values of `g`."""
    found = b.kind(g)
    if isinstance(kind, Array) and kind.dims != () and is_full(b, g, kind):  # of rank 0, it may be a number
        return b.append(np.ndarray.copy, (g,), kind=found)
    if isinstance(kind, Array) and isinstance(found, Scalar):
        return filled(b, g, primal, kind)
    if isinstance(kind, Array) and isinstance(found, Array):
        target = b.append(np.empty_like, (primal,), kind=cotangent_kind(kind))
        b.append(operator.setitem, (target, Const(Ellipsis), g))
        return target
    copied = runtime.own_parts if isinstance(kind, (List, Dict)) else runtime.own
    return b.append(copied, (b.append(runtime.broadcast_like, (g, primal), kind=kind),), kind=kind)


def filled(b: Builder, g: Atom, primal: Atom, kind: Kind) -> Atom:
    """An array like `primal` with every element `g`, a scalar."""
    if isinstance(g, Const) and g.value == 1:
        return b.append(np.ones_like, (primal,), kind=kind)
    if isinstance(g, Const) and g.value == 0:
        return b.append(np.zeros_like, (primal,), kind=kind)
    return b.append(np.full_like, (primal, g), kind=kind)


def full(b: Builder, g: Atom, primal: Atom, kind: Kind) -> Atom:
    """`g` with the full shape of the primal value; what is full already comes back as it is."""
    if is_full(b, g, kind) and not (isinstance(kind, (Numeric, Unknown)) and isinstance(g, Const)):
        return g
    found = b.kind(g)
    if isinstance(kind, Array) and isinstance(found, Scalar):
        return filled(b, g, primal, kind)
    if isinstance(kind, Array) and isinstance(found, Array) and found.dims is not None:
        return b.append(np.broadcast_to, (g, b.call(getattr, primal, Const("shape"))), kind=kind)
    return b.append(runtime.broadcast_like, (g, primal), kind=kind)

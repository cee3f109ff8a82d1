"""The shadow of what is changed in place: what a store's adjoint takes from it and leaves in it."""

from __future__ import annotations

import operator

import numpy as np

from srcad import runtime
from srcad.analysis.views import index_form
from srcad.errors import UnsupportedSyntax
from srcad.ir.kinds import Array, Dict, List, Scalar
from srcad.ir.nodes import Atom, Const, Var
from srcad.transform.broadcast import unbroadcast
from srcad.transform.builder import Builder
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.give import give, shadow, zero_like


def store_target(scope: Scope, base: Atom) -> Atom | None:
    """The buffer that a store's adjoint reads and zeroes; None where no cotangent has reached it yet."""
    assert isinstance(base, Var)
    root = scope.memory.root(base)
    if base in scope.companions:
        return shadow(scope, base)
    if root is None:
        raise UnsupportedSyntax(
            f"{base.name or 'an array'} is changed in place, but which memory that is depends on the run",
            where=scope.b.loc,
            remedy="change a copy of it",
        )
    has_none = scope.is_local(root) and not any(slot[0] == root for slot in scope.states)
    if has_none and not isinstance(root.kind, (List, Dict)):
        return None
    return shadow(scope, base)


def zero_item(scope: Scope, base: Atom, value: Atom) -> Atom:
    """What the cotangent of a stored item becomes."""
    kind = scope.b.kind(base)
    if isinstance(kind, (List, Dict)) and isinstance(value, Var) and not isinstance(value.kind, Scalar):
        return (
            scope.b.append(np.zeros_like, (value,)) if isinstance(value.kind, Array) else zero_like(scope, (value, ()))
        )
    return Const(0.0)


def read_stored(b: Builder, target: Atom, index: Atom) -> Atom:
    """The cotangent of what was stored at ``target[index]``, as a value that later changes of `target` do not reach."""
    form = index_form(b.kind(index))
    if form in ("fancy", "unknown") and not isinstance(b.kind(target), (List, Dict)):
        known = b.append(operator.getitem, (target, index))
        b.rollback(b.mark() - 1)
        return b.append(runtime.take_stored, (target, index), kind=known.kind)
    item = b.append(operator.getitem, (target, index)) if index != Const(Ellipsis) else target
    if isinstance(b.kind(item), Scalar) or form == "mask" or isinstance(b.kind(target), (List, Dict)):
        return item
    if isinstance(b.kind(item), Array):
        return b.append(np.ndarray.copy, (item,), kind=b.kind(item))
    return b.append(runtime.own, (item,), kind=b.kind(item))


def give_stored(scope: Scope, value: Var, g: Atom, target: Atom) -> None:
    """Add `g`, the cotangent of an item of `target`, to that of the stored value, which was broadcast to the item."""
    if isinstance(g, Var) and not isinstance(scope.b.kind(target), (List, Dict)):
        g = unbroadcast(scope.b, g, value, g)
    give(scope, value, g)

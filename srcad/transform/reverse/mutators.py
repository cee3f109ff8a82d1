"""The adjoint of the functions of NumPy that store into an array: ``np.put``, ``np.add.at``, ``a.sort()``, ...

Each is a store: what it overwrote is put back where somebody reads it, the cotangent of what it stored is taken from
the shadow, where it was stored, and set to zero there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.mutators import Mutation, changed, selects_elements
from srcad.analysis.views import index_form
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.kinds import Array, Scalar, Unknown
from srcad.ir.nodes import Atom, Const, Var
from srcad.rules import rule_for
from srcad.transform.builder import Builder
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.give import give
from srcad.transform.reverse.masking import note_masked
from srcad.transform.reverse.outputs import refuse_overlap
from srcad.transform.reverse.primitives import Active
from srcad.transform.reverse.shadows import give_stored, read_stored, store_target

#: Functions of ``ufunc.at`` that add: what they change keeps its cotangent.
SIGNS: dict[Any, int] = {np.add: 1, np.subtract: -1}


@dataclass
class Store:
    """The adjoint of one call being written.

    Args:
        scope: where.
        made: the call.
        target: the shadow of the array that it changed.
        old: what was there before.
        carries: whether what was stored carries a derivative.
    """

    scope: Scope
    made: Mutation
    target: Atom
    old: Var | None
    carries: bool

    @property
    def b(self) -> Builder:
        """The code being written."""
        return self.scope.b

    @property
    def value(self) -> Atom:
        """What was stored."""
        return self.made.args["values"]

    def before(self) -> Atom:
        """The array as it was before the call, which has been undone."""
        whole = changed(self.made.call) == (self.made.base, Const(Ellipsis))
        return self.old if self.old is not None and whole else self.made.base

    def undo(self) -> None:
        """Put back what was overwritten, if somebody reads it."""
        _undo(self.b, self.made, self.old)

    def give(self, g: Atom | None) -> None:
        """Add to the cotangent of the value, which was broadcast to what `g` is the cotangent of."""
        if g is not None and isinstance(self.value, Var):
            give_stored(self.scope, self.value, g, self.target)


def _undo(b: Builder, made: Mutation, old: Var | None) -> None:
    place = changed(made.call)
    if old is not None and place is not None:
        b.append(ops.restore, (*place, old))


def reverse_mutation(scope: Scope, made: Mutation, old: Var | None, active: Active) -> None:
    """Write the adjoint of a store by one of these functions."""
    base = made.base
    target = store_target(scope, base) if isinstance(base, Var) and base in active else None
    if target is None:
        _undo(scope.b, made, old)
        return
    value = made.args.get("values")
    carries = value in active
    if carries and isinstance(value, Var) and made.fn in (np.place, np.fill_diagonal):
        refuse_overlap(made.call, [value], base, scope.memory)  # type: ignore[arg-type]
    _HANDLERS[made.fn](Store(scope, made, target, old, carries))


def _whole(store: Store) -> None:
    """``a.fill(v)``, ``np.copyto(a, v)``, the latter also with a mask."""
    mask = store.made.args.get("where")
    if mask is not None and mask != Const(True):
        _masked(store, mask)
        return
    store.undo()
    g = read_stored(store.b, store.target, Const(Ellipsis)) if store.carries else None
    store.b.append(operator.setitem, (store.target, Const(Ellipsis), Const(0.0)))
    store.give(g)


def _masked(store: Store, mask: Atom) -> None:
    """``np.copyto(a, v, where=m)``: `v` and `m` are broadcast to `a`."""
    b, target = store.b, store.target
    store.undo()
    if selects_elements(store.made.base, mask) and isinstance(b.kind(store.value), Scalar):
        g = b.append(operator.getitem, (target, mask)) if store.carries else None
        b.append(operator.setitem, (target, mask, Const(0.0)))
    else:
        g = b.append(np.where, (mask, target, Const(0.0)), kind=b.kind(target)) if store.carries else None
        b.append(np.copyto, (target, Const(0.0)), (("where", mask),))
    note_masked(b, target)
    store.give(g)


def _by_mask(store: Store) -> None:
    """``np.putmask``, ``np.place``: a number goes to every chosen element."""
    mask = store.made.args["mask"]
    single = isinstance(store.b.kind(store.value), Scalar) or not store.carries
    same = store.made.fn is np.putmask and _same_shape(store.b, store.value, store.made.base)
    if selects_elements(store.made.base, mask) and (single or same):
        _masked(store, mask)
    else:
        _by_source(store)


def _same_shape(b: Builder, value: Atom, base: Atom) -> bool:
    own, other = b.kind(value), b.kind(base)
    if not isinstance(own, Array) or not isinstance(other, Array) or own.dims is None or other.dims is None:
        return False
    return len(own.dims) == len(other.dims) and all(map(b.facts.equal, own.dims, other.dims))


def _diagonal(store: Store) -> None:
    kind, b = store.b.kind(store.made.base), store.b
    plain = isinstance(kind, Array) and kind.dims is not None and len(kind.dims) == 2
    wrap = store.made.args.get("wrap", Const(False))
    if not (plain and wrap == Const(False) and isinstance(b.kind(store.value), Scalar)):
        _by_source(store)
        return
    store.undo()
    g = b.append(np.trace, (store.target,)) if store.carries else None
    _again(store, store.target, Const(0.0))
    note_masked(b, store.target)
    if g is not None:
        give(store.scope, store.value, g)


def _by_source(store: Store) -> None:
    """Values that may be repeated, into elements that may be repeated: the same store tells which went where."""
    b, base = store.b, store.made.base
    store.undo()
    g: Atom | None = None
    if store.carries:
        source = b.append(np.full, (b.call(getattr, base, Const("shape")), Const(-1)), name="source")
        _again(store, source, _numbers(b, store.value))
        g = b.append(runtime.sum_by_source, (store.target, source, store.value), kind=b.kind(store.value))
    _again(store, store.target, Const(0.0))
    note_masked(b, store.target)
    if g is not None:
        give(store.scope, store.value, g, owned=isinstance(b.kind(g), Array))


def _numbers(b: Builder, value: Atom) -> Atom:
    """The numbers of the values that were stored, in their shape."""
    kind = b.kind(value)
    if isinstance(kind, Scalar):
        return Const(0)
    numbers = b.append(np.arange, (b.append(np.size, (value,)),))
    if isinstance(kind, Array) and kind.dims is not None and len(kind.dims) == 1:
        return numbers
    return b.append(np.reshape, (numbers, b.append(np.shape, (value,))))


def _again(store: Store, target: Atom, value: Atom) -> None:
    """The same call for another array and another value."""
    new = {"a": target, "values": value}
    store.b.append(store.made.call.fn, store.made.positional(new), store.made.keywords(new))


def _sorted(store: Store) -> None:
    """``a.sort()``: each cotangent goes back to where its element came from."""
    b = store.b
    options = [(k, v) for k, v in store.made.args.items() if k != "a"]
    if any(k == "order" and v != Const(None) for k, v in options):
        raise refused(store.made, "the order of fields is not followed")
    store.undo()
    order = b.append(np.argsort, (store.before(),), options)
    _scatter(store, order, store.target)


def _partitioned(store: Store) -> None:
    """``a.partition(k)``: NumPy's own choice of an order is found again by sorting what was there before and after."""
    b = store.b
    if store.made.args.get("order", Const(None)) != Const(None):
        raise refused(store.made, "the order of fields is not followed")
    axis = [(k, v) for k, v in store.made.args.items() if k == "axis"]
    after = b.append(np.argsort, (store.made.base,), axis)
    store.undo()
    before = b.append(np.argsort, (store.before(),), axis)
    if _is_vector(b, store.target):
        g = b.append(operator.getitem, (store.target, after))
    else:
        g = b.append(np.take_along_axis, (store.target, after), axis or (("axis", Const(-1)),))
    _scatter(store, before, g)


def _scatter(store: Store, order: Atom, g: Atom) -> None:
    b = store.b
    if _is_vector(b, store.target):
        b.append(operator.setitem, (store.target, order, g))
    else:
        axis = store.made.args.get("axis", Const(-1))
        b.append(np.put_along_axis, (store.target, order, g), (("axis", axis),))


def _is_vector(b: Builder, target: Atom) -> bool:
    kind = b.kind(target)
    return isinstance(kind, Array) and kind.dims is not None and len(kind.dims) == 1


def _at(store: Store) -> None:
    """``np.add.at(a, index, v)`` and its kin."""
    b, made = store.b, store.made
    ufunc, index = made.args["ufunc"], made.args["ind"]
    fn = ufunc.value if isinstance(ufunc, Const) else None
    store.undo()
    sign = SIGNS.get(fn)
    if sign is not None:
        if store.carries:
            g = _read(b, store.target, index)
            store.give(g if sign > 0 else b.call(operator.neg, g))
        return
    partials = partials_of(fn)
    if partials is None:
        raise refused(store.made, "it has no partial derivatives")
    value = made.args.get("values", Const(None))
    kind = b.kind(value) if store.carries else Unknown()
    g = b.append(runtime.at_adjoint, (store.target, made.base, index, value, ufunc, partials), kind=kind)
    if store.carries:
        give(store.scope, value, g, owned=isinstance(kind, Array))


def partials_of(ufunc: Any) -> Const | None:
    """The template that gives the partial derivatives of an elementwise function, one element at a time."""
    rule = rule_for(ufunc)
    if rule is None or rule.nondifferentiable or not rule.broadcasts:
        return None
    template = rule.partials or rule.adjoint
    return None if template is None else Const(template.function)


def _read(b: Builder, target: Atom, index: Atom) -> Atom:
    """The part of a shadow that an index names, as often as it does, in memory of its own."""
    item = b.append(operator.getitem, (target, index))
    form = index_form(b.kind(index))
    if isinstance(b.kind(item), Scalar) or form in ("fancy", "mask"):
        return item
    if isinstance(b.kind(item), Array):
        return b.append(np.ndarray.copy, (item,), kind=b.kind(item))
    return b.append(runtime.own, (item,), kind=b.kind(item))


def refused(made: Mutation, why: str) -> UnsupportedSyntax:
    """The error for a call of these functions that is not followed."""
    fn = made.args.get("ufunc", Const(made.fn))
    name = getattr(fn.value if isinstance(fn, Const) else None, "__name__", "a function")
    return UnsupportedSyntax(
        f"{name}{'.at' if 'ufunc' in made.args else ''} changes something that carries a derivative",
        where=made.call.loc,
        why=why,
        remedy="write the result to a new name",
    )


_HANDLERS: dict[Any, Callable[[Store], None]] = {
    np.copyto: _whole,
    np.ndarray.fill: _whole,
    np.put: _by_source,
    np.ndarray.put: _by_source,
    np.place: _by_mask,
    np.putmask: _by_mask,
    np.put_along_axis: _by_source,
    np.fill_diagonal: _diagonal,
    np.ndarray.sort: _sorted,
    np.ndarray.partition: _partitioned,
    np.ufunc.at: _at,
}

"""The tangent of one call: of a primitive by its template, of a store by the same store into the tangent."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.errors import MissingRule, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar, Tuple
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.rules import Rule, rule_for
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, known_items, materialise
from srcad.transform.reverse.adjoints import apply_template, bind, refuse_inactive, require_rule
from srcad.transform.reverse.stores import BINARY, overwritten

Dots = Callable[[Atom], Value]


def tangent_of_primitive(b: Builder, call: Call, dot: Dots) -> Value:
    """The tangent of a primitive's result."""
    rule = require_rule(call)
    if rule.nondifferentiable:
        return ZERO
    bound = bind(rule, call)
    refuse_inactive(rule, call, bound, lambda atom: dot(atom) is not ZERO)
    if rule.tangent is not None:
        return _from_template(b, call, rule, bound, dot)
    if rule.partials is not None:
        return _from_partials(b, call, rule, bound, dot)
    places = _places(call, rule)
    if rule.multilinear:
        total: Value = ZERO
        for place in places:
            if _varies(_argument(call, place), dot):
                term = _with_tangents(b, call, [place], dot)
                total = term if total is ZERO else b.call(operator.add, total, term)
        return total
    if rule.linear:
        return _with_tangents(b, call, places, dot)
    raise MissingRule(
        f"{rule.name} has no tangent rule",
        where=call.loc,
        why="its template states only the adjoint, so that forward mode does not know it",
        remedy=f"register one with @srcad.tangent({rule.name})",
    )


def _varies(value: Atom | tuple[Atom, ...], dot: Dots) -> bool:
    return any(dot(a) is not ZERO for a in (value if isinstance(value, tuple) else (value,)))


def _from_template(
    b: Builder, call: Call, rule: Rule, bound: Mapping[str, Atom | tuple[Atom, ...]], dot: Dots
) -> Value:
    assert rule.tangent is not None
    values: dict[str, Any] = {**bound, "ans": call.target}
    for name in rule.wrt:
        value = bound[name]
        values[f"{name}_dot"] = Seq([_dense(b, a, dot(a)) for a in value]) if isinstance(value, tuple) else dot(value)
    names = {p.name for p in rule.tangent.ssa.body.params}
    dense = {f"{name}_dot": bound[name] for name in rule.wrt}
    return apply_template(b, rule.tangent, {k: v for k, v in values.items() if k in names}, zeros_of=dense)


def _from_partials(
    b: Builder, call: Call, rule: Rule, bound: Mapping[str, Atom | tuple[Atom, ...]], dot: Dots
) -> Value:
    assert rule.partials is not None
    result = apply_template(b, rule.partials, {**bound, "ans": call.target})
    count = len(rule.wrt)
    partials = [result] if count == 1 else _items(b, result, count)
    total: Value = ZERO
    for name, partial in zip(rule.wrt, partials, strict=True):
        value = bound[name]
        atoms = value if isinstance(value, tuple) else (value,)
        factors = _items(b, partial, len(atoms)) if isinstance(value, tuple) else [partial]
        for atom, factor in zip(atoms, factors, strict=True):
            along = dot(atom)
            if along is ZERO:
                continue
            term = b.call(operator.mul, materialise(b, factor), materialise(b, along))
            total = term if total is ZERO else b.call(operator.add, total, term)
    return total


def _items(b: Builder, value: Value, count: int) -> list[Value]:
    if isinstance(value, Seq):
        return list(value.items)
    return [b.call(operator.getitem, value, Const(k)) for k in range(count)]


Place = int | str


def _places(call: Call, rule: Rule) -> list[Place]:
    """The arguments of a call (by position or keyword) that belong to the parameters which carry derivatives."""
    markers: list[Atom | Star] = [a if isinstance(a, Star) else Var("") for a in call.args]
    keywords = [(k, Var("")) for k, _ in call.kwargs]
    bound = rule.bind(markers, keywords, where=call.loc) or {}
    wanted: set[Var] = set()
    for name in rule.wrt:
        value = bound.get(name, ())
        wanted.update(a for a in (value if isinstance(value, tuple) else (value,)) if isinstance(a, Var))
    found: list[Place] = [k for k, m in enumerate(markers) if m in wanted]
    return found + [str(k) for k, m in keywords if m in wanted]


def _argument(call: Call, place: Place) -> Atom:
    value = call.args[place] if isinstance(place, int) else dict(call.kwargs)[place]
    return value.value if isinstance(value, Star) else value


def _with_tangents(b: Builder, call: Call, places: Sequence[Place], dot: Dots) -> Value:
    """The primitive itself, with the arguments at `places` replaced by their tangents, zeros where there is none."""
    args = [
        materialise(b, _dense(b, a, dot(a))) if k in places and not isinstance(a, Star) else a
        for k, a in enumerate(call.args)
    ]
    kwargs = [(k, materialise(b, _dense(b, v, dot(v))) if k in places else v) for k, v in call.kwargs]
    return b.call(call.fn, *args, kwargs=kwargs)


def _dense(b: Builder, atom: Atom, value: Value) -> Value:
    """A tangent that is a value: zeros are written where the primitive needs an array or a sequence of them."""
    kind = atom_kind(atom)
    items = known_items(b, atom) if isinstance(kind, Tuple) or b.definition(atom, ops.make_list) else None
    if isinstance(value, Seq) and items is not None:
        return Seq([_dense(b, a, v) for a, v in zip(items, value.items, strict=True)], value.cls)
    if value is not ZERO:
        return value
    if isinstance(kind, Array):
        return b.append(np.zeros_like, (atom,))
    return Const(0.0)


def tangent_of_store(b: Builder, call: Call, dot: Dots) -> Value | None:
    """Write a store and the same store into the tangent; the tangent of its result, where it has one."""
    assert isinstance(call.fn, Const)
    fn = call.fn.value
    args = [a for a in call.args if not isinstance(a, Star)]
    base = materialise(b, dot(args[0]))
    if fn is operator.setitem or fn is list.append:
        b.emit(call)
        value = materialise(b, _stored(b, args[-1], dot(args[-1])))
        b.append(fn, (base, *args[1:-1], value))
        return None
    if fn in ops.UPDATE_OPERATORS or fn in ops.IN_PLACE_OPERATORS:
        _update(b, call, fn, base, args, dot)
        return None
    raise UnsupportedSyntax(
        f"{call.fn.expr or getattr(fn, '__qualname__', 'this call')} changes something that carries a derivative",
        where=call.loc,
        why="of in-place changes, subscript stores, augmented assignments and list.append are supported so far",
        remedy="write the result to a new name",
    )


def _stored(b: Builder, atom: Atom, value: Value) -> Value:
    if value is ZERO and isinstance(atom_kind(atom), Array):
        return b.append(np.zeros_like, (atom,))
    return Const(0.0) if value is ZERO else value


def _update(b: Builder, call: Call, fn: Any, base: Atom, args: list[Atom], dot: Dots) -> None:
    """``y[i] op= v``: by the partials of the operator at what was there before."""
    op = ops.UPDATE_OPERATORS.get(fn) or ops.IN_PLACE_OPERATORS[fn]
    along = dot(args[-1])
    if op in (operator.iadd, operator.isub):
        if along is not ZERO:
            b.append(call.fn, (base, *args[1:-1], materialise(b, along)))
        b.emit(call)
        return
    rule = rule_for(BINARY.get(op))
    place = overwritten(call)
    if rule is None or rule.partials is None or place is None:
        raise UnsupportedSyntax(
            f"the in-place operator of this statement ({op.__name__}) is not differentiated yet",
            where=call.loc,
            remedy="write it as an assignment of a new value",
        )
    saved = b.loc
    b.loc = replace(call.loc, saving=True)
    old = b.append(operator.getitem, place)
    if not isinstance(old.kind, Scalar):
        old = b.append(np.ndarray.copy if isinstance(old.kind, Array) else np.copy, (old,), kind=old.kind)
    b.emit(call)
    b.loc = saved
    ans = b.append(operator.getitem, place)
    names = rule.partials.params
    partials = apply_template(b, rule.partials, {names[0]: old, names[1]: args[-1], "ans": ans})
    first, second = _items(b, partials, 2)
    index = place[1]
    total = b.call(operator.mul, materialise(b, first), b.append(operator.getitem, (base, index)))
    if along is not ZERO:
        total = b.call(operator.add, total, b.call(operator.mul, materialise(b, second), materialise(b, along)))
    b.append(operator.setitem, (base, index, total))


"""The tangent of one call of a primitive, from its rule: its tangent template, its partials, or its linearity."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from srcad import runtime
from srcad.analysis.rounding import may_give_integers
from srcad.errors import MissingRule
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Tuple
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.rules import Rule
from srcad.transform.algebra import ZERO, is_const
from srcad.transform.builder import Builder
from srcad.transform.callees import require_rule
from srcad.transform.expand import Seq, Value, known_items, materialise
from srcad.transform.reverse.primitives import apply_template, bind, refuse_inactive
from srcad.transform.tangent_values import zero

Dots = Callable[[Atom], Value]


def tangent_of_primitive(b: Builder, call: Call, dot: Dots) -> Value:
    """The tangent of a primitive's result."""
    found = _tangent(b, call, dot)
    if found is ZERO or not may_give_integers(call):
        return found
    return b.append(runtime.unless_integers, (materialise(b, found), call.target))


def _tangent(b: Builder, call: Call, dot: Dots) -> Value:
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
            term = _scaled(b, materialise(b, factor), materialise(b, along))
            total = term if total is ZERO else b.call(operator.add, total, term)
    return total


def _scaled(b: Builder, factor: Atom, along: Atom) -> Atom:
    """``factor * along``; a tangent is of a floating kind even where nothing else is known of it."""
    if is_const(factor, 1):
        return along
    return b.call(operator.neg, along) if is_const(factor, -1) else b.call(operator.mul, factor, along)


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
    return zero(b, atom)

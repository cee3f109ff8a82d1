"""The branch not taken contributes exactly zero, also where its own derivative is infinite or NaN.

``np.where(x > 0, np.sqrt(x), 0.0)`` passes the cotangent 0 to ``sqrt`` wherever ``x <= 0``; times the partial ``0.5 /
sqrt(x)``, which is infinite at 0, that would be NaN. Where a cotangent may have been masked and the partial may be
singular, the partial is taken at a harmless point wherever the cotangent is zero.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from srcad.analysis.views import index_form, view_of
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Const, Star, Var
from srcad.rules import Rule
from srcad.rules.registry import rule_for
from srcad.transform.algebra import is_const
from srcad.transform.builder import Builder

_DEPTH = 24
_HARMLESS = (0.5, 1.0, 2.0)
_QUOTIENTS = (operator.truediv, operator.itruediv, np.divide, np.true_divide)
_POWERS = (operator.pow, operator.ipow, np.power, np.float_power)


def is_masked(b: Builder, g: Atom) -> bool:
    """Whether a cotangent may have exact zeros where something was not selected."""
    answers: dict[Var, bool] = {}

    def visit(atom: Atom | Star, depth: int) -> bool:
        if not isinstance(atom, Var) or depth > _DEPTH:
            return False
        if atom not in answers:
            answers[atom] = False
            answers[atom] = look(atom, depth)
        return answers[atom]

    def look(atom: Var, depth: int) -> bool:
        if atom in b.masked:
            return True
        call = b.definition(atom)
        if call is None or not call.loc.adjoint or not isinstance(call.fn, Const):
            return False
        if call.fn.value is np.where:
            return any(is_const(a, 0) for a in call.args[1:])
        if call.fn.value is operator.mul and any(_is_mask(b, a) for a in call.args):
            return True
        if call.fn.value in (operator.add, operator.sub):  # zero where both are
            return all(visit(a, depth + 1) for a in call.args)
        return any(visit(a, depth + 1) for a in call.args)

    return visit(g, 0)


def _is_mask(b: Builder, atom: Atom | Star) -> bool:
    kind = None if isinstance(atom, Star) else b.kind(atom)
    return isinstance(kind, Array) and kind.dtype == "b1"


def note_zeroed(b: Builder, target: Atom, index: Atom) -> None:
    """Remember that elements of a cotangent buffer, chosen by a mask or by numbers, were set to zero."""
    if index_form(b.kind(index)) != "basic":
        note_masked(b, target)


def note_masked(b: Builder, target: Atom) -> None:
    """Remember that some elements of a cotangent buffer were set to zero."""
    while isinstance(target, Var):
        b.masked.add(target)
        call = b.definition(target)
        viewed = None if call is None else view_of(call)
        if not viewed:
            return
        target = viewed[0]


def harmless(
    b: Builder, rule: Rule, values: Mapping[str, Any], mask: Atom, *, names: Sequence[str] = ()
) -> dict[str, Any]:
    """The parameters of a template, what the partials read replaced by a harmless number where `mask` is not true.

    Args:
        b: where it is written.
        rule: the rule of an elementwise function.
        values: its parameters.
        mask: which elements count.
        names: the parameters to replace; without them those that carry derivatives, and the result.
    """
    assert rule.partials is not None
    fixed = {name: v.value for name, v in values.items() if isinstance(v, Const) and type(v.value) in (int, float)}
    point = _harmless_point(rule, fixed)
    if point is None:
        fixed, point = {}, _harmless_point(rule, {}) or _HARMLESS[0]
    new: dict[str, Any] = dict(values)
    for name in names or (*rule.wrt, "ans"):
        value = values.get(name)
        if isinstance(value, (Var, Const)) and name not in fixed:
            new[name] = b.append(np.where, (mask, value, Const(point)))
    return new


def unsafe_names(b: Builder, rule: Rule, bound: Mapping[str, Any]) -> tuple[str, ...]:
    """The parameters of a template at whose values a partial may be infinite or NaN.

    Those of a rule with singular partials, and what such a rule's primitive has computed: in ``x * np.log(x)`` the
    partial by ``x`` is the logarithm.
    """
    if rule.primitive in _QUOTIENTS and _is_nonzero(b, bound.get(rule.wrt[1])):
        return ()
    if rule.singular and not is_square(rule, bound):
        return (*rule.wrt, "ans")
    found = tuple(name for name in rule.wrt if _may_be_infinite(b, bound.get(name)))
    return (*found, "ans") if found else ()


def is_square(rule: Rule, bound: Mapping[str, Any]) -> bool:
    """Whether a call is ``x ** 1`` or ``x ** 2``, whose partial is finite wherever `x` is."""
    exponents = [bound.get(name) for name in rule.wrt[1:]]
    return rule.primitive in _POWERS and any(is_const(e, 1) or is_const(e, 2) for e in exponents)


def _is_nonzero(b: Builder, atom: Any) -> bool:
    """Whether a number is certainly not 0: a constant, a number of elements, or a root or product of such.

    (If there are no elements of something, nothing that it divides has any.)
    """
    if isinstance(atom, Const):
        return isinstance(atom.value, (int, float)) and atom.value != 0
    call = b.definition(atom) if isinstance(atom, Var) and isinstance(atom.kind, Scalar) else None
    fn = call.fn.value if call is not None and isinstance(call.fn, Const) else None
    if call is None or fn is len or (fn is getattr and call.args[1] == Const("size")):
        return call is not None
    if fn is operator.getitem:
        shape = b.definition(call.args[0], getattr)
        return shape is not None and shape.args[1] == Const("shape")
    roots = fn in (np.sqrt, math.sqrt, operator.mul, float)
    return roots and all(_is_nonzero(b, a) for a in call.args)


def _may_be_infinite(b: Builder, operand: Any) -> bool:
    """Whether a value comes from a primitive that is infinite or NaN at some finite arguments, as far as is known."""
    seen: set[Var] = set()

    def visit(atom: Any, depth: int) -> bool:
        if not isinstance(atom, Var) or atom in seen or depth > _DEPTH:
            return False
        seen.add(atom)
        call = b.definition(atom)
        if call is None:
            return False
        rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
        if rule is not None and rule.singular and rule.partials is not None:
            bound = rule.bind(call.args, call.kwargs) or {}
            divides = rule.primitive in _QUOTIENTS and _is_nonzero(b, bound.get(rule.wrt[1]))
            return not (divides or is_square(rule, bound)) or visit(call.args[0], depth + 1)
        return any(visit(a, depth + 1) for a in call.args)

    return visit(operand, 0)


def _harmless_point(rule: Rule, fixed: Mapping[str, float]) -> float | None:
    """A number at which every partial of an elementwise function is finite, `fixed` parameters being what they are."""
    assert rule.partials is not None
    params = rule.partials.params
    for point in _HARMLESS:
        at = [fixed.get(name, point) for name in params]
        with np.errstate(all="ignore"):
            try:
                ans = rule.primitive(*at)
                partials = rule.partials.function(*at, ans=ans)
            except (ValueError, TypeError, ArithmeticError):
                continue
        found = partials if isinstance(partials, tuple) else (partials,)
        if all(np.all(np.isfinite(p)) for p in found):
            return point
    return None

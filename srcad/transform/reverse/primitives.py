"""The adjoint of a call of a primitive, from its template.

The template's body is written in place where that can be done while compiling, else it is called. Elementwise
functions have their cotangents summed to the shape of each argument here; templates never do.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.views import view_of
from srcad.errors import MissingRule
from srcad.ir.kinds import Array, Kind, Numeric, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.record import record
from srcad.passes import is_on
from srcad.rules import Rule, Template
from srcad.transform.algebra import is_zero
from srcad.transform.broadcast import unbroadcast
from srcad.transform.builder import Builder
from srcad.transform.callees import require_rule
from srcad.transform.equal import doubled, may_double
from srcad.transform.expand import Seq, Value, expand, materialise
from srcad.transform.identities import lean
from srcad.transform.reverse.buffers import full
from srcad.transform.reverse.cotangents import Scope
from srcad.transform.reverse.give import give, unpacked
from srcad.transform.reverse.masking import harmless, is_masked, unsafe_names

Active = frozenset[Var]


def bind(rule: Rule, call: Call) -> Mapping[str, Atom | tuple[Atom, ...]]:
    """The template's parameters for a call."""
    bound = rule.bind(call.args, call.kwargs, where=call.loc)
    if bound is None:
        raise MissingRule(
            f"the arguments of {rule.name} cannot be matched while compiling",
            where=call.loc,
            why="its derivative template needs to know which argument is which",
            remedy="write the arguments out instead of *args or **kwargs",
        )
    return bound


@record(frozen=True)
class Reading:
    """What a template reads where that is not the operands and the result themselves.

    Args:
        instead: atoms that are read in place of others: what a call overwrote, what it left before it was undone.
        mask: only elements where it is true were computed; nothing is read of the others.
    """

    instead: Mapping[Atom, Atom] = field(default_factory=dict)
    mask: Atom | None = None

    def values(self, bound: Mapping[str, Atom | tuple[Atom, ...]]) -> dict[str, Any]:
        """The template's parameters as they are read."""
        return {name: _replaced(value, self.instead) for name, value in bound.items()}


#: Everything is read as it was.
_AS_IT_WAS = Reading()


def _replaced(value: Atom | tuple[Atom, ...], instead: Mapping[Atom, Atom]) -> Atom | tuple[Atom, ...]:
    return tuple(instead.get(a, a) for a in value) if isinstance(value, tuple) else instead.get(value, value)


def reverse_primitive(
    scope: Scope,
    call: Call,
    active: Active,
    ans_bar: Value,
    ans: Atom | None = None,
    reading: Reading = _AS_IT_WAS,
) -> None:
    """The adjoint of a primitive from its template; `ans` is what it reads for the result."""
    rule = require_rule(call)
    if rule.nondifferentiable:
        return
    bound = bind(rule, call)
    wanted = [name for name in rule.wrt if _any_active(bound.get(name), active)]
    refuse_inactive(rule, call, bound, lambda atom: isinstance(atom, Var) and atom in active)
    if rule.partials is not None:
        _reverse_partials(scope, call, rule, rule.partials, bound, wanted, ans_bar, ans or call.target, reading)
        return
    assert rule.adjoint is not None
    known = all(not isinstance(k, (Numeric, Unknown)) for k in _kinds(scope.b, bound, wanted))
    if not rule.smaller or not known or not is_on("broadcast"):
        ans_bar = _full(scope.b, ans_bar, call.target)
    mark = scope.b.mark()
    values = {**reading.values(bound), "ans": ans or call.target, "ans_bar": ans_bar}
    result = apply_template(scope.b, rule.adjoint, values)
    cotangents = [result] if len(rule.wrt) == 1 else unpacked(scope.b, result, len(rule.wrt))
    given: list[tuple[Atom, Value, bool]] = []
    for name, g in zip(rule.wrt, cotangents, strict=True):
        if name in wanted:
            for item, part in _pairs(scope.b, bound[name], g):
                owned = _is_new(scope.b, part, mark, cotangents)
                given.append((item, _fitted(scope, rule, item, part, call), owned))
    _give_all(scope, given, mark)


def _give_all(scope: Scope, given: Sequence[tuple[Atom, Value, bool]], mark: int) -> None:
    """Give each operand its cotangent; one that is two operands, with the same cotangent for each, gets it doubled."""
    rest = list(given)
    while rest:
        item, g, owned = rest.pop(0)
        for k, (other, h, _) in enumerate(rest):
            if other == item and not isinstance(g, Seq) and not isinstance(h, Seq) and may_double(scope.b, g, h):
                g = doubled(scope.b, g)
                owned = _is_new(scope.b, g, mark, [])
                del rest[k]
                break
        give(scope, item, g if isinstance(g, Seq) else lean(scope.b, g), owned=owned)


def _fitted(scope: Scope, rule: Rule, arg: Atom, g: Value, call: Call) -> Value:
    if isinstance(g, Seq):
        return g
    if rule.broadcasts:
        return unbroadcast(scope.b, g, arg, call.target)
    if isinstance(scope.b.kind(arg), (Numeric, Unknown)) and rule.smaller:
        return scope.b.call(runtime.broadcast_like, g, arg)
    return g


def _kinds(b: Builder, bound: Mapping[str, Atom | tuple[Atom, ...]], names: Sequence[str]) -> list[Kind]:
    found: list[Kind] = []
    for name in names:
        value = bound[name]
        found += [b.kind(a) for a in (value if isinstance(value, tuple) else (value,))]
    return found


def _any_active(value: Atom | tuple[Atom, ...] | None, active: Active) -> bool:
    atoms = value if isinstance(value, tuple) else (value,)
    return any(isinstance(a, Var) and a in active for a in atoms)


def refuse_inactive(
    rule: Rule, call: Call, bound: Mapping[str, Atom | tuple[Atom, ...]], varies: Callable[[Atom], bool]
) -> None:
    """An active argument in a place for which the rule states no derivative is an error, not a zero."""
    for name, value in bound.items():
        if name not in rule.wrt and any(map(varies, value if isinstance(value, tuple) else (value,))):
            raise MissingRule(
                f"{rule.name} has no derivative with respect to {name!r}",
                where=call.loc,
                why="this argument depends on an input of the derivative",
                remedy=f"wrap it in srcad.stop_gradient(...) if its derivative is to be left out, or register a rule "
                f"with {name!r} in wrt",
            )


def _full(b: Builder, ans_bar: Value, ans: Var) -> Value:
    if not isinstance(ans_bar, Seq):
        return full(b, ans_bar, ans, ans.kind)
    return ans_bar


def _is_new(b: Builder, g: Value, mark: int, all_given: Sequence[Value]) -> bool:
    """Whether `g` was allocated by the statements since `mark` and is given to one argument only."""
    if not isinstance(g, Var) or sum(g is other for other in all_given) > 1:
        return False
    made = [s for s in b.stmts[mark:] if isinstance(s, Call)]
    fresh = any(s.target == g and view_of(s) is None for s in made)
    return fresh and not any(g in (view_of(s) or ()) for s in made)


def _reverse_partials(
    scope: Scope,
    call: Call,
    rule: Rule,
    template: Template,
    bound: Mapping[str, Atom | tuple[Atom, ...]],
    wanted: Sequence[str],
    ans_bar: Value,
    ans: Atom,
    reading: Reading,
) -> None:
    b = scope.b
    ans_bar = materialise(b, ans_bar)
    if any(isinstance(k, (Numeric, Unknown)) for k in _kinds(b, bound, wanted)):
        ans_bar = full(b, ans_bar, call.target, call.target.kind)
    mark = b.mark()
    values: dict[str, Any] = {**reading.values(bound), "ans": ans}
    if reading.mask is not None:
        values = harmless(b, rule, values, reading.mask)
    elif (unsafe := unsafe_names(b, rule, bound)) and is_masked(b, ans_bar):
        ans_bar = full(b, ans_bar, call.target, call.target.kind)
        values = harmless(b, rule, values, b.append(operator.ne, (ans_bar, Const(0.0))), names=unsafe)
    result = apply_template(b, template, values)
    partials = [result] if len(rule.wrt) == 1 else unpacked(b, result, len(rule.wrt))
    given: list[tuple[Atom, Atom]] = []
    for name, partial in zip(rule.wrt, partials, strict=True):
        arg = bound[name]
        if name not in wanted:
            continue
        for item, factor in _pairs(b, arg, partial):
            g = b.call(operator.mul, materialise(b, factor), ans_bar)
            given.append((item, unbroadcast(b, g, item, call.target)))
    all_given = [g for _, g in given]
    _give_all(scope, [(item, g, _is_new(b, g, mark, all_given)) for item, g in given], mark)


def _pairs(b: Builder, arg: Atom | tuple[Atom, ...], partial: Value) -> list[tuple[Atom, Value]]:
    if not isinstance(arg, tuple):
        return [(arg, partial)]
    return list(zip(arg, unpacked(b, partial, len(arg)), strict=True))


def apply_template(
    b: Builder, template: Template, values: Mapping[str, Any], *, zeros_of: Mapping[str, Any] | None = None
) -> Value:
    """The body of a template for these parameters, written in place; a call of it where that is not possible.

    `zeros_of` gives, for parameters that may be the symbolic zero, the value whose zero it is: a call needs a real one.
    """
    names = [p.name for p in template.ssa.body.params]
    args: list[Value] = [Seq(list(v)) if isinstance(v := values[n], tuple) else v for n in names]
    result = expand(b, template.ssa, args)
    if result is not None:
        return result
    positional: list[Atom | Star] = []
    keywords: list[tuple[str | None, Atom]] = []
    for param in inspect.signature(template.function).parameters.values():
        value = values[param.name]
        if is_zero(value) and zeros_of and isinstance(b.kind(zeros_of[param.name]), Array):
            value = b.append(np.zeros_like, (zeros_of[param.name],))
        if param.kind is param.VAR_POSITIONAL:
            positional += [materialise(b, v) for v in value]
        elif param.kind is param.KEYWORD_ONLY:
            keywords.append((param.name, materialise(b, value)))
        else:
            positional.append(materialise(b, Seq(list(value)) if isinstance(value, tuple) else value))
    result = b.append(Const(template.function), positional, keywords, kind=Unknown())
    b.masked.add(result)  # it may select, as that of `np.maximum` does
    return result

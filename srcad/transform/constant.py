"""Primitives whose formula comes out as zero for the kinds at hand, such as ``np.sign`` and ``np.imag`` of reals."""

from __future__ import annotations

from collections.abc import Set

from srcad.analysis.outputs import computed
from srcad.errors import SrcadError
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.nodes import Atom, Call, Const, Var
from srcad.rules import rule_for
from srcad.rules.registry import Rule
from srcad.transform.algebra import is_zero
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value
from srcad.transform.reverse.primitives import apply_template


def is_constant(call: Call, varied: Set[Var]) -> bool:
    """Whether the template of a primitive gives zero for each argument that varies.

    Where kinds are not known, the template decides when it runs; then the answer is no.
    """
    rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
    template = None if rule is None else rule.partials or rule.adjoint
    if rule is None or template is None:
        return False
    try:
        plain = computed(call)
        bound = rule.bind(plain.args, plain.kwargs, where=call.loc)
        if bound is None:
            return False
        fresh = {name: _without_constants(bound[name]) for name in rule.wrt}
        values = {**bound, **fresh, "ans": call.target, "ans_bar": Var("", call.target.kind)}
        given = {name: values[name] for name in (p.name for p in template.ssa.body.params)}
        result = apply_template(Builder(Facts(), call.loc), template, given)
    except SrcadError:
        return False  # it will say so itself
    varying = [name for name in rule.wrt if _is_varied(bound[name], varied)]
    return bool(varying) and all(_is_zero(_item(result, rule, name)) for name in varying)


def _without_constants(value: Atom | tuple[Atom, ...]) -> Atom | tuple[Atom, ...]:
    """Numbers of which only the kind is known: a product with 0.0 is constant, and not because of its formula."""
    if isinstance(value, tuple):
        return tuple(Var("", atom_kind(a)) if isinstance(a, Const) else a for a in value)
    return Var("", atom_kind(value)) if isinstance(value, Const) else value


def _is_varied(value: Atom | tuple[Atom, ...], varied: Set[Var]) -> bool:
    return any(a in varied for a in (value if isinstance(value, tuple) else (value,)))


def _item(result: Value, rule: Rule, name: str) -> Value | None:
    """What a template gives for one of its parameters, where that is known."""
    if len(rule.wrt) == 1:
        return result
    return result.items[rule.wrt.index(name)] if isinstance(result, Seq) else None


def _is_zero(value: Value | None) -> bool:
    return is_zero(value) or (isinstance(value, Const) and type(value.value) in (int, float) and value.value == 0)

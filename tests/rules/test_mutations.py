"""Negating any one result of any one template makes a check of its samples fail; so does deleting a rule."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from srcad.rules import Rule, Sample, Template, rule_for, rules
from tests.rules.harness import check, is_container
from tests.rules.test_templates import MODULES, samples


def own_rules() -> list[Rule]:
    """The rules of the modules that are tested here, those that have a template."""
    files = tuple(f"/templates/{name}.py" for name in MODULES)
    return [r for r in rules() if r.template is not None and r.template.loc.file.endswith(files)]


@cache
def samples_of() -> dict[Any, list[Sample]]:
    found = defaultdict(list)
    for sample in samples():
        found[sample.primitive].append(sample)
    return found


def negated(value: Any) -> Any:
    if is_container(value):
        return type(value)(negated(item) for item in value)
    return 1.0 if isinstance(value, float) and value == 0.0 else -value


def mutant(template: Template, position: int | None) -> Template:
    """The template with one of its results (all where None) negated; a zero becomes a one."""

    def function(*args: Any, **kwargs: Any) -> Any:
        result = template.function(*args, **kwargs)
        if position is None:
            return negated(result)
        return tuple(negated(v) if k == position else v for k, v in enumerate(result))

    return replace(template, function=function)


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    positions = [None] if len(rule.wrt) == 1 else range(len(rule.wrt))
    for mode in ("partials", "adjoint"):
        template = getattr(rule, mode)
        if template is not None:
            for k in positions:
                yield f"{mode} {rule.wrt[k or 0]}", replace(rule, **{mode: mutant(template, k)})
    if rule.tangent is not None:
        yield "tangent", replace(rule, tangent=mutant(rule.tangent, None))


def fails(sample: Sample, rule: Rule) -> bool:
    try:
        check(sample, rule)
    except (AssertionError, ArithmeticError, ValueError, TypeError):
        return True
    return False


@pytest.mark.parametrize("rule", own_rules(), ids=lambda r: r.name)
def test_every_mutant_is_found(rule: Rule) -> None:
    found = samples_of()[rule.primitive]
    assert found, "deleting this rule would go unnoticed: it has no sample"
    assert rule_for(rule.primitive) is rule
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, changed in mutants(rule):
            assert any(fails(s, changed) for s in found), f"{name}: negated, and no sample noticed"

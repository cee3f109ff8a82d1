"""The bodies of srcad's own templates: names exist, results are as many as they should be, the frontend lowers them."""

from __future__ import annotations

import pytest

from srcad.ir.nodes import Function
from srcad.rules import Rule, rules
from srcad.rules.checks import check_body
from srcad.rules.families import FAMILIES


def with_template() -> list[Rule]:
    return [r for r in rules() if r.template is not None]


@pytest.mark.parametrize("rule", with_template(), ids=lambda r: r.name)
def test_bodies_are_sound_and_lowered(rule: Rule) -> None:
    for mode in ("partials", "adjoint", "tangent"):
        template = getattr(rule, mode)
        if template is None:
            continue
        check_body(template, mode, rule.wrt)
        assert isinstance(template.ssa, Function)
        assert len(template.ssa.body.params) == len(template.signature.parameters)
        assert template.ssa is template.ssa, "lowered once"
        assert template.function.__doc__, "every formula says what it is"


def test_every_family_is_known() -> None:
    unknown = [(r.name, r.family) for r in rules() if r.family is not None and r.family not in FAMILIES]
    assert unknown == []


def test_views_and_writes_name_parameters() -> None:
    for rule in with_template():
        assert set(rule.views) | set(rule.writes) | set(rule.wrt) <= set(rule.template.params), rule.name

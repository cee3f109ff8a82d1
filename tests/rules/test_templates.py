"""Every elementwise and scalar template, on its samples, called as the ordinary function it is."""

from __future__ import annotations

import importlib

import pytest

from srcad.rules import Sample, rule_for
from tests.rules.harness import check

MODULES = ("operators", "builtins", "math", "cmath", "numpy_elementwise", "numpy_binary", "numpy_scalars", "special")


def samples() -> list[Sample]:
    return [s for name in MODULES for s in importlib.import_module(f"srcad.templates.{name}").SAMPLES]


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_against_differences_and_forward_against_reverse(sample: Sample) -> None:
    rule = rule_for(sample.primitive)
    assert rule is not None
    check(sample, rule)

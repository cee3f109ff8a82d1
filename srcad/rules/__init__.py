"""Derivative rules: the decorators that register templates, the look-up of rules, and sample inputs.

Input: primitives (functions that are not looked into) and Python functions that state their derivatives. Output: a
`Rule` for each primitive. This package holds machinery only: the formulas are in `srcad.templates`, and what a
rule's `family` means for the kind of a result is the job of `srcad.rules.families`.
"""

from srcad.rules.decorators import (
    adjoint,
    elementwise,
    linear,
    multilinear,
    nondifferentiable,
    structural,
    tangent,
)
from srcad.rules.registry import Rule, primitive_name, rule_for, rules
from srcad.rules.samples import Sample, sample
from srcad.rules.templates import Template

__all__ = [
    "Rule",
    "Sample",
    "Template",
    "adjoint",
    "elementwise",
    "linear",
    "multilinear",
    "nondifferentiable",
    "primitive_name",
    "rule_for",
    "rules",
    "sample",
    "structural",
    "tangent",
]

"""Every callable of the supported modules has a rule, or is named here with the reason why it has none."""

from __future__ import annotations

import builtins
import cmath
import math
import operator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from srcad.rules import rule_for, rules

#: Operations of the language that the compiler itself differentiates, without a rule.
LANGUAGE = {operator.getitem, operator.setitem, operator.delitem}

#: What has no meaning inside a function that is differentiated: using it on an active value is an error.
REFUSED = {
    builtins: {
        "aiter", "anext", "breakpoint", "bytearray", "bytes", "compile", "copyright", "credits", "eval", "exec", "exit",
        "globals", "help", "license", "locals", "memoryview", "quit", "vars",
    },
    math: set(),
    operator: set(),
    cmath: set(),
}  # fmt: skip


def public_callables(module: ModuleType) -> list[tuple[str, Any]]:
    found = []
    for name, value in sorted(vars(module).items()):
        if name.startswith("_") or not callable(value):
            continue
        if isinstance(value, type) and issubclass(value, BaseException):
            continue
        found.append((name, value))
    return found


@pytest.mark.parametrize("module", [math, cmath, operator, builtins], ids=lambda m: m.__name__)
def test_every_callable_is_in_a_list(module: ModuleType) -> None:
    missing = [
        name
        for name, value in public_callables(module)
        if rule_for(value) is None and value not in LANGUAGE and name not in REFUSED[module]
    ]
    assert missing == []


@pytest.mark.parametrize("module", list(REFUSED), ids=lambda m: m.__name__)
def test_no_callable_is_in_two_lists(module: ModuleType) -> None:
    names = dict(public_callables(module))
    assert [n for n in REFUSED[module] if n in names and rule_for(names[n]) is not None] == []


def test_every_function_of_fft_has_a_rule() -> None:
    missing = {name for name in np.fft.__all__ if rule_for(getattr(np.fft, name)) is None}
    assert missing == set()


def test_every_ufunc_has_a_rule() -> None:
    missing = {v.__name__ for v in vars(np).values() if isinstance(v, np.ufunc) and rule_for(v) is None}
    assert missing == set()


UNARY = """absolute abs fabs acos acosh arccos arccosh arcsin asin arcsinh asinh arctan atan arctanh atanh cbrt conj
conjugate cos cosh deg2rad degrees exp exp2 expm1 i0 imag log log10 log1p log2 negative positive rad2deg radians real
reciprocal sin sinc sinh sqrt square tan tanh nan_to_num real_if_close angle ceil floor fix rint round around trunc sign
spacing signbit"""
BINARY = """add subtract multiply divide true_divide power pow float_power maximum minimum fmax fmin hypot arctan2 atan2
logaddexp logaddexp2 mod remainder fmod floor_divide copysign heaviside nextafter ldexp divmod modf frexp clip where
select choose unwrap"""
PREDICATES = """isclose iscomplex iscomplexobj isfinite isinf isnan isneginf isposinf isreal isrealobj logical_and"""


@pytest.mark.parametrize("name", (UNARY + " " + BINARY + " " + PREDICATES).split())
def test_every_elementwise_function_has_a_rule(name: str) -> None:
    assert rule_for(getattr(np, name)) is not None


def test_a_rule_states_exactly_one_kind_of_derivative() -> None:
    for rule in rules():
        stated = [rule.partials is not None, rule.adjoint is not None, rule.nondifferentiable, rule.structural]
        assert sum(stated) == 1, rule.name
        assert not (rule.linear and rule.multilinear), rule.name


def test_every_rule_works_in_both_modes() -> None:
    one_way = [
        r.name for r in rules() if r.adjoint is not None and not (r.linear or r.multilinear) and r.tangent is None
    ]
    assert one_way == []


def test_no_tangent_stands_alone() -> None:
    assert [r.name for r in rules() if r.tangent is not None and r.adjoint is None] == []

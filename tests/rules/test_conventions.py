"""Values at special points: ties, zeros, ends of domains, infinities."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

from srcad.ir.nodes import Const
from srcad.rules import rule_for, rules


def reverse(primitive: Any, *args: Any, g: Any = 1.0, **kwargs: Any) -> Any:
    """What the rule gives to each parameter of its `wrt`, a list if there are several; `g` is the cotangent."""
    rule = rule_for(primitive)
    assert rule is not None
    bound = rule.bind([Const(a) for a in args], [(k, Const(v)) for k, v in kwargs.items()])
    assert bound is not None
    values = {n: tuple(c.value for c in a) if isinstance(a, tuple) else a.value for n, a in bound.items()}
    template = rule.template
    assert template is not None
    positional = values.pop(template.varargs) if template.varargs else ()
    ans = primitive(*args, **kwargs)
    if np.ndim(ans) and not np.ndim(g):
        g = np.full(np.shape(ans), g, dtype=ans.dtype)
    if rule.partials is not None:
        result = template(*positional, **values, ans=ans)
        return [p * g for p in result] if isinstance(result, tuple) else result * g
    result = template(*positional, **values, ans=ans, ans_bar=g)
    return list(result) if isinstance(result, tuple) else result


ZERO = np.zeros(2)


@pytest.mark.parametrize("f", [abs, np.abs, np.fabs, np.sign, operator.abs])
def test_absolute_value_at_zero(f: Any) -> None:
    np.testing.assert_array_equal(reverse(f, ZERO), 0.0)
    assert reverse(f, 0.0) == 0.0


def test_absolute_value_of_scalars() -> None:
    assert [reverse(math.fabs, x) for x in (-2.0, 0.0, 3.0)] == [-1, 0, 1]
    assert reverse(abs, 0j) == 0
    assert reverse(abs, 3 - 4j) == pytest.approx(0.6 + 0.8j)


def test_the_complex_convention_multiplies_by_the_derivative() -> None:
    z = 1 + 2j
    size = abs(z)
    size_bar = reverse(operator.pow, size, 2)[0]
    assert reverse(abs, z, g=size_bar) == pytest.approx(2 - 4j)


@pytest.mark.parametrize("f", [np.hypot, math.hypot])
def test_hypot_at_the_origin(f: Any) -> None:
    assert list(reverse(f, 0.0, 0.0)) == [0, 0]
    assert math.dist([1.0], [1.0]) == 0.0
    assert reverse(math.dist, [1.0], [1.0]) == [[0.0], [0.0]]


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_of_maximum_are_shared_equally(f: Any) -> None:
    x = np.array([1.0, 2.0])
    for part in reverse(f, x, x.copy()):
        np.testing.assert_array_equal(part, 0.5)
    assert reverse(f, 2.0, 2.0) == [0.5, 0.5]
    assert reverse(f, 2.0, 2) == [0.5, 0.5]


@pytest.mark.parametrize("f", [np.fmax, np.fmin])
def test_numbers_win_over_nan(f: Any) -> None:
    assert reverse(f, math.nan, 2.0) == [0.0, 1.0]
    assert reverse(f, 2.0, math.nan) == [1.0, 0.0]


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax])
def test_what_loses_gets_exactly_zero(f: Any) -> None:
    x_bar, y_bar = reverse(f, np.array([1.0, 3.0]), np.array([2.0, 2.0]), g=np.array([np.inf, np.inf]))
    assert sorted([x_bar[0], y_bar[0]]) == sorted([x_bar[1], y_bar[1]]) == [0.0, np.inf]


@pytest.mark.parametrize(("f", "expected"), [(max, [1.0, 0.0]), (min, [1.0, 0.0])])
def test_builtin_max_and_min_select_the_first_of_equal_objects(f: Any, expected: list[float]) -> None:
    assert reverse(f, 2.0, 2.0) == expected
    assert reverse(f, 2.0, 2.0, key=abs) == expected
    assert reverse(f, 2.0, 2.0, 2.0) == [*expected, 0.0]
    assert reverse(f, [2.0, 2.0]) == [expected]
    assert reverse(max, math.nan, 1.0) == [1.0, 0.0]


def test_max_of_an_array_gives_an_array() -> None:
    (g,) = reverse(max, np.array([1.0, 3.0, 3.0]))
    np.testing.assert_array_equal(g, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("f", [operator.pow, np.power, pow])
def test_power_at_zero(f: Any) -> None:
    x = np.array([0.0, 0.0, 0.0])
    y = np.array([0.0, 1.0, 2.0])
    x_bar, y_bar = reverse(f, x, y)
    np.testing.assert_array_equal(x_bar, [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(y_bar, 0.0)


@pytest.mark.parametrize("f", [operator.pow, pow, math.pow])
def test_power_of_scalars_at_zero(f: Any) -> None:
    assert reverse(f, 0.0, 0.0) == [0.0, 0.0]
    assert reverse(f, 0.0, 1.0) == [1.0, 0.0]
    assert reverse(f, 0.0, 2.5) == [0.0, 0.0]


def test_power_with_a_constant_exponent_of_any_type() -> None:
    for y in (3, 3.0, np.int32(3), np.float32(3.0)):
        np.testing.assert_allclose(reverse(operator.pow, np.array([2.0]), y)[0], [12.0])
    x_bar = reverse(operator.pow, np.array([2.0], "f4"), 3)[0]
    assert x_bar.dtype == np.float32


def test_singular_partials_are_infinite_in_arrays() -> None:
    with np.errstate(divide="ignore"):
        for f in (np.sqrt, np.cbrt):
            np.testing.assert_array_equal(reverse(f, ZERO), np.inf)
        np.testing.assert_array_equal(reverse(operator.pow, ZERO, 0.5)[0], np.inf)


def test_sinc_near_zero() -> None:
    x = np.array([0.0, 1e-9, 1e-4])
    np.testing.assert_allclose(reverse(np.sinc, x), -(np.pi**2) * x / 3, rtol=1e-6)


def test_remainders_of_quotients_that_round_to_an_integer() -> None:
    x, y = 3 * 0.1 - 1e-17, 0.1
    for f in (math.fmod, np.fmod, operator.mod, math.remainder):
        assert f(x, y) == pytest.approx(x + reverse(f, x, y)[1] * y, abs=1e-16)


def test_nan_to_num_passes_finite_numbers_only() -> None:
    np.testing.assert_array_equal(reverse(np.nan_to_num, np.array([1.0, np.nan, np.inf, -np.inf])), [1, 0, 0, 0])


def test_prod_with_zeros_is_exact() -> None:
    assert reverse(math.prod, [0.0, 2.0, 3.0])[0] == [6.0, 0.0, 0.0]
    assert reverse(math.prod, [0.0, 0.0, 3.0])[0] == [0.0, 0.0, 0.0]


def test_heaviside_passes_what_stands_at_the_jump() -> None:
    x_bar, y_bar = reverse(np.heaviside, np.array([-1.0, 0.0, 1.0]), 0.5)
    assert x_bar == 0.0
    np.testing.assert_array_equal(y_bar, [0.0, 1.0, 0.0])


def test_python_numbers_stay_python_numbers() -> None:
    for f in (math.sin, math.exp, math.sqrt, math.log10, math.tanh, math.erf, math.cbrt):
        assert type(reverse(f, 0.5)) is float
    assert all(type(g) is float for g in reverse(operator.truediv, 1.0, 2.0))
    assert all(type(g) is float for g in reverse(max, 1.0, 2.0))
    assert all(type(g) is float for g in reverse(math.hypot, 1.0, 2.0))


def test_partials_that_may_be_infinite_are_marked() -> None:
    points = np.array([0.0, 1.0, -1.0, 1000.0, -1000.0])
    unmarked = []
    for rule in rules():
        fn = rule.primitive
        if not isinstance(fn, np.ufunc) or rule.partials is None or rule.singular or fn.nin > 2:
            continue
        with np.errstate(all="ignore"):
            args = np.meshgrid(*[points] * fn.nin)
            ans = fn(*args)
            partials = rule.partials(*args, ans=ans)
        for partial in partials if isinstance(partials, tuple) else (partials,):
            if not np.isfinite(np.where(np.isnan(ans), 0.0, partial)).all():
                unmarked.append(rule.name)
    assert unmarked == []

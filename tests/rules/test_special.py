"""The special functions that templates call: against SciPy, against each other, and at their ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srcad.runtime.special import digamma, i0_derivative, polygamma, sinc_derivative

GENERIC = np.concatenate([np.linspace(-6.3, 25.2, 64), [1e-8, 1e6, -150.3]])
ALL = (digamma, *(lambda x, f=f: f(1, x) for f in (polygamma, i0_derivative, sinc_derivative)))


def test_digamma_and_polygamma_against_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(digamma(GENERIC), special.digamma(GENERIC), rtol=1e-13, atol=1e-13)
    positive = GENERIC[GENERIC > 0]
    for n in (1, 2, 3, 5):
        np.testing.assert_allclose(polygamma(n, positive), special.polygamma(n, positive), rtol=1e-13)
    np.testing.assert_allclose(polygamma(1, GENERIC), special.zeta(2, GENERIC), rtol=1e-11)


def test_reflection_at_negative_arguments() -> None:
    for n in range(4):
        x = np.array([-0.7, -3.4, -5.2])
        recurrence = (-1) ** n * math.factorial(n) / x ** (n + 1)
        np.testing.assert_allclose(polygamma(n, x + 1), polygamma(n, x) + recurrence, rtol=1e-12)


def test_bessel_functions_against_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.array([-700.0, -20.0, -0.3, 1e-9, 2.0, 50.0, 708.0])
    np.testing.assert_allclose(i0_derivative(0, x), special.i0(x), rtol=5e-14)
    np.testing.assert_allclose(i0_derivative(1, x), special.i1(x), rtol=5e-14)
    np.testing.assert_allclose(i0_derivative(2, x), special.ivp(0, x, 2), rtol=5e-14)


def test_sinc_derivatives_against_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.array([-20.25, -0.65, -1e-9, 0.1, 0.63, 0.64, 1.2, 3.0])
    expected = -np.pi * special.spherical_jn(1, np.pi * np.abs(x)) * np.sign(x)
    np.testing.assert_allclose(sinc_derivative(1, x), expected, rtol=1e-12)
    np.testing.assert_allclose(sinc_derivative(0, x), np.sinc(x), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_each_sinc_derivative_is_the_slope_of_the_one_before(n: int) -> None:
    x, h = np.array([-3.3, -0.9, -0.2, 0.0, 0.4, 1.1, 2.7]), 1e-5
    slope = (sinc_derivative(n - 1, x + h) - sinc_derivative(n - 1, x - h)) / (2 * h)
    np.testing.assert_allclose(sinc_derivative(n, x), slope, rtol=1e-7, atol=1e-6)


def test_values_at_special_points() -> None:
    assert digamma(1.0) == pytest.approx(-0.5772156649015329, rel=1e-14)
    assert polygamma(1, 0.5) == pytest.approx(math.pi**2 / 2, rel=1e-14)
    assert i0_derivative(1, 0.0) == 0.0 and i0_derivative(2, 0.0) == pytest.approx(0.5, rel=1e-14)
    assert sinc_derivative(1, 0.0) == 0.0 and sinc_derivative(2, 0.0) == pytest.approx(-(math.pi**2) / 3, rel=1e-14)
    assert digamma(math.inf) == math.inf
    assert all(math.isnan(digamma(x)) for x in (0.0, -1.0, -7.0, math.nan, -math.inf))


@pytest.mark.parametrize("f", ALL)
def test_shapes_and_dtypes(f) -> None:
    assert f(np.array([0.5, 2.0], "f4")).dtype == np.float32
    assert f(np.ones((2, 0))).shape == (2, 0)
    assert isinstance(f(1.5), float) and isinstance(f(2), float)
    assert f(np.arange(1, 4)).dtype == np.float64

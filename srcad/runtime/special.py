"""Special functions that NumPy lacks and that derivatives of NumPy's and `math`'s functions need.

All are elementwise on real numbers and keep float32. Each is one of a family that is closed under differentiation, so
that derivatives of any order exist (the rules are in `srcad.templates.special`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: Bernoulli numbers B_2, B_4, ... of the asymptotic series of the polygamma functions.
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
)  # fmt: skip


def digamma(x: Any) -> Any:
    """The derivative of ``log(gamma(x))``; NaN at 0, -1, -2, ...

    >>> round(float(digamma(1.0)), 12)
    -0.577215664902
    """
    return polygamma(0, x)


def polygamma(n: int, x: Any) -> Any:
    """The derivative of order `n` of `digamma` at real `x` (Abramowitz and Stegun, section 6.4); NaN at 0, -1, -2, ...

    Reflection (6.4.7) takes negative arguments to positive ones, recurrence (6.4.6) those to where the asymptotic
    series (6.4.11) is exact to rounding.

    Args:
        n: the order, at least 0.
        x: a number or an array.

    >>> bool(abs(polygamma(1, 1.0) - np.pi**2 / 6) < 1e-14)
    True
    """
    values = np.asarray(x)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    flat = values.astype(np.float64).ravel()
    negative = flat <= 0
    result = _polygamma_positive(n, np.where(negative, 1.0 - flat, flat))
    if negative.any():
        reflected = (-1) ** n * result[negative] - _cotangent_derivative(n, flat[negative])
        result[negative] = np.where(flat[negative] == np.floor(flat[negative]), np.nan, reflected)
    return result.astype(values.dtype).reshape(values.shape)[()]


def _polygamma_positive(n: int, x: Any) -> Any:
    """Polygamma for positive arguments."""
    x = np.array(x, dtype=np.float64)
    total = np.zeros_like(x)
    sign = -1.0 if n % 2 == 0 else 1.0
    large = 12.0 + n
    for _ in range(math.ceil(large)):
        small = x < large
        total[small] += sign * math.factorial(n) / x[small] ** (n + 1)
        x[small] += 1.0
    if n == 0:
        series = np.log(x) - 0.5 / x
        for k, b in enumerate(_BERNOULLI, start=1):
            series -= b / (2 * k * x ** (2 * k))
        return total + series
    series = math.factorial(n - 1) / x**n + math.factorial(n) / (2 * x ** (n + 1))
    for k, b in enumerate(_BERNOULLI, start=1):
        series += b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * x ** (2 * k + n))
    return total + sign * series


def _cotangent_derivative(n: int, x: Any) -> Any:
    """The derivative of order `n` of ``pi * cot(pi * x)``: a polynomial in the cotangent c, dc/dx = -pi (1 + c^2)."""
    coefficients = np.array([0.0, math.pi])
    for _ in range(n):
        slope = np.polynomial.polynomial.polyder(coefficients)
        coefficients = np.polynomial.polynomial.polymul(slope, [-math.pi, 0.0, -math.pi])
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = x - np.round(x)
        return np.polynomial.polynomial.polyval(1.0 / np.tan(math.pi * fraction), coefficients)


def i0_derivative(n: int, x: Any) -> Any:
    """The derivative of order `n` of ``np.i0``, the modified Bessel function of the first kind of order 0.

    The integral ``(2 / pi) int_0^(pi/2) cosh(x cos t) dt`` (Abramowitz and Stegun 9.6.16), differentiated under the
    sign, by the trapezoidal rule, which converges faster than any power for periodic integrands. Its terms have one
    sign, so nothing cancels.

    Args:
        n: the order, at least 0.
        x: a number or an array.

    >>> round(float(i0_derivative(1, 1.0)), 12)
    0.565159103992
    """
    values = np.asarray(x)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    size = np.abs(values)
    points = 96
    total = (0.5 if n == 0 else 0.0) * np.exp(-size)
    for k in range(points):
        cosine = math.cos(math.pi * k / (2 * points))
        # 2 cosh or sinh of (size * cosine), times exp(-size): without overflow and without cancellation
        scaled = np.exp(size * (cosine - 1.0))
        small = np.exp(-2.0 * cosine * size) + 1.0 if n % 2 == 0 else -np.expm1(-2.0 * cosine * size)
        total += (0.25 if k == 0 else 0.5) * cosine**n * scaled * small
    half = np.exp(0.5 * size)
    sign = 1.0 if n % 2 == 0 else np.sign(values)
    return (sign * (total / points * half * half))[()]


def sinc_derivative(n: int, x: Any) -> Any:
    """The derivative of order `n` of ``np.sinc``: by its power series near 0, else by a recurrence in the order.

    With y = sinc(x): ``x y = sin(pi x) / pi``, so ``x y^(n) + n y^(n-1) = pi^(n-1) sin(pi x + n pi/2)``.

    Args:
        n: the order, at least 0.
        x: a number or an array.

    >>> float(sinc_derivative(1, 0.0)), bool(abs(sinc_derivative(2, 0.0) + np.pi**2 / 3) < 1e-14)
    (0.0, True)
    """
    values = np.asarray(x)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    t = math.pi * values
    near = np.abs(t) < n + 1
    t_near, away = np.where(near, t, 0.0), np.where(near, 1.0, values)
    series = np.zeros_like(t)
    for k in range((n + 1) // 2, (n + 1) // 2 + 16 + n):
        power = 2 * k - n
        series = series + (-1) ** k * t_near**power / ((2 * k + 1) * math.factorial(power))
    direct = np.sinc(away)
    for order in range(1, n + 1):
        sine = (np.sin, np.cos)[order % 2](math.pi * away) * (-1.0 if order % 4 >= 2 else 1.0)
        direct = (math.pi ** (order - 1) * sine - order * direct) / away
    return np.where(near, math.pi**n * series, direct)[()]

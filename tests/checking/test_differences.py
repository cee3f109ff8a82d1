"""The finite differences: accurate on smooth functions, honest about the others."""

import math

import pytest

from srcad.checking import differentiate


@pytest.mark.parametrize(
    ("phi", "slope"),
    [
        (math.sin, 1.0),
        (lambda h: math.exp(3 * h), 3.0),
        (lambda h: math.log(1 + 10 * h), 10.0),
        (lambda h: 1e9 + 5 * h, 5.0),
        (lambda h: (1 + h) ** 30, 30.0),
        (lambda h: 1e-200 * math.sin(h), 1e-200),
        (lambda h: 7.0, 0.0),
        (lambda h: h * h, 0.0),
        (lambda h: h if abs(h) < 1e-3 else math.copysign(100.0, h), 1.0),
    ],
)
def test_value_lies_within_the_error_that_is_claimed(phi, slope):
    found = differentiate(phi)
    assert abs(found.value - slope) <= found.error
    assert found.error <= 1e-6 * max(slope, found.magnitude)


@pytest.mark.parametrize(
    "phi",
    [
        lambda h: 0.0 if h < 0 else 1.0,
        lambda h: math.sin(1e5 * h),
        lambda h: math.copysign(math.sqrt(abs(h)), h),
        lambda h: math.nan,
        lambda h: hash((h, "noise")) / 2**61,
    ],
)
def test_error_is_large_where_there_is_no_derivative_to_be_found(phi):
    found = differentiate(phi)
    assert found.error > 1e-2


def test_values_outside_the_domain_are_passed_over():
    found = differentiate(lambda h: math.log(1 + 1000 * h) if 1 + 1000 * h > 0 else math.nan)
    assert abs(found.value - 1000) <= found.error < 1e-2

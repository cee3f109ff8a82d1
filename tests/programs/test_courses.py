"""The examples of courses on automatic differentiation, with their exact values."""

import numpy as np
import pytest

import srcad
from tests.programs import courses

X = np.array([0.0, 1.0, 2.0, 3.0])


def test_twice_the_dot_product():
    value, gradient = srcad.value_and_grad(courses.twice_dot)(X)
    assert value == 28.0
    np.testing.assert_array_equal(gradient, [0.0, 4.0, 8.0, 12.0])


def test_sum():
    np.testing.assert_array_equal(srcad.grad(courses.plain_sum)(X), np.ones(4))


def test_sum_of_squares():
    np.testing.assert_array_equal(srcad.grad(courses.sum_of_squares)(X), [0.0, 2.0, 4.0, 6.0])


def test_stop_gradient():
    value, gradient = srcad.value_and_grad(courses.detached)(X)
    assert value == 36.0
    np.testing.assert_array_equal(gradient, X * X)
    _, tangent = srcad.jvp(courses.detached, (X,), (np.ones(4),))
    assert tangent == 14.0


@pytest.mark.parametrize("a", [0.7, -1.3, 2500.0, -2500.0, 1e-3])
def test_control_flow(a):
    """The function is piecewise linear through the origin: gradient times argument is the value."""
    for argument in (np.float64(a), np.array(a)):
        value, gradient = srcad.value_and_grad(courses.doubling)(argument)
        assert gradient * a == pytest.approx(value, rel=1e-15)


def test_stop_gradient_is_the_identity_outside():
    assert srcad.stop_gradient(X) is X
    assert srcad.stop_gradient(1.5) == 1.5

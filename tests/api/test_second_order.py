"""Derivatives of derivatives: right, or a located error; never anything else."""

import math

import numpy as np
import pytest

import srcad
from srcad import grad, jvp, value_and_grad

A = np.random.default_rng(0).normal(size=(3, 3))


def cubic(x):
    return x**3 + math.sin(x)


def quotient(x):
    return math.exp(x * x) / (1.0 + x)


def by_branch(x):
    if x > 1.0:
        return x**3
    return math.tanh(x) * x


def square_of(x):
    return x * x * x


def by_calls(x):
    return square_of(x) * square_of(2.0 * x)


def largest(x):
    return max(x * x, x**4)


def by_numpy(x):
    return np.log(1.0 + np.exp(x)) * np.sqrt(x)


def looping(x):
    y = x
    for _ in range(4):
        y = math.sin(y) * x
    return y


def newton(a):
    x = a
    for _ in range(5):
        x = 0.5 * (x + a / x)
    return x


def until(x):
    y = x
    while y < 50.0:
        y = y * y + x
    return y


def weighted(v):
    return np.sum(v**3 * np.sin(v))


def quadratic(v):
    return v @ A @ v * np.sum(v)


def log_sum_exp(v):
    return np.log(np.sum(np.exp(v)))


def layer(v):
    return np.mean(np.tanh(A @ v) ** 2)


def norm_cubed(v):
    return np.linalg.norm(v) ** 3


def by_index(v):
    return v[0] ** 2 * v[1] + v[2] ** 3


def accumulated(v):
    total = 0.0
    for i in range(len(v)):
        total += v[i] ** 3 * v[0]
    return total


def in_place(v):
    u = v.copy()
    for i in range(1, len(u)):
        u[i] += u[i - 1] * u[i]
    return np.sum(u * u)


SCALAR = [cubic, quotient, by_branch, by_calls, largest, by_numpy]
SCALAR_LOOPS = [looping, newton, until]
ARRAY = [weighted, quadratic, log_sum_exp, layer, norm_cubed, by_index]
ARRAY_LOOPS = [accumulated, in_place]


def right_or_refused(run, expected):
    """The result agrees with differences, or an error names the place."""
    try:
        found = run()
    except srcad.UnsupportedSyntax as error:
        assert error.where is not None and error.remedy
        return
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def slope(f, at, step=1e-5):
    return (f(at + step) - f(at - step)) / (2 * step)


@pytest.mark.parametrize("at", [0.7, 1.3])
@pytest.mark.parametrize("f", SCALAR, ids=lambda f: f.__name__)
def test_scalar(f, at):
    expected = slope(grad(f), at)
    np.testing.assert_allclose(grad(grad(f))(at), expected, rtol=1e-6)
    np.testing.assert_allclose(jvp(grad(f), (at,), (1.0,))[1], expected, rtol=1e-6)


@pytest.mark.parametrize("f", SCALAR_LOOPS, ids=lambda f: f.__name__)
def test_scalar_loops(f):
    right_or_refused(lambda: grad(grad(f))(1.3), slope(grad(f), 1.3))
    right_or_refused(lambda: jvp(grad(f), (1.3,), (1.0,))[1], slope(grad(f), 1.3))


V, W = np.array([0.3, 0.8, 1.2]), np.array([0.5, -1.0, 2.0])


def along(f):
    step = 1e-5
    return (grad(f)(V + step * W) - grad(f)(V - step * W)) / (2 * step)


@pytest.mark.parametrize("f", ARRAY, ids=lambda f: f.__name__)
def test_hessian_times_vector(f):
    gradient, product = jvp(grad(f), (V,), (W,))
    np.testing.assert_array_equal(gradient, grad(f)(V))
    np.testing.assert_allclose(product, along(f), rtol=1e-6)


@pytest.mark.parametrize("f", ARRAY_LOOPS, ids=lambda f: f.__name__)
def test_hessian_times_vector_of_loops(f):
    right_or_refused(lambda: jvp(grad(f), (V,), (W,))[1], along(f))


@pytest.mark.parametrize("f", [*ARRAY, *ARRAY_LOOPS], ids=lambda f: f.__name__)
def test_a_derivative_inside_a_function(f):
    gradient = grad(f)

    def directional(v):
        return np.dot(gradient(v), W)

    right_or_refused(lambda: grad(directional)(V), along(f))
    right_or_refused(lambda: grad(lambda v: np.dot(grad(f)(v), W))(V), along(f))


def test_third_order():
    np.testing.assert_allclose(grad(grad(grad(cubic)))(0.7), 6.0 - math.cos(0.7), rtol=1e-12)


def test_value_and_gradient_of_a_gradient():
    value, second = value_and_grad(grad(cubic))(0.7)
    assert value == grad(cubic)(0.7)
    np.testing.assert_allclose(second, grad(grad(cubic))(0.7), rtol=1e-15)


def test_mixed_partials():
    def f(x, y):
        return x**2 * y**3

    np.testing.assert_allclose(grad(grad(f, 0), 1)(2.0, 3.0), 2 * 2.0 * 3 * 9.0)
    np.testing.assert_allclose(grad(grad(f, 1), 0)(2.0, 3.0), 2 * 2.0 * 3 * 9.0)


def test_perturbations_are_not_confused():
    def inner_is_one(x):
        return x * grad(lambda y: x + y)(1.0)

    right_or_refused(lambda: grad(inner_is_one)(1.0), 1.0)  # 2 where the two perturbations are taken for one


def test_the_value_of_a_gradient_has_no_gradient_of_its_own():
    with pytest.raises(srcad.ArgumentError, match="tuple"):
        grad(value_and_grad(cubic))(1.0)
    with pytest.raises(srcad.ArgumentError, match="shape"):
        grad(grad(weighted))(V)


def test_what_the_first_derivative_depends_on_is_noticed(monkeypatch):
    second = grad(grad(by_calls))
    before = second(0.7)
    monkeypatch.setitem(globals(), "square_of", lambda x: x)
    assert second(0.7) == 4.0 != before


def test_names():
    second = grad(grad(cubic))
    assert second.__name__ == "cubic_grad_grad"
    assert "def cubic_grad_grad(x):" in second.source

"""docs/semantics.md, row by row: the numbers, where the derivative is a matter of convention."""

import math
import warnings

import numpy as np
import pytest

import srcad
from tests.project.semantics import derivative_is, found_or_refused

pytestmark = pytest.mark.usefixtures("kinds")

W = np.array([1.0, 10.0, 100.0])


@pytest.fixture
def silent():
    """No warning is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def floods():
    """What the function itself computes at these points is infinite, and says so."""
    with np.errstate(all="ignore"):
        yield


def test_row_abs_at_zero():
    for f in (abs, np.abs, np.absolute, math.fabs, np.fabs):
        derivative_is(lambda x: f(x) * 3.0, (0.0,), 0.0)
    for f in (abs, np.abs, np.fabs):
        derivative_is(lambda x: np.sum(f(x)), (np.array([0.0, 2.0, -2.0]),), [0.0, 1.0, -1.0])


def test_row_norm_at_zero(silent):
    for order in (None, 1, 2, 3, np.inf, -np.inf):
        derivative_is(lambda x: np.linalg.norm(x, ord=order), (np.zeros(3),), np.zeros(3))
    derivative_is(lambda x: np.linalg.norm(x), (np.zeros((2, 3)),), np.zeros((2, 3)))
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    derivative_is(lambda x: np.sum(np.linalg.norm(x, axis=1)), (x,), [[0.0, 0.0], [0.6, 0.8]])


def test_row_hypot_at_zero(silent):
    derivative_is(lambda x, y: np.hypot(x, y), (0.0, 0.0), 0.0, 0.0)
    derivative_is(lambda x, y: math.hypot(x, y), (0.0, 0.0), 0.0, 0.0)


def test_row_std_at_zero(silent):
    derivative_is(lambda x: np.std(x), (np.ones(3),), np.zeros(3))
    derivative_is(lambda x: np.sum(x.std(axis=1)), (np.ones((2, 2)),), np.zeros((2, 2)))


def test_row_chain_rule(floods):
    derivative_is(lambda x: np.linalg.norm(x) ** 2, (np.zeros(3),), np.zeros(3))
    derivative_is(lambda x: np.sqrt(abs(x)), (0.0,), np.nan)


def test_row_maximum_ties():
    for f in (np.maximum, np.minimum, np.fmax, np.fmin):
        derivative_is(lambda x, y: f(x, y), (1.0, 1.0), 0.5, 0.5)
        derivative_is(lambda x: f(x, x), (1.0,), 1.0)
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    derivative_is(lambda x, y: np.sum(np.maximum(x, y)), (x, y), [0.5, 0.0, 1.0], [0.5, 1.0, 0.0])


def test_row_max_ties():
    for f in (np.max, np.amax, lambda x: x.max()):
        derivative_is(lambda x: f(x), (np.array([1.0, 3.0, 3.0]),), [0.0, 0.5, 0.5])
    for f in (np.min, np.amin, lambda x: x.min()):
        derivative_is(lambda x: f(x), (np.array([3.0, 1.0, 1.0, 1.0]),), [0.0, 1 / 3, 1 / 3, 1 / 3])
    x = np.array([[1.0, 3.0], [1.0, 2.0]])
    derivative_is(lambda x: np.sum(np.max(x, axis=0)), (x,), [[0.5, 1.0], [0.5, 0.0]])


def test_row_builtin_max_ties():
    derivative_is(lambda x, y: max(x, y), (1.0, 1.0), 1.0, 0.0)
    derivative_is(lambda x, y: min(x, y), (1.0, 1.0), 1.0, 0.0)
    derivative_is(lambda x, y: max([x, y]), (1.0, 1.0), 1.0, 0.0)
    derivative_is(lambda x, y: sorted([x, y])[0], (1.0, 1.0), 1.0, 0.0)


def sorts(x):
    y = x * 1.0
    y.sort()
    return np.sum(y * W)


def test_row_sort_ties(kinds):
    x = np.array([2.0, 1.0, 1.0])
    want = np.empty(3)
    want[np.argsort(x)] = W
    derivative_is(lambda x: np.sum(np.sort(x) * W), (x,), want)
    found_or_refused(kinds, lambda: derivative_is(sorts, (x,), want))
    want[np.argpartition(x, 1)] = W
    derivative_is(lambda x: np.sum(np.partition(x, 1) * W), (x,), want)
    want[np.argsort(x, kind="stable")] = W
    derivative_is(lambda x: np.sum(np.sort(x, kind="stable") * W), (x,), want)


def test_row_clip_bounds():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    derivative_is(lambda x: np.sum(np.clip(x, -1.0, 1.0)), (x,), [0.0, 1.0, 1.0, 1.0, 0.0])
    derivative_is(lambda x: np.sum(x.clip(-1.0, 1.0)), (x,), [0.0, 1.0, 1.0, 1.0, 0.0])
    derivative_is(lambda x, low, high: np.clip(x, low, high), (1.0, 1.0, 2.0), 1.0, 0.0, 0.0)
    derivative_is(lambda x, low, high: np.clip(x, low, high), (2.0, 1.0, 2.0), 1.0, 0.0, 0.0)


def test_row_power_zero(silent):
    for exponent in (0, 0.0):
        derivative_is(lambda x: x**exponent, (0.0,), 0.0)
        derivative_is(lambda x: np.sum(x**exponent), (np.zeros(2),), [0.0, 0.0])
        derivative_is(lambda x: np.sum(np.power(x, exponent)), (np.zeros(2),), [0.0, 0.0])
    derivative_is(lambda x, n: x**n, (0.0, 0), 0.0)
    derivative_is(lambda x: np.sum(x ** np.array([0.0, 1.0, 2.0])), (np.zeros(3),), [0.0, 1.0, 0.0])


def test_row_power_exponent(silent):
    derivative_is(lambda y, x: x**y, (2.0, 0.0), 0.0)
    derivative_is(lambda y, x: math.pow(x, y), (2.0, 0.0), 0.0)
    derivative_is(lambda y, x: np.sum(x**y), (np.array([2.0, 0.0]), np.zeros(2)), [0.0, 0.0])
    derivative_is(lambda x, y: np.power(x, y), (0.0, 2.0), 0.0, 0.0)


def test_row_prod_zeros(silent):
    derivative_is(lambda x: np.prod(x), (np.array([0.0, 2.0, 3.0]),), [6.0, 0.0, 0.0])
    derivative_is(lambda x: np.prod(x), (np.array([0.0, 2.0, 0.0]),), [0.0, 0.0, 0.0])
    derivative_is(lambda x: np.sum(np.cumprod(x)), (np.array([2.0, 0.0, 3.0]),), [1.0, 8.0, 0.0])
    derivative_is(lambda x: math.prod([x, 2.0, 3.0]), (0.0,), 6.0)


def stores_by_mask(x):
    y = np.sqrt(x)
    y[x == 0] = 0.0
    return np.sum(y)


def stores_by_indices(x):
    y = np.sqrt(x)
    y[[0]] = 0.0
    return np.sum(y)


ROOTS = [
    stores_by_mask,
    stores_by_indices,
    lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
    lambda x: np.sum(np.where(x > 0, 0.5 * np.sqrt(np.sqrt(x) ** 2) + 0.5 * np.sqrt(x), 0.0)),
    lambda x: np.sum(np.select([x > 5, x > 0], [x * x, np.sqrt(x)], 0.0)),
    lambda x: np.sum(np.clip(np.sqrt(x), 1.0, 5.0)),
    lambda x: np.sum(np.maximum(np.sqrt(x), 1.0)),
    lambda x: np.max(np.sqrt(x)),
    lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0)) / (1 + np.log(4.0)) / 4,
    lambda x: np.sum(np.sqrt(x, where=x > 0, out=np.zeros_like(x))),
]


def test_row_branch_not_taken(floods):
    for f in ROOTS:
        derivative_is(f, (np.array([0.0, 4.0]),), [0.0, 0.25])
    derivative_is(lambda x: np.sum(np.where(x > 0, 1 / x + np.log(x), x)), (np.array([0.0, 4.0]),), [1.0, 0.1875])
    derivative_is(lambda x: np.sum(np.where(x > 0, np.sin(x) / x, 1.0)), (np.array([0.0, np.pi]),), [0.0, -1 / np.pi])
    derivative_is(lambda x: np.sum(np.where(x > 0, np.sin(1 / x), x)), (np.array([0.0, 1.0]),), [1.0, -np.cos(1.0)])
    for x in (0.0, np.float32(0.0), np.array(0.0)):
        derivative_is(lambda x: np.where(x > 0, np.sqrt(x), 0.0), (x,), 0.0)
    derivative_is(lambda x: math.sqrt(x) if x > 0 else x, (0.0,), 1.0)


def overwrites(x):
    y = np.sqrt(x)
    y[0] = 0.0
    return np.sum(y)


def test_row_parts_not_read(floods):
    x = np.array([0.0, 4.0])
    for f in (overwrites, lambda x: np.sqrt(x)[1], lambda x: np.sum(np.sqrt(x)[x > 0])):
        np.testing.assert_array_equal(srcad.grad(f)(x), [np.nan, 0.25])
    derivative_is(lambda x: np.sqrt(x[1]), (x,), [0.0, 0.25])
    derivative_is(lambda x: np.sum(np.sqrt(x[x > 0])), (x,), [0.0, 0.25])


def test_row_float32():
    x = np.array([1.0, 2.0], "f4")
    for other in (np.float64(2.0), np.ones(2), 3, np.arange(2)):
        gradient = srcad.grad(lambda x: np.sum(np.sin(x) * other))(x)
        assert gradient.dtype == "f4"
    for dtype in ("f2", "f4", "f8", "c8", "c16"):
        assert srcad.grad(lambda x: np.sum(np.abs(x) ** 2))(np.ones(2, dtype)).dtype == dtype
    assert type(srcad.grad(lambda x: np.sum(x * np.ones(3)))(np.float32(1.0))) is np.float32


def test_row_python_float():
    for f in (lambda x: x * 2.0, np_sin, lambda x: np.sum(x * np.ones(3, "f4"))):
        assert type(srcad.grad(f)(1.0)) in (float, np.float64)


def np_sin(x):
    return np.sin(x)


def test_row_complex():
    z = 1 + 2j
    for f, want in [
        (lambda z: abs(z) ** 2, 2 - 4j),
        (lambda z: (z * z).real, 2 + 4j),
        (lambda z: np.imag(z), -1j),
        (lambda z: np.real(np.exp(z)), np.exp(1 + 2j)),
    ]:
        np.testing.assert_allclose(srcad.grad(f)(z), want, rtol=1e-12)
        by_real, by_imag = (srcad.jvp(f, (z,), (direction,))[1] for direction in (1.0 + 0j, 1j))
        np.testing.assert_allclose(want, by_real - 1j * by_imag, rtol=1e-12)


def test_row_integer_argument():
    for value in (3, True, np.int64(3), np.array([1, 2]), np.array([True]), [1, 2], {"a": 1}):
        with pytest.raises(srcad.ArgumentError, match="argument 'wanted' of .* cannot be differentiated"):
            srcad.grad(lambda wanted: 2.0)(value)
        with pytest.raises(srcad.ArgumentError, match="argument 'wanted' of"):
            srcad.value_and_grad(lambda x, wanted: x, argnames="wanted")(1.0, value)


def test_row_result():
    x = np.array([1.0, 2.0])
    for f, kind in [
        (lambda x: x, "array"),
        (lambda x: x[:1], "array"),
        (lambda x: (x[0], x[1]), "tuple"),
        (lambda x: {"a": x[0]}, "dict"),
        (lambda x: 3, "int"),
        (lambda x: x[0] > 0, "bool"),
        (lambda x: np.sum(x) * 1j, "complex"),
        (lambda x: None, "None"),
    ]:
        for derivative in (srcad.grad, srcad.value_and_grad):
            with pytest.raises(srcad.ArgumentError, match=f"the result .*is .*{kind}.*, not a real scalar"):
                derivative(f)(x)
    np.testing.assert_array_equal(srcad.grad(lambda x: x[0].reshape(()))(x), [1.0, 0.0])

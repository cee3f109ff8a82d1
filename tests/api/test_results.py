"""What a derivative returns: types, ownership, the value bit for bit, auxiliary values as the primal leaves them."""

import numpy as np
import pytest

import srcad
from srcad import grad, value_and_grad

SCALAR_FUNCTIONS = [
    lambda x: x * x,
    lambda x: 3.0 * x,
    lambda x: x + 1,
    lambda x: x,
    lambda x: 2.0,
    lambda x: np.sin(x) * x,
    lambda x: np.sum(x * x),
    lambda x: np.sqrt(x) + x**2,
]


@pytest.mark.parametrize("kinds", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("f", SCALAR_FUNCTIONS, ids=range(len(SCALAR_FUNCTIONS)))
@pytest.mark.parametrize(
    "at", [np.array(2.0), np.array(2.0, dtype="f4"), np.float32(2.0), np.float64(2.0), 2.0], ids=repr
)
def test_types_of_single_numbers(at, f, kinds):
    before = np.copy(at)
    with srcad.compile_options(kinds=kinds):
        value, gradient = value_and_grad(f)(at)
    own = f(at)
    assert type(value) is type(own) and value == own
    assert at == before
    if isinstance(at, np.ndarray):
        assert type(gradient) is np.ndarray and gradient.shape == () and gradient.dtype == at.dtype
        assert gradient.flags.writeable and gradient.flags.owndata and not np.shares_memory(gradient, at)
    elif isinstance(at, np.float32):
        assert type(gradient) is np.float32
    else:
        assert isinstance(gradient, float)


@pytest.mark.parametrize("at", [1.0 + 2.0j, np.complex64(1.0 + 2.0j), np.array(1.0 + 2.0j)], ids=repr)
def test_complex_arguments(at):
    gradient = grad(lambda z: abs(z) ** 2)(at)
    assert gradient == 2.0 - 4.0j
    assert np.asarray(gradient).dtype == np.asarray(at).dtype


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
@pytest.mark.parametrize("f", [lambda v: np.sum(v), lambda v: v[0] * 2.0, lambda v: np.mean(v**2), lambda v: v.max()])
def test_arrays_keep_shape_and_dtype(f, dtype):
    v = np.array([1.5, 2.0, -0.5], dtype=dtype)
    value, gradient = value_and_grad(f)(v)
    own = f(v)
    assert type(value) is type(own) and value == own
    assert gradient.shape == v.shape and gradient.dtype == v.dtype
    assert gradient.flags.writeable and not np.shares_memory(gradient, v)


def test_gradients_share_memory_with_nothing():
    def f(a, b):
        return np.sum(a + b)

    a, b = grad(f, (0, 1))(np.ones(3), np.ones(3))
    assert not np.shares_memory(a, b)
    a[0] = 5.0
    assert b[0] == 1.0


def in_place(x):
    y = x * x
    for i in range(3):
        y[i] = y[i] * x[i]
    return y.sum(), y


def views(x):
    y = x * x
    z = y[:2]
    s = y.sum()
    y[0] = s * 2.0
    return np.sum(y * y), (z, y, {"a": y})


def argument(x):
    x[0] = 3.0 * x[1]
    return np.sum(x * x), x


def untouched(x):
    return np.sum(x * x), x


def named(x):
    out = (np.sum(x * x), x.shape)
    return out


def in_branches(x):
    if x[0] > 0:
        return np.sum(x), "positive"
    return np.sum(x * x), "negative"


def listed(x):
    items = [x[0], x[1]]
    items[0] = items[1] * items[0]
    items.append(items[0] * 3.0)
    return items[0] * items[2], items


def overwritten(x):
    y = np.zeros(4)
    for i in range(3):
        y[i + 1] = y[i] * x[i] + x[i]
    total = np.sum(y[:3] ** 2)
    y[:] = 7.0
    return total, y


def fortran(x):
    y = np.zeros((3, 2), order="F")
    y[:, 0] = x
    y *= y
    return np.sum(y), y


AUXILIARY = [in_place, views, argument, untouched, named, in_branches, listed, overwritten, fortran]


@pytest.mark.parametrize("f", AUXILIARY, ids=lambda f: f.__name__)
def test_auxiliary_values_are_the_primals(f):
    x = np.array([1.5, 2.0, -0.5])
    value, aux = f(x.copy())
    (own_value, own_aux), gradient = value_and_grad(f, has_aux=True)(x)
    again, again_aux = grad(f, has_aux=True)(x)
    assert value == own_value and type(value) is type(own_value)
    assert repr(aux) == repr(own_aux) == repr(again_aux)
    np.testing.assert_array_equal(gradient, again)
    np.testing.assert_array_equal(x, [1.5, 2.0, -0.5])
    steps = 1e-6 * np.eye(3)
    differences = [(f(x + step)[0] - f(x - step)[0]) / 2e-6 for step in steps]
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-8)
    if isinstance(aux, np.ndarray):
        assert own_aux.flags.f_contiguous == aux.flags.f_contiguous


def test_a_result_that_is_no_pair():
    for f, words in [(lambda x: x, "a float"), (lambda x: [x, x], "a list"), (lambda x: (x, x, x), "a tuple")]:
        with pytest.raises(srcad.ArgumentError, match=words):
            grad(f, has_aux=True)(2.0)

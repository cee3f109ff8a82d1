"""Functions and methods of NumPy that change arrays in place: in both modes, with kinds known and unknown.

Each program is compared with finite differences; the value that the derivative returns is the program's own, bit for
bit, and the arguments stay as they were.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import srcad
from tests.programs.modes import MODES, compiling


def arr(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-1.5, 1.5, shape)


def pos(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(0.4, 1.8, shape)


def output_is_none(x):
    return np.sum(np.exp(x, None) * np.cumsum(x, out=None))


def reduction_into_its_operand(x):
    y = x * 1.0
    np.sum(y, axis=0, out=y[0])
    np.sum(y * y, axis=0, out=y[1])
    return np.sum(y * x)


def taken(x):
    y = np.empty(4)
    np.take(x, [0, 0, 2, 1], out=y)
    x.take([1, 2], out=y[:2])
    z = np.empty(7)
    np.concatenate([x, y], out=z)
    w = np.empty((2, 3))
    np.stack([x, z[:3]], out=w)
    return np.sum(z * np.arange(7.0)) * np.sum(w * w)


def output_in_a_loop(x, n):
    y = x * 1.0
    t = np.empty_like(x)
    for _ in range(n):
        np.sin(y, out=t)
        np.multiply(t, x, out=t)
        np.add(y, t, out=y)
    return np.sum(y * y)


def inactive_output_first(x):
    buf = np.ones(3)
    np.add(buf, 1.0, out=buf)
    s = np.sum(buf)
    np.multiply(buf, x, out=buf)
    return np.sum(buf) * s


def inactive_result(x):
    buf = x * 1.0
    s = np.sum(buf * buf)
    np.sign(x, out=buf)
    np.add(np.ones(3), 1.0, out=buf)
    return s * np.sum(buf) + np.sum(buf * x)


def compared_into_an_output(x):
    m = np.empty(3, dtype=bool)
    np.greater(x, 0.1, out=m)
    k = np.empty(3)
    np.floor(x * 3.0, out=k)
    return np.sum(np.where(m, x * x, x) * k)


def single_precision_output(x):
    y = np.empty(3, dtype=np.float32)
    np.multiply(x, 2.0, out=y)
    z = np.zeros(3)
    np.add(y, x, out=z)
    return np.sum(z * x)


def complex_output(x):
    z = np.empty(3, dtype=complex)
    np.multiply(x, 1.0 + 2.0j, out=z)
    np.exp(z, out=z)
    r = np.empty(3)
    np.absolute(z, out=r)
    np.add(x, 1.0, out=z)
    return np.sum(r) + np.sum((z * z).real)


def mask_is_a_number(x, flag):
    y = x * 1.0
    np.exp(x, out=y, where=flag)
    np.sin(y, out=y, where=True)
    return np.sum(y * y)


def mask_from_values(x):
    y = np.full(4, 2.0)
    for k in range(3):
        np.multiply(y, x, out=y, where=x > 0.3 * k)
    return np.sum(y * y)


def chosen_maximum(x, w):
    y = w * 2.0
    np.maximum(x, w, out=y, where=x > 0.0)
    return np.sum(y * y * x)


def sums_where(x):
    m = x > 0.2
    a = np.sum(x * x, where=m) + np.mean(x, where=m) + np.prod(x, where=m)
    return a + np.max(x, where=m, initial=-5.0) * np.min(x, where=~m, initial=5.0)


def add_at(x, w):
    y = x * x
    np.add.at(y, [0, 0, 2], w)
    np.subtract.at(y, np.array([1, 1, 1]), w * w)
    np.add.at(y, slice(1, 3), x[0])
    np.add.at(y, x > 0.0, 2.0 * x[1])
    return np.sum(y * x)


def multiply_at(x, w):
    y = x * 1.0
    np.multiply.at(y, [0, 0, 2, 0], w)
    np.divide.at(y, [1, 1, 1, 2], w + 2.0)
    return np.sum(y * x)


def at_operand_is_the_array(x):
    y = x * 1.0
    np.add.at(y, [0, 0, 1, 2], y)
    return np.sum(y * x)


def partition_of_many(x):
    return np.sum(np.partition(x, 50) * np.arange(101.0))


def zero_size(x):
    y = x[:0] * 2.0
    np.exp(y, out=y)
    y.sort()
    np.add.at(y, [], 1.0)
    np.copyto(y, 3.0)
    y.fill(x[0])
    np.multiply.at(y, np.array([], dtype=int), x[0])
    np.put(y, [], x[0])
    return np.sum(y) + x[0] * x[1]


X3, X4, W3, W4 = arr(3), arr(4), arr(3, seed=1), arr(4, seed=1)
M34 = arr(3, 4)

PROGRAMS = [
    (output_is_none, (X3,)),
    (reduction_into_its_operand, (M34,)),
    (taken, (X3,)),
    (output_in_a_loop, (X3, 3)),
    (output_in_a_loop, (X3, 0)),
    (inactive_output_first, (X3,)),
    (inactive_result, (X3,)),
    (compared_into_an_output, (X3,)),
    (complex_output, (X3,)),
    (mask_is_a_number, (X3, True)),
    (mask_is_a_number, (X3, False)),
    (mask_from_values, (X4,)),
    (chosen_maximum, (X4, W4)),
    (sums_where, (X4,)),
    (add_at, (X3, W3)),
    (multiply_at, (X3, W4)),
    (at_operand_is_the_array, (X4,)),
    (partition_of_many, (arr(101),)),
    (zero_size, (X3,)),
]

#: Where nothing is known of the arguments, whether these change a number, a list or an array, or what is a view of it,
#: is not known either.
NEEDS_KINDS = [reduction_into_its_operand, inactive_result, zero_size]


@pytest.mark.parametrize("function", NEEDS_KINDS)
def test_what_is_not_known_is_a_located_error(function) -> None:
    args = next(args for fn, args in PROGRAMS if fn is function)
    with compiling("unknown"), pytest.raises(srcad.UnsupportedSyntax, match="line "):
        srcad.grad(function)(*copy.deepcopy(args))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("function", "args"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_both_modes_agree_with_differences(function, args, mode) -> None:
    if mode == "unknown" and function in NEEDS_KINDS:
        return
    given = copy.deepcopy(args)
    floats = tuple(k for k, a in enumerate(args) if isinstance(a, (float, np.ndarray)))
    with compiling(mode), warnings.catch_warnings():
        if mode == "known":
            warnings.simplefilter("error")
        assert srcad.check(function, list(args), argnums=floats)
        value, gradient = srcad.value_and_grad(function, floats)(*args)
    assert value == function(*copy.deepcopy(given))
    for k, g in zip(floats, gradient, strict=True):
        assert np.shape(g) == np.shape(args[k])
        np.testing.assert_array_equal(args[k], given[k])


def test_the_gradient_through_single_precision() -> None:
    value, gradient = srcad.value_and_grad(single_precision_output)(X3)
    assert value == single_precision_output(X3)
    np.testing.assert_allclose(gradient, 6.0 * X3, rtol=1e-6)


def range_into_its_operand(x):
    y = x * 1.0
    np.ptp(y[:, None], axis=1, out=y)
    return np.sum(y * x)


def placed_within(x):
    y = x * 1.0
    np.place(y, y > 0.0, y[1:])
    return np.sum(y * x)


def two_outputs(x):
    a, b = np.empty(4), np.empty(4)
    np.modf(x, a, b)
    return np.sum(a * x)


def repeated_product(x):
    y = np.zeros((2, 3, 4))
    np.matmul(np.ones((3, 4)), np.outer(x, x), out=y)
    return np.sum(y)


def computed_where_nothing_was(x):
    return np.sum(np.exp(x, where=x > 0.0))


REFUSED = [
    (range_into_its_operand, "ptp writes to an array that it reads at the same time"),
    (placed_within, "place writes to an array that it reads at the same time"),
    (two_outputs, "np.modf changes something that carries a derivative"),
    (repeated_product, "whether np.matmul fills the array that it writes to once, or repeats its result"),
    (computed_where_nothing_was, "np.exp: parameter 'where' is not supported"),
]


@pytest.mark.parametrize(("function", "text"), REFUSED, ids=lambda v: getattr(v, "__name__", ""))
def test_what_stays_refused_is_a_located_error(function, text) -> None:
    with pytest.raises((srcad.UnsupportedSyntax, srcad.MissingRule)) as caught:
        srcad.grad(function)(X4)
    assert str(caught.value).startswith(text)
    assert f"in {function.__name__}" in str(caught.value) and "fix: " in str(caught.value)


def view_changed_in_a_block(x, w):
    y = x * 1.0
    with np.errstate(all="ignore"):
        u = y * y
        v = y[2:]
        v[...] = w[:2]
    if x[0] > -9.0:
        t = np.exp(y)
        s = y[1:3]
        np.multiply(s, w[1:3], out=s)
    else:
        t = y * 2.0
    return np.sum(y) + np.sum(u * x * t)


def test_a_view_that_is_changed_inside_a_block_is_put_back() -> None:
    assert srcad.check(view_changed_in_a_block, [X4, W4], argnums=(0, 1))

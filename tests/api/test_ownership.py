"""Whose memory is what: special arguments and results, one by one; over the whole bank in tests/programs."""

import itertools

import numpy as np
import pytest

import srcad
from srcad import grad, jvp, value_and_grad
from tests.programs import modes, numeric

every_mode = pytest.mark.parametrize("mode", modes.MODES)

table = np.array([1.0, 2.0, 3.0])
X = np.array([0.5, 1.5, 2.5])
Y = np.array([1.0, -1.0, 0.5])


def arrays(value):
    return list(numeric.arrays(value))


def apart(results, others):
    found = arrays(results)
    assert all(a.flags.writeable for a in found)
    assert not any(np.may_share_memory(a, b) for a, b in itertools.combinations(found, 2))
    assert not any(np.may_share_memory(a, b) for a in found for b in arrays(others))


def each_is_the_others_gradient(x, y):
    return np.sum(x * y)


def a_global_is_the_gradient(x):
    return np.sum(x * table)


def views(x, y):
    return np.sum(x.reshape(3, 1).T * y[::-1])


def one_in_many_places(items):
    return np.sum(items[0] * items[1]["w"]) + items[2] * np.sum(items[0])


def changed(x, y):
    x[0] = y[1]
    return np.sum(x * y)


RESULTS = [
    (each_is_the_others_gradient, (X, Y)),
    (each_is_the_others_gradient, (X, X)),
    (a_global_is_the_gradient, (X,)),
    (views, (X, Y)),
    (lambda x, y: np.sum(x) + np.sum(y), (X, Y)),
    (one_in_many_places, ([X, {"w": X, "name": "w"}, 2.0],)),
    (changed, (X, Y)),
    (changed, (X, X)),
]


@every_mode
@pytest.mark.parametrize(("f", "args"), RESULTS, ids=range(len(RESULTS)))
def test_gradients(f, args, mode):
    df = value_and_grad(f, tuple(range(len(args))))
    with modes.compiling(mode):
        first = df(*args)
        apart(first[1], [args, table])
        kept = repr(first)
        second = df(*args)
        apart((first[1], second[1]), [args, table])
        assert repr(second) == kept
        for array in arrays(first[1]):
            array[...] = -1.0
        assert repr(df(*args)) == repr(second) == kept


def returns_its_argument(x):
    return np.sum(x * x), x


def returns_what_the_gradient_is(x):
    y = 2.0 * x
    return np.sum(x * x), {"y": y, "again": [y, table]}


def returns_a_changed_argument(x):
    x[0] = 2.0 * x[1]
    return np.sum(x * x), (x, x[1:])


AUXILIARY = [returns_its_argument, returns_what_the_gradient_is, returns_a_changed_argument]


@every_mode
@pytest.mark.parametrize("f", AUXILIARY, ids=lambda f: f.__name__)
def test_auxiliary_values_and_gradients(f, mode):
    with modes.compiling(mode):
        (value, aux), g = value_and_grad(f, has_aux=True)(X)
        apart(g, [X, table, aux])
        again, other = grad(f, has_aux=True)(X)
        apart(again, [X, table, aux, other, g])
    want, primal = f(X.copy())
    assert value == want and numeric.identical(aux, primal)
    if f is returns_a_changed_argument:
        assert not numeric.share_memory(aux, X)
    np.testing.assert_array_equal(X, [0.5, 1.5, 2.5])


TANGENTS = [
    lambda x: x,
    lambda x: (x, x),
    lambda x: x.T,
    lambda x: [x, {"a": x[1:], "n": 3}],
    lambda x: (x * 2.0)[None],
    lambda x: np.broadcast_to(x, (2, 3)),
    lambda x: np.ones(3),
    lambda x: {"k": x + 0, "n": 3},
    lambda x: (table, x * table),
    lambda x: np.diagonal(np.outer(x, x)),
    lambda x: [row for row in x.reshape(3, 1)],
    lambda x: np.split(x, 3),
    lambda x: (x[:2], x[1:]),
    lambda x: (y := x * 2.0, y, [y[0:2], y]),
    lambda x: {"a": {"b": [x, x * x]}},
    lambda x: x if x[0] > 0 else x * 2.0,
]


@every_mode
@pytest.mark.parametrize("f", TANGENTS, ids=range(len(TANGENTS)))
def test_tangents(f, mode):
    along = np.array([1.0, 2.0, 3.0])
    with modes.compiling(mode):
        value, tangent = jvp(f, (X,), (along,))
        kept = repr(tangent)
        apart(tangent, [X, along, table, value])
        again = jvp(f, (X,), (along,))[1]
        apart((tangent, again), [X, along, table, value])
        for array in arrays(tangent):
            array[...] = -1.0
        assert repr(jvp(f, (X,), (along,))[1]) == repr(again) == kept
    assert numeric.identical(value, f(X))
    np.testing.assert_array_equal(along, [1.0, 2.0, 3.0])


def doubles_in_place(x):
    x *= 2.0
    return np.sum(x * x)


def reads(x):
    return np.sum(np.sin(x) * x)


SPECIAL = {
    "0-d": np.array(2.0),
    "empty": np.zeros(0),
    "empty rows": np.zeros((0, 3)),
    "fortran": np.array([[1.0, 2.0], [3.0, 4.0]], order="F"),
    "strided": np.arange(24.0).reshape(4, 6)[::2, ::3],
    "backwards": np.arange(5.0)[::-1],
    "permuted": np.arange(24.0).reshape(2, 3, 4).transpose(1, 2, 0),
    "float32": np.arange(3.0, dtype="f4"),
    "one element": np.array([[1.5]]),
}


@every_mode
@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("f", [doubles_in_place, reads], ids=lambda f: f.__name__)
def test_special_arrays(f, name, mode):
    x = SPECIAL[name]
    before, layout = x.copy(), (x.strides, x.flags.writeable, x.dtype)
    with modes.compiling(mode):
        value, g = value_and_grad(f)(x)
        pushed, tangent = jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_array_equal(x, before)
    assert (x.strides, x.flags.writeable, x.dtype) == layout
    assert type(g) is np.ndarray and g.shape == x.shape and g.dtype == x.dtype and g.flags.writeable
    assert not np.may_share_memory(g, x)
    moved = x.copy(order="K")
    assert numeric.identical(value, f(moved)) and numeric.identical(pushed, value)
    np.testing.assert_allclose(np.sum(g), tangent, rtol=1e-6)


def test_read_only_arguments():
    x = X.copy()
    x.flags.writeable = False
    for f in (reads, each_is_the_others_gradient):
        args = (x,) if f is reads else (x, x)
        value, g = value_and_grad(f)(*args)
        assert g.flags.writeable and value == f(*args)
        assert jvp(f, args, (np.ones(3),) + (None,) * (len(args) - 1))[0] == value
    value, g = value_and_grad(doubles_in_place)(x)  # the primal would raise; the derivative works on a copy
    assert value == doubles_in_place(X.copy()) and not x.flags.writeable


def grows(items, d):
    items.append(items[0] * 2.0)
    d["new"] = items[-1]
    items[1]["w"][0] = 5.0
    return np.sum(items[1]["w"]) * d["new"] * d["old"]


@every_mode
def test_lists_and_dicts(mode):
    w = np.array([1.0, 2.0])
    inner = {"w": w}
    items, d = [3.0, inner], {"old": 2.0}
    with modes.compiling(mode):
        value, tangent = jvp(grows, (items, d), ([1.0, {"w": np.ones(2)}], {"old": 1.0}))
        assert value == 7.0 * 6.0 * 2.0 and tangent == 1.0 * 12.0 + 7.0 * (2.0 * 2.0 + 6.0)
        try:
            g, h = grad(grows, (0, 1))(items, d)
            assert g[0] == 28.0 and g[1]["w"].tolist() == [0.0, 12.0] and h == {"old": 42.0}
        except srcad.UnsupportedSyntax as error:
            assert error.where is not None
    assert items == [3.0, inner] and items[1] is inner and inner["w"] is w
    assert w.tolist() == [1.0, 2.0] and d == {"old": 2.0}

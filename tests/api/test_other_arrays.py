"""Arrays of other libraries that follow NumPy's protocols, here those of dask: the same code runs on them, lazily."""

import contextlib
import copy
import io

import dask
import dask.array as da
import numpy as np
import pytest

import srcad
from srcad import runtime
from srcad.analysis.keys import key_of, other_array_in
from srcad.errors import ArgumentError, InternalError, SrcadError, UnsupportedSyntax
from srcad.runtime.protocol import filled_like, is_array, is_complex, is_other_array
from tests.programs import aliasing, calls, courses, expressions, loops

RNG = np.random.default_rng(3)


def lazy(x):
    """An array of dask, in several chunks."""
    return da.from_array(x, chunks=2)


def refused_to_compute(*args, **kwargs):
    raise AssertionError("something was computed")


def logistic_regression(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z)


def network(w, v, x):
    h = np.tanh(x @ w)
    e = np.exp(h @ v)
    p = e / e.sum(axis=1, keepdims=True)
    return np.sum(p * p) + np.mean(h)


def by_slices(x):
    y = x[1:] * x[:-1]
    return np.sum(y**2) + y[0] * y[-1]


def in_a_loop(x):
    s = 0.0
    for _ in range(3):
        s = s + np.tanh(x * s + 0.1).sum()
    return s


def over_rows(x):
    s = 0.0
    for row in x:
        s = s + row[0] * row[1]
    return s


def by_branch(x):
    y = np.where(x > 0, x, 0.1 * x)
    return y.sum() if y.sum() > 0 else -(y**2).sum()


def largest(x):
    return np.max(x) + np.maximum(x, 0.1).sum()


def reshaped(x):
    return np.sum((x.reshape(-1) * 2.0) ** 3) + x.T.mean()


def broadcast(x):
    return np.sum((x - x.mean(axis=0)) ** 2)


VECTOR, MATRIX = RNG.normal(size=5), RNG.normal(size=(4, 3))
PROGRAMS = [
    (by_slices, VECTOR), (in_a_loop, VECTOR), (over_rows, MATRIX), (by_branch, VECTOR), (largest, VECTOR),
    (reshaped, MATRIX), (broadcast, MATRIX),
]  # fmt: skip


def test_a_gradient_of_lazy_arrays_is_lazy_and_equal():
    args = RNG.normal(size=3), 0.2, RNG.normal(size=(6, 3)), RNG.normal(size=6)
    w, b, x, y = args
    df = srcad.value_and_grad(logistic_regression, argnums=(0, 1))
    with dask.config.set(scheduler=refused_to_compute):
        value, (w_bar, b_bar) = df(lazy(w), b, lazy(x), lazy(y))
    source = df.source
    assert all(isinstance(made, da.Array) for made in (value, w_bar, b_bar))
    wanted, (w_wanted, b_wanted) = df(*args)
    np.testing.assert_allclose(value.compute(), wanted, rtol=1e-13)
    np.testing.assert_allclose(w_bar.compute(), w_wanted, rtol=1e-13)
    np.testing.assert_allclose(b_bar.compute(), b_wanted, rtol=1e-13)
    assert source == df.source, "the text is the one for NumPy"


def test_only_the_data_may_be_lazy():
    w, v, x = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=(6, 3))
    df = srcad.grad(network, argnums=(0, 1))
    with dask.config.set(scheduler=refused_to_compute):
        found = df(w, v, lazy(x))
    for a, b in zip(found, df(w, v, x), strict=True):
        assert isinstance(a, da.Array)
        np.testing.assert_allclose(a.compute(), b, rtol=1e-12)


@pytest.mark.parametrize(("f", "x"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_gradients(f, x, known):
    wanted = srcad.grad(f)(x)
    with srcad.compile_options(kinds=known):
        found = srcad.grad(f)(lazy(x))
    assert isinstance(found, da.Array) and found.shape == x.shape and found.dtype == x.dtype
    np.testing.assert_allclose(found.compute(), wanted, rtol=1e-12)


@pytest.mark.parametrize(("f", "x"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_tangents(f, x):
    direction = RNG.normal(size=x.shape)
    value, tangent = srcad.jvp(f, (lazy(x),), (lazy(direction),))
    wanted = srcad.jvp(f, (x,), (direction,))
    np.testing.assert_allclose([float(value), float(tangent)], wanted, rtol=1e-12)


def test_in_containers_and_with_other_lengths():
    def loss(p):
        return np.sum(p["w"] * p["parts"][0]) + np.sum(p["parts"][1] ** 2) * p["c"]

    df = srcad.grad(loss)
    for n in (3, 1, 4):
        w, first, second = RNG.normal(size=n), RNG.normal(size=n), RNG.normal(size=2)
        wanted = df({"w": w, "parts": [first, second], "c": 2.0, "name": "x"})
        found = df({"w": lazy(w), "parts": [lazy(first), lazy(second)], "c": 2.0, "name": "x"})
        assert found["name"] is None
        np.testing.assert_allclose(found["w"].compute(), wanted["w"])
        for a, b in zip(found["parts"], wanted["parts"], strict=True):
            np.testing.assert_allclose(a.compute(), b)
        np.testing.assert_allclose(float(found["c"]), wanted["c"])


def test_the_version_is_that_of_the_class_dtype_and_axes():
    df = srcad.grad(broadcast)
    keys = [key_of(x) for x in (MATRIX, lazy(MATRIX), lazy(VECTOR), lazy(MATRIX.astype("f4")), lazy(MATRIX[:, :1]))]
    assert len(set(keys)) == 5
    assert other_array_in((1, (keys[1],))) is da.Array and other_array_in(keys[0]) is None
    assert df(lazy(MATRIX.astype("f4"))).compute().dtype == np.float32
    np.testing.assert_allclose(df(lazy(MATRIX[:, :1])).compute(), df(MATRIX[:, :1]))


DATA = lazy(VECTOR)


def test_data_of_the_module_may_be_lazy():
    def loss(x):
        return np.sum(x * DATA)

    np.testing.assert_allclose(srcad.grad(loss)(VECTOR).compute(), VECTOR)


def all_lazy(x):
    """An argument with its arrays made lazy."""
    if type(x) in (list, tuple):
        return type(x)(map(all_lazy, x))
    if type(x) is dict:
        return {key: all_lazy(value) for key, value in x.items()}
    plain = type(x) is np.ndarray and x.ndim and x.dtype.kind in "fc"
    return lazy(x.copy()) if plain else x


def same(found, wanted):
    """Whether two gradients are equal but for rounding."""
    if isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in wanted)
    if wanted is None:
        return found is None
    return np.shape(found) == np.shape(wanted) and np.allclose(np.asarray(found), wanted, rtol=1e-9, equal_nan=True)


@pytest.mark.filterwarnings("ignore")  # dask says of many functions of NumPy that it has them only for arrays in memory
@pytest.mark.parametrize("topic", [expressions, loops, calls, courses, aliasing], ids=lambda topic: topic.__name__)
def test_programs_of_the_bank_give_the_same_gradient_or_an_error(topic):
    """Never another number. Errors are ours, with a line, or those of the library."""
    equal = 0
    for entry in topic.PROGRAMS:
        args = entry.inputs[0]
        df = srcad.grad(entry.fn, entry.argnums)
        with contextlib.redirect_stdout(io.StringIO()), dask.config.set(scheduler="sync"):
            try:
                wanted = df(*copy.deepcopy(args))
                found = df(*all_lazy(copy.deepcopy(args)))
            except (SrcadError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
                assert not isinstance(error, InternalError), entry.name
                continue
            assert same(found, wanted), entry.name
            equal += 1
    assert equal


class InPlace(np.lib.mixins.NDArrayOperatorsMixin):
    """Arrays as on a device: all results are arrays, also numbers; ``+=`` changes them."""

    def __init__(self, array):
        self.array = array

    dtype, shape = property(lambda self: self.array.dtype), property(lambda self: self.array.shape)
    ndim, size, T = (
        property(lambda self, name=name: wrapped(getattr(self.array, name))) for name in ("ndim", "size", "T")
    )

    def __array_ufunc__(self, ufunc, method, *args, out=None, **kwargs):
        if out is not None:
            kwargs["out"] = bare(out)
        made = getattr(ufunc, method)(*bare(args), **bare(kwargs))
        return wrapped(made) if out is None else out[0]

    def __array_function__(self, function, types, args, kwargs):
        return wrapped(function(*bare(args), **bare(kwargs)))

    def __getitem__(self, index):
        return wrapped(self.array[bare(index)])

    def __setitem__(self, index, value):
        self.array[bare(index)] = bare(value)

    def __len__(self):
        return len(self.array)

    def __bool__(self):
        return bool(self.array)

    def __getattr__(self, name):
        method = getattr(object.__getattribute__(self, "array"), name)
        return lambda *args, **kwargs: wrapped(method(*bare(args), **bare(kwargs)))


def wrapped(x):
    return InPlace(np.asarray(x)) if isinstance(x, (np.ndarray, np.generic)) else x


def bare(x):
    if isinstance(x, (tuple, list)):
        return type(x)(map(bare, x))
    if isinstance(x, dict):
        return {key: bare(value) for key, value in x.items()}
    return x.array if isinstance(x, InPlace) else x


def two_ways(x):
    q, y = np.tanh(x[0]), x[1]
    for _ in range(2):
        y = y + np.sin(y)
    return (y + q) * x[2]


@pytest.mark.parametrize(("f", "x"), [*PROGRAMS, (two_ways, VECTOR)], ids=lambda v: getattr(v, "__name__", ""))
def test_numbers_that_change_in_place_are_not_shared(f, x):
    """Where a number is an array without axes, ``a += b`` would change all that has its name."""
    df = srcad.grad(f)
    given = InPlace(x.copy())
    found = df(given)
    assert isinstance(found, InPlace) and np.array_equal(given.array, x)
    np.testing.assert_allclose(found.array, df(x), rtol=1e-12)
    value, tangent = srcad.jvp(f, (InPlace(x.copy()),), (InPlace(np.ones_like(x)),))
    np.testing.assert_allclose([value.array, tangent.array], srcad.jvp(f, (x,), (np.ones_like(x),)), rtol=1e-12)


# -- what is refused ---------------------------------------------------------------------------------------------------


def stores(x):
    y = x * 2.0
    y[1:] += x[:-1]
    return np.sum(y)


def through_a_view(x):
    y = x * 2.0
    v = y[1:]
    v *= 3.0
    return np.sum(y)


def changes_its_argument(x):
    x *= 2.0
    return np.sum(x)


def changes_a_local_array(x):
    y = np.zeros(3)
    y[0] = x[0] * 2.0
    return np.sum(y)


@pytest.mark.parametrize("f", [stores, through_a_view, changes_its_argument, changes_a_local_array])
@pytest.mark.parametrize("derive", [srcad.grad, lambda f: lambda x: srcad.jvp(f, (x,), (x,))], ids=["grad", "jvp"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_changes_in_place_are_refused_with_their_line(f, derive, known):
    """In dask a slice is no view and += makes a new array: NumPy's rules would give another derivative."""
    before = lazy(VECTOR)
    with srcad.compile_options(kinds=known), pytest.raises(UnsupportedSyntax, match="changed in place") as caught:
        derive(f)(before)
    assert f"in {f.__name__}" in str(caught.value)
    np.testing.assert_array_equal(before.compute(), VECTOR)
    derive(f)(VECTOR)  # the same function with arrays of NumPy


def test_what_the_library_does_not_have_is_its_own_error():
    def chosen(x):
        return np.sum(x[np.array([0, 0, 1])])

    with pytest.raises((TypeError, NotImplementedError)):
        srcad.grad(chosen)(lazy(VECTOR)).compute()


def test_unknown_lengths_are_refused():
    x = lazy(VECTOR)
    with pytest.raises(ArgumentError, match="has the shape"):
        srcad.grad(by_slices)(x[x > 0])


def test_integers_are_refused_as_for_numpy():
    with pytest.raises(ArgumentError, match="cannot be differentiated"):
        srcad.grad(by_slices)(lazy(np.arange(4)))


# -- what is an array of another library -------------------------------------------------------------------------------


class Follows:
    """A class with NumPy's protocols, a dtype and a shape."""

    dtype, shape = np.dtype("f8"), (2,)

    def __array_function__(self, *args):
        return NotImplemented

    def __array_ufunc__(self, *args):
        return NotImplemented


class WithUnits(Follows):
    units = "m"


class WithoutFunctions:
    dtype, shape = np.dtype("f8"), (2,)

    def __array_ufunc__(self, *args):
        return NotImplemented


def test_what_counts_as_an_array():
    assert is_other_array(Follows()) and is_other_array(lazy(VECTOR)) and is_array(VECTOR)
    for other in (WithUnits(), WithoutFunctions(), VECTOR, np.float64(1.0), 1.0, [VECTOR], Follows, None):
        assert not is_other_array(other)


def test_helpers_keep_the_library_the_shape_and_the_dtype():
    x = lazy(VECTOR.astype("f4"))
    made = [filled_like(x, 2.0), runtime.gradient_like(2.0, x), runtime.broadcast_like(2.0, x), runtime.zeros_like(x)]
    made += [runtime.own(x), runtime.unbroadcast(lazy(MATRIX[:, 0]) * np.ones((3, 4)), lazy(np.ones(4, "f4")))]
    for y in made:
        assert isinstance(y, da.Array) and y.dtype == np.float32
    assert [float(y.sum()) for y in made[:4]] == [10.0, 10.0, 10.0, 0.0]
    assert is_complex(lazy(VECTOR * 1j)) and not is_complex(x)
    total = runtime.zeros_like(x)
    runtime.add_to(total, x)
    np.testing.assert_allclose(total.compute(), x.compute())
    runtime.add_at(total, slice(1, 3), 1.0)
    np.testing.assert_allclose(total.compute() - x.compute(), [0, 1, 1, 0, 0])

"""docs/semantics.md, row by row: what goes into a derivative and what comes out."""

import collections
import contextlib
import io
import random

import dask.array
import numpy as np
import pytest

import srcad
from tests.project.semantics import found_or_refused

pytestmark = pytest.mark.usefixtures("kinds")

Pair = collections.namedtuple("Pair", "a b")

X = np.array([0.3, -1.2, 0.7])


def changes(a, k):
    a[0] = 5.0
    a *= k
    return np.sum(a * a)


def test_row_arguments():
    grid = np.arange(6.0).reshape(2, 3)
    for x in (grid, np.asfortranarray(grid), np.arange(12.0).reshape(4, 3)[::2], grid[:, ::-1], np.zeros((0, 3)) + 1.0):
        if x.size:
            before = x.copy(), x.flags.c_contiguous, x.strides
            value, gradient = srcad.value_and_grad(changes)(x, 2.0)
            srcad.jvp(changes, (x, 2.0), (np.ones(x.shape), None))
            np.testing.assert_array_equal(x, before[0])
            assert (x.flags.c_contiguous, x.strides) == before[1:]
            np.testing.assert_array_equal(gradient[1:], 8 * x[1:])
            assert not gradient[0].any() and value == changes(x.copy(order="K"), 2.0)


def pair(a, b):
    a *= 2.0
    return np.sum(a * b)


def test_row_aliases(kinds):
    x = np.array([1.0, 3.0, 2.0])
    for a, b, a_bar, b_bar in [
        (x, x, 8 * x, 8 * x),
        (x[:2], x[1:], [12.0, 8.0], [8.0, 6.0]),
        (x, x.copy(), 2 * x, 2 * x),
    ]:
        found = found_or_refused(kinds, lambda: srcad.value_and_grad(pair, argnums=(0, 1))(a, b))
        if found is not None:
            value, gradients = found
            y = x.copy()
            shared = [y[:2], y[1:]] if len(a) == 2 else [y, y if a is b else x.copy()]
            assert value == pair(*shared)
            np.testing.assert_array_equal(gradients, [a_bar, b_bar])
            _, tangent = srcad.jvp(pair, (a, b), (np.ones(len(a)), None))
            assert tangent == np.sum(a_bar)
        np.testing.assert_array_equal(x, [1.0, 3.0, 2.0])


def gradients_of_all():
    y = np.array([2.0, 5.0])
    for f in [
        lambda x, y: np.sum(x) + np.sum(y),
        lambda x, y: x @ y,
        lambda x, y: np.mean(x + y),
        lambda x, y: np.sum(x.reshape(2, 1) * y),
        lambda x, y: x[0],
        lambda x, y: 3.0,
        lambda x, y: np.max(np.where(x > y, x, y)),
        lambda x, y: np.sum(np.concatenate([x, y]).reshape(2, 2).T),
    ]:
        x = np.array([1.0, 3.0])
        value, gradients = srcad.value_and_grad(f, argnums=(0, 1))(x, y)
        yield value, (x, y), gradients


def test_row_shape():
    for _, args, gradients in gradients_of_all():
        for argument, gradient in zip(args, gradients, strict=True):
            assert gradient.shape == argument.shape and gradient.dtype == argument.dtype
    for x in (np.float32(2.0), np.array(2.0), np.ones((2, 0, 3)), np.ones((1, 1), "f4")):
        gradient = srcad.grad(lambda x: np.sum(x * 3.0))(x)
        assert np.shape(gradient) == x.shape and gradient.dtype == x.dtype
        assert isinstance(gradient, np.ndarray) == isinstance(x, np.ndarray)


def test_row_writable():
    for _, _, gradients in gradients_of_all():
        for gradient in gradients:
            gradient += 1.0


def test_row_own_memory():
    for value, args, gradients in gradients_of_all():
        for k, gradient in enumerate(gradients):
            for other in (value, *args, *gradients[:k]):
                assert not np.shares_memory(gradient, other)
    x = np.array([1.0, 2.0])
    first, second = srcad.grad(lambda p: p[0] @ p[1])([x, x])
    assert not np.shares_memory(first, second)
    x = np.array(2.0)
    value, gradient = srcad.value_and_grad(lambda x: x)(x)
    assert not np.shares_memory(gradient, x) and not np.shares_memory(gradient, value)


def test_row_repeat():
    df = srcad.grad(changes)
    first = df(X, 0.7)
    kept = first.copy()
    first[:] = np.nan
    np.testing.assert_array_equal(df(X, 0.7), kept)


def leaves(p):
    return p["a"].a * p["a"].b[0] * p["t"][1]


LEAVES = {
    "a": Pair(2.0, [3.0, "s", None, 7]),
    "t": (True, 5.0, np.array([1, 2]), abs),
    "unused": [1.5, np.ones(2, "f4"), ()],
}


def test_row_containers(kinds):
    gradient = found_or_refused(kinds, lambda: srcad.grad(leaves)(LEAVES))
    if gradient is not None:
        assert list(gradient) == list(LEAVES)
        assert type(gradient["a"]) is Pair and type(gradient["t"]) is tuple and type(gradient["a"].b) is list
        assert (gradient["a"].a, gradient["a"].b[0], gradient["t"][1]) == (15.0, 10.0, 6.0)
    ordered = collections.OrderedDict(b=2.0, a=3.0)
    gradient = srcad.grad(lambda p: p["a"] * p["b"])(ordered)
    assert gradient == collections.OrderedDict(b=3.0, a=2.0) and type(gradient) is collections.OrderedDict


def test_row_leaves(kinds):
    gradient = found_or_refused(kinds, lambda: srcad.grad(leaves)(LEAVES))
    if gradient is not None:
        assert gradient["a"].b[1:] == [None, None, None]
        assert (gradient["t"][0], *gradient["t"][2:]) == (None, None, None)
        zero, zeros, empty = gradient["unused"]
        assert zero == 0.0 and zeros.dtype == "f4" and zeros.tolist() == [0.0, 0.0] and empty == ()


class Weight:
    def __init__(self, w):
        self.w = w


class Numbers(list):
    pass


def test_row_own_classes():
    with pytest.raises(srcad.SrcadError):
        srcad.grad(lambda o: o.w * o.w)(Weight(2.0))
    with pytest.raises(srcad.SrcadError):
        srcad.grad(lambda p: p[0] * p[1])(Numbers([2.0, 3.0]))


def test_row_other_arrays():
    lazy = dask.array.from_array(X, chunks=2)
    value, gradient = srcad.value_and_grad(lambda x: np.sum(np.sin(x) * x))(lazy)
    assert isinstance(value, dask.array.Array) and isinstance(gradient, dask.array.Array)
    np.testing.assert_allclose(gradient.compute(), np.cos(X) * X + np.sin(X), rtol=1e-13)
    with pytest.raises(TypeError, match="at"):  # of dask, which has no np.add.at
        srcad.grad(lambda x: np.sum(x[np.array([0, 0])]))(lazy)
    with pytest.raises(srcad.SrcadError, match="in place"):
        srcad.grad(changes)(lazy, 2.0)


def noisy(x, rng):
    for _ in range(3):
        x = x * rng.normal() * np.random.rand() * random.random()
    return np.sum(x * x)


def seeded():
    np.random.seed(0)
    random.seed(0)
    return np.random.default_rng(0)


def left(rng):
    return rng.normal(), np.random.rand(), random.random()


def test_row_random():
    rng = seeded()
    value, after = noisy(2.0, rng), left(rng)
    rng = seeded()
    assert srcad.value_and_grad(noisy)(2.0, rng)[0] == value and left(rng) == after
    rng = seeded()
    np.testing.assert_allclose(srcad.grad(noisy)(2.0, rng), value, rtol=1e-12)  # the value is a multiple of x * x
    assert left(rng) == after


def talks(x):
    for k in range(2):
        x = x * x
        print(k, x)
    return x


def test_row_output():
    for call in (lambda: srcad.grad(talks)(2.0), lambda: srcad.jvp(talks, (2.0,), (1.0,))):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            call()
        assert out.getvalue() == "0 4.0\n1 16.0\n"


CALLS = 0
NOTES = []
TABLE = np.zeros(2)
KEPT = Weight(0)


def test_row_effects():
    global CALLS
    calls = 0

    def counts(x):
        global CALLS
        nonlocal calls
        CALLS += 1
        calls += 1
        NOTES.append(CALLS)
        TABLE[1] += 2.0
        KEPT.w += 1
        return x * x * calls * TABLE[1]

    for call in (lambda: srcad.grad(counts)(3.0), lambda: srcad.jvp(counts, (3.0,), (1.0,))[1]):
        CALLS, calls, KEPT.w, TABLE[1] = 0, 0, 0, 0.0
        NOTES.clear()
        assert call() == 12.0
        assert (CALLS, calls, NOTES, TABLE.tolist(), KEPT.w) == (1, 1, [1], [0.0, 2.0], 1)


def appends(x):
    NOTES.append(x)
    return x * NOTES[-1]


def fills(x):
    TABLE[0] = x
    return x * np.sum(TABLE)


def binds(x):
    KEPT.w = x
    return x * read_kept()


def read_kept():
    return KEPT.w


def test_row_escaping(kinds):
    for f in (appends, fills, binds):
        for call in (lambda: srcad.grad(f)(3.0), lambda: srcad.jvp(f, (3.0,), (1.0,))):
            with pytest.raises(srcad.UnsupportedSyntax, match="stored outside of the function"):
                call()
    noted = []
    gradient = found_or_refused(kinds, lambda: srcad.grad(lambda x: (noted.append(x), x * x)[1])(3.0))
    assert (gradient, noted) in [(6.0, [3.0]), (None, [])]


def test_row_aux():
    aux = object()
    assert srcad.grad(lambda x: (x * x, aux), has_aux=True)(3.0) == (6.0, aux)
    x = X.copy()
    gradient, out = srcad.grad(lambda x: (np.sum(x * x), x), has_aux=True)(x)
    assert out is x and not np.shares_memory(gradient, out)

    def overwrites(x):
        y = x * 1.0
        for _ in range(3):
            y[1:] *= y[:-1]
        return np.sum(y), [y]

    (_, (last,)), _ = srcad.value_and_grad(overwrites, has_aux=True)(X)
    np.testing.assert_array_equal(last, overwrites(X)[1][0])

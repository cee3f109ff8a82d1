"""What is rounded because a call asks for integers has no derivative, whether kinds are known or not."""

import numpy as np
import pytest

import srcad

X = np.array([0.5, 1.5, 2.5])
SLOPE = np.array([3.0, -1.0, 2.0])
COUNTS = np.zeros(3, dtype=int)

ROUNDING = {
    "astype": lambda x: np.sum(x.astype(int) * x),
    "astype by name": lambda x: np.sum(x.astype("i4") * x),
    "to bool": lambda x: np.sum(x.astype(bool) * x),
    "asarray": lambda x: np.sum(np.asarray(x, dtype=int) * x),
    "array": lambda x: np.sum(np.array(x, dtype=np.int32) * x),
    "array of items": lambda x: np.sum(np.array([x[0], x[1]], dtype=int) * x[0]),
    "ascontiguousarray": lambda x: np.sum(np.ascontiguousarray(x, dtype=int) * x),
    "full_like": lambda x: np.sum(np.full_like(x, x[1], dtype=int) * x),
    "sum": lambda x: np.sum(x, dtype=int) * x[0],
    "cumsum": lambda x: np.cumsum(x, dtype=int)[1] * x[0],
    "linspace": lambda x: np.sum(np.linspace(x[0], x[2], 3, dtype=int) * x),
    "dtype of another array": lambda x: np.sum(x.astype(COUNTS.dtype) * x),
    "dtype of a local array": lambda x: np.sum(x.astype(np.zeros(3, int).dtype) * x),
    "own dtype": lambda x: np.sum(x.astype(x.dtype) * x),
    "dtype of a result": lambda x: np.sum(np.array(x, dtype=np.round(x).dtype) * x),
    "single precision": lambda x: np.sum(x.astype(np.float32) * x),
}


def expected(f):
    """A central difference in each element: nothing is near a jump."""
    steps = 1e-3 * np.eye(3)
    return np.array([(f(X + step) - f(X - step)) / 2e-3 for step in steps])


def rounded_as(x, y):
    return np.sum(x.astype(y.dtype) * x)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", ROUNDING)
def test_what_is_rounded_has_no_derivative(name, known):
    f = ROUNDING[name]
    slopes = expected(f) if name != "single precision" else 2.0 * X
    with srcad.compile_options(kinds=known):
        assert np.allclose(srcad.grad(f)(X), slopes)
        assert np.allclose(srcad.jvp(f, (X,), (SLOPE,))[1], slopes @ SLOPE)


@pytest.mark.parametrize("known", [True, False])
def test_a_dtype_that_is_known_only_when_it_runs(known):
    with srcad.compile_options(kinds=known):
        for y, slopes in [(COUNTS, [0.0, 1.0, 2.0]), (X, 2.0 * X)]:
            assert np.allclose(srcad.grad(rounded_as)(X, y), slopes)
            along = srcad.jvp(rounded_as, (X, y), (SLOPE, None))[1]
            assert np.allclose(along, np.asarray(slopes) @ SLOPE)


def test_it_is_a_cut():
    with srcad.compile_options(kinds=False):
        with pytest.raises(srcad.NonDifferentiable) as caught:
            srcad.grad(ROUNDING["astype"], strict=True)(X)
        assert caught.value.why == "it gives an integer, which is constant between its jumps"
        assert srcad.grad(ROUNDING["own dtype"], strict=True)(X) is not None

"""Copies of memory that arrays share."""

import numpy as np
import pytest

from srcad.runtime import apart, into_memory, laid_out, memory_of, tangent_of_memory

X = np.arange(24.0)
PATTERNS = [
    (X[2:8],),
    (X[2:8], X[2:8]),
    (X[2:8], X[4:10], X[6:9]),
    (X[8:2:-1], X[4:16:2]),
    (X.reshape(4, 6), X.reshape(6, 4).T, X[5]),
    (X.reshape(4, 6)[::2, ::-2], X[3:21:3], X.reshape(2, 3, 4).transpose(2, 0, 1)),
    (X[3:3], X[1:4], X[3:3].reshape(0, 2)),
    (X[:0],),
]
PATTERNS[4] = (*PATTERNS[4][:2], X[5:6].reshape(()))


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i8", "?"])
@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_values_and_places(number, dtype):
    base = X.astype(dtype)
    arrays = [np.lib.stride_tricks.as_strided(base, x.shape, x.strides) for x in PATTERNS[number]]
    for k, x in enumerate(PATTERNS[number]):
        start = (x.__array_interface__["data"][0] - X.__array_interface__["data"][0]) // X.itemsize
        strides = [step // X.itemsize * base.itemsize for step in x.strides]
        buffer = base[start % (len(base) + 1) :]
        size = base.itemsize
        arrays[k] = (
            np.ndarray(x.shape, base.dtype, base, start * size, strides) if x.size else buffer[:0].reshape(x.shape)
        )
    memory = memory_of(*arrays)
    assert memory.ndim == 1 and memory.dtype == base.dtype and not np.may_share_memory(memory, base)
    views = [laid_out(memory, x, *arrays[:k], *arrays[k + 1 :]) for k, x in enumerate(arrays)]
    for view, x in zip(views, arrays, strict=True):
        assert view.tobytes() == x.tobytes() and view.shape == x.shape
        assert view.flags.writeable and (not x.size or view.strides == x.strides)
    for a, view in zip(arrays, views, strict=True):
        for b, other in zip(arrays, views, strict=True):
            assert np.shares_memory(a, b) == np.shares_memory(view, other)
    for k, x in enumerate(arrays):
        if x.size:
            x.flat[0] = views[k].flat[0] = 1
            assert all(v.tobytes() == a.tobytes() for v, a in zip(views, arrays, strict=True))


def test_the_tangent_of_a_memory_is_the_adjoint_of_its_layout():
    """sum of <laid_out(g, x), d> over the arrays is <g, tangent_of_memory(d)>."""
    rng = np.random.default_rng(0)
    for arrays in PATTERNS:
        memory = memory_of(*arrays)
        g = rng.normal(size=memory.shape)
        along = [rng.normal(size=x.shape) for x in arrays]
        others = [(*arrays[:k], *arrays[k + 1 :]) for k in range(len(arrays))]
        layouts = [laid_out(g, x, *o) for x, o in zip(arrays, others, strict=True)]
        moved = tangent_of_memory(along, memory, *arrays)
        pairing = sum(np.sum(a * b) for a, b in zip(layouts, along, strict=True))
        np.testing.assert_allclose(pairing, np.sum(g * moved), rtol=1e-12, atol=1e-12)
        parts = sum(into_memory(d, memory, x, *o) for d, x, o in zip(along, arrays, others, strict=True))
        np.testing.assert_allclose(parts, moved, rtol=1e-12, atol=1e-12)


def test_a_layout_in_memory_of_another_dtype():
    x = np.arange(6.0, dtype="f4")
    bar = laid_out(np.zeros(5), x[5:0:-2], x[1:3])
    assert bar.dtype == np.float64 and bar.shape == (3,) and bar.strides == (-16,)


def test_arguments_stay_as_they_are():
    memory, x, g = np.zeros(3), np.ones(3), np.ones(3)
    into_memory(g, memory, x)
    tangent_of_memory((g, 0.0), memory, x, x)
    assert not memory.any() and (x == 1).all() and (g == 1).all()


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(4),
        np.zeros((3, 1), order="F"),  # a copy of it has other strides
        np.zeros((1, 3), order="F"),
        np.ones((2, 1, 3)).transpose(2, 1, 0).copy(order="K"),
        np.frombuffer(bytearray(64))[::2],
        np.frombuffer(bytearray(64))[::-1],
    ],
    ids=lambda x: f"{x.shape}{x.strides}",
)
def test_views_of_one_array_are_views_of_one_copy(x):
    y, view, again = apart([x, x[...], (x, {"x": x})[1]["x"]])
    assert np.shares_memory(y, view) and again is y and not np.shares_memory(x, y)
    assert np.array_equal(x, y) and x.strides == y.strides == view.strides


def test_parts_of_complex_numbers_and_objects_stay_apart_from_the_original():
    z, names = np.arange(3) + 1j, np.array(["a", None])
    w, imag, others, nothing = apart((z, z.imag, names, z[:0]))
    imag[0] = 5.0
    assert w[0] == 5j and z[0] == 1j
    assert others is not names and list(others) == ["a", None] and nothing.shape == (0,)

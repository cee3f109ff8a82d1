"""Programs that broke a prototype of the compiler, one test for each, against differences in both modes.

Here are those whose point is an exception, a text, a cost, a dtype or what a version is valid for; all others are in
`tests.programs.appendix`.
"""

from __future__ import annotations

import ast
import time
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import modes, numeric
from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_if_known

# -- exceptions and effects -------------------------------------------------------------------------------


def index_error_of_an_unread_product(x):
    y = x * 2
    z = y[10]
    return z


@pytest.mark.parametrize("mode", modes.MODES)
def test_index_error_of_an_unread_product(mode):
    """Nothing reads `y` in the reverse sweep of `grad`, and its index still raises, at the user's line."""
    x = arr(3)
    with pytest.raises(IndexError) as primal:
        index_error_of_an_unread_product(x)
    line = index_error_of_an_unread_product.__code__.co_firstlineno + 2
    with modes.compiling(mode):
        for run in (
            srcad.grad(index_error_of_an_unread_product),
            srcad.value_and_grad(index_error_of_an_unread_product),
            lambda x: srcad.jvp(index_error_of_an_unread_product, (x,), (x,)),
        ):
            with pytest.raises(IndexError) as raised:
                run(x)
            assert str(raised.value) == str(primal.value)
            notes = "\n".join(raised.value.__notes__)
            assert f"line {line}" in notes and "z = y[10]" in notes


def test_augmented_assignment_of_an_array_is_not_dropped():
    """`u += 0.1 * u` looks like a new value that nobody reads to a pass that does not know that `u` is an array."""

    def grows(u):
        w = u
        u += 0.1 * u
        return (w * w).sum()

    agrees_if_known(program(grows, (arr(3),)))
    u = arr(3)
    assert srcad.jvp(grows, (u,), (np.ones(3),))[0] == grows(u.copy())


def test_a_global_named_like_the_local_that_reads_it():
    """`k = k` makes a name local; a gradient in which it did so by accident would not find the global."""

    def reads_a_global(x):
        y = x * GLOBAL
        GLOBAL_bar = y * GLOBAL
        return y * GLOBAL_bar

    agrees(program(reads_a_global, (1.3,)))
    assert not locals_among_globals(srcad.grad(reads_a_global).source_for(1.3))

    def carries(x, n):
        for _ in range(n):
            x = x * GLOBAL
        return x * step_by_global(x)

    agrees(program(carries, (1.3, 3)))
    assert not locals_among_globals(srcad.grad(carries).source_for(1.3, 3))


GLOBAL = 1.7


def step_by_global(x):
    return x + GLOBAL


def locals_among_globals(text: str) -> bool:
    """Whether a text binds the name GLOBAL."""
    names = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))
    return any(node.id == "GLOBAL" and isinstance(node.ctx, ast.Store) for node in names)


# -- cost ------------------------------------------------------------


def read_at(x, i):
    return x[i] * x[i - 1]


def reads_in_a_callee(x):
    total = 0.0
    for i in range(len(x)):
        total = total + read_at(x, i) * read_at(x, 0)
    return total


def test_a_helper_that_reads_an_element_is_not_quadratic() -> None:
    agrees(program(reads_in_a_callee, (arr(5),)))
    df = srcad.grad(reads_in_a_callee)

    def seconds(size: int) -> float:
        x = arr(size)
        df(x)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            df(x)
            times.append(time.perf_counter() - start)
        return min(times)

    assert seconds(40_000) < 20 * seconds(4_000) + 0.02


# -- dtypes, layouts and what a version is valid for --------------------------------------------------------


@pytest.mark.parametrize("mode", modes.MODES)
def test_float32_array_times_a_float64_scalar(mode: str) -> None:
    """The product is float64; each gradient has the dtype of its own argument."""

    def product(v, c):
        return (v * c).sum()

    v, c = arr(4).astype(np.float32), np.float64(0.7)
    with modes.compiling(mode):
        value, (v_bar, c_bar) = srcad.value_and_grad(product, (0, 1))(v, c)
        _, tangent = srcad.jvp(product, (v, c), (np.ones(4, np.float32), np.float64(0.0)))
    assert numeric.identical(value, product(v, c))
    assert v_bar.dtype == np.float32 and v_bar == pytest.approx(np.full(4, 0.7), rel=1e-6)
    assert type(c_bar) is np.float64 and c_bar == pytest.approx(v.sum(), rel=1e-6)
    assert tangent == pytest.approx(2.8, rel=1e-6)


@pytest.mark.parametrize("mode", modes.MODES)
def test_a_global_array_that_changes_rank(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def weighted(x):
        return np.sum(TABLE * x) * np.sum(x)

    with modes.compiling(mode):
        df = srcad.grad(weighted)
        for table in (np.arange(3.0), np.arange(6.0).reshape(2, 3), 2.0, np.array(1.5), np.arange(3.0).reshape(3, 1)):
            monkeypatch.setitem(globals(), "TABLE", table)
            x = arr(3)
            want = [numeric.central(weighted, (x,), {0: one}) for one in np.eye(3)]
            assert df(x) == pytest.approx(np.array(want), rel=1e-6)


TABLE: Any = 1.0


@pytest.mark.parametrize("mode", modes.MODES)
def test_a_closure_float_that_becomes_an_array(mode: str) -> None:
    c: Any = 2.0

    def scaled(x):
        return np.sum(c * x) * x[0]

    with modes.compiling(mode):
        df = srcad.grad(scaled)
        for c in (2.0, arr(3), arr(2, 3), np.float32(1.5), 3):
            x = arr(3, seed=4)
            want = [numeric.central(scaled, (x,), {0: one}) for one in np.eye(3)]
            assert df(x) == pytest.approx(np.array(want), rel=1e-6)


@pytest.mark.parametrize("mode", modes.MODES)
def test_a_helper_that_is_defined_anew(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def calls(x):
        return helper(x) * x

    with modes.compiling(mode):
        df = srcad.grad(calls)
        assert df(2.0) == 12.0
        monkeypatch.setitem(globals(), "helper", lambda x: x)
        assert df(2.0) == 4.0
        monkeypatch.undo()
        assert df(2.0) == 12.0


def helper(x):
    return x * x


@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize("layout", [np.asfortranarray, lambda A: np.repeat(A, 2, 1)[:, ::2], lambda A: A[::-1].T])
def test_the_last_bit_of_a_sum(layout: Any, mode: str) -> None:
    """A copy of an argument keeps its layout, and so the order in which its elements are added."""

    def changes(A):
        A[0, 0] = A[1, 1]
        return np.sum(A * A) + A.sum() + A.ravel() @ A.ravel("K")

    A = layout(np.random.default_rng(5).normal(size=(37, 53)))
    with modes.compiling(mode):
        value, _ = srcad.value_and_grad(changes)(A)
        assert numeric.identical(value, changes(A.copy(order="K")))
        assert numeric.identical(srcad.jvp(changes, (A,), (A * 0.0,))[0], value)

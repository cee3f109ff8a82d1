"""Programs that broke a prototype of the compiler, one test for each, against differences in both modes.

Where the point is an exception, a text or a cost, that is what is tested; programs that the bank has under the same
idea are not repeated.
"""

from __future__ import annotations

import ast
import time
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import modes, numeric
from tests.programs.table import Program, arr, program
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


# -- structure --------------------------------------------------------------------------------------------


def both_branches_bind_one_new_value(x, flag):
    if flag:
        y = x * x
        z = y
    else:
        y = x * x
        z = y
    w = z
    return w * y + z


def both_branches_bind_one_array(u, flag):
    if flag:
        y = u * u
        z = y
    else:
        y = u * u
        z = y
    z[0] *= 3.0
    return (y * z * u).sum()


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


def power_of_an_array(x, n):
    if n == 0:
        return np.ones(len(x))
    return x * power_of_an_array(x, n - 1)


def shrinking(x, n):
    """The length of the argument, and the integer, differ at every level."""
    if n == 0:
        return x.sum()
    return x[0] * shrinking(x[1:] * x[:-1], n - 1) + x.sum()


def powers(x, v, n):
    return power(x, n) * power_of_an_array(v, n).sum() + shrinking(v, len(v) - 1)


def defined_on_a_branch_only(x, flag, n):
    total = 0.0
    for i in range(n):
        if flag and i % 2 == 0:
            part = np.sin(x) * i
            more = part * x
        x = x * 1.1
        if flag and i % 2 == 0:
            total = total + part * more
    if flag:
        total = total + part
    return total * x


def array_defined_on_a_branch_only(u, flag):
    if flag:
        w = u * u
        w[0] = u[1]
    u = u * 2.0
    if flag:
        w[1] *= u[0]
        return (w * u).sum()
    return u.sum()


def while_in_nested_loops(x, n):
    """The inner loop's passes are those of this pass of the outer one only."""
    total = x
    for i in range(n):
        y = x * (i + 1.0)
        while y < 5.0 + i:
            y = y * y * 0.5 + x
        for _ in range(i):
            while y > 2.0:
                y = y * 0.7 - 0.01 * x * y
        total = total * 0.5 + y * x
    return total


# -- memory -----------------------------------------------------------------------------------------------


def cotangent_is_memory_restored_later(u, v):
    w = u * 1.0
    p = (w * v).sum()
    w[0] = v[1] * 3.0
    w *= w
    return p * (w * v).sum() + (w * u).sum()


def one_cotangent_for_two_owners(x, y, n):
    z = x + y
    for _ in range(n):
        x = x * 0.5 + z
        y = y + z
        z = x + y
    return (z * z).sum() + (x * y).sum()


def times_itself(b, n):
    b = b * 1.0
    c = b
    for _ in range(n):
        b *= b
        c *= 0.9 + b
    return (b * c).sum()


def zeros_and_an_addition_apart(x, u):
    y = np.zeros(3)
    before = y.sum() + (y * u).sum()
    w = y
    w[1] = x
    y += u * x
    y += u
    return (y * w * u).sum() + before


def changes_its_first(a, b):
    a *= b
    a[0] += b[1] * b[0]
    return (a * b).sum()


def one_array_for_both(v):
    y = v * 1.0
    return changes_its_first(y, y) * y[1] + (y * v).sum()


def one_argument_for_both(v):
    return changes_its_first(v, v) * v[1]


def changes_and_hands_back(u, c):
    u[1:] *= c
    return u


def hands_back_a_part(u, k):
    return u[k:] if k else u


def helpers_that_change_and_alias(v, c, k):
    y = v * v
    z = changes_and_hands_back(y, c)
    w = hands_back_a_part(z, k)
    w[0] *= y[0] + c
    changes_and_hands_back(w, y[1])
    return (y * v).sum() + (z * w[0]).sum()


def allocated_in_a_loop(x, u, n):
    kept = []
    total = 0.0
    for i in range(n):
        y = np.zeros(len(u))
        y[i % 3] = x * (i + 1.0)
        y += u
        y[0] *= y[1]
        total = total + (y * y).sum()
        kept.append(y)
    for y in kept:
        total = total * 0.5 + y[0] * y[2]
    return total


def swapped_under_a_condition(u, v, n):
    a, b = u * 1.0, v * 1.0
    for i in range(n):
        b[1:] = a[:-1] * 0.5 + b[1:] * a[1:]
        if (a.sum() > b.sum()) == (i % 2 == 0):
            a, b = b, a
        a[0] *= 0.9
    return (a * u).sum() + (b * a).sum()


def shadow_of_what_it_merges_with(u, n):
    v = u
    for _ in range(n):
        w = v * 0.9
        w[1:] += v[:-1] * u[0]
        v = w
    return (v * v * u).sum()


def length_of_one_inside(u):
    u[1:-1] += 0.3 * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
    u[1:-1] *= u[2:]
    return (u * u).sum()


def middle_of_any_length(u, w, n):
    for _ in range(n):
        w = w * 0.5 + u[1:-1] * w.sum()
    return (u[1:-1] * w).sum()


def builtin_sum_of_an_array(x):
    return sum(x) * sum(x * x)


def builtin_sum_of_rows(A):
    s = sum(A)
    return (s * s).sum() + sum(sum(A)) ** 2 + sum(A[0], A[1, 1])


def sum_whose_cotangent_is_a_number(A, v):
    return np.mean(np.sum(A * A, axis=0)) + np.sum(np.sum(A, axis=1, keepdims=True)) * np.mean(A @ v)


PROGRAMS = [
    program(both_branches_bind_one_new_value, (1.3, True), (1.3, False)),
    program(powers, (1.3, arr(3), 3), (1.3, arr(3), 0), argnums=(0, 1)),
    program(defined_on_a_branch_only, (1.3, True, 4), (1.3, False, 3)),
    program(while_in_nested_loops, (0.8, 4), (1.3, 0)),
    program(cotangent_is_memory_restored_later, (arr(3), arr(3, seed=1)), argnums=(0, 1)),
    program(one_cotangent_for_two_owners, (arr(3), arr(3, seed=1), 3), (arr(3), arr(3, seed=1), 0), argnums=(0, 1)),
    program(zeros_and_an_addition_apart, (0.7, arr(3)), argnums=(0, 1)),
    program(length_of_one_inside, (arr(3),), (arr(5),), (arr(2),)),
    program(middle_of_any_length, (arr(3), arr(1), 2), (arr(5), arr(3), 2), (arr(5), arr(1), 2), argnums=(0, 1)),
    program(builtin_sum_of_an_array, (arr(4),), (arr(1),)),
    program(builtin_sum_of_rows, (arr(2, 3),), (arr(3, 2),)),
    program(sum_whose_cotangent_is_a_number, (arr(2, 3), arr(3)), (arr(1, 1), arr(1)), argnums=(0, 1)),
]

#: Where the kinds are not known, memory that a name may share is refused.
OF_KNOWN_KINDS = [
    program(both_branches_bind_one_array, (arr(3), True), (arr(3), False)),
    program(array_defined_on_a_branch_only, (arr(3), True), (arr(3), False)),
    program(times_itself, (arr(3), 2), (arr(3), 0)),
    program(one_array_for_both, (arr(3),)),
    program(one_argument_for_both, (arr(3),)),
    program(helpers_that_change_and_alias, (arr(4), 0.7, 1), (arr(4), 0.7, 0), argnums=(0, 1)),
    program(allocated_in_a_loop, (0.7, arr(3), 4), (0.7, arr(3), 0), argnums=(0, 1)),
    program(swapped_under_a_condition, (arr(3), arr(3, seed=1), 4), (arr(3), arr(3, seed=1), 1), argnums=(0, 1)),
    program(shadow_of_what_it_merges_with, (arr(4), 3), (arr(4), 0)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda e: e.name)
def test_program(entry: Program) -> None:
    agrees(entry)


@pytest.mark.parametrize("entry", OF_KNOWN_KINDS, ids=lambda e: e.name)
def test_program_of_known_kinds(entry: Program) -> None:
    agrees_if_known(entry)


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

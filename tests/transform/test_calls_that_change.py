"""Calls of functions that change their arguments, or return references to them, and are not put in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import numeric


def doubles(a: Any, n: Any, c: Any) -> Any:
    if n:
        a[n - 1] = a[n - 1] * a[n - 1] * c
        doubles(a, n - 1, c * 1.1)


def changed_by_recursion(u: Any, v: Any, c: Any) -> Any:
    y = u * 1.0
    z = (y * y).sum()
    doubles(y, 3, c)
    return np.sum(y * v) + z


def pick(a: Any, b: Any, n: Any) -> Any:
    if n == 0:
        return a
    return pick(b, a, n - 1)


def alias_returned(u: Any, v: Any, c: Any) -> Any:
    z = pick(u, v, 3)
    z[0] = c
    w = pick(u, v, 2)
    w[1] *= z[2]
    return u @ v


def changed_in_a_loop_of_calls(u: Any, v: Any, c: Any) -> Any:
    s = 0.0
    for i in range(3):
        doubles(u, i, c)
        s += u @ v
    return s


def sort2(a: Any, lo: Any, hi: Any) -> Any:
    if hi - lo < 2:
        return a
    p = a[lo]
    i = lo + 1
    for j in range(lo + 1, hi):
        if a[j] < p:
            a[j], a[i] = a[i], a[j]
            i += 1
    a[lo], a[i - 1] = a[i - 1], a[lo]
    sort2(a, lo, i - 1)
    return sort2(a, i, hi)


def quicksort(u: Any, v: Any, c: Any) -> Any:
    t = u * c
    w = sort2(t, 0, len(t))
    return w @ v + t[0]


def collect(rows: Any, a: Any, n: Any) -> Any:
    if n == 0:
        return rows
    a[0] *= 1.3
    rows.append(a)
    return collect(rows, a * 1.5, n - 1)


def collected(u: Any, v: Any, c: Any) -> Any:
    rows = collect([v], u, 3)
    s = 0.0
    for r in rows:
        s += (r * r).sum() * c
    return s


def both(a: Any, x: Any, n: Any) -> Any:
    a[n] += x * x
    if n == 0:
        return a, x * 2
    b, y = both(a, x * 1.5, n - 1)
    return b, y * x


def array_and_number_returned(u: Any, v: Any, c: Any) -> Any:
    a, s = both(u, c, 2)
    a *= v
    return u.sum() * s


def app(xs: Any, x: Any, n: Any) -> Any:
    if n == 0:
        return 0.0
    xs.append(x * x)
    xs[0] *= x
    return app(xs, x * 1.1, n - 1) + xs[0]


def list_of_numbers_changed(u: Any, v: Any, c: Any) -> Any:
    xs = [c, 2.0]
    t = app(xs, c, 3)
    return sum(xs) * t + xs[-1] * u[0]


def scaled(w: Any, q: Any, k: Any) -> Any:
    return w * q if k <= 0 else scaled(w, q * 0.7, k - 1)


def shuffled(w: Any, k: Any) -> Any:
    if k <= 0:
        return w
    w[[0, 2]] = np.sin(w)[[1, 0]]
    return shuffled(w[:], k - 1)


def result_of_a_call_changed_by_another(u: Any, v: Any, c: Any) -> Any:
    y = scaled(u, c, 2)
    z = shuffled(y, 2)
    return z @ z + y @ v


def views_inside(p: Any, q: Any, n: Any) -> Any:
    """Calls itself, so that it is not put in place; changes only what is its own."""
    if n > 0:
        return views_inside(p * q, q, n - 1)
    z = np.array([p, q, 0.5])
    for k in range(3):
        if k % 2 == 0:
            z[:-1] += np.where(z > 0.1, z * z, z)[1:]
            z = z[::-1]
    return np.sum(z * z)


def callee_that_binds_views_of_its_own_array(u: Any, v: Any, c: Any) -> Any:
    return views_inside(u[1], c, 1) * v[0]


def squashed(w: Any, n: Any) -> Any:
    return squashed(w * 1.1, n - 1) if n > 0 else np.tanh(w)


def result_changed_that_the_callee_keeps(u: Any, v: Any, c: Any) -> Any:
    z = squashed(u, 1)
    z[1:] = z[:-1] * c
    return z @ v


PROGRAMS = [
    result_changed_that_the_callee_keeps,
    callee_that_binds_views_of_its_own_array,
    result_of_a_call_changed_by_another,
    changed_by_recursion,
    alias_returned,
    changed_in_a_loop_of_calls,
    quicksort,
    collected,
    array_and_number_returned,
    list_of_numbers_changed,
]
RNG = np.random.default_rng(11)
U, V, C = RNG.uniform(0.5, 1.5, 4), RNG.uniform(0.5, 1.5, 4), 0.7


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradient_and_tangent_are_those_of_differences(f: Callable[..., Any]) -> None:
    args = (U.copy(), V.copy(), C)
    value, gradient = srcad.value_and_grad(f, (0, 1, 2))(*args)
    assert np.array_equal(args[0], U) and np.array_equal(args[1], V)
    assert value == f(U.copy(), V.copy(), C)
    along: list[dict[int, Any]] = [{k: d} for k in (0, 1) for d in np.eye(4)]
    for direction in [*along, {2: 1.0}]:
        want = numeric.central(f, args, direction)
        got = sum(numeric.inner(gradient[i], d) for i, d in direction.items())
        assert want is not None and abs(got - want) < 1e-6 * max(1.0, abs(want)), direction
        _, tangent = srcad.jvp(f, args, tuple(direction.get(i) for i in range(3)))
        assert abs(tangent - want) < 1e-6 * max(1.0, abs(want)), direction


def test_the_calls_are_not_put_in_place() -> None:
    assert "doubles_reverse(saved)" in srcad.grad(changed_by_recursion).source_for(U, V, C)


def test_a_call_without_derivative_does_not_change_an_array_of_unknown_kind() -> None:
    def f(x: Any, v: Any) -> Any:
        return x * np.sum(shuffled_by_adding(v, 2))

    v = V.copy()
    with srcad.compile_options(kinds=False), pytest.raises(srcad.UnsupportedSyntax, match="changed in place"):
        srcad.grad(f)(0.3, v)
    assert np.array_equal(v, V)
    assert srcad.grad(f)(0.3, v) == f(1.0, V.copy())


def shuffled_by_adding(w: Any, k: Any) -> Any:
    if k <= 0:
        return w
    w += np.sin(w)
    return shuffled_by_adding(w * 0.5, k - 1)

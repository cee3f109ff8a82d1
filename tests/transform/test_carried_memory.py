"""Memory whose names cannot be told apart while compiling: reverse mode follows it with companions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import numeric

RNG = np.random.default_rng(7)
U, V, C = RNG.uniform(0.5, 1.5, 4), RNG.uniform(0.5, 1.5, 4), 0.7


def chosen(u: Any, v: Any, c: Any) -> Any:
    w = u if c > 0 else v
    w[0] = c * 2.0
    w[1:] *= 3.0
    return u @ u * c + np.sum(v**3)


def swapped(u: Any, v: Any, c: Any) -> Any:
    for _ in range(5):
        v[1:-1] = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2]) * u[1:-1]
        u, v = v, u
    return np.sum(u**2)


def in_a_list(u: Any, v: Any, c: Any) -> Any:
    rows = [u, v]
    rows[0][1] = c
    r = rows[1]
    r *= 2.0
    return u @ v


def rows_of_a_matrix(u: Any, v: Any, c: Any) -> Any:
    matrix = np.outer(u, v)
    for row in matrix:
        row *= u
    return (matrix**2).sum() * c


def swapped_now_and_then(u: Any, v: Any, c: Any) -> Any:
    a = u * 1.0
    b = v * 1.0
    for i in range(4):
        if i % 2 == 0:
            a, b = b, a
        a[0] += b[1] * a[2]
        b *= c
    return a @ b


def lists_of_numbers(u: Any, v: Any, c: Any) -> Any:
    xs = [c, 2 * c]
    ys = [c * c]
    zs = xs if c > 0 else ys
    zs.append(c**3)
    zs[0] = zs[1] * zs[0]
    return sum(xs) * sum(ys) + u[0]


def entries_of_a_dict(u: Any, v: Any, c: Any) -> Any:
    d = {"W": u * 2.0, "b": v * 1.0}
    for k in ("W", "b"):
        p = d[k]
        p -= 0.1 * p * p
    return d["W"] @ d["b"] * c


def reshaped(u: Any, v: Any, c: Any) -> Any:
    w = u.reshape(1, -1)
    z = w if c > 0 else v.reshape(-1, 1)
    z *= c
    return u @ v


def reshaped_or_copied(u: Any, v: Any, c: Any) -> Any:
    a = np.outer(u, v)
    b = (a.T if c > 0 else a).reshape(-1)
    b[1:] *= b[:-1]
    return np.sum(a * a) * c + np.sum(b)


def kept_in_a_list(u: Any, v: Any, c: Any) -> Any:
    history = []
    w = u * 1.0
    for i in range(3):
        history.append(w)
        w[i] = c * w[0]
        if i == 1:
            w = w * v
    s = 0.0
    for h in history:
        s += h @ h
    return s


def in_a_while_loop(u: Any, v: Any, c: Any) -> Any:
    i = 0
    w = u
    while i < 3:
        w[i] = w[i] * c
        w = v if i % 2 else u
        w *= 1.1
        i += 1
    return u @ v + w @ w


def item_updated_in_place(u: Any, v: Any, c: Any) -> Any:
    d = {"a": u * 1.0}
    y = d["a"]
    d["a"] -= 0.1 * np.sin(d["a"])
    d["a"] *= c
    return (d["a"] ** 2).sum() + y @ v


def one_array_twice(u: Any, v: Any, c: Any) -> Any:
    table = [np.zeros(4)] * 2
    table[0][1] = u[0] * v[1]
    table[1][2] += c + table[0][1]
    return (table[0] * v).sum() + table[1][1]


def mixed_tuples(u: Any, v: Any, c: Any) -> Any:
    pair = (u, c) if c > 0 else (v, c * c)
    a, s = pair
    a[0] *= s
    return u @ v * s


PROGRAMS = [
    chosen,
    swapped,
    in_a_list,
    rows_of_a_matrix,
    swapped_now_and_then,
    lists_of_numbers,
    entries_of_a_dict,
    reshaped,
    reshaped_or_copied,
    kept_in_a_list,
    in_a_while_loop,
    item_updated_in_place,
    one_array_twice,
    mixed_tuples,
]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradient_and_tangent_are_those_of_differences(f: Callable[..., Any], sign: float) -> None:
    args = (U.copy(), V.copy(), sign * C)
    value, gradient = srcad.value_and_grad(f, (0, 1, 2))(*args)
    assert np.array_equal(args[0], U) and np.array_equal(args[1], V)
    assert value == f(U.copy(), V.copy(), sign * C)
    for along in _axes():
        want = numeric.central(f, args, along)
        got = sum(numeric.inner(gradient[i], d) for i, d in along.items())
        assert want is not None and abs(got - want) < 1e-6 * max(1.0, abs(want)), along
        _, tangent = srcad.jvp(f, args, tuple(along.get(i) for i in range(3)))
        assert abs(tangent - want) < 1e-6 * max(1.0, abs(want)), along


def _axes() -> list[dict[int, Any]]:
    along: list[dict[int, Any]] = [{k: direction} for k in (0, 1) for direction in np.eye(4)]
    return [*along, {2: 1.0}]

"""Programs that were differentiated wrongly: memory under several names, in containers and through calls."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.errors import UnsupportedSyntax
from tests.programs import numeric

A, B = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.7, 0.8])


def dict_by_recursion(a: Any, b: Any, n: Any) -> Any:
    if n == 0:
        return {"a": a, "b": b}
    d = dict_by_recursion(b, a, n - 1)
    d["a"][1] *= d["b"][0]
    return d


def dict_of_references_returned(u: Any, v: Any, c: Any) -> Any:
    d = dict_by_recursion(u, v, 3)
    d["a"] *= c
    d["b"][0] = d["a"][1]
    return u @ v


def scaled(t: Any, n: Any) -> Any:
    a, s = t
    if n == 0:
        return a, s
    a[0] *= s
    return scaled((a, s * 1.2), n - 1)


def number_beside_an_array_in_a_tuple(u: Any, v: Any, c: Any) -> Any:
    a, s = scaled((u, c), 2)
    a[1] *= s
    b, r = scaled((a, v[0]), 2)
    b *= r
    return u @ v


def dict_with_a_number(d: Any, c: Any) -> Any:
    w = d["a"] if c > 0 else d["b"]
    w *= d["s"]
    d["a"] = w
    d["s"] = c * d["s"]
    d["a"][0] = d["b"][1]
    return d["a"] @ d["b"] * d["s"]


def list_of_dicts_with_numbers(rows: Any, c: Any) -> Any:
    w = rows[0]["a"] if c > 0 else rows[1]["a"]
    w *= rows[0]["s"]
    rows[0]["s"] = c * rows[1]["s"] * rows[0]["s"]
    rows[1]["a"] = w
    rows[1]["a"][0] = rows[0]["s"]
    return rows[0]["a"] @ rows[1]["a"] * rows[0]["s"]


def tuple_with_a_dict(t: Any, c: Any) -> Any:
    w = t[0]["a"] if c > 0 else t[1]
    w *= t[0]["s"]
    t[0]["s"] = c * t[0]["s"] * t[2]
    t[0]["a"] = t[1]
    t[0]["a"][0] = t[0]["s"]
    return t[0]["a"] @ w * t[0]["s"]


def dict_of_lists_and_a_number(d: Any, c: Any) -> Any:
    row = d["x"] if c > 0 else d["y"]
    row[0] *= d["s"]
    row.append(d["s"])
    d["x"] = row
    d["s"] = row[0] * d["x"][1]
    d["y"][1] = d["s"]
    return sum(d["x"]) * sum(d["y"]) * d["s"]


def read_before_and_after(a: Any, b: Any, n: Any) -> Any:
    if n:
        return read_before_and_after(a, b, n - 1)
    s = a[0] * a[1]
    b[0] = b[1] * 1.5
    s += a[0] * a[1]
    b[1] += 0.1 * s
    return s * a[1]


def one_array_for_two_arguments(u: Any, v: Any, c: Any) -> Any:
    s = read_before_and_after(u, u, 1) * c
    for k in range(2):
        s += read_before_and_after(u[k:], u[1:], k)
    matrix = np.outer(v, v)
    s += read_before_and_after(matrix[0], matrix[:, 0], 1)
    xs = [v[0], v[1], c]
    return s + read_before_and_after(xs, xs, 1) * xs[1] + (matrix**2).sum() + u @ v


def negated(a: Any, b: Any, n: Any) -> Any:
    if n:
        return negated(a, b, n - 1)
    y = -a
    b[0] = b[1] * 1.5
    return y @ y * a[0]


def one_array_or_another_for_two_arguments(u: Any, v: Any, c: Any) -> Any:
    w = u if c > 0 else v
    return negated(w, u, 1) + negated(v, w, 1) * (u @ v)


def of_rows(rows: Any, b: Any, n: Any) -> Any:
    if n:
        return of_rows(rows, b, n - 1)
    s = rows[0][0] * rows[1][1]
    b[0] = s * 2.0
    b *= rows[0]
    return s * rows[0][0] + rows[1][0]


def an_array_and_a_list_that_holds_it(u: Any, v: Any, c: Any) -> Any:
    return of_rows([u, v], v, 1) + of_rows([u, v], u, 2) * c + u @ v


def one_of_two(a: Any, b: Any, n: Any) -> Any:
    if n:
        return one_of_two(b, a, n - 1)
    b[0] = 3.0 * a[1]
    return a


def results_of_arguments_that_overlap(u: Any, v: Any, c: Any) -> Any:
    w = one_of_two(u, u, 1)
    w *= c
    z = one_of_two(u[1:], u[:-1], 2)
    z[0] *= v[1]
    return u @ v + w[1] * z[0]


def into_rows(rows: Any, a: Any, n: Any) -> Any:
    if n:
        rows[0][1] *= a[0]
        into_rows(rows, rows[1], n - 1)


def a_row_becomes_active_in_a_callee(u: Any, v: Any, c: Any) -> Any:
    y = u * v
    rows = [u, v, y]
    into_rows(rows, y, 2)
    return u @ v + rows[0] @ rows[1] + y[0] * c


def the_larger(u: Any, v: Any, c: Any) -> Any:
    x = max([u, v], key=np.sum)
    x *= c
    return u @ v


PROGRAMS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (dict_of_references_returned, (A, B)),
    (number_beside_an_array_in_a_tuple, (A, B)),
    (one_array_for_two_arguments, (A, B)),
    (one_array_or_another_for_two_arguments, (A, B)),
    (an_array_and_a_list_that_holds_it, (A, B)),
    (results_of_arguments_that_overlap, (A, B)),
    (a_row_becomes_active_in_a_callee, (A, B)),
    (the_larger, (A, B)),
    (dict_with_a_number, ({"a": A, "b": B, "s": 1.3},)),
    (list_of_dicts_with_numbers, ([{"a": A, "s": 1.3}, {"a": B, "s": 0.4}],)),
    (tuple_with_a_dict, (({"a": A, "s": 1.3}, B, 0.4),)),
    (dict_of_lists_and_a_number, ({"x": [1.0, 2.0], "y": [0.3, 0.4], "s": 0.8},)),
]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("f", "given"), PROGRAMS, ids=lambda p: getattr(p, "__name__", ""))
def test_gradient_and_tangent_are_those_of_differences(
    f: Callable[..., Any], given: tuple[Any, ...], sign: float
) -> None:
    args = copy.deepcopy((*given, 0.7 * sign))
    everything = tuple(range(len(args)))
    value, gradient = srcad.value_and_grad(f, everything)(*args)
    assert repr(args) == repr((*given, 0.7 * sign))
    assert value == f(*copy.deepcopy(args))
    rng = np.random.default_rng(3)
    for _ in range(4):
        along = {k: numeric.direction(args[k], rng) for k in everything}
        want = numeric.central(f, args, along)
        got = sum(numeric.inner(gradient[k], d) for k, d in along.items())
        assert abs(got - want) < 1e-6 * max(1.0, abs(want))
        _, tangent = srcad.jvp(f, args, tuple(along[k] for k in everything))
        assert abs(tangent - want) < 1e-6 * max(1.0, abs(want))
    for k in everything:  # the others are not active
        want = numeric.central(f, args, {k: along[k]})
        assert abs(numeric.inner(srcad.grad(f, k)(*args), along[k]) - want) < 1e-6 * max(1.0, abs(want))
        _, tangent = srcad.jvp(f, args, tuple(along[k] if j == k else None for j in everything))
        assert abs(tangent - want) < 1e-6 * max(1.0, abs(want))


def numbers_in_tuples(rows: Any, c: Any) -> Any:
    w = rows[0][0] if c > 0 else rows[1][0]
    w *= c
    return rows[0][0] @ w * rows[0][1]


def test_numbers_in_tuples_in_a_list_of_carried_memory_are_refused() -> None:
    with pytest.raises(UnsupportedSyntax, match="rows is changed in place after another name may refer to it"):
        srcad.grad(numbers_in_tuples)([(A, 1.3), (B, 0.4)], 0.7)


def test_a_callee_whose_result_is_all_memory_takes_no_cotangent_of_it() -> None:
    source = srcad.grad(dict_of_references_returned).source_for(A, B, 0.7)
    assert "dict_by_recursion_reverse(saved)" in source


def viewed(u: Any, v: Any, c: Any) -> Any:
    w = u.view()
    w *= c
    return u @ v


def bound_read(u: Any, v: Any, c: Any) -> Any:
    read = u.__getitem__
    w = read(slice(1, 3))
    w *= c
    return u @ v


def one_of_arguments(u: Any, v: Any, c: Any) -> Any:
    x = max(u, v, key=np.sum)
    x[0] = c
    return u @ v


def cleaned_in_place(u: Any, v: Any, c: Any) -> Any:
    np.nan_to_num(u, copy=False)
    return u @ v * c


@pytest.mark.parametrize("f", [viewed, bound_read, one_of_arguments, cleaned_in_place])
def test_memory_that_is_perhaps_shared_is_not_changed_unseen(f: Callable[..., Any]) -> None:
    u, v = A.copy(), B.copy()
    with pytest.raises(UnsupportedSyntax):
        srcad.grad(f, (0, 1, 2))(u, v, 0.7)
    assert np.array_equal(u, A) and np.array_equal(v, B)


def entries(d: Any, c: Any) -> Any:
    w = d["a"] if c > 0 else d["b"]
    w *= c
    return d["a"] @ d["b"]


def test_containers_in_which_no_entry_is_replaced_are_not_put_back() -> None:
    assert "groups(" in srcad.grad(dict_with_a_number).source_for({"a": A, "b": B, "s": 1.3}, 0.7)
    assert "groups(" not in srcad.grad(entries).source_for({"a": A, "b": B}, 0.7)

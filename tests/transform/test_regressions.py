"""Programs that once gave a wrong number, or failed, each with the mechanism that was at fault."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import srcad

X = np.array([1.0, 2.0, 3.0])


def cotangent_is_a_view_of_changed_memory(v):
    # the cotangent of `v` in `b * v` is `b`, whose memory a restore changes afterwards
    b = v * 1.0
    b[0] = b[1] * 2.0
    return np.sum(b * v)


def operand_of_the_store_is_its_target(v):
    b = v * 1.0
    b *= b
    b -= b * b
    return np.sum(b * v)


def transposed_after_an_update(v):
    v *= 0.7
    a = v.T
    return np.sum(v * v) + np.sum(a * a)


def pairs_of_rows(rows):
    total = 0.0
    for row in rows:
        a, b = np.sin(row)
        total += a * b * (a + b)
    return total


def unpacked_and_changed(v):
    y = v * 1.0
    for _ in range(3):
        a, b, c = y
        y[0] = np.sin(a * b)
        y[1] = a * c
    return np.sum(y * y)


def unpacked_before_the_loop(v):
    y = v * 1.0
    a, b, c = y
    for _ in range(3):
        y[0] = np.sin(y[1] * a) * b * c
        y[1] = y[0] * y[2]
    return np.sum(y * y)


def backwards_and_stopped(v):
    s = 0.1
    for k in reversed(range(len(v))):
        for j in reversed(range(0, k, 2)):
            s = s * np.cos(v[k] * v[j]) + v[j + 1]
        if s > 3.0:
            break
    return s


def negated_then_added_to(v):
    # algebra once looked through `-(a)` after `a` had been added to in place
    a = np.cumsum(v)[::-1]
    a = v * a / (1.5 + a * a)
    return np.sum(a * a)


def item_of_an_enumerated_changed_array(v):
    s = 0.0
    for _, e in enumerate(v):
        if e < 2.5:
            s = s + e * e
        v *= 0.7
    return s + np.sum(v)


def nested_lists_of_dicts(p):
    return p["l"][0]["w"].sum() * p["l"][1]["w"]


def changed_dict_of_known_keys(x):
    d = {"a": 0.5, "b": x}
    for _ in range(2):
        d["b"] = d["b"] * x
    return sum(d.values())


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("function", "arg"),
    [
        (cotangent_is_a_view_of_changed_memory, X),
        (operand_of_the_store_is_its_target, X),
        (transposed_after_an_update, X),
        (backwards_and_stopped, 0.4 * X),
        (backwards_and_stopped, np.array([0.3, 1.7, 2.8, 0.4, 0.7])),
        (pairs_of_rows, np.array([[0.3, -1.1], [0.8, 0.4], [1.3, 0.2]])),
        (unpacked_and_changed, 0.4 * X),
        (unpacked_before_the_loop, 0.4 * X),
        (negated_then_added_to, X),
        (item_of_an_enumerated_changed_array, X),
        (nested_lists_of_dicts, {"l": [{"w": np.ones(2)}, {"w": 3.0}]}),
        (changed_dict_of_known_keys, 1.5),
    ],
)
def test_right(function, arg, known):
    with srcad.compile_options(kinds=known):
        try:
            report = srcad.check(function, [arg])
        except srcad.UnsupportedSyntax:
            assert not known  # with kinds known, all of these are supported
            return
    assert report.ok, report


def test_a_loop_backwards_runs_forwards_in_reverse_under_its_own_names():
    text = srcad.grad(backwards_and_stopped).source_for(np.ones(5))
    assert "for k in reversed(range(t)[::-1][:passes]):" in text
    assert "for j in range(0, k, 2):" in text


def test_a_branch_not_taken_contributes_exactly_zero():
    def root(x):
        with np.errstate(all="ignore"):
            return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    def masked(x):
        with np.errstate(all="ignore"):
            y = np.log(x)
            y[x <= 0] = 0.0
            return np.sum(y)

    x = np.array([0.0, 4.0, -1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert srcad.grad(root)(x).tolist() == [0.0, 0.25, 0.0]
        assert srcad.grad(masked)(x).tolist() == [0.0, 0.25, 0.0]


def test_stores_through_what_gives_access_to_an_array_are_refused():
    def through_flat(x):
        y = x * 1.0
        y.flat[1] = x[0] * 3.0
        return np.sum(y * y)

    with pytest.raises(srcad.UnsupportedSyntax, match="store goes through a value whose memory cannot be followed"):
        srcad.grad(through_flat)(X)


def test_changed_arguments_that_share_memory():
    def f(a, b):
        a[0] = b[1] * 2.0
        return np.sum(a * b)

    first, second = srcad.grad(f, (0, 1))(X, X)  # (2 x1)**2 + x1**2 + x2**2, x0 overwritten in both
    assert first.tolist() == second.tolist() == [0.0, 10.0 * X[1], 2.0 * X[2]]
    first, second = srcad.grad(f, (0, 1))(X, X.copy())
    assert first.tolist() == [0.0, 2.0, 3.0]
    assert second.tolist() == [4.0, 4.0, 3.0]


@pytest.mark.parametrize("known", [True, False])
def test_an_iterator_that_is_used_twice_is_refused(known):
    def twice(x):
        pairs = zip(x, x)
        s = 0.0
        for a, b in pairs:
            s = s + a * b
        for a, b in pairs:
            s = s + a * b
        return s

    def partly(x):
        items = iter(x)
        first = next(items)
        s = first * 0.5
        for item in items:
            s = s + item * item
        return s

    for function in (twice, partly):
        with srcad.compile_options(kinds=known), pytest.raises(srcad.UnsupportedSyntax):
            srcad.grad(function)(X)


def convolution(x, k):
    out = np.zeros(2)
    for i in range(2):
        for j in range(2):
            if i + j < 2:
                out += k[i, j] * x[i : i + 2]
    return np.sum(out * out)


def test_an_array_changed_in_nested_loops_and_branches_is_one_array():
    assert srcad.check(convolution, [X, np.arange(4.0).reshape(2, 2)]).ok

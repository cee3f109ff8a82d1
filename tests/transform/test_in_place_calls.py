"""Changes in place that do not look like one: methods, outputs by position, copies that are changed themselves."""

from __future__ import annotations

import re

import numpy as np
import pytest

import srcad


def add_into(p):
    np.add(p, 1.0, p)
    return np.sum(p**2)


def clip_into(p):
    p.clip(0.0, 0.5, p)
    return np.sum(p**2)


def cumsum_into(p):
    np.cumsum(p, 0, None, p)
    return np.sum(p**2)


def in_place_method(p):
    p.__iadd__(1.0)
    return np.sum(p**2)


def store_method(p):
    p.__setitem__(0, 5.0)
    return np.sum(p**2)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (in_place_method, "the method '__iadd__'"),
        (store_method, "the method '__setitem__'"),
    ],
)
def test_a_store_in_disguise_is_refused_and_the_argument_kept(function, name) -> None:
    p = np.ones(2)
    with pytest.raises(srcad.UnsupportedSyntax, match=f"^{re.escape(name)} changes something"):
        srcad.grad(function)(p)
    assert p.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("function", [add_into, clip_into, cumsum_into])
def test_an_output_by_position_is_followed_and_the_argument_kept(function) -> None:
    p = np.array([0.2, 0.7])
    assert srcad.check(function, [p])
    assert p.tolist() == [0.2, 0.7]


def an_output_that_is_none(p):
    return np.sum(np.cumsum(p, 0, None, None) ** 2)


def test_no_output_is_no_store() -> None:
    assert srcad.grad(an_output_that_is_none)(np.ones(2)).tolist() == [6.0, 4.0]


def changed_rows(x):
    y = np.empty_like(x)
    y[...] = x * 2.0
    z = y[[0, 1, 1]]  # a copy, of an array that is changed, and changed itself
    z *= 2.5
    return np.sum(z**2) + np.sum(y**3)


def changed_selection(x):
    y = np.empty_like(x)
    y[...] = x * 2.0
    z = y[y > 0]
    z[0] = z[1] * y[0, 0]
    return np.sum(z**2) + np.sum(y**3)


@pytest.mark.parametrize("function", [changed_rows, changed_selection])
def test_a_copy_by_fancy_index_that_is_changed(function) -> None:
    x = np.array([[0.3, -0.8], [1.1, 0.4], [0.9, 0.7]])
    assert srcad.check(function, [x])

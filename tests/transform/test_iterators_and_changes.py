"""Loops over what changes while they run, and iterators that are made before a change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs.table import program
from tests.transform.both_modes import agrees_if_known

V = np.array([0.7, 1.1, -0.4, 1.6])


def over_a_flat_view(v: Any) -> Any:
    y = v.copy()
    s = 0.0
    for k in y.ravel():
        s += k * y[0]
        y[2] *= k
    return s


def over_a_reshaped_view(v: Any) -> Any:
    y = v.copy()
    s = 0.0
    for a, k in zip(y.reshape(-1), v):
        s += k * a
        y[2] *= k
    return s


def numbered(v: Any) -> Any:
    y = v.copy()
    s = 0.0
    for a, k in enumerate(y.reshape(-1)):
        s += k * a
        y[2] *= k
    return s


def the_array_as_an_array(v: Any) -> Any:
    y = v.copy()
    s = 0.0
    for k in np.asarray(y):
        s += k
        y[2] *= k
    return s


def read_again_in_an_outer_loop(v: Any) -> Any:
    y = v.copy()
    t = y.ravel()
    s = 0.0
    for i in range(3):
        for k in t:
            s += k * k
        y[2] *= v[i]
    return s


def an_iterator_made_before(v: Any) -> Any:
    y = v.copy()
    pairs = zip(y.ravel(), v)
    y[2] *= v[0]
    s = 0.0
    for a, b in pairs:
        s += a * b
    return s


@pytest.mark.parametrize(
    "f",
    [
        over_a_flat_view,
        over_a_reshaped_view,
        numbered,
        the_array_as_an_array,
        read_again_in_an_outer_loop,
        an_iterator_made_before,
    ],
)
def test_a_loop_reads_what_it_runs_over_in_each_pass(f: Any) -> None:
    agrees_if_known(program(f, (V,)))


def an_iterator_under_two_names(v: Any) -> Any:
    y = v.copy()
    made = enumerate(y)
    y[2] *= v[0]
    other = made
    s = 0.0
    for a, b in other:
        s += a * b
    return s


def test_an_iterator_that_is_not_followed() -> None:
    with pytest.raises(srcad.SrcadError, match="made is made, what it goes through is changed"):
        srcad.grad(an_iterator_under_two_names)(V)


def over_what_it_changes(v: Any) -> Any:
    v = v.T
    for k in v:
        v[1] += np.mean(v - k)
    return v.sum()


def over_a_list_that_grows(p: Any) -> Any:
    q = p.get("a")
    t = 0.0
    for k in q:
        t = t + k
        if len(q) < 5:
            q.append(k * t)
    return t


@pytest.mark.parametrize(("f", "x"), [(over_what_it_changes, V), (over_a_list_that_grows, {"a": [1.0, 2.0]})])
def test_a_loop_over_what_its_body_changes_where_kinds_are_unknown(f: Any, x: Any) -> None:
    """The items are those that the array or the list has by then, not those that it had when the loop began."""
    along = {"a": [0.3, 0.5]} if isinstance(x, dict) else np.array([0.3, 0.5, -0.2, 0.1])
    wanted = srcad.jvp(f, (x,), (along,))
    with srcad.compile_options(kinds=False):
        got = srcad.jvp(f, (x,), (along,))
    assert np.allclose(got, wanted, rtol=1e-12)

"""Generator expressions and `map`, `filter` under a name: their values are computed when they are asked for."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs.table import program
from tests.transform.both_modes import agrees, agrees_if_known

V = np.array([0.7, 1.1, -0.4, 1.6])


def a_name_that_changes(v: Any) -> Any:
    a = v[0]
    found = (k * a for k in v)
    a = v[1]
    return sum(found)


def a_name_that_changes_for_map(v: Any) -> Any:
    a = v[0]
    found = map(lambda k: k * a, v)
    a = v[1]
    return sum(found)


def a_list_that_grows(v: Any) -> Any:
    xs = [v[0], v[1]]
    found = (k * k for k in xs)
    xs.append(v[2])
    return sum(found)


def a_list_that_grows_for_filter(v: Any) -> Any:
    xs = [v[0], v[1]]
    found = filter(lambda k: k > 0, xs)
    xs.append(v[3])
    return sum(found)


def a_list_that_the_loop_extends(v: Any) -> Any:
    xs = [v[0], v[1]]
    s = 0.0
    for a in map(lambda k: k * k, xs):
        s += a
        if len(xs) < 5:
            xs.append(s)
    return s


def two_iterables(v: Any) -> Any:
    s = 0.0
    for a in map(lambda a, b: a * b, v, v[::-1]):
        s += a * s + a
    return s


def stopped(v: Any) -> Any:
    s = 0.0
    for a in itertools.filterfalse(lambda k: k < 0, v):
        if a > 1.5:
            break
        s += a * a
    for a in itertools.starmap(lambda a, b: a * b, zip(v, v)):
        s += a
    return s


def nested(v: Any) -> Any:
    s = 1.0
    for k in range(3):
        found = (a * k for a in v if a > 0 for _ in range(2))
        s += sum(found) * s
    return s


def handed_on(v: Any) -> Any:
    xs = [1.0]
    xs += (k * k for k in v)
    xs.extend(np.sin(k) for k in v)
    return sum(xs)


def returned(v: Any) -> Any:
    def multiples(k: Any) -> Any:
        return (k * i for i in range(3))

    def sines(w: Any) -> Any:
        return map(np.sin, w)

    return sum(multiples(v[0])) + sum(sines(v))


EVERY_KIND = [
    returned,
    a_name_that_changes,
    a_name_that_changes_for_map,
    a_list_that_grows,
    a_list_that_grows_for_filter,
    a_list_that_the_loop_extends,
    two_iterables,
    stopped,
    nested,
    handed_on,
]


@pytest.mark.parametrize("f", EVERY_KIND)
def test_values_are_computed_when_they_are_asked_for(f: Any) -> None:
    agrees(program(f, (V,)))


def an_array_that_changes(v: Any) -> Any:
    y = v.copy()
    found = (k * k for k in y)
    y[2] *= v[0]
    return sum(found)


def an_array_that_the_loop_changes(v: Any) -> Any:
    y = v.copy()
    s = 0.0
    for a in (k * k for k in y):
        s += a * y[0]
        y[2] *= a
    return s


@pytest.mark.parametrize("f", [an_array_that_changes, an_array_that_the_loop_changes])
def test_the_array_may_change_before(f: Any) -> None:
    agrees_if_known(program(f, (V,)))


def in_a_list(v: Any) -> Any:
    found = [(k * a for k in v) for a in (1.0, 2.0)]
    return sum(found[0]) + sum(found[1])


def appended(v: Any) -> Any:
    found = []
    for a in (1.0, 2.0):
        found.append(k * a for k in v)
    return sum(found[0]) + sum(found[1])


@pytest.mark.parametrize("f", [in_a_list, appended])
def test_a_generator_in_a_container_is_refused(f: Any) -> None:
    with pytest.raises(srcad.SrcadError, match="the generator '<genexpr>' is used as a value"):
        srcad.grad(f)(V)

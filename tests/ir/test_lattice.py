"""The join: an upper bound, commutative up to lengths' names, with short chains."""

from __future__ import annotations

import itertools

import numpy as np

from srcad.analysis.values import kind_of
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    UNDEFINED,
    UNKNOWN,
    Array,
    Dict,
    Functions,
    Iterator,
    List,
    Numeric,
    Object,
    Opaque,
    Scalar,
    Slice,
    Static,
    Tuple,
)
from srcad.ir.lattice import MAX_DEPTH, as_list, join, join_all
from tests.analysis.admits import admits

N, M = Dim.fresh("n", not_one=True), Dim.fresh("m", not_one=True)

VALUES = [
    1.0,
    2,
    True,
    1j,
    np.float64(1),
    np.float32(2),
    np.ones(3),
    np.ones((2, 3)),
    np.ones(3, "f4"),
    np.ones(4),
    (1.0, 2),
    (1.0,),
    (2, 3),
    [1.0],
    [1],
]
VALUES += [
    [],
    [np.ones(2)],
    {"a": 1.0},
    {"a": 2},
    {"b": 1.0},
    None,
    "a",
    "b",
    len,
    np.sin,
    slice(1, 2),
    slice(None),
    range(3),
    ((1.0,), 2),
]


def test_the_join_admits_what_both_admit():
    for x, y in itertools.product(VALUES, repeat=2):
        bindings = {}
        a, b = kind_of(x), kind_of(y)
        assert admits(a, x, bindings) and admits(b, y, bindings)
        for both in (join(a, b), join(b, a)):
            assert admits(both, x, dict(bindings)) and admits(both, y, dict(bindings)), (str(a), str(b), str(both))
        assert join(a, join(a, b)) == join(a, b)
        assert join(a, a) == a and join(a, UNDEFINED) == a == join(UNDEFINED, a) and join(a, UNKNOWN) == UNKNOWN


def test_numbers():
    assert join(FLOAT, INT) == Scalar(None)
    assert join(FLOAT, Scalar("f8", False)) == Scalar("f8", None)
    assert join(FLOAT, Array("f8", (N,))) == Numeric("f8")
    assert join(Scalar("i8", True, N), Scalar("i8", True, M)) == INT
    assert join(Scalar("i8", True, N), Scalar("i8", True, N)) == Scalar("i8", True, N)
    assert join(Array("f8", (N, M)), Array("f8", (N, N))) == Array("f8", (N, None))
    assert join(Array("f8", (N,)), Array("f4", (N, M))) == Array(None, None)
    assert join(COMPLEX, NONE) == UNKNOWN


def test_lengths_that_are_proved_equal_stay():
    facts = Facts()
    facts.equate(N, M)
    assert join(Array("f8", (N,)), Array("f8", (M,)), facts) == Array("f8", (N,))
    assert join(Array("f8", (N,)), Array("f8", (M,))) == Array("f8", (None,))


def test_containers():
    assert join(Tuple((FLOAT, INT)), Tuple((FLOAT, FLOAT))) == Tuple((FLOAT, Scalar(None)))
    assert join(Tuple((FLOAT,)), Tuple((FLOAT, FLOAT))) == List(FLOAT, None, tuple)
    assert join(List(FLOAT, Dim.of(1)), List(FLOAT, Dim.of(2))) == List(FLOAT)
    assert join(List(UNDEFINED, Dim.of(0)), List(FLOAT)) == List(FLOAT)
    assert join(List(FLOAT), Tuple((FLOAT,))) == UNKNOWN
    assert join(Dict(FLOAT, (("a", FLOAT),)), Dict(FLOAT, (("b", FLOAT),))) == Dict(FLOAT)
    assert join(Object(Dim, (("a", FLOAT), ("b", INT))), Object(Dim, (("a", INT),))) == Object(
        Dim, (("a", Scalar(None)),)
    )
    assert join(Object(Dim), Object(Facts)) == UNKNOWN
    assert join(Iterator(FLOAT, N, "zip"), Iterator(FLOAT, N, "range")) == Iterator(FLOAT, N, "other")
    assert join(Slice(NONE, INT, NONE), Slice(NONE, NONE, NONE)) == Slice(NONE, UNKNOWN, NONE)
    assert as_list(Tuple((FLOAT, INT))) == List(Scalar(None), Dim.of(2), tuple)
    assert join_all([]) == UNDEFINED


def test_static_values():
    assert join(Static("a"), Static("a")) == Static("a")
    assert join(Static("a"), Static("b")) == Opaque(str) == join(Static("a"), Opaque(str))
    assert join(Static(len), Static(max)) == Functions((len, max)) == join(Functions((len, max)), Static(max))
    assert join(Static(len), Static(None)) == join(Static(len), Static(int)) == UNKNOWN
    assert join(Static(np.dtype("f8")), Static("f8")) == UNKNOWN


def test_chains_end():
    kind = FLOAT
    for _ in range(MAX_DEPTH + 3):
        kind = join(kind, Tuple((kind,)))
    assert kind == UNKNOWN
    nested = List(UNDEFINED)
    steps = 0
    while True:
        after = join(nested, List(nested))
        if after == nested:
            break
        nested, steps = after, steps + 1
    assert steps <= MAX_DEPTH + 2

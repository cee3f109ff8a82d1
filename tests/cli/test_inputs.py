"""Arguments for checks: drawn for kinds, or made by the user's function."""

import argparse

import numpy as np
import pytest

from srcad.cli.inputs import drawn, made, parse_range
from srcad.cli.usage import UsageError
from srcad.ir.dims import Dim
from srcad.ir.kinds import (
    FLOAT,
    INT,
    NONE,
    UNKNOWN,
    Array,
    Dict,
    List,
    Numeric,
    Scalar,
    Tuple,
)

N, D = Dim.fresh("n", not_one=True), Dim.fresh("d")


TEXT = "x: f8[n,d], w: f4[d-1], u: f8[...], k: int, t: (float, f8[n]), xs: list[c16], p: {W: f8[n], s: str}, o: None"


def f(x, y, k=7):
    return x


def one(kind, ranges=(), seed=0):
    return drawn(lambda x: x, {"x": kind}, dict(ranges), seed)[0]


def test_equal_names_get_equal_lengths_and_no_length_is_one():
    x, y, k = drawn(f, {"x": Array("f8", (N, D)), "y": Array("f4", (D, None, Dim.of(1)))}, {}, 0)
    assert x.shape[1] == y.shape[0] != x.shape[0] and 1 not in x.shape and y.shape[2] == 1
    assert (x.dtype, y.dtype, k) == (np.float64, np.float32, 7)


def test_expressions_are_kept_positive():
    x = one(Tuple((Array("f8", (N.plus(Dim.of(5), -1),)), Array("f8", (N,)))))
    assert len(x[0]) > 0 and len(x[0]) + 5 == len(x[1])


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (FLOAT, lambda v: type(v) is float and -2 <= v <= 2),
        (INT, lambda v: type(v) is int and 1 <= v <= 4),
        (Scalar("b1"), lambda v: type(v) is bool),
        (Scalar("c16"), lambda v: type(v) is complex),
        (Scalar("f4", weak=False), lambda v: type(v) is np.float32),
        (Array("i8", (N,)), lambda v: v.dtype == np.int64 and v.min() >= 1),
        (Array("c16", (N,)), lambda v: v.dtype == np.complex128),
        (Array("f8", None), lambda v: v.ndim == 2),
        (Numeric("f8"), lambda v: v.shape == (3,)),
        (List(FLOAT, Dim.of(4)), lambda v: type(v) is list and len(v) == 4),
        (Dict(FLOAT, (("a", FLOAT), ("b", INT))), lambda v: list(v) == ["a", "b"]),
        (NONE, lambda v: v is None),
    ],
)
def test_each_kind(kind, check):
    assert check(one(kind))


def test_an_integer_that_has_the_name_of_a_length_is_that_length():
    kinds = {"x": Array("f8", (N,)), "n": Scalar("i8", value=Dim.fresh("n")), "k": Scalar("i8", value=Dim.fresh("k"))}
    for seed in range(5):
        x, n, k = drawn(lambda x, n, k: x, kinds, {"k": (6.0, 9.0)}, seed)
        assert len(x) == n and 6 <= k <= 9


def test_the_seed_decides_and_the_range_holds():
    kind = Array("f8", (Dim.of(100),))
    assert np.array_equal(one(kind, seed=3), one(kind, seed=3))
    assert not np.array_equal(one(kind, seed=3), one(kind, seed=4))
    x = one(kind, [("x", (0.1, 0.2))])
    assert 0.1 <= x.min() and x.max() <= 0.2
    assert set(one(Array("i8", (Dim.of(100),)), [("x", (5, 6))])) == {5, 6}


def test_every_form_that_can_be_written_can_be_drawn():
    from srcad.analysis import kindspec

    kinds = kindspec.parse(TEXT)
    space = {}
    exec(f"def g({', '.join(kinds)}): ...", space)
    x, w, u, k, t, xs, p, o = drawn(space["g"], kinds, {}, 0)
    assert x.shape[0] == len(t[1]) == len(p["W"]) and x.shape[1] == len(w) + 1 and w.dtype == np.float32
    assert u.ndim == 2 and type(k) is int and len(xs) > 1 and type(p["s"]) is str and o is None


def test_annotations_are_used_where_no_kind_is_stated():
    def g(x: float, k: "int", flag: bool = True):
        return x

    assert [type(v) for v in drawn(g, {}, {}, 0)] == [float, int, bool]


@pytest.mark.parametrize(
    ("kinds", "ranges", "message"),
    [
        ({"x": FLOAT}, {}, "nothing is known of parameter 'y'; give its kind, as in --types 'y: f8[n]'"),
        ({"z": FLOAT}, {}, "f has no parameter 'z'; it has x, y, k"),
        ({"x": FLOAT, "y": FLOAT}, {"z": (0, 1)}, "f has no parameter 'z'; it has x, y, k"),
        ({"x": FLOAT, "y": UNKNOWN}, {}, "cannot draw a value of kind ? for 'y'; use --inputs"),
    ],
)
def test_what_cannot_be_drawn_is_said(kinds, ranges, message):
    with pytest.raises(UsageError) as caught:
        drawn(f, kinds, ranges, 0)
    assert str(caught.value) == message


def test_inputs_by_position_and_by_name():
    assert made(f, lambda: (1.0, 2.0)) == [1.0, 2.0]
    assert made(f, lambda: {"y": 2.0, "x": 1.0}) == [1.0, 2.0]
    assert made(f, [1.0, 2.0, 3]) == [1.0, 2.0, 3]
    with pytest.raises(UsageError, match="--inputs gives a float"):
        made(f, lambda: 1.0)


@pytest.mark.parametrize("text", ["x", "x=1", "x=1:", "=1:2", "x=2:1", "x=nan:1", "x=0:inf", "a b=1:2"])
def test_bad_ranges_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        parse_range(text)

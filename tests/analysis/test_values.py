"""Kinds and keys of run-time values."""

from __future__ import annotations

import collections
import dataclasses
import enum
import itertools
import math

import numpy as np
import pytest

from srcad.analysis.values import Names, const_kind, key_of, kind_of, kinds_of
from srcad.ir.kinds import NONE, UNKNOWN, Object, Opaque, Static
from tests.analysis.admits import admits

Point = collections.namedtuple("Point", "x y")
Colour = enum.Enum("Colour", "RED BLUE")


@dataclasses.dataclass
class Layer:
    w: object
    n: int = 1


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1.0


class Node:
    def __init__(self):
        self.me = self
        self.x = 2.0

    def method(self):
        return self.x


GENERATOR = np.random.default_rng(0)
ROWS = [
    (1, "int(n)"),
    (True, "bool"),
    (2.5, "float"),
    (1j, "complex"),
    (np.float32(1), "np.f4"),
    (np.int8(1), "np.i1(n)"),
    (np.bool_(1), "np.b1"),
    (np.zeros((2, 1), "i4"), "i4[n, 1]"),
    (np.zeros(()), "f8[]"),
    (np.zeros(0), "f8[n]"),
    (np.zeros((3, 4, 5)), "f8[n, m, d]"),
    (np.zeros(3, ">f8"), "f8[n]"),
    (np.array(["a"]), "ndarray"),
    (np.zeros(2, "M8[s]"), "ndarray"),
    (np.array([1, "a"], object), "O[n]"),
    ([1.0, 2.0], "list[float]"),
    ([1, 2], "list[int]"),
    ([1], "list[int(n)]"),
    ([], "list[undefined]"),
    ([np.ones(3)] * 2, "list[f8[n]]"),
    ([np.ones(3), np.ones(4)], "list[f8[?]]"),
    ([np.ones(3), np.ones((2, 2))], "list[f8[...]]"),
    ([1.0, np.ones(2)], "list[f8[any]]"),
    ([(np.ones(3), 1.0)] * 2, "list[(f8[?], float)]"),
    ((1.0, "a", None), "(float, 'a', None)"),
    ((), "()"),
    (Point(1.0, 2.0), "Point(float, float)"),
    ({"a": 1.0, 2: np.ones(1)}, "{'a': float, 2: f8[1]}"),
    ({(1, 2): 1.0}, "dict[float]"),
    (Layer(np.ones((2, 3)), 3), "Layer(w: f8[n, m], n: int(d))"),
    (Slotted(), "Slotted(a: float)"),
    (Node(), "Node(me: ?, x: float)"),
    (None, "None"),
    ("ij", "'ij'"),
    (len, "len"),
    (np.sin, "sin"),
    (math, "math"),
    (Layer, "Layer"),
    (Colour.RED, "<Colour.RED: 1>"),
    ({1, 2}, "set"),
    ({1.5}, "?"),
    (slice(1, None), "slice(int(n), None, None)"),
    (range(3), "range[int]"),
    (GENERATOR, "Generator"),
    (object(), "?"),
    (collections.OrderedDict(a=1.0), "?"),
    (iter([1.0]), "?"),
    (np.dtype("f4"), "dtype('float32')"),
    (b"x", "b'x'"),
    (..., "Ellipsis"),
]


@pytest.mark.parametrize(("value", "shown"), ROWS)
def test_kind_of(value, shown):
    kind = kind_of(value)
    assert str(kind) == shown
    assert admits(kind, value, {})
    assert hash(key_of(value)) == hash(key_of(value)) and key_of(value) == key_of(value)


def test_equal_keys_have_equal_kinds():
    for (x, _), (y, _) in itertools.combinations(ROWS, 2):
        if key_of(x) == key_of(y):
            assert str(kind_of(x)) == str(kind_of(y)), (x, y)
    assert key_of(np.ones(4)) == key_of(np.ones(7)) != key_of(np.ones(1)) != key_of(np.ones((1, 1)))
    assert key_of(np.ones(4)) != key_of(np.ones(3)) == key_of(np.ones(2)) == key_of(np.ones(0)) != key_of(np.ones(1))
    assert key_of(np.ones((4, 1))) == key_of(np.ones((5, 1))) != key_of(np.ones((3, 1)))
    assert key_of(1) == key_of(2) != key_of(True) != key_of(1.0)
    assert key_of([1.0] * 3) == key_of([2.0] * 5) != key_of([1])
    assert key_of({"a": 1.0}) == key_of({"a": 2.0}) != key_of({"b": 1.0})
    assert key_of({1: 1.0}) != key_of({True: 1.0})
    assert key_of("a") != key_of("b")
    assert key_of(Layer(1.0)) == key_of(Layer(2.0)) != key_of(Layer(np.ones(3)))


def test_functions_are_told_apart_and_bound_methods_are_not_new():
    one, two = (lambda x: x), (lambda x: x)
    assert key_of(one) != key_of(two)
    node = Node()
    assert key_of(node.method) == key_of(node.method) != key_of(Node().method)


def test_cycles_end():
    cyclic: list[object] = [1.0]
    cyclic.append(cyclic)
    assert kind_of(cyclic).item == UNKNOWN
    assert isinstance(kind_of(Node()), Object)


def test_names_are_shared_between_arguments():
    x, y, k = kinds_of((np.ones((2, 3)), np.ones(3), 4))
    assert [str(x), str(y), str(k)] == ["f8[n, m]", "f8[d]", "int(k)"]
    names = Names()
    shown = [str(names.integer()) for _ in range(9)]
    assert shown == ["n", "m", "d", "k", "p", "q", "r", "s", "n2"]


def test_constants():
    assert [
        str(const_kind(v)) for v in (3, 2.5, True, None, "a", (1, 2.0), np.float32(1), slice(1, None), np.ones((2, 3)))
    ] == [
        "int(3)",
        "float",
        "bool(1)",
        "None",
        "'a'",
        "(int(3), float)".replace("3", "1"),
        "np.f4",
        "slice(int(1), None, None)",
        "f8[2, 3]",
    ]
    assert const_kind(None) == NONE
    assert const_kind([1.0]) == UNKNOWN
    assert isinstance(const_kind(len), Static) and not isinstance(kind_of(GENERATOR), Static)
    assert kind_of(GENERATOR) == Opaque(np.random.Generator)

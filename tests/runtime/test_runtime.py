"""The helpers that generated code calls at run time."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

from srcad.errors import NonDifferentiable
from srcad.runtime import (
    accumulate,
    add_at,
    broadcast_like,
    gradient_like,
    own,
    take_stored,
    unbroadcast,
    zeros_like,
)

Pair = namedtuple("Pair", "x n")


class Model:
    def __init__(self, weight: Any) -> None:
        self.weight, self.name = weight, "m"


@pytest.mark.parametrize(
    ("full", "own_shape"),
    [
        ((2, 3), (2, 3)),
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((4, 2, 3), (1, 3)),
        ((2, 3), ()),
        ((1,), (1,)),
        ((0, 3), (3,)),
    ],
)
def test_unbroadcast_is_the_adjoint_of_broadcasting(full: Any, own_shape: Any) -> None:
    random = np.random.default_rng(0)
    g, dot = random.normal(size=full), random.normal(size=own_shape)
    x_bar = unbroadcast(g, np.zeros(own_shape))
    assert np.shape(x_bar) == own_shape
    np.testing.assert_allclose(np.sum(x_bar * dot), np.sum(g * np.broadcast_to(dot, full)), atol=1e-12)


def test_unbroadcast_keeps_the_dtype_of_the_operand() -> None:
    assert unbroadcast(np.ones((2, 3)), np.zeros(3, "f4")).dtype == np.float32
    assert type(unbroadcast(np.ones(3), np.float32(1.0))) is np.float32
    assert unbroadcast(np.ones(3, "c16"), 2.0) == 3.0 and not np.iscomplexobj(unbroadcast(np.ones(3, "c16"), 2.0))
    g = np.ones(3)
    assert unbroadcast(g, np.zeros(3)) is g
    assert unbroadcast(1.0, np.zeros(3)) == 1.0


def test_broadcast_like() -> None:
    g = np.ones(3)
    assert broadcast_like(g, np.zeros(3)) is g
    full = broadcast_like(2.0, np.zeros((2, 2), "f4"))
    assert full.dtype == np.float32 and full.flags.writeable
    assert broadcast_like(2.0, 1.0) == 2.0
    assert broadcast_like(0.0, [1.0, (2.0,)]) == [0.0, (0.0,)]
    assert broadcast_like(np.float32(1.0), np.zeros(2, "f4")).dtype == np.float32


INDICES = [
    0,
    -1,
    np.int64(1),
    slice(1, None),
    slice(None, None, -1),
    Ellipsis,
    None,
    (slice(None), 2),
    (1, slice(0, 2)),
    (None, 0, Ellipsis),
    [0, 0, 1],
    np.array([1, 1]),
    np.array(1),
    ([0, 1, 0], [2, 2, 2]),
    (slice(None), [1, 1]),
    np.array([True, False]),
    (np.array([True, False]), [0, 0]),
    np.ones((2, 3), bool),
    True,
    np.array([], int),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_add_at_is_the_adjoint_of_reading(index: Any) -> None:
    random = np.random.default_rng(0)
    x, dot = random.normal(size=(2, 3)), random.normal(size=(2, 3))
    g = random.normal(size=np.shape(x[index]))
    x_bar = np.zeros((2, 3))
    assert add_at(x_bar, index, g) is x_bar
    np.testing.assert_allclose(np.sum(x_bar * dot), np.sum(g * dot[index]), atol=1e-12)


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_take_stored_is_the_adjoint_of_storing(index: Any) -> None:
    random = np.random.default_rng(0)
    y_bar = random.normal(size=(2, 3))
    v_dot = random.normal(size=np.shape(y_bar[index]))
    y_dot = np.zeros((2, 3))
    y_dot[index] = v_dot
    v_bar = take_stored(y_bar, index)
    assert np.shape(v_bar) == np.shape(v_dot) and not np.shares_memory(v_bar, y_bar)
    np.testing.assert_allclose(np.sum(v_bar * v_dot), np.sum(y_bar * y_dot), atol=1e-12)


def test_add_at_in_containers() -> None:
    items: list[Any] = [0.0, np.zeros(2)]
    assert add_at(items, 0, 2.0) is items and items[0] == 2.0
    add_at(items, slice(0, 2), [1.0, np.ones(2)])
    assert items[0] == 3.0 and items[1].tolist() == [1.0, 1.0]
    table = {"w": 1.0}
    add_at(table, "w", 2.0)
    add_at(table, "b", 5.0)
    assert table == {"w": 3.0, "b": 5.0}
    assert add_at((1.0, 2.0), 1, 1.0) == (1.0, 3.0)
    assert add_at(Pair(1.0, 2.0), 0, 1.0) == Pair(2.0, 2.0)


def test_add_at_real_accumulator_takes_the_real_part() -> None:
    assert add_at(np.zeros(2), 0, 1 + 2j).tolist() == [1.0, 0.0]


def test_zeros_like_mirrors() -> None:
    model = Model(np.ones(2, "f4"))
    found = zeros_like({"a": [1.0, 2, "s", None, True], "p": Pair(1j, np.arange(3)), "m": model, "f": np.float32(2)})
    assert found["a"] == [0.0, None, None, None, None] and found["p"] == [0j, None]
    assert type(found["m"]) is Model and found["m"].weight.dtype == np.float32 and found["m"].name is None
    assert type(found["f"]) is np.float32


def test_accumulate_never_changes_its_arguments() -> None:
    a, b = [np.ones(2), 1.0, None], [np.ones(2), 2.0, None]
    total = accumulate(a, b)
    assert total[0].tolist() == [2.0, 2.0] and total[1:] == [3.0, None]
    assert a[0].tolist() == [1.0, 1.0]
    assert accumulate({"a": 1.0}, {"b": 2.0}) == {"a": 1.0, "b": 2.0}
    assert accumulate(Pair(1.0, None), Pair(2.0, None)) == Pair(3.0, None)
    assert accumulate([1.0, 2.0], np.array([1.0, 1.0])) == [2.0, 3.0]
    assert accumulate([1.0, 2.0], 1.0) == [2.0, 3.0]
    assert accumulate(Model(1.0), Model(2.0)).weight == 3.0


def test_gradient_like_owns_its_memory() -> None:
    x = np.ones((2, 3), "f4")
    g = np.broadcast_to(2.0, (2, 3))
    found = gradient_like(g, x)
    assert found.dtype == np.float32 and found.flags.writeable and found.flags.owndata and found.shape == (2, 3)
    assert gradient_like(x, x) is not x
    assert type(gradient_like(np.float64(2.0), 1.0)) is float
    assert type(gradient_like(2.0, np.float32(1.0))) is np.float32
    assert gradient_like(1 + 2j, 3.0) == 1.0
    assert gradient_like(None, 3.0) == 0.0
    assert gradient_like([1.0, None], (3.0, 4)) == (1.0, None)
    assert gradient_like(0.0, OrderedDict(a=1.0)) == OrderedDict(a=0.0)
    assert gradient_like(None, [np.ones(2)])[0].tolist() == [0.0, 0.0]


def test_a_list_of_a_class_of_its_own_is_refused() -> None:
    class Strange(list):  # type: ignore[type-arg]
        pass

    with pytest.raises(NonDifferentiable, match="Strange"):
        zeros_like(Strange([1.0]))


def test_own_keeps_the_memory_order() -> None:
    x = np.asfortranarray(np.ones((2, 3)))
    assert own(x) is not x and own(x).flags.f_contiguous
    items = [x]
    assert own(items) is not items and own(items)[0] is x
    assert own(1.5) == 1.5

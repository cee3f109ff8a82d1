"""The checkers, made to fail: each kind of wrong gradient is noticed."""

from collections import namedtuple

import numpy as np
import pytest

from tests.programs import numeric
from tests.programs.checks import check_gradient, wide
from tests.programs.table import program

Point = namedtuple("Point", "x y")


def cubic(v, c):
    return c * float((v**3).sum())


ENTRY = program(cubic, (np.array([0.5, -1.2]), 0.7), argnums=(0, 1))
ARGS = ENTRY.inputs[0]
RIGHT = (3 * 0.7 * ARGS[0] ** 2, float((ARGS[0] ** 3).sum()))


def test_the_right_gradient_passes():
    check_gradient(ENTRY, ARGS, RIGHT)


@pytest.mark.parametrize(
    "wrong",
    [
        (RIGHT[0] * (1 + 1e-6), RIGHT[1]),
        (RIGHT[0], -RIGHT[1]),
        (RIGHT[0][::-1], RIGHT[1]),
        (0 * RIGHT[0], RIGHT[1]),
        (RIGHT[0].astype(np.float32), RIGHT[1]),
        (RIGHT[0][:, None], RIGHT[1]),
        (list(RIGHT[0]), RIGHT[1]),
        (RIGHT[0], None),
        (None, RIGHT[1]),
        (RIGHT[0], np.array([RIGHT[1]])),
        (np.broadcast_to(RIGHT[0], (2,)), RIGHT[1]),
        (RIGHT[0] * np.nan, RIGHT[1]),
    ],
)
def test_a_wrong_gradient_fails(wrong):
    with pytest.raises(AssertionError):
        check_gradient(ENTRY, ARGS, wrong)


def test_differences_of_a_known_function():
    assert numeric.central(cubic, ARGS, {1: 1.0}) == pytest.approx(RIGHT[1], rel=1e-10)
    assert numeric.complex_step(lambda x: x**5, (1.5,), {0: 1.0}) == pytest.approx(5 * 1.5**4, rel=1e-14)


def test_the_convention_for_complex_numbers():
    fn = lambda z: abs(z) ** 2
    along = 0.3 - 0.8j
    assert numeric.central(fn, (1 + 2j,), {0: along}) == pytest.approx(numeric.inner(2 - 4j, along), rel=1e-9)


@pytest.mark.parametrize(
    ("gradient", "value", "right"),
    [
        (1.0, 2.0, True),
        (np.float64(1.0), 2.0, True),
        (1, 2.0, False),
        (np.float64(1.0), np.array(2.0), False),
        (np.float32(1.0), np.float32(2.0), True),
        (np.float64(1.0), np.float32(2.0), False),
        ((1.0, None), (2.0, 3), True),
        ((1.0, 0), (2.0, 3), False),
        ([1.0, None], (2.0, 3), False),
        (Point(1.0, 2.0), Point(3.0, 4.0), True),
        ((1.0, 2.0), Point(3.0, 4.0), False),
        ({"a": 1.0}, {"a": 2.0}, True),
        ({"a": 1.0}, {"a": 2.0, "b": 2.0}, False),
        (None, "text", True),
        (None, np.arange(3), True),
        (np.zeros(3), np.arange(3), False),
        (None, 1.0, False),
    ],
)
def test_mirroring(gradient, value, right):
    assert (numeric.mirrors(gradient, value) is None) is right


def test_a_read_only_gradient_is_noticed():
    gradient = np.zeros(2)
    gradient.flags.writeable = False
    assert "written" in numeric.mirrors(gradient, np.ones(2))


def test_identical_looks_at_bits_and_types():
    assert numeric.identical([np.nan, (1.0, {"a": np.zeros(2)})], [np.nan, (1.0, {"a": np.zeros(2)})])
    for a, b in [(0.0, -0.0), (1.0, 1), (np.float64(1.0), 1.0), (np.zeros(2), np.zeros((2, 1))), ([1], (1,))]:
        assert not numeric.identical(a, b)
    assert not numeric.identical(np.float64(0.1) + 0.2, np.float64(0.3))


def test_sharing_is_found_in_containers():
    a = np.zeros(4)
    assert numeric.share_memory({"k": [a[1:]]}, (1, a))
    assert not numeric.share_memory([a[:2]], a[2:])


def test_wide_keeps_structure():
    value = wide({"a": (np.zeros(2, np.float32), np.float32(1.5)), "n": 3})
    assert value["a"][0].dtype == np.float64 and type(value["a"][1]) is np.float64 and value["n"] == 3

"""What an operation raises for some dtypes, `grad` raises too, also where no adjoint reads the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad


def of_arrays(operation: Any) -> Any:
    def f(v: Any, k: Any) -> Any:
        operation(v, k)
        return np.sum(v * v)

    return f


V, K = np.array([0.5, 1.5]), np.array([1, 2])

RAISING = {
    "negative bools": lambda v, k: -(v > 0),
    "difference of bools": lambda v, k: (v > 0) - (v > 1),
    "negative, by name": lambda v, k: np.negative(v > 0),
    "plus a bool": lambda v, k: +(v > 0),
    "negative power of integers": lambda v, k: np.power(k, -1),
    "floor of complex": lambda v, k: np.floor(v + 1j),
    "floor division of complex": lambda v, k: np.floor_divide(v + 1j, 2),
    "an angle of complex": lambda v, k: np.arctan2(v + 1j, v),
    "bits of floats": lambda v, k: np.bitwise_and(v, k),
    "a shift of floats": lambda v, k: np.left_shift(v, 1),
    "not of floats": lambda v, k: np.invert(v),
}


@pytest.mark.parametrize("operation", RAISING.values(), ids=RAISING)
def test_what_has_no_meaning_for_a_dtype(operation: Any) -> None:
    f = of_arrays(operation)
    with pytest.raises((TypeError, ValueError)) as wanted:
        f(V, K)
    with pytest.raises(type(wanted.value)) as got:
        srcad.grad(f)(V, K)
    assert str(got.value) == str(wanted.value)


def test_complex_numbers_have_no_order() -> None:
    def f(s: Any) -> Any:
        z = s + 1j
        z < z * 2
        return s * s

    with pytest.raises(TypeError, match="not supported between instances of"):
        srcad.grad(f)(1.5)


def test_integers_that_do_not_fit() -> None:
    def f(v: Any, k: Any, n: Any) -> Any:
        k + n
        return np.sum(v)

    small = K.astype(np.int8)
    assert srcad.grad(f)(V, small, 3).tolist() == [1.0, 1.0]
    with pytest.raises(OverflowError):
        srcad.grad(f)(V, small, 300)


def in_a_strict_context(v: Any) -> Any:
    with np.errstate(invalid="raise"):
        np.log(-np.abs(v))
    return np.sum(v)


def in_a_quiet_context(v: Any) -> Any:
    with np.errstate(invalid="ignore"):
        np.log(-np.abs(v))
    return np.sum(v)


def test_warnings_that_a_context_makes_errors() -> None:
    with pytest.raises(FloatingPointError, match="invalid value"):
        srcad.grad(in_a_strict_context)(V)
    assert srcad.grad(in_a_quiet_context)(V).tolist() == [1.0, 1.0]
    assert "log" not in srcad.grad(in_a_quiet_context).source_for(V).split("# ")[1]


def test_what_always_has_a_result_is_left_out() -> None:
    def f(v: Any, k: Any) -> Any:
        np.floor(v) * 2
        return np.sum(v * v)

    assert "floor" not in srcad.grad(f).source_for(V, K)

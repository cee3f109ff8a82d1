"""How the adjoint of a single operation is written: each form where it belongs, and not where it would be wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad


def arr(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed + 1).normal(size=shape)


def text_of(f: Callable[..., Any], *args: Any, argnums: Any = 0) -> str:
    """The reverse sweep of the gradient, once the gradient is known to be right."""
    report = srcad.check(f, list(args), argnums=argnums)
    assert report.ok, str(report)
    return str(srcad.grad(f, argnums=argnums).source_for(*args))


def column(x: Any, w: Any) -> Any:
    y = x[:, None] * w
    return np.sum(y * y)


def row(x: Any, w: Any) -> Any:
    return np.sum(np.sin(x[None, :] * w))


def corner(x: Any, w: Any) -> Any:
    return np.sum(np.sin(x[None, ..., None] * w))


def first_of_one(x: Any, w: Any) -> Any:
    m = np.max(x, axis=1, keepdims=True)
    return np.sum(m[:, 0] * w)


def column_of_scalar(x: Any, w: Any) -> Any:
    return np.sum(x[:, None])


@pytest.mark.parametrize("f", [column, row, corner, first_of_one, column_of_scalar])
def test_an_index_that_only_adds_axes_needs_no_buffer(f: Callable[..., Any]) -> None:
    shapes = {column: (3,), row: (4,), corner: (3, 4), first_of_one: (3, 5), column_of_scalar: (3,)}
    w = arr(2, 3, 4, 5, seed=1) if f is corner else arr(3, seed=1) if f is first_of_one else arr(3, 4, seed=1)
    found = text_of(f, arr(*shapes[f]), w)
    assert "zeros_like" not in found and "keepdims=True) + " not in found


def selects(x: Any) -> Any:
    return np.sum(np.sin(x[:, 0]))


def cuts(x: Any) -> Any:
    return np.sum(np.sin(x[None, 1:]))


def reverses(x: Any) -> Any:
    return np.sum(np.sin(x[::-1, None]) * np.arange(3.0)[:, None])


@pytest.mark.parametrize("f", [selects, cuts, reverses])
def test_an_index_that_selects_needs_one(f: Callable[..., Any]) -> None:
    found = text_of(f, arr(3, 2) if f is selects else arr(3))
    assert "zeros_like" in found and "] = " in found


def mutated_column(x: Any, w: Any) -> Any:
    y = x * 1.0
    z = y[:, None]
    y[0] = 2.0
    return np.sum(z * w)


def column_in_loop(x: Any, w: Any) -> Any:
    total = 0.0
    for k in range(3):
        total = total + np.sum(np.sin(x[:, None] * w)) * (k + 1.0)
    return total


@pytest.mark.parametrize("f", [mutated_column, column_in_loop])
def test_added_axes_where_memory_changes_and_in_loops(f: Callable[..., Any]) -> None:
    text_of(f, arr(3), arr(3, 4, seed=1), argnums=(0, 1))


def test_elements_at_other_constants_are_stored() -> None:
    found = text_of(lambda p: p[0] * np.sin(p[1]) - p[2], arr(3))
    assert found.count("] = ") == 3 and "+=" not in found and "-=" not in found
    found = text_of(lambda p: p[0] * np.sin(p[1]) - p[-1], arr(3))
    assert found.count("] = ") == 1 and found.count("+=") == 2  # p[-1] may be p[1], or p[0]


def test_the_same_element_is_stored_once() -> None:
    found = text_of(lambda p: np.sin(p[0]) + np.cos(p[0]) * p[1], arr(2))
    assert found.count("p_bar[0] = ") == 1 and found.count("p_bar[0] += ") + found.count("p_bar[0] -= ") == 1


def overlapping(p: Any) -> Any:
    return p[1:] @ p[:-1]


def by_mask(p: Any) -> Any:
    return np.sum(p[p > 0] ** 2)


def by_numbers(p: Any) -> Any:
    return np.sum(p[[0, 1, 0]] ** 2)


def read_before(p: Any) -> Any:
    y = p * 2.0
    y[0] = np.sum(y[1:])
    return y @ y


@pytest.mark.parametrize("f", [overlapping, by_mask, by_numbers, read_before])
def test_first_contributions_of_every_form(f: Callable[..., Any]) -> None:
    found = text_of(f, arr(4))
    if f is by_numbers:
        assert "np.add.at" in found


def mean_of_difference(x: Any, y: Any) -> Any:
    return np.mean((x - y) ** 2)


def test_the_size_of_what_is_not_needed_is_asked_of_something_else() -> None:
    assert "** 2" not in text_of(mean_of_difference, arr(3), arr(3, seed=1)).split("#", 2)[1]
    assert "/ len(x)" in text_of(mean_of_difference, arr(3), arr(3, seed=1))
    assert "/ x.size" in text_of(mean_of_difference, arr(3, 4), arr(3, 4, seed=1))


def test_the_size_of_what_may_be_broadcast_is_its_own() -> None:
    """Lengths that may be 1 are not known to be equal."""
    for x, y in ((arr(3, 1), arr(3, 4)), (arr(1), arr(3)), (arr(3), arr(1)), (arr(3), arr(2, 3))):
        text_of(mean_of_difference, x, y, argnums=(0, 1))


def sizes_in_loop(x: Any, w: Any) -> Any:
    total = 0.0
    for k in range(3):
        z = np.sin(x * w) * (k + 1.0)
        total = total + np.mean(z * z)
        x = x * 0.9
    return total


def test_no_value_is_saved_for_its_shape() -> None:
    assert "/ len(z)" in text_of(sizes_in_loop, arr(3), arr(3, seed=1), argnums=(0, 1))


def grows(x: Any) -> Any:
    total = 0.0
    for _ in range(3):
        x = np.concatenate([x, x[:1]])
        total = total + np.mean(x**2)
    return total


def test_a_length_that_changes_from_pass_to_pass() -> None:
    text_of(grows, arr(3))


def test_a_scalar_cotangent_is_counted_not_summed() -> None:
    def f(x: Any, b: Any) -> Any:
        return np.sum(x + b)

    found = text_of(f, arr(3, 4), arr(4, seed=1), argnums=(0, 1))
    assert "1.0 * (x + b).shape[0]" in found and "sum(" not in found.split("# return np.sum(x + b)")[1]


def quotient(x: Any, y: Any) -> Any:
    return np.sum(np.sin(x / y))


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3, 4), (3, 1)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 4), ())])
def test_quotients_of_every_shape(shapes: tuple[Any, Any]) -> None:
    x, y = (np.abs(arr(*s, seed=k)) + 0.5 for k, s in enumerate(shapes))
    text_of(quotient, x, y, argnums=(0, 1))


def sigmoid(x: Any) -> Any:
    gate = 1.0 / (1.0 + np.exp(-x))
    return gate @ gate


def gaussian_gate(x: Any) -> Any:
    gate = 1.0 / (1.0 + np.exp(-x) * x)
    return gate @ gate


def test_the_square_of_a_reciprocal_is_that_of_the_result() -> None:
    assert "gate * gate" in text_of(gaussian_gate, np.abs(arr(3)))


def sigmoid_that_changes(x: Any) -> Any:
    gate = 1.0 / (1.0 + np.exp(-x))
    total = gate @ gate
    gate[0] = 0.0
    return total + np.sum(gate * x)


def sigmoid_of_numbers(x: float) -> float:
    s = 1.0 / (np.exp(-x) + 1.0)
    return s * s


def sigmoid_in_loop(x: Any) -> Any:
    for _ in range(3):
        x = 2.0 / (1.0 + np.exp(x)) + 1.0 / (1.0 + np.exp(x * 0.5))
    return x @ x


def test_the_logistic_function_from_its_value() -> None:
    assert "(1 - gate) * gate * gate_bar" in text_of(sigmoid, arr(3))
    text_of(sigmoid_of_numbers, 0.3)
    text_of(sigmoid_that_changes, arr(3))
    text_of(sigmoid_in_loop, arr(3))
    with np.errstate(over="ignore"):
        assert srcad.grad(sigmoid)(np.array([-1000.0, 1000.0])).tolist() == [0.0, 0.0]
    assert srcad.grad(sigmoid)(arr(3).astype("f4")).dtype == np.float32


def extrema(x: Any, w: Any) -> Any:
    return np.max(x, axis=1) @ w + np.min(x, axis=0).sum() + np.max(x)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_extrema_keep_the_precision(dtype: str) -> None:
    x, w = arr(3, 4).astype(dtype), arr(3, seed=1).astype(dtype)
    found = srcad.grad(extrema)(x, w)
    assert found.dtype == dtype
    assert ("dtype=" in srcad.grad(extrema).source_for(x, w)) == (dtype == "f4")


def test_ties_are_shared_and_nothing_warns() -> None:
    x = np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0]])
    wanted = [[0.0, 0.5, 0.5], [2 / 3, 2 / 3, 2 / 3]]
    np.testing.assert_allclose(srcad.grad(lambda x: np.max(x, axis=1) @ np.array([1.0, 2.0]))(x), wanted)
    with_nan = np.array([[1.0, np.nan], [1.0, 2.0]])
    found = srcad.grad(lambda x: np.max(x, axis=1).sum())(with_nan)
    np.testing.assert_array_equal(found[1], [0.0, 1.0])


def masked_square(x: Any) -> Any:
    return np.sum(np.where(x > 0, (x - 1.0) ** 2, 0.0))


def masked_root(x: Any) -> Any:
    return np.sum(np.where(x > 0, np.sqrt(np.maximum(x, 0.0)), 0.0))


def root_beside_its_mask(x: Any) -> Any:
    r = np.sqrt(x)
    return np.sum(np.where(x > 0, r, 0.0)) + np.sum(r)


def root_masked_twice(x: Any) -> Any:
    r = np.sqrt(x)
    return np.sum(np.where(x > 0, r, 0.0)) + np.sum(np.where(x > 1.0, r * r, 0.0))


def test_masks_meet_only_what_can_be_singular() -> None:
    assert "!= 0" not in text_of(masked_square, arr(4))
    x = np.array([0.0, 1.5, 4.0])
    np.testing.assert_allclose(srcad.grad(masked_root)(x), [0.0, 0.5 / np.sqrt(1.5), 0.25])
    np.testing.assert_allclose(srcad.grad(root_masked_twice)(x), [0.0, 0.5 / np.sqrt(1.5) + 1.0, 1.25])
    with np.errstate(divide="ignore"):  # the root is read where it is 0, too
        assert srcad.grad(root_beside_its_mask)(x)[0] == np.inf


@pytest.mark.parametrize("power", [-2, 0.5, 3, 2, 1])
def test_a_masked_power_with_a_constant_exponent(power: float) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.where(x > 0.5, x**power, 0.0))

    x = np.array([0.0, 1.5, 4.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(srcad.grad(f)(x)[1:], power * x[1:] ** (power - 1))
        assert srcad.grad(f)(x)[0] == 0.0


def test_signs_go_where_they_cost_nothing() -> None:
    found = text_of(lambda x: -0.5 * np.sum(np.sin(x)), arr(3))
    assert "-0.5 * np.cos(x)" in found
    found = text_of(lambda x, s: -np.sum(np.sin(x)) * np.exp(s), arr(3), 0.3)
    assert "-np.cos" not in found and "-(" not in found


def outer_mean(x: Any) -> Any:
    return np.mean(x[:, None] * x[None, :])


def mean_of_product(x: Any, y: Any) -> Any:
    return np.mean(x + y)


def test_only_what_cannot_raise_is_left_out() -> None:
    """Axes of length 1 fit any other; lengths of two arguments may differ, which the function's own line must tell."""
    assert "x[:, None] * x[None, :]" not in text_of(outer_mean, arr(3)).split("# return")[0]
    assert "x + y" in text_of(mean_of_product, arr(3), arr(3, seed=1)).replace("np.mean(x + y)", "")
    with pytest.raises(ValueError, match="could not be broadcast"):
        srcad.grad(mean_of_product)(arr(3), arr(4))


def masked_quotient(x: Any) -> Any:
    s = x / np.sqrt(len(x))
    return np.sum(np.where(x > 0, s * s, 0.0))


def quotient_by_an_argument(x: Any, d: Any) -> Any:
    return np.sum(np.where(x > 9.0, x / d, 0.0))


def test_a_masked_quotient() -> None:
    assert "!= 0" not in text_of(masked_quotient, arr(4))
    with np.errstate(divide="ignore", invalid="ignore"):
        assert srcad.grad(quotient_by_an_argument)(arr(3), 0.0).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_a_diagonal_is_filled(shape: tuple[int, int]) -> None:
    assert "np.fill_diagonal" in text_of(lambda a: np.diag(a) @ np.diag(np.sin(a)), arr(*shape))
    text_of(lambda a: np.diag(a, 1) @ np.diag(a, 1), arr(*shape))


def log_sum_exp(z: Any) -> Any:
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)))


def log_sum_exp_of_rows(z: Any) -> Any:
    m = np.max(z, axis=1)
    return np.sum(np.sin(m + np.log(np.sum(np.exp(z - m[:, None]), axis=1))))


def log_sum_exp_of_columns(z: Any) -> Any:
    m = z.max(axis=0)
    return np.sum(np.sin(m + np.log(np.exp(z - m).sum(axis=0))))


def log_sum_exp_with_kept_axes(z: Any) -> Any:
    m = np.max(z, axis=(0, 2), keepdims=True)
    return np.sum(np.sin(m + np.log(np.sum(np.exp(z - m), axis=(0, 2), keepdims=True))))


def log_sum_exp_in_loop(z: Any) -> Any:
    for _ in range(2):
        m = np.max(z, axis=1, keepdims=True)
        z = z * 0.5 + np.log(np.sum(np.exp(z - m), axis=1, keepdims=True)) + m
    return np.sum(z * z)


SHIFTED = [
    (log_sum_exp, (4,)),
    (log_sum_exp_of_rows, (3, 4)),
    (log_sum_exp_of_columns, (3, 4)),
    (log_sum_exp_with_kept_axes, (2, 3, 4)),
    (log_sum_exp_in_loop, (3, 4)),
]


@pytest.mark.parametrize(("f", "shape"), SHIFTED)
def test_a_shift_that_cancels_has_no_adjoint(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    assert "np.where" not in text_of(f, arr(*shape))
    assert "np.where" not in text_of(f, np.ones(shape) * arr(*shape))
    assert srcad.grad(f)(arr(*shape).astype("f4")).dtype == np.float32


def other_axis(z: Any) -> Any:
    m = np.max(z, axis=1, keepdims=True)
    return np.sum(m) + np.sum(np.log(np.sum(np.exp(z - m), axis=0)))


def one_more(z: Any) -> Any:
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)) + 1.0)


def other_weight(z: Any) -> Any:
    m = np.max(z)
    return 2.0 * m + np.log(np.sum(np.exp(z - m)))


def changed_between(z: Any) -> Any:
    m = np.max(z)
    e = np.exp(z - m)
    s = np.sum(e)
    e[0] = 2.0
    return m + np.log(s) + np.sum(e)


def other_sum(z: Any) -> Any:
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)[1:]))


def used_again(z: Any) -> Any:
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m))) + np.sin(m)


@pytest.mark.parametrize("f", [other_axis, one_more, other_weight, changed_between, other_sum, used_again])
def test_a_shift_that_does_not_cancel(f: Callable[..., Any]) -> None:
    assert "np.where" in text_of(f, arr(4, 4) if f is other_axis else arr(4))


def test_a_sum_that_is_not_finite_shows() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(srcad.grad(log_sum_exp)(np.array([1.0, np.inf, 0.0]))).any()
        assert np.isnan(srcad.grad(log_sum_exp)(np.array([1.0, np.nan, 0.0]))).any()

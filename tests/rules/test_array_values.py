"""Exact values of array derivatives where convention or care decides: ties, zeros, selection, NaN, empty arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from srcad.rules import rule_for
from srcad.templates.numpy_einsum import explicit_terms
from srcad.templates.numpy_products import tensordot_plan


def adjoint(primitive: Any, *args: Any, ans_bar: Any = 1.0, **kwargs: Any) -> Any:
    """What the template of a primitive gives for a call of it."""
    with np.errstate(all="ignore"):
        ans = primitive(*args, **kwargs)
    return rule_for(primitive).adjoint(*args, **kwargs, ans=ans, ans_bar=ans_bar)


def test_several_maxima_share_equally() -> None:
    np.testing.assert_array_equal(adjoint(np.max, np.array([3.0, 1.0, 3.0])), [0.5, 0.0, 0.5])
    x = np.array([[2.0, 2.0], [1.0, 5.0]])
    np.testing.assert_array_equal(adjoint(np.max, x, 1, ans_bar=np.array([4.0, 6.0])), [[2.0, 2.0], [0.0, 6.0]])
    np.testing.assert_array_equal(adjoint(np.min, x, 0, ans_bar=np.array([4.0, 6.0])), [[0.0, 6.0], [4.0, 0.0]])
    np.testing.assert_array_equal(adjoint(np.ptp, np.array([1.0, 1.0, 4.0])), [-0.5, -0.5, 1.0])


def test_maximum_of_nan_gives_a_finite_cotangent() -> None:
    assert np.isfinite(adjoint(np.max, np.array([np.nan, 1.0]))).all()
    assert np.isfinite(adjoint(np.min, np.array([[np.nan, 1.0]]), 1, ans_bar=np.ones(1))).all()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
        ([2.0, 0.0, 4.0], [0.0, 8.0, 0.0]),
        ([0.0, 0.0, 4.0], [0.0, 0.0, 0.0]),
        ([5.0], [1.0]),
        ([], []),
    ],
)
def test_product_is_exact_with_zeros(x: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(adjoint(np.prod, np.array(x)), expected)


def test_cumulative_product_is_exact_with_zeros() -> None:
    x, g = np.array([2.0, 0.0, 3.0, 4.0]), np.array([1.0, 10.0, 100.0, 1000.0])
    # y = (a, ab, abc, abcd) at b = 0
    np.testing.assert_array_equal(adjoint(np.cumprod, x, ans_bar=g), [1.0, 2 * (10 + 300 + 12000), 0.0, 0.0])


def test_deviation_of_constants_is_a_subgradient_of_zero() -> None:
    np.testing.assert_array_equal(adjoint(np.std, np.full(3, 2.5)), np.zeros(3))
    x = np.array([[1.0, 1.0], [0.0, 2.0]])
    np.testing.assert_array_equal(adjoint(np.std, x, 1, ans_bar=np.ones(2)), [[0.0, 0.0], [-0.5, 0.5]])


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 0.5, np.inf, -np.inf, 0])
def test_vector_norm_at_zero(ord: Any) -> None:
    np.testing.assert_array_equal(adjoint(np.linalg.norm, np.zeros(3), ord), np.zeros(3))


@pytest.mark.parametrize("ord", [None, "fro", 1, -1, 2, -2, "nuc", np.inf, -np.inf])
def test_matrix_norm_at_zero(ord: Any) -> None:
    np.testing.assert_array_equal(adjoint(np.linalg.norm, np.zeros((2, 3)), ord), np.zeros((2, 3)))


def test_norm_with_some_zero_entries() -> None:
    x = np.array([[3.0, 0.0, 4.0], [0.0, 0.0, 0.0]])
    expected = [[0.6, 0.0, 0.8], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(adjoint(np.linalg.norm, x, None, 1, ans_bar=np.ones(2)), expected)
    assert np.isfinite(adjoint(np.linalg.norm, x, 3, 1, ans_bar=np.ones(2))).all()
    assert np.isfinite(adjoint(np.linalg.norm, x, 0.5, 1, ans_bar=np.ones(2))).all()


def test_clip_gives_one_at_the_bounds() -> None:
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    a_bar, low_bar, high_bar = adjoint(np.clip, x, np.zeros(5), np.ones(5), ans_bar=np.ones(5))
    np.testing.assert_array_equal(a_bar, [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(low_bar, [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(high_bar, [0, 0, 0, 0, 1])


def test_clip_between_crossed_bounds_is_the_upper_bound() -> None:
    a_bar, low_bar, high_bar = adjoint(np.clip, np.array([0.0, 2.0, 9.0]), 5.0, 1.0, ans_bar=np.ones(3))
    assert not a_bar.any() and not low_bar.any() and high_bar.all()


def test_what_is_not_selected_gets_exactly_zero() -> None:
    g = np.array([np.inf, np.nan, 1.0])
    mask = np.array([False, False, True])
    x_bar, y_bar = adjoint(np.where, mask, np.zeros(3), np.zeros(3), ans_bar=g)
    np.testing.assert_array_equal(x_bar, [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(y_bar, [np.inf, np.nan, 0.0])
    np.testing.assert_array_equal(adjoint(np.clip, g, 0.0, 0.5, ans_bar=np.array([np.inf] * 3))[0], [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(adjoint(np.nansum, np.array([np.nan, 1.0])), [0.0, 1.0])
    np.testing.assert_array_equal(adjoint(np.nanmean, np.array([np.nan, 1.0, 2.0])), [0.0, 0.5, 0.5])


def test_sort_uses_the_permutation_of_the_primal() -> None:
    x, g = np.array([2.0, 1.0, 2.0]), np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(adjoint(np.sort, x, -1, "stable", ans_bar=g), [10.0, 1.0, 100.0])


def test_repeated_indices_add_up() -> None:
    g = np.array([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(adjoint(np.take, np.zeros(3), [0, 0, -1], ans_bar=g), [3.0, 0.0, 4.0])


@pytest.mark.parametrize("order", list("CFAK"))
@pytest.mark.parametrize("columns_reversed", [False, True])
def test_ravel_in_any_order_of_an_array_of_any_layout(order: Any, columns_reversed: bool) -> None:
    x = np.zeros((3, 2)).T[:, :: -1 if columns_reversed else 1]
    place = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[...] = 0.0
        x[index] = 1.0
        place[index] = np.flatnonzero(np.ravel(x, order))[0]
    np.testing.assert_array_equal(adjoint(np.ravel, x, order, ans_bar=np.arange(6.0)), place)


def test_no_warning_and_no_error_for_empty_arrays() -> None:
    empty = np.zeros((0, 3))
    assert np.shape(adjoint(np.sum, empty, 1, ans_bar=np.zeros(0))) == (0, 1)
    assert np.broadcast_to(adjoint(np.prod, empty), (0, 3)).shape == (0, 3)
    a_bar, b_bar = adjoint(np.matmul, empty, np.zeros((3, 2)), ans_bar=np.zeros((0, 2)))
    assert a_bar.shape == (0, 3) and b_bar.shape == (3, 2) and not b_bar.any()
    assert adjoint(np.cumsum, empty, 1, ans_bar=empty).shape == (0, 3)


def test_cholesky_reads_one_triangle() -> None:
    a = np.array([[4.0, 1.0], [1.0, 3.0]])
    assert adjoint(np.linalg.cholesky, a, ans_bar=np.ones((2, 2)))[0, 1] == 0.0


def test_single_precision_sums_of_shares() -> None:
    x = np.array([[1.0, 1.0]], dtype="f4")
    assert adjoint(np.max, x, 1, ans_bar=np.ones(1, "f4")).dtype == np.float32
    assert adjoint(np.max, x, ans_bar=np.float32(1.0)).dtype == np.float32


def test_einsum_subscripts() -> None:
    assert explicit_terms("ij,jk", [2, 2]) == (("ij", "jk"), "ik")
    assert explicit_terms("ba", [2]) == (("ba",), "ab")
    assert explicit_terms("...i,i...", [3, 2]) == (("YZi", "iZ"), "YZ")
    with pytest.raises(ValueError, match="more axes than there are letters"):
        explicit_terms("...", [60])


def test_tensordot_plan_needs_no_transposition_for_matrices() -> None:
    assert tensordot_plan(2, 2, 1) == ((1,), (1,), None, (0,), (0,), None)


@pytest.mark.parametrize(("x", "expected"), [((3, 4j), (0.6, -0.8j)), ((0, 0), (0, 0))])
def test_complex_norm_follows_the_convention(x: Any, expected: Any) -> None:
    np.testing.assert_allclose(adjoint(np.linalg.norm, np.array(x, "c16")), expected)

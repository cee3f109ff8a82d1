"""Sums, means, extrema, variances: functions that reduce axes.

An adjoint gives a cotangent that broadcasts to its argument (a scalar for a full sum), and accepts one that broadcasts
to its result. Of elements that share an extremum each gets an equal part.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, linear, nondifferentiable, sample, tangent
from srcad.templates._array_helpers import conj, count, real, spread


@linear(np.sum, np.ndarray.sum, kind="reduction", smaller=True)
def sum_(a, axis=None, dtype=None, *, keepdims=False, where=True, ans, ans_bar):
    """Every element gets the cotangent of its sum."""
    g = spread(ans_bar, ans, axis, keepdims)
    if isinstance(where, bool) and where:
        return g
    return np.where(where, g, 0.0)


@linear(np.mean, np.ndarray.mean, kind="mean", smaller=True)
def mean(a, axis=None, dtype=None, *, keepdims=False, where=True, ans, ans_bar):
    """Every element gets 1/n of the cotangent of its mean."""
    if isinstance(where, bool) and where:
        return spread(ans_bar / count(a, axis), ans, axis, keepdims)
    chosen = np.broadcast_to(where, np.shape(a))
    return np.where(chosen, spread(ans_bar, ans, axis, keepdims) / sharing(chosen, axis, ans), 0.0)


@adjoint(np.prod, np.ndarray.prod, kind="reduction", smaller=True)
def prod(a, axis=None, *, keepdims=False, where=True, ans, ans_bar):
    """Each partial is the product of the other elements, computed without division: exact with zeros."""
    if not (isinstance(where, bool) and where):
        others = product_of_others(np.where(where, a, 1), axis)
        return np.where(where, spread(ans_bar, ans, axis, keepdims) * others, 0.0)
    return spread(ans_bar, ans, axis, keepdims) * product_of_others(a, axis)


@tangent(np.prod, np.ndarray.prod)
def prod_tangent(a, axis=None, *, keepdims=False, where=True, ans, a_dot):
    """The sum over the elements of tangent times product of the others."""
    if not (isinstance(where, bool) and where):
        others = product_of_others(np.where(where, a, 1), axis)
        return np.sum(np.where(where, a_dot * others, 0.0), axis=axis, keepdims=keepdims)
    return np.sum(a_dot * product_of_others(a, axis), axis=axis, keepdims=keepdims)


def product_of_others(a, axis):
    """For each element, the product of all others along `axis`: what is before it times what is after it."""
    a = np.asarray(a)
    if axis is None:
        return product_of_others(np.ravel(a), 0).reshape(np.shape(a))
    if isinstance(axis, tuple):
        last = tuple(range(-len(axis), 0))
        moved = np.moveaxis(a, axis, last)
        flat = np.reshape(moved, np.shape(moved)[: np.ndim(a) - len(axis)] + (-1,)) if axis else moved[..., None]
        return np.moveaxis(np.reshape(product_of_others(flat, -1), np.shape(moved)), last, axis)
    x = np.moveaxis(a, axis, 0)
    before = np.ones_like(x)
    before[1:] = np.cumprod(x[:-1], axis=0)
    after = np.ones_like(x)
    after[:-1] = np.cumprod(x[:0:-1], axis=0)[::-1]
    return np.moveaxis(before * after, 0, axis)


@adjoint(np.max, np.amax, np.ndarray.max, kind="reduction", smaller=True)
def max_(a, axis=None, *, keepdims=False, initial=None, where=True, ans, ans_bar):
    """The cotangent goes in equal parts to the elements that are the maximum."""
    chosen = among(~(a < spread(ans, ans, axis, keepdims)), where)
    return np.where(chosen, spread(ans_bar, ans, axis, keepdims) / shares(chosen, axis, ans, initial), 0.0)


@tangent(np.max, np.amax, np.ndarray.max)
def max_tangent(a, axis=None, *, keepdims=False, initial=None, where=True, ans, a_dot):
    """The mean tangent of the elements that are the maximum."""
    chosen = among(~(a < spread(ans, ans, axis, keepdims)), where)
    return np.sum(np.where(chosen, a_dot / shares(chosen, axis, ans, initial), 0.0), axis=axis, keepdims=keepdims)


@adjoint(np.min, np.amin, np.ndarray.min, kind="reduction", smaller=True)
def min_(a, axis=None, *, keepdims=False, initial=None, where=True, ans, ans_bar):
    """The cotangent goes in equal parts to the elements that are the minimum."""
    chosen = among(~(a > spread(ans, ans, axis, keepdims)), where)
    return np.where(chosen, spread(ans_bar, ans, axis, keepdims) / shares(chosen, axis, ans, initial), 0.0)


@tangent(np.min, np.amin, np.ndarray.min)
def min_tangent(a, axis=None, *, keepdims=False, initial=None, where=True, ans, a_dot):
    """The mean tangent of the elements that are the minimum."""
    chosen = among(~(a > spread(ans, ans, axis, keepdims)), where)
    return np.sum(np.where(chosen, a_dot / shares(chosen, axis, ans, initial), 0.0), axis=axis, keepdims=keepdims)


def among(chosen, where):
    """What is chosen of the elements that count."""
    if isinstance(where, bool) and where:
        return chosen
    return chosen & where


def shares(chosen, axis, ans, initial):
    """How many elements share an extremum; 1 where it is none of them, but the initial value."""
    if initial is None:
        return sharing(chosen, axis, ans)
    return np.maximum(np.sum(chosen, axis=axis, keepdims=True, dtype=ans.dtype), 1)


def sharing(chosen, axis, ans):
    """How many elements share an extremum; a number that leaves other precisions than double as they are."""
    if axis is None:
        return np.count_nonzero(chosen) if ans.dtype == float else int(np.count_nonzero(chosen))
    if ans.dtype == float:
        return np.sum(chosen, axis=axis, keepdims=True)
    return np.sum(chosen, axis=axis, keepdims=True, dtype=ans.dtype)


@adjoint(np.ptp, kind="reduction", smaller=True)
def ptp(a, axis=None, *, keepdims=False, ans, ans_bar):
    """Maximum minus minimum."""
    top = ~(a < np.max(a, axis=axis, keepdims=True))
    bottom = ~(a > np.min(a, axis=axis, keepdims=True))
    g = spread(ans_bar, ans, axis, keepdims)
    return np.where(top, g / sharing(top, axis, ans), 0.0) - np.where(bottom, g / sharing(bottom, axis, ans), 0.0)


@tangent(np.ptp)
def ptp_tangent(a, axis=None, *, keepdims=False, ans, a_dot):
    """The mean tangent of the largest minus that of the smallest elements."""
    top = ~(a < np.max(a, axis=axis, keepdims=True))
    bottom = ~(a > np.min(a, axis=axis, keepdims=True))
    weight = np.where(top, 1.0 / sharing(top, axis, ans), 0.0) - np.where(bottom, 1.0 / sharing(bottom, axis, ans), 0.0)
    return np.sum(weight * a_dot, axis=axis, keepdims=keepdims)


@adjoint(np.var, np.ndarray.var, kind="reduction_real", smaller=True)
def var(a, axis=None, *, ddof=0, keepdims=False, ans, ans_bar):
    """The partials are 2 conj(a - mean) / (n - ddof); the derivative of the mean inside cancels."""
    scale = 2.0 * spread(ans_bar, ans, axis, keepdims) / degrees(a, axis, ddof)
    return scale * conj(deviation(a, axis))


@tangent(np.var, np.ndarray.var)
def var_tangent(a, axis=None, *, ddof=0, keepdims=False, ans, a_dot):
    """The tangent is 2 / (n - ddof) times the sum of Re(conj(a - mean) da)."""
    turned = conj(deviation(a, axis))
    return np.sum(real(turned * a_dot), axis=axis, keepdims=keepdims) * (2.0 / degrees(a, axis, ddof))


def deviation(a, axis):
    """The difference to the mean."""
    if axis is None:
        return a - np.mean(a)
    return a - np.mean(a, axis=axis, keepdims=True)


def degrees(a, axis, ddof):
    """What the sum of squares is divided by."""
    return count(a, axis) - ddof if ddof else count(a, axis)


@adjoint(np.std, np.ndarray.std, kind="reduction_real", smaller=True)
def std(a, axis=None, *, ddof=0, keepdims=False, ans, ans_bar):
    """The partials are conj(a - mean) / ((n - ddof) std), and 0 where std is 0 (every deviation is 0 there)."""
    scale = ans_bar / (degrees(a, axis, ddof) * (ans + (ans == 0)))
    return spread(scale, ans, axis, keepdims) * conj(deviation(a, axis))


@tangent(np.std, np.ndarray.std)
def std_tangent(a, axis=None, *, ddof=0, keepdims=False, ans, a_dot):
    """The tangent is the sum of Re(conj(a - mean) da), divided by (n - ddof) std."""
    turned = conj(deviation(a, axis))
    moved = np.sum(real(turned * a_dot), axis=axis, keepdims=keepdims)
    return moved / (degrees(a, axis, ddof) * (ans + (ans == 0)))


@linear(np.cumsum, np.ndarray.cumsum, kind="cumulative")
def cumsum(a, axis=None, dtype=None, *, ans, ans_bar):
    """The cotangents summed from the end."""
    if np.ndim(a) == 1:
        return np.cumsum(ans_bar[::-1])[::-1]
    if axis is None:
        return np.reshape(np.cumsum(ans_bar[::-1])[::-1], np.shape(a))
    return np.flip(np.cumsum(np.flip(ans_bar, axis), axis), axis)


@adjoint(np.cumprod, np.ndarray.cumprod, kind="cumulative")
def cumprod(a, axis=None, *, ans, ans_bar):
    """Exact with zeros: the adjoint of the recurrence ``y[i] = a[i] * y[i - 1]``."""
    if axis is None:
        return np.reshape(cumprod_cotangent(np.ravel(a), 0, ans, ans_bar), np.shape(a))
    return cumprod_cotangent(a, axis, ans, ans_bar)


@tangent(np.cumprod, np.ndarray.cumprod)
def cumprod_tangent(a, axis=None, *, ans, a_dot):
    """Exact with zeros: the tangent of the recurrence ``y[i] = a[i] * y[i - 1]``."""
    if axis is None:
        return cumprod_dot(np.ravel(a), 0, ans, np.ravel(a_dot))
    return cumprod_dot(a, axis, ans, a_dot)


def cumprod_cotangent(a, axis: int, ans, ans_bar):
    """``a_bar[j] = prod(a[:j]) * s[j]`` with ``s[j] = ans_bar[j] + a[j + 1] * s[j + 1]``."""
    x, y = np.moveaxis(a, axis, 0), np.moveaxis(ans, axis, 0)
    s = np.array(np.moveaxis(ans_bar, axis, 0))
    for i in range(len(x) - 2, -1, -1):
        s[i] += x[i + 1] * s[i + 1]
    s[1:] *= y[:-1]
    return np.moveaxis(s, 0, axis)


def cumprod_dot(a, axis: int, ans, a_dot):
    """``y_dot[j] = a_dot[j] * y[j - 1] + a[j] * y_dot[j - 1]``."""
    x, y = np.moveaxis(a, axis, 0), np.moveaxis(ans, axis, 0)
    y_dot = np.array(np.moveaxis(a_dot, axis, 0))
    y_dot[1:] *= y[:-1]
    for i in range(1, len(x)):
        y_dot[i] += x[i] * y_dot[i - 1]
    return np.moveaxis(y_dot, 0, axis)


@adjoint(np.nansum, kind="reduction", smaller=True)
def nansum(a, axis=None, *, keepdims=False, ans, ans_bar):
    """As `sum`; elements that are not numbers get 0."""
    return np.where(np.isnan(a), 0.0, spread(ans_bar, ans, axis, keepdims))


@tangent(np.nansum)
def nansum_tangent(a, axis=None, *, keepdims=False, ans, a_dot):
    """The tangents of the elements that are numbers."""
    return np.sum(np.where(np.isnan(a), 0.0, a_dot), axis=axis, keepdims=keepdims)


@adjoint(np.nanmean, kind="mean", smaller=True)
def nanmean(a, axis=None, *, keepdims=False, ans, ans_bar):
    """As `mean` over the elements that are numbers."""
    numbers = ~np.isnan(a)
    return np.where(numbers, spread(ans_bar, ans, axis, keepdims) / np.maximum(sharing(numbers, axis, ans), 1), 0.0)


@tangent(np.nanmean)
def nanmean_tangent(a, axis=None, *, keepdims=False, ans, a_dot):
    """The mean tangent of the elements that are numbers."""
    numbers = ~np.isnan(a)
    share = np.maximum(sharing(numbers, axis, ans), 1)
    return np.sum(np.where(numbers, a_dot / share, 0.0), axis=axis, keepdims=keepdims)


nondifferentiable(np.all, np.any, np.ndarray.all, np.ndarray.any, kind="reduction_bool")
nondifferentiable(np.count_nonzero, np.argmax, np.argmin, kind="reduction_int")
nondifferentiable(np.ndarray.argmax, np.ndarray.argmin, np.nanargmax, np.nanargmin, kind="reduction_int")

SAMPLES = [
    sample(np.sum, "a: (3,)"),
    sample(np.sum, "a: (2, 3)", axis=0, keepdims=True),
    sample(np.sum, "a: (2, 3, 4) f4", axis=(0, -1)),
    sample(np.sum, "a: (2, 3)", axis=1, where=np.array([True, False, True])),
    sample(np.mean, "a: (2, 3)", axis=1, where=np.array([True, False, True])),
    sample(np.mean, "a: (2, 3) f4", where=np.array([[True], [False]])),
    sample(np.prod, "a: (2, 3)", axis=0, where=np.array([[True, False, True], [True, True, False]])),
    sample(np.max, "a: (2, 3)", axis=1, where=np.array([True, False, True]), initial=-9.0),
    sample(np.max, "a: (2, 3)", initial=9.0),
    sample(np.min, "a: (2, 3) f4", where=np.array([[True], [False]]), initial=0.0),
    sample(np.sum, "a: (2, 3) c16", axis=-1),
    sample(np.ndarray.sum, "a: (2, 3)", axis=1),
    sample(np.mean, "a: (3,)"),
    sample(np.mean, "a: (2, 3, 4)", axis=(0, 2)),
    sample(np.mean, "a: (2, 3) f4", axis=1, keepdims=True),
    sample(np.ndarray.mean, "a: (2, 3)", axis=-1),
    sample(np.prod, "a: (4,)"),
    sample(np.prod, "a: (2, 3, 2)", axis=(0, 2)),
    sample(np.prod, "a: (2, 3)", axis=1, keepdims=True),
    sample(np.ndarray.prod, "a: (2, 3) f4", axis=0),
    sample(np.max, "a: (5,)"),
    sample(np.max, "a: (2, 3, 4)", axis=(0, 1)),
    sample(np.amax, "a: (2, 3) f4", axis=1),
    sample(np.ndarray.max, "a: (2, 3)", axis=0, keepdims=True),
    sample(np.min, "a: (5,)"),
    sample(np.min, "a: (2, 3, 4)", axis=-1),
    sample(np.amin, "a: (2, 3) f4", axis=1),
    sample(np.ndarray.min, "a: (2, 3)", axis=0, keepdims=True),
    sample(np.ptp, "a: (5,)"),
    sample(np.ptp, "a: (2, 5)", axis=1, keepdims=True),
    sample(np.var, "a: (5,)"),
    sample(np.var, "a: (4, 3)", axis=0, ddof=1, keepdims=True),
    sample(np.var, "a: (2, 3, 4) f4", axis=(0, 2)),
    sample(np.var, "a: (5,) c16"),
    sample(np.ndarray.var, "a: (4, 3)", axis=1, ddof=1),
    sample(np.std, "a: (5,)"),
    sample(np.std, "a: (4, 3)", axis=0, ddof=1, keepdims=True),
    sample(np.std, "a: (5,) c16"),
    sample(np.ndarray.std, "a: (4, 3) f4", axis=1),
    sample(np.cumsum, "a: (4,)"),
    sample(np.cumsum, "a: (2, 3)"),
    sample(np.cumsum, "a: (2, 3, 2)", axis=-2),
    sample(np.ndarray.cumsum, "a: (2, 3) f4", axis=1),
    sample(np.cumprod, "a: (4,)"),
    sample(np.cumprod, "a: (2, 3)"),
    sample(np.cumprod, "a: (2, 3, 2)", axis=-2),
    sample(np.ndarray.cumprod, "a: (2, 3) f4", axis=1),
    sample(np.nansum, "a: (2, 3)", axis=1),
    sample(np.nanmean, "a: (2, 3)", axis=1),
]

"""Stores in which one element may be written several times, or one value may be stored several times.

Which value ended up where is decided by doing the same store with the values' own numbers; ``ufunc.at`` is followed
element by element, all first occurrences of an index at once, then all second ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from srcad.runtime.arrays import unbroadcast

Array = np.ndarray[Any, Any]


def sum_by_source(y_bar: Array, source: Array, values: Any) -> Any:
    """The cotangent of values that were stored in an array, as a fresh array of their shape or a number.

    Args:
        y_bar: cotangent of the array after the store, full.
        source: for each of its elements the number of the value that it got, -1 where it got none.
        values: what was stored.

    >>> sum_by_source(np.array([1.0, 2.0, 3.0]), np.array([0, -1, 0]), np.zeros(2))
    array([4., 0.])
    """
    stored = source >= 0
    total = np.zeros(np.size(values), dtype=y_bar.dtype)
    np.add.at(total, source[stored], y_bar[stored])
    return unbroadcast(total.reshape(np.shape(values))[()], values)


def at_adjoint(
    y_bar: Array, y: Array, index: Any, values: Any, ufunc: Callable[..., Any], partials: Callable[..., Any]
) -> Any:
    """The adjoint of ``ufunc.at(y, index, values)``: `y_bar` becomes the cotangent of what `y` was before.

    Args:
        y_bar: cotangent of `y` after the call, changed in place.
        y: what was in the array before the call.
        index: the indices.
        values: the second operand; None for functions of one.
        ufunc: the function.
        partials: its partial derivatives, ``partials(x, v, ans=ufunc(x, v))``, or its adjoint, which takes ``ans_bar``.

    Returns:
        The cotangent of `values`.

    >>> y_bar = np.ones(2)
    >>> at_adjoint(y_bar, np.array([3.0, 5.0]), [0, 0], 2.0, np.multiply, lambda x, v, ans: (v, x))
    np.float64(12.0)
    >>> y_bar
    array([4., 1.])
    """
    steps = [*_rounds(y, index, values, ufunc)]
    shape = np.shape(_positions(y.shape, index))
    total = np.zeros(shape, dtype=y_bar.dtype)
    for chosen, place, operands, ans in reversed(steps):
        g = y_bar[place]
        factors = _factors(partials, operands, ans)
        if values is not None:
            total.reshape(-1)[chosen] = factors[1] * g
        y_bar[place] = (factors if values is None else factors[0]) * g
    return None if values is None else unbroadcast(total, values)


def at_tangent(
    y_dot: Array,
    y: Array,
    index: Any,
    values: Any,
    values_dot: Any,
    ufunc: Callable[..., Any],
    partials: Callable[..., Any],
) -> None:
    """The tangent of ``ufunc.at(y, index, values)``: `y_dot` becomes the tangent of what `y` will be.

    >>> y_dot = np.ones(2)
    >>> at_tangent(y_dot, np.array([3.0, 5.0]), [0, 0], 2.0, 1.0, np.multiply, lambda x, v, ans: (v, x))
    >>> y_dot
    array([16.,  1.])
    """
    along = np.broadcast_to(0.0 if values_dot is None else values_dot, np.shape(_positions(y.shape, index))).reshape(-1)
    for chosen, place, operands, ans in _rounds(y, index, values, ufunc):
        factors = _factors(partials, operands, ans)
        if values is None:
            y_dot[place] = factors * y_dot[place]
        else:
            y_dot[place] = factors[0] * y_dot[place] + factors[1] * along[chosen]


def _rounds(
    y: Array, index: Any, values: Any, ufunc: Callable[..., Any]
) -> Iterator[tuple[Any, tuple[Any, ...], tuple[Any, ...], Any]]:
    """The steps of ``ufunc.at``, each for different elements: which indices, the places, the operands, the results."""
    y = y.copy()
    positions = _positions(y.shape, index)
    given = None if values is None else np.broadcast_to(values, positions.shape).reshape(-1)
    positions = positions.reshape(-1)
    order = np.argsort(positions, kind="stable")
    first = np.r_[True, np.diff(positions[order]) != 0][: order.size]
    start = np.maximum.accumulate(np.where(first, np.arange(order.size), 0))
    occurrence = np.empty_like(order)
    occurrence[order] = np.arange(order.size) - start
    for k in range(int(occurrence.max(initial=-1)) + 1):
        chosen = np.flatnonzero(occurrence == k)
        place = np.unravel_index(positions[chosen], y.shape)
        operands = (y[place],) if given is None else (y[place], given[chosen])
        ans = ufunc(*operands)
        y[place] = ans
        yield chosen, place, operands, ans


def _factors(partials: Callable[..., Any], operands: tuple[Any, ...], ans: Any) -> Any:
    """The partial derivatives, by the adjoint of ones where that is what is known."""
    if "ans_bar" in inspect.signature(partials).parameters:
        return partials(*operands, ans=ans, ans_bar=np.ones_like(ans))
    return partials(*operands, ans=ans)


def _positions(shape: tuple[int, ...], index: Any) -> Array:
    """The numbers of the elements that an index names, in its shape."""
    return np.asarray(np.arange(int(np.prod(shape))).reshape(shape)[index])

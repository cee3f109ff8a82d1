"""Cotangents of arrays and numbers: shapes that are known only at run time, and indices of any form.

None of these functions changes its arguments, except `add_at`, whose first argument is an accumulator.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from srcad.errors import ArgumentError, UnsupportedSyntax
from srcad.runtime.protocol import filled_like, is_array, is_complex, is_other_array
from srcad.runtime.structures import accumulate, mirrored


def is_numpy(x: Any) -> bool:
    """Whether `x` is an array or a number of NumPy's: for templates with one form for these, an equal one for others.

    An operation on them costs much more than one on Python's numbers. What may be either is taken for the latter while
    compiling.

    >>> is_numpy(np.zeros(3)), is_numpy(2.0)
    (True, False)
    """
    return isinstance(x, (np.ndarray, np.generic))


def unbroadcast(g: Any, x: Any) -> Any:
    """The cotangent of `x` from the cotangent `g` of what `x` was broadcast to: `g` summed to the shape of `x`.

    Args:
        g: cotangent with the full shape of the operation's result.
        x: the operand: an array, a NumPy scalar or a number.

    Returns:
        A value of the shape of `x` and, where `x` is an array or a NumPy scalar of inexact dtype, of its dtype; where
        `x` is real, the imaginary part of `g` is dropped. It may be `g` itself. A `g` that is smaller stays so.

    >>> unbroadcast(np.ones((2, 3)), np.zeros((2, 1)))
    array([[3.],
           [3.]])
    """
    if isinstance(g, (list, tuple)) and isinstance(x, (list, tuple)) and len(g) != len(x):
        raise UnsupportedSyntax(
            "two lists are joined, or one is repeated, and carry a derivative",
            why="while compiling, nobody knew that they are lists",
            remedy="let the derivative know the kinds of its arguments",
        )
    shape, full = np.shape(x), np.shape(g)
    if full != shape:
        extra = len(full) - len(shape)
        ones = tuple(axis for axis in range(max(extra, 0), len(full)) if shape[axis - extra] == 1 and full[axis] != 1)
        if extra > 0:
            g = np.sum(g, axis=tuple(range(extra)) + ones, keepdims=bool(ones))
            g = np.reshape(g, np.shape(g)[extra:]) if ones else g
        elif ones:
            g = np.sum(g, axis=ones, keepdims=True)
    return _with_dtype_of(g, x)


def broadcast_like(g: Any, x: Any) -> Any:
    """The cotangent `g`, which broadcasts to `x`, with the full shape (or structure) of `x`.

    Returns:
        `g` itself where it has that shape already, else a fresh array.

    >>> broadcast_like(2.0, np.zeros(3))
    array([2., 2., 2.])
    """
    if isinstance(x, (list, tuple, dict)):
        return (
            g if isinstance(g, (list, tuple, dict)) else mirrored(x, g, lambda leaf, part: broadcast_like(part, leaf))
        )
    shape = np.shape(x)
    if np.shape(g) == shape:
        return g
    if is_other_array(x) or is_other_array(g):
        return filled_like(x if is_array(x) else np.zeros_like(g, shape=shape), g)
    weak = isinstance(g, (int, float, complex)) and isinstance(x, np.ndarray) and x.dtype.kind in "fc"
    return np.full(shape, g, dtype=np.result_type(x.dtype, g) if weak else None)


def add_at(x_bar: Any, index: Any, g: Any) -> Any:
    """Add `g` to ``x_bar[index]`` in place, counting repeated integer indices once for each time they occur.

    Args:
        x_bar: the accumulator: an array, a list, a dict, or (not changed in place) a tuple.
        index: any index that ``x[index]`` accepts.
        g: cotangent of ``x[index]``, or something that broadcasts to it.

    Returns:
        The accumulator: `x_bar` itself, but a new tuple where it is a tuple.

    >>> add_at(np.zeros(3), [0, 0, 2], np.array([1.0, 2.0, 3.0]))
    array([3., 0., 3.])
    """
    if x_bar is None or g is None:
        return x_bar  # what carries no derivative
    if is_array(x_bar):
        if is_complex(g) and not is_complex(x_bar):
            g = np.real(g)
        if _may_repeat(index):
            np.add.at(x_bar, index, g)
        else:
            x_bar[index] += g
        return x_bar
    if isinstance(x_bar, tuple):
        items = add_at(list(x_bar), index, g)
        return type(x_bar)(*items) if hasattr(x_bar, "_fields") else tuple(items)
    if isinstance(index, slice):
        for position, item in zip(range(*index.indices(len(x_bar))), g, strict=True):
            x_bar[position] = accumulate(x_bar[position], item)
    else:
        x_bar[index] = accumulate(x_bar.get(index) if isinstance(x_bar, dict) else x_bar[index], g)
    return x_bar


def add_to_item(x_bar: Any, number: int, g: Any) -> None:
    """Add `g` in place to the cotangent of an item that iterating gives, by its number; keys of a dict have none.

    >>> bars = [1.0, 2.0]
    >>> add_to_item(bars, 1, 0.5)
    >>> bars
    [1.0, 2.5]
    """
    if not isinstance(x_bar, dict):
        add_at(x_bar, number, g)


def take_stored(y_bar: Any, index: Any) -> Any:
    """The cotangent of the values that ``y[index] = v`` stored, as a fresh array or a number.

    Where `index` names an element several times, only the value that was stored last gets its cotangent, the others
    get 0: it is decided by doing the same store with the values' own numbers.

    Args:
        y_bar: cotangent of `y` after the store, full.
        index: any index that ``y[index] = v`` accepts.

    Returns:
        A value of the shape of ``y[index]`` (to be summed to the shape of `v` where that was broadcast).

    >>> take_stored(np.array([1.0, 2.0]), [0, 0, 1])
    array([0., 1., 2.])
    """
    stored = y_bar[index]
    if not isinstance(y_bar, np.ndarray):
        return stored
    if isinstance(stored, np.ndarray) and _may_repeat(index):
        number = np.arange(stored.size).reshape(stored.shape)
        last = np.empty(y_bar.shape, dtype=number.dtype)
        last[index] = number
        return np.where(last[index] == number, stored, stored.dtype.type(0))
    return stored.copy() if isinstance(stored, np.ndarray) else stored


def _may_repeat(index: Any) -> bool:
    """Whether an index may name one element several times: it has an array of several integers in it."""
    if isinstance(index, tuple):
        return any(_may_repeat(part) for part in index)
    if index is None or index is Ellipsis or isinstance(index, (slice, int, np.generic)):
        return False
    array = np.asarray(index)
    return array.dtype != np.bool_ and array.size > 1


def _with_dtype_of(g: Any, x: Any) -> Any:
    """`g` with the dtype of `x`, where that has one that carries derivatives; double precision for a Python float."""
    if is_complex(g) and not is_complex(x):
        g = np.real(g)
    if isinstance(x, float) and isinstance(g, (np.float16, np.float32)):
        return np.float64(g)
    dtype = getattr(x, "dtype", None)
    if dtype is None or dtype.kind not in "fc" or getattr(g, "dtype", None) == dtype:
        return g
    return g.astype(dtype) if is_array(g) else dtype.type(g)


def copied(x: Any) -> Any:
    """A copy of a value and of everything in it: the tangent of an argument that the function changes in place."""
    return copy.deepcopy(x)


def seed(value: Any) -> float:
    """The cotangent 1.0 of a function's result, after making sure that the result is one real number.

    Raises:
        ArgumentError: it is not.

    >>> seed(np.float64(3.0))
    1.0
    """
    dtype = getattr(value, "dtype", None)
    real = isinstance(value, float) or (dtype is not None and dtype.kind == "f")
    if real and np.ndim(value) == 0:
        return 1.0
    shape = f" of shape {np.shape(value)}" if np.ndim(value) else ""
    raise ArgumentError(
        f"the result is {type(value).__name__}{shape}, not a real scalar",
        why="a gradient is the derivative of one real number",
        remedy="return a real scalar such as np.sum(result); srcad.jvp gives directional derivatives of other results",
    )


def stop_gradient(x: Any) -> Any:
    """`x`, as a constant for differentiation: its derivative is zero by the user's word.

    Args:
        x: any value; it is returned as it is.

    >>> stop_gradient(3.0)
    3.0
    """
    return x


def unless_integers(g: Any, made: Any) -> Any:
    """The cotangent or tangent `g` of `made`; zero where that holds integers, because it was rounded.

    >>> unless_integers(np.ones(2), np.array([1, 2]))
    array([0., 0.])
    """
    dtype = getattr(made, "dtype", None)
    rounded = isinstance(made, int) if dtype is None else dtype.kind not in "fcO"
    return np.zeros(np.shape(g))[()] if rounded else g


def as_view(view: Any, x: Any) -> Any:
    """`view`, which must share memory with the array `x`.

    Raises:
        UnsupportedSyntax: it does not: `view` is a copy, or `x` is laid out in memory in another way than expected.

    >>> x = np.zeros((2, 2))
    >>> as_view(x.ravel(), x).shape
    (4,)
    """
    if np.size(view) and not np.may_share_memory(view, x):
        raise UnsupportedSyntax(
            "what may be a view of an array that is changed in place is a copy of it",
            why="the derivative was made for a view; whether it is one depends on the array's memory order and dtype",
            remedy="say so with .copy(), or change the array itself",
        )
    return view


def unless_view(y_bar: Any, x_bar: Any) -> Any:
    """The cotangent `y_bar` of what may be a view of `x`, zero where it is one: then it is part of `x_bar` already.

    >>> x_bar = np.ones(3)
    >>> unless_view(x_bar[1:], x_bar), unless_view(np.ones(2), x_bar)
    (array([0., 0.]), array([1., 1.]))
    """
    return np.zeros_like(y_bar) if np.may_share_memory(y_bar, x_bar) else y_bar


def as_updated(result: Any, before: Any) -> Any:
    """What ``x op= v`` leaves in `x`, from the new value and the old one, neither of which is changed.

    An array keeps its dtype, shape and memory order, with NumPy's errors; anything else is replaced.

    >>> as_updated(2.0, 1.0)
    2.0
    """
    if not isinstance(before, np.ndarray):
        return result
    if np.shape(result) != before.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {before.shape} doesn't match the broadcast shape "
            f"{np.shape(result)}"
        )
    made = np.asarray(result).astype(before.dtype, casting="same_kind", copy=False)
    if made.strides == before.strides:
        return made
    kept = np.empty_like(before)
    kept[...] = made
    return kept


def as_updated_number(result: Any, before: Any) -> Any:
    """`as_updated` where `before` is used again: fine for a number, undecidable for what `op=` would change in place.

    Raises:
        UnsupportedSyntax: `before` is an array or a list.

    >>> as_updated_number(2.0, 1.0)
    2.0
    """
    if isinstance(before, (np.ndarray, list, dict, set)):
        raise UnsupportedSyntax(
            f"a value of class {type(before).__name__} is changed in place, and is used again under another name",
            why="its kind was not known while compiling, so that the derivative was made for a number",
            remedy="write x = x + ... instead of x += ..., or let the derivative know the kinds of its arguments",
        )
    return result


def index_of_number(base: Any, index: Any) -> Any:
    """`index` itself, for ``base[index] op= v``: fine for an array, or where the item is a number, else undecidable.

    Raises:
        UnsupportedSyntax: `base` is a container, and the item an array, which `op=` would change in place.

    >>> index_of_number([1.0, 2.0], 1)
    1
    """
    if not isinstance(base, np.ndarray):
        as_updated_number(index, base[index])
    return index

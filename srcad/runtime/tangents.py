"""Tangents of containers and of values of unknown kind, in forward mode.

A tangent mirrors its value: the same containers, arrays of the same shape; 0.0 for numbers without derivative, None for
anything else. Where one object is in several places of a value, its tangent is one object, too. `tangent_like` makes of
that what a user gets. None of these functions changes its arguments, except that `assign_tangent`, `merged_tangent`,
`remove_tangent`, `sort_tangents` and `updated_tangent` change their first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.errors import UnsupportedSyntax
from srcad.runtime.protocol import filled_like, is_other_array
from srcad.runtime.structures import gradient_like


def zero_tangent(x: Any) -> Any:
    """A zero tangent for `x`, fresh.

    >>> zero_tangent([1.0, (2, "a"), np.ones(2)])
    [0.0, (0.0, None), array([0., 0.])]
    """
    return _mirrored(x, None, {})


def as_tangent(tangent: Any, x: Any) -> Any:
    """A direction as a user states it, for the argument `x`: None is zero; arrays get the memory order of their values.

    >>> as_tangent({"b": None, "a": 1.0}, {"a": 2.0, "b": np.ones(2), "n": 3})
    {'a': 1.0, 'b': array([0., 0.]), 'n': 0.0}
    """
    return _mirrored(x, tangent, {})


def tangent_like(tangent: Any, x: Any) -> Any:
    """The tangent that a user gets for the result `x`: fresh, None for leaves that carry no derivative.

    >>> tangent_like((1.0, 0.0), (2.0, 3))
    (1.0, None)
    """
    return gradient_like(tangent, x)


def _mirrored(x: Any, tangent: Any, memo: dict[int, Any]) -> Any:
    if id(x) in memo:
        return memo[id(x)]
    made = _built(x, tangent, memo)
    if isinstance(x, (np.ndarray, list, dict)) or hasattr(x, "__dict__"):
        memo[id(x)] = made
    return made


def _built(x: Any, tangent: Any, memo: dict[int, Any]) -> Any:
    if isinstance(x, np.ndarray):
        return _array(x, tangent)
    if is_other_array(x):
        return filled_like(x, 0.0 if tangent is None else tangent) if x.dtype.kind in "fc" else np.zeros(x.shape)
    if isinstance(x, (bool, int, np.integer, np.bool_)):
        return 0.0
    if isinstance(x, range):
        return [0.0] * len(x)
    if isinstance(x, (float, complex, np.inexact)):
        zero: Any = type(x)(0)
        return zero if tangent is None else tangent
    if isinstance(x, dict):
        part = tangent.get if isinstance(tangent, Mapping) else lambda key: None
        return _filled(x, {key: _mirrored(value, part(key), memo) for key, value in x.items()})
    if isinstance(x, (list, tuple)) or type(x).__name__ == "deque":
        parts = [None] * len(x) if tangent is None else tangent
        items = [_mirrored(value, part, memo) for value, part in zip(x, parts, strict=True)]
        if hasattr(x, "_fields"):
            return type(x)(*items)
        return _deque(x, items) if type(x).__name__ == "deque" else type(x)(items)
    if hasattr(x, "__dict__") and not isinstance(x, (type, Callable)):  # type: ignore[arg-type]
        fields = getattr(tangent, "__dict__", {})
        made = object.__new__(type(x))
        made.__dict__.update({k: _mirrored(v, fields.get(k), memo) for k, v in vars(x).items()})
        return made
    return None


def _array(x: Any, tangent: Any) -> Any:
    if x.dtype.kind not in "fc":
        return np.zeros(x.shape)
    if tangent is None:
        return np.zeros_like(x)
    same = isinstance(tangent, np.ndarray) and tangent.dtype == x.dtype and tangent.shape == x.shape
    if same and _order(tangent) == _order(x):
        return tangent
    made = np.empty_like(x)
    made[...] = tangent
    return made


def _order(x: np.ndarray[Any, Any]) -> tuple[bool, bool]:
    """The memory order of an array, as far as views depend on it."""
    return x.flags.c_contiguous, x.flags.f_contiguous


def _filled(x: dict[Any, Any], entries: dict[Any, Any]) -> Any:
    if type(x) is dict:
        return entries
    made = copy.copy(x)
    made.update(entries)
    return made


def _deque(x: Any, items: list[Any]) -> Any:
    return type(x)(items, x.maxlen)


def item_tangents(tangent: Any) -> Any:
    """What yields the tangents of the items that an iteration gives: of a dict, zeros for its keys.

    >>> item_tangents([0.1, 0.2]), item_tangents({1: 0.1, "b": 0.2})
    ([0.1, 0.2], [0.0, None])
    """
    return [zero_tangent(key) for key in tangent] if isinstance(tangent, dict) else tangent


def sorted_tangents(
    items: Any, tangents: Any, key: Callable[[Any], Any] | None = None, reverse: bool = False
) -> list[Any]:
    """The tangents of ``sorted(items, key=key, reverse=reverse)``: the permutation that sorting applies (it is stable).

    >>> sorted_tangents([2.0, 1.0], [0.2, 0.1])
    [0.1, 0.2]
    """
    values = list(items)
    keys = values if key is None else [key(value) for value in values]
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=reverse)
    along = list(tangents)
    return [along[k] for k in order]


def sort_tangents(tangents: Any, items: Any, *args: Any, **options: Any) -> None:
    """Bring tangents into the order that ``items.sort(*args, **options)`` will give a list or an array.

    >>> tangents = np.array([[0.1, 0.2], [0.3, 0.4]])
    >>> sort_tangents(tangents, np.array([[2.0, 1.0], [1.0, 2.0]]), axis=0)
    >>> tangents
    array([[0.3, 0.2],
           [0.1, 0.4]])
    """
    if isinstance(items, np.ndarray):
        order = np.argsort(items, *args, **options)
        axis = args[0] if args else options.get("axis", -1)
        tangents[...] = np.take_along_axis(tangents, order, axis)
    else:
        tangents[:] = sorted_tangents(items, tangents, **options)


def remove_tangent(tangents: list[Any], items: list[Any], value: Any) -> None:
    """Remove from the tangents of a list what belongs to the item that ``items.remove(value)`` will remove.

    >>> tangents = [0.1, 0.2]
    >>> remove_tangent(tangents, [1.0, 2.0], 2.0)
    >>> tangents
    [0.1]
    """
    if value in items:
        del tangents[items.index(value)]


def assign_tangent(tangents: Any, index: Any, tangent: Any) -> None:
    """What ``items[index] op= value`` does to the tangents: an array among them changes in place, a number is replaced.

    >>> tangents = [0.1, np.zeros(2)]
    >>> assign_tangent(tangents, 1, 2.0)
    >>> tangents
    [0.1, array([2., 2.])]
    """
    item = None if isinstance(tangents, np.ndarray) else tangents[index]
    if isinstance(item, np.ndarray):
        item[...] = tangent
    else:
        tangents[index] = tangent


def updated_tangent(x_dot: Any, tangent: Any) -> Any:
    """What ``x op= v`` leaves as the tangent of `x`: an array changes in place, a number is replaced.

    >>> x_dot = np.zeros(2)
    >>> updated_tangent(x_dot, 2.0) is x_dot, updated_tangent(1.0, 2.0)
    (True, 2.0)
    """
    if not isinstance(x_dot, np.ndarray):
        return tangent
    x_dot[...] = tangent
    return x_dot


def merged_tangent(x_dot: Any, other_dot: Any) -> Any:
    """What ``x |= other`` leaves as the tangent of `x`: dicts are merged, bits carry no derivative.

    >>> merged_tangent({"a": 0.1}, {"b": 0.2}), merged_tangent(0.0, 0.0)
    ({'a': 0.1, 'b': 0.2}, 0.0)
    """
    if isinstance(x_dot, dict):
        x_dot.update(other_dot)
        return x_dot
    return 0.0


def union_tangent(x_dot: Any, y_dot: Any) -> Any:
    """The tangent of ``x | y``: dicts are merged, bits carry no derivative.

    >>> union_tangent({"a": 0.1}, {"a": 0.2}), union_tangent(0.0, 0.0)
    ({'a': 0.2}, 0.0)
    """
    return {**x_dot, **y_dot} if isinstance(x_dot, dict) else 0.0


def like_view(tangent: Any, x_dot: Any, view: Any, x: Any) -> Any:
    """`tangent`, the same operation on `x_dot` as gave `view` from `x`, sharing memory exactly where `view` does.

    Raises:
        UnsupportedSyntax: `view` shares memory with `x`, but the tangent cannot: its memory is laid out differently.

    >>> x = np.zeros((2, 2))
    >>> like_view(x.ravel(), x, x.T.ravel(), x).base is None
    True
    """
    if isinstance(view, (list, tuple)):
        return type(view)(like_view(t, x_dot, v, x) for t, v in zip(tangent, view, strict=True))
    shared = np.may_share_memory(view, x)
    if shared == np.may_share_memory(tangent, x_dot):
        return tangent
    if not shared:
        return tangent.copy()
    raise UnsupportedSyntax(
        "a view that is changed in place has a tangent with another memory order",
        why="the tangent of what it is a view of is laid out differently, so that there is no such view of it",
        remedy="give the tangent the memory order of its array, or change the array itself",
    )

"""Tangents of containers and of values of unknown kind, in forward mode.

A tangent mirrors its value: the same containers, arrays of the same shape; 0.0 for numbers without derivative, None for anything
else. Where one object is in several places of a value, its tangent is one object, too. `tangent_like` makes of that what a
user gets. None of these functions changes its arguments, except `remove_tangent` and `sort_tangents`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.runtime.structures import gradient_like


def zero_tangent(x: Any) -> Any:
    """A zero tangent for `x`, fresh.

    >>> zero_tangent([1.0, (2, "a"), np.ones(2)])
    [0.0, (0.0, None), array([0., 0.])]
    """
    return _mirrored(x, None, {})


def as_tangent(tangent: Any, x: Any) -> Any:
    """A direction as a user states it, for the argument `x`: None is zero; arrays have the memory order of their values.

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
    if isinstance(x, (bool, int, np.integer, np.bool_)):
        return 0.0
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
    if same and tangent.flags.c_contiguous == x.flags.c_contiguous and tangent.flags.f_contiguous == x.flags.f_contiguous:
        return tangent
    made = np.empty_like(x)
    made[...] = tangent
    return made


def _filled(x: dict[Any, Any], entries: dict[Any, Any]) -> Any:
    if type(x) is dict:
        return entries
    made = copy.copy(x)
    made.update(entries)
    return made


def _deque(x: Any, items: list[Any]) -> Any:
    return type(x)(items, x.maxlen)


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


def sort_tangents(
    items: list[Any], tangents: list[Any], key: Callable[[Any], Any] | None = None, reverse: bool = False
) -> None:
    """Bring the tangents of a list into the order that ``items.sort(key=key, reverse=reverse)`` will give."""
    tangents[:] = sorted_tangents(items, tangents, key, reverse)


def remove_tangent(items: list[Any], tangents: list[Any], value: Any) -> None:
    """Remove from the tangents of a list what belongs to the item that ``items.remove(value)`` will remove.

    >>> tangents = [0.1, 0.2]
    >>> remove_tangent([1.0, 2.0], tangents, 2.0)
    >>> tangents
    [0.1]
    """
    if value in items:
        del tangents[items.index(value)]


def item_tangents(table: Mapping[Any, Any], tangents: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """The tangents of ``table.items()``: those of the keys are zero.

    >>> item_tangents({"a": 1.0}, {"a": 0.5})
    [(None, 0.5)]
    """
    return [(zero_tangent(key), tangents[key]) for key in table]



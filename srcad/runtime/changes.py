"""Undoing what changed a list or a dict, on the container itself and on the container of its cotangents.

A dict of cotangents may lack a key, or have one more than its primal: what is not there is zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from srcad.runtime.arrays import unbroadcast
from srcad.runtime.structures import accumulate, zeros_like


def unsort(bars: list[Any], order: Sequence[int]) -> None:
    """Give each cotangent of a sorted list the place where its item came from; `order` has these places.

    >>> bars = [0.1, 0.2, 0.3]
    >>> unsort(bars, [2, 0, 1])
    >>> bars
    [0.2, 0.3, 0.1]
    """
    for place, bar in zip(order, bars.copy(), strict=True):
        bars[place] = bar


def spread(bars: list[Any], index: slice, zeros: Sequence[Any]) -> None:
    """Put zeros where the items were that ``del xs[index]`` removed.

    >>> bars = [1.0, 2.0]
    >>> spread(bars, slice(None, None, 2), [0.0, 0.0])
    >>> bars
    [0.0, 1.0, 0.0, 2.0]
    """
    places = range(len(bars) + len(zeros))[index]
    for place, zero in sorted(zip(places, zeros, strict=True), key=lambda pair: pair[0]):
        bars.insert(place, zero)


def folded(bars: Sequence[Any], items: Sequence[Any]) -> list[Any]:
    """The cotangents of `items` from those of ``items * n``: the sums over its repetitions.

    >>> folded([1.0, 2.0, 3.0, 4.0], [0.5, 0.7])
    [4.0, 6.0]
    """
    count = len(items)
    found: list[Any] = zeros_like(list(items))
    for k, bar in enumerate(bars):
        found[k % count] = accumulate(found[k % count], bar)
    return found


def parts_of_joined(bars: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """The cotangents of ``first + second``, of which one is a sequence: joined, or added by NumPy to an array.

    >>> parts_of_joined([1.0, 2.0, 3.0], [0.5], [0.6, 0.7])
    ([1.0], [2.0, 3.0])
    """
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        count = len(first)
        return list(bars[:count]), list(bars[count:])
    return _summed(bars, first), _summed(bars, second)


def parts_of_repeated(bars: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """The cotangents of ``first * second``, of which one is a sequence: repeated, or multiplied by NumPy.

    >>> parts_of_repeated([1.0, 2.0], [0.5], 2)
    ([3.0], None)
    """
    if not isinstance(first, (list, tuple)):
        return parts_of_repeated(bars, second, first)[::-1]
    if isinstance(second, (int, np.integer)):
        return folded(bars, first), None
    return _summed(bars * second, first), _summed(bars * np.asarray(first), second)


def _summed(bars: Any, x: Any) -> Any:
    """The cotangent of an operand that NumPy made an array of."""
    found = unbroadcast(bars, np.asarray(x))
    return list(found) if isinstance(x, (list, tuple)) else found


def take_entries(bars: dict[Any, Any], keys: Iterable[Any], old: Mapping[Any, Any]) -> dict[Any, Any]:
    """Take the cotangents of the entries that ``d.update(other)`` stored, by the keys of `other`.

    Args:
        bars: the cotangents of `d`; what they were before the update is zero afterwards.
        keys: the keys of `other`.
        old: `d` as it was before the update.

    >>> bars = {"a": 1.0, "b": 2.0}
    >>> take_entries(bars, ["b"], {"a": 0.5, "b": 0.7}), bars
    ({'b': 2.0}, {'a': 1.0, 'b': 0.0})
    """
    taken = {key: bars.pop(key) for key in keys if key in bars}
    bars.update({key: zeros_like(old[key]) for key in taken if key in old})
    return taken


def put_back(d: dict[Any, Any], old: Mapping[Any, Any]) -> None:
    """Make a dict what it was before a change: the same entries, in the same order.

    >>> d = {"b": 2.0}
    >>> put_back(d, {"a": 1.0, "b": 2.0})
    >>> d
    {'a': 1.0, 'b': 2.0}
    """
    d.clear()
    d.update(old)


def parts_of_merged(bars: Mapping[Any, Any], *dicts: Mapping[Any, Any]) -> tuple[dict[Any, Any], ...]:
    """The cotangents of dicts from those of ``{**a, **b}``: each entry goes to the last dict that has its key.

    >>> parts_of_merged({"x": 1.0, "y": 2.0}, {"x": 0.5, "y": 0.6}, {"y": 0.7})
    ({'x': 1.0}, {'y': 2.0})
    """
    owner = {key: k for k, d in enumerate(dicts) for key in d}
    return tuple({key: bars[key] for key in d if owner[key] == k and key in bars} for k, d in enumerate(dicts))


def entries_at(bars: Mapping[Any, Any], keys: Iterable[Any], values: Iterable[Any]) -> list[Any]:
    """The cotangents of `values` from those of ``dict(zip(keys, values))``, where the last one of equal keys counts.

    >>> entries_at({"a": 1.0, "b": 2.0}, ["a", "b", "a"], [0.5, 0.6, 0.7])
    [0.0, 2.0, 1.0]
    """
    pairs = list(zip(keys, values, strict=False))
    last = {key: k for k, (key, _) in enumerate(pairs)}
    return [bars[key] if last[key] == k else zeros_like(value) for k, (key, value) in enumerate(pairs)]

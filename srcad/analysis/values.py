"""The kinds of run-time values, and the key by which compiled versions are found.

Input: an argument. Output: `srcad.analysis.keys.key_of` describes it by a hashable value; `kind_of` turns that
description into a kind with fresh symbols. The description is the only thing that looks at the value, so equal keys
have equal kinds up to the names of symbols.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from srcad.analysis.calls import map_lengths
from srcad.analysis.keys import LONG, Identity, OtherArray, key_of
from srcad.ir.atoms import atom_kind, const_kind, dtype_name
from srcad.ir.dims import Dim
from srcad.ir.kinds import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    UNDEFINED,
    Array,
    Dict,
    Kind,
    List,
    Object,
    Opaque,
    Scalar,
    Slice,
    Static,
    Tuple,
)
from srcad.ir.kinds import Iterator as IteratorKind
from srcad.ir.lattice import join_all


class Names:
    """Names for lengths: ``n m d k p q r s``, then ``n2 m2`` ..., never the same twice."""

    def __init__(self) -> None:
        self._names = self._make()

    @staticmethod
    def _make() -> Iterator[str]:
        round_ = 1
        while True:
            yield from (c if round_ == 1 else f"{c}{round_}" for c in "nmdkpqrs")
            round_ += 1

    def length(self, least: int = 0) -> Dim:
        """The length of an axis: 1, or a new symbol that is known to be other than 1, and not to be below `least`."""
        return Dim.of(1) if least == 1 else Dim.fresh(next(self._names), not_one=True, least=least)

    def integer(self) -> Dim:
        """The value of an integer of which nothing is known."""
        return Dim.fresh(next(self._names), signed=True)


def kind_of(value: object, names: Names | None = None) -> Kind:
    """The kind of an argument.

    Args:
        value: any value.
        names: where names of lengths come from; give the same one for all arguments of a call.

    >>> print(kind_of((np.zeros((3, 1)), 2.0, "a")))
    (f8[n, 1], float, 'a')
    """
    return kind_from_key(key_of(value), names or Names())


def kinds_of(values: tuple[object, ...] | list[object]) -> tuple[Kind, ...]:
    """The kinds of all arguments of a call."""
    names = Names()
    return tuple(kind_of(v, names) for v in values)


_NUMBERS: dict[Hashable, Kind] = {bool: BOOL, float: FLOAT, complex: COMPLEX}


def kind_from_key(key: Any, names: Names) -> Kind:
    """The kind that a description of `key_of` stands for."""
    if key in _NUMBERS:
        return _NUMBERS[key]
    match key:
        case Kind():
            return key
        case type():
            return IteratorKind(INT, None, "range") if key is range else Scalar("i8", True, names.integer())
        case (np.ndarray, dtype, int() as rank):
            return _array_kind(dtype, (LONG,) * rank, names)
        case (np.ndarray, dtype, classes):
            return _array_kind(dtype, classes, names)
        case (first, _, dtype, classes) if first is OtherArray:
            return _array_kind(dtype, classes, names)
        case (np.generic, dtype):
            return Scalar(dtype_name(dtype), False, names.integer() if dtype.kind in "iu" else None)
        case (builtins_tuple, cls, items) if builtins_tuple is tuple:
            return Tuple(tuple(kind_from_key(k, names) for k in items), cls)
        case (builtins_slice, *parts) if builtins_slice is slice:
            start, stop, step = (kind_from_key(k, names) for k in parts)
            return Slice(start, stop, step)
        case _:
            return _container_kind(key, names)


def _container_kind(key: Any, names: Names) -> Kind:
    first = key[0]
    if first is list:
        items = [kind_from_key(k, names) for k in key[1]]
        item = join_all(items)
        return List(item if key[3] else forget_lengths(item), names.length(int(key[2])))
    if first is dict and key[1] is not None:
        entries = tuple((name, kind_from_key(k, names)) for _, name, k in key[1])
        return Dict(join_all([k for _, k in entries]), entries)
    if first is dict:
        return Dict(forget_lengths(join_all([kind_from_key(k, names) for k in key[2]])))
    if first is Object:
        return Object(key[1], tuple((name, kind_from_key(k, names)) for name, k in key[2]))
    if first is Opaque:
        return Opaque(key[1])
    value = key[1]
    return Static(value.value if isinstance(value, Identity) else value)


def _array_kind(dtype: np.dtype[Any], classes: tuple[int, ...], names: Names) -> Kind:
    name = dtype_name(dtype)
    return Opaque(np.ndarray) if name is None else Array(name, tuple(map(names.length, classes)))


def forget_lengths(kind: Kind) -> Kind:
    """The kind without the lengths and values that belong to one item of many."""
    return map_lengths(kind, lambda dim: dim if dim is not None and dim.known == 1 else None, lambda value: None)


__all__ = [
    "UNDEFINED",
    "Names",
    "atom_kind",
    "const_kind",
    "forget_lengths",
    "key_of",
    "kind_from_key",
    "kind_of",
    "kinds_of",
]

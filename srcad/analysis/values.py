"""The kinds of run-time values, and the key by which compiled versions are found.

Input: an argument. Output: `key_of` describes it by a hashable value, fast, because it is on the path of every
call; `kind_of` turns that description into a kind with fresh symbols. The description is the only thing that looks
at the value, so equal keys have equal kinds up to the names of symbols. Arrays are described by dtype, rank and
which lengths are 1.
"""

from __future__ import annotations

import enum
import functools
import types
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from srcad.analysis.calls import map_lengths
from srcad.ir.atoms import atom_kind, const_kind, dtype_name, plain_tuple
from srcad.ir.dims import Dim
from srcad.ir.kinds import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    UNDEFINED,
    UNKNOWN,
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

#: Containers nested deeper than this are not described, nor are dicts with more entries described one by one.
MAX_DEPTH = 8
MAX_ENTRIES = 256


class Identity:
    """A static object in a key: compared by identity, and kept alive by the key."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.value is other.value


def key_of(value: object) -> Hashable:
    """A description of a value that decides its kind.

    >>> key_of(1.5) == key_of(2.5), key_of(np.zeros(3)) == key_of(np.zeros(4)), key_of(np.zeros(3)) == key_of([1.0])
    (True, True, False)
    """
    describe = _DESCRIBE.get(type(value))
    return describe(value) if describe is not None else _describe(value, (), 0)


def _describe_array(value: np.ndarray[Any, Any]) -> Hashable:
    shape = value.shape
    if 1 in shape:
        return (np.ndarray, value.dtype, tuple([n == 1 for n in shape]))
    return (np.ndarray, value.dtype, len(shape))


def _describe_type(value: object) -> Hashable:
    cls: Any = type(value)
    return cls  # type: ignore[no-any-return]


def _describe_static(value: object) -> Hashable:
    return (Static, value)


_DESCRIBE: dict[type, Callable[[Any], Hashable]] = {
    np.ndarray: _describe_array,
    **dict.fromkeys((bool, int, float, complex), _describe_type),
    **dict.fromkeys((str, bytes, type(None), types.EllipsisType), _describe_static),
}
_OPAQUE = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, np.random.SeedSequence)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, np.ufunc, np.dtype)
_STATIC = (
    type,
    enum.Enum,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    functools.partial,
)


def _describe(value: object, above: tuple[int, ...], depth: int) -> Hashable:
    """The description of any value; `above` are the ids of the containers around it, against cycles."""
    describe = _DESCRIBE.get(type(value))
    if describe is not None:
        return describe(value)
    if isinstance(value, np.generic):
        return (np.generic, value.dtype) if dtype_name(value.dtype) else (Static, Identity(value))
    if isinstance(value, _FUNCTIONS):
        return (Static, value)  # a bound method is made anew at every access: compared by what it is bound to
    if isinstance(value, _STATIC):
        return (Static, Identity(value))
    if id(value) in above or depth > MAX_DEPTH:
        return UNKNOWN
    above, depth = (*above, id(value)), depth + 1
    cls = type(value)
    if isinstance(value, tuple) and plain_tuple(cls):
        return (tuple, cls, tuple(_describe(v, above, depth) for v in value))
    if cls is list:
        return _describe_list(value, above, depth)  # type: ignore[arg-type]
    if cls is dict:
        return _describe_dict(value, above, depth)  # type: ignore[arg-type]
    if cls in (set, frozenset):
        plain = all(isinstance(v, (str, bytes, int, type(None))) for v in value)  # type: ignore[attr-defined]
        return (Opaque, cls) if plain else UNKNOWN
    if isinstance(value, slice):
        return (slice, *(_describe(v, above, depth) for v in (value.start, value.stop, value.step)))
    if cls is range:
        return range
    if isinstance(value, _OPAQUE):
        return (Opaque, cls)
    return _describe_object(value, above, depth)


def _describe_list(value: list[object], above: tuple[int, ...], depth: int) -> Hashable:
    """A list: its items' descriptions without repetition. Arrays count as alike only where their shapes are equal."""
    items = dict.fromkeys(_describe(v, above, depth) for v in value)
    alike = len(value) == 1 or len({v.shape if type(v) is np.ndarray else None for v in value}) == 1
    arrays = len(value) == 1 or (len(items) == 1 and all(type(v) is np.ndarray for v in value))
    return (list, tuple(items), len(value) == 1, alike and arrays)


def _describe_dict(value: dict[object, object], above: tuple[int, ...], depth: int) -> Hashable:
    fixed = len(value) <= MAX_ENTRIES and all(isinstance(k, (str, int)) for k in value)
    if fixed:
        return (dict, tuple((type(k), k, _describe(v, above, depth)) for k, v in value.items()))
    return (dict, None, tuple(dict.fromkeys(_describe(v, above, depth) for v in value.values())))


def _describe_object(value: object, above: tuple[int, ...], depth: int) -> Hashable:
    """An instance of a class written in Python: its attributes, in the order of their assignment, then its slots."""
    cls = type(value)
    if isinstance(value, (np.ndarray, tuple, list, dict, str, bytes, int, float, complex, BaseException)):
        return UNKNOWN
    fields = dict(getattr(value, "__dict__", ()))
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name not in ("__dict__", "__weakref__") and name not in fields and hasattr(value, name):
                fields[name] = getattr(value, name)
    if not fields and not (cls.__flags__ & _HEAP_TYPE):
        return UNKNOWN
    if len(fields) > MAX_ENTRIES:
        return (Object, cls, ())
    return (Object, cls, tuple((name, _describe(v, above, depth)) for name, v in fields.items()))


_HEAP_TYPE = 1 << 9


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

    def length(self, *, one: bool) -> Dim:
        """The length of an axis: 1, or a new symbol that is known to be other than 1."""
        return Dim.of(1) if one else Dim.fresh(next(self._names), not_one=True)

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
            return _array_kind(dtype, (False,) * rank, names)
        case (np.ndarray, dtype, ones):
            return _array_kind(dtype, ones, names)
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
        return List(item if key[3] else forget_lengths(item), names.length(one=key[2]))
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


def _array_kind(dtype: np.dtype[Any], ones: tuple[bool, ...], names: Names) -> Kind:
    name = dtype_name(dtype)
    return Opaque(np.ndarray) if name is None else Array(name, tuple([names.length(one=one) for one in ones]))


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

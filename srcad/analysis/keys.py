"""The key by which compiled versions are found: a hashable description of a value that decides its kind.

On the path of every call, and imported with the package: fast, and without the machinery of kinds. Arrays are described
by dtype, rank and which lengths are 1.
"""

from __future__ import annotations

import enum
import functools
import sys
import types
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from srcad.errors import ArgumentError
from srcad.ir.atoms import dtype_name, plain_tuple
from srcad.ir.kinds import UNKNOWN, Object, Opaque, Static
from srcad.runtime.protocol import is_other_array

#: Containers nested deeper than this are not described, nor are dicts with more entries described one by one.
MAX_DEPTH = 8
MAX_ENTRIES = 256


def is_derivative(value: object) -> bool:
    """Whether a value is a `srcad.derivative.Derivative`, found without running code of its class."""
    return any("source_for" in vars(cls) for cls in type(value).__mro__)


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

    >>> key_of(1.5) == key_of(2.5), key_of(np.zeros(5)) == key_of(np.zeros(4)), key_of(np.zeros(3)) == key_of([1.0])
    (True, True, False)
    """
    describe = _DESCRIBE.get(type(value))
    return describe(value) if describe is not None else _describe(value, (), 0)


#: Axes of at least so many elements are long: of ``x[1:-1]`` and of what is like it more than one element remains.
LONG = 4


def _describe_array(value: np.ndarray[Any, Any]) -> Hashable:
    """With the number of axes where all are long, else with a class for each: 1, 0 for other short ones, `LONG`."""
    shape = value.shape
    for n in shape:
        if n < LONG:
            return (np.ndarray, value.dtype, tuple([LONG if n >= LONG else int(n == 1) for n in shape]))
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
    if isinstance(value, _STATIC) or is_derivative(value):  # a derivative is a function
        return (Static, Identity(value))
    if is_other_array(value):
        return _describe_other_array(value)
    if id(value) in above or depth > MAX_DEPTH:
        return UNKNOWN
    above, depth = (*above, id(value)), depth + 1
    cls = type(value)
    if isinstance(value, np.ndarray):
        return _describe_subclass(value)
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
    if _is_random(value):
        return (Opaque, cls)
    return _describe_object(value, above, depth)


def _describe_subclass(value: np.ndarray[Any, Any]) -> Hashable:
    """A memory map is an array; other classes may give operators another meaning, as `numpy.matrix` does to ``*``."""
    if isinstance(value, np.memmap):
        return _describe_array(value)
    cls = type(value)
    raise ArgumentError(
        f"an array of class {cls.__module__}.{cls.__qualname__} cannot be differentiated",
        why="its class may give operators and functions a meaning of its own, of which the derivative knows nothing",
        remedy="pass a plain array: np.asarray(x)",
    )


class OtherArray:
    """Marks the description of an array of another library: (OtherArray, class, dtype, classes of its lengths)."""


def _describe_other_array(value: Any) -> Hashable:
    lengths = value.shape
    if not all(isinstance(n, (int, np.integer)) for n in lengths):
        raise ArgumentError(
            f"an array of class {type(value).__module__}.{type(value).__qualname__} has the shape {lengths}",
            why="a derivative is compiled for known numbers of axes, and needs their lengths when it runs",
            remedy="pass an array whose lengths are known",
        )
    return (OtherArray, type(value), value.dtype, tuple([LONG if n >= LONG else int(n == 1) for n in lengths]))


def other_array_in(key: object) -> type | None:
    """The class of an array of another library that a description, or one inside of it, is of; None if there is none.

    >>> other_array_in(key_of([np.zeros(2)])) is None
    True
    """
    if not isinstance(key, tuple):
        return None
    if len(key) == 4 and key[0] is OtherArray:
        return key[1]  # type: ignore[no-any-return]
    return next((found for part in key if (found := other_array_in(part)) is not None), None)


def _is_random(value: object) -> bool:
    """Whether a value is a source of random numbers: no import of `numpy.random` is needed where nobody did that."""
    random = sys.modules.get("numpy.random")
    if random is None:
        return False
    return isinstance(value, (random.Generator, random.RandomState, random.BitGenerator, random.SeedSequence))


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

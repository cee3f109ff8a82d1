"""Arguments as trees: finding, copying and replacing the floating-point leaves of nested containers and objects.

A leaf is a float, a complex number, a NumPy scalar or an array of such; a path (``params['W'][0]``) names it.
Containers are tuples, named tuples, lists, dicts, and instances with a ``__dict__`` or ``__slots__``. This module
compares and copies; it knows nothing of derivatives.
"""

from __future__ import annotations

import copy
import functools
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Replace = Callable[[str, Any], Any]

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
_ATOMS = (bool, int, str, bytes, type(None), type, types.ModuleType, *_FUNCTIONS)
CONTAINERS = (tuple, list, dict, deque)
_HEAP_TYPE = 1 << 9  # the flag of classes that were made by a class statement (Py_TPFLAGS_HEAPTYPE)


def is_leaf(value: object) -> bool:
    """Whether a value is a floating-point or complex scalar or array.

    >>> [is_leaf(v) for v in (1.0, 1, True, np.float32(2), np.zeros(2), np.arange(2), "x")]
    [True, False, False, True, True, False, False]
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return np.issubdtype(value.dtype, np.inexact)
    return isinstance(value, (float, complex))


def children(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """The direct parts of a container with their paths; nothing for what is not a container."""
    match value:
        case tuple() if hasattr(value, "_fields"):
            yield from ((f"{path}.{name}", getattr(value, name)) for name in value._fields)
        case tuple() | list() | deque():
            yield from ((f"{path}[{i}]", item) for i, item in enumerate(value))
        case dict():
            yield from ((f"{path}[{key!r}]", item) for key, item in value.items())
        case _ if is_object(value):
            yield from ((f"{path}.{name}", item) for name, item in attributes(value).items())
        case _:
            return


def is_object(value: object) -> bool:
    """Whether a value is an instance of a class written in Python, and no function: such are looked into."""
    if isinstance(value, (*_ATOMS, np.ndarray, np.generic, float, complex)):
        return False
    return bool(type(value).__flags__ & _HEAP_TYPE) and (hasattr(value, "__dict__") or bool(_slots(value)))


def attributes(value: object) -> dict[str, Any]:
    """The instance attributes of an object, in the order in which they were set."""
    found = {name: getattr(value, name) for name in _slots(value) if hasattr(value, name)}
    return found | dict(getattr(value, "__dict__", {}))


def _slots(value: object) -> list[str]:
    names: list[str] = []
    for cls in reversed(type(value).__mro__):
        slots = cls.__dict__.get("__slots__", ())
        names += [s for s in ((slots,) if isinstance(slots, str) else slots) if s not in ("__dict__", "__weakref__")]
    return names


def leaves(value: object, path: str, within: frozenset[int] = frozenset()) -> dict[str, Any]:
    """All floating-point leaves below a value, by path; `within` are the containers around it, which end a cycle.

    >>> leaves({"a": [1.0, 2], "b": (3.0,)}, "x")
    {"x['a'][0]": 1.0, "x['b'][0]": 3.0}
    """
    if is_leaf(value):
        return {path: value}
    if id(value) in within:
        return {}
    around = within | {id(value)}
    return {p: leaf for name, child in children(value, path) for p, leaf in leaves(child, name, around).items()}


def rebuild(
    value: Any, path: str, replace: Replace, memo: dict[object, Any] | None = None, *, other: Any = copy
) -> Any:
    """A copy of a tree in which every leaf is ``replace(path, leaf)``.

    What was one mutable object at several places is one object in the copy, unless `replace` is asked about it under
    different paths and answers differently: then each gets its own answer. Everything that is no leaf and no
    container is deep-copied (``other=copy``, so that a random generator draws the same numbers each time) or becomes
    None (``other=None``).
    """
    memo = {} if memo is None else memo
    if is_leaf(value):
        new = replace(path, value)
        return _shared(value, new, memo) if isinstance(value, np.ndarray) else new
    if id(value) in memo:
        return memo[id(value)]
    parts = list(children(value, path))
    if not parts and not isinstance(value, CONTAINERS):
        if other is None:
            return None
        return value if isinstance(value, _ATOMS) else _deep_copy(value, memo)
    return _container(value, [(p, child, replace) for p, child in parts], memo, other)


def _container(value: Any, parts: list[tuple[str, Any, Replace]], memo: dict[object, Any], other: Any) -> Any:
    def build() -> list[Any]:
        return [rebuild(child, p, replace, memo, other=other) for p, child, replace in parts]

    match value:
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*build())
        case tuple():
            return tuple(build())
        case list() | deque():
            sequence = copy.copy(value)
            memo[id(value)] = sequence
            sequence.clear()
            sequence.extend(build())
            return sequence
        case dict():
            new_dict: dict[Any, Any] = copy.copy(value)
            memo[id(value)] = new_dict
            new_dict.update(zip(value, build(), strict=True))
            return new_dict
        case _:
            new = object.__new__(type(value))
            memo[id(value)] = new
            for name, item in zip(attributes(value), build(), strict=True):
                object.__setattr__(new, name, item)
            return new


def _shared(old: Any, new: Any, memo: dict[object, Any]) -> Any:
    """One object for all places of `old` whose replacements are equal."""
    known = memo.setdefault(id(old), [])
    for candidate in known:
        if candidate is new or (type(candidate) is type(new) and same_bits(candidate, new)):
            return candidate
    known.append(new)
    return new


def _deep_copy(value: Any, memo: dict[object, Any]) -> Any:
    try:
        new = copy.deepcopy(value)
    except Exception:  # locks, files, generators of rows: the function gets the very object, as it always would
        new = value
    memo[id(value)] = new
    return new


def copied(value: Any) -> Any:
    """A deep copy: arrays keep their memory order, and what is shared stays shared."""
    return rebuild(value, "", lambda _, leaf: leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf)


def same_bits(a: object, b: object) -> bool:
    """Whether two numbers or arrays have the same type, shape and bits (so NaN equals NaN, and -0.0 is not 0.0)."""
    if type(a) is not type(b):
        return False
    left, right = np.asarray(a), np.asarray(b)
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def differences(old: Any, new: Any, path: str, within: frozenset[int] = frozenset()) -> list[str]:
    """The paths at which two trees hold numbers, arrays or plain data that are not the same."""
    if isinstance(old, np.ndarray) or is_leaf(old):
        return [] if same_bits(old, new) else [path]
    if type(old) is not type(new):
        return [path]
    if id(old) in within:
        return []
    around = within | {id(old)}
    before, after = list(children(old, path)), list(children(new, path))
    if [p for p, _ in before] != [p for p, _ in after]:
        return [path]
    if not before:
        return [path] if isinstance(old, _ATOMS) and old != new else []
    return [p for (name, a), (_, b) in zip(before, after, strict=True) for p in differences(a, b, name, around)]

"""The kinds of constants and atoms, and the constants that kinds stand for.

Input: `Const` values, atoms, kinds. Output: their kinds, and the other way round the Python value where a kind
fixes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import Any

import numpy as np

from srcad.ir.dims import Dim
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Array, Kind, Scalar, Slice, Static, Tuple
from srcad.ir.memo import kept
from srcad.ir.nodes import Atom, Const, Star, Var, _UndefinedType


class _Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


#: What `constant` returns for a value that is not known while compiling.
MISSING = _Missing()


def is_hashable(value: object) -> bool:
    """Whether a value, such as a callee, can be looked up in a table."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def is_in(value: object, table: Collection[object]) -> bool:
    """Whether `value` is in a set or a dict; what cannot be hashed is in none."""
    return is_hashable(value) and value in table


def dtype_name(dtype: np.dtype[Any]) -> str | None:
    """The short name of a number's dtype (``"f8"``), None for what is not a number."""
    return dtype.str[1:] if dtype.kind in "biufcO" else None


def const_kind(value: object) -> Kind:
    """The kind of a constant: integers carry their value, what is not a number is static.

    >>> print(const_kind(3), const_kind((1.5, None)), const_kind("ij"))
    int(3) (float, None) 'ij'
    """
    match value:
        case bool():
            return Scalar("b1", True, Dim.of(int(value)))
        case np.generic():
            name = dtype_name(value.dtype)
            return Static(value) if name is None else Scalar(name, False, _int_value(value))
        case int():
            return Scalar("i8", True, Dim.of(value)) if type(value) is int else Static(value)
        case float():
            return Scalar("f8") if type(value) is float else Static(value)
        case complex():
            return Scalar("c16") if type(value) is complex else Static(value)
        case tuple():
            return Tuple(tuple(map(const_kind, value)), type(value)) if plain_tuple(type(value)) else UNKNOWN
        case slice():
            return Slice(const_kind(value.start), const_kind(value.stop), const_kind(value.step))
        case np.ndarray():
            name = dtype_name(value.dtype) if type(value) is np.ndarray else None
            return UNKNOWN if name is None else Array(name, tuple(map(Dim.of, value.shape)))
        case list() | dict() | set() | bytearray():
            return UNKNOWN
        case _UndefinedType():
            return UNDEFINED
        case _:
            return Static(value)


def plain_tuple(cls: type) -> bool:
    """Whether the class is tuple or a named tuple."""
    return cls is tuple or (issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple))


def _int_value(value: np.generic) -> Dim | None:
    return Dim.of(int(value)) if isinstance(value, np.integer) else None


def atom_kind(atom: Atom | Star) -> Kind:
    """The kind of an operand. A starred one has the kind of the iterable."""
    match atom:
        case Var(kind=kind):
            return kind
        case Const():
            return _kind_of(atom)
        case Star(value=inner):
            return atom_kind(inner)


@kept
def _kind_of(constant: Const) -> Kind:
    return const_kind(constant.value)


def constant(atom: Atom | Kind) -> Any:
    """The Python value of an operand, where it is known while compiling, else `MISSING`.

    >>> constant(Const(2)), constant(const_kind((1, None))), constant(UNKNOWN)
    (2, (1, None), MISSING)
    """
    match atom:
        case Const(value=value):
            return MISSING if isinstance(value, _UndefinedType) else value
        case Var(kind=kind):
            return constant(kind)
        case Static(value=value):
            return value
        case Scalar(dtype=dtype, value=Dim() as dim) if dtype is not None and dim.known is not None:
            return bool(dim.known) if dtype == "b1" else dim.known
        case Tuple(items=items, cls=cls) if cls is tuple:
            values = tuple(map(constant, items))
            return MISSING if any(v is MISSING for v in values) else values
        case _:
            return MISSING


def is_named_tuple(cls: object) -> bool:
    """Whether `cls` itself was made by `collections.namedtuple` or `typing.NamedTuple`."""
    made = isinstance(cls, type) and issubclass(cls, tuple) and isinstance(vars(cls).get("_fields"), tuple)
    return made and "__init__" not in vars(cls)


def field_number(kind: Kind, name: object) -> int | None:
    """The position of a field of a named tuple, None for any other attribute."""
    if not isinstance(kind, Tuple) or not isinstance(name, str) or name not in getattr(kind.cls, "_fields", ()):
        return None
    own = type(inspect.getattr_static(kind.cls, name)).__name__ == "_tuplegetter"  # and no property of a derived class
    return kind.cls._fields.index(name) if own else None  # type: ignore[attr-defined]

"""The kinds of attributes of values, and of the results of methods of containers and text."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.ir.atoms import MISSING, atom_kind, const_kind, constant, field_number
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    BOOL,
    INT,
    NONE,
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Numeric,
    Object,
    Opaque,
    Scalar,
    Slice,
    Static,
    Tuple,
)
from srcad.ir.lattice import join, join_all, same_static
from srcad.ir.nodes import Atom, Star
from srcad.rules.families.core import Dims, Operand, numeric
from srcad.rules.families.elementwise import real_dtype
from srcad.rules.families.python import key_kind, length_of
from srcad.rules.families.reductions import flat_length
from srcad.rules.families.shapes import reshaped

#: Classes whose methods are described here.
CONTAINER_CLASSES = (list, dict, tuple, str)


def receiver_class(kind: Kind) -> type | None:
    """The class whose methods a value of this kind has (NumPy's scalars have those of arrays)."""
    match kind:
        case Array():
            return np.ndarray
        case Numeric() | Scalar():
            # a method that both have follows one rule; Python numbers have few of them
            return np.ndarray
        case List(cls=cls) | Tuple(cls=cls):
            return tuple if issubclass(cls, tuple) else list
        case Dict():
            return dict
        case Static(value=str()):
            return str
        case Opaque(cls=cls) if cls is str:
            return str
        case _:
            return None


def attribute(kind: Kind, name: str, facts: Facts) -> Kind:
    """The kind of ``x.name``."""
    match kind:
        case Array(dtype=dtype, dims=dims):
            return _array_attribute(dtype, dims, name, array=True)
        case Scalar(dtype=dtype, weak=weak):
            if name in ("real", "imag") and weak is not False:
                return Scalar(real_dtype(dtype) if dtype != "b1" else "i8", weak)
            return _array_attribute(dtype, (), name, array=False) if weak is False else UNKNOWN
        case Numeric(dtype=dtype):
            return _array_attribute(dtype, None, name, array=False)
        case Object(fields=fields):
            return dict(fields).get(name, UNKNOWN)
        case Tuple(items=items) if (number := field_number(kind, name)) is not None:
            return items[number]
        case Slice(start=start, stop=stop, step=step):
            return {"start": start, "stop": stop, "step": step}.get(name, UNKNOWN)
        case Static(value=value):
            return _static_attribute(value, name)
        case _:
            return UNKNOWN


def _static_attribute(value: object, name: str) -> Kind:
    """Functions, classes and modules of a module; what a dtype says of itself."""
    if isinstance(value, types.ModuleType):
        found = getattr(value, name, None)
        fixed = (types.FunctionType, types.BuiltinFunctionType, np.ufunc, type, types.ModuleType)
        return Static(found) if isinstance(found, fixed) else UNKNOWN
    if isinstance(value, np.dtype) and name in ("kind", "char", "itemsize", "name", "str"):
        return const_kind(getattr(value, name))
    return UNKNOWN


def _array_attribute(dtype: str | None, dims: Dims | None, name: str, *, array: bool) -> Kind:
    match name:
        case "shape":
            if dims is None:
                return List(INT, None, tuple)
            return Tuple(tuple(Scalar("i8", True, d) for d in dims))
        case "ndim":
            return INT if dims is None else Scalar("i8", True, Dim.of(len(dims)))
        case "size":
            return Scalar("i8", True, flat_length(dims))
        case "itemsize" | "nbytes":
            return INT
        case "dtype":
            return Opaque(np.dtype) if dtype is None or dtype == "O" else Static(np.dtype(dtype))
        case "T" | "mT":
            flipped = dims if dims is None else dims[::-1] if name == "T" else (*dims[:-2], *dims[:-3:-1])
            return reshaped(Operand(dtype, dims, False, scalar=not array), flipped)
        case "real" | "imag":
            real = real_dtype(dtype)
            return Array(real, dims) if array else numeric(real, dims)
        case "flat":
            return Iterator(numeric(dtype, ()), flat_length(dims), "other")
        case _:
            return UNKNOWN


def container_method(
    receiver: Kind, name: str, args: Sequence[Atom | Star], kwargs: Sequence[tuple[str | None, Atom]], facts: Facts
) -> Kind:
    """The kind of the result of a method of a list, tuple, dict or str."""
    if any(isinstance(a, Star) for a in args):
        return UNKNOWN
    kinds = [atom_kind(a) for a in args]
    match receiver:
        case List(item=item):
            return _sequence_method(item, receiver, name)
        case Tuple(items=items):
            return _sequence_method(join_all(items, facts), receiver, name)
        case Dict():
            return _dict_method(receiver, name, kinds, facts)
        case Static(value=str()) | Opaque():
            return _text_method(name)
        case _:
            return UNKNOWN


_RETURN_NONE = ("append", "extend", "insert", "remove", "reverse", "sort", "clear")


def _sequence_method(item: Kind, receiver: Kind, name: str) -> Kind:
    if name in _RETURN_NONE:
        return NONE
    if name == "pop":
        return item
    if name in ("index", "count"):
        return INT
    if name == "copy" and isinstance(receiver, List):
        return receiver
    return UNKNOWN


def _dict_method(receiver: Dict, name: str, kinds: list[Kind], facts: Facts) -> Kind:
    entries = receiver.items
    count = length_of(receiver)
    keys = UNKNOWN if entries is None else key_kind([k for k, _ in entries])
    match name:
        case "keys":
            return Iterator(keys, count, "keys")
        case "values":
            return Iterator(receiver.item, count, "values")
        case "items":
            return Iterator(Tuple((keys, receiver.item)), count, "items")
        case "get" | "pop" | "setdefault":
            return _looked_up(receiver, name, kinds, facts)
        case "copy":
            return receiver
        case "update" | "clear":
            return NONE
        case "popitem":
            return Tuple((keys, receiver.item))
        case _:
            return UNKNOWN


def _looked_up(receiver: Dict, name: str, kinds: list[Kind], facts: Facts) -> Kind:
    key = constant(kinds[0]) if kinds else MISSING
    if receiver.items is not None and key is not MISSING:
        for entry, kind in receiver.items:
            if same_static(entry, key):
                return kind
    default = kinds[1] if len(kinds) > 1 else receiver.item if name == "pop" else NONE
    return join(receiver.item, default, facts)


_TEXT = (
    "capitalize casefold center expandtabs format format_map join ljust lower lstrip removeprefix removesuffix replace"
)
_TEXT += " rjust rstrip strip swapcase title translate upper zfill"
_ANSWERS = "endswith startswith isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isspace"
_ANSWERS += " istitle isupper"


def _text_method(name: str) -> Kind:
    if name in _TEXT.split():
        return Opaque(str)
    if name in _ANSWERS.split():
        return BOOL
    if name in ("find", "rfind", "index", "rindex", "count"):
        return INT
    return List(Opaque(str)) if name in ("split", "rsplit", "splitlines") else UNKNOWN


__all__: list[Any] = ["CONTAINER_CLASSES", "attribute", "container_method", "receiver_class"]

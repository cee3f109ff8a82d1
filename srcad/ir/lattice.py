"""The lattice of kinds: the join, which says what a value is that may have come from either of two places.

Input: two kinds. Output: the least kind (of those that the compiler distinguishes) that admits every value of both.
Chains of joins are short: an integer value or a length that changes is forgotten at once, dtypes are forgotten at once,
and nesting is cut off at `MAX_DEPTH`, so loops and recursion reach a fixpoint after a few passes. This module derives
nothing from operations.
"""

from __future__ import annotations

import functools
import operator
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    UNDEFINED,
    UNKNOWN,
    Array,
    Dict,
    Functions,
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
    Undefined,
)

_FUNCTIONS: tuple[type, ...] = (FunctionType, BuiltinFunctionType, np.ufunc, functools.partial)
_FUNCTIONS += (operator.itemgetter, operator.attrgetter, operator.methodcaller)

#: Containers nested deeper than this are Unknown, so that ``x = [x]`` in a loop ends.
MAX_DEPTH = 6


def join(a: Kind, b: Kind, facts: Facts | None = None) -> Kind:
    """The least upper bound of two kinds; lengths count as equal where `facts` prove it.

    >>> from srcad.ir.kinds import FLOAT, INT
    >>> print(join(FLOAT, INT), join(FLOAT, Array("f8", (Dim.of(3),))), join(UNDEFINED, FLOAT))
    number f8[any] float
    """
    return _join(a, b, facts or Facts(), 0)


def join_all(kinds: list[Kind] | tuple[Kind, ...], facts: Facts | None = None) -> Kind:
    """The join of any number of kinds; `UNDEFINED` for none."""
    result: Kind = UNDEFINED
    for kind in kinds:
        result = join(result, kind, facts)
    return result


def _join(a: Kind, b: Kind, facts: Facts, depth: int) -> Kind:
    if depth > MAX_DEPTH:
        return UNKNOWN
    match a, b:
        case (Undefined(), _):
            return b
        case (_, Undefined()):
            return a
        case (Scalar() | Array() | Numeric(), Scalar() | Array() | Numeric()):
            return _join_numbers(a, b, facts)
        case (Static() | Functions(), Static() | Functions()) if (one := _one_of(a, b)) is not None:
            return one
        case (Static(), Static() | Opaque()) | (Opaque(), Static() | Opaque()):
            return _join_static(a, b)
        case (Slice(), Slice()):
            parts = zip((a.start, a.stop, a.step), (b.start, b.stop, b.step), strict=True)
            return Slice(*(_join(x, y, facts, depth + 1) for x, y in parts))
        case (Iterator(), Iterator()):
            form = a.form if a.form == b.form else "other"
            return Iterator(_join(a.item, b.item, facts, depth + 1), _join_dim(a.length, b.length, facts), form)
        case (Object(), Object()) if a.cls is b.cls:
            other = dict(b.fields)
            return Object(a.cls, tuple((n, _join(k, other[n], facts, depth + 1)) for n, k in a.fields if n in other))
        case _:
            return _join_containers(a, b, facts, depth)


def _join_numbers(a: Kind, b: Kind, facts: Facts) -> Kind:
    assert isinstance(a, (Scalar, Array, Numeric)) and isinstance(b, (Scalar, Array, Numeric))
    dtype = a.dtype if a.dtype == b.dtype else None
    match a, b:
        case (Scalar(), Scalar()):
            value = _join_dim(a.value, b.value, facts) if dtype is not None else None
            return Scalar(dtype, a.weak if a.weak == b.weak else None, value)
        case (Array(), Array()):
            if a.dims is None or b.dims is None or len(a.dims) != len(b.dims):
                return Array(dtype, None)
            return Array(dtype, tuple(_join_dim(x, y, facts) for x, y in zip(a.dims, b.dims, strict=True)))
        case _:
            return Numeric(dtype)


def _join_dim(a: Dim | None, b: Dim | None, facts: Facts) -> Dim | None:
    # the first one's own expression: it holds also where the facts that equate the two do not
    return a if a == b or facts.equal(a, b) else None


def _join_static(a: Kind, b: Kind) -> Kind:
    if isinstance(a, Static) and isinstance(b, Static) and same_static(a.value, b.value):
        return a
    classes = [k.value.__class__ if isinstance(k, Static) else k.cls for k in (a, b) if isinstance(k, (Static, Opaque))]
    return Opaque(classes[0]) if classes[0] is classes[1] and not callable_class(classes[0]) else UNKNOWN


#: More functions than this are not told apart.
MAX_FUNCTIONS = 8


def _one_of(a: Kind, b: Kind) -> Kind | None:
    """One of the functions of two kinds; None where they are no functions, or too many."""
    found: list[Any] = []
    for kind in (a, b):
        for value in kind.values if isinstance(kind, Functions) else (kind.value,):  # type: ignore[attr-defined]
            if not _is_function(value):
                return None
            if all(value is not other for other in found):
                found.append(value)
    if len(found) > MAX_FUNCTIONS:
        return UNKNOWN
    return Static(found[0]) if len(found) == 1 else Functions(tuple(found))


def _is_function(value: object) -> bool:
    if isinstance(value, type) or not callable(value):
        return False
    return isinstance(value, _FUNCTIONS) or type(value).__name__ in ("_lru_cache_wrapper", "_ArrayFunctionDispatcher")


def same_static(a: object, b: object) -> bool:
    """Whether two static values are the same one: by equality for literals, else by identity."""
    if a is b:
        return True
    literal = (str, bytes, bool, int, float, complex)
    return type(a) is type(b) and isinstance(a, literal) and a == b


def callable_class(cls: type) -> bool:
    """Whether instances of the class can be called: two of them say nothing about what a call gives."""
    return any("__call__" in base.__dict__ for base in cls.__mro__)


def _join_containers(a: Kind, b: Kind, facts: Facts, depth: int) -> Kind:
    match a, b:
        case (Tuple(), Tuple()) if a.cls is b.cls and len(a.items) == len(b.items):
            items = tuple(_join(x, y, facts, depth + 1) for x, y in zip(a.items, b.items, strict=True))
            return Tuple(items, a.cls)
        case (Tuple() | List(), Tuple() | List()):
            left, right = as_list(a, facts), as_list(b, facts)
            if left.cls is not right.cls:
                return UNKNOWN
            length = _join_dim(left.length, right.length, facts)
            return List(_join(left.item, right.item, facts, depth + 1), length, left.cls)
        case (Dict(), Dict()):
            item = _join(a.item, b.item, facts, depth + 1)
            if a.items is None or b.items is None or not _same_keys(a.items, b.items):
                return Dict(item)
            pairs = zip(a.items, b.items, strict=True)
            return Dict(item, tuple((k, _join(x, y, facts, depth + 1)) for (k, x), (_, y) in pairs))
        case _:
            return UNKNOWN


def _same_keys(a: tuple[tuple[object, Kind], ...], b: tuple[tuple[object, Kind], ...]) -> bool:
    return len(a) == len(b) and all(same_static(x, y) for (x, _), (y, _) in zip(a, b, strict=True))


def as_list(kind: Tuple | List, facts: Facts | None = None) -> List:
    """A tuple seen as a sequence of equal items; a named tuple keeps its class."""
    if isinstance(kind, List):
        return kind
    return List(join_all(kind.items, facts), Dim.of(len(kind.items)), kind.cls)


def without_local(kind: Kind) -> Kind:
    """`kind` with every length forgotten that stands for a value of one pass of a loop (`Symbol.local`)."""
    match kind:
        case Array(dtype=dtype, dims=dims) if dims is not None:
            return Array(dtype, tuple(None if d is not None and _is_local(d) else d for d in dims))
        case Scalar(value=value) if value is not None and _is_local(value):
            return Scalar(kind.dtype, kind.weak)
        case Tuple(items=items):
            return Tuple(tuple(map(without_local, items)), kind.cls)
        case List(item=item, length=length):
            return List(without_local(item), None if length is not None and _is_local(length) else length, kind.cls)
        case Dict(item=item, items=entries):
            known = None if entries is None else tuple((k, without_local(v)) for k, v in entries)
            return Dict(without_local(item), known)
        case Iterator(item=item, length=length):
            return Iterator(
                without_local(item), None if length is not None and _is_local(length) else length, kind.form
            )
        case Object(fields=fields):
            return Object(kind.cls, tuple((name, without_local(k)) for name, k in fields))
        case _:
            return kind


def _is_local(dim: Dim) -> bool:
    return any(symbol.local for symbol, _ in dim.terms)

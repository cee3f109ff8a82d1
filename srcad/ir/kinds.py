"""Kinds: what the compiler knows about a value before it runs.

The lattice, from below: `Undefined`; the precise kinds; `Numeric` (a scalar or an array of any rank, above
`Scalar` and `Array`); `Unknown`. `Unknown` is always allowed and always correct.

dtypes are NumPy's short names without byte order: ``"f8"``, ``"f4"``, ``"i8"``, ``"b1"``, ``"c16"``; None is an
unknown dtype. This module defines kinds and asks questions about one kind; deriving the kind of a result is the
job of `srcad.rules.families` and `srcad.analysis.infer`.
"""

from __future__ import annotations

from typing import Any

from srcad.ir.dims import Dim
from srcad.ir.record import record


class Kind:
    """Base class of all kinds. Kinds are immutable values: equal kinds are interchangeable."""

    __slots__ = ()


@record(frozen=True)
class Undefined(Kind):
    """No value yet (a name that is bound only on another branch): the bottom of the lattice."""

    def __str__(self) -> str:
        return "undefined"


@record(frozen=True)
class Unknown(Kind):
    """Anything at all: the top of the lattice."""

    def __str__(self) -> str:
        return "?"


@record(frozen=True)
class Scalar(Kind):
    """One number. `weak`: a Python number (bool, int, float, complex), else a NumPy scalar; None if it may be either.

    An integer scalar may carry its `value` as an affine expression (``n = len(h)``, ``n + 1``), a bool 0 or 1.
    """

    dtype: str | None
    weak: bool | None = True
    value: Dim | None = None

    def __str__(self) -> str:
        names = {"b1": "bool", "i8": "int", "f8": "float", "c16": "complex"}
        plain = self.dtype or "number"
        text = plain if self.weak is None else names.get(plain, plain) if self.weak else f"np.{plain}"
        return text if self.value is None else f"{text}({self.value})"


@record(frozen=True)
class Array(Kind):
    """An ndarray. `dims` is None for unknown rank; a None inside `dims` is an unknown length."""

    dtype: str | None
    dims: tuple[Dim | None, ...] | None

    def __str__(self) -> str:
        dims = "..." if self.dims is None else ", ".join("?" if d is None else str(d) for d in self.dims)
        return f"{self.dtype or '?'}[{dims}]"


@record(frozen=True)
class Numeric(Kind):
    """A scalar or an array of any rank."""

    dtype: str | None

    def __str__(self) -> str:
        return f"{self.dtype or '?'}[any]"


@record(frozen=True)
class Tuple(Kind):
    """A tuple (or named tuple `cls`) of known length."""

    items: tuple[Kind, ...]
    cls: type = tuple

    def __str__(self) -> str:
        name = "" if self.cls is tuple else self.cls.__name__
        return f"{name}({', '.join(map(str, self.items))}{',' if len(self.items) == 1 else ''})"


@record(frozen=True)
class List(Kind):
    """A list (or a tuple of unknown length, `cls` tuple) whose elements all have kind `item`.

    `length` is its length while known: a list that is mutated has length None.
    """

    item: Kind
    length: Dim | None = None
    cls: type = list

    def __str__(self) -> str:
        return f"{self.cls.__name__}[{self.item}]"


@record(frozen=True)
class Dict(Kind):
    """A dict. `items` gives key and kind of each entry where the keys are known and fixed, else None.

    `item` is the join of the kinds of the values.
    """

    item: Kind
    items: tuple[tuple[object, Kind], ...] | None = None

    def __str__(self) -> str:
        if self.items is None:
            return f"dict[{self.item}]"
        return "{" + ", ".join(f"{k!r}: {v}" for k, v in self.items) + "}"


@record(frozen=True)
class Object(Kind):
    """An instance of a class: `fields` are attribute names and kinds."""

    cls: type
    fields: tuple[tuple[str, Kind], ...] = ()

    def __str__(self) -> str:
        return f"{self.cls.__name__}({', '.join(f'{n}: {k}' for n, k in self.fields)})"


@record(frozen=True)
class Functions(Kind):
    """One of several functions: which one is known when the code runs."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(getattr(v, '__name__', None) or type(v).__name__ for v in self.values)}"


@record(frozen=True)
class Slice(Kind):
    """A slice object; each part the kind of that part."""

    start: Kind
    stop: Kind
    step: Kind

    def __str__(self) -> str:
        return f"slice({self.start}, {self.stop}, {self.step})"


@record(frozen=True)
class Iterator(Kind):
    """Something made to be iterated once, or a range: yields `item`, `length` times where that is known.

    `form` is ``range``, ``zip``, ``enumerate``, ``reversed``, ``keys``, ``values``, ``items`` or ``other``.
    """

    item: Kind
    length: Dim | None = None
    form: str = "other"

    def __str__(self) -> str:
        return f"{self.form}[{self.item}]"


@record(frozen=True)
class Static(Kind):
    """A value known while compiling, compared by identity or equality: None, function, class, module, string, dtype."""

    value: object

    def __str__(self) -> str:
        return getattr(self.value, "__name__", None) or repr(self.value)


@record(frozen=True)
class Opaque(Kind):
    """A value that carries no derivative and of which only the class is known: str, set of keys, dtype, shape tuple."""

    cls: type

    def __str__(self) -> str:
        return self.cls.__name__


UNKNOWN = Unknown()
UNDEFINED = Undefined()
NONE = Static(None)
BOOL = Scalar("b1")
INT = Scalar("i8")
FLOAT = Scalar("f8")
COMPLEX = Scalar("c16")


def is_inexact(dtype: str | None) -> bool:
    """Whether values of this dtype can carry a derivative (an unknown dtype can)."""
    return dtype is None or dtype[0] in "fcO"


def may_be_active(kind: Kind) -> bool:
    """Whether a value of this kind can carry a derivative."""
    match kind:
        case Scalar(dtype=dtype) | Array(dtype=dtype) | Numeric(dtype=dtype):
            return is_inexact(dtype)
        case Tuple(items=items):
            return any(map(may_be_active, items))
        case List(item=item) | Iterator(item=item):
            return may_be_active(item)
        case Dict(item=item, items=items):
            return may_be_active(item) if items is None else any(may_be_active(k) for _, k in items)
        case Object(fields=fields):
            return any(may_be_active(k) for _, k in fields)
        case Unknown():
            return True
        case _:
            return False


def is_mutable(kind: Kind) -> bool:
    """Whether a value of this kind can be changed in place."""
    match kind:
        case Scalar() | Static() | Functions() | Slice() | Iterator() | Undefined():
            return False
        case Tuple(items=items):
            return any(map(is_mutable, items))
        case List(cls=cls, item=item):
            return cls is list or is_mutable(item)
        case Opaque(cls=cls):
            return cls not in (str, bytes, range, type)
        case _:
            return True

"""Whether a kind is well-formed: part of the verifier."""

from __future__ import annotations

from srcad.ir.dims import Dim
from srcad.ir.kinds import (
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
    Unknown,
)

_LETTERS = "biufcOSUVmMT"


def malformed(kind: object) -> str | None:
    """What is wrong with `kind`, or None.

    >>> malformed(Array("float64", ()))
    "'float64' is not a short dtype name"
    """
    match kind:
        case Undefined() | Unknown() | Static() | Functions():
            return None
        case Scalar(dtype=dtype, value=value):
            if value is not None and not (isinstance(value, Dim) and dtype is not None and dtype[0] in "iub"):
                return "only an integer scalar has a value"
            return _dtype(dtype)
        case Numeric(dtype=dtype):
            return _dtype(dtype)
        case Array(dtype=dtype, dims=dims):
            if dims is not None and not (isinstance(dims, tuple) and all(_is_dim(d) for d in dims)):
                return "the dims of an array are a tuple of dimensions and None"
            return _dtype(dtype)
        case Tuple(items=items):
            return _each(items) if isinstance(items, tuple) else "the items of a tuple are a tuple of kinds"
        case List(item=item, length=length) | Iterator(item=item, length=length):
            return malformed(item) if _is_dim(length) else "a length is a dimension or None"
        case Dict(item=item, items=pairs):
            return malformed(item) or _each(tuple(k for _, k in pairs or ()))
        case Object(cls=cls, fields=fields):
            return _each(tuple(k for _, k in fields)) if isinstance(cls, type) else "the class of an object is a class"
        case Slice(start=start, stop=stop, step=step):
            return _each((start, stop, step))
        case Opaque(cls=cls):
            return None if isinstance(cls, type) else "the class of an opaque value is a class"
        case Kind():
            return f"the verifier has no case for {type(kind).__name__}"
        case _:
            return f"{kind!r} is not a kind"


def _dtype(dtype: object) -> str | None:
    if dtype is None or isinstance(dtype, str) and len(dtype) >= 2 and dtype[0] in _LETTERS and dtype[1:].isdigit():
        return None
    return None if dtype == "O" else f"{dtype!r} is not a short dtype name"


def _is_dim(value: object) -> bool:
    return value is None or isinstance(value, Dim)


def _each(kinds: tuple[object, ...]) -> str | None:
    return next((problem for problem in map(malformed, kinds) if problem), None)

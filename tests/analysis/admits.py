"""Whether a kind admits a value, and the harness that compares a family with what NumPy really does."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

from srcad.analysis.values import Names, kind_of
from srcad.ir.dims import Dim, Facts, Symbol
from srcad.ir.kinds import (
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
    Unknown,
)
from srcad.ir.nodes import Const, Var
from srcad.rules.families import FAMILIES, BoundCall

Bindings = dict[Symbol, int]
PYTHON = {bool: "b1", int: "i8", float: "f8", complex: "c16"}


def value_of(dim: Dim, bindings: Bindings) -> int | None:
    """The dim under the bindings; None if a symbol is not bound."""
    if any(s not in bindings for s, _ in dim.terms):
        return None
    total = dim.const + sum(c * bindings[s] for s, c in dim.terms)
    return max(0, total) if dim.clamped else total


def admits_length(dim: Dim | None, length: int, bindings: Bindings) -> bool:
    """Whether the dim may be this length; binds a symbol that stands alone."""
    if dim is None:
        return True
    if len(dim.terms) == 1 and dim.terms[0][0] not in bindings and dim.terms[0][1] == 1 and not dim.clamped:
        symbol = dim.terms[0][0]
        bindings[symbol] = length - dim.const
        return not (symbol.not_one and bindings[symbol] == 1) and (symbol.signed or bindings[symbol] >= symbol.least)
    return value_of(dim, bindings) == length


def admits(kind: Kind, value: Any, bindings: Bindings) -> bool:
    """Whether `value` is one of the values of `kind`; symbols are bound at their first sight."""
    match kind:
        case Unknown():
            return True
        case Functions(values=values):
            return any(value is known for known in values)
        case Static(value=static):
            return value is static or (type(value) is type(static) and value == static)
        case Opaque(cls=cls):
            return isinstance(value, cls)
        case Scalar() | Array() | Numeric():
            return _admits_number(kind, value, bindings)
        case _:
            return _admits_container(kind, value, bindings)


def _admits_number(kind: Kind, value: Any, bindings: Bindings) -> bool:
    match kind:
        case Scalar(dtype=dtype, weak=weak, value=known):
            return _admits_scalar(dtype, weak, known, value, bindings)
        case Array(dtype=dtype, dims=dims):
            if type(value) is not np.ndarray or dtype not in (None, value.dtype.str[1:]):
                return False
            if dims is None:
                return True
            return len(dims) == value.ndim and all(
                admits_length(d, n, bindings) for d, n in zip(dims, value.shape, strict=True)
            )
        case Numeric(dtype=dtype):
            return admits(Array(dtype, None), value, bindings) or admits(Scalar(dtype, None), value, bindings)
        case _:
            return False


def _admits_container(kind: Kind, value: Any, bindings: Bindings) -> bool:
    match kind:
        case Tuple(items=items, cls=cls):
            return (
                type(value) is cls
                and len(value) == len(items)
                and all(admits(k, v, bindings) for k, v in zip(items, value, strict=True))
            )
        case List(item=item, length=length, cls=cls):
            return (
                type(value) is cls
                and admits_length(length, len(value), bindings)
                and all(admits(item, v, bindings) for v in value)
            )
        case Dict(item=item, items=items):
            if type(value) is not dict:
                return False
            if items is not None and list(value) != [k for k, _ in items]:
                return False
            entries = True if items is None else all(admits(k, value[n], bindings) for n, k in items)
            return entries and all(admits(item, v, bindings) for v in value.values())
        case Object(cls=cls, fields=fields):
            return type(value) is cls and all(admits(k, getattr(value, n), bindings) for n, k in fields)
        case Slice(start=start, stop=stop, step=step):
            parts = zip((start, stop, step), (value.start, value.stop, value.step), strict=True)
            return type(value) is slice and all(admits(k, v, bindings) for k, v in parts)
        case Iterator(item=item, length=length):
            items_ = list(value)
            return admits_length(length, len(items_), bindings) and all(admits(item, v, bindings) for v in items_)
        case _:
            return False


def _admits_scalar(dtype: str | None, weak: bool | None, known: Dim | None, value: Any, bindings: Bindings) -> bool:
    if isinstance(value, np.generic):
        good = weak is not True and dtype in (None, value.dtype.str[1:])
    else:
        good = weak is not False and type(value) in PYTHON and dtype in (None, PYTHON[type(value)])
    return good and (known is None or admits_length(known, int(value), bindings))


def consistent(facts: Facts, bindings: Bindings) -> bool:
    """Whether everything that the facts say is so."""
    scope: Facts | None = facts
    while scope is not None:
        for symbol, dim in scope._known.items():
            value = value_of(dim, bindings)
            if symbol in bindings and value is not None and bindings[symbol] != value:
                return False
        scope = scope._parent
    return True


def _static(value: Any) -> bool:
    """Whether tests pass the value as a constant: options, axes, shapes, dtypes."""
    if isinstance(value, tuple):
        return all(_static(v) for v in value)
    return isinstance(value, (int, str, type(None), type, np.dtype)) and not isinstance(value, np.generic)


def blurred(kind: Kind, level: int) -> Kind:
    """Kinds above a kind: 1 forgets lengths, 2 ranks, 3 whether it is an array, 4 dtypes, 5 everything."""
    match kind:
        case _ if level >= 5:
            return UNKNOWN
        case Array(dtype=dtype, dims=dims) if level:
            dtype = None if level >= 4 else dtype
            if level >= 3:
                return Numeric(dtype)
            return Array(dtype, None if level == 2 or dims is None else tuple(None for _ in dims))
        case Scalar(dtype=dtype, weak=weak) if level:
            if level == 3:
                return Numeric(dtype)
            return Scalar(None if level >= 4 else dtype, weak if level == 1 else None)
        case Tuple(items=items, cls=cls):
            return Tuple(tuple(blurred(k, level) for k in items), cls)
        case List(item=item, length=length, cls=cls):
            return List(blurred(item, level), None if level else length, cls)
        case _:
            return kind


def _bind(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    try:
        signature = inspect.signature(fn)
        bound = dict(signature.bind(*args, **kwargs).arguments)
    except (ValueError, TypeError):
        return {f"argument {i}": v for i, v in enumerate(args)} | kwargs
    rest = bound.pop("kwargs", {})
    return bound | rest


def variants(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments' kinds, precise and blurred: ``(arguments as atoms, bindings)`` for each."""
    bound = _bind(fn, args, kwargs)
    variadic = {
        n for n, v in bound.items() if isinstance(v, tuple) and not any(v is a for a in (*args, *kwargs.values()))
    }
    for level in range(6):
        for constants in (True, False):
            names = Names()
            bindings: Bindings = {}

            def one(value: Any, level: int = level, constants: bool = constants) -> Any:
                if constants and _static(value):
                    return Const(value)
                kind = kind_of(value, names)
                assert admits(kind, value, bindings), (kind, value)
                return Var("", kind if constants or level == 0 else blurred(kind, level))

            atoms = {n: tuple(map(one, v)) if n in variadic else one(v) for n, v in bound.items()}
            if level and constants:
                atoms = {
                    n: tuple(_blur(x, level) for x in a) if isinstance(a, tuple) else _blur(a, level)
                    for n, a in atoms.items()
                }
            yield atoms, bindings


def _blur(atom: Any, level: int) -> Any:
    return Var("", blurred(atom.kind, level)) if isinstance(atom, Var) else atom


def check(family: str, fn: Any, *args: Any, **kwargs: Any) -> Kind:
    """Run `fn`, and see that the family's kind admits the result, for precise and for blurred arguments.

    Returns the kind for precise arguments.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = fn(*args, **kwargs)
    first: Kind | None = None
    for atoms, bindings in variants(fn, args, kwargs):
        facts = Facts()
        kind = FAMILIES[family](BoundCall(fn, atoms), facts)
        first = first or kind
        shown = {n: str(getattr(a, "kind", a)) for n, a in atoms.items()}
        repeatable = result if not hasattr(result, "__next__") else fn(*args, **kwargs)
        assert admits(kind, repeatable, dict(bindings)), f"{family} {fn}: {shown}: {kind} does not admit {result!r}"
        assert consistent(facts, bindings), f"{family} {fn}: {shown}: wrong facts {facts._known}"
    assert first is not None
    return first

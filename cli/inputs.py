"""Arguments for a check: drawn at random for stated kinds, or made by a function of the user's."""

from __future__ import annotations

import argparse
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from srcad.cli.usage import UsageError
from srcad.ir.dims import Dim, Symbol
from srcad.ir.kinds import (
    Array,
    Dict,
    Kind,
    List,
    Numeric,
    Opaque,
    Scalar,
    Static,
    Tuple,
)

Range = tuple[float, float]

_FLOATS: Range = (-2.0, 2.0)
_INTEGERS: Range = (1.0, 4.0)
_LENGTH, _RANK = 3, 2  # of lists and arrays whose length or rank is not stated


def parse_range(text: str) -> tuple[str, Range]:
    """``NAME=LOW:HIGH``.

    >>> parse_range("x=0.1:2")
    ('x', (0.1, 2.0))
    """
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    try:
        values = float(low), float(high)
    except ValueError:
        values = math.nan, math.nan
    if not (name.isidentifier() and equals and colon) or not -math.inf < values[0] <= values[1] < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=LOW:HIGH, as in x=0.1:2")
    return name, values


def drawn(function: Callable[..., Any], kinds: Mapping[str, Kind], ranges: Mapping[str, Range], seed: int) -> list[Any]:
    """One value for each parameter of a function: of its kind in `kinds`, else of its annotation, else its default.

    Floats are uniform in the argument's range, -2 to 2 unless given; integers in 1 to 4, except where an integer has
    the name of a length. Equal names of lengths get equal lengths, different names different ones, none of them 1.

    Raises:
        UsageError: for a name that is no parameter, or a parameter of which nothing is known.
    """
    parameters = inspect.signature(function).parameters
    for name in [*kinds, *ranges]:
        if name not in parameters:
            raise UsageError(f"{function.__name__} has no parameter {name!r}; it has {', '.join(parameters)}")
    sizes = _sizes(kinds.values())
    random = np.random.default_rng(seed)
    values = []
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
                raise UsageError(f"parameter {name!r} is keyword-only; check a function that gives it a value")
            continue
        kind = kinds.get(name) or _annotated(parameter)
        if kind is not None:
            values.append(_value(kind, name, sizes, ranges.get(name), random))
        elif parameter.default is not parameter.empty:
            values.append(parameter.default)
        else:
            raise UsageError(f"nothing is known of parameter {name!r}; give its kind, as in --types '{name}: f8[n]'")
    return values


def made(function: Callable[..., Any], inputs: Any) -> list[Any]:
    """The arguments that an ``--inputs`` function makes: it returns a tuple or list of them, or a dict by name."""
    result = inputs() if callable(inputs) else inputs
    match result:
        case dict():
            bound = inspect.signature(function).bind(**result)
        case tuple() | list():
            bound = inspect.signature(function).bind(*result)
        case _:
            raise UsageError(f"--inputs gives a {type(result).__name__}; it must give a tuple of arguments or a dict")
    if bound.kwargs:
        raise UsageError(f"--inputs gives keyword-only arguments ({', '.join(bound.kwargs)}), which cannot be checked")
    return list(bound.args)


def _annotated(parameter: inspect.Parameter) -> Kind | None:
    names = {"float": Scalar("f8"), "int": Scalar("i8"), "bool": Scalar("b1"), "complex": Scalar("c16")}
    annotation = parameter.annotation
    return names.get(annotation if isinstance(annotation, str) else getattr(annotation, "__name__", ""))


def _dims(kind: Kind) -> Iterator[Dim]:
    match kind:
        case Array(dims=dims) if dims is not None:
            yield from (d for d in dims if d is not None)
        case Tuple(items=items):
            yield from (d for item in items for d in _dims(item))
        case List(item=item, length=length):
            yield from _dims(item)
            yield from () if length is None else (length,)
        case Dict(items=entries) if entries is not None:
            yield from (d for _, item in entries for d in _dims(item))
        case _:
            return


def _sizes(kinds: Any) -> dict[str, int]:
    """A length for each name: 4, 5, ... in order (``x[1:-1]`` is not trivial), more where n - 9 would be empty."""
    dims = [d for kind in kinds for d in _dims(kind)]
    symbols: dict[str, Symbol] = {s.name: s for d in dims for s, _ in d.terms}
    for start in range(4, 40):
        sizes = {name: start + i for i, name in enumerate(symbols)}
        if all(_length(d, sizes) > 0 for d in dims):
            return sizes
    raise UsageError(f"no lengths make all of {', '.join(str(d) for d in dims)} positive")


def _length(dim: Dim, sizes: Mapping[str, int]) -> int:
    return sum(coef * sizes[symbol.name] for symbol, coef in dim.terms) + dim.const


def _names(dim: Dim) -> set[str]:
    return {symbol.name for symbol, _ in dim.terms}


def _value(kind: Kind, name: str, sizes: Mapping[str, int], bounds: Range | None, random: np.random.Generator) -> Any:
    match kind:
        case Array(dtype=dtype, dims=dims):
            lengths = (None,) * _RANK if dims is None else dims
            shape = tuple(_LENGTH if d is None else _length(d, sizes) for d in lengths)
            return _numbers(dtype or "f8", shape, bounds, random)
        case Numeric(dtype=dtype):
            return _numbers(dtype or "f8", (_LENGTH,), bounds, random)
        case Scalar(value=value) if bounds is None and value is not None and _names(value) <= set(sizes):
            return _length(value, sizes)
        case Scalar(dtype=dtype, weak=weak):
            number = _numbers(dtype or "f8", (), bounds, random)
            return number.item() if weak else number[()]
        case Tuple(items=items, cls=cls):
            parts = [_value(item, name, sizes, bounds, random) for item in items]
            return tuple(parts) if cls is tuple else cls(*parts)
        case List(item=item, length=length, cls=cls):
            count = _LENGTH if length is None else _length(length, sizes)
            return cls([_value(item, name, sizes, bounds, random) for _ in range(count)])
        case Dict(items=entries) if entries is not None:
            return {key: _value(item, name, sizes, bounds, random) for key, item in entries}
        case Static(value=value):
            return value
        case Opaque(cls=cls) if cls is str:
            return "text"
        case _:
            raise UsageError(f"cannot draw a value of kind {kind} for {name!r}; use --inputs")


def _numbers(dtype: str, shape: tuple[int, ...], bounds: Range | None, random: np.random.Generator) -> Any:
    if dtype[0] == "b":
        return np.asarray(random.random(shape) < 0.5)
    if dtype[0] in "iu":
        low, high = bounds or _INTEGERS
        return np.asarray(random.integers(math.ceil(low), math.floor(high) + 1, shape), dtype)
    low, high = bounds or _FLOATS
    values = random.uniform(low, high, shape)
    return np.asarray(values + 1j * random.uniform(low, high, shape) if dtype[0] == "c" else values, dtype)

"""What may be differentiated: plain functions, and callables that bind arguments of one.

A bound method, a partial application or an instance with ``__call__`` is a function with some arguments given: these
join the others at every call, as arguments whose gradients nobody asked for.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.keys import is_derivative
from srcad.errors import ArgumentError, SourceUnavailable
from srcad.ir.kinds import BOOL, COMPLEX, FLOAT, INT, UNKNOWN, Array, Kind, Numeric

if TYPE_CHECKING:
    from typing import Self

_PLAIN = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Primal:
    """A callable taken apart.

    Attributes:
        given: what the user gave.
        function: the function in it (for a derivative of a derivative, the first derivative).
        leading: positional arguments of the function that are given already.
        keywords: keyword arguments that are given already.
        signature: the signature of what the user gave.
        inner: the signature of the function.
        arity: the number of arguments of a call that needs no binding; -1 where every call does.
    """

    given: Any
    function: Any
    leading: tuple[Any, ...]
    keywords: Mapping[str, Any]
    signature: Signature
    inner: Signature
    arity: int

    @classmethod
    def of(cls, given: Any) -> Self:
        """Take a callable apart.

        Raises:
            ArgumentError: it is no function.
            SourceUnavailable: it is not written in Python.
        """
        function = given
        leading: tuple[Any, ...] = ()
        keywords: dict[str, Any] = {}
        while True:
            match function:
                case functools.partial():
                    leading, keywords = (*function.args, *leading), {**function.keywords, **keywords}
                    function = function.func
                case MethodType():
                    leading, function = (function.__self__, *leading), function.__func__
                case _ if type(function).__name__ == "_lru_cache_wrapper":
                    function = function.__wrapped__
                case _ if _call_method(function) is not None:
                    leading, function = (function, *leading), _call_method(function)
                case _:
                    break
        if not (isinstance(function, (FunctionType, type)) or is_derivative(function)):
            raise _not_python(getattr(function, "__name__", None) or type(function).__name__)
        inner = _signature(function)
        if is_derivative(function):
            first = function._primal
            inner, leading, keywords = first.inner, (*first.leading, *leading), {**first.keywords, **keywords}
        signature = _signature(given) if leading or keywords else inner
        plain = _are_same(inner, signature) and all(p.kind in _PLAIN for p in inner.parameters.values())
        return cls(given, function, leading, keywords, signature, inner, len(inner.parameters) if plain else -1)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the function."""
        return tuple(self.inner.parameters.values())

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return str(getattr(self.function, "__name__", None) or type(self.given).__name__)

    @property
    def qualname(self) -> str:
        """Its qualified name."""
        return str(getattr(self.function, "__qualname__", None) or self.name)

    @property
    def stem(self) -> str:
        """What the names of its derivatives begin with."""
        return "f" if self.name == "<lambda>" else self.name

    def bind(self, called: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """A value for each parameter of the function, in order.

        Raises:
            TypeError: the arguments do not fit.
        """
        try:
            bound = self.inner.bind(*self.leading, *args, **{**self.keywords, **kwargs})
        except TypeError as error:
            raise TypeError(f"{called}(): {error}") from None
        bound.apply_defaults()
        return tuple([bound.arguments[name] for name in self.inner.parameters])


def _call_method(function: Any) -> Any:
    """The method that calls an instance of a class written in Python, else None."""
    if isinstance(function, (FunctionType, type)) or is_derivative(function):
        return None
    found = (vars(cls).get("__call__") for cls in type(function).__mro__)
    method = next((value for value in found if value is not None), None)
    return method if isinstance(method, FunctionType) else None


def _are_same(a: Signature, b: Signature) -> bool:
    """Whether two signatures take the same arguments; defaults are compared by identity, as they may be arrays."""
    pairs = zip(a.parameters.values(), b.parameters.values(), strict=False)
    same = all(p.name == q.name and p.kind is q.kind and p.default is q.default for p, q in pairs)
    return same and len(a.parameters) == len(b.parameters)


def _signature(function: Any) -> Signature:
    name = getattr(function, "__name__", None) or type(function).__name__
    if isinstance(function, type):
        raise ArgumentError(
            f"'{name}' is a class, not a function",
            remedy="differentiate a function that makes the object and returns a number",
        )
    try:
        return inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        raise _not_python(name) from None


def _not_python(name: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"'{name}' is not written in Python",
        why="srcad derives a function from its source text, and a built-in has none",
        remedy="wrap it in a Python function, or register a derivative template for it",
    )


_ANNOTATIONS: dict[Any, Kind] = {
    float: FLOAT,
    int: INT,
    bool: BOOL,
    complex: COMPLEX,
    np.ndarray: Array("f8", None),
    "float": FLOAT,
    "int": INT,
    "bool": BOOL,
    "complex": COMPLEX,
    "np.ndarray": Array("f8", None),
}


def annotated_kinds(parameters: Sequence[Parameter]) -> tuple[Kind, ...]:
    """The kinds that annotations or defaults suggest; else a float scalar or array of any rank."""
    return tuple(map(_annotated, parameters))


def _annotated(parameter: Parameter) -> Kind:
    from srcad.analysis.values import kind_of

    try:
        known = _ANNOTATIONS.get(parameter.annotation)
    except TypeError:
        known = None
    if known is not None:
        return known
    if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
        return UNKNOWN
    if isinstance(parameter.default, (bool, int, str, type(None))):
        return kind_of(parameter.default)
    return Numeric("f8")


def positions(
    primal: Primal, argnums: Any, argnames: str | Sequence[str] | None
) -> tuple[tuple[tuple[int, int | None], ...], bool]:
    """What to differentiate with respect to, and whether it is just one argument, given bare.

    Returns:
        For each argument the position of its parameter in the function, and its position in that parameter's tuple
        where the parameter is ``*args``.

    Raises:
        ArgumentError: the options make no sense.
    """
    if argnames is not None:
        return _named(primal, argnums, argnames)
    single = _is_int(argnums)
    wanted = (argnums,) if single else argnums
    if not isinstance(wanted, (tuple, list)) or not all(map(_is_int, wanted)) or not wanted:
        raise ArgumentError(f"argnums is {argnums!r}", remedy="give an integer or a tuple of integers")
    found = tuple(_position(primal, int(n)) for n in wanted)
    if len(set(found)) != len(found):
        raise ArgumentError(f"argnums {argnums!r} names an argument twice", remedy="name each argument once")
    return found, single


def _named(
    primal: Primal, argnums: Any, argnames: str | Sequence[str]
) -> tuple[tuple[tuple[int, int | None], ...], bool]:
    if not (_is_int(argnums) and argnums == 0):
        raise ArgumentError("both argnums and argnames are given", remedy="give one of them")
    single = isinstance(argnames, str)
    wanted = (argnames,) if isinstance(argnames, str) else argnames
    if not isinstance(wanted, (tuple, list)) or not all(isinstance(n, str) for n in wanted) or not wanted:
        raise ArgumentError(f"argnames is {argnames!r}", remedy="give a name or a tuple of names")
    names = list(primal.signature.parameters)
    for name in wanted:
        if name not in names:
            raise ArgumentError(
                f"{primal.name} has no argument {name!r}", remedy=f"its arguments are {', '.join(names) or 'none'}"
            )
    if len(set(wanted)) != len(wanted):
        raise ArgumentError(f"argnames {argnames!r} names an argument twice", remedy="name each argument once")
    inner = list(primal.inner.parameters)
    return tuple((inner.index(name), None) for name in wanted), single


def _position(primal: Primal, number: int) -> tuple[int, int | None]:
    """Where the argument of this number is among the parameters of the function."""
    parameters = list(primal.signature.parameters.values())
    inner = list(primal.inner.parameters)
    count = len(parameters)
    rest = next((k for k, p in enumerate(parameters) if p.kind is Parameter.VAR_POSITIONAL), count)
    if number >= rest < count:
        return inner.index(parameters[rest].name), number - rest + _taken(primal, parameters[rest].name)
    position = number + count if number < 0 else number
    if not 0 <= position < count:
        remedy = f"positions are 0 to {count - 1}" if count else "a function without arguments has no gradient"
        raise ArgumentError(
            f"argnums {number} is out of range: {primal.name} has {count} argument{'s' * (count != 1)}", remedy=remedy
        )
    return inner.index(parameters[position].name), None


def _taken(primal: Primal, rest: str) -> int:
    """How many of the arguments given already are in ``*args``."""
    return len(primal.inner.bind_partial(*primal.leading).arguments.get(rest, ()))


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def require_callable(f: Any, called: str) -> Callable[..., Any]:
    """`f`, which is to be differentiated.

    Raises:
        ArgumentError: it cannot be called.
    """
    if not callable(f):
        raise ArgumentError(
            f"{called} needs a function, not {type(f).__name__}",
            remedy=f"use it as {called}(f), as @{called}, or with options as @{called}(argnums=(0, 1))"
            if "grad" in called
            else f"give {called} a function that is written in Python",
        )
    return f  # type: ignore[no-any-return]

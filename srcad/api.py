"""The public functions: thin, no compiler logic."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

import numpy as np

from srcad.checking import CheckReport, check_derivatives, float_arguments
from srcad.derivative import Derivative, Picks, Pushforward, compile_options
from srcad.directions import sequences, tangent_like, varies
from srcad.errors import ArgumentError
from srcad.inspection import Graph, dump, graph
from srcad.primals import Primal, positions, require_callable
from srcad.runtime import stop_gradient
from srcad.transform.request import Request
from srcad.versions import drop_oldest

__all__ = [
    "Derivative",
    "Graph",
    "check",
    "compile_options",
    "dump",
    "grad",
    "graph",
    "jvp",
    "stop_gradient",
    "value_and_grad",
]


@overload
def grad(
    f: None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def grad(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
) -> Derivative: ...
def grad(
    f: Callable[..., Any] | None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
    **unknown: Any,
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """The gradient of a function that returns a real scalar.

    Args:
        f: the function; without it, a decorator with these options is returned.
        argnums: position of the argument to differentiate with respect to, or a tuple of positions.
        argnames: the same by name, instead of `argnums`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``(gradient, aux)``.
        check_finite: whether every adjoint is checked; the first that is NaN or infinite is an error at your line.
        strict: whether a statement that cuts the path of the derivative, such as ``int(x)``, is an error.
        **unknown: nothing else; a misspelt option is an error.

    Returns:
        A function of the same arguments. It returns the gradient, with the argument's shape and dtype (a tuple of
        gradients for a tuple of `argnums`).

    Raises:
        ArgumentError: options that make no sense; at the call, an integer argument or a result that is no real scalar.
        NonDifferentiable: at the call, with `strict`, a statement cuts the path of the derivative.
        NotFinite: at the call, with `check_finite`, an adjoint is NaN or infinite.

    >>> import srcad
    >>> df = srcad.grad(lambda x: x * x * x)
    >>> df(2.0)
    12.0
    """
    _refuse("grad", unknown)
    asked = Request((), value=False, has_aux=has_aux, check_finite=check_finite, strict=strict)
    return _derivative(f, argnums, argnames, asked)


@overload
def value_and_grad(
    f: None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def value_and_grad(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
) -> Derivative: ...
def value_and_grad(
    f: Callable[..., Any] | None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    check_finite: bool = False,
    strict: bool = False,
    **unknown: Any,
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """Value and gradient of a function that returns a real scalar.

    Args:
        f: as for `grad`.
        argnums: as for `grad`.
        argnames: as for `grad`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``((value, aux), gradient)``.
        check_finite: as for `grad`.
        strict: as for `grad`.
        **unknown: nothing else; a misspelt option is an error.

    Returns:
        A function that returns ``(value, gradient)``; the value is bit for bit what `f` returns.

    Raises:
        ArgumentError: as for `grad`.

    >>> import srcad
    >>> srcad.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    _refuse("value_and_grad", unknown)
    asked = Request((), value=True, has_aux=has_aux, check_finite=check_finite, strict=strict)
    return _derivative(f, argnums, argnames, asked)


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    check_finite: bool = False,
    strict: bool = False,
    **unknown: Any,
) -> tuple[Any, Any]:
    """Value and directional derivative of a function, by forward mode.

    Args:
        f: any function.
        primals: its arguments.
        tangents: the direction: for each argument a value of its shape, or None for an argument that does not vary.
        check_finite: whether every tangent is checked; the first that is NaN or infinite is an error at your line.
        strict: whether a statement that cuts the path of the derivative, such as ``int(x)``, is an error.
        **unknown: nothing else; a misspelt option is an error.

    Returns:
        ``(value, tangent)``; the tangent has the structure of the value.

    Raises:
        ArgumentError: numbers of primals and tangents differ, a tangent for an argument that cannot vary.
        NonDifferentiable: with `strict`, a statement cuts the path of the derivative.
        NotFinite: with `check_finite`, a tangent is NaN or infinite.

    >>> import srcad
    >>> srcad.jvp(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    _refuse("jvp", unknown)
    asked = Request((), check_finite=check_finite, strict=strict)
    _require_flags(asked)
    sequences(primals, tangents)
    primals, tangents = tuple(primals), tuple(tangents)
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"jvp got {len(primals)} primals and {len(tangents)} tangents",
            remedy="give one tangent for each argument, None where the argument does not vary",
        )
    primal = Primal.of(require_callable(f, "jvp"))
    primal.bind("jvp", primals, {})
    wrt = tuple(k for k, t in enumerate(tangents) if varies(t))
    along = tuple(tangent_like(k, tangents[k], primals[k]) for k in wrt)
    return _pushforward(f, replace(asked, wrt=wrt)).at(primals, along)


_MAX_PUSHFORWARDS = 128
_pushforwards: dict[Hashable, Pushforward] = {}


def _pushforward(f: Callable[..., Any], asked: Request) -> Pushforward:
    """The forward derivative of a function with respect to these arguments; the latest ones are kept."""
    try:
        known = _pushforwards.pop((f, asked), None)
    except TypeError:  # it cannot be hashed, as an instance of a class with __eq__
        return _make_pushforward(f, asked)
    drop_oldest(_pushforwards, _MAX_PUSHFORWARDS)
    made = _pushforwards[f, asked] = _make_pushforward(f, asked) if known is None else known
    return made


def _make_pushforward(f: Callable[..., Any], asked: Request) -> Pushforward:
    primal = Primal.of(f)
    found = positions(primal, asked.wrt, None)[0] if asked.wrt else ()
    wrt = tuple(position for position, item in found if item is None)
    if len(wrt) != len(found):
        raise ArgumentError(
            f"jvp of {primal.name} varies an item of its *args", remedy="give the function named arguments instead"
        )
    return Pushforward(f, replace(asked, wrt=wrt, name=f"{primal.stem}_jvp"), mode="forward")


def check(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    argnums: int | tuple[int, ...] | None = None,
    seed: int = 0,
    directions: int = 3,
) -> CheckReport:
    """Compare the derivatives of a function at `args` with finite differences, and forward with reverse mode.

    Args:
        f: a function that returns a real scalar.
        args: its arguments.
        argnums: what to differentiate with respect to; None for every argument that holds floats.
        seed: of the random directions.
        directions: how many random directions.

    Returns:
        A report, true if everything agrees, readable when printed.

    >>> import srcad
    >>> bool(srcad.check(lambda x: x * x * x, [2.0]))
    True
    """
    wrt = float_arguments(args) if argnums is None else argnums
    if wrt == ():
        raise ArgumentError(
            "nothing to check: no argument holds a float",
            why="only floating-point numbers have a derivative",
            remedy="pass floats or float arrays",
        )
    return check_derivatives(
        f,
        args,
        value_and_grad=value_and_grad(f, wrt),
        jvp=lambda primals, tangents: jvp(f, primals, tangents),
        argnums=wrt,
        names=list(inspect.signature(f).parameters)[: len(args)],
        directions=directions,
        seed=seed,
    )


_OPTIONS = dict.fromkeys(("grad", "value_and_grad"), "argnums, argnames, has_aux, check_finite and strict")
_OPTIONS["jvp"] = "check_finite and strict"
_ARGUMENTS = dict.fromkeys(("grad", "value_and_grad"), "to the derivative") | {"jvp": "into primals"}


def _refuse(called: str, unknown: Mapping[str, Any]) -> None:
    """Raise for the first option that there is not."""
    for name in unknown:
        raise ArgumentError(
            f"{called} has no option {name!r}",
            remedy=f"its options are {_OPTIONS[called]}; arguments of the function go {_ARGUMENTS[called]}",
        )


def _derivative(
    f: Callable[..., Any] | None, argnums: Any, argnames: str | tuple[str, ...] | None, asked: Request
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """The derivative, or without a function the decorator with these options."""
    _require_flags(asked)
    if f is None:
        return lambda f: _derivative_of(f, argnums, argnames, asked)
    return _derivative_of(f, argnums, argnames, asked)


def _require_flags(asked: Request) -> None:
    """Options that are true or false are either."""
    for name in ("has_aux", "check_finite", "strict"):
        given = getattr(asked, name)
        if not isinstance(given, (bool, np.bool_)):
            raise ArgumentError(f"{name} is {given!r}", remedy="give True or False")


def _derivative_of(f: Any, argnums: Any, argnames: str | tuple[str, ...] | None, asked: Request) -> Derivative:
    suffix = "value_and_grad" if asked.value else "grad"
    primal = Primal.of(require_callable(f, suffix))
    found, single = positions(primal, argnums, argnames)
    asked = replace(asked, name=f"{primal.stem}_{suffix}", single=single)
    if all(item is None for _, item in found):
        return Derivative(f, replace(asked, wrt=tuple(position for position, _ in found)))
    wrt = tuple(dict.fromkeys(position for position, _ in found))
    picks = Picks(tuple((wrt.index(position), item) for position, item in found), single)
    return Derivative(f, replace(asked, wrt=wrt, single=False), picks=picks)

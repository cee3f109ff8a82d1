"""The public functions: thin, no compiler logic."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from srcad.checking import CheckReport, check_derivatives, float_arguments
from srcad.derivative import Derivative, Mode, Picks, Pushforward, compile_options
from srcad.errors import ArgumentError
from srcad.primals import Primal, annotated_kinds, positions, require_callable
from srcad.runtime import stop_gradient
from srcad.runtime.tangents import as_tangent
from srcad.transform.request import Request
from srcad.versions import drop_oldest

if TYPE_CHECKING:
    from srcad.ir.kinds import Kind

__all__ = ["Derivative", "check", "compile_options", "dump", "grad", "jvp", "stop_gradient", "value_and_grad"]


@overload
def grad(
    f: None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def grad(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
) -> Derivative: ...
def grad(
    f: Callable[..., Any] | None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    **unknown: Any,
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """The gradient of a function that returns a real scalar.

    Args:
        f: the function; without it, a decorator with these options is returned.
        argnums: position of the argument to differentiate with respect to, or a tuple of positions.
        argnames: the same by name, instead of `argnums`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``(gradient, aux)``.
        **unknown: nothing else; a misspelt option is an error.

    Returns:
        A function of the same arguments. It returns the gradient, with the argument's shape and dtype (a tuple of
        gradients for a tuple of `argnums`).

    Raises:
        ArgumentError: options that make no sense; at the call, an integer argument or a result that is no real scalar.

    >>> import srcad
    >>> df = srcad.grad(lambda x: x * x * x)
    >>> df(2.0)
    12.0
    """
    _refuse("grad", unknown)
    return _derivative(f, argnums, argnames, has_aux=has_aux, value=False)


@overload
def value_and_grad(
    f: None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
) -> Callable[[Callable[..., Any]], Derivative]: ...
@overload
def value_and_grad(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
) -> Derivative: ...
def value_and_grad(
    f: Callable[..., Any] | None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
    **unknown: Any,
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """Value and gradient of a function that returns a real scalar.

    Args:
        f: as for `grad`.
        argnums: as for `grad`.
        argnames: as for `grad`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``((value, aux), gradient)``.
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
    return _derivative(f, argnums, argnames, has_aux=has_aux, value=True)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Value and directional derivative of a function, by forward mode.

    Args:
        f: any function.
        primals: its arguments.
        tangents: the direction: for each argument a value of its shape, or None for an argument that does not vary.

    Returns:
        ``(value, tangent)``; the tangent has the structure of the value.

    Raises:
        ArgumentError: numbers of primals and tangents differ, a tangent for an argument that cannot vary.

    >>> import srcad
    >>> srcad.jvp(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    _sequences(primals, tangents)
    primals, tangents = tuple(primals), tuple(tangents)
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"jvp got {len(primals)} primals and {len(tangents)} tangents",
            remedy="give one tangent for each argument, None where the argument does not vary",
        )
    primal = Primal.of(require_callable(f, "jvp"))
    primal.bind("jvp", primals, {})
    wrt = tuple(k for k, t in enumerate(tangents) if _varies(t))
    along = tuple(_tangent_like(k, tangents[k], primals[k]) for k in wrt)
    return _pushforward(f, wrt).at(primals, along)


def _sequences(primals: Any, tangents: Any) -> None:
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise ArgumentError(
                f"the {name} of jvp are of type {type(given).__name__}, not a tuple",
                remedy="give one for each argument, in a tuple: srcad.jvp(f, (x,), (x_dot,))",
            )


def _varies(tangent: Any) -> bool:
    """Whether a tangent states a direction: it is not None, nor a container of nothing else."""
    if isinstance(tangent, Mapping):
        return any(map(_varies, tangent.values()))
    if isinstance(tangent, (list, tuple)):
        return any(map(_varies, tangent))
    return tangent is not None


def _tangent_like(position: int, tangent: Any, primal: Any) -> Any:
    """A tangent with the dtype of its primal; its shape must be the primal's."""
    if not isinstance(primal, (np.ndarray, np.number, float, int, complex)):
        _require_parts(f"tangent {position}", tangent, primal)
        return as_tangent(tangent, primal)
    numbers = isinstance(tangent, (np.ndarray, np.generic, int, float, complex, list))
    if not numbers or np.asarray(tangent).dtype.kind not in "biufcO":
        raise ArgumentError(
            f"tangent {position} is of type {type(tangent).__name__}, its primal of type {type(primal).__name__}",
            remedy="a tangent is a direction in the space of its argument: give it numbers of the same shape",
        )
    if not np.issubdtype(np.asarray(primal).dtype, np.inexact) and np.asarray(primal).dtype != object:
        raise ArgumentError(
            f"argument {position} does not vary: it is of type {type(primal).__name__}, not float",
            why="only floating-point numbers, arrays and containers of them have derivatives",
            remedy="give None as its tangent, or pass floats",
        )
    if np.shape(tangent) != np.shape(primal):
        raise ArgumentError(
            f"tangent {position} has shape {np.shape(tangent)}, its primal {np.shape(primal)}",
            remedy="a tangent is a direction in the space of its argument: give it the same shape",
        )
    if isinstance(primal, np.ndarray):
        return as_tangent(np.asarray(tangent, dtype=primal.dtype if primal.dtype.kind in "fc" else None), primal)
    return tangent


def _require_parts(label: str, tangent: Any, primal: Any) -> None:
    """The tangent of a list, tuple or dict has its parts, None for those that do not vary."""
    if tangent is None or not isinstance(primal, (list, tuple, dict)):
        return
    shaped: Any = Mapping if isinstance(primal, dict) else (list, tuple, np.ndarray)
    if not isinstance(tangent, shaped):
        raise ArgumentError(
            f"{label} is of type {type(tangent).__name__}, its primal of type {type(primal).__name__}",
            remedy="give a tangent for each item, None where the item does not vary",
        )
    if isinstance(primal, dict):
        for key, value in primal.items():
            _require_parts(f"{label}[{key!r}]", tangent.get(key), value)
        return
    if len(tangent) != len(primal):
        raise ArgumentError(
            f"{label} has {len(tangent)} items, its primal {len(primal)}",
            remedy="give a tangent for each item, None where the item does not vary",
        )
    for k, (part, value) in enumerate(zip(tangent, primal, strict=True)):
        _require_parts(f"{label}[{k}]", part, value)


_MAX_PUSHFORWARDS = 128
_pushforwards: dict[Hashable, Pushforward] = {}


def _pushforward(f: Callable[..., Any], given: tuple[int, ...]) -> Pushforward:
    """The forward derivative of a function with respect to these arguments; the latest ones are kept."""
    try:
        known = _pushforwards.pop((f, given), None)
    except TypeError:  # it cannot be hashed, as an instance of a class with __eq__
        return _make_pushforward(f, given)
    drop_oldest(_pushforwards, _MAX_PUSHFORWARDS)
    made = _pushforwards[f, given] = _make_pushforward(f, given) if known is None else known
    return made


def _make_pushforward(f: Callable[..., Any], given: tuple[int, ...]) -> Pushforward:
    primal = Primal.of(f)
    found = positions(primal, given, None)[0] if given else ()
    wrt = tuple(position for position, item in found if item is None)
    if len(wrt) != len(found):
        raise ArgumentError(
            f"jvp of {primal.name} varies an item of its *args", remedy="give the function named arguments instead"
        )
    return Pushforward(f, Request(wrt, name=f"{primal.stem}_jvp"), mode="forward")


def dump(
    f: Callable[..., Any],
    *,
    mode: Mode = "reverse",
    argnums: int | tuple[int, ...] = 0,
    argnames: str | tuple[str, ...] | None = None,
    value: bool = False,
    kinds: Mapping[str, Kind] | None = None,
    stage: str = "source",
    comments: bool = True,
    dialect: str = "numpy",
) -> str:
    """The text of the derivative of a function, or of a stage on the way to it.

    Args:
        f: the function.
        mode: ``"reverse"`` for the gradient, ``"forward"`` for value and tangent.
        argnums: as for `grad`.
        argnames: as for `grad`.
        value: as `value_and_grad` rather than `grad`.
        kinds: kinds of arguments by name; others are as annotated, else float scalars or arrays of any rank.
        stage: ``"gast"``, ``"ssa"``, ``"typed"``, ``"adjoint"``, ``"simplified"`` or ``"source"``.
        comments: whether the text has the user's statements as comments.
        dialect: the language of the text: ``"numpy"``, or ``"numba"`` for the subset that ``numba.njit`` compiles (an
            experiment: it may change).

    Raises:
        ArgumentError: an unknown argument, stage or dialect.
        UnsupportedSyntax: the derivative cannot be said in the dialect.
    """
    from srcad.callees import Callees
    from srcad.codegen.dialects.named import DIALECTS
    from srcad.ir.printer import to_text
    from srcad.pipeline import SHOWN, Job, run

    primal = Primal.of(f.primal if isinstance(f, Derivative) else require_callable(f, "dump"))
    names = list(primal.inner.parameters)
    for name in kinds or ():
        if name not in names:
            raise ArgumentError(
                f"{primal.name} has no argument {name!r}", remedy=f"its arguments are {', '.join(names) or 'none'}"
            )
    if stage == "gast":
        return _tree(primal.function)
    if stage not in SHOWN:
        raise ArgumentError(f"there is no stage {stage!r}", remedy=f"stages are gast, {', '.join(SHOWN)}")
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f"there is no mode {mode!r}", remedy="modes are reverse and forward")
    if dialect not in DIALECTS:
        raise ArgumentError(f"there is no dialect {dialect!r}", remedy=f"dialects are {', '.join(DIALECTS)}")
    found, single = positions(primal, argnums, argnames)
    wrt = tuple(dict.fromkeys(position for position, _ in found))
    suffix = "jvp" if mode == "forward" else "value_and_grad" if value else "grad"
    request = Request(wrt, single, value, name=f"{primal.stem}_{suffix}")
    annotated = annotated_kinds(primal.parameters)
    given = tuple((kinds or {}).get(name) or kind for name, kind in zip(names, annotated, strict=True))
    job = Job(primal.function, given, request, mode, Callees(primal.function))
    job = run(replace(job, comments=comments, dialect=DIALECTS[dialect]), until=SHOWN[stage])
    return job.generated.source if job.generated is not None else to_text(job.body)


def _tree(function: Any) -> str:
    """The syntax tree of a function."""
    import gast

    from srcad.frontend.source import find

    return str(gast.dump(find(function).tree, indent=2))


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


def _refuse(called: str, unknown: Mapping[str, Any]) -> None:
    """Raise for the first option that there is not."""
    for name in unknown:
        raise ArgumentError(
            f"{called} has no option {name!r}",
            remedy="its options are argnums, argnames and has_aux; arguments of the function go to the derivative",
        )


def _derivative(
    f: Callable[..., Any] | None,
    argnums: int | tuple[int, ...],
    argnames: str | tuple[str, ...] | None,
    *,
    has_aux: bool,
    value: bool,
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """The derivative, or without a function the decorator with these options."""
    if not isinstance(has_aux, (bool, np.bool_)):
        raise ArgumentError(f"has_aux is {has_aux!r}", remedy="give True or False")
    if f is None:
        return lambda f: _derivative_of(f, argnums, argnames, has_aux=has_aux, value=value)
    return _derivative_of(f, argnums, argnames, has_aux=has_aux, value=value)


def _derivative_of(
    f: Any, argnums: Any, argnames: str | tuple[str, ...] | None, *, has_aux: bool, value: bool
) -> Derivative:
    suffix = "value_and_grad" if value else "grad"
    primal = Primal.of(require_callable(f, suffix))
    found, single = positions(primal, argnums, argnames)
    name = f"{primal.stem}_{suffix}"
    if all(item is None for _, item in found):
        return Derivative(f, Request(tuple(position for position, _ in found), single, value, has_aux, name))
    wrt = tuple(dict.fromkeys(position for position, _ in found))
    picks = Picks(tuple((wrt.index(position), item) for position, item in found), single)
    return Derivative(f, Request(wrt, False, value, has_aux, name), picks=picks)

"""The public functions: thin, no compiler logic.

A `Derivative` is a callable that compiles itself for the kinds of the arguments it is called with, and keeps what it compiled. The
executed code is the printed code.
"""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, overload

import gast
import numpy as np

from srcad.analysis.values import key_of, kinds_of
from srcad.callees import Callees, look_up
from srcad.codegen.emit import Generated
from srcad.codegen.load import load, unload
from srcad.checking import CheckReport, check_derivatives, float_arguments
from srcad.errors import ArgumentError
from srcad.frontend.source import find
from srcad.ir.kinds import BOOL, COMPLEX, FLOAT, INT, UNKNOWN, Array, Kind, Numeric
from srcad.ir.nodes import Guard
from srcad.ir.printer import to_text
from srcad.pipeline import SHOWN, Job, Mode, run
from srcad.runtime import stop_gradient
from srcad.transform.reverse.gradient import Request

_MAX_VERSIONS = 64

_known_kinds: ContextVar[bool] = ContextVar("known_kinds", default=True)
_compiling = threading.RLock()


@contextmanager
def compile_options(*, kinds: bool = True) -> Iterator[None]:
    """Options for what is compiled inside the ``with``.

    Args:
        kinds: False compiles without knowing the kinds of arguments: everything is then decided at run time. Less pretty, never
            less right.
    """
    token = _known_kinds.set(kinds)
    try:
        yield
    finally:
        _known_kinds.reset(token)


@dataclass
class Version:
    """One compiled derivative: for these kinds of arguments, while these names mean what they meant."""

    run: Callable[..., Any]
    generated: Generated
    guards: tuple[Guard, ...]
    data: Mapping[tuple[Any, str, str], Hashable]

    def is_valid(self) -> bool:
        """Whether every name that was resolved while compiling still means the same."""
        for guard in self.guards:
            if _current(guard) is not guard.value:
                return False
        for (reader, place, name), key in self.data.items():
            try:
                value = look_up(reader, place, name)
            except LookupError:
                return False
            if key_of(value) != key:
                return False
        return True


def _current(guard: Guard) -> Any:
    root = guard.root
    if isinstance(root, dict):
        return root.get(guard.name, guard)
    try:
        return root.cell_contents if hasattr(root, "cell_contents") else getattr(root, guard.name, guard)
    except ValueError:
        return guard


class Derivative:
    """The derivative of a function: what `grad` and `value_and_grad` return.

    Attributes:
        primal: the function that was differentiated (also `__wrapped__`).
        source: the text of the version that ran last; before any call, of the version for the annotated kinds.
    """

    def __init__(self, primal: Callable[..., Any], request: Request, *, mode: Mode = "reverse") -> None:
        functools.update_wrapper(self, primal)
        self.primal = primal
        self.request = request
        self.mode = mode
        self._signature = inspect.signature(primal, follow_wrapped=False)
        self._simple = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in self._signature.parameters.values())
        self._arity = len(self._signature.parameters)
        self._versions: dict[Hashable, Version] = {}
        self._last: Version | None = None
        self.__name__ = request.name
        self.__qualname__ = request.name
        self.__doc__ = _documentation(primal, self._signature, request)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments, which are those of the primal."""
        values = args if not kwargs and self._simple and len(args) == self._arity else self._bind(args, kwargs)
        version = self._version(values)
        self._last = version
        return version.run(*values)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """A derivative in a class body is a method."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<derivative {self.__name__} of {getattr(self.primal, '__qualname__', self.primal)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.primal, self.request, self.mode)

    @property
    def source(self) -> str:
        """The generated text: of the version that ran last, else for the annotated kinds."""
        if self._last is not None:
            return self._last.generated.source
        kinds = tuple(_annotated(p) for p in self._signature.parameters.values())
        return self._compile(kinds).generated.source

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The generated text of the version that these arguments get."""
        return self._version(self._bind(args, kwargs)).generated.source

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.__name__}(): {error}") from None
        bound.apply_defaults()
        return tuple(bound.arguments[name] for name in self._signature.parameters)

    def _version(self, values: tuple[Any, ...]) -> Version:
        known = _known_kinds.get()
        key = (known, *map(key_of, values)) if known else (known, len(values))
        version = self._versions.get(key)
        if version is not None and version.is_valid():
            return version
        with _compiling:
            version = self._versions.get(key)
            if version is not None and version.is_valid():
                return version
            kinds = kinds_of(values) if known else (UNKNOWN,) * len(values)
            new = self._compile(kinds, known=known)
            if version is not None:
                unload(version.run.__code__.co_filename)
            while len(self._versions) >= _MAX_VERSIONS:
                oldest = next(iter(self._versions))
                unload(self._versions.pop(oldest).run.__code__.co_filename)
            self._versions[key] = new
            return new

    def _compile(self, kinds: tuple[Kind, ...], *, known: bool = True) -> Version:
        callees = Callees(self.primal, kinds=known)
        job = run(Job(self.primal, kinds, self.request, self.mode, callees))
        assert job.generated is not None
        loaded = load(job.generated, job.program)
        guards = (*job.body.guards, *callees.guards.values())
        return Version(loaded[self.request.name], job.generated, guards, dict(callees.data))


class Pushforward(Derivative):
    """The forward derivative of a function with respect to some of its arguments."""

    def at(self, primals: tuple[Any, ...], along: tuple[Any, ...]) -> tuple[Any, Any]:
        """Value and tangent at `primals` in the direction `along`."""
        values = self._bind(primals, {})
        version = self._version(values)
        self._last = version
        value, tangent = version.run(*values, *along)
        return value, tangent


def _rebuild(primal: Callable[..., Any], request: Request, mode: Mode) -> Derivative:
    return Derivative(primal, request, mode=mode)


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


def _annotated(param: inspect.Parameter) -> Kind:
    """The kind that a parameter's annotation or default suggests; else a float scalar or array of any rank."""
    try:
        known = _ANNOTATIONS.get(param.annotation)
    except TypeError:
        known = None
    if known is not None:
        return known
    if isinstance(param.default, (bool, int, str, type(None))):
        return kinds_of((param.default,))[0]
    return Numeric("f8")


def _documentation(primal: Any, signature: inspect.Signature, request: Request) -> str:
    names = list(signature.parameters)
    wrt = ", ".join(names[k] for k in request.wrt)
    what = "Value and gradient" if request.value else "Gradient"
    name = getattr(primal, "__name__", "the function")
    text = f"{what} of {name} with respect to {wrt}, generated by srcad."
    original = inspect.getdoc(primal)
    return text if not original else f"{text}\n\nThe primal's documentation:\n\n{original}"


# --- what users call ---------------------------------------------------------------------------------------------------


@overload
def grad(
    f: None = None, argnums: int | tuple[int, ...] = 0, *, argnames: str | tuple[str, ...] | None = None, has_aux: bool = False
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
) -> Derivative | Callable[[Callable[..., Any]], Derivative]:
    """The gradient of a function that returns a real scalar.

    Args:
        f: the function; without it, a decorator with these options is returned.
        argnums: position of the argument to differentiate with respect to, or a tuple of positions.
        argnames: the same by name, instead of `argnums`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``(gradient, aux)``.

    Returns:
        A function of the same arguments. It returns the gradient, with the argument's shape and dtype (a tuple of gradients
        for a tuple of `argnums`).

    Raises:
        ArgumentError: options that make no sense; at the call, an integer argument or a result that is no real scalar.

    >>> import srcad
    >>> df = srcad.grad(lambda x: x * x * x)
    >>> df(2.0)
    12.0
    """
    return _derivative(f, argnums, argnames, has_aux=has_aux, value=False)


def value_and_grad(
    f: Callable[..., Any] | None = None,
    argnums: int | tuple[int, ...] = 0,
    *,
    argnames: str | tuple[str, ...] | None = None,
    has_aux: bool = False,
) -> Any:
    """Value and gradient of a function that returns a real scalar.

    Args:
        f: as for `grad`.
        argnums: as for `grad`.
        argnames: as for `grad`.
        has_aux: whether `f` returns ``(value, aux)``; the derivative then returns ``((value, aux), gradient)``.

    Returns:
        A function that returns ``(value, gradient)``; the value is bit for bit what `f` returns.

    Raises:
        ArgumentError: as for `grad`.

    >>> import srcad
    >>> srcad.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
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
    primals, tangents = tuple(primals), tuple(tangents)
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"jvp got {len(primals)} primals and {len(tangents)} tangents",
            remedy="give one tangent for each argument, None where the argument does not vary",
        )
    wrt = tuple(k for k, t in enumerate(tangents) if _varies(t))
    along = tuple(_tangent_like(k, tangents[k], primals[k]) for k in wrt)
    name = getattr(f, "__name__", "f")
    name = "f" if name == "<lambda>" else name
    return _pushforwards(f, wrt, f"{name}_jvp").at(primals, along)


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
        return tangent
    if np.shape(tangent) != np.shape(primal):
        raise ArgumentError(
            f"tangent {position} has shape {np.shape(tangent)}, its primal {np.shape(primal)}",
            remedy="a tangent is a direction in the space of its argument: give it the same shape",
        )
    if isinstance(primal, np.ndarray):
        return np.asarray(tangent, dtype=primal.dtype if primal.dtype.kind in "fc" else None)
    return tangent


_JVP_CACHE: weakref.WeakKeyDictionary[Any, dict[tuple[int, ...], Pushforward]] = weakref.WeakKeyDictionary()


def _pushforwards(f: Callable[..., Any], wrt: tuple[int, ...], name: str) -> Pushforward:
    """The compiled forward derivatives of a function, kept as long as the function lives."""
    kept = _JVP_CACHE.setdefault(f, {})
    if wrt not in kept:
        kept[wrt] = Pushforward(f, Request(wrt, name=name), mode="forward")
    return kept[wrt]


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

    Raises:
        ArgumentError: an unknown argument or stage.
    """
    f = f.primal if isinstance(f, Derivative) else f
    signature = inspect.signature(f, follow_wrapped=False)
    for name in kinds or ():
        if name not in signature.parameters:
            raise ArgumentError(
                f"{getattr(f, '__name__', 'the function')} has no argument {name!r}",
                remedy=f"its arguments are {', '.join(signature.parameters) or 'none'}",
            )
    if stage == "gast":
        return gast.dump(find(f).tree, indent=2)
    if stage not in SHOWN:
        raise ArgumentError(f"there is no stage {stage!r}", remedy=f"stages are gast, {', '.join(SHOWN)}")
    wrt, single = _positions(f, signature, argnums, argnames)
    called = getattr(f, "__name__", "f")
    suffix = "jvp" if mode == "forward" else "value_and_grad" if value else "grad"
    name = f"{'f' if called == '<lambda>' else called}_{suffix}"
    given = tuple((kinds or {}).get(n) or _annotated(p) for n, p in signature.parameters.items())
    request = Request(wrt, single, value, name=name)
    job = run(Job(f, given, request, mode, Callees(f), comments=comments), until=SHOWN[stage])
    return job.generated.source if job.generated is not None else to_text(job.body)


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


def _derivative(
    f: Callable[..., Any] | None,
    argnums: int | tuple[int, ...],
    argnames: str | tuple[str, ...] | None,
    *,
    has_aux: bool,
    value: bool,
) -> Any:
    if f is None:
        return functools.partial(
            value_and_grad if value else grad, argnums=argnums, argnames=argnames, has_aux=has_aux
        )
    suffix = "value_and_grad" if value else "grad"
    if not callable(f):
        raise ArgumentError(
            f"{suffix} needs a function, not {type(f).__name__}",
            remedy=f"use it as {suffix}(f), as @{suffix}, or with options as @{suffix}(argnums=(0, 1))",
        )
    signature = inspect.signature(f, follow_wrapped=False)
    wrt, single = _positions(f, signature, argnums, argnames)
    name = getattr(f, "__name__", "f")
    name = "f" if name == "<lambda>" else name
    return Derivative(f, Request(wrt, single, value, has_aux, f"{name}_{suffix}"))


def _positions(
    f: Any, signature: inspect.Signature, argnums: Any, argnames: str | tuple[str, ...] | None
) -> tuple[tuple[int, ...], bool]:
    """The positions to differentiate with respect to, and whether there is just one, given bare."""
    names = list(signature.parameters)
    called = getattr(f, "__name__", "the function")
    if argnames is not None:
        if argnums != 0:
            raise ArgumentError("both argnums and argnames are given", remedy="give one of them")
        wanted = (argnames,) if isinstance(argnames, str) else tuple(argnames)
        for name in wanted:
            if name not in names:
                raise ArgumentError(
                    f"{called} has no argument {name!r}", remedy=f"its arguments are {', '.join(names) or 'none'}"
                )
        return tuple(names.index(n) for n in wanted), isinstance(argnames, str)
    single = isinstance(argnums, (int, np.integer)) and not isinstance(argnums, bool)
    wanted_nums = (argnums,) if single else argnums
    if not isinstance(wanted_nums, (tuple, list)) or not all(_is_int(n) for n in wanted_nums) or not wanted_nums:
        raise ArgumentError(f"argnums is {argnums!r}", remedy="give an integer or a tuple of integers")
    positions = tuple(int(n) + len(names) if n < 0 else int(n) for n in wanted_nums)
    for given, position in zip(wanted_nums, positions, strict=True):
        if not 0 <= position < len(names):
            raise ArgumentError(
                f"argnums {given} is out of range: {called} has {len(names)} argument{'s' * (len(names) != 1)}",
                remedy=f"positions are 0 to {len(names) - 1}" if names else "a function without arguments has no gradient",
            )
    if len(set(positions)) != len(positions):
        raise ArgumentError(f"argnums {argnums!r} names an argument twice", remedy="name each argument once")
    return positions, single


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


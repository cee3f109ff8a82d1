"""The derivative of a function as an object: compiled for the kinds of arguments that it meets, and kept.

A call first tries the version that ran last, by a test written for that version. What is executed is exactly the text
that `Derivative.source` shows.
"""

from __future__ import annotations

import functools
import sys
import types
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from srcad.analysis.keys import Identity, key_of, other_array_in
from srcad.analysis.sharing import CannotShare, Sharing, reach, sharing_of
from srcad.checking import float_arguments
from srcad.documentation import Documented, documentation
from srcad.errors import ArgumentError, SrcadError, UnsupportedSyntax
from srcad.ir.kinds import Unknown
from srcad.notes import annotate, forget, in_terms_of_the_user, remember
from srcad.primals import Primal, annotated_kinds
from srcad.transform.request import Request
from srcad.versions import ANY, CompileLock, Datum, Version, drop_oldest, make_version, root_of, without_closure

if TYPE_CHECKING:
    from srcad.ir.kinds import Kind

Mode = Literal["reverse", "forward"]

#: So many versions are kept for one derivative, and in all for functions with the same code (closures of one factory).
_MAX_VERSIONS = 64
_MAX_SHARED = 512

_known_kinds: ContextVar[bool] = ContextVar("known_kinds", default=True)
_options_used = False
"""Whether anybody has set an option so far: where not, calls need not look at them."""
_compiling = CompileLock()
_shared: dict[Hashable, tuple[Any, Version]] = {}


@contextmanager
def compile_options(*, kinds: bool = True) -> Iterator[None]:
    """Options for what is compiled inside the ``with``.

    Args:
        kinds: False compiles without knowing the kinds of arguments: everything is then decided at run time. Less
            pretty, never less right.
    """
    global _options_used
    _options_used = True
    token = _known_kinds.set(kinds)
    try:
        yield
    finally:
        _known_kinds.reset(token)


@dataclass(frozen=True)
class Picks:
    """The arguments asked for where some are items of ``*args``: the whole tuple is differentiated, these are picked.

    Attributes:
        items: for each argument its position in `Request.wrt`, and in the tuple.
        single: whether one gradient is returned bare.
    """

    items: tuple[tuple[int, int | None], ...]
    single: bool

    def check(self, values: Sequence[Any], request: Request, name: str) -> None:
        """Whether the arguments asked for are there and can be differentiated.

        Raises:
            ArgumentError: they are not.
        """
        for slot, item in self.items:
            given = values[request.wrt[slot]]
            if item is None:
                continue
            if item >= len(given):
                raise ArgumentError(
                    f"{name} is given no argument {item} in its *args", remedy="pass it, or leave it out of argnums"
                )
            if not _may_vary(given[item]):
                kind = type(given[item]).__name__
                raise ArgumentError(
                    f"argument {item} in *args of {name} cannot be differentiated: it is of type {kind}",
                    why="only floating-point numbers, arrays and containers of them have derivatives",
                    remedy="pass a float, or leave it out of argnums",
                )

    def of(self, result: Any, request: Request) -> Any:
        """The result of a derivative with these gradients picked."""
        gradients = result[1] if request.value else result[0] if request.has_aux else result
        picked = tuple([gradients[slot] if item is None else gradients[slot][item] for slot, item in self.items])
        made = picked[0] if self.single else picked
        return (result[0], made) if request.value else (made, result[1]) if request.has_aux else made


def _may_vary(value: Any) -> bool:
    """Whether a value may hold floats."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return str(dtype.kind) in "fcO"
    return not isinstance(value, (int, str, bytes, type(None), types.FunctionType, type))


class Derivative:
    """The derivative of a function: what `grad` and `value_and_grad` return.

    Attributes:
        primal: the function that was differentiated (also `__wrapped__`).
        source: the text of the version that ran last; before any call, of the version for the annotated kinds.
        __doc__: what it is a derivative of, and what cuts the paths of the version that ran last.
    """

    __doc__ = Documented(__doc__)

    def __init__(
        self, primal: Callable[..., Any], request: Request, *, mode: Mode = "reverse", picks: Picks | None = None
    ) -> None:
        self.primal = self.__wrapped__ = primal
        self.request = request
        self._picks = picks
        self.mode = mode
        self._primal = Primal.of(primal)
        self.__signature__ = self._primal.signature
        self._arity = self._primal.arity
        self._versions: dict[Hashable, Version] = {}
        self._last: Version | None = None
        self.__module__ = getattr(primal, "__module__", None) or __name__
        self.__name__ = request.name
        self.__qualname__ = ".".join([*self._primal.qualname.split(".")[:-1], request.name])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments, which are those of the primal."""
        version = self._last
        if kwargs or len(args) != self._arity:
            args = self._bind(args, kwargs)
        if version is None or (_options_used and not _known_kinds.get()) or not version.fits(*args):
            version = self._last = self._version(args)
        if version.choosy:
            self._require_floats(version.unsure, args)
            version = self._last = self._sharing(version, args)
        try:
            result = version.run(*args)
        except Exception as error:
            annotate(error, version.run.__code__.co_filename)
            raise
        return result if self._picks is None else self._picks.of(result, self.request)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """A derivative in a class body is a method."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<derivative {self.__name__} of {self._primal.qualname}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        name = self._primal.qualname
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (_rebuild, (type(self), self.primal, self.request, self.mode, self._picks))

    @property
    def source(self) -> str:
        """The generated text: of the version that ran last, else for the annotated kinds."""
        if self._last is not None:
            return self._last.generated.source
        kinds = annotated_kinds(self._primal.parameters)
        with _compiling:
            return self._compile((ANY,) * len(kinds), kinds, known=True).generated.source

    def documentation(self) -> str:
        """What `__doc__` is for an instance."""
        kinds = annotated_kinds(self._primal.parameters) if self._last is None else self._last.kinds
        with _compiling:
            return documentation(self._primal, self.request, kinds)

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The generated text of the version that these arguments get."""
        values = self._bind(args, kwargs)
        return self._sharing(self._version(values), values).generated.source

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        values = self._primal.bind(self.__name__, args, kwargs)
        if self._picks is not None:
            self._picks.check(values, self.request, self._primal.name)
        return values

    def _sharing(self, version: Version, values: tuple[Any, ...]) -> Version:
        """The version for arguments that share memory as these do: itself, unless the primal changes some of them.

        Raises:
            UnsupportedSyntax: what is changed in place shares memory in a way that copies cannot keep.
        """
        if version.outward or version.held:
            self._apart_from_data(version, values)
        try:
            sharing = sharing_of(values, version.changed)
        except CannotShare as error:
            first, second = sorted((error.first, error.second), key=lambda place: place not in version.changed)
            raise self._cannot_share(first, repr(self._primal.parameters[second].name)) from None
        if sharing == version.sharing:
            return version
        try:
            return self._version(values, sharing, version.changed)
        except UnsupportedSyntax as error:
            from srcad.transform.contract import not_followed

            named = [p.name for p, place in zip(self._primal.parameters, sharing, strict=True) if place]
            raise not_followed(self._primal.name, named, error) from None

    def _apart_from_data(self, version: Version, values: Sequence[Any]) -> None:
        """Make sure that no argument shares memory with data, where one of both changes.

        Raises:
            UnsupportedSyntax: one does.
        """
        held = [datum.value for datum in version.held]
        for place in range(len(values)) if version.outward else version.changed:
            if reach(values[place], held):
                raise self._cannot_share(place, "data that it reads or changes")

    def _cannot_share(self, place: int, other: str) -> UnsupportedSyntax:
        from srcad.transform.contract import no_private_copy

        return no_private_copy(self._primal.name, self._primal.parameters[place].name, other)

    def _require_floats(self, places: Sequence[int], values: Sequence[Any]) -> None:
        """Make sure that arguments of unknown kind hold floats.

        Raises:
            ArgumentError: one does not.
        """
        for place in places:
            if isinstance(values[place], (list, dict)) and not values[place]:
                continue  # an empty container has an empty gradient
            if not float_arguments([values[place]]):
                name = self._primal.parameters[place].name
                raise ArgumentError(
                    f"argument {name!r} of {self._primal.name} cannot be differentiated: "
                    f"it is of type {type(values[place]).__name__}",
                    why="only floating-point numbers, arrays and containers of them have derivatives",
                    remedy=f"pass a float, or leave {name!r} out of argnums",
                )

    def _version(
        self, values: tuple[Any, ...], sharing: Sharing = (), changed: tuple[int, ...] | None = None
    ) -> Version:
        """The version for these arguments, which becomes the one used last."""
        known = _known_kinds.get() or other_array_in(tuple(map(key_of, values))) is not None
        key = tuple(map(key_of, values)) if known else (ANY,) * len(values)
        place = (known, key, sharing)
        version = self._versions.get(place)
        if version is not None and version.current():
            self._versions.pop(place, None)
            self._versions[place] = version  # the one used last is dropped last
            return version
        with _compiling:
            version = self._versions.get(place)
            if version is None or not version.current():
                version = self._shared_or_new(key, values, sharing, changed, known=known)
                self._versions.pop(place, None)
                drop_oldest(self._versions, _MAX_VERSIONS)
                self._versions[place] = version
            return version

    def _shared_or_new(
        self,
        key: tuple[Hashable, ...],
        values: tuple[Any, ...],
        sharing: Sharing,
        changed: tuple[int, ...] | None,
        *,
        known: bool,
    ) -> Version:
        """The version of another function with the same code, where that is valid for this one, else a new one."""
        from srcad.analysis.values import kinds_of
        from srcad.ir.kinds import UNKNOWN

        function = self._primal.function
        code, names = getattr(function, "__code__", None), getattr(function, "__globals__", None)
        place = (Identity(code), id(names), self.request, self.mode, known, key, sharing)
        if code is not None and place in _shared:
            old, version = _shared[place]
            version = version if old is function else version.rebound(old, function)  # the same where it has no closure
            if version.current():
                _shared[place] = _shared.pop(place)
                return version
        kinds = kinds_of(values) if known else (UNKNOWN,) * len(values)
        version = self._compile(key, kinds, sharing, known=known)
        version = version if changed is None else replace(version, changed=changed)
        if code is not None:
            _shared.pop(place, None)
            drop_oldest(_shared, _MAX_SHARED)
            hollow = without_closure(function)
            _shared[place] = (hollow, version if hollow is function else version.rebound(function, hollow))
        return version

    def _compile(
        self, key: tuple[Hashable, ...], kinds: tuple[Kind, ...], sharing: Sharing = (), *, known: bool
    ) -> Version:
        from srcad.analysis.outside import attributes_read, changes_data
        from srcad.callees import Callees
        from srcad.codegen.load import load
        from srcad.frontend.resolve import Hook
        from srcad.pipeline import Job, for_arrays, run

        Hook.outside = _compiling.outside

        below = self._below(key, kinds, sharing, known=known)
        primal = self._primal.function if below is None else below.run
        callees = Callees(primal, kinds=known)
        try:
            job = run(Job(primal, kinds, self.request, self.mode, callees, sharing=() if below else sharing))
        except SrcadError as error:
            told = in_terms_of_the_user(error, self._primal.name)
            if told is error:
                raise
            raise told from None
        job = for_arrays(job, (*key, *callees.data.values()))
        assert job.generated is not None
        function = load(job.generated, job.program)[self.request.name]
        filename = function.__code__.co_filename
        remember(filename, {line: loc for made in job.generated.functions for line, loc in made.locs.items()})
        weakref.finalize(function.__code__, _free, filename).atexit = False
        data = [Datum(root_of(reader, place, name), name, k) for (reader, place, name), k in callees.data.items()]
        guards = (*job.body.guards, *callees.guards.values())
        unsure = tuple(k for k in self.request.wrt if isinstance(kinds[k], Unknown))
        assert job.memory is not None
        stored = () if below is None else below.changed
        changed = tuple(sorted({*job.changed, *stored}))
        made = make_version(function, job.generated, key, guards, data, below)
        held = [datum for datum in data if not isinstance(datum.key, type)] + ([] if below is None else [*below.held])
        held += [Datum(owner, name, None) for owner, name in attributes_read(job.program)]
        outward = changes_data(job.memory) or (below is not None and below.outward)
        return replace(
            made, kinds=kinds, unsure=unsure, changed=changed, sharing=sharing, held=tuple(held), outward=outward
        )

    def _below(
        self, key: tuple[Hashable, ...], kinds: tuple[Kind, ...], sharing: Sharing, *, known: bool
    ) -> Version | None:
        """Where the primal is a derivative itself, its version for these kinds: what is to be differentiated."""
        inner = self._primal.function
        if not isinstance(inner, Derivative):
            return None
        if inner._picks is not None:
            raise UnsupportedSyntax(
                f"the derivative of {inner.__name__} is not supported yet",
                why="it picks gradients of items of *args",
                remedy="differentiate a function with named arguments",
            )
        return inner._compile(key, kinds, sharing, known=known)


class Pushforward(Derivative):
    """The forward derivative of a function with respect to some of its arguments."""

    def at(self, primals: tuple[Any, ...], along: tuple[Any, ...]) -> tuple[Any, Any]:
        """Value and tangent at `primals` in the direction `along`."""
        values = self._primal.bind(self.__name__, primals, {})
        version = self._last = self._version(values)
        if version.choosy:
            self._require_floats(version.unsure, values)
            version = self._last = self._sharing(version, values)
        try:
            value, tangent = version.run(*values, *along)
        except Exception as error:
            annotate(error, version.run.__code__.co_filename)
            raise
        return value, tangent


def _rebuild(
    cls: type[Derivative], primal: Callable[..., Any], request: Request, mode: Mode, picks: Picks | None
) -> Derivative:
    return cls(primal, request, mode=mode, picks=picks)


def _free(filename: str) -> None:
    """Free the text of a generated file whose code is gone."""
    from srcad.codegen.load import unload

    unload(filename)
    forget(filename)

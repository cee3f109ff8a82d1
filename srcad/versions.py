"""Compiled versions of a derivative, and the choice among them.

A version is valid for the kinds of arguments it was compiled for, while every name that was resolved means what it
meant, and the data it reads has the kinds it had. Both are tested by a function of one expression that is written for
the version, because it is on the path of every call:

    type(x) is float and type(y) is ndarray and y.dtype is d1 and y.ndim == 1 and len(y) >= 4
    and globals2.get("helper") is value3
"""

from __future__ import annotations

import builtins
import gc
import threading
import types
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.keys import LONG, key_of
from srcad.analysis.sharing import Sharing
from srcad.ir.kinds import Static
from srcad.ir.nodes import Guard

if TYPE_CHECKING:
    from srcad.codegen.emit import Generated
    from srcad.ir.kinds import Kind


@dataclass(frozen=True)
class Datum:
    """Data that was read while compiling: where it is (the globals or a cell), its name, and the key of its kind."""

    root: Any
    name: str
    key: Hashable

    @property
    def value(self) -> Any:
        """What it is now; None where there is nothing of that name."""
        try:
            if isinstance(self.root, types.CellType):
                return self.root.cell_contents
            return self.root[self.name] if isinstance(self.root, dict) else getattr(self.root, self.name)
        except (LookupError, AttributeError, ValueError):
            return None


def root_of(function: Any, place: str, name: str) -> Any:
    """The dict or cell that holds data."""
    if place == "attribute":
        return function.value  # a module, or a cell
    if place == "global":
        return function.__globals__
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))[name]


@dataclass(frozen=True, eq=False)
class Version:
    """One compiled derivative.

    Attributes:
        run: the compiled function.
        generated: its text.
        key: what the arguments must be.
        guards: the names that were resolved while compiling.
        data: the data that was read while compiling.
        fits: whether arguments (given separately) have the right kinds, and everything else is as it was.
        current: whether everything else is as it was.
        kinds: of the arguments that it was compiled for.
        unsure: positions of arguments to differentiate whose kind is unknown.
        changed: positions of arguments that the primal changes in place; the derivative works on copies of them.
        sharing: which of them share memory, with each other or with other arguments.
        held: the data that it reads, also as attributes of modules and classes, where that may be more than a number.
        outward: whether it changes data.
        choosy: whether it asks more of its arguments than their kinds: every call looks at it.
        below: of a derivative of a derivative the version it was made from: errors are told through its text.
    """

    run: Callable[..., Any]
    generated: Generated
    key: tuple[Hashable, ...]
    guards: tuple[Guard, ...]
    data: tuple[Datum, ...]
    fits: Callable[..., bool]
    current: Callable[[], bool]
    below: Version | None = None
    kinds: tuple[Kind, ...] = ()
    unsure: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    sharing: Sharing = ()
    held: tuple[Datum, ...] = ()
    outward: bool = False
    choosy: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "choosy", bool(self.unsure or self.changed or self.outward))

    def rebound(self, old: types.FunctionType, new: types.FunctionType) -> Version:
        """This version for a function with the same code and globals, bound to the variables of its closure."""
        cells = dict(zip(map(id, old.__closure__ or ()), new.__closure__ or (), strict=True))

        def moved(root: Any) -> Any:
            return cells.get(id(root), root)

        run = self.run
        closure = tuple(moved(cell) for cell in run.__closure__ or ())
        function = types.FunctionType(run.__code__, run.__globals__, run.__name__, None, closure)
        guards = tuple(replace(guard, root=moved(guard.root)) for guard in self.guards)
        data = tuple(replace(datum, root=moved(datum.root)) for datum in self.data)
        made = make_version(function, self.generated, self.key, guards, data, self.below)
        held = tuple(replace(datum, root=moved(datum.root)) for datum in self.held)
        fields = {name: getattr(self, name) for name in ("kinds", "unsure", "changed", "sharing", "outward")}
        return replace(made, held=held, **fields)


def make_version(
    run: Callable[..., Any],
    generated: Generated,
    key: tuple[Hashable, ...],
    guards: Sequence[Guard],
    data: Sequence[Datum],
    below: Version | None = None,
) -> Version:
    """A version with its tests; nothing is asked of its arguments but their kinds."""
    if below is not None:
        guards, data = (*guards, *below.guards), (*data, *below.data)
    distinct = tuple({(id(guard.root), guard.name): guard for guard in guards}.values())
    writer = _Writer()
    around = [writer.guard(guard) for guard in distinct]
    around += [writer.matches(writer.place(datum.root, datum.name), datum.key) for datum in data]
    names = [f"x{position}" for position in range(len(key))]
    values = [part for name, expected in zip(names, key, strict=True) for part in writer.argument(name, expected)]
    return Version(
        run,
        generated,
        key,
        distinct,
        tuple(data),
        writer.test(names, [*values, *around]),
        writer.test([], around),
        below,
    )


def without_closure(function: Any) -> Any:
    """The function with an empty closure: kept in place of it, so that what it closes over is not kept alive."""
    if not function.__closure__:
        return function
    cells = tuple(types.CellType() for _ in function.__closure__)
    return types.FunctionType(function.__code__, function.__globals__, function.__name__, None, cells)


class CompileLock:
    """A re-entrant lock that its holder can let go of, however often it has taken it.

    While it is held, Python's collector of cycles pauses. Compiling makes many small objects without cycles that are
    gone soon, and the collector would look at them again and again, for a fifth of the time. Afterwards it goes on; one
    that was switched off stays off.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner, self._depth = 0, 0
        self._paused = False

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take the lock once more; False where it is somebody else's, and it does not block."""
        taken = self._lock.acquire(blocking=blocking)
        if taken:
            self._owner, self._depth = threading.get_ident(), self._depth + 1
            if self._depth == 1 and gc.isenabled():
                self._paused = True
                gc.disable()
        return taken

    def release(self) -> None:
        """Give it back once."""
        self._depth -= 1
        if not self._depth:
            self._owner = 0
            if self._paused:
                self._paused = False
                gc.enable()
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def outside(self, work: Callable[[], Any]) -> Any:
        """Do some work without the lock."""
        depth = self._depth if self._owner == threading.get_ident() else 0
        for _ in range(depth):
            self.release()
        try:
            return work()
        finally:
            for _ in range(depth):
                self.acquire()


def drop_oldest(kept: dict[Any, Any], limit: int) -> None:
    """Leave fewer than `limit` entries, the latest ones; other threads may change the dict at the same time."""
    while len(kept) >= limit:
        try:
            kept.pop(next(iter(kept)), None)
        except (RuntimeError, StopIteration):  # it has changed since `iter`
            continue


#: The key of an argument whose kind is not looked at: such a version is never tried before looking it up.
ANY = object()


#: What holds of the length of an axis, by its class (see `srcad.analysis.keys`).
_LENGTHS = {0: f"in {(0, *range(2, LONG))}", 1: "== 1", LONG: f">= {LONG}"}


def _of_shape(value: str, classes: tuple[int, ...]) -> str:
    """Whether an array has so many axes with lengths of these classes, in the form that takes the least time."""
    rank = len(classes)
    if rank < 2:
        return " and ".join([f"{value}.ndim == {rank}", *(f"len({value}) {_LENGTHS[one]}" for one in classes)])
    lengths = [f"s[{axis}] {_LENGTHS[one]}" for axis, one in enumerate(classes)]
    return " and ".join([f"len(s := {value}.shape) == {rank}", *lengths])


class _Writer:
    """Writes conditions; the objects that they name are variables around them."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {"ndarray": np.ndarray, "key_of": key_of}

    def name(self, kind: str, value: Any) -> str:
        """A name for an object."""
        for known, other in self.objects.items():
            if other is value:
                return known
        name = f"{kind}{len(self.objects)}"
        self.objects[name] = value
        return name

    def guard(self, guard: Guard) -> str:
        """Whether a name still means what it meant."""
        value = self.name("value", guard.value)
        if isinstance(guard.root, dict) and guard.name not in guard.root:
            found = guard.root.get("__builtins__", builtins)
            scope = self.name("builtins", found if isinstance(found, dict) else vars(found))
            unshadowed = f"{guard.name!r} not in {self.name('globals', guard.root)}"
            return f"{unshadowed} and {scope}.get({guard.name!r}) is {value}"
        return f"{self.place(guard.root, guard.name)} is {value}"

    def place(self, root: Any, name: str) -> str:
        """The expression that looks a name up."""
        if isinstance(root, types.CellType):
            return f"{self.name('cell', root)}.cell_contents"
        if isinstance(root, dict):
            return f"{self.name('globals', root)}[{name!r}]"
        if isinstance(root, types.ModuleType) and name in vars(root):
            return f"{self.name('module', vars(root))}[{name!r}]"
        return f"{self.name('owner', root)}.{name}"

    def argument(self, name: str, key: Hashable) -> list[str]:
        """Whether an argument has the kind of a key."""
        return ["False"] if key is ANY else [self.matches(name, key)]

    def matches(self, value: str, key: Any) -> str:
        """Whether an expression's value has the kind of a key."""
        match key:
            case type():
                return f"type({value}) is {self.name('type', key)}"
            case (np.ndarray, np.dtype() as dtype, int(rank)):
                return f"{self._array(value, dtype)} and {_of_shape(value, (LONG,) * rank)}"
            case (np.ndarray, np.dtype() as dtype, tuple(classes)):
                return f"{self._array(value, dtype)} and {_of_shape(value, classes)}"
            case (first, bool() | None) if first is Static:
                return f"{value} is {key[1]}"
            case _:
                return f"key_of({value}) == {self.name('key', key)}"

    def _array(self, value: str, dtype: np.dtype[Any]) -> str:
        return f"type({value}) is ndarray and {value}.dtype is {self.name('dtype', dtype)}"

    def test(self, params: list[str], conditions: Iterable[str]) -> Callable[..., bool]:
        """The function of these conditions; a look-up that fails is a condition that does not hold."""
        lines = [
            f"def make({', '.join(self.objects)}):",
            f"    def test({', '.join(params)}):",
            "        try:",
            f"            return {' and '.join(conditions) or 'True'}",
            "        except (LookupError, AttributeError, ValueError):",
            "            return False",
            "    return test",
        ]
        scope: dict[str, Any] = {"__name__": __name__}  # a debugger that skips srcad skips it
        exec(compile("\n".join(lines), "<srcad choice of a version>", "exec"), scope)
        test: Callable[..., bool] = scope["make"](**self.objects)
        return test

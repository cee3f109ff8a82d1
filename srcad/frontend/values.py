"""What a name may be bound to while a function is lowered: values of the program, and functions that are known.

A known function never becomes a value of the program: its calls are written out. So that this goes through containers
(`fs = [np.sin, lambda t: t * x]`), branches (`f = a if x > 0 else b`) and partial applications, these are followed
while lowering, too.

    Atom           a variable or constant of the program
    LocalFunction  a lambda or nested def, or a function of a module that is written out like one
    Partial        a function with some of its arguments
    Pack           a tuple, list or dict that holds functions
    Choice         one of two, by a condition
    Stream         a generator that has not run yet
    Ambiguous      nobody knows which
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.frontend.resolve import Resolver, is_opened, is_static
from srcad.frontend.scope import Scope
from srcad.frontend.source import Source
from srcad.frontend.trees import Node
from srcad.ir.nodes import Atom, Call, Const, Stmt, Var, With
from srcad.ir.record import record

if TYPE_CHECKING:
    from typing import TypeGuard


@record(frozen=True)
class Home:
    """Where a function's text stands and its names are looked up."""

    source: Source
    resolver: Resolver


@dataclass(eq=False)
class LocalFunction:
    """A function whose calls are written out: a lambda or nested function, or one of a module.

    A `helper` is one of ours: its code stands where it is called, as far as locations go. `key` is the same for all
    copies of one function object.
    """

    name: str
    node: Node
    args: Node
    body: list[Node]
    scope: Scope
    defaults: dict[str, Value]
    home: Home
    helper: bool = False
    generator: bool = False
    key: object = field(default_factory=object)


@record(frozen=True, eq=False)
class Partial:
    """A function with some arguments: ``functools.partial(fn, *args, **kwargs)``."""

    fn: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...] = ()


@dataclass(eq=False)
class Pack:
    """A tuple, list or dict (then `keys` are its keys) whose items are known one by one.

    A list or dict changes only where it was made (`home` is the block), never in a branch or loop that may not run,
    and not after something has begun to go over its items (`seen`).
    """

    cls: type
    items: list[Value]
    keys: list[object]
    home: list[Stmt]
    seen: bool = False

    def find(self, index: object) -> Value | None:
        """The item at a constant index or key; None where there is none."""
        if self.cls is dict:
            return next((v for k, v in zip(self.keys, self.items, strict=True) if Const(k) == Const(index)), None)
        if type(index) is int and -len(self.items) <= index < len(self.items):
            return self.items[index]
        return None


@record(frozen=True, eq=False)
class Choice:
    """One of two values, by a condition that was evaluated before."""

    cond: Atom
    then: Value
    orelse: Value


@dataclass(eq=False)
class Stream:
    """A generator that has not run yet: its function and arguments; `loops` is in how many loops it was made."""

    function: LocalFunction
    bound: dict[str, Value]
    loops: int
    used: bool = False


@record(frozen=True, eq=False)
class Consumer:
    """What takes the values of a generator.

    Attributes:
        run: lowers the code for one value; gives a flag that says whether it has stopped, if it may.
        keys: the names that this code binds.
        place: where it stands.
        stops: whether it may stop before the last value.
    """

    run: Callable[[Value], Atom | None]
    keys: dict[str, str]
    place: tuple[object, ...]
    stops: bool = False


@record(frozen=True)
class Ambiguous:
    """What a name is bound to where it may be one of several local functions, or a value."""

    name: str


Known = LocalFunction | Partial | Pack | Choice | Stream
Value = Atom | Known | Ambiguous
Env = dict[str, Value]


def is_atom(value: Value) -> TypeGuard[Atom]:
    """Whether a value is one of the program."""
    return isinstance(value, Var | Const)


def is_function(value: Value) -> bool:
    """Whether a value is certainly a function that is known while compiling (classes are not meant)."""
    match value:
        case LocalFunction() | Partial():
            return True
        case Const(value=static):
            plain = isinstance(static, FunctionType | BuiltinFunctionType | np.ufunc | type(np.sum))
            return plain or is_opened(static) or type(static).__name__ == "_lru_cache_wrapper"
        case Choice(then=then, orelse=orelse):
            return is_function(then) and is_function(orelse)
        case _:
            return False


def chooses(a: Value, b: Value) -> bool:
    """Whether "one of these two" is worth following: functions, of which one may be missing."""

    def fits(value: Value) -> bool:
        if isinstance(value, Choice):
            return fits(value.then) and fits(value.orelse)
        return is_function(value) or value == Const(None)

    return fits(a) and fits(b) and any(v != Const(None) for v in (a, b))


def holds_functions(value: Value) -> bool:
    """Whether a value is a known function, or a container that holds one."""
    if isinstance(value, Pack):
        return any(map(holds_functions, value.items))
    return is_function(value) or isinstance(value, Choice | Stream)


def holds_local(value: Value) -> bool:
    """Whether a value cannot be one of the program: it is, or holds, a function that exists only while compiling."""
    match value:
        case LocalFunction() | Ambiguous() | Stream():
            return True
        case Partial(fn=fn, args=args, kwargs=kwargs):
            return holds_local(fn) or any(map(holds_local, [*args, *(v for _, v in kwargs)]))
        case Pack(items=items):
            return any(map(holds_local, items))
        case Choice(then=then, orelse=orelse):
            return holds_local(then) or holds_local(orelse)
        case _:
            return False


def map_value(value: Value, change: Callable[[Atom], Atom]) -> Value:
    """A value with every atom in it changed; the value itself where none is. Containers that may change stay."""
    match value:
        case Var() | Const():
            return change(value)
        case LocalFunction(defaults=defaults):
            new = {k: map_value(v, change) for k, v in defaults.items()}
            return value if all(new[k] is v for k, v in defaults.items()) else replace(value, defaults=new)
        case Partial(fn=fn, args=args, kwargs=kwargs):
            parts = [fn, *args, *(v for _, v in kwargs)]
            made = [map_value(part, change) for part in parts]
            if all(a is b for a, b in zip(parts, made, strict=True)):
                return value
            names = [k for k, _ in kwargs]
            return Partial(
                made[0], tuple(made[1 : 1 + len(args)]), tuple(zip(names, made[1 + len(args) :], strict=True))
            )
        case Pack(cls=cls, items=items) if cls is tuple:
            made = [map_value(item, change) for item in items]
            same = all(a is b for a, b in zip(items, made, strict=True))
            return value if same else replace(value, items=made)
        case Choice():
            made = [map_value(part, change) for part in (value.cond, value.then, value.orelse)]
            if made[0] is value.cond and made[1] is value.then and made[2] is value.orelse:
                return value
            assert is_atom(made[0])
            return Choice(made[0], made[1], made[2])
        case _:
            return value


def atoms_of(value: Value) -> list[Atom]:
    """The atoms in a value, containers that may change included."""
    found: list[Atom] = []

    def note(atom: Atom) -> Atom:
        found.append(atom)
        return atom

    map_value(value, note)
    if isinstance(value, Pack) and value.cls is not tuple:
        for item in value.items:
            found += atoms_of(item)
    return found


def defined_in(stmts: list[Stmt]) -> set[Var]:
    """The variables that the statements of a block define for those after them."""
    found: set[Var] = set()
    for stmt in stmts:
        found.update((stmt.target,) if isinstance(stmt, Call) else stmt.targets)
        if isinstance(stmt, With) and stmt.entered is not None:
            found.add(stmt.entered)
    return found


def same_function(a: Value, b: Value) -> bool | None:
    """Whether two values are one object, where that is known while compiling."""
    if isinstance(a, LocalFunction) and isinstance(b, LocalFunction):
        return a.key is b.key
    if isinstance(a, Partial | Pack) or isinstance(b, Partial | Pack):
        return a is b
    if isinstance(a, LocalFunction) or isinstance(b, LocalFunction):
        other = b if isinstance(a, LocalFunction) else a
        return False if isinstance(other, Const) else None
    if isinstance(a, Const) and isinstance(b, Const) and all(_fixed(v.value) for v in (a, b)):
        return a.value is b.value
    return None


def _fixed(value: Any) -> bool:
    return value is None or is_static(value)

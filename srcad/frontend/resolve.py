"""What a name that is not local means: static objects now, data when the code runs.

A global, a free variable or an attribute of a module that is a function, a class or a module is resolved while
compiling, and a `Guard` remembers the look-up: the compiled code is valid while it gives the identical object. Anything
else is data and is read live.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import operator
import sys
from collections.abc import Callable
from types import (
    BuiltinFunctionType,
    CellType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

from srcad.ir.nodes import Guard

_STATIC = (
    FunctionType,
    BuiltinFunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
    ClassMethodDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
    type,
    np.ufunc,
    type(np.sum),  # NumPy's dispatching functions
)
_OPENED = (functools.partial, operator.itemgetter, operator.attrgetter, operator.methodcaller)
MISSING = object()
"""The value of a name that is not there."""


def is_static(value: object) -> bool:
    """Whether a value is compared by identity: a function, a class, a module, what has a rule; not data.

    >>> is_static(np.sin), is_static(np.pi), is_static(sys), is_static([1.0])
    (True, False, True, False)
    """
    if isinstance(value, _STATIC) or is_opened(value) or (callable(value) and Hook.has_rule(value)):
        return True
    return type(value).__name__ == "_lru_cache_wrapper" and callable(value)


def is_opened(value: object) -> bool:
    """Whether a value is a function made of another one, which calls look into.

    >>> is_opened(functools.partial(max, 1)), is_opened(operator.itemgetter(0)), is_opened(max)
    (True, True, False)
    """
    return type(value) in _OPENED


def _run(look_up: Callable[[], object]) -> object:
    return look_up()


def _none_stated(function: object) -> bool:
    return False


class Hook:
    """What this package asks of those that import it.

    `outside` runs a look-up that executes code of the user's: whoever compiles under a lock lets go of it meanwhile.
    `has_rule` tells whether a derivative is stated for a function, whose source is then not looked into.
    """

    outside: Callable[[Callable[[], object]], object] = staticmethod(_run)
    has_rule: Callable[[object], bool] = staticmethod(_none_stated)


def look_up_attribute(owner: object, name: str) -> object:
    """The attribute of a module or class, or `MISSING`; code of the user's that computes it runs by `Hook.outside`."""
    if isinstance(owner, ModuleType) and name in vars(owner):
        return vars(owner)[name]
    found = inspect.getattr_static(owner, name, MISSING)
    plain = isinstance(found, (*_STATIC, staticmethod, classmethod)) or not hasattr(type(found), "__get__")
    if found is not MISSING and plain:
        return getattr(owner, name, MISSING)
    return Hook.outside(lambda: getattr(owner, name, MISSING))


class Resolver:
    """Looks names up as one Python function does, and remembers the guards."""

    def __init__(self, fn: FunctionType) -> None:
        self.fn = fn
        self.guards: dict[tuple[int, str], Guard] = {}
        free = fn.__code__.co_freevars
        self.cells: dict[str, CellType] = dict(zip(free, fn.__closure__ or (), strict=True))

    def lookup(self, name: str, *, free: bool = True) -> object:
        """The object that a non-local name has now, or `MISSING`; with `free`, also in the functions around."""
        if free and name in self.cells:
            try:
                return self.cells[name].cell_contents
            except ValueError:
                return MISSING
        if name in self.fn.__globals__:
            return self.fn.__globals__[name]
        return self._builtin(name)

    def _builtin(self, name: str) -> object:
        scope = self.fn.__globals__.get("__builtins__", builtins)
        if isinstance(scope, dict):
            return scope.get(name, MISSING)
        return getattr(scope, name, MISSING)

    def static(self, name: str, *, free: bool = True) -> object:
        """The static object of a non-local name, guarded, or `MISSING` where it is data."""
        value = self.lookup(name, free=free)
        if value is MISSING or not is_static(value):
            return MISSING
        self.guard(self.cells.get(name, self.fn.__globals__) if free else self.fn.__globals__, name, value)
        return value

    def attribute(self, owner: object, name: str) -> object:
        """The static object that is an attribute of a module or class, guarded, or `MISSING`."""
        if not isinstance(owner, ModuleType | type):
            return MISSING
        value = look_up_attribute(owner, name)
        if value is MISSING or not is_static(value):
            return MISSING
        if isinstance(value, BuiltinFunctionType) and isinstance(owner, type):
            return MISSING  # bound anew by each look-up: identity says nothing
        self.guard(owner, name, value)
        return value

    def guard(self, root: object, name: str, value: object) -> None:
        """Remember that this look-up gave this object."""
        self.guards.setdefault((id(root), name), Guard(root, name, value))

    def module(self, name: str, level: int) -> str:
        """The absolute name of the module of an import statement."""
        if not level:
            return name
        package = self.fn.__globals__.get("__package__") or ""
        parts = package.split(".")
        base = ".".join(parts[: len(parts) - level + 1])
        return f"{base}.{name}" if name else base


def loaded_module(name: str) -> ModuleType | None:
    """A module that has been imported already."""
    module: Any = sys.modules.get(name)
    return module if isinstance(module, ModuleType) else None

"""How a static object, a global or a variable of an enclosing function is written in one function's text.

An object is written as the user wrote it where that means the same object there; else through a module that
the user's globals name; else it becomes a helper: a name that the generated function finds in its closure, so
that the user's module stays clean.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcad.codegen.tables import is_identifier, variant
from srcad.ir.nodes import Callee, Const, Function
from srcad.ir.record import record

_USUAL = {"numpy": "np"}
_MISSING = object()


@record(frozen=True)
class Helper:
    """An object that arrives through the closure, and what the text says about it."""

    value: Any
    wanted: str
    description: str


@dataclass
class References:
    """What one function's text refers to outside itself.

    names: names that it reads from globals or builtins, or declares. cells: name in the text -> variable
    of the enclosing function. helpers: by identity of the object. All are filled by a trial run of the
    writer, before any variable is named.
    """

    function: Function
    names: dict[str, None] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    helpers: dict[object, Helper] = field(default_factory=dict)
    helper_names: dict[object, str] = field(default_factory=dict)
    used_helpers: dict[object, None] = field(default_factory=dict)
    _paths: dict[tuple[int, str | None], tuple[object, str] | str] = field(default_factory=dict)
    _modules: dict[int, str] | None = None

    def __post_init__(self) -> None:
        source = self.function.source
        self.globals: Mapping[str, Any] = getattr(source, "__globals__", {})
        code = getattr(source, "__code__", None)
        closure = getattr(source, "__closure__", None) or ()
        self.closure: dict[str, types.CellType] = dict(zip(code.co_freevars, closure, strict=True)) if code else {}
        #: The names that the user's function binds itself.
        self.locals = frozenset((*code.co_varnames, *code.co_cellvars)) if code else frozenset()
        self.params = frozenset(p.name for p in self.function.body.params)

    # -- reading and resolving -------------------------------------------------------------------------------------

    def path(self, const: Const) -> str:
        """The dotted path that `const`, a static object, is written as."""
        found = self._paths.get((id(const.value), const.expr))
        if found is None:
            found = self._paths[id(const.value), const.expr] = self._resolve(const)
        if isinstance(found, str):
            return self.use(found)
        key, rest = found
        self.used_helpers.setdefault(key)
        return self.helper_names.get(key, "helper") + rest

    def _resolve(self, const: Const) -> tuple[object, str] | str:
        """Decide how a static object is written."""
        value = const.value
        if isinstance(value, Callee):
            self.helpers[value.key] = Helper(value, value.name, "")
            return value.key, ""
        found = self._as_written(const)
        if found is None and getattr(value, "__module__", None) == builtins.__name__:
            found = self._by_own_name(value)
        found = found or self._through_module(value, const.expr) or self._by_own_name(value)
        owner = getattr(value, "__self__", None) if found is None else None
        if isinstance(owner, (type, np.ufunc)) and _same(getattr(owner, value.__name__, None), value):
            path = self._resolve(Const(owner))
            return f"{path}.{value.__name__}" if isinstance(path, str) else (path[0], f"{path[1]}.{value.__name__}")
        return found if found is not None else self._helper(value, const.expr)

    def module(self, name: str) -> str | None:
        """How a module is written, if the user's globals name it."""
        alias = self._module_names().get(id(sys.modules.get(name)))
        return None if alias is None else self.use(alias)

    def forget(self) -> None:
        """Start anew on what is used; what was resolved stays resolved."""
        self.names, self.cells, self.used_helpers = {}, {}, {}

    def read_global(self, name: str) -> bool:
        """Note that the text reads or binds a global; False where a parameter hides it."""
        if name not in self.params:
            self.names.setdefault(name)
        return name not in self.params

    def read_free(self, name: str) -> str:
        """The name in the text of a variable of an enclosing function."""
        written = name if name not in self.params else f"{name}_free"
        self.cells[written] = name
        return written

    def visible(self, name: str) -> Any:
        """What `name` means in the text, if no local has it."""
        if name in self.params:
            return _MISSING
        if name in self.closure:
            try:
                return self.closure[name].cell_contents
            except ValueError:
                return _MISSING
        if name in self.globals:
            return self.globals[name]
        return getattr(builtins, name, _MISSING)

    def use(self, path: str) -> str:
        """Note that the text refers to the root of a dotted path; returns the path."""
        root = path.partition(".")[0]
        if root in self.closure:
            self.cells[root] = root
        else:
            self.names.setdefault(root)
        return path

    # -- the ways to write an object -------------------------------------------------------------------------------

    def _as_written(self, const: Const) -> str | None:
        if const.expr is None or not all(map(is_identifier, const.expr.split("."))):
            return None
        root, *rest = const.expr.split(".")
        return const.expr if _same(_follow(self.visible(root), rest), const.value) else None

    def _by_own_name(self, value: Any) -> str | None:
        name = getattr(value, "__name__", None)
        return name if isinstance(name, str) and is_identifier(name) and self.visible(name) is value else None

    def _through_module(self, value: Any, expr: str | None) -> str | None:
        """``numpy.exp`` for ``np.exp``, where the user's globals have ``import numpy``."""
        for module, path in _homes(value, expr):
            alias = self._module_names().get(id(sys.modules[module]))
            if alias is not None:
                return ".".join((alias, *path))
        return None

    def _module_names(self) -> dict[int, str]:
        if self._modules is None:
            self._modules = {}
            for name, value in list(self.globals.items()):
                visible = not name.startswith("__") and name not in self.params and name not in self.closure
                if visible and isinstance(value, types.ModuleType):
                    self._modules.setdefault(id(value), name)
        return self._modules

    def _helper(self, value: Any, expr: str | None) -> tuple[object, str]:
        for module, path in _homes(value, expr):
            top = module.partition(".")[0]
            if top in ("numpy", "scipy") or top in sys.stdlib_module_names:
                found = sys.modules[module]
                wanted = _USUAL.get(module, module.rpartition(".")[2])
                key = ("module", module)
                self.helpers[key] = Helper(found, wanted, module)
                return key, "".join("." + name for name in path)
        name = getattr(value, "__name__", None)
        if not is_identifier(name):
            name = (expr or "").rpartition(".")[2]
        wanted = name if isinstance(name, str) and is_identifier(name) else "constant"
        key = ("object", str(id(value)))
        self.helpers[key] = Helper(value, wanted, describe(value))
        return key, ""


def _homes(value: Any, expr: str | None) -> list[tuple[str, list[str]]]:
    """Modules, and the path in each, that give the identical object."""
    if isinstance(value, types.ModuleType):
        return _splits(value.__name__.split("."), value)
    own = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    paths = [] if expr is None else [expr.split(".")[1:]]
    paths += [own.split(".")] if isinstance(own, str) else []
    named = getattr(value, "__module__", None) or getattr(getattr(value, "__objclass__", None), "__module__", None)
    found: list[tuple[str, list[str]]] = []
    for module in (named, "numpy", "math", "scipy.special", "builtins"):
        if not isinstance(module, str) or module not in sys.modules or module == "__main__":
            continue
        for path in paths:
            if path and all(map(is_identifier, path)) and _follow(sys.modules[module], path) is value:
                found += [s for s in _splits([*module.split("."), *path], value) if s not in found]
    return found


def _splits(parts: list[str], value: Any) -> list[tuple[str, list[str]]]:
    """The ways to cut a dotted name into a loaded module and a path in it: the shortest module first."""
    cuts = ((".".join(parts[:k]), parts[k:]) for k in range(1, len(parts) + 1))
    return [(m, path) for m, path in cuts if m in sys.modules and _follow(sys.modules[m], path) is value]


def _same(a: Any, b: Any) -> bool:
    """Identity; bound methods are made anew by each read, so for them it is that of what they bind."""
    if isinstance(b, (types.MethodType, types.BuiltinMethodType)) and isinstance(a, type(b)):
        return a.__self__ is b.__self__ and bool(a == b)
    return a is b


def _follow(value: Any, path: list[str]) -> Any:
    for name in path:
        if value is _MISSING:
            return value
        try:
            value = getattr(value, name, _MISSING)
        except Exception:  # a user's __getattr__ or property may raise anything: the path just is not usable
            return _MISSING
    return value


def describe(value: Any) -> str:
    """What a helper is, for the comment over the text."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(module, str) and isinstance(name, str):
        return f"{module}.{name}"
    if isinstance(name, str):
        return name
    cls = type(value)
    return f"an object of class {cls.__module__}.{cls.__qualname__}"


def share_helpers(every: list[References], program_names: Mapping[object, str]) -> None:
    """Give every helper of a program one name that means nothing else in any of its functions."""
    taken = dict.fromkeys(program_names.values())
    for references in every:
        taken |= dict.fromkeys((*references.names, *references.cells, *references.params))
    names: dict[object, str] = dict(program_names)
    for references in every:
        for key, helper in references.helpers.items():
            if key not in names:
                count = 1
                while variant(helper.wanted, count) in taken:
                    count += 1
                names[key] = variant(helper.wanted, count)
                taken[names[key]] = None
            references.helper_names[key] = names[key]

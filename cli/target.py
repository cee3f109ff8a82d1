"""Finding the function that a command line names: ``FILE.py:FUNC`` or ``package.module:FUNC``.

A FILE's top level is executed, as importing it would, under its own name (never ``__main__``) and with its folder on
``sys.path``. `sys.path`, `sys.argv` and `sys.modules` are as before when the command is done. What the top level prints
goes to stderr, so that a command's own output stays clean.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import os.path
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any, TypeVar

from srcad.cli.usage import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """An object that was named on the command line, and the file it came from (None where that is not known)."""

    value: Any
    file: str | None
    name: str

    @property
    def function(self) -> Callable[..., Any]:
        """The function; of a derivative (a decorated function) the one that it is the derivative of."""
        value = getattr(self.value, "primal", self.value) if hasattr(self.value, "source_for") else self.value
        if not callable(value):
            raise UsageError(f"{self.name} is not a function but of type {type(value).__name__}")
        function: Callable[..., Any] = value
        return function


class Loader:
    """Loads targets; the same file named twice is executed once."""

    def __init__(self) -> None:
        self._files: dict[str, ModuleType] = {}

    def load(self, spec: str) -> Target:
        """The object that ``FILE.py:FUNC`` or ``package.module:FUNC`` names.

        Raises:
            UsageError: if there is no such file, module or name.
            Exception: what the file's top level raises.
        """
        place, colon, name = spec.rpartition(":")
        if not colon or not place or not name:
            raise UsageError(f"{spec!r} names no function; write FILE.py:FUNC or package.module:FUNC")
        is_file = place.endswith(".py") or os.sep in place or os.path.isfile(place)
        module = self._from_file(place) if is_file else self._from_module(place)
        value: Any = module
        for part in name.split("."):
            if not hasattr(value, part):
                raise UsageError(f"{place} has no {name!r}{_suggestion(module)}")
            value = getattr(value, part)
        return Target(value, getattr(module, "__file__", None), name)

    def _from_file(self, path: str) -> ModuleType:
        real = os.path.realpath(path)
        if real in self._files:
            return self._files[real]
        if not os.path.isfile(path):
            raise UsageError(f"there is no file {path!r}")
        stem = os.path.splitext(os.path.basename(path))[0]
        name = stem if stem not in sys.modules and stem not in sys.stdlib_module_names else f"{stem}_file"
        loader = SourceFileLoader(name, os.path.abspath(path))
        spec = ModuleSpec(name, loader, origin=os.path.abspath(path))
        spec.has_location = True
        module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        sys.argv = [path]
        sys.modules[name] = module
        _execute(path, lambda: loader.exec_module(module))
        self._files[real] = module
        return module

    def _from_module(self, name: str) -> ModuleType:
        sys.path.insert(0, os.getcwd())
        sys.argv = [name]
        try:
            if importlib.util.find_spec(name) is None:
                raise UsageError(f"there is no module {name!r}")
        except ModuleNotFoundError as error:
            raise UsageError(f"there is no module {name!r}: {error}") from None
        except ValueError:  # the module has no spec: it is there, and already imported
            pass
        return _execute(name, lambda: importlib.import_module(name))


@contextlib.contextmanager
def user_code() -> Iterator[Loader]:
    """A loader for the time of one command; afterwards `sys.path`, `sys.argv` and `sys.modules` are as they were."""
    path, argv, modules = list(sys.path), list(sys.argv), set(sys.modules)
    loader = Loader()
    try:
        yield loader
    finally:
        sys.path[:], sys.argv[:] = path, argv
        for module in loader._files.values():
            if module.__name__ not in modules:
                sys.modules.pop(module.__name__, None)


def _execute(what: str, run: Callable[[], T]) -> T:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return run()
    except SystemExit as error:
        raise UsageError(f"the top level of {what} ended the program (SystemExit: {error.code})") from None


def _suggestion(module: ModuleType) -> str:
    own = [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    return f"; it has {', '.join(own)}" if own else ""

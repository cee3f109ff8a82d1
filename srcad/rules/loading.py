"""Loading of srcad's own templates at the first look-up.

``import srcad`` loads no template. Modules that need an optional library are loaded only once that library has been
imported by somebody else; `srcad.templates.MODULES` says which ones those are.
"""

from __future__ import annotations

import functools
import importlib
import os.path
import sys
import threading

TEMPLATES = "srcad.templates"

_lock = threading.RLock()
_loaded: set[str] = set()
_loading = False
_waiting_for: tuple[str, ...] | None = None
"""The optional libraries whose templates are not loaded yet; None before anything is loaded."""


def load() -> None:
    """Load the template modules that are due. Cheap when nothing is, and a no-op while they are being loaded."""
    if _waiting_for is None or (_waiting_for and not sys.modules.keys().isdisjoint(_waiting_for)):
        _load()


def _load() -> None:
    global _loading, _waiting_for
    with _lock:
        if _loading:
            return
        _loading = True
        try:
            modules: dict[str, str | None] = importlib.import_module(TEMPLATES).MODULES
            for name, library in modules.items():
                if name not in _loaded and (library is None or library in sys.modules):
                    importlib.import_module(f"{TEMPLATES}.{name}")
                    _loaded.add(name)
            _waiting_for = tuple(library for name, library in modules.items() if library and name not in _loaded)
        finally:
            _loading = False


def in_progress() -> bool:
    """Whether srcad's own templates are being loaded."""
    return _loading


def load_before_registration(file: str) -> None:
    """Load srcad's templates before a rule from another file is added, so that a second rule is noticed."""
    if not is_own(file):
        load()


@functools.lru_cache(maxsize=256)
def is_own(file: str) -> bool:
    """Whether a file is one of srcad's template modules, under whichever name it was imported."""
    return os.path.dirname(os.path.realpath(file)) == _own_folder()


@functools.cache
def _own_folder() -> str:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.path.realpath(os.path.join(package, "templates"))

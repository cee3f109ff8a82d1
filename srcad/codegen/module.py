"""A generated text as a module of its own: with an import for each name that it reads, of NumPy and of little else.

>>> import numpy as np
>>> import srcad
>>> def f(x: float):
...     return np.sin(x) * x
>>> print(srcad.dump(f, module=True, comments=False))
# kinds: x: float
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x):
    ...
"""

from __future__ import annotations

import builtins
import symtable
import sys
import types
from collections.abc import Iterator
from typing import Any

from srcad.codegen.emit import Emitted, Generated
from srcad.codegen.references import describe
from srcad.errors import UnsupportedSyntax
from srcad.ir.nodes import Callee, Function, Program

_MISSING = object()


def as_module(generated: Generated, program: Program) -> str:
    """The text of a module that defines the functions of a generated text.

    Raises:
        UnsupportedSyntax: they read data of the user's, which a module of its own does not have.
    """
    functions = (program.entry, *(function for _, function in program.callees))
    found: dict[str, tuple[Any, str]] = {}
    for emitted, function in zip(generated.functions, functions, strict=True):
        for name, value in _names(generated, emitted, function):
            line = _import(name, value, function)
            if found.setdefault(name, (value, line))[1] != line:
                raise _error(
                    f"{name!r} means two things", function, "its functions come from modules that differ in it"
                )
    lines = generated.source.splitlines()
    header = [line for line in lines[: generated.functions[0].first - 1] if line.startswith("# kinds")]
    imports = sorted(line for _, line in found.values())
    body = lines[generated.functions[0].first - 1 :]
    return "\n".join([*header, *imports, *([""] * 2 if imports else []), *body]) + "\n"


def _names(generated: Generated, emitted: Emitted, function: Function) -> Iterator[tuple[str, Any]]:
    """The names that a function reads from outside, in order, and what they mean there."""
    text = "\n".join(generated.source.splitlines()[emitted.first - 1 : emitted.last])
    (table,) = symtable.symtable(text, "<module>", "exec").get_children()
    scope = getattr(function.source, "__globals__", {})
    own = {made.name for made in generated.functions}
    for name in dict.fromkeys(_globals(table)):
        if name in emitted.helpers:
            if not isinstance(emitted.helpers[name], Callee):
                yield name, emitted.helpers[name]
        elif name in emitted.cells:
            yield name, _in_cell(function, emitted.cells[name])
        elif name in scope:
            yield name, scope[name]
        elif name not in own and not hasattr(builtins, name):
            yield name, _MISSING


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_global())
    for inner in table.get_children():
        yield from _globals(inner)


def _in_cell(function: Function, name: str) -> Any:
    """What a variable of an enclosing function holds, if it is a module: all else is data."""
    cells = dict(zip(function.source.__code__.co_freevars, function.source.__closure__ or (), strict=True))
    try:
        value = cells[name].cell_contents
    except (KeyError, ValueError):
        return _MISSING
    return value if isinstance(value, types.ModuleType) else _MISSING


def _import(name: str, value: Any, function: Function) -> str:
    """The line that gives `name` its meaning."""
    if isinstance(value, types.ModuleType) and sys.modules.get(value.__name__) is value:
        return f"import {value.__name__}" if name == value.__name__ else f"import {value.__name__} as {name}"
    module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str) or module not in sys.modules or module == "__main__":
        raise _error(f"{name!r} is read", function, "it is data of your module or of an enclosing function")
    if getattr(sys.modules[module], path, _MISSING) is not value:
        raise _error(f"{name!r} is read", function, f"it is {describe(value)}, which cannot be imported")
    return f"from {module} import {path}" if path == name else f"from {module} import {path} as {name}"


def _error(what: str, function: Function, why: str) -> UnsupportedSyntax:
    return UnsupportedSyntax(
        f"{what} by {function.name}, which cannot stand in a module of its own",
        where=function.loc,
        why=why,
        remedy="pass it as an argument",
    )

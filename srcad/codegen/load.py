"""From generated text to functions: what runs is what is printed.

Every function runs with the globals of its own primal, reads the primal's closure through the original cells,
and finds its helpers in cells of its own. To that end each ``def`` is put, in the syntax tree only, into a
factory that has those names as parameters; line numbers stay those of the text, which `linecache` keeps for
tracebacks, debuggers and `inspect`.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import linecache
import types
from collections.abc import Callable
from typing import Any

from srcad.codegen.emit import Emitted, Generated
from srcad.errors import InternalError
from srcad.ir.nodes import Callee, Function, Program

_numbers = itertools.count(1)


def load(generated: Generated, program: Program) -> dict[str, Callable[..., Any]]:
    """Compile a generated text; returns its functions by name.

    The text stays in `linecache` under ``function.__code__.co_filename`` until `unload`.
    """
    filename = f"<srcad {generated.functions[0].name} #{next(_numbers)}>"
    codes = _compile(generated, filename)
    shared = {function.name: types.CellType() for function in generated.functions}
    functions = (program.entry, *(function for _, function in program.callees))
    loaded: dict[str, Callable[..., Any]] = {}
    for emitted, function, code in zip(generated.functions, functions, codes, strict=True):
        cells = _cells(emitted, function, generated, shared)
        scope = getattr(function.source, "__globals__", None)
        scope = {"__builtins__": builtins, "__name__": __name__} if scope is None else scope
        made = types.FunctionType(code, scope, emitted.name, None, tuple(cells[n] for n in code.co_freevars))
        shared[emitted.name].cell_contents = made
        loaded[emitted.name] = made
    text = generated.source
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return loaded


def unload(filename: str) -> None:
    """Free the text of a generated file; functions loaded from it keep running."""
    linecache.cache.pop(filename, None)


def _compile(generated: Generated, filename: str) -> list[types.CodeType]:
    """The code of each function, with its outside names free."""
    tree = ast.parse(generated.source, filename)
    for position, (node, emitted) in enumerate(zip(tree.body, generated.functions, strict=True)):
        names = [*emitted.helpers, *emitted.cells]
        arguments = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
        assert isinstance(node, ast.FunctionDef)
        node.name = "<function>"  # in the factory's scope its own name would hide a global of that name
        factory = ast.FunctionDef("_factory", arguments, [node], [], None)
        if "type_params" in factory._fields:
            setattr(factory, "type_params", [])  # noqa: B010  (new in Python 3.12)
        for made in (factory, *arguments.args):  # what is around the function, which has its places in the text
            ast.copy_location(made, node)
        tree.body[position] = factory
    module = compile(tree, filename, "exec", dont_inherit=True)
    factories = [c for c in module.co_consts if isinstance(c, types.CodeType)]
    codes = [next(c for c in factory.co_consts if isinstance(c, types.CodeType)) for factory in factories]
    printed = (emitted.name for emitted in generated.functions)
    return [code.replace(co_name=n, co_qualname=n) for code, n in zip(codes, printed, strict=True)]


def _cells(
    emitted: Emitted, function: Function, generated: Generated, shared: dict[str, types.CellType]
) -> dict[str, types.CellType]:
    """The cell behind every outside name of a function."""
    source = function.source
    code = getattr(source, "__code__", None)
    closure = getattr(source, "__closure__", None) or ()
    own = dict(zip(code.co_freevars, closure, strict=True)) if code is not None else {}
    cells = {}
    for name, original in emitted.cells.items():
        if original not in own:
            raise InternalError(f"load: {original!r} is no variable of an enclosing function of {emitted.name}")
        cells[name] = own[original]
    for name, value in emitted.helpers.items():
        cells[name] = shared[generated.callees[value.key]] if isinstance(value, Callee) else types.CellType(value)
    return cells

"""A probe for user code: it writes down the types that the code sees, and a program's source can be filled with it.

`probe` is an ordinary function that the programs call like any other; a test states that it has no derivative while
it needs it (`accepted`). `with_probes` rewrites a module of the bank so that every name is probed after each
assignment, every parameter on entry and every loop variable in each pass.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import srcad
from srcad.rules.registry import unregister

#: What the probe has seen since it was last emptied, in this order.
SEEN: list[Any] = []


def probe(*values: Any) -> None:
    """Write down what can be told of the values without looking at numbers."""
    SEEN.extend(looks(value) for value in values)


def condition(value: Any) -> bool:
    """Write down a value; always true, for the filters of comprehensions and for conditions."""
    SEEN.append(looks(value))
    return True


def looks(value: Any, depth: int = 3) -> Any:
    """The type of a value; of an array also what it is made of, of a container what its items look like."""
    kind = type(value)
    match value:
        case np.ndarray():
            return kind, value.dtype.str, value.shape, value.flags.writeable
        case list() | tuple() if depth:
            return kind, tuple(looks(item, depth - 1) for item in value)
        case dict() if depth:
            return kind, tuple((key, looks(item, depth - 1)) for key, item in value.items())
        case _:
            return kind


@contextmanager
def accepted() -> Iterator[None]:
    """State, inside the ``with``, that the probe and the condition have no derivative and are to run exactly once."""
    srcad.nondifferentiable(probe, kind="none", impure=True)
    srcad.nondifferentiable(condition, kind="bool", impure=True)
    try:
        yield
    finally:
        unregister(probe)
        unregister(condition)


class Inserter(ast.NodeTransformer):
    """Adds a call of the probe after each assignment, on entry of each function and in each pass of a loop."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        given = node.args
        stars = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
        names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *stars)]
        first = int(ast.get_docstring(node) is not None)
        first += sum(isinstance(statement, (ast.Nonlocal, ast.Global)) for statement in node.body)
        node.body[first:first] = probes(names)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body[:0] = probes(stored(node.target))
        return node

    def after(self, node: ast.stmt) -> list[ast.stmt]:
        self.generic_visit(node)
        return [node, *probes(stored(node))]

    visit_Assign = visit_AugAssign = visit_AnnAssign = after


def stored(node: ast.AST) -> list[str]:
    """The names that an assignment or a loop's target binds or changes, in the order of the text."""
    match node:
        case ast.Assign(targets=targets):
            found = [name for target in targets for name in stored(target)]
        case ast.AugAssign(target=target):
            found = stored(target)
        case ast.AnnAssign(target=target, value=value):
            found = stored(target) if value is not None else []
        case ast.Tuple(elts=items) | ast.List(elts=items):
            found = [name for item in items for name in stored(item)]
        case ast.Starred(value=base) | ast.Subscript(value=base) | ast.Attribute(value=base):
            found = stored(base)
        case ast.Name(id=name):
            found = [name]
        case _:
            found = []
    return list(dict.fromkeys(found))


def probes(names: list[str]) -> list[ast.stmt]:
    """One statement that shows these names to the probe; none where there is no name."""
    return ast.parse(f"probe({', '.join(names)})").body if names else []


def with_probes(module: ModuleType, folder: Path) -> ModuleType:
    """A copy of a module whose functions call the probe; its text is a file of `folder`."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            Inserter().visit(node)
    # after the imports: a name of the module's own would win
    position = max(k for k, node in enumerate(tree.body) if isinstance(node, (ast.Import, ast.ImportFrom))) + 1
    tree.body[position:position] = ast.parse(f"from {__name__} import probe").body
    name = f"probed_{module.__name__.rpartition('.')[2]}"
    path = folder / f"{name}.py"
    path.write_text(ast.unparse(ast.fix_missing_locations(tree)) + "\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made

"""What is counted of a generated source, as text: statements, saved lists, what nobody reads, helpers."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.programs import library


def statements(text: str, name: str | None = None) -> int:
    """The number of statements in the function `name`, in all functions if None; definitions and docstrings not."""
    functions = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and name in (None, n.name)]
    assert functions, f"no function {name} in the text"
    found = [node for f in functions for node in ast.walk(f) if isinstance(node, ast.stmt)]
    return len(found) - len(functions) - sum(ast.get_docstring(f) is not None for f in functions)


def saved_lists(text: str) -> list[str]:
    """The names ending in ``_saved`` that a source assigns, in alphabetical order."""
    stores = (n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return sorted({name for name in stores if name.rstrip("0123456789").endswith("_saved")})


def unused(text: str) -> list[str]:
    """Names that a function assigns and never reads, and expressions whose value nobody takes.

    A call may act, and what may raise stays for its exception: a subscript, a division, a power, a product of arrays.
    """
    found = []
    for function in (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)):
        names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
        read = Counter(n.id for n in names if isinstance(n.ctx, ast.Load))
        loops = [n.target for n in ast.walk(function) if isinstance(n, (ast.For, ast.comprehension))]
        targets = {n.id for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Name)}
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)} - targets
        found += sorted(name for name in stored if not read[name] and name.strip("_"))
        found += [
            ast.unparse(n)
            for n in ast.walk(function)
            if isinstance(n, ast.Expr) and not may_be_for_its_effect(n.value)
        ]
    return found


def may_be_for_its_effect(expression: ast.expr) -> bool:
    """Whether an expression that stands alone may act or raise."""
    if isinstance(expression, ast.BinOp):
        return isinstance(expression.op, (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult))
    return isinstance(expression, (ast.Call, ast.Constant, ast.Subscript))


def helper_names(text: str, fn: Callable[..., Any]) -> list[str]:
    """The global names in a generated source that neither it, nor Python, nor the primal's own modules define.

    What the runtime provides reaches generated code under such names; `srcad` itself is always one.
    """
    top = symtable.symtable(text, "generated", "exec")
    known = {*dir(builtins), *fn.__globals__, *vars(library), *fn.__code__.co_freevars, "np", "math"} - {"srcad"}
    known |= {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned()}
    found: list[str] = []

    def visit(table: symtable.SymbolTable) -> None:
        found.extend(s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced())
        for child in table.get_children():
            visit(child)

    visit(top)
    return sorted({name for name in found if name not in known})

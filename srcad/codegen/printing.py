"""Lines of Python's syntax tree to text, statement by statement, so that comments go between.

astor prints; `ast.unparse` prints what astor has no node for or breaks over several lines.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

with warnings.catch_warnings():
    # astor touches names of `ast` that warn from Python 3.12 on.
    warnings.simplefilter("ignore", DeprecationWarning)
    import astor

from srcad.ir.nodes import Loc
from srcad.ir.record import record

WIDTH = 100
_HEADERS = (ast.If, ast.For, ast.While, ast.With)


@record(frozen=True)
class Line:
    """One line: a statement (of a region only its head, with ``pass`` as its body) or raw text.

    `alternative`: an ``if`` that is written ``elif``. `loc`: the statement of the user's that it belongs to.
    """

    indent: int
    node: ast.stmt | str
    alternative: bool = False
    loc: Loc | None = None


def render(lines: list[Line]) -> list[str]:
    """The text of each line."""
    texts = []
    with _quiet():
        for line in lines:
            text = line.node if isinstance(line.node, str) else _statement(line.node, line.indent)
            texts.append("    " * line.indent + ("el" if line.alternative else "") + text)
    return texts


def _statement(node: ast.stmt, indent: int) -> str:
    text = None if _unfit(node) else astor.to_source(node).rstrip("\n")
    head = isinstance(node, _HEADERS)
    if text is not None and head:
        text = text.rpartition("\n")[0]
    if text is None or "\n" in text or len(text) + 4 * indent > WIDTH:
        text = ast.unparse(ast.fix_missing_locations(node))
        if head:
            text = text.rpartition("\n")[0]
    return text


def _unfit(node: ast.stmt) -> bool:
    """Whether astor prints a statement wrongly or not at all."""
    todo: list[ast.AST] = [node]
    while todo:
        inner = todo.pop()
        if isinstance(inner, ast.JoinedStr):
            return True
        for value in vars(inner).values():
            if isinstance(value, ast.AST):
                todo.append(value)
            elif isinstance(value, list):
                todo += [item for item in value if isinstance(item, ast.AST)]
    return False


@contextmanager
def _quiet() -> Iterator[None]:
    if sys.version_info < (3, 12):
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield

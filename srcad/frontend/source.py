"""Finds the source of a function, and makes sure that it is what runs.

Input: a Python function. Output: a `Source` with the gast tree of exactly that function. The text comes through
`linecache`, so files, notebooks, IPython cells and doctests all work. A lambda is found among others on its line by
the columns that its code object records. The file is compiled once more and the code compared with the running one:
source that was edited since the import is an error, not a wrong derivative.

Does not look inside the function.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import operator
import re
from types import CodeType, FunctionType
from typing import Any

import gast

from srcad.errors import SourceUnavailable
from srcad.frontend.codes import code_objects, positions, same_code
from srcad.frontend.trees import Node
from srcad.ir.record import record

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@record(frozen=True)
class Source:
    """A function's source: `tree` is its gast FunctionDef or Lambda, `lines` those of the whole file."""

    file: str
    lines: tuple[str, ...]
    tree: Node
    name: str

    def column(self, line: int, offset: int) -> int:
        """The character column of a UTF-8 byte offset, which is what Python's trees record."""
        text = self.line(line)
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    def line(self, line: int) -> str:
        """A line of the file without its end."""
        return self.lines[line - 1].rstrip("\r\n") if 0 < line <= len(self.lines) else ""


@record(frozen=True)
class _File:
    """A parsed file: the definitions that start on a line, and the code objects by first line and name."""

    text: str
    lines: tuple[str, ...]
    tree: ast.Module
    definitions: dict[int, list[_Definition]]
    classes: dict[_Definition, str]
    codes: dict[tuple[int, str], list[CodeType]]


_files: dict[str, _File] = {}
_MOST_FILES = 64
GENERATED = "<srcad "
"""What the names of generated files begin with. Their text never changes."""
_FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
"""The flags of a code object that say which ``from __future__ import`` it was compiled under."""
_FAR = 1_000_000
"""A line number that no file reaches."""


def find(fn: Any) -> Source:
    """The source of a plain Python function.

    Args:
        fn: a function or lambda; a wrapper is not unwrapped.

    Returns:
        Its source.

    Raises:
        SourceUnavailable: there is no source text, or it is not what is running.

    >>> first, second = lambda x: x + 1, lambda x: x * 2
    >>> type(find(second).tree.body.op).__name__
    'Mult'
    """
    code = getattr(fn, "__code__", None)
    name = getattr(fn, "__qualname__", None) or repr(fn)
    if not isinstance(fn, FunctionType) or not isinstance(code, CodeType):
        raise SourceUnavailable(
            f"'{name}' is not written in Python",
            why="srcad derives a function from its source text, and a built-in has none",
            remedy="wrap it in a Python function, or register a derivative template for it",
        )
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, fn.__globals__)
    if not lines:
        raise _unavailable(name, code.co_filename)
    alone = _alone(code, lines)
    if alone is not None:
        return Source(code.co_filename, tuple(lines), gast.ast_to_gast(alone), fn.__name__)
    file = _read(code.co_filename, lines, name)
    definition = _definition(file, code, name)
    tree = gast.ast_to_gast(definition)
    owner = file.classes.get(definition, "").lstrip("_")
    if owner and "__" in file.text:
        _mangle(tree, owner)
    return Source(code.co_filename, file.lines, tree, fn.__name__)


def _alone(code: CodeType, lines: list[str]) -> ast.stmt | None:
    """The definition of a function at the top of a module, read without the rest of its file, which may be long.

    None where its lines alone do not compile to exactly that code, at the same lines and columns.
    """
    if code.co_qualname != code.co_name or code.co_name == "<lambda>":
        return None
    first = code.co_firstlineno - 1
    last = max((end for inner in code_objects(code) for _, (end, _) in positions(inner)), default=0)
    imports = _imported(code, lines) if first else ""  # an attribute of what is imported is another instruction
    text = "".join([imports, "\n" * first, *lines[first:last]])
    flags = code.co_flags & _FUTURE
    try:
        tree = compile(text, code.co_filename, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        compiled = compile(tree, code.co_filename, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    found = [c for c in compiled.co_consts if isinstance(c, CodeType) and c.co_name == code.co_name]
    if len(found) != 1 or not same_code(found[0], code) or positions(found[0]) != positions(code):
        return None
    definition: ast.stmt = tree.body[-1]
    return definition if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _imported(code: CodeType, lines: list[str]) -> str:
    """An import of the names that a function reads and lines of its file import."""
    words = set(re.findall(r"\w+", "".join(line for line in lines if line.startswith(("import ", "from ")))))
    names = {name for inner in code_objects(code) for name in inner.co_names if name in words}
    return f"import {', '.join(sorted(names))}" if names else ""


def _read(filename: str, lines: list[str], name: str) -> _File:
    """The parsed file, from the cache where its text is the same."""
    text = "".join(lines)
    known = _files.get(filename)
    if known is not None and known.text == text:
        return known
    try:
        tree = ast.parse(text, filename)
        codes = _codes(text, filename)
    except (SyntaxError, ValueError):
        raise _changed(name, filename) from None
    definitions, classes = _definitions(tree)
    file = _File(text, tuple(lines), tree, definitions, classes, codes)
    while len(_files) >= _MOST_FILES:
        del _files[next(iter(_files))]
    _files[filename] = file
    return file


def _codes(text: str, filename: str) -> dict[tuple[int, str], list[CodeType]]:
    """All code objects of a file by first line and name."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    codes: dict[tuple[int, str], list[CodeType]] = {}
    for code in code_objects(compile(text, filename, "exec", flags=flags, dont_inherit=True)):
        codes.setdefault((code.co_firstlineno, code.co_name), []).append(code)
    return codes


def _definitions(tree: ast.AST) -> tuple[dict[int, list[_Definition]], dict[_Definition, str]]:
    """Functions and lambdas by the first line that their code object has (a decorator's, if there is one).

    Also the class around each of them, which decides what a name with two leading underscores means.
    """
    found: dict[int, list[_Definition]] = {}
    classes: dict[_Definition, str] = {}
    todo: list[tuple[ast.AST, str]] = [(tree, "")]
    while todo:
        node, owner = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            first = min([node.lineno, *(d.lineno for d in decorators)])
            found.setdefault(first, []).append(node)
            if owner:
                classes[node] = owner
        inside = node.name if isinstance(node, ast.ClassDef) else owner
        todo += [(child, inside) for child in ast.iter_child_nodes(node)]
    return found, classes


def _mangle(tree: Node, owner: str) -> None:
    """Gives the private names of a class their full names, as Python does: ``__x`` is ``_Class__x``."""
    for node in gast.walk(tree):
        for field in ("id", "attr", "name", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name.startswith("__") and not name.endswith("__"):
                setattr(node, field, f"_{owner}{name}")


def _definition(file: _File, code: CodeType, name: str) -> _Definition:
    """The definition in the file that compiles to `code`."""
    twins = [c for c in file.codes.get((code.co_firstlineno, code.co_name), []) if same_code(c, code)]
    if not twins and "@pytest_ar" in code.co_names:  # pytest rewrote its assert statements: the file cannot match
        twins = file.codes.get((code.co_firstlineno, code.co_name), [])
    if not twins and code.co_filename.startswith(GENERATED):  # what is a global there arrives through its closure
        twins = file.codes.get((code.co_firstlineno, code.co_name), [])
    if not twins:  # the function moved in its file but is still the same
        named = [c for (_, n), cs in file.codes.items() if n == code.co_name for c in cs]
        twins = [c for c in named if c.co_qualname == code.co_qualname and same_code(c, code)]
        twins = twins if len(twins) == 1 else []
    if not twins:
        raise _changed(name, code.co_filename)
    exact = [c for c in twins if positions(c) == positions(code)]
    twin = (exact or twins)[0]
    candidates = [d for d in file.definitions.get(twin.co_firstlineno, []) if _named(d) == twin.co_name]
    if len(candidates) > 1 and isinstance(candidates[0], ast.Lambda):
        candidates = _among(file.tree, candidates, code)
    if not candidates:
        raise _changed(name, code.co_filename)
    return candidates[0]


def _named(node: _Definition) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _among(tree: ast.Module, candidates: list[_Definition], code: CodeType) -> list[_Definition]:
    """Those of several lambdas on a line that compile to `code`, the one at its columns first.

    For each of them the file is compiled with the others moved to another line, so that its code object is known.
    """
    spans, found = positions(code), []
    for k, node in enumerate(candidates):
        inside = list(ast.walk(node))
        compiled = _without(tree, [other for other in candidates if other not in inside], code.co_filename)
        here = [c for c in code_objects(compiled) if (c.co_firstlineno, c.co_name) == (node.lineno, "<lambda>")]
        if here and same_code(here[0], code):  # the first: lambdas inside this one come after it
            found.append((-len(positions(here[0]) & spans), k))
    return [candidates[k] for _, k in sorted(found)]


def _without(tree: ast.Module, moved: list[_Definition], filename: str) -> CodeType:
    """The code of a file, with these lambdas compiled as if they stood on a line far away."""
    places = [(node.lineno, node.end_lineno) for node in moved]
    try:
        for node in moved:
            node.lineno, node.end_lineno = _FAR, 2 * _FAR
        code: CodeType = compile(tree, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        return code
    finally:
        for node, (line, end_line) in zip(moved, places, strict=True):
            node.lineno, node.end_lineno = line, end_line


def _unavailable(name: str, filename: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the source of '{name}' is not available",
        why=f"there are no source lines for {filename!r}",
        remedy="define the function in a file or a notebook cell, not through exec() or `python -c`",
    )


def _changed(name: str, filename: str) -> SourceUnavailable:
    if filename == "<string>":  # the name of all texts given to exec(): what is known under it is another one
        return _unavailable(name, filename)
    return SourceUnavailable(
        f"the source of '{name}' no longer matches the running function",
        why=f"{filename!r} was changed after the function was defined",
        remedy="import the module again, or restart Python",
    )

"""Compares code objects: whether two were compiled from the same source, wherever it stands.

Knows nothing of files or trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

Place = tuple[int, int]


def code_objects(code: CodeType) -> Iterator[CodeType]:
    """A code object and all code objects nested in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from code_objects(const)


def same_code(a: CodeType, b: CodeType) -> bool:
    """Whether two code objects do the same, line numbers aside.

    >>> f, g, h = (lambda x: x + 1), (lambda x: x + 1), (lambda x: x + 1.0)
    >>> same_code(f.__code__, g.__code__), same_code(f.__code__, h.__code__)
    (True, False)
    """
    return (
        a.co_code == b.co_code
        and a.co_names == b.co_names
        and a.co_varnames == b.co_varnames
        and a.co_freevars == b.co_freevars
        and a.co_cellvars == b.co_cellvars
        and a.co_argcount == b.co_argcount
        and a.co_kwonlyargcount == b.co_kwonlyargcount
        and a.co_posonlyargcount == b.co_posonlyargcount
        and len(a.co_consts) == len(b.co_consts)
        and all(map(_same_const, a.co_consts, b.co_consts))
    )


def _same_const(a: object, b: object) -> bool:
    if isinstance(a, CodeType):
        return isinstance(b, CodeType) and same_code(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        assert isinstance(b, tuple)
        return len(a) == len(b) and all(map(_same_const, a, b))
    if isinstance(a, frozenset):
        return a == b
    return repr(a) == repr(b)


def positions(code: CodeType) -> set[tuple[Place, Place]]:
    """Start and end (1-based line, 0-based UTF-8 offset) of the expressions that the instructions come from."""
    found = set()
    for line, end_line, col, end_col in code.co_positions():
        if line is None or end_line is None or col is None or end_col is None or (line, col) == (end_line, end_col):
            continue
        found.add(((line, col), (end_line, end_col)))
    return found

"""All errors that srcad raises, and how they are shown.

An error says what happened, where (file, line, the user's source line, a caret), why, and what to do. Job of this
module: the hierarchy and the rendering; it imports nothing of srcad, so a location is anything with the fields of
`Where`.
"""

from __future__ import annotations

import linecache
from typing import Any, Protocol


class Where(Protocol):
    """A place in user code: 1-based line, 0-based columns."""

    @property
    def file(self) -> str:
        """The file's name."""

    @property
    def line(self) -> int:
        """The line, from 1."""

    @property
    def col(self) -> int:
        """The first column, from 0."""

    @property
    def end_col(self) -> int:
        """The column behind the last."""

    @property
    def function(self) -> str:
        """The function's name."""


class SrcadError(Exception):
    """Base class of srcad's errors.

    Args:
        what: one sentence, what cannot be done.
        where: the place in the user's code, or None where there is none.
        why: the reason, one or two sentences.
        remedy: what the user can do.

    >>> print(ArgumentError("argument 'k' is an integer", why="only floats have a derivative", remedy="pass 2.0"))
    argument 'k' is an integer
      why: only floats have a derivative
      fix: pass 2.0
    """

    def __init__(self, what: str, *, where: Where | None = None, why: str = "", remedy: str = "") -> None:
        self.what, self.where, self.why, self.remedy = what, where, why, remedy
        super().__init__(render(what, where, why, remedy))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.why, self.remedy)


class UnsupportedSyntax(SrcadError):
    """A construct that srcad does not differentiate yet."""


class NonDifferentiable(SrcadError):
    """Something that cannot have a derivative."""


class MissingRule(SrcadError):
    """A primitive without a derivative template; the remedy shows the template to write."""


class SourceUnavailable(SrcadError):
    """The source text of a function cannot be found, or is not what is running."""


class ArgumentError(SrcadError, TypeError):
    """Arguments or options that make no sense: integer inputs, a result that is not a scalar, an unknown option."""


class NotFinite(SrcadError, FloatingPointError):
    """An adjoint or a tangent that became NaN or infinite, in a derivative with `check_finite=True`.

    Attributes:
        earlier: a value of the function that was not finite before, as the run-time check noted it; else None.
    """

    earlier: Any = None


class RuleError(SrcadError, ValueError):
    """A template or its registration that makes no sense: a wrong signature, an unknown name, a second rule."""


class InternalError(SrcadError):
    """A bug in srcad; names the stage."""


def render(what: str, where: Where | None, why: str, remedy: str) -> str:
    """The text of an error: what, the place with a caret, why, fix."""
    lines = [what]
    if where is not None and where.line:
        lines += excerpt(where)
    if why:
        lines.append("  why: " + why.replace("\n", "\n       "))
    if remedy:
        lines.append("  fix: " + remedy.replace("\n", "\n       "))
    return "\n".join(lines)


def excerpt(where: Where, *, caret: bool = True) -> list[str]:
    """The lines that show a place: file and line, the line's text, and a caret under the expression.

    Tabs of the source line are kept in the caret line, so that the caret stays under the expression in any terminal.
    """
    in_function = f", in {where.function}" if where.function else ""
    lines = [f'  File "{where.file}", line {where.line}{in_function}']
    text = linecache.getline(where.file, where.line).rstrip("\r\n")
    stripped = text.strip()
    if not stripped:
        return lines
    lines.append("    " + stripped)
    if caret:
        indent = len(text) - len(text.lstrip())
        col = max(where.col, indent)
        width = max(1, min(where.end_col, len(text)) - col)
        pad = "".join(c if c == "\t" else " " for c in text[indent:col])
        lines.append("    " + pad + "^" * width)
    return lines


def _rebuild(cls: type[SrcadError], what: str, where: Where | None, why: str, remedy: str) -> SrcadError:
    return cls(what, where=where, why=why, remedy=remedy)

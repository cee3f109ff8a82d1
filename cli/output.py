"""Writing: Python text to a terminal or a pipe, and files atomically."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable
from typing import TextIO

from srcad.cli.usage import UsageError


def has_colours(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: a terminal, rich is installed, and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and importlib.util.find_spec("rich") is not None


def print_python(text: str, *, colours: bool | None = None) -> None:
    """Prints Python source to stdout, highlighted where `has_colours`, else exactly as it is."""
    text = text.rstrip("\n") + "\n"
    if not (has_colours(sys.stdout) if colours is None else colours):
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.syntax import Syntax

    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    Console(force_terminal=True).print(syntax.highlight(text), soft_wrap=True, end="")


def write_atomically(path: str, text: str, inputs: Iterable[str | None]) -> None:
    """Writes a file so that it is either whole or untouched.

    Args:
        path: the file; a link is followed, an existing file keeps its permissions.
        text: the new content.
        inputs: files that must not be overwritten, because the text was made from them.

    Raises:
        UsageError: if `path` is one of the inputs, or cannot be written.
    """
    for source in inputs:
        if source and os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise UsageError(f"{path!r} is the file that the function comes from; choose another one")
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe: there is nothing to replace
            with open(path, "w", encoding="utf-8") as device:
                device.write(text)
        else:
            _replace(os.path.realpath(path), text)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror or error}") from None


def _replace(path: str, text: str) -> None:
    mask = os.umask(0)
    os.umask(mask)
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o666 & ~mask
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path) + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def side_by_side(left: str, right: str, gap: str = "  |  ") -> str:
    r"""Two texts in two columns.

    >>> print(side_by_side("a\nbcd", "x\ny\nz"))
    a    |  x
    bcd  |  y
         |  z
    """
    lines, others = left.splitlines(), right.splitlines()
    width = max(map(len, lines), default=0)
    height = max(len(lines), len(others))
    lines += [""] * (height - len(lines))
    others += [""] * (height - len(others))
    return "\n".join((a.ljust(width) + gap + b).rstrip() for a, b in zip(lines, others, strict=True))

"""Errors of the command line, and how an exception that user code raised is shown: its own frames, not ours."""

from __future__ import annotations

import argparse
import os.path
import traceback
from typing import TypeAlias

import srcad

#: What a command adds its parser to.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class UsageError(Exception):
    """A command line that makes no sense: its message is printed without a traceback, the exit code is 2."""


def describe(error: BaseException) -> str:
    """The traceback of an exception, without the frames of this package where user code was running.

    A file that does not compile has no frames; the message says where. Anything else without a frame outside this
    package is a bug of ours and is shown whole.
    """
    shown = traceback.TracebackException.from_exception(error)
    own = _own_folders()
    users = False
    for part in _chain(shown):
        kept = [frame for frame in part.stack if not _is_own(frame.filename, own)]
        if kept:
            part.stack = traceback.StackSummary.from_list(kept)
            users = True
    if not users and isinstance(error, SyntaxError) and not _is_own(error.filename or "", own):
        return "".join(shown.format_exception_only()).rstrip("\n")
    text = "".join(shown.format()).rstrip("\n")
    return text if users else f"{text}\nThis is a bug in srcad; please report it with the traceback above."


def _chain(shown: traceback.TracebackException | None) -> list[traceback.TracebackException]:
    if shown is None:
        return []
    return [shown, *_chain(shown.__cause__), *_chain(shown.__context__)]


def _is_own(filename: str, own: list[str]) -> bool:
    path = os.path.realpath(filename)
    return filename.startswith("<frozen ") or any(path.startswith(folder + os.sep) for folder in own)


def _own_folders() -> list[str]:
    package = os.path.dirname(os.path.abspath(srcad.__file__))
    return [os.path.realpath(os.path.join(package, name)) for name in (".", "cli", "templates")]

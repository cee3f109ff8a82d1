"""Errors in generated code in terms of the user's: the statement that a line of a derivative belongs to.

Generated files are known here from loading until their code is gone. Nothing is done while nothing fails.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from types import TracebackType

from srcad.errors import ArgumentError, NotFinite, SrcadError, Where, excerpt, render

_lines: dict[str, Mapping[int, Where]] = {}


def remember(filename: str, lines: Mapping[int, Where]) -> None:
    """From now on `annotate` knows the user's statement behind each line of a generated file."""
    _lines[filename] = lines


def forget(filename: str) -> None:
    """The file is gone."""
    _lines.pop(filename, None)


def annotate(error: BaseException, filename: str) -> None:
    """Add a note with the place in the user's code to an exception that code of `filename` has raised.

    Only the innermost frame of generated code is told of, by the derivative that it belongs to: an exception that
    comes out of several derivatives is annotated once.
    """
    innermost = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in _lines:
            innermost = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    if innermost is None or innermost[0] != filename:
        return
    places = _origins(*innermost)
    place = places[-1] if places else None
    if isinstance(error, NotFinite):
        _complete(error, place)
    elif place is not None:
        sweep = (
            "in the derivative of"
            if any(getattr(p, "adjoint", False) for p in places)
            else "in the function that is differentiated"
        )
        error.add_note("\n".join([f"{sweep}:", *excerpt(place, caret=False)]))


def _complete(error: NotFinite, place: Where | None) -> None:
    """Tell a failed check of generated code at the user's line."""
    if error.where is not None:
        return
    error.where, earlier = place, error.earlier
    came = None if earlier is None else origin(earlier.file, earlier.line)
    if earlier is not None and came is not None and earlier.is_nan:
        told = [error.what, *([] if place is None else excerpt(place, caret=False))]
        error.what, error.where = f"the value {earlier.text}", came
        error.why = "the function itself computes it; then\n" + "\n".join(told)
        error.remedy = "look at the function first: inside np.errstate(all='raise') it stops where the value appears"
    elif earlier is not None and came is not None:
        error.why = "\n".join([f"a value of the function was not finite before: {earlier.text}", *excerpt(came)])
    error.args = (render(error.what, error.where, error.why, error.remedy),)


def origin(filename: str, line: int) -> Where | None:
    """The user's statement behind a line of a generated file, back through derivatives of derivatives."""
    return next(reversed(_origins(filename, line)), None)


def _origins(filename: str, line: int) -> list[Where]:
    """The statements behind a line of a generated file, from derivative to derivative, the user's last."""
    found: list[Where] = []
    while filename in _lines:
        place = _lines[filename].get(line)
        if place is None:
            break
        found.append(place)
        filename, line = place.file, place.line
    return found


def in_terms_of_the_user(error: SrcadError, name: str) -> SrcadError:
    """An error about the generated code of the derivative `name`, told at the place that it is about in the user's."""
    where = error.where
    if where is None or where.file not in _lines:
        return error
    place = origin(where.file, where.line)
    if isinstance(error, ArgumentError):
        return type(error)(error.what, where=place, why=error.why, remedy=error.remedy)
    text = linecache.getline(where.file, where.line).strip()
    return type(error)(
        f"{name} cannot be differentiated again: {error.what}",
        where=place,
        why="\n".join([*filter(None, [error.why]), f"the line of {name} is: {text}"]),
        remedy=f"print({name}.source) shows what is to be differentiated; write by hand a form of it that is supported",
    )

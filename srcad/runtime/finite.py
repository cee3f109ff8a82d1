"""Is it finite? What the derivatives that are compiled with `check_finite=True` ask after each of their statements.

The forward sweep only takes a note of the first value that is not: whether an infinite value does any harm is seen
when an adjoint or a tangent stops being finite, which is an error. The error is completed with the user's lines by
whoever called the derivative.
"""

from __future__ import annotations

import cmath
import sys
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from srcad.errors import NotFinite


class Noted(NamedTuple):
    """A value of the function that is not finite: what is said of it, and the line of generated code behind it."""

    text: str
    is_nan: bool
    file: str
    line: int


_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


def watch_values() -> None:
    """From now on the first value that is not finite is noted."""
    _noted.set(None)


def note_value(value: Any, name: str, at: Any = None) -> None:
    """Remember a value of the function if it is the first one that is not finite.

    Args:
        value: a number, an array, or a container of them.
        name: its name.
        at: the index of the part that is new; None for all of it.
    """
    if _noted.get() is not None or _is_finite(value if at is None else value[at]):
        return
    frame = sys._getframe(1)
    text, first = _told(value, name)
    _noted.set(Noted(text, bool(np.isnan(first)), frame.f_code.co_filename, frame.f_lineno))


def check_finite(value: Any, name: str, at: Any = None) -> None:
    """Make sure that an adjoint or a tangent is finite.

    Args:
        value: a number, an array, or a container of them.
        name: its name.
        at: the index of the part that is new; None for all of it.

    Raises:
        NotFinite: it is not.

    >>> check_finite([1.0, float("inf")], "x_bar")
    Traceback (most recent call last):
    ...
    srcad.errors.NotFinite: the adjoint x_bar is not finite: x_bar[1] is inf
      why: it is the first adjoint that is not finite: the derivative of its statement is infinite or too large here
      fix: keep the operation away from that point: clip its argument, or choose its input with np.where
    """
    if _is_finite(value if at is None else value[at]):
        return
    kind = "tangent" if name.endswith("_dot") else "adjoint"
    text, first = _told(value, name)
    grown = (
        "0 * inf or inf - inf came up in the derivative of its statement"
        if np.isnan(first)
        else "the derivative of its statement is infinite or too large here"
    )
    error = NotFinite(
        f"the {kind} {text}",
        why=f"it is the first {kind} that is not finite: {grown}",
        remedy="keep the operation away from that point: clip its argument, or choose its input with np.where",
    )
    error.earlier = _noted.get()
    raise error


def _is_finite(value: Any) -> bool:
    match value:
        case float() | complex():
            return cmath.isfinite(value)
        case np.ndarray() | np.generic():
            return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
        case list() | tuple():
            return all(map(_is_finite, value))
        case dict():
            return all(map(_is_finite, value.values()))
        case _:
            return True


def _told(value: Any, name: str) -> tuple[str, Any]:
    """Which elements are not finite, in words; and the first of them."""
    match value:
        case list() | tuple() | dict():
            items = value.items() if isinstance(value, dict) else enumerate(value)
            key, item = next((key, item) for key, item in items if not _is_finite(item))
            text, first = _told(item, f"{name}[{key!r}]")
            return (text if " is not finite: " in text else f"{name} is not finite: {text}"), first
        case np.ndarray(ndim=rank) if rank:
            wrong = np.argwhere(~np.isfinite(value))
            place = tuple(int(k) for k in wrong[0])
            where = f"{name}[{', '.join(map(str, place))}] is {value[place]}"
            return f"{name} is not finite: {len(wrong)} of {value.size} elements, the first {where}", value[place]
        case _:
            return f"{name} is {value}", value

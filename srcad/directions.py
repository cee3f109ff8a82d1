"""Directions in the space of arguments: what `jvp` is given, and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from srcad.errors import ArgumentError
from srcad.runtime.protocol import is_array, is_other_array
from srcad.runtime.tangents import as_tangent


def sequences(primals: Any, tangents: Any) -> None:
    """Make sure that both are sequences.

    Raises:
        ArgumentError: one is not.
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise ArgumentError(
                f"the {name} of jvp are of type {type(given).__name__}, not a tuple",
                remedy="give one for each argument, in a tuple: srcad.jvp(f, (x,), (x_dot,))",
            )


def varies(tangent: Any) -> bool:
    """Whether a tangent states a direction: it is not None, nor a container of nothing else."""
    if isinstance(tangent, Mapping):
        return any(map(varies, tangent.values()))
    if isinstance(tangent, (list, tuple)):
        return any(map(varies, tangent))
    return tangent is not None


def tangent_like(position: int, tangent: Any, primal: Any) -> Any:
    """A tangent with the dtype of its primal; its shape must be the primal's.

    Raises:
        ArgumentError: it is no direction in the space of its primal.
    """
    if not isinstance(primal, (np.number, float, int, complex)) and not is_array(primal):
        _require_parts(f"tangent {position}", tangent, primal)
        return as_tangent(tangent, primal)
    numbers = isinstance(tangent, (np.generic, int, float, complex, list)) or is_array(tangent)
    if not numbers or _dtype(tangent).kind not in "biufcO":
        raise ArgumentError(
            f"tangent {position} is of type {type(tangent).__name__}, its primal of type {type(primal).__name__}",
            remedy="a tangent is a direction in the space of its argument: give it numbers of the same shape",
        )
    if not np.issubdtype(_dtype(primal), np.inexact) and _dtype(primal).kind != "O":
        raise ArgumentError(
            f"argument {position} does not vary: it is of type {type(primal).__name__}, not float",
            why="only floating-point numbers, arrays and containers of them have derivatives",
            remedy="give None as its tangent, or pass floats",
        )
    if np.shape(tangent) != np.shape(primal):
        raise ArgumentError(
            f"tangent {position} has shape {np.shape(tangent)}, its primal {np.shape(primal)}",
            remedy="a tangent is a direction in the space of its argument: give it the same shape",
        )
    if is_other_array(primal):
        return as_tangent(tangent, primal)
    if isinstance(primal, np.ndarray):
        return as_tangent(np.asarray(tangent, dtype=primal.dtype if primal.dtype.kind in "fc" else None), primal)
    return tangent


def _dtype(x: Any) -> np.dtype[Any]:
    """The dtype of an array or number; nothing is computed to find it."""
    found: np.dtype[Any] = x.dtype if is_array(x) else np.asarray(x).dtype
    return found


def _require_parts(label: str, tangent: Any, primal: Any) -> None:
    """The tangent of a list, tuple or dict has its parts, None for those that do not vary."""
    if tangent is None or not isinstance(primal, (list, tuple, dict)):
        return
    shaped: Any = Mapping if isinstance(primal, dict) else (list, tuple, np.ndarray)
    if not isinstance(tangent, shaped):
        raise ArgumentError(
            f"{label} is of type {type(tangent).__name__}, its primal of type {type(primal).__name__}",
            remedy="give a tangent for each item, None where the item does not vary",
        )
    if isinstance(primal, dict):
        for key, value in primal.items():
            _require_parts(f"{label}[{key!r}]", tangent.get(key), value)
        return
    if len(tangent) != len(primal):
        raise ArgumentError(
            f"{label} has {len(tangent)} items, its primal {len(primal)}",
            remedy="give a tangent for each item, None where the item does not vary",
        )
    for k, (part, value) in enumerate(zip(tangent, primal, strict=True)):
        _require_parts(f"{label}[{k}]", part, value)

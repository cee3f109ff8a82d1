"""How the tests ask srcad for a derivative: the one place that knows the API and the compiler's options.

A mode is a way of compiling. ``known`` is what users get: a version for the kinds of the arguments. ``unknown``
compiles for arguments of which nothing is known, so that everything is decided at run time: less pretty, never less
right.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import srcad
from srcad import api
from tests.programs.table import Program

MODES = ("known", "unknown")


@contextmanager
def compiling(mode: str) -> Iterator[None]:
    """Compile in the given mode inside the ``with``."""
    with api.compile_options(kinds=mode == "known"):
        yield


def value_and_gradient(entry: Program, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The value and the gradients, always as a tuple, on a copy of `args`."""
    value, gradient = srcad.value_and_grad(entry.fn, entry.argnums)(*args)
    return value, gradient if isinstance(entry.argnums, tuple) else (gradient,)


def gradient_only(entry: Program, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients from `srcad.grad`, always as a tuple."""
    gradient = srcad.grad(entry.fn, entry.argnums)(*args)
    return gradient if isinstance(entry.argnums, tuple) else (gradient,)


def pushforward(entry: Program, args: tuple[Any, ...], along: dict[int, Any]) -> tuple[Any, Any]:
    """Value and tangent in the direction `along`; arguments that are not differentiated get the tangent None."""
    tangents = tuple(along.get(i) for i in range(len(args)))
    return srcad.jvp(entry.fn, args, tangents)


def derivative(entry: Program) -> Callable[..., Any]:
    """The derivative function whose source is looked at: the gradient alone."""
    return srcad.grad(entry.fn, entry.argnums)


def source(entry: Program, args: tuple[Any, ...]) -> str:
    """The generated source for these arguments."""
    return derivative(entry).source_for(*copy.deepcopy(args))

"""How a program is checked in reverse and in forward mode, with kinds known and unknown."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import srcad
from tests.programs import modes, numeric
from tests.programs.checks import check_gradient
from tests.programs.table import Program


def agrees(entry: Program, kinds: Sequence[str] = modes.MODES) -> None:
    """Raise AssertionError unless value, gradient and tangent of a program are right, and its arguments unchanged."""
    for mode in kinds:
        for args in entry.inputs:
            with modes.compiling(mode):
                given = copy.deepcopy(args)
                value, gradient = modes.value_and_gradient(entry, given)
                assert numeric.identical(value, entry.fn(*copy.deepcopy(args)))
                assert numeric.identical(given, args)
                check_gradient(entry, args, gradient)
                check_gradient(entry, args, modes.gradient_only(entry, given))
                along = {i: numeric.direction(args[i], np.random.default_rng([3, i])) for i in entry.wanted}
                _, tangent = modes.pushforward(entry, given, along)
            slope = numeric.central(entry.fn, args, along)
            assert numeric.close(tangent, slope, entry.rtol, abs(float(value))), f"tangent {tangent}, not {slope}"


def agrees_or_is_refused(entry: Program) -> None:
    """`agrees`, but a derivative may be refused with a located error."""
    for mode in modes.MODES:
        try:
            agrees(entry, [mode])
        except srcad.InternalError:
            raise
        except srcad.SrcadError:
            pass


def agrees_forward(entry: Program) -> None:
    """Raise AssertionError unless the tangents of a program are right."""
    for mode in modes.MODES:
        for args in entry.inputs:
            along = {i: numeric.direction(args[i], np.random.default_rng([3, i])) for i in entry.wanted}
            with modes.compiling(mode):
                value, tangent = modes.pushforward(entry, copy.deepcopy(args), along)
            slope = numeric.central(entry.fn, args, along)
            assert numeric.close(tangent, slope, entry.rtol, abs(float(value))), f"tangent {tangent}, not {slope}"


def agrees_if_known(entry: Program) -> None:
    """`agrees` for known kinds; for unknown ones the gradient may be refused, but not wrong."""
    agrees(entry, ["known"])
    try:
        agrees(entry, ["unknown"])
    except srcad.InternalError:
        raise
    except srcad.SrcadError:
        pass


def refused(f: Callable[..., Any], args: tuple[Any, ...], text: str, *, forward: bool = False) -> None:
    """Raise AssertionError unless the gradient, and with `forward` the tangent, is refused with this text."""
    for mode in modes.MODES:
        with modes.compiling(mode):
            with pytest.raises(srcad.SrcadError, match=text):
                srcad.grad(f)(*copy.deepcopy(args))
            if forward:
                with pytest.raises(srcad.SrcadError, match=text):
                    srcad.jvp(f, args, (1.0,) + (None,) * (len(args) - 1))

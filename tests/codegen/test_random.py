"""Printed code means what the SSA means, on random programs."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from srcad.codegen.emit import emit
from srcad.codegen.load import load, unload
from srcad.ir.nodes import Program
from tests.codegen.interpreter import interpret
from tests.codegen.programs import LOG, Maker


def outcome(run: Any, *args: Any) -> tuple[Any, ...]:
    """Result, effects on the arguments and the log, or the exception."""
    given_args = copy.deepcopy(args)
    LOG.clear()
    try:
        result = copy.deepcopy(run(*given_args))
    except TypeError as error:
        result = str(error)
    return result, list(LOG), given_args


def check(number: int) -> None:
    """One random program."""
    function = Maker(number).function()
    program = Program(function)
    generated = emit(program)
    loaded = load(generated, program)["f"]
    try:
        for args in ((1, 2, [3, 4, 5]), (-4, 0, [1, 0, -1])):
            expected = outcome(lambda *a: interpret(function, *a), *args)
            assert outcome(loaded, *args) == expected, generated.source
    finally:
        unload(loaded.__code__.co_filename)


@seed(20240611)
@settings(max_examples=300, deadline=None, database=None)
@given(st.integers(0, 2**32))
def test_random_programs(number: int) -> None:
    """Execution of the text equals interpretation of the SSA."""
    check(number)

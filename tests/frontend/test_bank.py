"""The whole bank of programs, lowered and run by the interpreter."""

from __future__ import annotations

import copy
import inspect

import pytest

from srcad.errors import UnsupportedSyntax
from srcad.frontend.lower import lower
from srcad.ir.verify import verify
from tests.frontend.interpreter import execute
from tests.frontend.test_programs import outcome, same
from tests.programs.bank import PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_bank(program):
    try:
        function = lower(program.fn)
    except UnsupportedSyntax as error:
        assert program.later and error.where is not None, str(error)
        return
    verify(function)
    for args in (*program.inputs, *program.raising):
        mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
        bound = inspect.signature(program.fn).bind(*mine)
        bound.apply_defaults()
        expected = outcome(lambda: program.fn(*theirs))
        assert same(expected, outcome(lambda: execute(function, *bound.arguments.values())))
        assert same(theirs, mine)

"""Each program, lowered and run by the interpreter, gives what Python gives, exceptions included."""

from __future__ import annotations

import copy
import inspect

import numpy as np
import pytest

from srcad.frontend.lower import lower
from srcad.ir.verify import verify
from tests.frontend.interpreter import execute
from tests.frontend.programs import PROGRAMS


def outcome(run):
    """The result of a call or its exception, as something to compare."""
    try:
        return "value", run()
    except Exception as error:
        return type(error), "" if isinstance(error, UnboundLocalError) else str(error)


def same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("fn, calls", PROGRAMS, ids=[fn.__name__ for fn, _ in PROGRAMS])
def test_ssa_computes_what_python_computes(fn, calls):
    function = lower(fn)
    verify(function)
    for args in calls:
        mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
        expected = outcome(lambda: fn(*theirs))
        bound = inspect.signature(fn).bind(*mine)
        bound.apply_defaults()
        got = outcome(lambda: execute(function, *bound.arguments.values()))
        assert same(expected, got), (expected, got)
        assert same(theirs, mine), "the arguments were changed otherwise"

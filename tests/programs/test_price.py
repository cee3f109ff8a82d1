"""No price where there is no mutation: over the whole bank, the gradient of a program that changes nothing in place."""

import copy

import numpy as np
import pytest

from srcad import runtime
from srcad.analysis.effects import writes
from srcad.analysis.values import kinds_of
from srcad.callees import Callees
from srcad.ir import ops
from srcad.ir.nodes import Call, Const, Var
from srcad.ir.visit import walk
from srcad.pipeline import Job, run
from srcad.transform.request import Request
from tests.programs.bank import PROGRAMS, RUN_IDS, RUNS

COPIES = (np.ndarray.copy, np.copy, copy.deepcopy, copy.copy, list.copy, dict.copy, runtime.own, runtime.copied)
DISPLAYS = (ops.make_tuple, ops.make_list, ops.make_dict)


def compiled(entry, k):
    """The job of a gradient, up to the last stage before its text."""
    args = entry.inputs[k]
    request = Request(entry.wanted, single=isinstance(entry.argnums, int))
    return run(Job(entry.fn, kinds_of(args), request, "reverse", Callees(entry.fn)), until="clean")


def mutates(job):
    return bool(job.memory.stores or job.changed)


def calls(function):
    return [s for s in walk(function.body) if isinstance(s, Call)]


def is_call(call, functions):
    return isinstance(call.fn, Const) and any(call.fn.value is f for f in functions)


def returned(function):
    """The gradients, without the containers around them."""
    makers = {call.target: call for call in calls(function)}
    pending, found = list(function.body.yields), set()
    while pending:
        atom = pending.pop()
        if isinstance(atom, Var) and atom in makers and is_call(makers[atom], DISPLAYS):
            pending += makers[atom].args
        else:
            found.add(atom)
    return found


def price(function):
    """What a transform added to a function because something might change: copies, values kept or put back, shadows.

    A copy of what is returned is the caller's; a buffer that cotangents are added to is no shadow, but one in which
    something is overwritten is.
    """
    results = returned(function)
    own = {call.target for call in calls(function) if not (call.loc.adjoint or call.loc.saving)}
    own |= {p for p in function.body.params if not p.name.endswith("_bar")}  # others are there to be added to
    for call in calls(function):
        if not (call.loc.adjoint or call.loc.saving):
            continue
        if is_call(call, COPIES) and call.target not in results:
            yield call
        if call.target.name.rstrip("0123456789").endswith("_old"):
            yield call
        if any(base in own for base in writes(call)):
            yield call


PLAIN = [(entry, k) for entry, k in RUNS if not mutates(compiled(entry, k))]


def test_there_are_many():
    assert len(PLAIN) >= 250


@pytest.mark.parametrize(("entry", "k"), PLAIN, ids=[f"{entry.name}-{k}" for entry, k in PLAIN])
def test_nothing_is_copied_kept_or_put_back(entry, k):
    job = compiled(entry, k)
    functions = [job.body, *(function for _, function in job.callees.generated())]
    assert [call for function in functions for call in price(function)] == []


def test_a_price_is_found():
    paid = [f"{e.name}-{k}" for e, k in RUNS if (e, k) not in PLAIN and any(price(compiled(e, k).body))]
    assert len(paid) >= 30 and set(paid) <= set(RUN_IDS)
    assert PROGRAMS

"""`check_finite`, `strict` and `explain` on programs of the bank: nothing changes where nothing is wrong."""

import contextlib
import copy
import io
import re

import numpy as np
import pytest

import srcad
from tests.programs import gallery, mutators_out, numerics
from tests.programs.bank import PROGRAMS
from tests.programs.numeric import direction, identical

#: All with a golden text, those where cuts and outputs are, and a twelfth of the others.
CHOSEN = [
    entry
    for k, entry in enumerate(PROGRAMS)
    if not entry.later
    and (entry.golden or k % 12 == 0 or any(entry in topic.PROGRAMS for topic in (gallery, mutators_out, numerics)))
]

#: What rounds or compares on the way to its result.
WITH_CUTS = {"integer_division", "comparisons", "augmented_modulo", "rounding"}


def quietly(run, *args):
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        return run(*copy.deepcopy(args))


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: entry.name)
def test_checks_change_nothing(entry):
    args, wrt = entry.inputs[0], tuple(entry.wanted)
    expected = quietly(srcad.grad(entry.fn, wrt), *args)
    assert identical(quietly(srcad.grad(entry.fn, wrt, check_finite=True), *args), expected)
    along = tuple(direction(a, np.random.default_rng(k)) if k in wrt else None for k, a in enumerate(args))
    if entry.is_promised("forward", "known"):
        plain = quietly(srcad.jvp, entry.fn, args, along)
        checked = quietly(lambda *given: srcad.jvp(entry.fn, given, along, check_finite=True), *args)
        assert identical(checked, plain)


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: entry.name)
def test_explanations_are_true(entry):
    args, wrt = entry.inputs[0], tuple(entry.wanted)
    expected = quietly(srcad.grad(entry.fn, wrt), *args)
    found = srcad.explain(entry.fn, wrt, args=args)
    cuts = [reason for argument in found.arguments for reason in argument.reasons if "between its jumps" in reason.why]
    assert bool(cuts) == (entry.name in WITH_CUTS)
    strict = srcad.grad(entry.fn, wrt, strict=True)
    if cuts:
        with pytest.raises(srcad.NonDifferentiable) as caught:
            quietly(strict, *args)
        assert (caught.value.where.line, caught.value.why) in {(cut.where.line, cut.why) for cut in cuts}
    else:
        assert identical(quietly(strict, *args), expected)
    for argument, gradient in zip(found.arguments, expected, strict=True):
        assert argument.depends in ("yes", "partly") or not np.any(np.asarray(gradient, dtype=object))
    kept = [saved for loop in found.loops for saved in loop.saved]
    assert {saved.name for saved in kept} == set(re.findall(r"(\w+_saved|saved\d*)\.append\(", found.source))
    assert all(saved.readers for saved in kept)

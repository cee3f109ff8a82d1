"""The gallery's gradients are right, look like what a person writes, and are the ones that docs/gallery.md shows."""

import copy
import re

import numpy as np
import pytest

from tests.gallery import by_hand, page, times
from tests.gallery.entries import ENTRIES, shown
from tests.programs import modes, numeric
from tests.programs.checks import check_gradient, primal
from tests.programs.counts import helper_names, unused

STALE = f"docs/gallery.md is not what the compiler writes now: run `{page.COMMAND} --keep-times`, and look at the diff"

#: Gradients that call a helper of srcad's, and why a kind or a length is not known.
HELPERS = {
    "convolution": "a slice may be shorter than it asks for",
    "bundle_adjustment": "a slice may be shorter than it asks for: camera[:, 3:6] may be one column",
}

#: Gradients in which a statement computes what nobody reads, and why it stays.
UNUSED = {
    "n_body": "a product whose shapes may not fit, if there is no step",
}

_MANY_SAVED = "each value that is saved takes four lines"
_UNFOLDED = "each operation of a long statement takes a line"

#: Gradients with more than three adjoint lines for each statement of the function, and why.
LONG = {
    "softmax_network": _UNFOLDED,
    "lstm": _MANY_SAVED,
    "kalman_filter": _MANY_SAVED,
    "soft_dtw": _MANY_SAVED,
    "runge_kutta": "the same helper is written out four times",
    "heat_equation": _MANY_SAVED,
    "newton": _MANY_SAVED,
    "cholesky": _MANY_SAVED,
    "gram_schmidt": _MANY_SAVED,
    "power_iteration": _MANY_SAVED,
    "wasserstein": _UNFOLDED,
    "trimmed_squares": _UNFOLDED,
    "gaussian_process": _UNFOLDED,
    "fft_filter": _UNFOLDED,
    "bundle_adjustment": _UNFOLDED,
    "robot_arm": _MANY_SAVED,
    "tree_network": "a pair of functions for each shape of a subtree",
}

each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
each_by_hand = pytest.mark.parametrize("entry", [e for e in ENTRIES if e.by_hand], ids=lambda e: e.name)


@each
def test_reverse(entry):
    args = entry.checked
    given = copy.deepcopy(args)
    value, gradient = modes.value_and_gradient(entry.program, given)
    assert numeric.identical(value, primal(entry.fn, args)[0])
    assert numeric.identical(given, args), "the caller's data has changed"
    check_gradient(entry.program, args, gradient)


@each
def test_forward(entry):
    args = entry.checked
    along = {i: numeric.direction(args[i], np.random.default_rng([5, i])) for i in entry.program.wanted}
    value, tangent = modes.pushforward(entry.program, copy.deepcopy(args), along)
    assert numeric.identical(value, primal(entry.fn, args)[0])
    assert numeric.close(tangent, numeric.central(entry.fn, args, along), entry.program.rtol, abs(float(value)))


@each_by_hand
def test_by_hand(entry):
    """The two gradients agree on all arguments, up to the rounding of sums of some hundred terms."""
    for args in entry.program.inputs:
        ours = modes.gradient_only(entry.program, copy.deepcopy(args))
        theirs = entry.by_hand(*copy.deepcopy(args))
        for a, b in zip(ours, theirs if isinstance(theirs, tuple) else (theirs,), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.max(np.abs(b)))


def test_there_are_enough():
    assert len(ENTRIES) >= 25
    assert len({e.name for e in ENTRIES}) == len({e.title for e in ENTRIES}) == len(ENTRIES)
    assert sum(e.by_hand is not None for e in ENTRIES) >= 14
    written = {name for name, f in vars(by_hand).items() if getattr(f, "__module__", "") == by_hand.__name__}
    assert written - {"logsumexp", "gravity_adjoint"} <= {e.name for e in ENTRIES}


def held(found, name, exceptions):
    """Nothing is found, except where the table of exceptions says so; and there something is."""
    assert bool(found) == (name in exceptions), found or f"{name} is no longer an exception"


@each
def test_no_helpers(entry):
    held(helper_names(page.generated(entry), entry.fn), entry.name, HELPERS)


@each
def test_nothing_is_unused(entry):
    held(unused(page.generated(entry)), entry.name, UNUSED)


@each
def test_adjoint_lines_are_few(entry):
    own, more = page.counted(entry, page.generated(entry))
    held(f"{more} lines for {own} statements" if more > 3 * own else "", entry.name, LONG)


def test_exceptions_are_of_programs():
    assert {*HELPERS, *UNUSED, *LONG} <= {e.name for e in ENTRIES}


def test_an_exception_must_be_needed():
    held(["np.pi"], "f", {"f": "why"})
    held([], "g", {"f": "why"})
    with pytest.raises(AssertionError, match="np.pi"):
        held(["np.pi"], "g", {"f": "why"})
    with pytest.raises(AssertionError, match="no longer"):
        held([], "f", {"f": "why"})


def test_the_page_is_current():
    """Sources, counts and saved lists; not the times."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.without_times(text) == page.without_times(page.page({})), STALE


def test_the_page_has_all_times():
    text = page.PAGE.read_text(encoding="utf-8")
    assert "not measured" not in text
    assert page.page(page.times_of(text)) == text, STALE


def test_each_call_is_timed_with_arguments_of_its_own_where_they_change():
    changing = {e.name for e in ENTRIES if times.changes_arguments(e)}
    assert changing == {"heat_equation"}


def test_only_times_are_left_out():
    assert page.without_times("Time: 2.30× the function") == page.without_times("Time: not measured the function")
    assert page.without_times("x = 2.0 * y") == "x = 2.0 * y"


def helped(x):
    return np.sum(helping(x))


def helping(x):
    return further(x) * x


def further(x):
    return x * 2.0


def test_a_program_is_shown_with_its_helpers():
    text = page.primal(shown("Helped", helped, 1.0))
    assert re.findall(r"^def (\w+)", text, re.M) == ["helping", "further", "helped"]


def test_readers_of_saved_values():
    text = (
        "def f_grad(x):\n    y_saved = []\n    for i in range(3):\n        y_saved.append(y)\n"
        "    for i in range(3):\n        y = y_saved.pop()\n        t = y + 1\n"
        "        # z = y * x\n        z_bar = t * z_bar\n        # y = sin(x)\n        x_bar = 2 * x\n"
    )
    assert page.readers(text) == {"y_saved": ["z = y * x"]}

"""Every program of the bank, on every input, in every mode, against differences and against itself."""

import contextlib
import copy
import io
from pathlib import Path

import numpy as np
import pytest

import srcad
import srcad.errors
from tests.programs import modes, numeric
from tests.programs.bank import PROGRAMS, RUNS
from tests.programs.checks import check_gradient, primal, wide
from tests.programs.counts import helper_names


def located(error):
    """Whether an error says where in the user's code it comes from."""
    return error.where is not None or any(", line " in note for note in getattr(error, "__notes__", []))


EVERY = [(entry, k, mode) for mode in modes.MODES for entry in PROGRAMS for k in range(len(entry.inputs))]
every_mode = pytest.mark.parametrize("mode", modes.MODES)


def every_promised(direction):
    """Each program on each of its inputs in each mode in which its derivative in this direction is promised."""
    runs = [(entry, k, mode) for entry, k, mode in EVERY if entry.is_promised(direction, mode)]
    return pytest.mark.parametrize(
        ("entry", "k", "mode"), runs, ids=[f"{entry.name}-{k}-{mode}" for entry, k, mode in runs]
    )


#: Programs that may be refused, and in which mode.
REFUSABLE = [(e, m) for e in PROGRAMS for m in modes.MODES if not e.is_promised("reverse", m)]


@every_promised("reverse")
def test_reverse(entry, k, mode):
    """Values bit for bit, gradients against differences, the caller's data untouched, output printed once."""
    args = entry.inputs[k]
    value, text = primal(entry.fn, args)
    given = copy.deepcopy(args)
    output = io.StringIO()
    with modes.compiling(mode), contextlib.redirect_stdout(output):
        got, gradient = modes.value_and_gradient(entry, given)
    assert numeric.identical(got, value), f"value {got!r} instead of {value!r}"
    assert numeric.identical(given, args), "the caller's data has changed"
    assert output.getvalue() == text
    check_gradient(entry, args, gradient)
    assert not numeric.share_memory(gradient, given), "the gradient shares memory with an argument"
    assert not any(numeric.share_memory(g, h) for i, g in enumerate(gradient) for h in gradient[:i])


@every_promised("reverse")
def test_gradient_alone(entry, k, mode):
    """`grad` may drop operations that nobody reads; it must not drop more than that. A second call gives the same."""
    args = entry.inputs[k]
    given = copy.deepcopy(args)
    with modes.compiling(mode), contextlib.redirect_stdout(io.StringIO()):
        gradient = modes.gradient_only(entry, given)
        again = modes.gradient_only(entry, given)
    assert numeric.identical(given, args), "the caller's data has changed"
    assert numeric.identical(gradient, again), "a second call gives another gradient"
    check_gradient(entry, args, gradient)


@every_promised("forward")
def test_forward(entry, k, mode):
    """The tangent against differences, and against the gradient: the dot product test."""
    args = entry.inputs[k]
    value, text = primal(entry.fn, args)
    along = {i: numeric.direction(args[i], np.random.default_rng([7, k])) for i in entry.wanted}
    given = copy.deepcopy(args)
    output = io.StringIO()
    with modes.compiling(mode), contextlib.redirect_stdout(output):
        got, tangent = modes.pushforward(entry, given, copy.deepcopy(along))
    assert numeric.identical(got, value), f"value {got!r} instead of {value!r}"
    assert numeric.identical(given, args), "the caller's data has changed"
    assert output.getvalue() == text
    with contextlib.redirect_stdout(io.StringIO()):
        slope = numeric.central(entry.fn, wide(args), wide(along))
    assert numeric.close(float(tangent), slope, entry.rtol, abs(float(value))), f"tangent {tangent!r}, want {slope!r}"
    if not entry.is_promised("reverse", mode):
        return
    with modes.compiling(mode), contextlib.redirect_stdout(io.StringIO()):
        gradient = modes.gradient_only(entry, given)
    paired = sum(numeric.inner(g, along[i]) for g, i in zip(gradient, entry.wanted, strict=True))
    tolerance = 1e-4 if numeric.single_precision(args) else 1e-11
    agree = numeric.close(float(tangent), paired, tolerance, abs(float(value)))
    assert agree, f"the tangent {tangent!r} is right, the gradient is not: {paired!r}"


@pytest.mark.parametrize(("entry", "mode"), REFUSABLE, ids=[f"{entry.name}-{mode}" for entry, mode in REFUSABLE])
def test_beyond_what_is_promised(entry, mode):
    """Right, or refused with a place in the source; never wrong and never an internal error."""
    for args in entry.inputs:
        along = {i: numeric.direction(args[i], np.random.default_rng([7, i])) for i in entry.wanted}
        with modes.compiling(mode), contextlib.redirect_stdout(io.StringIO()):
            gradient = unless_refused(modes.gradient_only, entry, copy.deepcopy(args))
            pushed = unless_refused(modes.pushforward, entry, copy.deepcopy(args), copy.deepcopy(along))
        if gradient is not None:
            check_gradient(entry, args, gradient)
        if pushed is not None:
            with contextlib.redirect_stdout(io.StringIO()):
                slope = numeric.central(entry.fn, args, along)
            assert numeric.close(float(pushed[1]), slope, entry.rtol, abs(float(pushed[0]))), (pushed[1], slope)


@pytest.mark.parametrize("entry", [e for e in PROGRAMS if e.later or e.known_only], ids=lambda entry: entry.name)
def test_flags_are_needed(entry):
    """What is flagged as beyond the promise is refused on some input: a flag goes once what it excuses is right."""
    refused = set()
    for args in entry.inputs:
        along = {i: numeric.direction(args[i], np.random.default_rng([7, i])) for i in entry.wanted}
        for mode in modes.MODES:
            with modes.compiling(mode), contextlib.redirect_stdout(io.StringIO()):
                if unless_refused(modes.gradient_only, entry, copy.deepcopy(args)) is None:
                    refused.add(("reverse", mode))
                if unless_refused(modes.pushforward, entry, copy.deepcopy(args), copy.deepcopy(along)) is None:
                    refused.add(("forward", mode))
    if entry.later:
        direction = "reverse" if entry.later == "reverse" else "forward"
        assert (direction, "known") in refused, f"later={entry.later!r} is more than this program needs"
    if entry.known_only:
        excused = {("forward", "unknown")} if entry.later else {("reverse", "unknown"), ("forward", "unknown")}
        assert entry.later is not True and refused & excused, "known_only is not needed"


def unless_refused(function, *args):
    """What the function returns; None where it is refused with a place in the source."""
    try:
        return function(*args)
    except srcad.errors.InternalError:
        raise
    except srcad.errors.SrcadError as error:
        assert located(error), str(error)
        return None


@every_mode
@pytest.mark.parametrize(
    ("entry", "k"),
    [(entry, k) for entry in PROGRAMS for k in range(len(entry.raising))],
    ids=[f"{entry.name}-{k}" for entry in PROGRAMS for k in range(len(entry.raising))],
)
def test_the_primals_exceptions(entry, k, mode):
    """What the primal raises, every derivative raises, with the primal's line in a note."""
    args = entry.raising[k]
    with pytest.raises(Exception) as wanted:
        entry.fn(*copy.deepcopy(args))
    derivatives = {
        "value_and_grad": lambda a: srcad.value_and_grad(entry.fn, entry.argnums)(*a),
        "grad": lambda a: srcad.grad(entry.fn, entry.argnums)(*a),
    }
    for name, derivative in derivatives.items():
        with modes.compiling(mode), pytest.raises(type(wanted.value)) as got:
            derivative(copy.deepcopy(args))
        assert got.value.args == wanted.value.args, name
        here = [entry for entry in wanted.traceback if Path(entry.path).name == Path(entry_file(wanted)).name][-1]
        notes = "\n".join(getattr(got.value, "__notes__", []))
        assert f"{Path(here.path).name}" in notes and f"line {here.lineno + 1}" in notes, f"{name}: notes {notes!r}"


def entry_file(caught):
    """The file of the innermost frame of the bank."""
    return [frame.path for frame in caught.traceback if "programs" in str(frame.path)][-1]


def helpers_called(entry, k):
    with modes.compiling("known"):
        text = modes.source(entry, entry.inputs[k])
    return helper_names(text, entry.fn)


KNOWN = [(entry, k) for entry, k in RUNS if not entry.may_call_helpers(k)]


@pytest.mark.parametrize(("entry", "k"), KNOWN, ids=[f"{entry.name}-{k}" for entry, k in KNOWN])
def test_no_helpers_where_kinds_are_known(entry, k):
    """The generated source names nothing of srcad and calls nothing that the runtime provides."""
    assert helpers_called(entry, k) == []


@pytest.mark.parametrize("entry", [e for e in PROGRAMS if e.helpers and not e.later], ids=lambda entry: entry.name)
def test_helpers_are_allowed_only_where_they_are_called(entry):
    allowed = [k for k in range(len(entry.inputs)) if entry.may_call_helpers(k)]
    assert any(helpers_called(entry, k) for k in allowed)


def test_helper_names_are_found():
    assert helper_names("def f(x):\n    return srcad.add_at(x)\n", primal) == ["srcad"]
    assert helper_names("def f(x):\n    return [unbroadcast(y) for y in x]\n", primal) == ["unbroadcast"]
    assert helper_names("def f(x):\n    return np.zeros_like(g(x))\n\ndef g(x):\n    return len(x)\n", primal) == []

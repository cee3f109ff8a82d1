"""Every program of the bank, on every input, in every mode, against differences and against itself."""

import ast
import contextlib
import copy
import io
from pathlib import Path

import numpy as np
import pytest

import srcad
from tests.programs import modes, numeric
from tests.programs.bank import PROGRAMS, RUN_IDS, RUNS
from tests.programs.checks import check_gradient, primal, wide

every_run = pytest.mark.parametrize(("entry", "k"), RUNS, ids=RUN_IDS)
every_mode = pytest.mark.parametrize("mode", modes.MODES)


@every_mode
@every_run
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


@every_mode
@every_run
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


@every_mode
@every_run
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
    slope = numeric.central(entry.fn, wide(args), wide(along))
    assert numeric.close(float(tangent), slope, entry.rtol, abs(float(value)))
    with modes.compiling(mode), contextlib.redirect_stdout(io.StringIO()):
        gradient = modes.gradient_only(entry, given)
    paired = sum(numeric.inner(g, along[i]) for g, i in zip(gradient, entry.wanted, strict=True))
    tolerance = 1e-4 if numeric.single_precision(args) else 1e-11
    assert numeric.close(float(tangent), paired, tolerance, abs(float(value)))


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


@every_run
def test_no_helpers_where_kinds_are_known(entry, k):
    """The generated source names nothing of srcad and calls nothing that the runtime provides."""
    if entry.helpers:
        pytest.skip("a kind of this program really is unknown")
    with modes.compiling("known"):
        text = modes.source(entry, entry.inputs[k])
    assert helper_names(text) == []


def helper_names(text):
    """The names in a generated source that belong to srcad's runtime."""
    provided = {name for module in runtime_modules() for name in vars(module) if not name.startswith("_")}
    provided -= {"np", "numpy", "annotations", "Any"}
    found = []
    for node in ast.walk(ast.parse(text)):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name == "srcad" or name in provided:
            found.append(name)
    return found


def runtime_modules():
    """The modules whose functions generated code may call."""
    import importlib
    import pkgutil

    import srcad.runtime as runtime

    names = [info.name for info in pkgutil.iter_modules(runtime.__path__)]
    return [importlib.import_module(f"srcad.runtime.{name}") for name in names]


def test_helper_names_are_found():
    assert helper_names("def f(x):\n    return srcad.unbroadcast(x)\n")[-1] == "srcad"
    assert helper_names("def f(x):\n    return np.sin(x)\n") == []

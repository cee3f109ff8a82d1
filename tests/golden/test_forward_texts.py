"""The generated source of forward mode for chosen programs, as text: compared, executed, and its tangent checked.

``forward/NAME.py.txt`` is what ``srcad.jvp`` runs for the program NAME of the bank, for the kinds of its first input;
``--update-golden`` accepts a change, and refuses a text whose tangent is wrong.
"""

import copy
from pathlib import Path

import numpy as np
import pytest

import srcad
from tests.programs import library, numeric
from tests.programs.bank import named
from tests.programs.counts import helper_names, unused

HERE = Path(__file__).parent / "forward"
NAMES = ["loss", "heat", "sqrt_newton", "kalman", "logistic_map", "rosenbrock", "over_rows", "in_place_operators"]


def source(entry):
    """The text of the version for the program's first input."""
    from srcad.analysis.values import kinds_of  # noqa: PLC0415 - the compiler is imported when it is needed

    kinds = kinds_of(entry.inputs[0])
    parameters = entry.fn.__code__.co_varnames[: len(kinds)]
    return srcad.dump(entry.fn, mode="forward", argnums=tuple(entry.wanted), kinds=dict(zip(parameters, kinds)))


def check(text, entry):
    names = {**vars(library), "np": np, **entry.fn.__globals__}
    exec(compile(text, f"<golden {entry.name}>", "exec"), names)
    args = entry.inputs[0]
    along = {k: numeric.direction(args[k], np.random.default_rng([3, k])) for k in entry.wanted}
    value, tangent = names[f"{entry.name}_jvp"](*copy.deepcopy(args), *(along[k] for k in entry.wanted))
    assert value == entry.fn(*copy.deepcopy(args))
    assert numeric.close(tangent, numeric.central(entry.fn, args, along), entry.rtol, abs(float(value)))


@pytest.mark.parametrize("name", NAMES)
def test_text(name, update_golden):
    entry, path = named(name), HERE / f"{name}.py.txt"
    text = source(entry)
    check(text, entry)
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "the text has changed: see the diff, then use --update-golden"


@pytest.mark.parametrize("name", NAMES)
def test_no_helper_and_nothing_unused(name):
    entry = named(name)
    text = source(entry)
    assert helper_names(text, entry.fn) == [] and unused(text) == []


def test_no_file_is_left_over():
    assert sorted(path.name for path in HERE.glob("*")) == sorted(f"{name}.py.txt" for name in NAMES)

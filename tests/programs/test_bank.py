"""The programs themselves, without srcad: they run, and their derivatives by differences can be trusted."""

import copy
import inspect

import numpy as np
import pytest

from tests.programs.bank import PROGRAMS
from tests.programs.numeric import STEP, central, close, complex_step, direction, identical, single_precision

EVERY_RUN = [(entry, k) for entry in PROGRAMS for k in range(len(entry.inputs))]


def test_names_are_unique():
    names = [entry.name for entry in PROGRAMS]
    assert len(names) == len(set(names)) >= 70


def test_enough_golden_programs():
    assert sum(entry.golden for entry in PROGRAMS) >= 40


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda e: e.name)
def test_differentiated_arguments_exist(entry):
    parameters = inspect.signature(entry.fn).parameters
    assert all(len(args) <= len(parameters) for args in entry.inputs)
    assert all(k < len(args) for k in entry.wanted for args in entry.inputs)


@pytest.mark.parametrize(("entry", "k"), EVERY_RUN, ids=[f"{entry.name}-{k}" for entry, k in EVERY_RUN])
def test_differences_are_stable(entry, k):
    """Two steps agree, and the complex step where the program is analytic: no kink, no jump, no noise at this input."""
    args = entry.inputs[k]
    if single_precision(args):
        args = (np.float64(a) if isinstance(a, np.float32) else a for a in args)
        args = tuple(a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype == np.float32 else a for a in args)
    before = copy.deepcopy(args)
    value = float(entry.fn(*copy.deepcopy(args)))
    assert np.isfinite(value)
    along = {i: direction(args[i], np.random.default_rng(k)) for i in entry.wanted}
    slope = central(entry.fn, args, along)
    assert np.isfinite(slope)
    assert close(central(entry.fn, args, along, STEP / 3.0), slope, 1e-7, abs(value))
    if entry.analytic:
        assert close(complex_step(entry.fn, args, along), slope, 1e-7, abs(value))
    assert identical(args, before)


@pytest.mark.parametrize("entry", [e for e in PROGRAMS if e.raising], ids=lambda e: e.name)
def test_raising_inputs_raise(entry):
    for args in entry.raising:
        with pytest.raises(Exception):
            entry.fn(*copy.deepcopy(args))

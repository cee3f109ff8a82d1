"""Generated source is what a person would have written, in numbers: no helpers, nothing unused, few lines and saves."""

import inspect
import os
import subprocess
import sys

import pytest

from tests.golden.test_golden import CHOSEN
from tests.programs import modes
from tests.programs.bank import named
from tests.programs.counts import helper_names, saved_lists, statements, unused

#: The lists that the gradients of the golden programs save; the gradients of all others save none.
SAVED = {
    "augmented_modulo_index": ["t3_saved"],
    "break_in_for": ["total_saved"],
    "gated_like": ["saved(c, h)", "saved2(hx, gate, t2, tanh)"],
    "leapfrog": ["q_old_saved"],
    "list_popped_until_break": ["v_saved"],
    "logistic_map": ["x_saved"],
    "memo_table": ["t_saved"],
    "out_twice_in_loop": ["y_old_saved"],
    "output_while": ["y_old_saved"],
    "over_rows": ["t_saved"],
    "polynomial": ["y_saved"],
    "recurrence": ["h_saved"],
    "return_in_loop": ["total_saved"],
    "sqrt_newton": ["x_saved"],
    "upwind": ["saved(t, u_old)", "u_old_saved"],
}


def source(entry):
    with modes.compiling("known"):
        return modes.source(entry, entry.inputs[0])


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda e: e.name)
def test_saved_lists(entry):
    assert saved_lists(source(entry)) == SAVED.get(entry.name, [])


def test_what_is_saved_is_stated_of_golden_programs_only():
    assert set(SAVED) <= {entry.name for entry in CHOSEN}
    assert all(SAVED.values())


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda e: e.name)
def test_nothing_is_unused(entry):
    assert unused(source(entry)) == []


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda e: e.name)
def test_no_helpers(entry):
    assert helper_names(source(entry), entry.fn) == []


@pytest.mark.parametrize("name", ["loss", "heat", "sqrt_newton", "logistic_map", "gradient_descent"])
def test_adjoint_lines_are_few(name):
    """At most three lines more for each statement of the primal (comments not counted), where statements are simple."""
    entry = named(name)
    text = source(entry)
    primal = statements(inspect.getsource(entry.fn), entry.name)
    generated = statements(text, f"{entry.name}_grad")
    assert generated - primal <= 3 * primal, text


def test_the_same_source_in_every_process():
    """Sources do not depend on the hash seed, nor on what was compiled before."""
    names = ["loss", "heat", "sqrt_newton", "dict_argument", "early_return", "nested_loops", "logsumexp"]
    code = (
        "import sys\n"
        "from tests.golden.test_gallery import named, source\n"
        "print('\\n'.join(source(named(name)) for name in sys.argv[1:]))"
    )
    texts = []
    for seed, order in (("1", names), ("2", names), ("3", ["rosenbrock", *names])):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, *order]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        texts.append(done.stdout)
    assert texts[0] == texts[1]
    assert texts[2].endswith(texts[0])


def test_the_counters_count():
    text = "def f(x):\n    y_saved = []\n    t = x\n    x * 2\n    x / 2\n    for i in x:\n        pass\n    return y_saved\n"
    assert unused(text) == ["t", "x * 2"]
    assert saved_lists(text) == ["y_saved"]
    assert statements(text, "f") == 7

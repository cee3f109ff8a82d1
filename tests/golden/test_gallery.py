"""Generated source is what a person would have written, in numbers: no helpers, nothing unused, few lines and saves."""

import ast
import inspect
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.golden.test_golden import CHOSEN
from tests.programs import modes
from tests.programs.bank import named
from tests.programs.test_programs import helper_names

#: The lists that the gradients of the golden programs save; the gradients of all others save none.
SAVED = {
    "augmented_modulo_index": ["t3_saved"],
    "break_in_for": ["total_saved"],
    "gated_like": ["c_saved", "h_saved", "hx_saved", "t2_saved", "t4_saved", "t5_saved", "t_saved"],
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
    "upwind": ["flux_saved", "t_saved", "u_old2_saved", "u_old_saved"],
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
    primal = statements(ast.parse(inspect.getsource(entry.fn)), entry.name)
    generated = statements(ast.parse(text), f"{entry.name}_grad")
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


def statements(tree, name):
    """The number of statements in the function `name`, its definition not counted."""
    (function,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    return sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1


def saved_lists(text):
    """The names ending in ``_saved`` that a source assigns, in alphabetical order."""
    stores = (n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return sorted({name for name in stores if name.rstrip("0123456789").endswith("_saved")})


def unused(text):
    """Names that a function assigns and never reads, and expressions whose value nobody takes.

    A call may act, and what may raise stays for its exception: a subscript, a division, a power, a product of arrays.
    """
    found = []
    for function in (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)):
        names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
        read = Counter(n.id for n in names if isinstance(n.ctx, ast.Load))
        loops = [n.target for n in ast.walk(function) if isinstance(n, (ast.For, ast.comprehension))]
        targets = {n.id for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Name)}
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)} - targets
        found += sorted(name for name in stored if not read[name] and name.strip("_"))
        found += [
            ast.unparse(n)
            for n in ast.walk(function)
            if isinstance(n, ast.Expr) and not may_be_for_its_effect(n.value)
        ]
    return found


def may_be_for_its_effect(expression):
    """Whether an expression that stands alone may act or raise."""
    if isinstance(expression, ast.BinOp):
        return isinstance(expression.op, (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult))
    return isinstance(expression, (ast.Call, ast.Constant, ast.Subscript))


def test_the_counters_count():
    text = "def f(x):\n    y_saved = []\n    t = x\n    x * 2\n    x / 2\n    for i in x:\n        pass\n    return y_saved\n"
    assert unused(text) == ["t", "x * 2"]
    assert saved_lists(text) == ["y_saved"]
    assert statements(ast.parse(text), "f") == 7

"""The generated source of chosen programs, as text: compared, executed, and its gradient checked.

``NAME.py.txt`` is what ``srcad.grad`` writes for the program NAME of the bank, for the kinds of its first input. A
change of the text shows as a diff for a person to judge; ``pytest tests/golden --update-golden`` accepts it, and
refuses a text whose gradient is wrong.
"""

import ast
import copy
from pathlib import Path

import numpy as np
import pytest

from tests.programs import library, modes
from tests.programs.bank import PROGRAMS
from tests.programs.checks import check_gradient
from tests.programs.table import program

HERE = Path(__file__).parent
CHOSEN = [entry for entry in PROGRAMS if entry.golden]


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda e: e.name)
def test_golden(entry, update_golden):
    path = HERE / f"{entry.name}.py.txt"
    with modes.compiling("known"):
        text = modes.source(entry, entry.inputs[0])
    compare(path, text, entry, update_golden)


def compare(path, text, entry, update):
    """Check that `text` computes the right gradient, then that it is the expected text (or make it so)."""
    check_text(text, entry)
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing; run pytest tests/golden --update-golden"
    assert text == path.read_text(encoding="utf-8"), "the text has changed: see the diff, then use --update-golden"


def check_text(text, entry):
    """Execute a generated source with nothing but the primal's own names, and check the gradient that it computes."""
    names = {**vars(library), "np": np, **entry.fn.__globals__}
    exec(compile(text, f"<golden {entry.name}>", "exec"), names)
    gradient_function = names[entry_name(text, entry)]
    for args in entry.inputs[:1]:
        gradient = gradient_function(*copy.deepcopy(args))
        check_gradient(entry, args, gradient if isinstance(entry.argnums, tuple) else (gradient,))


def entry_name(text, entry):
    """The name of the gradient function in a generated source: the primal's with ``_grad``."""
    defined = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert f"{entry.name}_grad" in defined, f"no {entry.name}_grad among {defined}"
    return f"{entry.name}_grad"


def test_no_file_is_left_over():
    names = sorted(path.name for path in HERE.glob("*.txt"))
    assert names == sorted(f"{entry.name}.py.txt" for entry in CHOSEN)


def square(x):
    return x * x


ENTRY = program(square, (1.5,))
RIGHT = "def square_grad(x):\n    return 2.0 * x\n"


def test_update_writes_a_right_text(tmp_path):
    compare(tmp_path / "square.py.txt", RIGHT, ENTRY, update=True)
    compare(tmp_path / "square.py.txt", RIGHT, ENTRY, update=False)


def test_update_refuses_a_wrong_text(tmp_path):
    with pytest.raises(AssertionError, match="differences"):
        compare(tmp_path / "square.py.txt", RIGHT.replace("2.0", "3.0"), ENTRY, update=True)
    assert not list(tmp_path.iterdir())


def test_a_changed_or_missing_text_fails(tmp_path):
    path = tmp_path / "square.py.txt"
    with pytest.raises(AssertionError, match="missing"):
        compare(path, RIGHT, ENTRY, update=False)
    path.write_text(RIGHT.replace("2.0 * x", "x + x"))
    with pytest.raises(AssertionError, match="changed"):
        compare(path, RIGHT, ENTRY, update=False)

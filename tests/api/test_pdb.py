"""A debugger steps through both sweeps with the user's names."""

import contextlib
import io
import pdb
import subprocess
import sys

import numpy as np
import pytest

import srcad


def powers(x, n):
    s = x * 1.0
    for _ in range(n):
        s = np.sin(s) * x
    y = np.sum(s)
    return y * y


def inner(x, n):
    if n == 0:
        return np.exp(x)
    z = np.sin(x) * x
    return inner(z, n - 1)


def outer(x, n):
    value = inner(x, n)
    return value * value


def session(commands, run, *args):
    """What pdb answers to each command; it starts at a call, and skips what is srcad's own."""
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("\n".join([*commands, "continue", ""])), stdout=out, nosigint=True,
                       readrc=False, skip=["srcad", "srcad.*"])  # fmt: skip
    result = debugger.runcall(run, *args)
    return result, out.getvalue().split("(Pdb) ")


def line_of(source, text, after=""):
    lines = source.splitlines()
    start = 0 if not after else next(k for k, line in enumerate(lines) if after in line)
    return next(k + 1 for k, line in enumerate(lines) if k >= start and line.strip() == text)


def test_both_sweeps_of_a_gradient():
    x = np.array([1.0, 2.0])
    df = srcad.grad(powers)
    expected = df(x, 2)
    back = line_of(df.source, "# s = x * 1.0") + 1
    commands = ["next", "next", "p s", "list 1, 100", "p n", f"break {back}", "continue", "p s_bar", "p x_bar"]
    result, answers = session([*commands, "next", "p np.array_equal(x_bar, s_bar)", "list .", "next"], df, x, 2)
    assert np.array_equal(result, expected)
    assert "powers_grad()" in answers[0] and "def powers_grad(x, n):" in answers[0]
    assert answers[3].strip() == repr(x)
    listing = answers[4]
    assert [
        line[4:].strip().removeprefix("->").strip() for line in listing.splitlines() if line[:3].strip().isdigit()
    ] == [line.strip() for line in df.source.splitlines()]
    assert answers[5].strip() == "2" and f":{back}" in answers[6]
    assert f"({back})powers_grad()" in answers[7] and "-> x_bar += s_bar" in answers[7]
    assert answers[8].startswith("array([") and answers[9].startswith("array([")
    assert "-> return x_bar" in answers[10] and answers[11].strip() == "False"
    assert "s_bar = np.cos(s) * (x * s_bar)" in answers[12] and "# s = x * 1.0" in answers[12]
    assert "--Return--" in answers[13] and "->array([" in answers[13]


def test_into_the_reverse_sweep_of_a_callee():
    df = srcad.grad(outer)
    expected = df(0.5, 2)
    call = line_of(df.source, "# value = inner(x, n)") + 1
    commands = [f"break {call}", "continue", "p float(value_bar)", "step", "next", "p float(value_bar)", "where"]
    result, answers = session(commands, df, 0.5, 2)
    assert result == expected
    assert float(answers[3]) == float(answers[6]) == 2.0 * inner(0.5, 2)
    assert "inner_reverse()" in answers[4] and "-> x_bar = inner_reverse(saved, value_bar)" in answers[7]


MODEL = """\
import srcad

def f(x):
    y = x * x
    breakpoint()
    return y * y

print("result", %s)
"""


@pytest.mark.parametrize(
    ("call", "name", "wanted", "seen", "result"),
    [
        ("srcad.grad(f)(3.0)", "f_grad", "y_bar", "18.0", "108.0"),
        ("srcad.jvp(f, (3.0,), (1.0,))", "f_jvp", "y_dot", "6.0", "(81.0, 108.0)"),
    ],
)
def test_a_breakpoint_of_the_users(tmp_path, call, name, wanted, seen, result):
    (tmp_path / "model.py").write_text(MODEL % call)
    script = "\n".join(["list", "p x, y", "next", "next", f"p {wanted}", "continue", ""])
    done = subprocess.run(
        [sys.executable, "model.py"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    answers = done.stdout.split("(Pdb) ")
    assert f"{name}()" in answers[0] and "breakpoint()" in answers[1], done.stderr
    assert answers[2].strip() == "(3.0, 9.0)" and answers[5].strip() == seen
    assert answers[-1].strip() == f"result {result}"


def test_after_a_failure_the_names_are_there():
    with pytest.raises(ZeroDivisionError) as caught:
        srcad.grad(lambda x, k: 1.0 / (x - k))(2.0, 2.0)
    trace = caught.value.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert trace.tb_frame.f_locals["x"] == 2.0 and trace.tb_frame.f_code.co_name == "f_grad"


@contextlib.contextmanager
def divided_by_zero(line, name):
    with pytest.raises(ZeroDivisionError) as caught:
        yield
    (note,) = caught.value.__notes__
    assert note == f'in the derivative of:\n  File "{__file__}", line {line}, in {name}\n    y = 4.0 * x**0.5'


def steep(x):
    y = 4.0 * x**0.5
    return y * y


def steep_in_depth(x, n):
    return steep(x) if n == 0 else steep_in_depth(x, n - 1)


def test_a_traceback_of_the_reverse_sweep_shows_the_line_of_the_function():
    line = steep.__code__.co_firstlineno + 1
    for run in (
        lambda: srcad.grad(steep)(0.0),
        lambda: srcad.jvp(steep, (0.0,), (1.0,)),
        lambda: srcad.grad(srcad.grad(steep))(0.0),
        lambda: srcad.jvp(srcad.grad(steep), (0.0,), (1.0,)),
        lambda: srcad.grad(steep_in_depth)(0.0, 3),
        lambda: srcad.jvp(steep_in_depth, (0.0, 3), (1.0, None)),
    ):
        with divided_by_zero(line, "steep"):
            run()

"""The commands that compile: dump, check and demo, run as a user runs them."""

import ast
import os
import subprocess
import sys

import pytest

import srcad
from srcad.cli.main import main
from srcad.passes import PASSES

MODEL = """\
import numpy as np
import srcad

print("loading")
assert __name__ != "__main__"


def loss(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z)


def sqrt_newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def inputs():
    rng = np.random.default_rng(0)
    return {"w": rng.normal(size=3), "b": 0.5, "x": rng.normal(size=(5, 3)), "y": np.ones(5)}


def wrong(x):
    return x * srcad.stop_gradient(x)


def not_scalar(x):
    return x * 2.0


async def coroutine(x):
    return x
"""

TYPES = "w: f8[d], b: float, x: f8[n,d], y: f8[n]"


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_dump_prints_source_that_runs_and_nothing_else(model, capsys):
    assert main(["dump", "model.py:loss", "--types", TYPES, "--argnums", "0,1", "--value"]) == 0
    out, err = capsys.readouterr()
    assert err == "loading\n"
    space = {}
    exec(compile("import numpy as np\n" + out, "generated", "exec"), space)
    assert "srcad" not in out and "# z = x @ w + b" in out and "\x1b" not in out
    functions = [node.name for node in ast.parse(out).body if isinstance(node, ast.FunctionDef)]
    assert functions[-1] in space


def test_dump_without_comments_has_none(model, capsys):
    assert main(["dump", "model.py:loss", "--types", TYPES, "--no-comments"]) == 0
    out = capsys.readouterr().out
    assert "# z = x @ w + b" not in out and "w_bar" in out


def test_dump_forward_mode_and_argnames(model, capsys):
    assert main(["dump", "model.py:loss", "--types", TYPES, "--mode", "forward", "--argnames", "w,b"]) == 0
    out = capsys.readouterr().out
    assert "w_dot" in out and "b_dot" in out and "x_dot" not in out


def test_dump_shows_every_stage(model, capsys):
    texts = []
    for stage in ("gast", "ssa", "typed", "adjoint", "simplified", "source"):
        assert main(["dump", "model.py:sqrt_newton", "--types", "a: float, tol: float", "--stage", stage]) == 0
        texts.append(capsys.readouterr().out)
        assert "while" in texts[-1].lower()
    assert len(set(texts)) == len(texts)
    assert "a_bar" not in texts[2] and all("a_bar" in text for text in texts[3:])


def test_dump_to_a_file_is_what_it_prints(model, capsys):
    assert main(["dump", "model.py:loss", "--types", TYPES]) == 0
    printed = capsys.readouterr().out
    assert main(["dump", "model.py:loss", "--types", TYPES, "-o", "out.py"]) == 0
    assert capsys.readouterr().out == "" and (model / "out.py").read_text() == printed
    assert main(["dump", "model.py:loss", "--types", TYPES, "-o", "model.py"]) == 2
    assert (model / "model.py").read_text() == MODEL


def test_dump_of_a_module_and_of_a_decorated_function(model, capsys):
    (model / "decorated.py").write_text("import srcad\n@srcad.grad\ndef square(x):\n    return x * x\n")
    assert main(["dump", "decorated.py:square", "--types", "x: float"]) == 0
    by_file = capsys.readouterr().out
    assert main(["dump", "decorated:square", "--types", "x: float"]) == 0
    assert capsys.readouterr().out == by_file and "x_bar" in by_file


def test_dump_without_optimisations(model, capsys):
    texts = []
    for more in ([], ["--without", "fold"], ["--without", "fold, algebra"], ["--without", "all"]):
        assert main(["dump", "model.py:loss", "--types", TYPES, *more]) == 0
        texts.append(capsys.readouterr().out)
    assert len(set(texts)) == len(texts) and len(texts[0]) < len(texts[-1])


def test_dump_without_an_unknown_optimisation(model, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["dump", "model.py:loss", "--without", "fild"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "srcad dump: error: argument --without: there is no optimisation 'fild'; did you mean 'fold'? "
        f"(there are {', '.join(PASSES)}; all is every one)"
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["dump", "model.py:coroutine"], ""),
        (["dump", "model.py:loss", "--argnums", "9"], "ArgumentError"),
        (["dump", "model.py:loss", "--types", "w: float[oops"], ""),
        (["dump", "model.py:loss", "--types", "nothing: float"], "ArgumentError"),
    ],
)
def test_what_is_not_supported_is_code_2_without_traceback(model, capsys, arguments, name):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err and name in err and len(err.splitlines()) >= 2


def test_check_passes_and_prints_the_seed(model, capsys):
    assert main(["check", "model.py:loss", "--types", TYPES, "--seed", "7", "--range", "x=0.1:2"]) == 0
    out = capsys.readouterr().out
    assert "seed 7" in out and out.splitlines()[-1].startswith("ok: ")
    assert main(["check", "model.py:loss", "--inputs", "model.py:inputs"]) == 0


def test_check_fails_where_the_gradient_is_not_that_of_the_function(model, capsys):
    (model / "at.py").write_text("def inputs():\n    return (2.0,)\n")
    assert main(["check", "model.py:wrong", "--inputs", "at.py:inputs"]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_check_of_a_result_that_is_no_scalar_is_code_2(model, capsys):
    assert main(["check", "model.py:not_scalar", "--types", "x: f8[n]"]) == 2
    assert "ArgumentError" in capsys.readouterr().err


@pytest.mark.slow
def test_demo_from_another_folder(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(srcad.__file__))}
    command = [sys.executable, "-m", "srcad", "demo"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "def loss(W1, b1, W2, b2, x, y):" in done.stdout and "W1_bar" in done.stdout
    assert "step  300" in done.stdout and "ok: " in done.stdout and "times as long" in done.stdout
    accuracy = [float(s.split()[-2]) for s in done.stdout.splitlines() if s.startswith("accuracy on 50 held-out")]
    assert accuracy[0] >= 90


def test_explain_says_what_the_function_says(model, capsys):
    assert main(["explain", "model.py:sqrt_newton", "--types", "a: float, tol: float"]) == 0
    out, err = capsys.readouterr()
    assert err == "loading\n"
    assert out == (
        "sqrt_newton(a: float, tol: float)\n"
        "a: the result depends on it\n"
        "tol: its gradient is zero\n"
        f'  File "{model / "model.py"}", line 15, in sqrt_newton\n'
        "    while abs(x * x - a) > tol:\n"
        "          ^^^^^^^^^^^^^^^^^^^^\n"
        "    it only decides how often this loop runs\n"
        "loop in line 15 of sqrt_newton: while abs(x * x - a) > tol:\n"
        "  x_saved: x (float), 8 bytes per pass\n"
        "    for the adjoint of: x = 0.5 * (x + a / x)\n"
        "A number of Python's counts as 8 bytes; its item in the list is a pointer of 8 bytes more.\n"
    )


def test_explain_for_some_arguments_and_for_given_values(model, capsys):
    assert main(["explain", "model.py:loss", "--types", TYPES, "--argnames", "b"]) == 0
    out = capsys.readouterr().out
    assert out == "loss(w: f8[d], b: float, x: f8[n, d], y: f8[n])\nb: the result depends on it\n"
    assert main(["explain", "model.py:loss", "--inputs", "model.py:inputs", "--argnums", "0,2"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1:] == ["w: the result depends on it", "x: the result depends on it"]


def test_explain_of_what_is_not_supported_is_code_2(model, capsys):
    assert main(["explain", "model.py:coroutine"]) == 2
    err = capsys.readouterr().err
    assert main(["dump", "model.py:coroutine"]) == 2
    assert capsys.readouterr().err == err and "coroutine" in err

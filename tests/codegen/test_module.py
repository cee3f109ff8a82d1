"""A gradient as a module of its own, which runs where srcad is not installed."""

import math
import subprocess
import sys

import numba
import numpy as np
import pytest

import srcad
from srcad.analysis.kindspec import parse
from srcad.errors import ArgumentError, UnsupportedSyntax

SCALE = 2.0


def loss(w, x):
    h = np.tanh(x @ w)
    return np.sum(h * h) * math.exp(-1.0)


def heat(u, alpha, steps):
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def power(x, n):
    return x if n == 0 else np.sin(x) * power(x, n - 1)


def of_any_kind(x):
    return np.sum(x * x)


def reads_data(x):
    return x * SCALE


BARE = """
import sys
sys.modules["srcad"] = None
import numpy as np
import exported
x = np.arange(6.0).reshape(2, 3) / 7
print({call})
print(sorted(m for m in sys.modules if m.startswith("srcad.")))
"""


@pytest.mark.parametrize(
    ("f", "kinds", "call"),
    [
        (loss, "w: f8[d], x: f8[n,d]", "exported.loss_grad(x[0], x).tolist()"),
        (heat, "u: f8[n], alpha: float, steps: int", "exported.heat_grad(x[1], 0.1, 4).tolist()"),
        (power, "x: float, n: int", "exported.power_grad(0.5, 3)"),
    ],
    ids=["loss", "heat", "power"],
)
def test_it_runs_where_srcad_cannot_be_imported(f, kinds, call, tmp_path):
    text = srcad.dump(f, kinds=parse(kinds), module=True)
    (tmp_path / "exported.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", BARE.format(call=call)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    x = np.arange(6.0).reshape(2, 3) / 7
    arguments = {loss: (x[0], x), heat: (x[1], 0.1, 4), power: (0.5, 3)}[f]
    np.testing.assert_allclose(eval(done.stdout.splitlines()[0]), srcad.grad(f)(*arguments), rtol=1e-14)
    assert done.stdout.splitlines()[1] == "[]"


def test_imports_are_those_of_the_names_that_are_read():
    text = srcad.dump(loss, kinds=parse("w: f8[d], x: f8[n,d]"), module=True)
    assert [line for line in text.splitlines() if "import" in line] == ["import math", "import numpy as np"]
    assert "import" not in srcad.dump(loss, kinds=parse("w: f8[d], x: f8[n,d]"))


def test_helpers_and_functions_of_other_modules_are_imported():
    text = srcad.dump(of_any_kind, module=True)
    scope = {}
    exec(text, scope)
    np.testing.assert_allclose(scope["of_any_kind_grad"](np.ones(3)), 2 * np.ones(3))
    assert "import srcad" in text


def test_only_source_is_a_module():
    with pytest.raises(ArgumentError, match="'typed' is no module"):
        srcad.dump(loss, stage="typed", module=True)


def test_numba_compiles_a_module():
    text = srcad.dump(loss, kinds=parse("w: f8[d], x: f8[n,d]"), dialect="numba", module=True)
    scope = {}
    exec(text, scope)
    w, x = np.array([0.1, 0.2]), np.array([[0.3, 0.4], [0.5, 0.6]])
    np.testing.assert_allclose(numba.njit(scope["loss_grad"])(w, x), srcad.grad(loss)(w, x), rtol=1e-13)


def test_data_of_the_user_is_an_error_at_the_function():
    with pytest.raises(UnsupportedSyntax, match="'SCALE' is read by reads_data_grad") as caught:
        srcad.dump(reads_data, kinds=parse("x: float"), module=True)
    assert "def reads_data(x):" in str(caught.value)
    factor = 2.0
    with pytest.raises(UnsupportedSyntax, match="'factor' is read"):
        srcad.dump(lambda x: x * factor, kinds=parse("x: float"), module=True)


def test_a_module_of_an_enclosing_function_is_imported():
    import numpy as numerics

    text = srcad.dump(lambda x: numerics.sin(x), kinds=parse("x: float"), value=True, module=True)
    assert "import numpy as numerics" in text

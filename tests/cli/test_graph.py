"""``srcad graph``: the form of its output, and where it goes."""

import xml.etree.ElementTree as ElementTree

import pytest

from srcad.cli.main import main
from srcad.drawing import svg

MODEL = """\
def newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_dot_is_printed(model, capsys):
    assert main(["graph", "model.py:newton", "--types", "a: float, tol: float"]) == 0
    text = capsys.readouterr().out
    assert text.startswith('digraph "newton" {') and text.endswith("}\n") and "x_bar" not in text


def test_the_extension_chooses_the_form(model, capsys):
    assert main(["graph", "model.py:newton", "--of", "adjoint", "-o", "newton.svg"]) == 0
    assert capsys.readouterr().out == ""
    assert ElementTree.parse("newton.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert main(["graph", "model.py:newton", "--of", "adjoint", "-o", "newton.gv"]) == 0
    assert (model / "newton.gv").read_text().startswith('digraph "newton_grad" {')


def test_the_form_can_be_stated(model, capsys):
    assert main(["graph", "model.py:newton", "--format", "svg"]) == 0
    ElementTree.fromstring(capsys.readouterr().out)
    assert main(["graph", "model.py:newton", "--format", "dot", "-o", "newton.svg"]) == 0
    assert (model / "newton.svg").read_text().startswith("digraph")


def test_other_arguments_and_the_value(model, capsys):
    assert main(["graph", "model.py:newton", "--of", "forward", "--argnames", "tol"]) == 0
    assert "tol_dot" in capsys.readouterr().out
    assert main(["graph", "model.py:newton", "--of", "adjoint", "--value"]) == 0
    assert 'digraph "newton_value_and_grad"' in capsys.readouterr().out


def test_the_file_of_the_function_is_not_overwritten(model, capsys):
    assert main(["graph", "model.py:newton", "-o", "model.py"]) == 2
    assert "is the file that the function comes from" in capsys.readouterr().err
    assert (model / "model.py").read_text() == MODEL


def test_without_graphviz_nothing_is_written(model, capsys, monkeypatch):
    monkeypatch.setattr(svg, "is_available", lambda: False)
    assert main(["graph", "model.py:newton", "-o", "newton.svg"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ArgumentError: a graph as SVG needs Graphviz") and "pip install 'srcad[graph]'" in error
    assert not (model / "newton.svg").exists()

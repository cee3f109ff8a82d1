"""Finding what a command line names, and leaving the process as it was."""

import sys

import pytest

from srcad.cli.target import user_code
from srcad.cli.usage import UsageError

MODEL = """
import sys
import sibling
NAME, ARGV, PATH = __name__, list(sys.argv), list(sys.path)
print("hello")

def f(x):
    return sibling.double(x)

class Model:
    def loss(self, x):
        return x

number = 3
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "sibling.py").write_text("def double(x):\n    return 2 * x\n")
    return tmp_path


@pytest.fixture(autouse=True)
def unchanged():
    before = list(sys.path), list(sys.argv), {"model", "statistics_file"} & set(sys.modules)
    yield
    assert before == (list(sys.path), list(sys.argv), {"model", "statistics_file"} & set(sys.modules))
    sys.modules.pop("sibling", None)


def test_a_file_runs_under_its_own_name_with_its_folder_on_the_path(folder, capsys):
    path = str(folder / "model.py")
    with user_code() as loader:
        target = loader.load(f"{path}:f")
        assert target.function(3) == 6 and target.file == path
        space = target.function.__globals__
        assert space["NAME"] == "model" and space["ARGV"] == [path] and space["PATH"][0] == str(folder)
        assert sys.modules["model"].__dict__ is space
    out, err = capsys.readouterr()
    assert out == "" and err == "hello\n"


def test_a_file_is_executed_once(folder, capsys):
    with user_code() as loader:
        first = loader.load(f"{folder}/model.py:f")
        again = loader.load(f"{folder}/../{folder.name}/model.py:Model.loss")
        assert first.function.__globals__ is again.function.__globals__
    assert capsys.readouterr().err == "hello\n"


def test_a_file_named_like_a_module_does_not_replace_it(tmp_path):
    (tmp_path / "statistics.py").write_text("def f(x):\n    return x\n")
    with user_code() as loader:
        assert loader.load(f"{tmp_path}/statistics.py:f").function.__module__ == "statistics_file"


def test_a_module_is_found_in_the_current_folder(folder, monkeypatch):
    package = folder / "some_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("from . import other\ndef f(x):\n    return other.k * x\n")
    (package / "other.py").write_text("k = 3\n")
    monkeypatch.chdir(folder)
    with user_code() as loader:
        assert loader.load("some_package.part:f").function(2) == 6
        assert loader.load("json:dumps").function({}) == "{}"
    for name in [n for n in sys.modules if n.startswith("some_package")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("model.py", "'model.py' names no function; write FILE.py:FUNC or package.module:FUNC"),
        ("nowhere.py:f", "there is no file 'nowhere.py'"),
        ("nowhere:f", "there is no module 'nowhere'"),
        ("nowhere.at.all:f", "there is no module 'nowhere.at.all': No module named 'nowhere'"),
        ("model.py:g", "model.py has no 'g'; it has f"),
        ("model.py:Model.nothing", "model.py has no 'Model.nothing'; it has f"),
        ("model.py:number", "number is not a function but of type int"),
        ("exits.py:f", "the top level of exits.py ended the program (SystemExit: 3)"),
    ],
)
def test_what_cannot_be_found_is_said(folder, monkeypatch, spec, message):
    (folder / "exits.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.chdir(folder)
    with user_code() as loader, pytest.raises(UsageError) as caught:
        loader.load(spec).function
    assert str(caught.value) == message


def test_of_a_derivative_the_primal_is_taken(folder):
    (folder / "decorated.py").write_text(
        "class D:\n"
        "    def __init__(self, f):\n        self.primal = f\n"
        "    def source_for(self):\n        pass\n"
        "@D\ndef f(x):\n    return 5\n"
    )
    with user_code() as loader:
        assert loader.load(f"{folder}/decorated.py:f").function(1) == 5

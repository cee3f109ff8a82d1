"""Wheel, sdist and editable install: each holds everything, and runs the demo from another folder.

They are built from a copy of the working tree, and installed by pip into empty environments (which downloads numpy
unless pip has it cached).
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import srcad

ROOT = pathlib.Path(srcad.__file__).absolute().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "build", "dist", "*.egg-info"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("packaging"),
    pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="an installed srcad has no tree to build from"),
]


def run(*command, cwd, **environment):
    """Runs a command outside of this test's environment: no PYTHONPATH, no active virtual environment."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "PYTEST", "COV"))}
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A copy of the working tree, links kept."""
    copy = tmp_path_factory.mktemp("tree") / "srcad-tree"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
    return copy


@pytest.fixture(scope="session")
def built(tree, tmp_path_factory):
    """The folder with the sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, tree, cwd=out)
    return out


@pytest.fixture(scope="session")
def wheel(built):
    return next(built.glob("*.whl"))


@pytest.fixture(scope="session")
def sdist(built):
    return next(built.glob("*.tar.gz"))


def modules_of(tree):
    """Every Python file and every data file of the package, as it has to be installed."""
    for folder in (tree / "srcad", tree / "srcad/templates", tree / "srcad/cli"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".csv", ".typed") and "__pycache__" not in path.parts:
                yield str(path.relative_to(tree))


def test_the_wheel_holds_the_package_and_nothing_else(tree, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        license_file = next(n for n in names if n.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(license_file) == (tree / "LICENSE").read_bytes()
    expected = set(modules_of(tree))
    assert {
        "srcad/templates/operators.py",
        "srcad/cli/main.py",
        "srcad/cli/data/iris.csv",
        "srcad/py.typed",
    } <= expected
    assert {n for n in names if ".dist-info/" not in n} == expected


def test_the_wheel_of_the_tree_is_the_wheel_of_the_sdist(tree, wheel, tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, tree, cwd=tmp_path)
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        for name in first.namelist():
            if not name.endswith("RECORD"):
                assert first.read(name) == second.read(name)


def test_the_sdist_holds_what_is_needed_to_build_and_to_test(tree, sdist):
    with tarfile.open(sdist) as archive:
        members = {m.name.partition("/")[2]: m for m in archive.getmembers()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "dev", "PKG-INFO"} <= set(members)
    assert set(modules_of(tree)) <= set(members)
    assert "tests/packaging/test_distributions.py" in members
    assert not [n for n, m in members.items() if m.issym() or m.islnk()], "links may not survive unpacking"


def environment_with(folder, *requirements):
    """An empty environment with some requirements installed; returns its folder of commands."""
    venv.create(folder, with_pip=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    run(
        commands / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements, cwd=folder
    )
    return commands


@pytest.fixture(scope="session")
def from_wheel(wheel, tmp_path_factory):
    return environment_with(tmp_path_factory.mktemp("from-wheel"), wheel)


def demo_runs(commands, cwd):
    out = run(commands / "srcad", "demo", "--steps", "60", cwd=cwd)
    assert "W1_bar" in out and "accuracy on 50 held-out flowers" in out and "\nok: " in out


WHERE = """
import os, srcad, srcad.cli, srcad.templates
for module in (srcad, srcad.cli, srcad.templates):
    print(os.path.dirname(module.__file__))
"""


def test_the_installed_wheel_is_complete(from_wheel, tmp_path):
    places = run(from_wheel / "python", "-c", WHERE, cwd=tmp_path).split()
    assert all("site-packages" in place for place in places)
    installed = run(from_wheel / "python", "-m", "pip", "list", "--format=freeze", cwd=tmp_path).split()
    assert {line.partition("==")[0] for line in installed} <= {"srcad", "gast", "astor", "numpy", "pip", "setuptools"}
    version = run(from_wheel / "srcad", "--version", cwd=tmp_path)
    assert version == f"srcad {version.split()[1]}\n" and f"srcad=={version.split()[1]}" in installed


def test_the_demo_of_the_wheel_runs_from_another_folder(from_wheel, tmp_path):
    demo_runs(from_wheel, tmp_path)


def test_python_started_in_the_tree_beside_an_installed_wheel_uses_the_tree(from_wheel, tree):
    places = run(from_wheel / "python", "-c", WHERE, cwd=tree).split()
    assert places == [str(tree / "srcad"), str(tree / "srcad" / "cli"), str(tree / "srcad" / "templates")]
    listed = run(from_wheel / "python", "-m", "srcad", "rules", cwd=tree)
    assert listed == run(from_wheel / "srcad", "rules", cwd=tree)


def test_the_demo_of_the_sdist_runs_from_another_folder(sdist, tmp_path):
    demo_runs(environment_with(tmp_path / "env", sdist), tmp_path)


def test_the_demo_of_an_editable_install_runs_from_another_folder(tree, tmp_path):
    commands = environment_with(tmp_path / "env", "--editable", tree)
    places = run(commands / "python", "-c", WHERE, cwd=tmp_path).split()
    assert places == [str(tree / "srcad"), str(tree / "srcad" / "cli"), str(tree / "srcad" / "templates")]
    demo_runs(commands, tmp_path)

"""``import srcad`` is fast and brings nothing along; the package is as the README says."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import srcad

ROOT = os.path.dirname(os.path.dirname(srcad.__file__))

SCRIPT = """
import sys
before = set(sys.modules)
import {name}
print(*sorted({{m.partition(".")[0] for m in set(sys.modules) - before}} - set(sys.stdlib_module_names)))
"""


def imported_by(name):
    environment = os.environ | {"PYTHONPATH": ROOT, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", SCRIPT.format(name=name)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", ["srcad", "srcad.cli.main"])
def test_import_loads_only_the_three_dependencies(name):
    assert imported_by(name) <= imported_by("gast, astor, numpy.random") | {"srcad"}


def test_import_does_not_read_the_metadata():
    environment = os.environ | {"PYTHONPATH": ROOT}
    command = [sys.executable, "-c", "import sys, srcad; print('importlib.metadata' in sys.modules)"]
    alone = subprocess.run(
        [sys.executable, "-c", "import sys, gast, astor, numpy; print('importlib.metadata' in sys.modules)"],
        env=environment,
        capture_output=True,
        text=True,
    )
    if alone.stdout.strip() == "False":
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.stdout.strip() == "False"


def test_version_comes_from_the_metadata():
    try:
        assert srcad.__version__ == version("srcad")
    except PackageNotFoundError:
        assert srcad.__version__ == "0+not.installed"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        srcad.nothing


def test_public_names():
    names = {"grad", "value_and_grad", "jvp", "stop_gradient", "check"}
    assert names <= set(srcad.__all__)
    assert all(hasattr(srcad, name) for name in srcad.__all__)


def test_the_compiler_is_loaded_when_something_is_compiled():
    """An import of srcad is cheap: neither the compiler nor what it needs is loaded until it is used."""
    heavy = ["gast", "astor", "srcad.pipeline", "srcad.frontend", "srcad.codegen", "srcad.templates"]
    script = f"import sys, srcad; print([name for name in {heavy!r} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": ROOT}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]"

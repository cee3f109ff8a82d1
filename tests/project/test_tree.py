"""What holds for the whole tree: no number-like classes, no leftovers, no names that hide others."""

import ast
import os
import pathlib
import re

import pytest

import srcad

ROOT = pathlib.Path(srcad.__file__).parent.parent
SOURCES = ("srcad", "templates", "cli")
TEXTS = (*SOURCES, "tests", "docs", "README.md", "CHANGELOG.md", "pyproject.toml", "dev", ".ci")

ARITHMETIC = {
    f"__{prefix}{name}__"
    for name in "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and xor or".split()
    for prefix in ("", "r", "i")
} | {"__neg__", "__pos__", "__abs__", "__invert__", "__float__", "__array__", "__array_ufunc__", "__array_function__"}

LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|/(home|root|work|Users)/|\b[Ii]ssue #?\d")


def files(names, suffixes):
    for name in names:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")) if top.is_dir() else []:
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


def arithmetic_of(source):
    """(line, class, method) for each class that defines arithmetic."""
    return [
        (item.lineno, node.name, item.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name in ARITHMETIC
    ]


@pytest.mark.parametrize("folder", SOURCES)
def test_no_class_of_ours_behaves_like_a_number(folder):
    found = [(str(p), *hit) for p in files([folder], {".py"}) for hit in arithmetic_of(p.read_text(encoding="utf-8"))]
    assert not found


def test_a_class_like_a_number_is_noticed():
    assert arithmetic_of("class Box:\n    def __radd__(self, other): ...\n") == [(2, "Box", "__radd__")]
    assert not arithmetic_of("class Box:\n    def __eq__(self, other): ...\n")


def leftovers(text):
    return [line for line in text.splitlines() if LEFTOVER.search(line)]


def test_no_leftovers():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files(TEXTS, {".py", ".md", ".toml", ".txt", ""})
        if path != pathlib.Path(__file__)
        for line in leftovers(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("line", ["# TODO: later", "see /home/someone/file", "as in issue 12"])
def test_a_leftover_is_noticed(line):
    assert leftovers(f"x = 1\n{line}\n") == [line]


def test_no_folder_is_called_like_a_library():
    assert not [p for top in SOURCES for p in (ROOT / top).rglob("*") if p.is_dir() and p.name in ("numpy", "scipy")]


def test_every_folder_of_the_package_is_a_package():
    """Package discovery takes only folders with an __init__.py; one without would be missing from the wheel."""
    for name in SOURCES:
        for path in (ROOT / name).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path.parent


@pytest.mark.skipif(not (ROOT / "templates").is_dir(), reason="an sdist holds the folders where they import from")
@pytest.mark.parametrize("name", ["templates", "cli"])
def test_links_are_relative_and_lead_to_the_folders(name):
    link = ROOT / "srcad" / name
    assert link.is_symlink() and os.readlink(link) == f"../{name}"

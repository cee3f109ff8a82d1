"""Imports point one way: each part of the compiler may use only those before it."""

import ast
import pathlib

import pytest

import srcad

PACKAGE = pathlib.Path(srcad.__file__).parent

#: From the bottom to the top. What is not named here (`srcad`, `__main__`) is the face of the package and may use all.
ORDER = (
    "errors", "notes", "ir", "frontend", "rules", "analysis", "transform", "codegen", "callee_facts", "callees",
    "pipeline", "primals", "versions", "documentation", "derivative", "directions", "explanation", "drawing",
    "inspection", "api", "cli",
)  # fmt: skip

#: Parts beside the line, and what of srcad they may use. Formulas may call what generated code may call.
BESIDE = {
    "runtime": {"runtime", "errors"},
    "checking": {"checking", "errors"},
    "templates": {"templates", "rules", "runtime"},
}

#: The parts of the line that may use something beside it. The runtime is a leaf: it imports nothing but errors. Who
#: reads or writes generated code names its functions: analyses know their effects, passes and printing write calls.
USES = {
    "runtime": ("analysis", "transform", "codegen", "callee_facts", "pipeline", "directions", "api", "cli"),
    "checking": ("derivative", "api", "cli"),
}


def part_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def allowed(part):
    """The parts that a part may use; None for a part without a place."""
    if part in BESIDE:
        return BESIDE[part]
    if part not in ORDER:
        return None
    return set(ORDER[: ORDER.index(part) + 1]) | {name for name, users in USES.items() if part in users}


def imports(tree, module, is_package):
    """The modules of srcad that a tree imports anywhere, with line numbers; inside functions and for typing, too."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(source, module, is_package=False):
    part = part_of(module)
    may_use = allowed(part)
    if part and may_use is None:
        return [f"{module}: the part {part!r} has no place in the order of layers"]
    if not part or part == "__main__":
        return []
    found = []
    for line, name in imports(ast.parse(source), module, is_package):
        if name.split(".")[0] != "srcad":
            continue
        used = part_of(name)
        if used == "__version__" or used in may_use:
            continue
        if used == "" or (used not in ORDER and used not in BESIDE):
            if part != "cli":  # the command may use the face of the package, as users do
                found.append(f"{module}:{line}: {part} imports the package itself ({name})")
        else:
            found.append(f"{module}:{line}: {part} imports {used}")
    return found


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, path.relative_to(PACKAGE)
    for name in ("templates", "cli"):  # rglob does not follow the links
        for path in sorted((PACKAGE / name).glob("**/*.py")):
            yield path, pathlib.Path(name) / path.relative_to(PACKAGE / name)


def test_imports_point_one_way():
    found = []
    for path, relative in dict((r, (p, r)) for p, r in modules()).values():
        is_package = relative.name == "__init__.py"
        parts = relative.parent.parts if is_package else relative.with_suffix("").parts
        name = ".".join(("srcad", *parts))
        if name == "srcad.__main__":
            continue
        found += violations(path.read_text(encoding="utf-8"), name, is_package)
    assert not found, "\n".join(found)


def test_all_parts_are_seen():
    seen = {relative.parts[0].removesuffix(".py") for _, relative in modules()}
    assert {"ir", "rules", "checking", "cli", "errors"} <= seen


@pytest.mark.parametrize(
    ("module", "source", "is_package"),
    [
        ("srcad.ir.nodes", "from srcad.frontend import lower", False),
        ("srcad.ir.nodes", "import srcad.api", False),
        ("srcad.ir.nodes", "def f():\n    from srcad.analysis.infer import infer", False),
        ("srcad.ir.nodes", "from ..rules import registry", False),
        ("srcad.ir", "from ..pipeline import run", True),
        ("srcad.rules.registry", "from srcad import api", False),
        ("srcad.rules.registry", "import srcad", False),
        ("srcad.analysis.kinds", "if TYPE_CHECKING:\n    from srcad.transform import reverse", False),
        ("srcad.templates.math", "from srcad.ir.kinds import Array", False),
        ("srcad.rules.registry", "from srcad import runtime", False),
        ("srcad.runtime.arrays", "from srcad import analysis", False),
        ("srcad.runtime.arrays", "from srcad.ir.kinds import Array", False),
        ("srcad.checking.compare", "from srcad.api import grad", False),
        ("srcad.api", "from srcad.cli import main", False),
        ("srcad.misc", "import os", False),
    ],
)
def test_a_wrong_import_is_found(module, source, is_package):
    assert violations(source, module, is_package)


@pytest.mark.parametrize(
    ("module", "source", "is_package"),
    [
        ("srcad.ir.nodes", "import numpy\nfrom srcad.ir.kinds import Kind\nfrom srcad.errors import render", False),
        ("srcad.ir.nodes", "from . import kinds\nfrom .kinds import Kind", False),
        ("srcad.ir", "from .kinds import Kind", True),
        ("srcad.templates.math", "import math\nfrom srcad.rules import elementwise", False),
        ("srcad.analysis.effects", "from srcad import runtime", False),
        ("srcad.cli.main", "import srcad\nfrom srcad import api\nfrom srcad.cli import dump", False),
        ("srcad", "from srcad.api import grad", True),
    ],
)
def test_right_imports_are_not(module, source, is_package):
    assert not violations(source, module, is_package)

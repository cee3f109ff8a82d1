"""Measures the ways to compute a derivative that docs/comparison.md shows, and writes the table into that page.

``python -m tests.benchmarks.comparison``. The methods are those of the page itself: its blocks are run, and `METHODS`
is taken from there.
"""

import contextlib
import inspect
import io
import linecache
import os
import platform
import statistics
import sys
import tempfile
import textwrap
import time
from importlib.metadata import version

import numpy as np

from tests.project.documents import ROOT, blocks_of

PAGE = ROOT / "docs" / "comparison.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->"

#: How many rates there are, and from which number on the formulas of computer algebra are too long.
SIZES = (8, 100)
LONGEST_FORMULA = 12


def names_of(text, folder):
    """What the blocks of the page define."""
    space = {"__name__": "comparison"}
    for number, block in enumerate(blocks_of(text)):
        if block.kind == "python":
            path = os.path.join(folder, f"comparison_{number}.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(block.text)
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, path, "exec", dont_inherit=True), space)
    return space


def fresh(f):
    """The function once more, from a file of its own: nothing that was compiled for another one is used again."""
    _copies.append(f)
    text = "\n" * len(_copies) + textwrap.dedent(inspect.getsource(f))
    file = f"<copy {len(_copies)} of {f.__name__}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = dict(f.__globals__)
    exec(compile(text, file, "exec", dont_inherit=True), space)
    return space[f.__name__]


_copies = []


def measured(space, name, size, rounds=7, seconds=0.05):
    """Error, time as a multiple of the function's, and seconds of preparation; None where a formula is too long."""
    if name.startswith("symbolic") and size > LONGEST_FORMULA:
        return None
    f, x = fresh(space["orbit"]), np.linspace(1.5, 2.9, size)
    start = time.perf_counter()
    gradient = space["METHODS"][name](f, size)
    found = np.asarray(gradient(x))
    prepared = time.perf_counter() - start
    exact = space["reference"](f, x)
    ratios = [_seconds(lambda: gradient(x), seconds) / _seconds(lambda: f(x), seconds) for _ in range(rounds)]
    return np.max(np.abs(found - exact)) / np.max(np.abs(exact)), statistics.median(ratios), prepared


def _seconds(run, at_least):
    """The time of one call, from as many as take long enough."""
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        passed = time.perf_counter() - start
        if passed >= at_least:
            return passed / calls
        calls = max(2 * calls, int(1.2 * calls * at_least / max(passed, 1e-9)))


def table(results):
    """The table, from {(method, size): what `measured` gives}."""
    sizes = sorted({size for _, size in results})
    heads = [f"{what}, n = {size}" for size in sizes for what in ("error", "time", "prepared")]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (1 + len(heads)) + "|"]
    for name in dict.fromkeys(name for name, _ in results):
        cells = [cell for size in sizes for cell in _cells(results[name, size])]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cells(result):
    if result is None:
        return "–", "–", "–"
    error, ratio, prepared = result
    return f"{error:.0e}", f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}", f"{1e3 * prepared:.1f} ms"


def replaced(text, new):
    """The page with another table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def main():
    """Measures everything and writes the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        space = names_of(text, folder)
        warm = np.ones(3)  # what is loaded once, the compiler and its templates, is no preparation
        space["srcad"].grad(lambda x: x[0] * x[1])(warm)
        results = {(name, size): measured(space, name, size) for name in space["METHODS"] for size in SIZES}
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "sympy", "autograd"))
    made = f"CPython {platform.python_version()}, {versions}.\n\n{table(results)}"
    PAGE.write_text(replaced(text, made), encoding="utf-8")
    sys.stdout.write(made)


if __name__ == "__main__":
    main()

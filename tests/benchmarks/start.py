"""What it costs to begin: ``import srcad``, and first calls of a function of 100 lines; each in fresh processes."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

_IMPORT = """
import time, numpy
start = time.process_time()
import srcad
print(time.process_time() - start)
"""

_FIRST_CALL = """
import time, numpy, srcad
from tests.benchmarks.long_function import arguments, {name} as f
{before}
args = arguments()
f(*args)
start = time.process_time()
df = srcad.grad(f, argnums=(0, 1, 2))
df(*args)
print(time.process_time() - start)
"""

#: Compiles another function that calls the same functions of NumPy: what is measured after it is this function alone.
_BEFORE = """
from tests.benchmarks.long_function import other
srcad.grad(other, argnums=(0, 1, 2))(*arguments())
"""

SCRIPTS = {
    "import srcad, beyond NumPy": _IMPORT,
    "first call of a function of 100 lines": _FIRST_CALL.format(name="forecast", before=""),
    "the same, with the templates loaded": _FIRST_CALL.format(name="forecast", before=_BEFORE),
}


def milliseconds(script: str, times: int = 7) -> float:
    """What a script prints, as a median over fresh processes."""
    found = []
    for _ in range(times + 1):  # the first one writes the compiled files of Python
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        found.append(float(done.stdout) * 1e3)
    return statistics.median(found[1:])


def rows() -> list[tuple[str, float]]:
    """Each beginning, and its milliseconds of processor time."""
    return [(name, milliseconds(script)) for name, script in SCRIPTS.items()]

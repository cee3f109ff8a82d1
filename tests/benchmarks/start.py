"""What it costs to begin: ``import srcad``, and first calls of a function of 100 lines; each in fresh processes."""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

_IMPORT = """
import time, numpy
start = time.process_time()
import srcad
print(time.process_time() - start)
"""

_FIRST_CALL = """
import time, numpy, srcad
from tests.benchmarks.long_function import arguments, forecast as f
args = arguments()
f(*args)
{before}
start = time.process_time()
df = srcad.grad(f, argnums=(0, 1, 2))
df(*args)
print(time.process_time() - start)
"""

#: Compiles another derivative of the same function: it needs the same templates.
_BEFORE = "srcad.value_and_grad(f, argnums=(0, 1, 2))(*args)"

SCRIPTS = {
    "import srcad, beyond NumPy": _IMPORT,
    "first call of a function of 100 lines": _FIRST_CALL.format(before=""),
    "the same, with the templates loaded": _FIRST_CALL.format(before=_BEFORE),
}


def milliseconds(script: str, bytecode: str, times: int = 7) -> float:
    """What a script prints, as a median over fresh processes; Python's own compiled files are kept in a folder."""
    settings = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    found = []
    for _ in range(times + 1):  # the first one writes those files
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | settings,
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
    with tempfile.TemporaryDirectory() as bytecode:
        return [(name, milliseconds(script, bytecode)) for name, script in SCRIPTS.items()]

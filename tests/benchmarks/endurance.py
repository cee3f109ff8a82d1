"""``python -m tests.benchmarks.endurance [CALLS]``: memory of a process whose derivatives meet ever other kinds.

By default a million calls; kinds change at every call, and every thousandth is one that was never seen before.
"""

from __future__ import annotations

import gc
import linecache
import sys
import time
from pathlib import Path

import numpy as np

from srcad import derivative, grad


def loss(x, mode):
    """The kinds of both arguments decide the version."""
    s = np.sum(x * x)
    if mode == "twice":
        s = s + s
    return s * 1.0


def resident() -> int:
    """Bytes of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def main(calls: int = 1_000_000) -> int:
    """Print ten lines."""
    shapes = [(), (1,), (3,), (1, 3), (3, 1), (2, 3), (2, 1, 2), (0,)]
    values = [*(np.ones(shape, dtype) for dtype in ("f4", "f8") for shape in shapes), 1.0, np.float32(2.0)]
    df = grad(loss)
    start = time.perf_counter()
    print(f"{'calls':>9} {'seconds':>8} {'MiB':>7} {'versions':>8} {'texts':>6}")
    for number in range(1, calls + 1):
        df(values[number % len(values)], "twice" if number % 2 else f"m{number}" if number % 1000 == 0 else "once")
        if number % (calls // 10) == 0:
            gc.collect()
            texts = sum(name.startswith("<srcad ") for name in linecache.cache)
            row = (number, time.perf_counter() - start, resident() / 2**20, len(derivative._shared), texts)
            print("{:9} {:8.1f} {:7.1f} {:8} {:6}".format(*row))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))

"""``python -m tests.gallery``: measure, and write docs/gallery.md.

``--keep-times`` writes only what follows from the programs; ``--source NAME`` shows one gradient and writes nothing.
"""

from __future__ import annotations

import argparse
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from tests.gallery import page, times  # noqa: E402 - after the number of threads is set
from tests.gallery.entries import ENTRIES  # noqa: E402


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery")
    parser.add_argument("--keep-times", action="store_true", help="do not measure again")
    parser.add_argument("--source", metavar="NAME", help="print the gradient of one program")
    options = parser.parse_args()
    if options.source:
        (entry,) = (e for e in ENTRIES if e.name == options.source)
        print(page.generated(entry))
        return 0
    if options.keep_times:
        measured = page.times_of(page.PAGE.read_text(encoding="utf-8"))
    else:
        measured = {entry.name: times.ratios(entry) for entry in ENTRIES}
    page.PAGE.write_text(page.page(measured), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

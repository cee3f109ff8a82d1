"""``python -m tests.benchmarks [--only TEXT] [--rounds N] [--write]``: everything that is measured, in one run.

Gradients of srcad against the function itself, gradients written by hand, and those of every peer that is installed;
how the time of a gradient grows; what choosing the version costs; and what it costs to begin. ``--write`` makes
docs/performance.md and its plots, for which the extra ``bench`` is needed; ``--only`` takes the programs whose name
holds TEXT.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence

from tests.benchmarks import choice, growth, start, tables
from tests.benchmarks.cases import CASES
from tests.benchmarks.measure import ROUNDS, Timing, measure
from tests.benchmarks.targets import Results, target_table

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"


def timings(only: str, rounds: int) -> list[Timing]:
    """Time the programs; one line for each while it goes on."""
    found = []
    for case in CASES:
        if only in case.name:
            timing = measure(case, rounds)
            names = ["srcad alone", "srcad", *(name for name in timing.first if name != "srcad")]
            shown = [f"{name} {tables.spread(timing, name, 'by hand')}" for name in names]
            primal = tables.spread(timing, "srcad alone", "primal")
            print(f"{case.name}: {primal} times the function; relative to by hand: {', '.join(shown)}", flush=True)
            found.append(timing)
    return found


def main(words: Sequence[str]) -> int:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only the programs whose name holds TEXT")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="rounds in which candidates take turns")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its plots")
    options = parser.parse_args(words)
    if options.write and options.only:
        parser.error("--write needs all programs")
    measured = timings(options.only, options.rounds)
    print(tables.main_table(measured), tables.first_table(measured), sep="\n\n")
    if options.only:
        return 0
    results = Results(measured, growth.rows(), choice.rows(), start.rows())
    print(tables.growth_table(results.growth), tables.choice_table(results.choice), sep="\n\n")
    print(tables.start_table(results.start), target_table(results), sep="\n\n")
    if options.write:
        from tests.benchmarks.page import write

        write(results, DOCS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m tests.programs.status [WIDTH]``: what of the bank works in which mode, and what does not, by its message.

The tests say the same one by one; this is the view for whoever works on the compiler.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections import defaultdict
from types import FrameType

from tests.programs import modes, test_programs
from tests.programs.bank import RUNS

#: Seconds that one program may take, compilation included.
LIMIT = 10.0


class TooLong(Exception):
    """A program did not end in time."""


def _stop(signum: int, frame: FrameType | None) -> None:
    raise TooLong(f"more than {LIMIT} s")


def main(width: int = 160) -> None:
    """Run everything and print a summary."""
    warnings.simplefilter("error")
    signal.signal(signal.SIGALRM, _stop)
    failures: dict[str, list[str]] = defaultdict(list)
    for name, test in (("reverse", test_programs.test_reverse), ("forward", test_programs.test_forward)):
        for mode in modes.MODES:
            bad = 0
            for entry, k in RUNS:
                if mode == "unknown" and entry.known_only:
                    continue
                signal.setitimer(signal.ITIMER_REAL, LIMIT)
                try:
                    test(entry, k, mode)
                except Exception as error:
                    bad += 1
                    failures[f"{type(error).__name__}: {str(error)[:width]}"].append(f"{entry.name}-{k}-{name}-{mode}")
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0.0)
            print(f"{name} {mode}: {len(RUNS) - bad} of {len(RUNS)}")
    for text, names in sorted(failures.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(names)} x {text}\n    {' '.join(names[:5])}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

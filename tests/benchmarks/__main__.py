"""``python -m tests.benchmarks``: see `tests.benchmarks.report`.

The number of threads is set before NumPy is imported.
"""

import sys

from tests.benchmarks.threads import single_threaded

single_threaded()

if __name__ == "__main__":
    from tests.benchmarks.report import main

    sys.exit(main(sys.argv[1:]))

"""docs/performance.md: what was measured, with what was measured."""

from __future__ import annotations

import pathlib
import platform
from importlib.metadata import PackageNotFoundError, version

from tests.benchmarks import plots, tables
from tests.benchmarks.targets import Results, target_table

_PAGE = """\
# Performance

Everything on this page is written by one command, which measures it all in one run:

```sh
pip install -e '.[test,bench]'
python -m tests.benchmarks --write
```

{versions}; float64, one thread for every library. Candidates take turns in rounds, and ratios are
taken within a round: a cell shows their median and, in brackets, their quartiles. Times are processor time. Each
gradient is compared with the one written by hand before it is timed. Arguments of the peers are converted to their
arrays beforehand, which is not timed. On a machine that does other work at the same time, ratios to a short function
may differ by a quarter between runs; those between gradients differ less.

"By hand" is the adjoint of each statement, as a good NumPy programmer writes it; "simplified" is what such a person
writes after doing algebra on paper (softmax minus one-hot, say), where that is something else. Both are in
`tests/benchmarks/programs.py` and `models.py`. "The generated function" is what `print(df.source)` shows, called
directly; "called" is `df(...)`, which first chooses the version for the kinds of its arguments.

## Targets

{targets}

## Programs

{programs}

![Time of each gradient relative to the one by hand](images/performance-ratios.svg)

## First calls

Milliseconds from making the gradient to its first result, in a process that has run other programs before. For srcad
that is compiling; a line with the code and kinds of a line above finds that version. JAX compiles every operation that
it meets for the first time, and jit the whole function.

{first}

To begin, in fresh processes (medians of seven), with the `.pyc` files that Python makes of an installed package:

{start}

## Growth

Processor time over 10,000 elements or passes, relative to 1000: 10 is linear, 100 quadratic.

{growth}

## Choosing the version

A call of a derivative first makes sure that the version that ran last is right for these arguments and for everything
that was looked up while compiling. Nanoseconds that this adds to a call of the generated function:

{choice}

![Choosing the version](images/performance-choice.svg)
"""

PACKAGES = {"numpy": "NumPy", "autograd": "autograd", "torch": "PyTorch", "jax": "JAX"}


def versions() -> str:
    """Python and the libraries that are installed."""
    found = [f"{platform.python_implementation()} {platform.python_version()}"]
    for package, name in PACKAGES.items():
        try:
            found.append(f"{name} {version(package).partition('+')[0]}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def page(results: Results) -> str:
    """The text of the page."""
    return _PAGE.format(
        versions=versions(),
        targets=target_table(results),
        programs=tables.main_table(results.timings),
        first=tables.first_table(results.timings),
        start=tables.start_table(results.start),
        growth=tables.growth_table(results.growth),
        choice=tables.choice_table(results.choice),
    )


def write(results: Results, docs: pathlib.Path) -> None:
    """Write the page and its plots."""
    plots.ratios(results.timings, docs / "images" / "performance-ratios.svg")
    plots.choice(results.choice, docs / "images" / "performance-choice.svg")
    (docs / "performance.md").write_text(page(results), encoding="utf-8")

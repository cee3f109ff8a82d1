"""Every program of the bank with optimisations switched off: all of them, and each alone.

``python -m tests.programs.without`` is the full statement, over every program, input, mode and configuration;
``python -m tests.programs.without fold views`` looks at some of the configurations only, ``all`` is all passes off.

A derivative without a pass is longer or slower, never another one: its value is the function's bit for bit, and
gradient and tangent agree with what all passes together give, which other tests compare with differences.
"""

from __future__ import annotations

import contextlib
import copy
import io
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import srcad
from srcad.errors import UnsupportedSyntax
from srcad.passes import PASSES
from tests.programs import modes, numeric
from tests.programs.bank import PROGRAMS
from tests.programs.checks import primal
from tests.programs.table import Program

#: What is switched off, by name: everything, or one pass.
CONFIGURATIONS: dict[str, tuple[str, ...]] = {"all": tuple(PASSES), **{name: (name,) for name in PASSES}}

#: Every program on each of its inputs in each mode in which some derivative is promised.
RUNS = [
    (entry, k, mode)
    for mode in modes.MODES
    for entry in PROGRAMS
    for k in range(len(entry.inputs))
    if entry.is_promised("reverse", mode) or entry.is_promised("forward", mode)
]


#: Programs whose callees must be inlined for reverse mode to follow the memory of arguments of unknown kinds: refused
#: where they are not.
NEED_INLINING = ("callee_returns_its_argument", "argument_returned_by_callee", "output_in_a_callee", "callee_appends")


@dataclass(frozen=True)
class Answer:
    """What a program's derivatives return; None for one that is not promised.

    Attributes:
        value: of `value_and_grad`.
        gradient: beside it.
        alone: the gradient from `grad`.
        pushed: value and tangent in the direction that `along` gives.
        output: what all of them printed.
    """

    value: Any = None
    gradient: tuple[Any, ...] | None = None
    alone: tuple[Any, ...] | None = None
    pushed: tuple[Any, Any] | None = None
    output: str = ""


def along(entry: Program, k: int) -> dict[int, Any]:
    """The direction of the tangents."""
    return {i: numeric.direction(entry.inputs[k][i], np.random.default_rng([7, k])) for i in entry.wanted}


def answer(entry: Program, k: int, mode: str, without: tuple[str, ...] = ()) -> Answer:
    """All derivatives of a program, compiled without some passes.

    Raises:
        AssertionError: one of them has changed the caller's data.
    """
    args = entry.inputs[k]
    given, directions = copy.deepcopy(args), along(entry, k)
    found = Answer()
    output = io.StringIO()
    with srcad.compile_options(kinds=mode == "known", without=without), contextlib.redirect_stdout(output):
        if entry.is_promised("reverse", mode):
            value, gradient = modes.value_and_gradient(entry, given)
            found = Answer(value, gradient, modes.gradient_only(entry, given))
        if entry.is_promised("forward", mode):
            found = Answer(found.value, found.gradient, found.alone, modes.pushforward(entry, given, directions))
    assert numeric.identical(given, args), "the caller's data has changed"
    return Answer(found.value, found.gradient, found.alone, found.pushed, output.getvalue())


@cache
def _with_all(index: int) -> Answer:
    """The answer of all passes together to `RUNS[index]`."""
    return answer(*RUNS[index])


def problem(index: int, name: str) -> str | None:
    """What is wrong with the answer to ``RUNS[index]`` in a configuration, or None."""
    entry, k, mode = RUNS[index]
    want = _with_all(index)
    try:
        got = answer(entry, k, mode, CONFIGURATIONS[name])
    except UnsupportedSyntax as error:
        expected = may_be_refused(entry, mode, name) and error.where is not None
        return None if expected else f"refused: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return difference(got, want, entry, k)


def may_be_refused(entry: Program, mode: str, name: str) -> bool:
    """Whether a located error is as good as the right answer: only where callees are not inlined."""
    return entry.name in NEED_INLINING and mode == "unknown" and "inline" in CONFIGURATIONS[name]


def difference(got: Answer, want: Answer, entry: Program, k: int) -> str | None:
    """Where two answers to a program differ by more than rounding; where a value is not the function's; or None."""
    args = entry.inputs[k]
    value, _ = primal(entry.fn, args)
    scale, tolerance = abs(float(value)), 1e-4 if numeric.single_precision(args) else 1e-10
    if got.output != want.output:
        return f"it printed {got.output!r} instead of {want.output!r}"
    for kind in ("gradient", "alone"):
        gradient, wanted = getattr(got, kind), getattr(want, kind)
        if gradient is None:
            continue
        if kind == "gradient" and not numeric.identical(got.value, value):
            return f"value {got.value!r} instead of {value!r}"
        for i, g, w in zip(entry.wanted, gradient, wanted, strict=True):
            if (text := numeric.mirrors(g, args[i])) is not None:
                return f"argument {i}: {text}"
            if not _agree(g, w, tolerance, scale):
                return f"gradient {g!r} of argument {i} instead of {w!r}"
        if numeric.share_memory(gradient, args) or _share_memory(gradient):
            return "the gradient shares memory"
    if got.pushed is not None and want.pushed is not None:
        if not numeric.identical(got.pushed[0], value):
            return f"value {got.pushed[0]!r} of forward mode instead of {value!r}"
        if not numeric.close(float(got.pushed[1]), float(want.pushed[1]), tolerance, scale):
            return f"tangent {got.pushed[1]!r} instead of {want.pushed[1]!r}"
    return None


def _agree(got: Any, want: Any, tolerance: float, scale: float) -> bool:
    """Whether two gradients of an argument agree leaf by leaf, relative to the largest number and to `scale`."""
    pairs = list(zip(numeric.leaves(got), numeric.leaves(want), strict=True))
    size = max([scale * 1e-2, 1e-3, *(float(np.max(np.abs(w), initial=0.0)) for _, w in pairs)])
    return all(bool(np.all(np.abs(np.asarray(g) - np.asarray(w)) <= tolerance * size)) for g, w in pairs)


def _share_memory(gradient: tuple[Any, ...]) -> bool:
    return any(numeric.share_memory(g, h) for i, g in enumerate(gradient) for h in gradient[:i])


def sample(count: int, seed: int = 0) -> Iterator[tuple[int, str]]:
    """So many of all pairs of a run and a configuration: each configuration as often as others, any run at random."""
    draw = random.Random(f"without {seed}")
    names = list(CONFIGURATIONS)
    for k in range(count):
        yield draw.randrange(len(RUNS)), names[k % len(names)]


def main(arguments: list[str]) -> int:
    """The command: the names of configurations, or none for all."""
    names = arguments or list(CONFIGURATIONS)
    failed = 0
    runs = random.Random("order").sample(range(len(RUNS)), len(RUNS))  # what is common is found early
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for done, index in enumerate(runs, start=1):
            entry, k, mode = RUNS[index]
            for name in names:
                if (text := problem(index, name)) is not None:
                    failed += 1
                    print(f"--- {entry.name}-{k}-{mode} without {name}: {text}", flush=True)
            _with_all.cache_clear()
            if done % 50 == 0:
                print(f"{done} of {len(RUNS)}", file=sys.stderr, flush=True)
    print(f"{len(RUNS)} runs in {len(names)} configurations: {failed} of {len(RUNS) * len(names)} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

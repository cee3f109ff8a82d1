"""Bugs put into the compiler, one function at a time, to see whether random programs find them.

``python -m tests.properties.seeded 500`` is the full statement: for each bug the first of that many programs that
finds it and how many do, and that none of them is reported without a bug.
"""

from __future__ import annotations

import operator
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcad import derivative
from srcad.analysis import memory
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.nodes import Const, If
from srcad.transform import broadcast, restore
from srcad.transform.reverse import cotangents, regions, stores
from tests.properties import fuzz
from tests.properties.flow import generate


@dataclass(frozen=True)
class Bug:
    """A function of the compiler and what stands in its place.

    Args:
        owner: the module or class that has the function.
        name: the function's name there.
        made: what makes the wrong function of the right one.
    """

    owner: Any
    name: str
    made: Callable[[Callable[..., Any]], Callable[..., Any]]

    @contextmanager
    def seeded(self) -> Iterator[None]:
        """The bug is in the compiler inside the ``with``; nothing that was compiled before or in it is used again."""
        right = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self.made(right))
        derivative._shared.clear()
        try:
            yield
        finally:
            setattr(self.owner, self.name, right)
            derivative._shared.clear()


def _last_one_wins(right: Callable[..., Any]) -> Callable[..., Any]:
    """The second contribution to a cotangent replaces the first."""
    return lambda scope, a, g, kind: g


def _without_zeroing(right: Callable[..., Any]) -> Callable[..., Any]:
    """The adjoint of ``y[i] = v`` takes from ``y_bar[i]``, and leaves it as it is."""

    def wrong(scope: Any, base: Any, index: Any, value: Any) -> None:
        append = scope.b.append
        scope.b.append = lambda fn, *rest, **kw: None if fn is operator.setitem else append(fn, *rest, **kw)
        try:
            right(scope, base, index, value)
        finally:
            del scope.b.append

    return wrong


def _never(right: Callable[..., Any]) -> Callable[..., Any]:
    """No store is undone."""
    return lambda readers, call: False


def _slices_are_copies(right: Callable[..., Any]) -> Callable[..., Any]:
    """A second name for an array is taken for another array."""
    return lambda call: None if call.fn in (Const(operator.getitem), Const(ops.identity)) else view_of(call)


def _not_summed(right: Callable[..., Any]) -> Callable[..., Any]:
    """What was broadcast gets its cotangent as it comes."""
    return lambda b, g, axes: g


def _other_arm(right: Callable[..., Any]) -> Callable[..., Any]:
    """The adjoint of ``if c: ... else: ...`` takes the other branch."""

    def wrong(context: Any, stmt: If, scope: Any) -> None:
        emit = scope.b.emit

        def swapped(made: Any) -> None:
            if isinstance(made, If):
                made = If(
                    made.targets, made.cond, made.orelse, made.then, made.loc, made.style, made.id, made.reverse_of
                )
            emit(made)

        scope.b.emit = swapped
        try:
            right(context, stmt, scope)
        finally:
            del scope.b.emit

    return wrong


BUGS = {
    "lost accumulation": Bug(cotangents.Scope, "_sum", _last_one_wins),
    "no zeroing on store": Bug(stores, "_setitem", _without_zeroing),
    "no restore": Bug(restore._Readers, "needed", _never),
    "missed alias": Bug(memory, "view_of", _slices_are_copies),
    "missing unbroadcast": Bug(broadcast, "_summed", _not_summed),
    "swapped branch": Bug(regions, "_reverse_if", _other_arm),
}


def finds(seeds: Iterable[int], folder: Path) -> Iterator[int]:
    """The seeds whose programs fail."""
    for seed in seeds:
        if fuzz.outcome(generate(seed), folder)[0] in ("wrong", "broken"):
            yield seed


def main(arguments: list[str]) -> int:
    """The command: how many programs to look at."""
    seeds = range(int(arguments[0]) if arguments else 500)
    with tempfile.TemporaryDirectory() as folder:
        clean = list(finds(seeds, Path(folder)))
        print(f"{'no bug':20} {len(clean):4} of {len(seeds)} programs fail {clean[:5]}")
        missed = 0
        for name, bug in BUGS.items():
            with bug.seeded():
                found = list(finds(seeds, Path(folder)))
            missed += not found
            print(f"{name:20} {len(found):4} of {len(seeds)} programs fail {found[:5]}")
    return 1 if clean or missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

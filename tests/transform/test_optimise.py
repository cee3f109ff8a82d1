"""Rounds of passes end where none has anything left to do, and no two undo each other's work."""

from dataclasses import replace

import pytest

import srcad
from srcad.ir.nodes import NOWHERE, Block, Const, Function
from srcad.transform import optimise
from tests.benchmarks.long_function import arguments, forecast

EMPTY = Function("f", Block((), (), ()), NOWHERE)


def test_every_pass_has_the_last_word() -> None:
    """Passes run until each has seen what the others made of it, and no longer."""
    seen: list[str] = []

    def growing(function: Function) -> Function:
        seen.append("growing")
        count = len(function.body.yields)
        return replace(function, body=replace(function.body, yields=(Const(1),) * min(count + 1, 2)))

    def watching(function: Function) -> Function:
        seen.append("watching")
        return function

    found = optimise.optimise(EMPTY, [("", growing), ("", watching)])
    assert len(found.body.yields) == 2
    assert seen == ["growing", "watching", "growing", "watching", "growing"]


def test_rounds_are_bounded() -> None:
    """Passes that never end are stopped."""
    turned: list[Function] = []

    def turning(function: Function) -> Function:
        turned.append(function)
        return replace(function, name=f"f{len(turned)}")

    assert optimise.optimise(EMPTY, [("", turning)]).name == f"f{optimise.ROUNDS}"


def test_a_long_function_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is not what ends the rounds of a function with loops, views and items that are read again."""
    runs: list[int] = []

    def counted(function: Function, passes: object) -> Function:
        runs.append(0)

        def counting(f: Function) -> Function:
            runs[-1] += 1
            return f

        return original(function, [*passes, ("", counting)])  # type: ignore[misc]

    original = optimise.optimise
    monkeypatch.setattr(optimise, "optimise", counted)
    srcad.grad(forecast, argnums=(0, 1, 2)).source_for(*arguments())
    assert runs and max(runs) < optimise.ROUNDS

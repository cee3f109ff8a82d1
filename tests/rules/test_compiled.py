"""Every elementwise and scalar template through the compiler: the gradient and the tangent of a program around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad
from srcad.rules import Sample, rule_for
from tests.rules.compiled import Program, active_positions
from tests.rules.harness import pairing, random_like
from tests.rules.test_templates import samples


def compilable() -> list[Sample]:
    """Samples of functions that are called by name and change nothing in place."""
    return [s for s in samples() if callable(s.primitive) and not rule_for(s.primitive).writes]


class Question:
    """A program, a direction for its arguments, and the derivative in that direction."""

    def __init__(self, sample: Sample, only: int | None = None) -> None:
        self.program = Program(sample, rule_for(sample.primitive), only)
        if not self.program.args:
            pytest.skip("only keyword arguments carry derivatives")
        random = np.random.default_rng(11)
        self.dots = [random_like(x, random) for x in self.program.args]
        self.expected = self.program.difference(self.dots)
        loose = "f4" in sample.description or sample.primitive in (np.float32, np.complex64)
        self.tolerance = {"rtol": 1e-3, "atol": 1e-3} if loose else {"rtol": 2e-6, "atol": 1e-7}

    def check(self, value: Any) -> None:
        np.testing.assert_allclose(value, self.expected, **self.tolerance)


def check_grad(q: Question) -> None:
    args = q.program.args
    gradients = srcad.grad(q.program.function, argnums=tuple(range(len(args))))(*args)
    q.check(sum(pairing(g, dot, x) for g, dot, x in zip(gradients, q.dots, args, strict=True)))


def check_jvp(q: Question) -> None:
    q.check(srcad.jvp(q.program.function, tuple(q.program.args), tuple(q.dots))[1])


#: Primitives whose tangent is wrong or fails where some argument does not vary: forward mode gives their templates a
#: zero that is no number, and leaves constants in a linear function as they are. Each is to work and leave here.
FORWARD_GAPS = ()


@pytest.fixture(autouse=True)
def mark_gaps(request: pytest.FixtureRequest, sample: Sample, mode: Any) -> None:
    if mode is check_jvp and any(sample.primitive is p for p in FORWARD_GAPS):
        request.applymarker(pytest.mark.xfail(reason="zero tangents in forward mode", strict=False))


@pytest.mark.parametrize("mode", [check_grad, check_jvp])
@pytest.mark.parametrize("sample", compilable(), ids=str)
def test_all_arguments(sample: Sample, mode: Any) -> None:
    mode(Question(sample))


def of_several() -> list[tuple[Sample, int]]:
    """Samples with several arguments that carry derivatives, and the place of one of them."""
    found = []
    for sample in compilable():
        count = len(active_positions(rule_for(sample.primitive), *sample.draw(2)))
        # an argument of single precision that is not differentiated makes differences too coarse
        found += [(sample, k) for k in range(count)] if count > 1 and "f4" not in sample.description else []
    return found


@pytest.mark.parametrize("mode", [check_grad, check_jvp])
@pytest.mark.parametrize(("sample", "only"), of_several(), ids=str)
def test_one_argument_alone(sample: Sample, only: int, mode: Any) -> None:
    mode(Question(sample, only))

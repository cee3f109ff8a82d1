"""Every array template through the compiler: gradient and tangent of a program around a call of its primitive."""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad.rules import Sample, rule_for
from tests.rules.compiled import Program, is_container
from tests.rules.harness import pairing, random_like
from tests.rules.test_array_templates import SAMPLES


def compilable() -> list[Sample]:
    """Samples of functions that are called by name with literals as options; programs below have the others."""
    apart = (np.ndarray.tolist, np.linalg.slogdet)
    infinite = (np.inf, -np.inf)
    return [
        s
        for s in SAMPLES
        if callable(s.primitive) and s.primitive not in apart and dict(s.kwargs).get("ord") not in infinite
    ]


class Question:
    """A program, a direction for its arguments, and the derivative in that direction."""

    def __init__(self, sample: Sample) -> None:
        self.program = Program(sample, rule_for(sample.primitive))
        if not self.program.args:
            pytest.skip("the arguments that carry derivatives are constants of the sample")
        random = np.random.default_rng(11)
        self.dots = [random_like(x, random) for x in self.program.args]
        self.expected = self.program.difference(self.dots)
        precise = "f4" not in sample.description
        self.tolerance = {"rtol": 2e-6, "atol": 1e-6} if precise else {"rtol": 2e-3, "atol": 2e-3}


@pytest.mark.parametrize("sample", compilable(), ids=str)
def test_grad(sample: Sample) -> None:
    q = Question(sample)
    args = q.program.args
    gradients = srcad.grad(q.program.function, argnums=tuple(range(len(args))))(*args)
    found = sum(pairing(g, dot, x) for g, dot, x in zip(gradients, q.dots, args, strict=True))
    np.testing.assert_allclose(found, q.expected, **q.tolerance)
    for g, x in zip(gradients, args, strict=True):
        if not is_container(x):
            assert np.shape(g) == np.shape(x)
            assert not isinstance(x, np.ndarray) or g.dtype == x.dtype


@pytest.mark.parametrize("sample", compilable(), ids=str)
def test_jvp(sample: Sample) -> None:
    q = Question(sample)
    found = srcad.jvp(q.program.function, tuple(q.program.args), tuple(q.dots))[1]
    np.testing.assert_allclose(found, q.expected, **q.tolerance)


def extreme_norms(x):
    rows = np.linalg.norm(x, np.inf, axis=1)
    return np.sum(rows * np.linalg.norm(x, -np.inf, 1)) + np.linalg.norm(x, ord=np.inf)


def log_determinant(x):
    sign, logarithm = np.linalg.slogdet(x)
    return sign * logarithm


def attributes(x):
    return np.sum(x.T @ x) + np.sum(x.real * x) + x.imag.sum() + x.size * x[0, 0]


@pytest.mark.parametrize("function", [extreme_norms, log_determinant, attributes])
def test_programs(function) -> None:
    random = np.random.default_rng(3)
    x, dot = random.normal(size=(3, 3)), random.normal(size=(3, 3))
    expected = (function(x + 1e-6 * dot) - function(x - 1e-6 * dot)) / 2e-6
    np.testing.assert_allclose(np.sum(srcad.grad(function)(x) * dot), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(srcad.jvp(function, (x,), (dot,))[1], expected, rtol=1e-6, atol=1e-7)


def nested_lists(a, b):
    shared = [a, b]
    y = np.array([shared, [b, a * b], shared])
    return np.sum(np.sin(y) * y) + shared[0] * y[1, 0] + np.sum(np.array([(a, b), (b, b)]))


def test_arrays_of_nested_lists() -> None:
    step = 1e-6
    slope = (nested_lists(0.7 + step, 0.2) - nested_lists(0.7 - step, 0.2)) / (2 * step)
    other = (nested_lists(0.7, 0.2 + step) - nested_lists(0.7, 0.2 - step)) / (2 * step)
    np.testing.assert_allclose(srcad.grad(nested_lists, argnums=(0, 1))(0.7, 0.2), [slope, other], rtol=1e-7)
    np.testing.assert_allclose(srcad.jvp(nested_lists, (0.7, 0.2), (1.0, 0.0))[1], slope, rtol=1e-7)

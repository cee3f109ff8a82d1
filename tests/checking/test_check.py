"""The gradient checker: passes right gradients, and fails on each way of being wrong."""

import math
import re

import numpy as np
import pytest

from srcad.checking import check_derivatives
from srcad.errors import ArgumentError

X = np.random.default_rng(1).normal(size=(4, 5))


def loss(x, b):
    return np.sum(np.tanh(x + b) ** 2)


def loss_grads(x, b):
    t = np.tanh(x + b)
    g = 2 * t * (1 - t * t)
    return g, g.sum(axis=0)


def run(f, args, gradient, **options):
    return check_derivatives(f, args, value_and_grad=lambda *a: (f(*a), gradient(*a)), **options)


B = np.array([0.1, -0.2, 0.3, 0.4, 0.0])


def test_a_right_gradient_passes_in_both_modes():
    def jvp(primals, tangents):
        return loss(*primals), sum(np.sum(g * t) for g, t in zip(loss_grads(*primals), tangents))

    report = run(loss, (X, B), loss_grads, argnums=(0, 1), jvp=jvp, names="xb")
    assert report and report.ok and not report.failures
    assert {c.where for c in report.comparisons} == {"x", "all"} | {f"b[{i}]" for i in range(5)}


WRONG = {
    "factor": lambda g, h: (g * 1.001, h),
    "sign": lambda g, h: (g, -h),
    "one element of many": lambda g, h: (np.where(np.arange(20).reshape(4, 5) == 7, 0.0, g), h),
    "one element of few": lambda g, h: (g, h * [1, 1, 1, 1, 1.0001]),
    "zero": lambda g, h: (np.zeros_like(g), h),
    "nan": lambda g, h: (g * np.nan, h),
    "infinite": lambda g, h: (g, h * np.inf),
    "not summed": lambda g, h: (g, g),
    "mean": lambda g, h: (g, h / 4),
    "None": lambda g, h: (None, h),
    "scalar": lambda g, h: (g, float(h.sum())),
    "dtype": lambda g, h: (g, h.astype(np.float32)),
    "list": lambda g, h: (list(g), h),
    "swapped rows": lambda g, h: (g[::-1].copy(), h),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_fails(name):
    report = run(loss, (X, B), lambda *a: WRONG[name](*loss_grads(*a)), argnums=(0, 1))
    assert not report.ok, str(report)


def test_a_wrong_tangent_fails():
    def jvp(primals, tangents):
        return loss(*primals), np.sum(loss_grads(*primals)[0] * tangents[0]) * (1 + 1e-7)

    report = run(loss, (X, B), lambda x, b: loss_grads(x, b)[0], jvp=jvp)
    assert [c.what for c in report.failures] == ["forward"] * 3


def test_tangents_mirror_the_arguments():
    seen = []

    def jvp(primals, tangents):
        seen.append(tangents)
        return 0.0, 2.0 * tangents[0]["w"]

    run(lambda p, k, s: 2.0 * p["w"], ({"w": 3.0, "n": 2}, 4, 1.5), lambda p, k, s: {"w": 2.0, "n": None}, jvp=jvp)
    tangents = seen[0]
    assert tangents[0]["n"] is None and tangents[1] is None and tangents[2] == 0.0


def test_a_wrong_value_a_changed_argument_and_shared_memory_are_problems():
    def changes(x):
        x += 1e-9
        return np.sum(x), np.ones(3)

    assert not check_derivatives(np.sum, [np.zeros(3)], value_and_grad=changes)
    close = check_derivatives(np.sum, [np.ones(3)], value_and_grad=lambda x: (np.sum(x) * (1 + 2**-52), np.ones(3)))
    assert re.match("the value is", close.problems[0])
    shared = run(lambda x: 0.5 * np.sum(x * x), [np.ones(3)], lambda x: x)
    assert shared.problems == ("the gradient of x0 shares memory with an argument",)
    frozen = run(np.sum, [np.ones(3)], lambda x: np.broadcast_to(1.0, 3))
    assert frozen.problems == ("the gradient of x0 is not writable",)


def test_an_infinite_slope_is_unclear_and_does_not_pass():
    report = run(lambda x: math.copysign(abs(x) ** 0.5, x), [0.0], lambda x: 1e3)
    assert [c.verdict for c in report.comparisons] == ["unclear"]
    assert "do not settle" in str(report) and not report


def test_at_a_kink_the_mean_of_both_slopes_is_right():
    assert run(abs, [0.0], lambda x: 0.0)
    assert run(lambda x: np.max(x), [np.ones(2)], lambda x: np.array([0.5, 0.5]))
    assert not run(lambda x: np.max(x), [np.ones(2)], lambda x: np.array([1.0, 0.0]))


def test_complex_arguments_follow_the_convention_of_semantics():
    f = lambda z: abs(z) ** 2
    assert run(f, [1 + 2j], lambda z: 2 * z.conjugate())
    assert not run(f, [1 + 2j], lambda z: 2 * z)
    z = np.array([1 + 2j, 0.5 - 1j])
    assert run(lambda z: np.sum(np.abs(z) ** 2), [z], lambda z: 2 * np.conj(z))


def test_single_precision_passes_and_a_wrong_one_fails():
    x = X.astype(np.float32)
    f = lambda x: np.sum(np.sin(x) * x)
    assert run(f, [x], lambda x: np.cos(x) * x + np.sin(x))
    assert not run(f, [x], lambda x: np.cos(x) * x + 0.98 * np.sin(x))


def test_the_domain_is_respected():
    assert run(lambda x: math.log(x), [1e-3], lambda x: 1 / x)
    assert run(lambda x: math.log(x - 1), [1.001], lambda x: 1 / (x - 1))


def test_containers_and_mutation():
    def f(p):
        p["w"] += 1
        return np.sum(p["w"] * p["xs"][0]) + p["n"]

    p = {"w": np.ones(3), "xs": [np.arange(3.0)], "n": 2}
    good = lambda p: {"w": p["xs"][0].copy(), "xs": [p["w"] + 1], "n": None}
    assert check_derivatives(f, [p], value_and_grad=lambda p: (np.sum((p["w"] + 1) * p["xs"][0]) + 2, good(p)))
    assert p["w"].tolist() == [1, 1, 1]
    missing = lambda p: {k: v for k, v in good(p).items() if k != "n"}
    report = check_derivatives(f, [p], value_and_grad=lambda p: (np.sum((p["w"] + 1) * p["xs"][0]) + 2, missing(p)))
    assert report.problems == ("the gradient of x0 has other entries than the argument",)


def test_the_same_array_twice_moves_as_one():
    a = np.array([1.0, 2.0])

    def f(x, y):
        x *= 2
        return np.sum(y * y)  # y is x: doubled

    report = check_derivatives(
        f, [a, a], value_and_grad=lambda x, y: (4 * np.sum(y * y), (8 * x, 0 * x)), argnums=(0, 1)
    )
    assert report, str(report)


def test_nothing_to_check_is_an_error():
    with pytest.raises(ArgumentError, match="nothing to check: x0 holds no float"):
        run(lambda k: k, [3], lambda k: None)


def test_the_seed_repeats_the_directions():
    reports = [run(loss, (X, B), lambda *a: loss_grads(*a)[0], seed=s) for s in (5, 5, 6)]
    assert reports[0].comparisons == reports[1].comparisons != reports[2].comparisons
    assert "seed 5" in str(reports[0])

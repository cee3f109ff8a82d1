"""The array templates, called as ordinary functions: against differences, adjoint against tangent, dtypes, shapes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from srcad.ir.nodes import Const
from srcad.rules import Rule, Sample, rule_for
from srcad.runtime import unbroadcast
from srcad.templates import (
    numpy_creation,
    numpy_einsum,
    numpy_fft,
    numpy_joining,
    numpy_linalg,
    numpy_methods,
    numpy_norm,
    numpy_products,
    numpy_reductions,
    numpy_select,
    numpy_shape,
)

MODULES = (
    numpy_creation,
    numpy_einsum,
    numpy_fft,
    numpy_joining,
    numpy_linalg,
    numpy_methods,
    numpy_norm,
    numpy_products,
    numpy_reductions,
    numpy_select,
    numpy_shape,
)
SAMPLES = [one for module in MODULES for one in module.SAMPLES]

# Differences of step 1e-6 in float64 are good to about 1e-9; float32 results to a few of its 6e-8.
TOLERANCES = {"f8": dict(rtol=2e-7, atol=2e-8), "f4": dict(rtol=2e-4, atol=2e-4)}


def unwrap(value: Any) -> Any:
    return tuple(map(unwrap, value)) if isinstance(value, tuple) else value.value


def bound(rule: Rule, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call, by the names of the template's parameters."""
    given = rule.bind([Const(a) for a in args], [(k, Const(v)) for k, v in kwargs.items()])
    assert given is not None
    return {name: unwrap(value) for name, value in given.items()}


def call_template(template: Any, arguments: dict[str, Any], **more: Any) -> Any:
    """The template's own function, called by name but for a variadic parameter and those before it."""
    names = list(arguments)
    before = names.index(template.varargs) if template.varargs else 0
    args = [arguments[n] for n in names[:before]]
    if template.varargs:
        args.extend(arguments[template.varargs])
        before += 1
    return template(*args, **{n: arguments[n] for n in names[before:]}, **more)


def is_float(x: Any) -> bool:
    return not isinstance(x, str) and np.asarray(x).dtype.kind in "fc"


def map_leaves(function: Any, x: Any, *others: Any) -> Any:
    """`x` with `function` applied to its floating-point leaves, and None for all other leaves."""
    if isinstance(x, (list, tuple)):
        return [map_leaves(function, *parts) for parts in zip(x, *others, strict=True)]
    return function(x, *others) if is_float(x) else None


def leaves(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)):
        return [leaf for part in x for leaf in leaves(part)]
    return [] if x is None else [x]


def pairing(bar: Any, dot: Any) -> float:
    """The real part of the sum of products."""
    total = 0.0
    for a, b in zip(leaves(bar), leaves(dot), strict=True):
        total += float(np.real(np.sum(np.asarray(a, "c16") * b)))
    return total


def noise_like(x: Any, seed: int) -> Any:
    random = np.random.default_rng(seed)

    def draw(leaf: Any) -> Any:
        value = random.normal(size=np.shape(leaf))
        if np.iscomplexobj(leaf):
            value = value + 1j * random.normal(size=np.shape(leaf))
        dtype = np.asarray(leaf).dtype
        return np.asarray(value, dtype) if isinstance(leaf, np.ndarray) else dtype.type(value)

    return map_leaves(draw, x)


class Case:
    """One sample: the call, directions for its active arguments, and a cotangent for its result."""

    def __init__(self, sample: Sample) -> None:
        self.rule = rule_for(sample.primitive)
        self.primitive = sample.primitive
        self.args, self.kwargs = sample.draw(3)
        self.arguments = bound(self.rule, self.args, self.kwargs)
        self.names = [n for n in self.rule.wrt if leaves(map_leaves(lambda x: x, self.arguments[n]))]
        assert self.names, "nothing is active in this sample"
        self.dots = {n: noise_like(self.arguments[n], 5) for n in self.names}
        self.ans = self.call({})
        self.ans_bar = noise_like(self.ans, 7)
        inputs = [x for n in self.names for x in leaves(self.arguments[n]) if is_float(x)]
        single = any(np.asarray(x).dtype.char in "fF" for x in inputs)
        self.tolerance = TOLERANCES["f4" if single else "f8"]

    def call(self, changes: dict[str, Any]) -> Any:
        """The primitive itself, with the arguments of the sample but for these."""
        new = {}
        for name, value in changes.items():
            old = self.arguments[name]
            several = self.rule.template.own(name).kind is inspect.Parameter.VAR_POSITIONAL
            new.update(zip(map(id, old), value, strict=True) if several else [(id(old), value)])
        args = [new.get(id(a), a) for a in self.args]
        if not callable(self.primitive):
            return self.primitive.__get__(args[0])
        return self.primitive(*args, **{k: new.get(id(v), v) for k, v in self.kwargs.items()})

    def differences(self) -> Any:
        """The directional derivative, by central differences in double precision."""
        step = 1e-6

        def moved(sign: float) -> Any:
            def move(x: Any, dot: Any) -> Any:
                wide = np.asarray(x, "c16" if np.iscomplexobj(x) else "f8") + sign * step * dot
                return np.asarray(wide) if isinstance(x, np.ndarray) else wide[()]

            changed = {}
            for name, value in self.arguments.items():
                if isinstance(value, np.ndarray) and is_float(value):
                    changed[name] = value.astype("c16" if np.iscomplexobj(value) else "f8")
            for name in self.names:
                changed[name] = self.moved_tree(move, self.arguments[name], self.dots[name])
            return self.call(changed)

        return map_leaves(lambda a, b: (np.asarray(a) - b) / (2 * step), moved(1.0), moved(-1.0))

    def moved_tree(self, move: Any, x: Any, dot: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)(self.moved_tree(move, a, b) for a, b in zip(x, dot, strict=True))
        return x if dot is None else move(x, dot)

    def adjoint(self, ans_bar: Any) -> dict[str, Any]:
        """The cotangents of the active arguments, with their full shapes."""
        result = call_template(self.rule.adjoint, self.arguments, ans=self.ans, ans_bar=ans_bar)
        if len(self.rule.wrt) == 1:
            result = (result,)
        bars = dict(zip(self.rule.wrt, result, strict=True))
        return {n: self.full(bars[n], self.arguments[n]) for n in self.names}

    def full(self, bar: Any, x: Any) -> Any:
        if bar is None:
            assert not leaves(map_leaves(lambda x: x, x)), "no cotangent for a floating-point argument"
            return None
        if isinstance(x, (list, tuple)):
            return [self.full(b, v) for b, v in zip(bar, x, strict=True)]
        if not is_float(x):
            return None
        if self.rule.broadcasts:
            bar = unbroadcast(np.broadcast_to(bar, np.broadcast_shapes(np.shape(bar), np.shape(x))), x)
        return np.broadcast_to(bar if np.iscomplexobj(x) else np.real(bar), np.shape(x))

    def tangent(self) -> Any:
        """The tangent by the rule: its own template, or the primitive on tangents."""
        dots = {n: self.dots.get(n, 0.0) for n in self.rule.wrt}
        if self.rule.tangent is not None:
            taken = {f"{n}_dot": dots[n] for n in self.rule.tangent.dots}
            return call_template(self.rule.tangent, self.arguments, ans=self.ans, **taken)
        if self.rule.linear:
            return self.call(dots)
        assert self.rule.multilinear
        total: Any = 0.0
        for name in self.names:
            x, dot = self.arguments[name], self.dots[name]
            if isinstance(x, tuple):
                for i, part in enumerate(dot):
                    if leaves(part):
                        total = total + self.call({name: (*x[:i], part, *x[i + 1 :])})
            else:
                total = total + self.call({name: dot})
        return total


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_tangent_equals_differences(sample: Sample) -> None:
    case = Case(sample)
    expected = leaves(case.differences())
    found = leaves(map_leaves(lambda ans, dot: dot, case.ans, case.tangent()))
    for want, got, ans in zip(expected, found, leaves(map_leaves(lambda x: x, case.ans)), strict=True):
        assert np.shape(got) == np.shape(ans)
        np.testing.assert_allclose(got, want, **case.tolerance)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_adjoint_and_tangent_agree(sample: Sample) -> None:
    case = Case(sample)
    ans_dot = map_leaves(lambda ans, dot: dot, case.ans, case.tangent())
    bars = case.adjoint(case.ans_bar)
    left = pairing(case.ans_bar, ans_dot)
    right = sum(pairing(bars[n], case.dots[n]) for n in case.names)
    np.testing.assert_allclose(right, left, rtol=10 * case.tolerance["rtol"], atol=10 * case.tolerance["atol"])


@pytest.mark.parametrize("sample", [s for s in SAMPLES if " f4" in s.description], ids=str)
def test_adjoint_keeps_float32(sample: Sample) -> None:
    case = Case(sample)
    for name, bar in case.adjoint(case.ans_bar).items():
        for x, one in zip(leaves(map_leaves(lambda x: x, case.arguments[name])), leaves(bar), strict=True):
            assert np.asarray(x).dtype.char != "f" or one.dtype == np.float32


SMALLER = [s for s in SAMPLES if (rule := rule_for(s.primitive)) is not None and rule.smaller]


@pytest.mark.parametrize("sample", SMALLER, ids=str)
def test_adjoint_accepts_a_smaller_cotangent(sample: Sample) -> None:
    case = Case(sample)
    shape = np.shape(case.ans)
    fewer_axes = [shape[i:] for i in range(1, len(shape))]
    shapes = [(), *fewer_axes, *((*shape[:i], 1, *shape[i + 1 :]) for i in range(len(shape)))]
    for small_shape in shapes:
        small = noise_like(np.zeros(small_shape, np.asarray(case.ans).dtype), 11)
        with_full = case.adjoint(np.array(np.broadcast_to(small, shape)) if shape else small)
        with_small = case.adjoint(small)
        for name in case.names:
            np.testing.assert_allclose(with_small[name], with_full[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_adjoint_changes_no_argument(sample: Sample) -> None:
    case = Case(sample)
    watched = [*leaves(list(case.arguments.values())), *leaves(case.ans), *leaves(case.ans_bar)]
    before = [np.array(x) for x in watched]
    case.adjoint(case.ans_bar)
    for old, new in zip(before, watched, strict=True):
        np.testing.assert_array_equal(old, new)

"""Check one rule on one sample: its templates, called as ordinary functions, against differences and each other.

Independent of the compiler: what the compiler does around a template (multiplying partials, undoing broadcasting, the
tangent of a linear function) is done here in the plainest way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.nodes import Const
from srcad.rules import Rule, Sample, Template

STEP = 1e-6
# Central differences of step 1e-6 of functions of size 1 are good to 1e-10 in double precision; a few have large third
# derivatives or large values.
RTOL, ATOL = 2e-6, 2e-8


def is_float(x: Any) -> bool:
    """Whether x is a floating-point number or array."""
    return isinstance(x, (float, complex, np.ndarray, np.generic)) and np.asarray(x).dtype.kind in "fc"


def invoke(primitive: Any, *args: Any, **kwargs: Any) -> Any:
    """The primitive, which may be the descriptor of an attribute."""
    return primitive(*args, **kwargs) if callable(primitive) else primitive.__get__(*args)


def is_container(x: Any) -> bool:
    return isinstance(x, (list, tuple))


def tree_map(f: Any, x: Any, *others: Any) -> Any:
    """f of the floating-point leaves of x and of what stands at their places in others."""
    if is_container(x):
        return type(x)(tree_map(f, *parts) for parts in zip(x, *others, strict=True))
    return f(x, *others) if is_float(x) else x


def widen(x: Any) -> Any:
    """x in double precision."""
    if isinstance(x, np.ndarray):
        return x.astype(np.result_type(x.dtype, np.float64))
    return type(x)(x)


def random_like(x: Any, random: np.random.Generator) -> Any:
    """A random direction of the same structure, 0.0 for leaves that are not floating-point."""
    if is_container(x):
        return type(x)(random_like(item, random) for item in x)
    if not is_float(x):
        return 0.0
    value = random.uniform(0.5, 1.5, np.shape(x)) * random.choice([-1.0, 1.0], np.shape(x))
    if np.iscomplexobj(x):
        value = value + 1j * random.uniform(-1.0, 1.0, np.shape(x))
    if isinstance(x, np.ndarray):
        return np.asarray(value, dtype=x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(value)
    return complex(value) if np.iscomplexobj(x) else float(value)


def pairing(g: Any, dot: Any, like: Any) -> float:
    """Re(sum of g * dot) over the leaves; a g that is smaller than dot is broadcast, a literal 0.0 is nothing."""
    if is_container(like):
        gs = [g] * len(like) if not is_container(g) and np.ndim(g) == 0 else list(g)
        return sum((pairing(a, b, c) for a, b, c in zip(gs, dot, like, strict=True)), 0.0)
    if not is_float(like):
        return 0.0
    assert np.ndim(g) <= np.ndim(like)
    return float(np.sum(np.real(np.broadcast_to(g, np.shape(like)) * dot)))


def unbroadcast(g: Any, x: Any) -> Any:
    """g, summed over the axes along which x was repeated; the items of a list one by one."""
    if is_container(x):
        return [unbroadcast(part, item) for part, item in zip(g, x, strict=True)]
    if np.ndim(g) < np.ndim(x):
        return g
    g = np.sum(g, axis=tuple(range(np.ndim(g) - np.ndim(x))))
    axes = tuple(i for i, n in enumerate(np.shape(x)) if n == 1 and np.shape(g)[i] != 1)
    return np.sum(g, axis=axes, keepdims=True) if axes else g


class Case:
    """A sample, drawn: arguments by the names of the template, a direction and a cotangent."""

    def __init__(self, sample: Sample, rule: Rule, seed: int = 0) -> None:
        self.sample, self.rule = sample, rule
        self.args, self.kwargs = sample.draw(seed)
        self.values = self.bound(self.args, self.kwargs)
        random = np.random.default_rng(seed + 1)
        self.active = [n for n in rule.wrt if self.is_active(self.values.get(n))]
        assert self.active, f"{sample}: no argument that carries a derivative"
        self.dots = {n: random_like(self.values[n], random) for n in self.active}
        self.ans = self.primitive(self.values)
        self.ans_bar = random_like(self.ans, random)

    @staticmethod
    def is_active(x: Any) -> bool:
        return any(map(Case.is_active, x)) if is_container(x) else is_float(x)

    def bound(self, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The template's parameters, with values in place of atoms."""
        bound = self.rule.bind([Const(a) for a in args], [(k, Const(v)) for k, v in kwargs.items()])
        assert bound is not None, f"{self.sample} does not bind"
        return {n: tuple(c.value for c in a) if isinstance(a, tuple) else a.value for n, a in bound.items()}

    def primitive(self, values: dict[str, Any]) -> Any:
        """The primitive of these values, in the call form of the sample."""
        swaps = {id(old): values[n] for n, old in self.values.items()} if values is not self.values else {}
        template = self.rule.template
        assert template is not None
        if template.varargs and values is not self.values:
            rest = dict(self.kwargs)
            return invoke(self.sample.primitive, *values[template.varargs], **rest)
        written = [id(self.values[n]) for n in self.rule.writes]
        args = [swaps.get(id(a), a.copy() if id(a) in written else a) for a in self.args]
        return invoke(self.sample.primitive, *args, **{k: swaps.get(id(v), v) for k, v in self.kwargs.items()})

    def call(self, template: Template, **extra: Any) -> Any:
        """A template for this case."""
        if template.varargs:
            before = template.params[: template.params.index(template.varargs)]
            rest = {n: v for n, v in self.values.items() if n not in before and n != template.varargs}
            return template(*(self.values[n] for n in before), *self.values[template.varargs], **rest, **extra)
        return template(**self.values, **extra)

    def in_order(self, result: Any) -> dict[str, Any]:
        """What a template returned, by parameter."""
        if len(self.rule.wrt) == 1:
            return {self.rule.wrt[0]: result}
        assert isinstance(result, tuple) and len(result) == len(self.rule.wrt)
        return dict(zip(self.rule.wrt, result, strict=True))

    def difference(self) -> float:
        """The derivative of <ans_bar, primitive> in the direction, by central differences in double precision."""

        def at(t: float) -> Any:
            moved = dict(self.values)
            for n in self.active:
                moved[n] = tree_map(lambda x, d: widen(x) + t * d, self.values[n], self.dots[n])
            return self.primitive(moved)

        # what rounds its result to single precision needs a larger step
        rounds = np.float32 in (np.asarray(x).dtype.type(0).real.dtype for x in leaves(at(0.0)) if is_float(x))
        step = 1e-2 if rounds else STEP

        def slope(a: Any, b: Any) -> Any:
            return (a - b) / (2 * step)

        return pairing(self.ans_bar, tree_map(slope, at(step), at(-step)), self.ans)

    def cotangents(self) -> dict[str, Any]:
        """The cotangents of the active parameters, as the compiler gets them from the rule."""
        rule = self.rule
        if rule.partials is not None:
            found = {n: partial * self.ans_bar for n, partial in self.partials().items()}
        else:
            assert rule.adjoint is not None
            found = self.in_order(self.call(rule.adjoint, ans=self.ans, ans_bar=self.ans_bar))
        if rule.broadcasts:
            return {n: unbroadcast(found[n], self.values[n]) for n in self.active}
        return {n: found[n] for n in self.active}

    def partials(self) -> dict[str, Any]:
        """The partials of the active parameters. Those of inactive ones, which the compiler drops, may be NaN."""
        assert self.rule.partials is not None
        with np.errstate(all="warn" if len(self.active) == len(self.rule.wrt) else "ignore"):
            partials = self.in_order(self.call(self.rule.partials, ans=self.ans))
        return {n: partials[n] for n in self.active}

    def tangent(self) -> Any:
        """The tangent of the result, as the compiler gets it from the rule."""
        rule = self.rule
        dots = {n: self.dots.get(n, 0.0) for n in rule.wrt}
        if rule.partials is not None:
            return sum(partial * dots[n] for n, partial in self.partials().items())
        if rule.linear:
            zero = {n: tree_map(lambda x: 0.0 * x, self.values[n]) for n in rule.wrt if n not in self.active}
            return self.primitive({**self.values, **{n: self.dots.get(n, zero.get(n, 0)) for n in rule.wrt}})
        if rule.multilinear:
            return sum(self.primitive({**self.values, n: self.dots[n]}) for n in self.active)
        assert rule.tangent is not None, f"{rule.name} has no tangent"
        return self.call(rule.tangent, ans=self.ans, **{f"{n}_dot": d for n, d in dots.items()})


def check(sample: Sample, rule: Rule) -> None:
    """Check a rule on a sample; raises AssertionError.

    The reverse rule against differences, the tangent against the reverse rule, and the dtypes of both.
    """
    case = Case(sample, rule)
    cotangents = case.cotangents()
    reverse = sum(pairing(cotangents[n], case.dots[n], case.values[n]) for n in case.active)
    single = any(np.asarray(x).dtype in (np.float32, np.complex64) for n in case.active for x in leaves(case.values[n]))
    rtol, atol = (2e-4, 2e-4) if single else (RTOL, ATOL)
    np.testing.assert_allclose(reverse, case.difference(), rtol=rtol, atol=atol, err_msg=f"{sample}: reverse")
    tangent = case.tangent()
    forward = pairing(tangent, case.ans_bar, case.ans) if is_container(case.ans) else value_pairing(tangent, case)
    rtol, atol = (2e-5, 2e-5) if single else (1e-11, 1e-12)
    np.testing.assert_allclose(forward, reverse, rtol=rtol, atol=atol, err_msg=f"{sample}: forward against reverse")
    check_dtypes(case, cotangents, tangent)


def value_pairing(tangent: Any, case: Case) -> float:
    """<ans_bar, tangent> for a result that is one array or number."""
    return float(np.sum(np.real(np.broadcast_to(tangent, np.shape(case.ans)) * case.ans_bar)))


def leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in leaves(item)] if is_container(x) else [x]


def check_dtypes(case: Case, cotangents: dict[str, Any], tangent: Any) -> None:
    """Where everything is float32, so is what the rule computes."""
    given = [x for n in case.active for x in leaves(case.values[n]) if isinstance(x, np.ndarray)]
    if not given or any(x.dtype != np.float32 for x in given) or np.asarray(case.ans).dtype != np.float32:
        return
    for name in case.active:
        if np.ndim(cotangents[name]) and isinstance(case.values[name], np.ndarray):
            assert np.asarray(cotangents[name]).dtype == np.float32, f"{case.sample}: cotangent of {name}"
    if np.ndim(tangent):
        assert np.asarray(tangent).dtype == np.float32, f"{case.sample}: tangent"

"""Every identity of `srcad.transform.identities`: the code that it gives, that its value is the same, where not.

A case is a Python function; it is lowered, written again through a `Builder` as a transform writes the code of a
derivative, printed, and run beside the original.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcad.analysis.kindspec import parse
from srcad.codegen.emit import emit
from srcad.codegen.load import load
from srcad.frontend.lower import lower
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array
from srcad.ir.nodes import Block, Const, Function, Loc, Program, Var
from srcad.transform.builder import Builder
from srcad.transform.cleanup import clean
from srcad.transform.expand import expand, materialise

LOC = Loc("case.py", 1, 0, 0, "", "case", 1, adjoint=True)
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300, 1e300)


def written(case: Callable[..., Any], kinds: str, *, mutated: bool = False, adjoint: bool = True) -> tuple[str, Any]:
    """The expression that a transform writes for `case`, and the function with that body."""
    source = lower(case, template=True)
    given = parse(kinds)
    params = [Var(p.name, given[p.name]) for p in source.body.params]
    loc = LOC if adjoint else Loc("case.py", 1, 0, 0, "", "case", 1)
    b = Builder(Facts(), loc, is_mutated=lambda atom: mutated)
    value = expand(b, source, params)
    assert value is not None
    body = Block(tuple(params), tuple(b.stmts), (materialise(b, value),))
    program = Program(clean(Function("case", body, LOC, source=case), drop_primal=True))
    generated = emit(program, header="", comments=False)
    lines = generated.source.strip().splitlines()
    return "; ".join(line.strip() for line in lines[1:]), load(generated, program)["case"]


def arguments(kinds: str, seed: int) -> list[Any]:
    """Values of these kinds, of lengths 3, 4, ... by the names of the dims, with special values strewn in."""
    rng = np.random.default_rng(seed)
    found: list[Any] = []
    for kind in parse(kinds).values():
        text = str(kind)
        dtype = text.split("[")[0].split("(")[0].removeprefix("np.")
        if dtype in ("float", "int"):
            found.append({"float": float, "int": int}[dtype](rng.integers(1, 9)) * (0.7 if dtype == "float" else 1))
            continue
        shape = tuple(
            3 + "nmd".index(d) if d in "nmd" else int(d) for d in text.partition("[")[2][:-1].split(", ") if d
        )
        values = rng.normal(size=shape)
        if seed and shape:
            values.flat[rng.integers(values.size)] = SPECIAL[seed % len(SPECIAL)]
        if dtype[0] == "c":
            values = values + 1j * rng.normal(size=shape)
        with np.errstate(over="ignore"):
            found.append(
                np.dtype(dtype).type(values) if not isinstance(kind, Array) else np.asarray(values).astype(dtype)
            )
    return found


def same(found: Any, wanted: Any, *, exact: bool) -> None:
    assert type(found) is type(wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype
    if exact:
        np.testing.assert_array_equal(found, wanted)  # 0.0 and -0.0 are equal to it, NaN to itself
    else:
        tolerance = 1e-4 if np.asarray(wanted).dtype in ("f4", "c8") else 1e-12
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * 1e-3)


def check(case: Callable[..., Any], kinds: str, text: str, *, exact: bool = True, **how: bool) -> None:
    """`case` is written as `text` for these kinds, with the same value."""
    found, function = written(case, kinds, **how)
    assert found == f"return {text}"
    for seed in range(8 if exact else 1):
        args = arguments(kinds, seed)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            same(function(*args), case(*args), exact=exact)


EXACT = [
    # equal terms
    (lambda a: a + a, "a: f8[n]", "2 * a"),
    (lambda a: a + a, "a: f4[n, m]", "2 * a"),
    (lambda a: a + a, "a: f4", "2 * a"),
    (lambda a, g: a * g + a * g, "a: f8[n], g: f8[n]", "2 * a * g"),
    (lambda a, g: a / g + a / g, "a: f8[n], g: f8[n]", "2 * a / g"),
    (lambda a, g: np.sin(a) * g + np.sin(a) * g, "a: f8[n], g: f8[n]", "2 * np.sin(a) * g"),
    # constants
    (lambda a: 2 * (3.0 * a), "a: f8[n]", "6.0 * a"),
    (lambda a: 2 * (0.3 * a), "a: f4[n]", "0.6 * a"),
    (lambda a: 2 * (1.0 / a), "a: f8[n]", "2.0 / a"),
    (lambda n, s: n * 1.0 / s, "n: int, s: f8", "n / s"),
    # signs
    (lambda a: (-a).sum(), "a: f8[n, m]", "-a.sum()"),
    (lambda a: (-a).sum(axis=0), "a: f4[n, m]", "-a.sum(axis=0)"),
    (lambda a: (-a).sum(axis=1, keepdims=True), "a: c16[n, m]", "-a.sum(axis=1, keepdims=True)"),
    (lambda a, b: b + (-a).sum(axis=0), "a: f8[n, m], b: f8[m]", "b - a.sum(axis=0)"),
    (lambda a, m: np.where(m > 0, -a, 0.0), "a: f8[n], m: f8[n]", "-np.where(m > 0, a, 0.0)"),
    (lambda a, m: np.where(m > 0, 0.0, -a), "a: f4[n], m: f8[n]", "-np.where(m > 0, 0.0, a)"),
    # shapes
    (lambda a: np.expand_dims(a, 0), "a: f8[n]", "a[None, :]"),
    (lambda a: np.expand_dims(a, 1), "a: f8[n]", "a[:, None]"),
    (lambda a: np.expand_dims(a, -1), "a: f4[n, m]", "a[..., None]"),
    (lambda a: np.expand_dims(a, (0, 2)), "a: f8[n, m]", "a[None, :, None, :]"),
    (lambda a: np.swapaxes(a, -1, -2), "a: f8[n, m]", "a.T"),
    (lambda a: np.swapaxes(a, 1, 2), "a: f8[n, m, d]", "a.mT"),
    (lambda a: np.swapaxes(a, 0, 2), "a: f8[n, m, d]", "a.swapaxes(0, 2)"),
    (lambda a: np.swapaxes(a.swapaxes(2, 1), -1, -2) * 3.0, "a: f8[n, m, d]", "3.0 * a"),
    (lambda a: np.sum(a, axis=0), "a: f8[n, m]", "a.sum(axis=0)"),
    (lambda a: np.sum(a > 0, axis=0) if a.dtype == float else a, "a: f8[n, m]", "(a > 0).sum(axis=0)"),
    (lambda a: np.sum(a > 0, axis=0) if a.dtype == float else a, "a: f4[n, m]", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "kinds", "text"), EXACT, ids=lambda v: v if isinstance(v, str) else "")
def test_exact(case: Callable[..., Any], kinds: str, text: str) -> None:
    """Bit for bit the same, with NaN, infinities and zeros among the elements."""
    check(case, kinds, text)


ROUNDED = [
    (lambda a, s: (2 * a) * s, "a: f8[n], s: float", "2 * s * a"),
    (lambda a, s: (2 * a) * s, "a: f4[n], s: f4", "2 * s * a"),
    (lambda a, s, r: r * (a * s), "a: f8[n, m], s: f8, r: float", "s * r * a"),
    (lambda a, s: (a * s).sum(axis=0), "a: f8[n, m], s: float", "s * a.sum(axis=0)"),
    (lambda a, s: (s * a).sum(), "a: f4[n, m], s: float", "s * a.sum()"),
    (lambda a, b: (2 * a) * b[:, None], "a: f8[n, m], b: f8[n]", "2 * b[:, None] * a"),
    (lambda a, b: (2 * a) * b, "a: f8[n, m], b: f8[m]", "2 * b * a"),
    (lambda a, b: (a * b / b).sum(axis=1, keepdims=True), "a: f8[n, m], b: f8[n, 1]",
     "b * a.sum(axis=1, keepdims=True) / b"),
    (lambda a, b: (a * b).sum(axis=0), "a: f8[n, m], b: f8[m]", "b * a.sum(axis=0)"),
    (lambda a, b: (a * 0.5 * b).sum(axis=0), "a: f8[n, m], b: f8[n, m]", "0.5 * (a * b).sum(axis=0)"),
    (lambda a, b: (a.T @ b).T, "a: f8[n, m], b: f8[n, d]", "b.T @ a"),
    (lambda a, b: (a @ b.T).T, "a: f4[n, m], b: f4[d, m]", "b @ a.T"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "kinds", "text"), ROUNDED, ids=lambda v: v if isinstance(v, str) else "")
def test_rounded_otherwise(case: Callable[..., Any], kinds: str, text: str) -> None:
    """The same but for the last bits; dtypes are the same."""
    check(case, kinds, text, exact=False)


NOT = [
    # an integer, a bool, something unknown: `+` may join, overflow elsewhere, or be no arithmetic
    (lambda a: a + a, "a: i8[n]", "a + a"),
    (lambda a: a + a, "a: b1[n]", "a + a"),
    (lambda a: a + a, "a: any", "a + a"),
    # an infinite part would make the other one NaN
    (lambda a: a + a, "a: c16[n]", "a + a"),
    (lambda a, g: a * g + g * a, "a: f8[n], g: f8[n]", "a * g + g * a"),
    # not exact for constants that are neither small integers nor powers of two
    (lambda a: 0.1 * (0.3 * a), "a: f8[n]", "0.1 * (0.3 * a)"),
    (lambda a: 3 * (0.1 * a), "a: f8[n]", "3 * (0.1 * a)"),
    # a double among singles: where it is multiplied decides the precision of what follows
    (lambda a, s: (2 * a) * s, "a: f4[n], s: f8", "2 * a * s"),
    (lambda a, s: (a * s).sum(axis=0), "a: f4[n, m], s: f8", "(a * s).sum(axis=0)"),
    (lambda a, s: (a * s).sum(), "a: f8[n], s: c16", "(a * s).sum()"),
    (lambda a, s: (2 * a) * s, "a: f8[n], s: int", "2 * a * s"),
    # what varies along the axis of a sum, and what would not fit its result
    (lambda a, b: (a * b).sum(axis=0), "a: f8[n, m], b: f8[n, 1]", "(a * b).sum(axis=0)"),
    (lambda a, b: (a * b).sum(axis=1), "a: f8[n, m], b: f8[n, 1]", "(a * b).sum(axis=1)"),
    (lambda a, b: (a * b).sum(axis=0), "a: f8[1, m], b: f8[n, m]", "(a * b).sum(axis=0)"),
    (lambda a, b: (a * b).sum(axis=0), "a: f8[...], b: f8[m]", "(a * b).sum(axis=0)"),
    # arrays of equal size stay in their order
    (lambda a, c, g: (2 * a) * (c * g), "a: f8[n], c: f8[n], g: f8[n]", "2 * a * (c * g)"),
    (lambda a: (-a).sum(), "a: i8[n]", "(-a).sum()"),
    (lambda a: (-a).sum(), "a: any", "(-a).sum()"),
    (lambda a, m: np.where(m > 0, -a, 1.0), "a: f8[n], m: f8[n]", "np.where(m > 0, -a, 1.0)"),
    (lambda n, s: n * 1.0 / s, "n: int, s: f4", "1.0 * n / s"),
    (lambda n, s: n * 1.0 / s, "n: int, s: int", "1.0 * n / s"),
    (lambda a: np.expand_dims(a, 1), "a: f8[...]", "np.expand_dims(a, 1)"),
    (lambda a: np.expand_dims(a, 0), "a: f8", "np.expand_dims(a, 0)"),
    (lambda a: np.expand_dims(a, 0), "a: f8[]", "np.expand_dims(a, 0)"),
    (lambda a: np.swapaxes(a, 0, 1), "a: any", "np.swapaxes(a, 0, 1)"),
    (lambda a: np.sum(a), "a: any", "np.sum(a)"),
    (lambda a, b: (a @ b).T, "a: f8[n, m], b: f8[m, d]", "(a @ b).T"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "kinds", "text"), NOT, ids=lambda v: v if isinstance(v, str) else "")
def test_left_as_it_is(case: Callable[..., Any], kinds: str, text: str) -> None:
    """Where an identity would change a value or a dtype, or nothing is known, it is not used."""
    found, _ = written(case, kinds)
    assert found == f"return {text}"


@pytest.mark.parametrize(
    "case",
    [
        lambda a: (2 * (-a).sum(axis=0)) + (-a).sum(axis=0) * 0,
        lambda a, s: (2 * a) * s,
        lambda a: np.sin(a) + np.sin(a),
    ],
)
def test_not_through_memory_that_changes(case: Callable[..., Any]) -> None:
    """What was computed from memory that is changed in place may not be computed from it again."""
    kinds = "a: f8[n, m], s: float" if case.__code__.co_argcount == 2 else "a: f8[n, m]"
    found, function = written(case, kinds, mutated=True)
    assert "2 * s" not in found and "2 * np.sin" not in found and "-a.sum" not in found
    args = arguments(kinds, 0)
    same(function(*args), case(*args), exact=True)


def test_not_in_code_of_the_primal() -> None:
    """Products and sums of the forward sweep are what the user wrote, in the user's order."""
    found, _ = written(lambda a, s: ((2 * a) * s).sum() + (a * s).sum(axis=0), "a: f8[n, m], s: float", adjoint=False)
    assert found == "return (2 * a * s).sum() + (a * s).sum(axis=0)"


SHARES = [
    ("e: f8[n, m], h: f8[n, 1]", 1, True, True),
    ("e: f8[n, m], h: f8[n, m]", 1, True, False),  # a number for each element, not for each sum
    ("e: f8[n, m], h: f8[1, m]", 1, True, False),
    ("e: f8[n, m], h: f8[n, 1]", 0, True, False),
    ("e: f8[n, m], h: f8[m]", 0, False, True),
    ("e: f8[n, m], h: f8[m]", 0, True, False),  # (1, m), of which (m,) lacks an axis
    ("e: f8[n, m], h: f8[n, m]", 0, False, False),
    ("e: f8[n, m], h: f8", None, False, True),
    ("e: f8[n, m], h: f8[m]", None, False, False),
]


@pytest.mark.parametrize(("kinds", "axis", "keeps", "is_whole"), SHARES)
def test_shares_of_a_whole(kinds: str, axis: int | None, keeps: bool, is_whole: bool) -> None:
    """The sum of ``e * (h / s)`` is `h` only where `h` is one number for each of the sums `s`."""
    e, h = (Var(name, kind) for name, kind in parse(kinds).items())
    b = Builder(Facts(), Loc("case.py", 1, 0, 0, "", "case", 1))
    how = [("axis", Const(axis)), ("keepdims", Const(True))][: 1 + keeps]
    s = b.append(np.sum, (e,), how)
    b.loc = LOC
    x = b.append(operator.mul, (e, b.append(operator.truediv, (h, s))))
    found = b.call(np.ndarray.sum, x, kwargs=how)
    if is_whole:
        assert found == h
    else:
        assert found not in (h, s)

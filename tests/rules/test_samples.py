"""The language of sample descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from srcad.errors import RuleError
from srcad.rules import sample


def draw(description: str, *values: object, **kwargs: object) -> tuple[list, dict]:
    return sample(np.add, description, *values, **kwargs).draw()


def test_shapes_scalars_and_dtypes() -> None:
    plain = "a: (2, 3), b: (), c: float, d: int, e: complex"
    args, _ = draw(plain + ", f: (3,) f4, g: (2,) c16, h: (4,) bool, i: (2,) i8")
    assert [np.shape(a) for a in args] == [(2, 3), (), (), (), (), (3,), (2,), (4,), (2,)]
    assert [type(a) for a in args[2:5]] == [float, int, complex]
    assert [a.dtype.str[1:] for a in args[5:]] == ["f4", "c16", "b1", "i8"]


@pytest.mark.parametrize(
    ("domain", "low", "high"),
    [
        ("positive", 0.3, 2),
        ("unit", 0.1, 0.9),
        ("ball", -0.9, 0.9),
        ("over1", 1.2, 3),
        ("big", 2, 8),
        ("index:3", 0, 2),
    ],
)
def test_domains(domain: str, low: float, high: float) -> None:
    (values,), _ = draw(f"a: (200,) {domain}")
    assert low <= values.min() and values.max() <= high


def test_mixed_values_stay_away_from_zero_and_fractional_ones_from_integers_and_halves() -> None:
    (mixed, fractional), _ = draw("a: (200,), b: (200,) fractional")
    assert np.abs(mixed).min() >= 0.3 and mixed.min() < 0 < mixed.max()
    assert np.abs(2 * fractional - np.round(2 * fractional)).min() >= 0.15


def test_matrices() -> None:
    (spd, symmetric, lower, upper, regular), _ = draw(
        "a: (3, 3) spd, b: (3, 3) symmetric, c: (3, 3) lower, d: (2, 3, 3) upper, e: (2, 2) regular"
    )
    assert np.linalg.eigvalsh(spd).min() > 0
    assert np.array_equal(symmetric, symmetric.T) and np.diff(np.linalg.eigvalsh(symmetric)).min() > 0.1
    assert np.array_equal(lower, np.tril(lower)) and np.array_equal(upper, np.triu(upper))
    assert np.linalg.cond(regular) < 20


def test_containers_stars_values_and_keywords() -> None:
    args, kwargs = draw("*a: [float, (2,)], b: <float, =>, c: =, d: () keyword", "inner", 5, axis=0)
    assert type(args[0]) is float and args[1].shape == (2,)
    assert type(args[2]) is tuple and args[2][1] == "inner"
    assert args[3] == 5 and kwargs["d"].shape == () and kwargs["axis"] == 0


def test_draws_repeat() -> None:
    first, second = sample(np.add, "a: (3,)"), sample(np.add, "a: (3,)")
    assert np.array_equal(first.draw(1)[0], second.draw(1)[0])
    assert not np.array_equal(first.draw(1)[0], first.draw(2)[0])


def test_how_a_sample_is_shown() -> None:
    assert str(sample(np.sum, "a: (2, 3)", axis=0)) == "np.sum(a: (2, 3), axis=0)"


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("(2, 3)", "sample '(2, 3)': '(2, 3)' is not 'name: shape words'"),
        ("a: vector", "sample 'a: vector': 'vector' is no shape"),
        ("a: =", "sample 'a: =': more '=' than values"),
    ],
)
def test_descriptions_that_cannot_be_read(description: str, text: str) -> None:
    with pytest.raises(RuleError) as caught:
        sample(np.add, description)
    assert str(caught.value) == text


def test_unknown_domains_and_spare_values() -> None:
    with pytest.raises(RuleError, match=r"unknown words 'negative'; domains: "):
        sample(np.add, "a: (2,) negative")
    with pytest.raises(RuleError, match=r"more values than '='"):
        sample(np.add, "a: (2,)", 3)

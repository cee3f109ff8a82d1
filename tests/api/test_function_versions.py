"""Functions that are bound anew, patched or changed: the next call differentiates the program as it is then."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import srcad


def helper(x):
    return x * x


TABLE = {"f": helper, "g": np.sin}
LIST = [np.sin, helper]
PART = functools.partial(math.pow, 2.0)
SCALED = functools.partial(np.multiply, 3.0)


def wrapped(f):
    @functools.wraps(f)
    def call(*args):
        return 2.0 * f(*args)

    return call


@wrapped
def decorated(x):
    return helper(x)


class Holder:
    def __init__(self, f):
        self.f = f


HOLDER = Holder(np.sin)


def by_helper(x):
    return (lambda t: helper(t))(x)


def by_table(x):
    return TABLE["f"](x)


def by_list(x):
    for f in LIST:
        x = f(x)
    return x


def by_partial(x):
    return SCALED(x) * x


def by_decorator(x):
    return decorated(x)


def by_attribute(x):
    return HOLDER.f(x)


def cube(x):
    return x * x * x


def both(f, x):
    """The derivatives in both modes, which agree."""
    value, tangent = srcad.jvp(f, (x,), (1.0,))
    assert value == pytest.approx(f(x))
    return tangent


@pytest.mark.parametrize("f", [by_helper, by_decorator])
def test_a_helper_bound_anew(f, monkeypatch):
    df = srcad.grad(f)
    first = df(2.0)
    assert first == pytest.approx(both(f, 2.0))
    monkeypatch.setitem(globals(), "helper", cube)
    assert df(2.0) == pytest.approx(3.0 * first) == both(f, 2.0)


def test_a_table_that_changes(monkeypatch):
    df = srcad.grad(by_table)
    assert df(2.0) == 4.0
    monkeypatch.setitem(TABLE, "f", cube)
    assert df(2.0) == 12.0 == both(by_table, 2.0)
    monkeypatch.setitem(TABLE, "h", cube)
    assert df(2.0) == 12.0


def test_a_list_that_changes(monkeypatch):
    df = srcad.grad(by_list)
    assert df(0.5) == pytest.approx(2.0 * np.sin(0.5) * np.cos(0.5))
    LIST.append(cube)
    try:
        assert df(0.5) == pytest.approx(6.0 * np.sin(0.5) ** 5 * np.cos(0.5)) == both(by_list, 0.5)
    finally:
        LIST.pop()
    LIST.reverse()
    try:
        assert df(0.5) == pytest.approx(np.cos(0.25)) == both(by_list, 0.5)
    finally:
        LIST.reverse()


def test_a_partial_bound_anew(monkeypatch):
    df = srcad.grad(by_partial)
    assert df(2.0) == 12.0
    monkeypatch.setitem(globals(), "SCALED", functools.partial(np.multiply, 5.0))
    assert df(2.0) == 20.0 == both(by_partial, 2.0)


def scaled(x, by):
    return x * by


KEYED = functools.partial(scaled, by=3.0)


def by_keyword(x):
    return KEYED(x) * x


def test_keywords_of_a_partial_that_change(monkeypatch):
    df = srcad.grad(by_keyword)
    assert df(2.0) == 12.0
    monkeypatch.setitem(KEYED.keywords, "by", 5.0)
    assert df(2.0) == 20.0 == both(by_keyword, 2.0)


def test_a_decorated_callee_bound_anew(monkeypatch):
    df = srcad.grad(by_decorator)
    assert df(2.0) == 8.0
    monkeypatch.setitem(globals(), "decorated", cube)
    assert df(2.0) == 12.0
    cell = by_helper.__globals__["decorated"]
    assert cell is cube


def test_what_a_decorator_closes_over(monkeypatch):
    df = srcad.grad(by_decorator)
    assert df(2.0) == 8.0
    original = globals()["decorated"].__closure__[0].cell_contents
    globals()["decorated"].__closure__[0].cell_contents = cube
    try:
        assert df(2.0) == 24.0
    finally:
        globals()["decorated"].__closure__[0].cell_contents = original
    assert df(2.0) == 8.0


def test_an_attribute_that_changes(monkeypatch):
    df = srcad.grad(by_attribute)
    assert df(0.5) == pytest.approx(np.cos(0.5))
    monkeypatch.setattr(HOLDER, "f", cube)
    assert df(0.5) == 0.75 == both(by_attribute, 0.5)


def by_argument(f, x):
    return f(x) * x


def test_a_function_as_an_argument():
    df = srcad.grad(by_argument, argnums=1)
    assert df(cube, 2.0) == 32.0
    assert df(helper, 2.0) == 12.0
    assert df(functools.partial(scaled, by=2.0), 2.0) == 8.0
    assert df(lambda t: t, 2.0) == 4.0
    assert df(cube, np.float64(2.0)) == 32.0


def make(k):
    def scale(x):
        return k * x * x

    return scale


def with_data_of_a_closure(x):
    return CLOSED(x)


CLOSED = wrapped(make(3.0))


def test_data_of_the_closure_of_a_callee():
    df = srcad.grad(with_data_of_a_closure)
    assert df(2.0) == 24.0
    inner = CLOSED.__closure__[0].cell_contents
    inner.__closure__[0].cell_contents = 5.0
    assert df(2.0) == 40.0
    inner.__closure__[0].cell_contents = np.array(4.0)
    assert df(2.0) == 32.0 == both(with_data_of_a_closure, 2.0)
    inner.__closure__[0].cell_contents = 3.0
    assert df(2.0) == 24.0


def test_closures_of_one_factory_share_a_version():
    def family(k):
        def f(x):
            g = lambda t: t * k
            return g(x) * x

        return f

    found = [srcad.grad(family(float(k)))(2.0) for k in range(5)]
    assert found == [4.0 * k for k in range(5)]


def test_a_function_that_calls_its_own_derivative():
    @srcad.grad
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    with pytest.raises(srcad.UnsupportedSyntax, match="'power' is the derivative here") as caught:
        power(2.0, 3)
    assert "dpower = grad(power)" in str(caught.value)
    assert caught.value.where is not None

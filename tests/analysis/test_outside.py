"""What is stored outside of the function and read again is refused, in both modes; storing alone is not."""

import types

import numpy as np
import pytest

import srcad

LEVEL = 0.0
ITEMS = [0.0]
TABLE = {"k": 0.0}
VALUES = np.zeros(2)
OTHER = np.ones(2)
BOX = types.SimpleNamespace(v=0.0)
LOG = []


def in_a_global(x):
    global LEVEL
    LEVEL = x * x
    return LEVEL * x


def in_a_list(x):
    ITEMS[0] = x * x
    return ITEMS[0] * x


def in_a_dict(x):
    TABLE["k"] = x * x
    return TABLE["k"] * x


def in_an_array(x):
    VALUES[0] = x * x
    return VALUES[0] * x


def in_an_attribute(x):
    BOX.v = x * x
    return BOX.v * x


def perhaps_under_another_name(x):
    VALUES[0] = x * x
    return np.sum(OTHER) * x


def in_the_next_pass(x):
    total = 0.0
    for k in range(2):
        values = VALUES
        total += values[0]
        values[0] = x * (k + 1.0)
    return total * x


def put(x):
    global LEVEL
    LEVEL = x * x


def by_a_callee(x):
    put(x)
    return LEVEL * x


def seen_by_a_callee(x):
    VALUES[0] = x * x
    return seen(1.0, 6) * x


def seen(s, n):
    return VALUES[0] if n == 0 else s * seen(s, n - 1)


def of_an_enclosing_function():
    level = 0.0

    def inner(x):
        nonlocal level
        level = x * x
        return level * x

    return inner


REFUSED = (
    in_a_global,
    in_a_list,
    in_a_dict,
    in_an_array,
    in_an_attribute,
    perhaps_under_another_name,
    in_the_next_pass,
    by_a_callee,
    seen_by_a_callee,
    of_an_enclosing_function(),
)


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_detour_is_refused(f, known):
    with srcad.compile_options(kinds=known):
        with pytest.raises(srcad.UnsupportedSyntax):
            srcad.grad(f)(2.0)
        with pytest.raises(srcad.UnsupportedSyntax):
            srcad.jvp(f, (2.0,), (1.0,))


def logged(x):
    y = x * x
    LOG.append(y)
    return np.sum(OTHER) * y


def moving_average(x):
    global LEVEL
    y = LEVEL * x
    LEVEL = 0.5 * LEVEL + x
    return y * x


def test_storing_alone_is_not_refused():
    LOG.clear()
    assert srcad.grad(logged)(3.0) == 12.0
    assert srcad.jvp(logged, (3.0,), (1.0,)) == (18.0, 12.0)
    assert LOG == [9.0, 9.0]


def test_what_is_read_before_is_not_refused():
    global LEVEL
    LEVEL = 2.0
    assert srcad.grad(moving_average)(3.0) == 12.0
    assert LEVEL == 4.0

"""Calls of functions that are not put in place: recursion, long functions, data of other modules and of closures.

Every program is compared with finite differences in reverse and in forward mode, with kinds known and unknown.
"""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import srcad
from srcad.errors import MissingRule, SourceUnavailable, UnsupportedSyntax
from srcad.transform.inline import LIMIT
from tests.programs.modes import MODES, compiling
from tests.transform import helpers

SCALE = 100.0  # not what `helpers` means by it


def power(x, n):
    if n == 0:
        return 1.0
    if n % 2 == 1:
        return x * power(x, n - 1)
    half = power(x, n // 2)
    return half * half


def factorial_like(x, n):
    return 1.0 if n == 0 else (x + n) * factorial_like(x * 0.9, n - 1)


def nested_sum(tree):
    if isinstance(tree, (list, tuple)):
        total = 0.0
        for k in range(len(tree)):
            total = total + nested_sum(tree[k]) ** 2
        return total
    return np.sin(tree)


def tuples(x, y):
    return nested_sum(((x, y), (x * y, (y, 2.0))))


def ackermann(x, m, n):
    if m == 0:
        return np.sin(x) + n
    if n == 0:
        return ackermann(x * 1.1, m - 1, 1)
    inner = ackermann(x, m, n - 1)
    return x * ackermann(inner * 0.1 + x, m - 1, n % 2)


def even(x, n):
    return x if n == 0 else odd(x * 1.1, n - 1)


def odd(x, n):
    return -x if n == 0 else even(np.sin(x), n - 1)


def mutual(x, n):
    return even(x, n) * odd(x, n)


def halves(x):
    if len(x) == 1:
        return x[0] * x[0]
    middle = len(x) // 2
    return halves(x[:middle]) * 0.5 + np.sin(halves(x[middle:]))


def long_scalar(x, n, scale=2.0):
    """Loops, branches, an early return; longer than what is put in place."""
    if x > 50.0:
        return x * scale
    a = x * x
    b = np.sin(a)
    c = a * b
    for i in range(n):
        if c > 1.0:
            c = c * 0.5
            d = b * c
        else:
            c = c + a * 0.3
            d = a
        b = b + d * c
        if b > 20.0:
            return b * a
    while c < 2.0:
        c = c * 1.5 + 0.1 * b * b
    e = c
    f = a * b + e
    g = f * e - x
    h = np.exp(-g * g * 0.001)
    k = h * f + g
    m = k / (1.0 + e * e)
    p = m * scale + h
    q = p * p - m * k
    r = q * 0.1 + p
    s = r + a + b + c
    t = s * r
    u = t + e * f
    return u * 0.01 + x


def long_array(w, v):
    """An array function with a tuple result; longer than what is put in place."""
    z = w @ v
    y = np.tanh(z)
    total = np.zeros_like(v)
    for i in range(len(v)):
        total[i] = y[i] * v[i]
    total *= 0.5
    s = np.sum(total * total)
    a = s * 0.5 + 1.0
    b = a * s
    c = b - a * 0.3
    d = c * c + a
    e = np.log(1.0 + d * d)
    f = e * a - b
    g = f + c * d
    h = g * 0.01
    k = h * h + e
    m = k + a * b
    p = m * 0.5 - h
    q = p * p
    r = q + k
    return r, y * s, total


def calls_long(x, n):
    return long_scalar(x, n) + long_scalar(n=n - 1, x=x * 0.5, scale=x)


def early(x):
    return long_scalar(x * 30.0, 1) + x


def long_in_loop(x, n):
    total = 0.0
    for i in range(n):
        if i % 2 == 0:
            total = total + long_scalar(x + i * 0.1, i) * np.cos(total)
        else:
            total = total * x
    return total


def tuple_result(w, v):
    r, y, _ = long_array(w, v)
    other, _, z = long_array(2.0 * w, y)
    return r * np.sum(y * v) + other + np.sum(z)


def part_of_result(w, v):
    return long_array(w, v)[0]


def different_kinds(x, v):
    return recursive_norm(x, 2) + np.sum(recursive_norm(v, 2) * v) + recursive_norm(3.0 * x, 1)


def recursive_norm(x, n):
    return x * x if n == 0 else np.sqrt(1.0 + recursive_norm(x, n - 1) ** 2) * x


def different_activity(x, y):
    def scale(k):
        return product(x, k, 2) + product(k, y, 2)

    return scale(2.0) * product(x, y, 1) + product(3.0, 4.0, 2)


def product(a, b, n):
    return a * b if n == 0 else a + b * product(a, b * 0.5, n - 1)


def other_module(x):
    return helpers.shifted(x) + helpers.scaled(x[0]) + SCALE * x[1]


def other_module_recursion(x):
    return helpers.recursive_scale(x, 3) * SCALE


def make_closure(weight, table):
    def inner(x, n):
        return weight * x if n == 0 else np.sin(table[n] * inner(x * weight, n - 1))

    return inner


closure = make_closure(0.7, [1.0, 2.0, 0.5])


def calls_closure(x):
    return closure(x, 2) * x


def stored_after(x):
    y = x * 2.0
    a = recursive_sum(y, 0)
    y[0] = a * 3.0
    b = recursive_sum(y, 0)
    y *= 0.5
    return a * b + np.sum(y * y)


def recursive_sum(x, k):
    return 0.0 if k == len(x) else np.sin(x[k]) * x[k] + recursive_sum(x, k + 1)


def dict_argument(params, n):
    if n == 0:
        return params["a"] * params["b"]
    return dict_argument({"a": params["a"] * 1.1, "b": params["b"] + params["a"]}, n - 1)


def structured(x, y):
    return dict_argument({"a": x, "b": np.sin(y)}, 2)


def same_twice(x):
    return product(x, x, 2) * x


def tuple_recursion(x, n):
    if n == 0:
        return x, x * x
    a, b = tuple_recursion(x * 0.9, n - 1)
    return a * b, a + b


def uses_tuple_recursion(x):
    a, b = tuple_recursion(x, 3)
    return a - b * x


def pass_pair(x, n):
    return (x[1], x) if n == 0 else pass_pair(x, n - 1)


def result_refers_to_what_was_changed(x):
    y = x * 1.0
    y[0] = np.sum(x)
    s, z = pass_pair(y, 1)
    return s * np.sum(z * z)


def apply(f, x, n):
    return f(x) if n == 0 else f(apply(f, x, n - 1))


def passes_functions(x):
    return apply(np.sin, x, 2) * apply(cube, x, 1)


def cube(x):
    return x**3


def network(params, x, n):
    if n == 0:
        return x
    w, b = params[n - 1]
    return network(params, np.tanh(w @ x + b), n - 1)


def network_loss(params, x):
    return np.sum(network(params, x, len(params)) ** 2)


def weighted(*values, **options):
    return sum(values) * options["scale"] + options["offset"]


def collects_arguments(x, y):
    return weighted(x, y, x * y, scale=y, offset=2.0) * weighted(x, *(y, y), offset=x, scale=0.5)


V = np.array([0.4, -0.7, 1.3])
W = np.array([[0.2, -0.4, 0.6], [1.0, 0.3, -0.2], [0.5, 0.7, 0.1]])

PROGRAMS = [
    (power, (1.3, 6)),
    (power, (1.3, 0)),
    (factorial_like, (0.7, 4)),
    (nested_sum, (((0.3, 0.5), (1.1, (0.2, 0.9))),)),
    (nested_sum, ([[0.3, 0.5, 0.8], [1.1, 0.2]],)),
    (tuples, (0.3, 1.2)),
    (ackermann, (0.6, 2, 1)),
    (mutual, (0.7, 5)),
    (halves, (np.array([0.3, -0.8, 1.2, 0.5, 0.9]),)),
    (calls_long, (0.8, 3)),
    (early, (2.5,)),
    (long_in_loop, (0.8, 4)),
    (long_in_loop, (0.8, 0)),
    (tuple_result, (W, V)),
    (part_of_result, (W, V)),
    (different_kinds, (0.6, V)),
    (different_activity, (0.6, 1.7)),
    (other_module, (V,)),
    (other_module_recursion, (0.6,)),
    (calls_closure, (0.8,)),
    (stored_after, (V,)),
    (structured, (0.6, 0.8)),
    (same_twice, (0.7,)),
    (uses_tuple_recursion, (0.8,)),
    (result_refers_to_what_was_changed, (V,)),
    (passes_functions, (0.7,)),
    (network_loss, ([(W, V), (0.5 * W, 2.0 * V)], V)),
    (network_loss, (((W, V), (0.5 * W, 2.0 * V)), V)),
    (collects_arguments, (0.7, 1.2)),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("function", "args"), PROGRAMS, ids=[f"{f.__name__}-{k}" for k, (f, _) in enumerate(PROGRAMS)])
def test_derivatives(function, args, mode):
    with compiling(mode):
        report = srcad.check(function, copy.deepcopy(args))
        assert report.ok, str(report)
        value, _ = srcad.value_and_grad(function)(*copy.deepcopy(args))
    assert value == function(*copy.deepcopy(args))


def test_the_programs_do_not_have_their_callees_put_in_place():
    source = srcad.grad(calls_long).source_for(0.8, 3)
    assert "long_scalar_forward(" in source and "long_scalar_reverse(" in source
    assert LIMIT < len(PROGRAMS) * 100


# --- what is printed ---------------------------------------------------------------------------------------------


def fibonacci(x, n):
    return x if n < 2 else fibonacci(x, n - 1) + x * fibonacci(x, n - 2)


def test_the_printed_pair():
    source = srcad.grad(fibonacci).source_for(1.5, 3)
    assert [line for line in source.splitlines() if "saved" in line or "kept" in line or line.startswith("def")] == [
        "def fibonacci_grad(x, n):",
        "        _, saved = fibonacci_forward(x, n - 1)",
        "        t3, saved2 = fibonacci_forward(x, n - 2)",
        "        x_bar = t3 + fibonacci_reverse(saved2, x) + fibonacci_reverse(saved, 1.0)",
        "def fibonacci_forward(x, n):",
        "        kept = ()",
        "        t2, saved = fibonacci_forward(x, n - 1)",
        "        t3, saved2 = fibonacci_forward(x, n - 2)",
        "        kept = saved, t3, saved2",
        "    return t4, (x, t, kept)",
        "def fibonacci_reverse(saved, value_bar):",
        "    x, t, kept = saved",
        "        saved, t2, saved2 = kept",
        "        x_bar = t2 * value_bar + fibonacci_reverse(saved2, x * value_bar)",
        "        x_bar += fibonacci_reverse(saved, value_bar)",
    ]


def test_a_function_that_calls_itself_through_another_is_not_put_in_place():
    source = srcad.grad(mutual).source_for(0.7, 5)
    names = re.findall(r"^def (\w+?)\d*\(", source, re.MULTILINE)
    assert dict.fromkeys(names) == dict.fromkeys(
        ["mutual_grad", "even_forward", "even_reverse", "odd_forward", "odd_reverse"]
    )
    assert "= even_forward(x, n)" in source and "= odd_forward(x, n)" in source


def pair_sum(tree):
    if isinstance(tree, tuple):
        return pair_sum(tree[0]) * 1.5 + pair_sum(tree[1]) ** 2
    return tree * tree


def test_branches_that_kinds_decide_are_gone():
    tree = (0.3, (0.5, 0.7))
    assert srcad.check(pair_sum, [tree]).ok
    source = srcad.grad(pair_sum).source_for(tree)
    assert "isinstance" not in source and "if " not in source


def inactive(x, n):
    return x * power(2.0, n)


def test_calls_that_carry_no_derivative_stay_calls_of_the_function():
    assert "power(2.0, n)" in srcad.grad(inactive).source_for(1.5, 3)
    assert srcad.grad(inactive)(1.5, 3) == 8.0


# --- the pair ----------------------------------------------------------------------------------------------------


def drifting(x, n):
    """Saves lists, and restores what it overwrites."""
    y = x * 1.0
    total = 0.0
    for i in range(n):
        total = total + np.sum(np.sin(y) * total) + y[0]
        y[0] = total * y[1]
        y[1:] *= y[0]
    if n > 1:
        return total * drifting(y * 0.5, n - 2)
    return total + np.sum(y * y)


@pytest.mark.parametrize("mode", MODES)
def test_a_reverse_function_may_be_called_again(mode):
    with compiling(mode):
        version = srcad.grad(drifting)
        assert srcad.check(drifting, [V, 3]).ok
        version(V, 3)
        run = version._last.run
    forward, reverse = (_helper(run, name) for name in ("drifting_forward", "drifting_reverse"))
    given = V.copy()
    _, saved = forward(given, 3)
    first = reverse(saved, 1.0).copy()
    np.testing.assert_array_equal(reverse(saved, 1.0), first)
    np.testing.assert_allclose(reverse(saved, 2.0), 2.0 * first)
    np.testing.assert_array_equal(given, V)


def _helper(function, name):
    return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents


def pass_through(x, n):
    return x if n == 0 else pass_through(x, n - 1)


def two_gradients(x, w):
    s = x + pass_through(w, 2)
    return np.sum(s * s)


def test_gradients_share_no_memory_with_each_other_or_with_arguments():
    x, w = V.copy(), V.copy()
    gradients = srcad.grad(two_gradients, (0, 1))(x, w)
    assert not np.shares_memory(*gradients)
    gradient = srcad.grad(lambda x, w: np.sum(pass_through(x, 1) * w))(x, w)
    assert not np.shares_memory(gradient, w)


def in_single_precision(x, n):
    return np.sum(x) * x if n == 0 else in_single_precision(np.sin(x) * np.float64(2.0), n - 1)


def test_dtypes_are_kept():
    gradient = srcad.grad(lambda x: np.sum(in_single_precision(x, 2)))(V.astype("f4"))
    assert gradient.dtype == np.float32


# --- validity ----------------------------------------------------------------------------------------------------


def test_a_redefined_helper_and_changed_data_give_the_new_derivative(monkeypatch):
    derivative = srcad.grad(other_module_recursion)
    before = derivative(0.6)
    monkeypatch.setattr(helpers, "SCALE", 3.0)
    assert derivative(0.6) == pytest.approx(8.0 * before)
    monkeypatch.setattr(helpers, "recursive_scale", lambda x, n: x * x)
    assert derivative(0.6) == pytest.approx(1.2 * SCALE)


def test_data_of_another_kind_in_the_callees_module(monkeypatch):
    derivative = srcad.grad(lambda x: np.sum(helpers.recursive_scale(x, 1)))
    before = derivative(0.6)
    monkeypatch.setattr(helpers, "SCALE", np.array([1.5, 3.0]))
    assert derivative(0.6) == pytest.approx(3.0 * before)


# --- effects -----------------------------------------------------------------------------------------------------


def doubles_in_place(a, n):
    if n:
        a[n - 1] = a[n - 1] * 2.0
        doubles_in_place(a, n - 1)


def calls_mutating(x):
    y = x * 1.0
    doubles_in_place(y, 2)
    return np.sum(y)


def changes_what_was_returned(x):
    y = x * 1.0
    z = pass_through(y, 2)
    z[0] = 5.0
    return np.sum(y * y)


def changes_what_was_passed(x):
    y = x * 1.0
    z = pass_through(y, 2)
    y[0] = 5.0
    return np.sum(z * z)


TABLE = np.array([1.0, 2.0, 3.0])


def bump(n):
    if n == 0:
        return 0
    TABLE[0] = TABLE[0] + 1.0
    return bump(n - 1)


def changes_a_global(x):
    y = x * TABLE
    bump(2)
    return np.sum(y * y)


def updates_its_argument(x, n):
    x *= 2.0
    return x if n == 0 else updates_its_argument(x, n - 1)


def calls_updating(x):
    y = x * 1.0
    z = updates_its_argument(y, 1)
    return np.sum(y * z)


FOLLOWED = [calls_mutating, changes_what_was_returned, changes_what_was_passed, calls_updating]


@pytest.mark.parametrize("function", FOLLOWED)
def test_calls_that_change_their_arguments(function):
    assert srcad.check(function, [V])


@pytest.mark.parametrize("function", FOLLOWED)
def test_such_calls_are_refused_where_kinds_are_unknown(function):
    with compiling("unknown"), pytest.raises(UnsupportedSyntax):
        srcad.grad(function)(V)


@pytest.mark.parametrize("mode", MODES)
def test_changes_of_outside_data_are_errors(mode):
    with compiling(mode), pytest.raises(UnsupportedSyntax):
        srcad.grad(changes_a_global)(V)


def test_updating_a_number_is_no_effect():
    for mode in MODES:
        with compiling(mode):
            assert srcad.check(calls_updating, [1.5]).ok


def visits(n, order):
    if n:
        visits(n - 1, order)
        order.append(n)


def calls_visits(x):
    order = []
    visits(2, order)
    total = 0.0
    for k in order:
        total = total + x[k] * k
    return total


@pytest.mark.parametrize("mode", MODES)
def test_effects_that_carry_no_derivative_take_place_once(mode):
    with compiling(mode):
        np.testing.assert_array_equal(srcad.grad(calls_visits)(V), [0.0, 1.0, 2.0])


# --- errors ------------------------------------------------------------------------------------------------------


def transform(x, n):
    return np.median(x) if n == 0 else transform(x, n - 1)


def calls_transform(x):
    return np.sum(transform(x, 1))


def test_an_error_inside_a_callee_says_where_it_is_called():
    with pytest.raises(MissingRule) as caught:
        srcad.grad(calls_transform)(V)
    assert "np.median has no derivative rule" in str(caught.value)
    assert re.search(r"transform is called.*where its derivative is needed", str(caught.value))


def test_a_callee_without_source_is_named():
    names: dict = {}
    exec("def hidden(x):\n    return x * x", names)
    hidden = names["hidden"]
    with pytest.raises(SourceUnavailable, match="'hidden'") as caught:
        srcad.grad(lambda x: hidden(x) + 1.0)(2.0)
    assert re.search(r"hidden is called.*where its derivative is needed", str(caught.value))


def collects(*items):
    return items[0] if len(items) == 1 else collects(*items[1:])


def test_a_recursion_that_collects_its_arguments():
    assert srcad.grad(lambda x: collects(1.0, x))(2.0) == 1.0
    assert srcad.jvp(lambda x: collects(1.0, x * x), (2.0,), (1.0,)) == (4.0, 4.0)


def takes_two(a, b):
    return takes_two(a, b + 1.0) if b < 0 else a * b


def test_arguments_that_cannot_be_matched_are_an_error():
    with pytest.raises(UnsupportedSyntax, match="cannot be matched|may change an argument"):
        srcad.grad(lambda x: takes_two(*[v for v in (x, 2.0)]))(2.0)

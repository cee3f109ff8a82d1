"""Memory that may be shared, or that outlives the function: the gradient is right, or an error says where."""

from __future__ import annotations

import inspect
import textwrap

import numpy as np
import pytest

import srcad
from srcad.rules.registry import unregister

X = np.arange(12.0).reshape(3, 4) / 7.0 + 0.3

CERTAIN = [
    "y.T",
    "y[1:]",
    "y[:, None]",
    "y[..., 0]",
    "np.transpose(y)",
    "np.swapaxes(y, 0, 1)",
    "np.moveaxis(y, 0, 1)",
] + ["np.squeeze(y[None])", "y.squeeze()", "np.expand_dims(y, 0)", "np.flip(y, 0)", "y.mT"]
CHECKED = [
    "y.reshape(-1)",
    "np.reshape(y, 12)",
    "y.ravel()",
    "np.ravel(y)",
    "np.asarray(y)",
    "np.ascontiguousarray(y)",
] + ["y.real", "np.real(y)", "np.atleast_2d(y)", "np.atleast_3d(y)"]
COPIES_OF_THIS_LAYOUT = [
    "y.T.reshape(-1)",
    "np.reshape(y.T, 12)",
    "y.ravel('F')",
    "np.ravel(y.T)",
    "np.asarray(y, dtype=np.float32)",
] + ["np.ascontiguousarray(y.T)", "np.asfortranarray(y)", "y.swapaxes(0, 1).reshape(2, 6)"]
READ_ONLY = (
    ["np.diag(y)", "np.diagonal(y)", "y.diagonal()", "np.linalg.diagonal(y)", "np.imag(y)", "y.imag"]
    + ["np.broadcast_to(y, (2, 3, 4))", "np.split(y, 3)[1]", "np.hsplit(y, 2)[0]", "np.array_split(y, 2)[0]"]
    + ["np.unstack(y)[1]", "np.einsum('ij->ji', y)", "np.einsum('ii->i', y[:, :3])"]
)
COPIES = [
    "y[[0, 1]]",
    "y[y > 1.0]",
    "np.take(y, [0, 1], 0)",
    "np.triu(y)",
    "y.flatten()",
    "y.copy()",
    "+y",
    "np.array(y)",
]

NOTHING = ""
BASE_IS_CHANGED = "y[1] *= 3.0"
VIEW_IS_CHANGED = "z[...] = z * z"


@pytest.fixture
def compiled(tmp_path):
    """A function of an array, from its text."""

    def of(*lines: str):
        body = textwrap.indent("\n".join(lines), "    ")
        place = tmp_path / "program.py"
        place.write_text(f"def f(x):\n{body}\n")
        names = {"np": np}
        exec(compile(place.read_text(), str(place), "exec"), names)
        return names["f"]

    return of


def program(expression: str, change: str) -> list[str]:
    lines = ["y = np.empty_like(x)", "y[...] = x * 2.0", f"z = {expression}", change]
    return [line for line in lines if line] + ["return np.sum(z ** 2) + np.sum(y ** 3)"]


def right(function, known: bool) -> None:
    with srcad.compile_options(kinds=known):
        report = srcad.check(function, [X.copy()])
    assert report.ok, report


@pytest.mark.parametrize("expression", CERTAIN + CHECKED + COPIES_OF_THIS_LAYOUT + READ_ONLY + COPIES)
def test_what_may_be_a_view_is_right_where_nothing_changes(compiled, expression):
    if "float32" in expression:
        function = compiled(*program(expression, NOTHING))
        expected = 8.0 * X + 24.0 * X**2
        np.testing.assert_allclose(srcad.grad(function)(X.copy()), expected, rtol=1e-5)
    else:
        right(compiled(*program(expression, NOTHING)), known=True)


@pytest.mark.parametrize("change", [BASE_IS_CHANGED, VIEW_IS_CHANGED])
@pytest.mark.parametrize("expression", CERTAIN + CHECKED + COPIES)
def test_a_view_follows_its_array_and_the_array_its_view(compiled, expression, change):
    right(compiled(*program(expression, change)), known=True)


@pytest.mark.parametrize("change", [BASE_IS_CHANGED, VIEW_IS_CHANGED])
@pytest.mark.parametrize("expression", COPIES_OF_THIS_LAYOUT)
def test_a_copy_that_could_have_been_a_view_is_an_error(compiled, expression, change):
    with pytest.raises(srcad.UnsupportedSyntax, match=r"is a copy of it"):
        srcad.grad(compiled(*program(expression, change)))(X.copy())


@pytest.mark.parametrize("expression", READ_ONLY)
def test_a_read_only_view_of_a_changed_array_is_an_error(compiled, expression):
    with pytest.raises(srcad.UnsupportedSyntax, match=r"z is read, the array it comes from is changed") as caught:
        srcad.grad(compiled(*program(expression, BASE_IS_CHANGED)))(X.copy())
    assert "y[1] *= 3.0" in str(caught.value)


def reshaped_then_stored(x):
    z = (x * 2.0).reshape(-1)
    z[0] = z[1] ** 2
    return np.sum(z**2)


def matrix_made_of_zeros(x):
    w = np.zeros(4).reshape(2, 2)
    for i in range(2):
        w[i, 0] = x[0, i] ** 2
    return np.sum(w * x[0, 3])


def array_of_an_appended_list(x):
    rows = []
    for row in x:
        rows.append(np.sum(row) ** 2)
    return np.sum(np.asarray(rows))


def array_of_a_comprehension(x):
    return np.sum(np.asarray([v**2 for v in x[0]]))


def selected_then_changed(x):
    y = x * 2.0
    y[0] = 3.0
    z = y[[0, 1]]
    z *= 2.5
    return np.sum(z**2)


def generator_bound_to_a_name(x):
    squares = (v * v for v in x[0])
    return sum(squares)


def reversed_bound_to_a_name(x):
    backwards = reversed(x[0])
    return sum(backwards)


def test_a_reshaped_temporary_may_be_changed():
    right(reshaped_then_stored, known=True)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "function",
    [matrix_made_of_zeros, array_of_an_appended_list, array_of_a_comprehension]
    + [selected_then_changed, generator_bound_to_a_name, reversed_bound_to_a_name],
)
def test_right(function, known):
    right(function, known)


def summed_twice(x):
    backwards = reversed(x)
    return np.sum(sum(backwards)) + np.sum(sum(backwards))


def stepped_by_hand(x):
    s = 0.0
    pairs = enumerate(x)
    for i, row in pairs:
        s = s + np.sum(row)
        if i == 0:
            next(pairs)
    return s


@pytest.mark.parametrize("function", [summed_twice, stepped_by_hand])
def test_an_iterator_serves_one_use(function):
    with pytest.raises(srcad.UnsupportedSyntax, match="an iterator is used more than once"):
        srcad.grad(function)(X)


BUFFER = np.zeros(3)
ITEMS: list[float] = []
TABLE: dict[str, float] = {}
NUMBER = 1.0


class Settings:
    """Attributes of a class outlive a call."""

    value = 0.0


class Layer:
    """A model with a weight."""

    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return self.w * x


def gradient(function):
    return srcad.grad(function)(2.0)


def tangent(function):
    return srcad.jvp(function, (2.0,), (1.0,))


def to_a_global_array(x):
    BUFFER[0] = x
    return np.sum(BUFFER**2)


def to_a_global_list(x):
    ITEMS.append(x * 2.0)
    return ITEMS[-1] * 3.0


def to_a_global_dict(x):
    TABLE["v"] = x * 2.0
    return TABLE["v"] * 3.0


def to_a_class(x):
    Settings.value = x * 2.0
    return Settings.value * 3.0


def to_a_global_name(x):
    global NUMBER
    NUMBER = x * 2.0
    return NUMBER * 3.0


def to_a_view_of_a_global(x):
    b = BUFFER[:1]
    b += x
    return BUFFER.sum()


def to_another_name_of_a_global(x):
    b = BUFFER
    b[0] = x
    return b.sum()


def put(x):
    BUFFER[0] = x


def through_a_callee(x):
    put(x)
    return np.sum(BUFFER)


def remembered(x, seen=[]):
    seen.append(x)
    return sum(seen)


def to_a_default(x):
    return remembered(x)


def with_a_closure():
    kept = np.zeros(2)

    def to_a_closure(x):
        kept[0] = x
        return np.sum(kept)

    return to_a_closure


@pytest.mark.parametrize("derive", [gradient, tangent])
@pytest.mark.parametrize(
    "function",
    [to_a_global_array, to_a_global_list, to_a_global_dict, to_a_class, to_a_global_name, to_a_view_of_a_global]
    + [to_another_name_of_a_global, through_a_callee, to_a_default, with_a_closure()],
    ids=lambda f: f.__name__,
)
def test_what_carries_a_derivative_is_not_kept_outside(function, derive):
    with pytest.raises(srcad.UnsupportedSyntax, match="outside of the function") as caught:
        derive(function)
    assert inspect.getsourcefile(function) in str(caught.value)


def called_object(w):
    return np.sum(Layer(w)(2.0))


def attribute_of_an_object(w):
    return np.sum(Layer(w).w)


def positional_out(p):
    np.add(p, 1.0, p)
    return np.sum(p**2)


def positional_out_of_a_method(p):
    p.clip(0.0, 0.5, p)
    return np.sum(p**2)


def special_method(p):
    p.__iadd__(1.0)
    return np.sum(p**2)


def item_by_special_method(p):
    p.__setitem__(0, 5.0)
    return np.sum(p**2)


def shuffled(p):
    np.random.shuffle(p)
    return np.sum(p * np.arange(3.0))


def joined_by_a_subscript(x):
    return np.r_[x, x].sum()


@pytest.mark.parametrize("function", [positional_out, positional_out_of_a_method])
def test_an_output_by_position_is_followed(function):
    assert srcad.check(function, [np.array([1.0, 2.0, 3.0])])


@pytest.mark.parametrize(
    "function",
    [called_object, attribute_of_an_object, special_method] + [item_by_special_method, shuffled, joined_by_a_subscript],
)
def test_what_is_not_followed_is_an_error(function):
    given = np.array([1.0, 2.0, 3.0])
    with pytest.raises((srcad.UnsupportedSyntax, srcad.MissingRule)) as caught:
        srcad.grad(function)(given)
    assert inspect.getsourcefile(function) in str(caught.value)
    np.testing.assert_array_equal(given, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("make", [np.ma.array, np.matrix])
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_arrays_with_operators_of_their_own_are_refused(make):
    def squared(x):
        return np.sum(x * x)

    with pytest.raises(srcad.ArgumentError, match="np.asarray"):
        srcad.grad(squared)(make([[1.0, 2.0], [3.0, 4.0]]))


def test_a_memory_map_is_an_array(tmp_path):
    x = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=(3,))
    x[...] = 2.0

    def squared(x):
        return np.sum(x * x)

    np.testing.assert_array_equal(srcad.grad(squared)(x), [4.0, 4.0, 4.0])


def sum_of_a_list(x):
    return np.sum([x[0], x[1] ** 2])


def mean_of_a_tuple(x):
    return np.mean((x[0], x[1] ** 2))


def maximum_of_a_list(x):
    return np.max([x[0] * x[1], x[1], x[2]])


def product_of_lists(x):
    return np.dot([x[0] ** 2, x[1]], [2.0, x[1]])


def norm_of_a_list(x):
    return np.linalg.norm([x[0], x[1]])


def sum_of_nested_lists(x):
    return np.sum(([x[0]], [x[1] * x[2]]))


def array_times_a_list(x):
    return np.sum(x[:2] * [1.0, x[1]])


def starred_of_a_changed_list(x):
    values = [0.0, 0.0, 1.0]
    for i in range(3):
        values[i] = x[i] ** 2
    first, *rest = values
    return first * rest[0] * rest[1]


def starred_of_a_changed_array(x):
    y = x * 2.0
    y[0] = 3.0
    first, *rest = y
    return first * rest[0] * rest[1]


def diagonal_of_a_factor(x):
    lower = np.zeros((2, 2))
    lower[0, 0] = np.sqrt(x[0])
    lower[1, 0] = x[1] / lower[0, 0]
    lower[1, 1] = np.sqrt(x[2] - lower[1, 0] ** 2)
    return np.sum(np.log(np.diag(lower)))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "function",
    [sum_of_a_list, mean_of_a_tuple, maximum_of_a_list, product_of_lists, norm_of_a_list, sum_of_nested_lists]
    + [array_times_a_list, starred_of_a_changed_list, starred_of_a_changed_array, diagonal_of_a_factor],
)
def test_lists_for_arrays_and_parts_of_what_was_changed(function, known):
    with srcad.compile_options(kinds=known):
        report = srcad.check(function, [np.array([1.2, 0.7, 2.5])])
    assert report.ok, report


def test_an_item_of_a_slice_of_a_tuple_is_followed_or_refused():
    def stored(p):
        q = p[1:]
        q[0][0] = q[1] * 2.0
        return p[0] * p[1][0] * p[1][1]

    assert srcad.grad(stored)((2.0, [1.0, 3.0], 4.0)) == (24.0, [0.0, 16.0], 12.0)


def test_a_rule_says_what_a_function_named_shuffle_does():
    def shuffle(x):
        return 3.0 * x

    @srcad.elementwise(shuffle)
    def partial(x, *, ans):
        return 3.0

    try:
        gradient = srcad.grad(lambda x: np.sum(shuffle(x)))(X)
    finally:
        unregister(shuffle)
    np.testing.assert_array_equal(gradient, np.full_like(X, 3.0))

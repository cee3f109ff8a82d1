"""What may be differentiated besides plain functions, and how arguments of every sort are passed."""

import functools
import math
from decimal import Decimal

import numpy as np
import pytest

import srcad
from srcad import grad, value_and_grad


class Box:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return self.scale * x * x

    def __call__(self, x):
        return self.scale * x**3

    @staticmethod
    def static(x):
        return x * x

    @classmethod
    def of_class(cls, x):
        return 2.0 * x * x


BOX = Box(3.0)


def f(x, y, k=1):
    return x * y**2 * k


@functools.lru_cache
def cached(x):
    return x * x


def squares(*xs):
    total = 0.0
    for x in xs:
        total = total + x * x
    return total


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (BOX.loss, 12.0),
        (BOX, 36.0),
        (Box.static, 4.0),
        (Box.of_class, 8.0),
        (cached, 4.0),
        (functools.partial(f, 2.0), 8.0),
        (functools.partial(f, y=3.0), 9.0),
        (functools.partial(BOX.loss), 12.0),
    ],
)
def test_callables(function, expected):
    assert grad(function)(2.0) == expected
    assert value_and_grad(function)(2.0) == (function(2.0), expected)
    assert srcad.jvp(function, (2.0,), (1.0,)) == (function(2.0), expected)


def test_bound_values_are_read_live():
    box = Box(3.0)
    derivative = grad(box.loss)
    assert derivative(2.0) == 12.0
    box.scale = 5.0
    assert derivative(2.0) == 20.0


def test_keywords_of_a_partial_can_be_asked_for():
    part = functools.partial(f, y=3.0)
    assert grad(part, argnames="y")(2.0) == 12.0
    assert grad(part)(2.0, y=1.0) == 1.0
    assert grad(part)(2.0, k=2) == 18.0


def test_items_of_args():
    assert grad(squares)(3.0, 2.0) == 6.0
    assert grad(squares, (0, 2))(3.0, 2.0, 5.0) == (6.0, 10.0)
    assert value_and_grad(squares, 1)(3.0, 2.0) == (13.0, 4.0)
    assert grad(squares, argnames="xs")(3.0, 2.0) == (6.0, 4.0)
    with pytest.raises(srcad.ArgumentError, match="argument 2"):
        grad(squares, 2)(3.0, 2.0)
    with pytest.raises(srcad.ArgumentError, match="argument 1"):
        grad(squares, 1)(3.0, 2)


def test_keyword_only_and_positional_only():
    def keyword_only(x, *, p=2.0):
        return x**p

    def positional_only(x, /, y):
        return x * y

    assert grad(keyword_only)(3.0, p=3.0) == 27.0
    assert grad(keyword_only, argnames="p")(math.e) == pytest.approx(math.e**2)
    assert grad(positional_only)(3.0, 2.0) == grad(positional_only)(3.0, y=2.0) == 2.0
    with pytest.raises(TypeError):
        grad(positional_only)(x=3.0, y=2.0)


def test_keywords():
    def by_keywords(x, **options):
        return x * options["a"] ** 2

    assert grad(by_keywords)(3.0, a=2.0) == 4.0


@pytest.mark.parametrize("primitive", [math.sin, np.sin, np.sum, len, max, dict.get, str.upper])
def test_built_ins_are_refused_in_words(primitive):
    with pytest.raises(srcad.SourceUnavailable, match="not written in Python") as caught:
        grad(primitive)(1.0)
    assert caught.value.remedy


def test_classes_are_refused():
    with pytest.raises(srcad.ArgumentError, match="'Box' is a class"):
        grad(Box)


PARTIAL, BOUND = functools.partial(f, 2.0), BOX.loss


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: BOX.loss(x), "method 'loss' of class Box"),
        (lambda x: BOX(x), "class Box"),
        (lambda x: PARTIAL(x), "partial"),
        (lambda x: BOUND(x), "method 'loss' of class Box"),
        (lambda x: cached(x), "cached"),
    ],
)
def test_callables_inside_a_function_are_right_or_named(function, words):
    try:
        found = grad(function)(2.0)
    except srcad.UnsupportedSyntax as error:
        assert words in error.what and error.where is not None and error.remedy
        return
    assert found == pytest.approx((function(2.0 + 1e-6) - function(2.0 - 1e-6)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("a", "it is a string"),
        (None, "it is None"),
        (3, "it is an integer"),
        (np.int64(3), "it is an integer"),
        (True, "it is a bool"),
        ([1, 2], "it is a list that holds no floats"),
        ((1, "a"), "it is a tuple that holds no floats"),
        ({"a": 1}, "it is a dict that holds no floats"),
        (math.sin, "it is a function"),
        (np.arange(3), "it is an array of dtype int64"),
        (np.array(["a"]), "it is an array that holds no numbers"),
    ],
)
def test_arguments_without_floats(argument, words):
    with pytest.raises(srcad.ArgumentError) as caught:
        grad(lambda x: 2.0)(argument)
    assert words in caught.value.what and "leave 'x' out of argnums" in caught.value.remedy


@pytest.mark.parametrize("options", [{"argnum": 0}, {"hasaux": True}, {"wrt": 0}])
def test_unknown_options(options):
    for use in (lambda: grad(f, **options), lambda: grad(**options), lambda: value_and_grad(f, **options)):
        with pytest.raises(srcad.ArgumentError, match=f"{next(iter(options))!r}"):
            use()


def test_options_of_the_wrong_type():
    for options in ({"has_aux": "yes"}, {"argnames": 3}, {"argnames": ("x", 1)}, {"argnames": ()}, {"argnums": ()}):
        with pytest.raises(srcad.ArgumentError):
            grad(f, **options)
    with pytest.raises(srcad.ArgumentError, match="twice"):
        grad(f, argnames=("x", "x"))
    with pytest.raises(srcad.ArgumentError, match="both"):
        grad(f, 1, argnames="x")


def named(argument):
    """A name that is the same in every process."""
    return type(argument).__name__


@pytest.mark.parametrize("argument", [3, "a", None, iter([1.0]), Decimal(2), [1, 2]], ids=named)
def test_arguments_of_unknown_kind_are_looked_at(argument):
    with srcad.compile_options(kinds=False), pytest.raises(srcad.ArgumentError, match="argument 'x'"):
        grad(lambda x: x * 2.0 if isinstance(x, float) else 1.0)(argument)


def test_subclasses_of_float():
    class Metres(float):
        pass

    gradient = grad(lambda x: x * x)(Metres(2.0))
    assert gradient == 4.0 and type(gradient) is float


@pytest.mark.parametrize(
    ("primals", "tangents", "words"),
    [
        ((3,), (1.0,), "argument 0 does not vary"),
        ((3.0,), ("a",), "tangent 0 is of type str"),
        ((3.0,), (np.ones(2),), "shape"),
        ((3.0,), (1.0, 2.0), "1 primals and 2 tangents"),
        (3.0, 1.0, "primals of jvp are of type float"),
        (([1.0, 2.0],), (1.0,), "tangent 0 is of type float, its primal of type list"),
        (([1.0, 2.0],), ([1.0],), "tangent 0 has 1 items, its primal 2"),
        (({"a": [1.0, 2.0]},), ({"a": 1.0},), r"tangent 0\['a'\] is of type float"),
    ],
)
def test_wrong_tangents(primals, tangents, words):
    with pytest.raises(srcad.ArgumentError, match=words):
        srcad.jvp(cached, primals, tangents)


def test_check_needs_floats():
    with pytest.raises(srcad.ArgumentError, match="nothing to check"):
        srcad.check(f, [1, 2])


TABLE = np.arange(1.0, 4.0)


def weighted(x, k=TABLE, *, scale=2.0):
    return np.sum(x * k) * scale


def test_a_partial_application_of_a_function_with_an_array_as_a_default():
    assert srcad.grad(functools.partial(weighted, scale=3.0))(np.ones(3)).tolist() == [3.0, 6.0, 9.0]
    assert srcad.grad(functools.partial(weighted))(np.ones(3)).tolist() == [2.0, 4.0, 6.0]

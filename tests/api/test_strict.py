"""`strict=True`: a statement that cuts the path of a derivative is an error; what is no path by nature is none."""

import math

import numpy as np
import pytest

import srcad

FIX = (
    "  fix: wrap its argument in srcad.stop_gradient(...) where that is meant, "
    "or use an operation that has a derivative"
)
INTEGER = "it gives an integer, which is constant between its jumps"
TRUTH = "it gives a truth value, which is constant between its jumps"
STEPS = "it is constant between its jumps"
ROUNDED = "the array holds integers: what is stored in it is rounded"


def to_int(x):
    y = x * 2.0
    return y * int(y)


def indicator(x):
    return np.sum(x * (x > 0.0))


def position(x):
    k = np.argmax(x)
    return 2.0 * k + x[0]


def rounded(x):
    y = np.round(np.sin(x), 2)
    return np.sum(y)


def quotient(x):
    return x % 3.0 + (x // 3.0) ** 2


def ceiling(x):
    return math.ceil(x) + x


def cast(x):
    counts = x.astype(int)
    return np.sum(counts * x)


def stored(x):
    counts = np.zeros(3, dtype=int)
    counts[1:] = x[1:]
    return np.sum(counts * x)


def floors(x, n):
    if n == 0:
        return np.floor(x)
    return x * floors(x, n - 1)


def in_a_callee(x):
    return np.sum(floors(x, 2))


def through_two(x):
    y = np.floor(x)
    z = np.ceil(y)
    return np.sum(z + x)


X = np.array([0.5, 1.5, 2.5])


def directions(x):
    y = x * np.sign(x)
    return np.sum(y)


def jumps(x):
    y = np.heaviside(x, 0.5)
    return np.sum(y * x)


def imaginary(x):
    return np.sum(x + np.imag(x))


CUTS = [
    (directions, X, 1, "y = x * np.sign(x)", "np.sign(x)", STEPS),
    (jumps, X, 1, "y = np.heaviside(x, 0.5)", "np.heaviside(x, 0.5)", STEPS),
    (imaginary, X, 1, "return np.sum(x + np.imag(x))", "np.imag(x)", STEPS),
    (to_int, 1.3, 2, "return y * int(y)", "int(y)", INTEGER),
    (indicator, X, 1, "return np.sum(x * (x > 0.0))", "x > 0.0", TRUTH),
    (position, X, 1, "k = np.argmax(x)", "np.argmax(x)", INTEGER),
    (rounded, X, 1, "y = np.round(np.sin(x), 2)", "np.round(np.sin(x), 2)", STEPS),
    (quotient, 4.5, 1, "return x % 3.0 + (x // 3.0) ** 2", "x // 3.0", STEPS),
    (ceiling, 4.5, 1, "return math.ceil(x) + x", "math.ceil(x)", INTEGER),
    (cast, X, 1, "counts = x.astype(int)", "x.astype(int)", INTEGER),
    (stored, X, 2, "counts[1:] = x[1:]", "counts[1:]", ROUNDED),
    (through_two, X, 1, "y = np.floor(x)", "np.floor(x)", STEPS),
]


def refusal(run, *args):
    with pytest.raises(srcad.NonDifferentiable) as caught:
        run(*args)
    return str(caught.value)


def expected(function, offset, text, part, why):
    line = function.__code__.co_firstlineno + offset
    caret = " " * text.index(part) + "^" * len(part)
    return (
        "this cuts the path of the derivative, and strict=True is given\n"
        f'  File "{__file__}", line {line}, in {function.__name__}\n    {text}\n    {caret}\n  why: {why}\n{FIX}'
    )


@pytest.mark.parametrize("case", CUTS, ids=lambda case: case[0].__name__)
def test_a_cut_is_an_error_in_every_mode(case):
    function, x, *place = case
    text = expected(function, *place)
    assert refusal(srcad.grad(function, strict=True), x) == text
    assert refusal(srcad.value_and_grad(function, strict=True), x) == text
    assert refusal(lambda: srcad.jvp(function, (x,), (np.ones_like(x),), strict=True)) == text
    srcad.grad(function)(x)
    srcad.jvp(function, (x,), (np.ones_like(x),))


def test_a_cut_in_a_callee():
    text = expected(floors, 2, "return np.floor(x)", "np.floor(x)", STEPS)
    assert refusal(srcad.grad(in_a_callee, strict=True), X) == text
    assert refusal(lambda: srcad.jvp(in_a_callee, (X,), (X,), strict=True)) == text


def branches(x):
    y = x
    while abs(y * y - x) > 1e-9:
        y = 0.5 * (y + x / y)
    return y if y > 1.0 and not np.isnan(x) else -y


def shapes(x):
    y = np.zeros_like(x)
    y[:] = x / len(x) * x.shape[0] * np.ndim(x)
    return y.sum() / x.size


def selections(x):
    largest = x[np.argmax(x)]
    mask = x > 1.0
    return largest + x[mask].sum() + np.where(x < 2.0, x, 1.0).sum() + x[np.argsort(x)][0] + x[int(x[1])]


def counted(x, n):
    total = 0.0
    for i in range(n):
        total += i * x[i] * float(n // 2)
    return total


def reported(x):
    if np.any(np.isinf(x)):
        raise ValueError(f"infinite: {x}")
    print("mean", np.round(x.mean(), 3))
    return np.sum(x * x)


def wanted(x):
    return np.sum(np.floor(srcad.stop_gradient(x)) * x) + x[0] * int(srcad.stop_gradient(x[1]))


def dropped(x):
    count = int(x[0])
    text = f"{count} of {round(x[1])}"
    assert text
    return np.sum(x)


@pytest.mark.parametrize("function", [shapes, selections, reported, wanted, dropped], ids=lambda f: f.__name__)
def test_what_is_no_path_by_nature_is_no_cut(function):
    assert np.array_equal(srcad.grad(function, strict=True)(X), srcad.grad(function)(X))
    assert srcad.jvp(function, (X,), (X,), strict=True) == srcad.jvp(function, (X,), (X,))
    with srcad.compile_options(kinds=False):
        assert np.array_equal(srcad.grad(function, strict=True)(X), srcad.grad(function)(X))


def test_conditions_and_integers_are_no_cuts():
    assert srcad.grad(branches, strict=True)(2.0) == srcad.grad(branches)(2.0)
    assert np.array_equal(srcad.grad(counted, strict=True)(X, 3), srcad.grad(counted)(X, 3))


def test_only_what_the_derivative_is_taken_of_is_asked_for():
    def f(x, y):
        return x * int(y)

    assert srcad.grad(f, strict=True)(2.0, 3.5) == 3.0
    refusal(srcad.grad(f, argnums=1, strict=True), 2.0, 3.5)
    refusal(srcad.grad(f, argnums=(0, 1), strict=True), 2.0, 3.5)
    assert srcad.jvp(f, (2.0, 3.5), (1.0, None), strict=True) == (6.0, 3.0)


def test_a_derivative_of_a_derivative():
    def f(x):
        return abs(x) * x

    text = refusal(srcad.grad(srcad.grad(f), strict=True), 2.0)
    assert "return abs(x) * x" in text and f'File "{__file__}"' in text
    assert srcad.grad(srcad.grad(lambda x: x**3, strict=True), strict=True)(2.0) == 12.0


@pytest.mark.parametrize("make", [srcad.grad, srcad.value_and_grad, lambda f, **o: srcad.jvp(f, (1.0,), (1.0,), **o)])
def test_it_is_true_or_false(make):
    with pytest.raises(srcad.ArgumentError) as caught:
        make(branches, strict=2)
    assert str(caught.value) == "strict is 2\n  fix: give True or False"

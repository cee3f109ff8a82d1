"""`check_finite=True`: the first line of the user's whose adjoint or tangent is not finite, in full text."""

import pickle

import numpy as np
import pytest

import srcad

ADVICE = "  fix: keep the operation away from that point: clip its argument, or choose its input with np.where"
INFINITE = "it is the first {} that is not finite: the derivative of its statement is infinite or too large here"
UNDEFINED = "it is the first {} that is not finite: 0 * inf or inf - inf came up in the derivative of its statement"


def through_a_root(x):
    y = x * 2.0
    z = np.sqrt(y)
    return np.sum(z * z)


def repeated(x, n):
    s = x * 1.0
    for _ in range(n):
        s = np.sqrt(s)
    return np.sum(s)


def stored(x):
    y = np.zeros(4)
    y[1:3] = np.log(x)
    return y @ y


def root_of(x):
    y = np.exp(x) - 1.0
    for _ in range(3):
        y = y * 1.0
    z = 1.5 * y
    return np.sqrt(z)


def calls(x, n):
    if n > 0:
        return calls(x, n - 1)
    return root_of(x)


def entry(x, n):
    return np.sum(calls(x, n)) * 2.0


def in_parts(p):
    w = p["w"]
    return np.sum(np.cbrt(w))


def of_nan(x):
    y = np.log(x)
    z = y * y
    return np.sum(z)


def masked(x):
    s = np.where(x > 0, x, -np.inf)
    return np.sum(np.exp(s))


def failure(run, *args):
    with np.errstate(all="ignore"), pytest.raises(srcad.NotFinite) as caught:
        run(*args)
    return caught.value


def shown(function, offset, text, part):
    line = function.__code__.co_firstlineno + offset
    caret = " " * text.index(part) + "^" * len(part)
    return f'  File "{__file__}", line {line}, in {function.__name__}\n    {text}\n    {caret}\n'


@pytest.mark.parametrize("derivative", [srcad.grad, srcad.value_and_grad])
def test_the_statement_the_variable_and_the_elements(derivative):
    df = derivative(through_a_root, check_finite=True)
    error = failure(df, np.array([[1.0, 2.0], [0.0, 3.0]]))
    assert isinstance(error, FloatingPointError) and isinstance(error, srcad.SrcadError)
    assert str(error) == (
        "the adjoint y_bar is not finite: 1 of 4 elements, the first y_bar[1, 0] is nan\n"
        + shown(through_a_root, 2, "z = np.sqrt(y)", "np.sqrt(y)")
        + f"  why: {UNDEFINED.format('adjoint')}\n{ADVICE}"
    )


def test_finite_derivatives_are_what_they_are_without_it():
    x = np.array([0.5, 1.5, 2.5])
    for f, args in [
        (through_a_root, (x,)),
        (repeated, (x, 4)),
        (stored, (x[:2],)),
        (entry, (x, 2)),
        (masked, (x - 1,)),
    ]:
        expected = srcad.grad(f)(*args)
        assert np.array_equal(srcad.grad(f, check_finite=True)(*args), expected)
        tangents = (np.ones_like(args[0]), *[None] * (len(args) - 1))
        along = srcad.jvp(f, args, tangents, check_finite=True)
        assert along == srcad.jvp(f, args, tangents) and np.isclose(along[1], expected.sum())


def test_nothing_of_it_stays_where_it_is_off():
    for f, args in [(repeated, (np.ones(3), 2)), (entry, (np.ones(3), 2))]:
        assert "finite" not in srcad.grad(f).source_for(*args)
        source = srcad.grad(f, check_finite=True).source_for(*args)
        assert "finite.check_finite(" in source and "watch_values()" in source


def test_in_a_loop_the_first_in_the_order_of_execution():
    error = failure(srcad.grad(repeated, check_finite=True), np.array([4.0, 0.0, 0.0]), 3)
    assert str(error) == (
        "the adjoint s_bar is not finite: 2 of 3 elements, the first s_bar[1] is inf\n"
        + shown(repeated, 3, "s = np.sqrt(s)", "np.sqrt(s)")
        + f"  why: {INFINITE.format('adjoint')}\n{ADVICE}"
    )


def test_tangents():
    args = (np.array([4.0, 0.0]), 3)
    error = failure(lambda: srcad.jvp(repeated, args, (np.ones(2), None), check_finite=True))
    assert str(error) == (
        "the tangent s_dot is not finite: 1 of 2 elements, the first s_dot[1] is inf\n"
        + shown(repeated, 3, "s = np.sqrt(s)", "np.sqrt(s)")
        + f"  why: {INFINITE.format('tangent')}\n{ADVICE}"
    )
    with np.errstate(all="ignore"):
        assert srcad.jvp(repeated, args, (np.ones(2), None))[1] == np.inf


def test_in_a_callee():
    error = failure(srcad.grad(entry, check_finite=True), np.array([1.0, 0.0]), 2)
    assert str(error) == (
        "the adjoint z_bar is not finite: 1 of 2 elements, the first z_bar[1] is inf\n"
        + shown(root_of, 5, "return np.sqrt(z)", "np.sqrt(z)")
        + f"  why: {INFINITE.format('adjoint')}\n{ADVICE}"
    )
    error = failure(lambda: srcad.jvp(entry, (np.array([1.0, 0.0]), 2), (np.ones(2), None), check_finite=True))
    assert shown(root_of, 5, "return np.sqrt(z)", "np.sqrt(z)") in str(error)
    assert error.what == "the tangent t_dot is not finite: 1 of 2 elements, the first t_dot[1] is inf"


def test_kinds_that_are_not_known():
    with srcad.compile_options(kinds=False):
        error = failure(srcad.grad(repeated, check_finite=True), np.array([4.0, 0.0, 0.0]), 3)
        assert shown(repeated, 3, "s = np.sqrt(s)", "np.sqrt(s)") in str(error)


def test_parts_of_a_container():
    error = failure(srcad.grad(in_parts, check_finite=True), {"w": np.array([1.0, 0.0]), "name": "w"})
    assert shown(in_parts, 2, "return np.sum(np.cbrt(w))", "np.cbrt(w)") in str(error)


def test_a_value_that_was_infinite_before():
    error = failure(srcad.grad(stored, check_finite=True), np.array([1.0, 0.0]))
    value = "y is not finite: 1 of 4 elements, the first y[2] is -inf"
    place = shown(stored, 2, "y[1:3] = np.log(x)", "y[1:3]").splitlines()
    assert str(error) == (
        "the adjoint y_bar is not finite: 1 of 4 elements, the first y_bar[2] is -inf\n"
        + shown(stored, 3, "return y @ y", "y @ y")
        + f"  why: a value of the function was not finite before: {value}\n"
        + "".join(f"       {line}\n" for line in place)
        + ADVICE
    )


def test_a_value_that_was_nan_before_is_told_as_such():
    error = failure(srcad.grad(of_nan, check_finite=True), np.array([1.0, -1.0]))
    line = of_nan.__code__.co_firstlineno + 2
    assert str(error) == (
        "the value y is not finite: 1 of 2 elements, the first y[1] is nan\n"
        + shown(of_nan, 1, "y = np.log(x)", "np.log(x)")
        + "  why: the function itself computes it; then\n"
        "       the adjoint y_bar is not finite: 1 of 2 elements, the first y_bar[1] is nan\n"
        f'         File "{__file__}", line {line}, in of_nan\n'
        "           z = y * y\n"
        "  fix: look at the function first: inside np.errstate(all='raise') it stops where the value appears"
    )


def test_an_infinite_value_that_does_no_harm_is_no_error():
    x = np.array([1.0, -1.0])
    assert np.array_equal(srcad.grad(masked, check_finite=True)(x), [np.e, 0.0])
    error = failure(srcad.grad(through_a_root, check_finite=True), np.zeros(1))  # nor remembered by the next call
    assert "before" not in error.why


def test_numbers():
    error = failure(srcad.grad(lambda x: np.sqrt(x) * 2.0, check_finite=True), np.float64(0.0))
    assert error.what == "the adjoint x_bar is inf" and error.where.text == "np.sqrt(x) * 2.0"


def test_derivatives_of_derivatives():
    def f(x):
        y = np.sqrt(x) ** 3
        return y * 1.0

    for df in (
        srcad.grad(srcad.grad(f), check_finite=True),
        srcad.grad(srcad.grad(f, check_finite=True)),
        srcad.grad(srcad.grad(f, check_finite=True), check_finite=True),
    ):
        assert np.isclose(df(np.float64(4.0)), 0.75 / 2.0)
    error = failure(srcad.grad(srcad.grad(f), check_finite=True), np.float64(0.0))
    assert shown(f, 1, "y = np.sqrt(x) ** 3", "np.sqrt(x)") in str(error)


def test_it_pickles():
    error = failure(srcad.grad(through_a_root, check_finite=True), np.zeros(1))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is srcad.NotFinite and str(copy) == str(error)
    df = pickle.loads(pickle.dumps(srcad.grad(through_a_root, check_finite=True)))
    assert failure(df, np.zeros(1)).what == error.what


@pytest.mark.parametrize("make", [srcad.grad, srcad.value_and_grad, lambda f, **o: srcad.jvp(f, (1.0,), (1.0,), **o)])
def test_options_are_true_or_false(make):
    with pytest.raises(srcad.ArgumentError) as caught:
        make(of_nan, check_finite="yes")
    assert str(caught.value) == "check_finite is 'yes'\n  fix: give True or False"


def test_an_unknown_option_of_jvp():
    with pytest.raises(srcad.ArgumentError) as caught:
        srcad.jvp(of_nan, (1.0,), (1.0,), checkfinite=True)
    assert str(caught.value) == (
        "jvp has no option 'checkfinite'\n"
        "  fix: its options are check_finite and strict; arguments of the function go into primals"
    )

"""What exceptions say that come out of a derivative: the primal's own, with a note of the statement."""

import pickle

import numpy as np
import pytest

import srcad


def too_far(x):
    y = x * 2
    z = y[10]
    return z


def looks_up(x, table):
    for key in ("a", "b"):
        x = x * table[key]
    return x


def helper(x):
    y = x * 2.0
    return y[7]


def calls_helper(x):
    return helper(x) * 2.0


TABLE = {"there": 2.0}


def always_fails(x):
    return TABLE["missing"] * x


def failure(run, *args):
    with pytest.raises(Exception) as caught:
        run(*args)
    return caught.value


@pytest.mark.parametrize("derivative", [srcad.grad, srcad.value_and_grad])
def test_the_primals_own_exception_with_its_line(derivative):
    own = failure(too_far, np.ones(3))
    error = failure(derivative(too_far), np.ones(3))
    assert type(error) is type(own) and str(error) == str(own)
    (note,) = error.__notes__
    line = too_far.__code__.co_firstlineno + 2
    assert f'File "{__file__}", line {line}, in too_far\n    z = y[10]' in note


def test_forward_mode():
    error = failure(srcad.jvp, too_far, (np.ones(3),), (np.ones(3),))
    assert isinstance(error, IndexError) and "z = y[10]" in error.__notes__[0]


def test_in_a_loop():
    error = failure(srcad.grad(looks_up), 2.0, {"a": 3.0})
    assert isinstance(error, KeyError)
    assert len(error.__notes__) == 1 and "x = x * table[key]" in error.__notes__[0]


def test_in_a_callee():
    error = failure(srcad.grad(calls_helper), np.ones(3))
    (note,) = error.__notes__
    assert "return y[7]" in note and "in helper" in note


def test_once_through_two_derivatives():
    def through(x):
        inner(x)
        return x[0]

    inner = srcad.grad(too_far)
    error = failure(through, np.ones(3))
    assert len(error.__notes__) == 1
    error = failure(srcad.grad(srcad.grad(always_fails)), 2.0)
    assert isinstance(error, KeyError) and len(error.__notes__) == 1
    assert 'return TABLE["missing"] * x' in error.__notes__[0] and f'File "{__file__}"' in error.__notes__[0]


def test_wrong_arguments_have_no_note():
    error = failure(srcad.grad(too_far), 1.0, 2.0)
    assert not hasattr(error, "__notes__")


def test_interrupts_pass_untouched():
    def interrupted(x, stop):
        stop()
        return x * x

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        srcad.grad(lambda x: x * x)(2.0)
        srcad.grad(interrupted)(2.0, stop)
    assert not hasattr(caught.value, "__notes__")


def test_errors_of_srcad_pickle():
    error = failure(srcad.grad(too_far), 3)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)

"""A rule of a function that takes functions is what counts, not the function's source."""

import pytest

import srcad
from srcad.rules.registry import unregister


def twice(f, x):
    return f(f(x))


def square(x):
    return x * x


def of_a_function(x):
    return twice(square, x) + x


def of_a_lambda(x):
    return twice(lambda t: t * t, x) + x


@pytest.fixture
def _stated():
    srcad.nondifferentiable(twice, kind="elementwise")
    yield
    unregister(twice)


@pytest.mark.usefixtures("_stated")
@pytest.mark.parametrize("kinds", [True, False])
def test_the_rule_counts(kinds):
    with srcad.compile_options(kinds=kinds):
        assert srcad.value_and_grad(of_a_function)(2.0) == (18.0, 1.0)
        assert srcad.jvp(of_a_function, (2.0,), (1.0,)) == (18.0, 1.0)


@pytest.mark.usefixtures("_stated")
def test_a_lambda_that_only_the_running_program_knows():
    """The function is called as it is, and gets a lambda: refused, and not differentiated through its source."""
    with pytest.raises(srcad.UnsupportedSyntax, match="a lambda|local function"):
        srcad.grad(of_a_lambda)(2.0)


class Doubled:
    def __call__(self, x):
        return x + x


doubled = Doubled()


@pytest.fixture
def _callable():
    @srcad.elementwise(doubled)
    def slope(x, *, ans):
        return 3.0  # not what the source says: so the rule is seen to count

    yield
    unregister(doubled)


@pytest.mark.usefixtures("_callable")
@pytest.mark.parametrize("kinds", [True, False])
def test_a_rule_of_an_object_that_is_called_counts(kinds):
    with srcad.compile_options(kinds=kinds):
        assert srcad.grad(lambda x: doubled(x) * x)(2.0) == 10.0
        assert srcad.jvp(lambda x: doubled(x) * x, (2.0,), (1.0,)) == (8.0, 10.0)

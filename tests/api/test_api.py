"""The public functions: how they are called, what they return, what they say when called wrongly."""

import inspect
import math

import numpy as np
import pytest

import srcad


def product(x, y, k=2):
    """Multiply."""
    return x * y**k


def test_grad_of_a_function():
    assert srcad.grad(product)(3.0, 2.0) == 4.0
    assert srcad.grad(product, 1)(3.0, 2.0) == 12.0
    assert srcad.grad(product)(3.0, y=2.0, k=3) == 8.0
    assert srcad.grad(product)(y=2.0, x=3.0) == 4.0


def test_argnums():
    assert srcad.grad(product, argnums=(0, 1))(3.0, 2.0) == (4.0, 12.0)
    assert srcad.grad(product, argnums=(1, 0))(3.0, 2.0) == (12.0, 4.0)
    assert srcad.grad(product, argnums=(1,))(3.0, 2.0) == (12.0,)
    assert srcad.grad(product, argnums=-2)(3.0, 2.0, 2) == 12.0
    assert srcad.grad(product, argnums=[0, 1])(3.0, 2.0) == (4.0, 12.0)


def test_argnames():
    assert srcad.grad(product, argnames="y")(3.0, 2.0) == 12.0
    assert srcad.grad(product, argnames=("y", "x"))(3.0, 2.0) == (12.0, 4.0)


def test_value_and_grad():
    assert srcad.value_and_grad(product)(3.0, 2.0) == (12.0, 4.0)
    assert srcad.value_and_grad(product, argnums=(0, 1))(3.0, 2.0) == (12.0, (4.0, 12.0))


def test_has_aux():
    def with_aux(x):
        y = x * x
        return y * x, {"square": y, "label": "a"}

    assert srcad.grad(with_aux, has_aux=True)(2.0) == (12.0, {"square": 4.0, "label": "a"})
    assert srcad.value_and_grad(with_aux, has_aux=True)(2.0) == ((8.0, {"square": 4.0, "label": "a"}), 12.0)


def test_bare_decorator():
    @srcad.grad
    def slope(x):
        return x**3

    assert slope(2.0) == 12.0
    assert slope.primal(2.0) == 8.0


def test_decorator_with_options():
    @srcad.value_and_grad(argnums=(0, 1))
    def both(x, y):
        return x * x * y

    assert both(2.0, 3.0) == (12.0, (12.0, 4.0))


def test_lambdas_on_one_line():
    f, g = srcad.grad(lambda x: x * x), srcad.grad(lambda x: x * x * x)
    pair = (lambda x: 2.0 * x, lambda x: math.sin(x))
    assert (f(2.0), g(2.0)) == (4.0, 12.0)
    assert (srcad.grad(pair[0])(1.0), srcad.grad(pair[1])(0.0)) == (2.0, 1.0)


def test_nested_functions_and_closures():
    def outer(a):
        def inner(x):
            return a * x * x

        return inner

    first, second = outer(2.0), outer(5.0)
    assert srcad.grad(first)(3.0) == 12.0
    assert srcad.grad(second)(3.0) == 30.0


def test_closure_variables_are_read_live():
    a = 2.0

    def f(x):
        return a * x

    df = srcad.grad(f)
    assert df(1.0) == 2.0
    a = 3.0
    assert df(1.0) == 3.0


def test_jvp():
    value, tangent = srcad.jvp(product, (3.0, 2.0), (1.0, 0.5))
    assert (value, tangent) == (12.0, 4.0 + 12.0 * 0.5)
    value, tangent = srcad.jvp(lambda v: np.sin(v), (np.array([0.5]),), (np.array([2.0]),))
    np.testing.assert_allclose(tangent, 2.0 * np.cos([0.5]), rtol=1e-15)


def test_jvp_of_a_function_with_array_result():
    def f(v):
        return v * v

    value, tangent = srcad.jvp(f, (np.array([1.0, 2.0]),), (np.array([1.0, -1.0]),))
    np.testing.assert_array_equal(value, [1.0, 4.0])
    np.testing.assert_array_equal(tangent, [2.0, -4.0])


def test_what_the_result_carries():
    df = srcad.grad(product)
    assert df.primal is product
    assert df.__wrapped__ is product
    assert df.__name__ == "product_grad"
    assert inspect.signature(df) == inspect.signature(product)
    assert "product" in df.__doc__
    assert df.__module__ == product.__module__


def total(x, k=2):
    return np.sum(x**k)


def test_source():
    df = srcad.grad(total)
    assert "def total_grad(x, k" in df.source
    assert df(3.0) == 6.0
    assert "x: float" in df.source.splitlines()[0]
    text = df.source_for(np.ones(3))
    assert text != df.source
    assert text.startswith("#") and "x: f8[n]" in text.splitlines()[0]


def test_source_is_what_runs():
    df = srcad.grad(total)
    df(3.0, 2)
    names = dict(total.__globals__)
    exec(df.source, names)
    assert names["total_grad"](3.0, 2) == 6.0


def test_one_version_for_each_kind():
    def f(x):
        return np.sum(x * x)

    df = srcad.grad(f)
    assert df(3.0) == 6.0
    np.testing.assert_array_equal(df(np.array([1.0, 2.0])), [2.0, 4.0])
    np.testing.assert_array_equal(df(np.ones((2, 2))), 2.0 * np.ones((2, 2)))
    assert df(np.float32(1.5)).dtype == np.float32
    assert df(3.0) == 6.0


def helper(x):
    return x * x


def uses_helper(x):
    return helper(x)


def test_a_rebound_helper_is_noticed(monkeypatch):
    df = srcad.grad(uses_helper)
    assert df(3.0) == 6.0
    monkeypatch.setitem(globals(), "helper", lambda x: 5.0 * x)
    assert df(3.0) == 5.0


@pytest.mark.parametrize(("primitive", "at", "slope"), [(math.sin, 0.0, 1.0), (np.tanh, 0.0, 1.0), (abs, -2.0, -1.0)])
def test_a_primitive_itself(primitive, at, slope):
    """Differentiated by its template, or refused in srcad's own words."""
    try:
        assert srcad.grad(primitive)(at) == slope
    except srcad.SrcadError as error:
        assert error.remedy


@pytest.mark.parametrize("derivative", [srcad.grad, srcad.value_and_grad])
class TestErrors:
    """Options and arguments that make no sense; the full texts are in tests/errors."""

    def test_argnums_out_of_range(self, derivative):
        for bad in (3, -4, (0, 7)):
            with pytest.raises(srcad.ArgumentError, match="argnums"):
                derivative(product, bad)(1.0, 2.0)

    def test_argnums_that_are_not_integers(self, derivative):
        for bad in ("x", 1.0, True, (0, "x"), None):
            with pytest.raises(srcad.ArgumentError, match="argnums"):
                derivative(product, argnums=bad)(1.0, 2.0)

    def test_argnums_given_twice(self, derivative):
        with pytest.raises(srcad.ArgumentError, match="twice"):
            derivative(product, (0, 0))(1.0, 2.0)

    def test_unknown_argnames(self, derivative):
        with pytest.raises(srcad.ArgumentError, match="'z'"):
            derivative(product, argnames="z")(1.0, 2.0)

    def test_unknown_option(self, derivative):
        with pytest.raises(TypeError, match="'argnum'"):
            derivative(product, argnum=0)

    def test_not_a_function(self, derivative):
        with pytest.raises(srcad.ArgumentError):
            derivative(3.0)

    def test_integer_argument(self, derivative):
        with pytest.raises(srcad.ArgumentError, match="'x'"):
            derivative(product)(3, 2.0)
        with pytest.raises(srcad.ArgumentError, match="'x'"):
            derivative(product)(np.arange(3), 2.0)

    def test_bool_argument(self, derivative):
        with pytest.raises(srcad.ArgumentError, match="'x'"):
            derivative(product)(True, 2.0)

    def test_result_that_is_not_a_scalar(self, derivative):
        with pytest.raises(srcad.ArgumentError):
            derivative(product)(np.ones(3), 2.0)
        with pytest.raises(srcad.ArgumentError):
            derivative(lambda x: (x, x))(1.0)

    def test_complex_result(self, derivative):
        with pytest.raises(srcad.ArgumentError):
            derivative(lambda z: z * z)(1.0 + 2.0j)

    def test_wrong_number_of_arguments(self, derivative):
        with pytest.raises(TypeError):
            derivative(product)(1.0)
        with pytest.raises(TypeError):
            derivative(product)(1.0, 2.0, 3, 4)
        with pytest.raises(TypeError):
            derivative(product)(1.0, 2.0, other=3)


def test_jvp_errors():
    with pytest.raises(srcad.ArgumentError):
        srcad.jvp(product, (3.0, 2.0), (1.0,))
    with pytest.raises(srcad.ArgumentError):
        srcad.jvp(helper, (np.ones(3),), (np.ones(4),))
    with pytest.raises(TypeError):
        srcad.jvp(helper, 3.0, 1.0)


def test_grad_needs_no_annotations_but_reads_them():
    def annotated(x: float, n: int) -> float:
        return x**n

    df = srcad.grad(annotated)
    assert "x: float" in df.source.splitlines()[0]
    assert df(2.0, 3) == 12.0

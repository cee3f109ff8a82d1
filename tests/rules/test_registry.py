"""Registration, look-up and binding; the errors as text."""

from __future__ import annotations

import linecache
import math
import operator
import os.path
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from srcad.errors import MissingRule, RuleError
from srcad.ir.nodes import Const, Loc, Star, Var
from srcad.rules import (
    adjoint,
    elementwise,
    linear,
    multilinear,
    nondifferentiable,
    rule_for,
    rules,
    structural,
    tangent,
)
from srcad.rules.registry import unregister


def double(x: Any, factor: Any = 2, *, out: Any = None) -> Any:
    return factor * x


def product(x: Any, y: Any) -> Any:
    return x * y


@pytest.fixture(autouse=True)
def leave_no_rules() -> Iterator[None]:
    yield
    for primitive in (double, product):
        unregister(primitive)


def error_of(source: str, name: str) -> str:
    """The text of the error that this module raises when it is run; it stands in a file called `name`."""
    text = textwrap.dedent(source)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    with pytest.raises(RuleError) as caught:
        exec(compile(text, name, "exec"), {**globals(), "__name__": "user_module"})
    return str(caught.value)


# --- registration -------------------------------------------------------------------------------------------------


def test_elementwise_registers_a_rule_and_returns_the_function() -> None:
    @elementwise(product, kind="elementwise", singular=True, raises="never")
    def product_(x, y, *, ans):
        return y, x

    rule = rule_for(product)
    assert rule is not None
    assert product_(2.0, 3.0, ans=6.0) == (3.0, 2.0)
    assert rule.partials is not None and rule.partials.function is product_
    assert (rule.wrt, rule.family, rule.singular, rule.raises, rule.broadcasts) == (
        ("x", "y"), "elementwise", True, "never", True,
    )  # fmt: skip
    assert rule.adjoint is rule.tangent is None and not rule.linear


def test_linear_and_multilinear_rules_hold_an_adjoint() -> None:
    @linear(double, smaller=True, views=("x",))
    def double_(x, factor=2, *, ans, ans_bar):
        return factor * ans_bar

    @multilinear(product)
    def product_(x, y, *, ans, ans_bar):
        return ans_bar * y, ans_bar * x

    first, second = rule_for(double), rule_for(product)
    assert first is not None and second is not None
    assert first.linear and first.smaller and first.views == ("x",) and first.wrt == ("x",)
    assert second.multilinear and not second.linear and second.family is None


@pytest.mark.parametrize("order", ["adjoint first", "tangent first"])
def test_adjoint_and_tangent_make_one_rule(order: str) -> None:
    def reverse() -> None:
        @adjoint(product, impure=True)
        def product_(x, y, *, ans, ans_bar):
            return ans_bar * y, ans_bar * x

    def forward() -> None:
        @tangent(product)
        def product_(x, y, *, ans, x_dot, y_dot):
            return x_dot * y + x * y_dot

    for register in (reverse, forward) if order == "adjoint first" else (forward, reverse):
        register()
    rule = rule_for(product)
    assert rule is not None and rule.adjoint is not None and rule.tangent is not None
    assert rule.wrt == ("x", "y") and rule.impure
    assert rule.tangent.dots == ("x", "y") and rule.tangent.params == ("x", "y")


def test_one_template_may_serve_several_primitives_and_aliases_count_once() -> None:
    @elementwise(double, product, double)
    def either(x, *, ans):
        return 1

    assert rule_for(double).partials.function is rule_for(product).partials.function is either
    assert rule_for(np.acos) is rule_for(np.arccos)


def test_a_module_that_is_loaded_again_replaces_its_rules() -> None:
    source = "@elementwise(double)\ndef double_(x, *, ans):\n    return 2\n"
    linecache.cache["reloaded.py"] = (len(source), None, source.splitlines(keepends=True), "reloaded.py")
    for _ in range(2):
        exec(compile(source, "reloaded.py", "exec"), globals().copy())
    assert rule_for(double) is not None


def test_nondifferentiable_and_structural_are_plain_calls() -> None:
    assert nondifferentiable(double, kind="none", impure=True) is None
    structural(product, kind="list")
    first, second = rule_for(double), rule_for(product)
    assert first is not None and first.nondifferentiable and first.impure and first.template is None
    assert second is not None and second.structural and not second.nondifferentiable
    assert "test_registry.py:" in first.registered


def test_wrt_may_name_parameters_with_defaults() -> None:
    @elementwise(double, wrt=("x", "factor"))
    def double_(x, factor=2, *, ans):
        return factor, x

    rule = rule_for(double)
    assert rule is not None and rule.wrt == ("x", "factor")


def test_rules_are_sorted_by_name() -> None:
    names = [r.name for r in rules()]
    assert names == sorted(names) and "np.sin" in names and "math.sin" in names


def test_rule_for_what_cannot_be_hashed() -> None:
    assert rule_for([1]) is None
    assert rule_for(np.ones(2)) is None


# --- errors of registration ------------------------------------------------------------------------------------------


def test_a_second_rule_names_both_places() -> None:
    @elementwise(double)
    def double_(x, *, ans):
        return 2

    assert error_of(
        """
        @linear(double)
        def double_(x, factor=2, *, ans, ans_bar):
            return factor * ans_bar
        """,
        "second.py",
    ).splitlines() == [
        "tests.rules.test_registry.double has a rule already",
        f"  why: it was registered at {rule_for(double).registered}, and is registered again at "
        f"{os.path.realpath('second.py')}:2",
        "  fix: keep one of the two",
    ]


def test_a_second_rule_for_a_function_of_numpy_is_noticed() -> None:
    text = error_of("@elementwise(np.sin)\ndef sin(x, *, ans):\n    return np.cos(x)\n", "sin.py")
    assert text.startswith("np.sin has a rule already")
    assert "/templates/numpy_elementwise.py:" in text and "/sin.py:1" in text
    assert rule_for(np.sin).partials.loc.file.endswith("numpy_elementwise.py")


@pytest.mark.parametrize(
    ("source", "what", "remedy"),
    [
        ("@elementwise(double)\ndef d(x):\n    return 2", "parameter 'ans' is missing", "add ans after *"),
        ("@elementwise(double)\ndef d(x, ans):\n    return 2",
         "'ans' must be keyword-only, without default", "put ans after *"),
        ("@adjoint(double)\ndef d(x, *, ans):\n    return 2", "parameter 'ans_bar' is missing", "add ans_bar after *"),
        ("@adjoint(double)\ndef d(x, *, ans, ans_bar=1):\n    return 2",
         "'ans_bar' must be keyword-only, without default", "put ans_bar after *"),
        ("@elementwise(double)\ndef d(x, *, ans, ans_bar):\n    return 2",
         "'ans_bar' is only for adjoints", "use @adjoint or @linear, or return partials"),
        ("@tangent(double)\ndef d(x, *, ans):\n    return 2",
         "no parameter carries a derivative",
         "name them with wrt=, in a tangent take x_dot for parameter x; nondifferentiable states a zero derivative"),
        ("@elementwise(double, wrt=('y',))\ndef d(x, factor=2, *, ans):\n    return 2",
         "wrt names 'y', which is no parameter", "the parameters are x, factor"),
        ("@elementwise(double, wrt='x')\ndef d(x, *, ans):\n    return 2",
         "wrt is a tuple of parameter names", "write wrt=('x',)"),
        ("@elementwise(double)\ndef d(x, *, ans, **more):\n    return 2",
         "**more is not supported", "name the keyword parameters of the primitive"),
    ],
)  # fmt: skip
def test_wrong_signatures(source: str, what: str, remedy: str) -> None:
    lines = error_of(source, "wrong.py").splitlines()
    assert lines[0] == f"template d: {what}"
    assert lines[1] == '  File "wrong.py", line 1, in d'
    assert lines[2] == "    " + source.splitlines()[0]
    assert lines[-1] == f"  fix: {remedy}"
    assert rule_for(double) is None


@pytest.mark.parametrize(
    ("body", "what", "remedy"),
    [
        ("return np.cso(x), y", "module 'numpy' has no attribute 'cso'", "correct the name"),
        ("return z, y", "name 'z' is not defined", "import or define it"),
        ("return y, x, x", "3 values are returned for 2 parameters (x, y)",
         "return one for each, or name the parameters that carry derivatives with wrt="),
        ("return y * x", "one value is returned for 2 parameters (x, y)", "return a tuple"),
        ("return", "a return without a value", "return one value for each of x, y"),
    ],
)  # fmt: skip
def test_wrong_bodies(body: str, what: str, remedy: str) -> None:
    source = f"@elementwise(product)\ndef d(x, y, *, ans):\n    {body}\n"
    lines = error_of(source, "wrong_body.py").splitlines()
    assert lines == [
        f"template d: {what}", '  File "wrong_body.py", line 3, in d', f"    {body}", "    " + "^" * len(body),
        f"  fix: {remedy}",
    ]  # fmt: skip


def test_helpers_may_be_defined_below_the_template() -> None:
    source = "@elementwise(double)\ndef d(x, *, ans):\n    return slope(x)\n\ndef slope(x):\n    return 2\n"
    linecache.cache["below.py"] = (len(source), None, source.splitlines(keepends=True), "below.py")
    exec(compile(source, "below.py", "exec"), globals().copy())
    assert rule_for(double) is not None


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("elementwise()", "no primitive is named"),
        ("elementwise(double, shape=3)", "unknown option 'shape'"),
        ("elementwise(3)", "3 is no function"),
        ("elementwise([])", "[] cannot be hashed, so no rule can be found for it"),
        ("elementwise(double, views=('y',))", "views names 'y', which is no parameter"),
    ],
)
def test_wrong_options(call: str, what: str) -> None:
    text = error_of(f"@{call}\ndef d(x, *, ans):\n    return 2\n", "options.py")
    assert text.splitlines()[0] == what
    assert rule_for(double) is None


def test_a_template_is_defined_with_def() -> None:
    with pytest.raises(RuleError, match="a template is a function defined with def, not a lambda"):
        elementwise(double)(lambda x, *, ans: 2)
    with pytest.raises(RuleError, match="not <class 'float'>"):
        elementwise(double)(float)


def test_adjoint_and_tangent_must_agree() -> None:
    @adjoint(product)
    def product_(x, y, *, ans, ans_bar):
        return ans_bar * y, ans_bar * x

    lines = error_of("@tangent(product)\ndef t(x, y, *, ans, x_dot):\n    return x_dot * y\n", "agree.py").splitlines()
    name = "tests.rules.test_registry.product"
    assert lines[0] == f"{name}: adjoint and tangent disagree on the parameters that carry derivatives"
    assert lines[1].startswith("  why: (x, y) at ") and "(x) at " in lines[1]


# --- binding ---------------------------------------------------------------------------------------------------------

X, Y, Z = Var("x"), Var("y"), Var("z")
HERE = Loc("nowhere.py", 0, 0, 0, "")


def test_all_call_forms_bind() -> None:
    rule = rule_for(np.sum)
    forms: list[Any] = [([X, Y], []), ([X], [("axis", Y)]), ([], [("axis", Y), ("a", X)])]
    for args, kwargs in forms:
        bound = rule.bind(args, kwargs)
        assert bound["a"] is X and bound["axis"] is Y and bound["keepdims"] == Const(False)


def test_positional_only_parameters_bind_by_position() -> None:
    assert rule_for(operator.add).bind([X, Y]) == {"x": X, "y": Y}
    assert rule_for(np.add).bind([X, Y]) == {"x": X, "y": Y}
    assert rule_for(np.ndarray.sum).bind([X], [("axis", Y)])["a"] is X


def test_variadic_parameters_bind_to_tuples() -> None:
    assert rule_for(math.hypot).bind([X, Y, Z]) == {"coordinates": (X, Y, Z)}
    assert rule_for(math.hypot).bind([]) == {"coordinates": ()}
    assert rule_for(max).bind([X, Y], [("key", Z)]) == {"values": (X, Y), "key": Z}


def test_parameters_without_a_signature_bind_to_the_template() -> None:
    assert rule_for(math.log).bind([X]) == {"x": X, "base": Const(None)}
    with pytest.raises(MissingRule, match=r"math.log: these arguments are not supported by the template at .*math.py:"):
        rule_for(math.log).bind([X, Y, Z], where=HERE)


def test_defaults_of_unsupported_parameters_may_be_given() -> None:
    rule = rule_for(np.sin)
    assert rule.bind([X], [("out", Const(None)), ("where", Const(True))]) == {"x": X}
    assert rule.bind([X, Const(None)]) == {"x": X}


def test_an_unsupported_parameter_is_named() -> None:
    rule = rule_for(np.sin)
    with pytest.raises(MissingRule) as caught:
        rule.bind([X], [("where", Y)], where=HERE)
    place = rule.partials.place
    assert str(caught.value) == (
        f"np.sin: parameter 'where' is not supported by the template at {place}\n"
        "  why: the derivative formula does not say what this parameter does\n"
        "  fix: write the call without 'where'"
    )
    with pytest.raises(MissingRule, match="parameter 'out' is not supported"):
        rule.bind([X, Y])
    with pytest.raises(MissingRule, match="parameter 'mod' is not supported"):
        rule_for(pow).bind([X, Y, Z])


def test_what_cannot_be_bound_gives_none() -> None:
    rule = rule_for(np.sum)
    assert rule.bind([Star(X)]) is None
    assert rule.bind([X], [(None, Y)]) is None
    assert rule.bind([X], [("no_such_parameter", Y)]) is None, "the call itself will raise TypeError"
    assert rule_for(range).bind([X, Y]) is None, "range has no signature"


def test_a_rule_without_template_binds_to_the_primitives_own_signature() -> None:
    assert rule_for(round).bind([X], [("ndigits", Y)]) == {"number": X, "ndigits": Y}


# --- loading ----------------------------------------------------------------------------------------------------------


def test_import_loads_no_template_and_look_up_loads_no_scipy() -> None:
    program = """
        import sys, srcad, srcad.rules
        assert not [m for m in sys.modules if m.startswith("srcad.templates")]
        import numpy as np
        assert srcad.rules.rule_for(np.sin) is not None
        assert "srcad.templates.numpy_elementwise" in sys.modules
        assert "scipy" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)

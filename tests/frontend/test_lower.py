"""The form of lowered functions: minimal, located, guarded; and what is refused."""

from __future__ import annotations

import builtins
import contextlib
import linecache
import math
import operator

import numpy as np
import pytest

from srcad.errors import ArgumentError, NonDifferentiable, SrcadError, UnsupportedSyntax
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_ATOM, Call, Const, For, If, While
from srcad.ir.verify import verify
from tests.frontend.interpreter import execute

FACTOR = 2.0


def helper(x, k=FACTOR):
    return x * k


def names(variables):
    return [v.name for v in variables]


def functions(stmts):
    return [s.fn.value for s in stmts if isinstance(s, Call)]


# -- form --------------------------------------------------------------------------------------------------


def test_names_and_aliases():
    def f(x, w, b):
        z = x @ w + b
        y = z
        k = 2.0
        return y * k

    body = lower(f).body
    assert names(body.params) == ["x", "w", "b"]
    assert names(s.target for s in body.stmts) == ["", "z", "y", ""]
    assert functions(body.stmts) == [operator.matmul, operator.add, ops.identity, operator.mul]
    _, z, y, product = body.stmts
    assert y.args == (z.target,) and y.loc.text == "y = z"
    assert product.args == (y.target, Const(2.0))


def test_swap_is_no_statement():
    def f(a, b):
        a, b = b, a
        return a - b

    body = lower(f).body
    (stmt,) = body.stmts
    assert stmt.args == (body.params[1], body.params[0])


def test_loops_carry_only_what_is_read():
    def f(n, x):
        y = 1.0
        k = 3.0
        for i in range(n):
            t = x * i
            y = y + t * k
        return y

    loop = lower(f).body.stmts[1]
    assert isinstance(loop, For)
    assert names(loop.targets) == ["y"] and loop.inits == (Const(1.0),) and not loop.stops
    assert names(loop.body.params) == ["i", "y"]


def test_loop_variable_is_carried_where_it_is_read_later():
    def f(xs):
        for x in xs:
            pass
        return x

    loop, read, result = lower(f).body.stmts
    assert read.fn.value is ops.bound and result.args == (read.target,)
    assert names(loop.targets) == ["x"] and loop.inits == (UNDEFINED_ATOM,)


def test_swapped_buffers_are_carried():
    def f(a, b, n):
        for _ in range(n):
            a, b = b, a
        return a

    loop = lower(f).body.stmts[1]
    assert names(loop.targets) == ["a", "b"]
    assert loop.body.yields == (loop.body.params[2], loop.body.params[1])


def test_while_and_break():
    def f(x):
        while x > 1:
            x = x / 2
            if x < 3:
                break
        return x

    loop, result = lower(f).body.stmts
    assert result.fn.value is ops.identity and result.loc.text == "return x"
    assert isinstance(loop, While) and loop.stops and names(loop.targets) == ["x"]
    assert len(loop.body.yields) == 2


def test_early_return_is_nested():
    def f(x):
        if x > 0:
            return x
        y = x * 2
        return y

    body = lower(f).body
    _, branch = body.stmts
    assert isinstance(branch, If) and len(branch.targets) == 1 and body.yields == branch.targets
    (early,) = branch.then.stmts
    assert early.args == body.params and branch.then.yields == (early.target,)
    assert (early.fn.value, early.loc.text) == (ops.identity, "return x")
    assert functions(branch.orelse.stmts) == [operator.mul, ops.identity]


def test_branch_targets_are_minimal():
    def f(x):
        if x > 0:
            a = x * 2
            b = x
        else:
            a = x * 3  # noqa: F841
            b = x
        c = b
        return c

    _, branch, c, _ = lower(f).body.stmts
    assert names(branch.targets) == ["b"] and c.args == branch.targets


def test_styles():
    def f(a, b):
        return (a if b else 1), (a and b), (a or b), (a < b < 2)

    body = lower(f).body
    assert [s.style for s in body.stmts if isinstance(s, If)] == ["ifexp", "and", "or", "and"]


def test_effects_without_results():
    def f(x):
        if x.any():
            pass
        for _ in x:
            pass
        return x

    body = lower(f).body
    assert [type(s).__name__ for s in body.stmts] == ["Call", "If", "For", "Call"]
    assert body.stmts[3].args == body.params  # return x
    assert body.stmts[2].targets == () and len(body.stmts[2].body.params) == 1


def test_stores_and_updates():
    def f(x, i):
        x[i] = 1.0
        x[1:, i] += 2.0
        return x[i]

    store, _, _, update, _ = lower(f).body.stmts
    assert store.fn.value is operator.setitem
    assert update.fn.value is ops.UPDATES[operator.iadd]


def test_a_comprehension_is_a_loop():
    def f(xs):
        ys = [x * 2 for x in xs]
        return ys

    make, loop, result = lower(f).body.stmts
    assert result.args == (make.target,) and result.loc.text == "return ys"
    assert make.fn.value is ops.make_list and make.target.name == "ys"
    assert functions(loop.body.stmts) == [operator.mul, list.append]


def test_inlined_functions_leave_no_trace():
    def f(x):
        k = 2
        square = lambda v: v * v * k
        z = square(x + 1)
        return z

    body = lower(f).body
    assert functions(body.stmts) == [operator.add, operator.mul, operator.mul, ops.identity]
    assert [s.target.name for s in body.stmts[-2:]] == ["z", ""]


# -- locations ---------------------------------------------------------------------------------------------


def test_locations():
    # fmt: off
    def f(x, n):
        for i in range(n):  # a comment
            if x > i: x = x - 1; x = x * 2  # noqa: E701, E702
            y = (x +
                 i)
        return y + x  # done
    # fmt: on

    function = lower(f)
    first, loop, read, last = function.body.stmts
    assert read.fn.value is ops.bound  # y may have no value
    assert first.loc.text == loop.loc.text == "for i in range(n):"
    test, branch, y = loop.body.stmts
    assert branch.loc.text == test.loc.text == "if x > i:"
    a, b = branch.then.stmts
    assert (a.loc.text, b.loc.text) == ("x = x - 1", "x = x * 2")
    assert a.loc.stmt != b.loc.stmt
    assert y.loc.text == "y = (x +"
    assert last.loc.text == "return y + x"
    line = "        return y + x  # done"
    assert line[last.loc.col : last.loc.end_col] == "y + x"
    numbers = [s.loc.stmt for s in (first, test, a, b, y, last)]
    assert numbers == sorted(set(numbers))
    assert last.loc.function == "f" and last.loc.file == __file__
    assert function.loc.text == "def f(x, n):"


def test_locations_of_inlined_code():
    def f(x):
        def inner(v):
            t = v * v
            return t + 1

        return inner(x) + min([x], key=lambda v: v - 5)

    texts = {s.fn.value: s.loc.text for s in lower(f).body.stmts if isinstance(s, Call)}
    assert texts[operator.mul] == "t = v * v"
    assert texts[operator.add].startswith("return inner(x) + min")
    loop = next(s for s in lower(f).body.stmts if isinstance(s, For))
    assert {s.loc.text for s in loop.body.stmts} == {"return inner(x) + min([x], key=lambda v: v - 5)"}


# -- names -------------------------------------------------------------------------------------------------


def test_static_names_are_guarded_and_data_is_read_live():
    scale, act = 3.0, np.tanh

    def f(x):
        return act(np.linalg.norm(x)) * scale * FACTOR + helper(x) + np.pi + len(x)

    function = lower(f)
    called = functions(function.body.stmts)
    assert np.tanh in called and np.linalg.norm in called and helper in called and len in called
    assert ops.load_free in called and ops.load_global in called and getattr in called
    expressions = {s.fn.value: s.fn.expr for s in function.body.stmts}
    assert expressions[np.linalg.norm] == "np.linalg.norm" and expressions[np.tanh] == "act"
    guards = {(g.name, type(g.root).__name__): g.value for g in function.guards}
    assert guards["act", "cell"] is np.tanh
    assert guards["np", "dict"] is np and guards["linalg", "module"] is np.linalg
    assert guards["norm", "module"] is np.linalg.norm and guards["len", "dict"] is builtins.len
    assert not any(name in ("scale", "FACTOR", "pi") for name, _ in guards)


def test_data_is_read_when_the_code_runs(monkeypatch):
    def f(x):
        return x * FACTOR

    function = lower(f)
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert execute(function, 2.0) == 10.0


def test_templates_have_constants():
    def rule(x, *, ans, ans_bar):
        return ans_bar * FACTOR * math.cos(x) * ans

    body = lower(rule, template=True).body
    assert names(body.params) == ["x", "ans", "ans_bar"]
    assert body.stmts[0].args == (body.params[2], Const(2.0))


def test_parameters_in_the_order_of_the_signature():
    def f(a, /, b, *c, d, **e):
        return a, b, c, d, e

    assert names(lower(f).body.params) == ["a", "b", "c", "d", "e"]


def test_functions_of_the_module_take_local_functions():
    def f(x):
        return apply(lambda v: v * x, 2.0) + apply(lambda v: v, x, k=3)

    function = lower(f)
    verify(function)
    assert execute(function, 5.0) == f(5.0)


def apply(function, x, k=1, *, scale=FACTOR, table=(1, 2)):
    return function(x) * k * scale * table[1]


# -- what is refused ---------------------------------------------------------------------------------------


def uses_try(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        return 0.0


def suppresses(x):
    with contextlib.suppress(ZeroDivisionError):
        x = 1 / x
    return x


def uses_class(x):
    class A:
        pass

    return A()


def returns_lambda(x):
    return lambda y: x * y


def stores_lambda(x):
    fs = []
    for k in range(x):
        fs.append(lambda y: x * y * k)
    return fs[0](x)


def recursive_local(x):
    total = 0

    def go(n):
        nonlocal total
        total = total + x
        return total if n == 0 else go(n - 1) * x

    return go(3)


def either_function(x):
    for k in range(x):
        g = lambda v: v * k
    return g(x)


def decorated_local(x):
    @np.vectorize
    def g(v):
        return v

    return g(x)


def evaluates(x):
    return eval("x + 1")


def looks_at_locals(x):
    return locals()


def wrong_arguments(x):
    g = lambda v: v
    return g(x, x)


def deletes_global(x):
    global FACTOR
    del FACTOR
    return x


def condition_binds(x):
    n = 0

    def bump():
        nonlocal n
        n += 1
        return n

    while bump() < x:
        pass
    return n


@pytest.mark.parametrize(
    "fn, kind, what, shown",
    [
        (uses_try, UnsupportedSyntax, "`try` is not supported yet", "try:"),
        (suppresses, UnsupportedSyntax, "`contextlib.suppress` is not supported", "with contextlib.suppress"),
        (uses_class, UnsupportedSyntax, "a class defined inside", "class A:"),
        (returns_lambda, UnsupportedSyntax, "a lambda is used as a value", "return lambda y: x * y"),
        (
            stores_lambda,
            UnsupportedSyntax,
            "a container of functions changes in a branch or loop",
            "fs.append(lambda y: x",
        ),
        (recursive_local, UnsupportedSyntax, "'go' calls itself and changes 'total'", "return go(3)"),
        (either_function, UnsupportedSyntax, "may be one of several", "return g(x)"),
        (decorated_local, UnsupportedSyntax, "the local function 'g' is used as a value", "def g(v)"),
        (evaluates, NonDifferentiable, "'eval' cannot be differentiated", "eval("),
        (looks_at_locals, UnsupportedSyntax, "'locals()' is not supported", "locals()"),
        (wrong_arguments, ArgumentError, "do not fit the local function", "g(x, x)"),
        (deletes_global, UnsupportedSyntax, "deleting the outer variable", "del FACTOR"),
        (condition_binds, UnsupportedSyntax, "changes a local variable", "while bump() < x"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_refused_with_place_and_remedy(fn, kind, what, shown):
    with pytest.raises(SrcadError) as caught:
        lower(fn)
    text = str(caught.value)
    assert type(caught.value) is kind and what in text and shown in text
    assert f"in {caught.value.where.function}" in text and "fix: " in text and "^" in text


def test_nesting_too_deep():
    text = "def f(x):\n" + "".join(f"    if x == {k}:\n        return {k}\n" for k in range(400)) + "    return x\n"
    linecache.cache["<deep>"] = (len(text), None, text.splitlines(True), "<deep>")
    space = {}
    exec(compile(text, "<deep>", "exec"), space)
    with pytest.raises(UnsupportedSyntax, match="nested too deeply"):
        lower(space["f"])
    del linecache.cache["<deep>"]


def test_an_endless_generator_is_refused():
    import itertools

    def f(x):
        return list(zip([x], (k * k for k in itertools.count()), strict=False))

    with pytest.raises(UnsupportedSyntax, match="never ends"):
        lower(f)

"""The text of straight lines, branches and loops, word for word."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from srcad.codegen.emit import emit
from srcad.codegen.load import load
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.dims import Dim
from srcad.ir.kinds import BOOL, FLOAT, INT, Array, List, Scalar
from srcad.ir.nodes import UNDEFINED_ATOM, Const, Program, Star, Var
from tests.codegen.builder import Builder, at

SCALE = 2.0


def here() -> None:
    """Its globals are this module's."""


def text(program: Program, **options: Any) -> str:
    """The text without the ``def`` line and without the indentation of the body."""
    lines = emit(program, **options).source.rstrip("\n").split("\n")
    return "\n".join(line[4:] for line in lines if line.startswith("    "))


def run(program: Program, *args: Any) -> Any:
    """The result of the entry."""
    return load(emit(program), program)[program.entry.name](*args)


def expect(program: Program, expected: str) -> None:
    """Compare a body with what is expected."""
    lines = expected.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    assert text(program) == "\n".join(line[indent:] for line in lines).rstrip()


# -- straight lines ----------------------------------------------------------------------------------------------------


def test_rebinding_comes_back_as_written():
    b = Builder("x", kind=FLOAT)
    (x,) = b
    y = b.add(x, 1, name="x")
    expect(b.program(b.mul(y, y, name="z")), "x = x + 1\nz = x * x\nreturn z")


def test_names_that_live_together_are_numbered():
    b = Builder("x")
    (x,) = b
    y = b.add(x, 1, name="x")
    z = b.add(x, y, name="x")
    expect(b.program(b.mul(z, y)), "x2 = x + 1\nx = x + x2\nreturn x * x2")


def test_a_user_name_wins_over_a_generated_one():
    b = Builder("x")
    (x,) = b
    bar = b.mul(x, 2, name="x_bar")
    user = Var("t", FLOAT)
    t = b.call(ops.identity, bar, name=user.name)
    both = b.add(bar, t)
    twice = b.mul(both, both)
    expect(b.program(b.add(twice, t)), "x_bar = x * 2\nt = x_bar\nt2 = x_bar + t\nreturn t2 * t2 + t")


def test_globals_and_builtins_are_never_bound():
    b = Builder("x", source=here)
    (x,) = b
    scale = b.mul(x, b.call(ops.load_global, "SCALE"), name="SCALE")
    length = b.call(len, scale, name="len", expr="len")
    expect(b.program(b.add(length, scale)), "SCALE2 = x * SCALE\nlen2 = len(SCALE2)\nreturn len2 + SCALE2")


def test_a_global_that_a_parameter_hides():
    b = Builder("SCALE", source=here)
    (scale,) = b
    program = b.program(b.mul(scale, b.call(ops.load_global, "SCALE")))
    expect(program, "return SCALE * globals()['SCALE']")
    assert run(program, 5.0) == 10.0


def test_in_place_on_arrays_keeps_the_object():
    b = Builder("x", "g", kind=Array("f8", None))
    x, g = b
    y = b.call(operator.iadd, x, g, name="x")
    expect(b.program(y), "x += g\nreturn x")


def test_in_place_with_another_name():
    b = Builder("x", "g", kind=Array("f8", None))
    x, g = b
    y = b.call(operator.iadd, x, g, name="y")
    program = b.program(b.call(ops.make_tuple, x, y))
    expect(program, "y = x\ny += g\nreturn x, y")
    first, second = run(program, np.zeros(2), 1.0)
    assert first is second


def test_sums_of_numbers_are_shortened_in_adjoint_lines_only():
    b = Builder("x", "g", kind=FLOAT)
    x, g = b
    x = b.add(x, g, name="x")
    with b.at(at("y = x")):
        x = b.add(x, g, name="x")
        x = b.call(operator.sub, x, b.mul(g, g), name="x")
    expect(b.program(x), "x = x + g\n# y = x\nx = x + g - g * g\nreturn x")


def test_sums_are_one_expression():
    b = Builder("x", "g", kind=Array("f8", None))
    x, g = b
    with b.at(at("y = x")):
        x = b.add(x, g, name="x_bar")
        x = b.add(x, g, name="x_bar")
    expect(b.program(x), "# y = x\nx_bar = x + g + g\nreturn x_bar")


def test_a_temporary_is_not_bound_by_the_line_that_reads_it():
    b = Builder("x", kind=FLOAT)
    (x,) = b
    t = b.mul(x, x)
    t2 = b.add(t, t)
    t3 = b.mul(t2, t2)
    expect(b.program(b.add(t3, t3)), "t = x * x\nt2 = t + t\nt3 = t2 * t2\nreturn t3 + t3")


def test_a_comment_heads_each_run_of_one_statement():
    b = Builder("x", "c", kind=FLOAT)
    x, c = b
    index = b.call(slice, 1, None, None)
    with b.at(at("y = x", 1)):
        y = b.call(operator.getitem, x, index, name="y_bar")
        with b.block() as then:
            then.yields = [b.mul(y, y, name="y_bar")]
        with b.block() as orelse:
            with b.at(at("z = x", 2)):
                orelse.yields = [b.mul(y, x, name="y_bar")]
        (y,) = b.branch(c, then, orelse, ["y_bar"])
        y = b.mul(y, y, name="y_bar")
    expect(
        b.program(y),
        "# y = x\ny_bar = x[1:]\nif c:\n    y_bar *= y_bar\nelse:\n    # z = x\n    y_bar *= x\n"
        "# y = x\ny_bar *= y_bar\nreturn y_bar",
    )


def test_stores_and_subscripts():
    b = Builder("x", "i", kind=Array("f8", None))
    x, i = b
    b.call(operator.setitem, x, b.call(slice, 1, -1, None), b.item(x, i, slice(None)))
    b.call(operator.setitem, x, b.call(ops.make_tuple, ..., None), 0.0)
    b.call(ops.UPDATES[operator.imul], x, i, b.add(i, 1))
    b.call(operator.delitem, x, 0)
    b.call(setattr, x, "shape", b.call(ops.make_tuple, -1))
    expected = "x[1:-1] = x[i, :]\nx[..., None] = 0.0\nx[i] *= i + 1\ndel x[0]\nx.shape = -1,\nreturn x[::-1]"
    expect(b.program(b.item(x, slice(None, None, -1))), expected)


def test_methods_attributes_and_keywords():
    b = Builder("x", "k", kind=Array("f8", None))
    x, k = b
    t = b.call(np.ndarray.T, x)
    s = b.call(np.ndarray.sum, t, axis=0)
    u = b.call(ops.call_method, s, "item", kind=FLOAT)
    b.call(print, u, Star(k), expr="print", **{"end": ""})
    shape = b.call(getattr, x, "shape")
    expect(b.program(shape), "print(x.T.sum(axis=0).item(), *k, end='')\nreturn x.shape")


def test_constants():
    values = [1, -2, 1.5, -0.0, float("inf"), -1e400, float("nan"), 2j, 1 - 2j, True, None, ..., "a'b", b"c"]
    values += [(1, (2,)), ()]
    b = Builder(source=here)
    program = b.program(b.call(ops.make_tuple, *values, np.float32(0.5), np.dtype("f4"), slice(1, None)))
    result = run(program)
    assert repr(result) == repr((*values, np.float32(0.5), np.dtype("f4"), slice(1, None)))


def test_negative_constants_bind_like_expressions():
    b = Builder(source=here)
    power = b.call(operator.pow, -2.0, 2)
    program = b.program(b.call(ops.make_tuple, power, b.call(operator.neg, b.call(operator.pow, 2.0, 2)), 1))
    expect(program, "return (-2.0) ** 2, -2.0 ** 2, 1")
    assert run(program) == (4.0, -4.0, 1)


def test_displays_and_f_strings():
    b = Builder("x")
    (x,) = b
    d = b.call(ops.make_dict, "a", x)
    m = b.call(ops.merge_dicts, d, x)
    text_ = b.call(ops.join_string, "v=", b.call(ops.format_value, x, 114, ">4"), "!")
    both = b.call(ops.make_list, Star(x), b.call(ops.make_set, x))
    expect(b.program(b.call(ops.make_tuple, m, text_, both)), "return ({'a': x, **x}, f'v={x!r:>4}!', [*x, {x}])")


def test_raise_assert_import():
    b = Builder("x", source=here)
    (x,) = b
    b.call(ops.assert_true, b.call(operator.gt, x, 0), "positive")
    math = b.call(ops.import_module, "math", name="m")
    sqrt = b.call(ops.import_module, "math", "sqrt", name="sqrt")
    y = b.call(sqrt, x, name="y")
    z = b.call(ops.call_method, math, "cos", y, name="z")
    b.call(ops.raise_error, b.call(ValueError, z))
    expect(
        b.program(None),
        "assert x > 0, 'positive'\nimport math as m\nfrom math import sqrt\ny = sqrt(x)\nz = m.cos(y)\n"
        "raise ValueError(z)",
    )


def test_unpacking():
    b = Builder("v")
    (v,) = b
    outer = b.call(ops.unpack, v, 2)
    a = b.call(operator.getitem, outer, 0, name="a")
    t = b.call(operator.getitem, outer, 1)
    inner = b.call(ops.unpack, t, 1, 1)
    first = b.call(operator.getitem, inner, 0, name="p")
    rest = b.call(operator.getitem, inner, 1, name="q")
    last = b.call(operator.getitem, inner, 2, name="r")
    program = b.program(b.call(ops.make_tuple, a, first, rest, last))
    expect(program, "a, (p, *q, r) = v\nreturn a, p, q, r")
    assert run(program, (1, (2, 3, 4, 5))) == (1, 2, [3, 4], 5)


def test_an_unpacking_that_is_kept_whole():
    b = Builder("v", "k")
    v, k = b
    t = b.call(ops.unpack, v, 2)
    program = b.program(b.call(operator.getitem, t, k))
    assert run(program, iter("ab"), 1) == "b"


# -- folding -----------------------------------------------------------------------------------------------------------


def test_a_read_does_not_cross_a_store():
    b = Builder("x", kind=List(FLOAT))
    (x,) = b
    t = b.call(operator.getitem, x, 0, kind=FLOAT)
    b.call(operator.setitem, x, 0, 5.0)
    program = b.program(b.add(t, 1.0))
    expect(program, "x_0 = x[0]\nx[0] = 5.0\nreturn x_0 + 1.0")
    assert run(program, [1.0]) == 2.0


def test_arithmetic_of_numbers_crosses_a_store():
    b = Builder("x", "k", kinds=[List(FLOAT), FLOAT], kind=FLOAT)
    x, k = b
    t = b.mul(k, 2.0)
    b.call(operator.setitem, x, 0, 5.0)
    expect(b.program(b.add(t, 1.0)), "x[0] = 5.0\nreturn k * 2.0 + 1.0")


def test_unknown_calls_keep_their_order():
    b = Builder("f", "g")
    f, g = b
    first = b.call(f)
    second = b.call(g)
    expect(b.program(b.call(operator.sub, second, first)), "t = f()\nreturn g() - t")


def test_what_may_raise_does_not_overtake_what_may_raise():
    b = Builder("x", "y", kind=FLOAT)
    x, y = b
    first = b.call(operator.truediv, 1.0, x)
    second = b.call(operator.truediv, 1.0, y)
    expect(b.program(b.call(operator.sub, second, first)), "t = 1.0 / x\nreturn 1.0 / y - t")


def test_an_update_does_not_read_too_early():
    b = Builder("x", "f")
    x, f = b
    b.call(ops.UPDATES[operator.iadd], x, 0, b.call(f, x))
    expect(b.program(x), "t = f(x)\nx[0] += t\nreturn x")


def test_long_lines_keep_a_temporary():
    b = Builder(*(f"quite_a_long_parameter_{k}" for k in range(6)), kind=FLOAT)
    first, *rest = b
    total = first
    for value in rest:
        total = b.add(total, b.mul(value, value))
    assert max(map(len, text(b.program(total)).split("\n"))) <= 96


def test_conditional_expressions():
    b = Builder("a", "c")
    a, c = b
    t = b.call(operator.not_, c)
    with b.block() as then:
        then.yields = [b.mul(a, 2)]
    with b.block() as orelse:
        orelse.yields = [t]
    (y,) = b.branch(c, then, orelse, ["y"], "ifexp")
    lower = b.call(operator.lt, 0, a)
    with b.block() as then:
        then.yields = [b.call(operator.lt, a, 5)]
    with b.block() as orelse:
        orelse.yields = [lower]
    (chain,) = b.branch(lower, then, orelse, [""], "and")
    with b.block() as then:
        then.yields = [chain]
    with b.block() as orelse:
        orelse.yields = [y]
    (z,) = b.branch(chain, then, orelse, ["z"], "or")
    expect(b.program(z), "t = not c\ny = a * 2 if c else t\nz = 0 < a < 5 or y\nreturn z")


# -- branches ----------------------------------------------------------------------------------------------------------


def test_branches():
    b = Builder("x", "c", "d")
    x, c, d = b
    with b.block() as inner_then:
        inner_then.yields = [b.mul(x, 3, name="y")]
    with b.block() as inner_else:
        inner_else.yields = [x]
    with b.block() as then:
        then.yields = [b.mul(x, 2, name="y")]
    with b.block() as orelse:
        orelse.yields = b.branch(d, inner_then, inner_else, ["y"])
    (y,) = b.branch(c, then, orelse, ["y"])
    expected = "if c:\n    y = x * 2\nelif d:\n    y = x * 3\nelse:\n    y = x\nreturn y"
    expect(b.program(y), expected)


def test_an_empty_arm_is_not_written():
    b = Builder("x", "c")
    x, c = b
    with b.block() as then:
        then.yields = [x]
    with b.block() as orelse:
        orelse.yields = [b.mul(x, 2, name="x")]
    (y,) = b.branch(b.call(operator.is_, c, None), then, orelse, ["x"])
    expect(b.program(y), "if c is not None:\n    x = x * 2\nreturn x")


def test_returns_in_arms():
    b = Builder("x", "c")
    x, c = b
    with b.block() as then:
        then.yields = [b.mul(x, 2)]
    with b.block() as orelse:
        orelse.yields = [b.add(x, 1)]
    (y,) = b.branch(c, then, orelse, [""])
    expect(b.program(y), "if c:\n    return x * 2\nreturn x + 1")


def test_no_value_on_a_path_stays_unbound():
    b = Builder("c")
    (c,) = b
    with b.block() as then:
        then.yields = [Const(1)]
    with b.block() as orelse:
        orelse.yields = [UNDEFINED_ATOM]
    (y,) = b.branch(c, then, orelse, ["y"])
    program = b.program(b.add(y, 1))
    expect(program, "if c:\n    y = 1\nreturn y + 1")
    with pytest.raises(UnboundLocalError):
        run(program, False)


# -- loops -------------------------------------------------------------------------------------------------------------


def test_a_swap_in_a_loop():
    b = Builder("a", "b", "n")
    first, second, n = b
    item, p, q = b.var(""), b.var("a"), b.var("b")
    with b.block(item, p, q) as body:
        body.yields = [q, p]
    p, q = b.loop(b.call(range, n, expr="range"), [first, second], body)
    program = b.program(b.call(operator.sub, p, q))
    expect(program, "for _ in range(n):\n    a, b = b, a\nreturn a - b")
    assert run(program, 5, 3, 3) == -2


def test_fibonacci():
    b = Builder("n")
    (n,) = b
    item, p, q = b.var(""), b.var("a"), b.var("b")
    with b.block(item, p, q) as body:
        body.yields = [q, b.add(p, q)]
    p, q = b.loop(b.call(range, n, expr="range"), [0, 1], body)
    program = b.program(p)
    expect(program, "a = 0\nb = 1\nfor _ in range(n):\n    a, b = b, a + b\nreturn a")
    assert run(program, 10) == 55


def test_the_lost_copy():
    """The value of the pass before is needed behind the loop."""
    b = Builder("n")
    (n,) = b
    item, x, old = b.var(""), b.var("x"), b.var("x")
    with b.block(item, x, old) as body:
        body.yields = [b.add(x, 1, name="x"), x]
    new, last = b.loop(b.call(range, n, expr="range"), [0, 0], body)
    program = b.program(b.call(ops.make_tuple, new, last))
    assert run(program, 4) == (4, 3)


def test_a_value_from_outside_survives_every_pass():
    b = Builder("x", "n")
    x, n = b
    item, s = b.var(""), b.var("x")
    with b.block(item, s) as body:
        body.yields = [b.add(s, x, name="x")]
    (s,) = b.loop(b.call(range, n, expr="range"), [x], body)
    program = b.program(s)
    assert run(program, 2, 3) == 8
    expect(program, "x2 = x\nfor _ in range(n):\n    x2 = x2 + x\nreturn x2")


def test_items_are_unpacked_in_the_head():
    b = Builder("xs")
    (xs,) = b
    item, s = b.var(""), b.var("s")
    with b.block(item, s) as body:
        pair = b.call(ops.unpack, item, 2)
        i = b.call(operator.getitem, pair, 0, name="i")
        x = b.call(operator.getitem, pair, 1, name="x")
        body.yields = [b.add(s, b.mul(i, x), name="s")]
    (s,) = b.loop(b.call(enumerate, xs, expr="enumerate"), [0], body)
    expect(b.program(s), "s = 0\nfor i, x in enumerate(xs):\n    s = s + i * x\nreturn s")


def test_a_condition_of_several_statements():
    b = Builder("n")
    (n,) = b
    x, y = b.var("n"), b.var("n")
    with b.block(x) as cond:
        t = b.call(operator.sub, x, 1, name="k")
        b.call(print, t, expr="print")
        cond.yields = [b.call(operator.gt, t, 0)]
    with b.block(y) as body:
        body.yields = [b.call(operator.sub, y, 2, name="n")]
    (z,) = b.repeat([n], cond, body)
    expected = "while True:\n    k = n - 1\n    print(k)\n    if not k > 0:\n        break\n    n = n - 2\nreturn n"
    expect(b.program(z), expected)


def stopping(name: str) -> Program:
    """A loop whose pass ends in a branch that stops."""
    b = Builder("xs", kind=FLOAT)
    (xs,) = b
    x, s = b.var("x"), b.var("s")
    with b.block(x, s) as body:
        with b.block() as then:
            then.yields = [s, Const(True)]
        with b.block() as orelse:
            orelse.yields = [b.add(s, x, name="s"), Const(False)]
        body.yields = b.branch(b.call(operator.lt, x, 0, kind=BOOL), then, orelse, ["s", name])
    (s,) = b.loop(xs, [0.0], body, stops=True)
    return b.program(s)


@pytest.mark.parametrize("name", ["", "stop"])
def test_break_comes_back(name: str):
    program = stopping(name)
    expect(program, "s = 0.0\nfor x in xs:\n    if x < 0:\n        break\n    s = s + x\nreturn s")
    assert run(program, [1, 2, -1, 5]) == 3


def test_a_stop_that_is_computed():
    b = Builder("xs", kind=FLOAT)
    (xs,) = b
    x, s = b.var("x"), b.var("s")
    with b.block(x, s) as body:
        total = b.add(s, x, name="s")
        body.yields = [total, b.call(operator.gt, total, 10, kind=BOOL)]
    (s,) = b.loop(xs, [0.0], body, stops=True)
    expect(b.program(s), "s = 0.0\nfor x in xs:\n    s = s + x\n    if s > 10:\n        break\nreturn s")


def test_a_stop_that_reads_what_the_copies_destroy():
    b = Builder("xs", kind=FLOAT)
    (xs,) = b
    x, s, old = b.var("x"), b.var("s"), b.var("old")
    with b.block(x, s, old) as body:
        body.yields = [b.add(s, x, name="s"), s, b.call(operator.gt, old, 3, kind=BOOL)]
    s, old = b.loop(xs, [0.0, 0.0], body, stops=True)
    program = b.program(b.call(ops.make_tuple, s, old))
    assert run(program, [1, 2, 3, 4, 5, 6]) == (15, 10)


def test_with():
    b = Builder("x", source=here)
    (x,) = b
    with b.block() as body:
        body.yields = [b.call(operator.truediv, x, 0.0, name="y")]
    (y,) = b.context(b.call(np.errstate, expr="np.errstate", all="ignore"), None, body, ["y"])
    expect(b.program(y), "with np.errstate(all='ignore'):\n    y = x / 0.0\nreturn y")


def test_an_undefined_value_cannot_be_read():
    b = Builder()
    with pytest.raises(InternalError, match="not bound"):
        emit(b.program(b.call(ops.make_tuple, UNDEFINED_ATOM)))


# -- the gallery -------------------------------------------------------------------------------------------------------


def test_gallery_loss():
    n, d = Dim.fresh("n"), Dim.fresh("d")
    rows = Array("f8", (n,))
    b = Builder("w", "b", "x", "y", kinds=[Array("f8", (d,)), FLOAT, Array("f8", (n, d)), rows], kind=rows, source=here)
    w, bias, x, y = b
    z = b.add(b.call(operator.matmul, x, w), bias, "z")
    t = b.call(np.logaddexp, 0.0, z, expr="np.logaddexp")
    t2 = b.call(operator.sub, t, b.mul(y, z))
    value = b.call(np.mean, t2, name="value", kind=Scalar("f8", weak=False), expr="np.mean")
    with b.at(at("return np.mean(np.logaddexp(0.0, z) - y * z)", 2)):
        t2_bar = b.call(operator.truediv, 1.0, b.call(np.ndarray.size, t2, kind=INT), name="t_bar", kind=FLOAT)
        partial = b.call(np.exp, b.call(operator.sub, z, t), expr="np.exp")
        z_bar = b.call(operator.sub, b.mul(partial, t2_bar), b.mul(y, t2_bar), name="z_bar")
    with b.at(at("z = x @ w + b", 1)):
        w_bar = b.call(operator.matmul, b.call(np.ndarray.T, x), z_bar, name="w_bar")
        b_bar = b.call(np.ndarray.sum, z_bar, name="b_bar")
    program = b.program(b.call(ops.make_tuple, value, b.call(ops.make_tuple, w_bar, b_bar)), "loss_value_and_grad")
    assert (
        emit(program, header="# kinds: w: f8[d]").source
        == """\
# kinds: w: f8[d]
def loss_value_and_grad(w, b, x, y):
    z = x @ w + b
    t = np.logaddexp(0.0, z)
    t2 = t - y * z
    value = np.mean(t2)
    # return np.mean(np.logaddexp(0.0, z) - y * z)
    t_bar = 1.0 / t2.size
    z_bar = np.exp(z - t) * t_bar - y * t_bar
    # z = x @ w + b
    w_bar = x.T @ z_bar
    b_bar = z_bar.sum()
    return value, (w_bar, b_bar)
"""
    )
    assert "#" not in emit(program, comments=False).source


def test_gallery_sqrt_newton():
    program = newton()
    assert (
        emit(program).source
        == """\
def sqrt_newton_grad(a, tol):
    x = a
    x_saved = []
    while abs(x * x - a) > tol:
        x_saved.append(x)
        x = 0.5 * (x + a / x)
    # return x
    x_bar = 1.0
    a_bar = 0.0
    while x_saved:
        x = x_saved.pop()
        # x = 0.5 * (x + a / x)
        t_bar = 0.5 * x_bar
        a_bar += t_bar / x
        x_bar = t_bar - t_bar * a / (x * x)
    # x = a
    a_bar += x_bar
    return a_bar
"""
    )
    assert run(program, 2.0, 1e-12) == pytest.approx(0.5 / 2**0.5, rel=1e-6)


def newton() -> Program:
    """The gradient of Newton's iteration for a square root."""
    b = Builder("a", "tol", kind=FLOAT, source=here)
    a, tol = b
    x = b.call(ops.identity, a, name="x")
    saved = b.call(ops.make_list, name="x_saved", kind=List(FLOAT))
    tested, carried = b.var("x"), b.var("x")
    with b.block(tested) as cond:
        size = b.call(abs, b.call(operator.sub, b.mul(tested, tested), a), expr="abs")
        cond.yields = [b.call(operator.gt, size, tol, kind=BOOL)]
    with b.block(carried) as body:
        b.call(list.append, saved, carried)
        body.yields = [b.mul(0.5, b.add(carried, b.call(operator.truediv, a, carried)), "x")]
    b.repeat([x], cond, body)
    with b.at(at("return x", 3)):
        x_bar, a_bar = b.call(ops.identity, 1.0, name="x_bar"), b.call(ops.identity, 0.0, name="a_bar")
    x_in, a_in, x_test, a_test = b.var("x_bar"), b.var("a_bar"), b.var("x_bar"), b.var("a_bar")
    with b.block(x_test, a_test) as cond:
        cond.yields = [saved]
    with b.block(x_in, a_in) as body:
        x = b.call(list.pop, saved, name="x")
        with b.at(at("x = 0.5 * (x + a / x)", 2)):
            t_bar = b.mul(0.5, x_in, "t_bar")
            a_out = b.add(a_in, b.call(operator.truediv, t_bar, x), "a_bar")
            part = b.call(operator.truediv, b.mul(t_bar, a), b.mul(x, x))
            x_out = b.call(operator.sub, t_bar, part, name="x_bar")
        body.yields = [x_out, a_out]
    x_bar, a_bar = b.repeat([x_bar, a_bar], cond, body)
    with b.at(at("x = a", 1)):
        a_bar = b.add(a_bar, x_bar, "a_bar")
    return b.program(a_bar, "sqrt_newton_grad")


def test_temporaries_are_called_after_what_they_are():
    b = Builder("z", "m", "i", "A", kind=Array("f8", (Dim.of(4), Dim.of(4))))
    z, m, _, A = b
    used = [
        b.call(np.exp, z),
        b.call(np.exp, b.call(operator.sub, z, m)),
        b.call(np.sqrt, b.call(operator.matmul, z, m)),
        b.call(operator.getitem, A, 0),
        b.call(np.logaddexp, z, m),
    ]
    both = [b.call(operator.add, v, v) for v in used]
    total = both[0]
    for value in both[1:]:
        total = b.call(operator.add, total, value)
    names = [line.split(" = ")[0] for line in text(b.program(total)).splitlines() if " = " in line]
    assert names[:5] == ["exp_z", "exp", "root", "A_0", "t"]

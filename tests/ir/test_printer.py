"""The readable text of SSA."""

import operator
from types import SimpleNamespace

import numpy as np
import pytest

from srcad.ir import ops
from srcad.ir.dims import Dim
from srcad.ir.kinds import FLOAT, Array
from srcad.ir.nodes import Call, Callee, Const, Program, Star, With
from srcad.ir.printer import const_text, to_text
from tests.ir.build import at, block, branch, call, for_loop, function, var, while_loop


def one(stmt):
    """The text of one statement."""
    return to_text(block((), (stmt,)), kinds=False).splitlines()[0]


def test_a_function():
    n = Dim.fresh("n")
    u, alpha, y = var("u", Array("f8", (n,))), var("alpha", FLOAT), var("u", Array("f8", (n,)))
    t = var("", Array("f8", (n,)))
    stmts = (
        call(t, operator.mul, alpha, u, loc=at("u = alpha * u + 1", 2)),
        call(y, operator.add, t, 1, loc=at("u = alpha * u + 1", 2)),
    )
    assert to_text(function((u, alpha), stmts, y)) == (
        "function f(u: f8[n], alpha: float):\n"
        "    # u = alpha * u + 1\n"
        "    _1: f8[n] = alpha * u\n"
        "    u.1: f8[n] = _1 + 1\n"
        "    return u.1\n"
    )


def test_regions():
    a = var("a")
    inner, inner_out = while_loop(a)
    iff, iff_out = branch(a, inner_out)
    loop, out = for_loop(lambda i, x: ((inner, iff), iff_out, True), a, stops=True)
    result = var("r")
    with_ = With((result,), a, var("e"), block((), (), out), at("with a as e:"))
    assert to_text(function((a,), (loop, with_), result), kinds=False) == (
        "function f(a):\n"
        "    # for i in range(3):\n"
        "    x.5 = for i in range(0, 3) with x = a:  # loop 1\n"
        "        x.4 = while with x.2 = a:  # loop 2\n"
        "            test(x.1):\n"
        "                _1 = x.1 > 1.0\n"
        "                yield _1\n"
        "            body:\n"
        "                x.3 = x.2 / 2.0\n"
        "                next x.3\n"
        "        y.1 = if a:\n"
        "            y = -x.4\n"
        "            yield y\n"
        "        else:\n"
        "            yield x.4\n"
        "        next y.1 stop True\n"
        "    r = with a as e:\n"
        "        yield x.5\n"
        "    return r\n"
    )


def test_the_same_program_built_twice_gives_the_same_text():
    def build():
        loop, out = for_loop(lambda i, x: ((), x), 0.0)
        back, out = for_loop(lambda i, x: ((), x), out, reverse_of=loop.id)
        return function((), (loop, back), out)

    assert to_text(build()) == to_text(build())
    assert "# loop 2, reverse of 1" in to_text(build())


x, y, z = var("x"), var("y"), var("z")
EXPRESSIONS = [
    (call(z, operator.matmul, x, y), "z = x @ y"),
    (call(z, operator.pow, -2, x), "z = (-2) ** x"),
    (call(z, operator.not_, x), "z = not x"),
    (call(z, ops.not_contains, x, y), "z = x not in y"),
    (call(z, operator.iadd, x, y), "z = (x += y)"),
    (call(var(), ops.IN_PLACE[operator.iadd], x, y), "x += y"),
    (call(var(), ops.UPDATES[operator.imul], x, 0, y), "x[0] *= y"),
    (call(var(), operator.setitem, x, 0, y), "x[0] = y"),
    (call(var(), operator.delitem, x, 0), "del x[0]"),
    (call(z, operator.getitem, x, y), "z = x[y]"),
    (call(z, getattr, x, "shape"), "z = x.shape"),
    (call(z, getattr, x, "shape", None), "z = getattr(x, 'shape', None)"),
    (call(var(), setattr, x, "shape", y), "x.shape = y"),
    (call(var(), delattr, x, "shape"), "del x.shape"),
    (call(z, ops.call_method, x, "sum", 0), "z = x.sum(0)"),
    (call(z, ops.call_method, x, "sum", axis=0), "z = call_method(x, 'sum', axis=0)"),
    (call(z, np.ndarray.sum, x, axis=0), "z = ndarray.sum(x, axis=0)"),
    (call(z, ops.make_tuple, x), "z = (x,)"),
    (call(z, ops.make_tuple), "z = ()"),
    (call(z, ops.make_list, x, y), "z = [x, y]"),
    (call(z, np.sin, x), "z = np.sin(x)"),
    (call(z, Const(np.sum, "numpy.sum"), x), "z = numpy.sum(x)"),
    (call(z, Const(Callee("helper", 7)), x), "z = helper(x)"),
    (call(z, ops.identity, x), "z = x"),
    (call(var(), ops.assert_true, x), "assert x"),
    (call(var(), ops.raise_error, x, y), "raise x from y"),
    (Call(z, y, (Star(x),), ((None, x), ("k", Const("a"))), at()), "z = y(*x, **x, k='a')"),
]


@pytest.mark.parametrize(("stmt", "text"), EXPRESSIONS, ids=[text for _, text in EXPRESSIONS])
def test_expressions(stmt, text):
    assert one(stmt) == text


CONSTANTS = [
    (1.5, "1.5"),
    (float("inf"), "inf"),
    (None, "None"),
    (..., "..."),
    ("a'b", '"a\'b"'),
    ((1, (2.0,)), "(1, (2.0,))"),
    (slice(None, 2), "slice(None, 2, None)"),
    (np, "numpy"),
    (np.linalg.norm, "np.norm"),
    (np.float32, "np.float32"),
    (np.float32(2.5), "np.float32(2.5)"),
    (np.dtype("f8"), "dtype('float64')"),
    (np.ndarray.T, "ndarray.T"),
    (object(), "<object>"),
    (np.zeros((40, 40)), "<ndarray>"),
    (SimpleNamespace(a=1), "namespace(a=1)"),
]


@pytest.mark.parametrize(("value", "text"), CONSTANTS, ids=[text for _, text in CONSTANTS])
def test_constants_never_show_an_address(value, text):
    assert const_text(Const(value)) == text


def test_a_program_prints_its_functions_in_order():
    text = to_text(Program(function((), (), 1.0), (("k", function((), (), 2.0)),)))
    assert text.index("return 1.0") < text.index("return 2.0")


def test_adjoint_statements_are_marked():
    text = to_text(block((), (call(z, operator.neg, x, loc=at("y = -x", adjoint=True)),)))
    assert text.startswith("# adjoint of: y = -x\n")

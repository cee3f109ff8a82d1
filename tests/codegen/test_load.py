"""Loaded functions: what runs is what is printed, in the primal's own surroundings."""

from __future__ import annotations

import inspect
import linecache
import operator
import traceback
import warnings

import numpy as np
import pytest

from srcad.codegen.emit import emit
from srcad.codegen.load import load, unload
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.nodes import Callee, Program
from tests.codegen import other_module
from tests.codegen.builder import Builder, at
from tests.codegen.test_emit import here


def divide() -> Program:
    """A function that raises in its second line when y is 0."""
    b = Builder("x", "y")
    x, y = b
    with b.at(at("z = x / y", 7)):
        z = b.call(operator.truediv, x, y, name="z")
    return b.program(z, "divide")


def test_source_and_traceback():
    program = divide()
    generated = emit(program, header="# kinds: x: float, y: float")
    function = load(generated, program)["divide"]
    assert inspect.getsource(function) == generated.source.partition("\n")[2]
    with pytest.raises(ZeroDivisionError) as caught:
        function(1.0, 0)
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.line, frame.name, frame.lineno) == ("z = x / y", "divide", 4)
    assert frame.filename.startswith("<srcad divide #")
    (emitted,) = generated.functions
    assert emitted.locs[frame.lineno].stmt == 7
    linecache.checkcache(frame.filename)
    assert frame.filename in linecache.cache
    unload(frame.filename)
    assert frame.filename not in linecache.cache
    assert function(1.0, 2.0) == 0.5


def test_globals_are_the_primals_and_are_not_changed():
    b = Builder("x", source=other_module.scaled)
    (x,) = b
    exp = b.call(np.exp, x, expr="np.exp")
    program = b.program(b.mul(exp, b.call(ops.load_global, "SCALE")))
    before = dict(vars(other_module))
    generated = emit(program)
    assert generated.source == "def f(x):\n    return numpy.exp(x) * SCALE\n"
    function = load(generated, program)["f"]
    assert function(0.0) == 10.0
    other_module.SCALE = 3.0
    assert function(0.0) == 3.0
    other_module.SCALE = 10.0
    assert dict(vars(other_module)) == before
    assert function.__globals__ is vars(other_module)


def test_helpers_arrive_through_cells():
    b = Builder("x", "np")
    x, hidden = b
    exp = b.call(np.exp, x, expr="np.exp")
    program = b.program(b.call(here, exp, hidden), "f")
    generated = emit(program)
    assert generated.source == (
        "# here: tests.codegen.test_emit.here\n# np2: numpy\ndef f(x, np):\n    return here(np2.exp(x), np)\n"
    )
    assert load(generated, program)["f"].__code__.co_freevars == ("here", "np2")


def test_cells_are_live():
    read, put = other_module.counter()
    b = Builder("x", source=read)
    (x,) = b
    program = b.program(b.add(x, b.call(ops.load_free, "count")))
    generated = emit(program)
    assert generated.source == "def f(x):\n    return x + count\n"
    function = load(generated, program)["f"]
    assert function(1) == 2
    put(10)
    assert function(1) == 11


def test_stores_into_the_enclosing_function():
    read, put = other_module.counter()
    b = Builder("x", source=read)
    (x,) = b
    b.call(ops.store_free, "count", b.add(x, 1))
    program = b.program(None)
    generated = emit(program)
    assert generated.source == "def f(x):\n    nonlocal count\n    count = x + 1\n"
    load(generated, program)["f"](4)
    assert read(0) == 5


def test_stores_into_globals():
    b = Builder("x", source=other_module.scaled)
    (x,) = b
    b.call(ops.store_global, "SCALE", x)
    program = b.program(b.call(ops.load_global, "SCALE"))
    generated = emit(program)
    assert generated.source == "def f(x):\n    global SCALE\n    SCALE = x\n    return SCALE\n"
    assert load(generated, program)["f"](10.0) == 10.0


def test_functions_of_two_modules_in_one_program():
    inner = Builder("x", source=other_module.scaled)
    (x,) = inner
    callee = inner.function(inner.mul(x, inner.call(ops.load_global, "SCALE")), "part")
    outer = Builder("x", "part", source=here)
    x, part = outer
    called = outer.call(Callee("part", "key"), x)
    total = outer.call(operator.add, called, outer.mul(part, outer.call(ops.load_global, "SCALE")))
    program = Program(outer.function(total, "whole"), (("key", callee),))
    generated = emit(program)
    assert generated.source == (
        "def whole(x, part):\n    return part2(x) + part * SCALE\n\n\ndef part2(x):\n    return x * SCALE\n"
    )
    loaded = load(generated, program)
    assert list(loaded) == ["whole", "part2"]
    assert loaded["whole"](1.0, 1.0) == 12.0


def test_a_callee_that_is_missing():
    b = Builder("n")
    (n,) = b
    with pytest.raises(InternalError, match="f calls g, which is not in the program"):
        emit(b.program(b.call(Callee("g", "g"), n)))


def test_recursion_through_cells():
    b = Builder("n")
    (n,) = b
    with b.block() as then:
        then.yields = [b.mul(n, b.call(Callee("f", "f"), b.call(operator.sub, n, 1)))]
    with b.block() as orelse:
        orelse.yields = [1]
    (result,) = b.branch(n, then, orelse, [""])
    function = b.function(result, "f")
    program = Program(function, (("f", function),))
    assert load(emit(program), program)["f"](5) == 120


def test_a_global_with_the_name_of_the_function():
    b = Builder("x", source=other_module.scaled)
    (x,) = b
    program = b.program(b.call(other_module.scaled, x, expr="scaled"), "scaled")
    function = load(emit(program), program)["scaled"]
    assert function is not other_module.scaled
    assert function(2.0) == 20.0


def test_an_object_without_a_name():
    marker = object()
    b = Builder()
    program = b.program(b.call(ops.make_tuple, marker, np.random.rand))
    generated = emit(program)
    assert generated.source.startswith("# constant: an object of class builtins.object\n")
    assert load(generated, program)["f"]()[0] is marker


def test_methods_of_ufuncs_and_classes():
    b = Builder("x", source=other_module.scaled)
    (x,) = b
    b.call(np.add.at, x, 0, 1.0)
    program = b.program(b.call(dict.fromkeys, x))
    assert emit(program).source == "def f(x):\n    numpy.add.at(x, 0, 1.0)\n    return dict.fromkeys(x)\n"


def test_the_same_text_twice():
    assert emit(divide()).source == emit(divide()).source


def test_printing_raises_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        emit(divide())

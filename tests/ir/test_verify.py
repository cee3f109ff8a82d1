"""Each invariant of SSA has a program here that breaks it, and the verifier says which."""

import operator
from dataclasses import replace

import numpy as np
import pytest

from srcad.errors import InternalError
from srcad.ir.dims import Dim
from srcad.ir.kinds import FLOAT, INT, Array, Dict, Iterator, List, Numeric, Object, Opaque, Scalar, Slice, Tuple
from srcad.ir.nodes import NOWHERE, Call, Callee, Const, For, If, Program, Star, While, With
from srcad.ir.verify import verify
from tests.ir.build import at, block, branch, call, for_loop, function, var, while_loop


def rejects(f, message, **options):
    with pytest.raises(InternalError, match=message):
        verify(f, **options)


def test_a_good_program_passes():
    a, y = var("a", FLOAT), var("y", FLOAT)
    loop, out = for_loop(lambda i, x: ((call(y, operator.mul, x, a),), y), a)
    wl, wout = while_loop(out)
    iff, iout = branch(True, wout)
    verify(function((a,), (loop, wl, iff), iout))


def test_defined_twice():
    a, x = var("a"), var("x")
    rejects(function((a,), (call(x, operator.neg, a), call(x, operator.pos, a)), x), "is defined twice")
    rejects(function((a, a), (), a), "is defined twice")
    rejects(function((a,), (call(a, operator.neg, 1.0),), a), "is defined twice")


def test_a_shared_block_defines_twice():
    iff, out = branch(True, 1.0)
    shared = replace(iff, orelse=iff.then)
    rejects(function((), (shared,), out), "is defined twice")


def test_used_before_its_definition():
    a, x, y = var("a"), var("x"), var("y")
    rejects(function((a,), (call(y, operator.neg, x), call(x, operator.neg, a)), y), "not defined above")
    rejects(function((a,), (), x), "not defined above")


def test_used_outside_its_region():
    iff, out = branch(True, 1.0)
    rejects(function((), (iff,), iff.then.yields[0]), "not visible here")
    loop, out = for_loop(lambda i, x: ((), x), 0.0)
    rejects(function((), (loop, call(var(), operator.neg, loop.body.params[0])), out), "not visible here")


def test_one_arm_does_not_see_the_other():
    x = var("x")
    then = block((), (call(x, operator.neg, 1.0),), x)
    out = var("y")
    iff = If((out,), Const(True), then, block((), (), x), at("if True:"))
    rejects(function((), (iff,), out), "not visible here")


def test_the_test_of_a_while_does_not_see_its_body():
    wl, out = while_loop(8.0)
    bad = replace(wl, cond=replace(wl.cond, yields=wl.body.yields))
    rejects(function((), (bad,), out), "not defined above")


def test_a_region_does_not_see_its_own_targets():
    loop, out = for_loop(lambda i, x: ((), x), 0.0)
    rejects(function((), (replace(loop, inits=(out,)),), out), "not defined above")


def test_arity_of_branches():
    iff, out = branch(True, 1.0)
    rejects(function((), (replace(iff, targets=(out, var())),), out), "then has 1 yields instead of 2")
    rejects(function((), (replace(iff, orelse=block((), ())),), out), "orelse has 0 yields instead of 1")
    rejects(function((), (replace(iff, then=replace(iff.then, params=(var(),))),), out), "then has 1 parameters")


def test_arity_of_for():
    loop, out = for_loop(lambda i, x: ((), x), 0.0)
    rejects(function((), (replace(loop, targets=()),), 1.0), "1 inits and 0 targets")
    rejects(function((), (replace(loop, stops=True),), out), "body has 1 yields instead of 2")
    rejects(function((), (replace(loop, body=block((var(),), (), 1.0)),), out), "body has 1 parameters instead of 2")
    empty = For((), Const(()), (), block((), ()), False, at())
    rejects(function((), (empty,), 1.0), "no parameter for the item")
    stopping, out = for_loop(lambda i, x: ((), x, True), 0.0, stops=True)
    verify(function((), (stopping,), out))


def test_arity_of_while():
    wl, out = while_loop(8.0)
    rejects(function((), (replace(wl, cond=replace(wl.cond, yields=())),), out), "cond has 0 yields instead of 1")
    rejects(function((), (replace(wl, cond=block((), (), True)),), out), "cond has 0 parameters instead of 1")
    rejects(function((), (replace(wl, stops=True),), out), "body has 1 yields instead of 2")


def test_arity_of_with():
    out = var("y")
    with_ = With((out,), Const(None), var("e"), block((), (), 1.0), at("with x as e:"))
    verify(function((), (with_,), out))
    rejects(function((), (replace(with_, targets=()),), 1.0), "body has 1 yields instead of 0")
    rejects(function((), (replace(with_, body=block((var(),), (), 1.0)),), out), "body has 1 parameters instead of 0")


def test_what_with_enters_is_visible_inside_and_after():
    entered, out = var("e"), var("y")
    with_ = With((out,), Const(None), entered, block((), (), entered), at("with x as e:"))
    verify(function((), (with_, call(var(), operator.neg, entered)), out))


def test_a_function_has_one_result():
    f = function((), (), 1.0)
    rejects(replace(f, body=block((), ())), "has 0 results")
    rejects(replace(f, body=None), "no block")


def test_what_is_called_can_be_called():
    x = var("x")
    rejects(function((), (call(x, Const(3.0)),), x), "cannot be called")
    rejects(function((), (call(x, var("g")),), x), "not defined above")
    verify(function((), (call(x, Const(Callee("g", 1)), 1.0),), x))
    verify(function((), (call(x, Const(np.ndarray.T), 1.0),), x))


def test_only_variables_and_constants_are_values():
    x = var("x")
    rejects(function((), (Call(x, Const(abs), (3.0,), (), at()),), x), "neither a variable nor a constant")
    rejects(function((), (Call(x, Const(abs), (Star(Star(Const(1))),), (), at()),), x), "neither a variable")
    rejects(function((x,), (call(var(), abs, Const(x)),), x), "contains a node")
    rejects(function((), (Call(Const(1), Const(abs), (), (), at()),), x), "is not a variable")


def test_a_keyword_is_given_once():
    x = var("x")
    twice = Call(x, Const(abs), (), (("k", Const(1)), ("k", Const(2))), at())
    rejects(function((), (twice,), x), "the keyword 'k' is given twice")
    mappings = Call(x, Const(abs), (), ((None, Const({})), (None, Const({}))), at())
    verify(function((), (mappings,), x))


def test_every_statement_has_a_place():
    x = var("x")
    for loc in (None, NOWHERE):
        rejects(function((), (Call(x, Const(abs), (), (), loc),), x), "no place in the user's source")


def test_uses_carry_the_kind_of_the_definition():
    a = var("a", FLOAT)
    stale = type(a)("a", INT, a.uid)
    rejects(function((a,), (call(var(), operator.neg, stale),), a), "kind float where it is defined and int where")


@pytest.mark.parametrize(
    "kind",
    [
        Array("float64", ()),
        Array("f8", (3,)),
        Array("f8", [None]),
        Scalar("f8", value=Dim.of(3)),
        Scalar(np.float64),
        Numeric("?"),
        Tuple([FLOAT]),
        Tuple((3,)),
        List(float),
        List(FLOAT, 3),
        Iterator(None),
        Dict(FLOAT, (("k", 3.0),)),
        Object("C"),
        Object(int, (("x", 3),)),
        Slice(None, INT, INT),
        Opaque("str"),
        "f8",
    ],
)
def test_a_malformed_kind(kind):
    x = var("x", kind)
    rejects(function((x,), (), x), "is malformed")


def test_kinds_that_are_well_formed():
    dim = Dim.fresh("n")
    kinds = [
        Array("f8", (dim, None)),
        Array(None, None),
        Scalar("i8", value=dim),
        Tuple((FLOAT, INT)),
        List(FLOAT, dim),
    ]
    for kind in [*kinds, Dict(FLOAT), Object(int), Slice(INT, INT, INT), Opaque(str), Iterator(INT, dim, "range")]:
        x = var("x", kind)
        verify(function((x,), (), x))


def test_region_ids_are_unique():
    first, out = for_loop(lambda i, x: ((), x), 0.0)
    second, _ = for_loop(lambda i, x: ((), x), 0.0, id=first.id)
    rejects(function((), (first, second), out), "the id of another region")
    iff, _ = branch(True, 1.0, id=first.id)
    rejects(function((), (first, iff), out), "the id of another region")


def adjoint_program(**fields):
    """A loop whose reverse loop reads a value of the forward pass."""
    y = var("y")
    loop, out = for_loop(lambda i, x: ((call(y, np.sin, x),), y), 0.5)
    back, x_bar = for_loop(
        lambda i, x: ((call(t := var(), operator.mul, x, y, loc=at(adjoint=True)),), t),
        1.0,
        loc=at("for i in range(3):", adjoint=True),
        **{"reverse_of": loop.id, **fields},
    )
    return function((), (loop, back), x_bar)


def test_the_adjoint_form_reads_the_forward_loop():
    verify(adjoint_program(), form="adjoint")
    rejects(adjoint_program(), "not visible here")


def test_the_adjoint_form_wants_the_loop_to_be_the_reverse_of_it():
    rejects(adjoint_program(reverse_of=None), "not visible here", form="adjoint")


def test_the_adjoint_form_is_for_the_reverse_sweep_only():
    iff, out = branch(True, 1.0)
    inside = iff.then.yields[0]
    f = function((), (iff, call(var(), operator.neg, inside, loc=at(adjoint=True))), out)
    verify(f, form="adjoint")
    rejects(f, "not visible here")
    rejects(function((), (iff, call(var(), operator.neg, inside)), out), "not visible here", form="adjoint")
    undefined = function((), (call(var(), operator.neg, inside, loc=at(adjoint=True)), iff), out)
    rejects(undefined, "not defined above", form="adjoint")


def test_the_adjoint_form_of_nested_loops():
    y = var("y")
    inner, inner_out = for_loop(lambda i, x: ((call(y, np.sin, x),), y), 0.5)
    outer, out = for_loop(lambda i, x: ((inner,), inner_out), 0.5)
    mark = at(adjoint=True)

    def backward(wanted):
        deep, deep_out = for_loop(
            lambda i, x: ((call(t := var(), operator.mul, x, wanted, loc=mark),), t), 1.0, loc=mark, reverse_of=inner.id
        )
        back, x_bar = for_loop(lambda i, x: ((deep,), deep_out), 1.0, loc=mark, reverse_of=outer.id)
        return function((), (outer, back), x_bar)

    verify(backward(y), form="adjoint")
    verify(backward(outer.body.params[1]), form="adjoint")
    only, x_bar = for_loop(
        lambda i, x: ((call(t := var(), operator.mul, x, y, loc=mark),), t), 1.0, loc=mark, reverse_of=outer.id
    )
    rejects(function((), (outer, only), x_bar), "not visible here", form="adjoint")


def test_an_unknown_form():
    rejects(function((), (), 1.0), "no form 'loose'", form="loose")


def test_every_function_of_a_program_is_checked():
    good = function((), (), 1.0)
    bad = function((), (), var("x"))
    verify(Program(good))
    rejects(Program(good, (("g", bad),)), "not defined above")


def test_the_message_names_the_stage_and_shows_the_neighbourhood():
    a, x = var("a", FLOAT), var("x")
    good = call(var("b"), operator.neg, a, loc=at("b = -a", 2))
    bad = call(var("c"), operator.mul, a, x, loc=at("c = a * x", 3))
    f = function((a,), (good, bad), a)
    with pytest.raises(InternalError) as caught:
        verify(f, stage="simplify")
    text = str(caught.value)
    assert text.startswith(f"stage 'simplify' left a malformed ssa program: in f, {x!r} is used, which is not defined")
    assert 'File "made_up.py", line 3' in text
    assert "b: ? = -a" in text
    assert "> c: ? = a * x" in text
    assert f"({x!r} is called x here)" in text


def test_a_program_that_cannot_be_printed_is_still_reported():
    x = var("x")
    rejects(function((), (While((), (), None, None, False, at()),), x), "cond is not a block")

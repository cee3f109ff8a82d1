"""Answers that are kept with a node: found once, forgotten when the rules change, and no part of the node."""

import dataclasses
import operator

import pytest

import srcad
from srcad.analysis.effects import writes
from srcad.analysis.views import view_of
from srcad.ir.kinds import Array
from srcad.ir.memo import kept
from srcad.ir.nodes import NOWHERE, Block, Call, Const, For, Var
from srcad.ir.record import record
from srcad.ir.visit import calls_of, count_uses, updated, uses, with_inner
from srcad.rules.registry import unregister


def call(fn=operator.add, *args):
    return Call(Var(""), Const(fn), args, (), NOWHERE)


def test_a_question_is_asked_once_for_each_node():
    asked = []

    @kept
    def size(node):
        asked.append(node)
        return len(node.args)

    first, second = call(operator.add, Var("x")), call(operator.add)
    assert [size(first), size(second), size(first), size(second)] == [1, 0, 1, 0]
    assert len(asked) == 2


def test_an_error_is_no_answer():
    asked = []

    @kept
    def strict(node):
        asked.append(node)
        raise KeyError

    one = call()
    for _ in range(2):
        with pytest.raises(KeyError):
            strict(one)
    assert len(asked) == 2


def test_answers_are_no_part_of_a_node():
    x = Var("x", Array("f8", None))
    one = Call(Var("t", uid=77), Const(operator.getitem), (x, Const(0)), (), NOWHERE)
    same = Call(Var("t", uid=77), Const(operator.getitem), (x, Const(0)), (), NOWHERE)
    view_of(one), uses(one)
    assert one == same
    assert hash(one) == hash(same)
    assert repr(one) == repr(same)
    other = dataclasses.replace(one, args=(Var("y"), Const(0)))
    assert uses(other) != uses(one)
    assert view_of(other) != view_of(one)


def test_a_new_rule_is_asked_about():
    def halved(a, b):
        return a / 2

    x = Var("x", Array("f8", None))
    one = call(halved, x, x)
    assert writes(one) == ()

    @srcad.adjoint(halved, writes=("a",))
    def _(a, b, *, ans, ans_bar):
        """A formula."""
        return ans_bar / 2, 0 * ans_bar

    try:
        assert writes(one) == (x,)
    finally:
        unregister(halved)
    assert writes(one) == ()


def test_counts_and_calls_of_nested_blocks():
    x, y = Var("x"), Var("y")
    inner = call(operator.mul, x, y)
    loop_body = Block((Var("i"),), (inner,), (x,))
    loop = For((), Const(()), (), loop_body, False, NOWHERE)
    outer = call(operator.add, y, y)
    block = Block((), (outer, loop), (y,))
    assert dict(count_uses(block)) == {y: 4, x: 2}
    assert list(count_uses(block)) == [y, x], "in order of first use"
    assert dict(calls_of(block)) == {outer.target: outer, inner.target: inner}


def test_what_has_not_changed_is_the_same_object():
    x = Var("x")
    block = Block((x,), (call(operator.neg, x),), (x,))
    assert updated(block, stmts=(*block.stmts,), yields=(x,)) is block
    assert updated(block, yields=(Var("y"),)) is not block
    assert updated(block, stmts=()).stmts == ()
    assert with_inner(block, lambda inner: Block((), (), ())) == [*block.stmts]
    loop = For((), Const(()), (), block, False, NOWHERE)
    (same,) = with_inner(Block((), (loop,), ()), lambda inner: inner)
    assert same is loop
    (new,) = with_inner(Block((), (loop,), ()), lambda inner: updated(inner, stmts=()))
    assert new.body.stmts == ()


def test_records_are_dataclasses_that_compare_and_hash():
    @record(frozen=True)
    class Pair:
        a: int
        b: tuple = ()

    @record(frozen=True, eq=False)
    class Thing:
        a: int

    assert Pair(1) == Pair(1, ())
    assert hash(Pair(1)) == hash(Pair(1, ()))
    assert Pair(1) != Pair(2)
    assert dataclasses.replace(Pair(1), a=2) == Pair(2)
    assert Thing(1) != Thing(1)
    assert len({Thing(1), Thing(1)}) == 2

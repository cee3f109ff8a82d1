"""Kinds of whole functions: loops, branches, containers that are mutated, calls, facts by region."""

from __future__ import annotations

import operator as op

import numpy as np
import pytest

from srcad.analysis.infer import CalleeKind, infer
from srcad.analysis.values import kinds_of
from srcad.ir import ops
from srcad.ir.dims import Dim
from srcad.ir.kinds import FLOAT, INT, UNKNOWN, Array, Kind, List, Undefined
from srcad.ir.nodes import UNDEFINED_ATOM, Block, For, Var
from tests.analysis.build import Builder

A3 = np.ones(3)


def kind_in(block: Block, var: Var) -> Kind | None:
    """The kind of a variable anywhere in a block."""
    from srcad.ir import visit

    for stmt in visit.walk(block):
        for found in (*visit.defs(stmt), *(p for b in visit.blocks(stmt) for p in b.params)):
            if found == var:
                return found.kind
    return next((p.kind for p in block.params if p == var), None)


def test_a_loop_over_a_scalar_keeps_its_kind():
    b = Builder("a", "tol")
    a, tol = b.params
    cond = Builder("x")
    test = cond.call(op.gt, cond.call(abs, cond.call(op.sub, cond.params[0], a)), tol)
    body = Builder("x")
    new = body.call(op.mul, 0.5, body.call(op.add, body.params[0], body.call(op.truediv, a, body.params[0])))
    (x,) = b.while_([a], cond, test, body, [new])
    typed = infer(b.function(x), kinds_of((2.0, 1e-6)))
    assert typed.result == FLOAT
    assert kind_in(typed.function.body, new) == FLOAT


def test_an_integer_that_changes_forgets_its_value():
    b = Builder("n")
    body = Builder("i", "k")
    k = body.call(op.add, body.params[1], 1)
    (count,) = b.for_(b.call(range, b.params[0]), [0], body, [k])
    typed = infer(b.function(count), kinds_of((3,)))
    assert typed.result == INT


def test_a_loop_from_int_to_float_joins():
    b = Builder("xs")
    body = Builder("x", "s")
    s = body.call(op.add, body.params[1], body.params[0])
    (total,) = b.for_(b.params[0], [0], body, [s])
    assert str(infer(b.function(total), kinds_of(([1.0, 2.0],))).result) == "number"
    (total,) = [infer(b.function(total), kinds_of((A3,)))]
    assert str(total.result) == "number"


def test_branches_join_and_decided_ones_do_not():
    for cond, shown in ((True, "float"), (False, "f8[n]"), (None, "f8[any]")):
        b = Builder("x", "c")
        x, c = b.params
        then, orelse = Builder(), Builder()
        total = then.call(float, then.call(np.sum, x))
        (y,) = b.if_(c if cond is None else cond, then, [total], orelse, [x])
        assert str(infer(b.function(y), kinds_of((A3, True))).result) == shown


def test_a_name_bound_on_one_branch_only():
    b = Builder("x", "c")
    (y,) = b.if_(b.params[1], Builder(), [b.params[0]], Builder(), [UNDEFINED_ATOM])
    assert infer(b.function(y), kinds_of((1.0, True))).result == FLOAT


def test_a_list_that_is_filled_in_a_loop():
    b = Builder("h", "n")
    h, n = b.params
    xs = b.call(ops.make_list)
    body = Builder("i", "h")
    new = body.call(np.tanh, body.params[1])
    body.call(ops.call_method, xs, "append", new)
    b.for_(b.call(range, n), [h], body, [new])
    last = b.call(op.getitem, xs, -1)
    typed = infer(b.function(last), kinds_of((A3, 4)))
    assert str(typed.result) == "f8[n]"
    assert str(kind_in(typed.function.body, xs)) == "list[f8[n]]"


def test_the_method_itself_stores_too():
    b = Builder("x")
    xs = b.call(ops.make_list, 1.0)
    b.call(list.append, xs, b.params[0])
    assert str(infer(b.function(xs), kinds_of((A3,))).result) == "list[f8[any]]"


def test_a_store_through_an_alias_is_seen_by_all():
    b = Builder("x", "c")
    x, c = b.params
    xs, ys = b.call(ops.make_list, 1.0), b.call(ops.make_list, 2.0)
    (zs,) = b.if_(c, Builder(), [xs], Builder(), [ys])
    pair = b.call(ops.make_tuple, zs, 1)
    same = b.call(op.getitem, pair, 0)
    b.call(op.setitem, same, 0, x)
    b.call(op.setitem, x, 0, 1.0)
    typed = infer(b.function(ys), kinds_of((A3, True)))
    assert str(kind_in(typed.function.body, xs)) == "list[f8[any]]"
    assert str(typed.result) == "list[f8[any]]"


def test_parameters_may_be_the_same_list():
    b = Builder("xs", "ys", "v")
    b.call(ops.call_method, b.params[0], "append", b.params[2])
    typed = infer(b.function(b.params[1]), kinds_of(([1.0], [2.0], A3)))
    assert str(typed.result) == "list[f8[any]]"
    assert [str(p) for p in typed.params[:2]] == ["list[f8[any]]"] * 2


def test_values_that_cannot_be_the_same_object_stay_apart():
    b = Builder("hs", "layers", "nested", "v")
    hs, layers, nested, v = b.params
    b.call(ops.call_method, hs, "append", v)
    typed = infer(b.function(hs), kinds_of(([1.0], [(A3, 1.0)], ([2.0], "x"), A3)))
    assert [str(p) for p in typed.params[:2]] == ["list[f8[any]]", "list[(f8[n], float)]"]
    assert str(typed.params[2]) == "(list[f8[any]], 'x')"


def test_a_global_list_is_one_object():
    b = Builder("v")
    first, second = b.call(ops.load_global, "log"), b.call(ops.load_global, "log")
    b.call(ops.call_method, first, "append", b.params[0])
    reads = lambda operation, name: List(FLOAT)
    assert str(infer(b.function(second), kinds_of((A3,)), read_data=reads).result) == "list[f8[any]]"
    empty = lambda operation, name: List(Undefined())
    assert infer(b.function(second), kinds_of((A3,)), read_data=empty).result == List(UNKNOWN)


def test_dicts_that_are_stored_into():
    b = Builder("p", "x")
    p, x = b.params
    b.call(op.setitem, p, "a", x)
    typed = infer(b.function(p), kinds_of(({"a": 1.0, "b": 2}, A3)))
    assert str(typed.result) == "{'a': f8[any], 'b': int(n)}"
    b.call(op.setitem, p, "new", x)
    assert str(infer(b.function(p), kinds_of(({"a": 1.0}, A3))).result) == "dict[f8[any]]"


def test_updates_of_items():
    b = Builder("xs", "v")
    b.call(ops.UPDATES[op.iadd], b.params[0], 0, b.params[1])
    assert str(infer(b.function(b.params[0]), kinds_of(([1.0], A3))).result) == "list[f8[any]]"
    assert str(infer(b.function(b.params[0]), kinds_of(([1.0], 2.0))).result) == "list[float]"


def test_a_list_extended_in_place():
    b = Builder("v")
    xs = b.call(ops.make_list)
    ys = b.call(op.iadd, xs, b.call(ops.make_list, b.params[0]))
    assert str(infer(b.function(xs), kinds_of((A3,))).result) == "list[f8[n]]"
    assert str(infer(b.function(ys), kinds_of((A3,))).result) == "list[f8[n]]"


def test_a_list_that_contains_itself_ends():
    b = Builder()
    xs = b.call(ops.make_list)
    b.call(ops.call_method, xs, "append", xs)
    assert isinstance(infer(b.function(xs), ()).result, List)


def test_a_value_that_nests_deeper_in_each_pass_ends():
    b = Builder("x", "n")
    body = Builder("i", "x")
    (y,) = b.for_(b.call(range, b.params[1]), [b.params[0]], body, [body.call(ops.make_tuple, body.params[1])])
    assert infer(b.function(y), kinds_of((1.0, 3))).result == UNKNOWN


def test_unknown_callees_may_store_anything():
    def helper(xs):
        raise NotImplementedError

    b = Builder("xs")
    b.call(helper, b.params[0])
    first = b.call(op.getitem, b.params[0], 0)
    assert infer(b.function(first), kinds_of(([1.0],))).result == UNKNOWN
    known = infer(b.function(first), kinds_of(([1.0],)), callee_kind=lambda fn, args, kwargs: FLOAT)
    assert known.result == FLOAT
    array = Array("f8", (None,))
    told = infer(b.function(first), kinds_of(([1.0],)), callee_kind=lambda *_: CalleeKind(FLOAT, (List(array),)))
    assert str(told.result) == "f8[any]"


def test_callees_and_data():
    def helper(x):
        raise NotImplementedError

    asked = []

    def callee_kind(fn, args, kwargs):
        asked.append((fn, [a.kind for a in args], kwargs))
        return FLOAT

    b = Builder("x")
    y = b.call(helper, b.params[0])
    z = b.call(op.mul, y, b.call(ops.load_global, "scale"))
    w = b.call(op.mul, z, b.call(ops.load_free, "missing"))
    reads = lambda operation, name: INT if name == "scale" else None
    typed = infer(b.function(w), (FLOAT,), callee_kind=callee_kind, read_data=reads)
    assert asked == [(helper, [FLOAT], ())]
    assert kind_in(typed.function.body, z) == FLOAT
    assert typed.result == UNKNOWN


def test_functions_as_arguments_are_looked_through():
    b = Builder("f", "x")
    assert (
        infer(b.function(b.call(b.params[0], b.params[1])), kinds_of((np.sin, 1.0))).function.body.params[0].kind
        is not UNKNOWN
    )


def facts_program():
    b = Builder("x", "y", "z", "n")
    x, y, z, n = b.params
    b.call(op.add, x, y)
    body = Builder("i")
    inside = body.call(op.add, x, z)
    b.for_(b.call(range, n), [], body, [])
    return b.function(x), inside


def test_facts_hold_where_they_were_proved():
    function, inside = facts_program()
    typed = infer(function, kinds_of((A3, A3, A3, 2)))
    x, y, z = (p.kind.dims[0] for p in typed.function.body.params[:3])
    assert typed.facts.equal(x, y)
    assert not typed.facts.equal(x, z)
    (loop,) = [s for s in typed.function.body.stmts if isinstance(s, For)]
    assert typed.facts_of(loop.body).equal(x, z) and typed.facts_of(loop.body).equal(y, z)
    assert typed.facts_at(inside).equal(x, z)
    assert typed.facts_of(Block((), (), ())) is typed.facts


def test_stores_into_arrays_equate_lengths():
    b = Builder("u", "v")
    part = b.call(slice, None, None, None)
    b.call(op.setitem, b.params[0], part, b.params[1])
    typed = infer(b.function(b.params[0]), kinds_of((A3, A3)))
    u, v = (p.kind.dims[0] for p in typed.function.body.params)
    assert typed.facts.equal(u, v)


def test_equal_lengths_of_a_pass_keep_the_first_ones_name():
    b = Builder("x", "w", "n")
    x, w, n = b.params
    body = Builder("i", "h")
    new = body.call(op.add, w, body.params[1])
    (h,) = b.for_(b.call(range, n), [x], body, [new])
    typed = infer(b.function(h), kinds_of((A3, A3, 2)))
    assert typed.result == typed.function.body.params[0].kind


def test_errstate_lets_facts_out():
    from srcad.ir.nodes import NOWHERE, With

    b = Builder("x", "y")
    context = b.call(np.errstate, all="ignore")
    body = Builder()
    z = body.call(op.add, *b.params)
    target = Var("")
    b.stmts.append(With((target,), context, None, body.block(z), NOWHERE))
    typed = infer(b.function(target), kinds_of((A3, A3)))
    x, y = (p.kind.dims[0] for p in typed.function.body.params)
    assert typed.facts.equal(x, y) and typed.result == typed.function.body.params[0].kind


@pytest.mark.parametrize("kind", [UNKNOWN, Undefined(), Array(None, None)])
def test_any_kind_may_go_in(kind):
    b = Builder("x")
    y = b.call(op.add, b.call(np.sum, b.params[0]), b.call(op.getitem, b.params[0], 0))
    infer(b.function(y), (kind,))
    assert infer(b.function(y), ()).result == UNKNOWN


def test_the_same_function_twice_gives_equal_kinds():
    function, _ = facts_program()
    kinds = kinds_of((A3, A3, A3, 2))
    assert infer(function, kinds).function == infer(function, kinds).function
    assert Dim.of(1).known == 1

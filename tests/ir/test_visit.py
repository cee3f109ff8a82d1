"""The helpers that read and rewrite SSA."""

import operator

import pytest

from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.kinds import FLOAT
from srcad.ir.nodes import Call, Const, Star, With
from srcad.ir.verify import verify
from srcad.ir.visit import (
    blocks,
    count_uses,
    definitions,
    defs,
    free_vars,
    map_atoms,
    map_vars,
    rename_fresh,
    rename_fresh_with,
    substitute,
    uses,
    walk,
    walk_blocks,
)
from tests.ir.build import at, block, branch, call, for_loop, function, var, while_loop


def nested():
    """A function with every region: its parts by name."""
    a, b, t = var("a"), var("b"), var()
    inner, inner_out = while_loop(a)
    iff, iff_out = branch(b, inner_out)
    loop, out = for_loop(lambda i, x: ((inner, iff, call(t, operator.mul, x, iff_out)), t), a)
    entered, result = var("e"), var("r")
    summed = var("s")
    with_ = With(
        (result,), a, entered, block((), (call(summed, operator.add, entered, out),), summed), at("with a as e:")
    )
    return function((a, b), (loop, with_), result), locals()


def test_uses_are_direct_and_repeated():
    a, b, f = var("a"), var("b"), var("f")
    stmt = Call(var(), f, (a, Star(b), Const(1), a), ((None, b), ("key", Const(2))), at())
    assert list(uses(stmt)) == [f, a, b, a, b]
    _, parts = nested()
    assert list(uses(parts["loop"])) == [parts["a"]]
    assert list(uses(parts["iff"])) == [parts["b"]]
    assert list(uses(parts["with_"])) == [parts["a"]]
    assert list(uses(parts["inner"])) == [parts["a"]]


def test_defs_and_blocks():
    _, parts = nested()
    assert defs(parts["loop"]) == (parts["out"],)
    assert defs(parts["with_"]) == (parts["entered"], parts["result"])
    assert blocks(parts["inner"]) == (parts["inner"].cond, parts["inner"].body)
    assert blocks(parts["iff"]) == (parts["iff"].then, parts["iff"].orelse)
    assert blocks(call(var(), operator.neg, 1)) == ()


def test_walk_is_deep_and_in_order():
    f, parts = nested()
    kinds = [type(stmt).__name__ for stmt in walk(f.body)]
    assert kinds == ["For", "While", "Call", "Call", "If", "Call", "Call", "With", "Call"]
    assert len(list(walk_blocks(f.body))) == 7


def test_every_definition_once():
    f, _ = nested()
    found = list(definitions(f.body))
    assert len(found) == len(set(found))
    assert found[:2] == list(f.body.params)
    assert found[-1] == f.body.yields[0]


def test_free_vars_in_order_of_first_use():
    _, parts = nested()
    loop = parts["loop"]
    assert free_vars(loop) == (parts["a"], parts["b"])
    assert free_vars(loop.body) == (parts["a"], parts["b"])
    x, y = var("x"), var("y")
    assert free_vars(block((), (call(var(), operator.sub, y, x),), y)) == (y, x)


def test_count_uses_counts_yields_and_nested_blocks():
    f, parts = nested()
    counts = count_uses(f.body)
    assert counts[parts["a"]] == 3
    assert counts[parts["inner_out"]] == 2
    assert counts[parts["result"]] == 1
    assert parts["loop"].body.params[0] not in counts


def test_substitute_replaces_uses_at_any_depth_and_only_once():
    f, parts = nested()
    a, b = parts["a"], parts["b"]
    swapped = substitute(f.body, {a: b, b: a})
    assert count_uses(swapped)[a] == count_uses(f.body)[b]
    assert swapped.params == f.body.params
    assert substitute(f.body, {var("other"): a}) is f.body
    assert substitute(f.body, {}) is f.body


def test_substitute_reaches_everything_a_call_holds():
    f, a, b = var("f"), var("a"), var("b")
    stmt = Call(var(), f, (a, Star(a)), ((None, a), ("k", a)), at())
    new = substitute(stmt, {a: b, f: Const(abs)})
    assert new == Call(stmt.target, Const(abs), (b, Star(b)), ((None, b), ("k", b)), at())


def test_map_atoms_keeps_blocks_and_identity():
    _, parts = nested()
    loop = parts["loop"]
    assert map_atoms(loop, lambda atom: atom) is loop
    moved = map_atoms(loop, lambda atom: Const(0.0) if atom is parts["a"] else atom)
    assert moved.inits == (Const(0.0),)
    assert moved.body is loop.body


def test_map_vars_writes_kinds_into_definitions_and_uses():
    f, _ = nested()
    typed = map_vars(f.body, lambda v: type(v)(v.name, FLOAT, v.uid))
    assert typed == f.body
    assert all(v.kind == FLOAT for v in definitions(typed))
    assert all(v.kind == FLOAT for stmt in walk(typed) for v in uses(stmt))
    assert map_vars(f.body, lambda v: v) is f.body


def test_rename_fresh_shares_no_definition_and_no_region_id():
    f, parts = nested()
    reverse, _ = for_loop(lambda i, x: ((), x), 0.0, reverse_of=parts["loop"].id)
    body = block(f.body.params, (*f.body.stmts, reverse), *f.body.yields)
    copy, names = rename_fresh_with(body)
    assert not set(definitions(copy)) & set(definitions(body))
    assert [v.name for v in definitions(copy)] == [v.name for v in definitions(body)]
    assert names[parts["a"]] == copy.params[0]
    loops = [s for s in walk(copy) if hasattr(s, "reverse_of") and s.id]
    assert {s.id for s in loops}.isdisjoint(s.id for s in walk(body) if hasattr(s, "id"))
    assert loops[-1].reverse_of == loops[0].id
    verify(function(copy.params, copy.stmts, copy.yields[0]))


def test_rename_fresh_leaves_free_variables():
    a = var("a")
    copy = rename_fresh(block((), (call(var("b"), operator.neg, a),), a))
    assert free_vars(copy) == (a,)


@pytest.mark.parametrize("reader", [uses, defs, blocks])
def test_an_unknown_node_is_an_internal_error(reader):
    with pytest.raises(InternalError, match="no case for the node int"):
        list(reader(3))


def test_ops_update_is_read_as_a_call():
    update = ops.UPDATES[operator.iadd]
    x = var("x")
    assert list(uses(call(var(), update, x, 0, x))) == [x, x]

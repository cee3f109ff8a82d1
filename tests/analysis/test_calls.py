"""Kinds across calls."""

from __future__ import annotations

from srcad.analysis.calls import at_call
from srcad.analysis.kindspec import parse
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import INT, UNKNOWN, Array, Kind, Tuple


def kinds(text: str) -> list[Kind]:
    return list(parse(text).values())


def test_equal_calls_have_equal_keys():
    one, two = at_call(kinds("x: f8[n, d], y: f8[d]")), at_call(kinds("a: f8[p, q], b: f8[q]"))
    assert one.kinds == two.kinds and hash(one.kinds) == hash(two.kinds)
    assert at_call(kinds("x: f8[n], y: f8[n]")).kinds != at_call(kinds("x: f8[n], y: f8[d]")).kinds
    assert at_call(kinds("x: f8[1]")).kinds != at_call(kinds("x: f8[n]")).kinds


def test_recursion_meets_the_same_key():
    (x, k) = kinds("x: f8[n], k: int")
    assert isinstance(x, Array) and x.dims and x.dims[0]
    first = at_call([x, k])
    (inner,) = first.kinds[:1]
    assert isinstance(inner, Array) and inner.dims and inner.dims[0] and first.kinds[1] == INT
    second = at_call([Array("f8", (inner.dims[0].shrunk(1),)), INT])
    third = at_call([Array("f8", (second.kinds[0].dims[0].shrunk(1),)), INT])
    assert second.kinds == third.kinds


def test_results_come_back_in_the_callers_lengths():
    n, m = Dim.fresh("n", not_one=True), Dim.fresh("m", not_one=True)
    call = at_call([Array("f8", (n.plus(Dim.of(2)), m))])
    (x,) = call.kinds
    assert isinstance(x, Array) and x.dims and x.dims[0] and x.dims[1]
    shrunk = Array("f8", (x.dims[1], x.dims[0].shrunk(3)))
    assert str(call.result(Tuple((x, shrunk)))) == "(f8[n + 2, m], f8[m, n - 1])"
    assert call.result(Array("f8", (Dim.fresh("other"),))) == Array("f8", (None,))


def test_proved_equalities_go_in():
    n, m = Dim.fresh("n", not_one=True), Dim.fresh("m", not_one=True)
    facts = Facts()
    facts.equate(n, m)
    assert at_call([Array("f8", (n,)), Array("f8", (m,))], facts).kinds == at_call([Array("f8", (n,))] * 2).kinds


def test_what_nests_too_deep_is_unknown():
    kind: Kind = INT
    for _ in range(20):
        kind = Tuple((kind,))
    deeper = Tuple((kind,))
    assert at_call([kind]).kinds == at_call([deeper]).kinds
    assert "?" in str(at_call([kind]).kinds[0]) and UNKNOWN != kind

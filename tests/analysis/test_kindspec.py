"""Kinds from text, and the errors where the text is wrong."""

from __future__ import annotations

import pytest

from srcad.analysis.kindspec import parse
from srcad.errors import ArgumentError
from srcad.ir.kinds import Array, Tuple


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("f8[n,d]", "f8[n, d]"),
        ("f8[]", "f8[]"),
        ("f8[...]", "f8[...]"),
        ("f4[3, n]", "f4[3, n]"),
        ("float", "float"),
        ("bool", "bool"),
        ("complex", "complex"),
        ("f4", "np.f4"),
        ("str", "str"),
        ("None", "None"),
        ("any", "?"),
        ("list[f8[n]]", "list[f8[n]]"),
        ("(f8[n], float)", "(f8[n], float)"),
        ("()", "()"),
        ("(float,)", "(float,)"),
        ("{W: f8[n,m], b: f8[m]}", "{'W': f8[n, m], 'b': f8[m]}"),
        ("{'a b': float, 3: int,}", "{'a b': float, 3: int(3)}"),
        ("float[n]", "f8[n]"),
        ("f8[n+1, ?]", "f8[n + 1, ?]"),
        ("int", "int(x)"),
    ],
)
def test_kinds(text, shown):
    assert str(parse(f"x: {text}")["x"]) == shown


def test_equal_names_are_equal_lengths():
    kinds = parse("x: f8[n, d], y: f8[n], t: (f8[d],),")
    x, y, t = kinds["x"], kinds["y"], kinds["t"]
    assert list(kinds) == ["x", "y", "t"]
    assert isinstance(x, Array) and isinstance(y, Array) and isinstance(t, Tuple) and x.dims and y.dims
    assert x.dims[0] == y.dims[0] != x.dims[1]
    assert t.items[0] == Array("f8", (x.dims[1],))
    assert x.dims[0] is not None and x.dims[0].terms[0][0].not_one


def test_nothing_is_an_empty_spec():
    assert parse("") == parse("  ") == {}


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("x: f9[n]", "'f9' is not a dtype", 3),
        ("x: foo", "'foo' is not a kind", 3),
        ("x f8", "expected ':', found 'f8'", 2),
        ("x: f8[n", "expected ',', found the end", 7),
        ("x: f8, x: f8", "'x' is given twice", 7),
        ("x: $", "unexpected character '$'", 3),
        ("x: f8[n*2]", "unexpected character '*'", 7),
        ("x: {1.5: f8}", "unexpected character '.'", 5),
        ("x:", "expected a kind, found the end", 2),
        ("x: f8 y: f8", "expected ',', found 'y'", 6),
        ("x: __import__('os')", "'__import__' is not a kind", 3),
        ("3: f8", "expected the name of an argument, found '3'", 0),
    ],
)
def test_errors_point_at_the_place(text, message, column):
    with pytest.raises(ArgumentError) as caught:
        parse(text)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"the types cannot be read: {message}"
    assert lines[1] == "    " + text
    assert lines[2] == "    " + " " * column + "^"
    assert lines[3].startswith("  fix: ")

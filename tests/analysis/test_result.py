"""`result_kind` of the operations of the language, against what Python and NumPy really do."""

from __future__ import annotations

import collections
import itertools
import operator as op

import numpy as np
import pytest

from srcad.analysis.result import result_kind
from srcad.analysis.values import Names, kind_of
from srcad.ir import ops
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Array, Iterator, Kind, Numeric, Scalar, Slice
from srcad.ir.nodes import Const, Star, Var
from tests.analysis.admits import admits, blurred, consistent
from tests.analysis.test_families import a


def _const(value):
    """A value as the front end has it: what is a literal is a constant."""
    if isinstance(value, slice):
        return Var(
            "",
            Slice(
                *(
                    _const(v).kind if isinstance(_const(v), Var) else _kind(v)
                    for v in (value.start, value.stop, value.step)
                )
            ),
        )
    return Const(value)


def _kind(value):
    from srcad.ir.atoms import const_kind

    return const_kind(value)


def check(fn, *args, literal=(), **kwargs) -> Kind:
    """Run it, and see that the kind admits the result, for precise and blurred kinds; `literal`: the constants."""
    result = fn(*args, **kwargs)
    first = None
    for level in range(6):
        names, bindings = Names(), {}
        atoms = []
        for i, value in enumerate(args):
            if i in literal:
                atoms.append(Const(value))
                continue
            kind = kind_of(value, names)
            assert admits(kind, value, bindings)
            atoms.append(Var("", blurred(kind, level)))
        facts = Facts()
        kind = result_kind(Const(fn), atoms, tuple((k, Const(v)) for k, v in kwargs.items()), facts)
        first = first or kind
        assert admits(kind, result, dict(bindings)), (
            f"{fn} {[str(getattr(x, 'kind', x)) for x in atoms]}: {kind} is not {result!r}"
        )
        assert consistent(facts, bindings)
    assert first is not None
    return first


BOUNDS = [None, 0, 1, 2, 3, 5, -1, -2, -3, -5]
STEPS = [None, 1, 2, -1, -2]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 7])
def test_slices_of_every_length(length):
    x = a(length)
    for start, stop, step in itertools.product(BOUNDS, BOUNDS, STEPS):
        index = slice(start, stop, step)
        for dim in (
            Dim.of(length),
            Dim.fresh("n", not_one=length != 1),
            Dim.fresh("m").plus(Dim.of(2)) if length >= 2 else None,
        ):
            bindings = {}
            if dim is not None and dim.terms:
                bindings[dim.terms[0][0]] = length - dim.const
            kind = result_kind(Const(op.getitem), (Var("x", Array("f8", (dim,))), _const(index)), (), Facts())
            assert admits(kind, x[index], dict(bindings)), (length, index, str(kind))


def test_slices_to_lengths():
    for length, less, first in itertools.product(range(6), range(-1, 5), (None, 0, 1, 2)):
        n = Dim.fresh("n")
        symbol = n.terms[0][0]
        stop = n.plus(Dim.of(less), -1)
        for dim, extra in ((n, 0), (n.plus(Dim.of(1)), 1)):
            x = a(length + extra)
            index = Slice(_kind(first), Scalar("i8", True, stop), _kind(None))
            kind = result_kind(Const(op.getitem), (Var("x", Array("f8", (dim,))), Var("", index)), (), Facts())
            assert admits(kind, x[first : length - less], {symbol: length}), (length, less, first, str(kind))


def test_slices_are_precise():
    x = Var("x", Array("f8", (Dim.fresh("n", not_one=True),)))
    shown = {}
    for text, index in [
        ("1:-1", slice(1, -1)),
        ("2:", slice(2, None)),
        (":-2", slice(None, -2)),
        ("::-1", slice(None, None, -1)),
        (":", slice(None)),
    ]:
        shown[text] = str(result_kind(Const(op.getitem), (x, _const(index)), (), Facts()))
    assert shown == {"1:-1": "f8[n - 2]", "2:": "f8[n - 2]", ":-2": "f8[n - 2]", "::-1": "f8[n]", ":": "f8[n]"}


ENTRIES = [
    0,
    -1,
    None,
    Ellipsis,
    slice(None),
    slice(1, None),
    slice(0, 2),
    np.array([0, 1]),
    np.array([[0, 1, 1]]),
    [0, 1],
    np.array([True, False]),
    np.int64(1),
    np.array(0),
    True,
    (0, 1),
    [True, False],
    range(2),
    np.array([[True, False], [False, True]]),
]


@pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 2, 3), (2, 2, 2, 3), ()])
def test_indices_of_every_form(shape):
    x = a(*shape)
    done = 0
    for count in (1, 2, 3):
        for entries in itertools.product(ENTRIES, repeat=count):
            if count == 3 and sum(isinstance(e, (np.ndarray, list)) for e in entries) > 2:
                continue
            index = entries if count > 1 else entries[0]
            try:
                result = x[index]
            except (IndexError, ValueError, TypeError):
                continue
            names, bindings = Names(), {}
            kinds = []
            for entry in entries:
                kind = (
                    _kind(entry)
                    if isinstance(entry, (int, type(None), type(Ellipsis), slice))
                    else kind_of(entry, names)
                )
                assert admits(kind, entry, bindings)
                kinds.append(kind)
            base = kind_of(x, names)
            assert admits(base, x, bindings)
            for kind in (base, Array("f8", (None,) * len(shape)), Array(None, None), Numeric("f8")):
                from srcad.ir.kinds import Tuple

                given = Var("", Tuple(tuple(kinds)) if count > 1 else kinds[0])
                facts = Facts()
                found = result_kind(Const(op.getitem), (Var("x", kind), given), (), facts)
                assert admits(found, result, dict(bindings)), (
                    f"{kind}[{[str(k) for k in kinds]}] is {found}, not {result!r}"
                )
                assert consistent(facts, bindings)
            done += 1
    assert done > 5


@pytest.mark.parametrize("index", [0, -1, 2, slice(1, None), slice(None, None, -1), slice(0, 2), -5])
@pytest.mark.parametrize(
    "base", [(1, 2.0, a(3)), [1.0, 2.0, 3.0], [a(3), a(3), a(3)], "abc", range(4), (1.0, (2.0, 3.0), "x")]
)
def test_sequences(base, index):
    try:
        base[index]
    except IndexError:
        return
    check(op.getitem, base, index, literal=(1,))
    check(op.getitem, base, index)


def test_dicts():
    d = {"a": 1.0, "b": a(3), 3: 2}
    for key in d:
        check(op.getitem, d, key, literal=(1,))
        check(op.getitem, d, key)
    for name, rest in [("get", ("a",)), ("get", ("z",)), ("get", ("z", 1.0)), ("copy", ())]:
        check(ops.call_method, d, name, *rest, literal=(1, 2))
    assert str(check(op.getitem, d, "b", literal=(1,))) == "f8[n]"
    for name in ("keys", "values", "items"):
        kind = result_kind(Const(ops.call_method), (Var("d", kind_of(d)), Const(name)), (), Facts())
        assert isinstance(kind, Iterator) and kind.form == name


@pytest.mark.parametrize("name", ["shape", "ndim", "size", "dtype", "T", "real", "imag", "itemsize", "nbytes"])
@pytest.mark.parametrize(
    "value", [a(3), a(2, 3), a(), a(2, 3, dtype="c8"), np.float32(2), a(1, 4), np.complex128(1j), a(0)]
)
def test_attributes(name, value):
    check(getattr, value, name, literal=(1,))


def test_other_attributes():
    point = collections.namedtuple("point", "x y")(1.0, a(3))
    assert str(check(getattr, point, "y", literal=(1,))) == "f8[n]"
    check(getattr, 2.0, "real", literal=(1,))
    check(getattr, 1j, "imag", literal=(1,))
    check(getattr, a(2, 2), "flat", literal=(1,)) if False else None
    x = Var("x", kind_of(a(2, 3)))
    shape = result_kind(Const(getattr), (x, Const("shape")), (), Facts())
    assert str(shape) == "(int(n), int(m))"


CONTAINERS = [
    (op.add, [1.0], [2.0]),
    (op.add, (1, 2.0), (a(2),)),
    (op.mul, [0.0], 3),
    (op.mul, 2, (1.0, 2)),
    (op.mul, [1.0, 2.0], 2),
]
CONTAINERS += [
    (op.add, "a", "b"),
    (op.mod, "%d", 3),
    (op.mul, "ab", 2),
    (op.or_, {"a": 1.0}, {"b": 2}),
    (op.iadd, (1,), (2.0,)),
]
CONTAINERS += [(op.add, a(3), [1.0, 2.0, 3.0]), (op.mul, [1.0, 2.0], a(2)), (op.sub, a(2, 2), ((1.0, 2.0), (3.0, 4.0)))]


@pytest.mark.parametrize(("fn", "x", "y"), CONTAINERS)
def test_operators_on_containers(fn, x, y):
    check(fn, x, y)


INPLACE = [op.iadd, op.isub, op.imul, op.itruediv, op.ipow, op.ifloordiv]


@pytest.mark.parametrize("fn", INPLACE)
def test_inplace_operators(fn):
    values = [2.0, 3, a(3), a(3, dtype="f4"), a(2, 3), a(), np.float32(2), np.float64(2), a(3, dtype="i8"), a(1)]
    for x, y in itertools.product(values, repeat=2):
        try:
            fn(x.copy() if isinstance(x, np.ndarray) else x, y)
        except (TypeError, ValueError):
            continue
        check(fn, x.copy() if isinstance(x, np.ndarray) else x, y)


def test_integers_keep_their_values():
    n = Var("n", Scalar("i8", True, Dim.fresh("n")))
    show = lambda fn, *args: str(result_kind(Const(fn), args, (), Facts()))
    assert show(op.add, n, Const(1)) == "int(n + 1)"
    assert show(op.sub, Const(3), n) == "int(-n + 3)"
    assert show(op.mul, n, Const(2)) == "int(2*n)"
    assert show(op.neg, n) == "int(-n)"
    assert show(op.floordiv, Const(7), Const(2)) == "int(3)"
    assert show(op.mul, n, n) == "int"
    assert show(op.truediv, n, Const(2)) == "float"
    assert show(op.eq, n, n) == "bool(1)"
    assert show(op.lt, Const(1), Const(2)) == "bool(1)"
    assert show(op.ge, n, Const(0)) == "bool(1)"
    assert show(op.gt, n, Const(0)) == "bool"


@pytest.mark.parametrize("fn", [op.eq, op.ne, op.lt, op.le, op.gt, op.ge])
def test_decided_comparisons(fn):
    for one, offset, value in itertools.product((False, True), (-2, -1, 0, 1, 2), range(4)):
        if one and value == 1:
            continue
        n = Dim.fresh("n", not_one=one)
        left = Scalar("i8", True, n.plus(Dim.of(offset)))
        for right in (0, 1, 2):
            kind = result_kind(Const(fn), (Var("", left), Const(right)), (), Facts())
            assert admits(kind, fn(value + offset, right), {n.terms[0][0]: value})


def test_comparisons_and_identity():
    for x, y in itertools.product([1.0, 2, "a", None, (1, 2), [1.0], a(3), np.float64(2), True, 1j], repeat=2):
        for fn in (op.eq, op.ne, op.is_, op.is_not, op.lt):
            try:
                fn(x, y)
            except (TypeError, ValueError):
                continue
            check(fn, x, y)
    assert str(check(op.is_, a(3), None, literal=(1,))) == "bool(0)"
    assert str(check(op.is_not, None, None, literal=(0, 1))) == "bool(0)"


def test_displays_and_unpacking():
    check(ops.make_tuple, 1.0, a(3), "x")
    check(ops.make_list, 1.0, 2.0)
    check(ops.make_list)
    check(ops.make_dict, "a", 1.0, "b", a(2), literal=(0, 2))
    check(ops.make_dict, 1.5, 1.0, literal=(0,))
    check(ops.merge_dicts, {"a": 1.0}, {"b": 2, "a": 3})
    for value in [(1.0, a(2)), [1.0, 2.0], a(2, 3)]:
        check(ops.unpack, value, 2, literal=(1,))
        check(ops.unpack, value, 1, 0, literal=(1, 2))
        check(ops.unpack, value, 1, 1, literal=(1, 2))
    check(ops.unpack, (1.0, 2, a(3), "x"), 1, 1, literal=(1, 2))
    pair = Var("", kind_of((1.0, a(3))))
    assert str(result_kind(Const(ops.make_tuple), (Star(pair), Const(2)), (), Facts())) == "(float, f8[n], int(2))"


def test_methods_of_containers_and_text():
    for receiver, name, args in [
        ([1.0], "copy", ()),
        ([1.0, 2.0], "pop", ()),
        ([1.0], "append", (2.0,)),
        ([1.0], "index", (1.0,)),
        ((1.0,), "count", (1.0,)),
    ]:
        kind = result_kind(
            Const(ops.call_method), (Var("", kind_of(receiver)), Const(name), *map(Const, args)), (), Facts()
        )
        assert (
            admits(kind, getattr(list(receiver) if isinstance(receiver, list) else receiver, name)(*args), {})
            or name == "copy"
        )
    for name, args in [("upper", ()), ("split", ()), ("startswith", ("a",)), ("join", (["a"],)), ("find", ("b",))]:
        check(ops.call_method, "ab", name, *args, literal=(0, 1, 2))


def test_nothing_follows_from_nothing():
    assert result_kind(Const(op.add), (Var("", UNDEFINED), Const(1)), (), Facts()) == UNDEFINED
    assert result_kind(Const(op.add), (Var("", UNKNOWN), Const(1)), (), Facts()) == UNKNOWN
    assert result_kind(Var("", UNKNOWN), (Const(1),), (), Facts()) == UNKNOWN
    assert result_kind(Const(op.not_), (Const(None),), (), Facts()) == Scalar("b1", True, Dim.of(1))
    assert result_kind(Const(lambda: 0), (), (), Facts()) == UNKNOWN

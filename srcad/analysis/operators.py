"""The kinds of operators' results: numbers, arrays, sequences, text; integers keep their affine values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from srcad.ir.atoms import MISSING, constant
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    BOOL,
    UNKNOWN,
    Array,
    Dict,
    Kind,
    List,
    Numeric,
    Object,
    Opaque,
    Scalar,
    Static,
    Tuple,
    Unknown,
)
from srcad.ir.lattice import as_list, join, join_all, same_static
from srcad.ir.nodes import Var
from srcad.rules.families.core import FAMILIES, BoundCall, Operand, numeric
from srcad.rules.families.core import operand as as_operand
from srcad.rules.families.elementwise import broadcast
from srcad.rules.families.products import matmul_kind
from srcad.rules.families.python import boolean

#: In-place operators and the operators that they fall back to.
INPLACE: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}
BINARY = (*INPLACE.values(), operator.neg, operator.pos, operator.abs, operator.invert)
_NUMBERS = (Scalar, Array, Numeric)


def binary(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    """``fn(*kinds)`` for an operator of one or two operands."""
    if all(isinstance(k, _NUMBERS) for k in kinds):
        if fn is operator.matmul:
            a, b = map(_operand, kinds)
            return matmul_kind(a, b, facts)
        return _number(fn, kinds, facts)
    if any(isinstance(k, (Unknown, Object)) for k in kinds):
        return UNKNOWN
    if any(isinstance(k, (Array, Numeric)) or (isinstance(k, Scalar) and k.weak is not True) for k in kinds):
        return _with_sequence(fn, kinds, facts)
    return _containers(fn, kinds, facts)


def _operand(kind: Kind) -> Operand:
    found = as_operand(kind)
    assert found is not None
    return found


def _call(family: str, fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    return FAMILIES[family](BoundCall(fn, {name: Var("", k) for name, k in zip("xy", kinds, strict=False)}), facts)


def _number(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    types = tuple([(k.dtype, k.weak) for k in kinds if isinstance(k, Scalar)])
    if len(types) == len(kinds) and fn is not operator.pow:  # a power may depend on the value of its exponent
        result = _of_scalars(fn, types)
    else:
        result = _call("elementwise", fn, kinds, facts)
    if isinstance(result, Scalar) and result.dtype == "i8" and result.weak is True:
        return Scalar("i8", True, _affine(fn, kinds, facts))
    return result


@lru_cache(maxsize=4096)
def _of_scalars(fn: Callable[..., Any], types: tuple[tuple[str | None, bool | None], ...]) -> Kind:
    """The kind of an operation on numbers of these types: nothing needs to be known of where it runs."""
    return _call("elementwise", fn, [Scalar(dtype, weak) for dtype, weak in types], Facts())


def _affine(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Dim | None:
    """The value of an operation on Python integers, where it is an affine expression."""
    values = [facts.resolve(k.value) if isinstance(k, Scalar) and k.value is not None else None for k in kinds]
    if any(v is None for v in values):
        return None
    known = [v for v in values if v is not None]
    numbers = [v.known for v in known]
    if all(n is not None for n in numbers):
        return _folded(fn, [n for n in numbers if n is not None])
    if fn is operator.neg:
        return known[0].times(-1)
    if fn is operator.pos:
        return known[0]
    if fn in (operator.add, operator.sub):
        return known[0].plus(known[1], 1 if fn is operator.add else -1)
    if fn is operator.mul:
        factor, other = (numbers[0], known[1]) if numbers[0] is not None else (numbers[1], known[0])
        return None if factor is None else other.times(factor)
    if fn is operator.floordiv and numbers[1] == 1:
        return known[0]
    return None


def _folded(fn: Callable[..., Any], numbers: list[int]) -> Dim | None:
    if any(abs(n) > 2**31 for n in numbers) or (fn in (operator.pow, operator.lshift) and abs(numbers[1]) > 32):
        return None
    try:
        result = fn(*numbers)
    except (ArithmeticError, ValueError):
        return None
    return Dim.of(result) if isinstance(result, int) else None


def _with_sequence(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    """An array with a list or tuple, which NumPy converts; a NumPy integer times a list repeats it."""
    if any(as_operand(k) is None for k in kinds) or not any(isinstance(k, Array) for k in kinds):
        return UNKNOWN
    arrays: list[Kind] = []
    for kind in kinds:
        item = _operand(kind)
        arrays.append(kind if isinstance(kind, _NUMBERS) else Array(item.dtype, item.dims))
    return binary(fn, arrays, facts)


def _containers(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    if len(kinds) < 2:
        return UNKNOWN
    a, b = kinds
    if fn is operator.add:
        return _concatenated(a, b, facts)
    if fn is operator.mul:
        return _repeated(a, b) if not isinstance(a, Scalar) else _repeated(b, a)
    if fn is operator.mod and _is_text(a):
        return Opaque(str)
    if fn is operator.or_ and isinstance(a, Dict) and isinstance(b, Dict):
        item = join(a.item, b.item, facts)
        if a.items is None or b.items is None:
            return Dict(item)
        return Dict(item, tuple((dict(a.items) | dict(b.items)).items()))
    return UNKNOWN


def _is_text(kind: Kind) -> bool:
    return (isinstance(kind, Opaque) and kind.cls is str) or (isinstance(kind, Static) and isinstance(kind.value, str))


def _concatenated(a: Kind, b: Kind, facts: Facts) -> Kind:
    match a, b:
        case (Tuple(), Tuple()):
            return Tuple(a.items + b.items)
        case (Tuple() | List(), Tuple() | List()):
            x, y = as_list(a, facts), as_list(b, facts)
            classes = [tuple if issubclass(k.cls, tuple) else k.cls for k in (x, y)]
            if classes[0] is not classes[1]:
                return UNKNOWN
            length = None if x.length is None or y.length is None else x.length.plus(y.length)
            return List(join(x.item, y.item, facts), length, classes[0])
        case _:
            return Opaque(str) if _is_text(a) and _is_text(b) else UNKNOWN


def _repeated(a: Kind, count: Kind) -> Kind:
    if not isinstance(count, Scalar):
        return UNKNOWN
    times = constant(count)
    match a:
        case Tuple(items=items):
            if isinstance(times, int) and times * len(items) <= 64:
                return Tuple(items * times)
            return List(join_all(items), None, tuple)
        case List(item=item, length=length, cls=cls):
            known = length is not None and length.known == 1 and count.value is not None
            total = count.value.clamp() if known and count.value is not None else None
            return List(item, total, tuple if issubclass(cls, tuple) else cls)
        case _:
            return Opaque(str) if _is_text(a) else UNKNOWN


def inplace(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    """``x op= y`` on a name: arrays and lists stay themselves, everything else is the plain operator."""
    base, value = kinds
    match base:
        case Array(dtype=dtype, dims=dims):
            item = as_operand(value)
            if dtype == "O" or item is None:
                return base if item is None or dtype == "O" else UNKNOWN
            if fn is operator.imatmul:
                return base
            if dims is not None and item.dims is not None and len(item.dims) <= len(dims):
                _spread(item.dims, dims, facts)
            return base
        case Numeric(dtype=dtype):
            plain = binary(INPLACE[fn], kinds, facts.child())
            return Numeric(dtype if getattr(plain, "dtype", None) == dtype else None)
        case List(item=item, cls=cls) if cls is list and fn is operator.iadd:
            from srcad.rules.families.python import item_of

            return List(join(item, item_of(value, facts), facts))
        case List(cls=cls) if cls is list and fn is operator.imul:
            return List(base.item)
        case Dict() if fn is operator.ior:
            return Dict(join(base.item, value.item, facts)) if isinstance(value, Dict) else UNKNOWN
        case _:
            return binary(INPLACE[fn], kinds, facts)


def _spread(value: tuple[Dim | None, ...], target: tuple[Dim | None, ...], facts: Facts) -> None:
    """Record what storing `value` into memory of dims `target` asserts: the lengths of value are 1 or the target's."""
    for got, wanted in zip(value[::-1], target[::-1], strict=False):
        if facts.is_one(got) is False:
            facts.equate(got, wanted)


def stored(value: Kind, place: Kind, facts: Facts) -> None:
    """Record what ``place[...] = value`` asserts about the lengths, by not raising."""
    item = as_operand(value)
    source = None if item is None else item.dims
    target = place.dims if isinstance(place, Array) else None
    if source is not None and target is not None and len(source) <= len(target):
        _spread(source, target, facts)


def comparison(fn: Callable[..., Any], kinds: list[Kind], facts: Facts) -> Kind:
    """``a == b`` and its kin; decided where both are known while compiling."""
    a, b = kinds
    if all(isinstance(k, _NUMBERS) for k in kinds):
        result = _call("elementwise_bool", fn, kinds, facts)
        decided = _decided(fn, a, b, facts)
        return result if decided is None else boolean(decided)
    if any(isinstance(k, (Unknown, Object, Array, Numeric)) for k in kinds):
        return _with_sequence(fn, kinds, facts) if isinstance(a, (Array, Numeric)) else UNKNOWN
    if any(isinstance(k, Scalar) and k.weak is not True for k in kinds):
        # NumPy's scalars compare with sequences as arrays do, and with text give NumPy's bools
        return UNKNOWN if any(isinstance(k, (Tuple, List)) for k in kinds) else Scalar("b1", None)
    x, y = constant(a), constant(b)
    if x is not MISSING and y is not MISSING and fn in (operator.eq, operator.ne):
        plain = (str, type(None), type, int, tuple)
        if isinstance(x, plain) and isinstance(y, plain):
            return boolean(fn(x, y))
    return BOOL if fn in (operator.eq, operator.ne) or all(map(_is_plain, kinds)) else UNKNOWN


def _is_plain(kind: Kind) -> bool:
    return isinstance(kind, (Scalar, Tuple, List)) or _is_text(kind)


def _decided(fn: Callable[..., Any], a: Kind, b: Kind, facts: Facts) -> bool | None:
    """The answer for two Python integers or bools whose values are affine expressions."""
    if not isinstance(a, Scalar) or not isinstance(b, Scalar) or not (a.weak and b.weak):
        return None
    if a.value is None or b.value is None or a.dtype not in ("i8", "b1") or b.dtype not in ("i8", "b1"):
        return None
    x, y = facts.resolve(a.value), facts.resolve(b.value)
    if x == y:
        return fn in (operator.eq, operator.le, operator.ge)
    difference = x.plus(y, -1)
    if difference is None:
        return None
    if difference.known is not None:
        return bool(fn(difference.known, 0))
    return _by_bounds(
        fn, difference, facts.is_one(x) if y == Dim.of(1) else facts.is_one(y) if x == Dim.of(1) else None
    )


def _by_bounds(fn: Callable[..., Any], difference: Dim, is_one: bool | None) -> bool | None:
    if is_one is False and fn in (operator.eq, operator.ne):
        return fn is operator.ne
    low = difference.lower_bound
    opposite = difference.times(-1)
    high = None if opposite is None or opposite.lower_bound is None else -opposite.lower_bound
    if low is not None and low > 0:
        return fn in (operator.ne, operator.gt, operator.ge)
    if high is not None and high < 0:
        return fn in (operator.ne, operator.lt, operator.le)
    if low == 0 and fn in (operator.ge, operator.lt):
        return fn is operator.ge
    if high == 0 and fn in (operator.le, operator.gt):
        return fn is operator.le
    return None


def identical(a: Kind, b: Kind, *, negated: bool = False) -> Kind:
    """``a is b`` and ``a is not b``: decided against None and other static values."""
    if isinstance(a, Static) and isinstance(b, Static):
        return boolean(same_static(a.value, b.value) is not negated)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Static) and one.value is None and not isinstance(other, Unknown):
            return boolean(negated)
    return BOOL


__all__ = ["BINARY", "INPLACE", "binary", "broadcast", "comparison", "identical", "inplace", "numeric", "stored"]

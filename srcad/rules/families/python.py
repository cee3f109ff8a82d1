"""Families of Python's builtins and of the functions of math."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence

from srcad.ir.atoms import MISSING, constant
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    UNKNOWN,
    Array,
    Dict,
    Functions,
    Iterator,
    Kind,
    List,
    Numeric,
    Object,
    Opaque,
    Scalar,
    Static,
    Tuple,
    Undefined,
    is_inexact,
)
from srcad.ir.lattice import join, join_all
from srcad.rules.families.core import BoundCall, family, is_none, numeric, operand
from srcad.rules.families.creation import range_length
from srcad.rules.families.elementwise import elementwise


def _always(kind: Kind) -> Callable[[BoundCall, Facts], Kind]:
    return lambda call, facts: kind


family("scalar_float", "python_float")(_always(FLOAT))
family("scalar_bool", "bool")(_always(BOOL))
family("int")(_always(INT))
family("python_complex")(_always(COMPLEX))
family("string")(_always(Opaque(str)))
family("none")(_always(NONE))
family("unknown")(_always(UNKNOWN))


@family("scalar_int", "python_int")
def python_int(call: BoundCall, facts: Facts) -> Kind:
    """A Python int; ``int(n)`` of an integer keeps its value."""
    kind = call.first()
    if call.fn is int and isinstance(kind, Scalar) and len(call.operands()) == 1 and kind.dtype == "i8":
        return Scalar("i8", True, kind.value)
    return INT


@family("python_bool")
def python_bool(call: BoundCall, facts: Facts) -> Kind:
    """A bool, known where the operand's truth is."""
    truth = truth_of(call.first(), facts) if call.operands() else False
    return BOOL if truth is None else boolean(truth)


def boolean(value: bool) -> Scalar:
    """A bool whose value is known."""
    return Scalar("b1", True, Dim.of(int(value)))


def truth_of(kind: Kind, facts: Facts) -> bool | None:
    """The truth value of a value of this kind, where it is known while compiling."""
    match kind:
        case Scalar(value=Dim() as value, dtype=dtype) if dtype is not None and dtype[0] in "biu":
            value = facts.resolve(value)
            if value.known is not None:
                return bool(value.known)
            return True if (value.lower_bound or 0) > 0 else None
        case Static(value=value) if value is None or isinstance(value, (str, bytes)) or callable(value):
            return bool(value) if not isinstance(value, type) else True
        case Tuple(items=items, cls=builtins.tuple):
            return bool(items)
        case _:
            return None


@family("len")
def length(call: BoundCall, facts: Facts) -> Kind:
    """An int whose value is the length, where that is known."""
    return Scalar("i8", True, length_of(call.first()))


def length_of(kind: Kind) -> Dim | None:
    """The number of elements that an iteration gives."""
    match kind:
        case Array(dims=dims):
            return dims[0] if dims else None
        case Tuple(items=items):
            return Dim.of(len(items))
        case List(length=length) | Iterator(length=length):
            return length
        case Dict(items=items) if items is not None:
            return Dim.of(len(items))
        case Static(value=str() as text):
            return Dim.of(len(text))
        case _:
            return None


def item_of(kind: Kind, facts: Facts) -> Kind:
    """What an iteration over a value of this kind gives in each pass."""
    match kind:
        case Array(dtype=dtype, dims=dims):
            return numeric(dtype, dims[1:]) if dims else numeric(dtype, None)
        case Numeric(dtype=dtype):
            return numeric(dtype, None)
        case Tuple(items=items):
            return join_all(items, facts)
        case List(item=item) | Iterator(item=item):
            return item
        case Dict(items=items):
            return UNKNOWN if items is None else key_kind([k for k, _ in items])
        case Static(value=str()):
            return Opaque(str)
        case Opaque(cls=cls) if cls is str:
            return Opaque(str)
        case _:
            return UNKNOWN


def key_kind(keys: Sequence[object]) -> Kind:
    """The kind of the keys of a dict."""
    if all(isinstance(k, str) for k in keys):
        return Opaque(str)
    return INT if all(type(k) is int for k in keys) else UNKNOWN


@family("range")
def range_(call: BoundCall, facts: Facts) -> Kind:
    """A range of ints."""
    kinds = [k for k in call.operands() if not is_none(k)]
    values = [k.value if isinstance(k, Scalar) else None for k in kinds]
    return Iterator(INT, range_length(values, facts), "range")


@family("zip")
def zip_(call: BoundCall, facts: Facts) -> Kind:
    """Tuples of one item from each."""
    kinds = call.operands()
    lengths = [length_of(k) for k in kinds]
    count = lengths[0] if lengths and all(facts.equal(lengths[0], x) for x in lengths) else None
    return Iterator(Tuple(tuple(item_of(k, facts) for k in kinds)), count, "zip")


@family("enumerate")
def enumerate_(call: BoundCall, facts: Facts) -> Kind:
    """Pairs of a counter and an item."""
    kind = call.first()
    return Iterator(Tuple((INT, item_of(kind, facts))), length_of(kind), "enumerate")


@family("reversed")
def reversed_(call: BoundCall, facts: Facts) -> Kind:
    """The items from the last to the first."""
    kind = call.first()
    return Iterator(item_of(kind, facts), length_of(kind), "reversed")


@family("list")
def list_(call: BoundCall, facts: Facts) -> Kind:
    """A new list of the items."""
    if not call.operands():
        return List(Undefined(), Dim.of(0))
    return List(item_of(call.first(), facts), length_of(call.first()))


@family("sorted")
def sorted_(call: BoundCall, facts: Facts) -> Kind:
    """A new list of the items in order."""
    return list_(call, facts)


@family("tuple")
def tuple_(call: BoundCall, facts: Facts) -> Kind:
    """A tuple of the items."""
    if not call.operands():
        return Tuple(())
    kind = call.first()
    if isinstance(kind, Tuple):
        return Tuple(kind.items)
    count = length_of(kind)
    if count is not None and count.known is not None and count.known <= 64:
        return Tuple((item_of(kind, facts),) * count.known)
    return List(item_of(kind, facts), count, tuple)


@family("dict")
def dict_(call: BoundCall, facts: Facts) -> Kind:
    """``dict()`` and copies of dicts; anything else is not followed."""
    kinds = call.operands()
    if not kinds and not call.arguments:
        return Dict(Undefined(), ())
    return kinds[0] if len(kinds) == 1 and len(call.arguments) == 1 and isinstance(kinds[0], Dict) else UNKNOWN


@family("static")
def static(call: BoundCall, facts: Facts) -> Kind:
    """``isinstance``, ``callable``, ``hasattr`` ... as bools, decided where the kinds do; ``type(x)`` as a class."""
    if call.fn is isinstance and len(call.operands()) == 2:
        answer = is_instance(call.operands()[0], constant(call.operands()[1]))
        return BOOL if answer is None else boolean(answer)
    if call.fn is callable and len(call.operands()) == 1 and isinstance(call.first(), (Static, Functions)):
        return boolean(isinstance(call.first(), Functions) or callable(constant(call.first())))
    if call.fn is type and len(call.operands()) == 1:
        cls = class_of(call.first())
        return Opaque(type) if cls is None else Static(cls)
    return Opaque(type) if call.fn is type else BOOL if call.fn in (callable, hasattr, issubclass) else UNKNOWN


def class_of(kind: Kind) -> type | None:
    """The class of all values of this kind, where there is one."""
    import numpy as np

    match kind:
        case Scalar(dtype=str() as dtype, weak=True):
            return {"b1": bool, "i8": int, "f8": float, "c16": complex}.get(dtype)
        case Scalar(dtype=str() as dtype, weak=False):
            return np.dtype(dtype).type
        case Array():
            return np.ndarray
        case Tuple(cls=cls) | List(cls=cls) | Object(cls=cls) | Opaque(cls=cls):
            return cls
        case Dict():
            return dict
        case Static(value=value):
            return type(value)
        case _:
            return None


def is_instance(kind: Kind, classes: object) -> bool | None:
    """Whether values of this kind are instances, where that is decided."""
    cls = class_of(kind)
    options = classes if isinstance(classes, tuple) else (classes,)
    if cls is None or classes is MISSING or not all(isinstance(c, type) for c in options):
        return None
    return issubclass(cls, tuple(c for c in options if isinstance(c, type)))


@family("python_sum")
def python_sum(call: BoundCall, facts: Facts) -> Kind:
    """``sum(iterable, start)``: the join over the number of items, which may be none."""
    kinds = call.operands()
    if not kinds:
        return UNKNOWN
    start = kinds[1] if len(kinds) > 1 else Scalar("i8", True, Dim.of(0))
    if isinstance(kinds[0], Tuple):
        total: Kind = start
        for item in kinds[0].items:
            total = add(total, item, facts)
        return total
    item = item_of(kinds[0], facts)
    if isinstance(item, Undefined):
        return start
    count = length_of(kinds[0])
    surely = count is not None and (facts.resolve(count).lower_bound or 0) > 0
    # The sum of no floats is the int 0, which serves as 0.0 wherever a float does.
    from_zero = isinstance(start, Scalar) and start.value == Dim.of(0)
    surely = surely or (from_zero and isinstance(item, Scalar) and item.dtype is not None and is_inexact(item.dtype))
    total = add(start, item, facts) if surely else join(start, add(start, item, facts), facts)
    for _ in range(8):
        after = join(total, add(total, item, facts), facts)
        if after == total:
            return total
        total = after
    return UNKNOWN


def add(a: Kind, b: Kind, facts: Facts) -> Kind:
    """The kind of ``a + b`` of numbers and arrays."""
    import operator

    from srcad.ir.nodes import Var

    if operand(a) is None or operand(b) is None or not isinstance(a, _NUMBERS) or not isinstance(b, _NUMBERS):
        return UNKNOWN
    return elementwise(BoundCall(operator.add, {"x": Var("", a), "y": Var("", b)}), facts)


_NUMBERS = (Scalar, Array, Numeric)


@family("python_minmax")
def python_minmax(call: BoundCall, facts: Facts) -> Kind:
    """``min``/``max``: one of the arguments, or of the items of the only one."""
    kinds = [k for name, v in call.arguments.items() if name not in ("key", "default") for k in _kinds(call, name, v)]
    default = call.kind("default")
    options = kinds if len(kinds) > 1 else [item_of(kinds[0], facts)] if kinds else [UNKNOWN]
    return join_all([*options, *([] if default is None else [default])], facts)


def _kinds(call: BoundCall, name: str, value: object) -> list[Kind]:
    if isinstance(value, tuple):
        return list(call.rest(name))
    kind = call.kind(name)
    return [] if kind is None else [kind]


@family("python_pow", "python_abs")
def python_operator_call(call: BoundCall, facts: Facts) -> Kind:
    """``pow(x, y)`` and ``abs(x)`` are the operators; ``pow`` with a modulus is an int."""
    kinds = [k for k in call.operands() if not is_none(k)]
    if len(kinds) > 2:
        return INT
    if kinds and isinstance(kinds[0], Scalar) and kinds[0].weak is True and kinds[0].dtype == "c16" and len(kinds) == 1:
        return FLOAT
    return elementwise(call, facts)


@family("python_round")
def python_round(call: BoundCall, facts: Facts) -> Kind:
    """``round(x)`` is an int, ``round(x, digits)`` of x's kind."""
    kind = call.first()
    digits = call.operands()[1:]
    if isinstance(kind, Scalar) and kind.dtype is not None and kind.dtype[0] in "fiub":
        if not digits or is_none(digits[0]):
            return INT
        if not isinstance(digits[0], Scalar) or kind.dtype == "b1":
            return Scalar(None, None)
        return Scalar(kind.dtype, kind.weak)
    return UNKNOWN


@family("item")
def item(call: BoundCall, facts: Facts) -> Kind:
    """``x.item()``: the Python number that an element is."""
    kind = call.first()
    dtype = kind.dtype if isinstance(kind, (Array, Scalar, Numeric)) else None
    match (dtype or "?")[0]:
        case "f" if dtype in ("f2", "f4", "f8"):
            return FLOAT
        case "c" if dtype in ("c8", "c16"):
            return COMPLEX
        case "i" | "u":
            return INT
        case "b":
            return BOOL
        case _:
            return UNKNOWN


@family("divmod")
def divmod_(call: BoundCall, facts: Facts) -> Kind:
    """The pair of ``//`` and ``%``."""
    import operator

    kinds = call.operands()[:2]
    if len(kinds) < 2 or not all(isinstance(k, _NUMBERS) for k in kinds):
        return UNKNOWN
    parts = []
    for fn in (operator.floordiv, operator.mod):
        parts.append(elementwise(BoundCall(fn, dict(list(call.arguments.items())[:2])), facts))
    return Tuple(tuple(parts))

"""Which operations numba compiles, with which operands: facts about calls, and for each that it does not the reason.

A table rather than a question to numba, so that code can be printed where numba is not installed; the tests ask numba
about its entries. What is not here is refused, although numba may know it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from srcad.codegen.tables import BINARY, COMPARE, INPLACE, atom_of, function_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Iterator, Kind, List, Scalar, Slice, Static, Tuple
from srcad.ir.nodes import Call, Const, Star

#: Why numba does not compile a call; empty if it does.
Check = Callable[[Call], str]

_WIDTHS = ("b1", "i8", "f8")


def type_of(kind: Kind) -> Hashable:
    """What numba takes a value of this kind for; None where it has no such type, or another arithmetic for it.

    No number is weak in numba, so that a float32 array times a Python float has float64 items: float32 is left out.

    >>> from srcad.ir.kinds import FLOAT, UNKNOWN
    >>> type_of(FLOAT), type_of(Scalar("f8", weak=False)), type_of(UNKNOWN)
    ('f8', 'f8', None)
    """
    match kind:
        case Scalar(dtype=dtype):
            return dtype if dtype in _WIDTHS else None
        case Array(dtype=dtype, dims=dims):
            return (dtype, len(dims)) if dtype in _WIDTHS and dims else None
        case Tuple(items=items, cls=cls):
            types = tuple(map(type_of, items))
            return None if cls is not tuple or None in types else ("tuple", types)
        case List(item=item, cls=cls):
            inner = type_of(item)
            return None if cls is not list or inner is None else ("list", inner)
        case Iterator(form="range"):
            return "range"
        case Slice():
            return "slice"
        case _:
            return None


def reason(call: Call) -> str:
    """Why numba does not compile a call; empty if it does."""
    fn = function_of(call)
    check = None if fn is None else CHECKS.get(fn)
    if check is None:
        return "it is not among the operations that this dialect has"
    if any(isinstance(a, Star) for a in call.args):
        return "it has starred arguments"
    if call.kwargs and check is not _reduction:
        return f"it has the keyword {call.kwargs[0][0]!r}"
    return check(call)


# -- sorts of operands -----------------------------------------------------------------------------------------------


def _integer(kind: Kind) -> bool:
    return isinstance(kind, Scalar) and kind.dtype == "i8"


def _shape(kind: Kind) -> bool:
    return _integer(kind) or (isinstance(kind, Tuple) and bool(kind.items) and all(map(_integer, kind.items)))


#: Letters for sorts of operands: what each means, and a test.
_SORTS: dict[str, tuple[str, Callable[[Kind], bool]]] = {
    "s": ("a number", lambda kind: isinstance(kind, Scalar)),
    "a": ("an array", lambda kind: isinstance(kind, Array)),
    "x": ("a number or an array", lambda kind: isinstance(kind, (Scalar, Array))),
    "i": ("an integer", _integer),
    "n": ("a length or a tuple of lengths", _shape),
}


def _takes(*signatures: str) -> Check:
    """Operands of these sorts, a letter for each, in one of several signatures."""

    def check(call: Call) -> str:
        kinds = _kinds(call)
        wanted = next((s for s in signatures if len(s) == len(kinds)), None)
        if wanted is None:
            return f"it has {len(kinds)} arguments"
        for kind, letter in zip(kinds, wanted, strict=True):
            name, fits = _SORTS[letter]
            if not fits(kind):
                return f"it takes {name} where this one is {kind}"
        return ""

    return check


def _kinds(call: Call) -> list[Kind]:
    return [atom_kind(atom_of(a)) for a in call.args]


# -- single operations -----------------------------------------------------------------------------------------------


def _reduction(call: Call) -> str:
    """A sum of an array, whole or along one axis."""
    axes = [*call.args[1:], *(value for name, value in call.kwargs if name == "axis")]
    if len(axes) != len(call.args) - 1 + len(call.kwargs) or len(axes) > 1:
        return "numba has no other argument of it than `axis`"
    if axes and not (isinstance(axes[0], Const) and type(axes[0].value) is int):
        return "its axis is no integer that is known while compiling"
    kind = _kinds(call)[0]
    return "" if isinstance(kind, Array) else f"it takes an array where this one is {kind}"


def _power(call: Call) -> str:
    kinds, exponent = _kinds(call), call.args[-1]
    if any(isinstance(k, (Scalar, Array)) and k.dtype == "f8" for k in kinds):
        return _takes("xx")(call)
    known = isinstance(exponent, Const) and exponent.value >= 0
    return "" if known else "numba's power of two integers is an integer where Python's is a float"


def _product(call: Call) -> str:
    for kind in _kinds(call):
        if not (isinstance(kind, Array) and kind.dtype == "f8" and kind.dims is not None and len(kind.dims) <= 2):
            return f"numba has products of float64 arrays with one or two axes, this one is of {kind}"
    return ""


def _index(kind: Kind) -> str:
    """Why numba has no such index in arrays."""
    for item in kind.items if isinstance(kind, Tuple) else (kind,):
        plain = isinstance(item, Static) and (item.value is None or item.value is Ellipsis)
        if not (_integer(item) or isinstance(item, Slice) or plain):
            return f"it has indices that are integers, slices, None or `...`, this one is {item}"
    return ""


def _read(call: Call) -> str:
    base, index = _kinds(call)
    match base:
        case Array():
            chosen = isinstance(index, Array) and index.dtype in ("i8", "b1")
            single = isinstance(index, Array) and index.dims is not None and len(index.dims) == 1
            return "" if chosen and single else _index(index)
        case List():
            return "" if _integer(index) else f"it reads an item of a list by {index}"
        case Tuple():
            known = isinstance(call.args[1], Const) and type(call.args[1].value) is int
            return "" if known else "which item of the tuple it reads is not known while compiling"
        case _:
            return f"it reads an item of {base}"


def _store(call: Call) -> str:
    base, index, value = _kinds(call)
    return _index(index) or _into(base, value)


def _change(call: Call) -> str:
    base, value = _kinds(call)
    return _into(base, value)


def _into(base: Kind, value: Kind) -> str:
    """Why a value cannot be stored in an array; NumPy's casts are not numba's."""
    if isinstance(base, Array) and isinstance(value, (Scalar, Array)):
        fits = base.dtype in _WIDTHS and value.dtype in _WIDTHS
        if fits and _WIDTHS.index(str(value.dtype)) <= _WIDTHS.index(str(base.dtype)):
            return ""
    return f"it stores {value} in {base}"


def _attribute(call: Call) -> str:
    base, name = _kinds(call)[0], call.args[1]
    known = isinstance(name, Const) and name.value in ("T", "shape", "size", "ndim") and isinstance(base, Array)
    return "" if known else "of attributes it has T, shape, size and ndim of arrays"


def _length(call: Call) -> str:
    (kind,) = _kinds(call)
    return "" if isinstance(kind, (Array, List, Tuple, Iterator)) else f"it takes the length of {kind}"


def _unpacked(call: Call) -> str:
    plain = isinstance(_kinds(call)[0], Tuple) and len(call.args) == 2
    return "" if plain else f"it takes {_kinds(call)[0]} apart"


def _items(call: Call) -> str:
    """An item, or the items, of a list."""
    kinds = _kinds(call)
    items = kinds[1:] if function_of(call) is list.append else kinds
    inner = kinds[0] if function_of(call) is list.append else call.target.kind
    wanted = type_of(inner.item) if isinstance(inner, List) else None
    same = all(type_of(kind) == wanted for kind in items)
    return "" if same and (wanted is not None or not items) else "items of a list are of one type"


def _last(call: Call) -> str:
    return "" if len(call.args) == 1 and isinstance(_kinds(call)[0], List) else "it takes the last item of a list"


def _any(call: Call) -> str:
    return ""


# -- the table -------------------------------------------------------------------------------------------------------

#: Elementwise functions of one operand.
UNARY: tuple[Any, ...] = (
    *(np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh),
    *(np.arctanh, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.square, np.absolute),
    *(np.fabs, np.negative, np.positive, np.reciprocal, np.sign, np.floor, np.ceil, np.trunc, np.rint, np.isnan),
    *(np.isinf, np.isfinite, np.deg2rad, np.rad2deg, np.logical_not),
)
#: Elementwise functions of two operands.
PAIRS: tuple[Any, ...] = (
    *(np.add, np.subtract, np.multiply, np.true_divide, np.maximum, np.minimum, np.fmax, np.fmin, np.arctan2),
    *(np.hypot, np.logaddexp, np.logaddexp2, np.greater, np.greater_equal, np.less, np.less_equal, np.equal),
    *(np.not_equal, np.logical_and, np.logical_or, np.logical_xor),
)
#: Functions of one number.
NUMBERS: tuple[Any, ...] = (
    *(math.sin, math.cos, math.tan, math.asin, math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.asinh),
    *(math.acosh, math.atanh, math.exp, math.expm1, math.log, math.log1p, math.log10, math.sqrt, math.fabs),
    *(math.floor, math.ceil, math.erf, math.erfc, math.gamma, math.lgamma, math.degrees, math.radians),
    *(math.isnan, math.isinf, math.isfinite, float, int, bool),
)
#: Functions of an array.
ARRAYS: tuple[Any, ...] = (
    *(np.mean, np.prod, np.max, np.min, np.zeros_like, np.ones_like, np.empty_like, np.copy, np.transpose),
    *(np.ndarray.mean, np.ndarray.prod, np.ndarray.max, np.ndarray.min, np.ndarray.copy),
)
_BITS = (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift)
_ARITHMETIC = (operator.iadd, operator.isub, operator.imul, operator.itruediv)

CHECKS: dict[Callable[..., Any], Check] = {
    **dict.fromkeys((fn for fn in BINARY if fn not in _BITS), _takes("xx")),
    **dict.fromkeys((fn for fn in INPLACE if fn in _ARITHMETIC), _takes("xx")),
    **dict.fromkeys((*COMPARE, *PAIRS), _takes("xx")),
    **dict.fromkeys((operator.neg, operator.pos, abs, *UNARY), _takes("x")),
    **dict.fromkeys((operator.not_, *NUMBERS), _takes("s")),
    **dict.fromkeys((operator.pow, np.power), _power),
    **dict.fromkeys((operator.matmul, np.dot, np.outer), _product),
    **dict.fromkeys((math.pow, math.atan2, math.hypot, math.copysign), _takes("ss")),
    **dict.fromkeys((min, max), _takes("ss", "sss", "ssss")),
    **dict.fromkeys((np.sum, np.ndarray.sum), _reduction),
    **dict.fromkeys(ARRAYS, _takes("a")),
    **dict.fromkeys((np.zeros, np.ones, np.empty), _takes("n")),
    **dict.fromkeys((ops.identity, ops.make_tuple, slice), _any),
    **{update: _store for update, op in ops.UPDATE_OPERATORS.items() if op in _ARITHMETIC},
    **{update: _change for update, op in ops.IN_PLACE_OPERATORS.items() if op in _ARITHMETIC},
    np.where: _takes("axx"),
    np.full: _takes("ns"),
    np.full_like: _takes("as"),
    np.arange: _takes("s", "ss", "sss"),
    np.linspace: _takes("ssi"),
    np.expand_dims: _takes("ai"),
    range: _takes("i", "ii", "iii"),
    len: _length,
    getattr: _attribute,
    np.ndarray.T: _takes("a"),
    operator.getitem: _read,
    operator.setitem: _store,
    ops.unpack: _unpacked,
    ops.make_list: _items,
    list.append: _items,
    list.pop: _last,
}
for _left_out in (operator.is_, operator.is_not, ops.contains, ops.not_contains):
    del CHECKS[_left_out]

"""What an operation may do besides giving a value, as far as the order of lines is concerned.

Conservative: what is not known to be harmless is a barrier. Three facts: it reads memory that a store can
change, it changes memory (or does I/O, draws random numbers), it may raise. Two operations commute when
neither changes what the other reads or changes, and at most one of them may raise or change.
"""

from __future__ import annotations

import math
import operator
import types

import numpy as np

from srcad.analysis.effects import cannot_raise
from srcad.analysis.outputs import outputs
from srcad.codegen.tables import BINARY, COMPARE, INPLACE, UNARY, function_of
from srcad.ir import kinds, ops
from srcad.ir.kinds import Array, Kind, Numeric, Scalar, Tuple
from srcad.ir.nodes import Atom, Call, Const, Star, Var

PURE, READ, WRITE, RAISE, OPAQUE = 0, 1, 2, 4, 8
BARRIER = READ | WRITE | RAISE
#: A call of what is not known, or a change of memory: also a barrier where the language itself would change the order.
CALL = BARRIER | OPAQUE

_STRUCTURE = frozenset((slice, ops.make_tuple, ops.make_list, ops.identity, operator.is_, operator.is_not))
_LOOKUPS = frozenset((operator.getitem, getattr))
_READERS = frozenset(
    (len, abs, sum, range, float, int, bool, complex, round, enumerate, zip, reversed, divmod, pow, isinstance,
     tuple, list, dict, str, repr, ops.unpack, operator.getitem)
)  # fmt: skip
_NUMPY_WRITERS = frozenset(
    ("copyto", "put", "place", "putmask", "put_along_axis", "fill_diagonal", "save", "savez", "savetxt", "seterr",
     "apply_along_axis", "apply_over_axes", "piecewise", "vectorize", "frompyfunc", "fromfunction", "nditer")
)  # fmt: skip
_METHODS = frozenset(
    ("sum", "mean", "prod", "max", "min", "var", "std", "copy", "reshape", "ravel", "transpose", "astype", "dot",
     "swapaxes", "cumsum", "cumprod", "squeeze", "clip", "flatten", "repeat", "take", "trace", "diagonal", "argmax",
     "argmin", "argsort", "conj", "conjugate", "round", "all", "any", "nonzero", "item", "tolist", "view", "keys",
     "values", "items", "get")
)  # fmt: skip
_HEADER_ATTRIBUTES = frozenset(
    ("shape", "ndim", "size", "dtype", "itemsize", "nbytes", "T", "mT", "real", "imag", "strides")
)


def commute(a: int, b: int) -> bool:
    """Whether operations with these effects may be exchanged."""
    if (a & WRITE and b) or (b & WRITE and a):  # what writes also conflicts with what may raise
        return False
    return not (a & RAISE and b & RAISE)


def kind_of(atom: Atom | Star) -> Kind:
    """The kind of an atom, as far as effects need it."""
    if isinstance(atom, Var):
        return atom.kind
    value = atom.value
    if isinstance(atom, Star):
        return kinds.UNKNOWN
    if isinstance(value, bool):
        return kinds.BOOL
    if isinstance(value, int):
        return kinds.INT
    if isinstance(value, float):
        return kinds.FLOAT
    if isinstance(value, complex):
        return kinds.COMPLEX
    return kinds.Static(value)


def effect(call: Call) -> int:
    """The effects of one call, its operands aside.

    What a transform added raises nothing where the function did not: in which order it would, does not matter.
    """
    found = _effect(call)
    return found & ~RAISE if (call.loc.adjoint or call.loc.saving) and not found & (WRITE | OPAQUE) else found


def _effect(call: Call) -> int:
    fn = function_of(call)
    if fn is None:
        return CALL
    args = [kind_of(a.value if isinstance(a, Star) else a) for a in call.args]
    starred = READ | RAISE if any(isinstance(a, Star) for a in call.args) else PURE
    if fn in _STRUCTURE:
        return starred
    if fn is ops.load_global or fn is ops.load_free:
        return READ | RAISE
    args += [kind_of(value) for _, value in call.kwargs]
    if any(name in (None, "out", "key", "where") for name, _ in call.kwargs) or outputs(fn, call.args, ()):
        return CALL
    if not all(map(_is_plain, args)):
        return BARRIER if fn in BINARY or fn in UNARY or fn in COMPARE or fn in _LOOKUPS else CALL
    return starred | _of_function(fn, args, call)


def _of_function(fn: object, args: list[Kind], call: Call) -> int:
    """The effects of a function applied to operands of plain, known kinds."""
    if fn in INPLACE:
        return _arithmetic(fn, args, call) if isinstance(args[0], Scalar) else CALL
    if fn in BINARY or fn in COMPARE or fn in UNARY:
        return _arithmetic(fn, args, call)
    if fn is operator.getitem:
        return _subscript(args, call)
    if fn is getattr:
        known = isinstance(args[0], (Array, Scalar)) and isinstance(call.args[1], Const)
        return PURE if known and kind_value(args[1]) in _HEADER_ATTRIBUTES else BARRIER
    if isinstance(fn, (types.GetSetDescriptorType, types.MemberDescriptorType)):
        return PURE if fn.__objclass__ is np.ndarray and fn.__name__ in _HEADER_ATTRIBUTES else CALL
    if isinstance(fn, types.MethodDescriptorType):
        return READ | RAISE if fn.__name__ in _METHODS else CALL
    if isinstance(fn, np.ufunc):
        return _elementwise(args) if len(call.args) <= fn.nin else CALL
    if fn in _READERS:
        return READ | RAISE
    module, name = str(getattr(fn, "__module__", "")), str(getattr(fn, "__name__", ""))
    if module == math.__name__:
        return RAISE
    if module.split(".")[0] == np.__name__ and "random" not in module and name not in _NUMPY_WRITERS:
        return READ | RAISE
    return CALL


def kind_value(kind: Kind) -> object:
    """The value of a static kind, else None."""
    return kind.value if isinstance(kind, kinds.Static) and isinstance(kind.value, str) else None


def _is_plain(kind: Kind) -> bool:
    """Whether operations on values of this kind run no code of the user's."""
    match kind:
        case Scalar() | Array() | Numeric() | kinds.Slice():
            return True
        case Tuple(items=items):
            return all(map(_is_plain, items))
        case kinds.List(item=item):
            return _is_plain(item)
        case kinds.Dict(item=item):
            return _is_plain(item)
        case kinds.Static(value=value):
            return not callable(value) or isinstance(value, type)
        case kinds.Opaque(cls=cls):
            return cls in (str, bytes, range, np.dtype)
        case kinds.Iterator(form=form):
            return form == "range"
        case _:
            return False


def _arithmetic(fn: object, args: list[Kind], call: Call) -> int:
    """Arithmetic and comparison: divisions of Python numbers raise, so do shapes that do not fit."""
    if all(isinstance(kind, Scalar) for kind in args):
        weak = all(isinstance(kind, Scalar) and kind.weak for kind in args)
        harmless = fn in COMPARE or fn in UNARY or fn in _TOTAL or not weak
        return PURE if harmless or _nonzero_divisor(fn, call) else RAISE
    if fn is operator.matmul or fn is operator.imatmul:
        return READ | RAISE
    return _elementwise(args)


_TOTAL = frozenset(
    (operator.add, operator.sub, operator.mul, operator.iadd, operator.isub, operator.imul, operator.and_,
     operator.or_, operator.xor)
)  # fmt: skip
_DIVISIONS = frozenset((operator.truediv, operator.floordiv, operator.mod))


def _nonzero_divisor(fn: object, call: Call) -> bool:
    divisor = call.args[-1]
    return fn in _DIVISIONS and isinstance(divisor, Const) and isinstance(divisor.value, float) and divisor.value != 0


def _elementwise(args: list[Kind]) -> int:
    """Reads its arrays; cannot raise where all arrays have the same known lengths."""
    dims = None
    for kind in args:
        if isinstance(kind, Scalar):
            continue
        if not isinstance(kind, Array) or kind.dims is None or None in kind.dims or dims not in (None, kind.dims):
            return READ | RAISE
        dims = kind.dims
    return PURE if dims is None else READ


def _subscript(args: list[Kind], call: Call) -> int:
    base, index = args[0], call.args[1]
    if isinstance(base, Tuple) and isinstance(index, Const) and isinstance(index.value, int):
        return PURE if -len(base.items) <= index.value < len(base.items) else RAISE
    return READ if cannot_raise(call) else READ | RAISE

"""Elementwise families: broadcasting, and NumPy's promotion of dtypes (NEP 50)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.ir.atoms import dtype_name
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import BOOL, COMPLEX, FLOAT, INT, UNKNOWN, Array, Kind, Numeric, Scalar, Tuple
from srcad.rules.families.core import (
    FAMILIES,
    BoundCall,
    Dims,
    Operand,
    dtype_argument,
    dtype_of,
    family,
    is_none,
    numeric,
    operand,
)

#: The ufunc that each of Python's operators calls on arrays and NumPy scalars.
OPERATOR_UFUNCS: dict[Callable[..., Any], np.ufunc] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.true_divide,
    operator.floordiv: np.floor_divide,
    operator.mod: np.remainder,
    operator.pow: np.power,
    operator.neg: np.negative,
    operator.pos: np.positive,
    operator.abs: np.absolute,
    abs: np.absolute,
    pow: np.power,
    operator.and_: np.bitwise_and,
    operator.or_: np.bitwise_or,
    operator.xor: np.bitwise_xor,
    operator.invert: np.invert,
    operator.lshift: np.left_shift,
    operator.rshift: np.right_shift,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
}

#: NumPy functions that are not ufuncs and turn integers into floats.
_FLOAT_FUNCTIONS = frozenset({"sinc", "i0"})
_SCALAR_FUNCTIONS = (np.round, np.around, np.sinc, np.nan_to_num)
_PYTHON_TYPES: dict[str, Any] = {"i8": int, "f8": float, "c16": complex, "b1": np.dtype("?")}
_PYTHON_KINDS: dict[type, Scalar] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX}


def broadcast(shapes: Sequence[Dims | None], facts: Facts) -> Dims | None:
    """The broadcast of shapes. Lengths known to be other than 1 must be equal, which is recorded in the facts."""
    if any(s is None for s in shapes):
        return None
    known = [s for s in shapes if s is not None]
    rank = max(map(len, known), default=0)
    return tuple(_broadcast_axis([s[i - rank] for s in known if len(s) >= rank - i], facts) for i in range(rank))


def _broadcast_axis(lengths: list[Dim | None], facts: Facts) -> Dim | None:
    rest = [d for d in lengths if facts.is_one(d) is not True]
    if not rest:
        return Dim.of(1)
    sure = [d for d in rest if facts.is_one(d) is False]
    for other in sure[1:]:
        facts.equate(sure[0], other)
    if sure:
        return next((d for d in sure if d is not None and d.known is not None), sure[0])
    first = rest[0]
    return first if all(facts.equal(first, d) or first is d for d in rest[1:]) else None


def ufunc_dtype(ufunc: np.ufunc, operands: Sequence[Operand], out: int = 0) -> str | None:
    """The dtype of the ufunc's result number `out`, None where it depends on what is not known."""
    return _ufunc_dtype(ufunc, tuple([(item.dtype, item.weak) for item in operands[: ufunc.nin]]), out)


@lru_cache(maxsize=4096)
def _ufunc_dtype(ufunc: np.ufunc, types: tuple[tuple[str | None, bool | None], ...], out: int) -> str | None:
    operands = [Operand(dtype, (), weak) for dtype, weak in types]
    return _agreed(operands, _PYTHON_TYPES, lambda inputs: _resolve(ufunc, inputs, out))


def _agreed(
    operands: Sequence[Operand], weak: dict[str, Any], resolve: Callable[[tuple[Any, ...]], str | None]
) -> str | None:
    """The dtype that `resolve` gives, where it is the same whether operands of unknown weakness are weak or not."""
    choices: list[tuple[Any, ...]] = [()]
    for item in operands:
        if item.dtype is None or len(choices) > 16:
            return None
        strong = np.dtype(item.dtype)
        options: list[Any] = [] if item.weak is True else [strong]
        if item.weak is not False:
            options.append(weak.get(item.dtype, strong))
        choices = [(*c, o) for c in choices for o in options]
    found = {resolve(choice) for choice in choices}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=4096)
def _resolve(ufunc: np.ufunc, inputs: tuple[object, ...], out: int) -> str | None:
    try:
        resolved = ufunc.resolve_dtypes((*inputs, *[None] * ufunc.nout))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return dtype_name(resolved[ufunc.nin + out])


def common_dtype(operands: Sequence[Operand]) -> str | None:
    """``np.result_type`` of operands, Python numbers weak; None where it depends on what is not known."""
    return _agreed(operands, _SAMPLES, _result_type)


_SAMPLES: dict[str, Any] = {"i8": 0, "f8": 0.0, "c16": 0j}


def _result_type(inputs: tuple[Any, ...]) -> str | None:
    try:
        return dtype_name(np.result_type(*inputs))
    except TypeError:
        return None


def _shape(call: BoundCall, operands: Sequence[Operand], facts: Facts) -> Dims | None:
    """The broadcast shape of the operands and of a mask in ``where=``."""
    shapes = [o.dims for o in operands]
    where = call.kind("where")
    if where is not None and call.constant("where") is not True:
        mask = operand(where)
        shapes.append(None if mask is None else mask.dims)
    return broadcast(shapes, facts)


def _out(call: BoundCall) -> Kind | None:
    """The kind of an array that the caller gave for the result."""
    kind = call.kind("out")
    if is_none(kind):
        return None
    return kind if isinstance(kind, Array) else UNKNOWN


def _operands(call: BoundCall, count: int | None = None) -> list[Operand] | None:
    kinds = call.operands()[:count]
    found = [operand(k) for k in kinds]
    good = [o for o in found if o is not None]
    return good if good and len(good) == len(found) else None


def ufunc_of(fn: object) -> np.ufunc | None:
    """The ufunc that a function or operator computes with, where it is one."""
    if isinstance(fn, np.ufunc):
        return fn
    try:
        return OPERATOR_UFUNCS.get(fn)  # type: ignore[call-overload,no-any-return]
    except TypeError:
        return None


@family("elementwise")
def elementwise(call: BoundCall, facts: Facts) -> Kind:
    """Broadcasting; the dtype is the ufunc's, or the promoted one where `fn` is not a ufunc but NumPy's."""
    if call.fn is divmod:
        return FAMILIES["divmod"](call, facts)
    ufunc = ufunc_of(call.fn)
    operands = _operands(call, None if ufunc is None else ufunc.nin)
    if operands is None:
        return _out(call) or UNKNOWN
    dims = _shape(call, operands, facts)
    if ufunc is None:
        dtype = _function_dtype(call.fn, operands)
        return _out(call) or _of_function(call, dtype, dims)
    if python := python_result(call.fn, call.operands()[: ufunc.nin]):
        return python
    if not isinstance(call.fn, np.ufunc):
        return _operator(call.fn, ufunc, operands, dims)
    kinds = tuple(numeric(dtype_argument(call, ufunc_dtype(ufunc, operands, i)), dims) for i in range(ufunc.nout))
    if len(kinds) > 1:
        return Tuple(kinds) if is_none(call.kind("out")) else UNKNOWN
    return _out(call) or kinds[0]


def _of_function(call: BoundCall, dtype: str | None, dims: Dims | None) -> Kind:
    """The result of a function that is no ufunc: only some are known to turn rank 0 into a scalar."""
    dtype = dtype_argument(call, dtype)
    return numeric(dtype, dims) if dims or call.fn in _SCALAR_FUNCTIONS else Numeric(dtype)


def _operator(fn: object, ufunc: np.ufunc, operands: list[Operand], dims: Dims | None) -> Kind:
    """One of Python's operators on NumPy values, or on values that may be Python numbers."""
    dtype = ufunc_dtype(ufunc, operands)
    if dims or all(o.weak is False for o in operands):
        return numeric(dtype, dims)
    if all(o.weak is not False for o in operands) and dtype is not None:
        python = python_operator(fn, [Scalar(o.dtype) for o in operands])
        dtype = dtype if isinstance(python, Scalar) and python.dtype == dtype else None
    # a Python complex number does its own arithmetic with np.float64, which is a float
    if dims == () and operands[0].dtype == "c16" and operands[0].weak is not False:
        return Scalar(dtype, weak=None)
    return numeric(dtype, dims)


def _function_dtype(fn: object, operands: list[Operand]) -> str | None:
    module = str(getattr(fn, "__module__", "") or getattr(getattr(fn, "__objclass__", None), "__module__", ""))
    if not module.startswith("numpy"):
        return None
    dtype = common_dtype(operands)
    if dtype == "b1":
        return None  # rounding makes halves of bools, other functions bools or integers
    if getattr(fn, "__name__", "") in _FLOAT_FUNCTIONS:
        return dtype if dtype is not None and dtype[0] in "fc" else "f8" if dtype in ("i8", "i4", "u8", "u4") else None
    return dtype


def python_result(fn: object, kinds: Sequence[Kind]) -> Kind | None:
    """The result of one of Python's operators on Python numbers; None where NumPy computes it."""
    if isinstance(fn, np.ufunc) or not all(isinstance(k, Scalar) for k in kinds):
        return None
    scalars = [k for k in kinds if isinstance(k, Scalar)]
    if any(k.weak is not True for k in scalars):
        if not all(k.weak is not False for k in scalars):
            return None
        dtypes = [k.dtype for k in scalars]
        same = fn in _ALIKE and all(d in ("i8", "f8", "c16") for d in dtypes)
        same = same or (fn in (operator.pow, pow) and dtypes == ["f8", "i8"])
        python = python_operator(fn, scalars) if same else None
        return Scalar(python.dtype if isinstance(python, Scalar) else None, None)
    if any(k.dtype is None for k in scalars):
        return BOOL if fn in _COMPARISONS else Scalar(None)
    return python_operator(fn, scalars)


#: Operators whose result on Python's int, float and complex has the type that NumPy gives it.
_ALIKE = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pos)

_COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


def python_operator(fn: object, kinds: Sequence[Scalar]) -> Kind:
    """The result of an operator on Python numbers of known types, by trying it on the ones."""
    if fn in (operator.pow, pow):
        return _python_power(kinds)
    ones = [_ONES[str(k.dtype)] for k in kinds if k.dtype in _ONES]
    if len(ones) < len(kinds):
        return UNKNOWN
    try:
        result = fn(*ones)  # type: ignore[operator]
    except TypeError:
        return UNKNOWN
    return _PYTHON_KINDS.get(type(result), UNKNOWN)


_ONES: dict[str, Any] = {"b1": True, "i8": 1, "f8": 1.0, "c16": 1j}


def _python_power(kinds: Sequence[Scalar]) -> Kind:
    """``x ** y``: a negative integer exponent makes a float, a negative base with a fraction a complex number."""
    base, exponent = kinds[0].dtype, kinds[1].dtype
    if "c16" in (base, exponent):
        return COMPLEX
    if exponent in ("i8", "b1"):
        if base == "f8":
            return FLOAT
        low = 0 if exponent == "b1" else None if kinds[1].value is None else kinds[1].value.lower_bound
        known = None if kinds[1].value is None else kinds[1].value.known
        if low is not None and low >= 0:
            return INT
        return FLOAT if known is not None and known < 0 else Scalar(None)
    return Scalar(None)


def _with_dtype(dtype: str) -> Callable[[BoundCall, Facts], Kind]:
    def result(call: BoundCall, facts: Facts) -> Kind:
        ufunc = ufunc_of(call.fn)
        operands = _operands(call, None if ufunc is None else ufunc.nin)
        if operands is None:
            return UNKNOWN
        if ufunc is not None and (python := python_result(call.fn, call.operands()[: ufunc.nin])):
            return python
        if any(o.dtype is None or o.dtype == "O" for o in operands):
            sure = dtype == "b1" and ufunc in _BOOL_COMPARISONS
            if ufunc is None and all(o.scalar for o in operands):
                return Scalar(None, weak=None)
            return _out(call) or numeric(dtype if sure else None, _shape(call, operands, facts))
        if ufunc is None and all(o.scalar for o in operands):
            return Scalar(dtype, weak=None)
        found = dtype if ufunc is None else ufunc_dtype(ufunc, operands)
        if not isinstance(call.fn, np.ufunc) and all(o.scalar for o in operands) and operands[0].weak is not False:
            return Scalar(found, weak=None)  # a Python complex number compares itself with np.float64, which is a float
        return _out(call) or numeric(found, _shape(call, operands, facts))

    return result


_BOOL_COMPARISONS = (
    np.equal,
    np.not_equal,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.isfinite,
    np.isnan,
)

family("elementwise_bool")(_with_dtype("b1"))
family("elementwise_int")(_with_dtype("i8"))


@family("elementwise_real")
def elementwise_real(call: BoundCall, facts: Facts) -> Kind:
    """A real result of complex operands: ``abs``, ``real``, ``imag``, ``angle``."""
    if ufunc_of(call.fn) is not None:
        return elementwise(call, facts)
    item = operand(call.first())
    if item is None:
        return UNKNOWN
    name = getattr(call.fn, "__name__", "")
    dtype = real_dtype(item.dtype)
    if name == "angle":
        dtype = dtype if dtype is not None and dtype[0] == "f" else "f8" if dtype in ("i8", "u8", "i4", "u4") else None
    if item.scalar:
        return Scalar(dtype, weak=False if item.weak is False or name == "angle" else None)
    return numeric(dtype, item.dims) if item.dims != () else Numeric(dtype)


def real_dtype(dtype: str | None) -> str | None:
    """The dtype of the real part."""
    if dtype is None or dtype[0] != "c":
        return dtype
    return dtype_name(np.empty(0, dtype).real.dtype)


@family("clip")
def clip(call: BoundCall, facts: Facts) -> Kind:
    """``np.clip(a, lo, hi)``: elementwise over the bounds that are not None."""
    kinds = [k for k in call.operands() if not is_none(k)]
    operands = [o for o in map(operand, kinds) if o is not None]
    if not operands or len(operands) < len(kinds):
        return UNKNOWN
    return _out(call) or numeric(
        dtype_argument(call, common_dtype(operands)), broadcast([o.dims for o in operands], facts)
    )


@family("where")
def where(call: BoundCall, facts: Facts) -> Kind:
    """``np.where(condition, x, y)`` is always an array; with the condition alone, a tuple of index arrays."""
    kinds = call.operands()
    operands = [o for o in map(operand, kinds) if o is not None]
    if not operands or len(operands) < len(kinds):
        return UNKNOWN
    if len(operands) == 1:
        rank = operands[0].rank
        return UNKNOWN if not rank else Tuple((Array("i8", (None,)),) * rank)
    dims = broadcast([o.dims for o in operands], facts)
    return Array(common_dtype(operands[1:]), dims)


@family("astype")
def astype(call: BoundCall, facts: Facts) -> Kind:
    """The first argument's shape with another dtype; a scalar's result may be a scalar."""
    kind = call.first()
    dtype = dtype_of(call.constant("dtype"))
    match kind:
        case Array(dims=dims):
            return Array(dtype, dims)
        case Scalar(weak=False):
            return Scalar(dtype, weak=False)
        case Scalar() | Numeric():
            return Numeric(dtype)
        case _:
            return UNKNOWN

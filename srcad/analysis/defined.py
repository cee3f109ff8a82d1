"""Whether an operation has a result for operands of these dtypes.

NumPy has no ``-`` of bools, no ``floor`` of complex numbers, and does not fit -1 into a ``uint8``; Python does not
order complex numbers. NumPy itself is asked, by the dtypes alone. An integer of Python is taken to be one of 64 bits.

>>> is_defined(operator.neg, (Const(0),), (Array("f8", None),))
True
>>> is_defined(operator.neg, (Const(0),), (Array("b1", None),))
False
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.ir.kinds import Array, Kind, Scalar
from srcad.ir.nodes import Atom, Const

_ORDER = (operator.lt, operator.le, operator.gt, operator.ge)

#: The NumPy functions behind the operators.
_UFUNCS: dict[Any, np.ufunc] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.true_divide,
    operator.pow: np.power,
    operator.neg: np.negative,
    operator.pos: np.positive,
    operator.abs: np.absolute,
    abs: np.absolute,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
}

_PYTHON: dict[str, Any] = {"b1": np.dtype(bool), "i8": int, "f8": float, "c16": complex}


def is_defined(fn: Any, args: Sequence[Atom], kinds: Sequence[Kind]) -> bool:
    """Whether `fn`, an operator or a ufunc, has a result for numbers and arrays of these kinds, whatever their values.

    Args:
        fn: what is called.
        args: its operands: integers that are constants are known to fit into small dtypes, or not.
        kinds: the kinds of its operands, all with a dtype.
    """
    choices = [tuple(_operands(kind)) for kind in kinds]
    for operands in itertools.product(*choices):
        python = all(weak for _, weak in operands)
        if python and not isinstance(fn, np.ufunc):
            if operands[0][0] == "c16" and (fn in _ORDER or fn in (abs, operator.abs)):
                return False  # there is no order, and the absolute value may overflow
            if len(operands) == 2 and operands[1][0] == "c16" and fn in _ORDER:
                return False
        elif not _has_loop(_UFUNCS.get(fn, fn), operands) or not _fit(args, operands):
            return False
    return True


def _operands(kind: Kind) -> list[tuple[str, bool]]:
    """The dtypes that an operand may have, and whether it is a number of Python's then."""
    assert isinstance(kind, (Array, Scalar)) and kind.dtype is not None
    if isinstance(kind, Array) or kind.weak is False:
        return [(kind.dtype, False)]
    return [(kind.dtype, True)] if kind.weak else [(kind.dtype, True), (kind.dtype, False)]


@functools.lru_cache(maxsize=4096)
def _has_loop(ufunc: np.ufunc, operands: tuple[tuple[str, bool], ...]) -> bool:
    """Whether NumPy knows how to compute a function for operands of these dtypes."""
    given = [_PYTHON[dtype] if weak else np.dtype(dtype) for dtype, weak in operands]
    if ufunc.nin != len(given) or ufunc.signature is not None:
        return False
    try:
        found = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout))
    except TypeError:
        return False
    return ufunc is not np.power or found[-1].kind not in "iu"  # of integers, negative powers raise


def _fit(args: Sequence[Atom], operands: Sequence[tuple[str, bool]]) -> bool:
    """Whether Python's integers fit into the dtype of NumPy's integers beside them."""
    small = [np.dtype(dtype) for dtype, weak in operands if not weak]
    if not small or any(dtype.kind not in "iu" for dtype in small) or np.int64 in small:
        return True
    limits = np.iinfo(np.result_type(*small))
    numbers = [a for a, (dtype, weak) in zip(args, operands, strict=True) if weak and dtype == "i8"]
    return all(isinstance(a, Const) and limits.min <= a.value <= limits.max for a in numbers)

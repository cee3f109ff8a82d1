"""Calls of NumPy that change arrays in place, in fewer forms.

- ``y = np.exp(x, out=(b,))`` becomes ``np.exp(x, out=b)`` with `y` another name for `b`;
- a method of an array that changes it becomes a call of the class's own function, ``np.ndarray.sort``.

>>> import srcad
>>> import numpy as np
>>> def f(x):
...     b = np.empty_like(x)
...     y = np.exp(x, out=(b,))
...     y.sort()
...     return y[0]
>>> print(srcad.dump(f, stage="typed"))
function f(x: f8[any]):
    # b = np.empty_like(x)
    b: f8[...] = np.empty_like(x)
    # y = np.exp(x, out=(b,))
    np.exp(x, out=b)
    # y.sort()
    ndarray.sort(b)
    # return y[0]
    _3: f8[any] = b[0]
    return _3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.analysis.outputs import is_numpy, outputs
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import NONE, Array, Numeric, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of

#: Methods of arrays that change their receiver.
_METHODS: dict[str, Any] = {name: getattr(np.ndarray, name) for name in ("sort", "partition", "fill", "put")}


def as_function(call: Call) -> Call:
    """``a.sort()`` of an array as a call of ``np.ndarray.sort``; any other call as it is."""
    if not is_call_of(call, ops.call_method) or not isinstance(call.args[1], Const):
        return call
    receiver, method = call.args[0], _METHODS.get(call.args[1].value)
    if method is None or isinstance(receiver, Star):
        return call
    kind = atom_kind(receiver)
    known = isinstance(kind, (Array, Numeric)) or (isinstance(kind, Unknown) and method is not np.ndarray.sort)
    if not known:  # lists have a method sort, too
        return call
    return replace(call, fn=Const(method), args=(receiver, *call.args[2:]))


def into_output(call: Call, calls: Mapping[Var, Call]) -> tuple[Call, Var] | None:
    """A call with ``out=`` as one that returns nothing, and the array that it writes to; None for any other call."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is None or not is_numpy(fn):
        return None
    kwargs = [(k, _single(v, calls) if k == "out" else v) for k, v in call.kwargs]
    found = outputs(fn, call.args, kwargs)
    if len(found) != 1 or not isinstance(found[0], Var):
        return None
    return replace(call, target=Var("", NONE), kwargs=tuple(kwargs)), found[0]


def without_nothing(call: Call) -> Call:
    """A call of NumPy without an ``out=None`` that says nothing."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is None or ("out", Const(None)) not in call.kwargs or not is_numpy(fn):
        return call
    return replace(call, kwargs=tuple(pair for pair in call.kwargs if pair != ("out", Const(None))))


def _single(out: Atom, calls: Mapping[Var, Call]) -> Atom:
    """``(y,)`` as `y`."""
    made = calls.get(out) if isinstance(out, Var) else None
    if made is None or not is_call_of(made, ops.make_tuple) or len(made.args) != 1 or isinstance(made.args[0], Star):
        return out
    return made.args[0]

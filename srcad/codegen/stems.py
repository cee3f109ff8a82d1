"""What a temporary is called: after what it is, where that is short; else ``t``.

np.exp(z)            exp_z           np.exp(z - m)        exp
np.sqrt(v @ v)       root            ~(z < m)             mask
A[i, j]              A_ij            a * b + c            t
"""

from __future__ import annotations

import builtins
import keyword
import operator
import types
from collections.abc import Mapping

import numpy as np

from srcad.codegen.tables import function_of, is_identifier
from srcad.ir import ops
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star, Var

#: What a temporary is called that has no better name.
PLAIN = "t"

_LONGEST, _SHORTEST = 14, 5
_MODULES = ("numpy", "math", "cmath", "scipy")
#: Names for what a function gives, where its own name would not do as one.
_RESULTS = {
    "sqrt": "root", "sum": "total", "prod": "product", "max": "top", "amax": "top", "min": "bottom", "amin": "bottom",
    "mean": "mean", "argsort": "order", "argmax": "place", "argmin": "place", "absolute": "size", "inv": "inverse",
    "solve": "solution", "det": "det", "norm": "norm", "dot": "dot", "outer": "outer", "arange": "numbers",
}  # fmt: skip


def stem(call: Call, calls: Mapping[int, Call]) -> str:
    """The name that suits the value of a call.

    Args:
        call: what defines the temporary.
        calls: all calls, by the `uid` of what they define: of indices that are tuples.
    """
    found = _item(call, calls) if call.fn == Const(operator.getitem) else _result(call)
    usable = is_identifier(found) and not keyword.iskeyword(found) and not hasattr(builtins, found)
    return found if usable and len(found) <= _LONGEST else PLAIN


def _result(call: Call) -> str:
    """A name after the function."""
    kind = call.target.kind
    if isinstance(kind, Array) and kind.dtype == "b1":
        return "mask"
    fn = function_of(call)
    owner = fn.__objclass__.__module__ if isinstance(fn, types.MethodDescriptorType) else getattr(fn, "__module__", "")
    if isinstance(fn, np.ufunc):
        owner = np.__name__
    name = getattr(fn, "__name__", "")
    if not name or isinstance(fn, type) or str(owner).split(".")[0] not in _MODULES:
        return ""
    if not isinstance(kind, (Array, Scalar)) or fn in (np.ndarray.copy, np.zeros_like, np.ones_like):
        return ""
    first = call.args[0] if call.args else None
    alone = not any(isinstance(a, (Var, Star)) for a in call.args[1:])
    if isinstance(first, Var) and alone and _short(first.name):
        return f"{name}_{first.name}"
    elementwise = isinstance(fn, np.ufunc) or owner in ("math", "cmath")
    return _RESULTS.get(name, name if elementwise and len(name) <= _SHORTEST else "")


def _short(name: str) -> bool:
    return 0 < len(name) <= 10 and not name.endswith(("_bar", "_dot", "_saved"))


def _item(call: Call, calls: Mapping[int, Call]) -> str:
    """``A_ij`` for ``A[i, j]``; empty where the index is not one of names and numbers."""
    base, index = call.args
    if not isinstance(base, Var) or not _short(base.name) or not isinstance(call.target.kind, (Array, Scalar)):
        return ""
    made = calls.get(index.uid) if isinstance(index, Var) else None
    parts = made.args if made is not None and made.fn == Const(ops.make_tuple) else (index,)
    texts = [_index(a) for a in parts]
    return f"{base.name}_{''.join(texts)}" if all(texts) else ""


def _index(atom: Atom | Star) -> str:
    if isinstance(atom, Const):
        return str(atom.value) if type(atom.value) is int and 0 <= atom.value < 10 else ""
    return atom.name if isinstance(atom, Var) and len(atom.name) == 1 and isinstance(atom.kind, Scalar) else ""

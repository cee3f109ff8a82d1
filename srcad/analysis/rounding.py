"""Results that are rounded because a call asks for a dtype: ``x.astype(int)``, ``np.array(x, dtype=dtype)``.

Where the kinds of the arguments are known, so is that of the result; these two questions are for where they are not.
"""

from __future__ import annotations

import numpy as np

from srcad.analysis.outputs import computed
from srcad.errors import SrcadError
from srcad.ir.kinds import Array, Numeric, Scalar, Static, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.rules import rule_for

_DTYPES = (type, str, np.dtype)


def gives_integers(call: Call) -> bool:
    """Whether a call asks for a dtype that carries no derivative, in so many words."""
    if not any(isinstance(_known(a), _DTYPES) for a in _given(call)):
        return False
    dtype = _known(_dtype(call))
    if not isinstance(dtype, _DTYPES):
        return False
    try:
        return np.dtype(dtype).kind not in "fcO"
    except TypeError:
        return False  # running it says so


def may_give_integers(call: Call) -> bool:
    """Whether a call asks for a dtype that is known only when it runs."""
    kind = call.target.kind
    if not (isinstance(kind, Unknown) or (isinstance(kind, (Scalar, Array, Numeric)) and kind.dtype is None)):
        return False
    if not any(isinstance(a, Var) for a in _given(call)):
        return False
    dtype = _dtype(call)
    return isinstance(dtype, Var) and not isinstance(dtype.kind, Static)


def _known(atom: Atom | None) -> object:
    """What an argument is, where that is known while compiling; else None."""
    if isinstance(atom, Const):
        return atom.value
    return atom.kind.value if atom is not None and isinstance(atom.kind, Static) else None


def _given(call: Call) -> tuple[Atom, ...]:
    return tuple(a.value if isinstance(a, Star) else a for a in (*call.args, *(v for _, v in call.kwargs)))


def _dtype(call: Call) -> Atom | None:
    """The argument that says which dtype the result has, where the primitive has one that carries derivatives."""
    rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
    if rule is None or not rule.wrt:
        return None
    try:
        plain = computed(call)
        bound = rule.bind(plain.args, plain.kwargs, where=call.loc)
    except SrcadError:
        return None  # its derivative, if it is needed, says so
    found = (bound or {}).get("dtype")
    return None if isinstance(found, tuple) else found

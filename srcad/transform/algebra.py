"""Algebra on calls about to be written: ``1.0 * g`` is ``g``, ``a + -b`` is ``a - b``, facts about kinds are constants.

Used only for code that a transform makes, never on the primal's own statements. Every rewriting gives the same value
and dtype (up to the sign of zero), or turns a question about kinds (``np.ndim(x)``, ``axis is None``) into its answer.

`ZERO` is the tangent of something that does not vary. It is absorbed here by every operation that is linear in it and
never printed as such.

    t = 2 * x
    x_bar = t * 1.0      ->      x_bar = 2 * x

>>> import srcad
>>> def f(x: float):
...     return x * x
>>> "1.0" in srcad.dump(f)
False
>>> with srcad.compile_options(without=["algebra"]):
...     "1.0" in srcad.dump(f)
True
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_hashable
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Opaque, Scalar, Slice, Static, Tuple, Undefined, Unknown
from srcad.ir.nodes import Atom, Const, Star, Var
from srcad.passes import is_on

if TYPE_CHECKING:
    from srcad.transform.builder import Builder


class _ZeroType:
    """The type of `ZERO`'s value."""

    def __repr__(self) -> str:
        return "ZERO"


ZERO = Const(_ZeroType())

Arguments = tuple[Atom | Star, ...]
Keywords = tuple[tuple[str | None, Atom], ...]
WithKeywords = Callable[["Builder", tuple[Atom, ...], Keywords], Atom | None]

#: Python functions that are evaluated while compiling when all their arguments are constants.
_FOLDED: frozenset[Any] = frozenset(
    [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg, operator.pos,
     operator.truediv, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
     operator.not_, operator.is_, operator.is_not, operator.getitem, operator.and_, operator.or_, operator.pow,
     ops.contains, ops.not_contains, ops.join_string, ops.format_value,
     len, abs, min, max, sum, tuple, sorted, int, str, bool, float, isinstance, getattr, callable, hasattr, range,
     str.split, str.replace, str.join, str.count, str.index, str.find, str.strip, str.startswith, str.endswith,
     str.upper, str.lower]
)  # fmt: skip

_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pow)
_FLOATS = ("f", "c")


def simplified(b: Builder, fn: Atom, args: Arguments, kwargs: tuple[tuple[str | None, Atom], ...]) -> Atom | None:
    """An atom (perhaps of simpler calls appended to `b`) for ``fn(*args, **kwargs)``, or None: write the call."""
    if not isinstance(fn, Const) or any(isinstance(a, Star) for a in args):
        return None
    atoms = tuple(a for a in args if not isinstance(a, Star))
    folded = _fold(fn.value, atoms, kwargs)
    if folded is not None:
        return folded
    if not is_hashable(fn.value):
        return None
    if fn.value in _ARITHMETIC and not is_on("algebra") and not any(map(is_zero, atoms)):
        return None
    for rule in () if kwargs else _REWRITES.get(fn.value, ()):
        found = rule(b, *atoms)
        if found is not None:
            return found
    with_keywords = _KEYWORDS.get(fn.value)
    return None if with_keywords is None else with_keywords(b, atoms, kwargs)


def _fold(fn: Any, atoms: tuple[Atom, ...], kwargs: tuple[tuple[str | None, Atom], ...]) -> Atom | None:
    if kwargs or not all(isinstance(a, Const) and not isinstance(a.value, _ZeroType) for a in atoms):
        return None
    try:
        if fn not in _FOLDED:
            return None
        value = fn(*(a.value for a in atoms if isinstance(a, Const)))
    except Exception:
        return None  # the primal's own error, if any, is raised where the code runs
    if isinstance(value, (bool, int, float, complex, str, type(None), tuple, range, type)) and not _nonfinite(value):
        return Const(value)
    return None


def _nonfinite(value: object) -> bool:
    return isinstance(value, (float, complex)) and not np.isfinite(value)


def is_const(atom: object, value: complex) -> bool:
    """Whether `atom` is the number `value` (of any numeric type but bool)."""
    return (
        isinstance(atom, Const)
        and isinstance(atom.value, (int, float))
        and not isinstance(atom.value, bool)
        and atom.value == value
    )


def is_zero(atom: object) -> bool:
    """Whether `atom` is the symbolic `ZERO`."""
    return isinstance(atom, Const) and isinstance(atom.value, _ZeroType)


def keeps_dtype(kind: Kind) -> bool:
    """Whether multiplying by a Python float leaves values of this kind as they are."""
    return isinstance(kind, (Scalar, Array, Numeric)) and kind.dtype is not None and kind.dtype[0] in _FLOATS


def _add(b: Builder, x: Atom, y: Atom) -> Atom | None:
    if is_zero(x):
        return y
    if is_zero(y):
        return x
    if negated := _negated(b, y):
        return b.call(operator.sub, x, negated)
    if negated := _negated(b, x):
        return b.call(operator.sub, y, negated)
    return None


def _sub(b: Builder, x: Atom, y: Atom) -> Atom | None:
    if is_zero(y):
        return x
    if is_zero(x):
        return b.call(operator.neg, y)
    if negated := _negated(b, y):
        return b.call(operator.add, x, negated)
    return None


def _mul(b: Builder, x: Atom, y: Atom) -> Atom | None:
    if is_zero(x) or is_zero(y):
        return ZERO
    for one, other in ((x, y), (y, x)):
        if is_const(one, 1) and keeps_dtype(atom_kind(other)):
            return other
        if is_const(one, -1) and keeps_dtype(atom_kind(other)):
            return b.call(operator.neg, other)
    if negated := _negated(b, x):
        return b.call(operator.neg, b.call(operator.mul, negated, y))
    if negated := _negated(b, y):
        return b.call(operator.neg, b.call(operator.mul, x, negated))
    quotient = b.recent(x, operator.truediv)
    if quotient is not None and quotient.loc.adjoint and isinstance(quotient.args[0], Const):
        numerator = quotient.args[0]
        if is_const(numerator, 1):
            return b.call(operator.truediv, y, quotient.args[1])
        same_size = isinstance(atom_kind(x), Array) == isinstance(atom_kind(y), Array)
        if same_size and type(numerator.value) in (int, float) and keeps_dtype(atom_kind(y)):
            return b.call(operator.truediv, b.call(operator.mul, numerator, y), quotient.args[1])
    return None


def _truediv(b: Builder, x: Atom, y: Atom) -> Atom | None:
    if is_zero(x):
        return ZERO
    if is_const(y, 1) and keeps_dtype(atom_kind(x)):
        return x
    if negated := _negated(b, x):
        return b.call(operator.neg, b.call(operator.truediv, negated, y))
    return None


def _neg(b: Builder, x: Atom) -> Atom | None:
    if is_zero(x):
        return ZERO
    if negated := _negated(b, x):
        return negated
    difference = b.recent(x, operator.sub)
    if difference is not None and _plain(difference.args):
        return b.call(operator.sub, difference.args[1], difference.args[0])
    return None


def _negated(b: Builder, x: Atom) -> Atom | None:
    """`y` where `x` is ``-y``."""
    if isinstance(x, Const) and type(x.value) in (int, float) and x.value < 0:
        return Const(-x.value)
    call = b.recent(x, operator.neg)
    if call is None or isinstance(call.args[0], Star):
        return None
    return call.args[0] if keeps_dtype(atom_kind(call.args[0])) else None


def _plain(args: Arguments) -> bool:
    return not any(isinstance(a, Star) for a in args)


def _pow(b: Builder, x: Atom, y: Atom) -> Atom | None:
    return x if is_const(y, 1) and keeps_dtype(atom_kind(x)) else None


def _matmul(b: Builder, x: Atom, y: Atom) -> Atom | None:
    return ZERO if is_zero(x) or is_zero(y) else None


def _linear(b: Builder, x: Atom, *rest: Atom) -> Atom | None:
    return ZERO if is_zero(x) else None


def _transpose(b: Builder, x: Atom) -> Atom | None:
    if is_zero(x):
        return ZERO
    kind = atom_kind(x)
    if isinstance(kind, Array) and kind.dims is not None and len(kind.dims) < 2:
        return x
    call = b.definition(x, np.ndarray.T)
    return call.args[0] if call is not None and isinstance(call.args[0], (Var, Const)) else None


def _getitem(b: Builder, x: Atom, index: Atom) -> Atom | None:
    if is_zero(x):
        return ZERO
    if not (isinstance(index, Const) and isinstance(index.value, int)):
        return None
    call = b.definition(x, ops.make_tuple)
    if call is not None and _plain(call.args) and -len(call.args) <= index.value < len(call.args):
        item = call.args[index.value]
        return item if not isinstance(item, Star) else None
    return None


def _unpack(b: Builder, x: Atom, before: Atom, after: Atom | None = None) -> Atom | None:
    call = b.definition(x, ops.make_tuple)
    plain = after is None or is_const(after, -1)
    if call is not None and plain and _plain(call.args) and is_const(before, len(call.args)):
        return x
    return None


def rank(kind: Kind) -> int | None:
    """The number of dimensions of a value of this kind, where known."""
    match kind:
        case Array(dims=dims) if dims is not None:
            return len(dims)
        case Scalar():
            return 0
        case _:
            return None


def _ndim(b: Builder, x: Atom) -> Atom | None:
    known = rank(atom_kind(x))
    return None if known is None else Const(known)


def _len(b: Builder, x: Atom) -> Atom | None:
    kind = atom_kind(x)
    match kind:
        case Tuple(items=items):
            return Const(len(items))
        case Array(dims=(first, *_)) if first is not None and first.known is not None:
            return Const(first.known)
        case _:
            return None


def _iscomplexobj(b: Builder, x: Atom) -> Atom | None:
    kind = atom_kind(x)
    if is_zero(x):
        return Const(False)
    if isinstance(kind, (Array, Scalar, Numeric)) and kind.dtype is not None:
        return Const(kind.dtype[0] == "c")
    return None


def _eq(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``x.dtype == float`` for something whose dtype is known."""
    call = b.definition(x, getattr)
    if (
        call is None
        or call.args[1:] != (Const("dtype"),)
        or not isinstance(y, Const)
        or y.value not in (float, complex)
    ):
        return None
    kind = None if isinstance(call.args[0], Star) else atom_kind(call.args[0])
    if not isinstance(kind, (Array, Scalar, Numeric)) or kind.dtype is None:
        return None
    return Const(bool(np.dtype(kind.dtype) == y.value))


def _is(b: Builder, x: Atom, y: Atom) -> Atom | None:
    """``x is None`` for something that is known not to be None."""
    if not (isinstance(y, Const) and y.value is None):
        return None
    if isinstance(x, Const):
        return Const(x.value is None)
    kind = atom_kind(x)
    if isinstance(kind, (Unknown, Undefined)):
        return None
    return Const(isinstance(kind, Static) and kind.value is None)


def _is_not(b: Builder, x: Atom, y: Atom) -> Atom | None:
    known = _is(b, x, y)
    return None if not isinstance(known, Const) else Const(not known.value)


def class_of(kind: Kind) -> type | None:
    """The class of a value of this kind, where known."""
    match kind:
        case Array():
            return np.ndarray
        case List(cls=cls) | Tuple(cls=cls) | Opaque(cls=cls):
            return cls
        case Dict():
            return dict
        case Slice():
            return slice
        case Static(value=value):
            return type(value)
        case Scalar(dtype=dtype, weak=True) if dtype is not None:
            return {"b1": bool, "i8": int, "f8": float, "c16": complex}.get(dtype)
        case Scalar(dtype=dtype, weak=False) if dtype is not None:
            return np.dtype(dtype).type
        case _:
            return None


def _isinstance(b: Builder, x: Atom, classes: Atom) -> Atom | None:
    cls = class_of(atom_kind(x))
    call = b.definition(classes, ops.make_tuple)
    parts = (classes,) if call is None else call.args
    if cls is None or not all(isinstance(p, Const) for p in parts):
        return None
    try:
        return Const(any(issubclass(cls, p.value) for p in parts if isinstance(p, Const)))
    except TypeError:
        return None


def _shape_of(b: Builder, x: Atom) -> Atom | None:
    kind = atom_kind(x)
    return b.call(getattr, x, Const("shape")) if isinstance(kind, Array) else None


_REWRITES: dict[Any, list[Callable[..., Atom | None]]] = {
    fn: [rule]
    for fn, rule in (
        (operator.add, _add),
        (operator.sub, _sub),
        (operator.mul, _mul),
        (operator.truediv, _truediv),
        (operator.neg, _neg),
        (operator.pow, _pow),
        (operator.matmul, _matmul),
        (operator.getitem, _getitem),
        (operator.eq, _eq),
        (operator.is_, _is),
        (operator.is_not, _is_not),
        (ops.unpack, _unpack),
        (np.ndarray.T, _transpose),
        (np.conj, _linear),
        (np.real, _linear),
        (np.sum, _linear),
        (np.ndarray.sum, _linear),
        (np.ndim, _ndim),
        (np.shape, _shape_of),
        (len, _len),
        (np.iscomplexobj, _iscomplexobj),
        (isinstance, _isinstance),
    )
}

#: Rewritings of calls with keyword arguments.
_KEYWORDS: dict[Any, WithKeywords] = {}


def rewrites(fn: Callable[..., Any]) -> Callable[[Callable[..., Atom | None]], Callable[..., Atom | None]]:
    """Register a rewriting of calls of `fn`; for rewritings that need more of the compiler than this module sees.

    Those of one function are tried in the order of their registration.
    """

    def register(rewrite: Callable[..., Atom | None]) -> Callable[..., Atom | None]:
        _REWRITES.setdefault(fn, []).append(rewrite)
        return rewrite

    return register


def rewrites_keywords(fn: Callable[..., Any]) -> Callable[[WithKeywords], WithKeywords]:
    """Register a rewriting of calls of `fn` that have keyword arguments, or none."""

    def register(rewrite: WithKeywords) -> WithKeywords:
        _KEYWORDS[fn] = rewrite
        return rewrite

    return register

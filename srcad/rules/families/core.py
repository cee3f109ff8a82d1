"""Type families: the table, a call as a family sees it, and operands as arrays.

Input: a `BoundCall` (a primitive with its arguments bound to the parameters of its template) and the `Facts` where it
runs. Output: the kind of the result. A family may record in the facts what the call asserts by not raising. The rule of
all families: where anything is unsure, the dtype is None, a length is None, the kind is `Numeric` or `Unknown`; a wrong
kind never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from srcad.errors import InternalError
from srcad.ir.atoms import MISSING, atom_kind, constant, dtype_name
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, List, Numeric, Scalar, Static, Tuple, Undefined
from srcad.ir.lattice import as_list
from srcad.ir.nodes import Atom
from srcad.ir.record import record

Dims = tuple[Dim | None, ...]

#: Parameters that say how to compute, not what from.
OPTIONS = frozenset(
    ("out", "where", "dtype", "casting", "order", "subok", "signature", "axis", "axes", "keepdims", "initial")
    + ("like", "device", "copy", "kind", "stable", "optimize", "decimals")
)


@record(frozen=True)
class BoundCall:
    """A call of the primitive `fn`; `arguments` are bound by name to its template's parameters, absent ones left out.

    A variadic parameter's value is a tuple of atoms. The order is that of the template's signature.
    """

    fn: Any
    arguments: Mapping[str, Atom | tuple[Atom, ...]]

    def has(self, name: str) -> bool:
        """Whether the argument is given, and not as None."""
        return name in self.arguments and self.constant(name) is not None

    def atom(self, *names: str) -> Atom | None:
        """The first of these arguments that is given."""
        for name in names:
            value = self.arguments.get(name)
            if value is not None and not isinstance(value, tuple):
                return value
        return None

    def kind(self, *names: str) -> Kind | None:
        """The kind of the first of these arguments that is given."""
        atom = self.atom(*names)
        return None if atom is None else atom_kind(atom)

    def constant(self, name: str, default: Any = None) -> Any:
        """The value of an argument: `default` where absent, `MISSING` where it is not known while compiling."""
        value = self.arguments.get(name)
        if isinstance(value, tuple):
            values = tuple(constant(v) for v in value)
            return MISSING if any(v is MISSING for v in values) else values
        return default if value is None else constant(value)

    def operands(self) -> list[Kind]:
        """The kinds of all arguments that are computed with, in order, those of variadic parameters one by one."""
        return [
            atom_kind(atom) for name, value in self.arguments.items() if name not in OPTIONS for atom in _each(value)
        ]

    def first(self) -> Kind:
        """The kind of the first argument; Unknown where there is none."""
        return next(iter(self.operands()), UNKNOWN)

    def rest(self, name: str) -> tuple[Kind, ...]:
        """The kinds that a variadic parameter collected."""
        value = self.arguments.get(name, ())
        return tuple(atom_kind(a) for a in (value if isinstance(value, tuple) else (value,)))


def _each(value: Atom | tuple[Atom, ...]) -> Iterator[Atom]:
    yield from value if isinstance(value, tuple) else (value,)


Family = Callable[[BoundCall, Facts], Kind]


class _Families(dict[str, Family]):
    def __missing__(self, name: str) -> Family:
        raise InternalError(f"there is no type family {name!r}", why="a rule names a family that does not exist")


#: All families by name; an unknown name raises.
FAMILIES: dict[str, Family] = _Families()


def family(*names: str) -> Callable[[Family], Family]:
    """Register a function as the family of these names."""

    def register(function: Family) -> Family:
        for name in names:
            if name in FAMILIES:
                raise InternalError(f"the type family {name!r} is defined twice")
            FAMILIES[name] = function
        return function

    return register


@record(frozen=True)
class Operand:
    """A number, an array or nested sequences of them, as NumPy's functions see it.

    `dims` is None for an unknown rank. `weak` as in `Scalar` (None: it may be). `scalar`: it is no array by itself.
    """

    dtype: str | None
    dims: Dims | None
    weak: bool | None = False
    scalar: bool = False

    @property
    def rank(self) -> int | None:
        """The number of axes, None where unknown."""
        return None if self.dims is None else len(self.dims)


def operand(kind: Kind) -> Operand | None:
    """The operand that a kind is for NumPy; None for what need not behave as an array at all."""
    match kind:
        case Scalar(dtype=dtype, weak=weak):
            return Operand(dtype, (), weak, scalar=True)
        case Array(dtype=dtype, dims=dims):
            return Operand(dtype, dims)
        case Numeric(dtype=dtype):
            return Operand(dtype, None, None)
        case Tuple() | List():
            return sequence_operand(kind)
        case _:
            return None


def sequence_operand(kind: Tuple | List) -> Operand | None:
    """What ``np.array`` makes of a list or tuple of numbers, arrays, such sequences; None if it need not be numbers."""
    if isinstance(kind, Tuple):
        items = [operand(k) for k in kind.items]
        found = [o for o in items if o is not None]
        if not found:
            return None if items else Operand("f8", (Dim.of(0),))
        if len(found) < len(items):
            return None
        return Operand(array_dtype(found), stack_dims(found, Dim.of(len(found))))
    if isinstance(kind.item, Undefined):
        return Operand("f8", (Dim.of(0),))
    item = operand(kind.item)
    if item is None:
        return None
    # an empty list gives a float array of rank 1, whatever it might have held
    sure = kind.length is not None and (kind.length.lower_bound or 0) > 0
    if sure:
        return Operand(array_dtype([item]), stack_dims([item], kind.length))
    if item.dims == () and item.scalar:
        return Operand(item.dtype if item.dtype == "f8" else None, (kind.length,))
    return Operand(item.dtype if item.dtype == "f8" else None, None)


def array_dtype(items: list[Operand]) -> str | None:
    """The dtype of an array made of these; Python numbers count with their default dtypes."""
    names = [o.dtype for o in items]
    if any(n is None for n in names):
        return None
    return promote([n for n in names if n is not None])


def stack_dims(items: list[Operand], length: Dim | None) -> Dims | None:
    """The dims of the items stacked along a new first axis (they have equal shapes, or the call raises)."""
    dims = items[0].dims
    for item in items[1:]:
        if dims is None or item.dims is None or len(dims) != len(item.dims):
            return None
        dims = tuple(x if x is not None else y for x, y in zip(dims, item.dims, strict=True))
    return None if dims is None else (length, *dims)


def promote(names: list[str]) -> str | None:
    """``np.result_type`` of dtypes."""
    try:
        return dtype_name(np.result_type(*map(np.dtype, names)))
    except TypeError:
        return None


def numeric(dtype: str | None, dims: Dims | None) -> Kind:
    """The kind of what NumPy's functions return that turn arrays of rank 0 into scalars."""
    if dtype is not None and dtype.startswith("O") and not dims:
        return UNKNOWN
    if dims is None:
        return Numeric(dtype)
    return Array(dtype, dims) if dims else Scalar(dtype, weak=False)


def array(dtype: str | None, dims: Dims | None) -> Kind:
    """The kind of what NumPy's functions return that always give an array."""
    return Array(dtype, dims)


def dtype_argument(call: BoundCall, default: str | None, name: str = "dtype") -> str | None:
    """The dtype that a call asks for, `default` where it does not, None where that is not known."""
    return default if not call.has(name) else dtype_of(call.constant(name))


def dtype_of(value: object) -> str | None:
    """The short name of what a user gives as a dtype (``float``, ``np.float32``, ``"f4"``, a dtype)."""
    if value is MISSING or value is None:
        return None
    try:
        return dtype_name(np.dtype(value))  # type: ignore[call-overload]
    except TypeError:
        return None


def axes_of(call: BoundCall, rank: int, name: str = "axis", default: object = None) -> tuple[int, ...] | None:
    """The axes that an argument names, normalised; all axes for None; None where they are not known."""
    value = call.constant(name, default)
    if value is None:
        return tuple(range(rank))
    values = value if isinstance(value, tuple) else (value,)
    if any(type(v) not in (int, bool) or not -rank <= v < rank for v in values):
        return None
    return tuple(int(v) % rank for v in values)


def shape_dims(kind: Kind | None) -> Dims | None:
    """The dims that a shape argument (an int, or a sequence of ints) gives; None for an unknown rank."""
    match kind:
        case Scalar(value=value):
            return (value,)
        case Tuple(items=items):
            return tuple(k.value if isinstance(k, Scalar) else None for k in items)
        case List() as sequence:
            length = as_list(sequence).length
            count = None if length is None else length.known
            value = sequence.item.value if isinstance(sequence.item, Scalar) else None
            return None if count is None else (value,) * count
        case _:
            return None


def is_none(kind: Kind | None) -> bool:
    """Whether an argument is absent or None."""
    return kind is None or (isinstance(kind, Static) and kind.value is None)

"""Between which lengths an index lies: what proves that reading an item cannot raise an ``IndexError``.

The numbers of ``for i in range(len(x) - 1)`` are at least 0 and at most ``len(x) - 2``, so ``x[i]`` and ``x[i + 1]``
exist. Ends of intervals are `Dim`: affine expressions over lengths, so that they compare with the lengths of axes.

Reads SSA and kinds, edits nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Dim
from srcad.ir.kinds import Array, Kind, List, Scalar, Slice, Static, Tuple
from srcad.ir.nodes import Atom, Call, Const, For, Star, Var
from srcad.ir.visit import is_call_of

#: The least and the greatest value of an integer, both included; None where that end is not known.
Interval = tuple[Dim | None, Dim | None]

_ONE = Dim.of(1)
#: Steps from an index to what it is made of that are followed.
_DEPTH = 8


@dataclass
class Bounds:
    """What is known of integers, from the statements that were read so far, in program order."""

    calls: dict[Var, Call] = field(default_factory=dict)
    ranges: dict[Var, Atom] = field(default_factory=dict)

    def read_call(self, call: Call) -> None:
        """Remember how a value is made."""
        self.calls[call.target] = call

    def read_loop(self, loop: For) -> None:
        """Remember what a loop runs over."""
        self.ranges[loop.body.params[0]] = loop.iter

    def has_item(self, call: Call) -> bool:
        """Whether `call` reads an item, or a part, that the array or list certainly has.

        >>> from srcad.ir.nodes import NOWHERE
        >>> x, n = Var("x", Array("f8", (Dim.fresh("n", least=2),))), Const(operator.getitem)
        >>> read = [Call(Var("y", Scalar("f8")), n, (x, Const(k)), (), NOWHERE) for k in (1, 2, -2, -3)]
        >>> [Bounds().has_item(r) for r in read]
        [True, False, True, False]
        """
        if not is_call_of(call, operator.getitem) or call.kwargs or len(call.args) != 2:
            return False
        source, index = call.args
        if isinstance(source, Star) or isinstance(index, Star):
            return False
        lengths = _lengths(atom_kind(source))
        parts = self.parts(index) if isinstance(atom_kind(source), Array) else [index]
        if lengths is None or parts is None:
            return False
        taking = [p for p in parts if _kind(p) != Static(None)]
        return len(taking) <= len(lengths) and all(map(self.fits, taking, lengths))

    def parts(self, index: Atom) -> Sequence[Atom | Kind] | None:
        """The parts of an index, one for each axis; None where they are not known."""
        kind = atom_kind(index)
        if not isinstance(kind, Tuple):
            return [index]
        made = self.calls.get(index) if isinstance(index, Var) else None
        if made is not None and is_call_of(made, ops.make_tuple):
            given = [a for a in made.args if not isinstance(a, Star)]
            return given if len(given) == len(made.args) else None
        return kind.items if kind.cls is tuple else None

    def fits(self, part: Atom | Kind, length: Dim | None) -> bool:
        """Whether one part of an index is in bounds on an axis."""
        kind = _kind(part)
        if isinstance(kind, Slice):
            bounds = (kind.start, kind.stop)
            return kind.step == Static(None) and all(b == Static(None) or _is_int(b) for b in bounds)
        low, high = self.interval(part)
        if not _is_int(kind) or length is None or low is None or high is None:
            return False
        length = replace(length, clamped=False)  # at least that
        return (_at_least(low, 0) or _at_least(length.plus(low), 0)) and _at_least(length.plus(high, -1), 1)

    def interval(self, atom: Atom | Kind, depth: int = _DEPTH) -> Interval:
        """The least and the greatest value of an integer."""
        kind = _kind(atom)
        if not isinstance(kind, Scalar) or not _is_int(kind):
            return None, None
        if kind.value is not None:
            return kind.value, kind.value
        if not isinstance(atom, Var) or depth == 0:
            return None, None
        if atom in self.ranges:
            return self.range(self.ranges[atom], depth - 1)
        call = self.calls.get(atom)
        match call.args if call is not None and isinstance(call.fn, Const) and not call.kwargs else ():
            case (Var() | Const() as a, Var() | Const() as b) if call is not None:
                (low, high), (least, most) = self.interval(a, depth - 1), self.interval(b, depth - 1)
                if is_call_of(call, operator.add):
                    return _sum(low, least), _sum(high, most)
                if is_call_of(call, operator.sub):
                    return _sum(low, most, -1), _sum(high, least, -1)
        return None, None

    def range(self, iterable: Atom, depth: int) -> Interval:
        """The least and the greatest number of a range that has any."""
        call = self.calls.get(iterable) if isinstance(iterable, Var) else None
        args = [a for a in call.args if not isinstance(a, Star)] if call is not None else []
        if call is None or call.kwargs or len(args) != len(call.args):
            return None, None
        if is_call_of(call, reversed):
            return self.range(args[0], depth - 1) if depth else (None, None)
        if not is_call_of(call, range) or not args:
            return None, None
        start, stop = (Const(0), args[0]) if len(args) == 1 else args[:2]
        (low, high), (least, most) = self.interval(start, depth), self.interval(stop, depth)
        match args[2:]:
            case [] | [Const(value=1)]:
                return low, _sum(most, _ONE, -1)
            case [Const(value=-1)]:
                return _sum(least, _ONE), high
            case _:
                return None, None


def _kind(part: Atom | Kind) -> Kind:
    return part if isinstance(part, Kind) else atom_kind(part)


def _is_int(kind: Kind) -> bool:
    return isinstance(kind, Scalar) and kind.dtype == "i8"


def _lengths(kind: Kind) -> Sequence[Dim | None] | None:
    """The lengths of the axes that can be indexed."""
    match kind:
        case Array(dims=dims):
            return dims
        case List(length=length, cls=cls) if cls in (list, tuple):
            return (length,)
        case _:
            return None


def _sum(a: Dim | None, b: Dim | None, sign: int = 1) -> Dim | None:
    return None if a is None or b is None else a.plus(b, sign)


def _at_least(dim: Dim | None, least: int) -> bool:
    low = None if dim is None else dim.lower_bound
    return low is not None and low >= least

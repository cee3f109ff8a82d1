"""Kinds across a call: symbols renamed and integer values forgotten on the way in, lengths put back on the way out.

Input: the kinds of a call's arguments. Output: the kinds by which the callee is compiled, which depend only on what
the arguments are, not on how the caller writes their lengths (``x[1:]`` and ``x`` give the same), so that recursion
ends; and the kind of the result in the caller's lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import UNKNOWN, Array, Dict, Iterator, Kind, List, Object, Scalar, Slice, Tuple
from srcad.ir.lattice import MAX_DEPTH

LengthMap = Callable[[Dim | None], Dim | None]


def map_lengths(kind: Kind, length: LengthMap, value: LengthMap, depth: int = 0) -> Kind:
    """The kind with every length and every integer value replaced; what nests deeper than kinds may is Unknown."""
    if depth > MAX_DEPTH:
        return UNKNOWN

    def inner(part: Kind) -> Kind:
        return map_lengths(part, length, value, depth + 1)

    match kind:
        case Scalar(dtype=dtype, weak=weak, value=number):
            return Scalar(dtype, weak, value(number))
        case Array(dtype=dtype, dims=dims):
            return Array(dtype, None if dims is None else tuple(map(length, dims)))
        case Tuple(items=items, cls=cls):
            return Tuple(tuple(map(inner, items)), cls)
        case List(item=item, length=count, cls=cls):
            return List(inner(item), length(count), cls)
        case Dict(item=item, items=items):
            return Dict(inner(item), None if items is None else tuple((k, inner(v)) for k, v in items))
        case Object(cls=cls, fields=fields):
            return Object(cls, tuple((n, inner(k)) for n, k in fields))
        case Slice(start=start, stop=stop, step=step):
            return Slice(inner(start), inner(stop), inner(step))
        case Iterator(item=item, length=count, form=form):
            return Iterator(inner(item), length(count), form)
        case _:
            return kind


@lru_cache(maxsize=1024)
def _symbol(index: int, not_one: bool) -> Dim:
    """The length number `index` of a callee: always the same one, so that equal arguments have equal kinds."""
    names = "nmdkpqrs"
    turn, place = divmod(index, len(names))
    return Dim.fresh(names[place] + (str(turn + 1) if turn else ""), not_one=not_one)


@dataclass
class CallKinds:
    """The arguments of one call as the callee sees them.

    `kinds` can be compared and hashed: it is the key of the callee's version. `lengths` maps the callee's lengths to
    the caller's.
    """

    kinds: tuple[Kind, ...] = ()
    lengths: dict[Dim, Dim] = field(default_factory=dict)

    def result(self, kind: Kind) -> Kind:
        """The callee's result in the caller's lengths; integer values stay only where they are numbers."""
        return map_lengths(kind, self._back, self._back)

    def _back(self, dim: Dim | None) -> Dim | None:
        if dim is None or not dim.terms:
            return dim
        if dim in self.lengths:
            return self.lengths[dim]
        total: Dim | None = Dim.of(dim.const)
        for symbol, coef in dim.terms:
            known = self.lengths.get(Dim.of(symbol))
            scaled = None if known is None else known.times(coef)
            total = None if total is None or scaled is None else total.plus(scaled)
        return None if total is None else total.clamp() if dim.clamped else total


def at_call(kinds: Sequence[Kind], facts: Facts | None = None) -> CallKinds:
    """Rename the lengths of a call's arguments, equal ones alike, and forget the values of integers.

    >>> n = Dim.fresh("n")
    >>> call = at_call([Array("f8", (n.shrunk(1),)), Array("f8", (n.shrunk(1), Dim.of(1))), Scalar("i8", True, n)])
    >>> print(*call.kinds)
    f8[n] f8[n, 1] int
    >>> print(call.result(call.kinds[0]))
    f8[n - 1]
    """
    facts = facts or Facts()
    call = CallKinds()
    renamed: dict[Dim, Dim] = {}

    def length(dim: Dim | None) -> Dim | None:
        if dim is None:
            return None
        dim = facts.resolve(dim)
        if facts.is_one(dim):
            return Dim.of(1)
        if dim not in renamed:
            renamed[dim] = _symbol(len(renamed), facts.is_one(dim) is False)
            call.lengths[renamed[dim]] = dim
        return renamed[dim]

    call.kinds = tuple(map_lengths(kind, length, lambda value: None) for kind in kinds)
    return call

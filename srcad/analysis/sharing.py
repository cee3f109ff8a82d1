"""Which arguments of a call share memory that the function changes: found at every call of a function that changes any.

A derivative works on copies of what its primal changes. Where a change would be seen through another argument, or the
copy would be laid out in memory in another way than the original (which decides the last bit of some sums), the copies
must keep that: `sharing_of` says how, as a description that a version can be compiled for (`srcad.transform.sharing`).
Without the machinery of kinds, as `srcad.analysis.keys`.

>>> x = np.zeros(4)
>>> sharing_of([x[1:], 2.0, x[:-1]], (0,))
(Piece(group=0), None, Piece(group=0))
>>> sharing_of([x, 2.0, x.copy()], (0,))
()
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcad.ir.record import record
from srcad.runtime.protocol import is_other_array

#: Containers with more items than this are not taken apart, and objects nested deeper than this are not looked into.
MAX_ITEMS = 64
MAX_DEPTH = 32


@record(frozen=True)
class Piece:
    """An array: a piece of the memory number `group`."""

    group: int


@record(frozen=True)
class Rebuilt:
    """A list, tuple or dict that is made anew. Items without a place are those of the old one.

    Attributes:
        cls: its class.
        keys: the keys of a dict, else the positions.
        items: the places of the items.
    """

    cls: type
    keys: tuple[Hashable, ...]
    items: tuple[Place | None, ...]


@record(frozen=True)
class Again:
    """The same object as the container that was rebuilt as number `number`, from 0; inner ones come first."""

    number: int


Place = Piece | Rebuilt | Again

#: For each argument where it lies, None for one that is left alone; empty where nothing is shared.
Sharing = tuple[Place | None, ...]


class CannotShare(Exception):
    """Arguments share memory in a way that copies cannot keep: their positions."""

    def __init__(self, first: int, second: int) -> None:
        self.first, self.second = first, second
        super().__init__(first, second)


def sharing_of(values: Sequence[Any], changed: Sequence[int]) -> Sharing:
    """How the arguments `values` share memory, where the function changes those at the positions `changed`.

    Raises:
        CannotShare: copies cannot keep it.
    """
    if _is_simple(values, changed):
        return ()
    found = _Found(values)
    anew = found.positions_to_copy(frozenset(changed))
    return found.places(anew, frozenset(changed)) if anew else ()


def reach(value: Any, others: Iterable[Any]) -> bool:
    """Whether an array or a container in `value` is, or shares memory with, one in `others`.

    >>> x = np.zeros(4)
    >>> reach([x], [{"a": x[2:]}]), reach([x], [{"a": x.copy()}])
    (True, False)
    """
    own, outside = _Found([value]), _Found([*others])
    if not own.containers.keys().isdisjoint(outside.containers):
        return True
    return any(np.may_share_memory(a.array, b.array) for a in own.leaves for b in outside.leaves)


_NUMBERS = (float, int, complex, str, np.generic, type(None))


def _is_simple(values: Sequence[Any], changed: Sequence[int]) -> bool:
    """Whether the arguments are arrays and numbers that share nothing and that plain copies keep: a fast answer."""
    for position in changed:
        value = values[position]
        if not isinstance(value, np.ndarray):
            if isinstance(value, _NUMBERS):
                continue
            return False
        if not is_compact(value):
            return False
        for other, array in enumerate(values):
            if isinstance(array, np.ndarray):
                if other != position and np.may_share_memory(value, array):
                    return False
            elif not isinstance(array, _NUMBERS):
                return False
    return True


def is_compact(x: np.ndarray[Any, Any]) -> bool:
    """Whether a copy of an array that keeps its memory order has the same strides.

    >>> x = np.zeros((4, 4))
    >>> is_compact(x.T), is_compact(x[:, 1]), is_compact(x[::-1])
    (True, False, False)
    """
    if x.flags.c_contiguous or x.flags.f_contiguous:
        return True
    step = x.itemsize
    for stride, length in sorted(zip(x.strides, x.shape, strict=True)):
        if length != 1 and stride != step:
            return False
        step *= length
    return True


@dataclass(eq=False)
class _Leaf:
    """An array among the arguments: in which one, whether what is around it can be made anew, whether it is copied."""

    array: np.ndarray[Any, Any]
    position: int
    rigid: bool
    group: int = -1
    copied: bool = False


class _Found:
    """The arrays and containers among some values; containers are known by their ids."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.leaves: list[_Leaf] = []
        self.containers: dict[int, set[int]] = {}
        self.rigid: set[int] = set()
        for position, value in enumerate(values):
            self.visit(value, position, 0, rigid=False)

    def visit(self, value: Any, position: int, depth: int, *, rigid: bool) -> None:
        """Note the arrays and containers in a value: each container once, with where it is reached from."""
        if isinstance(value, np.ndarray):
            self.leaves.append(_Leaf(value, position, rigid))
            return
        items = _items(value)
        if items is None or depth > MAX_DEPTH:
            return
        if id(value) in self.containers:
            self.containers[id(value)].add(position)
            return
        self.containers[id(value)] = {position}
        if rigid or type(value) not in (list, tuple, dict) or len(items) > MAX_ITEMS:
            rigid = True
            self.rigid.add(id(value))
        for item in items:
            self.visit(item, position, depth + 1, rigid=rigid)

    def positions_to_copy(self, changed: frozenset[int]) -> frozenset[int]:
        """The arguments that must be copied together; marks the arrays that are."""
        twice = [places for places in self.containers.values() if len(places) > 1]
        anew = frozenset[int]().union(*(places for places in twice if places & changed))
        groups = [[leaf for leaf in self.leaves if leaf.group == k] for k in range(_overlapping(self.leaves))]
        chosen = [leaves for leaves in groups if _matters(leaves, changed)]
        anew = anew.union(leaf.position for leaves in chosen for leaf in leaves)
        while any(places & anew and not places <= anew for places in twice):
            anew = anew.union(*(places for places in twice if places & anew))
        for leaves in groups:
            if leaves in chosen or any(leaf.position in anew & changed for leaf in leaves):
                if len(leaves) > 1 and not _is_one_memory(leaves) or any(map(_cannot_be_copied, leaves)):
                    raise CannotShare(leaves[0].position, leaves[-1].position)
                for leaf in leaves:
                    leaf.copied = leaf.position in anew
        return anew

    def places(self, anew: frozenset[int], changed: frozenset[int]) -> Sharing:
        """The description of what is shared, where the arguments at the positions `anew` are copied together."""
        builder = _Builder(self)
        return tuple(builder.place(value, k, 0, k in anew, k in changed) for k, value in enumerate(self.values))


@dataclass
class _Builder:
    """Goes over the values a second time, in the same order, and writes the description."""

    found: _Found
    groups: dict[int, int] = field(default_factory=dict)
    rebuilt: dict[int, Place | None] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.following = iter(self.found.leaves)

    def place(self, value: Any, position: int, depth: int, anew: bool, changed: bool) -> Place | None:
        """Where a value lies."""
        if isinstance(value, np.ndarray):
            leaf = next(self.following)
            return Piece(self.groups.setdefault(leaf.group, len(self.groups))) if leaf.copied and anew else None
        items = _items(value)
        if items is None or depth > MAX_DEPTH:
            return None
        if id(value) in self.rebuilt:
            return self.rebuilt[id(value)]
        self.rebuilt[id(value)] = None
        inner = tuple([self.place(item, position, depth + 1, anew, changed) for item in items])
        if not anew or not (any(inner) or (changed and not isinstance(value, tuple))):
            return None
        if id(value) in self.found.rigid:
            raise CannotShare(position, position)
        self.rebuilt[id(value)] = Again(self.count)
        self.count += 1
        keys = tuple(value) if isinstance(value, dict) else tuple(range(len(items)))
        return Rebuilt(type(value), keys, inner)


def _overlapping(leaves: Sequence[_Leaf]) -> int:
    """Give the arrays whose memory may overlap, also through others, one group; returns the number of groups."""
    bounds = [(*np.lib.array_utils.byte_bounds(leaf.array), leaf) for leaf in leaves if leaf.array.size]
    end, count = -1, 0
    for low, high, leaf in sorted(bounds, key=lambda bound: bound[:2]):
        count += low >= end
        leaf.group = count - 1
        end = max(end, high)
    for leaf in leaves:
        if not leaf.array.size:
            leaf.group, count = count, count + 1
    return count


def _matters(leaves: Sequence[_Leaf], changed: frozenset[int]) -> bool:
    """Whether copies of each of these arrays, which overlap, do not do for a function that changes those arguments.

    Copying an argument as a whole keeps an array one array that is in it twice.
    """
    if not any(leaf.position in changed for leaf in leaves):
        return False
    first = leaves[0]
    if any(leaf.array is not first.array or leaf.position != first.position for leaf in leaves):
        return True
    movable = not first.rigid and _is_one_memory(leaves)
    return not is_compact(first.array) and (movable or _overlaps_itself(first.array))


def _cannot_be_copied(leaf: _Leaf) -> bool:
    return leaf.rigid or _overlaps_itself(leaf.array)


def _overlaps_itself(x: np.ndarray[Any, Any]) -> bool:
    """Whether one element of memory may be several of an array: no stride leads out of what lies inside of it."""
    extent = x.itemsize
    for stride, length in sorted((abs(stride), length) for stride, length in zip(x.strides, x.shape, strict=True)):
        if length > 1 and stride < extent:
            return bool(x.size)
        extent += stride * (length - 1)
    return False


def _is_one_memory(leaves: Sequence[_Leaf]) -> bool:
    """Whether these arrays are made of the same elements: numbers of one dtype, whole steps apart."""
    dtype, size = leaves[0].array.dtype, leaves[0].array.itemsize
    if dtype.kind not in "biufc" or any(leaf.array.dtype != dtype for leaf in leaves):
        return False
    starts = [leaf.array.__array_interface__["data"][0] for leaf in leaves]
    steps = [stride for leaf in leaves for stride in leaf.array.strides]
    return all((start - starts[0]) % size == 0 for start in starts) and all(step % size == 0 for step in steps)


def _items(value: Any) -> list[Any] | None:
    """What is in a container or an object; None for what holds no arrays."""
    if is_other_array(value):
        return None
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set)) or type(value).__name__ == "deque":
        return list(value)
    if type(value).__flags__ & _HEAP_TYPE and not isinstance(value, (type, np.generic, str, bytes)):
        return [*getattr(value, "__dict__", {}).values(), *_slots(value)]
    return None


def _slots(value: Any) -> Iterator[Any]:
    for cls in type(value).__mro__:
        names = cls.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield getattr(value, name)


_HEAP_TYPE = 1 << 9

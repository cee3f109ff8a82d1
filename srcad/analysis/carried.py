"""Memory whose names cannot be told apart while compiling: its shadow is carried beside it.

Where an array is changed in place after another name may refer to it (a branch or a loop merged them, a container holds
it, a loop hands out its rows), the reverse sweep cannot re-derive which part of which shadow belongs to a name. The
forward sweep then keeps, for every reference to that memory, a *companion*: the same reference to the shadow.

    w = u if c else v                   w, w_bar = (u, u_bar) if c else (v, v_bar)
    w[0] = 1.0                          w[0] = 1.0

Roots that a value may be, or that a container may hold, are carried together.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcad.analysis.memory import Memory
from srcad.analysis.views import is_certain_view, may_be_checked, view_of
from srcad.ir.kinds import Array, Dict, Iterator, Kind, List, Scalar, Tuple, Undefined, may_be_active
from srcad.ir.nodes import Var


def carry(memory: Memory, given: Iterable[Var] = ()) -> None:
    """Enter into `memory` the references that have companions, and take out of it what they settle.

    Args:
        memory: the memory facts of a function.
        given: parameters that come with their shadows.
    """
    groups = _Groups(memory)
    wanted = {groups.find(root) for root in (*_late(memory), *given)}
    members: dict[Var, list[Var]] = {}
    for var, roots in memory.roots.items():
        if roots and may_be_active(var.kind):
            members.setdefault(groups.find(roots[0]), []).append(var)
    carried: set[Var] = set()
    for group in wanted:
        if all(_can_be_followed(memory, var) for var in members.get(group, ())):
            carried.update(members.get(group, ()))
    memory.carried = frozenset(carried)
    for var in carried:
        read = memory.read_at.pop(var, None)
        if read is None or is_certain_view(memory.defined[var]):
            continue
        if _is_array(var) and _is_array(_base(memory, var)):
            memory.unsure[var] = read


class _Groups:
    """Roots that must be carried together: a union-find."""

    def __init__(self, memory: Memory) -> None:
        self.parents: dict[Var, Var] = {}
        for roots in memory.roots.values():
            self.join(roots)
        for container, held in memory.contents.items():
            self.join((container, *held))
        for target, sources in memory.links.items():
            self.join((target, *sources))

    def find(self, root: Var) -> Var:
        while self.parents.get(root, root) != root:
            root = self.parents[root]
        return root

    def join(self, roots: Iterable[Var]) -> None:
        first, *rest = (self.find(r) for r in roots) if roots else (None,)
        for other in rest:
            if first is not None and self.find(other) != self.find(first):
                self.parents[self.find(other)] = self.find(first)


def _late(memory: Memory) -> list[Var]:
    """The roots that are changed where it is not known under which names they go."""
    found = [root for root, _, _ in memory.late_stores()]
    found += [root for e in memory.effects.values() for a in e.writes for root in memory.reachable(a)]
    for var in memory.roots:
        held = [r for r in memory.of(var) if r in memory.stores and r != var and not _is_array(r)]
        if _is_array(var):
            found += held  # it is in a container, and may be in another one, too
        root = memory.root(var)
        if root is not None and not _is_derived(memory, var):
            found.append(root)
    return found


def _is_derived(memory: Memory, var: Var) -> bool:
    """Whether `var` is a root or comes from one by a chain of views: its shadow is the same view."""
    while memory.of(var) != (var,):
        call = memory.defined.get(var)
        base = None if call is None else _base(memory, var)
        if base is None:
            return False
        var = base
    return True


def _base(memory: Memory, var: Var) -> Var | None:
    """What `var` is an item or a view of."""
    call = memory.defined.get(var)
    viewed = None if call is None else view_of(call)
    return viewed[0] if viewed is not None and len(viewed) == 1 and isinstance(viewed[0], Var) else None


def _is_array(var: Var | None) -> bool:
    return var is not None and isinstance(var.kind, Array)


def _can_be_followed(memory: Memory, var: Var) -> bool:
    """Whether a companion of `var` can be made."""
    if not is_known(var.kind):
        return False
    call = memory.defined.get(var)
    if call is None or var in memory.effects or memory.of(var) == (var,) or not _is_array(var):
        return True
    base = _base(memory, var)
    if base is None or not isinstance(base.kind, Array):
        return True
    return is_certain_view(call) or may_be_checked(call)


def is_known(kind: Kind) -> bool:
    """Whether it is known of a reference of this kind what it refers to, all the way down, and a shadow can be made."""
    match kind:
        case Array() | Undefined():
            return True
        case Iterator(item=item):
            return _is_known_item(item)
        case List(item=item):
            return _is_known_entry(item)
        case Dict(item=item, items=items):
            return _is_known_entry(item) if items is None else all(_is_known_entry(k) for _, k in items)
        case Tuple(items=items):
            return all(map(_is_known_item, items))
        case _:
            return False


def _is_known_item(kind: Kind) -> bool:
    return isinstance(kind, Scalar) or not may_be_active(kind) or is_known(kind)


def _is_known_entry(kind: Kind) -> bool:
    """Whether an entry of a list or dict can be followed: cotangents of numbers in tuples have no place."""
    return _is_known_item(kind) and not _has_numbers(kind)


def _has_numbers(kind: Kind) -> bool:
    """Whether a value is a tuple, perhaps of tuples, in which numbers carry derivatives."""
    if not isinstance(kind, Tuple):
        return False
    return any(_has_numbers(k) or (isinstance(k, Scalar) and may_be_active(k)) for k in kind.items)


def holds_references(kind: Kind) -> bool:
    """Whether what a container of this kind holds is itself changed in place, and not numbers."""
    match kind:
        case List(item=item) | Iterator(item=item):
            return isinstance(item, (Array, List, Dict, Tuple)) and may_be_active(item)
        case Dict(item=item, items=items):
            kinds = [item] if items is None else [k for _, k in items]
            return any(isinstance(k, (Array, List, Dict, Tuple)) and may_be_active(k) for k in kinds)
        case _:
            return False

"""Out of SSA: a Python name for every variable.

Variables that copies connect get one name where their live ranges allow it; then each group takes the name it
wants, or the next free variant of it (``x2``; ``x2_bar`` for ``x_bar``; ``t``, ``t2``, ... for temporaries).
Parameters come first and keep theirs, then the user's names, then generated ones, then those of control flow
(``stop``), then temporaries. Groups that do not conflict may share a wanted name, so that ``x = x + 1`` comes
back as written.
"""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Callable, Collection, Mapping

from srcad.codegen.interference import Webs
from srcad.codegen.stems import PLAIN, stem
from srcad.codegen.tables import generated_parts, is_temporary, variant
from srcad.ir.nodes import Call, Function, Var
from srcad.ir.visit import walk

_PARAMETER, _USER, _GENERATED, _CONTROL, _TEMPORARY = range(5)


class Names:
    """The names of one function's variables."""

    def __init__(self, webs: Webs, names: list[str]) -> None:
        self._number, self._names = webs.number, names

    def of(self, var: Var) -> str:
        """The name of a variable."""
        return self._names[self._number[var.uid]]


def name_variables(function: Function, webs: Webs, taken: Collection[str]) -> Names:
    """Name all variables.

    Args:
        function: its parameters keep their names.
        webs: numbers, conflicts and copies.
        taken: names that the text reads from elsewhere (globals, closure, helpers, builtins): never bound.
    """
    groups = _coalesce(function, webs)
    return Names(webs, _assign(function, groups, webs, taken))


class _Groups:
    """Union-find over the numbers of `Webs`, with the masks of each group."""

    def __init__(self, function: Function, webs: Webs) -> None:
        count = len(webs.members)
        self.parent = list(range(count))
        self.conflicts = list(webs.conflicts)
        self.apart = list(webs.apart)
        self.members = [1 << k for k in range(count)]
        users = _user_names(function)
        params = {p.uid for p in function.body.params}
        self.rank: list[int] = []
        self.wanted: list[str] = []
        self.owner: list[int] = []
        for variables in webs.members:
            ranks = [_PARAMETER if v.uid in params else _rank(v.name, users) for v in variables]
            self.rank.append(min(ranks))
            chosen = variables[ranks.index(min(ranks))]
            self.wanted.append(chosen.name)
            self.owner.append(chosen.of or next((v.of for v in variables if v.of and v.name == chosen.name), 0))

    def find(self, number: int) -> int:
        while self.parent[number] != number:
            self.parent[number] = number = self.parent[self.parent[number]]
        return number

    def conflict(self, a: int, b: int) -> bool:
        return bool(self.conflicts[a] & self.members[b] or self.conflicts[b] & self.members[a])

    def merge(self, a: int, b: int) -> None:
        first, second = min(a, b), max(a, b)
        winner = min((self.rank[first], first), (self.rank[second], second))[1]
        self.rank[first], self.wanted[first] = self.rank[winner], self.wanted[winner]
        self.owner[first] = self.owner[winner]
        self.conflicts[first] |= self.conflicts[second]
        self.apart[first] |= self.apart[second]
        self.members[first] |= self.members[second]
        self.parent[second] = first


def _coalesce(function: Function, webs: Webs) -> _Groups:
    groups = _Groups(function, webs)
    for target, source in webs.copies:
        a, b = groups.find(target), groups.find(source)
        if a != b and _compatible(groups, a, b) and not groups.conflict(a, b):
            groups.merge(a, b)
    return groups


def _compatible(groups: _Groups, a: int, b: int) -> bool:
    """Whether one name would suit both: equal wishes, or one means nothing to the user."""
    if groups.wanted[a] == groups.wanted[b]:
        return True
    return max(groups.rank[a], groups.rank[b]) >= _CONTROL


def _user_names(function: Function) -> Collection[str]:
    code = getattr(function.source, "__code__", None)
    return () if code is None else frozenset((*code.co_varnames, *code.co_cellvars))


def _rank(name: str, users: Collection[str]) -> int:
    if name in users:
        return _USER
    if is_temporary(name):
        return _TEMPORARY
    if generated_parts(name) is not None:
        return _GENERATED
    return _CONTROL if users else _USER


def _assign(function: Function, groups: _Groups, webs: Webs, taken: Collection[str]) -> list[str]:
    namer = _Namer(function, groups, taken)
    calls = {s.target.uid: s for s in walk(function.body) if isinstance(s, Call)}
    roots = [k for k in range(len(groups.parent)) if groups.find(k) == k]
    families: dict[int | str, list[int]] = {}
    for root in sorted(roots, key=lambda k: (groups.rank[k], k)):
        family = _family(groups, webs, root)
        if family is None:
            namer.single(root)
        else:
            families.setdefault(family, []).append(root)
    ordered = sorted(families.items(), key=lambda item: min((bool(groups.wanted[m]), m) for m in item[1]))
    for key, members in ordered:
        if key not in webs.unused and any(not groups.wanted[m] for m in members):
            namer.family(key, members, _wish(groups, webs, calls, members))
    for key, members in ordered:
        if key not in webs.unused:
            namer.unprinted(members)
    for key, members in ordered:
        namer.family(key, members)
    return [namer.names[groups.find(k)] for k in range(len(groups.parent))]


def _wish(groups: _Groups, webs: Webs, calls: Mapping[int, Call], members: Collection[int]) -> str:
    """What a family of temporaries would like to be called: after the first value that it stands for."""
    for number, variables in enumerate(webs.members):
        if groups.find(number) in members:
            for var in variables:
                call = calls.get(var.of) or (None if var.name else calls.get(var.uid))
                if call is not None and not call.loc.saving:
                    return stem(call, calls)
    return PLAIN


def _family(groups: _Groups, webs: Webs, root: int) -> int | str | None:
    """What a group of variables belongs to as a temporary: the group of one that is printed, or its `uid`.

    None for what has a name of its own.
    """
    owner, wanted = groups.owner[root], groups.wanted[root]
    if not owner:
        return None if wanted else root
    if wanted and (generated_parts(wanted) or ("", ""))[0] != PLAIN:
        return None
    return groups.find(webs.number[owner]) if owner in webs.number else f"of {owner}"


def _first(name: str, suits: Callable[[str], bool]) -> str:
    """The first variant of a name that suits."""
    return next(v for v in (variant(name, count) for count in itertools.count(1)) if suits(v))


class _Namer:
    """Names given so far, and who has them."""

    def __init__(self, function: Function, groups: _Groups, taken: Collection[str]) -> None:
        self.groups, self.taken = groups, taken
        params = [p.name for p in function.body.params]
        own = _user_names(function)
        # a tangent's parameter may be bound again to its tangent
        self.theirs = [p for p in params if not own or p in own]
        self.used: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.users: set[str] = set(own)
        self.stems: set[str] = set()
        for number, name in enumerate(params):
            self.give(groups.find(number), name)

    def give(self, root: int, name: str) -> None:
        self.names[root] = name
        self.used[name] = self.used.get(name, 0) | self.groups.members[root]

    def single(self, root: int) -> None:
        """Name a group that has a name to wish for."""
        rank, wanted = self.groups.rank[root], self.groups.wanted[root]
        if rank == _PARAMETER:
            self.give(root, wanted)
            return
        self.give(root, _first(wanted, lambda name: self.is_free(root, name)))

    def is_free(self, root: int, name: str) -> bool:
        """Whether a group may have a name."""
        rank = self.groups.rank[root]
        if name in self.taken or keyword.iskeyword(name):
            return False
        if rank != _USER and (name in self.users or name in self.theirs):
            return False
        # A temporary without a name of its own is one value: its name is not used again for another.
        others = self.groups.conflicts[root] | (self.groups.apart[root] if rank == _TEMPORARY else 0)
        return not self.used.get(name, 0) & others

    def family(self, head: int | str, members: Collection[int], wish: str = PLAIN) -> None:
        """Name a temporary that is printed, and with it its adjoint and what is saved of it."""
        rest = [m for m in members if m not in self.names]
        name = self.names.get(head) if isinstance(head, int) else None
        if name is None:
            name = _first(wish, lambda stem: self.fits(stem, rest))
        self.stems.add(name)
        for root in rest:
            self.name_after(name, root)

    def fits(self, stem: str, members: Collection[int]) -> bool:
        """Whether `stem` is new, and all members of a family can be called after it."""
        return not self.used.get(stem) and all(self.is_free(m, stem + self.suffix(m)) for m in members)

    def suffix(self, root: int) -> str:
        return (generated_parts(self.groups.wanted[root]) or ("", ""))[1]

    def name_after(self, stem: str, root: int) -> None:
        """Call a group after its temporary, or where another one of the family has that name, like a new temporary."""
        name = stem + self.suffix(root)
        if self.is_free(root, name):
            self.give(root, name)
        else:
            self.unprinted([root])

    def unprinted(self, members: Collection[int]) -> None:
        """Name what belongs to a temporary that is folded away: after no temporary that is printed."""
        for root in (m for m in members if m not in self.names):
            new = _first(PLAIN, lambda stem, root=root: self.is_new(root, stem))  # type: ignore[misc]
            self.give(root, new + self.suffix(root))

    def is_new(self, root: int, stem: str) -> bool:
        suffix = self.suffix(root)
        alone = suffix != "" or not self.used.get(stem)
        return stem not in self.stems and stem not in self.users and alone and self.is_free(root, stem + suffix)

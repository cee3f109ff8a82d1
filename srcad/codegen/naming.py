"""Out of SSA: a Python name for every variable.

Variables that copies connect get one name where their live ranges allow it; then each group takes the name it
wants, or the next free variant of it (``x2``; ``x2_bar`` for ``x_bar``; ``t``, ``t2``, ... for temporaries).
Parameters come first and keep theirs, then the user's names, then generated ones, then those of control flow
(``stop``), then temporaries. Groups that do not conflict may share a wanted name, so that ``x = x + 1`` comes
back as written.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection

from srcad.codegen.interference import Webs
from srcad.codegen.tables import generated_parts, is_temporary, variant
from srcad.ir.nodes import Function, Var

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
    return Names(webs, _assign(function, groups, taken))


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
        for variables in webs.members:
            ranks = [_PARAMETER if v.uid in params else _rank(v.name, users) for v in variables]
            self.rank.append(min(ranks))
            self.wanted.append(variables[ranks.index(min(ranks))].name)

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


def _assign(function: Function, groups: _Groups, taken: Collection[str]) -> list[str]:
    params = [p.name for p in function.body.params]
    own = _user_names(function)
    theirs = [p for p in params if not own or p in own]  # a tangent's parameter may be bound again to its tangent
    used: dict[str, int] = {}
    for number, name in enumerate(params):
        root = groups.find(number)
        used[name] = used.get(name, 0) | groups.members[root]
    names: dict[int, str] = {}
    users: set[str] = set()
    roots = [k for k in range(len(groups.parent)) if groups.find(k) == k]
    for root in sorted(roots, key=lambda k: (groups.rank[k], k)):
        rank = groups.rank[root]
        wanted = groups.wanted[root]
        if rank == _PARAMETER:
            names[root] = wanted
        else:
            blocked = taken if rank == _USER else (*taken, *users, *theirs)
            # A temporary without a name of its own is one value: its name is not used again for another.
            apart = 0 if rank != _TEMPORARY else groups.apart[root] if wanted else -1
            names[root] = _free(wanted or "t", groups.conflicts[root] | apart, used, blocked)
        if rank == _USER:
            users.add(names[root])
        used[names[root]] = used.get(names[root], 0) | groups.members[root]
    return [names[groups.find(k)] for k in range(len(groups.parent))]


def _free(wanted: str, others: int, used: dict[str, int], blocked: Collection[str]) -> str:
    """The first variant of a name that none of `others` nor anything else has."""
    count = 1
    while True:
        name = variant(wanted, count)
        if not used.get(name, 0) & others and name not in blocked and not keyword.iskeyword(name):
            return name
        count += 1

"""The paths of a derivative through a function: where it flows, and the statements that cut it.

A *cut* is a statement of which an argument varies and whose result flows into the result of the function as a number,
but whose derivative is zero by statement: ``int(x)``, a comparison, rounding, ``stop_gradient``, a store into an array
of integers. What depends on types and shapes only, an index and the condition of a branch are no paths by nature, so
nothing is cut there. Calls of other functions are looked into.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Set

from srcad.analysis.activity import METADATA, Useful, Varied, cuts
from srcad.analysis.dict_keys import gives_keys
from srcad.analysis.effects import writes
from srcad.analysis.memory import EffectOf, Memory, find_memory
from srcad.analysis.mutators import mutation
from srcad.analysis.outputs import computed
from srcad.analysis.rounding import gives_integers
from srcad.errors import SrcadError
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import Array, Kind, Numeric, Scalar, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Function, Loc, Star, Var
from srcad.ir.record import record
from srcad.ir.visit import is_call_of, walk
from srcad.rules import rule_for
from srcad.runtime import stop_gradient

#: The function that a call runs, and an atom for each of its parameters; None for primitives and what has no source.
Opened = Callable[[Call], "tuple[Function, tuple[Atom, ...]] | None"]

_STORES = frozenset([operator.setitem, *ops.UPDATES.values()])


@record(frozen=True)
class Cut:
    """A statement that cuts the path of a derivative.

    Attributes:
        where: the place, as in errors: file, line, columns, function.
        why: what makes its derivative zero.
        wanted: whether it was asked for, by `stop_gradient`.
    """

    where: Loc
    why: str
    wanted: bool = False


class Paths:
    """The paths through a function and through those that it calls.

    Args:
        opened: looks into calls of other functions.
        effect_of: tells what these do to memory.
        is_constant: whether the formula of a primitive comes out as zero for each of the variables.
    """

    def __init__(
        self, opened: Opened, effect_of: EffectOf, is_constant: Callable[[Call, Set[Var]], bool] = lambda *_: False
    ) -> None:
        self.opened, self._effect_of, self._is_constant = opened, effect_of, is_constant
        self._passing: dict[int, tuple[Function, tuple[bool, ...]]] = {}
        self._solving = False
        self._memories: dict[int, tuple[Function, Memory]] = {}
        self._entered: set[tuple[int, frozenset[int]]] = set()

    def cuts(self, function: Function, inputs: Iterable[Var]) -> list[Cut]:
        """The cuts between some parameters and the result, in the order of the program text."""
        self._entered.clear()
        return list(dict.fromkeys(self._cuts(function, tuple(inputs))))

    def varied(self, function: Function, inputs: Iterable[Var]) -> set[Var]:
        """The variables that depend differentiably on some parameters."""
        return _Through(self, self.memory(function), inputs).solve(function.body)

    def useful(self, function: Function) -> set[Var]:
        """The variables on which the result depends differentiably."""
        memory = self.memory(function)
        outputs = [p for p in function.body.params if p in memory.stores]
        return _Back(self, memory, outputs).solve(function.body)

    def flowing(self, function: Function) -> set[Var]:
        """The variables whose numbers flow into the result, through cuts, too."""
        memory = self.memory(function)
        outputs = [p for p in function.body.params if p in memory.stores]
        return _Numbers(memory, outputs).solve(function.body)

    def passing(self, call: Call) -> tuple[Atom, ...] | None:
        """The arguments of a call of another function that its result depends on; None where that is not known."""
        found = self.opened(call)
        if found is None:
            return None
        function, args = found
        if id(function) not in self._passing:
            self._passing[id(function)] = (function, (False,) * len(args))
            if not self._solving:
                self._solve()
        return tuple(a for a, passes in zip(args, self._passing[id(function)][1], strict=True) if passes)

    def _solve(self) -> None:
        """Find out for all functions met so far, which may call each other: none passes anything until one does."""
        self._solving, before = True, None
        while before != self._passing:
            before = dict(self._passing)
            for key, (function, _) in before.items():
                useful = self.useful(function)
                self._passing[key] = (function, tuple(p in useful for p in function.body.params))
        self._solving = False

    def memory(self, function: Function) -> Memory:
        """The memory facts of a function."""
        if id(function) not in self._memories:
            self._memories[id(function)] = (function, find_memory(function, self._effect_of))
        return self._memories[id(function)][1]

    def _cuts(self, function: Function, inputs: tuple[Var, ...]) -> Iterator[Cut]:
        varied, flowing = self.varied(function, inputs), self.flowing(function)
        for stmt in walk(function.body):
            if not isinstance(stmt, Call):
                continue
            given = [a for a in arguments(stmt) if a in varied]
            reached = [stmt.target, *(a for a in writes(stmt) if isinstance(a, Var))]
            if not given or not any(v in flowing for v in reached):
                continue
            inside = self.opened(stmt)
            if inside is not None:
                yield from self._inside(*inside, varied)
            elif is_cut(stmt, varied) or self._is_constant(stmt, varied):
                yield Cut(stmt.loc, _reason(stmt), is_call_of(stmt, stop_gradient))

    def _inside(self, function: Function, args: tuple[Atom, ...], varied: set[Var]) -> Iterator[Cut]:
        places = frozenset(k for k, a in enumerate(args) if a in varied)
        if (id(function), places) not in self._entered:
            self._entered.add((id(function), places))
            yield from self._cuts(function, tuple(function.body.params[k] for k in sorted(places)))


def arguments(call: Call) -> tuple[Atom, ...]:
    """The arguments of a call, named ones and those behind a star, too."""
    return tuple(a.value if isinstance(a, Star) else a for a in (*call.args, *(v for _, v in call.kwargs)))


def is_of_form(call: Call) -> bool:
    """Whether the result of a call depends on types, shapes and keys only, not on numbers."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is getattr:
        return isinstance(call.args[1], Const) and call.args[1].value in METADATA
    if gives_keys(call):
        return True
    rule = rule_for(fn) if fn is not None else None
    return rule is not None and rule.of_form


def is_cut(call: Call, varied: set[Var]) -> bool:
    """Whether the derivative of a call of which an argument varies is zero by statement."""
    if is_of_form(call):
        return False
    if isinstance(call.fn, Const) and is_in(call.fn.value, _STORES):
        return not may_be_active(atom_kind(call.args[0])) and any(a in varied for a in call.args[2:])
    rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
    if rule is None:
        return False
    to_number = isinstance(call.target.kind, (Scalar, Array, Numeric)) and not may_be_active(call.target.kind)
    return cuts(call) or (to_number and any(a in varied for a in numbers(call)))


def numbers(call: Call) -> tuple[Atom, ...]:
    """The arguments of a call whose numbers flow into its result, or into what it changes."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if is_of_form(call):
        return ()
    if fn is operator.getitem:
        return arguments(call)[:1]
    if is_in(fn, _STORES):
        return arguments(call)[2:]
    store = mutation(call)
    if store is not None:
        return tuple(store.args[name] for name in ("a", "values") if name in store.args)
    plain, rule = computed(call), rule_for(fn) if fn is not None else None
    try:
        bound = None if rule is None or not rule.wrt else rule.bind(plain.args, plain.kwargs, where=call.loc)
    except SrcadError:
        bound = None  # its derivative, if it is needed, says so
    if rule is None or bound is None:
        return arguments(call)
    return tuple(a for name in rule.wrt for a in _flat(bound.get(name)))


def _flat(value: Atom | tuple[Atom, ...] | None) -> tuple[Atom, ...]:
    return () if value is None else value if isinstance(value, tuple) else (value,)


def _reason(call: Call) -> str:
    if is_call_of(call, stop_gradient):
        return "srcad.stop_gradient leaves its derivative out"
    if isinstance(call.fn, Const) and is_in(call.fn.value, _STORES):
        return "the array holds integers: what is stored in it is rounded"
    kind: Kind = call.target.kind
    dtype = kind.dtype if isinstance(kind, (Scalar, Array, Numeric)) else "i8" if gives_integers(call) else None
    if dtype == "b1":
        return "it gives a truth value, which is constant between its jumps"
    if dtype is not None and dtype[0] in "iu":
        return "it gives an integer, which is constant between its jumps"
    return "it is constant between its jumps"


class _Through(Varied):
    """`Varied`, with a look at whether a call of another function lets a derivative through."""

    def __init__(self, paths: Paths, memory: Memory, inputs: Iterable[Var]) -> None:
        super().__init__(memory, inputs)
        self._paths = paths

    def call(self, call: Call) -> None:
        passing = self._paths.passing(call)
        if passing is None or any(map(self.has, passing)):
            super().call(call)


class _Back(Useful):
    """`Useful`, with a look at which arguments the result of a call of another function depends on."""

    def __init__(self, paths: Paths, memory: Memory, outputs: Iterable[Var]) -> None:
        super().__init__(memory, outputs)
        self._paths = paths

    def call(self, call: Call) -> None:
        passing = self._paths.passing(call)
        if passing is None:
            super().call(call)
        elif self.has(call.target) or any(self.has(a) or self.solve_memory(a) for a in self.changed(call)):
            for arg in passing:
                self.mark_roots(arg)


class _Numbers(Useful):
    """`Useful`, for numbers of any kind, which flow through cuts, too."""

    def mark(self, atom: Atom | Star) -> None:
        var = atom.value if isinstance(atom, Star) else atom
        if isinstance(var, Var) and var not in self.found:
            self.found.add(var)
            self.touched = True

    def mark_roots(self, atom: Atom) -> None:
        if isinstance(atom, Var):
            self.mark_memory(atom)

    def call(self, call: Call) -> None:
        changed = (*writes(call), *self.changed(call))
        if self.has(call.target) or any(self.has(a) or self.solve_memory(a) for a in changed):
            for arg in numbers(call):
                self.mark_roots(arg)

"""The derivative functions of the functions that a differentiated function calls and that are not put in place.

Where a call carries a derivative, the callee's own derivative functions are made, once for each combination of
argument kinds and active arguments; they are registered before their bodies exist, so that recursion ends.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from types import FunctionType
from typing import Any

from srcad.analysis.carried import carry, is_known
from srcad.analysis.infer import Typed
from srcad.analysis.memory import Memory, find_memory
from srcad.callee_facts import CalleeFacts, CalleeVersion, callee_of, look_up, matters
from srcad.errors import SrcadError, UnsupportedSyntax
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import is_mutable, may_be_active
from srcad.ir.nodes import Atom, Call, Callee, Function, Loc, Var
from srcad.ir.visit import walk
from srcad.transform.cleanup import clean
from srcad.transform.companions import with_companions
from srcad.transform.decide import take_known_branches
from srcad.transform.forward import Jvp, pushforward
from srcad.transform.inline import bind_call
from srcad.transform.normalise import normalise
from srcad.transform.optimise import polish
from srcad.transform.request import Request
from srcad.transform.reverse.buffers import cotangent_kind
from srcad.transform.reverse.calls import Around, Form, Pair
from srcad.transform.reverse.cotangents import is_all_in_shadow
from srcad.transform.reverse.fresh import fresh_results
from srcad.transform.reverse.pairs import Names, Shadows, pair
from srcad.transform.reverse.slots import bar
from srcad.transform.updates import guard_updates

__all__ = ["Callees", "look_up"]

Active = frozenset[Var]
_PLAIN = Form()
_PLAIN = Form()


class Callees(CalleeFacts):
    """The callees of one derivative, with their derivatives."""

    def __init__(self, primal: Any, *, kinds: bool = True) -> None:
        super().__init__(primal, kinds=kinds)
        self._made: dict[Hashable, tuple[Callee, ...]] = {}
        self._functions: dict[object, Function | None] = {}
        self._fresh: dict[Hashable, tuple[bool, ...]] = {}

    def generated(self) -> tuple[tuple[object, Function], ...]:
        """The functions that the derivative calls, in SSA."""
        return tuple((key, function) for key, function in self._functions.items() if function is not None)

    def _is_lost(self, written: Atom, memory: Memory, *, forward: bool) -> bool:
        """Whether what a callee does to an argument is not followed, and may matter."""
        kind = atom_kind(written)
        followed = is_known(kind) if forward else written in memory.carried
        return is_mutable(kind) and matters(kind) and not (may_be_active(kind) and followed)

    def check(self, function: Function, memory: Memory, *, forward: bool) -> None:
        """Refuse calls whose effects on memory are not followed.

        Raises:
            UnsupportedSyntax: a callee changes an argument or data in place.
            SrcadError: a callee that may do so cannot be looked into; the error says why.
        """
        for stmt in walk(function.body):
            effect = self.effect_of(stmt) if isinstance(stmt, Call) else None
            if effect is None:
                continue
            assert isinstance(stmt, Call)
            callee = callee_of(stmt)
            assert callee is not None
            if any(self._is_lost(a, memory, forward=forward) for a in effect.writes):
                problem = self.lowered(callee)
                if isinstance(problem, SrcadError):
                    raise _called_here(problem, callee, stmt.loc)
                known = self.called(stmt)
                if known is None or known.normal is None:
                    raise UnsupportedSyntax(
                        f"{callee.__name__} may change an argument in place",
                        where=stmt.loc,
                        why="what it does to its arguments could not be found out while compiling",
                        remedy="write the arguments out instead of *args and **kwargs, or call it outside of the "
                        "function",
                    )
                raise UnsupportedSyntax(
                    f"{callee.__name__} changes an argument in place",
                    where=stmt.loc,
                    why="such calls are followed where the kinds of the arguments are known",
                    remedy=f"let {callee.__name__} change a copy and return it",
                )
            version = self.called(stmt)
            if version is not None and version.outside is not None:
                raise UnsupportedSyntax(
                    f"{callee.__name__} changes data outside of it",
                    where=version.outside,
                    why="arrays and floats in globals and enclosing functions that change while the function runs "
                    "are not followed yet",
                    remedy="pass the data as an argument and return it",
                )

    # --- derivatives -----------------------------------------------------------------------------------------------

    def pair_of(self, call: Call, around: Around) -> Pair | None:
        """The forward and reverse function for a call; None where it calls a primitive."""
        found = self._to_differentiate(call, around.active)
        if found is None:
            return None
        version, args, wrt = found
        form = self._form(version, call, args, wrt, around)
        key = ("pair", version.callee, version.kinds, wrt, form)
        if key not in self._made:
            name, number = _name(version.callee), len(self._made)
            forward = Callee(f"{name}_forward", ("forward", number))
            taken = 2 if form.seeded else 1
            sums = tuple(range(taken, taken + len(form.summed)))
            reverse = Callee(f"{name}_reverse", ("reverse", number), pure=not form.shadowed, writes=sums)
            self._made[key] = (forward, reverse)
            self._functions.update({forward.key: None, reverse.key: None})
            try:
                both = self._make_pair(version, wrt, Names(forward.name, reverse.name), form)
            except SrcadError as error:
                raise _called_here(error, version.callee, call.loc) from None
            self._functions.update(zip((forward.key, reverse.key), both, strict=True))
            self._fresh[key] = fresh_results(both[1])
        forward, reverse = self._made[key]
        return Pair(forward, reverse, tuple(args), wrt, self._fresh.get(key, ()), form)

    def _form(
        self,
        version: CalleeVersion,
        call: Call,
        args: Sequence[Atom],
        wrt: Sequence[int],
        around: Around,
    ) -> Form:
        """What the functions for a call take and return."""
        companions = around.companions
        shares = call.target in companions.returned
        together = _together(version, args, around.memory)
        touched = {*version.writes, *(version.returns if shares else ()), *(k for group in together for k in group)}
        shadowed = tuple(k for k, a in enumerate(args) if k in touched and isinstance(a, Var) and a in companions)
        again = around.in_loop or self.is_recursive(version)
        summed = tuple(k for k in version.reads if k in wrt and k not in shadowed) if again else ()
        seeded = call.target in around.active and not (shares and is_all_in_shadow(call.target.kind))
        return Form(shadowed, summed, shares, together, seeded)

    def jvp_of(self, call: Call, active: Active) -> Jvp | None:
        """The forward derivative for a call; None where it calls a primitive."""
        found = self._to_differentiate(call, active)
        if found is None:
            return None
        version, args, wrt = found
        key = ("jvp", version.callee, version.kinds, wrt)
        if key not in self._made:
            callee = Callee(f"{_name(version.callee)}_jvp", ("jvp", len(self._made)))
            self._made[key] = (callee,)
            self._functions[callee.key] = None
            try:
                self._functions[callee.key] = self._make_jvp(version, wrt, callee.name)
            except SrcadError as error:
                raise _called_here(error, version.callee, call.loc) from None
        return Jvp(self._made[key][0], tuple(args), wrt)

    def _to_differentiate(self, call: Call, active: Active) -> tuple[CalleeVersion, list[Atom], tuple[int, ...]] | None:
        callee = callee_of(call)
        if callee is None:
            return None
        bound = bind_call(callee, call.args, dict(call.kwargs))
        if bound is None:
            raise UnsupportedSyntax(
                f"the arguments of {callee.__name__} cannot be matched while compiling",
                where=call.loc,
                why="the call has *args or **kwargs, or the function collects arguments in them",
                remedy="write the arguments out",
            )
        found = self.version(callee, bound)
        if found is None:
            problem = self.lowered(callee)
            assert isinstance(problem, SrcadError)
            raise _called_here(problem, callee, call.loc)
        wrt = tuple(k for k, a in enumerate(bound) if isinstance(a, Var) and a in active)
        return found[0], bound, wrt

    def _ready(
        self, version: CalleeVersion, form: Form = _PLAIN, *, forward: bool = False
    ) -> tuple[Function, Memory, Typed]:
        if not version.settled:
            self.solve()
        assert version.typed is not None
        function = normalise(take_known_branches(version.typed.function))
        params = function.body.params
        memory = find_memory(function, self.effect_of, [[params[k] for k in group] for group in form.together])
        function = guard_updates(function, memory, private=False)
        if not forward:
            carry(memory, [function.body.params[k] for k in form.shadowed])
            memory.check()
        self.check(function, memory, forward=forward)
        return function, memory, version.typed

    def _make_pair(
        self,
        version: CalleeVersion,
        wrt: tuple[int, ...],
        names: Names,
        form: Form,
    ) -> tuple[Function, Function]:
        function, memory, typed = self._ready(version, form)
        lengths = (typed.facts, typed.facts_of)
        bars = {p: Var(bar(p.name), cotangent_kind(p.kind)) for p in function.body.params}
        places = list(bars.items())
        given, sums = (dict(places[k] for k in chosen) for chosen in (form.shadowed, form.summed))
        function, companions = with_companions(function, memory, lengths, given)
        lost = [p.name for p in given if p not in companions]
        if lost:
            raise UnsupportedSyntax(
                f"{version.callee.__name__} changes {lost[0]} in a way that cannot be followed",
                where=function.loc,
                why="another name for its memory cannot be told apart while compiling",
                remedy="change a copy, and return it",
            )
        if form.shares and function.body.yields[0] not in companions:
            raise UnsupportedSyntax(
                f"{version.callee.__name__} returns memory of an argument in a way that cannot be followed",
                where=function.loc,
                why="its caller changes that memory in place",
                remedy="return a copy",
            )
        return pair(function, wrt, names, memory, lengths, self.pair_of, Shadows(companions, given, sums, form))

    def _make_jvp(self, version: CalleeVersion, wrt: tuple[int, ...], name: str) -> Function:
        function, memory, typed = self._ready(version, forward=True)
        request = Request(wrt, name=name)
        made = pushforward(function, request, memory, typed.facts, typed.facts_of, self.jvp_of, private=False)
        return polish(made, lambda f: clean(f, drop_primal=False, keep_stores=True))


def _together(version: CalleeVersion, args: Sequence[Atom], memory: Memory) -> tuple[tuple[int, ...], ...]:
    """The groups of arguments of a call that may be names for the same memory, where the callee changes some of it."""
    groups: list[tuple[set[int], set[Var]]] = []
    for k, arg in enumerate(args):
        roots = set(memory.reachable(arg)) if may_be_active(atom_kind(arg)) else set()
        met = [group for group in groups if group[1] & roots]
        positions = {k}.union(*(group[0] for group in met))
        groups = [group for group in groups if group not in met]
        groups.append((positions, roots.union(*(group[1] for group in met))))
    found = [tuple(sorted(positions)) for positions, _ in groups if len(positions) > 1]
    return tuple(sorted(group for group in found if set(group) & set(version.writes)))


def _name(callee: FunctionType) -> str:
    return "f" if callee.__name__ == "<lambda>" else callee.__name__


def _called_here(error: SrcadError, callee: FunctionType, loc: Loc) -> SrcadError:
    """The error with a mention of the call because of which the function is differentiated; the innermost one stays."""
    mark = "its derivative is needed"
    if mark in error.why:
        return error
    note = f'{callee.__name__} is called in "{loc.file}", line {loc.line}, where {mark}'
    return type(error)(
        error.what, where=error.where, why=f"{error.why}\n{note}" if error.why else note, remedy=error.remedy
    )

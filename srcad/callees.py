"""The functions that a differentiated function calls and that are not put in place, and the data that it reads.

Their kinds and their effects on memory are found by a fixpoint over recursion: all start from "nothing" and are found again until
none changes. Where a call carries a derivative, the callee's own derivative functions are made, once for each combination of
argument kinds and active arguments; they are registered before their bodies exist, so that recursion ends.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from srcad.analysis.calls import CallKinds, at_call
from srcad.analysis.infer import CalleeKind, Typed, infer
from srcad.analysis.memory import CallEffect, Memory, find_memory
from srcad.analysis.values import key_of, kind_of
from srcad.errors import SrcadError, UnsupportedSyntax
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Array, Kind, Numeric, Unknown, is_mutable, may_be_active
from srcad.ir.lattice import join
from srcad.ir.nodes import Atom, Call, Callee, Const, Function, Guard, Loc, Star, Var
from srcad.ir.visit import walk
from srcad.transform.cleanup import clean
from srcad.transform.decide import take_known_branches
from srcad.transform.forward import Jvp, pushforward
from srcad.transform.inline import bind_call, inline_calls, is_user_function
from srcad.transform.normalise import normalise
from srcad.transform.request import Request
from srcad.transform.reverse.calls import Pair
from srcad.transform.reverse.pairs import Names, pair
from srcad.transform.updates import guard_updates

#: Rounds after which kinds that still change become Unknown.
_ROUNDS = 8
#: Versions of one function after which a further one is for arguments of unknown kind.
_VERSIONS = 12

Active = frozenset[Var]
Args = Sequence[Atom | Star]


@dataclass(eq=False)
class _Version:
    """One callee for one combination of argument kinds.

    Attributes:
        callee: the Python function.
        kinds: of its arguments.
        function: its SSA without kinds.
        typed: the same with kinds, as found so far.
        result: the kind of its result, as found so far.
        writes: positions of the parameters that it changes in place.
        returns: positions of the parameters whose memory its result may refer to.
        outside: where it changes data of its module or of an enclosing function.
    """

    callee: FunctionType
    kinds: tuple[Kind, ...]
    function: Function
    typed: Typed | None = None
    result: Kind = UNDEFINED
    settled: bool = False
    normal: Function | None = None
    writes: tuple[int, ...] = ()
    returns: tuple[int, ...] = ()
    outside: Loc | None = None
    known: bool = False


class Callees:
    """What is known of other functions and of data while one derivative is compiled.

    Attributes:
        data: the data read from globals and closures: by which function, how to look it up, and the key of its kind.
        guards: the names that were resolved in callees.
    """

    def __init__(self, primal: Any, *, kinds: bool = True) -> None:
        self.primal = primal
        self.known = kinds
        self.data: dict[tuple[Any, str, str], Hashable] = {}
        self.guards: dict[tuple[int, str], Guard] = {}
        self._lowered: dict[FunctionType, Function | SrcadError] = {}
        self._versions: dict[tuple[FunctionType, tuple[Kind, ...]], _Version] = {}
        self._solving = False
        self._made: dict[Hashable, tuple[Callee, ...]] = {}
        self._functions: dict[object, Function | None] = {}

    def generated(self) -> tuple[tuple[object, Function], ...]:
        """The functions that the derivative calls, in SSA."""
        return tuple((key, function) for key, function in self._functions.items() if function is not None)

    # --- kinds -----------------------------------------------------------------------------------------------------

    def infer(self, function: Function, kinds: Sequence[Kind]) -> Typed:
        """The typed form of a function for these kinds of arguments."""

        def read_data(op: Any, name: str) -> Kind | None:
            return self._read_data(function.source, op, name)

        return infer(function, kinds, callee_kind=self._callee_kind, read_data=read_data)

    def _read_data(self, reader: Any, op: Any, name: str) -> Kind | None:
        place = "free" if op is ops.load_free else "global"
        try:
            value = look_up(reader, place, name)
        except LookupError:
            return None
        self.data[reader, place, name] = key_of(value)
        return kind_of(value) if self.known else UNKNOWN

    def _callee_kind(
        self, callee: Any, args: Args, kwargs: Sequence[tuple[str | None, Atom]]
    ) -> CalleeKind | Kind | None:
        bound = bind_call(callee, args, dict(kwargs)) if is_user_function(callee) else None
        found = None if bound is None else self._version(callee, bound)
        if found is None:
            return None
        version, call = found
        if not self._solving:
            self._solve()
        after = _widened(version, call)
        if after is not None and kwargs:
            return None
        return CalleeKind(call.result(version.result), after)

    def _version(self, callee: FunctionType, args: Sequence[Atom]) -> tuple[_Version, CallKinds] | None:
        """The version of a callee for these arguments; None where it cannot be looked into."""
        function = self._lower(callee)
        if isinstance(function, SrcadError):
            return None
        call = at_call([atom_kind(a) for a in args])
        try:
            hash(tuple(call.kinds))
        except TypeError:
            call = CallKinds((UNKNOWN,) * len(args))
        key = (callee, call.kinds)
        if key not in self._versions and sum(k[0] is callee for k in self._versions) >= _VERSIONS:
            call = CallKinds((UNKNOWN,) * len(args))
            key = (callee, call.kinds)
        if key not in self._versions:
            self._versions[key] = _Version(callee, call.kinds, function)
        return self._versions[key], call

    def _lower(self, callee: FunctionType) -> Function | SrcadError:
        if callee not in self._lowered:
            try:
                self._lowered[callee] = inline_calls(lower(callee))
            except SrcadError as error:
                self._lowered[callee] = error
        found = self._lowered[callee]
        if isinstance(found, Function):
            self.guards.update({(id(g.root), g.name): g for g in found.guards})
        return found

    def _solve(self) -> None:
        """Find the kinds of all versions met so far, and of those met on the way, until none changes."""
        self._solving = True
        try:
            changed, rounds = True, 0
            while changed:
                changed, rounds = False, rounds + 1
                for version in self._open():
                    changed |= self._improve(version, coarse=rounds > _ROUNDS)
            for version in self._open():
                version.settled = True
        finally:
            self._solving = False

    def _open(self) -> list[_Version]:
        return [v for v in self._versions.values() if not v.settled]

    def _improve(self, version: _Version, *, coarse: bool) -> bool:
        before, count = version.result, len(self._versions)
        typed = self.infer(version.function, version.kinds)
        own = at_call(version.kinds)
        found = join(before, own.result(typed.result))
        version.typed = typed
        version.result = UNKNOWN if coarse and found != before else found
        return version.result != before or len(self._versions) > count

    # --- memory ----------------------------------------------------------------------------------------------------

    def effect_of(self, call: Call) -> CallEffect | None:
        """What a call of another function does to the memory of its arguments; None for calls of primitives."""
        callee = _callee(call)
        if callee is None:
            return None
        every = tuple(a.value if isinstance(a, Star) else a for a in (*call.args, *(v for _, v in call.kwargs)))
        bound = bind_call(callee, call.args, dict(call.kwargs))
        found = None if bound is None else self._version(callee, bound)
        if bound is None or found is None:
            return CallEffect(every, every)
        version = found[0]
        self._summarise(version)
        return CallEffect(tuple(bound[k] for k in version.writes), tuple(bound[k] for k in version.returns))

    def _summarise(self, version: _Version) -> None:
        """Find the effects of a version and of all that it calls."""
        if version.known or self._solving:
            return
        if version.typed is None:
            self._solve()
        self._solving = True
        try:
            changed = True
            while changed:
                changed, count = False, len(self._versions)
                for each in [v for v in self._versions.values() if not v.known]:
                    changed |= self._effects(each)
                changed |= len(self._versions) > count
            for each in self._versions.values():
                each.known = True
        finally:
            self._solving = False

    def _effects(self, version: _Version) -> bool:
        before = (version.writes, version.returns, version.outside)
        if version.typed is None:
            version.typed = self.infer(version.function, version.kinds)
        if version.normal is None:
            try:
                version.normal = normalise(take_known_branches(version.typed.function))
            except SrcadError:
                version.writes = version.returns = tuple(range(len(version.kinds)))
                return before != (version.writes, version.returns, version.outside)
        params = version.normal.body.params
        memory = find_memory(version.normal, self.effect_of)
        result = memory.reachable(version.normal.body.yields[0])
        version.writes = tuple(k for k, p in enumerate(params) if p in memory.stores)
        version.returns = tuple(k for k, p in enumerate(params) if p in result)
        version.outside = version.outside or self._writes_outside(version.normal, memory)
        return before != (version.writes, version.returns, version.outside)

    def _writes_outside(self, function: Function, memory: Memory) -> Loc | None:
        for root, events in memory.stores.items():
            made = memory.defined.get(root)
            if made is not None and made.fn in (Const(ops.load_global), Const(ops.load_free)) and _matters(root.kind):
                return events[0].loc
        for stmt in walk(function.body):
            if not isinstance(stmt, Call):
                continue
            if stmt.fn in (Const(ops.store_global), Const(ops.store_free)):
                stored = stmt.args[-1]
                if not isinstance(stored, Star) and _matters(atom_kind(stored)):
                    return stmt.loc
            version = self._called(stmt)
            if version is not None and version.outside is not None:
                return version.outside
        return None

    def _called(self, call: Call) -> _Version | None:
        callee = _callee(call)
        bound = None if callee is None else bind_call(callee, call.args, dict(call.kwargs))
        found = None if bound is None or callee is None else self._version(callee, bound)
        return None if found is None else found[0]

    def check(self, function: Function) -> None:
        """Refuse calls whose effects on memory are not followed yet.

        Raises:
            UnsupportedSyntax: a callee changes an argument or data in place.
            SrcadError: a callee that may do so cannot be looked into; the error says why.
        """
        for stmt in walk(function.body):
            effect = self.effect_of(stmt) if isinstance(stmt, Call) else None
            if effect is None:
                continue
            assert isinstance(stmt, Call)
            callee = _callee(stmt)
            assert callee is not None
            if any(is_mutable(atom_kind(a)) and _matters(atom_kind(a)) for a in effect.writes):
                problem = self._lower(callee)
                if isinstance(problem, SrcadError):
                    raise _called_here(problem, callee, stmt.loc)
                known = self._called(stmt)
                if known is None or known.normal is None:
                    raise UnsupportedSyntax(
                        f"{callee.__name__} may change an argument in place",
                        where=stmt.loc,
                        why="what it does to its arguments could not be found out while compiling",
                        remedy="write the arguments out instead of *args and **kwargs, or call it outside of the function",
                    )
                raise UnsupportedSyntax(
                    f"{callee.__name__} changes an argument in place",
                    where=stmt.loc,
                    why="derivatives of calls that change their arguments are not supported yet, except of short functions "
                    "without recursion, and with plain arguments",
                    remedy=f"let {callee.__name__} change a copy and return it",
                )
            version = self._called(stmt)
            if version is not None and version.outside is not None:
                raise UnsupportedSyntax(
                    f"{callee.__name__} changes data outside of it",
                    where=version.outside,
                    why="arrays and floats in globals and enclosing functions that change while the function runs are not "
                    "followed yet",
                    remedy="pass the data as an argument and return it",
                )

    # --- derivatives -----------------------------------------------------------------------------------------------

    def pair_of(self, call: Call, active: Active) -> Pair | None:
        """The forward and reverse function for a call; None where it calls a primitive."""
        found = self._to_differentiate(call, active)
        if found is None:
            return None
        version, args, wrt = found
        key = ("pair", version.callee, version.kinds, wrt)
        if key not in self._made:
            name, number = _name(version.callee), len(self._made)
            forward = Callee(f"{name}_forward", ("forward", number))
            reverse = Callee(f"{name}_reverse", ("reverse", number), pure=True)
            self._made[key] = (forward, reverse)
            self._functions.update({forward.key: None, reverse.key: None})
            try:
                both = self._make_pair(version, wrt, Names(forward.name, reverse.name))
            except SrcadError as error:
                raise _called_here(error, version.callee, call.loc) from None
            self._functions.update(zip((forward.key, reverse.key), both, strict=True))
        forward, reverse = self._made[key]
        return Pair(forward, reverse, tuple(args), wrt)

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

    def _to_differentiate(self, call: Call, active: Active) -> tuple[_Version, list[Atom], tuple[int, ...]] | None:
        callee = _callee(call)
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
        found = self._version(callee, bound)
        if found is None:
            problem = self._lower(callee)
            assert isinstance(problem, SrcadError)
            raise _called_here(problem, callee, call.loc)
        wrt = tuple(k for k, a in enumerate(bound) if isinstance(a, Var) and a in active)
        return found[0], bound, wrt

    def _ready(self, version: _Version) -> tuple[Function, Memory, Typed]:
        if not version.settled:
            self._solve()
        assert version.typed is not None
        function = normalise(take_known_branches(version.typed.function))
        memory = find_memory(function, self.effect_of)
        function = guard_updates(function, memory, private=False)
        memory.check()
        self.check(function)
        return function, memory, version.typed

    def _make_pair(self, version: _Version, wrt: tuple[int, ...], names: Names) -> tuple[Function, Function]:
        function, memory, typed = self._ready(version)
        return pair(function, wrt, names, memory, (typed.facts, typed.facts_of), self.pair_of)

    def _make_jvp(self, version: _Version, wrt: tuple[int, ...], name: str) -> Function:
        function, memory, typed = self._ready(version)
        request = Request(wrt, name=name)
        made = pushforward(function, request, memory, typed.facts, typed.facts_of, self.jvp_of, private=False)
        return clean(made, drop_primal=False, keep_stores=True)


def _callee(call: Call) -> FunctionType | None:
    fn = call.fn.value if isinstance(call.fn, Const) else None
    return fn if isinstance(fn, FunctionType) and is_user_function(fn) else None


def _name(callee: FunctionType) -> str:
    return "f" if callee.__name__ == "<lambda>" else callee.__name__


def _matters(kind: Kind) -> bool:
    """Whether a change of such a value can change a derivative: it carries one, or is an array that indexes or selects."""
    return may_be_active(kind) or isinstance(kind, (Array, Numeric, Unknown))


def _widened(version: _Version, call: CallKinds) -> tuple[Kind, ...] | None:
    """The kinds of the arguments after the call, `UNDEFINED` for those that the callee leaves as they are."""
    if version.typed is None or version.typed.params == version.kinds:
        return None
    pairs = zip(version.typed.params, version.kinds, strict=True)
    return tuple(UNDEFINED if after == before else call.result(after) for after, before in pairs)


def _called_here(error: SrcadError, callee: FunctionType, loc: Loc) -> SrcadError:
    """The error with a mention of the call because of which the function is differentiated; the innermost one stays."""
    mark = "its derivative is needed"
    if mark in error.why:
        return error
    note = f'{callee.__name__} is called in "{loc.file}", line {loc.line}, where {mark}'
    return type(error)(
        error.what, where=error.where, why=f"{error.why}\n{note}" if error.why else note, remedy=error.remedy
    )


def look_up(reader: Any, place: str, name: str) -> Any:
    """The value that a global or a variable of an enclosing function has now, as the function `reader` sees it.

    Raises:
        LookupError: it has none.
    """
    if place == "global":
        return reader.__globals__[name]
    cells = dict(zip(reader.__code__.co_freevars, reader.__closure__ or (), strict=True))
    try:
        return cells[name].cell_contents
    except ValueError:
        raise LookupError(name) from None

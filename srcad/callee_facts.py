"""What is known of callees that are not put in place, and of the data that a function reads.

The kinds of their results and their effects on memory are found by a fixpoint over recursion: all start from
"nothing" and are found again until none changes.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from types import CellType, FunctionType, ModuleType
from typing import Any

from srcad import runtime
from srcad.analysis.calls import CallKinds, at_call
from srcad.analysis.infer import CalleeKind, Typed, infer
from srcad.analysis.keys import Identity
from srcad.analysis.memory import CallEffect, Memory, find_memory
from srcad.analysis.values import key_of, kind_of
from srcad.errors import SrcadError
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Array, Kind, Numeric, Unknown, may_be_active
from srcad.ir.lattice import join
from srcad.ir.nodes import Atom, Call, Const, Function, Guard, Loc, Star, Var
from srcad.ir.visit import is_call_of, walk
from srcad.transform.decide import take_known_branches
from srcad.transform.devirtualise import known_callees
from srcad.transform.inline import bind_call, inline_calls, underlying
from srcad.transform.normalise import normalise

#: Rounds after which kinds that still change become Unknown.
_ROUNDS = 8
#: Versions of one function after which a further one is for arguments of unknown kind.
_VERSIONS = 12
#: So often is a function looked through for calls of functions that only kinds know.
_REFINED = 6

Args = Sequence[Atom | Star]


@dataclass(eq=False)
class CalleeVersion:
    """One callee for one combination of argument kinds.

    Attributes:
        callee: the Python function.
        kinds: of its arguments.
        function: its SSA without kinds.
        typed: the same with kinds, as found so far.
        result: the kind of its result, as found so far.
        after: the kinds of its arguments after the call, which it may have put things into.
        writes: positions of the parameters that it changes in place.
        perhaps_writes: those that it changes in place if they are arrays, which their kinds do not tell.
        returns: positions of the parameters whose memory its result may refer to.
        reads: positions of the parameters that are arrays of which it reads single items or parts.
        outside: where it changes data of its module or of an enclosing function.
    """

    callee: FunctionType
    kinds: tuple[Kind, ...]
    function: Function
    typed: Typed | None = None
    result: Kind = UNDEFINED
    after: tuple[Kind, ...] = ()
    settled: bool = False
    normal: Function | None = None
    writes: tuple[int, ...] = ()
    perhaps_writes: tuple[int, ...] = ()
    returns: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()
    outside: Loc | None = None
    known: bool = False


class CalleeFacts:
    """What is known of callees and of data while one derivative is compiled.

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
        self._versions: dict[tuple[FunctionType, tuple[Kind, ...]], CalleeVersion] = {}
        self._solving = False

    # --- kinds -----------------------------------------------------------------------------------------------------

    def infer(self, function: Function, kinds: Sequence[Kind]) -> Typed:
        """The typed form of a function for these kinds of arguments."""

        def read_data(op: Any, name: str) -> Kind | None:
            return self._read_data(function.source, op, name)

        return infer(function, kinds, callee_kind=self._callee_kind, read_data=read_data)

    def infer_resolved(self, function: Function, kinds: Sequence[Kind]) -> Typed:
        """`infer`, with the calls of functions that only kinds know as calls of these functions."""
        for _ in range(_REFINED):
            typed = self.infer(function, kinds)
            found = known_callees(typed.function)
            if found is None:
                return typed
            function = inline_calls(found)
            self.guards.update({(id(g.root), g.name): g for g in function.guards})
        return self.infer(function, kinds)

    def _read_data(self, reader: Any, op: Any, name: str) -> Kind | None:
        place = "free" if op is ops.load_free else "global"
        if isinstance(op, ModuleType | CellType):
            reader, place = Identity(op), "attribute"
        try:
            value = look_up(reader, place, name)
        except LookupError:
            return None
        self.data[reader, place, name] = key_of(value)
        return kind_of(value) if self.known else UNKNOWN

    def _callee_kind(
        self, callee: Any, args: Args, kwargs: Sequence[tuple[str | None, Atom]]
    ) -> CalleeKind | Kind | None:
        called = underlying(callee)
        bound = None if called is None else bind_call(called, args, dict(kwargs))
        found = None if bound is None or called is None else self.version(called, bound)
        if found is None:
            return None
        version, call = found
        if not self._solving:
            self.solve()
        after = _widened(version, call)
        if after is not None and kwargs:
            return None
        return CalleeKind(call.result(version.result), after)

    def version(self, callee: FunctionType, args: Sequence[Atom]) -> tuple[CalleeVersion, CallKinds] | None:
        """The version of a callee for these arguments; None where it cannot be looked into."""
        function = self.lowered(callee)
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
            self._versions[key] = CalleeVersion(callee, call.kinds, function)
        return self._versions[key], call

    def lowered(self, callee: FunctionType) -> Function | SrcadError:
        """The SSA form of a callee, small functions in place; the error where it has none."""
        if callee not in self._lowered:
            try:
                self._lowered[callee] = inline_calls(lower(callee))
            except SrcadError as error:
                self._lowered[callee] = error
        found = self._lowered[callee]
        if isinstance(found, Function):
            self.guards.update({(id(g.root), g.name): g for g in found.guards})
        return found

    def solve(self) -> None:
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

    def _open(self) -> list[CalleeVersion]:
        return [v for v in self._versions.values() if not v.settled]

    def _improve(self, version: CalleeVersion, *, coarse: bool) -> bool:
        before, count = version.result, len(self._versions)
        typed = self.infer_resolved(version.function, version.kinds)
        own = at_call(version.kinds)
        found = join(before, own.result(typed.result))
        after = tuple(map(own.result, typed.params))
        widened = version.after != after and not coarse
        version.typed, version.after = typed, after
        version.result = UNKNOWN if coarse and found != before else found
        return version.result != before or len(self._versions) > count or widened

    # --- memory ----------------------------------------------------------------------------------------------------

    def effect_of(self, call: Call) -> CallEffect | None:
        """What a call of another function does to the memory of its arguments; None for calls of primitives."""
        callee = callee_of(call)
        if callee is None:
            return None
        every = tuple(a.value if isinstance(a, Star) else a for a in (*call.args, *(v for _, v in call.kwargs)))
        bound = bind_call(callee, call.args, dict(call.kwargs))
        found = None if bound is None else self.version(callee, bound)
        if bound is None or found is None:
            return CallEffect(every, every)
        version = found[0]
        self._summarise(version)
        writes = version.writes
        if not may_be_active(call.target.kind):
            writes += version.perhaps_writes  # called as it is; a derivative of it decides at run time
        perhaps = tuple(bound[k] for k in version.perhaps_writes if k not in writes)
        return CallEffect(tuple(bound[k] for k in writes), tuple(bound[k] for k in version.returns), perhaps)

    def _summarise(self, version: CalleeVersion) -> None:
        """Find the effects of a version and of all that it calls."""
        if version.known or self._solving:
            return
        changed = True
        while changed:
            self.solve()  # normalised code may call versions that inference has not met
            changed = self._effects_once()
        for each in self._versions.values():
            each.known = True

    def _effects_once(self) -> bool:
        """Find the effects of all versions from what is known so far; whether anything new came up."""
        self._solving = True
        try:
            open_ = [v for v in self._versions.values() if not v.known]
            changed = [self._effects(version) for version in open_]
            return any(changed) or any(not v.settled for v in self._versions.values())
        finally:
            self._solving = False

    def _effects(self, version: CalleeVersion) -> bool:
        before = (version.writes, version.returns, version.reads, version.outside)
        assert version.typed is not None
        if version.normal is None:
            try:
                version.normal = normalise(take_known_branches(version.typed.function))
            except SrcadError:
                version.writes = version.returns = tuple(range(len(version.kinds)))
                return before != (version.writes, version.returns, version.reads, version.outside)
        params = version.normal.body.params
        memory = find_memory(version.normal, self.effect_of)
        result = memory.reachable(version.normal.body.yields[0])
        perhaps = _perhaps_written(version.normal, memory)
        version.writes = tuple(k for k, p in enumerate(params) if p in memory.stores)
        version.perhaps_writes = tuple(k for k, p in enumerate(params) if p in perhaps)
        version.returns = tuple(k for k, p in enumerate(params) if p in result)
        read = self._read_in_parts(version.normal)
        version.reads = tuple(k for k, p in enumerate(params) if p in read and is_array_of_floats(p.kind))
        version.outside = version.outside or self._writes_outside(version.normal, memory)
        return before != (version.writes, version.returns, version.reads, version.outside)

    def _read_in_parts(self, function: Function) -> set[Atom]:
        """The variables of which a function reads single items or parts, itself or through others."""
        found: set[Atom] = set()
        for stmt in walk(function.body):
            if not isinstance(stmt, Call):
                continue
            if is_call_of(stmt, operator.getitem) and not isinstance(stmt.args[0], Star):
                found.add(stmt.args[0])
            version, bound = self.called(stmt), None
            if version is not None:
                bound = bind_call(version.callee, stmt.args, dict(stmt.kwargs))
            if version is not None and bound is not None:
                found.update(bound[k] for k in version.reads)
        return found

    def is_recursive(self, version: CalleeVersion) -> bool:
        """Whether a callee may call itself, also through others."""
        pending, seen = [version], {id(version)}
        while pending:
            normal = pending.pop().normal
            for stmt in () if normal is None else walk(normal.body):
                inner = self.called(stmt) if isinstance(stmt, Call) else None
                if inner is version:
                    return True
                if inner is not None and id(inner) not in seen:
                    seen.add(id(inner))
                    pending.append(inner)
        return False

    def _writes_outside(self, function: Function, memory: Memory) -> Loc | None:
        for root, events in memory.stores.items():
            made = memory.defined.get(root)
            if made is not None and is_call_of(made, ops.load_global, ops.load_free) and matters(root.kind):
                return events[0].loc
        for stmt in walk(function.body):
            if not isinstance(stmt, Call):
                continue
            if is_call_of(stmt, ops.store_global, ops.store_free):
                stored = stmt.args[-1]
                if not isinstance(stored, Star) and matters(atom_kind(stored)):
                    return stmt.loc
            version = self.called(stmt)
            if version is not None and version.outside is not None:
                return version.outside
        return None

    def opened(self, call: Call) -> tuple[Function, tuple[Atom, ...]] | None:
        """What a call of another function runs, normalised, and an atom for each of its parameters."""
        callee, version = callee_of(call), self.called(call)
        if callee is None or version is None:
            return None
        self._summarise(version)
        bound = bind_call(callee, call.args, dict(call.kwargs))
        return None if version.normal is None or bound is None else (version.normal, tuple(bound))

    def called(self, call: Call) -> CalleeVersion | None:
        """The version of the callee that a call runs, where it can be looked into."""
        callee = callee_of(call)
        bound = None if callee is None else bind_call(callee, call.args, dict(call.kwargs))
        found = None if bound is None or callee is None else self.version(callee, bound)
        return None if found is None else found[0]


def callee_of(call: Call) -> FunctionType | None:
    """The user function that is called by name; None for calls of anything else."""
    return underlying(call.fn.value) if isinstance(call.fn, Const) else None


def _perhaps_written(function: Function, memory: Memory) -> set[Var]:
    """The roots that an augmented assignment to a value of unknown kind changes, if it is an array."""
    updates = (runtime.as_updated, runtime.as_updated_number)
    calls = [
        s for s in walk(function.body) if isinstance(s, Call) and isinstance(s.fn, Const) and s.fn.value in updates
    ]
    through = [a for effect in memory.effects.values() for a in effect.perhaps]
    return {root for atom in (*(c.args[1] for c in calls), *through) for root in memory.of(atom)}  # type: ignore[arg-type]


def is_array_of_floats(kind: Kind) -> bool:
    """Whether a value certainly is an array with at least one axis that can carry a derivative."""
    return isinstance(kind, Array) and kind.dtype is not None and bool(kind.dims) and may_be_active(kind)


def matters(kind: Kind) -> bool:
    """Whether a change of such a value can change a derivative: it carries one, or is an array that may select."""
    return may_be_active(kind) or isinstance(kind, (Array, Numeric, Unknown))


def _widened(version: CalleeVersion, call: CallKinds) -> tuple[Kind, ...] | None:
    """The kinds of the arguments after the call, `UNDEFINED` for those that the callee leaves as they are."""
    if version.typed is None or version.typed.params == version.kinds:
        return None
    pairs = zip(version.typed.params, version.kinds, strict=True)
    return tuple(UNDEFINED if after == before else call.result(after) for after, before in pairs)


def look_up(reader: Any, place: str, name: str) -> Any:
    """The value that a global or a variable of an enclosing function has now, as the function `reader` sees it.

    Raises:
        LookupError: it has none.
    """
    if place == "attribute":
        try:
            return getattr(reader.value, name)
        except (AttributeError, ValueError):
            raise LookupError(name) from None
    if place == "global":
        return reader.__globals__[name]
    cells = dict(zip(reader.__code__.co_freevars, reader.__closure__ or (), strict=True))
    try:
        return cells[name].cell_contents
    except ValueError:
        raise LookupError(name) from None

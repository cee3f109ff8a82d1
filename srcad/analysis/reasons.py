"""Why a derivative is zero, or ends on the way: what a function does with an argument, other than pass it on.

Facts for people: nothing that is compiled depends on them. They are read off the normalised function and those that it
calls, and say what a statement does, not what it would have to do.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Set

from srcad.analysis.activity import Varied
from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.analysis.paths import Paths, arguments, is_of_form, numbers
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.kinds import Array, is_mutable
from srcad.ir.nodes import Atom, Block, Call, For, Function, If, Loc, Star, Stmt, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, is_call_of, walk

_DECIDES = "it only decides a branch here"
_REPEATS = "it only decides how often this loop runs"
_CHOOSES = "it only chooses elements or cases here"
_FORM = "only a type or a shape is used here"


@record(frozen=True)
class Reason:
    """What ends a path at one place.

    Attributes:
        where: the place, as in errors; None where no statement has to do with it.
        why: what happens there.
    """

    where: Loc | None
    why: str


def reasons(function: Function, input_: Var, paths: Paths) -> list[Reason]:
    """Why the derivative of the result with respect to a parameter is zero, or a part of it may be.

    Args:
        function: normalised.
        input_: the parameter.
        paths: the paths of the derivative in it.
    """
    found = [Reason(cut.where, cut.why) for cut in paths.cuts(function, [input_])]
    if input_ in paths.useful(function):
        return found + list(_overwritten(function, input_, paths))
    if not found:
        found = list(_Uses(paths).of(function, (input_,)))
    if not found:
        found = list(_lost(function, input_, paths))
    return list(dict.fromkeys(found)) or [Reason(None, "no statement reads it")]


class _Influenced(Varied):
    """Everything that is computed from the inputs, whatever its kind and its derivative."""

    def mark(self, atom: Atom | Star) -> None:
        var = atom.value if isinstance(atom, Star) else atom
        if isinstance(var, Var) and var not in self.found:
            self.found.add(var)
            self.touched = True

    def call(self, call: Call) -> None:
        if not is_of_form(call) and any(map(self.has, arguments(call))):
            self.mark(call.target)
            for atom in (*writes(call), *self.changed(call)):
                self.mark_memory(atom)


class _Uses:
    """The places where an argument is used without being passed on, in a function and in those that it calls."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.entered: set[tuple[int, tuple[Var, ...]]] = set()

    def of(self, function: Function, inputs: tuple[Var, ...]) -> Iterator[Reason]:
        """The uses of some parameters of a function."""
        if (id(function), inputs) in self.entered:
            return
        self.entered.add((id(function), inputs))
        found = _Influenced(self.paths.memory(function), inputs).solve(function.body)
        for stmt in walk(function.body):
            yield from self.at(stmt, found)

    def at(self, stmt: Stmt, found: Set[Var]) -> Iterator[Reason]:
        """The uses at one statement."""
        match stmt:
            case If(cond=cond, loc=loc) if cond in found:
                yield Reason(loc, _DECIDES)
            case For(iter=source, loc=loc) if source in found and not is_mutable(atom_kind(source)):
                yield Reason(loc, _REPEATS)
            case While(cond=Block(yields=(test,)), loc=loc) if test in found:
                yield Reason(loc, _REPEATS)
            case Call():
                yield from self.in_call(stmt, found)
            case _:
                pass

    def in_call(self, call: Call, found: Set[Var]) -> Iterator[Reason]:
        given = [a for a in arguments(call) if a in found]
        inside = self.paths.opened(call) if given else None
        if inside is not None:
            function, args = inside
            inputs = tuple(p for p, a in zip(function.body.params, args, strict=True) if a in found)
            yield from self.of(function, inputs)
        elif given and is_of_form(call):
            yield Reason(call.loc, _FORM)
        elif given and not any(a in numbers(call) for a in given):
            yield Reason(call.loc, _CHOOSES)


def _lost(function: Function, input_: Var, paths: Paths) -> Iterator[Reason]:
    """What is computed of a parameter and does not reach the result."""
    found = _Influenced(paths.memory(function), [input_]).solve(function.body)
    flowing = paths.flowing(function)
    calls = [s for s in walk(function.body) if isinstance(s, Call)]
    lost = [s for s in calls if any(a in found for a in arguments(s)) and s.target not in flowing]
    named = [s for s in lost if s.target.name] or lost
    for call in named[:1]:
        name = call.target.name
        again = next((s for s in calls if name and s.target.name == name and s.loc.line > call.loc.line), None)
        if again is None:
            yield Reason(call.loc, "what is computed of it here does not reach the result")
        else:
            yield Reason(call.loc, f"{name} is computed of it here, and gets another value in line {again.loc.line}")


def _overwritten(function: Function, input_: Var, paths: Paths) -> Iterator[Reason]:
    """The stores that replace what was computed of a parameter by something else, in the order in which they run."""
    varied = paths.varied(function, [input_])
    finder = _Overwriting(paths.memory(function), varied, input_)
    finder.block(function.body)
    yield from dict.fromkeys(finder.found)


class _Overwriting:
    """A walk in the order of execution with the memory that depends on an input so far."""

    def __init__(self, memory: Memory, varied: Set[Var], input_: Var) -> None:
        self.memory, self.varied = memory, varied
        self.alive: set[Var] = set(memory.reachable(input_))
        self.found: list[Reason] = []

    def block(self, block: Block) -> None:
        for stmt in block.stmts:
            if isinstance(stmt, Call):
                self.call(stmt)
            for _ in range(2 if isinstance(stmt, (For, While)) else 1):
                for inner in blocks(stmt):
                    self.block(inner)

    def call(self, call: Call) -> None:
        passes_on = any(a in self.varied for a in arguments(call))
        if is_call_of(call, operator.setitem) and isinstance(call.args[0], Var):
            base, _, value = arguments(call)
            if value in self.varied:
                self.alive.update(self.memory.of(base))
            elif any(root in self.alive for root in self.memory.of(base)) and isinstance(atom_kind(base), Array):
                self.found.append(Reason(call.loc, "this overwrites elements, which may depend on it"))
        elif (
            passes_on and call.target in self.varied and not is_in(getattr(call.fn, "value", None), (operator.getitem,))
        ):
            self.alive.update(self.memory.of(call.target))

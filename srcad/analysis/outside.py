"""Values that leave the function and come back: stored in data outside of it, and read again from there.

A derivative follows a value through names, containers and arrays of the function. What it stores in a global, in a
variable of an enclosing function or in an object that these lead to is outside; each look-up of such a name is a value
of its own, of which nobody knows that it was stored before. Storing is harmless as long as the function does not read
it afterwards (a log of losses); if it may, there is an error: the derivative would miss that way.

    history.append(loss)                            (fine)
    cache["h"] = h; ...; y = cache["h"] * w         (refused)
"""

from __future__ import annotations

from collections.abc import Set
from types import CellType, FunctionType, ModuleType
from typing import Any

from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.kinds import Kind, Numeric, Scalar, Unknown
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Program, Star, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, is_call_of, walk
from srcad.rules import rule_for

_LOADS = (Const(ops.load_global), Const(ops.load_free))
_STORES = (Const(ops.store_global), Const(ops.store_free))


@record(frozen=True)
class _Place:
    """A look-up of outside data, or a store to it: when, in which loops, of which name, through which value."""

    order: int
    loops: tuple[int, ...]
    name: object
    kind: Kind
    var: Var | None
    call: Call

    def may_be_seen_by(self, read: _Place) -> bool:
        """Whether `read` may find what is stored here."""
        later = read.order > self.order or bool(set(self.loops) & set(read.loops))
        if not later or read.name is None:
            return later
        if self.var is None:
            return read.name == self.name
        return read.name == self.name or _alike(self.kind, read.kind)


def _alike(a: Kind, b: Kind) -> bool:
    """Whether two names may stand for one object that can be changed."""
    if isinstance(a, Scalar) or isinstance(b, Scalar):
        return False
    return type(a) is type(b) or any(isinstance(k, (Unknown, Numeric)) for k in (a, b))


def refuse_detours(function: Function, varied: Set[Var], useful: Set[Var], memory: Memory) -> None:
    """Raise where a value that varies is stored outside and may be read back into the result.

    Args:
        function: typed and normalised.
        varied: the variables that depend on the inputs.
        useful: the variables that the result depends on.
        memory: its memory facts.

    Raises:
        UnsupportedSyntax: there is such a store.
    """
    finder = _Finder(varied, useful, memory, function.source)
    finder.block(function.body, ())
    for store in finder.stores:
        for read in finder.reads:
            same = read.var is not None and read.var == store.var
            if same or store.may_be_seen_by(read):
                raise UnsupportedSyntax(
                    "a value that carries a derivative is stored outside of the function and may be read again",
                    where=store.call.loc,
                    why="derivatives are not followed through globals, variables of enclosing functions and what they "
                    f"lead to (line {read.call.loc.line})",
                    remedy="keep it in a variable of the function, or pass the data as an argument",
                )


def attributes_read(program: Program) -> list[tuple[Any, str]]:
    """The attributes of modules and classes that the functions of a program read as data: owner and name."""
    functions = (program.entry, *(function for _, function in program.callees))
    calls = (s for function in functions for s in walk(function.body) if isinstance(s, Call))
    constant = ([a.value for a in c.args if isinstance(a, Const)] for c in calls if is_call_of(c, getattr))
    return [(found[0], found[1]) for found in constant if len(found) == 2]


def changes_data(memory: Memory) -> bool:
    """Whether a function changes data outside of it in place."""
    made = (memory.defined.get(root) for root in memory.stores)
    return any(
        call is not None and (call.fn in _LOADS or (is_call_of(call, getattr) and isinstance(call.args[0], Const)))
        for call in made
    )


def _is_user_function(fn: object) -> bool:
    return isinstance(fn, FunctionType) and rule_for(fn) is None and not (fn.__module__ or "").startswith("srcad.")


class _Finder:
    """One walk over the function in program order."""

    def __init__(self, varied: Set[Var], useful: Set[Var], memory: Memory, source: Any) -> None:
        self.varied, self.useful, self.memory = varied, useful, memory
        self.globals = getattr(source, "__globals__", None)
        names = source.__code__.co_freevars if isinstance(source, FunctionType) else ()
        self.cells = dict(zip(names, getattr(source, "__closure__", None) or (), strict=True))
        self.order = 0
        self.loads: dict[Var, _Place] = {}
        self.reads: list[_Place] = []
        self.stores: list[_Place] = []

    def block(self, block: Block, loops: tuple[int, ...]) -> None:
        for stmt in block.stmts:
            self.order += 1
            if isinstance(stmt, Call):
                self.call(stmt, loops)
            inner = (*loops, stmt.id) if isinstance(stmt, (For, While)) else loops
            for part in blocks(stmt):
                self.block(part, inner)

    def call(self, call: Call, loops: tuple[int, ...]) -> None:
        fn = call.fn.value if isinstance(call.fn, Const) else None
        if call.fn in _LOADS or (fn is getattr and all(isinstance(a, Const) for a in call.args)):
            place = _Place(self.order, loops, self.name(call), call.target.kind, call.target, call)
            self.loads[call.target] = place
            if call.target in self.useful:
                self.reads.append(place)
        elif call.fn in _STORES:
            if self.varies(call.args[-1]):
                self.stores.append(_Place(self.order, loops, self.name(call), call.target.kind, None, call))
        elif _is_user_function(fn) and call.target in self.useful:  # it may read any data
            self.reads.append(_Place(self.order, loops, None, call.target.kind, None, call))
        if any(self.varies(a) for a in (*call.args, *(v for _, v in call.kwargs))):
            for atom in writes(call):
                self.stores += [
                    _Place(self.order, loops, made.name, made.kind, made.var, call) for made in self.outside(atom)
                ]

    def name(self, call: Call) -> object:
        """What a look-up or store names: the same for two that mean one variable, however they reach it."""
        first = call.args[0]
        match call.fn, call.args:
            case Const(), (Const(value=CellType() as cell), _) if is_call_of(call, getattr):
                return ("cell", id(cell))
            case Const(), (Const(value=ModuleType() as module), second) if is_call_of(call, getattr):
                return ("global", second) if vars(module) is self.globals else (id(module), second)
            case Const(value=fn), (Const(value=str() as name), *_) if fn in (ops.load_free, ops.store_free):
                return ("cell", id(self.cells[name])) if name in self.cells else ("free", first)
            case Const(value=fn), _ if fn in (ops.load_global, ops.store_global):
                return ("global", first)
            case _:
                return call.args

    def varies(self, atom: Atom | Star) -> bool:
        value = atom.value if isinstance(atom, Star) else atom
        return isinstance(value, Var) and value in self.varied

    def outside(self, atom: Atom) -> list[_Place]:
        """The look-ups through which a store reaches outside data."""
        roots = (*self.memory.of(atom), *([atom] if isinstance(atom, Var) else []))
        return [self.loads[root] for root in dict.fromkeys(roots) if root in self.loads]

"""What the loops of a derivative keep for the reverse sweep, read off its last form, and what that needs in memory."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from srcad.ir import ops
from srcad.ir.dims import Dim, Symbol
from srcad.ir.kinds import Array, Kind, List, Scalar, Static, Tuple
from srcad.ir.nodes import Atom, Call, Const, For, Function, If, Loc, Stmt, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, is_call_of, uses, walk

#: How the names of such lists end; what a list of tuples is called.
SAVED = "_saved"
BUNDLE = "saved"


@record(frozen=True)
class Kept:
    """A list of the reverse sweep.

    Attributes:
        list: the variable that holds it.
        value: the variable that is kept.
        kind: the kind of its items.
        where: the statement whose value an item is.
        readers: the statements whose adjoints read it.
        sometimes: whether only some passes add an item.
    """

    list: Var
    value: Atom
    kind: Kind
    where: Loc
    readers: tuple[Loc, ...]
    sometimes: bool


@record(frozen=True)
class LoopMemory:
    """A loop of the function, or of one that it calls.

    Attributes:
        where: its statement.
        kept: what each pass keeps.
        again: the expressions that the reverse sweep computes again instead.
    """

    where: Loc
    kept: tuple[Kept, ...]
    again: tuple[Loc, ...]


def loop_memory(functions: Sequence[Function]) -> list[LoopMemory]:
    """The loops of the forward sweeps among the functions of a derivative, in the order of the text."""
    reader = _Reader(functions)
    found: list[LoopMemory] = []
    for function in functions:
        for stmt in walk(function.body):
            if isinstance(stmt, (For, While)) and not stmt.loc.adjoint and stmt.reverse_of is None:
                found.append(reader.loop(stmt))
    return found


def appends(function: Function) -> list[Call]:
    """The statements of the forward sweep that keep a value, in the order of the text."""
    return [s for s in walk(function.body) if isinstance(s, Call) and _is_append(s)]


def _is_append(stmt: Stmt) -> bool:
    if not isinstance(stmt, Call) or not is_call_of(stmt, list.append) or not stmt.loc.saving or stmt.loc.adjoint:
        return False
    return isinstance(stmt.args[0], Var) and is_saved_list(stmt.args[0])  # and no shadow of a list


def is_saved_list(var: Var) -> bool:
    """Whether a variable is a list of saved values: of one (``x_saved``), or of tuples (``saved``)."""
    return var.name.endswith(SAVED) or (var.name == BUNDLE and isinstance(var.kind, List))


class _Reader:
    """The statements of all functions, by what they read."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self.users: dict[Var, list[Stmt]] = {}
        self.results: dict[Var, list[Var]] = {}
        self.mirrors: dict[int, For | While] = {}
        self.pops: dict[Var, list[Var]] = {}
        self.lists: dict[Var, tuple[str, int]] = {}
        self.taken: dict[tuple[str, int], list[Var]] = {}
        self.packed: dict[Var, Call] = {}
        self.made: dict[Var, Loc] = {}
        for function in functions:
            self._read(function)

    def _read(self, function: Function) -> None:
        counts: dict[str, int] = {}
        same: dict[Var, Var] = {}
        for stmt in walk(function.body):
            for var in uses(stmt):
                self.users.setdefault(var, []).append(stmt)
            if isinstance(stmt, Call):
                self._call(stmt, counts, same)
                continue
            if isinstance(stmt, (For, While)):
                if stmt.reverse_of is not None:
                    self.mirrors[stmt.reverse_of] = stmt
                params = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
                self._flow(stmt.inits, params)
                self._flow(stmt.body.yields, params)
                self._flow(stmt.body.yields, stmt.targets)
            else:
                for block in blocks(stmt):
                    self._flow(block.yields, stmt.targets)

    def _flow(self, sources: Sequence[Atom], targets: Sequence[Var]) -> None:
        for source, target in zip(sources, targets, strict=False):
            if isinstance(source, Var):
                self.results.setdefault(source, []).append(target)

    def _call(self, call: Call, counts: dict[str, int], same: dict[Var, Var]) -> None:
        """Note a list that is made, unpacked, copied or read; lists of a pair of functions go by name and order."""
        first = call.args[0] if call.args else None
        self.made[call.target] = call.loc
        if is_call_of(call, ops.make_tuple):
            self.packed[call.target] = call
        if is_call_of(call, list.copy) and isinstance(first, Var) and first in self.lists:
            same[call.target] = first
        elif is_call_of(call, list.pop) and isinstance(first, Var):
            place = self.lists.get(same.get(first, first))
            if place is not None:
                self.taken.setdefault(place, []).append(call.target)
        elif is_saved_list(call.target):
            number = counts.get(call.target.name, 0)
            counts[call.target.name] = number + 1
            self.lists[call.target] = (_origin(call.loc) + call.target.name, number)

    def loop(self, loop: For | While) -> LoopMemory:
        kept = [one for call, sometimes in _own_appends(loop.body.stmts) for one in self._kept(call, sometimes)]
        mirror = self.mirrors.get(loop.id)
        again = [] if mirror is None else [loc for loc in _computed(mirror.body.stmts) if loc.line != loop.loc.line]
        return LoopMemory(loop.loc, tuple(kept), tuple(dict.fromkeys(again)))

    def _kept(self, call: Call, sometimes: bool) -> Iterator[Kept]:
        """What one statement keeps: a value, or each of a tuple."""
        saved, value = call.args
        assert isinstance(saved, Var) and isinstance(value, (Var, Const))
        popped = self.taken.get(self.lists.get(saved, ("", 0)), [])
        pack = self.packed.get(value) if isinstance(value, Var) and saved.name == BUNDLE else None
        for k, item in enumerate((value,) if pack is None else pack.args):
            assert isinstance(item, (Var, Const))
            kind = item.kind if isinstance(item, Var) else Static(item.value)
            found = popped if pack is None else [v for taken in popped for v in self._items(taken, k)]
            where = self.made.get(item, call.loc) if pack is not None and isinstance(item, Var) else call.loc
            yield Kept(saved, item, kind, where, tuple(self._readers(found)), sometimes)

    def _items(self, taken: Var, k: int) -> Iterator[Var]:
        """The item number `k` of a tuple that is unpacked."""
        for unpacking in self.users.get(taken, ()):
            for reading in self.users.get(unpacking.target, ()) if isinstance(unpacking, Call) else ():
                if isinstance(reading, Call) and is_call_of(reading, operator.getitem) and reading.args[1] == Const(k):
                    yield reading.target

    def _readers(self, popped: Sequence[Var]) -> list[Loc]:
        """The statements of the user's whose adjoints read one of the variables, also through what is made of them."""
        found: dict[tuple[str, int, str], Loc] = {}
        todo, seen = list(popped), set(popped)
        while todo:
            var = todo.pop()
            following = list(self.results.get(var, ()))
            for stmt in self.users.get(var, ()):
                adjoint = stmt.loc.adjoint and stmt.loc.text and isinstance(stmt, (Call, If))
                if adjoint:
                    found[stmt.loc.file, stmt.loc.line, stmt.loc.text] = stmt.loc
                elif isinstance(stmt, Call):
                    following.append(stmt.target)
            todo += [v for v in following if v not in seen]
            seen.update(following)
        return sorted(found.values(), key=lambda loc: (loc.file, loc.line))


def _origin(loc: Loc) -> str:
    return f"{loc.file}:{loc.function}:"


def _own_appends(stmts: Sequence[Stmt], sometimes: bool = False) -> Iterator[tuple[Call, bool]]:
    """The values that a pass keeps, without those of loops inside, and whether a branch decides that."""
    for stmt in stmts:
        if isinstance(stmt, Call):
            if _is_append(stmt):
                yield stmt, sometimes
        elif not isinstance(stmt, (For, While)):
            for block in blocks(stmt):
                yield from _own_appends(block.stmts, sometimes or isinstance(stmt, If))


def _computed(stmts: Sequence[Stmt]) -> Iterator[Loc]:
    """The places of what the reverse sweep computes again in a pass."""
    for stmt in stmts:
        if isinstance(stmt, Call) and stmt.loc.saving and not stmt.loc.adjoint:
            if not is_call_of(stmt, list.pop, list.copy, ops.make_list):
                yield stmt.loc
        elif not isinstance(stmt, (Call, For, While)):
            for block in blocks(stmt):
                yield from _computed(block.stmts)


@record(frozen=True)
class Size:
    """So many bytes.

    Attributes:
        text: as an expression over lengths; with a number behind it where they are known; "?" where nothing is.
        count: the number, where it is known.
        boxed: whether a number of Python's is among them.
    """

    text: str
    count: int | None
    boxed: bool = False


def size_of(kind: Kind, lengths: Mapping[Symbol, int]) -> Size:
    """The memory of a value.

    Args:
        kind: its kind.
        lengths: the values of symbols that are known.

    >>> from srcad.ir.kinds import FLOAT
    >>> size_of(Array("f4", (Dim.of(3), Dim.of(5))), {}).text, size_of(FLOAT, {}).text
    ('60', '8')
    """
    match kind:
        case Scalar(dtype=dtype, weak=weak) if dtype is not None:
            count = np.dtype(dtype).itemsize
            count = max(count, 8) if weak else count
            return Size(str(count), count, bool(weak))
        case Array(dtype=dtype, dims=dims) if dtype is not None and dims is not None:
            return _size_of_array(np.dtype(dtype).itemsize, dims, lengths)
        case Tuple(items=items):
            parts = [size_of(item, lengths) for item in items]
            known = [part.count for part in parts]
            total = None if None in known else sum(k for k in known if k is not None)
            text = " + ".join(part.text for part in parts if part.text != "0") or "0"
            return Size(text if total is None or not text.replace(" + ", "").isdigit() else str(total), total,
                        any(part.boxed for part in parts))  # fmt: skip
        case Static():
            return Size("0", 0)
        case _:
            return Size("?", None)


def _size_of_array(itemsize: int, dims: Sequence[Dim | None], lengths: Mapping[Symbol, int]) -> Size:
    factors = [itemsize, *(d.known for d in dims if d is not None and d.known is not None)]
    texts = [f"({d})" if len(d.terms) + bool(d.const) > 1 else str(d) for d in dims if d is not None and d.terms]
    unknown = ["?" for d in dims if d is None]
    number = int(np.prod([k for k in factors if k is not None]))
    counts = [_value(d, lengths) for d in dims]
    total = None if None in counts else itemsize * int(np.prod([k for k in counts if k is not None]))
    return Size(" * ".join([str(number), *texts, *unknown]), total)


def _value(dim: Dim | None, lengths: Mapping[Symbol, int]) -> int | None:
    if dim is None or any(symbol not in lengths for symbol, _ in dim.terms):
        return None
    value = dim.const + sum(factor * lengths[symbol] for symbol, factor in dim.terms)
    return max(0, value) if dim.clamped else value

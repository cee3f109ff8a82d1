"""What is stored into containers: which variables may hold the same list, dict or object, and what is put into them.

Kinds are values, but lists and dicts are references: an ``xs.append(v)`` changes the kind of every variable that
may hold that list, before and after the call. This module keeps one cell per variable and unifies the cells of
variables that may refer to the same object (as Steensgaard's points-to analysis does; flow plays no role). A cell
knows its items' cell and the join of what is stored. Input: statements' atoms and kinds. Output: `widen(var,
kind)`. Arrays keep dtype and dims when stored into, so they need no cell of their own, except where an attribute
such as ``shape`` is assigned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from srcad.ir.kinds import (
    UNDEFINED,
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Numeric,
    Object,
    Scalar,
    Static,
    Tuple,
    Undefined,
    Unknown,
)
from srcad.ir.lattice import MAX_DEPTH, join, without_local
from srcad.ir.nodes import Atom, Star, Var


@dataclass(eq=False)
class Cell:
    """Objects that cannot be told apart: `items` is the cell of all that they contain."""

    items: Cell | None = None
    stored: Kind = UNDEFINED
    changed: bool = False
    fields: dict[object, Kind] = field(default_factory=dict)
    parent: Cell | None = None


class Heap:
    """The cells of one function. Stores only ever widen, so inference is repeated until `version` stays."""

    def __init__(self) -> None:
        self._cells: dict[int, Cell] = {}
        self.version = 0
        self._roots: list[tuple[Kind, Cell]] = []
        self._entered: set[int] = set()
        self.recording = True
        #: set where stores do not settle: everything stored then counts as Unknown
        self.coarse = False

    def cell(self, atom: Atom | Star) -> Cell | None:
        """The cell of a variable; constants have none."""
        if isinstance(atom, Star):
            inner = self.cell(atom.value)
            return None if inner is None else self.items(inner)
        if not isinstance(atom, Var):
            return None
        found = self._cells.setdefault(atom.uid, Cell())
        return _find(found)

    def items(self, cell: Cell) -> Cell:
        """The cell of what the objects of a cell contain."""
        cell = _find(cell)
        if cell.items is None:
            cell.items = Cell()
        return _find(cell.items)

    def alias(self, a: Atom | Star, b: Atom | Star) -> None:
        """The two may be the same object."""
        x, y = self.cell(a), self.cell(b)
        if x is not None and y is not None:
            self.unify(x, y)

    def enter(self, var: Var, kind: Kind) -> None:
        """A value from outside: containers in it may be the same objects as those in other values from outside."""
        cell = self.cell(var)
        if cell is None or var.uid in self._entered:
            return
        self._entered.add(var.uid)
        new = list(self._containers(kind, cell, 0))
        for a, x in new:
            for b, y in self._roots:
                if overlap(a, b):
                    self.unify(x, y)
        self._roots += new

    def _containers(self, kind: Kind, cell: Cell, depth: int) -> Iterable[tuple[Kind, Cell]]:
        if depth > MAX_DEPTH or not refers(kind):
            return
        yield kind, cell
        for inner in parts(kind):
            if refers(inner):
                yield from self._containers(inner, self.items(cell), depth + 1)

    def contains(self, container: Atom | Star, item: Atom | Star) -> None:
        """`item` may be in `container`."""
        x, y = self.cell(container), self.cell(item)
        if x is not None and y is not None:
            self.unify(self.items(x), y)

    def blur(self, atoms: list[Atom | Star]) -> None:
        """The values may refer to each other in any way: results and arguments of what is not described."""
        cells = [c for c in map(self.cell, atoms) if c is not None]
        for cell in cells:
            self.unify(cells[0], cell)
        if cells:
            self.unify(cells[0], self.items(cells[0]))

    def unify(self, a: Cell, b: Cell) -> None:
        """Make two cells one, and those of their items."""
        pending = [(a, b)]
        while pending:
            x, y = (_find(c) for c in pending.pop())
            if x is y:
                continue
            y.parent = x
            if y.changed or y.fields:
                self._store(x, y.stored)
                x.changed = x.changed or y.changed
                for name, kind in y.fields.items():
                    x.fields[name] = join(x.fields.get(name, UNDEFINED), kind)
            if x.items is None:
                x.items = y.items
            elif y.items is not None:
                pending.append((x.items, y.items))

    def share(self, target: Atom | Star, source: Atom | Star) -> None:
        """`target` contains what `source` contains."""
        x, y = self.cell(target), self.cell(source)
        if x is not None and y is not None:
            self.unify(self.items(x), self.items(y))

    def touch(self, container: Atom | Star) -> None:
        """The number of items of a container changes."""
        cell = self.cell(container)
        if cell is not None and self.recording:
            self._store(cell, UNDEFINED)

    def store(self, container: Atom | Star, kind: Kind, name: object = None) -> None:
        """A value of this kind is put into a container; `name`: into this attribute, or under this key of a dict."""
        cell = self.cell(container)
        if cell is None or not self.recording or isinstance(kind, Undefined):
            return
        kind = UNKNOWN if self.coarse else without_local(kind)
        if name is None:
            self._store(cell, kind)
        else:
            new = join(cell.fields.get(name, UNDEFINED), kind)
            if new != cell.fields.get(name):
                cell.fields[name] = new
                self.version += 1

    def _store(self, cell: Cell, kind: Kind) -> None:
        new = join(cell.stored, kind)
        if new != cell.stored or not cell.changed:
            cell.stored, cell.changed = new, True
            self.version += 1

    def widen(self, atom: Atom | Star, kind: Kind) -> Kind:
        """The kind of a variable's value, with all that is stored into what it may refer to."""
        cell = self.cell(atom)
        return kind if cell is None else self._widen(cell, kind, 0)

    def _widen(self, cell: Cell | None, kind: Kind, depth: int) -> Kind:
        if cell is None or depth > MAX_DEPTH:
            return kind
        cell = _find(cell)
        if not self._touched(cell, 0):
            return kind
        below = depth + 1
        match kind:
            case List(item=item, length=length, cls=cls):
                new = join(item, cell.stored) if cell.changed and cls is list else item
                length = None if cell.changed and cls is list else length
                return List(self._widen(cell.items, new, below), length, cls)
            case Tuple(items=items, cls=cls):
                return Tuple(tuple(self._widen(cell.items, k, below) for k in items), cls)
            case Iterator(item=item, length=length, form=form):
                # iterators hand out the items of what they iterate over, whose cell they share
                new = join(item, cell.stored) if cell.changed and form == "other" else item
                return Iterator(self._widen(cell.items, new, below), None if cell.changed else length, form)
            case Dict(item=item, items=items):
                return self._widen_dict(cell, item, items, below)
            case Object(cls=cls, fields=fields):
                if cell.changed:
                    return UNKNOWN
                merged = dict(fields) | {
                    str(n): join(dict(fields).get(str(n), UNDEFINED), k) for n, k in cell.fields.items()
                }
                return Object(cls, tuple((n, self._widen(cell.items, k, below)) for n, k in merged.items()))
            case Array() if cell.fields:
                return Array(None, None)
            case _:
                return kind

    def _widen_dict(self, cell: Cell, item: Kind, items: tuple[tuple[object, Kind], ...] | None, depth: int) -> Kind:
        """Stores under keys that are there widen their entries; any other store makes the keys unknown."""
        for kind in cell.fields.values():
            item = join(item, kind)
        keys = [k for k, _ in items or ()]
        if cell.changed or items is None or any(name not in keys for name in cell.fields):
            return Dict(self._widen(cell.items, join(item, cell.stored), depth))
        entries = [(k, join(v, cell.fields.get(k, UNDEFINED))) for k, v in items]
        return Dict(
            self._widen(cell.items, item, depth), tuple((k, self._widen(cell.items, v, depth)) for k, v in entries)
        )

    def _touched(self, cell: Cell | None, depth: int) -> bool:
        if cell is None or depth > MAX_DEPTH:
            return False
        cell = _find(cell)
        return cell.changed or bool(cell.fields) or self._touched(cell.items, depth + 1)


def _find(cell: Cell) -> Cell:
    while cell.parent is not None:
        if cell.parent.parent is not None:
            cell.parent = cell.parent.parent
        cell = cell.parent
    return cell


def parts(kind: Kind) -> tuple[Kind, ...]:
    """The kinds of what a container holds."""
    match kind:
        case List(item=item) | Iterator(item=item):
            return (item,)
        case Tuple(items=items):
            return items
        case Dict(item=item, items=entries):
            return (item,) if entries is None else tuple(k for _, k in entries)
        case Object(fields=fields):
            return tuple(k for _, k in fields)
        case _:
            return ()


def overlap(a: Kind, b: Kind) -> bool:
    """Whether one object may be of both kinds."""
    match a, b:
        case (Unknown() | Undefined(), _) | (_, Unknown() | Undefined()):
            return True
        case (Scalar() | Array() | Numeric(), Scalar() | Array() | Numeric()):
            same = a.dtype == b.dtype or a.dtype is None or b.dtype is None
            return same and {type(a), type(b)} != {Scalar, Array}
        case (List(), List()):
            return a.cls is b.cls and overlap(a.item, b.item)
        case (Tuple(), Tuple()):
            same = a.cls is b.cls and len(a.items) == len(b.items)
            return same and all(overlap(x, y) for x, y in zip(a.items, b.items, strict=True))
        case (Dict(), Dict()):
            return overlap(a.item, b.item)
        case (Object(), Object()):
            return a.cls is b.cls
        case (Tuple(cls=x), List(cls=y)) | (List(cls=x), Tuple(cls=y)):
            return x is y
        case _:
            return type(a) is type(b)


def refers(kind: Kind) -> bool:
    """Whether values of this kind may be, or contain, containers whose kind a store can change."""
    match kind:
        case List() | Dict() | Object() | Unknown() | Iterator():
            return True
        case Tuple(items=items):
            return any(map(refers, items))
        case Static() | Numeric() | Array() | Undefined():
            return False
        case _:
            return False

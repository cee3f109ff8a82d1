"""What folding decides about one function, as data: the same SSA, and how it is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from srcad.codegen.tables import operands
from srcad.ir.nodes import Atom, Block, Call, Const, If, Stmt, Var
from srcad.ir.record import record


@record(frozen=True)
class Pattern:
    """``a, (b, c), *d``: the targets of an unpacking; an item None is not used."""

    items: tuple[Var | Pattern | None, ...]
    starred: int | None = None

    def variables(self) -> Iterator[Var]:
        """The variables that it binds."""
        for item in self.items:
            if isinstance(item, Var):
                yield item
            elif item is not None:
                yield from item.variables()


@dataclass
class Folding:
    """The decisions for one function; keys are `Var.uid`.

    inlined: definitions that are written where they are used. expressions: branches (by first target)
    that are written as an expression. patterns: what a value is unpacked into, by the variable of the
    `ops.unpack` call or the item of a loop. absorbed: definitions that a pattern makes. conditions: the
    loops (by id of the node) whose condition is one expression. tails: the branches (by target) that end
    the function, whose arms return. steady: carried values that are one constant in every pass that
    starts. unbound: variables that have no value on some path.
    """

    uses: dict[int, int] = field(default_factory=dict)
    inlined: dict[int, Call | If] = field(default_factory=dict)
    expressions: set[int] = field(default_factory=set)
    patterns: dict[int, Pattern] = field(default_factory=dict)
    absorbed: set[int] = field(default_factory=set)
    conditions: set[int] = field(default_factory=set)
    tails: set[int] = field(default_factory=set)
    steady: dict[int, Const] = field(default_factory=dict)
    unbound: set[int] = field(default_factory=set)

    def roots(self, block: Block) -> list[Stmt]:
        """The statements of a block that are written as statements."""
        return [s for s in block.stmts if not self._hidden(s)]

    def _hidden(self, stmt: Stmt) -> bool:
        match stmt:
            case Call(target=target):
                return target.uid in self.inlined or target.uid in self.absorbed
            case If(targets=(target,)):
                return target.uid in self.inlined
            case _:
                return False

    def leaves(self, atom: Atom) -> Iterator[Var]:
        """The variables that the written form of `atom` reads."""
        if isinstance(atom, Const):
            return
        match self.inlined.get(atom.uid):
            case None:
                yield atom
            case Call() as call:
                for operand in operands(call):
                    yield from self.leaves(operand)
            case If() as branch:
                yield from self.branch_leaves(branch)

    def branch_leaves(self, branch: If) -> Iterator[Var]:
        """The variables that a conditional expression reads."""
        for atom in (branch.cond, *branch.then.yields, *branch.orelse.yields):
            yield from self.leaves(atom)

"""Which variables cannot share a name: structured backward liveness over what will be written.

Sets of variables are bits of an int. The parameters and targets of a loop are one variable here (the value
that the loop carries); where branches and loops give values, parallel copies are written unless naming makes
both sides one name. A value read in a loop but defined outside it is live through the whole loop. The two
sides of a copy do not interfere by the copy alone, since there they hold the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from srcad.codegen.decisions import Folding, Pattern
from srcad.codegen.tables import COPIES, INPLACE, function_of, operands
from srcad.errors import InternalError
from srcad.ir.kinds import Kind
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Stmt, Var, While, With


@dataclass
class Webs:
    """Variables by number: who interferes with whom, and who is a copy of whom.

    number: `Var.uid` to number. members: the variables with each number. conflicts: a mask for each number.
    copies: pairs of numbers that would be best as one name, most wanted first. apart: masks of what one line reads and
    binds, which a reader would rather see under two names.
    """

    number: dict[int, int] = field(default_factory=dict)
    members: list[list[Var]] = field(default_factory=list)
    conflicts: list[int] = field(default_factory=list)
    copies: list[tuple[int, int]] = field(default_factory=list)
    apart: list[int] = field(default_factory=list)

    def define(self, var: Var) -> int:
        """The number of a variable, a new one at first sight."""
        number = self.number.get(var.uid)
        if number is None:
            number = self.number[var.uid] = len(self.members)
            self.members.append([var])
            self.conflicts.append(0)
            self.apart.append(0)
        return number

    def unite(self, first: Var, *others: Var) -> None:
        """Give several variables one number, for good."""
        number = self.define(first)
        for var in others:
            self.number[var.uid] = number
            self.members[number].append(var)

    def part(self, type_of: Callable[[Kind], Hashable]) -> None:
        """Let variables conflict that a language of fixed types takes for different ones."""
        groups: dict[Hashable, int] = {}
        for number, variables in enumerate(self.members):
            group = type_of(variables[0].kind)
            groups[group] = groups.get(group, 0) | 1 << number
        for mask in groups.values():
            for number in range(len(self.members)):
                if mask >> number & 1:
                    self.conflicts[number] |= ~mask & (1 << len(self.members)) - 1


def interference(function: Function, folding: Folding) -> Webs:
    """Number the variables of a function and find their conflicts."""
    analysis = _Analysis(folding)
    for param in function.body.params:
        analysis.webs.define(param)
    analysis.collect(function.body)
    live = analysis.block(function.body, analysis.mask(function.body.yields))
    entry = analysis.bits(function.body.params)
    analysis.defined(entry, live | entry)
    analysis.symmetric()
    return analysis.webs


class _Analysis:
    def __init__(self, folding: Folding) -> None:
        self.webs = Webs()
        self.folding = folding
        self._free: dict[int, int] = {}

    def bits(self, variables: Iterable[Var]) -> int:
        """The mask of variables."""
        mask = 0
        for var in variables:
            mask |= 1 << self.webs.define(var)
        return mask

    def mask(self, atoms: Iterable[Atom]) -> int:
        """The mask of all that the written forms of atoms read."""
        mask = 0
        for atom in atoms:
            mask |= self.bits(self.folding.leaves(atom))
        return mask

    def defined(self, targets: int, live: int) -> None:
        """Every target conflicts with all that is live beside it."""
        rest = targets
        while rest:
            low = rest & -rest
            self.webs.conflicts[low.bit_length() - 1] |= live & ~low
            rest ^= low

    def symmetric(self) -> None:
        """Make conflicts mutual."""
        for relation in (self.webs.conflicts, self.webs.apart):
            for number, mask in enumerate(list(relation)):
                while mask:
                    low = mask & -mask
                    relation[low.bit_length() - 1] |= 1 << number
                    mask ^= low

    # -- numbers, copies and the free variables of loops, in program order -----------------------------------------

    def collect(self, block: Block) -> tuple[int, int]:
        """Number what a block defines and note its copies; returns what it reads and what it defines."""
        reads = defines = 0
        for stmt in self.folding.roots(block):
            more, new = self._collect(stmt)
            reads, defines = reads | more, defines | new
        return reads | self.mask(block.yields), defines | self.bits(block.params)

    def _collect(self, stmt: Stmt) -> tuple[int, int]:
        match stmt:
            case Call():
                return self._collect_call(stmt)
            case If(targets=targets, cond=cond, then=then, orelse=orelse):
                if _is_expression(stmt, self.folding):
                    return self.bits(self.folding.branch_leaves(stmt)), self.bits(targets)
                first, second = self.collect(then), self.collect(orelse)
                defines = first[1] | second[1] | self.bits(targets)
                self._wish(targets, then.yields)
                self._wish(targets, orelse.yields)
                return self.mask([cond]) | first[0] | second[0], defines
            case For(targets=targets, iter=iterable, inits=inits, body=body):
                for target, param in zip(targets, body.params[1:], strict=True):
                    self.webs.unite(param, target)
                self.bits(self.item(stmt))
                reads, defines = self.collect(body)
                defines |= self.bits(self.item(stmt))
                self._free[id(stmt)] = reads & ~defines
                self._wish(body.params[1:], body.yields[: len(targets)])
                self._wish(body.params[1:], inits)
                return (reads | self.mask(inits) | self.mask([iterable])), defines
            case While(targets=targets, inits=inits, cond=cond, body=body):
                for target, param, tested in zip(targets, body.params, cond.params, strict=True):
                    self.webs.unite(param, tested, target)
                first, second = self.collect(cond), self.collect(body)
                reads, defines = first[0] | second[0], first[1] | second[1]
                self._free[id(stmt)] = reads & ~defines
                self._wish(body.params, body.yields[: len(targets)])
                self._wish(body.params, inits)
                return reads | self.mask(inits), defines
            case With(targets=targets, context=context, entered=entered, body=body):
                own = self.bits([] if entered is None else [entered])
                reads, defines = self.collect(body)
                self._wish(targets, body.yields)
                return reads | self.mask([context]), defines | own | self.bits(targets)
            case _:
                raise InternalError(f"emit: no such statement {type(stmt).__name__}")

    def _collect_call(self, call: Call) -> tuple[int, int]:
        targets = self.targets(call)
        if function_of(call) in INPLACE or function_of(call) in COPIES:
            self._wish([call.target], call.args[:1])
        return self.mask(operands(call)), self.bits(targets)

    def _wish(self, targets: Sequence[Var], sources: Sequence[object]) -> None:
        for target, source in zip(targets, sources, strict=False):
            if isinstance(source, Var):
                leaves = list(self.folding.leaves(source))
                if len(leaves) == 1 and leaves[0] == source:
                    self.webs.copies.append((self.webs.define(target), self.webs.define(source)))

    def targets(self, call: Call) -> list[Var]:
        """What a call binds."""
        pattern = self.folding.patterns.get(call.target.uid)
        return [call.target] if pattern is None else list(pattern.variables())

    def item(self, loop: For) -> list[Var]:
        """What a loop binds in each pass."""
        pattern: Pattern | None = self.folding.patterns.get(loop.body.params[0].uid)
        return [loop.body.params[0]] if pattern is None else list(pattern.variables())

    # -- liveness, backwards ---------------------------------------------------------------------------------------

    def block(self, block: Block, live: int) -> int:
        """From what is live behind a block's statements to what is live before them."""
        for stmt in reversed(self.folding.roots(block)):
            live = self._stmt(stmt, live)
        return live

    def _stmt(self, stmt: Stmt, live: int) -> int:
        match stmt:
            case Call():
                return self._call(stmt, live)
            case If() if _is_expression(stmt, self.folding):
                self.defined(self.bits(stmt.targets), live)
                return live & ~self.bits(stmt.targets) | self.bits(self.folding.branch_leaves(stmt))
            case If(targets=targets, cond=cond, then=then, orelse=orelse):
                arms = 0
                for arm in (then, orelse):
                    arms |= self.block(arm, self.copies(targets, arm.yields, live))
                return arms | self.mask([cond])
            case For():
                return self._for(stmt, live)
            case While():
                return self._while(stmt, live)
            case With(targets=targets, context=context, entered=entered, body=body):
                live = self.block(body, self.copies(targets, body.yields, live))
                own = self.bits([] if entered is None else [entered])
                self.defined(own, live)
                return live & ~own | self.mask([context])
            case _:
                raise InternalError(f"emit: no such statement {type(stmt).__name__}")

    def _call(self, call: Call, live: int) -> int:
        targets, reads = self.bits(self.targets(call)), self.mask(operands(call))
        beside = live | targets
        fn = function_of(call)
        if fn in INPLACE:
            # Printed as `y = x` and `y += v` where x lives on: v is read after y is bound.
            beside |= self.mask(operands(call)[1:]) & ~self.mask(operands(call)[:1])
        source = call.args[0] if fn in COPIES else None
        if isinstance(source, Var) and _is_leaf(source, self.folding):
            beside &= ~self.mask([source])
        self.defined(targets, beside)
        for var in self.targets(call):
            self.webs.apart[self.webs.define(var)] |= reads
        return live & ~targets | reads

    def copies(self, targets: Sequence[Var], sources: Sequence[Atom], live: int) -> int:
        """A parallel copy ``targets = sources``: from what is live behind it to what is live before it."""
        written = self.bits(targets)
        for target, source in zip(targets, sources, strict=True):
            beside = live | written
            own = self.bits(self.folding.leaves(source)) if _is_leaf(source, self.folding) else 0
            self.defined(self.bits([target]), beside & ~(own & ~written))
        return live & ~written | self.mask(sources)

    def _for(self, loop: For, live: int) -> int:
        carried, item = loop.body.params[1:], self.bits(self.item(loop))
        head = live & ~self.bits(carried) | self._free[id(loop)] | self.bits(carried)
        self._pass(loop, carried, head)
        self.defined(item, head | item)
        return self.copies(carried, loop.inits, head | self.mask([loop.iter])) | self.mask([loop.iter])

    def _while(self, loop: While, live: int) -> int:
        carried = loop.body.params
        head = live & ~self.bits(carried) | self._free[id(loop)] | self.bits(carried)
        self._pass(loop, carried, head)
        self.block(loop.cond, head | self.mask(loop.cond.yields))
        return self.copies(carried, loop.inits, head)

    def _pass(self, loop: For | While, carried: Sequence[Var], head: int) -> None:
        stop = self.mask(loop.body.yields[-1:]) if loop.stops else 0
        steady = self.bits(p for p in carried if p.uid in self.folding.steady)
        self.block(loop.body, self.copies(carried, loop.body.yields[: len(carried)], head | stop) | stop | steady)


def _is_leaf(atom: Atom, folding: Folding) -> bool:
    return not isinstance(atom, Const) and atom.uid not in folding.inlined


def _is_expression(branch: If, folding: Folding) -> bool:
    return bool(branch.targets) and branch.targets[0].uid in folding.expressions

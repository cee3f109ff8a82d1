"""Which values are written inside the expression that uses them, and which unpackings as targets.

A temporary that is used once is folded into its use where the order of evaluation allows: its definition moves down to the
use only across statements that it commutes with (`srcad.codegen.effects`). Trees that lowering took apart in
evaluation order come back as the user wrote them::

    t = x * x              ->    while abs(x * x - a) > tol:
    t2 = t - a
    t3 = abs(t2)
    t4 = t3 > tol  (the condition of a loop)

Never into a loop's body or across the edge of a region, except a loop's condition, an iterable, a branch's condition, and the
arms of a conditional expression. The SSA itself does not change: the result is a set of decisions.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from srcad.codegen.effects import BARRIER, OPAQUE, PURE, commute, effect
from srcad.codegen.tables import BINARY, COMPARE, INPLACE, STATEMENTS, atom_of, function_of, is_temporary, operands
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.kinds import Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Stmt, Var, While, With

WIDTH = 100
#: What lowering calls the result of a function that returns in several places.
_RESULT = "value"
DEEPEST = 12


@dataclass(frozen=True)
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

    inlined: definitions that are written where they are used. expressions: branches (by first target) that are written as an
    expression. patterns: what a value is unpacked into, by the variable of the `ops.unpack` call or the item of a loop.
    absorbed: definitions that a pattern makes. conditions: the loops (by id of the node) whose condition is one expression.
    tails: the branches (by target) that end the function, whose arms return. steady: carried values that are one constant
    in every pass that starts.
    """

    uses: dict[int, int] = field(default_factory=dict)
    inlined: dict[int, Call | If] = field(default_factory=dict)
    expressions: set[int] = field(default_factory=set)
    patterns: dict[int, Pattern] = field(default_factory=dict)
    absorbed: set[int] = field(default_factory=set)
    conditions: set[int] = field(default_factory=set)
    tails: set[int] = field(default_factory=set)
    steady: dict[int, Const] = field(default_factory=dict)

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


def fold(function: Function) -> Folding:
    """Decide for one function."""
    result = Folding(uses=count_uses(function.body))
    _find_tails(function.body, result, getattr(getattr(function.source, "__code__", None), "co_varnames", ()))
    folder = _Folder(result)
    roots = folder.block(function.body, 1)
    folder.finish(function.body.yields, roots, 1)
    return result


def _find_tails(block: Block, result: Folding, users: Collection[str]) -> None:
    """Find the branches at the end of a function that only choose the result: they print as ``return`` in each arm."""
    if not block.stmts or not block.yields:
        return
    last, atom = block.stmts[-1], block.yields[-1]
    if not isinstance(last, If) or last.style != "if" or not isinstance(atom, Var):
        return
    if not is_temporary(atom.name) and (atom.name != _RESULT or _RESULT in users):
        return
    if atom not in last.targets or any(result.uses.get(t.uid, 0) != (t == atom) for t in last.targets):
        return
    result.tails.add(atom.uid)
    place = last.targets.index(atom)
    for arm in (last.then, last.orelse):
        _find_tails(Block((), arm.stmts, (arm.yields[place],)), result, users)


def count_uses(block: Block) -> dict[int, int]:
    """How often each variable is read, by uid."""
    counts: dict[int, int] = {}
    for atom in _atoms(block):
        if isinstance(atom, Var):
            counts[atom.uid] = counts.get(atom.uid, 0) + 1
    return counts


def _atoms(block: Block) -> Iterator[Atom]:
    for stmt in block.stmts:
        match stmt:
            case Call(fn=fn, args=args, kwargs=kwargs):
                yield fn
                yield from map(atom_of, args)
                yield from (value for _, value in kwargs)
            case If(cond=cond, then=then, orelse=orelse):
                yield cond
                yield from _atoms(then)
                yield from _atoms(orelse)
            case For(iter=iterable, inits=inits, body=body):
                yield iterable
                yield from inits
                yield from _atoms(body)
            case While(inits=inits, cond=test, body=body):
                yield from inits
                yield from _atoms(test)
                yield from _atoms(body)
            case With(context=context, body=body):
                yield context
                yield from _atoms(body)
            case _:
                raise InternalError(f"emit: no such statement {type(stmt).__name__}")
    yield from block.yields


@dataclass
class _Root:
    """A statement still written on its own, with all that has been folded into it."""

    stmt: Stmt
    position: int
    effect: int
    length: int
    depth: int
    candidate: bool = False
    foldable: bool = False


class _Folder:
    """One walk over a function in program order."""

    def __init__(self, result: Folding) -> None:
        self.result = result
        self._position = 0
        self._given: set[int] = set()

    def block(self, block: Block, indent: int) -> list[_Root]:
        """Fold the statements of a block among themselves; returns those that are left, in order."""
        roots: list[_Root] = []
        for index, stmt in enumerate(block.stmts):
            self._position += 1
            match stmt:
                case Call(target=target):
                    if target.uid in self.result.absorbed:
                        continue
                    if function_of(stmt) is ops.unpack:
                        self._pattern(target, stmt, block.stmts[index + 1 :])
                    self._call(stmt, roots, indent)
                case If():
                    self._branch(stmt, roots, indent)
                case For(iter=iterable, body=body):
                    self._sink([iterable], roots, stmt.loc, WIDTH - 4 * indent - 12)
                    self._loop_item(body)
                    self._passes(stmt, body.params[1:], indent)
                    roots.append(self._region(stmt))
                case While(cond=cond, body=body):
                    if not self.finish(cond.yields, self.block(cond, indent), indent):
                        self.result.conditions.add(id(stmt))
                    self._passes(stmt, body.params, indent)
                    roots.append(self._region(stmt))
                case With(context=context, body=body):
                    self._sink([context], roots, stmt.loc, WIDTH - 4 * indent - 12)
                    self.block(body, indent + 1)
                    roots.append(self._region(stmt))
                case _:
                    raise InternalError(f"emit: no such statement {type(stmt).__name__}")
        return roots

    def finish(self, atoms: Sequence[Atom], roots: list[_Root], indent: int) -> list[_Root]:
        """Fold what is left of a block into the values it yields; returns the roots that remain."""
        loc = roots[-1].stmt.loc if roots else None
        self._sink(atoms, roots, loc, WIDTH - 4 * indent - 8)
        return roots

    def _passes(self, loop: For | While, carried: Sequence[Var], indent: int) -> None:
        body, stops = loop.body, loop.stops
        for param, first, last in zip(carried, loop.inits, body.yields, strict=False):
            if stops and isinstance(first, Const) and _continuing(body, last, body.yields[-1]) == [first]:
                self.result.steady[param.uid] = first
        roots = self.block(body, indent + 1)
        if stops:
            self.finish(body.yields[-1:], roots, indent + 1)

    def _region(self, stmt: Stmt) -> _Root:
        return _Root(stmt, self._position, BARRIER, 0, 0)

    def _call(self, call: Call, roots: list[_Root], indent: int) -> None:
        room = WIDTH - 4 * indent - len(call.target.name or "t") - 3
        # The printed `x[i] += v` reads x[i] before it evaluates v: v must not change x.
        last = call.args[2] if function_of(call) in ops.UPDATE_OPERATORS else None
        own, size = effect(call), _overhead(call)
        folded, length, depth = self._sink(operands(call), roots, call.loc, room - size, harmless=last)
        self._add(call, roots, own | folded, length + size, depth + 1)

    def _branch(self, branch: If, roots: list[_Root], indent: int) -> None:
        room = WIDTH - 4 * indent - 8
        shared = _shared_condition(branch) and self.result.uses.get(_uid(branch.cond), 0) == 2
        written = branch.style != "if" and len(branch.targets) == 1
        returned = any(target.uid in self.result.tails for target in branch.targets)
        folded, length, depth = PURE, _width(branch.cond), 0
        for arm in (branch.then, branch.orelse):
            if written:  # what an arm gives has the name of what the whole is called
                self._given.update(_uid(y) for y in arm.yields if _name(y) == branch.targets[0].name)
            left = self.block(arm, indent + 1)
            if returned:
                self._given.update(_uid(y) for y in arm.yields if _name(y) == _RESULT)
                self.finish(arm.yields, left, indent + 1)
            if not written:
                continue
            more, size, nesting = self._sink(arm.yields, left, branch.loc, room - length)
            folded, length, depth = folded | more, length + size + 6, max(depth, nesting)
            written = not left and length <= room
        if written and shared:
            for root in roots:
                root.foldable |= root.candidate and _target(root.stmt) == branch.cond
        more, size, nesting = self._sink([branch.cond], roots, branch.loc, room - length if written else room)
        if not written:
            roots.append(self._region(branch))
            return
        self.result.expressions.add(branch.targets[0].uid)
        self._add(branch, roots, folded | more, length + size, max(depth, nesting) + 2)

    def _add(self, stmt: Call | If, roots: list[_Root], effects: int, length: int, depth: int) -> None:
        """Append a root that may itself be folded into its use."""
        target = stmt.target if isinstance(stmt, Call) else stmt.targets[0]
        nameless = is_temporary(target.name) or target.uid in self._given
        candidate = nameless and target.uid not in self.result.patterns
        if isinstance(stmt, Call):
            fn = function_of(stmt)
            candidate &= fn not in STATEMENTS and fn is not ops.import_module
            candidate &= fn not in INPLACE or isinstance(target.kind, Scalar)
        root = _Root(stmt, self._position, effects, length, depth, candidate)
        root.foldable = candidate and self.result.uses.get(target.uid, 0) == 1
        roots.append(root)

    def _sink(
        self, atoms: Sequence[Atom], roots: list[_Root], loc: Loc | None, room: int, harmless: object = None
    ) -> tuple[int, int, int]:
        """Fold definitions among `roots` into `atoms`, from the last evaluated to the first; no call into `harmless`.

        Returns the effects, the length and the depth of what `atoms` become.
        """
        total = sum(_width(atom) for atom in atoms)
        effects, depth = PURE, 0
        taken: list[_Root] = []
        for atom in reversed(atoms):
            if isinstance(atom, Const):
                continue
            found = self._find(atom, roots, taken)
            if found is None:
                continue
            grown = total + found.length + 2 - _width(atom)
            if grown > room or found.depth > DEEPEST or not _same_comment(found.stmt.loc, loc):
                continue
            if found.effect & OPAQUE and atom == harmless:
                continue
            roots.remove(found)
            taken.append(found)
            assert isinstance(found.stmt, (Call, If))
            self.result.inlined[atom.uid] = found.stmt
            total, effects, depth = grown, effects | found.effect, max(depth, found.depth)
        return effects, total, depth

    def _find(self, atom: Var, roots: list[_Root], taken: list[_Root]) -> _Root | None:
        """The root that defines `atom` and may move to the end of `roots`, before `taken`."""
        crossed = PURE
        for root in reversed(roots):
            if root.foldable and _target(root.stmt) == atom:
                after = (t.effect for t in taken if t.position < root.position)
                return root if commute(root.effect, crossed) and all(commute(root.effect, e) for e in after) else None
            crossed |= root.effect
        return None

    def _loop_item(self, body: Block) -> None:
        """``for i, x in ...``: the item's unpacking opens the body."""
        item = body.params[0]
        if self.result.uses.get(item.uid, 0) != 1 or not body.stmts or not is_temporary(item.name):
            return
        first = body.stmts[0]
        if isinstance(first, Call) and function_of(first) is ops.unpack and first.args[0] == item:
            pattern = self._pattern(first.target, first, body.stmts[1:])
            if pattern is not None:
                self.result.patterns[item.uid] = pattern
                self.result.absorbed.add(first.target.uid)

    def _pattern(self, target: Var, unpack: Call, rest: Sequence[Stmt]) -> Pattern | None:
        """The targets of an unpacking whose items are read by the statements right behind it, and by nothing else."""
        if target.uid in self.result.patterns:
            return self.result.patterns[target.uid]
        counts = [a.value for a in unpack.args[1:] if isinstance(a, Const)]
        before, after = counts[0], counts[1] if len(counts) > 1 else -1
        items: list[Var | Pattern | None] = [None] * (before if after < 0 else before + 1 + after)
        absorbed: list[int] = []
        nested: dict[int, int] = {}
        for stmt in rest:
            if not isinstance(stmt, Call):
                break
            position = _item_read(stmt, target, len(items))
            if position is not None and items[position] is None:
                items[position] = stmt.target
                nested[stmt.target.uid] = position
            elif not self._nested_unpack(stmt, nested) and not self._reads_nested(stmt):
                break
            else:
                continue
            absorbed.append(stmt.target.uid)
        if len(absorbed) != self.result.uses.get(target.uid, 0) or not items:
            return None
        self.result.absorbed.update(absorbed)
        self._nest(items, nested, rest)
        pattern = Pattern(tuple(items), None if after < 0 else before)
        self.result.patterns[target.uid] = pattern
        return pattern

    def _nested_unpack(self, stmt: Call, items: dict[int, int]) -> bool:
        """Whether `stmt` unpacks one of `items` that nothing else reads."""
        if function_of(stmt) is not ops.unpack or not isinstance(stmt.args[0], Var):
            return False
        uid = stmt.args[0].uid
        return uid in items and self.result.uses.get(uid, 0) == 1 and is_temporary(stmt.args[0].name)

    def _reads_nested(self, stmt: Call) -> bool:
        """Whether `stmt` reads an item of an unpacking by a constant, as those of a nested pattern do."""
        return (
            function_of(stmt) is operator.getitem
            and isinstance(stmt.args[0], Var)
            and isinstance(stmt.args[1], Const)
            and stmt.args[0].name == ""
        )

    def _nest(self, items: list[Var | Pattern | None], nested: dict[int, int], rest: Sequence[Stmt]) -> None:
        for index, stmt in enumerate(rest):
            if not isinstance(stmt, Call):
                break
            if not self._nested_unpack(stmt, nested):
                continue
            if any(isinstance(s, Call) and s.target.uid not in self.result.absorbed for s in rest[:index]):
                return
            inner = self._pattern(stmt.target, stmt, rest[index + 1 :])
            if inner is not None and isinstance(stmt.args[0], Var):
                items[nested[stmt.args[0].uid]] = inner
                self.result.absorbed.add(stmt.target.uid)


def _continuing(block: Block, value: Atom, stop: Atom) -> list[Atom]:
    """What `value` may be at the end of a block on the paths where `stop` is not known to be true."""
    if isinstance(stop, Const) and stop.value:
        return []
    last = block.stmts[-1] if block.stmts else None
    if not isinstance(last, If) or value not in last.targets or stop not in last.targets:
        return [value]
    found: list[Atom] = []
    for arm in (last.then, last.orelse):
        ends = dict(zip(last.targets, arm.yields, strict=True))
        found += [v for v in _continuing(arm, ends[value], ends[stop]) if v not in found]  # type: ignore[index]
    return found


def _item_read(stmt: Call, target: Var, count: int) -> int | None:
    """The index k, where `stmt` is ``target[k]``."""
    if function_of(stmt) is not operator.getitem or stmt.args[0] != target or not isinstance(stmt.args[1], Const):
        return None
    index = stmt.args[1].value
    return index if type(index) is int and 0 <= index < count else None


def _target(stmt: Stmt) -> Var | None:
    match stmt:
        case Call(target=target) | If(targets=(target,)):
            return target
        case _:
            return None


def _uid(atom: Atom) -> int:
    return atom.uid if isinstance(atom, Var) else 0


def _name(atom: Atom) -> str:
    return atom.name if isinstance(atom, Var) else ""


def _shared_condition(branch: If) -> bool:
    """``a and b``, ``a or b``: the arm without statements gives the condition itself."""
    short = branch.orelse if branch.style == "and" else branch.then
    return branch.style in ("and", "or") and not short.stmts and short.yields == (branch.cond,)


def _same_comment(a: Loc, b: Loc | None) -> bool:
    """Whether two statements may share a line: lines of an adjoint stay under their own comment."""
    if b is None or not (a.adjoint or b.adjoint):
        return True
    return a.adjoint == b.adjoint and (a.function, a.stmt) == (b.function, b.stmt)


def _width(atom: Atom) -> int:
    """About how many characters an atom that is not folded takes."""
    if isinstance(atom, Var):
        return len(atom.name) or 2
    return len(atom.expr) if atom.expr else len(getattr(atom.value, "__name__", None) or repr(atom.value))


def _overhead(call: Call) -> int:
    """About how many characters an operation adds to its operands."""
    fn = function_of(call)
    if fn in BINARY or fn in COMPARE or fn in INPLACE:
        return 3
    if fn is slice:
        return 2 - 4 * sum(isinstance(a, Const) and a.value is None for a in call.args)
    if fn is operator.getitem or fn is getattr:
        return 2
    if fn in STATEMENTS:
        return 6
    if fn is ops.load_global or fn is ops.load_free or fn is ops.identity:
        return 0
    names = sum(len(name or "**") + 1 for name, _ in call.kwargs)
    head = _width(call.fn) if isinstance(call.fn, Const) else 0
    return head + 2 + 2 * max(0, len(call.args) + len(call.kwargs) - 1) + names

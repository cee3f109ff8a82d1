"""Which values are written inside the expression that uses them, and which unpackings as targets.

A temporary that is used once is folded into its use where the order of evaluation allows: its definition moves down
to the use only across statements that it commutes with (`srcad.codegen.effects`). Trees that lowering took apart in
evaluation order come back as the user wrote them::

    t = x * x              ->    while abs(x * x - a) > tol:
    t2 = t - a
    t3 = abs(t2)
    t4 = t3 > tol  (the condition of a loop)

Never into a loop's body or across the edge of a region, except a loop's condition, an iterable, a branch's
condition, and the arms of a conditional expression. The SSA itself does not change: the result is a set of
decisions.

>>> import srcad
>>> def f(x: float):
...     return (x + 1.0) * x
>>> "return" in srcad.dump(f), srcad.dump(f).count(" = ") < 4
(True, True)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

from srcad.codegen.decisions import Folding
from srcad.codegen.effects import BARRIER, OPAQUE, PURE, RAISE, commute, effect
from srcad.codegen.shape import RESULT, continuing, survey
from srcad.codegen.tables import (
    BINARY,
    COMPARE,
    COPIES,
    DISPLAYS,
    INPLACE,
    STATEMENTS,
    function_of,
    is_temporary,
    operands,
)
from srcad.codegen.unpacking import Unpackings
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.kinds import Scalar, Tuple
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Loc, Stmt, Var, While, With
from srcad.passes import is_on

WIDTH = 100
DEEPEST = 12


def fold(function: Function) -> Folding:
    """Decide for one function."""
    result = survey(function)
    folder = _Folder(result)
    roots = folder.block(function.body, 1)
    folder.finish(function.body.yields, roots, 1)
    return result


@dataclass(eq=False)
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
        self._foldable: set[int] = set()  # what roots that may be folded define, by `Var.uid`
        self._unpackings = Unpackings(result)

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
                        self._unpackings.find(target, stmt, block.stmts[index + 1 :])
                    self._call(stmt, roots, indent)
                case If():
                    self._branch(stmt, roots, indent)
                case For(iter=iterable, body=body):
                    self._sink([iterable], roots, stmt.loc, WIDTH - 4 * indent - 12)
                    self._unpackings.loop_item(body)
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
            if stops and isinstance(first, Const) and continuing(body, last, body.yields[-1]) == [first]:
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
        if function_of(call) in (ops.store_global, ops.store_free):
            self._allow(call.args[1], roots)
        if call.loc.adjoint and function_of(call) in (operator.add, operator.sub) and is_on("sums"):
            self._allow(call.args[0], [root for root in roots if self._is_partial(root.stmt, call.target)])
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
            if returned:
                self._given.update(_uid(y) for y in arm.yields if _name(y) == RESULT)
            left = self.block(arm, indent + 1)
            if returned:
                self.finish(arm.yields, left, indent + 1)
            if not written:
                continue
            more, size, nesting = self._sink(arm.yields, left, branch.loc, room - length)
            folded, length, depth = folded | more, length + size + 6, max(depth, nesting)
            written = not left and length <= room
        if written and shared:
            self._allow(branch.cond, [root for root in roots if root.candidate])
        more, size, nesting = self._sink([branch.cond], roots, branch.loc, room - length if written else room)
        if not written:
            roots.append(self._region(branch))
            return
        self.result.expressions.add(branch.targets[0].uid)
        self._add(branch, roots, folded | more, length + size, max(depth, nesting) + 2)

    def _is_partial(self, stmt: Stmt, total: Var) -> bool:
        """Whether an adjoint is only a term of the sum that takes its name: ``x_bar = a`` and ``x_bar = x_bar + b``."""
        target = _target(stmt)
        if target is None or not stmt.loc.adjoint or not target.name or target.name != total.name:
            return False
        if not isinstance(stmt, Call) and target.uid not in self.result.expressions:
            return False  # a branch with statements
        return self.result.uses.get(target.uid, 0) == 1

    def _allow(self, atom: object, roots: list[_Root]) -> None:
        """Let the definition of `atom` be folded, whatever its name, if it is an expression."""
        for root in roots:
            target = _target(root.stmt)
            if target is not None and target == atom and (root.candidate or self.result.uses.get(target.uid) == 1):
                root.foldable = True
                self._foldable.add(target.uid)

    def _add(self, stmt: Call | If, roots: list[_Root], effects: int, length: int, depth: int) -> None:
        """Append a root that may itself be folded into its use."""
        target = stmt.target if isinstance(stmt, Call) else stmt.targets[0]
        nameless = (is_temporary(target.name) and is_on("fold")) or target.uid in self._given
        candidate = nameless and target.uid not in self.result.patterns
        if isinstance(stmt, Call):
            fn = function_of(stmt)
            candidate &= fn not in STATEMENTS and fn is not ops.import_module
            if fn is list.pop and stmt.loc.saving:  # what was saved has a line of its own
                candidate &= isinstance(target.kind, Tuple)
            candidate &= fn not in INPLACE or isinstance(target.kind, Scalar)
        root = _Root(stmt, self._position, effects, length, depth, candidate)
        root.foldable = candidate and self.result.uses.get(target.uid, 0) == 1
        if root.foldable:
            self._foldable.add(target.uid)
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
            grown = total + found.length - _width(atom)
            if grown > room or found.depth > DEEPEST or not _same_comment(found.stmt.loc, loc):
                continue
            if found.effect & RAISE and _leaves_its_line(found.stmt.loc, loc):
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
        if atom.uid not in self._foldable:
            return None
        crossed = PURE
        for root in reversed(roots):
            if root.foldable and _target(root.stmt) == atom:
                after = (t.effect for t in taken if t.position < root.position)
                return root if commute(root.effect, crossed) and all(commute(root.effect, e) for e in after) else None
            crossed |= root.effect
        return None


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
    """Whether `a` may be written in the line of `b`.

    Lines of an adjoint stay under their own comment; what a function that was inlined computes stays out of adjoints of
    others, so that an error in it is told at its own line.
    """
    if b is None or not a.adjoint:
        return b is None or not b.adjoint or a.function in ("", b.function)
    return b.adjoint and (a.function, a.stmt) == (b.function, b.stmt)


def _leaves_its_line(a: Loc, b: Loc | None) -> bool:
    """Whether `a`, of the primal, would be written under another statement, which its exceptions would be told of."""
    if b is None or not b.adjoint or a.adjoint or a.saving:
        return False
    return (a.function, a.stmt) != (b.function, b.stmt)


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
    if fn in DISPLAYS:
        return 2 * len(call.args)
    if fn is ops.load_global or fn is ops.load_free or fn in COPIES:
        return 0
    names = sum(len(name or "**") + 1 for name, _ in call.kwargs)
    head = _width(call.fn) if isinstance(call.fn, Const) else 0
    return head + 2 + 2 * max(0, len(call.args) + len(call.kwargs) - 1) + names

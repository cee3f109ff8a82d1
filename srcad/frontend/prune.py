"""Makes freshly lowered SSA minimal: removes carried values, targets and yields that nothing reads.

Lowering gives each loop all the names that it binds, and each branch all that differ. What stays here is what some
call, some condition or the result reads, directly or through other regions. Also, a carried value that no pass changes
is not carried, a value that is the same on both sides of a branch is that value, and a branch on a flag that guards
nothing is dropped.

No call is removed, ever.

Before: ``for i in range(n): t = x * i; y = y + t`` carries ``i``, ``t`` and ``y``. After: it carries ``y`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from srcad.errors import InternalError
from srcad.ir.nodes import Atom, Block, Call, Const, For, If, Region, Star, Stmt, Var, While, With


def prune(body: Block, flags: set[int]) -> Block:
    """The body of a function without what nothing reads.

    Args:
        body: the body.
        flags: the variables that are flags of the compiler's own (by uid): testing one has no effect.
    """
    run = _Prune(flags)
    run.settle(body)
    run.mark(body)
    run.use(body.yields)
    run.close()
    return run.rebuild(body, range(len(body.params)), range(len(body.yields)))


class _Prune:
    def __init__(self, flags: set[int]) -> None:
        self.flags = flags
        self.same: dict[Var, Atom] = {}  # variables that are just another value
        self.needs: dict[Var, list[Atom]] = {}  # what a region's variable is made of
        self.used: set[Var] = set()
        self.todo: list[Var] = []

    def value(self, atom: Atom) -> Atom:
        """The value that an atom stands for."""
        while isinstance(atom, Var) and atom in self.same:
            atom = self.same[atom]
        return atom

    # -- values that are just another one -------------------------------------------------------------

    def settle(self, block: Block) -> None:
        """Finds carried values that do not change, and branches whose sides agree; inner regions first."""
        for stmt in block.stmts:
            match stmt:
                case Call():
                    pass
                case If(targets=targets, then=then, orelse=orelse):
                    self.settle(then)
                    self.settle(orelse)
                    for target, a, b in zip(targets, then.yields, orelse.yields, strict=True):
                        if self.value(a) == self.value(b):
                            self.same[target] = self.value(a)
                case For(targets=targets, inits=inits, body=body):
                    self.settle(body)
                    self._unchanged(targets, inits, body, [body.params[1:]])
                case While(targets=targets, inits=inits, cond=cond, body=body):
                    self.settle(cond)
                    self.settle(body)
                    self._unchanged(targets, inits, body, [body.params, cond.params])
                case With(body=body):
                    self.settle(body)
                case _:
                    raise InternalError(f"unknown statement {type(stmt).__name__}", why="stage lower")

    def _unchanged(
        self, targets: tuple[Var, ...], inits: tuple[Atom, ...], body: Block, params: list[tuple[Var, ...]]
    ) -> None:
        for k, (target, init) in enumerate(zip(targets, inits, strict=True)):
            kept = self.value(body.yields[k])
            if kept == params[0][k] or kept == self.value(init):
                for var in (target, *(group[k] for group in params)):
                    self.same[var] = init

    # -- what is read ---------------------------------------------------------------------------------

    def use(self, atoms: Iterable[Atom]) -> None:
        """Marks values as read."""
        for atom in atoms:
            atom = self.value(atom)
            if isinstance(atom, Var) and atom not in self.used:
                self.used.add(atom)
                self.todo.append(atom)

    def close(self) -> None:
        """Marks what the values that are read are made of."""
        while self.todo:
            self.use(self.needs.get(self.todo.pop(), ()))

    def mark(self, block: Block) -> None:
        """Marks what the statements of a block read, and notes what regions make their variables of."""
        for stmt in block.stmts:
            match stmt:
                case Call(fn=fn, args=args, kwargs=kwargs):
                    self.use([fn, *(arg.value if isinstance(arg, Star) else arg for arg in args)])
                    self.use(value for _, value in kwargs)
                case If(targets=targets, cond=cond, then=then, orelse=orelse):
                    self.mark(then)
                    self.mark(orelse)
                    if not self._idle(stmt):
                        self.use([cond])
                    for target, a, b in zip(targets, then.yields, orelse.yields, strict=True):
                        self.needs[target] = [a, b, cond]
                case For(targets=targets, iter=over, inits=inits, body=body, stops=stops):
                    self.use([over])
                    self.mark(body)
                    self._carried(targets, inits, body, [body.params[1:]], stops=stops)
                case While(targets=targets, inits=inits, cond=test, body=body, stops=stops):
                    self.mark(test)
                    self.use(test.yields)
                    self.mark(body)
                    self._carried(targets, inits, body, [body.params, test.params], stops=stops)
                case With(targets=targets, context=context, body=body):
                    self.use([context])
                    self.mark(body)
                    for target, value in zip(targets, body.yields, strict=True):
                        self.needs[target] = [value]
                case _:
                    raise InternalError(f"unknown statement {type(stmt).__name__}", why="stage lower")

    def _carried(
        self,
        targets: tuple[Var, ...],
        inits: tuple[Atom, ...],
        body: Block,
        params: list[tuple[Var, ...]],
        *,
        stops: bool,
    ) -> None:
        if stops:
            self.use(body.yields[-1:])
        for k, target in enumerate(targets):
            group = [target, *(p[k] for p in params)]
            for var in group:
                self.needs[var] = [inits[k], body.yields[k], *group]

    def _idle(self, stmt: If) -> bool:
        """Whether testing the condition has no effect and both sides are empty."""
        flag = isinstance(stmt.cond, Const) or stmt.cond.uid in self.flags
        return flag and not self._effects(stmt.then) and not self._effects(stmt.orelse)

    def _effects(self, block: Block) -> bool:
        return any(not (isinstance(stmt, If) and self._idle(stmt)) for stmt in block.stmts)

    # -- rebuilding -----------------------------------------------------------------------------------

    def rebuild(self, block: Block, params: Iterable[int], yields: Iterable[int]) -> Block:
        """A block with only these of its parameters and yields."""
        stmts = [new for stmt in block.stmts if (new := self.statement(stmt)) is not None]
        kept = tuple(block.params[k] for k in params)
        return Block(kept, tuple(stmts), tuple(self.value(block.yields[k]) for k in yields))

    def statement(self, stmt: Stmt) -> Stmt | None:
        """A statement with every value in its place, or None where it is not needed."""
        match stmt:
            case Call():
                args = tuple(Star(self.value(a.value)) if isinstance(a, Star) else self.value(a) for a in stmt.args)
                kwargs = tuple((key, self.value(a)) for key, a in stmt.kwargs)
                return Call(stmt.target, self.value(stmt.fn), args, kwargs, stmt.loc)
            case If():
                return self._if(stmt)
            case For():
                keep = self._kept(stmt.targets, [stmt.body.params[1:]])
                yields = [*keep, *([len(stmt.targets)] if stmt.stops else [])]
                body = self.rebuild(stmt.body, [0, *(k + 1 for k in keep)], yields)
                return self._loop(replace(stmt, iter=self.value(stmt.iter), body=body), keep)
            case While():
                keep = self._kept(stmt.targets, [stmt.body.params, stmt.cond.params])
                yields = [*keep, *([len(stmt.targets)] if stmt.stops else [])]
                cond, body = self.rebuild(stmt.cond, keep, [0]), self.rebuild(stmt.body, keep, yields)
                return self._loop(replace(stmt, cond=cond, body=body), keep)
            case With():
                keep = self._kept(stmt.targets, [])
                targets = tuple(stmt.targets[k] for k in keep)
                body = self.rebuild(stmt.body, [], keep)
                return replace(stmt, targets=targets, context=self.value(stmt.context), body=body)
            case _:
                raise InternalError(f"unknown statement {type(stmt).__name__}", why="stage lower")

    def _kept(self, targets: tuple[Var, ...], params: list[tuple[Var, ...]]) -> list[int]:
        """The positions of the carried values or targets that are read."""
        read: Callable[[Var], bool] = lambda var: var in self.used and var not in self.same  # noqa: E731
        return [k for k, var in enumerate(targets) if read(var) or any(read(group[k]) for group in params)]

    def _if(self, stmt: If) -> If | None:
        keep = self._kept(stmt.targets, [])
        then, orelse = self.rebuild(stmt.then, [], keep), self.rebuild(stmt.orelse, [], keep)
        flag = isinstance(stmt.cond, Const) or stmt.cond.uid in self.flags
        if flag and not keep and not then.stmts and not orelse.stmts:
            return None
        style = stmt.style if len(keep) == 1 else "if"
        targets = tuple(stmt.targets[k] for k in keep)
        return replace(stmt, targets=targets, cond=self.value(stmt.cond), then=then, orelse=orelse, style=style)

    def _loop(self, stmt: For | While, keep: list[int]) -> Region:
        targets = tuple(stmt.targets[k] for k in keep)
        inits = tuple(self.value(stmt.inits[k]) for k in keep)
        never = stmt.stops and stmt.body.yields[-1] == Const(False)
        if never:
            body = replace(stmt.body, yields=stmt.body.yields[:-1])
            return replace(stmt, targets=targets, inits=inits, stops=False, body=body)
        return replace(stmt, targets=targets, inits=inits)

"""Random programs in structured SSA: numbers, lists that are changed in place, calls with effects, every region."""

from __future__ import annotations

import operator
import random
from typing import Any

from srcad.ir import ops
from srcad.ir.kinds import INT, UNKNOWN, Kind, List
from srcad.ir.nodes import UNDEFINED_ATOM, Block, Call, Const, For, Function, If, Stmt, Var, While
from tests.codegen.builder import LOC, at

NAMES = ("", "", "", "x", "y", "t", "a", "x_bar", "t_bar", "log", "range")
LOG: list[Any] = []


def log(value: Any) -> Any:
    """An unknown function with an effect."""
    LOG.append(value)
    return value + 1


class Maker:
    """Makes one program from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.kind: Kind = self.random.choice((INT, INT, UNKNOWN))
        self.budget = self.random.randint(4, 30)

    def function(self) -> Function:
        """The program: a function of two numbers and a list of three."""
        params = (Var("a", self.kind), Var("x", self.kind), Var("m", List(self.kind)))
        numbers, lists = [params[0], params[1]], [params[2]]
        stmts = self.statements(numbers, lists, 0)
        result = Var("", UNKNOWN)
        shown = tuple(self.random.sample(numbers, min(4, len(numbers)))) + tuple(lists[-3:])
        stmts.append(Call(result, Const(ops.make_tuple), shown, (), LOC))
        return Function("f", Block(params, tuple(stmts), (result,)), LOC, log)

    def statements(self, numbers: list[Any], lists: list[Var], depth: int) -> list[Stmt]:
        """Some statements; what they define is appended to `numbers` and `lists`."""
        stmts: list[Stmt] = []
        for _ in range(self.random.randint(1, 6 if depth else 14)):
            self.budget -= 1
            if self.budget < 0:
                break
            make = self.random.choice(self.makers(depth))
            make(stmts, numbers, lists, depth)
        return stmts

    def makers(self, depth: int) -> list[Any]:
        """The kinds of statement that may stand at this depth."""
        simple = [self.arithmetic] * 5 + [self.read, self.store, self.update, self.log]
        simple += [self.copy, self.unpack, self.listing]
        return simple + ([self.expression, self.branch, self.branch, self.for_, self.while_] if depth < 3 else [])

    def var(self, name: str | None = None, kind: Kind | None = None) -> Var:
        return Var(self.random.choice(NAMES) if name is None else name, self.kind if kind is None else kind)

    def number(self, numbers: list[Any]) -> Any:
        """A recent number, any number, or a constant."""
        chance = self.random.random()
        if chance < 0.2:
            return Const(self.random.randint(-3, 9))
        return self.random.choice(numbers[-3:] if chance < 0.7 else numbers)

    def call(self, stmts: list[Stmt], target: Var, fn: Any, *args: Any) -> Var:
        loc = self.random.choice((LOC, LOC, at("first", 1), at("second", 2)))
        stmts.append(Call(target, Const(fn), args, (), loc))
        return target

    def arithmetic(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        fn = self.random.choice((operator.add, operator.sub, operator.iadd, operator.isub, operator.xor, operator.neg))
        count = 1 if fn is operator.neg else 2
        numbers.append(self.call(stmts, self.var(), fn, *(self.number(numbers) for _ in range(count))))

    def read(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        place = Const(self.random.randrange(3))
        numbers.append(self.call(stmts, self.var(), operator.getitem, self.random.choice(lists), place))

    def store(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        place = Const(self.random.randrange(3))
        args = (self.random.choice(lists), place, self.number(numbers))
        self.call(stmts, self.var("", UNKNOWN), operator.setitem, *args)

    def update(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        place, fn = Const(self.random.randrange(3)), ops.UPDATES[operator.isub]
        self.call(stmts, self.var("", UNKNOWN), fn, self.random.choice(lists), place, self.number(numbers))

    def log(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        numbers.append(self.call(stmts, self.var(), log, self.number(numbers)))

    def copy(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        numbers.append(self.call(stmts, self.var(), ops.identity, self.number(numbers)))

    def listing(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        kind = List(self.kind)
        if self.random.random() < 0.5:
            items = [self.number(numbers) for _ in range(3)]
            lists.append(self.call(stmts, self.var(None, kind), ops.make_list, *items))
            return
        first, second = self.random.choice(lists), self.random.choice(lists)
        fn = self.random.choice((operator.iadd, operator.add, ops.identity))
        if fn is not ops.identity:
            first = self.call(stmts, self.var("", kind), operator.getitem, first, Const(slice(0, 3)))
        args = (first,) if fn is ops.identity else (first, second)
        lists.append(self.call(stmts, self.var(None, kind), fn, *args))

    def unpack(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        pair = self.call(stmts, self.var("", UNKNOWN), ops.make_tuple, *(self.number(numbers) for _ in range(2)))
        items = self.call(stmts, self.var("", UNKNOWN), ops.unpack, pair, Const(2))
        for place in range(2):
            numbers.append(self.call(stmts, self.var(), operator.getitem, items, Const(place)))

    def arm(
        self, numbers: list[Any], lists: list[Var], depth: int, params: tuple[Var, ...] = ()
    ) -> tuple[list[Stmt], list[Any]]:
        """The statements of a block and the numbers visible at its end."""
        inner = [*numbers, *params]
        return self.statements(inner, list(lists), depth + 1), inner

    def branch(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        count = self.random.randint(0, 3)
        arms = []
        for _ in range(2):
            inner, seen = self.arm(numbers, lists, depth)
            arms.append(Block((), tuple(inner), tuple(self.number(seen) for _ in range(count))))
        targets = tuple(self.var() for _ in range(count))
        stmts.append(If(targets, self.condition(stmts, numbers), arms[0], arms[1], LOC))
        numbers += targets
        if self.random.random() < 0.2:
            self.bound_later(stmts, numbers, stmts[-1])

    def bound_later(self, stmts: list[Stmt], numbers: list[Any], branch: Any) -> None:
        """A value that only one arm of a branch has, read later under the same condition."""
        value = self.number(numbers[: -len(branch.targets)] if branch.targets else numbers)
        maybe = self.var()
        pair = [Block((), (), (value,)), Block((), (), (UNDEFINED_ATOM,))]
        stmts.append(If((maybe,), branch.cond, pair[0], pair[1], LOC))
        again = self.var()
        stmts.append(If((again,), branch.cond, Block((), (), (maybe,)), Block((), (), (UNDEFINED_ATOM,)), LOC))
        use = self.var()
        stmts.append(If((use,), branch.cond, Block((), (), (again,)), Block((), (), (Const(1),)), LOC))
        numbers.append(use)

    def condition(self, stmts: list[Stmt], numbers: list[Any]) -> Var:
        return self.call(stmts, self.var(""), operator.gt, self.number(numbers), self.number(numbers))

    def expression(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        style: Any = self.random.choice(("ifexp", "and", "or"))
        cond = self.condition(stmts, numbers) if self.random.random() < 0.5 else self.random.choice(numbers)
        arms = []
        for name in ("and", "or"):
            inner: list[Stmt] = []
            seen = list(numbers)
            for _ in range(self.random.randint(0, 2)):
                self.arithmetic(inner, seen, lists, depth)
            short = style != "ifexp" and style != name
            value = cond if short else self.number(seen if inner else numbers)
            arms.append(Block((), () if short else tuple(inner), (value,)))
        target = self.var()
        stmts.append(If((target,), cond, arms[0], arms[1], LOC, style))
        numbers.append(target)

    def carried(self, numbers: list[Any]) -> tuple[list[Any], tuple[Var, ...]]:
        inits = [self.number(numbers) for _ in range(self.random.randint(0, 3))]
        same = self.random.random() < 0.5
        return inits, tuple(self.var(i.name if same and isinstance(i, Var) else None) for i in inits)

    def ending(self, stmts: list[Stmt], seen: list[Any], count: int, stops: bool) -> tuple[Any, ...]:
        """The yields of a loop's body; with `stops` a branch that ends in ``break`` on some path, or a condition."""
        yields = [self.number(seen) for _ in range(count)]
        if not stops:
            return tuple(yields)
        cond = self.condition(stmts, seen)
        if self.random.random() < 0.3:
            return (*yields, cond)
        targets = tuple(self.var() for _ in yields)
        stop = Var("", self.kind)
        last = self.random.choice((Const(False), self.number(seen)))
        first = Block((), (), (*(self.number(seen) for _ in yields), Const(True)))
        arms = (first, Block((), (), (*yields, last)))
        stmts.append(If((*targets, stop), cond, *(arms if self.random.random() < 0.5 else arms[::-1]), LOC))
        return (*targets, stop)

    def for_(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        inits, params = self.carried(numbers)
        item = self.var()
        inner, seen = self.arm(numbers, lists, depth, (item, *params))
        stops = self.random.random() < 0.4
        ends = self.ending(inner, seen, len(params), stops)
        iterable = self.call(stmts, self.var("", UNKNOWN), range, Const(self.random.randint(0, 3)))
        targets = tuple(p.like() for p in params)
        stmts.append(For(targets, iterable, tuple(inits), Block((item, *params), tuple(inner), ends), stops, LOC))
        numbers += targets

    def while_(self, stmts: list[Stmt], numbers: list[Any], lists: list[Var], depth: int) -> None:
        inits, params = self.carried(numbers)
        count, tested = self.var("count"), self.var("count")
        test: list[Stmt] = []
        heads = tuple(p.like() for p in params)
        value: Any = tested
        if self.random.random() < 0.5:
            value = self.call(test, self.var(), operator.sub, tested, Const(1))
            if self.random.random() < 0.5:
                value = self.call(test, self.var(), operator.add, value, self.call(test, self.var(), log, Const(0)))
        cond = Block((tested, *heads), tuple(test), (self.call(test, self.var(""), operator.gt, value, Const(0)),))
        cond = Block(cond.params, tuple(test), cond.yields)
        inner, seen = self.arm(numbers, lists, depth, params)
        stops = self.random.random() < 0.4
        left = self.call(inner, self.var("count"), operator.sub, count, Const(1))
        ends = self.ending(inner, seen, len(params), stops)
        targets = (Var("count", self.kind), *(p.like() for p in params))
        body = Block((count, *params), tuple(inner), (left, *ends))
        stmts.append(While(targets, (Const(self.random.randint(0, 3)), *inits), cond, body, stops, LOC))
        numbers += targets[1:]

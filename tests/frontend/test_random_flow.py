"""Random functions full of branches, loops and jumps do the same after lowering.

Each function logs what it does, so that a wrong order, a missing pass or a wrong branch shows.
"""

from __future__ import annotations

import linecache
import random

import pytest

from srcad.frontend.lower import lower
from srcad.ir.verify import verify
from tests.frontend.interpreter import execute
from tests.frontend.test_programs import outcome, same

NAMES = "abcd"


class Writer:
    """Writes one function; every loop is bounded."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = ["def f(log, k):", "    a = b = 1"]
        self.loops = 0

    def text(self) -> str:
        self.block(1, 0, 3)
        return "\n".join([*self.lines, "    return 'end', a, b", ""])

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def condition(self) -> str:
        a, m, r = self.random.choice("ab"), self.random.randint(2, 4), self.random.randint(0, 2)
        text = f"(len(log) * 7 + {a} + k) % {m} == {r}"
        if self.random.random() < 0.2:
            text = f"{text} {self.random.choice(['and', 'or'])} b % 2 < a % 3 < 2"
        return text

    def block(self, depth: int, loop: int, budget: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth, loop, budget)

    def statement(self, depth: int, loop: int, budget: int) -> None:
        choice = self.random.random()
        if budget == 0 or choice < 0.3:
            self.simple(depth, loop)
        elif choice < 0.6:
            self.add(depth, f"if {self.condition()}:")
            self.block(depth + 1, loop, budget - 1)
            if self.random.random() < 0.3:
                self.add(depth, f"elif {self.condition()}:")
                self.block(depth + 1, loop, budget - 1)
            if self.random.random() < 0.6:
                self.add(depth, "else:")
                self.block(depth + 1, loop, budget - 1)
        elif choice < 0.85:
            self.loop(depth, budget)
        elif choice < 0.9:
            self.function(depth, budget)
        else:
            self.add(depth, "with nullcontext(a) as d:")
            self.block(depth + 1, loop, budget - 1)

    def function(self, depth: int, budget: int) -> None:
        name = f"h{len(self.lines)}"
        self.add(depth, f"def {name}(c, *, d={self.random.choice(['2', 'a', 'a + b'])}):")
        if self.random.random() < 0.5:
            self.add(depth + 1, "nonlocal a")
            self.add(depth + 1, "a = a + c")
        else:
            self.add(depth + 1, f"a = {self.random.choice('bcd')}")
        self.add(depth + 1, "b = a + c")
        self.block(depth + 1, 0, budget - 1)
        self.add(depth, f"log.append({name}({self.random.choice('ab')}))")
        for _ in range(self.random.randint(0, 2)):
            self.add(depth, f"if {self.condition()}:")
            self.add(depth + 1, f"log.append({name}(c={self.random.choice('ab')}, d=3))")

    def loop(self, depth: int, budget: int) -> None:
        self.loops += 1
        kind, number = self.random.random(), self.loops
        if kind < 0.6:
            self.add(depth, f"for {self.random.choice('cd')} in range({self.random.randint(0, 3)}):")
        else:
            limit = self.random.randint(0, 3)
            self.add(depth, f"w{number} = 0")
            test = f"w{number} < {limit}" if kind < 0.8 else f"(c := w{number}) < {limit}"
            self.add(depth, f"while {test}:")
            self.add(depth + 1, f"w{number} += 1")
        self.block(depth + 1, 1, budget - 1)
        if self.random.random() < 0.4:
            self.add(depth, "else:")
            self.block(depth + 1, 0, budget - 1)

    def simple(self, depth: int, loop: int) -> None:
        choice = self.random.random()
        name = self.random.choice(NAMES)
        if loop and choice < 0.25:
            self.add(depth, self.random.choice(["break", "continue"]))
        elif choice < 0.32:
            self.add(depth, f"return {len(self.lines)}, a")
        elif choice < 0.36:
            self.add(depth, f"raise ValueError({len(self.lines)})")
        elif choice < 0.6:
            self.add(depth, f"log.append({len(self.lines)})")
        elif choice < 0.7:
            self.add(depth, f"log.append({name})")
        elif choice < 0.8:
            self.add(depth, "a, b = b, a")
        elif choice < 0.84:
            self.add(depth, f"del {self.random.choice('cd')}")
        else:
            self.add(depth, f"{name} = a * 2 + b + {len(self.lines)}")


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_random_control_flow(first):
    for seed in range(first, first + 50):
        text = Writer(seed).text()
        name = f"<random flow {seed}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        space = {}
        exec("from contextlib import nullcontext", space)
        exec(compile(text, name, "exec"), space)
        function = lower(space["f"])
        verify(function)
        for k in range(4):
            mine, theirs = [], []
            expected = outcome(lambda: space["f"](theirs, k))
            got = outcome(lambda: execute(function, mine, k))
            assert same(expected, got) and same(theirs, mine), (text, k, expected, got)
        del linecache.cache[name]

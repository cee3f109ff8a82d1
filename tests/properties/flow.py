"""Random programs about memory, whole: aliases that branches, loops and calls decide, buffers that swap, closures.

`generate` is the generator that everything uses: it draws a style from the seed, a plain program (`generator`) or one
about memory.
"""

from __future__ import annotations

import random

import numpy as np

from tests.properties.generator import SIZE, Generated, Generator, Line, Scope, Suite, Tree
from tests.properties.memory import MemoryGenerator, Statement


class FlowGenerator(MemoryGenerator):
    """Writes one program about memory."""

    def program(self) -> Generated:
        """The whole program: ``f(x, y, v, n, A)``."""
        functions = []
        kinds = ["array", "mutating"] + ["returning", "pair", "recursive", "choosing"] * (
            2 if "calls" in self.themes else 0
        )
        for k in range(self.random.randint(1, 2) if "calls" in self.themes else self.random.randint(0, 1)):
            kind = self.random.choice(kinds)
            functions.append(self.helper(f"h{k}", kind))
            self.helpers.append((f"h{k}", kind))
        scope = Scope({"x": "s", "y": "s", "v": "a", "n": "i", "A": "m"})
        body = [*self.block(scope, self.random.randint(3, 7), 0), Line("return " + self.everything(scope))]
        functions.append(("f", "x, y, v, n, A", tuple(body)))
        numbers = np.random.default_rng(self.seed)
        x, y = (float(numbers.uniform(-1.5, 1.5)) for _ in range(2))
        arrays = numbers.uniform(-1.5, 1.5, SIZE), numbers.uniform(-1.0, 1.0, (SIZE, SIZE))
        v, A = (a.astype(np.float32) if self.single else a for a in arrays)
        if self.random.random() < 0.15:
            A = np.asfortranarray(A)
        return Generated(self.seed, tuple(functions), (x, y, v, self.random.randint(0, 3), A))

    def helper(self, name: str, kind: str) -> tuple[str, str, Tree]:
        """A helper: besides those of `Generator` one that changes and returns its argument, or two, or recursive."""
        if kind in ("scalar", "array", "mutating"):
            return super().helper(name, kind)
        if kind == "pair":
            scope = Scope({"w": "a", "z": "a", "q": "s"})
            body = self.block(scope, self.random.randint(0, 2), 2)
            return name, "w, z, q", (*body, self.store(scope, "w"), self.store(scope, "z"))
        if kind == "choosing":
            scope = Scope({"w": "a", "z": "a", "q": "s"})
            pick = Suite(f"if {self.condition(scope)}:", (self.store(scope, "w"), Line("return w")))
            return name, "w, z, q", (pick, self.store(scope, "z"), Line("return z" + self.view()))
        if kind == "recursive":
            scope = Scope({"w": "a", "q": "s", "k": "i"})
            stop = Suite("if k <= 0:", (Line(self.random.choice(["return w", "return w[::-1]", "return w * q"])),))
            again = f"{name}(w{self.view()}, q * 0.7, k - 1)"
            rest = self.random.choice([(Line(f"return {again}"),), (Line(f"z = {again}"), Line("return z"))])
            return name, "w, q, k=2", (stop, self.store(scope, "w"), *rest)
        scope = Scope({"w": "a", "q": "s"})
        body = self.block(scope, self.random.randint(0, 2), 2)
        return name, "w, q", (*body, self.store(scope, "w"), Line("return w" + self.view()))

    def statements_of(self, theme: str) -> list[Statement]:
        """The statements that a theme is about."""
        table: dict[str, list[Statement]] = {
            "flow": [self.choose_alias, self.choose_alias, self.branch_alias],
            "buffers": [self.swap_buffers],
            "calls": [self.call] if self.helpers else [],
            "closures": [self.closure],
        }
        return [*super().statements_of(theme), *table.get(theme, [])]

    def choose_alias(self, scope: Scope, depth: int) -> Line:
        """``a3 = a1 if ... else a2``: which array a name means is known only at run time."""
        first, second = self.random.choice(scope.of("a")), self.random.choice(scope.of("a"))
        return self.bind(scope, "a", f"{first}{self.view()} if {self.condition(scope)} else {second}{self.view()}")

    def branch_alias(self, scope: Scope, depth: int) -> Suite:
        """A name for one of two arrays, or for one of them or a new one, and a store in the same branch."""
        name = self.name(scope, "a")
        old = self.random.choice(scope.of("a"))
        first = [Line(f"{name} = {old}{self.view()}"), self.store(scope, old)]
        second = [Line(f"{name} = {self.array(scope, 1)}")]
        more = (Suite("else:", tuple(second)),)
        if name in scope.names and self.random.random() < 0.5:
            more = ()
        suite = Suite(f"if {self.condition(scope)}:", tuple(first[: self.random.randint(1, 2)]), more)
        scope.names[name] = "a"
        return suite

    def swap_buffers(self, scope: Scope, depth: int) -> list[Line | Suite]:
        """A loop whose passes read one buffer, change another, and swap the names: always, sometimes, among three."""
        names = [self.random.choice(scope.of("a")) for _ in range(3)]
        lines: list[Line | Suite] = []
        for k, value in enumerate([".copy()", " * 0.5", ""]):
            self.counter += 1
            lines.append(Line(f"a{self.counter} = {names[k]}{value}"))
            names[k] = f"a{self.counter}"
            scope.names[names[k]] = "a"
        inner = scope.inner(loop=True)
        self.counter += 1
        index = f"k{self.counter}"
        inner.names[index] = "i"
        a, b, c = names
        body: list[Line | Suite] = [
            self.random.choice([Line(f"{b}[:] = 0.5 * {a} + {b} * {b} * 0.3"), self.store(inner, b)]),
            *self.block(inner, self.random.randint(0, 1), depth + 1),
        ]
        swap = Line(self.random.choice([f"{a}, {b} = {b}, {a}", f"{a}, {b}, {c} = {b}, {c}, {a}"]))
        body.append(Suite(f"if {self.condition(inner)}:", (swap,)) if self.random.random() < 0.3 else swap)
        passes = self.random.choice(["2", "3", "n" if "n" in scope.names else "3"])
        lines.append(Suite(f"for {index} in range({passes}):", tuple(body)))
        return lines

    def call(self, scope: Scope, depth: int) -> Line:
        """A call of a helper, perhaps with one array twice or with two views of one."""
        helper, kind = self.random.choice(self.helpers)
        first, second = self.random.choice(scope.of("a")), self.random.choice(scope.of("a"))
        if self.random.random() < 0.3:
            second = first
        s = self.scalar(scope, 1)
        match kind:
            case "mutating":
                return Line(f"{helper}({first}{self.view()}, {s})")
            case "pair":
                return Line(f"{helper}({first}, {second}{self.view()}, {s})")
            case "choosing":
                return self.bind(scope, "a", f"{helper}({first}, {second}, {s})")
            case "recursive":
                count = self.random.choice(["", ", 3", ", n" if "n" in scope.names else ""])
                return self.bind(scope, "a", f"{helper}({first}, {s}{count})")
            case _:
                return self.bind(scope, "a", f"{helper}({first}{self.view()}, {s})")

    def closure(self, scope: Scope, depth: int) -> list[Line | Suite]:
        """A function inside the function that changes an array and binds a float of the outer one, and its calls."""
        floats = [name for name in scope.of("s") if name not in ("x", "y")] or ["x"]
        array, number = self.random.choice(scope.of("a")), self.random.choice(floats)
        self.counter += 1
        name = f"g{self.counter}"
        store = self.store(Scope({"t": "s", array: "a"}), array)
        bound = [array] if store.text.startswith(f"{array} ") else []
        body = [store]
        if self.random.random() < 0.6:
            bound.append(number)
            body.append(Line(f"{number} = 0.7 * {number} + t"))
        first = [Line(f"nonlocal {', '.join(bound)}")] if bound else []
        call = Line(f"{name}({self.scalar(scope, 1)})")
        more: list[Line | Suite] = [call, self.store(scope, array)]
        if self.random.random() < 0.4:
            more = [Suite("for _ in range(2):", tuple(more))]
        return [Suite(f"def {name}(t):", (*first, *body)), *more]


#: The share of programs that are plain, as `generator` writes them.
PLAIN = 0.3


def generate(seed: int) -> Generated:
    """The program of a seed: the same on every machine and in every process."""
    style = random.Random(f"style {seed}").random()
    return Generator(seed).program() if style < PLAIN else FlowGenerator(seed).program()

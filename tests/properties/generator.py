"""Random programs: ordinary functions over floats and small arrays, made from a seed.

A program is a function ``f(x, y, v, n)`` with up to two helpers: arithmetic, branches, ``for`` and ``while`` with
``break``, ``continue`` and ``return``, stores into local arrays and into its argument, aliases and views, tuples, lists
and dicts, calls. Every program terminates, uses names only where they are bound, and keeps its values moderate
(differences are useless on steep functions). It is kept as a tree of statements, so that a failing one can be made
smaller by leaving parts out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

SIZE = 3


@dataclass(frozen=True)
class Line:
    """A simple statement."""

    text: str


@dataclass(frozen=True)
class Suite:
    """A compound statement: a header and its body, with further clauses (``else:`` ...) in `more`."""

    header: str
    body: tuple[Line | Suite, ...]
    more: tuple[Suite, ...] = ()


Tree = tuple[Line | Suite, ...]


@dataclass(frozen=True)
class Generated:
    """A random program: trees of functions by name (``f`` last), and the arguments of ``f``."""

    seed: int
    functions: tuple[tuple[str, str, Tree], ...]
    args: tuple[object, ...]

    @property
    def source(self) -> str:
        """The program as a module."""
        parts = ["import math\n\nimport numpy as np\n"]
        for name, parameters, tree in self.functions:
            lines = [f"def {name}({parameters}):", *render(tree, 1)]
            parts.append("\n".join(lines) + "\n")
        return "\n\n".join(parts)


def render(tree: Tree, depth: int) -> list[str]:
    """The lines of a tree of statements; an empty one is ``pass``."""
    pad = "    " * depth
    lines: list[str] = []
    for node in tree:
        if isinstance(node, Line):
            lines.append(pad + node.text)
            continue
        for clause in (node, *node.more):
            lines += [pad + clause.header, *render(clause.body, depth + 1)]
    return lines or [pad + "pass"]


@dataclass
class Scope:
    """The names bound so far, by type: ``s`` float, ``a`` array of length `SIZE`, ``l`` list, ``d`` dict, ``i`` int."""

    names: dict[str, str] = field(default_factory=dict)
    loops: int = 0

    def of(self, kind: str) -> list[str]:
        """The names of one type, in the order in which they were bound."""
        return [name for name, k in self.names.items() if k == kind]

    def inner(self, loop: bool = False) -> Scope:
        """The scope of a nested block: what it binds stays inside."""
        return Scope(dict(self.names), self.loops + loop)


class Generator:
    """Writes one program; all choices come from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.counter = 0
        self.helpers: list[tuple[str, str]] = []

    def program(self) -> Generated:
        """The whole program."""
        functions = []
        for k in range(self.random.randint(0, 2)):
            kind = self.random.choice(["scalar", "array", "mutating"])
            functions.append(self.helper(f"h{k}", kind))
            self.helpers.append((f"h{k}", kind))
        scope = Scope({"x": "s", "y": "s", "v": "a", "n": "i"})
        body = [*self.block(scope, self.random.randint(3, 7), 0), Line("return " + self.everything(scope))]
        functions.append(("f", "x, y, v, n", tuple(body)))
        numbers = np.random.default_rng(self.seed)
        x, y = (float(numbers.uniform(-1.5, 1.5)) for _ in range(2))
        v = numbers.uniform(-1.5, 1.5, SIZE)
        return Generated(self.seed, tuple(functions), (x, y, v, self.random.randint(0, 3)))

    def helper(self, name: str, kind: str) -> tuple[str, str, Tree]:
        """A helper function: of two floats, of an array, or one that changes its array."""
        if kind == "scalar":
            scope = Scope({"p": "s", "q": "s", "z": "a"})
            body = [*self.block(scope, self.random.randint(1, 3), 1), Line("return " + self.scalar(scope, 2))]
            return name, "p, q=0.5", (Line("z = np.array([p, q, 0.5])"), *body)
        scope = Scope({"w": "a", "q": "s"})
        body = [*self.block(scope, self.random.randint(1, 3), 1)]
        if kind == "mutating":
            return name, "w, q", (*body, self.store(scope, "w"))
        return name, "w, q", (*body, Line("return " + self.array(scope, 2)))

    def everything(self, scope: Scope) -> str:
        """A float that depends on all that is bound."""
        parts = [f"0.5 * {name}" for name in scope.of("s")]
        parts += [f"np.sum({name} * {name})" for name in scope.of("a")]
        parts += [f"sum({name}) * 0.3" for name in scope.of("l")]
        parts += [f"sum({name}.values())" for name in scope.of("d")]
        self.random.shuffle(parts)
        return " + ".join(parts)

    def block(self, scope: Scope, count: int, depth: int) -> list[Line | Suite]:
        """Some statements; binds names in `scope`."""
        return [self.statement(scope, depth) for _ in range(count)]

    def statement(self, scope: Scope, depth: int) -> Line | Suite:
        """One statement."""
        choices = [self.assign] * 5 + [self.assign_array] * 3 + [self.any_store] * 3 + [self.augment, self.swap]
        choices += [self.make_list, self.append, self.make_dict, self.store_dict, self.alias, self.unpack]
        if self.helpers:
            choices += [self.call] * 3
        if depth < 3:
            choices += [self.branch] * 3 + [self.for_loop] * 3 + [self.while_loop]
        return self.random.choice(choices)(scope, depth)

    def name(self, scope: Scope, kind: str, fresh: float = 0.6) -> str:
        """A name to bind: a new one, or one of the same type."""
        bound = [name for name in scope.of(kind) if name != "n"]
        if bound and self.random.random() > fresh:
            return self.random.choice(bound)
        self.counter += 1
        return f"{kind}{self.counter}"

    def assign(self, scope: Scope, depth: int) -> Line:
        """``s1 = ...``."""
        value = self.scalar(scope, 3)
        name = self.name(scope, "s")
        scope.names[name] = "s"
        return Line(f"{name} = {value}")

    def assign_array(self, scope: Scope, depth: int) -> Line:
        """``a1 = ...``, a new array."""
        value = self.array(scope, 2)
        name = self.name(scope, "a")
        scope.names[name] = "a"
        return Line(f"{name} = {value}")

    def alias(self, scope: Scope, depth: int) -> Line:
        """A second name, or a view, of an array."""
        value = self.random.choice(scope.of("a")) + self.random.choice(["", "[::-1]", "[:]", ".T", ".copy()"])
        name = self.name(scope, "a")
        scope.names[name] = "a"
        return Line(f"{name} = {value}")

    def augment(self, scope: Scope, depth: int) -> Line:
        """``s1 += ...``."""
        name = self.random.choice(scope.of("s"))
        operator = self.random.choice(["+=", "-=", "*="])
        return Line(f"{name} {operator} math.sin({self.scalar(scope, 2)})")

    def swap(self, scope: Scope, depth: int) -> Line:
        """``s1, s2 = s2, s1 * ...``."""
        a, b = self.random.choice(scope.of("s")), self.random.choice(scope.of("s"))
        return Line(f"{a}, {b} = {b}, math.cos({a})") if a != b else Line(f"{a} = {a} * 0.9")

    def unpack(self, scope: Scope, depth: int) -> Line:
        """A tuple made and taken apart."""
        values = f"({self.scalar(scope, 1)}, ({self.scalar(scope, 1)}, {self.scalar(scope, 1)}))"
        first, second = self.name(scope, "s", 1.0), self.name(scope, "s", 1.0)
        scope.names.update({first: "s", second: "s"})
        return Line(f"{first}, (_, {second}) = {values}")

    def make_list(self, scope: Scope, depth: int) -> Line:
        """``l1 = [...]``."""
        items = ", ".join(self.scalar(scope, 1) for _ in range(self.random.randint(1, 3)))
        name = self.name(scope, "l", 0.8)
        scope.names[name] = "l"
        return Line(f"{name} = [{items}]")

    def append(self, scope: Scope, depth: int) -> Line:
        """Adding to a list, or storing into one."""
        if not scope.of("l"):
            return self.make_list(scope, depth)
        name, value = self.random.choice(scope.of("l")), self.scalar(scope, 2)
        return Line(self.random.choice([f"{name}.append({value})", f"{name}[-1] = {value}", f"{name}[0] += {value}"]))

    def make_dict(self, scope: Scope, depth: int) -> Line:
        """``d1 = {...}``."""
        values = f"'a': {self.scalar(scope, 1)}, 'b': {self.scalar(scope, 1)}"
        name = self.name(scope, "d", 0.8)
        scope.names[name] = "d"
        return Line(f"{name} = {{{values}}}")

    def store_dict(self, scope: Scope, depth: int) -> Line:
        """``d1["a"] = ...``."""
        if not scope.of("d"):
            return self.make_dict(scope, depth)
        name, key = self.random.choice(scope.of("d")), self.random.choice(["a", "b", "c"])
        operator = "=" if key == "c" else self.random.choice(["=", "+="])
        return Line(f"{name}[{key!r}] {operator} {self.scalar(scope, 2)}")

    def any_store(self, scope: Scope, depth: int) -> Line:
        """A store into some array (the caller's included)."""
        return self.store(scope, self.random.choice(scope.of("a")))

    def store(self, scope: Scope, name: str) -> Line:
        """A store into the array `name`."""
        scalar, array = self.scalar(scope, 2), self.array(scope, 1)
        return Line(
            self.random.choice(
                [
                    f"{name}[{self.index(scope)}] = {scalar}",
                    f"{name}[{self.index(scope)}] += {scalar}",
                    f"{name}[{self.index(scope)}] *= math.sin({scalar})",
                    f"{name}[1:] = {scalar}",
                    f"{name}[1:] = ({array})[:-1]",
                    f"{name}[:-1] += ({array})[1:]",
                    f"{name}[[0, 2]] = ({array})[[1, 0]]",
                    f"{name}[{name} > 0.3] = {scalar}",
                    f"{name} += {array}",
                    f"{name} *= 0.7",
                ]
            )
        )

    def call(self, scope: Scope, depth: int) -> Line:
        """A call of a helper."""
        helper, kind = self.random.choice(self.helpers)
        if kind == "scalar":
            name = self.name(scope, "s")
            value = self.random.choice(
                [
                    f"{helper}({self.scalar(scope, 1)}, {self.scalar(scope, 1)})",
                    f"{helper}({self.scalar(scope, 1)})",
                    f"{helper}(q={self.scalar(scope, 1)}, p={self.scalar(scope, 1)})",
                ]
            )
            scope.names[name] = "s"
            return Line(f"{name} = {value}")
        array, scalar = self.random.choice(scope.of("a")), self.scalar(scope, 1)
        if kind == "mutating":
            return Line(f"{helper}({array}, {scalar})")
        name = self.name(scope, "a")
        scope.names[name] = "a"
        return Line(f"{name} = {helper}({array}, {scalar})")

    def branch(self, scope: Scope, depth: int) -> Suite:
        """``if``, with ``else`` or ``elif`` or neither; names bound in every arm stay bound."""
        test = self.condition(scope)
        first, second = scope.inner(), scope.inner()
        body = tuple(self.block(first, self.random.randint(1, 3), depth + 1))
        form = self.random.randint(0, 3)
        if form == 0:
            return Suite(f"if {test}:", (*body, *self.leave(first)))
        other = Suite("else:", tuple(self.block(second, self.random.randint(1, 2), depth + 1)))
        both = {name: kind for name, kind in first.names.items() if second.names.get(name) == kind}
        if form == 1:
            third = Suite(f"elif {self.condition(scope)}:", tuple(self.leave(scope)) or (Line("pass"),))
            return Suite(f"if {test}:", body, (third, other))
        scope.names.update(both)
        return Suite(f"if {test}:", body, (other,))

    def leave(self, scope: Scope) -> list[Line]:
        """Perhaps a way out of a loop or of the function."""
        roll = self.random.random()
        if scope.loops and roll < 0.25:
            return [Line("break")]
        if scope.loops and roll < 0.4:
            return [Line("continue")]
        if "x" in scope.names and roll < 0.55:
            return [Line("return " + self.scalar(scope, 2))]
        return []

    def for_loop(self, scope: Scope, depth: int) -> Suite:
        """``for`` over a range, an array or a list, now and then with ``else``."""
        inner = scope.inner(loop=True)
        self.counter += 1
        target = f"k{self.counter}"
        over = self.random.choice(["range", "range", "array", "enumerate", "list"])
        iterable, kind = f"range({self.random.choice(['2', '3', 'n', '0'] if 'n' in scope.names else ['2', '3'])})", "i"
        if over == "array":
            iterable, kind = self.random.choice(scope.of("a")), "s"
        elif over == "enumerate":
            iterable = f"enumerate({self.random.choice(scope.of('a'))})"
            inner.names[f"e{self.counter}"] = "s"
            inner.names[target], target = "i", f"{target}, e{self.counter}"
        elif over == "list" and scope.of("l"):
            iterable, kind = f"list({self.random.choice(scope.of('l'))})", "s"
        inner.names.setdefault(target, kind) if "," not in target else None
        body = (*self.block(inner, self.random.randint(1, 3), depth + 1),)
        if self.random.random() < 0.4:
            body += (Suite(f"if {self.condition(inner)}:", tuple(self.leave(inner)) or (Line("continue"),)),)
            body += tuple(self.block(inner, 1, depth + 1))
        more = ()
        if self.random.random() < 0.15:
            more = (Suite("else:", tuple(self.block(scope.inner(), 1, depth + 1))),)
        return Suite(f"for {target} in {iterable}:", body, more)

    def while_loop(self, scope: Scope, depth: int) -> Suite:
        """``while`` with a counter, which bounds it, and a condition on data."""
        self.counter += 1
        counter = f"c{self.counter}"
        inner = scope.inner(loop=True)
        body = (Line(f"{counter} += 1"), *self.block(inner, self.random.randint(1, 3), depth + 1))
        loop = Suite(f"while {counter} < {self.random.randint(1, 3)} and ({self.condition(scope)}):", body)
        return Suite("if True:", (Line(f"{counter} = 0"), loop))

    def condition(self, scope: Scope) -> str:
        """A condition on data or on integers."""
        value, bound = self.scalar(scope, 1), f"{self.random.uniform(-1.0, 1.0):.2f}"
        forms = [f"{value} > {bound}", f"{value} < {bound}", f"not {value} > {bound}"]
        forms += [f"{bound} < {value} <= {float(bound) + 1.0:.2f}"]
        forms += [f"{value} > {bound} or {self.scalar(scope, 0)} < 0.1"]
        forms += [f"{name} % 2 == 0" for name in scope.of("i")] + [f"{name} > 1" for name in scope.of("i")]
        return self.random.choice(forms)

    def index(self, scope: Scope) -> str:
        """An index that is in bounds for arrays."""
        integers = [f"{name} % {SIZE}" for name in scope.of("i")]
        return self.random.choice(["0", "1", "2", "-1", *integers])

    def scalar(self, scope: Scope, depth: int) -> str:
        """A float expression."""
        names = scope.of("s")
        if depth <= 0 or self.random.random() < 0.2:
            leaves = [*names, *names, f"{self.random.uniform(-1.5, 1.5):.2f}"]
            leaves += [f"{name}[{self.index(scope)}]" for name in scope.of("a")[-2:]]
            leaves += [f"{name}[-1]" for name in scope.of("l")[-1:]] + [f"{name}['a']" for name in scope.of("d")[-1:]]
            leaves += [f"0.4 * {name}" for name in scope.of("i")[-1:]]
            return self.random.choice(leaves)
        a, b = self.scalar(scope, depth - 1), self.scalar(scope, depth - 1)
        forms = [f"({a} + {b})", f"({a} - {b})", f"{a} * {b} * 0.8", f"math.sin({a})", f"math.cos({a} * {b})"]
        forms += [f"math.tanh({a})", f"({a}) / (1.5 + ({b}) ** 2)", f"-({a})", f"({a}) ** 2 * 0.5"]
        forms += [f"math.exp(-({a}) ** 2)"]
        forms += [f"({a} if {b} > 0.2 else {b})", f"max({a}, {b})", f"abs({a})"]
        if scope.of("a"):
            array = self.array(scope, depth - 1)
            forms += [f"np.sum({array})", f"np.mean({array})", f"({array} @ {self.random.choice(scope.of('a'))})"]
        return self.random.choice(forms)

    def array(self, scope: Scope, depth: int) -> str:
        """An expression for an array of length `SIZE`."""
        names = scope.of("a")
        if depth <= 0 or self.random.random() < 0.2:
            return self.random.choice(names)
        a, b = self.array(scope, depth - 1), self.array(scope, depth - 1)
        s = self.scalar(scope, depth - 1)
        forms = [f"({a} + {b})", f"({a} - {s})", f"{a} * {b}", f"{a} * math.sin({s})", f"np.sin({a})", f"np.tanh({a})"]
        forms += [f"({a} / (1.5 + {b} * {b}))", f"np.full({SIZE}, {s})", f"np.array([{s}, 1.0, {s}])"]
        forms += [f"np.zeros({SIZE})"]
        forms += [f"np.where({a} > 0.1, {a}, {b})", f"np.cumsum({a})", f"({a})[::-1]", f"np.maximum({a}, {b})"]
        return self.random.choice(forms)

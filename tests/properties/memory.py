"""Random programs about memory: what `tests.properties.generator` writes, and matrices, views, containers of arrays,
aliases decided by branches and loops, functions that change or return their arguments, and every way to store.

A program draws a few *themes*, so that each is about something and most use a handful of constructs only. Kinds of
names beyond those of `generator.Scope`: ``m`` a matrix, ``f`` a flat array of all its elements, ``L`` a list of arrays,
``P`` a tuple of two arrays, ``D`` a dict of arrays with the keys ``u`` and ``w``, ``N`` a list of lists of floats.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.properties.generator import Generator, Line, Scope, Suite

Statement = Callable[[Scope, int], "Line | Suite | list[Line | Suite]"]

THEMES = ("matrix", "stores", "arrays", "structures", "lists", "dicts", "flow", "buffers", "calls", "closures")

KEYS = ("u", "w")

#: Statements with others inside, which end at some depth.
NESTING = ("rows", "each_array", "swap_buffers", "branch_alias", "closure")


class MemoryGenerator(Generator):
    """The statements about memory; `tests.properties.flow` makes programs of them."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.themes = self.random.sample(THEMES, self.random.randint(1, 3))
        self.single = self.random.random() < 0.1  # arguments in single precision

    def everything(self, scope: Scope) -> str:
        """A float that depends on all that is bound."""
        parts = [super().everything(scope)]
        parts += [f"np.sum({name} * {name}) * 0.3" for name in scope.of("m")]
        parts += [f"np.sum({name} ** 2) * 0.2" for name in scope.of("f")]
        parts += [f"sum(np.sum(t * t) for t in {name})" for name in scope.of("L")]
        parts += [f"np.sum({name}[0] * {name}[1])" for name in scope.of("P")]
        parts += [f"np.sum({name}['u'] * {name}['w'])" for name in scope.of("D")]
        parts += [f"sum(sum(t) for t in {name}) * 0.4" for name in scope.of("N")]
        return " + ".join(parts)

    # --- statements ---------------------------------------------------------------------------------------------------

    def block(self, scope: Scope, count: int, depth: int) -> list[Line | Suite]:
        """Some statements; those that come with others bring them along."""
        made = [self.statement(scope, depth) for _ in range(count)]
        return [line for lines in made for line in (lines if isinstance(lines, list) else [lines])]

    def statement(self, scope: Scope, depth: int) -> Line | Suite | list[Line | Suite]:  # type: ignore[override]
        """One statement, of a theme or of the plain ones."""
        if self.random.random() < 0.4:
            return super().statement(scope, depth)
        found = [s for theme in self.themes for s in self.statements_of(theme)]
        if depth >= 3:
            found = [s for s in found if s.__name__ not in NESTING]
        return self.random.choice(found or [self.any_store])(scope, depth)

    def statements_of(self, theme: str) -> list[Statement]:
        """The statements that a theme is about."""
        table: dict[str, list[Statement]] = {
            "matrix": [
                self.make_matrix,
                self.take_view,
                self.take_view,
                self.store_matrix,
                self.store_matrix,
                self.rows,
            ],
            "stores": [self.other_store, self.other_store, self.any_store, self.alias],
            "arrays": [self.make_arrays, self.use_arrays, self.use_arrays, self.each_array],
            "structures": [self.make_tuple, self.use_tuple, self.make_arrays_dict, self.use_arrays_dict],
            "lists": [self.make_nested, self.use_nested, self.use_list, self.use_list],
            "dicts": [self.make_dict, self.use_dict, self.use_dict],
        }
        return table.get(theme, [])

    def bind(self, scope: Scope, kind: str, value: str, fresh: float = 0.6) -> Line:
        """``name = value``, binding a name of a kind."""
        name = self.name(scope, kind, fresh)
        scope.names[name] = kind
        return Line(f"{name} = {value}")

    def view(self) -> str:
        """How an array of length `SIZE` is seen as another one of that length."""
        return self.random.choice(["", "", "[::-1]", "[:]"])

    def some(self, scope: Scope, kind: str) -> str | None:
        """A bound name of a kind, if there is one."""
        names = scope.of(kind)
        return self.random.choice(names) if names else None

    def make_matrix(self, scope: Scope, depth: int) -> Line:
        """A new matrix, or another view of one."""
        return self.bind(scope, "m", self.matrix(scope))

    def matrix(self, scope: Scope) -> str:
        """An expression for a matrix."""
        a, b, s = self.array(scope, 0), self.array(scope, 0), self.scalar(scope, 1)
        forms = [
            f"np.outer({a}, {b})",
            f"np.array([{a}, {b}, {a} * {s}])",
            "np.zeros((3, 3))",
            f"np.stack([{a}, {b}, {a}])",
        ]
        for m in (self.some(scope, "m"), self.some(scope, "m")):
            if m is not None:
                forms += [
                    f"{m}.T",
                    f"{m}.copy()",
                    f"{m} * math.sin({s})",
                    f"{m} @ {m} * 0.3",
                    f"{m} + {a}",
                    f"np.tanh({m})",
                ]
                forms += [f"{m}[::-1]", m, f"np.asarray({m})", f"np.sin({m}) * {b}[:, None]"]
        flat = self.some(scope, "f")
        return self.random.choice(forms + ([f"{flat}.reshape(3, 3)"] * 3 if flat else []))

    def take_view(self, scope: Scope, depth: int) -> Line:
        """A row, a column, or all elements of a matrix in a row (a view where its memory allows)."""
        m = self.some(scope, "m")
        if m is None:
            return self.make_matrix(scope, depth)
        if self.random.random() < 0.25:
            return self.bind(scope, "f", self.random.choice([f"{m}.ravel()", f"{m}.reshape(-1)", f"{m}.flatten()"]))
        i = self.index(scope)
        forms = [
            f"{m}[{i}]",
            f"{m}[{i}]",
            f"{m}[:, {i}]",
            f"{m}[{i}, ::-1]",
            f"{m}.T[{i}]",
            f"{m} @ {self.array(scope, 0)}",
        ]
        return self.bind(scope, "a", self.random.choice([*forms, f"{m}.sum(axis=0)", f"{m}.diagonal().copy()"]))

    def store_matrix(self, scope: Scope, depth: int) -> Line:
        """A store into a matrix or a flat array."""
        flat, m = self.some(scope, "f"), self.some(scope, "m")
        s, a, i, j = self.scalar(scope, 1), self.array(scope, 1), self.index(scope), self.index(scope)
        if flat is not None and self.random.random() < 0.4:
            return Line(
                self.random.choice([f"{flat}[4] = {s}", f"{flat}[1:4] = {a}", f"{flat}[::3] *= {a}", f"{flat} *= 0.8"])
            )
        if m is None:
            return self.make_matrix(scope, depth)
        forms = [
            f"{m}[{i}, {j}] = {s}",
            f"{m}[{i}, {j}] += {s}",
            f"{m}[{i}] = {a}",
            f"{m}[:, {j}] = {a}",
            f"{m}[{i}] *= {a}",
        ]
        forms += [
            f"{m}[:, {j}] += {a}",
            f"{m} *= 0.7",
            f"{m} += {a}",
            f"{m}[1:] = {m}[:-1] * 0.9",
            f"{m}[{m} > 0.2] = {s}",
        ]
        forms += [
            f"{m}[[0, 2]] = {m}[[2, 1]]",
            f"{m}[[0, 0, 1], [1, 1, 2]] += {a}",
            f"{m}[{i}][{j}] = {s}",
            f"{m}.T[{i}] += {a}",
        ]
        return Line(self.random.choice(forms))

    def rows(self, scope: Scope, depth: int) -> Line | Suite:
        """A loop over the rows of a matrix that changes them."""
        m = self.some(scope, "m")
        if m is None:
            return self.make_matrix(scope, depth)
        inner = scope.inner(loop=True)
        self.counter += 1
        row = f"a{self.counter}"
        inner.names[row] = "a"
        target = self.random.choice(
            [f"{row} in {m}", f"{row} in {m}", f"_, {row} in enumerate({m})", f"{row} in {m}.T"]
        )
        return Suite(
            f"for {target}:", (self.store(inner, row), *self.block(inner, self.random.randint(0, 1), depth + 1))
        )

    def other_store(self, scope: Scope, depth: int) -> Line:
        """The other ways to change an array."""
        a, b, s = self.random.choice(scope.of("a")), self.array(scope, 1), self.scalar(scope, 1)
        i = self.index(scope)
        forms = [f"np.multiply({b}, {s}, out={a})", f"np.sin({a}, out={a})", f"np.add({a}, {b}, out={a})"]
        forms += [f"np.subtract({b}, {s}, out={a}, where={a} > 0.1)", f"np.add.at({a}, [0, 1, 1], {b})", f"{a}.sort()"]
        forms += [f"np.add.at({a}, [{i}, {i}], {s})", f"np.copyto({a}, {b})", f"np.copyto({a}, {s}, where={a} < 0.2)"]
        forms += [f"{a}.fill({s})", f"{a}[1:].fill({s})", f"np.put({a}, [0, 2], ({b})[:2])", f"{a}[{a} > 0.1] *= {s}"]
        forms += [f"{a}[[0, 0, 2]] += {b}", f"{a}[[1, 1]] = ({b})[:2]", f"{a}[[2, 0]] *= {s}", f"{a}[...] = {b}"]
        forms += [f"{a}[::2] = ({b})[1:]", f"{a} -= {b}", f"{a} /= 1.5 + {a} * {a}", f"{a}[:] = {a}[::-1]"]
        forms += [f"{a}[{i}], {a}[-1] = {a}[-1], {a}[{i}]", f"{a}[{i} - 1] -= {a}[{i}] * {s}"]
        return Line(self.random.choice(forms))

    # --- containers of arrays -----------------------------------------------------------------------------------------

    def make_arrays(self, scope: Scope, depth: int) -> Line:
        """A list of arrays; perhaps of one array twice."""
        a, b = self.array(scope, 1), self.array(scope, 0)
        forms = [f"[{a}, {b}]", f"[{a}, {b}, {b}]", f"[{b}] * 2", f"[{b} * t for t in ({self.scalar(scope, 0)}, 0.5)]"]
        other = self.some(scope, "L")
        if other is not None:
            forms += [other, f"list({other})", f"{other}.copy()", f"{other}[1:] + {other}[:1]", f"{other} + [{a}]"]
        return self.bind(scope, "L", self.random.choice(forms))

    def use_arrays(self, scope: Scope, depth: int) -> Line | Suite:
        """A store into an array of a list, a second name for one, or a change of the list itself."""
        arrays = self.some(scope, "L")
        if arrays is None:
            return self.make_arrays(scope, depth)
        a, s, i = self.array(scope, 1), self.scalar(scope, 1), self.index(scope)
        k = self.random.choice(["0", "1", "-1"])
        if self.random.random() < 0.3:
            return self.bind(scope, "a", f"{arrays}[{k}]{self.view()}", 0.8)
        forms = [
            f"{arrays}[{k}][{i}] = {s}",
            f"{arrays}[{k}] += {a}",
            f"{arrays}[{k}][1:] *= {s}",
            f"{arrays}[{k}] = {a}",
        ]
        forms += [
            f"{arrays}.append({a})",
            f"{arrays}[0], {arrays}[1] = {arrays}[1], {arrays}[0]",
            f"{arrays}.reverse()",
        ]
        forms += [f"{arrays}.append({arrays}.pop(0))", f"{arrays}.insert(0, {a})", f"{arrays}.extend([{a}, {a}])"]
        return Line(self.random.choice(forms))

    def each_array(self, scope: Scope, depth: int) -> Line | Suite:
        """A loop over a list of arrays that changes them."""
        arrays = self.some(scope, "L")
        if arrays is None:
            return self.make_arrays(scope, depth)
        inner = scope.inner(loop=True)
        self.counter += 1
        item = f"a{self.counter}"
        inner.names[item] = "a"
        return Suite(f"for {item} in list({arrays}):", (self.store(inner, item), *self.block(inner, 1, depth + 1)))

    def make_tuple(self, scope: Scope, depth: int) -> Line:
        """A tuple of two arrays, made or taken apart."""
        made = self.some(scope, "P")
        if made is not None and self.random.random() < 0.5:
            first, second = self.name(scope, "a", 1.0), self.name(scope, "a", 1.0)
            scope.names.update({first: "a", second: "a"})
            return Line(f"{first}, {second} = {made}")
        return self.bind(scope, "P", f"({self.array(scope, 1)}, {self.array(scope, 0)})")

    def use_tuple(self, scope: Scope, depth: int) -> Line:
        """A store into an array of a tuple."""
        pair = self.some(scope, "P")
        if pair is None:
            return self.make_tuple(scope, depth)
        k, s, i = self.random.choice("01"), self.scalar(scope, 1), self.index(scope)
        return Line(
            self.random.choice([f"{pair}[{k}][{i}] = {s}", f"{pair}[{k}][:] *= {s}", f"{pair}[{k}][{i}] += {s}"])
        )

    def make_arrays_dict(self, scope: Scope, depth: int) -> Line:
        """A dict of two arrays."""
        a, b, other = self.array(scope, 1), self.array(scope, 0), self.some(scope, "D")
        forms = [f"{{'u': {a}, 'w': {b}}}", f"dict(u={a}, w={b})"]
        if other is not None:
            forms += [
                other,
                f"dict({other})",
                f"{{**{other}, 'u': {a}}}",
                f"{{k: 0.9 * t for k, t in {other}.items()}}",
            ]
        return self.bind(scope, "D", self.random.choice(forms))

    def use_arrays_dict(self, scope: Scope, depth: int) -> Line | Suite:
        """A store into an array of a dict, a second name for one, or a change of the dict itself."""
        arrays = self.some(scope, "D")
        if arrays is None:
            return self.make_arrays_dict(scope, depth)
        a, s, i, k = self.array(scope, 1), self.scalar(scope, 1), self.index(scope), self.random.choice(KEYS)
        if self.random.random() < 0.3:
            forms = [f"{arrays}[{k!r}]", f"{arrays}.get({k!r})", f"{arrays}.setdefault({k!r}, {a})"]
            return self.bind(scope, "a", self.random.choice(forms), 0.8)
        if self.random.random() < 0.2:
            return Suite(f"for k in {arrays}:", (Line(f"{arrays}[k] *= math.cos({s})"),))
        forms = [
            f"{arrays}[{k!r}][{i}] = {s}",
            f"{arrays}[{k!r}] += {a}",
            f"{arrays}[{k!r}][1:] *= {s}",
            f"{arrays}[{k!r}] = {a}",
        ]
        forms += [f"{arrays}.update({{{k!r}: {a}}})", f"{arrays}['u'], {arrays}['w'] = {arrays}['w'], {arrays}['u']"]
        return Line(self.random.choice(forms))

    # --- containers of floats -----------------------------------------------------------------------------------------

    def make_nested(self, scope: Scope, depth: int) -> Line:
        """A list of lists of floats."""
        inner, s = self.some(scope, "l"), self.scalar(scope, 1)
        row = inner if inner is not None and self.random.random() < 0.5 else f"[{s}, {self.scalar(scope, 0)}]"
        return self.bind(
            scope, "N", self.random.choice([f"[{row}, [{s}]]", f"[[{s}, t] for t in ({s}, 0.3)]", f"[{row}] * 2"])
        )

    def use_nested(self, scope: Scope, depth: int) -> Line:
        """A store into an inner list, or a second name for it."""
        nested = self.some(scope, "N")
        if nested is None:
            return self.make_nested(scope, depth)
        s, k = self.scalar(scope, 1), self.random.choice("01")
        if self.random.random() < 0.35:
            return self.bind(scope, "l", f"{nested}[{k}]", 0.8)
        forms = [
            f"{nested}[{k}][0] = {s}",
            f"{nested}[{k}][-1] += {s}",
            f"{nested}[{k}].append({s})",
            f"{nested}[{k}] = [{s}]",
        ]
        return Line(self.random.choice([*forms, f"{nested}.append([{s}, {s}])"]))

    def use_list(self, scope: Scope, depth: int) -> Line | Suite:
        """A method of a list of floats, or what Python's syntax does to one."""
        items = self.some(scope, "l")
        if items is None:
            return self.make_list(scope, depth)
        s, t = self.scalar(scope, 1), self.scalar(scope, 0)
        if self.random.random() < 0.25:
            forms = [f"sum({items}[1:])", f"{items}.pop() + {t}", f"max({items})", f"{items}.pop(0) * 0.5"]
            value = self.random.choice(forms)
            line = self.bind(scope, "s", value)
            return Line(line.text + f"; {items}.append({s})") if "pop" in value else line
        if self.random.random() < 0.25:
            return self.bind(
                scope, "l", self.random.choice([items, f"{items}[:]", f"{items} + [{s}]", f"[{s}] + {items}[::-1]"])
            )
        forms = [f"{items}.extend([{s}, {t}])", f"{items}.insert(0, {s})", f"{items}.reverse()", f"{items}.sort()"]
        forms += [f"{items}[:1] = [{s}, {t}]", f"{items} += [{s}]", f"{items}[-1] *= {t}", f"{items}.append({s})"]
        forms += [f"{items}.append({s}); {items}.remove({items}[0])", f"{items}.append({s}); del {items}[0]"]
        return Line(self.random.choice(forms))

    def use_dict(self, scope: Scope, depth: int) -> Line | Suite:
        """A method of a dict of floats."""
        entries = self.some(scope, "d")
        if entries is None:
            return self.make_dict(scope, depth)
        s, k = self.scalar(scope, 1), self.random.choice(["a", "b", "c"])
        if self.random.random() < 0.4:
            forms = [f"{entries}.get({k!r}, {s})", f"{entries}.setdefault({k!r}, {s})", f"{entries}.pop('c', {s})"]
            return self.bind(scope, "s", self.random.choice([*forms, f"sum(t * t for t in {entries}.values())"]))
        if self.random.random() < 0.3:
            return Suite(f"for k, t in {entries}.items():", (Line(f"{entries}[k] = t * math.cos({s})"),))
        return Line(
            self.random.choice(
                [f"{entries}.update({{{k!r}: {s}}})", f"{entries}.update(c={s})", f"{entries}[{k!r}] = {s}"]
            )
        )

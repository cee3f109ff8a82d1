"""Kinds from text: what a user gives to ``--types``. Parsed, never evaluated.

Input: ``"x: f8[n,d], k: int, p: {W: f8[n,m], b: f8[m]}, t: (f8[n], float), xs: list[f8[n]], u: f8[...]"``.
Output: a kind for each name.

Grammar::

    spec    = [ entry { "," entry } [ "," ] ]
    entry   = NAME ":" kind
    kind    = scalar | array | tuple | list | dict
    scalar  = "bool" | "int" | "float" | "complex"       Python numbers
            | dtype                                      a NumPy scalar: f8, f4, f2, i1 ... i8, u1 ... u8, b1, c8, c16
            | "str" | "None" | "any"                     text; None; nothing known
    array   = dtype "[" [ length { "," length } ] "]"    f8[n,d]; f8[] has no axes
            | dtype "[" "..." "]"                        any rank
    length  = NAME [ ("+" | "-") INTEGER ] | INTEGER | "?"
    tuple   = "(" [ kind { "," kind } [ "," ] ] ")"
    list    = "list" "[" kind "]"
    dict    = "{" [ key ":" kind { "," key ":" kind } [ "," ] ] "}"
    key     = NAME | STRING | INTEGER

``float``, ``int``, ``bool`` and ``complex`` before ``[`` are the dtypes f8, i8, b1 and c16. Equal names are equal
lengths, in all of the text; a named length is taken to be other than 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from srcad.errors import ArgumentError
from srcad.ir.dims import Dim
from srcad.ir.kinds import BOOL, COMPLEX, FLOAT, NONE, UNKNOWN, Array, Dict, Kind, List, Opaque, Scalar, Tuple
from srcad.ir.lattice import join_all

_TOKEN = re.compile(
    r"\s*(?:(?P<dots>\.\.\.)|(?P<name>[^\W\d]\w*)|(?P<int>\d+)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<mark>[\[\](){},:?+-]))"
)
_DTYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"])
_PYTHON_DTYPES = {"float": "f8", "int": "i8", "bool": "b1", "complex": "c16"}
_PLAIN: dict[str, Kind] = {
    "bool": BOOL,
    "float": FLOAT,
    "complex": COMPLEX,
    "str": Opaque(str),
    "None": NONE,
    "any": UNKNOWN,
}
_REMEDY = (
    'write for example "x: f8[n,d], k: int, p: {W: f8[d], b: float}, t: (f8[n], float), xs: list[f8[n]], u: f8[...]"'
)
T = TypeVar("T")


def parse(text: str) -> dict[str, Kind]:
    """The kinds of arguments by name.

    Args:
        text: as the module's grammar says.

    Returns:
        A kind for each name, in order.

    Raises:
        ArgumentError: showing the text with a caret where it is wrong.

    >>> for name, kind in parse("x: f8[n, d], k: int, t: (f4[n-1], float)").items():
    ...     print(name, kind)
    x f8[n, d]
    k int(k)
    t (f4[n - 1], float)
    """
    return _Parser(text).spec()


class _Parser:
    """Recursive descent over the tokens ``(form, text, column)``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        self.place = 0
        self.lengths: dict[str, Dim] = {}
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                self.fail(f"unexpected character {text[position]!r}", position)
            self.tokens.append((match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            position = match.end()
        self.tokens.append(("end", "", end))

    def fail(self, why: str, column: int | None = None) -> NoReturn:
        """Raise, pointing at a column, by default that of the next token."""
        column = self.tokens[self.place][2] if column is None else column
        raise ArgumentError(
            f"the types cannot be read: {why}\n    {self.text}\n    {' ' * column}^",
            remedy=_REMEDY,
        )

    def peek(self, *texts: str) -> bool:
        """Whether the next token is one of these marks."""
        form, text, _ = self.tokens[self.place]
        return form in ("mark", "dots") and text in texts

    def take(self, form: str, what: str) -> str:
        """The text of the next token, which must have this form."""
        found, text, _ = self.tokens[self.place]
        if found != form:
            self.fail(f"expected {what}, found {text!r}" if text else f"expected {what}, found the end")
        self.place += 1
        return text

    def expect(self, mark: str) -> None:
        """Step over a mark."""
        if not self.peek(mark):
            text = self.tokens[self.place][1]
            self.fail(f"expected {mark!r}, found {text!r}" if text else f"expected {mark!r}, found the end")
        self.place += 1

    def many(self, end: str, one: Callable[[], T]) -> list[T]:
        """Items between commas up to the closing mark (or the end of the text)."""
        found: list[T] = []
        while not self.closing(end):
            found.append(one())
            if self.closing(end):
                break
            self.expect(",")
        if end:
            self.expect(end)
        return found

    def closing(self, end: str) -> bool:
        """Whether the next token ends a sequence."""
        return self.peek(end) if end else self.tokens[self.place][0] == "end"

    def spec(self) -> dict[str, Kind]:
        """All entries."""
        result: dict[str, Kind] = {}

        def entry() -> None:
            column = self.tokens[self.place][2]
            name = self.take("name", "the name of an argument")
            if name in result:
                self.fail(f"{name!r} is given twice", column)
            self.expect(":")
            result[name] = self.kind(name)

        self.many("", entry)
        return result

    def kind(self, name: str = "k") -> Kind:
        """One kind; `name` is what an integer's value is called."""
        if self.peek("("):
            self.place += 1
            return Tuple(tuple(self.many(")", self.kind)))
        if self.peek("{"):
            self.place += 1
            return self.dict()
        column = self.tokens[self.place][2]
        word = self.take("name", "a kind")
        if word == "list":
            self.expect("[")
            item = self.kind()
            self.expect("]")
            return List(item, Dim.fresh(f"len({name})"))
        dtype = word if word in _DTYPES else _PYTHON_DTYPES.get(word)
        if self.peek("["):
            if dtype is None:
                self.fail(f"{word!r} is not a dtype", column)
            self.place += 1
            return self.array(dtype)
        if word == "int":
            return Scalar("i8", True, Dim.fresh(name, signed=True))
        if word in _DTYPES:
            return Scalar(word, weak=False)
        if word not in _PLAIN:
            self.fail(f"{word!r} is not a kind", column)
        return _PLAIN[word]

    def array(self, dtype: str) -> Kind:
        """An array after its opening bracket."""
        if self.peek("..."):
            self.place += 1
            self.expect("]")
            return Array(dtype, None)
        return Array(dtype, tuple(self.many("]", self.length)))

    def length(self) -> Dim | None:
        """The length of one axis."""
        if self.peek("?"):
            self.place += 1
            return None
        form, text, _ = self.tokens[self.place]
        if form == "int":
            self.place += 1
            return Dim.of(int(text))
        name = self.take("name", "a length")
        dim = self.lengths.setdefault(name, Dim.fresh(name, not_one=True))
        if not self.peek("+", "-"):
            return dim
        sign = 1 if self.peek("+") else -1
        self.place += 1
        return dim.plus(Dim.of(int(self.take("int", "an integer"))), sign)

    def dict(self) -> Kind:
        """A dict after its opening brace."""
        entries: dict[object, Kind] = {}

        def entry() -> None:
            form, text, column = self.tokens[self.place]
            if form not in ("name", "text", "int"):
                self.fail("expected a key")
            self.place += 1
            key: object = text if form == "name" else text[1:-1] if form == "text" else int(text)
            if key in entries:
                self.fail(f"{key!r} is given twice", column)
            self.expect(":")
            entries[key] = self.kind(text.strip("'\""))

        self.many("}", entry)
        return Dict(join_all([*entries.values()]), tuple(entries.items()))

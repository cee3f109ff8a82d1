"""The text of ``docs/gallery.md``: everything but the times follows from the programs."""

from __future__ import annotations

import ast
import inspect
import pathlib
import re
import types
from collections.abc import Callable
from typing import Any

from tests.gallery.entries import ENTRIES, Entry
from tests.programs import modes
from tests.programs.counts import saved_lists, statements

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "gallery.md"

#: The command that writes the page.
COMMAND = "python -m tests.gallery"

HEAD = """# Gallery

{number} programs from many fields, written as one writes them, and the gradients that srcad writes for them. Each
gradient is for the kinds of the arguments in [tests/gallery/entries.py](../tests/gallery/entries.py), on which it is
compared with finite differences and, where [tests/gallery/by_hand.py](../tests/gallery/by_hand.py) has one, with a
gradient that a person wrote.

`{command}` writes this page. Times are ratios of processor time, the best of many turns in one run with one thread: the
gradient against the function itself, and against the gradient by hand. *Statements* are those of the function with its
helpers, *adjoint lines* what the gradient has beyond these.

| program | statements | adjoint lines | lists saved | time against the function | against the gradient by hand |
|---|---|---|---|---|---|
"""

Times = tuple[str, str]
_TIME = re.compile(r"\d+\.\d+×|not measured|–")


def page(times: dict[str, Times]) -> str:
    """The whole page; a program without times shows that it was not measured."""
    texts = {entry.name: generated(entry) for entry in ENTRIES}
    rows = [_row(entry, texts[entry.name], times) for entry in ENTRIES]
    sections = [_section(entry, texts[entry.name], times) for entry in ENTRIES]
    head = HEAD.format(number=len(ENTRIES), command=COMMAND)
    return head + "".join(rows) + "".join(sections)


def without_times(text: str) -> str:
    """A page's text with one mark for every time."""
    return _TIME.sub("×", text)


def times_of(text: str) -> dict[str, Times]:
    """The times in a page's table, by the program's name."""
    found = {}
    for entry in ENTRIES:
        row = re.search(
            rf"^\| \[{re.escape(entry.title)}\].*\| (\S+|not measured) \| (\S+|not measured) \|$", text, re.M
        )
        if row:
            found[entry.name] = (row[1], row[2])
    return found


def generated(entry: Entry) -> str:
    """The source of the gradient."""
    with modes.compiling("known"):
        return modes.source(entry.program, entry.args)


def primal(entry: Entry) -> str:
    """The source of the program, after those of the functions of its module that it calls."""
    return "\n\n".join(inspect.getsource(f).rstrip() + "\n" for f in [*helpers(entry.fn), entry.fn])


def helpers(fn: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The functions of the program's own module that it calls, and that these call, in the order of the module."""
    found: list[Any] = []
    queue = [fn]
    while queue:
        names = queue.pop().__code__.co_names
        called = [f for f in map(fn.__globals__.get, names) if isinstance(f, types.FunctionType) and f is not fn]
        queue += [f for f in called if f not in found and f.__module__ == fn.__module__]
        found += [f for f in queue if f not in found]
    return sorted(found, key=lambda f: f.__code__.co_firstlineno)


def counted(entry: Entry, text: str) -> tuple[int, int]:
    """The statements of the program and its helpers, and the lines that the gradient has beyond these."""
    own = statements(primal(entry))
    return own, statements(text) - own


def readers(text: str) -> dict[str, list[str]]:
    """For each saved list the user's statements whose adjoints read what it kept."""
    found: dict[str, list[str]] = {name: [] for name in saved_lists(text)}
    shown = {name.partition("(")[0]: name for name in found}  # of a list of tuples: `saved(x, y)`
    carrying: dict[str, set[str]] = {}
    comment = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith(("for ", "while ", "def ")):
            comment = ""
        elif line.startswith("# "):
            comment = line[2:]
        elif (popped := re.fullmatch(r"([\w, ()]+) = (\w+)\.pop\(\)", line)) and popped[2] in shown:
            carrying.update((name, {shown[popped[2]]}) for name in re.findall(r"\w+", popped[1]))
        else:
            _follow(line, comment, carrying, found)
    return found


def _follow(line: str, comment: str, carrying: dict[str, set[str]], found: dict[str, list[str]]) -> None:
    """Note what a line of the reverse sweep reads; before the first adjoint it only computes again."""
    try:
        names = {n.id for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    except SyntaxError:  # the head of a branch
        return
    sources = set().union(*(carrying.get(name, set()) for name in names))
    if not comment:
        if sources and (assigned := re.match(r"(\w+) = ", line)):
            carrying[assigned[1]] = sources
        return
    for name in sources:
        if comment not in found.get(name, [comment]):
            found[name].append(comment)


def anchor(title: str) -> str:
    """The name under which a heading can be linked to."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _row(entry: Entry, text: str, times: dict[str, Times]) -> str:
    own, more = counted(entry, text)
    against_primal, against_hand = _times(entry, times)
    link = f"[{entry.title}](#{anchor(entry.title)})"
    return f"| {link} | {own} | {more} | {len(saved_lists(text))} | {against_primal} | {against_hand} |\n"


def _times(entry: Entry, times: dict[str, Times]) -> Times:
    return times.get(entry.name, ("not measured", "not measured" if entry.by_hand else "–"))


def _section(entry: Entry, text: str, times: dict[str, Times]) -> str:
    against_primal, against_hand = _times(entry, times)
    told = f"Time: {against_primal} the function"
    told += f", {against_hand} the gradient by hand.\n" if entry.by_hand else ".\n"
    saved = "".join(
        f"- `{name}`, for the adjoint of {', '.join(f'`{r}`' for r in reads) or 'nothing'}\n"
        for name, reads in readers(text).items()
    )
    kept = f"Saved in each pass of a loop:\n\n{saved}" if saved else "Nothing is saved.\n"
    blocks = f"```python\n{primal(entry)}```\n\n```python\n{text.rstrip()}\n```\n"
    return f"\n## {entry.title}\n\n{blocks}\n{kept}\n{told}"

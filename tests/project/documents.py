"""Runs what README.md and docs/*.md show.

In a document

- each block marked ``python`` runs on its own, in a namespace of its own;
- one after a line ``<!-- continues -->`` runs in the namespace of the block before;
- one after a line ``<!-- file: NAME -->`` is also written to NAME, for commands to use;
- a block marked ``output`` is what the ``python`` block before it prints;
- a block marked ``console`` holds commands, ``$ srcad ...``, each followed by what it prints.

``...`` in an expected output stands for any text. ``python -m tests.project.documents FILE...`` runs documents and
writes what was printed into them, except where they hold ``...``.
"""

import contextlib
import doctest
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (continues|file: (?P<name>[\w.]+)) -->\n\Z")


@dataclass
class Block:
    """A fenced block: its kind, its text, where the text begins, and its marks."""

    kind: str
    text: str
    line: int
    span: tuple[int, int]
    continues: bool = False
    file: str | None = None


@dataclass
class Failure:
    """A block that does not do what the document says; `actual` is what it printed instead."""

    line: int
    message: str
    block: Block
    actual: str | None = None


def blocks_of(text):
    """The fenced blocks of a document, in order."""
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        mark = _MARK.search(before)
        name = mark["name"] if mark else None
        line = before.count("\n") + 2
        yield Block(match[1], match[2], line, match.span(2), bool(mark) and name is None, name)


def run_document(text, folder, title="document"):
    """Runs every block of a document with `folder` as current folder; returns what failed."""
    failures, space, printed = [], {}, None
    for number, block in enumerate(blocks_of(text)):
        match block.kind:
            case "python":
                space = space if block.continues else {"__name__": f"document_{number}"}
                printed, error = _run_python(block, space, folder, f"{title}_{number}")
                if error:
                    failures.append(Failure(block.line, error, block))
            case "output":
                if printed is None:
                    failures.append(Failure(block.line, "an output without a python block before it", block))
                elif not matches(block.text, printed):
                    failures.append(Failure(block.line, _difference(block.text, printed), block, printed))
                printed = None
            case "console":
                actual, error = _run_console(block, folder)
                if error or not matches(block.text, actual):
                    failures.append(Failure(block.line, error or _difference(block.text, actual), block, actual))
            case "text" | "sh" | "toml" | "":
                pass
            case other:
                failures.append(Failure(block.line, f"unknown kind of block {other!r}", block))
    return failures


def matches(expected, actual):
    """Whether an output is as expected; trailing blanks do not count, ``...`` is any text."""
    want, got = ("\n".join(line.rstrip() for line in t.rstrip().splitlines()) + "\n" for t in (expected, actual))
    return doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS)


def _difference(expected, actual):
    return f"expected\n{expected}\nbut got\n{actual}"


def _run_python(block, space, folder, name):
    """Runs a block from a file of its own, so that the compiler finds the source; returns (printed, error)."""
    path = folder / f"{name}.py"
    path.write_text(block.text, encoding="utf-8")
    if block.file:
        (folder / block.file).write_text(block.text, encoding="utf-8")
    out = io.StringIO()
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out):
            exec(compile(block.text, str(path), "exec", dont_inherit=True), space)
    except Exception:
        return out.getvalue(), traceback.format_exc()
    return out.getvalue(), None


def _run_console(block, folder):
    """Runs the commands of a block; returns (what the block should say, error)."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    said = []
    for line in block.text.splitlines():
        if not line.startswith("$ "):
            continue
        words = shlex.split(line[2:])
        if words[0] != "srcad":
            return "", f"{line!r} is not a srcad command"
        done = subprocess.run(
            [sys.executable, "-m", "srcad", *words[1:]], cwd=folder, env=environment, capture_output=True, text=True
        )
        said.append(f"{line}\n{done.stdout}{done.stderr}")
    return "".join(said), None


def updated(text, failures):
    """The document with the actual outputs, except where ``...`` is expected."""
    for failure in reversed(failures):
        if failure.actual is not None and "..." not in failure.block.text:
            start, end = failure.block.span
            text = text[:start] + failure.actual.rstrip() + "\n" + text[end:]
    return text


def documents():
    """README and the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def main(paths):
    """Runs documents and writes the actual outputs into them."""
    failed = 0
    for path in map(pathlib.Path, paths):
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            failures = run_document(text, pathlib.Path(folder), path.stem)
        path.write_text(updated(text, failures), encoding="utf-8")
        for failure in failures:
            print(f"{path}:{failure.line}: {failure.message}")
        failed += len(failures)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or documents()))

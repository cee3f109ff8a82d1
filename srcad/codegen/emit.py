"""A program in SSA to the text of its Python functions.

Folding decides what is one expression, interference and naming give names, the writer makes lines, printing
makes text. The writer runs twice: a trial run finds out what each function refers to outside itself, so that
no variable takes such a name.
"""

from __future__ import annotations

from typing import Any

from srcad.codegen.decisions import Folding
from srcad.codegen.dialects.base import NUMPY, Dialect
from srcad.codegen.folding import fold
from srcad.codegen.interference import Webs, interference
from srcad.codegen.naming import name_variables
from srcad.codegen.printing import Line, render
from srcad.codegen.references import References, share_helpers
from srcad.codegen.statements import Statements
from srcad.codegen.tables import variant
from srcad.errors import InternalError
from srcad.ir.nodes import Callee, Function, Loc, Program
from srcad.ir.record import record


@record(frozen=True)
class Emitted:
    """One function of the text, and what loading it needs.

    Args:
        name: its name in the text.
        first: the number of its first line, from 1.
        last: the number of its last line.
        helpers: objects that arrive through its closure, by name; a `Callee` stands for a function of the program.
        cells: name in the text -> variable of the enclosing function of the primal, whose cell it shares.
        locs: the user's statement behind each line, by line number.
    """

    name: str
    first: int
    last: int
    helpers: dict[str, Any]
    cells: dict[str, str]
    locs: dict[int, Loc]


@record(frozen=True)
class Generated:
    """The text of a program and its functions, in the order of the program. `callees` gives names by `Callee.key`."""

    source: str
    functions: tuple[Emitted, ...]
    callees: dict[object, str]


def emit(program: Program, *, header: str = "", comments: bool = True, dialect: Dialect = NUMPY) -> Generated:
    """Write a program.

    Args:
        program: SSA without undefined reads; every `Callee` is among its callees.
        header: comment lines that open the text.
        comments: whether each run of adjoint lines is headed by the user's statement.
        dialect: the language.

    Returns:
        The text, and what `srcad.codegen.load.load` needs.
    """
    functions = [dialect.legalise(f) for f in (program.entry, *(function for _, function in program.callees))]
    writers = [_trial(function, comments) for function in functions]
    for writer in writers:
        writer.shortens = dialect.shortens
    names = _function_names(program, [w.references for w in writers])
    callees = {key: names[k + 1] for k, (key, _) in enumerate(program.callees)}
    _check_callees(writers, callees)
    share_helpers([w.references for w in writers], callees)
    bodies = [_body(f, w, dialect) for f, w in zip(functions, writers, strict=True)]
    lines = header.splitlines() + _helper_lines(writers)
    emitted = []
    for name, function, writer, body in zip(names, functions, writers, bodies, strict=True):
        first = len(lines) + 1
        params = ", ".join(p.name for p in function.body.params)
        lines += [f"def {name}({params}):", *render(body)]
        references = writer.references
        helpers = {references.helper_names[k]: references.helpers[k].value for k in references.used_helpers}
        locs = {first + 1 + k: line.loc for k, line in enumerate(body) if line.loc is not None}
        emitted.append(Emitted(name, first, len(lines), helpers, dict(references.cells), locs))
        lines += [""] * 2
    return Generated("\n".join(lines).rstrip("\n") + "\n", tuple(emitted), callees)


def _check_callees(writers: list[Statements], callees: dict[object, str]) -> None:
    for writer in writers:
        for key, helper in writer.references.helpers.items():
            if isinstance(helper.value, Callee) and key not in callees:
                name, caller = helper.value.name, writer.references.function.name
                raise InternalError(f"emit: {caller} calls {name}, which is not in the program")


def _trial(function: Function, comments: bool) -> Statements:
    """Write a function with provisional names, to learn what it refers to."""
    references = References(function)
    writer = Statements(lambda var: f"{var.name}.{var.uid}", references, fold(function))
    writer.comments = comments
    writer.function(function)
    return writer


def _body(function: Function, writer: Statements, dialect: Dialect) -> list[Line]:
    """Name the variables and write a function for good."""
    references = writer.references
    taken = dict.fromkeys((*references.names, *references.cells))
    taken |= dict.fromkeys(references.helper_names[key] for key in references.helpers)
    folding = writer.folding
    webs = interference(function, folding)
    webs.part(dialect.type_of)
    writer.dummy = _dummy(webs, folding, taken)
    names = name_variables(function, webs, tuple(taken))
    references.forget()
    writer.name = names.of
    lines = writer.function(function)
    while dialect.binds_nothing and not writer.copied_from.issuperset(writer.copied):
        writer.copied_from |= frozenset(writer.copied)
        lines = writer.function(function)
    return lines


def _dummy(webs: Webs, folding: Folding, taken: dict[str, None]) -> str:
    """The name for what is not used: `_`, where that means nothing else."""
    read = {v.name for variables in webs.members for v in variables if folding.uses.get(v.uid, 0)}
    return "_" if "_" not in taken and "_" not in read else "_unused"


def _function_names(program: Program, references: list[References]) -> list[str]:
    """The names of the functions: different, and those of callees mean nothing else in the text."""
    taken: dict[str, None] = {}
    for refs in references:
        taken |= dict.fromkeys((*refs.names, *refs.cells, *refs.params))
    names = [program.entry.name]
    taken.setdefault(names[0])
    for _, function in program.callees:
        count = 1
        while variant(function.name, count) in taken:
            count += 1
        names.append(variant(function.name, count))
        taken[names[-1]] = None
    return names


def _helper_lines(writers: list[Statements]) -> list[str]:
    """One comment for each helper: what the name stands for."""
    found: dict[str, str] = {}
    for writer in writers:
        references = writer.references
        for key in references.used_helpers:
            helper = references.helpers[key]
            if not isinstance(helper.value, Callee):
                found[references.helper_names[key]] = helper.description
    return [f"# {name}: {text}" for name, text in sorted(found.items())]

"""Looking into the compiler: the text and the graph of a function, of its derivative, and of the stages between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from srcad.derivative import Derivative, Mode
from srcad.errors import ArgumentError
from srcad.primals import Primal, annotated_kinds, positions, require_callable
from srcad.transform.request import Request

if TYPE_CHECKING:
    from srcad.drawing.model import Drawing
    from srcad.ir.kinds import Kind
    from srcad.ir.nodes import Function
    from srcad.pipeline import Job

Of = Literal["primal", "forward", "adjoint"]


def dump(
    f: Callable[..., Any],
    *,
    mode: Mode = "reverse",
    argnums: int | tuple[int, ...] = 0,
    argnames: str | tuple[str, ...] | None = None,
    value: bool = False,
    kinds: Mapping[str, Kind] | None = None,
    stage: str = "source",
    comments: bool = True,
    dialect: str = "numpy",
    module: bool = False,
) -> str:
    """The text of the derivative of a function, or of a stage on the way to it.

    Args:
        f: the function.
        mode: ``"reverse"`` for the gradient, ``"forward"`` for value and tangent.
        argnums: as for `grad`.
        argnames: as for `grad`.
        value: as `value_and_grad` rather than `grad`.
        kinds: kinds of arguments by name; others are as annotated, else float scalars or arrays of any rank.
        stage: ``"gast"``, ``"ssa"``, ``"typed"``, ``"adjoint"``, ``"simplified"`` or ``"source"``.
        comments: whether the text has the user's statements as comments.
        dialect: the language of the text: ``"numpy"``, or ``"numba"`` for the subset that ``numba.njit`` compiles (an
            experiment: it may change).
        module: whether the text is that of a module of its own, which imports all that it names.

    Raises:
        ArgumentError: an unknown argument, stage or dialect.
        UnsupportedSyntax: the derivative cannot be said in the dialect, or not in a module of its own.
    """
    from srcad.codegen.dialects.named import DIALECTS
    from srcad.codegen.module import as_module
    from srcad.ir.printer import to_text
    from srcad.pipeline import SHOWN, run

    if module and stage != "source":
        raise ArgumentError(f"the stage {stage!r} is no module", remedy="leave out the stage, or do without a module")
    primal = _primal(f, "dump", kinds)
    if stage == "gast":
        return _tree(primal.function)
    if stage not in SHOWN:
        raise ArgumentError(f"there is no stage {stage!r}", remedy=f"stages are gast, {', '.join(SHOWN)}")
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f"there is no mode {mode!r}", remedy="modes are reverse and forward")
    if dialect not in DIALECTS:
        raise ArgumentError(f"there is no dialect {dialect!r}", remedy=f"dialects are {', '.join(DIALECTS)}")
    job = _job(primal, mode, argnums, argnames, value, kinds, comments)
    job = run(replace(job, dialect=DIALECTS[dialect]), until=SHOWN[stage])
    if job.generated is None:
        return to_text(job.body)
    return as_module(job.generated, job.program) if module else job.generated.source


@dataclass(frozen=True)
class Graph:
    """The computational graph of a function; a notebook shows it.

    Attributes:
        drawing: nodes, clusters and edges.
    """

    drawing: Drawing = field(repr=False)

    @cached_property
    def dot(self) -> str:
        """The graph as text in Graphviz's language DOT."""
        from srcad.drawing.dot import to_dot

        return to_dot(self.drawing)

    @cached_property
    def svg(self) -> str:
        """The graph laid out, as SVG; needs ``pip install 'srcad[graph]'``."""
        from srcad.drawing.svg import to_svg

        return to_svg(self.dot)

    def __str__(self) -> str:
        return self.dot

    def _repr_svg_(self) -> str | None:
        from srcad.drawing.svg import is_available

        return self.svg if is_available() else None


def graph(
    f: Callable[..., Any],
    *,
    of: Of = "primal",
    argnums: int | tuple[int, ...] = 0,
    argnames: str | tuple[str, ...] | None = None,
    value: bool = False,
    kinds: Mapping[str, Kind] | None = None,
) -> Graph:
    """The computational graph of a function, of its tangent or of its gradient.

    Args:
        f: the function.
        of: ``"primal"`` for the function itself, ``"forward"`` for value and tangent, ``"adjoint"`` for the gradient.
        argnums: as for `grad`.
        argnames: as for `grad`.
        value: as `value_and_grad` rather than `grad`.
        kinds: kinds of arguments by name; others are as annotated, else float scalars or arrays of any rank.

    Returns:
        A graph: its ``dot`` is text, its ``svg`` a picture, which notebooks show.

    Raises:
        ArgumentError: an unknown argument; at ``svg``, if what lays graphs out is not installed.

    >>> import srcad
    >>> print(srcad.graph(lambda x: 2.0 * x).dot)
    digraph "..." {
        ...
        n1 [label=<<b>x</b>: f8[any]>, shape=ellipse, ...];
        n2 [label=<2.0 * x>, shape=box, ...];
        n3 [label=<return>, shape=box, ...];
        n1 -> n2;
        n2 -> n3;
    }
    <BLANKLINE>
    """
    from srcad.analysis.memory import find_memory
    from srcad.drawing.build import build
    from srcad.pipeline import SHOWN, run

    if of not in ("primal", "forward", "adjoint"):
        raise ArgumentError(f"there is no graph of {of!r}", remedy="graphs are of primal, forward and adjoint")
    primal = _primal(f, "graph", kinds)
    mode: Mode = "reverse" if of == "adjoint" else "forward"
    job = run(
        _job(primal, mode, argnums, argnames, value, kinds), until=SHOWN["typed" if of == "primal" else "simplified"]
    )
    callees = _called(job) if of == "primal" else [function for _, function in job.program.callees]
    functions = [(f, find_memory(f, job.callees.effect_of)) for f in (job.program.entry, *callees)]
    return Graph(build(*functions[0], len(job.kinds), functions[1:]))


def _called(job: Job) -> list[Function]:
    """The functions that a primal calls, and those that they call, as far as srcad looks into them."""
    from srcad.ir.nodes import Call
    from srcad.ir.visit import walk
    from srcad.transform.spread import spread_indices

    found: dict[int, Function] = {}
    pending = [job.body]
    while pending:
        for stmt in walk(pending.pop(0).body):
            version = job.callees.called(stmt) if isinstance(stmt, Call) else None
            if version is not None and version.normal is not None and id(version) not in found:
                found[id(version)] = spread_indices(version.normal)
                pending.append(version.normal)
    return list(found.values())


def _primal(f: Any, called: str, kinds: Mapping[str, Kind] | None) -> Primal:
    """A callable taken apart; every argument that kinds are stated for must be its own."""
    primal = Primal.of(f.primal if isinstance(f, Derivative) else require_callable(f, called))
    names = list(primal.inner.parameters)
    for name in kinds or ():
        if name not in names:
            raise ArgumentError(
                f"{primal.name} has no argument {name!r}", remedy=f"its arguments are {', '.join(names) or 'none'}"
            )
    return primal


def _job(
    primal: Primal,
    mode: Mode,
    argnums: int | tuple[int, ...],
    argnames: str | tuple[str, ...] | None,
    value: bool,
    kinds: Mapping[str, Kind] | None,
    comments: bool = True,
) -> Job:
    """The derivative to compile."""
    from srcad.callees import Callees
    from srcad.pipeline import Job

    found, single = positions(primal, argnums, argnames)
    wrt = tuple(dict.fromkeys(position for position, _ in found))
    suffix = "jvp" if mode == "forward" else "value_and_grad" if value else "grad"
    request = Request(wrt, single, value, name=f"{primal.stem}_{suffix}")
    annotated = annotated_kinds(primal.parameters)
    names = list(primal.inner.parameters)
    given = tuple((kinds or {}).get(name) or kind for name, kind in zip(names, annotated, strict=True))
    return Job(primal.function, given, request, mode, Callees(primal.function), comments=comments)


def _tree(function: Any) -> str:
    """The syntax tree of a function."""
    import gast

    from srcad.frontend.source import find

    return str(gast.dump(find(function).tree, indent=2))

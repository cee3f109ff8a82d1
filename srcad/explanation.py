"""`explain`: why a gradient is zero, and what its loops keep in memory."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from srcad.derivative import Derivative
from srcad.errors import ArgumentError, excerpt
from srcad.ir.dims import Symbol
from srcad.ir.kinds import Array, Kind, Scalar, may_be_active
from srcad.ir.nodes import Const, Loc, Var
from srcad.primals import Primal, annotated_kinds, positions, require_callable
from srcad.transform.request import Request

if TYPE_CHECKING:
    from srcad.analysis.reasons import Reason
    from srcad.analysis.saved import Kept, LoopMemory
    from srcad.pipeline import Job

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class ArgumentPath:
    """How the result depends on an argument.

    Attributes:
        name: the argument.
        kind: its kind.
        depends: ``"yes"``; ``"partly"`` where a statement cuts some of the paths; ``"no"`` where the gradient is zero;
            ``"never"`` where there is none, because it holds no floats.
        reasons: what cuts the paths: each has `where` (file, line, columns; or None) and `why`.
    """

    name: str
    kind: str
    depends: Literal["yes", "partly", "no", "never"]
    reasons: tuple[Reason, ...] = ()

    def __str__(self) -> str:
        told = {
            "yes": "the result depends on it",
            "partly": "the result depends on it, but not on every path",
            "no": "its gradient is zero",
            "never": "it has no gradient",
        }[self.depends]
        lines = [": ".join([self.name, told, *(reason.why for reason in self.reasons if reason.where is None)])]
        for reason in self.reasons:
            if reason.where is not None:
                lines += [*excerpt(reason.where), f"    {reason.why}"]
        return "\n".join(lines)


@dataclass(frozen=True)
class SavedValues:
    """A list that a loop fills in the forward sweep, one item for each pass.

    Attributes:
        name: the list, as it is called in the source of the derivative.
        value: what of the function an item is.
        kind: its kind.
        bytes: the memory of an item as an expression over the lengths in `kind`; ``"?"`` where a length is not known.
        count: the number of bytes, where it is known.
        readers: the statements whose adjoints read it.
        sometimes: whether only some passes add an item.
    """

    name: str
    value: str
    kind: str
    bytes: str
    count: int | None
    readers: tuple[str, ...]
    sometimes: bool = False

    def __str__(self) -> str:
        known = self.count is not None and self.bytes != str(self.count)
        size = f"{self.bytes} = {self.count}" if known else self.bytes
        rarely = ", in some passes" if self.sometimes else ""
        lines = [f"  {self.name}: {self.value} ({self.kind}), {size} bytes per pass{rarely}"]
        return "\n".join([*lines, *(f"    for the adjoint of: {text}" for text in self.readers)])


@dataclass(frozen=True)
class LoopPath:
    """What a loop keeps for the reverse sweep.

    Attributes:
        where: the loop: file, line, columns, function.
        saved: what it keeps.
        recomputed: what the reverse sweep computes again instead.
    """

    where: Loc
    saved: tuple[SavedValues, ...]
    recomputed: tuple[str, ...] = ()

    @property
    def count(self) -> int | None:
        """The bytes of one pass in which everything is kept, where they are known."""
        counts = [saved.count for saved in self.saved]
        return None if None in counts else sum(count for count in counts if count is not None)

    def __str__(self) -> str:
        head = f"loop in line {self.where.line} of {self.where.function}: {self.where.text}"
        lines = [head, *map(str, self.saved)] if self.saved else [head, "  keeps nothing"]
        return "\n".join([*lines, *(f"  computed again: {text}" for text in self.recomputed)])


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; printed, it is a text.

    Attributes:
        name: the function.
        signature: its arguments with their kinds.
        arguments: those that were asked for, in order.
        loops: the loops of the function and of those that it calls, in the order of the text.
        source: the gradient that this is about.
        boxed: whether numbers of Python's are kept.
    """

    name: str
    signature: str
    arguments: tuple[ArgumentPath, ...]
    loops: tuple[LoopPath, ...]
    source: str
    boxed: bool = False

    def __getitem__(self, name: str) -> ArgumentPath:
        return {argument.name: argument for argument in self.arguments}[name]

    def __str__(self) -> str:
        parts = [f"{self.name}({self.signature})", *map(str, self.arguments), *map(str, self.loops)]
        if self.boxed:
            parts.append("A number of Python's counts as 8 bytes; its item in the list is a pointer of 8 bytes more.")
        return "\n".join(parts)

    def __repr__(self) -> str:
        return str(self)


def explain(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] | None = None,
    *,
    argnames: str | tuple[str, ...] | None = None,
    args: Sequence[Any] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Explanation:
    """Why the gradient of a function is zero where it is, and what its loops keep in memory.

    Args:
        f: the function, or a derivative of it.
        argnums: position of the argument to differentiate with respect to, or a tuple; all that can be where None.
        argnames: the same by name, instead of `argnums`.
        args: arguments: the explanation is for their kinds, and has numbers for their lengths.
        kinds: kinds of arguments by name, instead of `args`; others are as annotated, else float scalars or arrays.

    Raises:
        ArgumentError: options that make no sense.
        SrcadError: the function cannot be differentiated; the error is that of `grad`.

    >>> import srcad
    >>> def f(x: float, y: float):
    ...     return x * int(y)
    >>> print(srcad.explain(f)["y"].reasons[0].why)
    it gives an integer, which is constant between its jumps
    """
    if isinstance(f, Derivative):
        if argnums is None and argnames is None:
            argnums = f.request.wrt
        f = f.primal
    primal = Primal.of(require_callable(f, "explain"))
    if isinstance(primal.function, Derivative):
        raise ArgumentError(
            f"explain is given a derivative of {primal.name}, which is a derivative itself",
            remedy="explain the function that it is made of",
        )
    given, lengths = _given(primal, args, kinds)
    asked = _asked(primal, argnums, argnames)
    wrt = tuple(k for k in asked if may_be_active(given[k]))
    job = _compiled(primal, given, wrt)
    assert job.normal is not None and job.generated is not None
    arguments = tuple(_argument(job, k) for k in asked)
    loops, boxed = _loops(job, lengths)
    pairs = zip(primal.parameters, given, strict=True)
    signature = ", ".join(f"{parameter.name}: {kind}" for parameter, kind in pairs)
    return Explanation(primal.name, signature, arguments, loops, job.generated.source, boxed)


def _given(
    primal: Primal, args: Sequence[Any] | None, kinds: Mapping[str, Kind] | None
) -> tuple[tuple[Kind, ...], dict[Symbol, int]]:
    """The kinds of the arguments, and the lengths that are known."""
    if args is not None and kinds is not None:
        raise ArgumentError("both args and kinds are given", remedy="give one of them")
    if args is not None:
        from srcad.analysis.values import kinds_of

        if not isinstance(args, (tuple, list)):
            raise ArgumentError(
                f"args is of type {type(args).__name__}, not a tuple",
                remedy="give the arguments in a tuple: srcad.explain(f, args=(x,))",
            )
        values = primal.bind("explain", args, {})
        found = kinds_of(values)
        lengths: dict[Symbol, int] = {}
        for kind, value in zip(found, values, strict=True):
            _measure(kind, value, lengths)
        return found, lengths
    names = [parameter.name for parameter in primal.parameters]
    for name in kinds or ():
        if name not in names:
            raise ArgumentError(
                f"{primal.name} has no argument {name!r}", remedy=f"its arguments are {', '.join(names) or 'none'}"
            )
    annotated = annotated_kinds(primal.parameters)
    return tuple((kinds or {}).get(name) or kind for name, kind in zip(names, annotated, strict=True)), {}


def _measure(kind: Kind, value: Any, lengths: dict[Symbol, int]) -> None:
    """Enter the values of the symbols in the kind of an argument."""
    match kind:
        case Array(dims=tuple(dims)):
            pairs = list(zip(dims, value.shape, strict=True))
        case Scalar(value=dim) if dim is not None:
            pairs = [(dim, int(value))]
        case _:
            pairs = []
    for dim, number in pairs:
        if dim is not None and len(dim.terms) == 1 and dim.terms[0][1] == 1:
            lengths[dim.terms[0][0]] = number - dim.const


def _asked(primal: Primal, argnums: Any, argnames: str | tuple[str, ...] | None) -> tuple[int, ...]:
    """The positions of the arguments that are asked for."""
    if argnums is None and argnames is None:
        return tuple(k for k, p in enumerate(primal.parameters) if p.name in primal.signature.parameters)
    found, _ = positions(primal, 0 if argnums is None else argnums, argnames)
    return tuple(dict.fromkeys(position for position, _ in found))


def _compiled(primal: Primal, kinds: tuple[Kind, ...], wrt: tuple[int, ...]) -> Job:
    from srcad.callees import Callees
    from srcad.pipeline import Job, run

    request = Request(wrt, single=len(wrt) == 1, name=f"{primal.stem}_grad")
    return run(Job(primal.function, kinds, request, "reverse", Callees(primal.function)))


def _argument(job: Job, position: int) -> ArgumentPath:
    from srcad.analysis.reasons import Reason, reasons
    from srcad.pipeline import paths_of

    assert job.normal is not None
    var, kind = job.normal.body.params[position], job.kinds[position]
    if not may_be_active(kind):
        return ArgumentPath(var.name, str(kind), "never", (Reason(None, f"{kind} holds no floats"),))
    paths = paths_of(job)
    found = tuple(reasons(job.normal, var, paths))
    depends: Any = "no" if var not in paths.useful(job.normal) else "partly" if found else "yes"
    return ArgumentPath(var.name, str(kind), depends, found)


def _loops(job: Job, lengths: Mapping[Symbol, int]) -> tuple[tuple[LoopPath, ...], bool]:
    from srcad.analysis.saved import loop_memory, size_of

    program = job.program
    names = _names(job)
    loops: list[LoopPath] = []
    boxed = False
    for loop in loop_memory([program.entry, *(function for _, function in program.callees)]):
        saved = []
        for kept in loop.kept:
            size = size_of(kept.kind, lengths)
            boxed |= size.boxed
            readers = tuple(dict.fromkeys(loc.text for loc in kept.readers))
            name = names.get(kept.list, kept.list.name)
            value = _value(kept, loop)
            saved.append(SavedValues(name, value, str(kept.kind), size.text, size.count, readers, kept.sometimes))
        again = tuple(dict.fromkeys(map(_expression, loop.again)))
        loops.append(LoopPath(loop.where, tuple(saved), again))
    return tuple(loops), boxed


def _names(job: Job) -> dict[Var, str]:
    """What the lists are called in the text."""
    from srcad.analysis.saved import BUNDLE, SAVED, appends

    assert job.generated is not None
    lines = job.generated.source.splitlines()
    functions = [job.program.entry, *(function for _, function in job.program.callees)]
    found: dict[Var, str] = {}
    for function, emitted in zip(functions, job.generated.functions, strict=True):
        kept = [line for line, loc in sorted(emitted.locs.items()) if loc.saving and not loc.adjoint]
        texts = [
            m.group(1)
            for m in (re.match(rf"\s*(\w+{SAVED}|{BUNDLE}\d*)\.append\(", lines[line - 1]) for line in kept)
            if m
        ]
        calls = appends(function)
        if len(calls) == len(texts):
            found.update({call.args[0]: text for call, text in zip(calls, texts, strict=True)})  # type: ignore[misc]
    return found


def _value(kept: Kept, loop: LoopMemory) -> str:
    """What an item of a list is, in words of the function."""
    if isinstance(kept.value, Const):
        return repr(kept.value.value)
    from srcad.analysis.saved import BUNDLE, SAVED

    text = kept.list.name.removesuffix(SAVED)
    if text == "passes":
        return "the number of passes of a loop"
    if text == "all" or kept.list.name == kept.value.name == BUNDLE:
        return f"what {_expression(kept.where)} keeps"
    return kept.value.name or _expression(kept.where)


def _expression(where: Loc) -> str:
    """The text at a place."""
    line = linecache.getline(where.file, where.line).rstrip("\n")
    return line[where.col : where.end_col].strip() or where.text

"""The compiler on one page: the stages from a Python function to the text of its derivative, in order.

Each stage takes a `Job` and returns one that knows more. `run` runs them all, or up to one; `STAGES` is what the
command line (``--stage``), timings and errors name. Nothing here knows how a stage works.

    function --lower--> SSA --inline--> SSA --infer--> typed SSA --normalise--> fewer forms
             --reverse | forward--> both sweeps --restore, save--> proper SSA --clean--> no dead code --emit--> text
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from srcad.analysis.carried import carry
from srcad.analysis.infer import Typed
from srcad.analysis.keys import other_array_in
from srcad.analysis.memory import Memory, find_memory
from srcad.analysis.other_arrays import require_no_changes
from srcad.analysis.paths import Paths
from srcad.analysis.sharing import Sharing
from srcad.callees import Callees
from srcad.codegen.dialects.base import NUMPY, PROTOCOLS, Dialect
from srcad.codegen.emit import Generated, emit
from srcad.codegen.load import load
from srcad.errors import InternalError, SrcadError
from srcad.frontend.lifted import Executable
from srcad.frontend.lower import lower
from srcad.frontend.resolve import Hook
from srcad.ir.kinds import Kind
from srcad.ir.nodes import Function, Program
from srcad.ir.verify import verify
from srcad.passes import is_on
from srcad.rules.registry import rule_for
from srcad.transform.cleanup import clean
from srcad.transform.common import share_common
from srcad.transform.companions import with_companions
from srcad.transform.constant import is_constant
from srcad.transform.contract import refuse_cuts
from srcad.transform.decide import take_known_branches
from srcad.transform.forward import pushforward
from srcad.transform.inline import inline_calls
from srcad.transform.lengths import ask_cheaply
from srcad.transform.logistic import from_results
from srcad.transform.normalise import normalise
from srcad.transform.optimise import polish
from srcad.transform.request import Request
from srcad.transform.restore import restore
from srcad.transform.results import keep_results
from srcad.transform.reuse import reuse_memory
from srcad.transform.reverse.cotangents import Companions
from srcad.transform.reverse.gradient import gradient
from srcad.transform.save import save
from srcad.transform.sharing import share_memory, shared_names
from srcad.transform.spread import spread_indices
from srcad.transform.updates import changed_parameters, guard_updates
from srcad.transform.watch import watched
from srcad.transform.zeros import settle_zeros

Mode = Literal["reverse", "forward"]


def _has_rule(function: object) -> bool:
    return rule_for(function) is not None


Hook.has_rule = _has_rule


@dataclass(frozen=True)
class Job:
    """A derivative being compiled.

    Attributes:
        primal: the Python function.
        kinds: the kinds of its arguments.
        request: what to differentiate.
        mode: reverse or forward.
        callees: the functions that it calls, and the kinds of the data that it reads.
        function: the function as the last stage left it.
        typed: its kinds and facts, once inferred.
        normal: the function as it is normalised, before anything of a derivative is in it.
        memory: its memory facts, once normalised.
        companions: the shadows that it makes itself, in reverse mode.
        changed: the positions of the parameters that it changes in place.
        sharing: which arguments share memory that the function changes.
        comments: whether the text has the user's statements as comments.
        dialect: the language of the text.
        generated: the text, in the end.
        written: the program that it was written from.
    """

    primal: Any
    kinds: tuple[Kind, ...]
    request: Request
    mode: Mode
    callees: Callees
    function: Function | None = None
    typed: Typed | None = None
    normal: Function | None = None
    memory: Memory | None = None
    companions: Companions | None = None
    changed: tuple[int, ...] = ()
    sharing: Sharing = ()
    comments: bool = True
    dialect: Dialect = NUMPY
    generated: Generated | None = None
    written: Program | None = None

    @property
    def body(self) -> Function:
        """The function, which every stage after the first has."""
        assert self.function is not None
        return self.function

    @cached_property
    def program(self) -> Program:
        """The function and those that it calls."""
        if self.written is not None:
            return self.written
        entry, callees = self.body, self.callees.generated()
        if self.request.check_finite:
            entry = watched(entry, entry=True)
            callees = tuple((key, watched(function)) for key, function in callees)
        return Program(spread_indices(entry), tuple((key, spread_indices(function)) for key, function in callees))


def _lower(job: Job) -> Job:
    """Source text to SSA: `srcad.frontend.lower`. Every operation is a call, control flow is regions; no kinds yet."""
    return replace(job, function=share_memory(lower(job.primal), job.sharing))


def _inline(job: Job) -> Job:
    """The bodies of short callees in place of their calls, so that kinds are exact there."""
    return replace(job, function=inline_calls(job.body))


def _infer(job: Job) -> Job:
    """A kind for every variable, from the kinds of the arguments, and what is known of lengths."""
    typed = job.callees.infer_resolved(job.body, job.kinds)
    return replace(job, typed=typed, function=typed.function)


def _normalise(job: Job) -> Job:
    """Fewer forms, now that kinds say what an operation means; and which memory is shared and changed."""
    function = normalise(take_known_branches(job.body), exact=job.mode == "forward")
    memory = find_memory(function, job.callees.effect_of)
    changed = changed_parameters(function, memory)
    if job.mode == "reverse":
        carry(memory)
        memory.check()  # tangents share memory as their values do: forward mode follows any aliasing
    job.callees.check(function, memory, forward=job.mode == "forward")
    job = replace(job, normal=function)
    if job.request.strict:
        refuse_cuts(paths_of(job).cuts(function, [function.body.params[k] for k in job.request.wrt]))
    function = guard_updates(function, memory, private=True)
    companions = Companions()
    if job.mode == "reverse":
        assert job.typed is not None
        function, companions = with_companions(function, memory, (job.typed.facts, job.typed.facts_of))
    return replace(job, function=function, memory=memory, companions=companions, changed=changed)


def paths_of(job: Job) -> Paths:
    """What is asked about the paths of a derivative through a function, and through those that it calls."""
    return Paths(job.callees.opened, job.callees.effect_of, is_constant)


def _differentiate(job: Job) -> Job:
    """Reverse mode: forward sweep and reverse sweep in one body. Forward mode: a tangent beside every statement."""
    assert job.typed is not None and job.memory is not None
    typed, memory = job.typed, job.memory
    if job.mode == "reverse":
        lengths = (typed.facts, typed.facts_of)
        function = gradient(job.body, job.request, memory, *lengths, job.callees.pair_of, job.companions)
    else:
        function = pushforward(job.body, job.request, memory, typed.facts, typed.facts_of, job.callees.jvp_of)
    return replace(job, function=function)


def _share(job: Job) -> Job:
    """What was computed is not computed again, in the reverse sweep or for tangents."""
    if not is_on("common"):
        return job
    return replace(job, function=share_common(job.body, sweeps=2 if job.mode == "reverse" else 1))


def _restore(job: Job) -> Job:
    """Which stores the reverse sweep undoes: only those whose old values something still reads."""
    assert job.memory is not None and job.typed is not None
    function = _cleaned(job)
    if job.mode == "reverse":
        if is_on("logistic"):
            function = from_results(function, job.memory.is_mutated)
        if is_on("lengths"):
            function = ask_cheaply(function, job.typed.facts, drop_primal=not job.request.value)
        function = _cleaned(replace(job, function=function))
    return replace(job, function=restore(function, job.memory))


def _save(job: Job) -> Job:
    """What the reverse sweep names of the passes of a forward loop: kept in lists, or computed again."""
    assert job.memory is not None
    return replace(job, function=save(_cleaned(job), job.memory))


def _cleaned(job: Job, *, last: bool = False) -> Function:
    """The function without dead code: what nobody reads need be neither restored nor saved."""
    drop = not job.request.value and is_on("dead")
    keep = job.mode == "forward"
    return clean(job.body, drop_primal=drop, keep_stores=keep, drop_regions=last, memory=job.memory)


def _clean(job: Job) -> Job:
    """No dead code, no copies that protect nothing; verified."""
    function = _cleaned(job, last=True)
    own = (("zeros", settle_zeros), ("results", keep_results)) if job.mode == "reverse" else ()
    function = polish(function, lambda f: _cleaned(replace(job, function=f), last=True), own)
    if is_on("reuse") and job.mode == "reverse" and job.typed is not None:
        function = reuse_memory(function, job.typed.facts)
    verify(function, stage="simplified")
    return replace(job, function=function)


def _emit(job: Job) -> Job:
    """The text of the function and of those that it calls: `srcad.codegen.emit`."""
    names = [p.name for p in job.body.body.params]
    shown = (f"{name}: {kind}" for name, kind in zip(names, job.kinds, strict=False))
    header = f"# kinds: {', '.join(shown)}" if job.kinds else ""
    if shared := shared_names(job.sharing, names):
        header += f"; memory as given: {', '.join(shared)}"
    program = job.program
    return replace(
        job, written=program, generated=emit(program, header=header, comments=job.comments, dialect=job.dialect)
    )


def _compiled(function: Function) -> Callable[..., Any]:
    """A function in SSA form as one that can be called: for local functions that call themselves."""
    program = Program(function)
    return load(emit(program, header="", comments=False), program)[function.name]


Executable.compile = staticmethod(_compiled)


def for_arrays(job: Job, keys: Sequence[Hashable]) -> Job:
    """A finished job; where a description is of an array of another library, with text that is right for it.

    Raises:
        UnsupportedSyntax: the derivative needs arrays that change in place as NumPy's do.
    """
    found = next((cls for key in keys if (cls := other_array_in(key)) is not None), None)
    if found is None:
        return job
    require_no_changes(job.program, found)
    return _emit(replace(job, dialect=PROTOCOLS))


#: Name and work of each stage, in order.
STAGES: tuple[tuple[str, Callable[[Job], Job]], ...] = (
    ("lower", _lower),
    ("inline", _inline),
    ("infer", _infer),
    ("normalise", _normalise),
    ("differentiate", _differentiate),
    ("share", _share),
    ("restore", _restore),
    ("save", _save),
    ("clean", _clean),
    ("emit", _emit),
)

#: The names under which the command line shows the function, and the stage after which it is shown.
SHOWN: dict[str, str] = {
    "ssa": "lower",
    "typed": "normalise",
    "adjoint": "differentiate",
    "simplified": "clean",
    "source": "emit",
}


def run(job: Job, *, until: str = "emit") -> Job:
    """Run the stages up to and including `until`.

    Raises:
        SrcadError: what the function does is not supported; the error names the place.
        InternalError: a bug of srcad's; the error names the stage.
    """
    for name, stage in STAGES:
        try:
            job = stage(job)
        except SrcadError:
            raise
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise InternalError(
                f"srcad failed in the stage {name!r}: {type(error).__name__}: {error}",
                where=job.function.loc if job.function is not None else None,
                why="this is a bug in srcad",
                remedy="please report it together with the function",
            ) from error
        if name == until:
            return job
    raise InternalError(f"there is no stage {until!r}")

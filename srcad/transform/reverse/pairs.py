"""The gradient in split form: a function for the value, which keeps what is needed, and one for the cotangents.

    def f(x):               def f_forward(x):               def f_reverse(saved, y_bar):
        y = x * x     ->        y = x * x                       (x,) = saved
        return y                return y, (x,)                  return 2 * x * y_bar

Both come from the two sweeps of the joint form, cut where the reverse sweep begins: what it names from the forward
sweep is what is saved. The reverse function may be called any number of times: what it would use up or change, it
copies first. What it returns are cotangents, not gradients for users: they may be memory of its arguments.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import UNKNOWN, Array, Kind, Tuple
from srcad.ir.nodes import (
    UNDEFINED_ATOM,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Loc,
    Star,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.record import record
from srcad.ir.verify import verify
from srcad.ir.visit import blocks, definitions, free_vars, is_call_of, substitute, walk, with_blocks
from srcad.passes import is_on
from srcad.transform.builder import Builder
from srcad.transform.cleanup import clean
from srcad.transform.common import share_common
from srcad.transform.expand import materialise
from srcad.transform.optimise import polish
from srcad.transform.restore import restore
from srcad.transform.reverse.arms import packed
from srcad.transform.reverse.calls import Form, PairOf, bar_kind, cotangent, mirrored
from srcad.transform.reverse.cotangents import Companions, Scope, is_all_in_shadow
from srcad.transform.reverse.gradient import both_sweeps
from srcad.transform.save import save


@record(frozen=True)
class Names:
    """The names of the two functions of a pair."""

    forward: str
    reverse: str


@record(frozen=True)
class Shadows:
    """What a callee does to memory whose shadows are passed to it, and to its own.

    Args:
        companions: the shadows of its references, its parameters' among them.
        given: for the parameters that come with a shadow, the parameter that it is.
        sums: for the parameters whose cotangents are added to what the caller gives, the parameter of the reverse
            function that it is.
        form: the same by position, and what the result is.
    """

    companions: Companions
    given: Mapping[Var, Var]
    sums: Mapping[Var, Var]
    form: Form


def pair(
    function: Function,
    wrt: Sequence[int],
    names: Names,
    memory: Memory,
    lengths: tuple[Facts, Callable[[Block], Facts]],
    pair_of: PairOf,
    shadows: Shadows,
) -> tuple[Function, Function]:
    """The forward and the reverse function of a callee.

    Args:
        function: typed and normalised.
        wrt: the positions of the active parameters.
        names: how the two are called.
        memory: the memory facts of the function.
        lengths: the facts at its top level, and those of each block inside it.
        pair_of: gives the pairs of the functions that it calls itself.
        shadows: what it does to carried memory.
    """
    value = function.body.yields[0]
    result = value.name if isinstance(value, Var) and value.name else "value"
    seed = Var(f"{result}_bar", bar_kind(atom_kind(value))) if shadows.form.seeded else None
    joint, marks = _joint(function, wrt, seed, memory, lengths, pair_of, shadows)
    outputs = (*shadows.given, *shadows.given.values(), *shadows.sums.values())
    joint = share_common(joint) if is_on("common") else joint
    joint = clean(restore(joint, memory, shadows.given), drop_primal=False, memory=memory, outputs=outputs)

    def cleaned(f: Function) -> Function:
        return clean(f, drop_primal=False, memory=memory, outputs=outputs)

    joint = polish(cleaned(save(joint, memory)), cleaned)
    restored = frozenset(s.target for s in walk(joint.body) if isinstance(s, Call) and s.target in marks)
    forward, reverse = _cut(joint, seed, names, memory, restored, shadows)
    verify(forward, stage="split")
    verify(reverse, stage="split")
    return forward, reverse


def _joint(
    function: Function,
    wrt: Sequence[int],
    seed: Var | None,
    memory: Memory,
    lengths: tuple[Facts, Callable[[Block], Facts]],
    pair_of: PairOf,
    shadows: Shadows,
) -> tuple[Function, frozenset[Var]]:
    """Both sweeps in one function that returns ``(value, shadow of it, cotangents)``, and the marks of restoring."""
    inputs = [function.body.params[k] for k in wrt]
    value = function.body.yields[0]
    companions, outputs = shadows.companions, tuple(shadows.given)
    forward, scope = both_sweeps(
        function,
        inputs,
        value,
        lambda b: seed or Const(None),
        memory,
        lengths,
        pair_of,
        companions,
        outputs,
        shadows.sums,
    )
    last = Builder(Facts(), _place(function, adjoint=False))
    shared = materialise(last, companions[_variable(value)]) if shadows.form.shares else Const(None)
    b = scope.b
    b.loc = _place(function, adjoint=True)
    elsewhere = {*(v for v in shadows.given if is_all_in_shadow(v.kind)), *shadows.sums}
    bars = [_bar(scope, var) for var in inputs if var not in elsewhere]
    whole = bars[0] if len(bars) == 1 else b.append(ops.make_tuple, bars) if bars else Const(None)
    every = b.append(ops.make_tuple, (value, shared, whole))
    marks = frozenset(s.target for s in walk(b.block()) if isinstance(s, Call) and is_call_of(s, ops.restore, ops.undo))
    params = (*function.body.params, *shadows.given.values(), *([] if seed is None else [seed]), *shadows.sums.values())
    body = Block(params, (*forward.stmts, *last.stmts, *b.stmts), (every,))
    return replace(function, body=body), marks


def _bar(scope: Scope, var: Var) -> Atom:
    found = cotangent(scope, var)
    return mirrored(scope, var, (), var.kind, None) if found is None else found


def _place(function: Function, *, adjoint: bool) -> Loc:
    return replace(function.loc, adjoint=adjoint, saving=not adjoint, stmt=-1, text="")


# --- the cut -------------------------------------------------------------------------------------------------------


def _cut(
    joint: Function, seed: Var | None, names: Names, memory: Memory, restored: frozenset[Var], shadows: Shadows
) -> tuple[Function, Function]:
    stmts = joint.body.stmts
    at = next(k for k, s in enumerate(stmts) if s.loc.adjoint)
    *adjoint, last = stmts[at:]
    if not (isinstance(last, Call) and last.target == joint.body.yields[0] and is_call_of(last, ops.make_tuple)):
        raise InternalError("split: the joint function does not end with its results", where=joint.loc)
    value, shared, bars = (a for a in last.args if not isinstance(a, Star))
    reverse = Block((), tuple(adjoint), (bars,))
    sums = tuple(shadows.sums.values())
    given = tuple(p for p in joint.body.params if p != seed and p not in sums)
    own = frozenset() if shadows.given else restored  # what is the caller's is changed as it is
    first, needed = _rederived(reverse, (*sums, *([] if seed is None else [seed])), stmts[:at], memory, own)
    reverse = replace(reverse, stmts=(*first, *reverse.stmts))
    needed = tuple(v for v in definitions(Block(given, stmts[:at], ())) if v in needed)
    forward, reverse, needed = packed(stmts[:at], reverse, needed)
    forward = _settled(forward, needed)
    return (
        _forward_function(joint, names.forward, given, forward, (value, shared), needed),
        _reverse_function(joint, names.reverse, seed, needed, reverse, own, shadows),
    )


def _forward_function(
    joint: Function,
    name: str,
    params: tuple[Var, ...],
    stmts: Sequence[Stmt],
    result: tuple[Atom, Atom],
    needed: Sequence[Var],
) -> Function:
    loc = _place(joint, adjoint=False)
    saved = Call(Var("", Tuple(tuple(v.kind for v in needed))), Const(ops.make_tuple), tuple(needed), (), loc)
    value, shared = result
    every = (value, saved.target) if shared == Const(None) else (value, saved.target, shared)
    both = Call(Var("", Tuple(tuple(map(atom_kind, every)))), Const(ops.make_tuple), every, (), loc)
    made = replace(joint, name=name, body=Block(params, (*stmts, saved, both), (both.target,)))
    return clean(made, drop_primal=False)


def _reverse_function(
    joint: Function,
    name: str,
    seed: Var | None,
    needed: Sequence[Var],
    reverse: Block,
    restored: frozenset[Var],
    shadows: Shadows,
) -> Function:
    loc = _place(joint, adjoint=True)
    param = Var("saved", UNKNOWN)
    b = Builder(Facts(), loc)
    saved = [v for v in needed if v not in shadows.companions.values()]  # shadows are the caller's, too
    copies, everything = _changed(reverse, saved, restored)
    everything = everything or bool(shadows.companions and not shadows.given)
    source: Atom = b.append(runtime.apart, (param,), name="saved") if everything else param
    if needed:
        kind: Kind = Tuple(tuple(v.kind for v in needed))
        items = b.append(ops.unpack, (source, Const(len(needed))), kind=kind)
        for k, var in enumerate(needed):
            b.emit(Call(var, Const(operator.getitem), (items, Const(k)), (), loc))
    renamed: dict[Var, Atom] = {}
    for var in () if everything else copies:
        how, keywords = (np.ndarray.copy, (("order", Const("K")),)) if isinstance(var.kind, Array) else (list.copy, ())
        renamed[var] = b.append(how, (var,), keywords, name=var.name, kind=var.kind)
    body = substitute(reverse, renamed)
    params = (param, *(() if seed is None else (seed,)), *shadows.sums.values())
    block = Block(params, (*b.stmts, *body.stmts), body.yields)
    outputs = (*((param,) if shadows.given else ()), *shadows.sums.values())
    return clean(replace(joint, name=name, body=block), drop_primal=False, outputs=outputs)


def _rederived(
    reverse: Block, params: Sequence[Var], forward: Sequence[Stmt], memory: Memory, restored: frozenset[Var]
) -> tuple[list[Stmt], tuple[Var, ...]]:
    """What the reverse sweep names from the forward sweep, and the views among it that are to be taken again.

    A view of an array that the reverse sweep restores must stay a view of the copy that it works on.
    """
    calls = {s.target: s for s in forward if isinstance(s, Call)}
    roots = {r for s in walk(reverse) if isinstance(s, Call) and s.target in restored for r in memory.of(_first(s))}
    first: list[Stmt] = []
    while True:
        needed = tuple(v for v in free_vars(replace(reverse, stmts=(*first, *reverse.stmts))) if v not in params)
        views = [
            v for v in needed if v not in roots and any(r in roots for r in memory.of(v)) and _is_view(calls.get(v))
        ]
        if not views:
            return first, needed
        again = calls[views[0]]
        first.insert(0, replace(again, loc=replace(again.loc, adjoint=True)))


def _first(call: Call) -> Atom:
    base = call.args[0]
    assert isinstance(base, (Var, Const))
    return base


def _is_view(call: Call | None) -> bool:
    return call is not None and view_of(call) is not None


def _changed(reverse: Block, needed: Sequence[Var], restored: frozenset[Var]) -> tuple[list[Var], bool]:
    """The saved values that the reverse sweep uses up or changes: by name, or (True) somewhere inside what is saved."""
    calls = {s.target: s for s in walk(reverse) if isinstance(s, Call)}
    found: dict[Var, None] = {}
    for stmt in walk(reverse):
        if not isinstance(stmt, Call):
            continue
        if is_call_of(stmt, list.pop) and stmt.args[0] in needed:
            found[_variable(_first(stmt))] = None
        if stmt.target in restored:
            base = _first(stmt)
            while isinstance(base, Var) and base not in needed and _is_view(calls.get(base)):
                base = _first(calls[base])
            if base not in needed or not isinstance(atom_kind(base), Array):
                return [], True
            found[_variable(base)] = None
    return [v for v in needed if v in found], False


def _variable(atom: Atom) -> Var:
    assert isinstance(atom, Var)
    return atom


# --- values that are not bound on every path -----------------------------------------------------------------------


def _settled(stmts: Sequence[Stmt], needed: Sequence[Var]) -> tuple[Stmt, ...]:
    """The forward sweep with None for "not bound" where that is saved: returning it must not fail."""
    wanted = set(needed)
    block = Block((), tuple(stmts), ())
    before = -1
    while len(wanted) != before:
        before = len(wanted)
        for stmt in walk(block):
            if isinstance(stmt, Call):
                if stmt.target in wanted and stmt.loc.saving and is_call_of(stmt, ops.make_tuple):
                    wanted.update(a for a in stmt.args if isinstance(a, Var))
            else:
                for k, target in enumerate(stmt.targets):
                    if target in wanted:
                        wanted.update(a for a in _sources(stmt, k) if isinstance(a, Var))
    return tuple(_bound(stmt, wanted) for stmt in stmts)


def _sources(stmt: If | For | While | With, k: int) -> tuple[Atom, ...]:
    """Where the target number `k` of a region gets its value from."""
    match stmt:
        case If(then=then, orelse=orelse):
            return then.yields[k], orelse.yields[k]
        case With(body=body):
            return (body.yields[k],)
        case For(body=body, inits=inits):
            return inits[k], body.yields[k], body.params[k + 1]
        case While(body=body, inits=inits):
            return inits[k], body.yields[k], body.params[k]
        case _:
            raise InternalError(f"no case for the node {type(stmt).__name__}")


def _bound(stmt: Stmt, wanted: set[Var]) -> Stmt:
    if isinstance(stmt, Call):
        return stmt
    inner = tuple(replace(b, stmts=tuple(_bound(s, wanted) for s in b.stmts)) for b in blocks(stmt))
    if isinstance(stmt, (If, With)):
        inner = tuple(replace(b, yields=_filled(b.yields, stmt.targets, wanted)) for b in inner)
    new = with_blocks(stmt, inner)
    if isinstance(new, (For, While)):
        return replace(new, inits=_filled(new.inits, new.targets, wanted))
    return new


def _filled(atoms: tuple[Atom, ...], targets: Sequence[Var], wanted: set[Var]) -> tuple[Atom, ...]:
    return tuple(Const(None) if a == UNDEFINED_ATOM and t in wanted else a for a, t in zip(atoms, targets, strict=True))

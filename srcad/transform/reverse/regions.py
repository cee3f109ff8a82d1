"""The adjoint of branches, loops and ``with`` blocks.

A branch becomes a branch on the same condition, its statements reversed. A loop becomes a loop over its passes in
reverse order; cotangents of carried values are carried backwards, those of values from outside are carried too
(scalars) or accumulated in a buffer made before the loop (arrays).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import INT, Array, Dict, Iterator, Kind, List, Scalar, Unknown, may_be_active
from srcad.ir.lattice import without_local
from srcad.ir.nodes import Atom, Block, Call, Const, For, If, Var, While, With, new_loop_id
from srcad.ir.record import record
from srcad.ir.visit import substitute
from srcad.transform.builder import Builder
from srcad.transform.recompute import key_at, place_at
from srcad.transform.reverse.adjoints import reverse_call
from srcad.transform.reverse.buffers import cotangent_kind, full, zeros
from srcad.transform.reverse.calls import SplitCall, reverse_split
from srcad.transform.reverse.changes import Notes
from srcad.transform.reverse.cotangents import Scope, State
from srcad.transform.reverse.give import give, give_item, shadow
from srcad.transform.reverse.primitives import Active
from srcad.transform.reverse.slots import Path, Slot, bar, leaves, subkind
from srcad.transform.reverse.stores import is_store, reverse_store


@record(frozen=True)
class Context:
    """What the reverse sweep knows of the whole function."""

    memory: Memory
    active: Active
    passes: Mapping[int, Var]
    notes: Mapping[Var, Notes]
    facts_of: Callable[[Block], Facts]
    calls: Mapping[Var, SplitCall] = field(default_factory=dict)
    truths: Mapping[int, Var] = field(default_factory=dict)


def reverse_block(context: Context, block: Block, scope: Scope) -> None:
    """Write the adjoint of the statements of a block, last one first."""
    for stmt in reversed(block.stmts):
        scope.b.loc = replace(stmt.loc, adjoint=True)
        match stmt:
            case Call() if stmt.target in context.calls:
                reverse_split(scope, stmt, context.calls[stmt.target])
            case Call() if is_store(stmt) or stmt.target in context.notes:
                reverse_store(scope, stmt, context.active, context.notes)
            case Call():
                reverse_call(scope, stmt, context.active)
                scope.settle(stmt.target, is_active=stmt.target in context.active)
            case If():
                _reverse_if(context, stmt, scope)
            case For() | While():
                _reverse_loop(context, stmt, scope)
            case With():
                _reverse_with(context, stmt, scope)
            case _:
                raise InternalError(f"no case for the node {type(stmt).__name__}")


def own_vars(block: Block) -> frozenset[Var]:
    """The variables that a block defines, not counting those inside its regions."""
    own: list[Var] = list(block.params)
    for stmt in block.stmts:
        match stmt:
            case Call(target=target):
                own.append(target)
            case With(targets=targets, entered=entered):
                own += [*targets, *([entered] if entered else [])]
            case If(targets=targets) | For(targets=targets) | While(targets=targets):
                own += targets
    return frozenset(own)


# --- branches --------------------------------------------------------------------------------------------------------


def _reverse_if(context: Context, stmt: If, scope: Scope) -> None:
    taken = _take_targets(scope, stmt.targets)
    arms = [_reverse_arm(context, block, scope, taken) for block in (stmt.then, stmt.orelse)]
    changed = scope.close_branch(arms)
    if not changed and not any(arm.b.stmts for arm in arms):
        return
    targets, yields = _merge_arms(scope, arms, changed)
    then, orelse = (arm.b.block((), y) for arm, y in zip(arms, yields, strict=True))
    cond = context.truths.get(stmt.id, stmt.cond)
    scope.b.emit(If(tuple(targets), cond, then, orelse, scope.b.loc, "if", new_loop_id(), stmt.id))


def _take_targets(scope: Scope, targets: Sequence[Var]) -> list[tuple[int, Path, State]]:
    taken: list[tuple[int, Path, State]] = []
    for k, target in enumerate(targets):
        paths = [path for path, _ in leaves(target.kind)]
        for path in [*paths, *([] if () in paths else [()])]:
            state = scope.take((target, path))
            if state is not None:
                taken.append((k, path, state))
    return taken


def _reverse_arm(context: Context, block: Block, scope: Scope, taken: Sequence[tuple[int, Path, State]]) -> Scope:
    b = scope.b.child(context.facts_of(block))
    inner = Scope(b, own_vars(block), context.memory, scope)
    for k, path, state in taken:
        give(inner, block.yields[k], state.atom, path=path)
    reverse_block(context, block, inner)
    b.loc = scope.b.loc
    return inner


def _merge_arms(scope: Scope, arms: Sequence[Scope], changed: Sequence[Slot]) -> tuple[list[Var], list[list[Atom]]]:
    targets: list[Var] = []
    yields: list[list[Atom]] = [[] for _ in arms]
    for slot in changed:
        inherited = scope.current(slot)
        kind = scope.kind(slot)
        atoms: list[Atom] = []
        owned = True
        for arm in arms:
            state = arm.states.get(slot) or inherited
            if state is None and slot[0] in scope.memory.unbound:
                atoms.append(Const(0.0))  # perhaps there is no value on this way, of which it could be a zero
                continue
            atom = zeros(arm.b, arm.primal(slot), kind) if state is None else state.atom
            atoms.append(full(arm.b, atom, arm.primal(slot), kind))
            owned = owned and (state is None or (slot in arm.states and state.owned and atoms[-1] == atom))
        target = Var(bar(slot[0].name, slot[1]), cotangent_kind(kind))
        targets.append(target)
        for arm_yields, atom in zip(yields, atoms, strict=True):
            arm_yields.append(atom)
        scope.set(slot, State(target, owned=owned and not isinstance(kind, Scalar), full=True))
    return targets, yields


# --- with ------------------------------------------------------------------------------------------------------------


def _reverse_with(context: Context, stmt: With, scope: Scope) -> None:
    """The adjoint runs inside a new context of the same kind: ``np.errstate`` silences both sweeps."""
    taken = _take_targets(scope, stmt.targets)
    b = scope.b.child()
    inner = Scope(b, own_vars(stmt.body), context.memory, scope)
    for k, path, state in taken:
        give(inner, stmt.body.yields[k], state.atom, path=path)
    reverse_block(context, stmt.body, inner)
    b.loc = scope.b.loc
    changed = scope.close_branch([inner])
    if not changed and not b.stmts:
        return
    targets, yields = _merge_arms(scope, [inner], changed)
    made = scope.b.definition(stmt.context)
    if made is None:
        raise UnsupportedSyntax(
            "the context manager of this with statement is not made in the statement itself",
            where=stmt.loc,
            why="the reverse sweep enters a new context of the same kind",
            remedy="write the call in the with statement, as in: with np.errstate(divide='ignore'):",
        )
    manager = scope.b.append(made.fn, made.args, made.kwargs)
    scope.b.emit(With(tuple(targets), manager, None, b.block((), yields[0]), scope.b.loc))


# --- loops -----------------------------------------------------------------------------------------------------------


def _reverse_loop(context: Context, stmt: For | While, scope: Scope) -> None:
    carried = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
    slots = _carried_slots(context, scope, carried, stmt.targets)
    entering = [_entering(scope, stmt.targets[k], path) for k, path in slots]
    b = scope.b.child(context.facts_of(stmt.body))
    inner = Scope(b, own_vars(stmt.body), context.memory, scope, loop=True)
    element = Var(_element_name(stmt, scope.b), INT)
    incoming = [Var(_bar_of(carried[k], path), _kind_of(stmt.body.yields[k], carried[k], path)) for k, path in slots]
    for (k, path), var in zip(slots, incoming, strict=True):
        give(inner, stmt.body.yields[k], var, path=path)
    reverse_block(context, stmt.body, inner)
    b.loc = scope.b.loc
    outgoing = [_outgoing(inner, carried[k], path) for k, path in slots]
    if isinstance(stmt, For):
        _reverse_item(context, stmt, inner, element)
    outer = [s for s in inner.carried if inner.states[s].atom != inner.carried[s]]
    if not (slots or outer or b.stmts):
        return
    iterable = _backwards(context, stmt, scope.b)
    _emit_loop(stmt, scope, inner, (element, iterable), slots, entering, incoming, outgoing, outer)


def _emit_loop(
    stmt: For | While,
    scope: Scope,
    inner: Scope,
    order: tuple[Var, Atom],
    slots: Sequence[tuple[int, Path]],
    entering: Sequence[Atom],
    incoming: Sequence[Var],
    outgoing: Sequence[Atom],
    outer: Sequence[Slot],
) -> None:
    element, iterable = order
    inits = [*entering, *(_initial(scope, slot) for slot in outer)]
    params = [*incoming, *(inner.carried[s] for s in outer)]
    yields = [*outgoing, *(inner.states[s].atom for s in outer)]
    targets = [v.like() for v in params]
    for at, (k, path) in enumerate(slots):
        kind = _kind_of(stmt.inits[k], stmt.targets[k], path)
        targets[at] = params[at].like(kind=_settled(kind, scope.b.kind(outgoing[at])))
    for at in range(len(slots), len(targets)):
        targets[at] = params[at].like(kind=_settled(params[at].kind, scope.b.kind(yields[at])))
    unchanged = {inner.carried[s]: _initial(scope, s) for s in inner.carried if s not in outer}
    body = substitute(inner.b.block((element, *params), yields), unchanged)
    loop = For(tuple(targets), iterable, tuple(inits), body, False, scope.b.loc, new_loop_id(), stmt.id)
    scope.b.emit(loop)
    for slot, target in zip(outer, targets[len(slots) :], strict=True):
        scope.set(slot, State(target, owned=not isinstance(target.kind, Scalar), full=True))
    scope.b.loc = replace(scope.b.loc, stmt=-1, text="")  # no statement of the user's: the values entered the loop
    for (k, path), target in zip(slots, targets, strict=False):
        give(scope, stmt.inits[k], target, path=path)


def _initial(scope: Scope, slot: Slot) -> Atom:
    """The cotangent from outside with which a loop starts."""
    if not isinstance(scope.kind(slot), Scalar):
        return scope.buffer(slot)
    state = scope.current(slot)
    return Const(0.0) if state is None else state.atom


def _kind_of(atom: Atom, otherwise: Var, path: Path) -> Kind:
    """The kind of the cotangent of a carried value where it is `atom`: its lengths may differ from pass to pass."""
    var = atom if isinstance(atom, Var) else otherwise
    found = cotangent_kind(subkind(var.kind, path))
    return found if isinstance(atom, Var) else without_local(found)


def _settled(kind: Kind, last: Kind) -> Kind:
    """The kind of a cotangent that comes out of a loop: as it entered, or of the precision of the last pass."""
    differs = isinstance(kind, Scalar) and isinstance(last, Scalar) and kind.dtype != last.dtype
    return replace(kind, dtype=None) if differs and isinstance(kind, Scalar) else kind


def _bar_of(var: Var, path: Path) -> str:
    return bar(var.name, path)


def _carried_slots(
    context: Context, scope: Scope, carried: Sequence[Var], targets: Sequence[Var]
) -> list[tuple[int, Path]]:
    return [
        (k, path)
        for k, (param, target) in enumerate(zip(carried, targets, strict=True))
        if param in context.active or target in context.active
        for path, kind in leaves(param.kind)
        if may_be_active(kind) and not scope.is_carried((param, path))
    ]


def _entering(scope: Scope, target: Var, path: Path) -> Atom:
    """The cotangent with which a carried value comes out of the loop, as the first value of the reverse loop."""
    slot = (target, path)
    kind = subkind(target.kind, path)
    state = scope.take(slot)
    if state is None:
        return _nothing(scope, slot)
    return full(scope.b, state.atom, scope.primal(slot), kind)


def _nothing(scope: Scope, slot: Slot) -> Atom:
    """The cotangent zero of a carried value; a number where there may be no value of which it could be a zero."""
    if slot[0] in scope.memory.unbound:
        return Const(0.0)
    return zeros(scope.b, scope.primal(slot), scope.kind(slot))


def _outgoing(inner: Scope, param: Var, path: Path) -> Atom:
    slot = (param, path)
    state = inner.take(slot)
    kind = subkind(param.kind, path)
    if state is None:
        return _nothing(inner, slot)
    return full(inner.b, state.atom, inner.primal(slot), kind)


def _reverse_item(context: Context, stmt: For, inner: Scope, element: Var) -> None:
    """Give the cotangent of the item of a pass to the sequence it came from."""
    item = stmt.body.params[0]
    if item in context.active:
        for path, kind in leaves(item.kind):
            state = inner.take((item, path)) if may_be_active(kind) else None
            if state is not None:
                _give_to_source(inner, inner.b.definition(stmt.iter), stmt.iter, element, path, state)


def _give_to_source(inner: Scope, made: Call | None, source: Atom, index: Atom, path: Path, state: State) -> None:
    fn = made.fn.value if made is not None and isinstance(made.fn, Const) else None
    if made is not None and fn in (zip, enumerate, np.ndenumerate, dict.items) and path == ():
        # The item as a whole, of which only now the parts are known.
        for k in range(len(made.args) if fn is zip else 2):
            part_state = State(inner.b.call(operator.getitem, state.atom, Const(k)))
            _give_to_source(inner, made, source, index, (k,), part_state)
    elif made is not None and fn is zip:
        part = made.args[path[0]]  # type: ignore[call-overload]
        assert isinstance(part, (Var, Const))
        _give_to_source(inner, inner.b.definition(part), part, index, path[1:], state)
    elif made is not None and fn in (enumerate, np.ndenumerate, dict.items) and path[:1] == (0,):
        return  # positions and keys carry no derivative
    elif made is not None and fn in (enumerate, iter):
        part = made.args[0]
        assert isinstance(part, (Var, Const))
        inside = path[1:] if fn is enumerate else path
        _give_to_source(inner, inner.b.definition(part), part, index, inside, state)
    elif made is not None and fn is reversed:
        part = made.args[0]
        assert isinstance(part, (Var, Const))
        mirrored = inner.b.call(operator.sub, Const(-1), index)
        _give_to_source(inner, inner.b.definition(part), part, mirrored, path, state)
    elif made is not None and fn is np.ndenumerate:
        base = made.args[0]
        assert isinstance(base, Var)
        give_item(inner, base, place_at(inner.b, base, index), path[1:], state)
    elif made is not None and fn in (dict.values, dict.items):
        base = made.args[0]
        assert isinstance(base, Var)
        key = key_at(inner.b, base, index)
        give_item(inner, base, key, path[1:] if fn is dict.items else path, state)
    elif isinstance(inner.b.kind(source), Unknown) and isinstance(source, Var) and not path:
        target = inner.buffer((source, ())) if inner.memory.root(source) is None else shadow(inner, source)
        inner.b.append(runtime.add_to_item, (target, index, state.atom))
    elif not isinstance(inner.b.kind(source), Dict):  # the keys of a dict carry no derivative
        give_item(inner, source, index, path, state)


def _backwards(context: Context, stmt: For | While, b: Builder) -> Atom:
    """The iterable of the reverse loop: the numbers of a range loop's passes backwards, else positions backwards."""
    counted = context.passes.get(stmt.id)
    if isinstance(stmt, While):
        assert counted is not None
        return b.append(reversed, (_range(b, counted),), kind=Iterator(INT, form="range"))
    made, turned = _range_of(stmt, b)
    if made is None:
        numbers = _range(b, _length(b, stmt.iter) if counted is None else counted)
        return b.append(reversed, (numbers,), kind=numbers.kind)
    again = b.append(range, made.args, kind=made.target.kind)
    if turned and counted is None:
        return again
    if turned:
        back = b.append(slice, (Const(None), Const(None), Const(-1)))
        again = b.append(operator.getitem, (again, back), kind=again.kind)
    if counted is not None:
        stop = b.append(slice, (Const(None), counted, Const(None)))
        again = b.append(operator.getitem, (again, stop), kind=again.kind)
    return b.append(reversed, (again,), kind=again.kind)


def _range_of(stmt: For, b: Builder) -> tuple[Call | None, bool]:
    """The range whose numbers are the items of a loop, and whether these come in reverse: ``reversed(range(n))``."""
    turned = b.definition(stmt.iter, reversed)
    if turned is None or not isinstance(turned.args[0], Var):
        return b.definition(stmt.iter, range), False
    return b.definition(turned.args[0], range), True


def _element_name(stmt: For | While, b: Builder) -> str:
    """What the reverse loop runs over is called as in the user's loop, if those are the same numbers."""
    if isinstance(stmt, While) or _range_of(stmt, b)[0] is None:
        return "i"
    return stmt.body.params[0].name if stmt.body.params[0].name.strip("_") else "i"


def _range(b: Builder, count: Atom) -> Var:
    return b.append(range, (count,), kind=Iterator(INT, form="range"))


def _length(b: Builder, source: Atom) -> Atom:
    """The number of passes of a loop over `source`."""
    made = b.definition(source)
    fn = made.fn.value if made is not None and isinstance(made.fn, Const) else None
    if made is not None and fn is zip:
        lengths = [_length(b, a) for a in made.args if isinstance(a, (Var, Const))]
        dims = [_dim(b, a) for a in made.args if isinstance(a, (Var, Const))]
        if len(lengths) == 1 or all(b.facts.equal(d, dims[0]) for d in dims):
            return lengths[0]
        return b.append(min, lengths, kind=INT)
    if made is not None and fn is np.ndenumerate:
        return b.append(getattr, (made.args[0], Const("size")), kind=INT)
    if made is not None and fn in (enumerate, reversed, dict.keys, dict.values, dict.items):
        inner = made.args[0]
        assert isinstance(inner, (Var, Const))
        return _length(b, inner)
    if made is not None and fn is range and len(made.args) == 1 and isinstance(made.args[0], (Var, Const)):
        return made.args[0]
    return b.append(len, (source,), kind=INT)


def _dim(b: Builder, atom: Atom) -> Dim | None:
    kind = b.kind(atom)
    match kind:
        case Array(dims=(first, *_)):
            return first
        case List(length=length) | Iterator(length=length):
            return length
        case _:
            return None

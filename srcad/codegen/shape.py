"""Facts about a function's control flow that folding and writing need: uses, unbound values, returns, steady values."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from srcad.codegen.decisions import Folding
from srcad.codegen.tables import is_temporary
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Const, For, Function, If, Var, While, With
from srcad.ir.visit import count_uses

#: What lowering calls the result of a function that returns in several places.
_RESULT = "value"

#: What lowering calls the result of a function that returns in several places.
RESULT = "value"


def survey(function: Function) -> Folding:
    """The decisions about a function before anything is folded: only the facts."""
    result = Folding(uses={var.uid: count for var, count in count_uses(function.body).items()})
    while _find_unbound(function.body, result.unbound):
        pass
    _find_tails(function.body, result, getattr(getattr(function.source, "__code__", None), "co_varnames", ()))
    return result


def _find_tails(block: Block, result: Folding, users: Collection[str]) -> None:
    """Find the branches at the end of a function that only choose the result: they print as ``return`` in each arm."""
    if not block.stmts or not block.yields:
        return
    last, atom = block.stmts[-1], block.yields[-1]
    if not isinstance(last, If) or last.style != "if" or not isinstance(atom, Var):
        return
    if not is_temporary(atom.name) and (atom.name != RESULT or RESULT in users):
        return
    if atom not in last.targets or any(result.uses.get(t.uid, 0) != (t == atom) for t in last.targets):
        return
    result.tails.add(atom.uid)
    place = last.targets.index(atom)
    for arm in (last.then, last.orelse):
        _find_tails(Block((), arm.stmts, (arm.yields[place],)), result, users)


def _find_unbound(block: Block, unbound: set[int]) -> bool:
    """Add the variables that may be copies of no value; whether any is new."""
    before = len(unbound)
    for stmt in block.stmts:
        pairs: list[tuple[Var, Atom]] = []
        match stmt:
            case If(targets=targets, then=then, orelse=orelse):
                inner = [then, orelse]
                pairs = [*zip(targets, then.yields, strict=True), *zip(targets, orelse.yields, strict=True)]
            case For(targets=targets, inits=inits, body=body):
                inner = [body]
                pairs = _carried(body.params[1:], targets, inits, body)
            case While(targets=targets, inits=inits, cond=cond, body=body):
                inner = [body, cond]
                pairs = _carried(body.params, targets, inits, body)
            case With(targets=targets, body=body):
                inner = [body]
                pairs = list(zip(targets, body.yields, strict=True))
            case _:
                continue
        for target, source in pairs:
            if source == UNDEFINED_ATOM or (isinstance(source, Var) and source.uid in unbound):
                unbound.add(target.uid)
        for part in inner:
            _find_unbound(part, unbound)
    return len(unbound) > before


def _carried(
    params: Sequence[Var], targets: Sequence[Var], inits: Sequence[Atom], body: Block
) -> list[tuple[Var, Atom]]:
    """The copies of a loop, target first."""
    pairs: list[tuple[Var, Atom]] = []
    for param, target, first, last in zip(params, targets, inits, body.yields, strict=False):
        pairs += [(param, first), (param, last), (target, first), (target, last)]
    return pairs


def continuing(block: Block, value: Atom, stop: Atom) -> list[Atom]:
    """What `value` may be at the end of a block on the paths where `stop` is not known to be true."""
    if isinstance(stop, Const) and stop.value:
        return []
    last = block.stmts[-1] if block.stmts else None
    if not isinstance(last, If) or value not in last.targets or stop not in last.targets:
        return [value]
    found: list[Atom] = []
    for arm in (last.then, last.orelse):
        ends = dict(zip(last.targets, arm.yields, strict=True))
        found += [v for v in continuing(arm, ends[value], ends[stop]) if v not in found]  # type: ignore[index]
    return found

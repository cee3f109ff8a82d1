"""The adjoint of calls of other functions of the program, in split form.

    y = f(a, b)     ->      y, saved = f_forward(a, b)          (forward sweep)
                            a_bar, b_bar = f_reverse(saved, y_bar)      (reverse sweep)

`srcad.transform.reverse.pairs` makes the two functions; here is what stands in the caller. What the callee keeps must
not change until its reverse function has run: arguments that the caller changes in place are passed as copies. Those
that the callee changes, or whose memory it returns, are passed with their shadows; the reverse function then puts back
what was there and adds to the shadows.

    h(w, q)     ->      _, saved = h_forward(w, q, w_bar)       (forward sweep)
                        q_bar = h_reverse(saved)                (reverse sweep; changes w and w_bar)

>>> import srcad
>>> def power(x, n):
...     return 1.0 if n == 0 else x * power(x, n - 1)
>>> def f(x: float):
...     return 2.0 * power(x, 3)
>>> print(srcad.dump(f, stage="simplified"))
function f_grad(x: float):
    # return 2.0 * power(x, 3)
    _1: (float, ?) = power_forward(x, 3)
    _2: (float, ?) = unpack(_1, 2)
    _2[0]
    saved: ? = _2[1]
    # adjoint of: return 2.0 * power(x, 3)
    x_bar: np.f8 = power_reverse(saved, 2.0)
    return x_bar
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import (
    NONE,
    UNKNOWN,
    Array,
    Dict,
    Kind,
    List,
    Numeric,
    Scalar,
    Tuple,
    Unknown,
    is_mutable,
    may_be_active,
)
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, Loc, Stmt, Var, While
from srcad.ir.record import record
from srcad.ir.visit import blocks, with_blocks
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, materialise
from srcad.transform.reverse.buffers import cotangent_kind, full, zeros
from srcad.transform.reverse.cotangents import Companions, Scope, is_all_in_shadow
from srcad.transform.reverse.give import give_values, shadow, whole
from srcad.transform.reverse.primitives import Active
from srcad.transform.reverse.slots import Path, parts
from srcad.transform.updates import only_numbers


@record(frozen=True)
class Form:
    """What the functions of a pair take and return, beside values and cotangents.

    Args:
        shadowed: the positions of the arguments whose shadows the forward function takes, behind the arguments.
        summed: the positions of the arguments to whose cotangents, given behind the others, the reverse function adds:
            reading an item of an array then costs no more than the item.
        shares: whether the result comes with its shadow.
        together: groups of positions of arguments that may be names for the same memory, some of which is changed.
        seeded: whether the reverse function takes a cotangent of the result.
    """

    shadowed: tuple[int, ...] = ()
    summed: tuple[int, ...] = ()
    shares: bool = False
    together: tuple[tuple[int, ...], ...] = ()
    seeded: bool = True


@record(frozen=True)
class Pair:
    """A call of another function in split form.

    Args:
        forward: returns ``(value, saved)``; takes the arguments of the function.
        reverse: takes ``(saved, cotangent of the value)``, returns the cotangents of the active arguments: a tuple
            where there are several.
        args: an atom for each parameter.
        wrt: the positions of the active arguments.
        fresh: for each of them, whether its cotangent is known to be new memory; empty while the functions are being
            made (a recursive call).
        form: what else they take and return.
    """

    forward: Callee
    reverse: Callee
    args: tuple[Atom, ...]
    wrt: tuple[int, ...]
    fresh: tuple[bool, ...] = ()
    form: Form = Form()


@record(frozen=True)
class Around:
    """What the functions for a call depend on: what is active, carried and known where it stands."""

    active: Active
    companions: Companions
    memory: Memory
    in_loop: bool


#: The pair for a call; None where it calls a primitive.
PairOf = Callable[[Call, Around], "Pair | None"]


@record(frozen=True)
class SplitCall:
    """A call in split form: its pair, and the variable that holds what the forward function saved."""

    pair: Pair
    saved: Var


def split_calls(
    block: Block, active: Active, memory: Memory, companions: Companions, pair_of: PairOf | None
) -> tuple[Block, Mapping[Var, SplitCall]]:
    """The forward sweep with each active call of another function replaced by one of its forward function.

    Returns:
        The new block, and for each such call, by its target, what the reverse sweep needs.
    """
    found: dict[Var, SplitCall] = {}
    if pair_of is None:
        return block, found

    def rewritten(inner: Block, *, in_loop: bool = False) -> Block:
        stmts: list[Stmt] = []
        for stmt in inner.stmts:
            wanted = isinstance(stmt, Call) and (stmt.target in active or _moves_memory(stmt, memory, companions))
            around = Around(active, companions, memory, in_loop)
            pair = pair_of(stmt, around) if wanted and isinstance(stmt, Call) else None
            if pair is None and isinstance(stmt, Call):
                stmts += only_numbers(stmt, memory)
                continue
            if pair is None:
                again = in_loop or isinstance(stmt, (For, While))
                stmts.append(with_blocks(stmt, tuple(rewritten(b, in_loop=again) for b in blocks(stmt))))
                continue
            assert isinstance(stmt, Call)
            found[stmt.target] = SplitCall(pair, Var("saved", UNKNOWN))
            stmts += forward_call(stmt, found[stmt.target], memory, companions)
        return replace(inner, stmts=tuple(stmts))

    return rewritten(block), found


def _moves_memory(call: Call, memory: Memory, companions: Companions) -> bool:
    """Whether a call changes carried memory, or returns a reference to it."""
    effect = memory.effects.get(call.target)
    if effect is None:
        return False
    return call.target in companions.returned or any(a in companions for a in effect.writes)


def forward_call(call: Call, split: SplitCall, memory: Memory, companions: Companions) -> list[Stmt]:
    """``y, saved = f_forward(a, b)``."""
    pair = split.pair
    stmts, args = protected(pair.args, pair.form.shadowed, memory, call.loc)
    b = Builder(Facts(), replace(call.loc, saving=True))
    shared: list[Var] = [call.target]  # the callee may keep what it returns
    for k in pair.form.shadowed:
        arg = pair.args[k]
        assert isinstance(arg, Var)
        args.append(materialise(b, companions[arg]))
        shared += [arg, *(v for v in (args[-1],) if isinstance(v, Var))]
    memory.roots[split.saved] = tuple(dict.fromkeys(r for v in shared for r in memory.reachable(v)))
    targets = [call.target, split.saved, *([companions.returned[call.target]] if pair.form.shares else [])]
    made = Call(Var(""), Const(pair.forward), tuple(args), (), call.loc)
    return [*stmts, *b.stmts, *paired(targets, made)]


def paired(targets: Sequence[Var], call: Call) -> list[Stmt]:
    """``first, second = call``, where `call` returns a tuple."""
    kind = Tuple(tuple(v.kind for v in targets))
    made, items = replace(call.target, kind=kind), Var("", kind)
    return [
        replace(call, target=made),
        Call(items, Const(ops.unpack), (made, Const(len(targets))), (), call.loc),
        *(Call(v, Const(operator.getitem), (items, Const(k)), (), call.loc) for k, v in enumerate(targets)),
    ]


def protected(args: Sequence[Atom], shadowed: Sequence[int], memory: Memory, loc: Loc) -> tuple[list[Stmt], list[Atom]]:
    """`args` with copies in place of what the caller changes somewhere, and the statements that make the copies.

    Those whose shadows are passed, too, are not copied.
    """
    stmts: list[Stmt] = []
    found: list[Atom] = []
    for k, arg in enumerate(args):
        changed = isinstance(arg, Var) and any(r in memory.stores for r in memory.reachable(arg))
        if isinstance(arg, Var) and is_mutable(arg.kind) and changed and k not in shadowed:
            own = arg.like()
            stmts.append(copied(own, arg, replace(loc, saving=True)))
            found.append(own)
        else:
            found.append(arg)
    return stmts, found


def copied(target: Var, source: Atom, loc: Loc) -> Call:
    """``target`` as a copy of a value, down to everything in it that can be changed in place."""
    match target.kind:
        case Array():
            return Call(target, Const(np.ndarray.copy), (source,), (("order", Const("K")),), loc)
        case List(item=Scalar()):
            return Call(target, Const(list.copy), (source,), (), loc)
        case Dict(item=Scalar()):
            return Call(target, Const(dict.copy), (source,), (), loc)
        case _:
            return Call(target, Const(copy.deepcopy, "copy.deepcopy"), (source,), (), loc)


def reverse_split(scope: Scope, call: Call, split: SplitCall) -> None:
    """``a_bar, b_bar = f_reverse(saved, y_bar)``, and each to its argument."""
    pair, form, b = split.pair, split.pair.form, scope.b
    seed = cotangent(scope, call.target) if form.seeded else None
    if seed is None and not form.shadowed:
        return
    if seed is None and form.seeded:
        seed = mirrored(scope, call.target, (), call.target.kind, None)
    in_shadow = [k for k in form.shadowed if is_all_in_shadow(atom_kind(pair.args[k]))]
    wrt = [pair.args[k] for k in pair.wrt if k not in (*in_shadow, *form.summed)]
    kinds = [bar_kind(b.kind(arg)) for arg in wrt]
    kind = kinds[0] if len(wrt) == 1 else Tuple(tuple(kinds)) if wrt else NONE
    sums = [shadow(scope, arg) for k in form.summed if isinstance(arg := pair.args[k], Var)]
    given = (split.saved, *(() if seed is None else (seed,)), *sums)
    bars: Atom = b.append(Const(pair.reverse), given, kind=kind)
    if not wrt:
        return
    fresh = pair.fresh or (False,) * len(wrt)
    if len(wrt) == 1:
        give_values(scope, wrt[0], bars, owned=fresh[0])
        return
    items = b.append(ops.unpack, (bars, Const(len(wrt))), kind=kind)
    parts_ = [b.append(operator.getitem, (items, Const(k)), kind=inner) for k, inner in enumerate(kinds)]
    for arg, bar, owned in zip(wrt, parts_, fresh, strict=True):
        give_values(scope, arg, bar, owned=owned)


# --- cotangents that cross a call -----------------------------------------------------------------------------------


def bar_kind(kind: Kind) -> Kind:
    """The kind of a cotangent that is passed to or returned by a reverse function: it mirrors the value."""
    inner = parts(kind)
    if not may_be_active(kind):
        return NONE
    if inner is None:
        return cotangent_kind(kind)
    items = tuple((key, bar_kind(part)) for key, part in inner)
    if isinstance(kind, Dict):
        return Dict(UNKNOWN, items)
    return Tuple(tuple(item for _, item in items))


def cotangent(scope: Scope, var: Var) -> Atom | None:
    """Take the cotangent of `var` as one value, full and of its dtype, zeros written out; None where there is none."""
    value = whole(scope, var)
    return None if value is None else mirrored(scope, var, (), var.kind, value)


def mirrored(scope: Scope, var: Var, path: Path, kind: Kind, value: Atom | Seq | None) -> Atom:
    """The cotangent of a value, or of the part of it at `path`, with its structure: None for parts that carry none."""
    b, inner = scope.b, parts(kind)
    is_given = inner is None and not isinstance(value, Var) and scope.is_carried((var, path))  # with its shadow
    if not may_be_active(kind) or is_given:
        return Const(None)
    if inner is None:
        atom = None if value is None else _as_atom(b, value)
        return exact(b, scope, var, path, kind, atom)
    items: list[Atom] = []
    for k, (key, part) in enumerate(inner):
        item: Atom | Seq | None
        if value is None or isinstance(value, Seq):
            item = None if value is None else value.items[k]
        else:
            item = b.call(operator.getitem, value, Const(key)) if may_be_active(part) else None
        made = mirrored(scope, var, (*path, key), part, item)
        items += [Const(key), made] if isinstance(kind, Dict) else [made]
    return b.append(ops.make_dict if isinstance(kind, Dict) else ops.make_tuple, items, kind=bar_kind(kind))


def _as_atom(b: Builder, value: Atom | Seq) -> Atom:
    if not isinstance(value, Seq):
        return value
    items = [_as_atom(b, item) for item in value.items]
    return b.append(ops.make_tuple if value.cls is tuple else ops.make_list, items)


def exact(b: Builder, scope: Scope, var: Var, path: Path, kind: Kind, g: Atom | None) -> Atom:
    """A cotangent with the full shape and the dtype of the primal value."""
    primal: Callable[[], Atom] = lambda: scope.primal((var, path))  # noqa: E731
    if g is None or (isinstance(g, Const) and g.value == 0 and not isinstance(kind, Scalar)):
        return zeros(b, primal(), kind)
    match kind:
        case Scalar(dtype=dtype):
            return scalar_like(b, g, dtype)
        case Array(dtype=dtype):
            g = full(b, g, primal(), kind)
            found = b.kind(g)
            if dtype is not None and not (isinstance(found, Array) and found.dtype == dtype):
                return b.append(np.ndarray.astype, (g, b.call(getattr, primal(), Const("dtype"))))
            return g
        case Numeric() | Unknown() if isinstance(g, Const):
            return b.append(runtime.broadcast_like, (g, primal()), kind=kind)
        case _:
            return g


def scalar_like(b: Builder, g: Atom, dtype: str | None) -> Atom:
    """A number of the given dtype; Python and NumPy floats of double precision serve alike."""
    found = b.kind(g)
    other = found.dtype if isinstance(found, Scalar) else None
    if dtype is None or (dtype == "f8" and other in (None, "f8")):
        return g
    if other == dtype and not (isinstance(found, Scalar) and found.weak):
        return g
    return b.append(Const(np.dtype(dtype).type, f"np.{np.dtype(dtype).name}"), (g,))

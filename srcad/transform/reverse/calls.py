"""The adjoint of calls of other functions of the program, in split form.

    y = f(a, b)     ->      y, saved = f_forward(a, b)          (forward sweep)
                            a_bar, b_bar = f_reverse(saved, y_bar)      (reverse sweep)

`srcad.transform.reverse.pairs` makes the two functions; here is what stands in the caller. What the callee keeps must
not change until its reverse function has run: arguments that the caller changes in place are passed as copies.

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
from dataclasses import dataclass, replace

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.ir import ops
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
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, Loc, Stmt, Var
from srcad.ir.visit import blocks, with_blocks
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq
from srcad.transform.reverse.cotangents import Path, Scope, cotangent_kind, full, parts, zeros
from srcad.transform.reverse.give import give, whole
from srcad.transform.reverse.primitives import Active


@dataclass(frozen=True)
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
    """

    forward: Callee
    reverse: Callee
    args: tuple[Atom, ...]
    wrt: tuple[int, ...]
    fresh: tuple[bool, ...] = ()


#: The pair for a call with an active result, given which variables are active; None where it calls a primitive.
PairOf = Callable[[Call, Active], "Pair | None"]


@dataclass(frozen=True)
class SplitCall:
    """A call in split form: its pair, and the variable that holds what the forward function saved."""

    pair: Pair
    saved: Var


def split_calls(
    block: Block, active: Active, memory: Memory, pair_of: PairOf | None
) -> tuple[Block, Mapping[Var, SplitCall]]:
    """The forward sweep with each active call of another function replaced by one of its forward function.

    Returns:
        The new block, and for each such call, by its target, what the reverse sweep needs.
    """
    found: dict[Var, SplitCall] = {}
    if pair_of is None:
        return block, found

    def rewritten(inner: Block) -> Block:
        stmts: list[Stmt] = []
        for stmt in inner.stmts:
            pair = pair_of(stmt, active) if isinstance(stmt, Call) and stmt.target in active else None
            if pair is None:
                stmts.append(with_blocks(stmt, tuple(map(rewritten, blocks(stmt)))))
                continue
            assert isinstance(stmt, Call)
            found[stmt.target] = SplitCall(pair, Var("saved", UNKNOWN))
            stmts += forward_call(stmt, found[stmt.target], memory)
        return replace(inner, stmts=tuple(stmts))

    return rewritten(block), found


def forward_call(call: Call, split: SplitCall, memory: Memory) -> list[Stmt]:
    """``y, saved = f_forward(a, b)``."""
    stmts, args = protected(split.pair.args, memory, call.loc)
    stmts += paired(call.target, split.saved, Call(Var(""), Const(split.pair.forward), tuple(args), (), call.loc))
    return stmts


def paired(first: Var, second: Var, call: Call) -> list[Stmt]:
    """``first, second = call``, where `call` returns a tuple of two."""
    kind = Tuple((first.kind, second.kind))
    made, items = replace(call.target, kind=kind), Var("", kind)
    return [
        replace(call, target=made),
        Call(items, Const(ops.unpack), (made, Const(2)), (), call.loc),
        Call(first, Const(operator.getitem), (items, Const(0)), (), call.loc),
        Call(second, Const(operator.getitem), (items, Const(1)), (), call.loc),
    ]


def protected(args: Sequence[Atom], memory: Memory, loc: Loc) -> tuple[list[Stmt], list[Atom]]:
    """`args` with copies in place of what the caller changes somewhere, and the statements that make the copies."""
    stmts: list[Stmt] = []
    found: list[Atom] = []
    for arg in args:
        if isinstance(arg, Var) and is_mutable(arg.kind) and any(r in memory.stores for r in memory.reachable(arg)):
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
    seed = cotangent(scope, call.target)
    if seed is None:
        return
    pair, b = split.pair, scope.b
    wrt = [pair.args[k] for k in pair.wrt]
    kinds = [bar_kind(b.kind(arg)) for arg in wrt]
    kind = kinds[0] if len(wrt) == 1 else Tuple(tuple(kinds))
    bars: Atom = b.append(Const(pair.reverse), (split.saved, seed), kind=kind)
    fresh = pair.fresh or (False,) * len(wrt)
    if len(wrt) == 1:
        give(scope, wrt[0], bars, owned=fresh[0])
        return
    items = b.append(ops.unpack, (bars, Const(len(wrt))), kind=kind)
    parts_ = [b.append(operator.getitem, (items, Const(k)), kind=inner) for k, inner in enumerate(kinds)]
    for arg, bar, owned in zip(wrt, parts_, fresh, strict=True):
        give(scope, arg, bar, owned=owned)


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
    if not may_be_active(kind):
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

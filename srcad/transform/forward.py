"""Forward mode: the tangent of each statement, written beside it.

    def f(x):                   def f_jvp(x, x_dot):
        y = np.sin(x)     ->        y = np.sin(x)
        return y                    y_dot = np.cos(x) * x_dot
                                    return y, y_dot

References to memory that is changed in place have a tangent with the same aliasing: what is done to an array is done to its tangent.
Tangents always have the full shape of their values. Tuples of known length have their tangents in parts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.activity import active
from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory, view_of
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, Dict, Kind, List, Scalar, Tuple, may_be_active
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, Function, If, Star, Var, While, With
from srcad.transform.builder import Builder
from srcad.transform.contract import require_float
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.calls import paired
from srcad.transform.reverse.cotangents import cotangent_kind, filled, is_full, parts
from srcad.transform.request import Request
from srcad.transform.reverse.gradient import private_copies
from srcad.transform.algebra import ZERO
from srcad.transform.tangents import tangent_of_primitive, tangent_of_store


@dataclass(frozen=True)
class Jvp:
    """A call of another function in forward mode.

    Args:
        function: returns ``(value, tangent)``; takes the arguments of the function and the tangents of the active ones.
        args: an atom for each parameter.
        wrt: the positions of the active arguments.
    """

    function: Callee
    args: tuple[Atom, ...]
    wrt: tuple[int, ...]


#: The forward derivative for a call with an active result; None where it calls a primitive.
JvpOf = Callable[[Call, frozenset[Var]], "Jvp | None"]


def pushforward(
    function: Function,
    request: Request,
    memory: Memory,
    facts: Facts,
    facts_of: Callable[[Block], Facts],
    jvp_of: JvpOf | None = None,
    *,
    private: bool = True,
) -> Function:
    """The function that computes value and tangent.

    Its parameters are those of the primal, followed by the tangents of those in ``request.wrt``, in that order.

    Args:
        function: typed and normalised.
        request: the arguments that vary, and the name.
        memory: its memory facts.
        facts: what is known of lengths once its top level has run.
        facts_of: the same for each block inside it.
        jvp_of: gives the forward derivatives of callees.
        private: whether arguments that are changed in place are copied first: the caller's data is the user's.
    """
    inputs = [function.body.params[k] for k in request.wrt]
    for var in inputs:
        require_float(function, var)
    varying = active(function, inputs, memory)
    entry, params = private_copies(function, memory) if private else ([], function.body.params)
    sweep = _Sweep(memory, varying, facts_of, jvp_of)
    b = Builder(facts, function.loc, is_mutated=memory.is_mutated)
    dots: list[Var] = []
    for var in inputs:
        dot = Var(f"{var.name}_dot", cotangent_kind(var.kind))
        dots.append(dot)
        own: Atom = dot
        if var in memory.stores and private:
            b.loc = replace(function.loc, saving=True)
            own = b.append(runtime.copied, (dot,), name=dot.name, kind=dot.kind)
        sweep.dots[var] = own
    for var in function.body.params:
        if var in memory.stores and var in varying and var not in sweep.dots:
            sweep.dots[var] = sweep.zero(b, var, var.kind)
    sweep.block(function.body, b)
    b.loc = replace(function.loc, adjoint=True, stmt=-1, text="")
    value = function.body.yields[0]
    tangent = materialise(b, sweep.mirrored(b, value, sweep.dot(value)))
    result = b.append(ops.make_tuple, (value, tangent))
    body = Block((*params, *dots), (*entry, *b.stmts), (result,))
    return replace(function, name=request.name, body=body)


@dataclass
class _Sweep:
    """The state of the forward transform: the tangent of every variable that has one."""

    memory: Memory
    active: frozenset[Var]
    facts_of: Callable[[Block], Facts]
    jvp_of: JvpOf | None = None

    def __post_init__(self) -> None:
        self.dots: dict[Var, Value] = {}
        self.whole: set[Atom] = set()  # tangents that are full, though their kinds do not say so

    def dot(self, atom: Atom) -> Value:
        """The tangent of an atom, `ZERO` for what does not vary."""
        return self.dots.get(atom, ZERO) if isinstance(atom, Var) else ZERO

    # --- statements ------------------------------------------------------------------------------------------------

    def block(self, block: Block, b: Builder) -> None:
        """Write the statements of a block with their tangents."""
        for stmt in block.stmts:
            b.loc = replace(stmt.loc, adjoint=True)
            match stmt:
                case Call():
                    self.call(stmt, b)
                case If():
                    self.branch(stmt, b)
                case For() | While():
                    self.loop(stmt, b)
                case With():
                    self.with_block(stmt, b)
                case _:
                    raise InternalError(f"no case for the node {type(stmt).__name__}")

    def call(self, call: Call, b: Builder) -> None:
        made = self.jvp_of(call, self.active) if self.jvp_of is not None and call.target in self.active else None
        if made is not None:
            self.user_call(call, made, b)
            return
        written = writes(call)
        if written:
            if any(isinstance(a, Var) and a in self.active for a in written):
                result = tangent_of_store(b, call, self.dot)
                if result is not None and call.target in self.active:
                    self.keep(b, call, result)
            else:
                b.emit(call)
            return
        b.emit(call)
        if call.target not in self.active:
            return
        language = _LANGUAGE.get(call.fn.value) if isinstance(call.fn, Const) and _hashable(call.fn.value) else None
        value = language(self, b, call) if language is not None else tangent_of_primitive(b, call, self.dot)
        self.keep(b, call, value)

    def user_call(self, call: Call, made: Jvp, b: Builder) -> None:
        """``y, y_dot = f_jvp(a, b, a_dot)``."""
        along = [materialise(b, self.mirrored(b, made.args[k], self.dot(made.args[k]))) for k in made.wrt]
        dot = Var(_dotted(call.target), cotangent_kind(call.target.kind))
        for stmt in paired(call.target, dot, Call(Var(""), Const(made.function), (*made.args, *along), (), call.loc)):
            b.emit(stmt)
        self.dots[call.target] = self.received(b, call.target, dot)

    def received(self, b: Builder, var: Var, dot: Var) -> Value:
        """The tangent that a callee returned for `var`: full, in parts where `var` is a tuple, ours where `var` is."""
        if isinstance(var.kind, Tuple):
            items = b.append(ops.unpack, (dot, Const(len(var.kind.items))), kind=var.kind)
            made = [b.append(operator.getitem, (items, Const(k)), kind=i) for k, i in enumerate(var.kind.items)]
            self.whole.update(made)
            return Seq([*made])
        self.whole.add(dot)
        if self.memory.root(var) != var:
            return dot
        return b.append(runtime.copied, (dot,), name=dot.name, kind=dot.kind)

    def keep(self, b: Builder, call: Call, value: Value) -> None:
        """Note the tangent of a call's result: full, with a name, in memory of its own where the value will be changed."""
        var = call.target
        mutated = self.memory.root(var) == var
        if isinstance(value, Const) and value is ZERO:
            if mutated:
                self.dots[var] = self.zero(b, var, var.kind)
            return
        if not isinstance(value, Seq) and parts(var.kind) is None:
            value = self.full(b, value, var)
            made = b.definition(value)
            if mutated and isinstance(var.kind, Array) and (made is None or view_of(made) is not None):
                value = b.append(np.ndarray.copy, (value,))
            if isinstance(value, Var) and not value.name and var.name:
                value = b.rename(value, f"{var.name}_dot")
        self.dots[var] = value

    def full(self, b: Builder, value: Atom, var: Var) -> Atom:
        kind = var.kind
        if value in self.whole:
            return value
        if isinstance(kind, (Scalar, List, Dict)) or is_full(b, value, kind) and isinstance(kind, Array):
            return value
        if isinstance(kind, Array) and isinstance(b.kind(value), Scalar):
            return filled(b, value, var, kind)
        if isinstance(kind, Array) and kind.dims is not None and isinstance(b.kind(value), Array):
            return b.append(np.broadcast_to, (value, b.call(getattr, var, Const("shape"))), kind=kind)
        return b.append(runtime.broadcast_like, (value, var), kind=kind)

    def zero(self, b: Builder, primal: Atom, kind: Kind) -> Atom:
        """A zero tangent as a value of its own."""
        match kind:
            case _ if not may_be_active(kind):
                return Const(None)
            case Scalar():
                return Const(0.0)
            case Array():
                return b.append(np.zeros_like, (primal,), name=_dotted(primal), kind=cotangent_kind(kind))
            case _:
                return b.append(runtime.zeros_like, (primal,), name=_dotted(primal), kind=kind)

    def mirrored(self, b: Builder, primal: Atom, value: Value) -> Value:
        """A tangent with zeros written out."""
        kind = atom_kind(primal)
        if isinstance(value, Seq) and isinstance(kind, Tuple):
            items = [
                self.mirrored(b, b.call(operator.getitem, primal, k), item) if item is ZERO else item
                for k, item in enumerate(value.items)
            ]
            return Seq(items, tuple)
        return self.zero(b, primal, kind) if value is ZERO else value

    # --- regions ---------------------------------------------------------------------------------------------------

    def branch(self, stmt: If, b: Builder) -> None:
        wanted = [k for k, t in enumerate(stmt.targets) if t in self.active]
        arms: list[Block] = []
        dots = [Var(_dotted(stmt.targets[k]), cotangent_kind(stmt.targets[k].kind)) for k in wanted]
        for block in (stmt.then, stmt.orelse):
            inner = b.child(self.facts_of(block))
            self.block(block, inner)
            extra = [self.carried(inner, block.yields[k], stmt.targets[k].kind) for k in wanted]
            arms.append(replace(block, stmts=tuple(inner.stmts), yields=(*block.yields, *extra)))
        simple = all(isinstance(s, Call) for arm in arms for s in arm.stmts)
        style = stmt.style if simple and not wanted else "if"
        b.emit(replace(stmt, targets=(*stmt.targets, *dots), then=arms[0], orelse=arms[1], style=style))
        self.dots.update({stmt.targets[k]: dot for k, dot in zip(wanted, dots, strict=True)})

    def carried(self, b: Builder, atom: Atom, kind: Kind) -> Atom:
        """The tangent of a value that leaves a region, as a value."""
        value = self.dot(atom)
        primal_kind = atom_kind(atom)
        if value is ZERO:
            return self.zero(b, atom, primal_kind)
        return materialise(b, self.mirrored(b, atom, value))

    def with_block(self, stmt: With, b: Builder) -> None:
        wanted = [k for k, t in enumerate(stmt.targets) if t in self.active]
        inner = b.child(self.facts_of(stmt.body))
        self.block(stmt.body, inner)
        extra = [self.carried(inner, stmt.body.yields[k], stmt.targets[k].kind) for k in wanted]
        dots = [Var(_dotted(stmt.targets[k]), cotangent_kind(stmt.targets[k].kind)) for k in wanted]
        body = replace(stmt.body, stmts=tuple(inner.stmts), yields=(*stmt.body.yields, *extra))
        b.emit(replace(stmt, targets=(*stmt.targets, *dots), body=body))
        self.dots.update({stmt.targets[k]: dot for k, dot in zip(wanted, dots, strict=True)})

    def loop(self, stmt: For | While, b: Builder) -> None:
        first = 1 if isinstance(stmt, For) else 0
        carried = stmt.body.params[first:]
        wanted = [k for k, p in enumerate(carried) if p in self.active or stmt.targets[k] in self.active]
        inits = [self.carried(b, stmt.inits[k], carried[k].kind) for k in wanted]
        params = [Var(_dotted(carried[k]), cotangent_kind(carried[k].kind)) for k in wanted]
        targets = [p.like(name=_dotted(stmt.targets[k])) for k, p in zip(wanted, params, strict=True)]
        inner = b.child(self.facts_of(stmt.body))
        self.dots.update({carried[k]: p for k, p in zip(wanted, params, strict=True)})
        new: For | While = stmt
        if isinstance(stmt, For):
            new = self.item(stmt, b, inner)
        self.block(stmt.body, inner)
        inner.loc = replace(stmt.loc, adjoint=True)
        extra = [self.carried(inner, stmt.body.yields[k], carried[k].kind) for k in wanted]
        at = len(carried)
        yields = (*stmt.body.yields[:at], *extra, *stmt.body.yields[at:])
        body = Block((*new.body.params, *params), tuple(inner.stmts), yields)
        new = replace(new, targets=(*stmt.targets, *targets), inits=(*stmt.inits, *inits), body=body)
        if isinstance(new, While):
            cond_params = (*new.cond.params, *(p.like() for p in params))
            new = replace(new, cond=replace(new.cond, params=cond_params))
        b.emit(new)
        self.dots.update({stmt.targets[k]: t for k, t in zip(wanted, targets, strict=True)})

    def item(self, stmt: For, b: Builder, inner: Builder) -> For:
        """A loop over something that varies runs over its tangent, too."""
        item = stmt.body.params[0]
        if item not in self.active:
            return stmt
        along = self.iterable(b, stmt.iter)
        pairs = b.append(zip, (stmt.iter, along))
        pair = Var("", Tuple((item.kind, cotangent_kind(item.kind))))
        inner.loc = stmt.loc
        inner.emit(Call(item, Const(operator.getitem), (pair, Const(0)), (), stmt.loc))
        self.dots[item] = inner.append(operator.getitem, (pair, Const(1)), name=_dotted(item), kind=item.kind)
        return replace(stmt, iter=pairs, body=replace(stmt.body, params=(pair, *stmt.body.params[1:])))

    def iterable(self, b: Builder, source: Atom) -> Atom:
        """What yields the tangents of the items of an iterable, in step with it."""
        made = b.definition(source)
        fn = made.fn.value if made is not None and isinstance(made.fn, Const) else None
        if made is not None and fn in (zip, enumerate, reversed, dict.values, dict.items):
            args: list[Atom] = [a for a in made.args if not isinstance(a, Star)]
            inner = [self.iterable(b, a) if k == 0 or fn is zip else a for k, a in enumerate(args)]
            return b.append(Const(fn), inner, made.kwargs, kind=b.kind(source))
        value = self.dot(source)
        return source if value is ZERO else materialise(b, value)


def _dotted(atom: Atom) -> str:
    return f"{atom.name}_dot" if isinstance(atom, Var) and atom.name else ""


def _hashable(fn: object) -> bool:
    return getattr(type(fn), "__hash__", None) is not None


# --- operations of the language ----------------------------------------------------------------------------------------


def _tuple(sweep: _Sweep, b: Builder, call: Call) -> Value:
    return Seq([sweep.dot(a) for a in call.args if not isinstance(a, Star)], tuple)


def _list(sweep: _Sweep, b: Builder, call: Call) -> Value:
    items = [a for a in call.args if not isinstance(a, Star)]
    values = [materialise(b, sweep.mirrored(b, a, sweep.dot(a))) for a in items]
    return b.append(ops.make_list, values, kind=call.target.kind)


def _dict(sweep: _Sweep, b: Builder, call: Call) -> Value:
    items: list[Atom] = [a for a in call.args if not isinstance(a, Star)]
    values = [a if k % 2 == 0 else materialise(b, sweep.mirrored(b, a, sweep.dot(a))) for k, a in enumerate(items)]
    return b.append(ops.make_dict, values, kind=call.target.kind)


def _getitem(sweep: _Sweep, b: Builder, call: Call) -> Value:
    base, index = call.args
    assert not isinstance(base, Star) and not isinstance(index, Star)
    value = sweep.dot(base)
    if isinstance(value, Seq):
        if isinstance(index, Const) and isinstance(index.value, int):
            return value.items[index.value]
        value = materialise(b, sweep.mirrored(b, base, value))
    return ZERO if value is ZERO else b.append(operator.getitem, (value, index), kind=call.target.kind)


def _unpack(sweep: _Sweep, b: Builder, call: Call) -> Value:
    source = call.args[0]
    assert not isinstance(source, Star)
    value = sweep.dot(source)
    plain = len(call.args) < 3 or call.args[2] == Const(-1)  # noqa: PLR2004
    if isinstance(value, Seq) and plain:
        return value
    atom = materialise(b, sweep.mirrored(b, source, value))
    return b.append(ops.unpack, (atom, *call.args[1:]), kind=call.target.kind)


def _same(sweep: _Sweep, b: Builder, call: Call) -> Value:
    source = call.args[0]
    return ZERO if isinstance(source, Star) else sweep.dot(source)


def _converted(sweep: _Sweep, b: Builder, call: Call) -> Value:
    """``list(xs)``, ``tuple(xs)``: the same of the tangents."""
    if not call.args or isinstance(call.args[0], Star):
        return ZERO
    along = sweep.iterable(b, call.args[0])
    return b.append(call.fn, (along,), kind=call.target.kind)


def _iterator(sweep: _Sweep, b: Builder, call: Call) -> Value:
    """Loops look at how an iterator was made, not at a tangent of it."""
    return ZERO


_LANGUAGE: dict[Any, Callable[[_Sweep, Builder, Call], Value]] = {
    ops.make_tuple: _tuple,
    ops.make_list: _list,
    ops.make_dict: _dict,
    ops.unpack: _unpack,
    ops.identity: _same,
    operator.getitem: _getitem,
    list: _converted,
    tuple: _converted,
    zip: _iterator,
    enumerate: _iterator,
    reversed: _iterator,
    dict.items: _iterator,
    dict.values: _iterator,
}

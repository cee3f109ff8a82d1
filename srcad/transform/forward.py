"""Forward mode: the tangent of each statement, written beside it.

    def f(x):                   def f_jvp(x, x_dot):
        y = np.sin(x)     ->        y = np.sin(x)
        return y                    y_dot = np.cos(x) * x_dot
                                    return y, y_dot

The sweep over the statements is in `tangent_sweep`; here are what it starts from and what the caller gets. Tangents
always have the full shape of their values. Tuples of known length have their tangents in parts.

>>> import srcad
>>> def f(x: float):
...     y = x * x
...     return y
>>> print(srcad.dump(f, mode="forward", stage="adjoint"))
function f_jvp(x: float, x_dot: np.f8):
    # y = x * x
    y: float = x * x
    _1: np.f8 = x * x_dot
    _2: np.f8 = x * x_dot
    y_dot: np.f8 = _1 + _2
    # return y
    value: float = y
    _3: (float, np.f8) = (value, y_dot)
    return _3
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.activity import active
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Var
from srcad.runtime.tangents import tangent_like
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.contract import require_float
from srcad.transform.expand import Seq, Value
from srcad.transform.request import Request
from srcad.transform.reverse.gradient import private_copies
from srcad.transform.tangent_sweep import Jvp, JvpOf, Sweep
from srcad.transform.tangent_values import tangent_kind, whole, zero

__all__ = ["Jvp", "JvpOf", "pushforward"]


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
    outputs = [] if private else [p for p in function.body.params if p in memory.stores]
    varying = active(function, inputs, memory, outputs)
    entry, params = private_copies(function, memory) if private else ([], function.body.params)
    sweep = Sweep(memory, varying, facts_of, jvp_of, private=private)
    b = Builder(facts, replace(function.loc, saving=True), is_mutated=memory.is_mutated)
    dots = [Var(f"{var.name}_dot", tangent_kind(var.kind)) for var in inputs]
    for var, dot in zip(inputs, dots, strict=True):
        sweep.set(var, _own(b, dot) if var in memory.stores and private else dot)
    for var in function.body.params:
        if var in memory.stores and var in varying and var not in sweep.dots:
            sweep.set(var, zero(b, var))
    sweep.block(function.body, b)
    b.loc = replace(function.loc, adjoint=True, stmt=-1, text="")
    value = function.body.yields[0]
    if private:
        tangent = _finished(b, value, sweep.dot(value))
        _name(b, value, "value")
        _name(b, tangent, "value_dot")
    else:
        tangent = whole(b, value, sweep.dot(value))
    result = b.append(ops.make_tuple, (value, tangent))
    return replace(function, name=request.name, body=Block((*params, *dots), (*entry, *b.stmts), (result,)))


def _own(b: Builder, dot: Var) -> Atom:
    """A copy of the direction that the caller gave, for an argument that is changed in place."""
    match dot.kind:
        case Array():
            return b.append(np.ndarray.copy, (dot,), (("order", Const("K")),), name=dot.name, kind=dot.kind)
        case List(item=Scalar()):
            return b.append(list.copy, (dot,), name=dot.name, kind=dot.kind)
        case Dict(item=Scalar()):
            return b.append(dict.copy, (dot,), name=dot.name, kind=dot.kind)
        case _:
            return b.append(runtime.copied, (dot,), name=dot.name, kind=dot.kind)


def _name(b: Builder, atom: Atom, name: str) -> None:
    """Call the result ``value``, its tangent ``value_dot``, where they are temporaries."""
    if isinstance(atom, Var) and (not atom.name or atom.name == "t_dot") and isinstance(b.definition(atom), Call):
        b.rename(atom, name)


# --- results -------------------------------------------------------------------------------------------------------


def _finished(b: Builder, value: Atom, dot: Value) -> Atom:
    """The tangent that the caller gets: None for what carries no derivative, memory of its own."""
    kind = atom_kind(value)
    match kind:
        case Tuple(items=items, cls=cls) if cls is tuple:
            found = [_part(b, value, dot, k) for k in range(len(items))]
            return b.append(ops.make_tuple, found)
        case _ if not may_be_active(kind) and not isinstance(kind, (List, Dict, Tuple)):
            return Const(None)
        case Scalar():
            return Const(0.0) if dot is ZERO else whole(b, value, dot)
        case Array():
            return _array(b, value, dot)
        case List() | Dict() if _plain(kind):
            return whole(b, value, dot)
        case _:
            return b.append(tangent_like, (Const(None) if dot is ZERO else whole(b, value, dot), value), kind=kind)


def _part(b: Builder, value: Atom, dot: Value, k: int) -> Atom:
    item = b.call(operator.getitem, value, k)
    if isinstance(dot, Seq):
        return _finished(b, item, dot.items[k])
    known = dot is ZERO or not may_be_active(atom_kind(item))
    return _finished(b, item, ZERO if known else b.append(operator.getitem, (dot, Const(k)), kind=atom_kind(item)))


def _array(b: Builder, value: Atom, dot: Value) -> Atom:
    if dot is ZERO:
        return zero(b, value)
    found = whole(b, value, dot)
    made = b.definition(found)
    fresh = made is not None and made.fn != Const(np.broadcast_to)
    return found if fresh and not _views_parameter(b, made) else b.append(np.ndarray.copy, (found,), kind=b.kind(found))


def _views_parameter(b: Builder, made: Call | None) -> bool:
    """Whether an array is a view of memory that the caller holds."""
    while made is not None:
        bases = view_of(made)
        if not bases:
            return False
        made = b.definition(bases[0])
    return True


def _plain(kind: Kind) -> bool:
    """Whether all leaves of a container carry derivatives, so that its tangent is as the caller wants it."""
    match kind:
        case List(item=item):
            return _plain(item)
        case Dict(item=item, items=items):
            return _plain(item) if items is None else all(_plain(k) for _, k in items)
        case Scalar() | Array():
            return may_be_active(kind)
        case Numeric() | Unknown():
            return False
        case _:
            return False

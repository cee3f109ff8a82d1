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
    x * x_dot
    x * x_dot
    _3: float = 2 * x
    y_dot: np.f8 = _3 * x_dot
    # return y
    value: float = y
    _4: (float, np.f8) = (value, y_dot)
    return _4
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
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Var
from srcad.ir.visit import is_call_of
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
        tangent = _finished(b, value, sweep.dot(value), set())
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


def _finished(b: Builder, value: Atom, dot: Value, held: set[Atom]) -> Atom:
    """The tangent that the caller gets: None for what carries no derivative, memory of its own.

    `held` are the arrays whose memory is in what was made before; what this one takes joins them.
    """
    kind = atom_kind(value)
    displays = None if dot is ZERO or isinstance(dot, Seq) else _displays(b, value, dot)
    match kind:
        case List() | Dict() if _plain(kind, arrays=False):
            return whole(b, value, dot)
        case List() | Dict() | Tuple() if displays is not None:
            made, pairs = displays
            parts = [v if v == d and isinstance(v, Const) else _finished(b, v, d, held) for v, d in pairs]
            return b.append(made.fn, parts)
        case Tuple(items=items, cls=cls) if cls is tuple:
            return b.append(ops.make_tuple, [_part(b, value, dot, k, held) for k in range(len(items))])
        case _ if not may_be_active(kind) and not isinstance(kind, (List, Dict, Tuple)):
            return Const(None)
        case Scalar():
            return Const(0.0) if dot is ZERO else whole(b, value, dot)
        case Array():
            return _array(b, value, dot, held)
        case _:
            return b.append(tangent_like, (Const(None) if dot is ZERO else whole(b, value, dot), value), kind=kind)


def _displays(b: Builder, value: Atom, dot: Atom) -> tuple[Call, list[tuple[Atom, Atom]]] | None:
    """The tangent's display, and the items of that of the value with their tangents; None where they are not known."""
    made, along = _maker(b, value), _maker(b, dot)
    if made is None or along is None or made.fn != along.fn or len(made.args) != len(along.args):
        return None
    if not is_call_of(made, ops.make_list, ops.make_dict) or b.is_mutated(value):
        return None
    pairs = list(zip(made.args, along.args, strict=True))
    keys = pairs[::2] if is_call_of(made, ops.make_dict) else []
    if any(isinstance(a, Star) or isinstance(d, Star) for a, d in pairs) or any(a != d for a, d in keys):
        return None
    return along, pairs  # type: ignore[return-value]


def _maker(b: Builder, atom: Atom) -> Call | None:
    made = b.definition(atom)
    while made is not None and is_call_of(made, ops.identity):
        made = b.definition(made.args[0])
    return made


def _part(b: Builder, value: Atom, dot: Value, k: int, held: set[Atom]) -> Atom:
    item = b.call(operator.getitem, value, k)
    if isinstance(dot, Seq):
        return _finished(b, item, dot.items[k], held)
    known = dot is ZERO or not may_be_active(atom_kind(item))
    tangent = ZERO if known else b.append(operator.getitem, (dot, Const(k)), kind=atom_kind(item))
    return _finished(b, item, tangent, held)


def _array(b: Builder, value: Atom, dot: Value, held: set[Atom]) -> Atom:
    if dot is ZERO:
        return zero(b, value)
    found = whole(b, value, dot)
    base = _base(b, found)
    if base is None or base in held:
        return b.append(np.ndarray.copy, (found,), kind=b.kind(found))
    held.add(base)
    return found


def _base(b: Builder, array: Atom) -> Atom | None:
    """What an array is, or is a view of; None where others may hold that: the caller, a container, another branch."""
    while True:
        made = b.definition(array)
        if made is None or is_call_of(made, np.broadcast_to):
            return None
        bases = view_of(made)
        if not bases:
            return array
        array = bases[0]
        if not isinstance(b.kind(array), Array):
            return None


def _plain(kind: Kind, *, arrays: bool = True) -> bool:
    """Whether all leaves of a container carry derivatives, so that its tangent is as the caller wants it."""
    match kind:
        case List(item=item):
            return _plain(item, arrays=arrays)
        case Dict(item=item, items=items):
            return all(_plain(k, arrays=arrays) for k in ([item] if items is None else [k for _, k in items]))
        case Scalar():
            return may_be_active(kind)
        case Array():
            return arrays and may_be_active(kind)
        case Numeric() | Unknown():
            return False
        case _:
            return False

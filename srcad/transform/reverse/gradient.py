"""The gradient of a typed function: forward sweep, seed, reverse sweep, results, in one function.

def f(x):                   def f_grad(x):
    y = x * x       ->          y = x * x
    return y                    (seed 1.0, adjoint of each statement)
                                return x_bar

>>> import srcad
>>> def f(x: float):
...     y = x * x
...     return y
>>> print(srcad.dump(f, stage="adjoint"))
function f_grad(x: float):
    # y = x * x
    y: float = x * x
    # return y
    y
    # adjoint of: y = x * x
    x_bar: float = 2 * x
    return x_bar
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.activity import active
from srcad.analysis.heap import parts as parts_of
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import (
    Array,
    Dict,
    Kind,
    List,
    Numeric,
    Scalar,
    Static,
    Tuple,
    Undefined,
    Unknown,
    is_inexact,
    may_be_active,
)
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, Function, Stmt, Var
from srcad.ir.visit import is_call_of
from srcad.transform.builder import Builder
from srcad.transform.contract import no_pair, no_real_scalar, require_float
from srcad.transform.expand import Seq, Value
from srcad.transform.request import Request
from srcad.transform.reverse.buffers import filled, is_full, zeros
from srcad.transform.reverse.calls import PairOf, split_calls
from srcad.transform.reverse.cotangents import Companions, Scope, State
from srcad.transform.reverse.give import give_values, spread_buffer, whole
from srcad.transform.reverse.regions import Context, reverse_block
from srcad.transform.reverse.slots import leaves, parts
from srcad.transform.reverse.sweep import forward_sweep
from srcad.transform.sharing import taken_apart


def gradient(
    function: Function,
    request: Request,
    memory: Memory,
    facts: Facts,
    facts_of: Callable[[Block], Facts],
    pair_of: PairOf | None = None,
    companions: Companions | None = None,
) -> Function:
    """The function that computes the gradient, in the form ``adjoint`` (see `srcad.ir.verify`).

    Args:
        function: typed and normalised.
        request: what to differentiate.
        memory: its memory facts.
        facts: what is known of lengths once its top level has run.
        facts_of: the same for each block inside it.
        pair_of: gives the forward and reverse functions of a callee.
        companions: the shadows that the function itself makes (`srcad.transform.companions`).

    Raises:
        ArgumentError: an argument that cannot carry a derivative, a result that is not a real scalar.
    """
    params = function.body.params
    inputs = [params[k] for k in request.wrt]
    for var in inputs:
        require_float(function, var)
    whole_result = function.body.yields[0]
    function, value, aux = _split_result(function, request)
    entry, new_params = private_copies(function, memory)
    restored = any(root in memory.stores for root in memory.reachable(whole_result))
    forward, scope = both_sweeps(
        function, inputs, value, lambda b: _seed(b, value, function), memory, (facts, facts_of), pair_of, companions
    )
    b = scope.b
    b.loc = replace(function.loc, adjoint=True, stmt=-1, text="")
    scope.given = {v: g for v, g in zip(params, new_params, strict=True) if v != g}
    grads = [_finished(scope, var) for var in inputs]
    value_kept, value_out = _before_restoring(function, value if request.value and restored else None)
    aux_kept, aux_out = _before_restoring(function, aux) if restored else ([], aux)
    result = _result(b, request, value_out or value, aux_out, grads)
    stmts = (*entry, *_named_value(forward.stmts, value, request), *value_kept, *aux_kept, *b.stmts)
    return replace(function, name=request.name, body=Block(new_params, stmts, (result,)))


def both_sweeps(
    function: Function,
    inputs: Sequence[Var],
    value: Atom,
    seed: Callable[[Builder], Atom],
    memory: Memory,
    lengths: tuple[Facts, Callable[[Block], Facts]],
    pair_of: PairOf | None,
    companions: Companions | None = None,
    outputs: Sequence[Var] = (),
    sums: Mapping[Var, Var] | None = None,
) -> tuple[Block, Scope]:
    """The forward sweep, and the reverse sweep in the builder of a scope that holds the cotangents of the parameters.

    Args:
        function: typed and normalised.
        inputs: the parameters to differentiate with respect to.
        value: the result to differentiate.
        seed: writes the cotangent of `value`.
        memory: the memory facts of the function.
        lengths: the facts at the top level, and those of each block inside it.
        pair_of: gives the forward and reverse functions of a callee.
        companions: the shadows that the function itself makes.
        outputs: the parameters that it changes for its caller.
        sums: the cotangents of parameters that the caller gives, to be added to.
    """
    facts, facts_of = lengths
    companions = companions or Companions()
    sweep = forward_sweep(function.body, memory, memory.unsure.keys() - companions.keys())
    b = Builder(facts, replace(function.loc, adjoint=True), is_mutated=memory.is_mutated)
    b.learn(sweep.block.stmts)
    scope = Scope(b, frozenset(function.body.params), memory, companions=companions)
    loc = function.body.stmts[-1].loc if function.body.stmts else function.loc
    b.loc = replace(loc, adjoint=True)
    varying = active(function, inputs, memory, outputs) - companions.variables()
    for var, sum_ in (sums or {}).items():
        scope.states[var, ()] = State(sum_, owned=True, full=True, given=True)
    give_values(scope, value, seed(b))
    forward, calls = split_calls(sweep.block, varying, memory, companions, pair_of)
    context = Context(memory, varying, sweep.passes, sweep.notes, facts_of, calls, sweep.truths)
    reverse_block(context, sweep.block, scope)
    return forward, scope


def _split_result(function: Function, request: Request) -> tuple[Function, Atom, Atom | None]:
    """The function's value and auxiliary value; with `has_aux` it may have to take them out of the pair first."""
    result = function.body.yields[0]
    if not request.has_aux:
        return function, result, None
    makers = {s.target: s for s in function.body.stmts if isinstance(s, Call)}
    call = makers.get(result) if isinstance(result, Var) else None
    if call is not None and is_call_of(call, ops.make_tuple) and len(call.args) == 2:
        value, aux = call.args
        assert isinstance(value, (Var, Const)) and isinstance(aux, (Var, Const))
        return function, value, aux
    kind = atom_kind(result)
    if not isinstance(kind, Tuple) or len(kind.items) != 2:
        raise no_pair(function, kind)
    loc = function.body.stmts[-1].loc if function.body.stmts else function.loc
    reads = tuple(
        Call(Var("", item), Const(operator.getitem), (result, Const(k)), (), loc) for k, item in enumerate(kind.items)
    )
    value, aux = (read.target for read in reads)
    pair = Call(Var("", kind), Const(ops.make_tuple), (value, aux), (), loc)
    body = replace(function.body, stmts=(*function.body.stmts, *reads, pair), yields=(pair.target,))
    return replace(function, body=body), value, aux


def _before_restoring(function: Function, atom: Atom | None) -> tuple[list[Stmt], Atom | None]:
    """What is returned beside gradients, in memory of its own: the reverse sweep undoes changes of its memory."""
    if not isinstance(atom, Var) or isinstance(atom.kind, (Scalar, Static)):
        return [], atom
    kept = atom.like()
    loc = replace(function.loc, saving=True)
    if isinstance(atom.kind, Array):
        return [Call(kept, Const(np.ndarray.copy), (atom,), (("order", Const("K")),), loc)], kept
    return [Call(kept, Const(copy.deepcopy, "copy.deepcopy"), (atom,), (), loc)], kept


def _seed(b: Builder, value: Atom, function: Function) -> Atom:
    """The cotangent of the result: 1.0, once it is certain that the result is a real scalar."""
    kind = atom_kind(value)
    match kind:
        case Scalar(dtype=dtype) if dtype is not None and dtype[0] == "f":
            return Const(1.0)
        case Array(dtype=dtype, dims=()) if dtype is not None and dtype[0] == "f":
            return Const(1.0)
        case Undefined():  # it never returns: running it says why
            return b.append(runtime.seed, (value,), kind=Scalar("f8"))
        case Scalar(dtype=dtype) | Array(dtype=dtype) if dtype is not None and dtype[0] != "f":
            pass
        case Numeric() | Unknown() | Array(dims=None) | Scalar(dtype=None) | Array(dtype=None):
            if not (isinstance(kind, Array) and kind.dims):
                return b.append(runtime.seed, (value,), kind=Scalar(getattr(kind, "dtype", None), weak=False))
    raise no_real_scalar(function, kind)


def private_copies(function: Function, memory: Memory) -> tuple[list[Stmt], tuple[Var, ...]]:
    """Copies of the arguments that the function changes in place: the caller keeps its own."""
    stmts: list[Stmt] = []
    params: list[Var] = []
    loc = replace(function.loc, saving=True)
    copied = taken_apart(function)
    for var in function.body.params:
        if var not in memory.stores or var in copied:
            params.append(var)
            continue
        given = var.like()
        params.append(given)
        if isinstance(var.kind, Array):
            stmts.append(Call(var, Const(np.ndarray.copy), (given,), (("order", Const("K")),), loc))
        elif isinstance(var.kind, List) and isinstance(var.kind.item, Scalar):
            stmts.append(Call(var, Const(list.copy), (given,), (), loc))
        elif isinstance(var.kind, Dict) and isinstance(var.kind.item, Scalar):
            stmts.append(Call(var, Const(dict.copy), (given,), (), loc))
        else:
            stmts.append(Call(var, Const(copy.deepcopy, "copy.deepcopy"), (given,), (), loc))
    return stmts, tuple(params)


def _named_value(stmts: Sequence[Stmt], value: Atom, request: Request) -> list[Stmt]:
    """The forward sweep, its result called ``value`` where the user gave it no name and it is returned."""
    if not (request.value and isinstance(value, Var) and not value.name):
        return list(stmts)
    return [
        replace(s, target=replace(s.target, name="value")) if isinstance(s, Call) and s.target == value else s
        for s in stmts
    ]


# --- results ------------------------------------------------------------------------------------------------------


def _finished(scope: Scope, var: Var) -> Atom:
    """The gradient that the caller gets for an argument: its shape and dtype, writable, its own memory."""
    for shadow, grouped in scope.companions.given.get(var, ()):
        scope.b.append(runtime.regroup, (shadow, grouped))
    if parts(var.kind) is not None:
        found: dict[tuple[object, ...], Atom | None] = {}
        direct = scope.take((var, ()))
        if direct is not None:
            spread_buffer(scope, var, direct)
        for path, _ in leaves(var.kind):
            state = _final(scope, (var, path))
            found[path] = None if state is None else _leaf(scope, (var, path), state.atom, owned=state.owned)
        return _mirrored(scope, var, (), var.kind, found)
    state_before = _final(scope, (var, ())) if scope.is_carried((var, ())) else scope.states.get((var, ()))
    owned = state_before is not None and state_before.owned
    value = state_before.atom if state_before is not None and owned and var in scope.companions else whole(scope, var)
    if isinstance(value, Seq):
        value = None
    return _leaf(scope, (var, ()), value, owned=owned)


def _final(scope: Scope, slot: tuple[Var, tuple[object, ...]]) -> State | None:
    """The cotangent of an argument or a part of it, at the end of the reverse sweep."""
    if not scope.is_carried(slot):
        return scope.take(slot)
    return State(scope.carried_shadow(slot), owned=True, full=True)


def _mirrored(
    scope: Scope, var: Var, path: tuple[object, ...], kind: Kind, found: dict[tuple[object, ...], Atom | None]
) -> Atom:
    inner = parts(kind)
    b = scope.b
    if inner is None:
        known = found.get(path)
        return known if known is not None else _leaf(scope, (var, path), None, owned=False)
    items = [_mirrored(scope, var, (*path, key), part, found) for key, part in inner]
    match kind:
        case Dict():
            pairs = [a for (key, _), item in zip(inner, items, strict=True) for a in (Const(key), item)]
            return b.append(ops.make_dict, pairs)
        case Tuple(cls=cls) if cls is list:
            return b.append(ops.make_list, items)
        case Tuple(cls=cls) if cls is not tuple:
            return b.append(Const(cls, cls.__name__), items)
        case _:
            return b.append(ops.make_tuple, items)


def _leaf(scope: Scope, slot: tuple[Var, tuple[object, ...]], g: Value | None, *, owned: bool) -> Atom:
    b, kind = scope.b, scope.kind(slot)
    name = slot[0].name
    assert not isinstance(g, Seq)
    match kind:
        case List(item=Undefined()) | Dict(item=Undefined()):
            return b.append(ops.make_list if isinstance(kind, List) else ops.make_dict, ())
        case _ if not may_be_active(kind):
            return Const(None)
        case Scalar(dtype=dtype):
            g = Const(0.0) if g is None else g
            if dtype == "f8" and isinstance(g, Var) and any(_has_single(p.kind) for p in scope.memory.params):
                return b.append(Const(np.float64, "np.float64"), (g,))  # a number of Python takes on any precision
            return _scalar(b, g, dtype)
        case Array(dtype=dtype) if is_inexact(dtype) and dtype is not None:
            primal = scope.primal(slot)
            if g is None:
                return b.append(np.zeros_like, (primal,), name=f"{name}_bar")
            return _array(b, g, primal, kind, owned=owned)
        case List(item=Scalar(dtype="f8"), cls=cls) if cls is list:
            made = zeros(b, scope.primal(slot), kind) if g is None else g
            return made if owned or g is None else b.append(list, (made,), kind=kind)
        case List(item=Array(dtype="f8"), cls=cls) if (
            cls is list and g is not None and b.definition(g, ops.zeros_like_each)
        ):
            return g
        case _:
            given: Atom = Const(0.0) if g is None else g
            return b.append(runtime.gradient_like, (given, scope.primal(slot)), name=f"{name}_bar")


def _is_mixed(b: Builder, kind: Array) -> bool:
    """Whether there are arrays of another precision than this one's, which may have met its cotangent."""
    kinds = (call.target.kind for call in b.defs.values())
    return any(isinstance(k, Array) and is_inexact(k.dtype) and k.dtype != kind.dtype for k in kinds)


def _has_single(kind: Kind) -> bool:
    """Whether a value may hold numbers of less than double precision."""
    if isinstance(kind, (Scalar, Array, Numeric)):
        return kind.dtype in ("f2", "f4", "c8")
    return any(map(_has_single, parts_of(kind)))


def _scalar(b: Builder, g: Atom, dtype: str | None) -> Atom:
    found = b.kind(g)
    same = isinstance(found, Scalar) and (found.dtype == dtype or (dtype == "f8" and found.dtype == "f8"))
    if same and dtype is not None and (dtype == "f8" or not (isinstance(found, Scalar) and found.weak)):
        return g
    if dtype is None:
        return g
    return b.append(Const(np.dtype(dtype).type, f"np.{np.dtype(dtype).name}"), (g,))


def _array(b: Builder, g: Atom, primal: Atom, kind: Array, *, owned: bool) -> Atom:
    found = b.kind(g)
    if isinstance(found, Scalar):
        return filled(b, g, primal, kind)
    if kind.dims == ():
        return b.append(np.full_like, (primal, g))  # arithmetic on 0-d arrays gives NumPy scalars
    if not is_full(b, g, kind) or not isinstance(found, Array) or found.dtype is None:
        return b.append(runtime.gradient_like, (g, primal))
    if found.dtype != kind.dtype or (_has_single(kind) and _is_mixed(b, kind)):
        return b.append(np.ndarray.astype, (g, b.call(getattr, primal, Const("dtype"))))
    return g if owned or _is_fresh(b, g) else b.append(np.ndarray.copy, (g,))


def _is_fresh(b: Builder, g: Atom) -> bool:
    """Whether `g` is an array that the reverse sweep allocated, and not memory of an argument or of a value."""
    call = b.definition(g)
    if call is not None and isinstance(call.fn, Const) and isinstance(call.fn.value, Callee):
        return False  # it may have given back what it was given
    return call is not None and view_of(call) is None and call.loc.adjoint and not is_call_of(call, ops.identity)


def _result(b: Builder, request: Request, value: Atom, aux: Atom | None, grads: Sequence[Atom]) -> Atom:
    distinct: list[Atom] = []
    for g in grads:
        shared = isinstance(atom_kind(g), Array) and g in distinct
        distinct.append(b.append(np.ndarray.copy, (g,)) if shared else g)
    gradients = distinct[0] if request.single else b.append(ops.make_tuple, distinct)
    if aux is not None:
        value_part = b.append(ops.make_tuple, (value, aux))
        return b.append(ops.make_tuple, (value_part, gradients) if request.value else (gradients, aux))
    return b.append(ops.make_tuple, (value, gradients)) if request.value else gradients

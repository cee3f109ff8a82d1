"""The tangents of the functions of NumPy that store into an array: the same store into the tangent of that array.

np.put(a, i, v)      ->    np.put(a_dot, i, v_dot)
a.sort()             ->    a_dot[...] = a_dot[np.argsort(a)]        (before a changes)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.analysis.mutators import Mutation
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Const
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Value, materialise
from srcad.transform.reverse.mutators import SIGNS, partials_of, refused
from srcad.transform.tangent_containers import fresh_index
from srcad.transform.tangent_lines import Lines
from srcad.transform.tangent_values import whole

Dots = Callable[[Atom], Value]


def tangent_of_mutation(lines: Lines, made: Mutation, memory: Memory, dot: Dots) -> None:
    """Write a store by one of these functions, and the store into the tangent."""
    t = lines.t
    target = materialise(t, dot(made.base))
    if made.fn is np.ndarray.partition:
        _partition(lines, made, target)
        return
    if made.fn is np.ndarray.sort:
        _sort(t, made, target)
    elif made.fn is np.ufunc.at:
        _at(t, made, target, dot)
    else:
        value = made.args["values"]
        along = dot(value)
        _mirror(t, made, target, Const(0.0) if along is ZERO else whole(t, value, along))
    lines.store(made.call, memory)


def _mirror(t: Builder, made: Mutation, target: Atom, value: Atom) -> None:
    """The same function for the tangents."""
    if made.fn is np.ndarray.fill:
        t.append(operator.setitem, (target, Const(Ellipsis), value))
        return
    new = {"a": target, "values": value}
    args = [a if isinstance(a, Const) else fresh_index(t, a) for a in made.positional(new)]
    t.append(made.call.fn, args, made.keywords(new))


def _sort(t: Builder, made: Mutation, target: Atom) -> None:
    _refuse_fields(made)
    options = [(k, v) for k, v in made.args.items() if k != "a"]
    order = t.append(np.argsort, (made.base,), options)
    t.append(operator.setitem, (target, Const(Ellipsis), _taken(t, made, target, order)))


def _partition(lines: Lines, made: Mutation, target: Atom) -> None:
    """NumPy's own choice of an order is found again by sorting what was there before and after."""
    _refuse_fields(made)
    axis = [(k, v) for k, v in made.args.items() if k == "axis"]
    lines.flush()
    lines.b.loc = lines.t.loc
    before = lines.b.append(np.argsort, (made.base,), axis)
    lines.b.emit(made.call)
    lines.start = len(lines.b.stmts)
    t = lines.t
    after = t.append(np.argsort, (made.base,), axis)
    moved = _taken(t, made, target, before)
    if _is_vector(t, target):
        t.append(operator.setitem, (target, after, moved))
    else:
        t.append(np.put_along_axis, (target, after, moved), (("axis", made.args.get("axis", Const(-1))),))
    lines.flush()


def _taken(t: Builder, made: Mutation, target: Atom, order: Atom) -> Atom:
    if _is_vector(t, target):
        return t.append(operator.getitem, (target, order))
    return t.append(np.take_along_axis, (target, order), (("axis", made.args.get("axis", Const(-1))),))


def _is_vector(t: Builder, target: Atom) -> bool:
    kind = t.kind(target)
    return isinstance(kind, Array) and kind.dims is not None and len(kind.dims) == 1


def _refuse_fields(made: Mutation) -> None:
    if made.args.get("order", Const(None)) != Const(None):
        raise refused(made, "the order of fields is not followed")


def _at(t: Builder, made: Mutation, target: Atom, dot: Dots) -> None:
    ufunc, index, value = made.args["ufunc"], fresh_index(t, made.args["ind"]), made.args.get("values", Const(None))
    fn: Any = ufunc.value if isinstance(ufunc, Const) else None
    along = dot(value)
    if fn in SIGNS:
        if along is not ZERO:
            t.append(np.ufunc.at, (ufunc, target, index, whole(t, value, along)))
        return
    partials = partials_of(fn)
    if partials is None:
        raise refused(made, "it has no partial derivatives")
    given = Const(None) if along is ZERO else whole(t, value, along)
    t.append(runtime.at_tangent, (target, made.base, index, value, given, ufunc, partials))

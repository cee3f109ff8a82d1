"""Which axes an argument names, and which an index adds."""

from __future__ import annotations

from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.transform.algebra import rank
from srcad.transform.builder import Builder


def axes_of(b: Builder, axis: Atom, ndim: int) -> tuple[int, ...] | None:
    """The axes that an argument names, counted from the front; None where it is not known or not valid."""
    made = b.definition(axis, ops.make_tuple)
    if made is not None:
        values = [a.value for a in made.args if isinstance(a, Const)]
        if len(values) != len(made.args):
            return None
    elif isinstance(axis, Const):
        values = list(axis.value) if isinstance(axis.value, tuple) else [axis.value]
    else:
        return None
    if not all(type(v) is int and -ndim <= v < ndim for v in values):
        return None
    axes = tuple(v % ndim for v in values)
    return axes if len(set(axes)) == len(axes) else None


def added_axes(b: Builder, viewed: Call, ndim: int) -> tuple[int, ...] | None:
    """The axes that an index of slices and None adds to make `ndim` of them."""
    made = b.definition(viewed.args[1], ops.make_tuple)
    own = None if isinstance(viewed.args[0], Star) else rank(atom_kind(viewed.args[0]))
    if made is None or own is None:
        return None
    axes: list[int] = []
    at = 0
    for item in made.args:
        if item == Const(Ellipsis):
            at += own - (len(made.args) - 1 - sum(a == Const(None) for a in made.args))
        elif item == Const(None):
            axes.append(at)
            at += 1
        elif (call := b.definition(item, slice)) is not None and all(a == Const(None) for a in call.args):
            at += 1
        else:
            return None
    return tuple(axes) if own + len(axes) == ndim else None

"""Undoing broadcasting: the cotangent of an argument from that of the broadcast result.

Where lengths are known this is a sum over the axes along which the argument was repeated, or nothing; where they are
not, a call of `srcad.runtime.unbroadcast`.

    b_bar = unbroadcast(z_bar, b)      ->      b_bar = z_bar.sum(axis=0)

>>> import srcad
>>> def f(b, z):
...     return np.sum(np.sin(b + z))
>>> "sum(axis=0)" in srcad.grad(f).source_for(np.ones(3), np.ones((2, 3)))
True
"""

from __future__ import annotations

import operator

import numpy as np

from srcad import runtime
from srcad.ir.dims import Dim
from srcad.ir.kinds import Array, Kind, Scalar, Tuple
from srcad.ir.nodes import Atom, Const, Var
from srcad.transform.algebra import rank, rewrites
from srcad.transform.builder import Builder
from srcad.transform.reverse.buffers import full

#: The leading axes that an operand lacks, and the axes of length 1 along which it was stretched.
Axes = tuple[tuple[int, ...], tuple[int, ...]]


def unbroadcast(b: Builder, g: Atom, x: Atom, ans: Var) -> Atom:
    """The cotangent of `x`, an operand of `ans`, from `g`, which has the shape of `ans` or broadcasts to it."""
    x_kind, ans_kind, g_kind = b.kind(x), ans.kind, b.kind(g)
    single = isinstance(x_kind, Scalar) or (isinstance(x_kind, Array) and x_kind.dims == ())
    if single and (isinstance(ans_kind, Scalar) or _are_scalars(ans_kind)):
        return g
    if not isinstance(ans_kind, Array) or ans_kind.dims is None:
        return _at_run_time(b, g, x)
    if isinstance(x_kind, Scalar) and isinstance(g_kind, Scalar):
        return b.call(operator.mul, g, b.call(getattr, ans, Const("size")))
    dims = () if isinstance(x_kind, Scalar) else x_kind.dims if isinstance(x_kind, Array) else None
    axes = None if dims is None else repeated_axes(b, dims, ans_kind.dims)
    if axes is None:
        return _at_run_time(b, _whole(b, g, ans), x)
    if not any(axes):
        return g
    return _of_smaller(b, g, ans, axes) or _summed(b, _whole(b, g, ans), axes)


def _of_smaller(b: Builder, g: Atom, ans: Var, axes: Axes) -> Atom | None:
    """The sum of a `g` that may be smaller than `ans`: where it is repeated itself, it is multiplied by how often.

    None where it is not known whether it is.
    """
    kind, whole = b.kind(g), ans.kind
    assert isinstance(whole, Array) and whole.dims is not None
    own = () if isinstance(kind, Scalar) else kind.dims if isinstance(kind, Array) else None
    if own is None or len(own) > len(whole.dims):
        return None
    lacking = len(whole.dims) - len(own)
    missing, stretched = axes
    repeated, kept = [k for k in (*missing, *stretched) if k < lacking], []
    for k in sorted((*missing, *stretched)):
        if k >= lacking:
            if b.facts.equal(own[k - lacking], whole.dims[k]):
                kept.append(k)
            elif b.facts.is_one(own[k - lacking]):
                repeated.append(k)
                kept += [k] if k in missing else []  # an axis of length 1, which goes
            else:
                return None
    inside = tuple([k - lacking for k in kept if k in missing]), tuple([k - lacking for k in kept if k in stretched])
    total = _summed(b, g, inside)
    shape = b.call(getattr, ans, Const("shape"))
    for k in sorted(repeated):
        total = b.call(operator.mul, total, b.call(operator.getitem, shape, Const(k)))
    return total


def _whole(b: Builder, g: Atom, ans: Var) -> Atom:
    return g if g == ans else full(b, g, ans, ans.kind)


def _are_scalars(kind: Kind) -> bool:
    """Whether a value is a tuple of numbers, as that of `divmod` is."""
    return isinstance(kind, Tuple) and all(isinstance(item, Scalar) for item in kind.items)


@rewrites(runtime.unbroadcast)
def _known_unbroadcast(b: Builder, g: Atom, x: Atom) -> Atom | None:
    """``unbroadcast(g, x)`` in a template, where the lengths are known."""
    g_kind, x_kind = b.kind(g), b.kind(x)
    if not (isinstance(g_kind, Array) and isinstance(x_kind, Array)) or g_kind.dims is None or x_kind.dims is None:
        return None
    axes = repeated_axes(b, x_kind.dims, g_kind.dims)
    if axes is None:
        return None
    return _summed(b, g, axes) if any(axes) else g


def repeated_axes(b: Builder, x: tuple[Dim | None, ...], ans: tuple[Dim | None, ...]) -> Axes | None:
    """The leading axes that `x` lacks, and the axes of length 1 that were stretched; None where it is not known."""
    extra = len(ans) - len(x)
    if extra < 0:
        return None
    stretched: list[int] = []
    for axis, (own, whole) in enumerate(zip(x, ans[extra:], strict=True), start=extra):
        if b.facts.equal(own, whole):
            continue
        one = b.facts.is_one(own)
        if one:
            stretched.append(axis)
        elif one is None:
            return None
    return tuple(range(extra)), tuple(stretched)


def _summed(b: Builder, g: Atom, axes: Axes) -> Atom:
    missing, stretched = axes
    if stretched:
        g = b.call(np.ndarray.sum, g, kwargs=[("axis", _axis(stretched)), ("keepdims", Const(True))])
    if missing and len(missing) == rank(b.kind(g)):
        return b.call(np.ndarray.sum, g)
    return b.call(np.ndarray.sum, g, kwargs=[("axis", _axis(missing))]) if missing else g


def _axis(axes: tuple[int, ...]) -> Const:
    return Const(axes[0] if len(axes) == 1 else axes)


def _at_run_time(b: Builder, g: Atom, x: Atom) -> Atom:
    return b.append(runtime.unbroadcast, (g, x), kind=b.kind(x))

"""The sum of shares of a whole is the whole: ``(e * (h / e.sum())).sum()`` is `h`.

This is what makes the adjoint of a shift vanish, as that of the maximum in ``m + log(sum(exp(z - m)))``: what it gets
from the sum and what it gets from the exponentials is the same, with opposite signs. A person leaves both out. Where
the sum is 0 or infinite, the shares are NaN, which the cotangents of the shifted values show.

>>> import numpy as np
>>> import srcad
>>> def f(z):
...     m = np.max(z)
...     return m + np.log(np.sum(np.exp(z - m)))
>>> print(srcad.grad(f).source_for(np.ones(3)))
# kinds: z: f8[n]
def f_grad(z):
    m = np.max(z)
    exp = np.exp(z - m)
    # return m + np.log(np.sum(np.exp(z - m)))
    z_bar = exp / np.sum(exp)
    return z_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator

import numpy as np

from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Dim
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.transform.algebra import Keywords, rank
from srcad.transform.axes import added_axes, axes_of
from srcad.transform.builder import Builder

_SUMS = (np.sum, np.ndarray.sum)

Dims = tuple[Dim | None, ...]


def sum_of_shares(b: Builder, x: Atom, kwargs: Keywords) -> Atom | None:
    """`h`, where `x` is ``e * (h / s)``, and `s` the sum of `e` over the axes that are summed."""
    call = b.recent(x, operator.mul)
    if call is None or not call.loc.adjoint:
        return None
    for parts, ratio in (call.args, call.args[::-1]):
        if isinstance(parts, Star) or isinstance(ratio, Star):
            continue
        viewed = b.recent(ratio, operator.getitem)
        quotient = b.recent(ratio if viewed is None else viewed.args[0], operator.truediv)
        if quotient is None or not quotient.loc.adjoint:
            continue
        h, total = quotient.args
        found = None if isinstance(h, Star) else _whole(b, (parts, total), h, viewed, dict(kwargs))
        if found is not None and not isinstance(h, Star):
            b.shares.update((found, h))
            return found
    return None


def _whole(
    b: Builder, of: tuple[Atom, Atom | Star], h: Atom, viewed: Call | None, how: dict[str | None, Atom]
) -> Atom | None:
    """`h` with the axes that the sum has; None if its second argument is not the sum of the first."""
    parts, total = of
    ndim = rank(atom_kind(parts))
    made = next((c for fn in _SUMS if (c := b.recent(total, fn)) is not None), None)
    if made is None or made.args[:1] != (parts,) or not ndim or made.loc.adjoint:
        return None
    own: dict[str | None, Atom | Star] = {"axis": made.args[1]} if len(made.args) == 2 else {}
    own.update(made.kwargs)
    keeps = own.pop("keepdims", Const(False)) == Const(True)
    axes = _summed(b, own.pop("axis", Const(None)), ndim)
    if own or len(made.args) > 2 or axes is None or axes != _summed(b, how.get("axis", Const(None)), ndim):
        return None
    if viewed is not None and (keeps or added_axes(b, viewed, ndim) != axes):
        return None
    if viewed is None and not keeps and axes != tuple(range(len(axes))):
        return None  # the ratio is repeated along other axes than those of the sum
    kind = atom_kind(h)
    if isinstance(h, Const) or isinstance(kind, Scalar):
        return h
    if not isinstance(kind, Array) or kind.dims is None or not _is_constant(b, kind.dims, axes, ndim, keeps=keeps):
        return None
    kept = how.get("keepdims", Const(False)) == Const(True)
    if viewed is not None and kept:
        return b.append(operator.getitem, (h, viewed.args[1]))
    return h if viewed is not None or kept == keeps else None


def _is_constant(b: Builder, dims: Dims, axes: tuple[int, ...], ndim: int, *, keeps: bool) -> bool:
    """Whether what is shared is one number for each sum: it has no axes that are summed, or of length 1."""
    if not keeps:
        return len(dims) <= ndim - len(axes)
    return len(dims) == ndim and all(b.facts.is_one(dims[k]) is True for k in axes)


def _summed(b: Builder, axis: Atom | Star, ndim: int) -> tuple[int, ...] | None:
    """The axes of a sum in order, counted from the front."""
    if axis == Const(None):
        return tuple(range(ndim))
    found = None if isinstance(axis, Star) else axes_of(b, axis, ndim)
    return None if found is None else tuple(sorted(found))

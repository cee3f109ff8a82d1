"""The adjoint of a read that only adds axes of length 1, or takes them away: no buffer of zeros is needed.

    y = x[:, None] * w                             y = x[:, None] * w
    x_bar = np.zeros_like(x)               ->      x_bar = (w * y_bar).sum(axis=1)
    x_bar[:, None] += (w * y_bar).sum(axis=1, keepdims=True)

>>> import srcad
>>> import numpy as np
>>> def f(x, w):
...     y = x[:, None] * w
...     return np.sum(y * y)
>>> print(srcad.grad(f).source_for(np.ones(3), np.ones((3, 4))))
# kinds: x: f8[n], w: f8[m, d]
def f_grad(x, w):
    y = x[:, None] * w
    # return np.sum(y * y)
    y_bar = 2 * y
    # y = x[:, None] * w
    x_bar = (w * y_bar).sum(axis=1)
    return x_bar
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from srcad.ir import ops
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.transform.algebra import is_const, rank
from srcad.transform.axes import added_axes, axes_of
from srcad.transform.builder import Builder
from srcad.transform.identities import is_array, is_number

#: What an item of an index does: keep an axis, make one, take one of length 1 away.
_KEEP, _NEW, _TAKE = "keep", "new", "take"


def through_axes(b: Builder, g: Atom, base: Atom, index: Atom) -> Atom | None:
    """The cotangent of `base` from `g`, that of ``base[index]``; None where the index selects, or may select."""
    steps = _steps(b, base, index)
    if steps is None:
        return None
    kind = b.kind(g)
    if isinstance(kind, Scalar) or isinstance(g, Const):
        return g
    count = rank(kind)
    made = [s for s in steps if s is not _TAKE]
    if count is None or count > len(made):
        return None
    lacking = len(made) - count  # leading axes along which g is repeated
    while lacking:
        lacking -= steps.pop(0) is not _TAKE
    axes = tuple(k for k, s in enumerate(s for s in steps if s is not _TAKE) if s is _NEW)
    inner = squeezed(b, g, axes) if axes else g
    added = tuple(k for k, s in enumerate(s for s in steps if s is not _NEW) if s is _TAKE)
    return b.call(np.expand_dims, inner, added if len(added) > 1 else added[0]) if added else inner


def _steps(b: Builder, base: Atom, index: Atom) -> list[str] | None:
    """What each item of the index does, one item for each axis of `base` and each new one."""
    kind = b.kind(base)
    if not isinstance(kind, Array) or kind.dims is None or kind.dims == ():
        return None
    made = b.definition(index, ops.make_tuple)
    items: Sequence[Atom | Star] = (index,) if made is None else made.args
    own = sum(not (isinstance(i, Const) and (i.value is None or i.value is Ellipsis)) for i in items)
    steps: list[str] = []
    at = 0
    for item in [*items, *([] if Const(Ellipsis) in items else [Const(Ellipsis)])]:
        if item == Const(Ellipsis):
            steps += [_KEEP] * (len(kind.dims) - own)
            at += len(kind.dims) - own
        elif isinstance(item, Const) and item.value is None:
            steps.append(_NEW)
        elif _is_whole(b, item):
            steps.append(_KEEP)
            at += 1
        elif (is_const(item, 0) or is_const(item, -1)) and at < len(kind.dims) and b.facts.is_one(kind.dims[at]):
            steps.append(_TAKE)
            at += 1
        else:
            return None
    return steps if at == len(kind.dims) else None


def _is_whole(b: Builder, item: Atom | Star) -> bool:
    """Whether an item of an index is ``:``."""
    made = b.definition(item, slice)
    return made is not None and all(a == Const(None) for a in made.args)


def squeezed(b: Builder, g: Atom, axes: tuple[int, ...]) -> Atom:
    """`g` without these axes, each of length 1."""
    negated = b.recent(g, operator.neg)
    if negated is not None and negated.loc.adjoint:
        return b.call(operator.neg, squeezed(b, _first(negated), axes))
    product = b.recent(g, operator.mul)
    if product is not None and product.loc.adjoint:
        p, q = product.args
        if isinstance(q, Star) or isinstance(p, Star):
            return _indexed(b, g, axes)
        for number, array in ((p, q), (q, p)):
            if is_number(number) and is_array(array) and rank(b.kind(array)) == rank(b.kind(g)):
                return b.call(operator.mul, number, squeezed(b, array, axes))
    viewed = b.recent(g, operator.getitem)
    if viewed is not None and viewed.loc.adjoint and added_axes(b, viewed, rank(b.kind(g)) or 0) == axes:
        return _first(viewed)
    summed = b.recent(g, np.ndarray.sum)
    named = {} if summed is None else dict(summed.kwargs)
    if summed is not None and set(named) == {"axis", "keepdims"} and named["keepdims"] == Const(True):
        source = _first(summed)
        ndim = rank(b.kind(source))
        if ndim is not None and axes_of(b, named["axis"], ndim) == axes:
            return b.call(np.ndarray.sum, source, kwargs=[("axis", named["axis"])] if len(axes) < ndim else [])
    return _indexed(b, g, axes)


def _first(call: Call) -> Atom:
    first = call.args[0]
    assert not isinstance(first, Star)
    return first


def _indexed(b: Builder, g: Atom, axes: tuple[int, ...]) -> Atom:
    """``g[0]``, ``g[:, 0]``, ..."""
    items: list[Atom] = []
    for k in range(max(axes) + 1):
        items.append(Const(0) if k in axes else b.append(slice, (Const(None), Const(None), Const(None))))
    return b.append(operator.getitem, (g, items[0] if len(items) == 1 else b.append(ops.make_tuple, items)))

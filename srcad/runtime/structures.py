"""Cotangents of containers: numbers, arrays, and lists, tuples, dicts and objects of them.

A cotangent mirrors its primal: the same container types, arrays of the same shape, and None for every leaf that
carries no derivative (integers, bools, strings, None). None of these functions changes its arguments.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.errors import NonDifferentiable
from srcad.runtime.protocol import filled_like, is_array, is_complex, is_other_array


def zeros_like(x: Any) -> Any:
    """A zero cotangent for `x`, fresh: 0.0 for a float, zeros for an array, mirrored containers, None for other leaves.

    The cotangent of a tuple is a list here, so that contributions to its items can be added in place.

    >>> zeros_like([1.0, (2, np.ones(2))])
    [0.0, [None, array([0., 0.])]]
    """
    return mirrored(x, None, _zero_leaf, mutable=True)


def gradient_like(g: Any, x: Any) -> Any:
    """The gradient that a user gets for the argument `x` whose cotangent is `g`.

    Args:
        g: a cotangent; it may be smaller than `x`, a view, of another precision, and None or 0.0 for no contribution.
        x: the argument.

    Returns:
        Fresh values, mirrored as `x` is: arrays with its shape and dtype, writable and sharing memory with nothing;
        float for a float; None for leaves that carry no derivative.

    >>> gradient_like(2.0, np.zeros(2, dtype="f4"))
    array([2., 2.], dtype=float32)
    """
    return mirrored(x, g, _gradient_leaf)


def own(x: Any) -> Any:
    """A copy that nobody else holds, of an array (its memory order kept), a list or a dict; other values as they are.

    >>> a = np.zeros(2)
    >>> own(a) is a, own(1.5)
    (False, 1.5)
    """
    if isinstance(x, np.ndarray):
        return x.copy(order="K")
    if is_other_array(x):
        return x.copy()
    return copy.copy(x) if isinstance(x, (list, dict, set)) else x


def groups(x: Any) -> list[tuple[Any, Any]]:
    """The lists and dicts in `x` that hold arrays or containers, each with a copy of it as it is now: see `regroup`."""
    found: dict[int, tuple[Any, Any]] = {}
    pending = [x]
    while pending:
        here = pending.pop()
        inner = list(here.values()) if isinstance(here, dict) else here if isinstance(here, (list, tuple)) else []
        if id(here) in found or not any(map(_is_container, inner)):
            continue
        found[id(here)] = (here, here if isinstance(here, tuple) else here.copy())
        pending += inner
    return list(found.values())


def regroup(x: Any, before: list[tuple[Any, Any]]) -> None:
    """Put arrays and containers in `x` back to where they were when ``before = groups(x)``; numbers stay.

    >>> x = {"a": np.ones(2), "s": 1.0}
    >>> before = groups(x)
    >>> x["a"], x["s"] = np.zeros(1), 2.0
    >>> regroup(x, before)
    >>> x
    {'a': array([1., 1.]), 's': 2.0}
    """
    for container, held in before:
        if isinstance(container, dict):
            numbers = {k: container[k] for k, v in held.items() if not _is_container(v)}
            container.clear()
            container.update(held | numbers)
        elif isinstance(container, list):
            container[:] = held


def _is_container(x: Any) -> bool:
    return isinstance(x, (np.ndarray, list, dict, tuple))


def own_parts(x: Any) -> Any:
    """`own` of a list or a dict and of all that is in it.

    >>> rows = [[1.0]]
    >>> own_parts(rows)[0] is rows[0]
    False
    """
    if type(x) is list:
        return [own_parts(item) for item in x]
    if type(x) is dict:
        return {key: own_parts(item) for key, item in x.items()}
    return own(x)


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two cotangents of one value, of any structure; None counts as zero. Nothing is changed in place.

    >>> accumulate([1.0, None], [2.0, np.ones(2)])
    [3.0, array([1., 1.])]
    """
    if a is None or b is None:
        return b if a is None else a
    for one, other in ((a, b), (b, a)):
        if isinstance(one, (list, tuple)):
            items = [accumulate(left, right) for left, right in zip(one, _items(other, len(one)), strict=True)]
            return _rebuilt(one, items)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        keys = [*a, *(key for key in b if key not in a)]
        return type(a)({key: accumulate(a.get(key), b.get(key)) for key in keys})  # type: ignore[call-arg]
    if _has_fields(a) and type(a) is type(b):
        return _with_fields(a, {name: accumulate(vars(a).get(name), value) for name, value in vars(b).items()})
    return a + b


Leaf = Callable[[Any, Any], Any]


def mirrored(x: Any, g: Any, leaf: Leaf, *, mutable: bool = False) -> Any:
    """The structure of `x` with ``leaf(part of x, part of g)`` for each of its leaves; a number is in every part.

    With `mutable`, a list stands for a tuple.
    """
    if isinstance(x, (list, tuple)) or type(x).__name__ == "deque":
        pairs = zip(x, _items(g, len(x)), strict=True)
        items = [mirrored(value, part, leaf, mutable=mutable) for value, part in pairs]
        return items if mutable and isinstance(x, tuple) else _rebuilt(x, items)
    if isinstance(x, dict):
        part_at = g.get if isinstance(g, Mapping) else lambda key: g
        entries = {key: mirrored(value, part_at(key), leaf, mutable=mutable) for key, value in x.items()}
        if type(x) is dict:
            return entries
        changed = copy.copy(x)
        changed.update(entries)
        return changed
    if isinstance(x, np.ndarray) and x.dtype == object:
        made = np.empty(x.shape, dtype=object)
        parts = np.broadcast_to(np.asarray(g, dtype=object), x.shape)
        for index in np.ndindex(x.shape):
            made[index] = mirrored(x[index], parts[index], leaf, mutable=mutable)
        return made
    if _has_fields(x):
        fields = vars(g) if _has_fields(g) else None
        field = (lambda name: g) if fields is None else fields.get
        values = {name: mirrored(value, field(name), leaf, mutable=mutable) for name, value in vars(x).items()}
        return _with_fields(x, values)
    return leaf(x, g)


def _zero_leaf(x: Any, _: Any) -> Any:
    if is_array(x):
        return np.zeros_like(x) if x.dtype.kind in "fc" else None
    if isinstance(x, (np.floating, np.complexfloating)) and not isinstance(x, (float, complex)):
        return x.dtype.type(0)
    if isinstance(x, (float, complex)):
        return 0.0 if isinstance(x, float) else 0j
    return None


def _gradient_leaf(x: Any, g: Any) -> Any:
    zero = _zero_leaf(x, None)
    if zero is None or g is None:
        return zero
    if is_complex(g) and not is_complex(x):
        g = np.real(g)
    if is_other_array(x):
        return filled_like(x, g)
    if isinstance(x, np.ndarray):
        zero[...] = g
        return zero
    if isinstance(x, np.generic):
        return x.dtype.type(g)
    return float(g) if isinstance(x, float) else complex(g)


def _items(g: Any, length: int) -> list[Any]:
    """The parts of a cotangent for a sequence of that length: one number stands for each of them."""
    single = not hasattr(g, "__len__") or (is_array(g) and g.ndim == 0)
    return [g] * length if single else list(g)


def _rebuilt(like: Any, items: list[Any]) -> Any:
    if type(like) is list or type(like) is tuple:
        return type(like)(items)
    if hasattr(like, "_fields"):
        return type(like)(*items)
    if type(like).__name__ == "deque":
        return type(like)(items, like.maxlen)
    raise NonDifferentiable(
        f"a {type(like).__name__} carries derivatives",
        why="the gradient of a list or tuple of a class of its own cannot be built without knowing that class",
        remedy="use a plain list or tuple, a named tuple, or an object with attributes",
    )


_PLAIN = (
    type, types.ModuleType, types.FunctionType, types.MethodType, types.GeneratorType, np.ndarray, np.generic,
    int, float, complex, str, bytes,
)  # fmt: skip


def _has_fields(x: Any) -> bool:
    """Whether `x` is an instance of a user's class, which keeps its state in attributes."""
    return (
        type(x).__flags__ & (1 << 9) != 0
        and hasattr(x, "__dict__")
        and not (isinstance(x, _PLAIN) or is_other_array(x))
    )


def _with_fields(like: Any, fields: dict[str, Any]) -> Any:
    """An instance of the class of `like`, made without ``__init__``, with these attributes."""
    made = object.__new__(type(like))
    made.__dict__.update(fields)
    return made


def add_values(bars: dict[Any, Any], items: list[Any], d: Mapping[Any, Any]) -> None:
    """Add the cotangents of ``d.values()``, in order, to those of the entries of `d`, in place.

    >>> bars = {"a": 1.0}
    >>> add_values(bars, [2.0], {"a": 0.5})
    >>> bars
    {'a': 3.0}
    """
    for key, item in zip(d, items, strict=True):
        bars[key] = accumulate(bars[key], item) if key in bars else own_parts(item)


def unsorted(g: Any, items: Any, reverse: bool = False) -> Any:
    """The cotangents of `items` from those of ``sorted(items, reverse=reverse)``: the permutation undone.

    >>> unsorted([1.0, 2.0, 3.0], [0.5, 0.1, 0.3])
    [3.0, 1.0, 2.0]
    """
    order = sorted(range(len(items)), key=items.__getitem__, reverse=reverse)
    found: list[Any] = [None] * len(order)
    for item, place in zip(_items(g, len(order)), order, strict=True):
        found[place] = item
    return np.array(found) if isinstance(items, np.ndarray) else found


def add_to(x_bar: Any, g: Any) -> None:
    """Add the cotangent `g` to `x_bar`, a list, a dict or an array, in place; one number stands for every item.

    Arrays inside are changed in place, too: others may refer to them.

    >>> bars = [1.0, [2.0], np.zeros(2)]
    >>> add_to(bars, [1.0, [1.0], np.ones(2)])
    >>> bars
    [2.0, [3.0], array([1., 1.])]
    """
    if isinstance(x_bar, np.ndarray):
        x_bar += g
        return
    if is_other_array(x_bar):
        x_bar[...] = x_bar + g
        return
    if isinstance(x_bar, dict) and isinstance(g, Mapping):
        for key, part in g.items():
            if isinstance(x_bar.get(key), (list, dict)):
                add_to(x_bar[key], part)
            else:
                x_bar[key] = accumulate(x_bar[key], part) if key in x_bar else own_parts(part)
        return
    keys = list(x_bar) if isinstance(x_bar, dict) else range(len(x_bar))
    for key in keys:
        part = g[key] if isinstance(g, (list, tuple, np.ndarray)) else g
        if isinstance(x_bar[key], (list, dict)) or _takes(x_bar[key], part):
            add_to(x_bar[key], part)
        else:
            x_bar[key] = accumulate(x_bar[key], part)


def _takes(x_bar: Any, g: Any) -> bool:
    """Whether `g` can be added to `x_bar` in place: an array that is not smaller."""
    return isinstance(x_bar, np.ndarray) and np.broadcast_shapes(x_bar.shape, np.shape(g)) == x_bar.shape


def items_like(g: Any, x: Any) -> Any:
    """The cotangent of a sequence `x` from a list of cotangents of its first items, the others zero.

    >>> items_like([1.0], np.ones(2))
    array([1., 0.])
    """
    if isinstance(x, (dict, set, frozenset, str)):
        return None  # what an iteration gives are keys
    if not isinstance(x, (list, tuple, np.ndarray)):
        return list(g)
    full = zeros_like(x)
    if full is None:
        return None
    for k, item in enumerate(g):
        full[k] = accumulate(full[k], item) if isinstance(full, list) else item
    return full


def column(g: Any, k: int) -> list[Any]:
    """Item number `k` of each item.

    >>> column([(1.0, 2.0), (3.0, 4.0)], 1)
    [2.0, 4.0]
    """
    return [item[k] for item in g]


def backwards(g: Any) -> list[Any]:
    """The items in reverse order.

    >>> backwards([1.0, 2.0])
    [2.0, 1.0]
    """
    return list(g)[::-1]

"""The checker that knows nothing of srcad: values, leaves, and derivatives by differences.

A directional derivative is taken by the five-point central formula with step ``h = 1e-4``: its truncation error is
``h**4 * f''''' / 30``, about 1e-17 for the bank's functions, and rounding contributes about ``2 * eps * |f| / h``, a
few times 1e-12; a relative tolerance of 1e-7 leaves room for functions that are a thousand times steeper. Analytic
programs are checked by the complex step too, which does not cancel: 1e-11. For float32 data the derivative of the same
function on float64 data is the reference, to 1e-4: float32 carries 7 digits, of which a sum of some tens of terms keeps
5 or more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STEP = 1e-4


def is_active(value: Any) -> bool:
    """Whether `value` is a float or complex number or array: a leaf with a derivative."""
    if isinstance(value, (float, complex, np.inexact)):
        return True
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.inexact)


def tree_map(f: Callable[..., Any], first: Any, *rest: Any) -> Any:
    """`f` applied to the active leaves of `first` and the parts of `rest` at the same place; other leaves are kept."""
    if is_active(first):
        return f(first, *rest)
    if isinstance(first, dict):
        return type(first)((k, tree_map(f, v, *(r[k] for r in rest))) for k, v in first.items())
    if isinstance(first, (list, tuple)):
        items = [tree_map(f, v, *(r[i] for r in rest)) for i, v in enumerate(first)]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    return first


def leaves(value: Any) -> Iterator[Any]:
    """The active leaves of `value`, in order."""
    found: list[Any] = []
    tree_map(found.append, value)
    return iter(found)


def direction(value: Any, rng: np.random.Generator) -> Any:
    """A random tangent for `value`: the same structure and dtypes; what is not active is kept."""

    def draw(leaf: Any) -> Any:
        noise = rng.standard_normal(np.shape(leaf))
        if np.iscomplexobj(leaf):
            noise = noise + 1j * rng.standard_normal(np.shape(leaf))
        if isinstance(leaf, np.ndarray):
            return noise.astype(leaf.dtype)
        return type(leaf)(noise)

    return tree_map(draw, value)


def moved(value: Any, along: Any, step: complex) -> Any:
    """``value + step * along``, leaf by leaf, in double precision."""

    def move(leaf: Any, tangent: Any) -> Any:
        wide = np.asarray(leaf, dtype=np.result_type(leaf, np.float64)) + step * np.asarray(tangent)
        if isinstance(leaf, np.ndarray):
            same = np.empty_like(leaf, dtype=wide.dtype)  # in the same memory order: a ravel copies, or does not
            same[...] = wide
            return same
        return complex(wide) if np.iscomplexobj(wide) else float(wide)

    return tree_map(move, value, along)


def shifted(args: tuple[Any, ...], along: dict[int, Any], step: complex) -> tuple[Any, ...]:
    """`args` with those named in `along` moved; the rest copied."""
    fresh = copy.deepcopy(args)
    return tuple(moved(a, along[i], step) if i in along else a for i, a in enumerate(fresh))


def central(fn: Callable[..., Any], args: tuple[Any, ...], along: dict[int, Any], step: float = STEP) -> float:
    """The derivative of `fn` at `args` in the direction `along`, by the five-point formula."""

    def at(t: float) -> float:
        return float(fn(*shifted(args, along, t)))

    return (8.0 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12.0 * step)


def complex_step(fn: Callable[..., Any], args: tuple[Any, ...], along: dict[int, Any]) -> float:
    """The same by ``Im f(x + i h d) / h`` (Squire and Trapp 1998)."""
    return float(np.imag(fn(*shifted(args, along, 1e-30j))) / 1e-30)


def inner(gradient: Any, along: Any) -> float:
    """The pairing of a gradient with a tangent, summed over the active leaves of the tangent.

    A gradient multiplies a tangent without conjugation; the directional derivative is the real part.
    """
    total = 0.0

    def add(tangent: Any, cotangent: Any) -> None:
        nonlocal total
        total += float(np.real(np.sum(np.asarray(cotangent) * np.asarray(tangent))))

    tree_map(add, along, gradient)
    return total


def mirrors(gradient: Any, value: Any) -> str | None:
    """What is wrong with the structure, shapes, dtypes or writability of the gradient for an argument, or None."""
    if is_active(value):
        return _leaf_mirrors(gradient, value)
    if isinstance(value, dict):
        if type(gradient) is not type(value) or list(gradient) != list(value):
            return f"{gradient!r} does not mirror {value!r}"
        return next((m for k in value if (m := mirrors(gradient[k], value[k]))), None)
    if isinstance(value, (list, tuple)):
        if type(gradient) is not type(value) or len(gradient) != len(value):
            return f"{gradient!r} does not mirror {value!r}"
        return next((m for g, v in zip(gradient, value, strict=True) if (m := mirrors(g, v))), None)
    return None if gradient is None else f"the gradient of {value!r}, which is not a float, is {gradient!r}"


def _leaf_mirrors(gradient: Any, value: Any) -> str | None:
    if isinstance(value, np.ndarray):
        if not isinstance(gradient, np.ndarray):
            return f"the gradient of an array is a {type(gradient).__name__}"
        if gradient.shape != value.shape or gradient.dtype != value.dtype:
            return f"gradient {gradient.dtype}{gradient.shape} of an argument {value.dtype}{value.shape}"
        return None if gradient.flags.writeable else "the gradient cannot be written to"
    if isinstance(value, np.generic):
        same = isinstance(gradient, (np.generic, np.ndarray)) and gradient.dtype == value.dtype
        return None if same and gradient.shape == () else f"the gradient of a {value.dtype} scalar is {gradient!r}"
    wanted = float if isinstance(value, float) else complex
    return None if isinstance(gradient, wanted) else f"the gradient of a {wanted.__name__} is {gradient!r}"


def arrays(value: Any) -> Iterator[np.ndarray]:
    """Every array in `value`, of any dtype."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from arrays(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from arrays(item)


def share_memory(a: Any, b: Any) -> bool:
    """Whether any array of `a` shares memory with any of `b`."""
    return any(np.shares_memory(x, y) for x in arrays(a) for y in arrays(b))


def identical(a: Any, b: Any) -> bool:
    """Whether the two are the same bit for bit: types, structure, dtypes, shapes, and the bytes of every number."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, (float, complex, np.generic)):
        return np.asarray(a).tobytes() == np.asarray(b).tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(identical, a, b))
    return a is b or bool(a == b)


def close(got: float, want: float, rtol: float, scale: float = 0.0) -> bool:
    """Whether two derivatives agree, relative to their size and to `scale`, the size of the value."""
    return bool(abs(got - want) <= rtol * max(abs(want), 1e-2 * scale, 1e-3))


def single_precision(args: Any) -> bool:
    """Whether some active leaf of `args` is float32 or smaller."""
    return any(np.asarray(leaf).dtype.itemsize < 8 for leaf in leaves(args))

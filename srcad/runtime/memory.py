"""Arrays that share memory: one buffer for all of them, and each laid out in it as it is in its own memory.

A function that changes one of its arguments in place, while another one refers to the same memory, works on views of a
copy of that memory. None of these functions changes its arguments.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray[Any, Any], ...]


def memory_of(*arrays: Any) -> Any:
    """A copy of the memory of `arrays`, which share it and have one dtype: from their first element to their last.

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> memory_of(x[1:], x[2:0:-1])
    array([2., 3., 4.])
    """
    start, stop = _bounds(arrays)
    memory = np.zeros((stop - start) // arrays[0].itemsize, arrays[0].dtype)
    for k, x in enumerate(arrays):
        laid_out(memory, x, *arrays[:k], *arrays[k + 1 :])[...] = x
    return memory


def laid_out(memory: Any, x: Any, *others: Any) -> Any:
    """The view of `memory` that is to it what `x` is to ``memory_of(x, *others)``: the same offset, shape and strides.

    Args:
        memory: an array of that length, of any dtype.
        x: an array.
        others: those that it shares memory with.

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> memory = memory_of(x[1:], x[2:0:-1])
    >>> laid_out(memory, x[2:0:-1], x[1:])
    array([3., 2.])
    """
    if not x.size:
        return np.ndarray(x.shape, memory.dtype, memory)
    first = x.__array_interface__["data"][0] - _bounds((x, *others))[0]
    strides = tuple([stride // x.itemsize * memory.itemsize for stride in x.strides])
    return np.ndarray(x.shape, memory.dtype, memory, first // x.itemsize * memory.itemsize, strides)


def into_memory(g: Any, memory: Any, x: Any, *others: Any) -> Any:
    """Zeros like `memory`, with `g` added where `x` lies in it: once for each element that is there.

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> into_memory(np.array([5.0, 6.0]), memory_of(x), x[2:], x)
    array([0., 0., 5., 6.])
    """
    made = np.zeros_like(memory, dtype=np.result_type(memory, g) if np.iscomplexobj(g) else None)
    np.add.at(made, laid_out(np.arange(len(made)), x, *others), g)
    return made


def tangent_of_memory(tangents: Any, memory: Any, *arrays: Any) -> Any:
    """The tangent of ``memory = memory_of(*arrays)``: an element moves with every array that it is in.

    >>> x = np.array([1.0, 2.0])
    >>> tangent_of_memory((np.array([0.1, 0.2]), 0.0), memory_of(x, x), x, x)
    array([0.1, 0.2])
    """
    made = np.zeros_like(memory)
    for k, (g, x) in enumerate(zip(tangents, arrays, strict=True)):
        np.add.at(made, laid_out(np.arange(len(made)), x, *arrays[:k], *arrays[k + 1 :]), g)
    return made


def apart(saved: Any) -> Any:
    """A copy of `saved` down to its arrays, in which things are the same, or views of the same memory, as in `saved`.

    >>> x = np.zeros(3)
    >>> y, view, again = apart((x, x[1:], x))
    >>> view[0] = 1.0
    >>> y, again is y, x
    (array([0., 1., 0.]), True, array([0., 0., 0.]))
    """
    return _apart(saved, {}, {})


def _apart(x: Any, memo: dict[int, Any], memories: dict[int, Any]) -> Any:
    if id(x) in memo:
        return memo[id(x)][1]
    made: Any
    if isinstance(x, np.ndarray) and not x.dtype.hasobject:
        made = _array_apart(x, memories)
    elif isinstance(x, (list, tuple)):
        items = [_apart(v, memo, memories) for v in x]
        made = items if type(x) is list else type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    elif isinstance(x, dict):
        made = {k: _apart(v, memo, memories) for k, v in x.items()}
    else:
        made = copy.deepcopy(x)
    memo[id(x)] = (x, made)
    return made


def _array_apart(x: np.ndarray[Any, Any], memories: dict[int, Any]) -> np.ndarray[Any, Any]:
    """`x` in a copy of all the memory that it is a part of: one copy for each owner, which `memories` holds."""
    owner = x
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not x.size:
        return np.empty_like(x)
    if id(owner) not in memories:
        memories[id(owner)] = memory_of(owner)
    first = x.__array_interface__["data"][0] - _bounds((owner,))[0]
    return np.ndarray(x.shape, x.dtype, memories[id(owner)], first, x.strides)


def _bounds(arrays: Arrays) -> tuple[int, int]:
    """The addresses of the first byte of all arrays, and behind the last; those without elements have no place."""
    bounds = [np.lib.array_utils.byte_bounds(x) for x in arrays if x.size]
    return min([low for low, _ in bounds], default=0), max([high for _, high in bounds], default=0)

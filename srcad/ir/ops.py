"""Operations of the language that Python has no function for, as functions, so that every statement is a `Call`.

Lowering uses Python's own functions where they exist: `operator.add` ... for operators (in-place ones, `operator.iadd`
..., for augmented assignment to a name), `operator.getitem`, `operator.setitem`, `operator.delitem`, `getattr`,
`setattr`, `delattr`, `slice`, `operator.not_`, `operator.is_`, `operator.is_not`, the comparisons. A method call whose
receiver's class is not known yet is `call_method`; once it is, it is a `Call` of the class's own function,
``np.ndarray.sum``, ``list.append``.

The functions here can be called (constant folding and tests do), and printing knows how each is written.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np


def contains(item: Any, container: Any) -> bool:
    """``item in container``."""
    return item in container


def not_contains(item: Any, container: Any) -> bool:
    """``item not in container``."""
    return item not in container


def make_tuple(*items: Any) -> tuple[Any, ...]:
    """``(a, b)``."""
    return items


def make_list(*items: Any) -> list[Any]:
    """``[a, b]``."""
    return list(items)


def make_set(*items: Any) -> set[Any]:
    """``{a, b}``."""
    return set(items)


def make_dict(*items: Any) -> dict[Any, Any]:
    """``{k1: v1, k2: v2}`` from ``k1, v1, k2, v2``."""
    return dict(zip(items[::2], items[1::2], strict=True))


def merge_dicts(*items: dict[Any, Any]) -> dict[Any, Any]:
    """``{**a, **b}``."""
    return {k: v for d in items for k, v in d.items()}


def call_method(receiver: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """``receiver.name(*args, **kwargs)``."""
    return getattr(receiver, name)(*args, **kwargs)


def format_value(value: Any, conversion: int, spec: str) -> str:
    """One ``{value!r:spec}`` of an f-string; `conversion` as in `ast.FormattedValue`."""
    convert: dict[int, Callable[[Any], Any]] = {115: str, 114: repr, 97: ascii}
    return format(convert.get(conversion, lambda v: v)(value), spec)


def join_string(*parts: str) -> str:
    """An f-string from its literal and formatted parts."""
    return "".join(parts)


def raise_error(error: Any, cause: Any = None) -> None:
    """``raise error from cause``."""
    if cause is not None:
        raise error from cause
    raise error


def assert_true(condition: Any, message: Any = None) -> None:
    """``assert condition, message``."""
    if not condition:
        raise AssertionError(*(() if message is None else (message,)))


def import_module(name: str, attribute: str | None = None) -> Any:
    """``import name`` (as a binding) or ``from name import attribute``."""
    module = __import__(name, fromlist=["*"])
    return module if attribute is None else getattr(module, attribute)


def load_global(name: str) -> Any:
    """A read of a global of the primal's module, live; only meaningful in printed code."""
    raise NotImplementedError(name)


def load_free(name: str) -> Any:
    """A read of a variable of an enclosing function, live; only meaningful in printed code."""
    raise NotImplementedError(name)


def store_global(name: str, value: Any) -> None:
    """``global name; name = value``; only meaningful in printed code."""
    raise NotImplementedError(name)


def store_free(name: str, value: Any) -> None:
    """``nonlocal name; name = value``; only meaningful in printed code."""
    raise NotImplementedError(name)


def unpack(value: Any, before: int, after: int = -1) -> tuple[Any, ...]:
    """The items that ``a, b, *c, d = value`` binds: `before` items, and with ``after >= 0`` a list and `after` more.

    >>> unpack("abcde", 1, 1)
    ('a', ['b', 'c', 'd'], 'e')
    """
    if after < 0:
        items = tuple(value)
        if len(items) != before:
            few = f"not enough values to unpack (expected {before}, got {len(items)})"
            raise ValueError(few if len(items) < before else f"too many values to unpack (expected {before})")
        return items
    items = tuple(value)
    if len(items) < before + after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
    return (*items[:before], list(items[before : len(items) - after]), *items[len(items) - after :])


def zeros_like_each(values: Any) -> Any:
    """``[np.zeros_like(v) for v in values]``: fresh zero cotangents for a list of arrays."""
    return [np.zeros_like(v) for v in values]


def zeros_like_items(values: Any) -> Any:
    """``{k: np.zeros_like(v) for k, v in values.items()}``: fresh zero cotangents for a dict of arrays."""
    return {k: np.zeros_like(v) for k, v in values.items()}


def restore(base: Any, index: Any, old: Any) -> None:
    """In the reverse sweep: the point where `old`, which a store overwrote, is put back, if somebody reads it.

    The pass `srcad.transform.restore` turns each into ``base[index] = old`` or removes it.
    """
    base[index] = old


def undo(base: Any, function: Callable[..., Any], *args: Any) -> None:
    """In the reverse sweep: the point where ``function(base, *args)`` undoes a change of a list or a dict.

    It is done if somebody reads the container as it was before the change: the pass `srcad.transform.restore` turns
    each into that call or removes it.
    """
    function(base, *args)


def identity(value: Any) -> Any:
    """``target = value``: a copy of a reference, which printing merges or writes as an assignment."""
    return value


def bound(value: Any) -> Any:
    """A read of a variable that has no value on some path; it raises there, as in Python. Printed as the variable."""
    return value


def _augmented(op: Callable[[Any, Any], Any], symbol: str) -> Callable[[Any, Any, Any], None]:
    def update(base: Any, index: Any, value: Any) -> None:
        base[index] = op(base[index], value)

    update.__name__ = update.__qualname__ = f"update_{op.__name__}"
    update.__doc__ = f"``base[index] {symbol} value``."
    return update


def _in_place(op: Callable[[Any, Any], Any], symbol: str) -> Callable[[Any, Any], None]:
    def update(base: Any, value: Any) -> None:
        op(base, value)

    update.__name__ = update.__qualname__ = f"in_place_{op.__name__}"
    update.__doc__ = (
        f"``base {symbol} value`` where `base` is an array or a list: a change of the object, no new value."
    )
    return update


_IN_PLACE_SYMBOLS: tuple[tuple[Callable[[Any, Any], Any], str], ...] = (
    (operator.iadd, "+="),
    (operator.isub, "-="),
    (operator.imul, "*="),
    (operator.itruediv, "/="),
    (operator.ifloordiv, "//="),
    (operator.imod, "%="),
    (operator.ipow, "**="),
    (operator.imatmul, "@="),
    (operator.iand, "&="),
    (operator.ior, "|="),
    (operator.ixor, "^="),
    (operator.ilshift, "<<="),
    (operator.irshift, ">>="),
)

#: In-place operator -> the operation ``base[index] op= value``.
UPDATES = {op: _augmented(op, symbol) for op, symbol in _IN_PLACE_SYMBOLS}
UPDATE_OPERATORS = {update: op for op, update in UPDATES.items()}

#: In-place operator -> the operation ``base op= value`` on a mutable `base` (printed as that statement; the target is
#: unused). Lowering gives ``operator.iadd`` with a new value as target; once kinds are known, those on arrays become
#: these.
IN_PLACE = {op: _in_place(op, symbol) for op, symbol in _IN_PLACE_SYMBOLS}
IN_PLACE_OPERATORS = {update: op for op, update in IN_PLACE.items()}

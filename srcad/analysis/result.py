"""The kind of the result of one call: operations of the language here, primitives through their rule's type family.

Input: a call's function and arguments, and the facts where it runs. Output: a kind; `Unknown` where nothing is
known. What the call asserts by not raising (equal lengths) is recorded in the facts. Functions of the program are
not looked into (see `srcad.analysis.infer`), nor is anything run.
"""

from __future__ import annotations

import builtins
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.analysis.attributes import CONTAINER_CLASSES, attribute, container_method, receiver_class
from srcad.analysis.mutators import is_mutator
from srcad.analysis.operators import BINARY, INPLACE, binary, comparison, identical, inplace
from srcad.analysis.outputs import outputs, without_output
from srcad.errors import MissingRule
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, constant, is_named_tuple
from srcad.ir.dims import Dim, Facts
from srcad.ir.kinds import (
    BOOL,
    INT,
    NONE,
    UNDEFINED,
    UNKNOWN,
    Array,
    Dict,
    Iterator,
    Kind,
    List,
    Opaque,
    Scalar,
    Slice,
    Static,
    Tuple,
    Undefined,
)
from srcad.ir.lattice import join_all
from srcad.ir.nodes import Atom, Star
from srcad.rules.families import FAMILIES, BoundCall, operand
from srcad.rules.families.core import numeric
from srcad.rules.families.elementwise import broadcast
from srcad.rules.families.indexing import getitem
from srcad.rules.families.python import boolean, item_of, length_of, truth_of

Kwargs = Sequence[tuple[str | None, Atom]]


def result_kind(fn: Atom, args: Sequence[Atom | Star], kwargs: Kwargs, facts: Facts) -> Kind:
    """The kind of ``fn(*args, **kwargs)``.

    Args:
        fn: the function; a variable of static kind is looked through.
        args: its positional arguments.
        kwargs: its keyword arguments, a name None for ``**mapping``.
        facts: what is known where the call runs; equalities that the call asserts are added.

    >>> from srcad.ir.kinds import FLOAT
    >>> from srcad.ir.nodes import Const, Var
    >>> print(result_kind(Const(operator.mul), (Const(2), Var("x", FLOAT)), (), Facts()))
    float
    """
    function = constant(fn)
    kinds = [atom_kind(a) for a in args]
    if any(isinstance(k, Undefined) for k in [*kinds, *(atom_kind(v) for _, v in kwargs)]):
        return UNDEFINED
    if function is ops.call_method:
        return method_kind(args, kwargs, facts)
    handler = _handler(function)
    if handler is not None:
        return handler(args, facts)
    if is_named_tuple(function):
        return _named_tuple(function, args, kwargs)
    owner = getattr(function, "__objclass__", None)
    if isinstance(function, types.GetSetDescriptorType) and kinds and owner in (np.ndarray, np.generic):
        return attribute(kinds[0], function.__name__, facts)
    if owner in CONTAINER_CLASSES and kinds:
        return container_method(kinds[0], function.__name__, args[1:], kwargs, facts)
    return rule_kind(function, args, kwargs, facts)


def rule_kind(function: Any, args: Sequence[Atom | Star], kwargs: Kwargs, facts: Facts) -> Kind:
    """The kind by the rule of a primitive; Unknown where it has none, or none that describes the result."""
    from srcad.rules.registry import rule_for

    if is_mutator(function):
        return NONE
    if out := outputs(function, args, kwargs):
        return _written(atom_kind(out[0]), rule_kind(function, *without_output(function, args, kwargs), facts), facts)
    rule = rule_for(function)
    if rule is None or rule.family is None:
        return UNKNOWN
    try:
        bound = rule.bind(args, kwargs)
    except MissingRule:
        return UNKNOWN
    if bound is None:
        if any(isinstance(a, Star) for a in args) or any(k is None for k, _ in kwargs) or rule.template is not None:
            return UNKNOWN
        bound = {f"argument {i}": a for i, a in enumerate(args) if not isinstance(a, Star)}
        bound.update((str(k), v) for k, v in kwargs)
    return FAMILIES[rule.family](BoundCall(function, _flat(bound)), facts)


def _written(out: Kind, result: Kind, facts: Facts) -> Kind:
    """The kind of what a call returns that writes `result` to an array: that array, whose shape the result fills."""
    if isinstance(out, Tuple) and len(out.items) == 1:
        out = out.items[0]
    if not isinstance(out, Array):
        return UNKNOWN
    if isinstance(result, Array):
        broadcast((out.dims, result.dims), facts)
    return out


def _flat(bound: dict[str, Any]) -> dict[str, Atom | tuple[Atom, ...]]:
    """The arguments with those that a ``**`` parameter collected side by side with the others."""
    flat: dict[str, Atom | tuple[Atom, ...]] = {}
    for name, value in bound.items():
        if isinstance(value, dict):
            flat.update(value)
        else:
            flat[name] = value
    return flat


def has_description(function: Any) -> bool:
    """Whether `result_kind` knows the function itself, so that its source need not be looked at."""
    from srcad.rules.registry import rule_for

    known = _handler(function) is not None or rule_for(function) is not None
    return known or is_named_tuple(function) or is_mutator(function)


Handler = Callable[[Sequence[Atom | Star], Facts], Kind]


def _handler(function: Any) -> Handler | None:
    try:
        return _HANDLERS.get(function)
    except TypeError:
        return None


def _plain(function: Callable[[list[Kind], Facts], Kind]) -> Handler:
    """A handler that looks at kinds only; starred arguments make the result unknown."""

    def handle(args: Sequence[Atom | Star], facts: Facts) -> Kind:
        return UNKNOWN if any(isinstance(a, Star) for a in args) else function([atom_kind(a) for a in args], facts)

    return handle


def _displayed(args: Sequence[Atom | Star], facts: Facts) -> tuple[list[Kind], bool]:
    """The kinds of the items of a display, and whether their number is known."""
    items: list[Kind] = []
    exact = True
    for arg in args:
        kind = atom_kind(arg)
        if not isinstance(arg, Star):
            items.append(kind)
        elif isinstance(kind, Tuple):
            items.extend(kind.items)
        else:
            count = length_of(kind)
            exact = exact and count is not None and count.known is not None and count.known <= 64
            items.extend([item_of(kind, facts)] * (count.known or 0 if exact and count is not None else 1))
    return items, exact


def _make_tuple(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    items, exact = _displayed(args, facts)
    return Tuple(tuple(items)) if exact else List(join_all(items, facts), None, tuple)


def _named_tuple(cls: Any, args: Sequence[Atom | Star], kwargs: Kwargs) -> Kind:
    """``Point(x, y=y)``: a tuple of a class of its own; defaults are data of the class."""
    given = dict(zip(cls._fields, map(atom_kind, args), strict=False)) | {str(k): atom_kind(v) for k, v in kwargs}
    starred = any(isinstance(a, Star) for a in args) or any(k is None for k, _ in kwargs)
    if starred or set(given) != set(cls._fields):
        return UNKNOWN
    return Tuple(tuple(given[name] for name in cls._fields), cls)


def _make_list(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    items, exact = _displayed(args, facts)
    return List(join_all(items, facts), Dim.of(len(items)) if exact else None)


def _make_dict(kinds: list[Kind], facts: Facts) -> Kind:
    keys = [constant(k) for k in kinds[::2]]
    values = kinds[1::2]
    item = join_all(values, facts)
    if all(isinstance(k, str) or type(k) is int for k in keys):
        return Dict(item, tuple(dict(zip(keys, values, strict=True)).items()))
    return Dict(item)


def _merge_dicts(kinds: list[Kind], facts: Facts) -> Kind:
    dicts = [k for k in kinds if isinstance(k, Dict)]
    if len(dicts) < len(kinds):
        return UNKNOWN
    item = join_all([d.item for d in dicts], facts)
    if any(d.items is None for d in dicts):
        return Dict(item)
    return Dict(item, tuple({k: v for d in dicts for k, v in d.items or ()}.items()))


def _unpack(kinds: list[Kind], facts: Facts) -> Kind:
    value = kinds[0]
    before = constant(kinds[1])
    after = constant(kinds[2]) if len(kinds) > 2 else -1
    if not isinstance(before, int) or not isinstance(after, int):
        return UNKNOWN
    if isinstance(value, Tuple) and after < 0:
        return Tuple(value.items) if len(value.items) == before else UNKNOWN
    if isinstance(value, Tuple) and len(value.items) >= before + after:
        end = len(value.items) - after
        rest = value.items[before:end]
        return Tuple((*value.items[:before], List(join_all(rest, facts), Dim.of(len(rest))), *value.items[end:]))
    item = item_of(value, facts)
    if after < 0:
        return Tuple((item,) * before)
    return Tuple((*[item] * before, List(item), *[item] * after))


def _not(kinds: list[Kind], facts: Facts) -> Kind:
    truth = truth_of(kinds[0], facts)
    return BOOL if truth is None else boolean(not truth)


def _truth(kinds: list[Kind], facts: Facts) -> Kind:
    truth = truth_of(kinds[0], facts)
    return BOOL if truth is None else boolean(truth)


def method_kind(args: Sequence[Atom | Star], kwargs: Kwargs, facts: Facts) -> Kind:
    """The kind of ``receiver.name(*args, **kwargs)`` from ``(receiver, name, *args)``."""
    if isinstance(args[0], Star) or isinstance(args[1], Star):
        return UNKNOWN
    receiver, name = atom_kind(args[0]), constant(args[1])
    owner = receiver_class(receiver)
    if owner is None or not isinstance(name, str):
        return UNKNOWN
    if isinstance(receiver, Scalar) and receiver.weak is True and name == "conjugate" and receiver.dtype != "b1":
        return receiver
    if owner in CONTAINER_CLASSES:
        return container_method(receiver, name, args[2:], kwargs, facts)
    descriptor = getattr(owner, name, None)
    return UNKNOWN if descriptor is None else rule_kind(descriptor, (args[0], *args[2:]), kwargs, facts)


def _getattr(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    if len(args) != 2 or any(isinstance(a, Star) for a in args):
        return UNKNOWN
    name = constant(atom_kind(args[1]))
    return attribute(atom_kind(args[0]), name, facts) if isinstance(name, str) else UNKNOWN


def _array_fact(name: str) -> Handler:
    """``np.ndim``, ``np.shape``, ``np.size``: the attribute of what NumPy makes of the argument."""

    def handle(kinds: list[Kind], facts: Facts) -> Kind:
        item = operand(kinds[0])
        unknown = {"shape": UNKNOWN}.get(name, INT)
        if len(kinds) != 1 or item is None:
            return unknown
        return attribute(Array(item.dtype, item.dims), name, facts)

    return _plain(handle)


def _complex_object(*, negated: bool) -> Handler:
    """``np.iscomplexobj`` and ``np.isrealobj``: decided by the dtype."""

    def handle(kinds: list[Kind], facts: Facts) -> Kind:
        item = operand(kinds[0])
        return BOOL if item is None or item.dtype is None else boolean((item.dtype[0] == "c") is not negated)

    return _plain(handle)


def _ndindex(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    """``np.ndindex(*shape)``: tuples of ints, as many as the shape is long."""
    items, exact = _displayed(args, facts)
    if exact and len(items) == 1 and isinstance(items[0], Tuple):
        items = list(items[0].items)
    known = exact and all(isinstance(k, Scalar) for k in items)
    return Iterator(Tuple((INT,) * len(items)) if known else List(INT, None, tuple))


def _ndenumerate(kinds: list[Kind], facts: Facts) -> Kind:
    """``np.ndenumerate(x)``: pairs of an index tuple and an element."""
    item = operand(kinds[0])
    if item is None:
        return UNKNOWN
    index: Kind = List(INT, None, tuple) if item.dims is None else Tuple((INT,) * len(item.dims))
    return Iterator(Tuple((index, numeric(item.dtype, ()))))


def _slice(kinds: list[Kind], facts: Facts) -> Kind:
    padded = [NONE, kinds[0], NONE] if len(kinds) == 1 else [*kinds, NONE][:3]
    return Slice(*padded)


def _none(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    return NONE


def _copyto(kinds: list[Kind], facts: Facts) -> Kind:
    """``np.copyto(dst, src)``: what is copied is broadcast to where it goes."""
    source = operand(kinds[1]) if len(kinds) > 1 else None
    if source is not None and isinstance(kinds[0], Array):
        broadcast((kinds[0].dims, source.dims), facts)
    return NONE


def _text(args: Sequence[Atom | Star], facts: Facts) -> Kind:
    return Opaque(str)


_HANDLERS: dict[Any, Handler] = {
    operator.getitem: _plain(lambda kinds, facts: getitem(kinds[0], kinds[1], facts)),
    operator.not_: _plain(_not),
    operator.truth: _plain(_truth),
    operator.is_: _plain(lambda kinds, facts: identical(kinds[0], kinds[1])),
    operator.is_not: _plain(lambda kinds, facts: identical(kinds[0], kinds[1], negated=True)),
    ops.contains: lambda args, facts: BOOL,
    ops.not_contains: lambda args, facts: BOOL,
    ops.make_tuple: _make_tuple,
    ops.make_list: _make_list,
    ops.make_set: lambda args, facts: UNKNOWN,
    ops.make_dict: _plain(_make_dict),
    ops.merge_dicts: _plain(_merge_dicts),
    ops.call_method: lambda args, facts: method_kind(args, (), facts),
    ops.format_value: _text,
    ops.join_string: _text,
    ops.unpack: _plain(_unpack),
    ops.identity: _plain(lambda kinds, facts: kinds[0]),
    ops.bound: _plain(lambda kinds, facts: kinds[0]),
    builtins.getattr: _getattr,
    builtins.slice: _plain(_slice),
    np.ndindex: _ndindex,
    np.ndenumerate: _plain(_ndenumerate),
    np.ndim: _array_fact("ndim"),
    np.shape: _array_fact("shape"),
    np.size: _array_fact("size"),
    np.iscomplexobj: _complex_object(negated=False),
    np.isrealobj: _complex_object(negated=True),
    np.copyto: _plain(_copyto),
    np.errstate: lambda args, facts: Opaque(np.errstate),
}
for _function in (
    operator.setitem,
    operator.delitem,
    builtins.setattr,
    builtins.delattr,
    ops.raise_error,
    ops.assert_true,
    ops.store_global,
    ops.store_free,
    *ops.UPDATES.values(),
):
    _HANDLERS[_function] = _none
for _function in (ops.load_global, ops.load_free, ops.import_module):
    _HANDLERS[_function] = lambda args, facts: UNKNOWN


def _operator_handler(function: Any, apply: Callable[[Any, list[Kind], Facts], Kind]) -> Handler:
    return _plain(lambda kinds, facts: apply(function, kinds, facts))


for _function in BINARY:
    _HANDLERS[_function] = _operator_handler(_function, binary)
for _function in INPLACE:
    _HANDLERS[_function] = _operator_handler(_function, inplace)
for _function in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
    _HANDLERS[_function] = _operator_handler(_function, comparison)

__all__ = ["has_description", "method_kind", "result_kind", "rule_kind", "Static"]

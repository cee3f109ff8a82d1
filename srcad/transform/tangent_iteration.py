"""Iteration over tangents in step with the values: what a loop over ``zip(xs, ys)`` runs over beside it.

for x, y in zip(xs, ys):    ->    for (x, y), x_dot in zip(zip(xs, ys), xs_dot):
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_hashable
from srcad.ir.kinds import Dict, Iterator, Kind, List, Scalar, Tuple, Unknown
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of
from srcad.runtime import tangents as runtime
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.tangent_values import tangent_kind, whole

Dots = Callable[[Atom], Value]

#: What makes iterators: loops look at how they were made, and a tangent is made only where something else reads them.
ITERATORS = (zip, enumerate, reversed, iter, np.ndenumerate, dict.items, dict.values)


Along = Atom | list[Any]


def along(b: Builder, source: Atom, dot: Dots) -> Along:
    """What yields the tangents of items: `ZERO`, an iterable, or a list of these where items are tuples."""
    made = b.definition(source)
    fn = made.fn.value if made is not None and isinstance(made.fn, Const) and is_hashable(made.fn.value) else None
    args: list[Atom] = [] if made is None else [a for a in made.args if not isinstance(a, Star)]
    match fn:
        case _ if fn is zip and made is not None and len(args) == len(made.args):
            return _parts([along(b, a, dot) for a in args])
        case _ if fn is zip and made is not None:
            return _starred_zip(b, made, dot)
        case _ if fn is enumerate:
            return _parts([ZERO, along(b, args[0], dot)])
        case _ if fn in (dict.items, dict.values):
            values = dot(args[0])
            if values is ZERO:
                return ZERO
            items = b.append(dict.values, (materialise(b, values),))
            return [ZERO, items] if fn is dict.items else items
        case _ if fn is ops.call_method and args[1] in (Const("items"), Const("values")):
            values = dot(args[0])
            if values is ZERO:
                return ZERO
            items = b.append(ops.call_method, (materialise(b, values), Const("values")))
            return [ZERO, items] if args[1] == Const("items") else items
        case _ if fn is reversed:
            return _each(along(b, args[0], dot), lambda a: b.append(reversed, (a,), kind=b.kind(a)))
        case _ if fn is np.ndenumerate:
            value = dot(args[0])
            flat = value if value is ZERO else b.append(getattr, (materialise(b, value), Const("flat")))
            return _parts([ZERO, flat])
        case _ if fn is iter:
            return along(b, args[0], dot)
        case _:
            value = dot(source)
            if value is ZERO or isinstance(atom_kind(source), Dict):
                return ZERO
            given = whole(b, source, value)
            return b.append(runtime.item_tangents, (given,)) if isinstance(atom_kind(source), Unknown) else given


def _starred_zip(b: Builder, made: Call, dot: Dots) -> Along:
    """``zip(*rows)``: how many iterators there are is known only when it runs."""
    if all(dot(a.value if isinstance(a, Star) else a) is ZERO for a in made.args):
        return ZERO
    args: list[Atom | Star] = []
    for arg in made.args:
        if isinstance(arg, Star):
            args.append(Star(whole(b, arg.value, dot(arg.value))))
        else:
            args.append(as_iterator(b, arg, along(b, arg, dot)))
    return b.append(zip, args)


def is_iteration(made: Call | None) -> bool:
    """Whether a call makes an iterator of which loops look at how it was made."""
    if made is None or not isinstance(made.fn, Const) or not is_hashable(made.fn.value):
        return False
    if made.fn.value is ops.call_method:
        return made.args[1] in (Const("items"), Const("values"))
    return made.fn.value in ITERATORS


def leaf_kinds(found: Along, kind: Kind) -> list[Kind]:
    """The kinds of the items that `leaves` of `found` yield, where an item of the whole is of this kind."""
    if not isinstance(found, list):
        return [] if found is ZERO else [tangent_kind(kind)]
    inner = kind.items if isinstance(kind, Tuple) and len(kind.items) == len(found) else (Unknown(),) * len(found)
    return [k for part, item in zip(found, inner, strict=True) for k in leaf_kinds(part, item)]


def _parts(found: list[Along]) -> Along:
    return ZERO if all(a is ZERO for a in found) else found


def _each(found: Along, f: Callable[[Atom], Atom]) -> Along:
    if isinstance(found, list):
        return [_each(a, f) for a in found]
    return found if found is ZERO else f(found)


def leaves(found: Along) -> list[Atom]:
    """The iterables in the structure that `along` gives."""
    if isinstance(found, list):
        return [leaf for part in found for leaf in leaves(part)]
    return [] if found is ZERO else [found]


def assembled(found: Along, items: Sequence[Value]) -> Value:
    """The tangent of an item from the tangents of its varying parts, in the order of `leaves`."""
    rest = iter(items)

    def build(part: Along) -> Value:
        if isinstance(part, list):
            return Seq([build(p) for p in part], tuple)
        return ZERO if part is ZERO else next(rest)

    return build(found)


def iterator_value(b: Builder, source: Var, dot: Dots) -> Atom:
    """An iterator over the tangents of the items of `source`, one for each of them."""
    return as_iterator(b, source, along(b, source, dot))


def as_iterator(b: Builder, source: Atom, found: Along) -> Atom:
    """One iterator over the tangents of the items of `source`, from their structure as `along` gives it."""
    if found is ZERO:
        return _zero_column(b, source)
    if not isinstance(found, list):
        return found
    made = b.definition(source)
    args: list[Atom] = [] if made is None else [a for a in made.args if not isinstance(a, Star)]
    if made is not None and is_call_of(made, iter):
        return as_iterator(b, args[0], found)
    if made is None or is_call_of(made, zip):
        return b.append(zip, [as_iterator(b, a, f) for a, f in zip(args, found, strict=True)])
    zeros = b.append(itertools.repeat, (Const(0.0),)) if is_call_of(made, enumerate) else _zero_keys(b, made, args)
    items = found[1] if isinstance(found[1], Var) else as_iterator(b, args[0], found[1])
    return b.append(zip, (zeros, items))


def _zero_keys(b: Builder, made: Call, args: list[Atom]) -> Atom:
    """Zero tangents for the keys of ``d.items()`` or the indices of ``np.ndenumerate(x)``."""
    keys = b.append(np.ndindex, (b.append(np.shape, (args[0],)),)) if is_call_of(made, np.ndenumerate) else args[0]
    return b.append(map, (Const(runtime.zero_tangent), keys))


def _zero_column(b: Builder, source: Atom) -> Atom:
    made = b.definition(source)
    if made is not None and is_iteration(made):
        source = b.append(made.fn, made.args, made.kwargs, kind=made.target.kind)
    return b.append(map, (Const(runtime.zero_tangent), source))


def zero_items(b: Builder, source: Atom) -> Atom:
    """Zero tangents for the items of an iterable that does not vary."""
    kind = atom_kind(source)
    if isinstance(kind, Iterator) and kind.form != "range":
        made = b.definition(source)
        if made is None or not isinstance(made.fn, Const) or made.fn.value not in (zip, enumerate, reversed):
            raise UnsupportedSyntax(
                "an iterator that can be read only once is put into a container that carries a derivative",
                where=b.loc,
                remedy="make a list of it first",
            )
        source = b.append(list, (b.append(made.fn, made.args, made.kwargs, kind=kind),))
    item = kind.item if isinstance(kind, List) else Scalar("f8")
    return b.append(runtime.zero_tangent, (source,), kind=List(item))

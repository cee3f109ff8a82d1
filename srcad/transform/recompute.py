"""What the reverse sweep computes again instead of saving it, and how.

    t = k + 1                              ...
    t_saved.append(t)          ->          t = k + 1
    ...
    t = t_saved.pop()

>>> import srcad
>>> def f(x: float, n: int):
...     for k in range(n):
...         x = x * x * (k + 1)
...     return x
>>> with srcad.compile_options(without=["recompute"]):
...     long = srcad.dump(f)
>>> long.count("append(") >= srcad.dump(f).count("append(") == 1
True
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcad.analysis.effects import is_pure
from srcad.analysis.memory import Memory
from srcad.analysis.views import view_of
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_hashable, is_in
from srcad.ir.kinds import UNKNOWN, Array, Dict, Kind, List, Numeric, Scalar, Static, Tuple, is_mutable
from srcad.ir.nodes import Atom, Call, Const, For, Star, Var
from srcad.ir.visit import is_call_of
from srcad.passes import is_on
from srcad.transform.builder import Builder

_ALWAYS: frozenset[Any] = frozenset(
    [
        slice,
        len,
        range,
        ops.make_tuple,
        operator.is_,
        operator.is_not,
        operator.not_,
        ops.identity,
        isinstance,
        np.ndarray.T,
        np.shape,
        np.ndim,
    ]
)
#: Those whose answer changes with the number of items of a list or a dict.
_QUESTIONS: frozenset[Any] = frozenset([len, operator.not_, np.shape, np.ndim])
_SCALAR_ARITHMETIC: frozenset[Any] = frozenset(
    [operator.add, operator.sub, operator.mul, operator.neg, operator.truediv, operator.floordiv, operator.mod,
     operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)  # fmt: skip


def is_cheap(call: Call, memory: Memory) -> bool:
    """Whether computing this again costs no more than saving its value: indices, views, lengths, arithmetic of numbers.

    Reading memory that is changed in place is never repeated, except for a view of an array.
    """
    if not isinstance(call.fn, Const):
        return False
    fn = call.fn.value
    if fn is getattr:
        return not is_mutable(call.target.kind)
    if fn in (operator.getitem, ops.unpack):
        source = call.args[0].value if isinstance(call.args[0], Star) else call.args[0]
        if is_mutable(call.target.kind) and isinstance(call.target.kind, Array) and is_array(source):
            return view_of(call) is not None
        return not memory.is_mutated(source)
    if is_in(fn, _ALWAYS):
        return fn not in _QUESTIONS or not any(_may_change_size(a, memory) for a in call.args)
    if is_in(fn, _SCALAR_ARITHMETIC) and is_on("recompute"):
        return all(_is_number(_kind(a)) for a in call.args)
    return False


def is_number_operation(call: Call) -> bool:
    """Whether `call` is one function of `math` or ufunc of numbers, which gives the same number each time."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if not (isinstance(fn, np.ufunc) or getattr(fn, "__module__", None) == "math") or not is_on("recompute"):
        return False
    given = (*call.args, *(value for _, value in call.kwargs))
    return is_pure(call) and all(_is_number(_kind(a)) for a in given)


def _may_change_size(arg: Atom | Star, memory: Memory) -> bool:
    atom = arg.value if isinstance(arg, Star) else arg
    return not isinstance(atom_kind(atom), (Array, Numeric)) and memory.is_mutated(atom)


def is_array(source: Atom) -> bool:
    """Whether reading an item of `source` gives a view or a copy, and not the object that a container holds now."""
    return isinstance(atom_kind(source), (Array, Numeric))


def has_rows(source: Atom) -> bool:
    """Whether the items of a sequence are views of it."""
    kind = atom_kind(source)
    return isinstance(kind, Array) and kind.dims is not None and len(kind.dims) > 1


def _kind(atom: Atom | Star) -> Kind | None:
    if isinstance(atom, Var):
        return atom.kind
    return Scalar("f8") if isinstance(atom, Const) and isinstance(atom.value, (int, float)) else None


def _is_number(kind: Kind | None) -> bool:
    return isinstance(kind, Scalar) and kind.dtype is not None and kind.dtype[0] in "fib"


def rebuild(
    b: Builder,
    var: Var,
    calls: Mapping[Var, Call],
    mapping: dict[Var, Atom],
    kept: set[Var],
    is_local: Callable[[Var], bool],
) -> Atom:
    """Write again what `var` is computed from, as far as it is not available, and enter it into `mapping`."""
    if var in mapping:
        return mapping[var]
    if var in kept or not is_local(var):
        return var
    call = calls[var]
    items = call.args[0] if call.args else None
    if isinstance(items, Var) and items in calls and items not in mapping and items not in kept and is_local(items):
        call = _without_unpacking(call, calls[items])  # it would be unpacked again
    args = [_again(b, a, calls, mapping, kept, is_local) for a in call.args]
    kwargs = [(k, _again(b, v, calls, mapping, kept, is_local)) for k, v in call.kwargs]
    # no algebra on the primal's numbers
    exact = isinstance(call.fn, Const) and is_in(call.fn.value, _SCALAR_ARITHMETIC)
    outer, b.loc = b.loc, replace(call.loc, saving=True, adjoint=False)
    known: Atom
    if exact:
        known = b.append(call.fn, args, kwargs, name=var.name, kind=var.kind)
    else:
        known = b.call(call.fn, *args, kwargs=kwargs, name=var.name, kind=var.kind)
    mapping[var], b.loc = known, outer
    return known


def _without_unpacking(item: Call, items: Call) -> Call:
    """An item of an unpacked array, taken from the array itself: that it has so many the forward sweep has found."""
    if not is_call_of(item, operator.getitem) or not is_call_of(items, ops.unpack) or len(items.args) != 2:
        return item
    source = items.args[0]
    return replace(item, args=(source, *item.args[1:])) if isinstance(source, Var) and is_array(source) else item


def _again(
    b: Builder,
    atom: Atom | Star,
    calls: Mapping[Var, Call],
    mapping: dict[Var, Atom],
    kept: set[Var],
    is_local: Callable[[Var], bool],
) -> Any:
    if isinstance(atom, Star):
        return Star(_again(b, atom.value, calls, mapping, kept, is_local))
    return rebuild(b, atom, calls, mapping, kept, is_local) if isinstance(atom, Var) else atom


# --- items of loops ---------------------------------------------------------------------------------------------------


def made_by(calls: Mapping[Var, Call], source: Atom) -> tuple[Any, list[Atom]]:
    """The function that makes an iterable, and its arguments (keywords last: ``start`` of `enumerate`)."""
    call = calls.get(source) if isinstance(source, Var) else None
    if call is None or not isinstance(call.fn, Const) or not is_hashable(call.fn.value):
        return None, []
    if any(isinstance(a, Star) for a in call.args):
        return None, []
    return call.fn.value, [*(a for a in call.args if not isinstance(a, Star)), *(v for _, v in call.kwargs)]


def is_sized(source: Atom, calls: Mapping[Var, Call]) -> bool:
    """Whether the number of items of an iterable is known without running through it."""
    if has_items(source, calls):
        return True
    return isinstance(source, Var) and isinstance(source.kind, Dict)


def has_items(source: Atom, calls: Mapping[Var, Call]) -> bool:
    """Whether the items of an iterable can be read again by their number."""
    fn, args = made_by(calls, source)
    if fn in (zip, enumerate, reversed):
        return all(has_items(a, calls) for a in (args[:1] if fn is enumerate else args))
    if fn in (range, dict.keys, dict.values, dict.items):
        return True
    if fn is np.ndenumerate:
        return True
    return isinstance(source, Var) and isinstance(source.kind, (Array, List, Tuple))


def available_item(b: Builder, loop: For, element: Var) -> Atom:
    """The item of a pass in the reverse loop: its element where the loop runs over a range, else read again."""
    fn, args = made_by(b.defs, loop.iter)
    if fn is reversed:
        return element if made_by(b.defs, args[0])[0] is range else item_at(b, loop.iter, element)
    return element if fn is range else item_at(b, loop.iter, element)


def item_at(b: Builder, source: Atom, index: Atom) -> Atom:
    """The item that a loop over `source` gets in the pass numbered `index`."""
    fn, args = made_by(b.defs, source)
    if fn is zip:
        return b.append(ops.make_tuple, [item_at(b, a, index) for a in args])
    if fn is enumerate:
        start = args[1] if len(args) > 1 else Const(0)
        number = index if start == Const(0) else b.call(operator.add, index, start)
        return b.append(ops.make_tuple, (number, item_at(b, args[0], index)))
    if fn is reversed:
        return item_at(b, args[0], b.call(operator.sub, Const(-1), index))
    if fn is range:
        again = b.append(range, args)
        return b.append(operator.getitem, (again, index))
    if fn is np.ndenumerate:
        place = place_at(b, args[0], index)
        return b.append(ops.make_tuple, (place, b.append(operator.getitem, (args[0], place))))
    if fn is dict.keys:
        return key_at(b, args[0], index)
    if fn is dict.values:
        return b.append(operator.getitem, (args[0], key_at(b, args[0], index)))
    if fn is dict.items:
        key = key_at(b, args[0], index)
        return b.append(ops.make_tuple, (key, b.append(operator.getitem, (args[0], key))))
    return b.call(operator.getitem, source, index)


def key_at(b: Builder, base: Atom, index: Atom) -> Atom:
    """The key number `index` of a dict."""
    return b.call(operator.getitem, b.append(list, (base,), kind=List(Static("key"))), index)


def place_at(b: Builder, base: Atom, index: Atom) -> Atom:
    """The indices of element number `index` of an array."""
    found = b.kind(base)
    axes = found.dims if isinstance(found, Array) else None
    kind = UNKNOWN if axes is None else Tuple((Scalar("i8", weak=False),) * len(axes))
    return b.append(np.unravel_index, (index, b.call(getattr, base, Const("shape"))), kind=kind)

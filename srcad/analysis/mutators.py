"""The functions and methods of NumPy that store into an array which they are given, and where they store what.

Facts about one `Call`; those that write their result (``out=``) are in `srcad.analysis.outputs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from srcad.analysis.outputs import is_numpy, outputs
from srcad.ir.atoms import atom_kind, is_hashable, is_in
from srcad.ir.kinds import Array
from srcad.ir.nodes import Atom, Call, Const, Star
from srcad.ir.record import record

#: The parameters of each function; the first is the array that it changes. One with ``=`` may be left out.
_PARAMETERS: dict[Any, tuple[str, ...]] = {
    np.copyto: ("a", "values", "casting=", "where="),
    np.put: ("a", "ind", "values", "mode="),
    np.ndarray.put: ("a", "ind", "values", "mode="),
    np.place: ("a", "mask", "values"),
    np.putmask: ("a", "mask", "values"),
    np.put_along_axis: ("a", "indices", "values", "axis="),
    np.fill_diagonal: ("a", "values", "wrap="),
    np.ndarray.fill: ("a", "values"),
    np.ndarray.sort: ("a", "axis=", "kind=", "order=", "stable="),
    np.ndarray.partition: ("a", "kth", "axis=", "kind=", "order="),
}

#: How the functions themselves call those parameters, where it is otherwise.
_NAMES = {"dst": "a", "arr": "a", "src": "values", "v": "values", "vals": "values", "val": "values", "indices": "ind"}

#: All of them.
MUTATORS: frozenset[Any] = frozenset((*_PARAMETERS, np.ufunc.at))

_AT = ("ufunc", "a", "ind", "values=")


def is_mutator(fn: Any) -> bool:
    """Whether `fn` is one of these functions, which return None."""
    return is_in(fn, MUTATORS)


@record(frozen=True)
class Mutation:
    """A call that changes an array in place.

    Args:
        fn: the function; of ``np.add.at`` it is `numpy.ufunc.at`.
        args: its arguments by the names above: the array is `a`, what is stored in it `values`.
        call: the call.
        names: what its arguments are called, the positional ones first.
    """

    fn: Any
    args: Mapping[str, Atom]
    call: Call
    names: tuple[str, ...]

    @property
    def base(self) -> Atom:
        """The array that is changed."""
        return self.args["a"]

    def positional(self, new: Mapping[str, Atom]) -> list[Atom]:
        """The positional arguments of the same call with some of them replaced."""
        return [new.get(name, self.args[name]) for name in self.names[: len(self.call.args)]]

    def keywords(self, new: Mapping[str, Atom]) -> list[tuple[str | None, Atom]]:
        """The same for its keyword arguments."""
        names = self.names[len(self.call.args) :]
        return [(k, new.get(name, v)) for (k, v), name in zip(self.call.kwargs, names, strict=True)]


def mutation(call: Call) -> Mutation | None:
    """What a call stores where; None where it is none of the functions above, or its arguments are not known."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    parameters = _AT if fn is np.ufunc.at else _PARAMETERS.get(fn) if is_hashable(fn) else None
    if parameters is None or any(isinstance(a, Star) for a in call.args) or len(call.args) > len(parameters):
        return None
    names = [name.rstrip("=") for name in parameters]
    found: dict[str, Atom] = {n: a for n, a in zip(names, call.args, strict=False) if not isinstance(a, Star)}
    for key, value in call.kwargs:
        name = key if key in names else _NAMES.get(key or "", "")
        if name not in names or name in found:
            return None
        found[name] = value
    missing = [p for p in parameters if not p.endswith("=") and p not in found]
    return None if missing else Mutation(fn, found, call, tuple(found))


def changed(call: Call) -> tuple[Atom, Atom] | None:
    """The array that a call of NumPy changes, and the index of a part outside of which it changes nothing."""
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn is not None and is_numpy(fn) and (found := outputs(fn, call.args, call.kwargs)):
        return (found[0], Const(Ellipsis)) if len(found) == 1 else None
    made = mutation(call)
    if made is None:
        return None
    if made.fn is np.ufunc.at:
        return made.base, made.args["ind"]
    mask = made.args.get("mask", made.args.get("where")) if made.fn in (np.copyto, np.putmask, np.place) else None
    if mask is not None and selects_elements(made.base, mask):
        return made.base, mask
    return made.base, Const(Ellipsis)


def selects_elements(base: Atom, mask: Atom) -> bool:
    """Whether `mask` is an array of bools of the shape of `base`: an index of its elements."""
    kind, of = atom_kind(mask), atom_kind(base)
    if not isinstance(kind, Array) or not isinstance(of, Array) or kind.dtype != "b1":
        return False
    known = kind.dims is not None and None not in kind.dims and bool(kind.dims)
    return known and kind.dims == of.dims

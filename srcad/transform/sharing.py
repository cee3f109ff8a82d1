"""Arguments that share memory: entry code that copies that memory once, and makes of each argument a view of the copy.

    def f(u, v):                  def f(u, v):
        u[0] = v[1]        ->         memory = memory_of(u, v)
        return u @ v                  u = laid_out(memory, u, v)
                                      v = laid_out(memory, v, u)
                                      u[0] = v[1]
                                      return u @ v

The rest of the compiler then sees views of one array that is changed in place, and knows what these are. What is shared
is known when the derivative is called: it is part of what a version is compiled for.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from dataclasses import replace

from srcad import runtime
from srcad.analysis.sharing import Again, Piece, Place, Rebuilt, Sharing
from srcad.errors import InternalError
from srcad.ir import ops
from srcad.ir.nodes import Atom, Call, Const, Function, Loc, Var
from srcad.ir.visit import is_call_of


def share_memory(function: Function, sharing: Sharing) -> Function:
    """`function`, in the form it is lowered to, with entry code for arguments that share memory."""
    if not any(sharing):
        return function
    entry = _Entry(replace(function.loc, saving=True, stmt=-1, text=""))
    params = list(function.body.params)
    places = [(k, place) for k, place in enumerate(sharing) if place is not None]
    for k, place in places:
        params[k] = params[k].like()
        entry.read(place, params[k])
    entry.memories()
    for k, place in places:
        entry.rebuild(place, params[k], function.body.params[k])
    body = replace(function.body, params=tuple(params), stmts=(*entry.stmts, *function.body.stmts))
    return replace(function, body=body)


def taken_apart(function: Function) -> frozenset[Var]:
    """The parameters that entry code has copied: what the function changes is not theirs."""
    found: set[object] = set()
    for call in reversed(function.body.stmts):
        if not isinstance(call, Call) or not call.loc.saving:
            continue
        if is_call_of(call, runtime.memory_of) or (is_call_of(call, operator.getitem) and call.target in found):
            found.update(call.args)
    return frozenset(p for p in function.body.params if p in found)


def shared_names(sharing: Sharing, names: Sequence[str]) -> list[str]:
    """The names of the parameters whose memory is copied as one."""
    return [name for name, place in zip(names, sharing, strict=False) if place is not None]


class _Entry:
    """The entry code."""

    def __init__(self, loc: Loc) -> None:
        self.loc = loc
        self.stmts: list[Call] = []
        self.items: dict[tuple[Atom, Hashable], Var] = {}
        self.groups: dict[int, list[Atom]] = {}
        self.memory: dict[int, Var] = {}
        self.rebuilt: list[Var] = []

    def call(self, fn: object, args: tuple[Atom, ...], target: Var) -> Var:
        self.stmts.append(Call(target, Const(fn), args, (), self.loc))
        return target

    def read(self, place: Place | None, given: Atom) -> None:
        """Read the arrays in an argument, and note which memory each of them is in."""
        match place:
            case Piece(group=group):
                self.groups.setdefault(group, []).append(given)
            case Rebuilt(keys=keys, items=items):
                for key, item in zip(keys, items, strict=True):
                    if not isinstance(item, Again):
                        self.items[given, key] = self.call(operator.getitem, (given, Const(key)), Var(""))
                        self.read(item, self.items[given, key])
            case Again() | None:
                pass
            case _:
                raise InternalError(f"no case for the place {type(place).__name__}")

    def memories(self) -> None:
        """Copy the memory of each group."""
        for group, arrays in self.groups.items():
            self.memory[group] = self.call(runtime.memory_of, tuple(arrays), Var("memory"))

    def rebuild(self, place: Place | None, given: Atom, target: Var) -> Atom:
        """Make an argument of its pieces."""
        match place:
            case Piece(group=group):
                others = list(self.groups[group])
                others.remove(given)
                return self.call(runtime.laid_out, (self.memory[group], given, *others), target)
            case Rebuilt(cls=cls, keys=keys, items=items):
                found = [
                    self.rebuild(item, self.items.get((given, key), given), Var(""))
                    for key, item in zip(keys, items, strict=True)
                ]
                self.rebuilt.append(target)
                if cls is dict:
                    pairs = [a for key, item in zip(keys, found, strict=True) for a in (Const(key), item)]
                    return self.call(ops.make_dict, tuple(pairs), target)
                return self.call(ops.make_list if cls is list else ops.make_tuple, tuple(found), target)
            case Again(number=number):
                return self.call(ops.identity, (self.rebuilt[number],), target) if target.name else self.rebuilt[number]
            case None:
                return given
            case _:
                raise InternalError(f"no case for the place {type(place).__name__}")

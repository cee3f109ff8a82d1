"""Look-ups and changes of containers of functions, which are known item by item while compiling."""

from __future__ import annotations

import operator

from srcad.frontend.binding import Args, Kwargs
from srcad.frontend.comprehensions import Comprehensions
from srcad.frontend.trees import Node
from srcad.frontend.values import Choice, Pack, Value, holds_local, is_function
from srcad.ir import ops
from srcad.ir.nodes import Atom, Const, Star


class Packs(Comprehensions):
    """Containers of functions."""

    def item(self, pack: Pack, index: Value, node: Node, name: str) -> Value:
        """``pack[index]``."""
        if isinstance(index, Const):
            found = pack.find(index.value)
            if found is not None:
                return found
        if holds_local(pack) and pack.items and not isinstance(index, Pack):
            return self.chosen(pack, self.data(index, node), node)
        return self.emit(operator.getitem, [self.data(pack, node), self.data(index, node)], node, name)

    def part(self, pack: Pack, index: Node) -> Pack | None:
        """``pack[a:b]`` with constant bounds."""
        bounds = [None if part is None else self.value(part) for part in (index.lower, index.upper, index.step)]
        if pack.cls is dict or not all(b is None or (isinstance(b, Const) and type(b.value) is int) for b in bounds):
            return None
        numbers = [b.value if isinstance(b, Const) else None for b in bounds]
        return Pack(pack.cls, pack.items[slice(*numbers)], [], self.out)

    def chosen(self, pack: Pack, index: Atom, node: Node) -> Value:
        """The item of a container of local functions at a place that is known only when the code runs."""
        if not all(map(is_function, pack.items)):
            raise self.escapes(node, "a local function in a container")
        keys: list[object] = pack.keys if pack.cls is dict else list(range(len(pack.items)))
        if pack.cls is not dict:
            index = self.emit(operator.getitem, [Const(range(len(keys))), index], node)
        else:
            known = self.emit(ops.contains, [index, Const(tuple(keys))], node)

            def missing() -> None:
                error = self.emit(KeyError, [index], node)
                self.emit(ops.raise_error, [error], node)
                self.dead = True

            self.branch(known, lambda: None, missing, node)
        found = pack.items[-1]
        for key, item in reversed(list(zip(keys[:-1], pack.items[:-1], strict=True))):
            found = Choice(self.emit(operator.eq, [index, Const(key)], node), item, found)
        return found

    def pack_method(self, pack: Pack, attr: str, args: Args, kwargs: Kwargs, node: Node) -> Value | None:
        """A call of a method of a container of functions; None where it is not looked into."""
        pack.seen |= attr in ("items", "values", "keys")
        match pack.cls, attr, args:
            case builtins_dict, "items", [] if builtins_dict is dict:
                pairs = zip(pack.keys, pack.items, strict=True)
                return Pack(tuple, [Pack(tuple, [Const(k), v], [], self.out) for k, v in pairs], [], self.out)
            case builtins_dict, "values", [] if builtins_dict is dict:
                return Pack(tuple, list(pack.items), [], self.out)
            case builtins_dict, "keys", [] if builtins_dict is dict:
                return Pack(tuple, [Const(k) for k in pack.keys], [], self.out)
            case builtins_dict, "get", [Const(value=key), *rest] if builtins_dict is dict and not kwargs:
                found = pack.find(key)
                other = rest[0] if rest else Const(None)
                return found if found is not None else None if isinstance(other, Star) else other
            case _, "pop", [Const(value=key)] if not kwargs and pack.find(key) is not None:
                self.change(pack, node)
                if pack.cls is list:
                    return pack.items.pop(key)
                place = next(k for k, known in enumerate(pack.keys) if Const(known) == Const(key))
                del pack.keys[place]
                return pack.items.pop(place)
            case builtins_list, "append", [item] if builtins_list is list and not isinstance(item, Star):
                self.change(pack, node)
                pack.items.append(item)
                return Const(None)
            case _:
                return None

    def change(self, pack: Pack, node: Node) -> None:
        """Make sure that a container of functions is changed where that certainly happens once."""
        if pack.home is not self.out or pack.seen:
            raise self.unsupported(
                node,
                "a container of functions changes while something goes over it"
                if pack.seen
                else "a container of functions changes in a branch or loop",
                "make the whole container in one place, with a literal or a comprehension",
                "which functions it holds afterwards is only known at run time",
            )

    def put(self, pack: Pack, index: Value, item: Value, node: Node) -> None:
        """``pack[index] = item``."""
        self.change(pack, node)
        key = index.value if isinstance(index, Const) else None
        if pack.cls is list and type(key) is int and -len(pack.items) <= key < len(pack.items):
            pack.items[key] = item
        elif pack.cls is dict and isinstance(index, Const) and isinstance(key, str | int):
            if pack.find(key) is not None:
                pack.items[next(k for k, known in enumerate(pack.keys) if Const(known) == Const(key))] = item
            else:
                pack.keys.append(key)
                pack.items.append(item)
        else:
            raise self.escapes(node, "a local function in a container")

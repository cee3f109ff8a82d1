"""Augmented assignments to names of unknown kind, where another name may see the change.

``x op= v`` on an array changes it in place; on a number it makes a new one. Where kinds do not say which it is,
normalisation computes a new value, ``as_updated(x op v, x)``. That is the same unless the old array is seen again
under another name: an array then is an error when the code runs. This pass finds these places, now that memory is
known.

>>> import srcad
>>> def f(x, y):
...     x *= y
...     return x
>>> print(srcad.dump(f))
# kinds: x: f8[any], y: f8[any]
def f_grad(x, y):
    x2 = srcad.runtime.arrays.as_updated(x * y, x)
    # return x
    x_bar = srcad.runtime.arrays.seed(x2)
    # x *= y
    x_bar = srcad.runtime.arrays.unbroadcast(y * x_bar, x)
    x_bar = srcad.runtime.structures.gradient_like(x_bar, x)
    return x_bar
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcad import runtime
from srcad.analysis.memory import Memory
from srcad.ir import ops
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Stmt, Var, While
from srcad.ir.visit import blocks, defs, is_call_of, map_atoms, updated, uses, walk, with_blocks

_Place = tuple[int, tuple[int, ...]]


@dataclass
class _Places:
    """Where variables are defined and used: position in the text, and the loops around."""

    defined: dict[Var, _Place] = field(default_factory=dict)
    used: dict[Var, list[_Place]] = field(default_factory=dict)
    position: int = 0

    def read(self, block: Block, loops: tuple[int, ...]) -> None:
        for param in block.params:
            self.defined[param] = (self.position, loops)
        for stmt in block.stmts:
            self.position += 1
            for var in uses(stmt):
                self.used.setdefault(var, []).append((self.position, loops))
            inside = (*loops, stmt.id) if isinstance(stmt, (For, While)) else loops
            for inner in blocks(stmt):
                self.read(inner, inside)
            if isinstance(stmt, For) and isinstance(stmt.iter, Var):  # every pass takes an item
                self.used.setdefault(stmt.iter, []).append((self.position, inside))
            for var in defs(stmt):
                self.defined[var] = (self.position, loops)
        self.position += 1
        for atom in block.yields:
            if isinstance(atom, Var):
                self.used.setdefault(atom, []).append((self.position, loops))

    def seen_after(self, var: Var, place: _Place) -> bool:
        """Whether `var`, defined before `place`, is used after it in the text or in a later pass of a loop."""
        position, loops = place
        before, home = self.defined[var]
        if before >= position:
            return False
        return any(
            at > position or any(loop in around and loop not in home for loop in loops)
            for at, around in self.used.get(var, ())
        )


def changed_parameters(function: Function, memory: Memory) -> tuple[int, ...]:
    """The positions of the parameters that a function changes in place, or may change where their kind is unknown."""
    updates = (s for s in walk(function.body) if isinstance(s, Call) and is_call_of(s, runtime.as_updated))
    bases = (call.args[1] for call in updates)
    written = {root for base in bases if isinstance(base, Var) for root in memory.of(base)}
    return tuple(k for k, p in enumerate(function.body.params) if p in memory.stores or p in written)


def guard_updates(function: Function, memory: Memory, *, private: bool) -> Function:
    """`function` with an error at run time where an update of an array would have to be seen under another name.

    Args:
        function: typed and normalised.
        memory: its memory facts.
        private: whether the arguments are its own: nobody else sees what becomes of them.
    """
    updates = [s for s in walk(function.body) if isinstance(s, Call) and is_call_of(s, runtime.as_updated)]
    if not updates:
        return function
    places = _Places()
    places.read(function.body, ())
    shown = frozenset(s.target for s in updates if _is_seen(s, places, memory, function.body.params, private))
    return updated(function, body=_rewritten(function.body, shown))


def only_numbers(call: Call, memory: Memory) -> list[Stmt]:
    """A call that is left as it is, with an error at run time where it would change an array of unknown kind."""
    effect = memory.effects.get(call.target)
    stmts: list[Stmt] = []
    checked: dict[Atom, Var] = {}
    for atom in () if effect is None else effect.perhaps:
        if isinstance(atom, Var) and atom not in checked:
            checked[atom] = atom.like()
            args = (atom, atom)
            stmts.append(
                Call(checked[atom], Const(runtime.as_updated_number), args, (), replace(call.loc, saving=True))
            )
    return [*stmts, map_atoms(call, lambda a: checked.get(a, a))]


def _is_seen(update: Call, places: _Places, memory: Memory, params: tuple[Var, ...], private: bool) -> bool:
    base = update.args[1]
    if not isinstance(base, Var):
        return False
    roots = frozenset(_linked(memory, base))
    if any(_is_outside(memory, root) or (root in params and not private) for root in roots):
        return True
    place = places.defined[update.target]
    return any(
        var != base and places.seen_after(var, place) and not roots.isdisjoint(_linked(memory, var))
        for var in memory.roots
        if var in places.defined
    )


def _linked(memory: Memory, var: Var) -> dict[Var, None]:
    """The roots of what a variable may refer to, whatever name they go by."""
    found = dict.fromkeys(memory.reachable(var))
    pending = list(found)
    while pending:
        for other in memory.links.get(pending.pop(), ()):
            if other not in found:
                found[other] = None
                pending.append(other)
    return found


def _is_outside(memory: Memory, root: Var) -> bool:
    made = memory.defined.get(root)
    return made is not None and is_call_of(made, ops.load_global, ops.load_free)


def _rewritten(block: Block, shown: frozenset[Var]) -> Block:
    stmts: list[Stmt] = []
    for stmt in block.stmts:
        new = with_blocks(stmt, tuple(_rewritten(b, shown) for b in blocks(stmt)))
        if isinstance(new, Call) and new.target in shown:
            new = replace(new, fn=Const(runtime.as_updated_number))
        stmts.append(new)
    return updated(block, stmts=tuple(stmts))

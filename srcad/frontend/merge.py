"""The environment after a branch: what each name is bound to, where the two sides bound it differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srcad.frontend.trees import Node
from srcad.frontend.values import (
    Ambiguous,
    Choice,
    Env,
    Value,
    atoms_of,
    chooses,
    defined_in,
    holds_local,
    is_atom,
    map_value,
)
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Var

if TYPE_CHECKING:
    from srcad.frontend.context import Captured, Context


class Merge:
    """The merge of the environments after the two sides of a branch."""

    def __init__(self, context: Context, a: Captured, b: Captured, before: Env, cond: Atom, node: Node) -> None:
        self.context, self.a, self.b, self.before, self.cond, self.node = context, a, b, before, cond, node
        self.targets: list[Var] = []
        self.left: list[Atom] = []
        self.right: list[Atom] = []
        self.shared: dict[tuple[Atom, Atom], Var] = {}
        self.exported: dict[Var, Var] = {}
        self.own_a, self.own_b = defined_in(a.stmts), defined_in(b.stmts)
        self.sure = False

    def environment(self) -> Env:
        """The environment after the branch."""
        env: Env = {}
        for key in {**self.a.env, **self.b.env}:
            one = (key in self.a.env) != (key in self.b.env) and key not in self.before
            if one and not self.context.scope.sees(key):
                # a variable of a function that was entered on one side only, and that a closure may still read
                env[key] = self.export(self.a.env[key] if key in self.a.env else self.b.env[key])
                continue
            x, y = self.a.env.get(key, UNDEFINED_ATOM), self.b.env.get(key, UNDEFINED_ATOM)
            env[key] = x if x is y or x == y else self._merged(key, x, y)
        return env

    def _merged(self, key: str, x: Value, y: Value) -> Value:
        old = self.before.get(key, UNDEFINED_ATOM)
        if self.a.dead and not self.b.dead:
            if not isinstance(y, Var) or y == old:
                return self.export(y)
            x = UNDEFINED_ATOM
        elif self.b.dead and not self.a.dead:
            if not isinstance(x, Var) or x == old:
                return self.export(x)
            y = UNDEFINED_ATOM
        if chooses(x, y):
            return self.choice(x, y)
        if holds_local(x) or holds_local(y):
            return Ambiguous(display(key))
        x, y = self.inside(self.a, x), self.inside(self.b, y)
        if key[0] == "@":
            known = self.shared.get((x, y))
            if known is not None:
                return known
        target = self.value(x, y, display(key))
        if key[0] == "@":
            self.shared[x, y] = target
            self.context.flags.add(target.uid)
        alive = [(v, c) for v, c in ((x, self.a), (y, self.b)) if not c.dead]
        if any(v == UNDEFINED_ATOM or (isinstance(v, Var) and v.uid in self.context.maybe) for v, _ in alive):
            self.context.maybe.add(target.uid)
        return target

    def result(self, x: Value, y: Value, name: str, *, follow: bool) -> Value:
        """What the branch gives as an expression."""
        if follow and chooses(x, y):
            return self.choice(x, y)
        return self.value(self.inside(self.a, x), self.inside(self.b, y), name)

    def inside(self, side: Captured, value: Value) -> Atom:
        """A value of one side as one of the program, made in that side."""
        if is_atom(value):
            return value
        context = self.context
        out, env, context.out, context.env = context.out, context.env, side.stmts, side.env
        try:
            return context.data(value, self.node)
        finally:
            context.out, context.env = out, env

    def choice(self, x: Value, y: Value) -> Value:
        """One of two functions, by the condition as it was."""
        if x is y or x == y:
            return x
        if not self.sure:
            self.cond, self.sure = self.context.settled(self.cond, self.node), True
        return Choice(self.cond, self.export(x), self.export(y))

    def export(self, value: Value) -> Value:
        """A value of one side, readable after the branch: it is read only where that side was taken."""

        def out(atom: Atom) -> Atom:
            if not isinstance(atom, Var) or not (atom in self.own_a or atom in self.own_b):
                return atom
            if atom not in self.exported:
                sides = (atom, UNDEFINED_ATOM) if atom in self.own_a else (UNDEFINED_ATOM, atom)
                self.exported[atom] = self.value(sides[0], sides[1], atom.name)
            return self.exported[atom]

        changed = map_value(value, out)
        if any(isinstance(a, Var) and (a in self.own_a or a in self.own_b) for a in atoms_of(changed)):
            return Ambiguous("it")
        return changed

    def value(self, x: Atom, y: Atom, name: str) -> Var:
        """A target that is `x` or `y`."""
        target = Var(name)
        self.targets.append(target)
        self.left.append(x)
        self.right.append(y)
        return target


def display(key: str) -> str:
    """The name that a variable of this key would like: the user's, or the flag's without its number."""
    if key[0] == "@":
        return key[1:].partition("@")[0].rstrip("0123456789")
    return key.partition("@")[0]

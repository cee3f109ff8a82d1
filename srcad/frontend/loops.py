"""Lowers loops and ``with``: what a loop binds becomes carried values, merged by the loop.

Every name that the loop binds gets a parameter, an initial value and a yield; `srcad.frontend.prune` removes those that
no pass and nothing after the loop reads.
"""

from __future__ import annotations

import contextlib
import functools

import gast

from srcad.errors import InternalError
from srcad.frontend.comprehensions import UNROLLED
from srcad.frontend.context import Captured, loop_names
from srcad.frontend.merge import display
from srcad.frontend.scope import Names
from srcad.frontend.statements import Statements
from srcad.frontend.structure import stop_flag
from srcad.frontend.trees import Node
from srcad.frontend.values import (
    Ambiguous,
    Env,
    Pack,
    Stream,
    Value,
    atoms_of,
    defined_in,
    holds_functions,
    holds_local,
    is_atom,
)
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Block, Call, Const, For, Var, While, With, new_loop_id
from srcad.ir.visit import is_call_of


class Loops(Statements):
    """Lowering of regions that are not branches."""

    def loop(self, node: Node) -> None:
        """Lowers a loop."""
        match node:
            case gast.For(iter=over):
                fills = self.fills(node)
                known = self.items_of(over) if fills else None
                value = None if known else self.value(over)
                if isinstance(value, Stream):
                    self.stream_loop(node, value)
                    return
                items = known or [] if value is None else self.unrolled(node, value)
                if isinstance(items, list):
                    self.clear_flag(node)
                    self.passes(node, items)
                else:
                    self.for_loop(node, items)
            case _:
                self.while_loop(node)

    def slots(self, node: Node) -> dict[str, Atom]:
        """The carried variables of a loop, by key, with their values before it; functions cannot be carried."""
        names: Names = dict(self.bindings.statement(node))
        found: dict[str, Atom] = {}
        keys = loop_names(names, self.scope)
        keys.update(self.carried_for_consumers(node))
        keys.update({key: display(key) for key in self.env if display(key) in self.live})  # a call may assign these
        for key, name in keys.items():
            value = self.env.get(key, UNDEFINED_ATOM)
            if name in self.functions or holds_local(value):
                self.env[key] = Ambiguous(name)
            else:
                found[key] = self.env[key] = self.data(value, node)
        return found

    def fills(self, node: Node) -> bool:
        """Whether the body of a loop puts something into a container of functions."""
        return any(
            isinstance(inner, gast.Call)
            and isinstance(inner.func, gast.Attribute)
            and isinstance(inner.func.value, gast.Name)
            and isinstance(self.peek(inner.func.value.id), Pack)
            for stmt in node.body
            for inner in gast.walk(stmt)
        )

    def unrolled(self, node: Node, value: Value) -> list[Value] | Atom:
        """The items of a container of functions, for which the passes are written out; else what the loop goes over."""
        if isinstance(value, Pack):
            value.seen = True
        few = isinstance(value, Pack) and (len(value.items) <= UNROLLED or holds_local(value))
        if not isinstance(value, Pack) or not few or not holds_functions(value):
            return self.data(value, node.iter)
        return [Const(key) for key in value.keys] if value.cls is dict else list(value.items)

    def passes(self, node: Node, items: list[Value]) -> None:
        """The passes of a loop, one after the other; after a ``break`` the others do not run."""
        flag = stop_flag(node.body)
        for k, item in enumerate(items):
            self.assign(node.target, item)
            self.stmts(node.body)
            if flag is None or k + 1 == len(items):
                continue
            stop = self.data(self.env[str(self.scope.key(flag))], node)
            if isinstance(stop, Const) and stop.value:
                return
            if not isinstance(stop, Const):
                rest = items[k + 1 :]
                self.branch(stop, lambda: None, functools.partial(self.passes, node, rest), node)
                return

    def clear_flag(self, node: Node) -> None:
        """A loop that has not run has not been stopped."""
        flag = stop_flag(node.body)
        if flag is not None:
            self.bind(flag, Const(False))

    def for_loop(self, node: Node, iterable: Atom) -> None:
        """``for target in iterable: body``."""
        self.clear_flag(node)
        slots, loc = self.slots(node), self.loc(node.iter)
        item = Var(node.target.id.partition("@")[0] if isinstance(node.target, gast.Name) else "")
        params = self.params(slots)

        def run() -> None:
            self.env.update(params)
            self.assign(node.target, item)
            self.looped(node, slots)

        body = self.capture(run)
        if self.forget_functions(slots, body):
            self.for_loop(node, iterable)
            return
        yields, stops = self.yields(node, slots, body)
        targets = self.targets(slots, yields)
        block = Block((item, *params.values()), tuple(body.stmts), tuple(yields))
        self.out.append(For(targets, iterable, tuple(slots.values()), block, stops, loc, new_loop_id()))

    def while_loop(self, node: Node) -> None:
        """``while test: body``."""
        self.clear_flag(node)
        slots, loc = self.slots(node), self.loc(node.test)
        before, params = self.params(slots), self.params(slots)

        def test() -> Atom:
            self.env.update(before)
            return self.expr(node.test)

        def run() -> None:
            self.env.update(params)
            self.looped(node, slots)

        cond = self.capture(test)
        asked = cond.value
        assert asked is not None and is_atom(asked)
        if any(cond.env.get(key) != value for key, value in before.items()):
            raise self.unsupported(
                node.test,
                "the condition of this loop changes a local variable",
                "compute the condition in the loop: `while True: ... if not condition: break`",
            )
        body = self.capture(run)
        if self.forget_functions(slots, body):
            self.while_loop(node)
            return
        yields, stops = self.yields(node, slots, body)
        targets = self.targets(slots, yields)
        first = Block(tuple(before.values()), tuple(cond.stmts), (asked,))
        second = Block(tuple(params.values()), tuple(body.stmts), tuple(yields))
        self.out.append(While(targets, tuple(slots.values()), first, second, stops, loc, new_loop_id()))

    def looped(self, node: Node, slots: dict[str, Atom]) -> None:
        """The body of a loop."""
        self.loops_around += 1
        try:
            self.stmts(node.body)
            self.settle(slots, node)
        finally:
            self.loops_around -= 1

    def settle(self, slots: dict[str, Atom], node: Node) -> None:
        """At the end of a pass: a choice of functions that the next pass may read is a value of the program."""
        for key in slots:
            value = self.env.get(key, UNDEFINED_ATOM)
            if not is_atom(value) and not holds_local(value):
                self.env[key] = self.data(value, node)

    def forget_functions(self, slots: dict[str, Atom], body: Captured) -> bool:
        """Whether a pass binds local functions to names: those are then not carried from pass to pass."""
        found = [key for key in slots if holds_local(body.env.get(key, UNDEFINED_ATOM))]
        self.env.update((key, Ambiguous(display(key))) for key in found)
        return bool(found)

    def params(self, slots: dict[str, Atom]) -> dict[str, Var]:
        """A parameter for each carried variable."""
        params = {}
        for key, init in slots.items():
            param = params[key] = Var(display(key))
            if self.may_be_undefined(init) or display(key) in self.deleted:
                self.maybe.add(param.uid)
        return params

    def may_be_undefined(self, atom: Atom) -> bool:
        """Whether a value may be that of a name without one."""
        return atom == UNDEFINED_ATOM or (isinstance(atom, Var) and atom.uid in self.maybe)

    def yields(self, node: Node, slots: dict[str, Atom], body: Captured) -> tuple[list[Atom], bool]:
        """What a pass hands on, and whether the flag "stop after this pass" is among it, last."""
        found: list[Atom] = []
        for key in slots:
            value = body.env.get(key, UNDEFINED_ATOM)
            found.append(value if is_atom(value) else UNDEFINED_ATOM)
        self._check_only(slots, self.env, body.env)
        flag = stop_flag(node.body)
        if flag is None:
            return found, False
        stop = body.env[str(self.scope.key(flag))]
        assert is_atom(stop)
        return [*found, stop], True

    def targets(self, slots: dict[str, Atom], yields: list[Atom]) -> tuple[Var, ...]:
        """The values after the loop, bound to their names."""
        targets = []
        for (key, init), value in zip(slots.items(), yields, strict=False):
            target = Var(display(key))
            targets.append(target)
            self.env[key] = target
            if self.may_be_undefined(init) or self.may_be_undefined(value):
                self.maybe.add(target.uid)
            if key[0] == "@":
                self.flags.add(target.uid)
        return tuple(targets)

    def _check_only(self, slots: dict[str, Atom], before: Env, after: Env) -> None:
        """Every change of the environment in a loop must be a carried one."""
        for key, value in before.items():
            if key not in slots and after.get(key) != value and not isinstance(value, Ambiguous):
                raise InternalError(f"'{display(key)}' changes in a loop that does not carry it", why="stage lower")

    def context_manager(self, node: Node, item: Node, body: list[Node]) -> None:
        """``with context as entered: body``; what the body binds is handed out."""
        context, loc = self.expr(item.context_expr), self.loc(item.context_expr)
        last = self.out[-1] if self.out else None
        if isinstance(last, Call) and last.target == context and is_call_of(last, contextlib.suppress):
            raise self.unsupported(
                item.context_expr,
                "`contextlib.suppress` is not supported yet",
                "move it into the caller, or test for the condition with `if`",
                "what the block has done when an error ends it is not known",
            )
        target = item.optional_vars
        entered = None if target is None else Var(target.id if isinstance(target, gast.Name) else "")
        before = self.env

        def run() -> None:
            if entered is not None:
                self.assign(target, entered)
            self.stmts(body)

        done = self.capture(run)
        targets: list[Var] = []
        yields: list[Atom] = []
        own = defined_in(done.stmts)
        for key, value in done.env.items():
            old = before.get(key)
            if isinstance(value, Var) and value != old:
                targets.append(Var(display(key)))
                yields.append(value)
                self.env[key] = targets[-1]
                if self.may_be_undefined(value):
                    self.maybe.add(targets[-1].uid)
                if key[0] == "@":
                    self.flags.add(targets[-1].uid)
            elif not is_atom(value) and value != old and any(atom in own for atom in atoms_of(value)):
                self.env[key] = Ambiguous(display(key))
            else:
                self.env[key] = value
        self.dead = self.dead or done.dead
        block = Block((), tuple(done.stmts), tuple(yields))
        self.out.append(With(tuple(targets), context, entered, block, loc))

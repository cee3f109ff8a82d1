"""Which values share memory, which memory is changed in place, and whether that can be followed.

Every value that is a reference has *roots*: the allocations (or arguments) whose memory it may be. A value whose only
root is known is a *direct* reference: the root itself, or a view derived from it by a chain of view operations. Values
that merge references (branch results, loop-carried values, elements of containers) may have several.

The reverse sweep gives each mutated root one cotangent buffer (its *shadow*), re-derives views on it, and undoes stores
in reverse order. That is exact as long as all stores to a root happen before it is merged with others or put into a
container. Other roots are carried (`srcad.analysis.carried`): their shadows go beside them. What can be neither is a
located error (`Memory.check`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from srcad.analysis.effects import writes
from srcad.analysis.moves import (
    DISPLAYS,
    GATHERING,
    LOOKING_UP,
    SPREADING,
    STORES,
    TAKING,
    hands_on_keys,
    is_array,
)
from srcad.analysis.views import is_certain_view, is_part_of_sequence, joins_sequences, may_be_checked, view_of
from srcad.errors import UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in, is_named_tuple
from srcad.ir.kinds import (
    Array,
    Dict,
    Iterator,
    Numeric,
    Slice,
    Tuple,
    Unknown,
    is_mutable,
    may_be_active,
)
from srcad.ir.nodes import (
    UNDEFINED_ATOM,
    Atom,
    Block,
    Call,
    Callee,
    Const,
    For,
    Function,
    If,
    Loc,
    Star,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.record import record
from srcad.ir.visit import uses
from srcad.rules import rule_for

Roots = tuple[Var, ...]


@record(frozen=True)
class CallEffect:
    """What a call of another function of the program does to memory.

    Args:
        writes: the arguments that it changes in place.
        returns: the arguments whose memory its result may refer to.
        perhaps: the arguments that it changes in place if they are arrays, which their kinds do not tell.
    """

    writes: tuple[Atom, ...] = ()
    returns: tuple[Atom, ...] = ()
    perhaps: tuple[Atom, ...] = ()


#: The effect of a call of another function of the program; None for any other call.
EffectOf = Callable[[Call], "CallEffect | None"]


@dataclass
class Event:
    """A store to a root, or the moment at which a root is merged with others: its order, the loops around it, where."""

    order: int
    loops: tuple[int, ...]
    loc: Loc


#: What reads the items of its arguments not when it is called, but one by one as it is stepped through.
_STEPPING = dict.fromkeys((ops.identity, zip, enumerate, reversed, iter, map, filter, np.ndenumerate))


@dataclass
class Memory:
    """The result of `find_memory`.

    `links`: what a callee returned has a root of its own, which may be another name for memory of the arguments.
    `read_at`: values that may be views, and are taken for values: `check` makes sure that it makes no difference.
    `unsure`: values that may be views, and are taken for views: whether they are is checked when the function runs.
    `effects`: what calls of other functions do, by their targets.
    `carried`: references with companions (`srcad.analysis.carried`), whose names cannot be told apart.
    """

    roots: dict[Var, Roots] = field(default_factory=dict)
    contents: dict[Var, Roots] = field(default_factory=dict)
    stores: dict[Var, list[Event]] = field(default_factory=dict)
    escapes: dict[Var, list[Event]] = field(default_factory=dict)
    home: dict[Var, tuple[int, ...]] = field(default_factory=dict)
    links: dict[Var, Roots] = field(default_factory=dict)
    opaque: dict[Var, Loc] = field(default_factory=dict)
    defined: dict[Var, Call] = field(default_factory=dict)
    read_at: dict[Var, Event] = field(default_factory=dict)
    unsure: dict[Var, Event] = field(default_factory=dict)
    iterators: dict[Var, Event] = field(default_factory=dict)
    uses_at: dict[Var, list[tuple[int, tuple[int, ...]]]] = field(default_factory=dict)
    unbound: set[Var] = field(default_factory=set)
    untracked: list[Loc] = field(default_factory=list)
    params: tuple[Var, ...] = ()
    carried: frozenset[Var] = frozenset()
    effects: dict[Var, CallEffect] = field(default_factory=dict)

    def of(self, atom: Atom) -> Roots:
        """The roots of an atom; none for what is not a reference."""
        return self.roots.get(atom, ()) if isinstance(atom, Var) else ()

    def name(self, new: Atom, old: Var) -> None:
        """`new` is another name for what `old` refers to."""
        if isinstance(new, Var) and new != old and self.of(old):
            self.roots[new] = tuple(dict.fromkeys((*self.of(new), *self.of(old))))

    def reachable(self, atom: Atom) -> Roots:
        """The roots of an atom, and those of what it contains."""
        found = dict.fromkeys(self.of(atom))
        pending = list(found)
        while pending:
            for inner in self.contents.get(pending.pop(), ()):
                if inner not in found:
                    found[inner] = None
                    pending.append(inner)
        return tuple(found)

    def root(self, atom: Atom) -> Var | None:
        """The mutated root that `atom` refers to directly, or None where its memory is never changed through it."""
        found = self.of(atom)
        if len(found) != 1 or found[0] not in self.stores:
            return None
        return None if atom in self.read_at else found[0]

    def is_mutated(self, atom: Atom) -> bool:
        """Whether `atom` may refer to memory that is changed in place somewhere."""
        return any(root in self.stores for root in self.of(atom))

    def stores_between(self, var: Var) -> list[Event]:
        """The stores to what `var` may be a view of, or goes through, after it was read and before it is used."""
        places = self.uses_at.get(var, ())
        roots, read = (
            (self.stepped(var), self.iterators[var]) if var in self.iterators else (self.of(var), self.read_at[var])
        )
        stores = [s for root in roots for s in self.stores.get(root, ())]
        return [s for s in stores if any(_comes_between(s, read, place) for place in places)]

    def stepped(self, atom: Atom) -> Roots:
        """The roots of all that an iterator goes through."""
        if not isinstance(atom, Var) or atom not in self.iterators:
            return self.reachable(atom)
        return tuple(dict.fromkeys(r for a in uses(self.defined[atom]) for r in self.stepped(a)))

    def follow_unsure(self) -> None:
        """Take for views what may be views, where it makes a difference and can be checked when the function runs."""
        changed = {root for var in self.read_at if self.stores_between(var) for root in self.of(var)}
        for var, read in list(self.read_at.items()):
            call = self.defined[var]
            bases = [a for a in view_of(call) or () if self.of(a)]
            if not changed.intersection(self.of(var)) or any(a in self.read_at for a in bases):
                continue
            if is_certain_view(call):
                del self.read_at[var]
            elif len(bases) == 1 and may_be_checked(call) and isinstance(atom_kind(bases[0]), (Array, Numeric)):
                del self.read_at[var]
                self.unsure[var] = read

    def check(self) -> None:
        """Raise for the first store whose aliases cannot be followed."""
        for loc in self.untracked:
            raise UnsupportedSyntax(
                "a store goes through a value whose memory cannot be followed",
                where=loc,
                why="it is not an array, a list or a dict, but gives access to one",
                remedy="store into the array itself, with a subscript",
            )
        for var in self.read_at:
            for store in self.stores_between(var):
                raise UnsupportedSyntax(
                    f"{var.name or 'an item'} is read, the array it comes from is changed, and it is used again",
                    where=store.loc,
                    why="whether it shares memory with that array is only known at run time",
                    remedy="copy it where it is read, or read it again after the change",
                )
        for var in self.iterators:
            for store in self.stores_between(var):
                raise UnsupportedSyntax(
                    f"{var.name or 'an iterator'} is made, what it goes through is changed, and it is used later",
                    where=store.loc,
                    why="only a loop over it is followed to what its items are by then",
                    remedy="make the iterator where it is used, or a list of it where it is made",
                )
        for root, store, escape in self.late_stores():
            if root not in self.carried:
                raise UnsupportedSyntax(
                    f"{root.name or 'this array'} is changed in place after another name may refer to it",
                    where=store.loc,
                    why="in-place changes of memory that is reached through a branch, a loop-carried name or a "
                    f"container (line {escape.loc.line}) are followed only where all its kinds are known",
                    remedy=f"change a copy: {root.name} = {root.name}.copy()"
                    if root.name
                    else "take a copy with .copy() before it, and change that",
                )

    def late_stores(self) -> list[tuple[Var, Event, Event]]:
        """The stores to memory that may have got another name before: root, store, and where it got that name."""
        found: list[tuple[Var, Event, Event]] = []
        for root, stores in self.stores.items():
            home = self.home[root]
            for store in stores:
                for escape in self.escapes.get(root, ()):
                    shared = any(loop in escape.loops and loop not in home for loop in store.loops)
                    if store.order > escape.order or shared:
                        found.append((root, store, escape))
        return found


def _comes_between(store: Event, read: Event, use: tuple[int, tuple[int, ...]]) -> bool:
    """Whether a store happens after a value was read and before it is used, in the text or in a loop."""
    order, loops = use
    again = any(loop in store.loops and loop in loops and loop not in read.loops for loop in loops)
    return again or read.order < store.order < order


def find_memory(
    function: Function, effect_of: EffectOf | None = None, together: Iterable[Sequence[Var]] = ()
) -> Memory:
    """The memory facts of a typed, normalised function.

    Args:
        function: the function.
        effect_of: tells what calls of other functions do.
        together: groups of parameters that may be names for the same memory.
    """
    finder = _Finder(effect_of)
    finder.memory.params = function.body.params
    for param in function.body.params:
        if is_mutable(param.kind):
            finder.fresh(param, ())
            if not isinstance(param.kind, (Array, Numeric)):
                finder.memory.contents[param] = (param,)
    for group in together:
        for param in group:
            finder.merge(param, tuple(group))
    before = None
    while before != finder.snapshot():
        before = finder.snapshot()
        finder.order = 0
        finder.memory.stores.clear()
        finder.memory.escapes.clear()
        finder.memory.untracked.clear()
        finder.memory.uses_at.clear()
        finder.block(function.body, ())
    finder.memory.follow_unsure()
    return finder.memory


class _Finder:
    """One walk over the function; repeated until the roots no longer grow."""

    def __init__(self, effect_of: EffectOf | None) -> None:
        self.memory = Memory()
        self.effect_of = effect_of
        self.order = 0

    def snapshot(self) -> tuple[object, ...]:
        memory = self.memory
        return (tuple(memory.roots.items()), tuple(memory.contents.items()))

    def fresh(self, var: Var, loops: tuple[int, ...]) -> None:
        self.memory.roots[var] = (var,)
        self.memory.home[var] = loops

    def merge(self, var: Var, roots: Roots) -> None:
        old = self.memory.roots.get(var, ())
        self.memory.roots[var] = old + tuple(r for r in dict.fromkeys(roots) if r not in old)

    def fill(self, containers: Roots, roots: Roots) -> None:
        for container in containers:
            old = self.memory.contents.get(container, ())
            self.memory.contents[container] = old + tuple(r for r in dict.fromkeys(roots) if r not in old)

    def escape(self, roots: Roots, loops: tuple[int, ...], loc: Loc) -> None:
        for root in roots:
            self.memory.escapes.setdefault(root, []).append(Event(self.order, loops, loc))

    def block(self, block: Block, loops: tuple[int, ...]) -> None:
        for stmt in block.stmts:
            self.order += 1
            self.used(uses(stmt), loops, loop=isinstance(stmt, For))
            self.stmt(stmt, loops)
        self.order += 1
        self.used((a for a in block.yields if isinstance(a, Var)), loops)

    def used(self, variables: Iterable[Var], loops: tuple[int, ...], *, loop: bool = False) -> None:
        """Note uses of variables; what steps through others when it is used uses these, too.

        Args:
            variables: what is used.
            loops: the loops around.
            loop: whether the use is that of a loop, which knows what the iterators that it runs over step through.
        """
        for var in variables:
            made = self.memory.defined.get(var)
            steps = made is not None and isinstance(made.fn, Const) and is_in(made.fn.value, _STEPPING)
            if not (loop and steps):
                self.memory.uses_at.setdefault(var, []).append((self.order, loops))
            if steps and made is not None:
                self.used(uses(made), loops, loop=loop and made.fn != Const(ops.identity))

    def stmt(self, stmt: Stmt, loops: tuple[int, ...]) -> None:
        match stmt:
            case Call():
                self.call(stmt, loops)
            case If():
                self.block(stmt.then, loops)
                self.block(stmt.orelse, loops)
                self.join(stmt.targets, (stmt.then.yields, stmt.orelse.yields), loops, stmt.loc)
            case For() | While():
                self.loop(stmt, loops)
            case With():
                self.block(stmt.body, loops)
                self.join(stmt.targets, (stmt.body.yields,), loops, stmt.loc)

    def loop(self, stmt: For | While, loops: tuple[int, ...]) -> None:
        inner = (*loops, stmt.id)
        carried = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
        if (
            isinstance(stmt, For)
            and is_mutable(stmt.body.params[0].kind)
            and not isinstance(atom_kind(stmt.iter), Dict)
        ):
            item, source = stmt.body.params[0], self.memory.of(stmt.iter)
            held = tuple(r for s in source for r in self.memory.contents.get(s, ()))
            self.merge(item, held or source)
        yields = stmt.body.yields
        for _ in range(2):
            self.join(carried, (stmt.inits, yields[: len(carried)]), inner, stmt.loc)
            if isinstance(stmt, While):
                for outer, param in zip(carried, stmt.cond.params, strict=True):
                    self.merge(param, self.memory.of(outer))
        if isinstance(stmt, While):
            self.block(stmt.cond, inner)
        self.block(stmt.body, inner)
        self.order += 1
        if isinstance(stmt, For) and isinstance(stmt.iter, Var):
            self.used((stmt.iter,), inner, loop=True)  # each pass reads an item
        self.join(carried, (stmt.inits, yields[: len(carried)]), inner, stmt.loc)
        self.join(stmt.targets, (stmt.inits, yields[: len(stmt.targets)]), loops, stmt.loc)

    def join(self, targets: Roots, sources: tuple[tuple[Atom, ...], ...], loops: tuple[int, ...], loc: Loc) -> None:
        for k, target in enumerate(targets):
            if any(source[k] == UNDEFINED_ATOM or source[k] in self.memory.unbound for source in sources):
                self.memory.unbound.add(target)
            roots = tuple(r for source in sources for r in self.memory.of(source[k]))
            if roots:
                self.merge(target, roots)
                self.escape(roots, loops, loc)

    def call(self, call: Call, loops: tuple[int, ...]) -> None:
        self.memory.defined[call.target] = call
        effect = self.effect_of(call) if self.effect_of is not None else None
        if effect is not None:
            self.user_call(call, effect, loops)
            return
        for atom in writes(call):
            self.store(self.memory.of(atom), loops, call.loc)
            if isinstance(atom, Var) and may_be_active(atom.kind) and not self.memory.of(atom):
                self.memory.untracked.append(call.loc)
        fn = call.fn.value if isinstance(call.fn, Const) else None
        args = tuple(a.value if isinstance(a, Star) else a for a in call.args)
        if is_in(fn, _STEPPING) and fn is not ops.identity:
            self.memory.iterators[call.target] = Event(self.order, loops, call.loc)
        if fn in STORES and (len(args) > 1 or call.kwargs):
            stored = self.stored(fn, args, tuple(v for _, v in call.kwargs))
            if stored and not isinstance(atom_kind(args[0]), Array):
                self.fill(self.memory.of(args[0]), stored)
                self.escape(stored, loops, call.loc)
        iterates = isinstance(call.target.kind, Iterator) and is_mutable(call.target.kind.item)
        if not is_mutable(call.target.kind) and not iterates:
            return
        if isinstance(fn, Callee) or not isinstance(call.fn, Const):
            passed = tuple(r for a in (*args, call.fn) for r in self.memory.reachable(a))
            self.escape(passed, loops, call.loc)
            self.fresh_or_merge(call.target, passed, loops)
            return
        self.result(call, fn, args, loops)

    def stored(self, fn: object, args: tuple[Atom, ...], named: tuple[Atom, ...]) -> Roots:
        """The roots of what a call puts into a container: its last argument, or what is in that."""
        if fn in SPREADING or (fn is operator.setitem and isinstance(atom_kind(args[1]), Slice)):
            sources = tuple(r for a in args[1:] for r in self.memory.of(a))
            found = tuple(r for s in sources for r in self.memory.contents.get(s, (s,) if is_array(s) else ()))
        else:
            found = self.memory.of(args[-1])
        return found + tuple(r for a in named for r in self.memory.of(a))

    def user_call(self, call: Call, effect: CallEffect, loops: tuple[int, ...]) -> None:
        """A call of another function, which may change its arguments and return references to them."""
        self.memory.effects[call.target] = effect
        for atom in effect.writes:
            self.store(self.memory.reachable(atom), loops, call.loc)
        if not is_mutable(call.target.kind):
            return
        returned = tuple(r for a in effect.returns for r in self.memory.reachable(a))
        self.escape(returned, loops, call.loc)
        self.fresh(call.target, loops)
        self.merge(call.target, returned)
        self.memory.links[call.target] = returned
        if returned and not isinstance(call.target.kind, (Array, Numeric)):
            self.fill((call.target,), (call.target,))  # what is in it may be another name for the same memory

    def store(self, roots: Roots, loops: tuple[int, ...], loc: Loc) -> None:
        """Note a store to each of `roots`, and to the memory that they may be names for."""
        pending, seen = list(roots), set(roots)
        while pending:
            root = pending.pop(0)
            self.memory.stores.setdefault(root, []).append(Event(self.order, loops, loc))
            more = [r for r in self.memory.links.get(root, ()) if r not in seen]
            seen.update(more)
            pending += more

    def result(self, call: Call, fn: object, args: tuple[Atom, ...], loops: tuple[int, ...]) -> None:
        displays = fn in DISPLAYS or is_named_tuple(fn)
        if displays or fn in GATHERING or is_part_of_sequence(call) or joins_sequences(call):
            self.fresh(call.target, loops)
            held: Roots = tuple(r for _, value in call.kwargs for r in self.memory.of(value))  # dict(a=x)
            for arg, atom in zip(call.args, args, strict=True):
                found = () if hands_on_keys(fn, atom) else self.memory.of(atom)
                if not displays or isinstance(arg, Star):
                    found = tuple(r for s in found for r in self.memory.contents.get(s, (s,)))
                held += found
            self.fill((call.target,), held)
            if not isinstance(call.target.kind, Iterator):
                self.escape(held, loops, call.loc)
            return
        base = view_of(call)
        if base is None:
            self.fresh(call.target, loops)
            self.unlisted(call, fn, args, loops)
            return
        roots = tuple(r for a in base for r in self.memory.of(a))
        if roots and not (is_certain_view(call) and not any(a in self.memory.read_at for a in base)):
            self.memory.read_at[call.target] = Event(self.order, loops, call.loc)
        of_tuple = fn is getattr and isinstance(atom_kind(args[0]), Tuple)
        if (fn in TAKING or fn in LOOKING_UP or of_tuple) and not isinstance(atom_kind(args[0]), (Array, Numeric)):
            held = tuple(r for s in roots for r in self.memory.contents.get(s, (s,) if is_array(s) else ()))
            if fn in LOOKING_UP:  # perhaps the default
                held += tuple(r for a in args[2:] for r in self.memory.of(a))
            if isinstance(atom_kind(args[0]), Unknown):
                roots += held  # an item of a container, or a view of an array
            else:
                roots = held if fn is not ops.unpack else roots
        self.fresh_or_merge(call.target, roots, loops)

    def unlisted(self, call: Call, fn: object, args: tuple[Atom, ...], loops: tuple[int, ...]) -> None:
        """A new container of what is not known one by one: what its arguments hold, or memory of its own."""
        if isinstance(call.target.kind, (Array, Numeric, Unknown)) or not is_mutable(call.target.kind):
            return
        rule = rule_for(fn)
        copies = rule is not None and not rule.structural
        given = () if copies else tuple(r for a in args for r in self.memory.of(a))
        held = tuple(r for s in given for r in self.memory.contents.get(s, ()))
        self.fill((call.target,), held or (call.target,))
        self.escape(held, loops, call.loc)

    def fresh_or_merge(self, var: Var, roots: Roots, loops: tuple[int, ...]) -> None:
        if roots:
            self.merge(var, roots)
        else:
            self.fresh(var, loops)

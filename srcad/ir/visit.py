"""Reading and rewriting SSA: the helpers that every analysis and pass uses.

Everything here is a pure function of nodes. What is rewritten comes back as the very same object where nothing
changed, so that a pass can test "did anything happen" with ``is``. Orders are those of the program text: nothing
depends on the order of a set.

*Direct* means: of the statement itself, not of the blocks that it owns. No function here knows what an operation
means; that is the business of the rules and of the analyses.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar, overload

from srcad.errors import InternalError
from srcad.ir.memo import kept
from srcad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Star,
    Stmt,
    Var,
    While,
    With,
    new_loop_id,
)

_Node = TypeVar("_Node", bound=Block | Stmt | Function)


def is_call_of(call: Call, *functions: object) -> bool:
    """Whether `call` calls one of `functions`, which are known while compiling."""
    if not isinstance(call.fn, Const):
        return False
    value = call.fn.value
    for function in functions:  # noqa: SIM110  (a generator takes three times as long)
        if value is function:
            return True
    return False


def atoms(stmt: Stmt) -> list[Atom]:
    """The atoms that `stmt` uses directly, constants and the called function included, in order of evaluation."""
    match stmt:
        case Call(fn=fn, args=args, kwargs=kwargs):
            found = [fn]
            found += [arg.value if isinstance(arg, Star) else arg for arg in args]
            if kwargs:
                found += [value for _, value in kwargs]
            return found
        case If(cond=cond):
            return [cond]
        case For(iter=iterable, inits=inits):
            return [iterable, *inits]
        case While(inits=inits):
            return [*inits]
        case With(context=context):
            return [context]
        case _:
            raise unknown(stmt)


@kept
def uses(stmt: Stmt) -> tuple[Var, ...]:
    """The variables that `stmt` uses directly, in order, repeated as often as they are used."""
    if isinstance(stmt, Call) and not stmt.kwargs and isinstance(stmt.fn, Const):  # most of them
        found = [arg.value if isinstance(arg, Star) else arg for arg in stmt.args]
        return tuple([atom for atom in found if isinstance(atom, Var)])
    return tuple([atom for atom in atoms(stmt) if isinstance(atom, Var)])


def defs(stmt: Stmt) -> tuple[Var, ...]:
    """The variables that `stmt` defines for the statements after it (not those inside its blocks)."""
    match stmt:
        case Call(target=target):
            return (target,)
        case If(targets=targets) | For(targets=targets) | While(targets=targets):
            return targets
        case With(targets=targets, entered=entered):
            return targets if entered is None else (entered, *targets)
        case _:
            raise unknown(stmt)


def blocks(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks that `stmt` owns, in order of execution."""
    match stmt:
        case Call():
            return ()
        case If(then=then, orelse=orelse):
            return (then, orelse)
        case While(cond=cond, body=body):
            return (cond, body)
        case For(body=body) | With(body=body):
            return (body,)
        case _:
            raise unknown(stmt)


def with_blocks(stmt: Stmt, new: tuple[Block, ...]) -> Stmt:
    """`stmt` owning the blocks `new` instead of ``blocks(stmt)``."""
    if isinstance(stmt, Call) or all(a is b for a, b in zip(blocks(stmt), new, strict=True)):
        return stmt
    match stmt:
        case If():
            return replace(stmt, then=new[0], orelse=new[1])
        case While():
            return replace(stmt, cond=new[0], body=new[1])
        case For() | With():
            return replace(stmt, body=new[0])
        case _:
            raise unknown(stmt)


def with_inner(block: Block, change: Callable[[Block], Block]) -> list[Stmt]:
    """The statements of `block` with `change` applied to the blocks that they own."""
    return [s if isinstance(s, Call) else with_blocks(s, tuple(map(change, blocks(s)))) for s in block.stmts]


def updated(node: _Node, **parts: Any) -> _Node:
    """`node` with other parts, as `dataclasses.replace` makes it; the very same object where they are the same.

    Tuples are the same where their items are, one by one.
    """
    for name, new in parts.items():
        old = getattr(node, name)
        if old is not new and not (type(new) is tuple and len(new) == len(old) and all(map(operator.is_, new, old))):
            return replace(node, **parts)
    return node


def walk(block: Block) -> Iterator[Stmt]:
    """Every statement of `block` and of the blocks inside it, an owner before what it owns."""
    for stmt in block.stmts:
        yield stmt
        if not isinstance(stmt, Call):
            for inner in blocks(stmt):
                yield from walk(inner)


@kept
def calls_of(block: Block) -> Mapping[Var, Call]:
    """The calls of `block` at any depth, by what they define."""
    found: dict[Var, Call] = {}
    for stmt in block.stmts:
        if isinstance(stmt, Call):
            found[stmt.target] = stmt
        else:
            for inner in blocks(stmt):
                found.update(calls_of(inner))
    return found


def walk_blocks(block: Block) -> Iterator[Block]:
    """`block` and every block inside it, outermost first."""
    yield block
    for stmt in block.stmts:
        for inner in blocks(stmt):
            yield from walk_blocks(inner)


def definitions(block: Block) -> Iterator[Var]:
    """Every variable that is defined in `block` at any depth, parameters included, in order of the text."""
    yield from block.params
    for stmt in block.stmts:
        if isinstance(stmt, With) and stmt.entered is not None:
            yield stmt.entered
        for inner in blocks(stmt):
            yield from definitions(inner)
        yield from (stmt.targets if isinstance(stmt, With) else defs(stmt))


def free_vars(node: Block | Stmt) -> tuple[Var, ...]:
    """The variables that `node` uses and does not define itself, in order of first use.

    What a statement defines for the statements after it counts as its own.
    """
    whole = node if isinstance(node, Block) else Block((), (node,), ())
    own = set(definitions(whole))
    return tuple(var for var in count_uses(node) if var not in own)


@kept
def count_uses(node: Block | Stmt) -> Mapping[Var, int]:
    """How often each variable is used in `node` at any depth, yields included; unused ones are absent."""
    counts: dict[Var, int] = {}
    for stmt in node.stmts if isinstance(node, Block) else (node,):
        for var in uses(stmt):
            counts[var] = counts.get(var, 0) + 1
        for inner in blocks(stmt):
            for var, count in count_uses(inner).items():
                counts[var] = counts.get(var, 0) + count
    for atom in node.yields if isinstance(node, Block) else ():
        if isinstance(atom, Var):
            counts[atom] = counts.get(atom, 0) + 1
    return counts


def map_atoms(stmt: Stmt, f: Callable[[Atom], Atom]) -> Stmt:
    """`stmt` with `f` applied to every atom that it uses directly (`Call.fn` too); its blocks stay as they are."""
    before = atoms(stmt)
    after = list(map(f, before))
    if all(map(operator.is_, before, after)):
        return stmt
    match stmt:
        case Call(args=args, kwargs=kwargs):
            given = after[1 : 1 + len(args)]
            new_args = tuple(Star(v) if isinstance(a, Star) else v for a, v in zip(args, given, strict=True))
            values = after[1 + len(args) :]
            new_kwargs = tuple((name, v) for (name, _), v in zip(kwargs, values, strict=True))
            return Call(stmt.target, after[0], new_args, new_kwargs, stmt.loc)
        case If():
            return replace(stmt, cond=after[0])
        case For():
            return replace(stmt, iter=after[0], inits=tuple(after[1:]))
        case While():
            return replace(stmt, inits=tuple(after))
        case With():
            return replace(stmt, context=after[0])
        case _:
            raise unknown(stmt)


@overload
def map_atoms_deep(node: Block, f: Callable[[Atom], Atom]) -> Block: ...
@overload
def map_atoms_deep(node: Stmt, f: Callable[[Atom], Atom]) -> Stmt: ...
def map_atoms_deep(node: Block | Stmt, f: Callable[[Atom], Atom]) -> Block | Stmt:
    """`node` with `f` applied to every atom used in it at any depth, yields included; definitions stay."""
    if isinstance(node, Block):
        return map_block(node, lambda stmt: map_atoms_deep(stmt, f), f)
    new = map_atoms(node, f)
    return with_blocks(new, tuple(map_atoms_deep(b, f) for b in blocks(new)))


def map_block(block: Block, stmt: Callable[[Stmt], Stmt], atom: Callable[[Atom], Atom] = lambda a: a) -> Block:
    """`block` with `stmt` applied to each of its statements and `atom` to each of its yields."""
    stmts = tuple(map(stmt, block.stmts))
    yields = tuple(map(atom, block.yields))
    same = all(map(operator.is_, stmts, block.stmts)) and all(map(operator.is_, yields, block.yields))
    return block if same else Block(block.params, stmts, yields)


@overload
def substitute(node: Block, mapping: Mapping[Var, Atom]) -> Block: ...
@overload
def substitute(node: Stmt, mapping: Mapping[Var, Atom]) -> Stmt: ...
def substitute(node: Block | Stmt, mapping: Mapping[Var, Atom]) -> Block | Stmt:
    """`node` with each use of a variable in `mapping` replaced, at any depth; definitions stay.

    The replacement is not itself looked up again, so ``{a: b, b: a}`` swaps.
    """
    if not mapping:
        return node
    return map_atoms_deep(node, lambda atom: mapping.get(atom, atom) if isinstance(atom, Var) else atom)


@overload
def map_vars(node: Block, f: Callable[[Var], Var]) -> Block: ...
@overload
def map_vars(node: Stmt, f: Callable[[Var], Var]) -> Stmt: ...
def map_vars(node: Block | Stmt, f: Callable[[Var], Var]) -> Block | Stmt:
    """`node` with `f` applied to every variable in it at any depth: uses, targets, parameters and yields.

    `f` must give equal answers for equal variables; it is how kinds are written into a function, and how a copy gets
    names of its own.
    """

    def on_atom(atom: Atom) -> Atom:
        return f(atom) if isinstance(atom, Var) else atom

    def on_block(block: Block) -> Block:
        params = tuple(map(f, block.params))
        new = map_block(block, on_stmt, on_atom)
        return new if _same(params, block.params) else replace(new, params=params)

    def on_stmt(stmt: Stmt) -> Stmt:
        new = with_targets(map_atoms(stmt, on_atom), tuple(map(f, defs(stmt))))
        return with_blocks(new, tuple(map(on_block, blocks(new))))

    return on_block(node) if isinstance(node, Block) else on_stmt(node)


def with_targets(stmt: Stmt, new: tuple[Var, ...]) -> Stmt:
    """`stmt` defining `new` instead of ``defs(stmt)`` (for a `With` that has one, ``entered`` comes first)."""
    if _same(new, defs(stmt)):
        return stmt
    match stmt:
        case Call():
            (target,) = new
            return replace(stmt, target=target)
        case With(entered=entered) if entered is not None:
            return replace(stmt, entered=new[0], targets=new[1:])
        case If() | For() | While() | With():
            return replace(stmt, targets=new)
        case _:
            raise unknown(stmt)


def rename_fresh(block: Block) -> Block:
    """A copy of `block` whose definitions, at any depth, are new variables and whose regions have new ids.

    A region marked `reverse_of` one that is copied too points to the copy.
    """
    return rename_fresh_with(block)[0]


def rename_fresh_with(block: Block) -> tuple[Block, dict[Var, Var]]:
    """`rename_fresh`, with the mapping from the old variables to the new ones."""
    names = {var: var.like() for var in definitions(block)}
    ids = {s.id: new_loop_id() for s in walk(block) if isinstance(s, (If, For, While)) and s.id}

    def renumber(stmt: Stmt) -> Stmt:
        inner = with_blocks(stmt, tuple(map_block(b, renumber) for b in blocks(stmt)))
        if not isinstance(inner, (If, For, While)):
            return inner
        partner = inner.reverse_of
        of = None if partner is None else ids.get(partner, partner)
        return replace(inner, id=ids.get(inner.id, inner.id), reverse_of=of)

    return map_block(map_vars(block, lambda var: names.get(var, var)), renumber), names


def _same(new: tuple[Var, ...], old: tuple[Var, ...]) -> bool:
    return len(new) == len(old) and all(map(operator.is_, new, old))


def unknown(node: object) -> InternalError:
    """The error for a node that a ``match`` does not know: a new region kind misses its case there."""
    why = "every kind of node needs a case in every pass"
    return InternalError(f"no case for the node {type(node).__name__}", why=why)

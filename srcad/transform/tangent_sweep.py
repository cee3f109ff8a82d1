"""The sweep of forward mode: every statement of the primal, with the statement of its tangent beside it.

Tangents of one statement of the user's are written together, behind it. A store is written behind the tangents that
read what it overwrites; its tangent is the same store into the tangent, so that references to one array have tangents
that are references to one array: what shares memory in the primal shares memory in the tangents, and nothing else does
where memory is changed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcad import runtime
from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.analysis.mutators import mutation
from srcad.analysis.views import view_of
from srcad.errors import InternalError, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, Numeric, Scalar, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, If, Loc, Stmt, Var, While, With
from srcad.ir.record import record
from srcad.ir.visit import is_call_of, uses, walk
from srcad.rules import rule_for
from srcad.runtime import tangents as forward_runtime
from srcad.transform.algebra import ZERO
from srcad.transform.builder import Builder
from srcad.transform.expand import Seq, Value, materialise
from srcad.transform.reverse.calls import paired
from srcad.transform.reverse.outputs import written_output
from srcad.transform.tangent_containers import container_operation
from srcad.transform.tangent_iteration import along, assembled, is_iteration, iterator_value, leaf_kinds, leaves
from srcad.transform.tangent_lines import Lines
from srcad.transform.tangent_mutators import tangent_of_mutation
from srcad.transform.tangent_outputs import tangent_of_output
from srcad.transform.tangent_stores import tangent_of_store
from srcad.transform.tangent_values import Shapes, dotted, full, mirrored, tangent_kind, whole, zero
from srcad.transform.tangents import tangent_of_primitive
from srcad.transform.updates import only_numbers


@record(frozen=True)
class Jvp:
    """A call of another function in forward mode.

    Args:
        function: returns ``(value, tangent)``; takes the arguments of the function and the tangents of the active ones.
        args: an atom for each parameter.
        wrt: the positions of the active arguments.
    """

    function: Callee
    args: tuple[Atom, ...]
    wrt: tuple[int, ...]


#: The forward derivative for a call with an active result; None where it calls a primitive.
JvpOf = Callable[[Call, frozenset[Var]], "Jvp | None"]

#: Operations whose result always is a view: with the memory of a tangent laid out in any way, so is the tangent's.
_VIEWS = frozenset(
    [operator.getitem, ops.unpack, ops.identity, ops.bound, np.ndarray.T, np.transpose, np.ndarray.transpose,
     np.swapaxes, np.ndarray.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.ndarray.squeeze, np.real,
     np.ndarray.real,
     np.ndarray.imag, np.diagonal, np.ndarray.diagonal, np.flip, np.flipud, np.fliplr, np.rollaxis,
     runtime.laid_out]
)  # fmt: skip


class Sweep:
    """The state of the forward transform: the tangent of every variable that has one.

    Args:
        memory: the memory facts of the function.
        active: its active variables.
        facts_of: what is known of lengths in each block.
        jvp_of: gives the forward derivatives of callees.
        private: whether nobody else sees the memory of the results.
    """

    def __init__(
        self,
        memory: Memory,
        active: frozenset[Var],
        facts_of: Callable[[Block], Facts],
        jvp_of: JvpOf | None = None,
        *,
        private: bool = True,
    ) -> None:
        self.memory, self.active, self.facts_of, self.jvp_of, self.private = memory, active, facts_of, jvp_of, private
        self.dots: dict[Var, Value] = {}
        self.shapes = Shapes()
        self.b: Builder | None = None
        self.t: Builder | None = None

    def set(self, var: Var, value: Value) -> None:
        """Note the tangent of a variable, which has its full shape."""
        self.dots[var] = value
        self.shapes.note(value, var)

    def dot(self, atom: Atom) -> Value:
        """The tangent of an atom, `ZERO` for what does not vary."""
        if not isinstance(atom, Var):
            return ZERO
        missing = atom in self.active and atom not in self.dots
        if missing and self.t is not None and is_iteration(self.t.definition(atom)):
            return iterator_value(self.t, atom, self.dot)
        return self.dots.get(atom, ZERO)

    # --- statements ------------------------------------------------------------------------------------------------

    def block(self, block: Block, b: Builder) -> None:
        """Write the statements of a block with their tangents."""
        outer, lines = (self.b, self.t), Lines(b)
        self.b, self.t = b, lines.t
        for stmt in block.stmts:
            lines.at(stmt.loc)
            match stmt:
                case Call():
                    self.call(stmt, lines)
                case If():
                    lines.flush()
                    self.branch(stmt, b)
                case For() | While():
                    lines.flush()
                    self.loop(stmt, lines)
                case With():
                    lines.flush()
                    self.with_block(stmt, b)
                case _:
                    raise InternalError(f"no case for the node {type(stmt).__name__}")
            lines.start = len(b.stmts) if not isinstance(stmt, Call) else lines.start
        lines.flush()
        self.b, self.t = outer

    def call(self, call: Call, lines: Lines) -> None:
        """Write a call and its tangent."""
        made = self.jvp_of(call, self.active) if self.jvp_of is not None and self.varies(call) else None
        if made is not None:
            lines.flush()
            self.user_call(call, made, lines.b)
            return
        written = writes(call)
        self.refuse_unfollowed(call, written)
        if not any(isinstance(a, Var) and a in self.active for a in written):
            if written:
                lines.flush()
            for stmt in only_numbers(call, self.memory):
                lines.b.emit(stmt)
            if call.target in self.active:
                self.tangent(call, lines.t)
            return
        out = written_output(call)
        if out is not None and self.dot(out) is not ZERO:
            tangent_of_output(lines, call, out, self.memory, self.dot)
            return
        made_in_place = mutation(call)
        if made_in_place is not None and self.dot(made_in_place.base) is not ZERO:
            tangent_of_mutation(lines, made_in_place, self.memory, self.dot)
            return
        mark = lines.t.mark()
        value = tangent_of_store(lines.t, call, self.dot)
        if call.target in self.active:
            self.keep(lines.t, call, value, mark, mirrors=True)
        lines.store(call, self.memory)

    def varies(self, call: Call) -> bool:
        """Whether a call of another function gives a result that varies, or changes an argument that does."""
        effect = self.memory.effects.get(call.target)
        changed = () if effect is None else effect.writes
        return call.target in self.active or any(a in self.active for a in changed)

    def refuse_unfollowed(self, call: Call, written: tuple[Atom, ...]) -> None:
        """A change of memory that the analysis does not know, where a derivative is involved, is an error."""
        varies = any(isinstance(v, Var) and v in self.active for v in uses(call))
        unknown = any(isinstance(a, Var) and not self.memory.of(a) for a in written)
        unknown = unknown and any(may_be_active(v.kind) for v in uses(call))
        viewing = is_call_of(call, np.ndarray.astype, np.astype) and any(k == "copy" for k, _ in call.kwargs)
        if unknown or (varies and viewing):
            raise UnsupportedSyntax(
                "whose memory this statement changes or shares cannot be followed",
                where=call.loc,
                why="it carries a derivative",
                remedy="change the array itself by a subscript store, or make a copy",
            )

    def tangent(self, call: Call, t: Builder) -> None:
        """The tangent of a call that changes nothing."""
        mark = t.mark()
        value = container_operation(t, call, self.dot)
        if value is not None:
            self.keep(t, call, value, mark, mirrors=True)
        else:
            self.keep(t, call, tangent_of_primitive(t, call, self.dot), mark)

    def user_call(self, call: Call, made: Jvp, b: Builder) -> None:
        """``y, y_dot = f_jvp(a, b, a_dot)``."""
        given = [whole(b, made.args[k], self.dot(made.args[k])) for k in made.wrt]
        dot = Var(dotted(call.target), tangent_kind(call.target.kind))
        result = Call(Var(""), Const(made.function), (*made.args, *given), (), call.loc)
        for stmt in paired((call.target, dot), result):
            b.emit(stmt)
        kind = call.target.kind
        if isinstance(kind, Tuple):
            items = b.append(ops.unpack, (dot, Const(len(kind.items))), kind=kind)
            read = [b.append(operator.getitem, (items, Const(k)), kind=i) for k, i in enumerate(kind.items)]
            self.dots[call.target] = Seq([*read])
        else:
            self.set(call.target, dot)

    def keep(self, t: Builder, call: Call, value: Value, mark: int, *, mirrors: bool = False) -> None:
        """Note the tangent of a call's result: full, with a name, sharing memory with others as the result does.

        `mirrors` says that `value` is what the same operation gives for tangents.
        """
        var = call.target
        if value is ZERO:
            if self.memory.is_mutated(var) and var in self.memory.of(var):
                self.set(var, zero(t, var))
            return
        if isinstance(value, Seq):
            self.dots[var] = value
            return
        if not mirrors and not _is_linear(call) and not self.shapes.covers(t, value, call, mark):
            value = full(t, value, var)
        if not mirrors:
            value = self.separate(t, call, value, mark)
        temporary = isinstance(value, Var) and (not value.name or (value.name == "t_dot" and var.name))
        if temporary and isinstance(value, Var):
            value = self.renamed(t, value, dotted(var))
        self.set(var, value)

    def renamed(self, t: Builder, value: Var, name: str) -> Var:
        """`value` under another name, where it is defined in the block being written."""
        found = t.rename(value, name)
        return self.b.rename(value, name) if found.name != name and self.b is not None else found

    def separate(self, t: Builder, call: Call, value: Atom, mark: int) -> Atom:
        """`value` in memory of its own where the result of `call` is, if it matters."""
        var = call.target
        if not isinstance(var.kind, (Array, Numeric, Unknown)):
            return value
        bases = view_of(call)
        operands = [a for a in call.args if isinstance(a, Var)]
        mutated = self.memory.is_mutated(var)
        if bases:
            fn = call.fn.value if isinstance(call.fn, Const) else None
            if mutated and fn not in _VIEWS:
                base = bases[0]
                args = (value, whole(t, base, self.dot(base)), var, base)
                return t.append(forward_runtime.like_view, args, kind=t.kind(value))
            return value
        matters = mutated or not self.private or any(map(self.memory.is_mutated, operands))
        made = {s.target: s for s in t.stmts[mark:] if isinstance(s, Call)}
        maker = made.get(value) if isinstance(value, Var) else None
        if not matters or isinstance(t.kind(value), Scalar) or (maker is not None and not view_of(maker)):
            return value
        if isinstance(t.kind(value), Array):
            return t.append(np.ndarray.copy, (value,), (("order", Const("K")),), kind=t.kind(value))
        return t.append(runtime.own, (value,), kind=t.kind(value))

    # --- regions ---------------------------------------------------------------------------------------------------

    def carried(self, b: Builder, atom: Atom) -> Atom:
        """The tangent of a value that enters or leaves a region, as a value."""
        if atom in self.memory.unbound and self.dot(atom) is ZERO:
            return Const(0.0)  # perhaps there is no value on this way, of which it could be a zero
        return materialise(b, mirrored(b, atom, self.dot(atom)))

    def branch(self, stmt: If, b: Builder) -> None:
        """Both arms give the tangents, too."""
        wanted = [k for k, t in enumerate(stmt.targets) if t in self.active]
        arms: list[Block] = []
        dots = [Var(dotted(stmt.targets[k]), tangent_kind(stmt.targets[k].kind)) for k in wanted]
        for block in (stmt.then, stmt.orelse):
            inner = b.child(self.facts_of(block))
            inner.loc = _quiet(stmt)
            self.block(block, inner)
            extra = [self.carried(inner, block.yields[k]) for k in wanted]
            arms.append(replace(block, stmts=tuple(inner.stmts), yields=(*block.yields, *extra)))
        style = "if" if wanted or any(not isinstance(s, Call) for arm in arms for s in arm.stmts) else stmt.style
        b.emit(replace(stmt, targets=(*stmt.targets, *dots), then=arms[0], orelse=arms[1], style=style))
        for k, dot in zip(wanted, dots, strict=True):
            self.set(stmt.targets[k], dot)

    def with_block(self, stmt: With, b: Builder) -> None:
        """The tangents are computed inside, too."""
        wanted = [k for k, t in enumerate(stmt.targets) if t in self.active]
        inner = b.child(self.facts_of(stmt.body))
        inner.loc = _quiet(stmt)
        self.block(stmt.body, inner)
        extra = [self.carried(inner, stmt.body.yields[k]) for k in wanted]
        dots = [Var(dotted(stmt.targets[k]), tangent_kind(stmt.targets[k].kind)) for k in wanted]
        body = replace(stmt.body, stmts=tuple(inner.stmts), yields=(*stmt.body.yields, *extra))
        b.emit(replace(stmt, targets=(*stmt.targets, *dots), body=body))
        for k, dot in zip(wanted, dots, strict=True):
            self.set(stmt.targets[k], dot)

    def loop(self, stmt: For | While, lines: Lines) -> None:
        """Each carried value that varies carries its tangent along."""
        b = lines.b
        first = 1 if isinstance(stmt, For) else 0
        carried = stmt.body.params[first:]
        wanted = [k for k, p in enumerate(carried) if p in self.active or stmt.targets[k] in self.active]
        b.loc = _quiet(stmt)
        mark = b.mark()
        inits = [self.carried(b, stmt.inits[k]) for k in wanted]
        lines.move_up(mark)
        params = [Var(dotted(carried[k]), tangent_kind(carried[k].kind)) for k in wanted]
        targets = [p.like(name=dotted(stmt.targets[k])) for k, p in zip(wanted, params, strict=True)]
        inner = b.child(self.facts_of(stmt.body))
        inner.loc = _quiet(stmt)
        for k, param in zip(wanted, params, strict=True):
            self.set(carried[k], param)
        new: For | While = self.item(stmt, b, inner) if isinstance(stmt, For) else stmt
        self.block(new.body, inner)
        extra = [self.carried(inner, stmt.body.yields[k]) for k in wanted]
        at = len(carried)
        yields = (*stmt.body.yields[:at], *extra, *stmt.body.yields[at:])
        body = Block((*new.body.params, *params), tuple(inner.stmts), yields)
        new = replace(new, targets=(*stmt.targets, *targets), inits=(*stmt.inits, *inits), body=body)
        if isinstance(new, While):
            new = replace(new, cond=self.condition(new.cond, params, wanted, b))
        b.emit(new)
        for k, target in zip(wanted, targets, strict=True):
            self.set(stmt.targets[k], target)

    def condition(self, cond: Block, params: list[Var], wanted: list[int], b: Builder) -> Block:
        """The condition of a while loop; tangents are computed in it only where it changes something."""
        along = [p.like() for p in params]
        both = (*cond.params, *along)
        written = [a for s in walk(cond) if isinstance(s, Call) for a in writes(s)]
        if not any(isinstance(a, Var) and a in self.active for a in written):
            return replace(cond, params=both)
        for k, dot in zip(wanted, along, strict=True):
            self.set(cond.params[k], dot)
        inner = b.child(self.facts_of(cond))
        self.block(cond, inner)
        return replace(cond, params=both, stmts=tuple(inner.stmts))

    def item(self, stmt: For, b: Builder, inner: Builder) -> For:
        """A loop over something that varies runs over its tangents, too."""
        item = stmt.body.params[0]
        b.loc = stmt.loc
        found = along(b, stmt.iter, self.dot) if item in self.active else ZERO
        columns = leaves(found)
        if not columns:
            return stmt
        # that tangents are as many as values is not known here: a mismatch must not end the primal's loop
        strict = len(columns) == 1 and isinstance(atom_kind(stmt.iter), (Numeric, Unknown))
        pairs = b.append(zip, (stmt.iter, *columns), (("strict", Const(True)),) if strict else ())
        kinds = [item.kind, *leaf_kinds(found, item.kind)]
        pair = Var("", Tuple(tuple(kinds)))
        unpacked = inner.append(ops.unpack, (pair, Const(len(kinds))), kind=pair.kind)
        inner.emit(Call(item, Const(operator.getitem), (unpacked, Const(0)), (), inner.loc))
        names = [dotted(item)] if len(columns) == 1 and not isinstance(found, list) else ["t_dot"] * len(columns)
        dots = [
            inner.append(operator.getitem, (unpacked, Const(k + 1)), name=names[k], kind=kinds[k + 1])
            for k in range(len(columns))
        ]
        value = assembled(found, dots)
        self.dots[item] = value
        self.shapes.note(value, item)
        return replace(stmt, iter=pairs, body=replace(stmt.body, params=(pair, *stmt.body.params[1:])))


def _is_linear(call: Call) -> bool:
    """Whether a tangent is the result of the primitive itself for tangents: it has the shape of the result."""
    rule = rule_for(call.fn.value) if isinstance(call.fn, Const) else None
    return rule is not None and rule.tangent is None and (rule.linear or rule.multilinear)


def _quiet(stmt: Stmt) -> Loc:
    return replace(stmt.loc, adjoint=True, text="")

"""Activity: which values carry a derivative.

A value is *varied* if it depends differentiably on an input of interest, *useful* if the result depends differentiably
on it, *active* if both. What is int, bool, str, None or static is never active: kinds prune before anything else does.
Memory is treated as a whole: a store of something varied makes every reference to that memory varied.

    gradient of sin(x) * c, c an integer      ->      no adjoint of c, nor of what only a print reads

>>> import srcad
>>> def f(x: float):
...     y = x * x
...     print("y is", y + 1.0)
...     return 3.0 * x
>>> "y_bar" in srcad.dump(f)
False
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

from srcad.analysis.dict_keys import gives_keys, refuse_active_keys
from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.analysis.outside import refuse_detours
from srcad.analysis.rounding import gives_integers
from srcad.errors import MissingRule, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Dict, List, Numeric, Opaque, Scalar, Static, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Star, Stmt, Var, While, With
from srcad.ir.visit import blocks, is_call_of, walk
from srcad.passes import is_on
from srcad.rules import rule_for


def active(function: Function, inputs: Iterable[Var], memory: Memory, outputs: Iterable[Var] = ()) -> frozenset[Var]:
    """The active variables of a typed function.

    Args:
        function: typed.
        inputs: the parameters that vary.
        memory: its memory facts.
        outputs: the parameters in whose memory the caller is interested, beside the result.
    """
    found = Varied(memory, inputs)
    varied = found.solve(function.body)
    useful = Useful(memory, outputs).solve(function.body)
    refuse_detours(function, varied, useful, memory)
    refuse_active_keys(function, varied, memory)
    for call in found.returned:
        if call.target in useful:
            raise _in_disguise(call)
    return frozenset(varied & useful if is_on("useful") else varied - _without_derivative(function, memory, useful))


def _without_derivative(function: Function, memory: Memory, useful: set[Var]) -> set[Var]:
    """What the result does not depend on, and what comes from a function without a derivative: that is no error."""
    calls = (s for s in walk(function.body) if isinstance(s, Call) and s.target not in useful)
    return {c.target for c in calls if isinstance(c.fn, Const) and not _is_differentiable(c, memory)}


def _is_differentiable(call: Call, memory: Memory) -> bool:
    """Whether a call is of a primitive with a rule, or of a function that can be looked into.

    Of attributes and methods that are only known when the code runs nothing is known.
    """
    assert isinstance(call.fn, Const)
    known = rule_for(call.fn.value) is not None and call.fn not in (Const(getattr), Const(ops.call_method))
    return known or call.target in memory.effects


def cuts(call: Call) -> bool:
    """Whether the result of `call` has a zero derivative by statement (a comparison, an index, a stopped gradient)."""
    if not isinstance(call.fn, Const):
        return False
    fn = call.fn.value
    if fn is getattr:
        return isinstance(call.args[1], Const) and call.args[1].value in METADATA
    if gives_keys(call):
        return True
    if fn in (operator.or_, operator.ior) and any(isinstance(atom_kind(a), (Dict, Unknown)) for a in call.args):
        return False  # dicts are merged
    rule = rule_for(fn)
    return rule is not None and (rule.nondifferentiable or gives_integers(call))


#: Attributes of arrays that say nothing about their elements.
METADATA = frozenset(("shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides", "flags"))


class Solver:
    """A set of variables that grows over walks of the function until nothing changes."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.found: set[Var] = set()
        self.found_roots: set[Var] = set()
        self.touched = False

    def mark(self, atom: Atom | Star) -> None:
        """Add a variable, and every reference to the same memory."""
        var = atom.value if isinstance(atom, Star) else atom
        if isinstance(var, Var) and var not in self.found and may_be_active(var.kind):
            self.found.add(var)
            self.touched = True

    def mark_memory(self, atom: Atom) -> None:
        """Add a variable and the memory that it refers to."""
        for root in self.memory.of(atom):
            if root not in self.found_roots:
                self.found_roots.add(root)
                self.touched = True
        self.mark(atom)

    def solve(self, body: Block) -> set[Var]:
        """Walk until nothing changes; returns what was found."""
        self.touched = True
        while self.touched:
            self.touched = False
            self.block(body)
            self.spread()
        return self.found

    def spread(self) -> None:
        """Add every name of memory that was found."""
        for root, linked in self.memory.links.items():  # what a callee returned may be memory of its arguments
            group = [root, *linked]
            if linked and any(r in self.found_roots for r in group):
                for other in group:
                    self.mark_memory(other)
        for var, roots in self.memory.roots.items():
            if any(root in self.found_roots for root in roots):
                self.mark(var)

    def has(self, atom: Atom | Star) -> bool:
        """Whether an atom was found."""
        var = atom.value if isinstance(atom, Star) else atom
        return isinstance(var, Var) and var in self.found

    def changed(self, call: Call) -> tuple[Atom, ...]:
        """The arguments that a call of another function changes, and the memory that is in them."""
        effect = self.memory.effects.get(call.target)
        written = () if effect is None else effect.writes
        return (*written, *(root for a in written for root in self.memory.reachable(a)))

    def block(self, block: Block) -> None:
        """Walk over the statements of a block."""
        raise NotImplementedError

    def link(self, sources: Iterable[Atom], targets: Iterable[Atom]) -> None:
        """The derivative flows between each pair, in the direction of the analysis."""
        raise NotImplementedError

    def regions(self, stmt: Stmt) -> None:
        """Link what goes into and out of the blocks of a statement."""
        match stmt:
            case If():
                self.link(stmt.then.yields, stmt.targets)
                self.link(stmt.orelse.yields, stmt.targets)
            case For():
                carried = stmt.body.params[1:]
                self.loop(carried, stmt.body, stmt)
                if not isinstance(atom_kind(stmt.iter), Dict):  # whose keys carry no derivative
                    self.link([stmt.iter], [stmt.body.params[0]])
            case While():
                self.link(stmt.body.params, stmt.cond.params)
                self.loop(stmt.body.params, stmt.body, stmt)
            case With():
                self.link(stmt.body.yields, stmt.targets)
            case _:
                pass

    def loop(self, carried: tuple[Var, ...], body: Block, stmt: For | While) -> None:
        """Link what a loop carries."""
        yields = body.yields[: len(carried)]
        self.link(stmt.inits, carried)
        self.link(yields, carried)
        self.link(stmt.inits, stmt.targets)
        self.link(yields, stmt.targets)


class Varied(Solver):
    """What depends differentiably on the inputs."""

    def __init__(self, memory: Memory, inputs: Iterable[Var]) -> None:
        super().__init__(memory)
        self.found.update(v for v in inputs if may_be_active(v.kind))
        self.disguised: set[Var] = set()  # texts, bytes and the like, made of values that vary
        self.returned: list[Call] = []  # what makes numbers of them

    def link(self, sources: Iterable[Atom], targets: Iterable[Atom]) -> None:
        """Let the derivative flow between each pair, in the direction of the analysis."""
        for source, target in zip(sources, targets, strict=True):
            if self.has(source):
                self.mark(target)
            if source in self.disguised and isinstance(target, Var):
                self.disguise(target)

    def disguise(self, var: Var) -> None:
        """`var` may hold the numbers of a value that varies in another form."""
        if isinstance(var.kind, Opaque) and var not in self.disguised:
            self.disguised.add(var)
            self.touched = True

    def block(self, block: Block) -> None:
        """Walk over the statements of a block."""
        for stmt in block.stmts:
            if isinstance(stmt, Call):
                self.call(stmt)
                continue
            self.regions(stmt)
            for inner in blocks(stmt):
                self.block(inner)
            self.regions(stmt)

    def call(self, call: Call) -> None:
        """One call: what it makes and changes."""
        fn = [call.fn] if isinstance(call.fn, Var) else []
        given = [a.value if isinstance(a, Star) else a for a in call.args]
        if any(a in self.disguised for a in given):
            self.disguise(call.target)
            number = isinstance(call.target.kind, (Scalar, Array, Numeric, Unknown))
            if number and may_be_active(call.target.kind) and call not in self.returned:
                self.returned.append(call)
        if any(map(self.has, given)):
            self.disguise(call.target)
        if cuts(call) or not any(map(self.has, (*fn, *call.args, *(v for _, v in call.kwargs)))):
            return
        self.mark(call.target)
        if is_call_of(call, operator.getitem) and self.has(call.args[1]) and self.takes_anything(call):
            raise MissingRule(
                "this subscript has no derivative rule",
                where=call.loc,
                why="it hands a value that carries a derivative to an object, which may do anything with it",
                remedy="write it with functions: np.concatenate, np.stack, np.column_stack",
            )
        for atom in writes(call):
            if isinstance(atom, Const):
                raise UnsupportedSyntax(
                    "a value that carries a derivative is stored outside of the function",
                    where=call.loc,
                    why="what a class, a module or a default keeps outlives the call, and is not followed",
                    remedy="keep it in a variable of the function, or pass the data as an argument",
                )
            _refuse_untracked(call, atom)
            self.mark_memory(atom)
        for atom in self.changed(call):
            self.mark_memory(atom)

    def takes_anything(self, call: Call) -> bool:
        """Whether a subscript is handed to an object that is no container, such as `numpy.r_`."""
        base, index = map(atom_kind, call.args)
        parts = index.items if isinstance(index, Tuple) else (index,)
        made = self.memory.defined.get(call.args[0])  # type: ignore[arg-type]
        of_module = made is not None and is_call_of(made, getattr) and isinstance(made.args[0], Const)
        if not may_be_active(call.target.kind) or isinstance(base, (Array, Numeric, List, Tuple, Dict)):
            return False
        return isinstance(base, Static) or of_module or not any(isinstance(k, Unknown) for k in parts)


def _in_disguise(call: Call) -> UnsupportedSyntax:
    return UnsupportedSyntax(
        "a number is made of a text or of bytes that were made of a value which carries a derivative",
        where=call.loc,
        why="what happens to the value in between is not followed",
        remedy="use the value itself, or wrap it in srcad.stop_gradient(...) where its derivative is to be left out",
    )


def _refuse_untracked(call: Call, target: Atom) -> None:
    """A value that varies must not be stored where its derivative cannot be followed."""
    kind = target.kind if isinstance(target, Var) else None
    if kind is None or may_be_active(kind) or isinstance(kind, (Array, Scalar)):
        return  # arrays of integers take no derivative: what is stored is rounded
    raise UnsupportedSyntax(
        "a value that carries a derivative is stored where it cannot be followed",
        where=call.loc,
        why=f"the derivative of what is kept in an object of kind {kind} is not tracked",
        remedy="keep it in an array, a list or a dict",
    )


class Useful(Solver):
    """What the result, and the outputs, depend on differentiably."""

    def __init__(self, memory: Memory, outputs: Iterable[Var]) -> None:
        super().__init__(memory)
        self.outputs = tuple(outputs)

    def solve(self, body: Block) -> set[Var]:
        """Walk until nothing changes; returns what was found."""
        for atom in (*body.yields, *self.outputs):
            self.mark_roots(atom)
        return super().solve(body)

    def mark_roots(self, atom: Atom) -> None:
        """Add a variable and its memory, if it can carry a derivative."""
        if isinstance(atom, Var) and may_be_active(atom.kind):
            self.mark_memory(atom)

    def solve_memory(self, atom: Atom) -> bool:
        """Whether memory that an atom refers to was found."""
        return any(root in self.found_roots for root in self.memory.of(atom))

    def link(self, sources: Iterable[Atom], targets: Iterable[Atom]) -> None:
        """Let the derivative flow between each pair, in the direction of the analysis."""
        for source, target in zip(sources, targets, strict=True):
            if self.has(target):
                self.mark_roots(source)

    def block(self, block: Block) -> None:
        """Walk over the statements of a block."""
        for stmt in reversed(block.stmts):
            if isinstance(stmt, Call):
                self.call(stmt)
                continue
            self.regions(stmt)
            for inner in reversed(blocks(stmt)):
                self.block(inner)
            self.regions(stmt)

    def call(self, call: Call) -> None:
        """One call: what it makes and changes."""
        written = any(self.has(a) or self.solve_memory(a) for a in (*writes(call), *self.changed(call)))
        if cuts(call) or not (self.has(call.target) or written):
            return
        for arg in (*call.args, *(v for _, v in call.kwargs)):
            self.mark_roots(arg.value if isinstance(arg, Star) else arg)

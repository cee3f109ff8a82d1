"""From a function in SSA form to a drawing: one node for each operation, one cluster for each region.

Values are followed through memory: what reads an array after a store into it (or appends to a list) gets an edge from
the store. So a region that changes memory has, like one that changes a variable, a node for it at its top and at its
bottom.

>>> import srcad
>>> def f(x, n):
...     y = x
...     for _ in range(n):
...         y = y * x
...     return y
>>> drawing = srcad.graph(f, of="primal").drawing
>>> print("; ".join(node.name + node.text for node in drawing.nodes()))
x: f8[any]; n: f8[any]; y = x; _ in range(n); y; y = y * x; return
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from srcad.analysis.effects import writes
from srcad.analysis.memory import Memory
from srcad.drawing.labels import HOLE, Labels, constant, is_second_name, shortened, tip
from srcad.drawing.model import Cluster, Drawing, Edge, Link, Node, Part, Shape
from srcad.ir.kinds import List
from srcad.ir.nodes import Atom, Block, Call, Callee, Const, For, Function, If, Loc, Region, Stmt, Var, While, With
from srcad.ir.visit import blocks, unknown, walk

Members = list[Node | Cluster]


def build(function: Function, memory: Memory, primal: int, callees: Iterable[tuple[Function, Memory]] = ()) -> Drawing:
    """The drawing of a function, and of those that it calls, each in a frame of its own.

    Args:
        function: any form that stands on its own: the primal with kinds, or a derivative after saving.
        memory: which values share memory, of the same function.
        primal: how many parameters the primal has; those behind them are tangents.
        callees: the functions that are called, with the same of each.
    """
    numbers = itertools.count(1)
    drawing = _Builder(function, memory, derived(function, primal), numbers).function()
    for callee, its in callees:
        of_reverse = _read_by_adjoints(callee)
        inner = _Builder(callee, its, of_reverse | derived(callee, len(callee.body.params)), numbers).function()
        part = Part.ADJOINT if of_reverse else Part.PRIMAL
        drawing.members.append(Cluster(f"c{next(numbers)}", inner.title, part, tip(callee.loc), inner.members))
        drawing.edges += inner.edges
    return drawing


class _Builder:
    """Makes nodes in the order of the text.

    `origin`: the node that gives a variable; none for what is a constant. `state`: the node that changed a root last.
    """

    def __init__(self, function: Function, memory: Memory, derived: frozenset[Var], numbers: Iterator[int]) -> None:
        self._function, self._memory, self._derived, self._numbers = function, memory, derived, numbers
        self._labels = Labels(function)
        self._edges: dict[tuple[str, str, Link], Edge] = {}
        self._origin: dict[Var, Node] = {}
        self._state: dict[Var, Node] = {}
        self._age: dict[str, int] = {}

    def function(self) -> Drawing:
        """The drawing of the whole function."""
        body, members = self._function.body, Members()
        for param in body.params:
            what = "tangent of an argument" if param in self._derived else "argument"
            loc = self._loc(param, self._function.loc)
            node = self._node(members, Shape.INPUT, loc, f": {shortened(str(param.kind))}", param.name, where=what)
            self._origin[param] = node
        self._block(body, members)
        loc = next((s.loc for s in reversed(body.stmts)), self._function.loc)
        self._result(members, body.yields, loc)
        params = ", ".join(f"{p.name}: {shortened(str(p.kind))}" for p in body.params)
        return Drawing(f"{self._function.name}({params})", members, list(self._edges.values()))

    # Nodes and edges

    def _node(self, into: Members, shape: Shape, loc: Loc, text: str, name: str = "", *, where: str = "") -> Node:
        number = next(self._numbers)
        node = Node(f"n{number}", text, shape, _part(loc), name, where or tip(loc))
        self._age[node.id] = number
        into.append(node)
        return node

    def _loc(self, var: Var, loc: Loc) -> Loc:
        """The place of what is drawn for a variable: a derivative may be carried by a loop of the user's."""
        return replace(loc, adjoint=True) if var in self._derived else loc

    def _link(self, tail: Node, head: Node, link: Link = Link.USE, label: str = "") -> None:
        if tail != head:
            self._edges.setdefault((tail.id, head.id, link), Edge(tail.id, head.id, link, label))

    def _use(self, atom: Atom, head: Node, link: Link = Link.USE, label: str = "") -> None:
        for tail in self._sources(atom):
            self._link(tail, head, link, label)

    def _sources(self, atom: Atom) -> Iterable[Node]:
        """The nodes that a value comes from: where it was made, and what changed its memory since."""
        if not isinstance(atom, Var):
            return
        made = self._origin.get(atom)
        changes = dict.fromkeys(self._state[r] for r in self._memory.of(atom) if r in self._state)
        later = [n for n in changes if made is None or self._age[n.id] > self._age[made.id]]
        if made is not None and not (later and self._memory.of(atom) == (atom,)):
            yield made
        yield from later

    # Statements

    def _block(self, block: Block, into: Members) -> None:
        for stmt in block.stmts:
            self._stmt(stmt, into)

    def _stmt(self, stmt: Stmt, into: Members) -> None:
        match stmt:
            case Call():
                self._call(stmt, into)
            case If():
                self._branch(stmt, into)
            case For() | While():
                self._loop(stmt, into)
            case With():
                self._context(stmt, into)
            case _:
                raise unknown(stmt)

    def _call(self, call: Call, into: Members) -> None:
        if call.target in self._labels.written:
            first = call.args[0]
            if is_second_name(call) and isinstance(first, Var) and first in self._origin:
                self._origin[call.target] = self._origin[first]
            return
        callee = isinstance(call.fn, Const) and isinstance(call.fn.value, Callee)
        shape = Shape.CALL if callee or call.target in self._memory.effects else Shape.OPERATION
        name, text = call.target.name, self._labels.operation(call)
        node = self._node(
            into, shape, call.loc, f" = {text}" if name else text, name, where=tip(call.loc, call.target.kind)
        )
        ambiguous = self._labels.is_ambiguous(call)
        operands = [*call.args, *(value for _, value in call.kwargs)]
        self._use(call.fn, node)
        for position, operand in enumerate(operands, 1):
            for var in self._labels.operands(operand):
                self._use(var, node, label=str(position) if ambiguous else "")
        self._origin[call.target] = node
        for root in self._written(call):
            self._state[root] = node

    def _branch(self, stmt: If, into: Members) -> None:
        cluster = self._cluster(stmt, into)
        test = self._node(cluster.members, Shape.TEST, stmt.loc, _WORDS[stmt.style])
        self._use(stmt.cond, test)
        changed, before = self._changed(stmt), dict(self._state)
        ends: list[list[list[Node]]] = []
        for word, block in (("then", stmt.then), ("else", stmt.orelse)):
            self._state = dict(before)
            arm = Cluster(f"{cluster.id}_{word}", word, cluster.part, cluster.tip)
            self._block(block, arm.members)
            ends.append([self._ends(atom, arm.members, stmt.loc) for atom in (*block.yields, *changed)])
            if arm.members:
                cluster.members.append(arm)
        self._state = before
        for var, *sources in zip((*stmt.targets, *changed), *ends, strict=True):
            node = self._node(cluster.members, Shape.VALUE, self._loc(var, stmt.loc), "", var.name or HOLE)
            for source in itertools.chain(*sources):
                self._link(source, node)
            self._link(test, node, Link.CHOICE)
            if var in stmt.targets:
                self._origin[var] = node
            else:
                self._state[var] = node

    def _loop(self, stmt: For | While, into: Members) -> None:
        cluster = self._cluster(stmt, into)
        params = stmt.body.params
        if isinstance(stmt, For):
            item, params = params[0], params[1:]
            text = f" in {shortened(self._labels.atom(stmt.iter))}"
            node = self._node(cluster.members, Shape.ITEM, stmt.loc, text, item.name or HOLE)
            for var in self._labels.operands(stmt.iter):
                self._use(var, node)
            self._origin[item] = node
        tops = [self._top(p, i, cluster, stmt.loc) for p, i in zip(params, stmt.inits, strict=True)]
        changed = self._changed(stmt)
        states = [self._top(root, root, cluster, stmt.loc) for root in changed]
        self._origin.update(zip(params, tops, strict=True))
        self._state.update(zip(changed, states, strict=True))
        if isinstance(stmt, While):
            self._origin.update(zip(stmt.cond.params, tops, strict=True))
            self._block(stmt.cond, cluster.members)
            self._use(stmt.cond.yields[0], self._node(cluster.members, Shape.TEST, stmt.loc, "while"))
        self._block(stmt.body, cluster.members)
        yields = stmt.body.yields
        if stmt.stops:
            yields, stop = yields[:-1], yields[-1]
            if isinstance(stop, Var):
                self._use(stop, self._node(cluster.members, Shape.TEST, stmt.loc, "break"))
        for target, top, atom in zip(stmt.targets, tops, yields, strict=True):
            self._origin[target] = self._bottom(target, atom, top, cluster, stmt.loc)
        for root, top in zip(changed, states, strict=True):
            self._state[root] = self._bottom(root, root, top, cluster, stmt.loc)

    def _top(self, var: Var, init: Atom, cluster: Cluster, loc: Loc) -> Node:
        """The node of what a loop carries, at the beginning of a pass."""
        text = f" from {constant(init)}" if isinstance(init, Const) else ""
        made, where = self._origin.get(var), tip(loc, var.kind)
        loc = self._loc(var, loc)
        if made is not None:  # memory: a copy of the primal's is the primal's, a list may be one of saved values
            kept = made.part is Part.SAVED and isinstance(var.kind, List)
            loc = replace(loc, saving=kept, adjoint=made.part is Part.ADJOINT or var in self._derived)
        node = self._node(cluster.members, Shape.VALUE, loc, text, var.name or HOLE, where=where)
        self._use(init, node)
        return node

    def _bottom(self, var: Var, atom: Atom, top: Node, cluster: Cluster, loc: Loc) -> Node:
        """The node that gives what a loop carries, at the end of a pass; a new one unless a single one inside does."""
        sources = self._ends(atom, cluster.members, loc)
        inside = {node.id for node in cluster.nodes()}
        if len(sources) == 1 and sources[0].id in inside:
            self._link(sources[0], top, Link.NEXT)
            return sources[0]
        node = self._node(cluster.members, Shape.VALUE, self._loc(var, loc), "", var.name or HOLE)
        for source in sources:
            self._link(source, node)
        self._link(node, top, Link.NEXT)
        return node

    def _context(self, stmt: With, into: Members) -> None:
        cluster = self._cluster(stmt, into)
        node = self._node(cluster.members, Shape.TEST, stmt.loc, "with")
        self._use(stmt.context, node)
        if stmt.entered is not None:
            self._origin[stmt.entered] = node
        self._block(stmt.body, cluster.members)
        for target, atom in zip(stmt.targets, stmt.body.yields, strict=True):
            sources = self._ends(atom, cluster.members, stmt.loc)
            if sources:
                self._origin[target] = sources[0]

    def _ends(self, atom: Atom, members: Members, loc: Loc) -> list[Node]:
        """The nodes that a block's result comes from, with a new one for a constant."""
        if isinstance(atom, Const):
            return [self._node(members, Shape.CONSTANT, loc, constant(atom))]
        return list(self._sources(atom))

    def _result(self, members: Members, atoms: Sequence[Atom], loc: Loc) -> None:
        text = " ".join(["return", *(constant(a) for a in atoms if isinstance(a, Const))])
        node = self._node(members, Shape.RESULT, loc, text)
        for atom in atoms:
            self._use(atom, node)

    # Regions and memory

    def _cluster(self, stmt: Region, into: Members) -> Cluster:
        text = shortened(stmt.loc.text) if stmt.loc.text else type(stmt).__name__.lower()
        part = _part(stmt.loc)
        text = f"adjoint of: {text}" if part is Part.ADJOINT else text
        cluster = Cluster(f"c{next(self._numbers)}", text, part, tip(stmt.loc))
        into.append(cluster)
        return cluster

    def _written(self, call: Call) -> list[Var]:
        """The roots of the memory that a call changes."""
        return list(dict.fromkeys(root for atom in writes(call) for root in self._memory.of(atom)))

    def _changed(self, stmt: Region) -> list[Var]:
        """The roots that are there before a region and that it changes, in order of the first change."""
        calls = (s for block in blocks(stmt) for s in walk(block) if isinstance(s, Call))
        return list(dict.fromkeys(r for call in calls for r in self._written(call) if r in self._origin))


def _read_by_adjoints(function: Function) -> frozenset[Var]:
    """The parameters of a reverse function, none of any other one: it begins with adjoints, and has nothing else."""
    calls = [s for s in walk(function.body) if isinstance(s, Call)]
    primal = any(not (call.loc.adjoint or call.loc.saving) for call in calls)
    return frozenset() if primal or not calls else frozenset(function.body.params)


def derived(function: Function, primal: int) -> frozenset[Var]:
    """The variables that hold derivatives: tangents of arguments, what the transforms made, and what comes of these.

    Args:
        function: the function.
        primal: how many of its parameters are the primal's.
    """
    stmts = list(walk(function.body))
    found = {*function.body.params[primal:], *(s.target for s in stmts if isinstance(s, Call) and s.loc.adjoint)}
    handed = [pair for s in stmts for pair in _handed_on(s)]
    before = -1
    while before != len(found):
        before = len(found)
        found |= {to for to, source in handed if source in found}
    return frozenset(found)


def _handed_on(stmt: Stmt) -> Iterator[tuple[Var, Atom]]:
    """What a statement hands on, as (variable, where its value comes from)."""
    match stmt:
        case If(targets=targets, then=then, orelse=orelse):
            yield from zip((*targets, *targets), (*then.yields, *orelse.yields), strict=True)
        case For(body=body) | While(body=body):
            carried = body.params[-len(stmt.inits) :] if stmt.inits else ()
            yields = body.yields[: len(carried)]
            for to in (carried, stmt.targets):
                yield from zip((*to, *to), (*stmt.inits, *yields), strict=True)
        case With(targets=targets, body=body):
            yield from zip(targets, body.yields, strict=True)
        case Call(target=target, loc=loc):
            if loc.saving:  # a copy of an argument that is changed
                yield from ((target, a) for a in stmt.args if isinstance(a, Var))
        case _:
            raise unknown(stmt)


#: What stands in the node of a condition.
_WORDS = {"if": "if", "ifexp": "if … else", "and": "and", "or": "or"}


def _part(loc: Loc) -> Part:
    """Saving, and putting back what a store overwrote, is neither the user's computation nor its adjoint."""
    return Part.SAVED if loc.saving else Part.ADJOINT if loc.adjoint else Part.PRIMAL

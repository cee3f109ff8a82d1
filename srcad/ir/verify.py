"""The verifier: what must be true of SSA between any two stages.

`verify` reads a function and raises `InternalError`, naming the stage and quoting the neighbourhood of the offender, if

- a variable is defined twice, or is used where its definition is not visible (see `srcad.ir.nodes` for the scopes);
- a use of a variable carries another kind than its definition (a pass that forgot the uses);
- the numbers of parameters, inits, yields and targets of a region do not agree;
- something that is not a variable or a constant stands where a value should, or a call's function cannot be called;
- a statement has no place in the user's source, a region's id is used twice, or a kind is malformed.

There are two forms. ``"ssa"`` is the normal one. Between the stages reverse and save, the reverse sweep still names
values of the forward sweep that are not visible to it by the rules of scope: form ``"adjoint"`` lets a statement of the
reverse sweep (its `Loc` says ``adjoint``, or it lies in a region that does, or in one marked ``reverse_of``) use any
variable that was defined above it in the text, as long as each loop around the definition is one whose reverse loop
surrounds the use.

The verifier says nothing about the meaning of a program, only about its shape.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NoReturn

from srcad.errors import InternalError
from srcad.ir.check_kinds import malformed
from srcad.ir.nodes import (
    Block,
    Call,
    Callee,
    Const,
    For,
    Function,
    If,
    Loc,
    Program,
    Star,
    Stmt,
    Var,
    While,
    With,
)
from srcad.ir.printer import Printer
from srcad.ir.record import record
from srcad.ir.visit import unknown

Form = Literal["ssa", "adjoint"]


def verify(node: Program | Function, *, form: Form = "ssa", stage: str = "") -> None:
    """Check a function, or every function of a program.

    Args:
        node: what to check.
        form: ``"ssa"``, or the looser ``"adjoint"`` (see the module's docstring).
        stage: the name of the stage that made it, for the message.

    Raises:
        InternalError: an invariant does not hold.
    """
    if form not in ("ssa", "adjoint"):
        raise InternalError(f"the verifier knows no form {form!r}")
    if isinstance(node, Function):
        _Verifier(node, form, stage).run()
        return
    for function in (node.entry, *(function for _, function in node.callees)):
        _Verifier(function, form, stage).run()


@record(frozen=True)
class _Scope:
    """Where the verifier is: in the reverse sweep or not, and inside which loops and reverse loops."""

    adjoint: bool = False
    loops: tuple[int, ...] = ()
    reversed: tuple[int, ...] = ()


class _Verifier:
    """One run over one function."""

    def __init__(self, function: Function, form: Form, stage: str) -> None:
        self.function, self.form, self.stage = function, form, stage
        self.visible: dict[Var, Var] = {}
        self.defined: dict[Var, tuple[Var, _Scope]] = {}
        self.region_ids: dict[int, None] = {}
        self.offender: Stmt | None = None

    def run(self) -> None:
        """Check the whole function."""
        body = self.function.body
        if not isinstance(body, Block):
            self.fail("the function has no block as its body")
        if len(body.yields) != 1:
            self.fail(f"the function has {len(body.yields)} results instead of one")
        self.block(body, _Scope())

    def block(self, block: Block, scope: _Scope) -> None:
        """Check a block; what it defines is visible in it only."""
        outer, owner = dict(self.visible), self.offender
        for param in block.params:
            self.define(param, scope)
        for stmt in block.stmts:
            self.offender = stmt
            self.stmt(stmt, scope)
        self.offender = owner
        for atom in block.yields:
            self.use(atom, scope)
        self.visible = outer

    def stmt(self, stmt: Stmt, scope: _Scope) -> None:
        """Check one statement and the blocks it owns."""
        loc = getattr(stmt, "loc", None)
        if not isinstance(loc, Loc) or loc.line < 1:
            self.fail("the statement has no place in the user's source")
        if loc.adjoint and not scope.adjoint:
            scope = replace(scope, adjoint=True)
        match stmt:
            case Call():
                self.call(stmt, scope)
            case If():
                self.branch(stmt, scope)
            case For() | While():
                self.loop(stmt, scope)
            case With():
                self.use(stmt.context, scope)
                self.define_all(() if stmt.entered is None else (stmt.entered,), scope)
                self.arity("body", stmt.body, 0, len(stmt.targets))
                self.block(stmt.body, scope)
                self.define_all(stmt.targets, scope)
            case _:
                raise unknown(stmt)

    def call(self, stmt: Call, scope: _Scope) -> None:
        """Check a call: what is called, the arguments, the keywords."""
        fn = stmt.fn
        if isinstance(fn, Const) and not (callable(fn.value) or isinstance(fn.value, Callee) or _descriptor(fn.value)):
            self.fail(f"the constant {fn.value!r} cannot be called")
        self.use(fn, scope)
        for arg in stmt.args:
            self.use(arg.value if isinstance(arg, Star) else arg, scope)
        names: dict[str, None] = {}
        for name, value in stmt.kwargs:
            if name is not None and (not isinstance(name, str) or name in names):
                self.fail(f"the keyword {name!r} is given twice or is not a name")
            if name is not None:
                names[name] = None
            self.use(value, scope)
        self.define(stmt.target, scope)

    def branch(self, stmt: If, scope: _Scope) -> None:
        """Check an if: both blocks yield as many values as it has targets."""
        self.region_id(stmt.id)
        inside = replace(scope, adjoint=scope.adjoint or stmt.reverse_of is not None)
        self.use(stmt.cond, inside)
        self.arity("then", stmt.then, 0, len(stmt.targets))
        self.arity("orelse", stmt.orelse, 0, len(stmt.targets))
        self.block(stmt.then, inside)
        self.block(stmt.orelse, inside)
        self.define_all(stmt.targets, scope)

    def region_id(self, number: int) -> None:
        """Check that no other region has this id; 0 is none."""
        if number and number in self.region_ids:
            self.fail("the region has the id of another region")
        self.region_ids[number] = None

    def loop(self, stmt: For | While, scope: _Scope) -> None:
        """Check a loop: its inits outside, its blocks inside, its targets outside."""
        count = len(stmt.inits)
        if len(stmt.targets) != count:
            self.fail(f"the loop has {count} inits and {len(stmt.targets)} targets")
        self.region_id(stmt.id)
        partner = () if stmt.reverse_of is None else (stmt.reverse_of,)
        adjoint = scope.adjoint or stmt.reverse_of is not None
        outside = replace(scope, adjoint=adjoint)
        inside = _Scope(adjoint, (*scope.loops, stmt.id), (*scope.reversed, *partner))
        for init in stmt.inits:
            self.use(init, outside)
        if isinstance(stmt, For):
            self.use(stmt.iter, outside)
            if isinstance(stmt.body, Block) and not stmt.body.params:
                self.fail("the body of a for loop has no parameter for the item")
            self.arity("body", stmt.body, count + 1, count + stmt.stops)
        else:
            self.arity("cond", stmt.cond, count, 1)
            self.arity("body", stmt.body, count, count + stmt.stops)
            self.block(stmt.cond, inside)
        self.block(stmt.body, inside)
        self.define_all(stmt.targets, scope)

    def arity(self, name: str, block: Block, params: int, yields: int) -> None:
        """Check the numbers of parameters and yields of the block called `name`."""
        if not isinstance(block, Block):
            self.fail(f"{name} is not a block")
        if len(block.params) != params:
            self.fail(f"the block {name} has {len(block.params)} parameters instead of {params}")
        if len(block.yields) != yields:
            self.fail(f"the block {name} has {len(block.yields)} yields instead of {yields}")

    def define_all(self, targets: tuple[Var, ...], scope: _Scope) -> None:
        """Define each of `targets`."""
        for target in targets:
            self.define(target, scope)

    def define(self, var: Var, scope: _Scope) -> None:
        """Make `var` visible from here on."""
        if not isinstance(var, Var):
            self.fail(f"{var!r} is defined, which is not a variable")
        if var in self.defined:
            self.fail(f"{var!r} is defined twice", var)
        problem = malformed(var.kind)
        if problem:
            self.fail(f"the kind of {var!r} is malformed: {problem}", var)
        self.defined[var] = (var, scope)
        self.visible[var] = var

    def use(self, atom: Any, scope: _Scope) -> None:
        """Check that `atom` is a value that can be used here."""
        if isinstance(atom, Const):
            if isinstance(atom.value, (Var, Const, Star)):
                self.fail(f"the constant {atom!r} contains a node")
            return
        if not isinstance(atom, Var):
            self.fail(f"{atom!r} is used, which is neither a variable nor a constant")
        if atom not in self.visible and not self.reachable(atom, scope):
            text = "is defined, but not visible here" if atom in self.defined else "is not defined above its use"
            self.fail(f"{atom!r} is used, which {text}", atom)
        kind = self.defined[atom][0].kind
        if kind != atom.kind:
            self.fail(f"{atom!r} has kind {kind} where it is defined and {atom.kind} where it is used", atom)

    def reachable(self, var: Var, scope: _Scope) -> bool:
        """Whether the reverse sweep at `scope` may name the forward sweep's `var`."""
        if self.form != "adjoint" or not scope.adjoint or var not in self.defined:
            return False
        home = self.defined[var][1]
        return all(loop in scope.loops or loop in scope.reversed for loop in home.loops)

    def fail(self, problem: str, var: Var | None = None) -> NoReturn:
        """Raise the error for `problem`, which is about `var`, at the current statement."""
        where = getattr(self.offender, "loc", None)
        stage = f"stage {self.stage!r}" if self.stage else "a stage"
        raise InternalError(
            f"{stage} left a malformed {self.form} program: in {self.function.name}, {problem}",
            where=where if isinstance(where, Loc) else self.function.loc,
            why=neighbourhood(self.function, self.offender, var),
            remedy="this is a bug in srcad; please report it with the function that shows it",
        )


class _Finder(Printer):
    """A printer that remembers at which line a statement is."""

    def __init__(self, body: Block, wanted: Stmt | None) -> None:
        super().__init__(body)
        self.wanted, self.found = wanted, 0

    def stmt(self, depth: int, stmt: Stmt) -> None:
        """Print a statement, noting where the wanted one is."""
        start = len(self.lines)
        super().stmt(depth, stmt)
        if stmt is self.wanted:
            quoted = self.lines[start].lstrip().startswith("#") and start + 1 < len(self.lines)
            self.found = start + 1 if quoted else start


def neighbourhood(function: Function, offender: Stmt | None, var: Var | None = None, lines: int = 4) -> str:
    """The text around a statement, which is marked; around the end of the function where there is none.

    The last line says which name of that text is `var`.
    """
    try:
        finder = _Finder(function.body, offender)
        finder.block(0, function.body, "return")
    except Exception as error:  # a malformed program may not even print: say what there is
        return f"{offender!r}\n(cannot be printed: {error})"
    at = finder.found if offender is not None else len(finder.lines) - 1
    first = max(0, at - lines)
    shown = finder.lines[first : at + lines + 1]
    marked = [("> " if first + i == at else "  ") + text for i, text in enumerate(shown)]
    return "\n".join([*marked, *([] if var is None else [f"({var!r} is called {finder.name(var)} here)"])])


def _descriptor(value: object) -> bool:
    """Whether `value` is a descriptor such as ``np.ndarray.T``, which stands for reading that attribute."""
    return hasattr(type(value), "__get__")

"""Local functions that call themselves become functions of their own, with what they capture as further parameters.

Before::

    def f(x):
        def go(t, n):
            return t if n == 0 else go(t * x, n - 1)
        return go(1.0, 4)

After, as if it had been written::

    def go(x, t, n):
        return t if n == 0 else go(x, t * x, n - 1)

    def f(x):
        return go(x, 1.0, 4)

Functions among the arguments (``iterate(lambda t: t * x, ...)``) are written out in it; what they capture is a
parameter, too. The function exists in SSA form only; where it is called without a derivative, it is compiled when it
first runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from inspect import Parameter, Signature
from types import CellType, FunctionType
from typing import Any

from srcad.errors import InternalError
from srcad.frontend.values import Env, LocalFunction, Value, is_atom
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Var
from srcad.ir.visit import blocks, is_call_of, uses, walk, with_blocks

_FORM = "__srcad_form__"


@dataclass(eq=False)
class Lifted:
    """A local function while it is being lifted, and afterwards.

    Attributes:
        function: the local function.
        known: its parameters that are functions, with what they are.
        callee: what its calls name.
        captured: the variables around it, and the parameters that stand for them.
        seen: what the names around it were bound to.
        places: the names whose variables are captured; None where what is captured has no name.
    """

    function: LocalFunction
    known: dict[str, Value]
    callee: FunctionType
    captured: dict[Var, Var] = field(default_factory=dict)
    seen: Env = field(default_factory=dict)
    places: list[str] | None = None

    def arguments(self, env: Env) -> list[Atom] | None:
        """What a further call gives for what is captured; None where the names around mean something else by now."""
        now = {key: value for key, value in env.items() if self.function.scope.sees(key)}
        if self.places is None or now.keys() != self.seen.keys():
            return None
        for key, value in now.items():
            same = value is self.seen[key] or value == self.seen[key] or key in self.places
            if not same and not (isinstance(self.seen[key], Var) and isinstance(value, Var)):
                return None
        found = [now[key] for key in self.places]
        return [value for value in found if is_atom(value)] if all(map(is_atom, found)) else None


class Recursion(Exception):
    """A local function that is being written out calls itself."""

    def __init__(self, key: object) -> None:
        super().__init__("recursion")
        self.key = key


class Executable:
    """Compiles SSA functions, so that they can be called; the pipeline provides the compiler."""

    compile: Callable[[Function], Callable[..., Any]] | None = None

    def __init__(self) -> None:
        self.form: Function | None = None
        self._made: Callable[..., Any] | None = None
        self._lock = threading.Lock()

    def __call__(self, *args: Any) -> Any:
        """The value of the function, which is compiled at the first call."""
        with self._lock:
            if self._made is None:
                if Executable.compile is None or self.form is None:
                    raise InternalError("a lifted function has no compiler", why="stage lower")
                self._made = Executable.compile(self.form)
        return self._made(*args)


def new_callee(name: str, like: FunctionType) -> FunctionType:
    """A function object for a lifted function, with the globals and closure of the function it stood in."""
    free = like.__code__.co_freevars
    shown = name if name.isidentifier() else "f"
    reads = "".join(f"        {cell}\n" for cell in free)
    text = (
        f"def around(run_srcad, {', '.join(free)}):\n    def {shown}(*args):\n        return run_srcad(*args)\n{reads}"
    )
    scope: dict[str, Any] = {}
    exec(compile(f"{text}    return {shown}\n", "<srcad lifted function>", "exec"), scope)
    code = scope["around"](Executable(), *[None] * len(free)).__code__
    run = CellType(Executable())
    cells = {**dict(zip(free, like.__closure__ or (), strict=True)), "run_srcad": run}
    return FunctionType(code, like.__globals__, shown, None, tuple(cells[n] for n in code.co_freevars))


def complete(callee: FunctionType, form: Function) -> None:
    """Give a lifted function its SSA form."""
    setattr(callee, _FORM, form)
    params: list[Parameter] = []
    for k, var in enumerate(form.body.params):
        taken = not var.name.isidentifier() or any(p.name == var.name for p in params)
        params.append(Parameter(f"arg{k}" if taken else var.name, Parameter.POSITIONAL_OR_KEYWORD))
    callee.__signature__ = Signature(params)  # type: ignore[attr-defined]
    cell = (callee.__closure__ or ())[callee.__code__.co_freevars.index("run_srcad")]
    cell.cell_contents.form = form


def form_of(fn: Any) -> Function | None:
    """The SSA form of a lifted function; None for others."""
    found = getattr(fn, _FORM, None)
    return found if isinstance(found, Function) else None


def without_unread(callee: FunctionType, body: Block, count: int) -> tuple[Block, list[int]]:
    """The body without those of its first `count` parameters that only calls of itself read, and which are left."""
    read: set[Var] = {y for y in body.yields if isinstance(y, Var)}
    for stmt in walk(body):
        own = isinstance(stmt, Call) and is_call_of(stmt, callee)
        read.update(v for k, v in enumerate(_atoms(stmt)) if isinstance(v, Var) and not (own and k < count))
        if not own:
            read.update(uses(stmt))
        for inner in blocks(stmt):
            read.update(y for y in inner.yields if isinstance(y, Var))
    kept = [k for k in range(len(body.params)) if k >= count or body.params[k] in read]
    params = tuple(body.params[k] for k in kept)
    return replace(_called_with(body, callee, kept), params=params), kept


def _atoms(stmt: Any) -> list[Atom]:
    return [a for a in stmt.args if isinstance(a, Var | Const)] if isinstance(stmt, Call) else []


def _called_with(block: Block, callee: FunctionType, kept: list[int]) -> Block:
    stmts = []
    for stmt in block.stmts:
        if isinstance(stmt, Call) and is_call_of(stmt, callee):
            stmt = replace(stmt, args=tuple(stmt.args[k] for k in kept))
        stmts.append(with_blocks(stmt, tuple(_called_with(b, callee, kept) for b in blocks(stmt))))
    return replace(block, stmts=tuple(stmts))

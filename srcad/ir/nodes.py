"""The nodes of structured SSA: one screen of frozen dataclasses.

There is no control-flow graph and there are no phi nodes. A region (`If`, `For`, `While`, `With`) owns `Block`s; a
value that changes in a loop or differs between branches is a block parameter and a yield. A statement of a block may
use the variables defined above it in the block, the block's parameters, and everything visible around the region.

Meaning of the regions (the printer of Python and every pass agree on this):

- ``If``: runs ``then`` or ``orelse`` by the truth of ``cond``; ``targets[k]`` is ``yields[k]`` of the block that ran.
  The blocks have no parameters. ``style`` remembers how the user wrote it: ``"if"``, ``"ifexp"`` (``a if c else b``),
  ``"and"``, ``"or"``. `id` and `reverse_of` as in `For`.
- ``For``: iterates over ``iter``. ``body.params`` is ``(item, *carried)``; the first pass gets ``inits``, the next one
  the ``yields`` of this one; ``targets`` are the carried values after the last pass (``inits`` after zero passes). With
  ``stops``, the last yield is an extra bool, "stop after this pass" (``break``); it is not carried.
- ``While``: before each pass ``cond`` (params: carried; one yield) is run; ``body`` (params: carried) as in ``For``.
- ``With``: runs ``body`` (no params) inside the context manager ``context``; ``targets`` are its yields. ``entered`` is
  the value of ``as``.

Invariants, checked by `srcad.ir.verify`: every variable is defined once; uses are visible; the numbers of params,
inits, yields and targets agree; `Call.fn` is a callable constant or a variable.
"""

from __future__ import annotations

import itertools
from dataclasses import field
from typing import Any, Literal

from srcad.ir.kinds import UNKNOWN, Kind
from srcad.ir.record import record

_uids = itertools.count(1)


@record(frozen=True)
class Loc:
    """Where a statement came from: file, 1-based line, 0-based column, and the user's text.

    `text` is the first line of the user's statement, stripped (it becomes the comment over its adjoint lines). `stmt`
    numbers the user's statements in a function, so that equal texts on different lines stay apart. `col`/`end_col`
    delimit the expression for the caret, on `line`. `adjoint` marks what the reverse or forward transform made from
    that statement, `saving` what it added to the forward sweep; both: a store that puts back what was overwritten.
    """

    file: str
    line: int
    col: int
    end_col: int
    text: str
    function: str = ""
    stmt: int = 0
    adjoint: bool = False
    saving: bool = False


NOWHERE = Loc("<srcad>", 0, 0, 0, "")


@record(frozen=True, eq=False)
class Var:
    """A value: `name` is the name it would like to have in the printed code ('' for a temporary).

    `of` is the `uid` of the temporary that it belongs to, as its adjoint, its list of saved values or that value taken
    from the list again: where the temporary is printed as ``t2``, they are called ``t2_bar``, ``t2_saved`` and ``t2``.

    Variables are the same where their numbers are: one may be written down again with another kind.
    """

    name: str
    kind: Kind = UNKNOWN
    uid: int = field(default_factory=_uids.__next__)
    of: int = 0

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Var) and self.uid == other.uid)

    def __hash__(self) -> int:
        return self.uid

    def __repr__(self) -> str:
        return f"{self.name or 't'}.{self.uid}"

    def like(self, *, name: str | None = None, kind: Kind | None = None) -> Var:
        """A new variable with this one's name and kind, except as given."""
        return Var(self.name if name is None else name, self.kind if kind is None else kind, of=self.of)

    @property
    def temporary(self) -> int:
        """The `uid` of the temporary that this is, or belongs to; 0 for what has a name of the user's."""
        return self.of or (0 if self.name else self.uid)


#: The types of constants that are compared by value, not by identity.
_BY_VALUE = (bool, int, float, complex, str, bytes, tuple, type(None))


@record(frozen=True, eq=False)
class Const:
    """A value known while compiling: a literal, or a static object (function, class, module).

    `expr` is how the user wrote a static object (``"np.sin"``); printing uses it where it means the same object there.
    Constants compare by type and value, so ``1``, ``1.0`` and ``True`` differ; static objects by identity.
    """

    value: Any
    expr: str | None = None

    def key(self) -> tuple[object, ...]:
        """What decides equality."""
        value = self.value
        if isinstance(value, (bool, int, str, bytes, type(None))):
            return (type(value), value)
        if isinstance(value, (float, complex)):
            return (type(value), repr(value))
        if isinstance(value, tuple):
            return (tuple, tuple(Const(v).key() for v in value))
        return (type(value), id(value))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Const) or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or (isinstance(self.value, _BY_VALUE) and self.key() == other.key())

    def __hash__(self) -> int:
        return hash(self.key())


class _UndefinedType:
    """The value of a name that has not been bound on this path."""

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED_VALUE = _UndefinedType()
UNDEFINED_ATOM = Const(UNDEFINED_VALUE)

Atom = Var | Const


@record(frozen=True)
class Star:
    """``*value`` in the arguments of a call or a display."""

    value: Atom


@record(frozen=True)
class Callee:
    """A function of the program called by another one: the value of a `Const` in `Call.fn`.

    `pure` says that it only computes a value: a call whose value is not needed may go. `writes` are the positions of
    arguments that it changes, and nothing else.
    """

    name: str
    key: object
    pure: bool = False
    writes: tuple[int, ...] = ()

    @property
    def __name__(self) -> str:
        return self.name


@record(frozen=True)
class Call:
    """``target = fn(*args, **kwargs)``; a keyword None is ``**mapping``."""

    target: Var
    fn: Atom
    args: tuple[Atom | Star, ...]
    kwargs: tuple[tuple[str | None, Atom], ...]
    loc: Loc


@record(frozen=True)
class Block:
    """A sequence of statements with parameters and results."""

    params: tuple[Var, ...]
    stmts: tuple[Stmt, ...]
    yields: tuple[Atom, ...]


@record(frozen=True)
class If:
    """Two blocks, one of which runs; see the module's docstring."""

    targets: tuple[Var, ...]
    cond: Atom
    then: Block
    orelse: Block
    loc: Loc
    style: Literal["if", "ifexp", "and", "or"] = "if"
    id: int = 0
    reverse_of: int | None = None


@record(frozen=True)
class For:
    """A loop over an iterable. `id` names the loop; `reverse_of` is set on the loop that runs its adjoint."""

    targets: tuple[Var, ...]
    iter: Atom
    inits: tuple[Atom, ...]
    body: Block
    stops: bool
    loc: Loc
    id: int = 0
    reverse_of: int | None = None


@record(frozen=True)
class While:
    """A loop on a condition. `id` and `reverse_of` as in `For`."""

    targets: tuple[Var, ...]
    inits: tuple[Atom, ...]
    cond: Block
    body: Block
    stops: bool
    loc: Loc
    id: int = 0
    reverse_of: int | None = None


@record(frozen=True)
class With:
    """``with context as entered: body``."""

    targets: tuple[Var, ...]
    context: Atom
    entered: Var | None
    body: Block
    loc: Loc


Region = If | For | While | With
Stmt = Call | If | For | While | With


@record(frozen=True)
class Guard:
    """A name that was resolved while compiling: valid while looking it up again gives the identical object.

    `root` is a module's or function's globals (a dict), a closure cell, or an object whose attribute was read.
    """

    root: Any
    name: str
    value: Any


@record(frozen=True)
class Function:
    """A function in SSA form. `body.params` are its parameters in signature order, `body.yields` its one result.

    `source` is the primal Python function (its globals and closure are where data is read live); `guards` are the names
    that were resolved to functions, classes and modules.
    """

    name: str
    body: Block
    loc: Loc
    source: Any = None
    guards: tuple[Guard, ...] = ()


@record(frozen=True)
class Program:
    """What stages pass on: the entry function first, then the functions that it calls (by `Callee.key`)."""

    entry: Function
    callees: tuple[tuple[object, Function], ...] = ()


def new_loop_id() -> int:
    """A number for a new loop."""
    return next(_uids)

"""The subset of Python and NumPy that ``numba.njit`` compiles: another printing of the same SSA.

What numba writes another way is rewritten; what it does not compile, or compiles to something else, is an error at the
user's line before numba sees it.

    reversed(range(n))               ->      range(n - 1, -1, -1)
    x.copy(order='K')                ->      x.copy()
    x.sum(axis=0, keepdims=True)     ->      np.expand_dims(x.sum(0), 0)
    x.mean(axis=0)                   ->      x.sum(0) / x.shape[0]
    x[...] += v                      ->      x[:] += v
    for row in x:                    ->      for k in range(len(x)):  row = x[k]
    u[1:] += u[:-1]                  ->      u[1:] += u[:-1].copy()     (numba does not look for overlaps)
    np.add.at(x, j, v)               ->      for k in range(len(j)):
                                                 x[j[k]] += v[k]

>>> import srcad
>>> from srcad.analysis.kindspec import parse
>>> def total(x):
...     s = 0.0
...     for i in range(len(x)):
...         s += x[i] * x[i]
...     return s
>>> print(srcad.dump(total, kinds=parse("x: f8[n]"), dialect="numba"))
# kinds: x: f8[n]
def total_grad(x):
    ...
    for i in range(... - 1, -1, -1):
        ...
    return x_bar
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.origins import Origins
from srcad.codegen.dialects.base import Dialect
from srcad.codegen.dialects.numba_calls import type_of
from srcad.codegen.dialects.numba_check import check
from srcad.codegen.dialects.overlap import UPDATES, may_overlap
from srcad.codegen.tables import atom_of, function_of, is_temporary
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import INT, NONE, Array, Iterator, Kind, Scalar, Tuple
from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, Stmt, Var, new_loop_id
from srcad.ir.visit import blocks, count_uses, walk, with_blocks

_MEANS = (np.mean, np.ndarray.mean)
_SUMS = (np.sum, np.ndarray.sum)


def legalise(function: Function) -> Function:
    """`function` in the subset that numba compiles.

    Raises:
        UnsupportedSyntax: it does something that is not in the subset.
    """
    legaliser = _Legaliser(function)
    body = legaliser.block(function.body)
    left = legaliser.replaced
    while gone := left - set(count_uses(body)):
        body, left = _without(body, gone), left - gone
    made = replace(function, body=body)
    check(made)
    return made


NUMBA = Dialect("numba", legalise, type_of, binds_nothing=False)


def _without(block: Block, gone: set[Var]) -> Block:
    stmts = [s for s in block.stmts if not (isinstance(s, Call) and s.target in gone)]
    return replace(block, stmts=tuple(with_blocks(s, tuple(_without(b, gone) for b in blocks(s))) for s in stmts))


class _Legaliser:
    """One walk over a function. `replaced` are values that go where nothing else uses them."""

    def __init__(self, function: Function) -> None:
        self.defs = {s.target: s for s in walk(function.body) if isinstance(s, Call)}
        self.origins = Origins.of(function)
        self.replaced: set[Var] = set()
        self.loc = function.loc
        self.made: list[Stmt] = []

    def block(self, block: Block) -> Block:
        """A block with each operation as numba has it."""
        outer, self.made = self.made, []
        for stmt in block.stmts:
            self.loc = stmt.loc
            match stmt:
                case Call():
                    self.made.append(self.call(stmt))
                case For(iter=Var(kind=Array(dims=dims)) as array) if dims is not None and len(dims) > 1:
                    self.made.append(self.region(self._by_index(stmt, array)))
                case _:
                    self.made.append(self.region(stmt))
        made, self.made = self.made, outer
        return replace(block, stmts=tuple(made))

    def region(self, stmt: Stmt) -> Stmt:
        """A region with its blocks as numba has them."""
        return with_blocks(stmt, tuple(map(self.block, blocks(stmt))))

    def _by_index(self, loop: For, array: Var) -> For:
        """A loop over rows as one over their numbers: numba knows of ``x[k]`` that its items are side by side."""
        row, *carried = loop.body.params
        item = Var("k", INT)
        read = Call(row, Const(operator.getitem), (array, item), (), loop.loc)
        passes = self.new(Iterator(INT, form="range"), range, self.new(INT, len, array))
        body = replace(loop.body, params=(item, *carried), stmts=(read, *loop.body.stmts))
        return replace(loop, iter=passes, body=body)

    def call(self, call: Call) -> Stmt:
        """A statement that says the same as an operation; what it needs before it is appended to `made`."""
        fn = function_of(call)
        first = atom_kind(atom_of(call.args[0])) if call.args else NONE
        if fn is reversed:
            return self._backwards(call)
        if fn in (np.ndarray.copy, np.copy) and isinstance(first, Array):
            return replace(call, args=call.args[:1], kwargs=())
        if fn in (*_SUMS, *_MEANS) and isinstance(first, Array) and (call.kwargs or len(call.args) > 1):
            return self._along_axis(call, first)
        if fn == np.add.at or fn is runtime.add_at:
            return self._at(call)
        if fn in (operator.getitem, operator.setitem):
            return _plain(call)
        return self._update(call) if fn in UPDATES else call

    def new(self, kind: Kind, fn: Callable[..., Any], *args: Atom | int) -> Var:
        """Append a call; returns its value."""
        atoms = tuple(a if isinstance(a, (Var, Const)) else Const(a) for a in args)
        target = Var("", kind)
        self.made.append(Call(target, Const(fn), atoms, (), self.loc))
        return target

    def plus(self, atom: Atom, count: int) -> Atom:
        """``atom + count``, without a trace of earlier such sums."""
        if isinstance(atom, Const):
            return Const(atom.value + count)
        made = self.defs.get(atom)
        if made is not None and function_of(made) in (operator.add, operator.sub) and isinstance(made.args[1], Const):
            base, more = made.args[0], made.args[1].value
            if isinstance(base, Var) and type(more) is int:
                self.replaced |= set() if atom.name else {atom}
                return self._sum(base, count + (more if function_of(made) is operator.add else -more))
        return self._sum(atom, count)

    def _sum(self, atom: Var, count: int) -> Atom:
        if count == 0:
            return atom
        return self.new(INT, operator.add, atom, count) if count > 0 else self.new(INT, operator.sub, atom, -count)

    # -- reversed ranges -------------------------------------------------------------------------------------------

    def _backwards(self, call: Call) -> Stmt:
        """``range(stop - 1, start - 1, -1)`` for ``reversed(range(start, stop))``, also of its first passes."""
        whole = atom_of(call.args[0])
        made = self.defs.get(whole) if isinstance(whole, Var) else None
        count: Atom | None = None
        if made is not None and function_of(made) is operator.getitem:
            count = self._passes(made)
            base = atom_of(made.args[0])
            made = self.defs.get(base) if count is not None and isinstance(base, Var) else None
        if made is None or function_of(made) is not range or made.kwargs:
            return call
        given = [atom_of(a) for a in made.args]
        start, stop = (Const(0), given[0]) if len(given) == 1 else (given[0], given[1])
        step = given[2] if len(given) == 3 else Const(1)
        if not isinstance(step, Const):
            return call
        self.replaced |= {a for a in (whole, made.target) if isinstance(a, Var)}
        by: int = step.value
        if count is None and by == 1:
            last = self.plus(stop, -1)
        else:
            last = self._last(start, self.new(INT, len, made.target) if count is None else count, by)
        return replace(call, fn=Const(range), args=(last, self.plus(start, -by), Const(-by)), kwargs=())

    def _last(self, start: Atom, count: Atom, by: int) -> Atom:
        """``start + (count - 1) * by``."""
        steps = self.plus(count, -1)
        if by != 1:
            steps = self.new(INT, operator.mul, steps, by)
        return steps if start == Const(0) else self.new(INT, operator.add, start, steps)

    def _passes(self, part: Call) -> Atom | None:
        """The `k` of ``passes[:k]``, where the compiler counted `k` of the passes."""
        index = atom_of(part.args[1])
        made = self.defs.get(index) if isinstance(index, Var) else None
        if not part.loc.adjoint or made is None or function_of(made) is not slice or len(made.args) != 3:
            return None
        start, stop, step = (atom_of(a) for a in made.args)
        self.replaced.add(made.target)
        return stop if (start, step) == (Const(None), Const(None)) else None

    # -- arrays ----------------------------------------------------------------------------------------------------

    def _along_axis(self, call: Call, kind: Array) -> Stmt:
        """A sum or mean along an axis, with the axis kept as one of length 1 or not."""
        options = dict(call.kwargs) | dict(zip(("axis",), map(atom_of, call.args[1:]), strict=False))
        axis, keep = options.pop("axis", None), options.pop("keepdims", Const(False)) == Const(True)
        mean = function_of(call) in _MEANS
        known = isinstance(axis, Const) and type(axis.value) is int and len(call.args) <= 2 and not options
        dims = kind.dims
        if not (mean or keep) or not known or dims is None or len(dims) < 2 or kind.dtype != "f8":
            return call
        array, place = atom_of(call.args[0]), axis.value % len(dims)  # type: ignore[union-attr]
        reduced = Array("f8", dims[:place] + dims[place + 1 :])
        value = self.new(reduced, np.ndarray.sum, array, place)
        if mean:
            shape = self.new(Tuple((INT,) * len(dims)), getattr, array, Const("shape"))
            value = self.new(reduced, operator.truediv, value, self.new(INT, operator.getitem, shape, place))
        if keep:
            value = self.new(call.target.kind, np.expand_dims, value, place)
        return replace(call, fn=Const(ops.identity), args=(value,), kwargs=())

    def _update(self, call: Call) -> Stmt:
        """An update in place, of what is not read at another place meanwhile."""
        base = atom_of(call.args[0])
        if len(call.args) == 2 and isinstance(base, Var) and is_temporary(base.name):
            # Of what is no name the printer writes a change as ``x.T[...] += v``.
            part = ops.UPDATES[ops.IN_PLACE_OPERATORS[call.fn.value]]  # type: ignore[union-attr]
            call = replace(call, fn=Const(part), args=(base, Const(Ellipsis), call.args[1]))
        return self._apart(_plain(call))

    def _apart(self, call: Call) -> Call:
        """An operation that stores its last operand: a copy of it, if it may be another part of what changes."""
        if not may_overlap(call, self.origins):
            return call
        value = atom_of(call.args[-1])
        return replace(call, args=(*call.args[:-1], self.new(atom_kind(value), np.ndarray.copy, value)))

    def _at(self, call: Call) -> Stmt:
        """``np.add.at(base, index, value)`` for a vector of indices as a loop."""
        if len(call.args) != 3 or call.kwargs:
            return call
        base, index, value = map(atom_of, self._apart(call).args)
        kinds = [atom_kind(base), atom_kind(index), atom_kind(value)]
        if not (isinstance(kinds[0], Array) and isinstance(kinds[1], Array) and kinds[1].dtype == "i8"):
            return call
        rows = isinstance(kinds[2], Array)
        if rows and not _pairs(kinds[0], kinds[1], kinds[2]):  # type: ignore[arg-type]
            return call
        count = self.new(INT, len, index)
        passes = self.new(Iterator(INT, form="range"), range, count)
        item, outer = Var("k", INT), self.made
        self.made = []
        place = self.new(INT, operator.getitem, index, item)
        row = self.new(_row(kinds[2]), operator.getitem, value, item) if rows else value
        self.new(NONE, ops.UPDATES[operator.iadd], base, place, row)
        body, self.made = Block((item,), tuple(self.made), ()), outer
        return For((), passes, (), body, False, call.loc, new_loop_id())


def _plain(call: Call) -> Call:
    """``x[:]`` for ``x[...]``, which numba has for arrays in one memory order only."""
    if len(call.args) > 1 and call.args[1] == Const(Ellipsis) and isinstance(atom_kind(atom_of(call.args[0])), Array):
        return replace(call, args=(call.args[0], Const(slice(None)), *call.args[2:]))
    return call


def _row(kind: Kind) -> Kind:
    """The kind of an item of an array along its first axis."""
    assert isinstance(kind, Array) and kind.dims is not None
    return Array(kind.dtype, kind.dims[1:]) if len(kind.dims) > 1 else Scalar(kind.dtype, False)


def _pairs(base: Array, index: Array, value: Array) -> bool:
    """Whether a vector of indices has one row of `value` for each."""
    if base.dims is None or index.dims is None or value.dims is None or len(index.dims) != 1:
        return False
    same = index.dims[0] is not None and index.dims[0] == value.dims[0]
    return same and len(value.dims) == len(base.dims)

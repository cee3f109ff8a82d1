"""Signs and reciprocals where they cost nothing: on a constant or a number, rather than on an array.

    v_bar = -(0.5 * a)                     v_bar = -0.5 * a
    w_bar = -(a * s)               ->      w_bar = a * -s
    u_bar = a * (1.0 / n)                  u_bar = a / n

While an adjoint is built, a sign stays outside, where a sum may take it; what is left of them is settled here.

>>> import numpy as np
>>> import srcad
>>> def f(x, s):
...     return -0.5 * np.sum(np.sin(x)) * s
>>> print(srcad.grad(f).source_for(np.ones(3), 2.0))
# kinds: x: f8[n], s: float
def f_grad(x, s):
    # return -0.5 * np.sum(np.sin(x)) * s
    x_bar = np.cos(x) * (-0.5 * s)
    return x_bar
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace

from srcad.analysis.effects import writes
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import Array, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import count_uses, is_call_of, updated, with_inner
from srcad.transform.algebra import is_const
from srcad.transform.identities import is_array, is_exact, is_number
from srcad.transform.reverse.slots import bar

_PRODUCTS = (Const(operator.mul), Const(operator.truediv))


def settle_signs(function: Function) -> Function:
    """`function` with the signs and reciprocals of derivatives where they are cheapest."""
    return updated(function, body=_block(function.body, count_uses(function.body)))


def _block(block: Block, counts: Mapping[Var, int]) -> Block:
    inner = with_inner(block, lambda b: _block(b, counts))
    run = _Run(inner, counts)
    for at in range(len(inner)):
        run.settle(at)
    return updated(block, stmts=tuple(s for s in run.finished()))


class _Run:
    """The statements of one block as they change; None is one that has gone."""

    def __init__(self, stmts: Sequence[Stmt], counts: Mapping[Var, int]) -> None:
        self.stmts: list[Stmt | None] = list(stmts)
        self.before: dict[int, list[Stmt]] = {}
        self.counts = counts
        self.places = {s.target: k for k, s in enumerate(stmts) if isinstance(s, Call)}

    def finished(self) -> list[Stmt]:
        """What is left, in order."""
        found: list[Stmt] = []
        for k, stmt in enumerate(self.stmts):
            found += self.before.get(k, [])
            found += [] if stmt is None else [stmt]
        return found

    def part(self, atom: Atom | Star, *fns: Const) -> int | None:
        """The place of the call that computes `atom`, for nothing else than its one use."""
        place = self.places.get(atom) if isinstance(atom, Var) else None
        call = None if place is None else self.stmts[place]
        if not isinstance(call, Call) or not call.loc.adjoint or call.fn not in fns or call.kwargs:
            return None
        return place if self.counts.get(call.target) == 1 and call.target.name in ("", bar("")) else None

    def settle(self, at: int) -> None:
        """The sign or the reciprocal in one statement."""
        call = self.stmts[at]
        if not isinstance(call, Call) or not call.loc.adjoint:
            return
        if is_call_of(call, operator.neg):
            place = self.part(call.args[0], *_PRODUCTS)
            if place is not None and any(self.take_sign(place, last=last) for last in (False, True)):
                product = self.stmts[place]
                assert isinstance(product, Call)
                self.stmts[place] = replace(product, target=call.target)
                self.stmts[at] = None
                self.places[call.target] = place
        elif is_call_of(call, operator.mul):
            self.divide(at, call)
            self.merge(at)

    def take_sign(self, place: int, *, last: bool) -> bool:
        """Change the sign of a product by that of one factor: a constant, or `last`, a number that scales an array."""
        call = self.stmts[place]
        assert isinstance(call, Call)
        for k, factor in enumerate(call.args):
            if isinstance(factor, Star):
                return False
            if not last and isinstance(factor, Const) and is_number(factor) and factor.value > 0:
                self.stmts[place] = _with(call, k, Const(-factor.value))
                return True
            if last and isinstance(factor, Var) and is_number(factor) and isinstance(call.target.kind, Array):
                sign = Call(Var("", factor.kind), Const(operator.neg), (factor,), (), call.loc)
                self.before.setdefault(place, []).append(sign)
                self.stmts[place] = _with(call, k, sign.target)
                return True
            inner = self.part(factor, *_PRODUCTS)
            if inner is not None and self.take_sign(inner, last=last):
                return True
        return False

    def merge(self, at: int) -> None:
        """``2 * (-0.5 * a)[:, None]`` is ``(-1.0 * a)[:, None]``, if nothing else uses what is in between."""
        call = self.stmts[at]
        assert isinstance(call, Call)
        constant, other = call.args
        place = self.part(other, *_PRODUCTS, Const(operator.getitem))
        if place is None or not isinstance(constant, Const) or not is_number(constant):
            return
        if self.scale(place, constant.value):
            scaled = self.stmts[place]
            assert isinstance(scaled, Call)
            self.stmts[place] = replace(scaled, target=call.target)
            self.stmts[at] = None
            self.places[call.target] = place

    def scale(self, place: int, by: float) -> bool:
        """Multiply one constant factor of a value, exactly."""
        call = self.stmts[place]
        assert isinstance(call, Call)
        first = call.args[0]
        if not is_call_of(call, operator.getitem) and isinstance(first, Const) and is_number(first):
            if not is_exact(by, first.value):
                return False
            product = by * first.value
            plain = is_call_of(call, operator.mul) and product == -1
            changed = replace(call, fn=Const(operator.neg), args=call.args[1:])
            self.stmts[place] = changed if plain else _with(call, 0, Const(product))
            return True
        inner = self.part(first, *_PRODUCTS, Const(operator.getitem))
        if inner is None or not self.scale(inner, by):
            return False
        scaled = self.stmts[inner]
        one = isinstance(scaled, Call) and is_call_of(scaled, operator.mul) and is_const(scaled.args[0], 1)
        if isinstance(scaled, Call) and one and call.fn in _PRODUCTS and self.is_quiet(inner, place):
            self.stmts[inner] = None
            self.stmts[place] = replace(call, args=(scaled.args[1], *call.args[1:]))
        return True

    def is_quiet(self, start: int, stop: int) -> bool:
        """Whether no memory changes between two statements."""
        return all(s is None or (isinstance(s, Call) and not writes(s)) for s in self.stmts[start + 1 : stop])

    def divide(self, at: int, call: Call) -> None:
        """``a * (1.0 / n)`` is ``a / n``, if the reciprocal is used only here; so is ``a * (1.0 / v)[:, None]``."""
        for k, factor in enumerate(call.args):
            viewed = self.part(factor, Const(operator.getitem))
            view = None if viewed is None else self.stmts[viewed]
            place = self.part(view.args[0] if isinstance(view, Call) else factor, Const(operator.truediv))
            inverse = None if place is None else self.stmts[place]
            other = call.args[1 - k]
            if place is None or not isinstance(inverse, Call) or isinstance(other, Star):
                continue
            if not is_const(inverse.args[0], 1) or not (is_array(other) or is_number(other)):
                continue
            if not self.is_quiet(place, at):
                continue
            divisor = inverse.args[1]
            if viewed is not None and isinstance(view, Call) and is_array(other):
                self.stmts[viewed] = replace(view, args=(divisor, *view.args[1:]))
                divisor = view.target
            elif viewed is not None or isinstance(divisor, Star) or not (is_number(divisor) or _is_count(divisor)):
                continue
            self.stmts[place] = None
            self.stmts[at] = replace(call, fn=Const(operator.truediv), args=(other, divisor))
            return


def _is_count(atom: Atom) -> bool:
    """Whether a value is a Python integer, which leaves the dtype of what it divides as it is."""
    kind = atom_kind(atom)
    return isinstance(kind, Scalar) and bool(kind.weak) and kind.dtype == "i8"


def _with(call: Call, k: int, factor: Atom) -> Call:
    return replace(call, args=(*call.args[:k], factor, *call.args[k + 1 :]))

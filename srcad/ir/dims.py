"""Lengths of axes: affine expressions over symbols, and the facts that equate symbols.

A `Dim` is the length of one axis, ``3``, ``n``, ``n - 2``. It is what lets the compiler decide broadcasting
while compiling. Equal expressions are equal lengths. Facts come from the primal itself: a multiplication of
``(n,)`` by ``(m,)`` that did not raise, with neither length 1, proves ``n == m``; the proof holds only where that
statement has run, so facts live in scopes (`Facts.child`).

This module knows nothing of kinds or of nodes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import field, replace

from srcad.ir.record import record

_uids = itertools.count()


@record(frozen=True)
class Symbol:
    """An unknown non-negative integer; `not_one` says that it is known to be other than 1, `least` how small it may be.

    A `signed` one may be negative (an integer argument, of which nothing is known). A `local` one is the length of one
    value, in one pass of the loop around it.
    """

    name: str
    not_one: bool = False
    uid: int = field(default_factory=lambda: next(_uids))
    signed: bool = False
    local: bool = False
    least: int = 0

    def __repr__(self) -> str:
        return self.name


@record(frozen=True)
class Dim:
    """``max(0, sum(coef * symbol) + const)`` if `clamped`, else the plain sum.

    Terms are sorted by symbol and never have a zero coefficient, so equal expressions compare equal.
    """

    terms: tuple[tuple[Symbol, int], ...] = ()
    const: int = 0
    clamped: bool = False

    @staticmethod
    def of(value: int | Symbol | Dim) -> Dim:
        """The dimension for an integer or a symbol."""
        if isinstance(value, Dim):
            return value
        if isinstance(value, Symbol):
            return Dim(((value, 1),))
        return Dim((), int(value))

    @staticmethod
    def fresh(name: str, *, not_one: bool = False, signed: bool = False, least: int = 0) -> Dim:
        """A new symbol as a dimension."""
        return Dim.of(Symbol(name, not_one, signed=signed, least=least))

    @property
    def known(self) -> int | None:
        """The integer, where the dimension is one."""
        return None if self.terms else max(0, self.const) if self.clamped else self.const

    def plus(self, other: Dim, sign: int = 1) -> Dim | None:
        """``self + sign * other``, or None where a clamped operand makes it inexpressible."""
        if (self.clamped and self.terms) or (other.clamped and other.terms):
            return None
        coefs = dict(self.terms)
        for symbol, coef in other.terms:
            coefs[symbol] = coefs.get(symbol, 0) + sign * coef
        return Dim(_sorted(coefs.items()), self.const + sign * other.const)

    def times(self, factor: int) -> Dim | None:
        """``factor * self``, or None where a clamped operand makes it inexpressible."""
        if self.clamped and self.terms:
            return None
        return Dim(_sorted((s, factor * c) for s, c in self.terms), factor * self.const)

    @property
    def lower_bound(self) -> int | None:
        """The least value that it can have, or None where it may be any negative number."""
        if self.clamped:
            return max(0, replace(self, clamped=False).lower_bound or 0)
        if any(c < 0 or s.signed for s, c in self.terms):
            return None
        return self.const + sum(c * s.least for s, c in self.terms)

    def clamp(self) -> Dim:
        """``max(0, self)``, as the length of something of that many elements."""
        plain = replace(self, clamped=False)
        low = plain.lower_bound
        if low is not None and low >= 0:
            return plain
        return replace(self, clamped=True) if self.terms else Dim.of(0)

    def shrunk(self, count: int) -> Dim:
        """The length left when `count >= 0` elements are cut off: ``max(0, self - count)``."""
        return self if count == 0 else replace(self, const=self.const - count).clamp()

    def __str__(self) -> str:
        parts = []
        for symbol, coef in self.terms:
            sign = "-" if coef < 0 else "+"
            factor = "" if abs(coef) == 1 else f"{abs(coef)}*"
            parts.append(f"{sign} {factor}{symbol.name}")
        if self.const or not parts:
            parts.append(f"{'-' if self.const < 0 else '+'} {abs(self.const)}")
        text = " ".join(parts)
        return text[2:] if text.startswith("+ ") else "-" + text[2:]


def _sorted(items: Iterable[tuple[Symbol, int]]) -> tuple[tuple[Symbol, int], ...]:
    return tuple(sorted(((s, c) for s, c in items if c), key=lambda item: item[0].uid))


class Facts:
    """Equalities between dimensions that hold in one region of the program, on top of its parent's.

    Mutable while its region is being inferred; `child` opens the scope of a nested region.
    """

    def __init__(self, parent: Facts | None = None) -> None:
        self._parent = parent
        self._known: dict[Symbol, Dim] = {}
        self._quotients: dict[tuple[Dim, int], Symbol] = {} if parent is None else parent._quotients

    def child(self) -> Facts:
        """A scope for a nested region: sees these facts, keeps its own to itself."""
        return Facts(self)

    def resolve(self, dim: Dim) -> Dim:
        """`dim` with every symbol replaced by what it is known to equal."""
        if not dim.terms:
            return dim
        for _ in range(64):
            for symbol, coef in dim.terms:
                value = self._lookup(symbol)
                if value is None:
                    continue
                rest = Dim(tuple(t for t in dim.terms if t[0] != symbol), dim.const)
                scaled = value.times(coef)
                total = None if scaled is None else rest.plus(scaled)
                if total is None:
                    continue
                dim = total.clamp() if dim.clamped else total
                break
            else:
                return dim
        return dim

    def quotient(self, dim: Dim, divisor: int) -> Dim:
        """``dim // divisor`` of a length: a symbol of its own, the same one for equal lengths.

        >>> facts, n = Facts(), Dim.fresh("n")
        >>> half = facts.quotient(n, 2)
        >>> str(half), facts.child().quotient(n, 2) == half, str(facts.quotient(Dim.of(7), 2))
        ('n // 2', True, '3')
        """
        dim = self.resolve(dim)
        if dim.known is not None:
            return Dim.of(dim.known // divisor)
        if (dim, divisor) not in self._quotients:
            local = any(symbol.local for symbol, _ in dim.terms)
            text = f"{dim}" if len(dim.terms) == 1 and not dim.const else f"({dim})"
            least = max(0, dim.lower_bound or 0) // divisor
            self._quotients[dim, divisor] = Symbol(f"{text} // {divisor}", local=local, least=least)
        return Dim.of(self._quotients[dim, divisor])

    def _lookup(self, symbol: Symbol) -> Dim | None:
        scope: Facts | None = self
        while scope is not None:
            if symbol in scope._known:
                return scope._known[symbol]
            scope = scope._parent
        return None

    def equal(self, a: Dim | None, b: Dim | None) -> bool:
        """Whether the two lengths are proved equal."""
        return a is not None and b is not None and self.resolve(a) == self.resolve(b)

    def is_one(self, dim: Dim | None) -> bool | None:
        """True or False where it is proved that the length is or is not 1, else None.

        >>> n = Dim.fresh("n", not_one=True, least=4)
        >>> Facts().is_one(n), Facts().is_one(n.shrunk(2)), Facts().is_one(n.shrunk(3)), Facts().is_one(Dim.of(1))
        (False, False, None, True)
        """
        if dim is None:
            return None
        dim = self.resolve(dim)
        if not dim.terms:
            return dim.known == 1
        if (dim.lower_bound or 0) > 1:
            return False
        if len(dim.terms) == 1 and dim.const == 0 and not dim.clamped:
            symbol, coef = dim.terms[0]
            if symbol.not_one and coef == 1 or abs(coef) > 1:
                return False
        return None

    def equate(self, a: Dim | None, b: Dim | None) -> None:
        """Record that the two lengths are equal from here on; ignored where it cannot be expressed."""
        if a is None or b is None:
            return
        a, b = self.resolve(a), self.resolve(b)
        if a == b or a.clamped or b.clamped:
            return
        for left, right in ((a, b), (b, a)):
            if len(left.terms) == 1 and left.terms[0][1] == 1 and left.const == 0:
                symbol = left.terms[0][0]
                if any(s == symbol for s, _ in right.terms):
                    continue
                loses = symbol.least > (right.lower_bound or 0) or (symbol.not_one and self.is_one(right) is None)
                if loses and left is a and len(b.terms) == 1 and b.const == 0 and b.terms[0][1] == 1:
                    continue
                self._known[symbol] = right
                return

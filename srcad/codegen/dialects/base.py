"""What one language of the printer asks for that another does not."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from srcad.ir.kinds import Kind
from srcad.ir.nodes import Function
from srcad.ir.record import record


def _as_it_is(function: Function) -> Function:
    return function


def _any_type(kind: Kind) -> Hashable:
    return None


@record(frozen=True)
class Dialect:
    """A language that programs are printed in: Python with NumPy, or a subset of it that another compiler reads.

    Attributes:
        name: what `srcad.dump` calls it.
        legalise: SSA to SSA of the same meaning that the language can say; a located error where it cannot.
        type_of: two variables have one name only where this is equal for their kinds.
        binds_nothing: whether a copy of no value is written as None, so that reading it tells; else it is not written.
        shortens: whether ``x = x + v`` of numbers is written ``x += v``.
    """

    name: str
    legalise: Callable[[Function], Function] = _as_it_is
    type_of: Callable[[Kind], Hashable] = _any_type
    binds_nothing: bool = True
    shortens: bool = True


#: Python with NumPy: all that the compiler makes can be said in it.
NUMPY = Dialect("numpy")

#: The same for arrays of other libraries, whose numbers may be arrays without axes, which ``+=`` may change.
PROTOCOLS = Dialect("protocols", shortens=False)

"""Frozen dataclasses that are quick to make.

A compiler makes tens of thousands of small records in a fraction of a second. Python makes a frozen one about ten times
as slowly as another one, because each field goes through ``object.__setattr__``. So ``@record(frozen=True)`` is
``@dataclass(frozen=True)`` to the type checker, which refuses every assignment to a field; when the program runs, it is
a dataclass with the same equality and the same hash, and nothing checks again what was checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    import dataclasses
    from collections.abc import Callable

    def record(*, frozen: bool, eq: bool = True) -> Callable[[type], type]:
        """A decorator for classes of records.

        >>> @record(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1), Point(1) == Point(1, 0), len({Point(1), Point(1)})
        (Point(x=1, y=0), True, 1)
        """
        assert frozen
        return dataclasses.dataclass(eq=eq, unsafe_hash=eq)

"""Type families: what kind a primitive's result has, by groups of primitives that follow one rule.

A rule names its family; `FAMILIES` maps the name to a function ``(BoundCall, Facts) -> Kind``. An unknown name raises.
`core` holds the table and what all share; the other modules hold one area each.
"""

from srcad.rules.families import (  # noqa: F401 (they register their families)
    creation,
    elementwise,
    fft,
    indexing,
    joining,
    linalg,
    ordering,
    products,
    python,
    reductions,
    shapes,
)
from srcad.rules.families.core import FAMILIES, BoundCall, Family, Operand, family, operand

__all__ = ["FAMILIES", "BoundCall", "Family", "Operand", "family", "operand"]

"""The few functions that generated code may call where kinds or indices are not known while compiling.

Input and output are ordinary values: numbers, arrays, and containers of them. This package knows no compiler; it
imports nothing of srcad but its errors.
"""

from srcad.runtime.arrays import (
    add_at,
    as_updated,
    as_updated_number,
    as_view,
    broadcast_like,
    copied,
    index_of_number,
    seed,
    stop_gradient,
    take_stored,
    unbroadcast,
    unless_view,
)
from srcad.runtime.memory import into_memory, laid_out, memory_of, tangent_of_memory
from srcad.runtime.repeated import at_adjoint, at_tangent, sum_by_source
from srcad.runtime.structures import (
    accumulate,
    add_to,
    add_values,
    backwards,
    column,
    gradient_like,
    groups,
    items_like,
    own,
    regroup,
    unsorted,
    zeros_like,
)

__all__ = [
    "accumulate",
    "add_at",
    "add_to",
    "add_values",
    "at_adjoint",
    "at_tangent",
    "as_updated",
    "as_updated_number",
    "as_view",
    "backwards",
    "broadcast_like",
    "column",
    "copied",
    "gradient_like",
    "index_of_number",
    "into_memory",
    "items_like",
    "laid_out",
    "memory_of",
    "own",
    "groups",
    "regroup",
    "seed",
    "stop_gradient",
    "sum_by_source",
    "take_stored",
    "tangent_of_memory",
    "unbroadcast",
    "unless_view",
    "unsorted",
    "zeros_like",
]

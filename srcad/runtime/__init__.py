"""The few functions that generated code may call where kinds or indices are not known while compiling.

Input and output are ordinary values: numbers, arrays, and containers of them. This package knows no compiler; it
imports nothing of srcad but its errors.
"""

from srcad.runtime.arrays import (
    add_at,
    add_to_item,
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
)
from srcad.runtime.changes import (
    entries_at,
    folded,
    parts_of_joined,
    parts_of_merged,
    parts_of_repeated,
    put_back,
    spread,
    take_entries,
    unsort,
)
from srcad.runtime.structures import (
    accumulate,
    add_to,
    add_values,
    backwards,
    column,
    gradient_like,
    items_like,
    own,
    unsorted,
    zeros_like,
)

__all__ = [
    "accumulate",
    "add_at",
    "add_to",
    "add_to_item",
    "add_values",
    "as_updated",
    "as_updated_number",
    "as_view",
    "backwards",
    "broadcast_like",
    "column",
    "copied",
    "entries_at",
    "folded",
    "gradient_like",
    "index_of_number",
    "items_like",
    "own",
    "parts_of_joined",
    "parts_of_merged",
    "parts_of_repeated",
    "put_back",
    "seed",
    "spread",
    "stop_gradient",
    "take_entries",
    "take_stored",
    "unbroadcast",
    "unsort",
    "unsorted",
    "zeros_like",
]

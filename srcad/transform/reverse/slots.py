"""Slots: the places of cotangents. A variable and a path into it: ``(params, ("W",))`` is that of ``params["W"]``.

Tuples and dicts of known structure have no cotangents themselves; their parts do.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcad.ir.kinds import Dict, Kind, List, Tuple, Unknown
from srcad.ir.nodes import Var

Path = tuple[object, ...]
Slot = tuple[Var, Path]


def parts(kind: Kind) -> list[tuple[object, Kind]] | None:
    """Keys and kinds of a structure whose cotangent is kept in parts; None for what has one cotangent."""
    match kind:
        case Tuple(items=items):
            return list(enumerate(items))
        case Dict(items=items) if items is not None:
            return list(items)
        case _:
            return None


def leaves(kind: Kind, path: Path = ()) -> Iterator[tuple[Path, Kind]]:
    """The paths to the parts of a value that have cotangents of their own."""
    inner = parts(kind)
    if inner is None:
        yield path, kind
        return
    for key, part in inner:
        yield from leaves(part, (*path, key))


def subkind(kind: Kind, path: Path) -> Kind:
    """The kind of the part of a value at `path`."""
    for key in path:
        match kind:
            case List(item=item):
                kind = item
            case Dict(item=item, items=None):
                kind = item
            case _:
                kind = dict(parts(kind) or ()).get(key, Unknown())
    return kind


def bar(name: str, path: Path = ()) -> str:
    """The name of a cotangent: ``x_bar``; of a part, the part's own name (``W_bar``) or ``x_bar``."""
    for key in reversed(path):
        if isinstance(key, str) and key.isidentifier():
            return f"{key}_bar"
    return f"{name or 't'}_bar"

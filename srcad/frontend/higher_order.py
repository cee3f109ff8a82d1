"""Built-ins that call a function that they are given, written in Python: so that what they call is visible."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import gast

from srcad.frontend.structure import structure
from srcad.frontend.trees import Node

HIGHER_ORDER = """
def map(function, items):
    return [function(item) for item in items]

def map2(function, items, others):
    return [function(item, other) for item, other in zip(items, others)]

def map3(function, items, others, more):
    return [function(item, other, third) for item, other, third in zip(items, others, more)]

def starmap(function, items):
    return [function(*item) for item in items]

def filter(function, items):
    return [item for item in items if function(item)]

def filter_true(items):
    return [item for item in items if item]

def filterfalse(function, items):
    return [item for item in items if not function(item)]

def lazy_map(function, items):
    for item in items:
        yield function(item)

def lazy_starmap(function, items):
    for item in items:
        yield function(*item)

def lazy_filter(function, items):
    for item in items:
        if function(item):
            yield item

def lazy_filterfalse(function, items):
    for item in items:
        if not function(item):
            yield item

def sorted(items, key, reverse):
    items = list(items)
    keys = [key(item) for item in items]
    return [items[k] for k in sort(range(len(keys)), key=keys.__getitem__, reverse=reverse)]

def min(items, key):
    items = list(items)
    keys = [key(item) for item in items]
    return items[least(range(len(keys)), key=keys.__getitem__)]

def max(items, key):
    items = list(items)
    keys = [key(item) for item in items]
    return items[greatest(range(len(keys)), key=keys.__getitem__)]

def reduce1(function, items):
    items = list(items)
    if not items:
        raise TypeError("reduce() of empty iterable with no initial value")
    first = items[0]
    for item in items[1:]:
        first = function(first, item)
    return first

def reduce(function, items, first):
    for item in items:
        first = function(first, item)
    return first
"""
HELPERS: dict[str, Any] = {
    "zip": zip,
    "list": list,
    "range": range,
    "len": len,
    "sort": sorted,
    "least": min,
    "greatest": max,
    "TypeError": TypeError,
}
LAZY = (map, filter, itertools.starmap, itertools.filterfalse)
"""What gives an iterator; where its items are read at once, it is a list."""


@functools.cache
def higher_order() -> dict[str, tuple[Node, Node, list[Node]]]:
    """The definitions in `HIGHER_ORDER`: their parameters, and their structured bodies."""
    return {node.name: (node, node.args, structure(node.body)) for node in gast.parse(HIGHER_ORDER).body}


def written_form(fn: object, count: int, keywords: set[str]) -> tuple[str, tuple[str, ...]] | None:
    """Which definition stands for a call with so many arguments, and which keywords follow them as arguments."""
    plain = not keywords
    if fn is map and plain and 2 <= count <= 4:
        return ("map", "map2", "map3")[count - 2], ()
    if fn in (filter, itertools.filterfalse, itertools.starmap) and plain and count == 2:
        return getattr(fn, "__name__", ""), ()
    if fn is functools.reduce and plain and count in (2, 3):
        return ("reduce1" if count == 2 else "reduce"), ()
    if fn is sorted and count == 1 and "key" in keywords and keywords <= {"key", "reverse"}:
        return "sorted", ("key", "reverse")
    if fn in (min, max) and count == 1 and keywords == {"key"}:
        return getattr(fn, "__name__", ""), ("key",)
    return None

"""The cheapest set of values to keep, so that everything needed can be recomputed from it.

A vertex cut in the dependence graph of one pass of a loop (as Enzyme does): every path from a value that can only be
had in the forward sweep to one that the reverse sweep needs must cross a kept value. Found by maximum flow; the graphs
have a few dozen nodes. Among cheapest sets, the one nearest to the needed values is taken: it leaves least to
recompute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

_SOURCE, _SINK = "source", "sink"
_INFINITE = 10**9

_Node = tuple[object, str]


def cheapest_cut(needed: Sequence[T], inputs: Mapping[T, Sequence[T] | None], cost: Mapping[T, int]) -> list[T]:
    """The values to keep.

    Args:
        needed: the values that must be available.
        inputs: for each value, what it can be recomputed from (values in this mapping only); None: it cannot be.
        cost: the price of keeping each value.

    Returns:
        The kept values, in the order of `inputs`.

    >>> cheapest_cut(["a", "b"], {"x": None, "a": ["x"], "b": ["x"]}, {"x": 1, "a": 1, "b": 1})
    ['x']
    >>> cheapest_cut(["a"], {"x": None, "a": ["x"]}, {"x": 1, "a": 1})
    ['a']
    """
    graph: dict[_Node, dict[_Node, int]] = {}

    def edge(a: _Node, b: _Node, capacity: int) -> None:
        graph.setdefault(a, {})[b] = capacity
        graph.setdefault(b, {}).setdefault(a, 0)

    source, sink = (_SOURCE, ""), (_SINK, "")
    graph[source], graph[sink] = {}, {}
    for node, known in inputs.items():
        edge((node, "in"), (node, "out"), cost[node])
        if known is None:
            edge(source, (node, "in"), _INFINITE)
        for other in known or ():
            edge((other, "out"), (node, "in"), _INFINITE)
    for node in needed:
        edge((node, "out"), sink, _INFINITE)
    while (path := _augmenting(graph, source, sink)) is not None:
        amount = min(graph[a][b] for a, b in path)
        for a, b in path:
            graph[a][b] -= amount
            graph[b][a] += amount
    reaching = _reaching(graph, sink)
    return [n for n in inputs if (n, "out") in reaching and (n, "in") not in reaching]


def _augmenting(
    graph: Mapping[_Node, Mapping[_Node, int]], source: _Node, sink: _Node
) -> list[tuple[_Node, _Node]] | None:
    """A shortest path with room left, as edges."""
    came: dict[_Node, _Node] = {source: source}
    queue = deque([source])
    while queue:
        node = queue.popleft()
        if node == sink:
            path = []
            while node != source:
                path.append((came[node], node))
                node = came[node]
            return path
        for following, room in graph[node].items():
            if room > 0 and following not in came:
                came[following] = node
                queue.append(following)
    return None


def _reaching(graph: Mapping[_Node, Mapping[_Node, int]], sink: _Node) -> set[_Node]:
    """The nodes from which the sink can be reached through edges with room left."""
    found = {sink}
    queue = deque([sink])
    while queue:
        node = queue.popleft()
        for previous in graph[node]:
            if graph[previous][node] > 0 and previous not in found:
                found.add(previous)
                queue.append(previous)
    return found

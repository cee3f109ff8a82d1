"""What a drawing consists of: nodes, clusters of nodes, and edges. Nothing here knows how it will look.

>>> body = Cluster("c1", "for _ in range(n):", Part.PRIMAL, "line 2")
>>> body.members.append(Node("n1", " = y + ·", Shape.OPERATION, Part.PRIMAL, name="y"))
>>> [node.id for node in Drawing("f(y: float)", [body], []).nodes()]
['n1']
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field


class Part(enum.Enum):
    """What a node belongs to: the user's computation, the derivative's, or what the one keeps for the other."""

    PRIMAL = "primal"
    SAVED = "saved"
    ADJOINT = "adjoint"


class Shape(enum.Enum):
    """What a node is.

    `INPUT`: a parameter. `VALUE`: a value at the border of a region: carried by a loop, or chosen by a branch.
    `OPERATION`: one operation. `CALL`: a call of another function of the program. `TEST`: what a branch or a loop
    asks. `ITEM`: what a loop runs over. `CONSTANT`: a constant that a branch gives. `RESULT`: what is returned.
    """

    INPUT = "input"
    VALUE = "value"
    OPERATION = "operation"
    CALL = "call"
    TEST = "test"
    ITEM = "item"
    CONSTANT = "constant"
    RESULT = "result"


class Link(enum.Enum):
    """What an edge means.

    `USE`: the value goes into the operation. `NEXT`: what a pass of a loop hands to the next one. `CHOICE`: the
    condition that decides which of the other values is taken.
    """

    USE = "use"
    NEXT = "next"
    CHOICE = "choice"


@dataclass(frozen=True)
class Node:
    """A node: `name` is the user's name of its value ('' for none), `text` what is written behind it."""

    id: str
    text: str
    shape: Shape
    part: Part
    name: str = ""
    tip: str = ""


@dataclass(frozen=True)
class Edge:
    """An edge from a value to its use; `label` is the position of the operand where the text does not show it."""

    tail: str
    head: str
    link: Link = Link.USE
    label: str = ""


@dataclass
class Cluster:
    """A region, drawn as a frame around its members."""

    id: str
    text: str
    part: Part
    tip: str = ""
    members: list[Node | Cluster] = field(default_factory=list)

    def nodes(self) -> Iterator[Node]:
        """Every node in the cluster and in those inside it."""
        return _nodes(self.members)


@dataclass
class Drawing:
    """A graph with a title."""

    title: str
    members: list[Node | Cluster]
    edges: list[Edge]

    def nodes(self) -> Iterator[Node]:
        """Every node, in order of creation."""
        return _nodes(self.members)


def _nodes(members: list[Node | Cluster]) -> Iterator[Node]:
    for member in members:
        if isinstance(member, Node):
            yield member
        else:
            yield from member.nodes()

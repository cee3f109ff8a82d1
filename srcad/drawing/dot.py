r"""A drawing as text in Graphviz's language DOT (https://graphviz.org/doc/info/lang.html).

The same drawing always gives the same text. Whatever a label holds is escaped.

>>> from srcad.drawing.model import Drawing, Node, Part, Shape
>>> print(to_dot(Drawing("f", [Node("n1", " = x < 2", Shape.OPERATION, Part.PRIMAL, name="small")], [])))
digraph "f" {
    graph [label=<f>, labelloc=t, labeljust=l, rankdir=TB, ranksep=0.3, nodesep=0.25, ...];
    node [fontname="Helvetica,Arial,sans-serif", fontsize=11, height=0.3, margin="0.1,0.04", style=filled];
    edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, fontcolor="#666666", color="#555555", arrowsize=0.6, ...];
    n1 [label=<<b>small</b>&#160;= x &lt; 2>, shape=box, fillcolor="#e3edf8", color="#4a7ab5", tooltip=""];
}
"""

from __future__ import annotations

from srcad.drawing.model import Cluster, Drawing, Edge, Link, Node, Part, Shape

_FONT = '"Helvetica,Arial,sans-serif"'

_HEAD = (
    "labelloc=t, labeljust=l, rankdir=TB, ranksep=0.3, nodesep=0.25, "
    f'fontname={_FONT}, fontsize=12, pad=0.1, bgcolor="white"'
)
_NODES = f'fontname={_FONT}, fontsize=11, height=0.3, margin="0.1,0.04", style=filled'
_EDGES = f'fontname={_FONT}, fontsize=9, fontcolor="#666666", color="#555555", arrowsize=0.6, '
_EDGES += "labeldistance=1.4, labelangle=35"

#: Fill and line of the nodes of each part, fill of its clusters.
_COLOURS = {
    Part.PRIMAL: ("#e3edf8", "#4a7ab5", "#f7fafd"),
    Part.SAVED: ("#ececec", "#808080", "#f7f7f7"),
    Part.ADJOINT: ("#fde8d4", "#c96a1b", "#fffaf4"),
}

_SHAPES = {
    Shape.INPUT: "shape=ellipse, penwidth=1.8",
    Shape.VALUE: "shape=ellipse",
    Shape.OPERATION: "shape=box",
    Shape.CALL: "shape=box, peripheries=2",
    Shape.TEST: 'shape=diamond, margin="0.02,0.0"',
    Shape.ITEM: "shape=cds",
    Shape.CONSTANT: "shape=plaintext",
    Shape.RESULT: 'shape=box, style="filled,rounded", penwidth=1.8',
}

_LINKS = {
    Link.USE: "",
    Link.NEXT: 'style=dashed, constraint=false, edgetooltip="next pass"',
    Link.CHOICE: "style=dotted",
}


def to_dot(drawing: Drawing) -> str:
    """The text of a drawing; ends with a newline."""
    lines = [
        f"digraph {quoted(drawing.title.partition('(')[0])} {{",
        f"    graph [label=<{escaped(drawing.title)}>, {_HEAD}];",
        f"    node [{_NODES}];",
        f"    edge [{_EDGES}];",
    ]
    for member in drawing.members:
        lines += _member(member, 1)
    lines += [_edge(edge) for edge in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def escaped(text: str) -> str:
    """Text for an HTML-like label.

    >>> escaped('a < b & "c"')
    'a &lt; b &amp; &quot;c&quot;'
    """
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(char, entity)
    return _printable(text)


def quoted(text: str) -> str:
    r"""Text as a string of the language; what looks like an escape or an entity stays as it is.

    >>> print(quoted('say "a\\nb" &amp;'))
    "say \"a\\nb\" &amp;amp;"
    """
    text = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_printable(text)}"'


def _printable(text: str) -> str:
    """Text without control characters, which neither language nor XML can hold, and without needless blanks."""
    return " ".join("".join(c if c >= " " and c != "\x7f" else " " for c in text).split())


def _member(member: Node | Cluster, depth: int) -> list[str]:
    pad = "    " * depth
    if isinstance(member, Node):
        return [f"{pad}{member.id} [{_node(member)}];"]
    _, line, fill = _COLOURS[member.part]
    lines = [
        f"{pad}subgraph cluster_{member.id} {{",
        f'{pad}    graph [label=<{escaped(member.text)}>, style="filled,rounded", fillcolor="{fill}", color="{line}", '
        f'fontcolor="{line}", fontsize=11, tooltip={quoted(member.tip)}];',
    ]
    for inner in member.members:
        lines += _member(inner, depth + 1)
    return [*lines, f"{pad}}}"]


def _node(node: Node) -> str:
    fill, line, _ = _COLOURS[node.part]
    name = f"<b>{escaped(node.name)}</b>" if node.name else ""
    colours = f'color="{line}"' if node.shape is Shape.CONSTANT else f'fillcolor="{fill}", color="{line}"'
    style = ", style=solid" if node.shape is Shape.CONSTANT else ""
    gap = "&#160;" if name and node.text.startswith(" ") else ""
    label = f"{name}{gap}{escaped(node.text.strip())}"
    return f"label=<{label}>, {_SHAPES[node.shape]}, {colours}{style}, tooltip={quoted(node.tip)}"


def _edge(edge: Edge) -> str:
    parts = [_LINKS[edge.link]] if _LINKS[edge.link] else []
    if edge.label:
        parts.append(f"headlabel={quoted(edge.label)}")
    return f"    {edge.tail} -> {edge.head}{' [' + ', '.join(parts) + ']' if parts else ''};"

"""The text of a drawing: the same each time, whatever its labels hold; and Graphviz reads it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

import srcad
from srcad.analysis import kindspec
from srcad.drawing import svg
from srcad.drawing.dot import to_dot
from srcad.drawing.model import Cluster, Drawing, Edge, Node, Part, Shape
from srcad.errors import ArgumentError, SrcadError
from tests.drawing import programs

NASTY = 'a<b>&"c" \\n {d|e} \x07 é ½ &amp; ->;'


def nasty():
    node = Node("n1", f" = {NASTY}", Shape.OPERATION, Part.PRIMAL, name="x<y", tip=NASTY)
    inside = Node("n2", NASTY, Shape.CONSTANT, Part.ADJOINT, tip=NASTY)
    return Drawing(NASTY, [node, Cluster("c1", NASTY, Part.SAVED, NASTY, [inside])], [Edge("n1", "n2", label=NASTY)])


def labels(text):
    root = ElementTree.fromstring(text)
    return ["".join(e.itertext()).strip() for e in root.iter("{http://www.w3.org/2000/svg}text")]


def tips(text):
    title = "{http://www.w3.org/1999/xlink}title"
    return {e.attrib[title] for e in ElementTree.fromstring(text).iter() if title in e.attrib}


def test_text_that_looks_like_the_language_comes_out_as_text():
    drawn = svg.to_svg(to_dot(nasty()))
    shown = " ".join(NASTY.replace("\x07", " ").split())
    words = "".join(labels(drawn)).replace("\xa0", " ")
    assert words.count("".join(shown)) >= 3 and "x<y" in words
    assert shown in tips(drawn)


@pytest.mark.parametrize(
    ("name", "of"), [*((name, "adjoint") for name in programs.KINDS), ("found", "primal"), ("straight", "forward")]
)
def test_svg_is_xml_that_holds_every_label(name, of):
    kinds = dict(kindspec.parse(programs.KINDS[name]))
    graph = srcad.graph(getattr(programs, name), of=of, kinds=kinds)
    written = "".join(labels(graph.svg)).replace("\xa0", "").replace(" ", "")
    for node in graph.drawing.nodes():
        assert node.text.replace(" ", "") in written
        assert node.name in written
    root = ElementTree.fromstring(graph.svg)
    drawn = [e for e in root.iter("{http://www.w3.org/2000/svg}g") if e.get("class") == "node"]
    assert len(drawn) == len(list(graph.drawing.nodes()))
    lines = [e for e in root.iter("{http://www.w3.org/2000/svg}g") if e.get("class") == "edge"]
    assert len(lines) == len(graph.drawing.edges)


def test_a_graph_prints_as_dot_and_shows_itself_in_a_notebook():
    graph = srcad.graph(programs.newton)
    assert str(graph) == graph.dot and graph.dot.startswith('digraph "newton" {') and graph._repr_svg_() == graph.svg


def test_without_the_layout_engine_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(svg, "is_available", lambda: False)
    graph = srcad.graph(programs.newton)
    assert graph.dot and graph._repr_svg_() is None
    with pytest.raises(ArgumentError) as caught:
        graph.svg
    assert "pip install 'srcad[graph]'" in str(caught.value)


def test_the_text_is_the_same_in_every_process():
    code = "import srcad; from tests.drawing import programs; print(srcad.graph(programs.store, of='adjoint').dot)"
    root = os.path.dirname(os.path.dirname(srcad.__file__))
    told = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env=os.environ | {"PYTHONPATH": root, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_what_graphviz_cannot_read_is_an_error(capfd):
    with pytest.raises(SrcadError, match="Graphviz did not lay out this graph"):
        svg.to_svg("digraph {")
    assert capfd.readouterr().err == ""

"""What a drawing must show, whatever it looks like: every operation, every use, memory, regions, parts."""

import numpy as np
import pytest

import srcad
from srcad.analysis import kindspec
from srcad.analysis.values import kinds_of
from srcad.drawing.model import Cluster, Link, Part, Shape
from srcad.errors import ArgumentError
from tests.drawing import programs
from tests.programs.bank import PROGRAMS


def drawing(name, of="primal"):
    kinds = dict(kindspec.parse(programs.KINDS[name]))
    return srcad.graph(getattr(programs, name), of=of, kinds=kinds).drawing


def texts(found):
    return {node.id: node.name + node.text for node in found.nodes()}


def edges(found, *links):
    """Edges as pairs of texts."""
    shown = texts(found)
    return {(shown[e.tail], shown[e.head]) for e in found.edges if not links or e.link in links}


def clusters(members):
    for member in members:
        if isinstance(member, Cluster):
            yield member
            yield from clusters(member.members)


def test_straight_line_has_operations_by_their_names_and_edges_to_uses():
    found = edges(drawing("straight"))
    assert {
        ("x: f8[n, d]", "x @ w"),
        ("w: f8[d]", "x @ w"),
        ("x @ w", "z = · + b"),
        ("z = · + b", "np.tanh(z)"),
        ("np.tanh(z)", "· - ·"),
        ("np.sum(·)", "return"),
    } <= found


def test_operands_are_numbered_where_the_text_does_not_tell_them_apart():
    found = drawing("straight")
    shown = texts(found)
    labelled = {(shown[e.tail], e.label) for e in found.edges if shown[e.head] == "· - ·"}
    assert labelled == {("np.tanh(z)", "1"), ("b * z", "2")}
    assert all(not e.label for e in found.edges if shown[e.head] != "· - ·")


def test_a_branch_is_a_frame_with_a_frame_for_each_arm_and_a_node_for_what_it_chooses():
    found = drawing("branch")
    outer, then, orelse = clusters(found.members)
    assert (outer.text, then.text, orelse.text) == ("if k > 0:", "then", "else")
    assert {n.name + n.text for n in then.nodes()} == {"y = np.sin(x)", "1.0"}
    assert {n.name + n.text for n in orelse.nodes()} == {"y = x", "z = x * x"}
    assert {("1.0", "z"), ("z = x * x", "z"), ("z", "y * z")} <= edges(found, Link.USE)
    assert edges(found, Link.CHOICE) == {("if", "y"), ("if", "z")}


def test_a_loop_has_what_it_carries_at_its_top_and_dashed_edges_back():
    found = drawing("loop")
    (cluster,) = clusters(found.members)
    assert cluster.text == "for i in range(n):" and cluster.tip.endswith("line 23: for i in range(n):")
    assert edges(found, Link.NEXT) == {("b from 1.0", "a"), ("b = · + i", "b from 1.0")}
    assert {("n: int(n)", "i in range(n)"), ("i in range(n)", "b = · + i")} <= edges(found, Link.USE)
    assert {("b from 1.0", "a - b"), ("b = · + i", "a - b")} <= edges(found, Link.USE)


def test_a_while_loop_shows_its_test():
    found = drawing("newton")
    assert {("· > tol", "while"), ("x", "x * x"), ("x = 0.5 * ·", "return")} <= edges(found, Link.USE)
    assert edges(found, Link.NEXT) == {("x = 0.5 * ·", "x")}


def test_break_and_with_are_shown():
    found = drawing("found")
    assert [c.text for c in clusters(found.members)][:2] == ['with np.errstate(all="ignore"):', "for v in x:"]
    assert {"with", "break", "if", "if … else"} <= set(texts(found).values())
    assert any(head == "break" for _, head in edges(found, Link.USE))


def test_a_call_of_another_function_is_marked():
    found = drawing("calls")
    called = [n.name + n.text for n in found.nodes() if n.shape is Shape.CALL]
    assert called == ["y = power(x, n)", "power(y, 2)", "power(x, ·)"]
    names = {n.text.strip(" =").partition("(")[0] for n in drawing("calls", "adjoint").nodes() if n.shape is Shape.CALL}
    assert names == {"power_forward", "power_reverse"}


def test_called_functions_stand_in_frames_of_their_own():
    (power,) = [m for m in drawing("calls").members if isinstance(m, Cluster)]
    assert power.text == "power(x: float, n: int)" and power.part is Part.PRIMAL
    inside = {n.id for n in power.nodes()}
    assert {n.name for n in power.nodes() if n.shape is Shape.INPUT} == {"x", "n"}
    for edge in drawing("calls").edges:
        assert (edge.tail in inside) == (edge.head in inside)
    pair = [m for m in drawing("calls", "adjoint").members if isinstance(m, Cluster)]
    assert [(m.text.partition("(")[0], m.part) for m in pair] == [
        ("power_forward", Part.PRIMAL),
        ("power_reverse", Part.ADJOINT),
    ]
    tangent = [m for m in drawing("calls", "forward").members if isinstance(m, Cluster)]
    assert [m.text.partition("(")[0] for m in tangent] == ["power_jvp"]


def test_a_read_after_a_store_hangs_on_the_store():
    found = edges(drawing("store"))
    assert ("y[1:] += ·", "np.sum(y)") in found and ("y: f8[n]", "np.sum(y)") not in found
    assert edges(drawing("store"), Link.NEXT) == {("y[1:] += ·", "y")}


def test_what_is_saved_leads_from_the_forward_loop_to_the_reverse_loop():
    found = drawing("newton", "adjoint")
    assert ("x_saved.append(x)", "x_saved") in edges(found, Link.USE)
    assert {n.name + n.text for n in found.nodes() if n.part is Part.SAVED} == {
        "x_saved = []",
        "x_saved",
        "x_saved.append(x)",
        "x = x_saved.pop()",
    }


def test_parts_are_told_apart():
    found = drawing("newton", "adjoint")
    adjoint = {n.name for n in found.nodes() if n.part is Part.ADJOINT}
    primal = {n.name for n in found.nodes() if n.part is Part.PRIMAL}
    assert {"x_bar", "a_bar"} <= adjoint and {"a", "tol", "x"} <= primal
    assert [c.part for c in clusters(found.members)] == [Part.PRIMAL, Part.ADJOINT]
    for name in ("straight", "loop", "branch", "store"):
        nodes = [n for n in drawing(name, "forward").nodes() if n.part is not Part.SAVED]
        assert {n.part for n in nodes if n.name.endswith("_dot")} == {Part.ADJOINT}, name
        assert {n.part for n in nodes if n.name and not n.name.endswith("_dot")} == {Part.PRIMAL}, name


def test_tooltips_name_kind_and_line():
    tips = {n.name + n.text: n.tip for n in drawing("newton", "adjoint").nodes()}
    assert tips["x = 0.5 * ·"] == "float; line 31: x = 0.5 * (x + a / x)"
    assert tips["t_bar = 0.5 * x_bar"].endswith("; adjoint of line 31: x = 0.5 * (x + a / x)")


def test_long_kinds_are_cut():
    fields = ", ".join(f"weight_{k}: f8[n, d]" for k in range(30))

    def first(p):
        return np.sum(p["weight_0"])

    found = srcad.graph(first, kinds=dict(kindspec.parse(f"p: {{{fields}}}"))).drawing
    (node,) = [node for node in found.nodes() if node.shape is Shape.INPUT]
    assert node.text.startswith(": {'weight_0': f8[n, d], ") and node.text.endswith("…")
    assert max(len(n.text) for n in found.nodes()) <= 50 >= max(len(n.tip.partition("; ")[0]) for n in found.nodes())


def test_of_and_kinds_are_checked():
    with pytest.raises(ArgumentError, match="there is no graph of 'reverse'"):
        srcad.graph(programs.newton, of="reverse")
    with pytest.raises(ArgumentError, match="newton has no argument 'x'"):
        srcad.graph(programs.newton, kinds={"x": None})


def test_a_derivative_is_drawn_as_its_primal():
    assert srcad.graph(srcad.grad(programs.newton)).dot == srcad.graph(programs.newton).dot


@pytest.mark.parametrize("of", ["primal", "forward", "adjoint"])
def test_programs_of_the_bank_are_drawn_whole(of):
    for entry in [entry for entry in PROGRAMS if entry.golden]:
        found = kinds_of(entry.inputs[0])
        kinds = dict(zip(entry.fn.__code__.co_varnames, found[: entry.fn.__code__.co_argcount]))
        graph = srcad.graph(entry.fn, of=of, argnums=entry.wanted, kinds=kinds)
        nodes = list(graph.drawing.nodes())
        ids = [node.id for node in nodes]
        assert len(set(ids)) == len(ids), entry.name
        assert {i for e in graph.drawing.edges for i in (e.tail, e.head)} <= set(ids), entry.name
        fed = {edge.head for edge in graph.drawing.edges}
        named = {node.name for node in nodes if node.name}
        for node in nodes:  # an operation that names a value has an edge from one
            words = set(np.strings.translate(node.text, str.maketrans("()[]*+-/,.", " " * 10)).item().split())
            if node.shape is Shape.OPERATION and (words & named or "·" in words):
                assert node.id in fed, (entry.name, node)

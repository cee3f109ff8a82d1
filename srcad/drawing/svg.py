"""Laying a drawing out, by Graphviz: its engine comes with the wheels of pygraphviz (the extra ``graph``).

It runs in a process of its own, so that what the C library prints or does on a graph that it cannot handle stays there.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from srcad.errors import ArgumentError, SrcadError

_SCRIPT = """
import sys, pygraphviz
sys.stdout.buffer.write(pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()).draw(format="svg", prog="dot"))
"""


def is_available() -> bool:
    """Whether what lays graphs out is installed."""
    return importlib.util.find_spec("pygraphviz") is not None


def to_svg(dot: str) -> str:
    """The drawing of a text in DOT as SVG.

    Raises:
        ArgumentError: pygraphviz is not installed.
        SrcadError: Graphviz does not lay this graph out.
    """
    if not is_available():
        raise ArgumentError(
            "a graph as SVG needs Graphviz, which is not installed",
            why="srcad writes DOT text itself, but leaves the layout to Graphviz",
            remedy="pip install 'srcad[graph]' (or: pip install pygraphviz), or take the graph as DOT",
        )
    command = [sys.executable, "-P", "-W", "ignore", "-c", _SCRIPT]
    done = subprocess.run(command, input=dot.encode("utf-8"), capture_output=True)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise SrcadError("Graphviz did not lay out this graph", why=said[-1], remedy="take the graph as DOT")
    return done.stdout.decode("utf-8")

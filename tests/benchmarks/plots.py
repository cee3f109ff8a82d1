"""The plots of docs/performance.md, drawn by matplotlib as SVG; the same results give the same files."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.measure import Timing
from tests.benchmarks.tables import COLUMNS, median

_STYLE = {
    "simplified": ("D", "#999999"),
    "srcad alone": ("o", "#0072b2"),
    "srcad": (".", "#56b4e9"),
    "autograd": ("s", "#d55e00"),
    "PyTorch": ("^", "#009e73"),
    "JAX": ("v", "#cc79a7"),
    "JAX jit": ("x", "#e69f00"),
}


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "srcad", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    return plt


def _save(figure: Any, path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def ratios(timings: Sequence[Timing], path: pathlib.Path) -> None:
    """Every program a line, every candidate a mark, relative to the gradient by hand."""
    plt = _pyplot()
    figure, axes = plt.subplots(figsize=(8, 0.36 * len(timings) + 1.6))
    lines = range(len(timings))
    for name, (marker, color) in _STYLE.items():
        values = [median(timing, name, "by hand") for timing in timings]
        points = [(value, line) for value, line in zip(values, lines, strict=True) if value is not None]
        if points:
            x, y = zip(*points, strict=True)
            axes.scatter(x, y, marker=marker, color=color, s=28, label=COLUMNS[name], zorder=3)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(list(lines), [timing.case.name for timing in timings])
    axes.invert_yaxis()
    axes.grid(axis="x", which="both", color="#eeeeee")
    axes.set_xlabel("time / time of the gradient by hand (left is faster)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.1), ncols=4, frameon=False)
    _save(figure, path)
    plt.close(figure)


def choice(rows: Sequence[tuple[int, float]], path: pathlib.Path) -> None:
    """What choosing the version costs, over the number of arrays."""
    plt = _pyplot()
    figure, axes = plt.subplots(figsize=(5, 2.8))
    counts = [count for count, _ in rows]
    axes.plot(counts, [ns for _, ns in rows], "o-", color="#0072b2", label="measured")
    axes.plot(counts, [200 + 150 * count for count in counts], "--", color="#999999", label="target")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("arrays among the arguments")
    axes.set_ylabel("nanoseconds")
    axes.legend(frameon=False)
    _save(figure, path)
    plt.close(figure)

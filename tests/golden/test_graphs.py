"""Graphs of chosen programs, as DOT text: compared with ``graphs/NAME.OF.dot``; ``--update-golden`` accepts a change."""

from pathlib import Path

import pytest

import srcad
from srcad.analysis import kindspec
from tests.drawing import programs

HERE = Path(__file__).parent / "graphs"
CHOSEN = [
    *((name, "primal") for name in programs.KINDS),
    *((name, "adjoint") for name in ("branch", "newton", "calls", "store")),
    *((name, "forward") for name in ("straight", "loop")),
]


@pytest.mark.parametrize(("name", "of"), CHOSEN)
def test_graph(name, of, update_golden):
    kinds = dict(kindspec.parse(programs.KINDS[name]))
    text = srcad.graph(getattr(programs, name), of=of, kinds=kinds).dot
    path = HERE / f"{name}.{of}.dot"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing; run pytest tests/golden --update-golden"
    assert text == path.read_text(encoding="utf-8"), "the graph has changed: see the diff, then use --update-golden"


def test_no_file_is_left_over():
    assert sorted(path.name for path in HERE.glob("*")) == sorted(f"{name}.{of}.dot" for name, of in CHOSEN)

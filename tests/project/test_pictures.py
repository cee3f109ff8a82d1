"""The pictures of the documents show what the compiler does now."""

import pytest

from tests.project.documents import documents
from tests.project.pictures import FOLDER, PICTURES, drawn, shown


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_is_up_to_date(name, tmp_path, update_golden):
    now = drawn(name, tmp_path)
    if update_golden:
        (FOLDER / name).write_text(now, encoding="utf-8")
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert shown(kept) == shown(now), "run python -m tests.project.pictures"


def test_a_change_is_noticed(tmp_path):
    svg = drawn("sqrt_newton.svg", tmp_path)
    assert shown(svg) != shown(svg.replace("tol", "eps"))


def test_every_picture_of_these_is_shown_somewhere():
    text = "".join(path.read_text(encoding="utf-8") for path in documents())
    assert not [name for name in PICTURES if f"images/{name})" not in text]

"""Bad programs and the full text of what they are told.

Each file of ``programs/`` is run as a script would be and must end with an exception; its text, notes included, is
compared with the ``.txt`` beside it. Paths are cut to the file's name, so the texts are the same on every machine.
``pytest tests/errors --update-errors`` rewrites the texts, for a person to read and judge.
"""

import re
import runpy
import sys
import traceback
from pathlib import Path

import pytest

import srcad.errors

HERE = Path(__file__).parent / "programs"
BAD = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))


def text_of_failure(path):
    """The exception that running the file ends with, as Python shows it last, with paths cut to names."""
    with pytest.raises(Exception) as caught:
        runpy.run_path(str(path))
    error = caught.value
    assert not isinstance(error, srcad.errors.InternalError), str(error)
    text = "".join(traceback.format_exception_only(error))
    return re.sub(r"""(["'])[^"'\n]*/([^/"'\n]+\.py)\1""", r"\1\2\1", text)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_text(path, update_errors, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    text = text_of_failure(path)
    expected = path.with_suffix(".txt")
    if update_errors:
        expected.write_text(text, encoding="utf-8")
    assert expected.exists(), f"{expected.name} is missing; run pytest tests/errors --update-errors"
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_the_expected_text_is_complete(path):
    """What, where, why and what to do: an error of srcad's has them all; an exception of the primal has its line.

    Arguments of a call are complained about as Python does; what is "not supported yet" needs no other reason.
    """
    text = path.with_suffix(".txt").read_text(encoding="utf-8")
    name = text.partition(":")[0]
    assert " at 0x" not in text
    if not name.startswith("srcad."):
        assert 'File "' in text or "missing a required argument" in text
        return
    assert hasattr(srcad.errors, name.rpartition(".")[2])
    assert "\n  fix: " in text
    assert (
        "\n  why: " in text
        or "not supported yet" in text
        or name in ("srcad.errors.ArgumentError", "srcad.errors.RuleError")
    )


def test_every_text_has_a_program():
    assert sorted(path.stem for path in HERE.glob("*.txt")) == [path.stem for path in BAD]


def test_there_are_enough():
    assert len(BAD) >= 30


def test_a_program_that_does_not_fail_is_noticed(tmp_path):
    path = tmp_path / "fine.py"
    path.write_text("x = 1\n")
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        text_of_failure(path)


def test_paths_are_cut(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("raise ValueError(f'  File \"{__file__}\", line 1')\n")
    assert text_of_failure(path) == 'ValueError:   File "bad.py", line 1\n'


def test_nothing_of_the_programs_stays_imported():
    assert "_callee" not in sys.modules or Path(sys.modules["_callee"].__file__).parent == HERE

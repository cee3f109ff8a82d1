"""Writing text to terminals, pipes and files."""

import os
import stat

import pytest

from srcad.cli.output import has_colours, print_python, write_atomically
from srcad.cli.usage import UsageError


class Terminal:
    def isatty(self):
        return True


class Pipe:
    def isatty(self):
        return False


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    pytest.importorskip("rich")
    assert has_colours(Terminal()) and not has_colours(Pipe())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colours(Terminal())


def test_plain_text_is_exact_and_highlighted_text_only_adds_colour(capsys):
    text = "def f(x):\n    return '[bold]' + " + "x" * 200 + "\n\n\n"
    print_python(text, colours=False)
    assert capsys.readouterr().out == text.rstrip("\n") + "\n"
    pytest.importorskip("rich")
    print_python(text, colours=True)
    out = capsys.readouterr().out
    import re

    assert "\x1b[" in out and re.sub(r"\x1b\[[0-9;]*m", "", out) == text.rstrip("\n") + "\n"


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "out.py"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(str(path), "new", [None, str(tmp_path / "missing.py")])
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out.py"]


def test_a_new_file_gets_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    write_atomically(str(tmp_path / "out.py"), "new", [])
    assert (tmp_path / "out.py").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "out.py"
    path.write_text("old")

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(UsageError, match="cannot write .*: No space left on device"):
        write_atomically(str(path), "new", [])
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["out.py"]


@pytest.mark.parametrize("name", ["model.py", "link.py"])
def test_the_input_is_not_overwritten_under_any_name(tmp_path, name):
    model = tmp_path / "model.py"
    model.write_text("def f(x): ...")
    (tmp_path / "link.py").symlink_to(model)
    with pytest.raises(UsageError, match="is the file that the function comes from"):
        write_atomically(str(tmp_path / name), "new", [str(model)])
    assert model.read_text() == "def f(x): ..."


def test_a_link_is_followed(tmp_path):
    (tmp_path / "target.py").write_text("old")
    (tmp_path / "link.py").symlink_to("target.py")
    write_atomically(str(tmp_path / "link.py"), "new", [])
    assert (tmp_path / "link.py").is_symlink() and (tmp_path / "target.py").read_text() == "new"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="No such file or directory"):
        write_atomically(str(tmp_path / "none" / "out.py"), "new", [])

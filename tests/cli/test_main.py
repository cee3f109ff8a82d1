"""The command line as a user meets it: help, version, exit codes, what goes to stderr."""

import os
import subprocess
import sys

import pytest

import srcad
from srcad.cli.main import build_parser, main
from srcad.cli.usage import UsageError, describe
from srcad.errors import ArgumentError

COMMANDS = ("dump", "check", "graph", "rules", "demo")


ENVIRONMENT = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(srcad.__file__))}


def run(*args, cwd=None):
    command = [sys.executable, "-m", "srcad", *args]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_that_parses(command, capsys):
    import shlex

    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    examples = [line.strip() for line in text.splitlines() if line.startswith(f"  srcad {command}")]
    assert examples
    for example in examples:
        build_parser().parse_args(shlex.split(example)[1:])


def test_help_says_that_the_file_is_executed(capsys):
    for command in ("dump", "check", "graph"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "The top level of FILE is executed" in capsys.readouterr().out


def test_help_fits_a_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    for arguments in ([], *([c] for c in COMMANDS)):
        with pytest.raises(SystemExit):
            main([*arguments, "--help"])
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"srcad {srcad.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["dump"],
        ["dump", "a.py:f", "--mode", "sideways"],
        ["dump", "a.py:f", "--argnums", "one"],
        ["dump", "a.py:f", "--argnums", "0", "--argnames", "x"],
        ["dump", "a.py:f", "--stage", "last"],
        ["dump", "a.py:f", "--no-comm"],
        ["check", "a.py:f", "--types", "x: float", "--inputs", "a.py:g"],
        ["check", "a.py:f", "--range", "x"],
        ["demo", "--steps", "0"],
    ],
)
def test_usage_errors_are_code_2_on_stderr(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and "srcad" in err and "error:" in err


def test_a_missing_file_is_code_2_without_traceback():
    done = run("dump", "missing.py:f")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "srcad: error: there is no file 'missing.py'\n")


def test_an_exception_of_user_code_shows_the_users_frames_only(tmp_path):
    (tmp_path / "model.py").write_text("def f(x):\n    return 1 / x\n\nf(0)\n")
    done = run("dump", "model.py:f", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and lines[-1] == "ZeroDivisionError: division by zero"
    places = [line for line in lines if line.startswith("  File ")]
    assert len(places) == 2 and all("model.py" in place for place in places)


def test_a_file_that_does_not_compile_is_shown_with_its_line(tmp_path):
    (tmp_path / "model.py").write_text("def f(x):\n    return (x\n")
    done = run("dump", "model.py:f", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "SyntaxError: '(' was never closed"
    assert "line 2" in done.stderr.splitlines()[0] and "Traceback" not in done.stderr


def command_that(raises, monkeypatch):
    from srcad.cli import rules

    def run(options):
        raise raises

    monkeypatch.setattr(rules, "run", run)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("no such thing"), 2, "srcad: error: no such thing\n"),
        (
            ArgumentError("argument 'k' is an integer", why="no derivative", remedy="pass 2.0"),
            2,
            "ArgumentError: argument 'k' is an integer\n  why: no derivative\n  fix: pass 2.0\n",
        ),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_are_rendered_without_traceback(error, code, text, monkeypatch, capsys):
    command_that(error, monkeypatch)
    assert main(["rules"]) == code
    assert capsys.readouterr() == ("", text)


def test_a_bug_of_ours_is_shown_whole_and_named_as_one():
    def fails():
        from srcad.cli.dump import parse_argnums

        return parse_argnums(None)

    try:
        build_parser().parse_args(["demo"])
        fails()
    except AttributeError as error:
        assert "in fails" in describe(error) and "This is a bug" not in describe(error)
        error.__traceback__ = error.__traceback__.tb_next.tb_next
        assert "parse_argnums" in describe(error) and describe(error).splitlines()[-1].startswith("This is a bug")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_an_output_that_cannot_be_written_is_an_error_of_one_line():
    script = f"{sys.executable} -m srcad rules > /dev/full"
    done = subprocess.run(["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stderr == "srcad: error: cannot write the output: No space left on device\n"


def test_a_reader_that_stops_reading_is_no_error():
    script = f"{sys.executable} -m srcad rules | head -n 1"
    done = subprocess.run(["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.stderr == "" and done.stdout.count("\n") == 1

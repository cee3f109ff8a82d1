"""Every block of README and docs runs and prints what is shown; and the runner itself notices when one does not."""

import re
import textwrap

import pytest

import srcad
from tests.project.documents import ROOT, blocks_of, documents, run_document, updated


@pytest.mark.parametrize("path", documents(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_document(path, tmp_path):
    failures = run_document(path.read_text(encoding="utf-8"), tmp_path, path.stem)
    assert not failures, "\n\n".join(f"{path.name}:{f.line}: {f.message}" for f in failures)


def document(text):
    return textwrap.dedent(text).replace("'''", "```")


GOOD = document("""\
    Text.

    <!-- file: model.py -->
    '''python
    x = 2
    print("one", x)
    '''

    '''output
    one 2
    '''

    <!-- continues -->
    '''python
    print(x + 1, 0.123456)
    print(__import__("pathlib").Path("model.py").read_text().count("x"))
    '''
    '''output
    3 0.12...
    2
    '''

    '''sh
    not run
    '''
    """)


def test_a_good_document_passes(tmp_path):
    assert run_document(GOOD, tmp_path) == []
    assert [block.kind for block in blocks_of(GOOD)] == ["python", "output", "python", "output", "sh"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("one 2", "one 3", 10, "but got\none 2"),
        ("x = 2", "x = 1 / 0", 5, "ZeroDivisionError"),
        ("<!-- continues -->\n", "", 14, "NameError"),
        ("```output\none", "```text\none", None, None),
        ("```python\nx", "```text\nx", 10, "an output without a python block"),
        ("```sh", "```pyhton", 24, "unknown kind of block 'pyhton'"),
    ],
)
def test_a_bad_document_is_noticed(tmp_path, old, new, line, message):
    assert old in GOOD
    failures = run_document(GOOD.replace(old, new), tmp_path)
    assert bool(failures) == (message is not None)
    if message:
        assert failures[0].line == line and message in failures[0].message


def test_commands_are_run_and_compared(tmp_path):
    text = document("""\
        '''console
        $ srcad dump nowhere
        srcad: error: 'nowhere' names no function; write FILE.py:FUNC or package.module:FUNC
        '''
        """)
    assert run_document(text, tmp_path) == []
    failures = run_document(text.replace("names", "has"), tmp_path)
    assert len(failures) == 1 and updated(text.replace("names", "has"), failures) == text


def test_an_update_writes_what_was_printed(tmp_path):
    bad = GOOD.replace("one 2", "one 3")
    assert updated(bad, run_document(bad, tmp_path)) == GOOD


def unmentioned(names, text):
    """The names that do not occur in a text, as words."""
    return [name for name in names if not re.search(rf"\b{name}\b", text)]


def test_every_public_name_is_in_the_documents():
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents())
    assert unmentioned(srcad.__all__, text) == []


def test_a_name_that_is_not_mentioned_is_noticed():
    assert unmentioned(["grad", "jvp"], "`srcad.gradient` and `srcad.jvp`") == ["grad"]


def test_the_readme_names_the_commands_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / "dev").read_text(encoding="utf-8")
    used = set(re.findall(r"\./dev (\w+)", text))
    assert {"demo", "check"} <= used
    for command in used:
        assert re.search(rf"^    {command}( \||\))", script, re.MULTILINE), command


def test_continuous_integration_runs_the_test_command_of_the_readme():
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().splitlines()[-1]
    assert last == "exec ./dev check"
    assert "./dev check" in (ROOT / "README.md").read_text(encoding="utf-8")

"""Every link of the documents leads somewhere; and the checker notices those that do not."""

import pytest

from tests.project.documents import ROOT, documents
from tests.project.links import anchors, broken, links

OTHERS = [ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("path", [*documents(), *OTHERS], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_links_lead_somewhere(path):
    assert broken(path, ROOT) == []


def test_every_page_is_in_the_index():
    index = {target.partition("#")[0] for _, target in links((ROOT / "docs" / "README.md").read_text(encoding="utf-8"))}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"} <= index


GOOD = """\
# A page, with `code` & more

See [there](other.md), [here](#a-page-with-code--more), [the part](sub/third.md#two-1) and
![a picture](pictures/a%20b.svg "T").
[ref]: https://example.org/a_(b)
<https://example.org>, [web](http://docs.example.org/x?y=1#z)

`[not a link](nowhere.md)`

```text
[nor this](nowhere.md)
# no heading
```
"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "other.md").write_text("# Other\n")
    (tmp_path / "sub" / "third.md").write_text("# Two\n\n## Two\n")
    (tmp_path / "pictures" / "a b.svg").write_text("")
    return tmp_path / "page.md"


def check(page, text):
    page.write_text(text, encoding="utf-8")
    return broken(page, page.parent)


def test_good_links_pass(page):
    assert check(page, GOOD) == []
    assert [line for line, _ in links(GOOD)] == [3, 3, 3, 4, 5, 6, 6]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("(other.md)", "(othre.md)", "3: othre.md: no such file"),
        ("(other.md)", "()", "3: : no such file"),
        ("#a-page-with", "#the-page-with", "3: #the-page-with-code--more: no such heading"),
        ("third.md#two-1", "third.md#two-2", "3: sub/third.md#two-2: no such heading"),
        ("(other.md)", "(../../etc)", None),
        ("(other.md)", "(pictures/a%20b.svg#part)", "3: pictures/a%20b.svg#part: no such heading"),
        ("a%20b", "b", "4: pictures/b.svg: no such file"),
        ("https://example.org/a", "https:///a", "5: https:///a_(b): no host"),
        ("http://docs.example.org", "http://docs", "6: http://docs/x?y=1#z: no host"),
        ("http://docs", "file://docs", "6: file://docs.example.org/x?y=1#z: neither http nor https"),
        ("?y=1", "?y=é", "6: http://docs.example.org/x?y=é#z: characters that a link cannot hold"),
    ],
)
def test_bad_links_are_noticed(page, old, new, problem):
    assert old in GOOD
    problems = check(page, GOOD.replace(old, new, 1))
    assert problems == [problem] if problem else len(problems) == 1


def test_a_link_out_of_the_repository_is_noticed(page):
    inner = page.parent / "sub" / "page.md"
    inner.write_text("[out](../other.md)")
    assert broken(inner, page.parent) == [] and broken(inner, page.parent / "sub") == [
        "1: ../other.md: outside of the repository"
    ]


def test_anchors_are_those_of_headings():
    assert anchors("# To add ...\n## `a` [b](c.md) d-e_f\n```\n# no\n```\n## Ä ö\n") == {"to-add-", "a-b-d-e_f", "ä-ö"}

"""The page that compares the ways to compute a derivative: what it measures, but not how long anything takes."""

import math

import pytest

from tests.benchmarks.comparison import BEGIN, END, PAGE, SIZES, measured, names_of, replaced, table

#: What is not exact.
TOLERANCES = {"forward differences": 1e-5, "central differences": 1e-8}


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return names_of(PAGE.read_text(encoding="utf-8"), tmp_path_factory.mktemp("comparison"))


def test_every_method_gives_the_gradient(space):
    for name in space["METHODS"]:
        error, ratio, prepared = measured(space, name, 4, rounds=1, seconds=1e-4)
        assert error <= TOLERANCES.get(name, 1e-13), name
        assert 0 < ratio < math.inf and prepared > 0, name


def test_a_wrong_gradient_is_noticed(space):
    wrong = space | {"METHODS": {"wrong": lambda f, n: lambda x: 0.9 * space["complex_step"](f, x)}}
    assert measured(wrong, "wrong", 4, rounds=1, seconds=1e-4)[0] == pytest.approx(0.1)


def test_formulas_are_not_attempted_where_they_are_too_long(space):
    assert measured(space, "symbolic (SymPy)", 100) is None


def test_the_table_of_the_page_has_a_row_for_each_method(space):
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    lines = [line for line in rest.partition(END)[0].split("\n") if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in rows[2:]] == list(space["METHODS"])
    assert {len(row) for row in rows} == {1 + 3 * len(SIZES)}
    for row in rows[2:]:  # and the errors that stand there are those of exact and of inexact methods
        assert float(row[1]) <= TOLERANCES.get(row[0], 1e-13), row[0]


def test_a_table_is_put_into_its_place():
    results = {("a", 8): (1.2e-16, 4.46, 0.0021), ("b", 8): None}
    assert table(results) == (
        "| | error, n = 8 | time, n = 8 | prepared, n = 8 |\n|---|---|---|---|\n"
        "| a | 1e-16 | 4.5 | 2.1 ms |\n| b | – | – | – |\n"
    )
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replaced(page, "new\n") == f"before\n{BEGIN}\nnew\n\n{END}\nafter\n"
    assert replaced(replaced(page, "new\n"), "new\n") == replaced(page, "new\n")

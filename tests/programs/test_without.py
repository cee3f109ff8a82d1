"""Optimisations switched off: a sample of the bank (`tests.programs.without` is all of it), and what failed once."""

import importlib
import inspect
from pathlib import Path

import pytest

import srcad
from srcad import passes
from srcad.passes import PASSES
from srcad.transform import optimise
from tests.programs import modes, without
from tests.programs.bank import PROGRAMS, named
from tests.programs.without import CONFIGURATIONS, RUNS

CHUNK = 25
CHUNKS = 4

#: Programs that were wrong or refused in a configuration, each with the kinds and the passes that it takes.
FOUND = [
    ("powers_by_recursion", "known", "accumulate"),  # what a callee adds to its caller's cotangent was lost
    ("callee_returns_a_view", "known", "inline"),  # the view's shadow was made in the wrong function
    ("match_sequence", "known", "useful"),  # a derivative of a question was asked for
    ("list_sort_by_lambda", "known", "useful"),
    ("call_with_star", "known", "inline"),  # the arguments of a call were not matched
    ("stars_in_recursion", "unknown", "inline"),
    ("all_forms_of_arguments", "known", "inline"),
]


@pytest.mark.parametrize("seed", range(CHUNKS))
def test_a_sample_of_programs_and_configurations(seed):
    for index, name in without.sample(CHUNK, seed):
        entry, k, mode = RUNS[index]
        problem = without.problem(index, name)
        assert problem is None, f"{entry.name}-{k}-{mode} without {name}: {problem}"


@pytest.mark.parametrize(("program", "mode", "off"), FOUND)
def test_what_was_found(program, mode, off):
    for index, (entry, _, own) in enumerate(RUNS):
        if (entry.name, own) == (program, mode):
            assert without.problem(index, off) is None and without.problem(index, "all") is None


@pytest.mark.parametrize("name", without.NEED_INLINING)
def test_what_needs_inlining_is_refused_without(name):
    entry = named(name)
    with srcad.compile_options(kinds=False, without=["inline"]), pytest.raises(srcad.UnsupportedSyntax, match="line"):
        modes.gradient_only(entry, entry.inputs[0])


def test_the_judge_notices_what_is_wrong():
    index = next(i for i, (entry, _, _) in enumerate(RUNS) if entry.name == "rosenbrock")
    entry, k, mode = RUNS[index]
    right = without.answer(entry, k, mode)
    assert without.difference(right, right, entry, k) is None
    for change in (
        {"value": right.value + 1e-15 * abs(right.value) + 1e-300},
        {"gradient": tuple(1.0001 * g for g in right.gradient)},
        {"alone": tuple(-g for g in right.alone)},
        {"pushed": (right.pushed[0], 1.0001 * right.pushed[1])},
        {"pushed": (right.pushed[0] + 1.0, right.pushed[1])},
        {"output": "text"},
    ):
        assert without.difference(without.Answer(**{**vars(right), **change}), right, entry, k), change


def text_of(entry, *names):
    try:
        with srcad.compile_options(without=names):
            return modes.source(entry, entry.inputs[0])
    except srcad.SrcadError:
        return ""


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_has_a_file_that_shows_it(name):
    """Its docstring says what it does, by an example in which it is switched off, or one of before and after."""
    _, file = PASSES[name]
    path = Path(passes.__file__).parent / file
    module = importlib.import_module("srcad." + file.removesuffix(".py").replace("/", "."))
    assert path.is_file() and Path(module.__file__) == path
    shown = inspect.getdoc(module)
    assert "->" in shown and ">>> " in shown, f"srcad/{file} shows no example of before and after"


@pytest.mark.parametrize("first", range(8))
def test_the_passes_come_to_an_end(first, monkeypatch):
    """The last round finds nothing to do: none undoes what another one does."""
    rounds = []

    def counted(function, chosen):
        function, count = right(function, chosen)
        rounds.append(count)
        return function, count

    right = optimise.settled
    monkeypatch.setattr(optimise, "settled", counted)
    for entry in PROGRAMS[first::8]:
        rounds.clear()
        text_of(entry)
        assert all(count < optimise.ROUNDS for count in rounds), f"{entry.name} takes {max(rounds)} rounds"


def test_rounds_have_an_end(monkeypatch):
    """Two passes that undo each other's work are stopped."""
    calls = []

    def flip(f):
        calls.append(f)
        return f"{f}'"

    assert optimise.settled("f", [("", flip)]) == ("f" + "'" * optimise.ROUNDS, optimise.ROUNDS)
    assert len(calls) == optimise.ROUNDS


def test_configurations_are_all_and_each():
    assert list(CONFIGURATIONS) == ["all", *PASSES] and CONFIGURATIONS["all"] == tuple(PASSES)


def test_the_table_of_passes_is_current():
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "\n".join(f"| `{name}` | {what} | `{file}` |" for name, (what, file) in PASSES.items()) in text

"""The benchmarks measure what they say: every gradient in them is right, and the page has every program. No times."""

import inspect

import numpy as np
import pytest

import srcad
from tests.benchmarks import measure, report, tables, targets
from tests.benchmarks.cases import CASES
from tests.benchmarks.long_function import arguments, forecast
from tests.benchmarks.peers import Candidate, installed
from tests.project.documents import ROOT

ids = [case.name for case in CASES]
QUICK = [case for case in CASES if "10,000" not in case.name]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_all_gradients_of_a_case_agree(case):
    measure.agree(case, "srcad", srcad.grad(case.primal, case.wrt)(*case.args))
    if case.simplified is not None:
        measure.agree(case, "simplified", case.simplified(*case.args))


@pytest.mark.parametrize("case", QUICK, ids=[case.name for case in QUICK])
def test_the_gradient_of_autograd_agrees(case):
    candidate = installed()["autograd"](case)
    measure.agree(case, "autograd", candidate.run(*candidate.args))


@pytest.mark.parametrize("case", QUICK, ids=[case.name for case in QUICK])
def test_a_gradient_by_hand_is_right(case):
    value_and_grad = srcad.value_and_grad(case.primal, case.wrt)
    assert value_and_grad(*case.args)[0] == case.primal(*case.args)
    wrt = case.wrt if case.count > 1 else (case.wrt,)
    rng = np.random.default_rng(0)
    given = [np.asarray(case.args[k]) for k in wrt]
    along = [rng.standard_normal(a.shape) for a in given]
    found = case.hand(*case.args) if case.count > 1 else (case.hand(*case.args),)
    step = 1e-6

    def moved(sign):
        args = list(case.args)
        for k, a, d in zip(wrt, given, along, strict=True):
            args[k] = a + sign * step * d
        return case.primal(*args)

    slope = (moved(1.0) - moved(-1.0)) / (2 * step)
    assert sum(np.sum(g * d) for g, d in zip(found, along, strict=True)) == pytest.approx(slope, rel=1e-6)


def test_a_wrong_gradient_is_not_timed():
    case = CASES[-1]
    with pytest.raises(AssertionError, match="wrong, call of"):
        measure.agree(case, "wrong", 2.0 * case.hand(*case.args))


def test_the_long_function_has_100_lines_and_the_right_gradient():
    assert len(inspect.getsource(forecast).splitlines()) == 2 + 100
    assert srcad.check(forecast, arguments(), argnums=(0, 1, 2))


def test_the_page_has_every_program_and_every_candidate():
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    programs = text[text.index("## Programs") : text.index("## First calls")]
    for case in CASES:
        assert f"\n| {case.name} |" in programs
    for title in tables.COLUMNS.values():
        assert f"| {title} / by hand " in programs
    for title in ("Targets", "First calls", "Growth", "Choosing the version"):
        assert f"\n## {title}\n" in text


def test_the_command_prints_the_programs_asked_for(capsys):
    assert report.main(["--only", "call of x * x", "--rounds", "3"]) == 0
    printed = capsys.readouterr().out
    assert "| call of x * x |" in printed and "autograd / by hand" in printed and "recurrence" not in printed


def test_candidates_that_are_slow_skip_rounds(monkeypatch):
    monkeypatch.setattr(measure, "SHARE", 0.0)
    times = measure.in_turns({"slow": Candidate(sum, ([0.0] * 100_000,))}, rounds=5)["slow"]
    assert [seconds is not None for seconds in times] == [True, True, False, False, False]


def made(name, **seconds):
    case = next(case for case in CASES if case.name.startswith(name))
    return measure.Timing(case, {key.replace("_", " "): [value] * 4 for key, value in seconds.items()})


@pytest.mark.parametrize(("alone", "reached"), [(2.4, True), (2.6, False)])
def test_targets_say_what_is_reached(alone, reached):
    timings = [
        made("recurrence", primal=1.0, by_hand=2.0, srcad_alone=alone, srcad=alone),
        made("scalar loop", primal=1.0, by_hand=2.0, srcad_alone=3.0, srcad=3.0),
        made("network", primal=1.0, by_hand=2.0, srcad_alone=2.0, srcad=2.0, autograd=9.0),
    ]
    start = [("import", 50.0), ("first", 300.0), ("loaded", 50.0)]
    results = targets.Results(timings, [("loop", 10.0, 10.0)], [(0, 100.0), (1, 400.0)], start)
    found = {target.name: target.reached for target in targets.targets(results)}
    assert found["recurrence / function"] is reached
    assert found["scalar loop / function"] and found["vectorised models, called / autograd, the worst"]
    assert not found["choosing the version, ns"] and not found["first call of 100 lines"]
    assert found["`import srcad` beyond NumPy"]

"""Random programs: right, or refused with a place. And the generator, the judge and the reducer themselves."""

import ast
import copy
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from srcad.passes import PASSES
from tests.properties import fuzz
from tests.properties.flow import generate
from tests.properties.generator import Line, Suite

CHUNK = 10
SEEDS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_right_or_refused(first, tmp_path):
    for seed in range(first, first + CHUNK):
        program = generate(seed)
        kind, text = fuzz.outcome(program, tmp_path)
        assert kind not in ("wrong", "broken"), f"seed {seed} is {kind}: {text}\n{program.source}"


def test_programs_are_sound():
    """They parse, nearly all run, and they have every construct they are meant to have."""
    seen, failed = set(), 0
    for seed in range(150):
        program = generate(seed)
        seen.update(type(node).__name__ for node in ast.walk(ast.parse(program.source)))
        names = {}
        exec(compile(program.source, f"<random {seed}>", "exec"), names)
        try:
            names["f"](*copy.deepcopy(program.args))
        except Exception:
            failed += 1
    assert failed <= 3
    wanted = "If For While Break Continue Return AugAssign Subscript Slice IfExp Compare BoolOp List Dict Tuple Call"
    assert seen.issuperset(wanted.split())


def test_the_same_program_in_every_process():
    code = "from tests.properties.flow import generate; print(generate(7).source)"
    texts = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": s},
        )
        for s in ("1", "2")
    ]
    assert texts[0].stdout == texts[1].stdout == generate(7).source + "\n"


def test_the_judge_notices_what_is_wrong():
    right = dict(got=6.0, gradient=(1.0, 2.0), tangent=3.0, value=6.0, want=3.0)
    places = dict(along={0: 1.0, 1: 1.0}, given=(1.0, 2.0, 3), args=(1.0, 2.0, 3))
    assert fuzz.judged(**right, **places) == ("agrees", "")
    for change in (
        dict(got=6.1),
        dict(gradient=(1.0, 2.1)),
        dict(gradient=(1.0, None)),
        dict(tangent=3.1),
        dict(want=3.1),
    ):
        assert fuzz.judged(**{**right, **change}, **places)[0] == "wrong", change
    assert fuzz.judged(**right, **{**places, "given": (1.5, 2.0, 3)})[0] == "wrong"


def test_the_ways_are_drawn_from_the_seed():
    ways = [fuzz.way_of(seed) for seed in range(200)]
    assert ways == [fuzz.way_of(seed) for seed in range(200)]
    assert {way.mode for way in ways} == {"known", "unknown"} and {way.with_value for way in ways} == {True, False}
    assert sum(way == fuzz.Way() for way in ways) > 80 and len({way.argnums for way in ways}) == 5
    without = [way.without for way in ways]
    assert sum(not names for names in without) > 100 and without.count(tuple(PASSES)) >= 10
    assert {name for names in map(fuzz.way_of, range(2000)) if len(names.without) == 1 for name in names.without} == {
        *PASSES
    }


def test_the_ledger_records_each_run(tmp_path, capsys):
    record = tmp_path / "ledger.jsonl"
    found = fuzz.ledger(range(6), tmp_path, record=record)
    fuzz.ledger(range(6, 8), tmp_path, record=record)
    first, second = (json.loads(line) for line in record.read_text().splitlines())
    assert first["seeds"] == [0, 6] and second["seeds"] == [6, 8]
    assert all(first[name] == len(found[name]) for name in fuzz.OUTCOMES)
    assert sum(first["refusals"].values()) == first["refused"]


def test_the_kept_ledger_has_no_failure():
    lines = [json.loads(line) for line in (Path(__file__).parent / "ledger.jsonl").read_text().splitlines()]
    assert lines and not any(line["wrong"] or line["broken"] for line in lines)


def test_reasons_are_without_names():
    assert fuzz.reason("u is changed in place\n  File") == fuzz.reason("v is changed in place")


def test_a_failing_program_is_made_smaller(monkeypatch, tmp_path):
    """The failure here is "contains a `while`": what is left is little more than one."""

    def outcome(program, folder):
        return ("wrong" if "while" in program.source else "agrees"), ""

    monkeypatch.setattr(fuzz, "outcome", outcome)
    program = next(p for p in map(generate, range(100)) if "while" in p.source and len(p.source) > 800)
    small = fuzz.smaller(program, tmp_path)
    assert "while" in small.source
    assert len(small.source.splitlines()) <= 12


def test_cuts_keep_the_last_return():
    tree = (Line("a = 1"), Suite("if a:", (Line("b = 2"),), (Suite("else:", ()),)), Line("return a"))
    cut = list(fuzz.cuts(tree))
    assert (tree[1], tree[2]) in cut
    assert (tree[0], Line("b = 2"), tree[2]) in cut
    assert all(c[-1] == tree[-1] for c in cut)


def test_hash_of_a_text_does_not_depend_on_the_process():
    texts = [f"{random.Random(k).random()}" for k in range(50)]
    assert len({fuzz.hash_text(t) for t in texts}) == 50
    program = generate(3)
    assert replace(program).source == program.source

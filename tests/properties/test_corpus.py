"""Every program on which srcad has failed, made small: right or refused now, and for ever."""

import importlib
from pathlib import Path

import pytest

from tests.properties import fuzz

HERE = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in HERE.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_right_or_refused(name):
    program = importlib.import_module(f"tests.properties.corpus.{name}")
    kind, text = fuzz.verdict(program.f, program.ARGS, program.WAY)
    assert kind in ("agrees", "refused"), f"{kind}: {text}"

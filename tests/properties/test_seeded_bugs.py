"""The fuzzer proves itself: it finds each bug that is put into the compiler, and reports nothing without it."""

import pytest

from tests.properties import fuzz
from tests.properties.flow import generate
from tests.properties.seeded import BUGS, finds

#: Programs within which each bug has to be found. ``python -m tests.properties.seeded`` looks at all of them.
WITHIN = 500


@pytest.mark.parametrize("name", BUGS)
def test_the_fuzzer_finds(name, tmp_path):
    """The first program that fails, from seed 0 upward, does so because of the bug."""
    with BUGS[name].seeded():
        seed = next(finds(range(WITHIN), tmp_path), None)
    assert seed is not None, f"{name} is not found within {WITHIN} programs"
    assert fuzz.outcome(generate(seed), tmp_path)[0] == "agrees"


def test_the_bugs_are_gone_afterwards():
    places = {name: getattr(bug.owner, bug.name) for name, bug in BUGS.items()}
    for bug in BUGS.values():
        with bug.seeded():
            assert getattr(bug.owner, bug.name) not in places.values()
    assert places == {name: getattr(bug.owner, bug.name) for name, bug in BUGS.items()}

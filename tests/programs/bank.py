"""All programs of the bank, in one list."""

from tests.programs import (
    aliasing,
    aliasing_algorithms,
    aliasing_containers,
    aliasing_flow,
    aliasing_stores,
    appendix,
    assignment,
    branches,
    calls,
    container_methods,
    containers,
    courses,
    expressions,
    functions,
    gallery,
    loops,
    mutators_out,
    mutators_stores,
    numerics,
    statements,
    stores,
)
from tests.programs.table import Program

TOPICS = (
    aliasing,
    aliasing_stores,
    aliasing_flow,
    aliasing_containers,
    aliasing_algorithms,
    expressions,
    assignment,
    branches,
    loops,
    stores,
    mutators_out,
    mutators_stores,
    containers,
    container_methods,
    calls,
    functions,
    statements,
    numerics,
    courses,
    gallery,
    appendix,
)

PROGRAMS: list[Program] = [entry for topic in TOPICS for entry in topic.PROGRAMS]

#: One test for each program and each of its inputs, except for programs that go beyond what is promised so far.
RUNS = [(entry, k) for entry in PROGRAMS for k in range(len(entry.inputs)) if not entry.later]
RUN_IDS = [f"{entry.name}-{k}" for entry, k in RUNS]


def named(name: str) -> Program:
    """The program called `name`."""
    (found,) = (entry for entry in PROGRAMS if entry.name == name)
    return found

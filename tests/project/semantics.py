"""For the tests of docs/semantics.md: its rows, and what is expected of a derivative in both modes."""

import re

import numpy as np

import srcad
from tests.project.documents import ROOT

DOCUMENT = ROOT / "docs" / "semantics.md"

_ROW = re.compile(r"^\| `([a-z0-9-]+)` \| \S", re.MULTILINE)


def differences(document, names):
    """Rows without a test, tests without a row, rows that are there twice."""
    rows = _ROW.findall(document)
    tests = {name.removeprefix("test_row_").replace("_", "-") for name in names if name.startswith("test_row_")}
    twice = {row for row in rows if rows.count(row) > 1}
    return set(rows) ^ tests | twice


def derivative_is(f, args, *want):
    """Both modes give `want`, one for each of the first arguments, element by element."""
    found = srcad.grad(f, argnums=tuple(range(len(want))))(*args)
    for k, (got, expected) in enumerate(zip(found, want, strict=True)):
        np.testing.assert_allclose(got, expected, rtol=1e-12)
        for index in np.ndindex(np.shape(expected)):
            direction = np.zeros(np.shape(expected))
            direction[index] = 1.0
            tangents = [None] * len(args)
            tangents[k] = direction if np.shape(expected) else 1.0
            _, tangent = srcad.jvp(f, args, tuple(tangents))
            np.testing.assert_allclose(tangent, np.asarray(expected)[index], rtol=1e-12)


def found_or_refused(kinds, call):
    """The result of `call`; None where it is an error that may be since kinds are not known."""
    try:
        return call()
    except srcad.UnsupportedSyntax as error:
        assert kinds == "unknown" and "fix:" in str(error)
        return None

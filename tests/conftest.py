"""Options and fixtures that all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that rewrite expected texts."""
    group = parser.getgroup("srcad")
    group.addoption("--update-golden", action="store_true", help="rewrite tests/golden where the gradient is right")
    group.addoption("--update-errors", action="store_true", help="rewrite the expected texts in tests/errors")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def update_errors(request: pytest.FixtureRequest) -> bool:
    """Whether the expected texts of errors are to be rewritten."""
    return bool(request.config.getoption("--update-errors"))

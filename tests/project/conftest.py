"""What tests of the documents share."""

import pytest

import srcad


@pytest.fixture(params=["known", "unknown"])
def kinds(request):
    """Everything in the test is compiled with the kinds of arguments known, then once more without."""
    with srcad.compile_options(kinds=request.param == "known"):
        yield request.param

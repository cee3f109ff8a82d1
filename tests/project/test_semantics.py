"""docs/semantics.md, row by row: the value, the user's code, and errors. And each row has a test, each test a row."""

import inspect

import numpy as np
import pytest

import srcad
from tests.project import test_semantics_data, test_semantics_numbers
from tests.project.semantics import DOCUMENT, derivative_is, differences

pytestmark = pytest.mark.usefixtures("kinds")


def test_rows_and_tests_are_the_same():
    assert not differences(
        DOCUMENT.read_text(encoding="utf-8"), [*globals(), *vars(test_semantics_data), *vars(test_semantics_numbers)]
    )


def test_a_row_without_a_test_is_noticed():
    document = "| `one` | holds |\n| `two` | holds |\n| `two` | holds |\n| `four` | holds |\n"
    assert differences(document, ["test_row_one", "test_row_two", "test_row_three", "differences"]) == {
        "two",
        "three",
        "four",
    }


def loss(x, w):
    y = np.sin(x) * w
    for k in range(3):
        y[1:] += 0.1 * k * y[:-1]
    return np.sum(y * y) / 3


X = np.array([0.3, -1.2, 0.7])


def test_row_value():
    cases = [(loss, (X, 0.7)), (lambda x: x[0], (X,)), (lambda x: x * 0.1 + 0.2, (0.7,)), (np_mean, (X.astype("f4"),))]
    for f, args in cases:
        value, _ = srcad.value_and_grad(f)(*args)
        forward, _ = srcad.jvp(f, args, (args[0] * 1.0, *[None] * (len(args) - 1)))
        for got in (value, forward):
            assert type(got) is type(f(*args)) and np.asarray(got).tobytes() == np.asarray(f(*args)).tobytes()


def np_mean(x):
    return np.mean(x * x[::-1])


def unread(x):
    y = x * 2
    y[0] = y[10]  # this line
    return np.sum(x)


def test_row_exceptions():
    calls = [lambda: d(unread)(X) for d in (srcad.grad, srcad.value_and_grad)]
    for call in [*calls, lambda: srcad.jvp(unread, (X,), (X,))]:
        with pytest.raises(IndexError, match="index 10 is out of bounds") as caught:
            call()
        text, first = inspect.getsourcelines(unread)
        line = first + next(k for k, one in enumerate(text) if "this line" in one)
        assert f'{__file__}", line {line}, in unread' in "".join(caught.value.__notes__)


SEEN = []


def seen(v):
    SEEN.append(type(v))
    return v


def watched(x, n, p):
    y = seen(x) * seen(2.0)
    seen(seen(p)["b"])
    for k in range(n):
        y[seen(k) :] += seen(y[0])
    return seen(np.sum(seen(y) * p["a"]))


def test_row_types():
    args = (X, 2, {"a": 2.0, "b": [1, "s"]})
    runs = [lambda: watched(X.copy(), *args[1:]), lambda: srcad.grad(watched)(*args)]
    runs += [lambda: srcad.value_and_grad(watched)(*args), lambda: srcad.jvp(watched, args, (X, None, None))]
    records = []
    for run in runs:
        SEEN.clear()
        run()
        records.append(list(SEEN))
    assert len(records[0]) == 10 and all(record == records[0] for record in records)


def test_row_names(kinds):
    df = srcad.grad(loss, argnums=(0, 1))
    text = df.source_for(X, 0.7)
    space = {"np": np}
    exec(text, space | {"srcad": srcad}, space)
    if kinds == "known":
        assert "srcad" not in text
        for ours, theirs in zip(space["loss_grad"](X, 0.7), df(X, 0.7), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_row_printed():
    df = srcad.grad(unread)
    with pytest.raises(IndexError) as caught:
        df(X)
    running = caught.traceback[-1].frame.code.raw
    assert running.co_name == "unread_grad"
    assert inspect.getsource(running) in df.source + "\n"
    assert df.source == df.source_for(X)


def test_row_unknown_kinds():
    with srcad.compile_options(kinds=True):
        known = srcad.grad(loss, argnums=(0, 1))(X, 0.7)
    with srcad.compile_options(kinds=False):
        unknown = srcad.grad(loss, argnums=(0, 1))(X, 0.7)
    for one, other in zip(known, unknown, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


FACTOR = 2.0


def helper(x):
    return x * x


def reads(x):
    return np.sum(helper(x) * FACTOR)


def test_row_live(monkeypatch):
    df = srcad.grad(reads)
    assert df(3.0) == 12.0
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert df(3.0) == 30.0
    monkeypatch.setitem(globals(), "FACTOR", np.array([1.0, 2.0]))
    assert df(3.0) == 18.0
    monkeypatch.setitem(globals(), "helper", lambda x: x * x * x)
    assert df(3.0) == 81.0
    scale = 2.0
    dg = srcad.grad(lambda x: x * scale)
    assert dg(1.0) == 2.0
    scale = 3.0
    assert dg(1.0) == 3.0


RAN = []


def generator(x):
    RAN.append(1)
    yield x


def evaluates(x):
    RAN.append(1)
    return eval("x * x")


def without_rule(x):
    RAN.append(1)
    return np.nditer(x * x) * x


def stores_outside(x):
    RAN.append(x)
    return x * RAN[-1]


def decided_late(x, f):
    return f(x) * x


REFUSED = [
    (generator, (2.0,), srcad.NonDifferentiable),
    (evaluates, (2.0,), srcad.NonDifferentiable),
    (without_rule, (2.0,), srcad.MissingRule),
    (stores_outside, (2.0,), srcad.UnsupportedSyntax),
    (decided_late, (2.0, np.nditer), srcad.SrcadError),
]


def test_row_never_wrong():
    for f, args, error in REFUSED:
        for call in (lambda: srcad.grad(f)(*args), lambda: srcad.jvp(f, args, (1.0, *[None] * (len(args) - 1)))):
            with pytest.raises(error) as caught:
                call()
            text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
            assert f'"{__file__}", line ' in text and "why:" in text and "fix:" in text


def test_row_before_running():
    RAN.clear()
    for f, args, error in REFUSED[:4]:
        with pytest.raises(error):
            srcad.grad(f)(*args)
    assert not RAN


def test_row_missing_rule():
    with pytest.raises(srcad.MissingRule, match=r"np\.nditer has no derivative rule"):
        srcad.grad(without_rule)(2.0)
    derivative_is(lambda x: np.floor(x) + x, (2.5,), 1.0)

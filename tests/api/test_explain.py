"""`srcad.explain` and the docstring of a derivative: what cuts the paths, what loops keep; in full text."""

import functools
import pydoc
import re

import numpy as np
import pytest

import srcad
from srcad.analysis import kindspec

BRANCH = "it only decides a branch here"
REPEATS = "it only decides how often this loop runs"
CHOOSES = "it only chooses elements or cases here"
FORM = "only a type or a shape is used here"
OVERWRITES = "this overwrites elements, which may depend on it"
INTEGER = "it gives an integer, which is constant between its jumps"
TRUTH = "it gives a truth value, which is constant between its jumps"
STEPS = "it is constant between its jumps"
STOPPED = "srcad.stop_gradient leaves its derivative out"


def shown(function, offset, text, part, why):
    line = function.__code__.co_firstlineno + offset
    caret = " " * text.index(part) + "^" * len(part)
    return f'\n  File "{__file__}", line {line}, in {function.__name__}\n    {text}\n    {caret}\n    {why}'


def branch(x, y):
    if y > 0:
        return x
    return 2.0 * x


def repeated(x, y):
    z = x
    while z < y:
        z = 2.0 * z
    return z


def passes(x, y):
    for _ in range(int(y)):
        x = 2.0 * x
    return x


def chosen(x, y):
    return x[int(y)]


def masked(x, y):
    return np.where(y > 0.0, x, 1.0)


def shaped(x, y):
    return x * len(y)


def unread(x, y):
    return x * 2.0


def rebound(x, y):
    z = y * 2.0
    z = np.exp(x)
    return z * x


def unused(x, y):
    z = y * 2.0
    assert z is not None
    return x


def integer(x, y):
    return x * int(y)


def compared(x, y):
    return x * (y > 1.0)


def stopped(x, y):
    z = srcad.stop_gradient(y)
    return x * z


def cast(x, y):
    counts = y.astype(int)
    return np.sum(x * counts)


def kept_in_integers(x, y):
    counts = np.zeros(3, int)
    counts[0] = y
    return np.sum(x * counts)


def steps(a, b, n):
    return a * np.floor(b) if n == 0 else steps(a, b, n - 1) * a


def in_a_callee(x, y):
    return steps(x, y, 3)


X = np.array([0.5, 1.5, 2.5])

ZERO = [
    (branch, (1.0, 2.0), 1, "if y > 0:", "y > 0", BRANCH),
    (repeated, (1.0, 2.0), 2, "while z < y:", "z < y", REPEATS),
    (passes, (1.0, 2.0), 1, "for _ in range(int(y)):", "range(int(y))", REPEATS),
    (chosen, (X, 2.0), 1, "return x[int(y)]", "x[int(y)]", CHOOSES),
    (masked, (1.0, 2.0), 1, "return np.where(y > 0.0, x, 1.0)", "np.where(y > 0.0, x, 1.0)", CHOOSES),
    (shaped, (1.0, X), 1, "return x * len(y)", "len(y)", FORM),
    (unused, (1.0, 2.0), 1, "z = y * 2.0", "y * 2.0", "what is computed of it here does not reach the result"),
    (integer, (1.0, 2.0), 1, "return x * int(y)", "int(y)", INTEGER),
    (compared, (1.0, 2.0), 1, "return x * (y > 1.0)", "y > 1.0", TRUTH),
    (stopped, (1.0, 2.0), 1, "z = srcad.stop_gradient(y)", "srcad.stop_gradient(y)", STOPPED),
    (cast, (X, X), 1, "counts = y.astype(int)", "y.astype(int)", INTEGER),
    (kept_in_integers, (X, 2.0), 2, "counts[0] = y", "counts[0]",
     "the array holds integers: what is stored in it is rounded"),
]  # fmt: skip


@pytest.mark.parametrize("case", ZERO, ids=lambda case: case[0].__name__)
def test_why_a_gradient_is_zero(case):
    function, args, *place = case
    found = srcad.explain(function, args=args)
    assert found["x"].depends == "yes" and found["x"].reasons == ()
    assert found["y"].depends == "no"
    assert str(found["y"]) == "y: its gradient is zero" + shown(function, *place)
    assert not np.any(srcad.grad(function, 1)(*args))


def test_a_name_that_gets_another_value():
    line = rebound.__code__.co_firstlineno + 2
    why = f"z is computed of it here, and gets another value in line {line}"
    found = srcad.explain(rebound, args=(1.0, 2.0))["y"]
    assert str(found) == "y: its gradient is zero" + shown(rebound, 1, "z = y * 2.0", "y * 2.0", why)


def test_what_no_statement_has_to_do_with():
    found = srcad.explain(unread, args=(1.0, 2.0))
    assert str(found["y"]) == "y: its gradient is zero: no statement reads it"
    found = srcad.explain(unread, args=(1.0, 2))
    assert str(found["y"]) == "y: it has no gradient: int(n) holds no floats" and found["y"].depends == "never"
    assert [argument.name for argument in srcad.explain(unread, 0, args=(1.0, 2)).arguments] == ["x"]


def test_through_recursion_nothing_passes_that_does_not_in_the_end():
    found = srcad.explain(in_a_callee, args=(1.0, 2.0))
    place = shown(steps, 1, "return a * np.floor(b) if n == 0 else steps(a, b, n - 1) * a", "np.floor(b)", STEPS)
    assert str(found["y"]) == "y: its gradient is zero" + place
    assert found["x"].depends == "yes"


def partly(x):
    y = x * np.round(x)
    return np.sum(y)


def overwritten(x, y):
    u = x * 1.0
    u[1] = 2.0
    v = np.zeros(3)
    v[0] = 1.0
    v[1:] = y[1:]
    return u @ v


def overwritten_later(x, n):
    u = np.zeros(3)
    for _ in range(n):
        u[0] = 1.0
        u[:] = u + x
    return np.sum(u)


def test_what_cuts_some_of_the_paths():
    found = srcad.explain(partly, args=(X,))["x"]
    place = shown(partly, 1, "y = x * np.round(x)", "np.round(x)", STEPS)
    assert found.depends == "partly" and str(found) == "x: the result depends on it, but not on every path" + place
    assert found.reasons[0].where.line == partly.__code__.co_firstlineno + 1
    found = srcad.explain(overwritten, args=(X, X))
    place = shown(overwritten, 2, "u[1] = 2.0", "u[1]", OVERWRITES)
    assert str(found["x"]) == "x: the result depends on it, but not on every path" + place
    assert str(found["y"]) == "y: the result depends on it"  # nothing of it was there before the stores
    found = srcad.explain(overwritten_later, args=(X, 3))
    place = shown(overwritten_later, 3, "u[0] = 1.0", "u[0]", OVERWRITES)
    assert str(found["x"]) == "x: the result depends on it, but not on every path" + place


# --- loops ------------------------------------------------------------------------------------------------------------


def newton(a: float, tol: float) -> float:
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def network(w, x, h):
    total = 0.0
    for t in range(len(x)):
        h = np.tanh(w @ h + x[t])
        if t > 0:
            g = np.exp(h[0])
            total += g * g
        k = 0
        while h[0] > 0.5:
            h = h * 0.5
            k += 1
    return total + h @ h


def sines(a, n):
    for _ in range(n):
        a = np.sin(a) * a
    return a if n == 0 else sines(a, n - 1)


def outer(x, n):
    for _ in range(n):
        x = sines(x, n) * x
    return np.sum(x)


def linear(x, n):
    for _ in range(n):
        x = 0.5 * x
    return np.sum(x)


def test_a_loop_in_full():
    first = newton.__code__.co_firstlineno
    assert str(srcad.explain(newton)) == (
        "newton(a: float, tol: float)\n"
        "a: the result depends on it\n"
        "tol: its gradient is zero"
        + shown(newton, 2, "while abs(x * x - a) > tol:", "abs(x * x - a) > tol", REPEATS)
        + f"\nloop in line {first + 2} of newton: while abs(x * x - a) > tol:\n"
        "  x_saved: x (float), 8 bytes per pass\n"
        "    for the adjoint of: x = 0.5 * (x + a / x)\n"
        "A number of Python's counts as 8 bytes; its item in the list is a pointer of 8 bytes more."
    )


def test_loops_in_loops_and_numbers_for_lengths():
    found = srcad.explain(network, args=(np.ones((4, 4)), np.ones((6, 4)), np.ones(4)))
    outer_loop, inner = found.loops
    assert [saved.name for saved in outer_loop.saved] == re.findall(r"(\w+_saved)\.append", found.source)
    by_value = {saved.value: saved for saved in outer_loop.saved if saved.value != "h"}
    passes_ = by_value["the number of passes of a loop"]
    assert (passes_.count, passes_.readers) == (8, ("while h[0] > 0.5:",))
    g = by_value["g"]
    assert (g.sometimes, g.kind, g.readers) == (True, "np.f8", ("g = np.exp(h[0])", "total += g * g"))
    h = next(saved for saved in outer_loop.saved if saved.value == "h" and saved.kind == "f8[n]")
    assert str(h) == (
        f"  {h.name}: h (f8[n]), 8 * n = 32 bytes per pass\n    for the adjoint of: h = np.tanh(w @ h + x[t])"
    )
    assert outer_loop.recomputed == ("t > 0",)
    assert inner.saved == () and "keeps nothing" in str(inner) and inner.count == 0


def test_loops_of_callees():
    found = srcad.explain(outer, args=(X, 2))
    own, inside = found.loops
    assert own.where.function == "outer" and inside.where.function == "sines"
    assert [saved.value for saved in own.saved] == ["x", "sines(x, n)", "what sines(x, n) keeps"]
    assert [saved.bytes for saved in own.saved] == ["8 * n", "8 * n", "?"] and own.count is None
    assert [(s.value, s.readers) for s in inside.saved] == [
        ("a", ("a = np.sin(a) * a",)),
        ("np.sin(a)", ("a = np.sin(a) * a",)),
    ]
    assert "sines_forward" in found.source and "bytes per pass" in str(inside)


def test_sizes():
    cases = {"x: f4[n,d], n: int": "4 * n * d", "x: f8[n-1], n: int": "8 * (n - 1)", "x: f8[3,5], n: int": "120"}
    for text, expected in cases.items():
        found = srcad.explain(outer, 0, kinds=kindspec.parse(text))
        assert found.loops[0].saved[0].bytes == expected
    complex_ = srcad.explain(lambda x, n: abs(outer(x, n)), 0, args=(X + 1j, 2))
    assert complex_.loops[0].saved[0].count == 48
    assert srcad.explain(linear, args=(X, 2)).loops[0].saved == ()
    assert srcad.explain(outer).loops[0].saved[0].bytes == "?"


# --- usage ------------------------------------------------------------------------------------------------------------


def test_of_a_derivative_a_method_and_a_partial_application():
    class Model:
        def loss(self, x, y):
            return x * int(y)

    found = srcad.explain(Model().loss, args=(1.0, 2.0))
    assert [argument.name for argument in found.arguments] == ["x", "y"]
    assert [argument.depends for argument in found.arguments] == ["yes", "no"]
    found = srcad.explain(functools.partial(integer, 3.0), args=(2.0,))
    assert [argument.name for argument in found.arguments] == ["y"]
    found = srcad.explain(srcad.grad(integer, argnums=1), args=(1.0, 2.0))
    assert [argument.name for argument in found.arguments] == ["y"] and found.source.startswith("# kinds")
    assert srcad.explain(integer, argnames="y", args=(1.0, 2.0)).arguments == found.arguments
    assert srcad.explain(lambda: 2.0).arguments == ()


def refused(*args, **options):
    with pytest.raises(srcad.SrcadError) as caught:
        srcad.explain(*args, **options)
    return f"{type(caught.value).__name__}: {caught.value}"


def generator(x):
    yield x


def test_bad_usage():
    assert refused(3) == (
        "ArgumentError: explain needs a function, not int\n  fix: give explain a function that is written in Python"
    )
    assert refused(integer, args=(1.0, 2.0), kinds={}) == (
        "ArgumentError: both args and kinds are given\n  fix: give one of them"
    )
    assert refused(integer, args=1.0) == (
        "ArgumentError: args is of type float, not a tuple\n"
        "  fix: give the arguments in a tuple: srcad.explain(f, args=(x,))"
    )
    assert refused(integer, kinds={"z": None}) == (
        "ArgumentError: integer has no argument 'z'\n  fix: its arguments are x, y"
    )
    assert refused(integer, argnums=2) == (
        "ArgumentError: argnums 2 is out of range: integer has 2 arguments\n  fix: positions are 0 to 1"
    )
    assert refused(srcad.grad(srcad.grad(newton))) == (
        "ArgumentError: explain is given a derivative of newton_grad, which is a derivative itself\n"
        "  fix: explain the function that it is made of"
    )
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        srcad.explain(integer, args=(1.0,))
    with pytest.raises(KeyError):
        srcad.explain(integer)["z"]


def test_what_does_not_compile_gives_the_error_of_grad():
    for function, args in [(generator, (1.0,)), (lambda x: (x, x), (1.0,)), (lambda x: eval("x"), (1.0,))]:
        with pytest.raises(srcad.SrcadError) as caught:
            srcad.grad(function)(*args)
        assert refused(function, args=args) == f"{type(caught.value).__name__}: {caught.value}"


# --- documentation ----------------------------------------------------------------------------------------------------


def documented(x, y):
    """Rounded twice."""
    z = x * np.floor(x)
    return z + y * srcad.stop_gradient(y)


def test_the_documentation_of_a_derivative_lists_the_cuts():
    floor = shown(documented, 2, "z = x * np.floor(x)", "np.floor(x)", STEPS)
    stop = shown(documented, 3, "return z + y * srcad.stop_gradient(y)", "srcad.stop_gradient(y)", STOPPED)
    rest = "\n\nThe documentation of documented:\n\nRounded twice."
    head = "Gradient of documented with respect to x, generated by srcad.\n\nNo derivative goes through"
    df = srcad.grad(documented)
    assert df.__doc__ == head + floor + rest
    both = srcad.value_and_grad(documented, argnums=(0, 1))
    assert both(1.5, 2.0)[1] == (1.0, 2.0)
    assert both.__doc__ == (
        "Value and gradient of documented with respect to x, y, generated by srcad.\n\nNo derivative goes through"
        + floor
        + stop
        + rest
    )
    assert "np.floor(x)" in pydoc.render_doc(df)


def test_it_is_that_of_the_version_that_ran_last():
    def f(x):
        return x * np.sign(x)

    df = srcad.grad(f)
    df(2.0)
    assert "np.sign(x)" in df.__doc__
    with srcad.compile_options(kinds=False):
        df(2.0)
    assert "np.sign" not in df.__doc__  # the sign of a complex number would have a derivative


def test_documentation_never_fails():
    assert srcad.grad(generator).__doc__ == "Gradient of generator with respect to x, generated by srcad."
    assert srcad.grad(srcad.grad(newton)).__doc__.startswith("Gradient of newton_grad with respect to a")
    assert srcad.Derivative.__doc__.startswith("The derivative of a function: what `grad`")
    df = srcad.grad(newton)
    df.__doc__ = "mine"
    assert df.__doc__ == "mine"

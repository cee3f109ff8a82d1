"""The other printer: gradients that ``numba.njit`` compiles, equal to those that NumPy runs; or an error of ours."""

import contextlib
import copy
import io
import math

import numba
import numpy as np
import pytest

import srcad
from srcad.analysis.kindspec import parse
from srcad.callees import Callees
from srcad.codegen.dialects import numba_calls
from srcad.codegen.dialects.named import DIALECTS
from srcad.codegen.dialects.numba import legalise
from srcad.errors import ArgumentError, SrcadError, UnsupportedSyntax
from srcad.ir.verify import verify
from srcad.pipeline import Job, run
from srcad.transform.request import Request
from tests.codegen import numba_bank
from tests.programs import container_methods, mutators_out, mutators_stores
from tests.programs.bank import TOPICS

FACTOR = 2.0


def sqrt_newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def logistic_map(r, x, steps):
    for _ in range(steps):
        x = r * x * (1.0 - x)
    return x


def nested(x, n):
    y = x
    for i in range(n):
        k = 0
        while k < i:
            y = math.sin(y) * y / 2.0 if y > 1 else y + 0.3 * x
            k += 1
    return y


def heat(u, alpha, steps):
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def recurrence(s, steps):
    for _ in range(steps):
        s = s * 0.999 + np.sin(s) * 0.001
    return s.sum()


def neighbours(x):
    t = 0.0
    for i in range(len(x) - 1):
        t += x[i] * x[i + 1]
    return t


def every_third(x, start):
    t = 1.0
    for i in range(start, len(x), 3):
        t *= x[i] + 0.1 * i
    return t


def until_negative(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < -1.0:
            break
        s += x[i] * (s + 1.0)
    return s


def grow(y, r, steps):
    for _ in range(steps):
        y[1:] += r * y[:-1] * y[1:]
    return np.sum(y)


def sums_in_place(u):
    u[1:] += u[:-1]
    u[...] *= 1.5
    return np.sum(u * u)


def logistic(w, b, x, y):
    z = x @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z)


def network(w, u, x):
    h = np.zeros(len(w))
    for t in range(len(x)):
        h = np.tanh(w @ h + u @ x[t])
    return np.sum(h * h)


def cholesky(a):
    n = len(a)
    c = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= c[i, k] * c[j, k]
            c[i, j] = np.sqrt(s) if i == j else s / c[j, j]
    return np.sum(c)


def transposed(a, c):
    b = a * 1.0
    b.T[...] *= c * a
    b[...] += b.T
    b.T[0] = b[1] * 2.0
    return np.sum(b[...] * a)


def centred(x):
    return np.sum((x - x.mean(axis=0, keepdims=True)) ** 2)


def over_rows(x, v):
    t = 1.0
    for row in x:
        t = t * 0.5 + np.tanh(row @ v) * row[0]
    return t


def chosen(x, rows):
    return np.sum(x[rows] ** 3)


def rebound(x, n):
    t = n * 2
    t = t * x
    for _ in range(n):
        t = t * x
    return t


_RNG = np.random.default_rng(7)


def floats(*shape):
    return _RNG.normal(size=shape)


def positive(n):
    a = floats(n, n)
    return a @ a.T + n * np.eye(n)


#: Function, kinds, positions, arguments of several calls.
PROGRAMS = [
    (sqrt_newton, "a: float, tol: float", 0, [(2.0, 1e-3), (30.5, 1e-9), (1.0, 1.0)]),
    (logistic_map, "r: float, x: float, steps: int", (0, 1), [(3.5, 0.3, 10), (2.1, 0.7, 1), (1.0, 0.5, 0)]),
    (nested, "x: float, n: int", 0, [(1.2, 4), (0.3, 7), (5.0, 0)]),
    (heat, "u: f8[n], alpha: float, steps: int", (0, 1), [(floats(6), 0.1, 4), (floats(40), 0.3, 1)]),
    (recurrence, "s: f8[n], steps: int", 0, [(floats(5), 20), (floats(3), 0)]),
    (neighbours, "x: f8[n]", 0, [(floats(5),), (floats(0),), (floats(100),)]),
    (every_third, "x: f8[n], start: int", 0, [(floats(8), 0), (floats(9), 2), (floats(2), 5)]),
    (until_negative, "x: f8[n]", 0, [(floats(4),), (np.array([0.5, 2.0, -3.0, 1.0]),), (np.array([-2.0, 1.0]),)]),
    (grow, "y: f8[n], r: float, steps: int", (0, 1), [(floats(5), 0.1, 3), (floats(7), -0.5, 1)]),
    (sums_in_place, "u: f8[n]", 0, [(floats(6),), (floats(2),)]),
    (logistic, "w: f8[d], b: float, x: f8[n,d], y: f8[n]", (0, 1), [(floats(3), 0.2, floats(5, 3), floats(5))]),
    (network, "w: f8[h,h], u: f8[h,d], x: f8[t,d]", (0, 1, 2), [(floats(3, 3), floats(3, 2), floats(6, 2))]),
    (cholesky, "a: f8[n,n]", 0, [(positive(3),), (positive(5),)]),
    (transposed, "a: f8[n,n], c: float", (0, 1), [(floats(3, 3), 0.7)]),
    (centred, "x: f8[n,m]", 0, [(floats(4, 3),), (np.asfortranarray(floats(3, 5)),)]),
    (over_rows, "x: f8[n,m], v: f8[m]", (0, 1), [(floats(4, 3), floats(3)), (floats(0, 2), floats(2))]),
    (chosen, "x: f8[n,m], rows: i8[k]", 0, [(floats(4, 3), np.array([0, 1, 1, -1]))]),
    (rebound, "x: float, n: int", 0, [(1.1, 3), (-0.7, 2)]),
]  # fmt: skip


def printed(f, kinds, argnums=0, **options):
    """The function that the text for numba defines."""
    text = srcad.dump(f, kinds=parse(kinds), argnums=argnums, dialect="numba", **options)
    scope = {"np": np, "math": math}
    exec(text, scope)
    return next(v for k, v in scope.items() if k.startswith(f.__name__ + "_"))


def compiled(function):
    """The function as machine code; numba's warnings are errors, as all are."""
    return numba.njit(function)


@pytest.mark.parametrize(("f", "kinds", "argnums", "calls"), PROGRAMS, ids=lambda v: getattr(v, "__name__", None))
def test_numba_compiles_the_gradient_to_machine_code_with_the_same_result(f, kinds, argnums, calls):
    ours, wanted = compiled(printed(f, kinds, argnums)), srcad.grad(f, argnums)
    for args in calls:
        before = [np.copy(a) for a in args]
        found, expected = ours(*args), wanted(*args)
        if not isinstance(argnums, tuple):
            found, expected = (found,), (expected,)
        for a, b in zip(found, expected, strict=True):
            assert np.shape(a) == np.shape(b)
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
        for a, b in zip(args, before, strict=True):
            np.testing.assert_array_equal(a, b)
    assert len(ours.nopython_signatures) == len(ours.signatures) > 0
    assert not any(overload.objectmode for overload in ours.overloads.values())


@pytest.mark.parametrize(("f", "kinds", "argnums", "calls"), PROGRAMS, ids=lambda v: getattr(v, "__name__", None))
def test_what_the_dialect_makes_is_ssa(f, kinds, argnums, calls):
    wrt = argnums if isinstance(argnums, tuple) else (argnums,)
    job = run(Job(f, tuple(parse(kinds).values()), Request(wrt, name="g"), "reverse", Callees(f)), until="clean")
    verify(legalise(job.program.entry), stage="simplified")


def test_value_and_tangents_are_printed_from_the_same_ssa():
    ours = compiled(printed(sqrt_newton, "a: float, tol: float", value=True))
    assert ours(2.0, 1e-9) == srcad.value_and_grad(sqrt_newton)(2.0, 1e-9)
    ours = compiled(printed(logistic_map, "r: float, x: float, steps: int", mode="forward"))
    np.testing.assert_allclose(ours(3.5, 0.3, 8, 1.0), srcad.jvp(logistic_map, (3.5, 0.3, 8), (1.0, None, None)))


def test_a_printed_gradient_is_plain_python_too():
    found = printed(chosen, "x: f8[n,m], rows: i8[k]")(*PROGRAMS[-2][3][0])
    np.testing.assert_allclose(found, srcad.grad(chosen)(*PROGRAMS[-2][3][0]))


def test_names_are_apart_where_types_are():
    text = srcad.dump(rebound, kinds=parse("x: float, n: int"), dialect="numba")
    assert "t2 = t * x" in text
    assert "t = t * x" in srcad.dump(rebound, kinds=parse("x: float, n: int"))


def test_numba_does_not_look_for_overlaps_so_a_copy_is_printed():
    """Without it the loop would read what it has just written: the sums of all items before."""
    text = srcad.dump(sums_in_place, kinds=parse("u: f8[n]"), dialect="numba")
    assert "u[1:] += u[:-1].copy()" in text
    assert ".copy()" not in text.replace("u = u.copy()", "").replace("[1:] += u[:-1].copy()", "").partition("#")[0]
    unsafe = numba.njit(lambda u: sums_unsafely(u))
    assert unsafe(np.ones(4))[-1] == 4.0


@numba.njit
def sums_unsafely(u):
    u[1:] += u[:-1]
    return u


# -- what the dialect does not print -----------------------------------------------------------------------------------


def reads_global(x):
    return x * FACTOR


def has_unknown_kind(x):
    return np.sum(x * x)


def begins_with_an_integer(x):
    t = 0
    for i in range(len(x)):
        t += x[i] * x[i]
    return t


def calls_what_numba_lacks(x):
    return np.sum(np.cumsum(x))


def maximum_along_an_axis(x):
    return np.sum(x.max(axis=1))


def power_of_integers(x, n):
    return x * n ** (n - 3)


def recursive(x, n):
    return x if n == 0 else x * recursive(x, n - 1)


def in_a_context(x):
    with np.errstate(all="ignore"):
        y = x * x
    return y


def over_pairs(x):
    t = 0.0
    for i, v in enumerate(x):
        t += i * v
    return t


def prints(x):
    print("x")
    return x * x


def of_a_list(xs):
    return xs[0] * xs[1]


def of_functions(x, g):
    return x * x


def of_single_precision(x):
    return np.sum(x * 2.0)


REFUSED = [
    (reads_global, "x: float", "a read of the global 'FACTOR'", "return x * FACTOR"),
    (has_unknown_kind, "", "'x' is of kind f8[any]", "def has_unknown_kind(x):"),
    (begins_with_an_integer, "x: f8[n]", "'t' is of kind number", "for i in range(len(x)):"),
    (calls_what_numba_lacks, "x: f8[n]", "numpy.cumsum", "return np.sum(np.cumsum(x))"),
    (maximum_along_an_axis, "x: f8[n,m]", "ndarray.max", "return np.sum(x.max(axis=1))"),
    (power_of_integers, "x: float, n: int", "_operator.pow", "return x * n ** (n - 3)"),
    (recursive, "x: float, n: int", "'recursive", "return x if n == 0 else x * recursive(x, n - 1)"),
    (in_a_context, "x: float", "errstate", 'with np.errstate(all="ignore"):'),
    (over_pairs, "x: f8[n]", "builtins.enumerate", "for i, v in enumerate(x):"),
    (prints, "x: float", "builtins.print", 'print("x")'),
    (of_a_list, "xs: list[float]", "the argument 'xs', a list,", "def of_a_list(xs):"),
    (of_functions, "x: float, g: any", "'g' is of kind ?", "def of_functions(x, g):"),
    (of_single_precision, "x: f4[n]", "'x' is of kind f4[n]", "def of_single_precision(x):"),
]


@pytest.mark.parametrize(("f", "kinds", "named", "line"), REFUSED, ids=lambda v: getattr(v, "__name__", None))
def test_what_the_dialect_lacks_is_a_located_error(f, kinds, named, line):
    with pytest.raises(UnsupportedSyntax) as caught:
        printed(f, kinds)
    message = str(caught.value)
    assert named in message.splitlines()[0] and "numba" in message.splitlines()[0]
    assert message.splitlines()[2].strip() == line
    assert "why: " in message and "fix: " in message


def test_an_unknown_dialect_is_named():
    with pytest.raises(ArgumentError, match="there is no dialect 'fortran'"):
        srcad.dump(reads_global, dialect="fortran")
    assert set(DIALECTS) == {"numpy", "numba"}


# -- the table is true -------------------------------------------------------------------------------------------------


def called(functions, call):
    """One function that gives the results of all, so that numba compiles them together."""
    names = {f"f{k}": f for k, f in enumerate(functions)}
    scope = dict(names)
    exec(f"def every(x, y):\n    return ({', '.join(call.format(name) for name in names)},)", scope)
    return scope["every"]


X, Y = np.array([0.3, 0.7, 0.2]), np.array([0.5, 0.1, 0.9])
ARRAY_METHODS = [f for f in numba_calls.ARRAYS if f is getattr(np.ndarray, f.__name__, None)]


@pytest.mark.parametrize(
    ("functions", "call", "x", "y"),
    [
        (numba_calls.UNARY, "{}(x)", X, Y),
        ([f for f in numba_calls.UNARY if f not in (np.arccosh,)], "{}(x)", 0.4, 0.0),
        (numba_calls.PAIRS, "{}(x, y)", X, Y),
        (numba_calls.PAIRS, "{}(x, y)", 0.4, 0.7),
        ([f for f in numba_calls.NUMBERS if f is not math.acosh], "{}(x)", 0.4, 0.0),
        ([f for f in numba_calls.ARRAYS if f not in ARRAY_METHODS], "{}(x)", X, Y),
    ],
    ids=["unary", "unary of numbers", "binary", "binary of numbers", "math", "whole arrays"],
)
def test_numba_has_what_the_table_says(functions, call, x, y):
    every = called(functions, call)
    with np.errstate(invalid="ignore"):
        wanted = every(x, y)
    for found, expected, function in zip(numba.njit(every)(x, y), wanted, functions, strict=True):
        if function is not np.empty_like:
            np.testing.assert_allclose(found, expected, rtol=1e-13, err_msg=str(function))


def test_numba_has_the_methods_of_the_table():
    source = ", ".join(f"x.{f.__name__}()" for f in ARRAY_METHODS)
    scope = {}
    exec(f"def every(x):\n    return ({source},)", scope)
    for found, expected in zip(numba.njit(scope["every"])(X), scope["every"](X), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert len(ARRAY_METHODS) == 5


# -- the bank of programs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.__name__.rpartition(".")[2])
def test_every_program_is_printed_or_refused_with_its_line(topic):
    """The text for numba is Python, too: there its gradient is that of the text for NumPy."""
    count = 0
    for entry in topic.PROGRAMS:
        args = entry.inputs[0]
        try:
            gradient, values = numba_bank.printed(entry, args)
        except SrcadError as error:
            assert error.where is not None or not isinstance(error, UnsupportedSyntax), error
            continue
        count += 1
        wanted = srcad.grad(entry.fn, entry.argnums)(*copy.deepcopy(args))
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            assert numba_bank.same(gradient(*values), wanted), entry.name
    assert count or topic in (container_methods, mutators_out, mutators_stores)

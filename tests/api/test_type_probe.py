"""User code sees the same types with and without differentiation: nothing is wrapped, traced or replaced.

A probe in the code writes down what it is shown, in that order; the records of the primal and of each derivative are
compared. First in programs written for it, then in every program of the bank, whose assignments, parameters and loop
variables are shown to the probe.
"""

import copy
import functools
import operator
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.rules.registry import unregister
from tests.api import probing
from tests.api.probing import SEEN, condition, probe
from tests.programs import bank, modes, numeric
from tests.programs.table import Program, arr, program


@pytest.fixture(autouse=True, scope="module")
def _accepted():
    with probing.accepted():
        yield


def numbers(x, k, flag):
    probe(x, k, flag)
    y = x * k
    z = y if flag else k
    probe(y, z, x**2, k // 2, -x, x > 1.0, not flag)
    y += k
    probe(y, float(y), int(k), bool(x), abs(x), round(k), divmod(k, 2))
    return y * z


def arrays(v, A, k):
    probe(v, A, A.T, v[0], A[0], A[:, 1], v[1:], v[k], v[:, None], A[...], v[::-1])
    w = A @ v
    s = w.sum()
    probe(w, s, w.shape, len(w), w.mean(), np.zeros(3), np.float64(s), v > 0.0, np.argsort(v))
    probe(np.sum(A, axis=0), np.sum(A, axis=0, keepdims=True), w.astype(np.float32), w.T.copy(), w.tolist())
    return s + w[0]


def changed(v, n):
    y = v * v
    window = y[1:]
    probe(y, window)
    window *= v[0]
    y[0] = v[1]
    probe(y, window, y[0])
    for i in range(n):
        y[i] += window[0]
        probe(i, y, y[i:])
    return (y * v).sum()


def changed_argument(v, c):
    probe(v)
    v[0] = c * v[1]
    probe(v, v[1:])
    v *= c
    probe(v)
    return v.sum()


def in_containers(x, v):
    pair = (x, v)
    items = [x, v[1:], [x * x]]
    named = {"a": x, "b": pair, "c": v * x}
    probe(pair, items, named, {1, 2}, None, "text", b"bytes", range(3), slice(1, 2), {})
    items.append(named["a"] * 2.0)
    items[0] = v
    named["d"] = items[0][1]
    probe(items, named, list(named), named.get("e"), items.pop(), named.pop("b"))
    probe(*items)
    first, *rest = items
    probe(first, rest)
    return named["d"] * rest[1][0]


def given_containers(pair, items, table):
    probe(pair, items, table)
    total = 0.0
    for key, value in table.items():
        probe(key, value)
        total += value * pair[0]
    for k, item in enumerate(items):
        probe(k, item)
        total = total + item * pair[1]
    for a, b in zip(items, pair):
        probe(a, b)
    items[0] = total
    table["b"] = items[0] * 2.0
    probe(items, table)
    return items[0] * table["b"]


def in_loops(v, A):
    total = 0.0
    for row in A:
        probe(row)
        for x in row:
            probe(x)
            total = total + x * v[0]
    for i in range(len(v)):
        if i == 2:
            break
        probe(i, v[i])
        total += v[i]
        probe(total)
    else:
        probe("not reached")
    for i in reversed(range(2)):
        probe(i)
    return total


def in_branches(x, v):
    if x > 0.0:
        y = v * x
        probe(y)
    elif x > -1.0:
        y = x
        probe(y)
    else:
        probe(x)
        return x * x
    probe(y)
    match (x, v):
        case (a, b):
            probe(a, b)
    return np.sum(y) * x


def in_conditions(x, v):
    k = 0
    while condition(x) and x < 3.0 and condition(k):
        x = x + v[k % 2] ** 2
        k += 1
        probe(x, k)
    y = x if condition(v) else 0.0
    return y * x


def in_comprehensions(v, xs):
    squares = [x * x for x in xs if condition(x)]
    table = {k: x for k, x in enumerate(xs) if condition(k) and condition(x)}
    total = sum(x * v[0] for x in squares if condition(x))
    probe(squares, table, total)
    return total + table[1] + np.sum(np.array([x * v[0] for x in v if condition(x)]))


def helper(x, v, scale=2.0, *rest, **named):
    probe(x, v, scale, rest, named)
    y = x * v * scale
    probe(y)
    return y, y.sum()


def recursive(v, n):
    probe(v, n)
    if n == 0:
        return v
    w = recursive(v * 0.5, n - 1) + v
    probe(w)
    return w


def changes(u, c):
    probe(u, c)
    u[0] *= c
    probe(u, u[0])
    return u


def goes_down(u, n):
    probe(u, n)
    if n > 0:
        u[n] += u[0]
        goes_down(u[:-1], n - 1)


def in_callees(x, v):
    y, s = helper(x, v)
    probe(y, s)
    z, t = helper(s, y[1:], 1.0)
    probe(z, t)
    w = recursive(y, 2)
    probe(w, changes(w, x), changes(w[1:], x))
    goes_down(w, 2)
    probe(w)
    return w.sum() * t


def in_local_functions(x, v):
    count = 0

    def step(a, b=v):
        nonlocal count
        count += 1
        probe(a, b, x, count)
        return a * b

    y = step(x)
    z = step(y, x)
    power = functools.partial(np.power, 2.0)
    scale = lambda t: (probe(t), t * x)[1]
    probe(y, z, functools.reduce(operator.add, [x, x * x]), list(map(scale, [x, y])), power(3.0))
    return z.sum()


def function_values(x, v):
    probe(np.sin, helper, operator.itemgetter(0), operator.attrgetter("T"), operator.methodcaller("sum"), np, float)
    first = operator.itemgetter(0, 1)
    probe(first, operator.methodcaller("sum", axis=0))
    a, b = first(v)
    return a * b * x


class Model:
    def __init__(self, w, b):
        self.w = w
        self.b = b


def objects(model, x):
    probe(model, model.w, x)
    y = model.w @ x + model.b
    probe(y, model.b * y, [model])
    return y * y


def small_types(v, w, z):
    probe(v, w, z)
    y = v * w
    s = y[0] * z
    probe(y, s, y.sum(), v[0], w.astype(float), v * 2.0, v * np.float64(2.0))
    return s * y.sum()


def read_only(v):
    probe(v, v[1:], v * 1.0)
    return (v * v).sum()


def constant(v):
    v = v.copy()
    v.flags.writeable = False
    return v


WRITTEN = [
    program(numbers, (1.5, 3, True), (np.float64(1.5), 3, False), (np.float32(0.5), np.int64(4), True)),
    program(arrays, (arr(3), arr(2, 3), 1), (arr(3), np.asfortranarray(arr(2, 3)), np.int64(1)), argnums=(0, 1)),
    program(changed, (arr(4), 2), (arr(3), 0), (arr(8)[::2], 1), known_only=True),
    program(changed_argument, (arr(4), 0.7), (arr(8)[::2], 0.7), argnums=(0, 1)),
    program(in_containers, (0.7, arr(3)), argnums=(0, 1)),
    program(given_containers, ((0.7, 1.5), [1.5, -0.5], {"a": 2.0}), argnums=(0, 1, 2), known_only=True),
    program(in_loops, (arr(3), arr(2, 2)), argnums=(0, 1)),
    program(in_branches, (0.7, arr(3)), (-0.5, arr(3)), (-2.0, arr(3))),
    program(in_conditions, (0.7, arr(2))),
    program(in_comprehensions, (arr(3), [0.5, 1.5]), (arr(3), (0.5, np.float64(1.5))), argnums=0),
    program(in_callees, (0.7, arr(4)), argnums=(0, 1), known_only=True),
    program(in_local_functions, (0.7, arr(4)), argnums=(0, 1)),
    program(function_values, (0.7, arr(2))),
    program(objects, (Model(arr(3), 0.4), arr(3)), argnums=1),
    program(small_types, (arr(3).astype(np.float32), np.arange(1, 4), np.float32(0.5))),
    program(read_only, (constant(arr(3)),)),
]
WAYS = ("gradient_only", "value_and_gradient", "pushforward")


def seen_by(run, *args) -> list[Any]:
    SEEN.clear()
    run(*args)
    return list(SEEN)


def derivative(entry: Program, args, way: str):
    if way != "pushforward":
        return getattr(modes, way)(entry, args)
    along = {i: numeric.direction(args[i], np.random.default_rng([3, i])) for i in entry.wanted}
    return modes.pushforward(entry, args, along)


def difference(entry: Program, args, way: str, want: list[Any] | None = None) -> str:
    """Where the derivative shows the probe something else than the primal does; empty where it does not."""
    want = seen_by(entry.fn, *copied(args)) if want is None else want
    got = seen_by(derivative, entry, copied(args), way)
    assert want
    pairs = zip(want, got, strict=False)
    unlike = [f"{k}: {got_one}, not {one}" for k, (one, got_one) in enumerate(pairs) if one != got_one]
    return "; ".join(unlike + [f"{len(got)} records, not {len(want)}"] * (len(got) != len(want)))


def copied(args):
    """A copy of arguments; an array that is not writeable stays so."""
    made = copy.deepcopy(args)
    for one, other in zip(numeric.leaves(args), numeric.leaves(made), strict=True):
        if isinstance(one, np.ndarray):
            other.flags.writeable = one.flags.writeable
    return made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize(
    ("entry", "k"),
    [(entry, k) for entry in WRITTEN for k in range(len(entry.inputs))],
    ids=lambda value: value.name if isinstance(value, Program) else str(value),
)
def test_written_programs(entry, k, mode, way):
    with modes.compiling(mode):
        if entry.is_promised(direction(way), mode):
            assert not difference(entry, entry.inputs[k], way)
            return
        try:
            assert not difference(entry, entry.inputs[k], way)
        except srcad.InternalError:
            raise
        except srcad.SrcadError:
            pass


KEPT: list[Any] = []


def keep(value):
    KEPT.append(value)


@pytest.mark.parametrize("mode", modes.MODES)
def test_getters_that_are_kept_are_getters(mode):
    """A getter that leaves the function is what the primal makes, and works where it is called later."""

    def f(x, k):
        first = operator.itemgetter(k)
        keep(first)
        keep(operator.attrgetter("T"))
        keep(operator.methodcaller("sum", axis=0))
        return first((x, x * x))

    srcad.nondifferentiable(keep, kind="none", impure=True)
    KEPT.clear()
    try:
        with modes.compiling(mode):
            assert srcad.value_and_grad(f)(1.5, 1) == (2.25, 3.0)
    finally:
        unregister(keep)
    A = arr(2, 3)
    item, attribute, method = KEPT
    assert item("ab") == "b" and attribute(A).base is A
    assert np.array_equal(method(A), A.sum(axis=0))


def test_a_difference_is_found():
    """Code that sees another type in the derivative, because its own function says so, fails the comparison."""
    calls = iter([1.0, np.float64(1.0)])

    def told(x):
        probe(next(calls))
        return x

    def twice(x):
        probe(x)
        return x

    assert seen_by(told, 1.0) != seen_by(told, 1.0)
    assert seen_by(twice, 1.0) == seen_by(twice, 2.0) != seen_by(twice, 1)
    assert probing.looks([np.zeros(2)]) != probing.looks([np.zeros(2, np.float32)]) != probing.looks((np.zeros(2),))


#: Programs in which the probe is given a local function, a generator or an iterator: such a value is followed while
#: compiling only as far as it is called, so that showing it to a function is refused.
NOT_FOLLOWED = set(
    """
    all_forms_of_arguments call_with_function chained_generators chosen_by_a_condition closures_with_defaults
    composed continuation counter_with_nonlocal decorated_callee forwarded_arguments
    function_from_a_factory lambda_local late_binding layers_of_functions map_and_filter
    nested_partials picked_by_name recursion_with_a_function returned_function small_network
    solver_with_closures table_of_operators
    """.split()
)


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probed")
    return functools.cache(lambda topic: probing.with_probes(topic, folder))


@pytest.fixture(scope="module")
def primal():
    """The records of the primal by its name, kept from its first run."""
    return {}


@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize("topic", bank.TOPICS, ids=lambda topic: topic.__name__.rpartition(".")[2])
def test_the_bank(topic, mode, probed, primal):
    found, compared = [], 0
    for entry in probed(topic).PROGRAMS:
        if entry.name not in primal:  # a function with a cache runs only once
            primal[entry.name] = seen_by(entry.fn, *copied(entry.inputs[0]))
        for way in WAYS:
            try:
                with modes.compiling(mode):
                    unlike = difference(entry, entry.inputs[0], way, primal[entry.name])
                compared += 1
            except srcad.InternalError:
                raise
            except srcad.SrcadError as error:
                refused = entry.name in NOT_FOLLOWED or not entry.is_promised(direction(way), mode)
                unlike = "" if refused or mode == "unknown" else str(error)
            found += [f"{entry.name}, {way}: {unlike}"] * bool(unlike)
    assert not found, "\n".join(found)
    assert compared


def direction(way: str) -> str:
    return "forward" if way == "pushforward" else "reverse"

"""Arguments that share memory which the function changes: NumPy's semantics, in both modes."""

import copy
import linecache
import random

import numpy as np
import pytest

import srcad
from srcad import grad, jvp, value_and_grad
from tests.api.shared import SIZE, check, memory
from tests.programs import modes

every_mode = pytest.mark.parametrize("mode", modes.MODES)


def scaled(u, v):
    u[1:] += v[:-1] * u[1:]
    return np.sum(u * v)


def swept(u, v):
    for i in range(4):
        u[i] = u[i] * v[i + 1] + v[0]
        v[2] *= u[1]
    return np.sum(u * u) + u[0] * v[2]


def buffers(a, b):
    for _ in range(3):
        t = a.copy()
        a[...] = np.sin(b)
        b[1:] = t[1:] * b[:-1]
        if a[0] > 0.3:
            b -= 0.1 * a
    return np.sum(a * b)


def table(a, b, c):
    a[:, 0] = b[0] * c[0]
    b[1] += a[1, 2]
    return np.sum(a * a) + np.sum(b) + np.sum(c * c)


def only_read(u, v):
    w = u * v
    w[0] = 2.0 * w[1]
    return np.sum(w * w)


def one_changes(u, v, k):
    v[k] = u[0] * u[1]
    return np.sum(u * u * v[0])


def masked(u, v):
    u[v > 1.0] *= 0.5
    v[[0, 2]] = u[[1, 1]] * v[3]
    return np.sum(u * v * v)


def products(u, v):
    u *= v
    v -= 0.5
    return np.sum(u * v * v)


def strided(u):
    u[0] = u[1] * 2.0
    return u @ u


ARRAYS = [
    (scaled, "the same", lambda m: (m[2:8], m[2:8])),
    (scaled, "overlapping", lambda m: (m[2:8], m[4:10])),
    (scaled, "backwards", lambda m: (m[8:2:-1], m[4:16:2])),
    (scaled, "interleaved", lambda m: (m[0:12:2], m[1:13:2])),
    (scaled, "apart, one strided", lambda m: (m[0:12:2], m[12:18])),
    (swept, "overlapping", lambda m: (m[2:8], m[1:9])),
    (swept, "the other way", lambda m: (m[1:9], m[2:8])),
    (buffers, "the same", lambda m: (m[2:8], m[2:8])),
    (buffers, "overlapping", lambda m: (m[2:8], m[3:9])),
    (buffers, "mirrored", lambda m: (m[2:8], m[7:1:-1])),
    (table, "pieces of rows", lambda m: (m.reshape(4, 6), m[3:7], m[20:])),
    (table, "transposed", lambda m: (m.reshape(6, 4).T, m[3:7], m[20:])),
    (table, "a block", lambda m: (m.reshape(4, 6)[1:3, ::2], m[8:12], m[12:14])),
    (masked, "overlapping", lambda m: (m[2:8], m[4:10])),
    (masked, "the same", lambda m: (m[2:8], m[2:8])),
    (products, "overlapping", lambda m: (m[2:8], m[4:10])),
    (products, "the same", lambda m: (m[2:8], m[2:8])),
    (strided, "strided", lambda m: (m[::3],)),
    (strided, "backwards", lambda m: (m[::-1],)),
]


#: Refused in reverse mode where kinds are unknown: names are changed in place or bound anew, as their kinds decide.
NEED_KINDS = (buffers, products)


@every_mode
@pytest.mark.parametrize(
    ("f", "layout"), [(f, m) for f, _, m in ARRAYS], ids=[f"{f.__name__}-{n}" for f, n, _ in ARRAYS]
)
def test_arrays(f, layout, mode):
    if mode == "unknown" and f in NEED_KINDS:
        with pytest.raises(srcad.UnsupportedSyntax):
            check(f, layout, (0, 1), mode)
        return check(f, layout, (0, 1), mode, reverse=False)
    check(f, layout, tuple(range(len(layout(memory())))), mode)
    check(f, layout, (0,), mode)


@every_mode
@pytest.mark.parametrize("argnums", [(0,), (1,), (0, 1)])
def test_an_argument_that_is_not_changed_itself(argnums, mode):
    check(one_changes, lambda m: (m[2:8], m[4:10], 1), argnums, mode)


def test_nothing_changes():
    """Without a change there is nothing to follow: names for one memory are arguments like any others."""
    x = np.array([1.0, 2.0, 3.0])
    assert "memory" not in grad(only_read).source_for(x, x)
    np.testing.assert_array_equal(grad(only_read)(x, x), grad(only_read)(x, x.copy()))
    np.testing.assert_array_equal(grad(lambda a, b: np.sum(a * b))(x, x), x)


def in_a_list(u, items):
    u[0] = items[0][1] * 3.0
    return items[0][0] * items[1] + np.sum(items[0] ** 2) + u[1]


def in_a_dict(u, d):
    u *= d["w"]
    d["w"][1:] += u[:-1]
    return np.sum(d["w"] * d["w"]) * np.sum(u)


def two_items(items):
    items[0][1] = items[1][0] * items[0][1]
    return np.sum(items[0] * items[1])


def nested(u, tree):
    tree["layers"][1][0][0] = u[0] * u[1]
    u[2:] *= 2.0
    return np.sum(tree["layers"][0][0] * u) + tree["layers"][1][0][1]


CONTAINERS = [
    (in_a_list, "list", lambda m: (m[2:8], [m[1:9], 2.0])),
    (in_a_list, "tuple", lambda m: (m[2:8], (m[1:9], 2.0))),
    (in_a_dict, "dict", lambda m: (m[2:8], {"w": m[1:7], "k": 3})),
    (two_items, "list", lambda m: ([m[2:8], m[3:9]],)),
    (two_items, "twice", lambda m: ([m[2:8], m[2:8]],)),
    (two_items, "tuple", lambda m: ((m[2:8], m[3:9]),)),
    (nested, "nested", lambda m: (m[2:8], {"layers": [(m[4:10],), (m[7:12], 1.0)], "name": "n"})),
]


@every_mode
@pytest.mark.parametrize(
    ("f", "layout"), [(f, m) for f, _, m in CONTAINERS], ids=[f"{f.__name__}-{n}" for f, n, _ in CONTAINERS]
)
def test_arrays_in_containers(f, layout, mode):
    """Right in forward mode; in reverse mode right, or refused with a place in the source."""
    wanted = tuple(range(len(layout(memory()))))
    check(f, layout, wanted, mode, reverse=False)
    try:
        check(f, layout, wanted, mode)
    except srcad.UnsupportedSyntax as error:
        assert error.where is not None, error


def grows(items, others):
    items.append(others[0] * 2.0)
    return items[-1] * others[-1] + len(others)


def test_one_list_for_two_arguments():
    items = [1.5, 2.0]
    value, tangent = jvp(grows, (items, items), ([1.0, 0.0], None))
    assert value == grows([1.5, 2.0], a := [1.5, 2.0]) or a
    assert items == [1.5, 2.0]
    twice = [1.5, 2.0]
    assert value == grows(twice, twice) == 3.0 * 3.0 + 3
    assert tangent == 2.0 * 3.0 * 2.0


class Holder:
    def __init__(self, w):
        self.w = w


outside = np.array([1.0, 2.0, 3.0])


def reads_an_object(u, holder):
    u[1] = holder.w[0] * u[0]
    return u @ u


def reads_a_global(u):
    u[1] = outside[0] * u[0]
    return u @ u + outside[1]


class Namespace:
    table = outside


def reads_an_attribute(u):
    u[1] = Namespace.table[0] * u[0]
    return u @ u + Namespace.table[1]


def changes_a_global(u):
    outside[0] = 1.0
    return u[0] * u[1]


def closure():
    w = outside

    def reads_a_variable(u):
        u[1] = w[0] * u[0]
        return u @ u + w[1]

    return reads_a_variable


def whole(u):
    u *= u[0]
    return np.sum(u)


def typed(u, v):
    u[0] = v[0] * 2.0
    return np.sum(u)


REFUSED = [
    (
        reads_an_object,
        lambda: (outside, Holder(outside[1:])),
        "argument 'u' of reads_an_object shares memory with 'holder'",
    ),
    (reads_a_global, lambda: (outside,), "argument 'u' of reads_a_global shares memory with data"),
    (reads_an_attribute, lambda: (outside[1:],), "argument 'u' of reads_an_attribute shares memory with data"),
    (changes_a_global, lambda: (outside,), "argument 'u' of changes_a_global shares memory with data"),
    (closure(), lambda: (outside,), "argument 'u' of reads_a_variable shares memory with data"),
    (whole, lambda: (np.lib.stride_tricks.as_strided(memory(), (3, 2), (8, 8)),), "parts of argument 'u' of whole"),
    (typed, lambda: ((m := memory()), m.view(np.int64)), "argument 'u' of typed shares memory with 'v'"),
    (typed, lambda: ((m := memory()), np.lib.stride_tricks.sliding_window_view(m, 2)[0]), None),
    (
        scaled,
        lambda: ((m := memory())[:4], np.broadcast_to(m[1:2], 4)),
        "argument 'u' of scaled shares memory with 'v'",
    ),
]


@every_mode
@pytest.mark.parametrize(
    ("f", "args", "words"), REFUSED, ids=[f"{f.__name__}-{k}" for k, (f, _, _) in enumerate(REFUSED)]
)
def test_what_copies_cannot_keep(f, args, words, mode):
    """A located error where possible; never a number for another program."""
    given = args()
    before = copy.deepcopy(given)
    with modes.compiling(mode):
        for derivative in (grad(f), lambda *a: jvp(f, a, (np.ones(a[0].shape), *(None for _ in a[1:])))):
            if words is None:
                derivative(*given)
                continue
            with pytest.raises(srcad.UnsupportedSyntax, match=words):
                derivative(*given)
    np.testing.assert_array_equal(given[0], before[0])
    if words is not None:
        with modes.compiling(mode):
            assert grad(f)(*copy.deepcopy(given)[:1], *given[1:]) is not None


def test_the_bits_of_a_strided_sum():
    """BLAS adds in another order where elements are not next to each other: copies keep that they are not."""
    random_numbers = np.random.default_rng(0)
    for size in (7, 33, 100, 1000, 1003):
        for step in (2, 3, -1):
            base = random_numbers.normal(size=size * abs(step))
            value, _ = value_and_grad(strided)(base[::step])
            assert value == strided(base.copy()[::step])
            assert jvp(strided, (base[::step],), (np.ones(size),))[0] == value


def test_the_choice_of_the_version():
    """Ordinary calls keep the ordinary code; each pattern has a version of its own, which is found again."""
    df = grad(scaled)
    m = memory()
    calls = {
        "apart": (m[:6], m[6:12]),
        "same": (m[:6], m[:6]),
        "overlap": (m[:6], m[2:8]),
        "strided": (m[:12:2], m[18:]),
    }
    texts = {name: df.source_for(*args) for name, args in calls.items()}
    assert "u = u.copy(order='K')" in texts["apart"] and "memory" not in texts["apart"]
    assert texts["same"].startswith("# kinds: u: f8[n], v: f8[m]; memory as given: u, v\n")
    assert texts["strided"].startswith("# kinds: u: f8[n], v: f8[m]; memory as given: u\n")
    assert texts["same"] == texts["overlap"]
    results = {name: df(*copy.copy(args)) for name, args in calls.items()}
    for _ in range(2):
        for name, args in calls.items():
            np.testing.assert_array_equal(df(*args), results[name])
            assert df.source == texts[name]
    assert len(df._versions) == 3


def test_twice_differentiated():
    def f(u, v):
        u[1] = v[0] * u[0] * v[1]
        return np.sum(u * v * v)

    df = grad(f)
    m = memory()[:5]

    def at(t):
        moved = m.copy()
        moved[:4] += t
        return df(moved[:4], moved[1:])

    _, tangent = jvp(df, (m[:4], m[1:]), (np.ones(4), None))
    np.testing.assert_allclose(tangent, (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-7)


def written(seed):
    """A random function of three arrays of six numbers, and layouts in which they overlap."""
    choice = random.Random(seed)
    names = "uvw"

    def part():
        return f"{choice.choice(names)}[{choice.choice(['1:4', '2:5', '0:3', '5:2:-1', '0:6:2', '4:1:-1'])}]"

    def element():
        return f"{choice.choice(names)}[{choice.randrange(6)}]"

    lines = ["def f(u, v, w):"]
    for _ in range(choice.randrange(2, 6)):
        indent = "    "
        form = choice.randrange(6)
        if form == 0:
            lines.append(f"{indent}for i in range(3):")
            indent += "    "
        elif form == 1:
            lines.append(f"{indent}if {element()} > 1.0:")
            indent += "    "
        right = choice.choice([f"np.sin({part()})", f"{part()} * {part()}", f"0.5 * {part()} + {element()}", element()])
        lines.append(f"{indent}{part()} {choice.choice(['=', '+=', '*=', '-='])} {right}")
    lines.append("    return np.sum(u * v) + np.sum(w * w) * u[0]")

    def view():
        start, step = choice.randrange(0, 6), choice.choice([1, 1, 2, -1])
        return slice(start + 5, start - 1 if start else None, -1) if step < 0 else slice(start, start + 6 * step, step)

    views = [view() for _ in names]
    return "\n".join(lines) + "\n", lambda m: tuple(m[view] for view in views)


@pytest.mark.parametrize("seed", range(20))
def test_random_programs(seed):
    text, layout = written(seed)
    filename = f"<shared arguments {seed}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    scope = {"np": np, "__name__": "shared"}
    exec(compile(text, filename, "exec"), scope)
    assert all(len(view) == 6 for view in layout(np.zeros(SIZE)))
    try:
        check(scope["f"], layout, (0, 1, 2), "known" if seed % 4 else "unknown")
    except srcad.UnsupportedSyntax as error:
        assert seed % 4 == 0 and error.where is not None  # which memory a name stands for takes kinds to know
    except AssertionError as error:
        raise AssertionError(f"{text}\n{layout(np.arange(SIZE))}") from error

"""Forward mode: tangents share memory exactly as values do, containers are mirrored, results are what a person wants.

Each program runs with known and with unknown kinds, its tangent compared with central differences in a random
direction, its value with the primal's bit for bit, and its arguments and directions with what they were before.
"""

import copy
import inspect
import math
import re

import numpy as np
import pytest

import srcad
from srcad.errors import UnsupportedSyntax
from srcad.ir.dims import Dim
from srcad.ir.kinds import FLOAT, INT, Array
from tests.programs import modes, numeric
from tests.programs.table import arr

# --- references to one array ----------------------------------------------------------------------


def view_of_view(v):
    y = v * 1.0
    a = y[1:]
    b = a[::2]
    b *= v[0]
    a[1] = v[1] * 2.0
    return (y * v).sum() + b[1]


def base_changed_view_read(v):
    y = v * 2.0
    head = y[:2]
    y[0] = v[3] ** 2
    return head[0] * y[1] + head.sum()


def swap_in_loop(u, n):
    v = np.zeros_like(u)
    for _ in range(n):
        v[1:] = u[:-1] * u[1:]
        v[0] = u[0]
        u, v = v, u
    return (u * u).sum() + v[0]


def swap_buffers_with_update(u, n):
    a, b = u * 1.0, u * 0.5
    for k in range(n):
        a[k] += b[k + 1] * a[k + 1]
        a, b = b, a
    return (a * u).sum() - (b * b).sum()


def update_of_alias(v):
    y = v * 1.0
    z = y
    z += v * v
    y *= 2.0
    return (z * v).sum()


def array_in_list_changed_later(v):
    y = v * 1.0
    parts = [y, v * 2.0]
    y[0] = v[1] * v[2]
    parts[1][2] = y[0]
    return (parts[0] * parts[1]).sum()


def array_in_list_changed_through_list(v):
    y = np.zeros(4)
    parts = [y]
    parts[0][1:3] = v[:2] * v[2:]
    parts[0] += v
    return (y * y).sum()


def array_in_dict(v):
    y = v * 1.0
    table = {"y": y, "z": np.ones(4)}
    table["y"][1] *= v[0]
    table["z"][2:] -= table["y"][:2]
    y[0] = 3.0
    return (table["y"] * table["z"]).sum()


def array_in_tuple(v):
    y = v * 1.0
    pair = (y, y[1:])
    pair[1][0] = v[0] * 5.0
    return pair[0].sum() * pair[0][1]


def conditional_alias(v, c):
    a, b = v * 1.0, v * 2.0
    w = a if c > 0.5 else b
    w[0] = v[1] * c
    return (a * a * b).sum()


def conditional_alias_untaken(v, c):
    a, b = v * 1.0, v * 2.0
    if c > 5.0:
        w = a
    else:
        w = b
    w *= c
    return (a * a * b).sum()


def alias_of_inactive(v):
    y = np.zeros(4)
    z = np.ones(4)
    w = y if v[0] > -100.0 else z
    w[1] = v[0] * v[1]
    return y.sum() * z.sum()


def rows_in_place(A):
    B = A * 1.0
    for row in B:
        row *= row[0]
        row[1] += 1.0
    return (B * A).sum()


def rows_in_place_zip(A, v):
    B = A * 1.0
    for row, x in zip(B, v):
        row += x * row
    return (B * B).sum()


def columns_in_place(A):
    B = A * 1.0
    for column in B.T:
        column -= column.mean()
    return (B * B * A).sum()


def transpose_changed(A):
    B = A * 1.0
    C = B.T
    C[0] = A[:, 1] * 2.0
    B[1] += C[0, 0]
    return (C @ A).sum()


def overlapping_slices(v):
    y = v * 1.0
    y[1:] += y[:-1]
    y[:-1] = y[1:] * v[0]
    y[1:] = y[:-1]
    return (y * v).sum()


def in_place_on_itself(v):
    b = v * 1.0
    b *= b
    b += b
    b -= 0.1 * b * b
    b /= b + 2.0
    return (b * v).sum()


def in_place_on_own_view(v):
    b = v * 1.0
    b[1:] *= b[:-1]
    b *= b[::-1]
    return (b * v).sum()


def power_in_place(v):
    b = v * v + 1.0
    b **= b
    return b.sum()


def argument_changed(v):
    v[0] = v[1] * v[2]
    v *= 2.0
    return (v * v).sum()


def view_of_argument_changed(v):
    w = v[1:]
    w[0] = v[3] ** 2
    return (v * v).sum()


def reshaped_view(v):
    A = v.reshape(2, 2)
    B = A * 1.0
    flat = B.ravel()
    flat[1] = v[0] * v[1]
    return (B @ A).sum()


def buffers_in_list(v, n):
    buffers = [v * 1.0, v * 0.5]
    for k in range(n):
        new, old = buffers[k % 2], buffers[1 - k % 2]
        new += old * old * 0.1
        new[k] = old[0]
    return (buffers[0] * buffers[1]).sum()


def list_of_rows_reordered(A):
    rows = [row for row in A * 1.0]
    rows.reverse()
    rows[0] += rows[1]
    last = rows.pop()
    last *= 2.0
    rows.insert(0, last)
    return (rows[0] * rows[1]).sum() + rows[2][0]


def two_names_in_containers(v):
    y = v * 1.0
    a = [y]
    b = {"k": y}
    a[0][0] = v[1] ** 2
    b["k"] *= v[0]
    return (y * a[0]).sum()


def copy_is_apart(v):
    y = v * 1.0
    z = y.copy()
    w = y + 0.0
    y[0] = v[1]
    y += 1.0
    return (y * z * w).sum()


def same_tangent_apart(v):
    y = v + 1.0
    z = y + 2.0
    z *= v
    z[0] = 0.0
    return (y * z).sum()


def same_tangent_apart_first(v):
    y = v * 3.0
    z = y + 2.0
    y *= v
    return (y * z).sum()


def alias_through_loop(v, n):
    y = v * 1.0
    w = y
    for k in range(n):
        w[k] = w[k + 1] * v[k]
        w = w[::-1]
    return (y * v).sum() + w[0]


def matrix_in_place(A, v):
    B = A * 1.0
    B @= A
    B += v
    return (B * A).sum()


def masked_and_fancy(v):
    y = v * 1.0
    y[y > 0.0] *= 2.0
    y[[0, 2]] = y[[2, 0]] * v[1]
    y[[0, 0, 1]] += v[0]
    return (y * v).sum()


def accumulator_becomes_active(v):
    total = np.zeros(4)
    seen = total
    for k in range(3):
        total += v * k
        total[k] *= v[0]
    return (seen * v).sum()


def numpy_stores(v):
    y = v * 1.0
    np.copyto(y, v * v)
    np.add.at(y, [0, 0], v[1])
    np.put(y, [2], v[0] * v[3])
    y.fill(v[0] + y[0])
    A = np.zeros((4, 4))
    np.fill_diagonal(A, v * y)
    return (A @ v).sum() + y.sum()


def swapped_items(v):
    y = v * 1.0
    y[1], y[0] = y[0], y[1]
    y[:2] = y[1::-1]
    y[...], z = y[::-1], y.sum()
    return (y * v).sum() * z


def unpacked_rows(v):
    y = np.stack([v, v * 2.0])
    a, b = y
    a += b
    b[0] = a[1]
    return (y * v).sum()


ALIASING = [
    (numpy_stores, (arr(4),)),
    (swapped_items, (arr(4),)),
    (unpacked_rows, (arr(4),)),
    (view_of_view, (arr(5),)),
    (base_changed_view_read, (arr(4),)),
    (swap_in_loop, (arr(4), 3)),
    (swap_buffers_with_update, (arr(5), 3)),
    (update_of_alias, (arr(4),)),
    (array_in_list_changed_later, (arr(4),)),
    (array_in_list_changed_through_list, (arr(4),)),
    (array_in_dict, (arr(4),)),
    (array_in_tuple, (arr(4),)),
    (conditional_alias, (arr(4), 0.8)),
    (conditional_alias, (arr(4), 0.2)),
    (conditional_alias_untaken, (arr(4), 0.8)),
    (alias_of_inactive, (arr(4),)),
    (rows_in_place, (arr(3, 4),)),
    (rows_in_place_zip, (arr(3, 4), arr(3))),
    (columns_in_place, (arr(3, 4),)),
    (transpose_changed, (arr(3, 3),)),
    (overlapping_slices, (arr(5),)),
    (in_place_on_itself, (arr(4),)),
    (in_place_on_own_view, (arr(4),)),
    (power_in_place, (arr(4),)),
    (argument_changed, (arr(4),)),
    (view_of_argument_changed, (arr(4),)),
    (reshaped_view, (arr(4),)),
    (buffers_in_list, (arr(4), 3)),
    (list_of_rows_reordered, (arr(3, 4),)),
    (two_names_in_containers, (arr(4),)),
    (copy_is_apart, (arr(4),)),
    (same_tangent_apart, (arr(4),)),
    (same_tangent_apart_first, (arr(4),)),
    (alias_through_loop, (arr(4), 3)),
    (matrix_in_place, (arr(3, 3), arr(3))),
    (masked_and_fancy, (arr(4),)),
    (accumulator_becomes_active, (arr(4),)),
]


def stores_through_flat(v):
    y = v * 1.0
    y.flat[1] = v[0]
    return y.sum()


def changes_what_may_be_shared(v):
    y = v * 1.0
    z = y.astype(float, copy=False)
    z[0] = v[1]
    return y.sum()


@pytest.mark.parametrize("fn", [stores_through_flat, changes_what_may_be_shared])
def test_what_cannot_be_followed_is_an_error(fn):
    with pytest.raises(UnsupportedSyntax, match="File"):
        srcad.jvp(fn, (arr(3),), (np.ones(3),))


# --- containers -----------------------------------------------------------------------------------


def zip_with_inactive(xs, ys):
    total = 0.0
    for x, y in zip(xs, ys):
        total += x * y
    return total


def nested_iteration(xs, ys):
    total = 0.0
    for k, (x, (j, y)) in enumerate(zip(xs, enumerate(ys))):
        total += k * x * y + j
    return total


def iterators_as_values(xs, ys):
    pairs = list(zip(xs, ys))
    rows = tuple(enumerate(xs))
    back = list(reversed(xs))
    table = dict(zip(["a", "b"], xs))
    return pairs[0][0] * pairs[1][1] + rows[1][1] * rows[1][0] + back[0] * table["a"] + sum(reversed(ys))


def sorting(xs, x):
    up = sorted(xs)
    down = sorted(xs, reverse=True)
    far = sorted(xs, key=abs)
    xs = [*xs, x]
    xs.sort(key=math.sin)
    return up[0] * 2.0 + down[0] ** 2 + far[-1] * 3.0 + xs[1] * xs[0]


def list_surgery(xs, x):
    ys = xs[1:] + [x * x] + xs[:1] * 2
    ys.remove(x * x)
    ys.extend([x, 2])
    ys[1:2] = [x**3, 1.0]
    del ys[0]
    ys.insert(1, xs[0])
    zs = ys.copy()
    zs[0] = 0.0
    ys *= 2
    return sum(a * b for a, b in zip(ys, zs)) + ys.pop() * ys[-2]


def dict_surgery(table, x):
    other = {**table, "n": 3}
    other.update(c=x * table["a"])
    other |= {"d": x}
    value = other.pop("a") * other.setdefault("e", x * 2.0) + other.get("zz", x)
    for key in list(other):
        value = value + other[key] * len(key)
    return value + sum(v * v for v in other.values())


def comprehensions(xs, x):
    squares = [t * x for t in xs if t > 0.0]
    table = {k: t * x for k, t in enumerate(xs)}
    return sum(squares) * table[1] + max(t * t for t in xs)


def named_rows(points):
    total = 0.0
    for name, (a, b) in points.items():
        total += a * b * len(name)
    return total


CONTAINERS = [
    (zip_with_inactive, ([0.3, 0.9], [1.5, -0.4])),
    (nested_iteration, ([0.3, 0.9], [1.5, -0.4])),
    (iterators_as_values, ([0.3, 0.9], [1.5, -0.4])),
    (sorting, ([0.9, -1.3, 0.4], 0.6)),
    (list_surgery, ([0.9, -1.3, 0.4], 0.6)),
    (dict_surgery, ({"a": 0.5, "bb": 1.5}, 0.7)),
    (comprehensions, ([0.9, -1.3, 0.4], 0.6)),
    (named_rows, ({"p": (0.5, 1.5), "qq": (0.7, -0.2)},)),
]


def directions(args, wanted):
    return {k: numeric.direction(args[k], np.random.default_rng([5, k])) for k in wanted}


def check(fn, args, wanted):
    along = directions(args, wanted)
    given, kept = copy.deepcopy((args, along)), (args, along)
    value, tangent = srcad.jvp(fn, given[0], tuple(given[1].get(k) for k in range(len(args))))
    want = fn(*copy.deepcopy(args))
    assert type(value) is type(want) and np.array_equal(value, want)
    differences = numeric.central(fn, args, along)
    assert numeric.close(tangent, differences, 1e-7, abs(float(want))), f"{tangent}, want {differences}"
    assert repr(given) == repr(kept), "the caller's data has changed"


PROGRAMS = ALIASING + CONTAINERS


@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize(("fn", "args"), PROGRAMS, ids=[f"{fn.__name__}-{k}" for k, (fn, _) in enumerate(PROGRAMS)])
def test_tangent(fn, args, mode):
    wanted = [k for k, a in enumerate(args) if not isinstance(a, int)]
    with modes.compiling(mode):
        check(fn, args, wanted)


@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize(
    ("fn", "args"), [p for p in PROGRAMS if len(p[1]) > 1], ids=lambda p: getattr(p, "__name__", "")
)
def test_tangent_in_the_first_argument_alone(fn, args, mode):
    with modes.compiling(mode):
        check(fn, args, [0])


# --- results --------------------------------------------------------------------------------------


def several_results(x, v, n):
    return x * 2.0, [v * x, v], {"n": n, "x": x}, "name", (n, None), v


def test_results_of_any_structure():
    v, v_dot = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    value, tangent = srcad.jvp(several_results, (3.0, v, 2), (1.0, v_dot, None))
    assert value[0] == 6.0 and value[2] == {"n": 2, "x": 3.0} and value[5] is v
    assert (
        tangent[0] == 2.0 and tangent[2] == {"n": None, "x": 1.0} and tangent[3] is None and tangent[4] == (None, None)
    )
    assert np.array_equal(tangent[1][0], v_dot * 3.0 + v) and np.array_equal(tangent[1][1], v_dot)
    assert np.array_equal(tangent[5], v_dot) and not np.shares_memory(tangent[5], v_dot)


def inactive_results(x, v):
    y = np.floor(v)
    return y, int(x), x > 0.0, math.floor(x) * 1.0, np.argsort(v), v.shape


@pytest.mark.parametrize("mode", modes.MODES)
def test_inactive_results(mode):
    v = np.array([1.5, 0.5, 2.5])
    with modes.compiling(mode):
        value, tangent = srcad.jvp(inactive_results, (1.5, v), (1.0, np.ones(3)))
    assert np.array_equal(tangent[0], np.zeros(3)) and tangent[0].shape == value[0].shape
    assert tangent[1] is None and tangent[2] is None and tangent[3] == 0.0 and tangent[4] is None
    assert tangent[5] in (None, (None,))


def broadcast_result(x, v):
    return np.broadcast_to(x, (3,)) + 0.0 * v, np.ones((2, 3)) + v, v[None, :] * np.ones((2, 1))


@pytest.mark.parametrize("mode", modes.MODES)
def test_tangents_of_results_have_their_shape_and_are_writable(mode):
    with modes.compiling(mode):
        value, tangent = srcad.jvp(broadcast_result, (1.5, np.ones(3)), (2.0, np.arange(3.0)))
    assert [t.shape for t in tangent] == [y.shape for y in value]
    assert all(t.flags.writeable for t in tangent)
    assert np.array_equal(tangent[1], np.broadcast_to(np.arange(3.0), (2, 3)))


def raises_index(v):
    y = v * 2.0
    z = y[10]
    return z


def raises_in_a_store(v):
    y = v * 2.0
    y[10] = v[0]
    return y.sum()


def raises_domain(x):
    x = math.log(x - 2.0) + x
    return x


def raises_division(x):
    x = 1.0 / (x - x) + x
    return x


@pytest.mark.parametrize(
    ("fn", "args"),
    [(raises_index, (arr(3),)), (raises_in_a_store, (arr(3),)), (raises_domain, (2.0,)), (raises_division, (2.0,))],
)
def test_exceptions_are_those_of_the_primal(fn, args):
    with pytest.raises(Exception) as want:
        fn(*args)
    with pytest.raises(type(want.value), match=re.escape(str(want.value))):
        srcad.jvp(fn, args, tuple(np.ones_like(a) if isinstance(a, np.ndarray) else 1.0 for a in args))


def ravelled(A):
    B = A * 1.0
    flat = B.ravel()
    flat[1] = 5.0
    return B.sum() * A[0, 0]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("tangent_order", ["C", "F"])
def test_a_view_or_a_copy_by_memory_order(order, tangent_order):
    A = np.array([[1.0, 2.0], [3.0, 4.0]], order=order)
    along = np.array([[0.5, 0.1], [0.2, -0.3]], order=tangent_order)
    value, tangent = srcad.jvp(ravelled, (A,), (along,))
    assert value == ravelled(A)
    same = np.array(along, order=order)  # differences, too, must move in memory of the array's order
    assert numeric.close(tangent, numeric.central(ravelled, (A,), {0: same}), 1e-8, 1.0)


def iterates(values):
    total = 0.0
    for x in values:
        total = total + x * x
    return total


def test_tangents_of_a_container_fit_it():
    value, tangent = srcad.jvp(iterates, ([1.0, 2.0, 3],), ([0.5, None, None],))
    assert (value, tangent) == (14.0, 1.0)


def with_unknown_in_place(x, v):
    x += v
    x *= 2.0
    x **= 2
    return (x * v).sum() if isinstance(x, np.ndarray) else x * v


def test_augmented_assignment_of_what_may_be_a_number_or_an_array():
    with modes.compiling("unknown"):
        check(with_unknown_in_place, (1.5, 0.5), [0, 1])
        check(with_unknown_in_place, (arr(3), arr(3, seed=1)), [0, 1])


# --- looks ----------------------------------------------------------------------------------------


KINDS = {
    "x": FLOAT,
    "y": FLOAT,
    "n": INT,
    "v": Array("f8", (Dim.fresh("n"),)),
    "A": Array("f8", (Dim.fresh("m"), Dim.fresh("k"))),
}


def written(fn, wrt=(0,)):
    """The lines of the forward derivative, for arguments of the kinds that their names say."""
    kinds = {name: KINDS[name] for name in inspect.signature(fn).parameters}
    return srcad.dump(fn, mode="forward", argnums=wrt, kinds=kinds).splitlines()[1:]


def straight(x, y):
    z = x * y + math.sin(x)
    return z * z


def test_tangents_stand_behind_their_statement():
    assert written(straight, (0, 1)) == [
        "def straight_jvp(x, y, x_dot, y_dot):",
        "    z = x * y + math.sin(x)",
        "    z_dot = y * x_dot + x * y_dot + math.cos(x) * x_dot",
        "    value = z * z",
        "    value_dot = 2 * z * z_dot",
        "    return value, value_dot",
    ]


def rebinding(x, n):
    for _ in range(n):
        x = x * 0.5 + 1.0 / x
    return x


def test_tangents_stand_before_a_statement_that_rebinds_what_they_read():
    assert written(rebinding) == [
        "def rebinding_jvp(x, n, x_dot):",
        "    for _ in range(n):",
        "        x_dot = 0.5 * x_dot - x_dot / (x * x)",
        "        x = x * 0.5 + 1.0 / x",
        "    return x, x_dot",
    ]


def stores(v, y):
    u = v * y
    u[1:] += y * u[:-1]
    u *= y
    return u


def test_stores_are_followed_by_the_same_store():
    assert written(stores) == [
        "def stores_jvp(v, y, v_dot):",
        "    u = v * y",
        "    u_dot = y * v_dot",
        "    u[1:] += y * u[:-1]",
        "    u_dot[1:] += y * u_dot[:-1]",
        "    u *= y",
        "    u_dot *= y",
        "    return u, u_dot",
    ]


def rows(A, v):
    total = 0.0
    for row, x in zip(A, v):
        total += x * row[0]
    return total


def test_loops_run_over_values_and_tangents():
    assert written(rows) == [
        "def rows_jvp(A, v, A_dot):",
        "    total = 0.0",
        "    total_dot = 0.0",
        "    for (row, x), row_dot in zip(zip(A, v), A_dot):",
        "        total = total + x * row[0]",
        "        total_dot += x * row_dot[0]",
        "    return total, total_dot",
    ]

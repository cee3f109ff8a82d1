"""Arrays and lists in containers under several names: what is changed through one of them is right or refused."""

import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_forward, agrees_if_known, agrees_or_is_refused


def extended(v):
    a = v * 2
    ys = [a]
    xs = []
    xs.extend(ys)
    xs[0][0] = v[1] * v[2]
    return (a * a).sum()


def updated(v):
    a = v * 2
    d = {}
    d.update({"k": a})
    d["k"][0] = v[1] * v[2]
    return (a * a).sum()


def merged_in_place(v):
    a = v * 2
    d = {}
    d |= {"k": a}
    b = d["k"]
    b[0] = v[1] * v[2]
    return (a * a).sum()


def default_of_get(v):
    a = v * 2
    d = {"z": v * 3}
    b = d.get("q", a)
    b[0] = v[1] * v[2]
    return (a * a).sum()


def taken_by_popitem(v):
    a = v * 2
    d = {"z": a}
    k, b = d.popitem()
    b[0] = v[1] * v[2]
    return (a * a).sum()


def default_of_setdefault(v, k):
    a = v * 2
    d = {}
    b = d.setdefault(k, a)
    b[0] = v[1] * v[2]
    return (a * a).sum() + d[k].sum()


def slice_of_a_list(v):
    a = v * 2
    xs = [v * 3, a]
    ys = xs[1:]
    ys[0][0] = v[1] * v[2]
    return (a * a).sum()


def slice_replaced(v):
    a = v * 2
    xs = [v * 3]
    xs[0:1] = [a, a]
    xs[1][0] = v[1] * v[2]
    return (a * a).sum() + (xs[0] ** 3).sum()


def popped(v):
    a = v * 2
    xs = [a]
    b = xs.pop()
    b[0] = v[1] * v[2]
    return (a * a).sum()


def repeated(v):
    a = v * 2
    xs = [v, a] * 2
    xs[1][0] = v[1] * v[2]
    return (xs[3] * a).sum()


def keyword_of_dict(v):
    a = v * 2
    d = dict(k=a)
    d["k"][0] = v[1] * v[2]
    return (a * a).sum()


def zipped_dict(v):
    a = v * 2
    d = dict(zip(["k"], [a]))
    d["k"][0] = v[1] * v[2]
    return (a * a).sum()


def row_extended(x):
    row = [x]
    xs = []
    xs.extend([row, row])
    row.append(x * x)
    return xs[1][1] * xs[0][0]


def row_in_a_dict(x):
    row = [x]
    d = {}
    d.setdefault("r", row)
    d["r"].append(x * x)
    return row[1] * row[0]


def merged(v):
    a = v * 2
    d = {"p": a}
    e = {**d}
    f = d | {"q": v}
    e["p"][0] = v[1] * v[2]
    return (f["p"] ** 2).sum()


def updated_by_keyword(v):
    a = v * 2
    d = {"p": a}
    d.update(q=a)
    d["q"][0] = v[1] * v[2]
    return (d["p"] ** 2).sum()


def iterated(v):
    a = v * 2
    xs = [a]
    xs.insert(0, a)
    xs.reverse()
    for y in xs:
        y[0] = v[1] * v[2]
    return (a**2).sum()


def rows_of_a_matrix(m):
    xs = []
    c = m * 2
    xs.extend(c)
    xs[0][0] = m[1, 1] * m[0, 0]
    return (c * c).sum()


def sorted_pairs(v):
    a = v * 2
    xs = sorted([(2, a), (1, v)], key=lambda p: p[0])
    xs[1][1][0] = v[1] * v[2]
    return (a * a).sum()


def sorted_list(v):
    a = v * 2
    xs = [a]
    xs.sort(key=lambda p: p[0])
    xs[0][0] = v[1] * v[2]
    return (a * a).sum()


def same_array_twice(v):
    a = v * 2
    xs = [a]
    b = xs.pop()
    xs.append(b)
    xs.append(a)
    c = xs.pop(0)
    return (a * b).sum() + (c * c * xs[0]).sum()


def copies_of_lists(v):
    xs = [v]
    ys = xs.copy()
    ys[0] = ys[0] * 2
    xs.append(ys[0])
    zs = xs + ys
    zs.pop(0)
    ys.extend(zs)
    return sum(((k + 1) * (p * p).sum() for k, p in enumerate(ys))) + sum((p**3).sum() for p in xs)


def copies_of_dicts(v):
    d = {"a": v}
    e = d.copy()
    e["a"] = e["a"] * v
    f = {**d, **e}
    d.update(f)
    g = dict(d)
    g["b"] = v[::-1]
    d["a"] = d["a"] * 2
    return (d["a"] * g["a"] * g["b"]).sum() + e["a"].sum() + (f["a"] ** 2).sum()


def rotated_arrays(v, n):
    xs = [v * k for k in range(4)]
    t = 0.0
    for i in range(n):
        a = xs.pop(0)
        b = xs[0]
        a2 = a * b
        xs.append(a2)
        xs.append(a2)
        t += (a2 * a).sum()
        xs.pop(1)
    return t + sum((x * x).sum() for x in xs)


def history_of_pairs(x, n):
    hist = []
    best = [x]
    for i in range(n):
        hist.append([x * i, x + i])
        if i % 2:
            hist.pop()
        last = hist[-1]
        best.append(last[0] * last[1])
    hist.reverse()
    return sum(best) + hist[0][1] * hist[-1][0]


def multiplied(x):
    xs = [x, x * x]
    xs *= 2
    ys = xs * 1
    xs[0] = xs[1] * 3
    ys += xs
    ys *= 1
    return sum(((k + 1) * a for k, a in enumerate(ys))) * xs[0]


def argument(xs):
    xs.append(xs[0] * xs[1])
    xs.pop(0)
    return sum(((k + 1) * (p * p).sum() for k, p in enumerate(xs)))


def mixed_items(v):
    xs = [v, v[:1].sum(), 2.0]
    a = xs.pop()
    b = xs.pop()
    xs.extend([a, b])
    return (xs[0] * xs[1]).sum() * xs[2]


def complex_items(z, n):
    xs = [z.astype(complex)]
    for i in range(n):
        xs.append(xs[-1] * (1 + 0.5j))
    a = xs.pop(0)
    return float(0) + (abs(xs[-1]) ** 2).sum() + (a * a).real.sum()


V = arr(3)

REFUSED = [
    program(extended, (V,)),
    program(updated, (V,)),
    program(merged_in_place, (V,)),
    program(default_of_get, (V,)),
    program(taken_by_popitem, (V,)),
    program(default_of_setdefault, (V, "k")),
    program(slice_of_a_list, (V,)),
    program(slice_replaced, (V,)),
    program(popped, (V,)),
    program(repeated, (V,)),
    program(keyword_of_dict, (V,)),
    program(zipped_dict, (V,)),
    program(row_extended, (0.7,)),
    program(row_in_a_dict, (0.7,)),
    program(merged, (V,)),
    program(updated_by_keyword, (V,)),
    program(iterated, (V,)),
    program(rows_of_a_matrix, (arr(2, 2),)),
    program(sorted_pairs, (V,)),
    program(sorted_list, (V,)),
]

PROGRAMS = [
    program(same_array_twice, (V,)),
    program(copies_of_lists, (V,)),
    program(copies_of_dicts, (V,)),
    program(rotated_arrays, (V, 3)),
    program(history_of_pairs, (0.7, 5)),
    program(multiplied, (0.7,)),
    program(mixed_items, (V,)),
    program(complex_items, (V, 2)),
]

KNOWN = [program(argument, ([V, V * 2],))]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    agrees(entry)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_derivatives_where_kinds_are_known(entry):
    agrees_if_known(entry)


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry.name)
def test_a_change_under_another_name(entry):
    """Right in forward mode; in reverse mode right or refused."""
    agrees_forward(entry)
    agrees_or_is_refused(entry)

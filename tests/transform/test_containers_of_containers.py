"""Lists and dicts that change and go by several names: in each other, chosen by branches, carried by loops."""

import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_forward, agrees_if_known


def lists_under_run_time_keys(x, keys):
    d = {}
    for i, k in enumerate(keys):
        d.setdefault(k, []).append(x * (i + 1))
    for v in d.values():
        v.reverse()
        v.insert(0, v[-1] * x)
    p = d.pop(keys[0])
    p.sort()
    d["all"] = p + [x]
    return sum(sum(((j + 1) * a * a for j, a in enumerate(v))) for v in d.values()) + p[0]


def rows_of_every_length(x, n):
    rows = [[x * i] for i in range(n)]
    for r in rows:
        r.append(r[0] * x)
    last = rows.pop()
    last.extend([x, x * x])
    rows.insert(0, last)
    rows.reverse()
    rows[0].clear()
    rows[-1].pop(0)
    del rows[1][0]
    rows[1] += [x * 3]
    return sum(sum(((k + 1) * a * a for k, a in enumerate(r))) for r in rows) + last[0]


def buffers_in_a_queue(v, n):
    bufs = [v * (k + 1) for k in range(3)]
    t = 0.0
    for i in range(n):
        b = bufs.pop(0)
        b[0] = b[1] * bufs[0][2]
        bufs.append(b)
        if i % 2:
            bufs.reverse()
        t += (b * bufs[1]).sum()
    bufs.insert(1, v * 2)
    bufs[1][1] += v[0] ** 2
    return t + sum(((k + 1) * (b * b).sum() for k, b in enumerate(bufs)))


def one_of_two_lists(x, flag):
    a = [x, x * x]
    b = [x * 3]
    c = a if flag else b
    c.append(x + 1)
    c.insert(0, c[-1] * x)
    y = c.pop(1)
    c.sort()
    a.reverse()
    return sum(((k + 1) * v * v for k, v in enumerate(a))) + sum(((k + 1) * v for k, v in enumerate(b))) * y


def lists_carried_by_a_loop(x, n):
    cur = [x]
    prev = [x * x]
    for i in range(n):
        nxt = cur + [prev[-1] * x]
        prev, cur = (cur, nxt)
        if i == 1:
            prev.append(x * 7)
            prev.pop(0)
        cur[0] = cur[0] * x
    return sum(cur) * sum(prev)


def arrays_under_two_names_of_a_dict(v):
    d = {"a": v * 2, "b": v * 3}
    e = d
    w = e.pop("a")
    w[0] = v[1] ** 2
    e["c"] = w
    e.update({"b": w * 2})
    e["b"][1] = v[2] * w[0]
    d.setdefault("q", w)[2] = v[0]
    g = d.get("zz", w)
    g[1] = v[0] * v[1]
    return sum(((k + 1) * (a * a).sum() for k, a in enumerate(d.values()))) + (w**3).sum()


def stack_of_lists(x, n):
    st = [[x, 1.0]]
    t = 0.0
    while st:
        a = st.pop()
        t += a[0] * a[0] * a[1]
        if len(a) < n:
            a.append(t)
            a[1] = a[1] * x
            st.append(a)
            if len(a) == 3 and len(st) < 2:
                st.insert(0, [t * x, x, x])
    return t


def a_list_twice_in_a_list(x, n):
    xs = [x, x * 2]
    ys = xs
    zs = [xs, ys, [x]]
    for i in range(n):
        zs[i % 3].append(x * i + 1)
        zs[0].pop(0)
    zs[2] *= 2
    xs[0:1] = [x**3, x]
    del ys[-1]
    return sum(((k + 1) * v * v for k, v in enumerate(ys))) + sum(zs[2]) * len(xs)


def perhaps_a_copy(x, flag):
    xs = [x, x * 2, x * 3]
    if flag:
        ys = xs
    else:
        ys = xs.copy()
    ys.pop(0)
    ys.extend(xs)
    ys.remove(x * 2)
    return sum(((k + 1) * v * v for k, v in enumerate(xs))) + sum(((k + 1) * v for k, v in enumerate(ys)))


def one_of_two_dicts(x, flag):
    d = {"a": x}
    e = {"a": x * x, "b": x}
    f = d if flag else e
    f["z"] = x * 3
    f.pop("a")
    f.update(q=x, z=x * x)
    k, v = f.popitem()
    f.setdefault("r", v)
    return sum(((i + 1) * a for i, a in enumerate(d.values()))) + sum(
        ((i + 1) * a * a for i, a in enumerate(e.values()))
    )


def a_list_in_a_dict_of_a_closure(x):
    acc = {"m": [x]}

    def add(k, v):
        acc[k].append(v)
        return len(acc[k])

    n = add("m", x * x)
    add("m", x * 3)
    acc["m"].pop(1)
    return acc["m"][0] * acc["m"][1] * n


def replaced_in_a_branch(x, n):
    xs = [x]
    for i in range(n):
        ys = [a * x for a in xs]
        if i % 2:
            xs = ys
        xs.append(ys[0] + i)
    return sum(((k + 1) * a for k, a in enumerate(xs)))


PROGRAMS = [
    program(lists_under_run_time_keys, (0.7, ["a", "b", "a"])),
    program(rows_of_every_length, (0.7, 4)),
    program(buffers_in_a_queue, (arr(3), 4)),
    program(one_of_two_lists, (0.7, True), (0.7, False)),
    program(lists_carried_by_a_loop, (0.7, 4)),
    program(arrays_under_two_names_of_a_dict, (arr(3),)),
    program(stack_of_lists, (0.7, 4)),
    program(a_list_twice_in_a_list, (0.7, 4)),
    program(perhaps_a_copy, (0.7, True), (0.7, False)),
    program(one_of_two_dicts, (0.7, True), (0.7, False)),
    program(a_list_in_a_dict_of_a_closure, (0.7,)),
    program(replaced_in_a_branch, (0.7, 4)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    """In reverse mode where kinds are known; else right or refused."""
    agrees_forward(entry)
    agrees_if_known(entry)


def grown(xs, n):
    if n == 0:
        return xs[-1] * xs[0]
    xs.append(xs[-1] * 1.1 + n)
    r = grown(xs, n - 1)
    return r + xs[n]


def recursive(x):
    return grown([x, x * x], 3)


def push(stack, table, v, n):
    if n == 0:
        return stack.pop(0) * table.pop("k")
    stack.append(v * stack[-1])
    stack.insert(0, v)
    table["k"] = table.get("k", v) * v
    table.update({str(n): v * n})
    r = push(stack, table, v * 1.1, n - 1)
    if stack:
        stack.reverse()
    return r * v


def machine(x):
    stack, table = [x], {}
    r = push(stack, table, x, 3)
    weighted = sum((k + 1) * a for k, a in enumerate(stack))
    return r + weighted + sum((k + 1) * a for k, a in enumerate(table.values()))


def in_order(xs):
    if len(xs) < 2:
        return xs
    p = xs.pop(0)
    low = in_order([a for a in xs if a < p])
    high = in_order([a for a in xs if a >= p])
    return low + [p] + high


def quicksort(v):
    xs = [v[0], v[1], v[2], v[0] * v[1]]
    ys = in_order(xs)
    return sum((k + 1) * a * a for k, a in enumerate(ys)) + sum(xs)


def called_in_a_loop(x, n):
    stack = [x]
    t = 0.0
    for i in range(n):
        t += push(stack, {}, x * (i + 1), 2)
        stack.append(t)
    return sum(stack) * t


CALLS = [
    program(recursive, (0.7,)),
    program(machine, (0.7,)),
    program(quicksort, (arr(3),)),
    program(called_in_a_loop, (0.7, 3)),
]


@pytest.mark.parametrize("entry", CALLS, ids=lambda entry: entry.name)
def test_callees_that_change_what_they_are_given(entry):
    agrees(entry, ["known"])

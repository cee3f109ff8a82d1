"""Lists that change while the program reads them: whole, item by item, their lengths, in loops and callees."""

import numpy as np
import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_if_known


def stack_arrays(v, n):
    xs = [v]
    for i in range(n):
        xs.append(xs[-1] * v + i)
    m = np.stack(xs)
    xs.pop()
    xs.append(v * 3)
    m2 = np.concatenate(xs)
    xs.clear()
    xs.append(m[1] * v)
    return (m * m).sum() + (m2**3).sum() + sum((a * a).sum() for a in xs)


def stack_in_loop(v, n):
    xs = []
    t = 0.0
    for i in range(n):
        xs.append(v * (i + 1))
        m = np.stack(xs)
        t += (m * m * m).sum()
        if i == 2:
            xs.pop(0)
        if i == 3:
            xs.insert(1, v * v)
            xs.reverse()
    return t


def max_list(x, n):
    xs = [x * 1.1]
    t = 0.0
    for i in range(n):
        xs.append(np.sin(x * i) * 2)
        t += max(xs) * min(xs)
        xs.remove(min(xs))
        xs.sort()
        t += xs[0] ** 2
    return t


def len_uses(x, n):
    xs = []
    t = 0.0
    for i in range(n):
        xs.append(x * i)
        t += len(xs) * x * xs[-1]
        if not xs:
            t += 100 * x
        if len(xs) > 2:
            xs.pop(0)
        t *= 1 + 0.1 * len(xs) * x
    return t


def inner_list_per_pass(x, n):
    t = 0.0
    for i in range(n):
        row = [x * i]
        for j in range(i + 1):
            row.insert(0, row[-1] * x + j)
            if j % 2:
                row.pop()
        row.sort()
        t += sum((a * (k + 1) * a for k, a in enumerate(row)))
        row.clear()
    return t


def slices_in_loop(x, n):
    xs = [x * k for k in range(1, 7)]
    for i in range(n):
        xs[i : i + 2] = [xs[i] * xs[i + 1]]
        xs[-1:] = [xs[0], xs[-1] * x]
        del xs[1:3:2]
    return sum(((k + 1) * v for k, v in enumerate(xs)))


def while_queue(x):
    q = [(0, x), (1, x * x)]
    t = 0.0
    while q:
        d, v = q.pop(0)
        t += v * v * (d + 1)
        if d < 3:
            q.append((d + 1, v * x))
            q.insert(0, (d + 2, v + 1))
    return t


def dict_rows(x, keys):
    d = {}
    for i, k in enumerate(keys):
        d[k] = (x * i, x + i)
    a, b = d.pop(keys[0])
    d["z"] = (a * b, b)
    t = 0.0
    for k, (p, q) in d.items():
        t += p * q * q
    return t


def pop_tuple(x):
    xs = [(x, 2 * x), (x * x, 3.0)]
    xs.append((xs[0][0] * x, x))
    a, b = xs.pop(0)
    c = xs.pop()
    xs.insert(0, (a * c[0], b))
    return sum((p * q for p, q in xs)) * c[1]


def mixed_arrays(v, n):
    xs = [v, v[:2] * 2, np.sum(v)]
    a = xs.pop(1)
    xs[0] = a * 3
    xs.append(v * v)
    xs.reverse()
    t = 0.0
    for p in xs:
        t += np.sum(p * p)
    return t * a[0]


def replaced_shape(v):
    xs = [v, v * 2]
    t = (xs[0] * xs[1]).sum()
    xs[0] = np.outer(v, v)
    s = xs[0].sum()
    xs[1] = v[0]
    del xs[0]
    return t * s * xs[0]


def continue_pop(x, n):
    xs = [x * k + 1 for k in range(n)]
    t = 0.0
    for i in range(n):
        if i % 3 == 0:
            xs.append(t + x)
            continue
        if i == 5:
            break
        v = xs.pop(i % len(xs))
        t += v * v
        if t > 500:
            return t * xs[0]
    else:
        t *= 2
    return t + sum(xs)


def closure_stack(x):
    xs = []

    def push(v, times=1):
        for _ in range(times):
            xs.append(v)
        return len(xs)

    def pop():
        return xs.pop()

    n = push(x, 2)
    push(x * x)
    a = pop()
    b = pop()
    return a * b * n + xs[0]


def big(xs, v):
    xs.append(v)
    a = 0.0
    for i in range(3):
        a += xs[i % len(xs)] * v
        xs.insert(0, a)
    if a > 3:
        xs.pop()
        xs.reverse()
    t = 0.0
    for k, b in enumerate(xs):
        t += b * k
        t = t * 1.01 + np.sin(b) * v
        t += np.cos(t)
    return t


def big_callee(x):
    xs = [x, x * 2]
    t = big(xs, x * x)
    return t * xs[0] + sum(xs)


def default_arg_pop(x, i=0):
    xs = [x, x * 3, x * x]
    v = xs.pop(i)
    return v * v * xs[0]


def npint(x):
    xs = [x, x * 3, x * x]
    k = np.argmax(np.array([0.1, 3.0]))
    v = xs.pop(k)
    del xs[np.int64(-1)]
    return v * v * xs[0]


def with_int_items(x, n):
    xs = [1, x, 2]
    xs.append(3)
    v = xs.pop(0)
    xs.insert(1, n)
    ys = [1, 2, 3]
    ys.pop()
    ys.append(4)
    xs.extend(ys)
    xs.sort(reverse=True)
    return xs[0] * v + sum(xs) * x + xs[3]


def argmut(xs, d):
    xs += [d["a"]]
    d["b"] = xs.pop(0)
    d.update(c=xs[0] * 2)
    return sum(((k + 1) * v * v for k, v in enumerate(xs))) * d["b"] + d.pop("c")


def sortstable(v):
    xs = [v[0], v[1], v[0], v[2]]
    xs.sort()
    return sum(((k + 1) * a * a for k, a in enumerate(xs)))


def aliased(x):
    xs = [x, x * x]
    ys = xs
    ys.append(x * 3)
    xs.pop(0)
    return sum(ys) * xs[0]


def comp_over_changing(x):
    xs = [x, 2 * x, 3 * x]
    sq = [a * a for a in xs]
    xs.pop()
    cu = [a * b for a, b in zip(xs, sq)]
    xs.extend(cu)
    return sum(xs) * sum(sq[1:]) + sum(cu[::-1])


def enumerate_change(x):
    xs = [x, 2 * x, 3 * x]
    for i, a in enumerate(xs):
        xs[i] = a * a
        if i == 0:
            xs.append(a)
    for i in range(len(xs) - 1, -1, -1):
        if i % 2:
            del xs[i]
    return sum(((k + 1) * a for k, a in enumerate(xs)))


def reversed_change(x):
    xs = [x, 2 * x, 3 * x]
    t = 0.0
    for a in reversed(xs):
        t = t * x + a * a
    xs.pop()
    for a, b in zip(xs, reversed(xs)):
        t += a * b * b
    xs.append(t)
    for a in xs[::-1]:
        t += a * x
    for a in xs[1:]:
        t = t * a + 1
    return t


PROGRAMS = [
    program(stack_arrays, (arr(3), 3)),
    program(stack_in_loop, (arr(2), 5)),
    program(max_list, (0.7, 4)),
    program(len_uses, (0.7, 5)),
    program(inner_list_per_pass, (0.7, 4)),
    program(slices_in_loop, (0.7, 2)),
    program(while_queue, (0.7,)),
    program(dict_rows, (0.7, ["a", "b"])),
    program(pop_tuple, (0.7,)),
    program(mixed_arrays, (arr(3), 1)),
    program(replaced_shape, (arr(3),)),
    program(continue_pop, (0.7, 4), (0.7, 7), (0.7, 9)),
    program(closure_stack, (0.7,)),
    program(big_callee, (0.7,)),
    program(default_arg_pop, (0.7,), (0.7, -1)),
    program(npint, (0.7,)),
    program(with_int_items, (0.7, 5)),
    program(sortstable, (arr(3),)),
    program(aliased, (0.7,)),
    program(comp_over_changing, (0.7,)),
    program(enumerate_change, (0.7,)),
    program(reversed_change, (0.7,)),
]

KNOWN = [
    program(argmut, ([0.7, 0.3], {"a": 0.4}), argnums=(0, 1)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    agrees(entry)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_derivatives_where_kinds_are_known(entry):
    agrees_if_known(entry)

"""Every method of lists, and every way to change one, in both modes, with kinds known and unknown."""

import numpy as np
import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_if_known


def pop_used(x):
    xs = [x, 2 * x, x * x]
    a = xs.pop()
    return a * xs[0] + xs[1]


def pop_unused(x):
    xs = [x, 2 * x, x * x]
    xs.pop()
    return xs[0] * xs[1] * len(xs)


def pop_index(x, i):
    xs = [x, 2 * x, x * x, np.sin(x)]
    a = xs.pop(i)
    b = xs.pop(-2)
    return a * xs[0] ** 2 + b * xs[1]


def insert_neg(x, i):
    xs = [x, 2 * x, x * x]
    xs.insert(i, x**3)
    xs.insert(100, x + 1)
    xs.insert(-100, x + 2)
    t = 0.0
    for k, v in enumerate(xs):
        t += (k + 1) * v * v
    return t


def remove(x):
    xs = [x, 2.0, x * x, 2.0, 3 * x]
    xs.remove(2.0)
    t = 0.0
    for k, v in enumerate(xs):
        t += (k + 1) * v * v
    return t


def remove_computed(x, y):
    xs = [x, y, x * y, y]
    xs.remove(y)
    t = 0.0
    for k, v in enumerate(xs):
        t += (k + 1) * v * v
    return t


def reverse(v):
    xs = [v[0], v[1], v[2]]
    xs[0] = xs[1] * xs[2]
    xs.reverse()
    xs[0] = xs[0] * xs[1]
    return xs[0] * 2 + xs[1] * 3 + xs[2] * xs[2]


def sort(v):
    xs = [v[0], v[1], v[2] * v[0], v[2]]
    xs.sort()
    xs.append(xs[0] * xs[1])
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def sort_key(v):
    xs = [v[0], v[1], v[2] * v[0], v[2]]
    xs.sort(key=abs, reverse=True)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def sort_lambda(v):
    xs = [v[0], v[1], v[2] * v[0], v[2]]
    xs.sort(key=lambda a: -a)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def sort_pairs(v):
    xs = [(3, v[0]), (1, v[1]), (2, v[2])]
    xs.sort()
    return xs[0][1] * xs[1][1] ** 2 + xs[2][1]


def copy_list(x):
    xs = [x, x * x]
    ys = xs.copy()
    ys[0] = x * 3
    ys.append(xs[0])
    xs.append(ys[0] * ys[1])
    return sum(xs) * ys[2] + ys[0]


def clear(x):
    xs = [x, x * x]
    s = xs[0] * xs[1]
    xs.clear()
    xs.append(x * s)
    return xs[0] * s


def del_index(x, i):
    xs = [x, 2 * x, x * x, x + 1]
    p = xs[i]
    del xs[i]
    return p * xs[0] + xs[1] * xs[2]


def del_slice(x, a, b):
    xs = [x, 2 * x, x * x, x + 1, x - 3, x * 4]
    q = xs[2] * xs[3]
    del xs[a:b]
    xs.append(q)
    return sum((k + 1) * v * v for k, v in enumerate(xs))


def del_step(x):
    xs = [x, 2 * x, x * x, x + 1, x - 3, x * 4]
    del xs[::2]
    return sum((k + 1) * v * v for k, v in enumerate(xs))


def slice_store_same(v):
    xs = [v[0], v[1], v[2], v[3]]
    xs[1:3] = [xs[2] * 2, xs[1] * xs[0]]
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def slice_store_len(v, n):
    xs = [v[0], v[1], v[2], v[3]]
    ys = [v[0] * k for k in range(n)]
    xs[1:3] = ys
    xs[0] = xs[1] if n else xs[0]
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def slice_store_step(v):
    xs = [v[0], v[1], v[2], v[3]]
    xs[::2] = [v[3] * v[2], v[1]]
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def slice_store_neg(v):
    xs = [v[0], v[1], v[2], v[3]]
    xs[::-1] = [xs[0] * 2, xs[1], xs[2], xs[3]]
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def iadd_list(x, y):
    xs = [x] + [y, x * y]
    xs += [2.0 * x, xs[0] * xs[1]]
    xs += (x * 3, y)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def imul_list(x, n):
    xs = [x, x * x]
    xs *= n
    xs.append(x)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def mul_runtime(x, n):
    xs = [x, x * x] * n
    ys = n * [x]
    return sum((k + 1) * a * a for k, a in enumerate(xs + ys)) + x * 0.5


def tuple_mul_runtime(x, n):
    t = (x, x * x)
    xs = t * n
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def extend_self(x):
    xs = [x, x * x]
    xs.extend(xs)
    xs += xs
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def extend_gen(x, n):
    xs = [x]
    xs.extend(x * k for k in range(n))
    xs.extend(np.array([1.0, 2.0]) * x)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def extend_array(v):
    xs = [v[0]]
    xs.extend(v)
    xs.extend(v * 2)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def extend_zip(x):
    xs = []
    for a, b in zip([x, x * 2], [x * x, 3 * x]):
        xs.extend((a, b))
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def stack_machine(x, n):
    st = [x]
    for i in range(n):
        st.append(st[-1] * x + i)
        if i % 2:
            a = st.pop()
            b = st.pop()
            st.append(a * b)
    t = 0.0
    while st:
        t = t * 0.5 + st.pop()
    return t


def queue(x, n):
    q = [x, x + 1]
    t = 0.0
    for i in range(n):
        a = q.pop(0)
        t += a * a * (i + 1)
        q.append(a * q[0])
    return t + q[0] * q[1]


def insert_loop(x, n):
    xs = []
    for i in range(n):
        xs.insert(i // 2, x * i + x * x)
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def branch_pop(x, flag):
    xs = [x, 2 * x, x * x]
    if flag:
        a = xs.pop(0)
        xs.append(a * xs[0])
    else:
        xs.reverse()
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def branch_extend_one_arm(x, flag):
    xs = [x]
    if flag:
        xs.extend([x * x, xs[0] * 3])
    xs[0] = xs[-1] * x
    return sum((k + 1) * a * a for k, a in enumerate(xs)) + 0.0


def break_pop(x):
    xs = [x, x * 2, x * x, x + 4]
    t = 0.0
    while xs:
        v = xs.pop(0)
        if v > 1.0:
            break
        t += v * v
    return t + sum(xs) * t


def early_return(x, n):
    xs = []
    for i in range(n):
        xs.append(x * i)
        if len(xs) > 3:
            xs.pop(1)
            return sum(a * a for a in xs)
    xs.extend([x, x])
    return sum(a * a * a for a in xs)


def list_arg(xs):
    xs.append(xs[0] * xs[1])
    a = xs.pop(0)
    xs.sort()
    return sum((k + 1) * v * v for k, v in enumerate(xs)) * a


def helper(xs, v):
    xs.append(v)
    xs.insert(0, v * v)
    return xs.pop(1)


def callee_list(x):
    xs = [x, x * 2]
    a = helper(xs, x * 3)
    b = helper(xs, a)
    return a * b + sum((k + 1) * v * v for k, v in enumerate(xs))


def arrays_pop(v):
    xs = [v, v * v, v + 1]
    a = xs.pop(0)
    xs.insert(1, a * xs[0])
    xs.reverse()
    return sum((k + 1) * (p * p).sum() for k, p in enumerate(xs))


def same_array_twice(v):
    xs = [v, v]
    xs.append(v)
    xs.pop(0)
    xs.extend([v, v * 2])
    return sum((k + 1) * (p * p).sum() for k, p in enumerate(xs))


def list_of_lists_pop(x):
    xs = [[x, x * x], [x * 3, 1.0], [2.0, x]]
    row = xs.pop(1)
    return row[0] * xs[0][1] + xs[1][1] * xs[1][0]


def index_count(x):
    xs = [x, 2.0, x * x]
    i = xs.index(2.0)
    xs.pop(i)
    return xs[1] * xs.count(x) * xs[0]


def loop_over_growing(x):
    xs = [x]
    for v in xs:
        if len(xs) < 5:
            xs.append(v * x + 1)
    return sum((k + 1) * v * v for k, v in enumerate(xs))


def read_then_change(x):
    xs = [x, x * 2, x * x]
    t = xs[0] * xs[1] * xs[2]
    xs[1] = t
    xs.pop(0)
    t2 = xs[0] * xs[1]
    xs.append(t2)
    return sum((k + 1) * v * v for k, v in enumerate(xs))


def sum_then_pop(x):
    xs = [x, x * 2, x * x]
    t = sum(a * a for a in xs)
    xs.pop()
    return t * sum(xs)


def loop_item_after(x, n):
    xs = [x, x * 2, x * x]
    t = 0.0
    for i in range(n):
        for a in xs:
            t += a * a * x
        xs.append(t)
        xs.pop(0)
    return t


def nested_fn(x):
    xs = []

    def push(v):
        xs.append(v)

    push(x)
    push(x * x)
    xs.reverse()
    return xs[0] * 3 + xs[1]


PROGRAMS = [
    program(pop_used, (0.7,)),
    program(pop_unused, (0.7,)),
    program(pop_index, (0.7, 0), (0.7, -1), (0.7, 2)),
    program(insert_neg, (0.7, 0), (0.7, -1), (0.7, 2), (0.7, -50)),
    program(remove, (0.7,)),
    program(remove_computed, (0.7, 0.3), argnums=(0, 1)),
    program(reverse, (arr(3),)),
    program(sort, (arr(3),)),
    program(sort_key, (arr(3),)),
    program(sort_lambda, (arr(3),)),
    program(sort_pairs, (arr(3),)),
    program(copy_list, (0.7,)),
    program(clear, (0.7,)),
    program(del_index, (0.7, 0), (0.7, -1), (0.7, 2)),
    program(del_slice, (0.7, 1, 3), (0.7, None, 2), (0.7, -3, -1), (0.7, 2, 2), (0.7, 4, 1)),
    program(del_step, (0.7,)),
    program(slice_store_same, (arr(4),)),
    program(slice_store_len, (arr(4), 0), (arr(4), 1), (arr(4), 4)),
    program(slice_store_step, (arr(4),)),
    program(slice_store_neg, (arr(4),)),
    program(iadd_list, (0.7, 0.4), argnums=(0, 1)),
    program(imul_list, (0.7, 3), (0.7, 0), (0.7, 1)),
    program(tuple_mul_runtime, (0.7, 3), (0.7, 0)),
    program(extend_self, (0.7,)),
    program(extend_gen, (0.7, 3), (0.7, 0)),
    program(extend_array, (arr(3),)),
    program(extend_zip, (0.7,)),
    program(stack_machine, (0.7, 5), (0.7, 0)),
    program(queue, (0.7, 5), (0.7, 0)),
    program(insert_loop, (0.7, 5), (0.7, 0)),
    program(branch_pop, (0.7, True), (0.7, False)),
    program(branch_extend_one_arm, (0.7, True), (0.7, False)),
    program(break_pop, (0.7,)),
    program(early_return, (0.7, 2), (0.7, 6)),
    program(callee_list, (0.7,)),
    program(arrays_pop, (arr(3),)),
    program(same_array_twice, (arr(3),)),
    program(list_of_lists_pop, (0.7,)),
    program(index_count, (0.7,)),
    program(loop_over_growing, (0.7,)),
    program(read_then_change, (0.7,)),
    program(sum_then_pop, (0.7,)),
    program(loop_item_after, (0.7, 3), (0.7, 0)),
    program(nested_fn, (0.7,)),
]

#: An argument of unknown kind may be anything that has these methods.
KNOWN = [
    program(mul_runtime, (0.7, 3), (0.7, 0)),
    program(list_arg, ([0.7, 1.3, 0.2],)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    agrees(entry)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_derivatives_where_kinds_are_known(entry):
    agrees_if_known(entry)

"""Programs about lists and dicts that change: stacks, queues, tables, keys known only at run time."""

import numpy as np

from tests.programs.table import arr, program


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


def list_as_queue(x, n):
    q = [x, x + 1]
    t = 0.0
    for i in range(n):
        a = q.pop(0)
        t += a * a * (i + 1)
        q.append(a * q[0])
    return t + q[0] * q[1]


def list_insert_in_a_loop(x, n):
    xs = []
    for i in range(n):
        xs.insert(i // 2, x * i + x * x)
    return sum(((k + 1) * a * a for k, a in enumerate(xs))) + 0.0


def list_changed_in_one_arm(x, flag):
    xs = [x, 2 * x, x * x]
    if flag:
        a = xs.pop(0)
        xs.append(a * xs[0])
    else:
        xs.reverse()
    return sum(((k + 1) * a * a for k, a in enumerate(xs))) + 0.0


def list_popped_until_break(x):
    xs = [x, x * 2, x * x, x + 4]
    t = 0.0
    while xs:
        v = xs.pop(0)
        if v > 1.0:
            break
        t += v * v
    return t + sum(xs) * t


def list_and_early_return(x, n):
    xs = []
    for i in range(n):
        xs.append(x * i)
        if len(xs) > 3:
            xs.pop(1)
            return sum(a * a for a in xs)
    xs.extend([x, x])
    return sum(a * a * a for a in xs)


def list_del_slice(x, a, b):
    xs = [x, 2 * x, x * x, x + 1, x - 3, x * 4]
    q = xs[2] * xs[3]
    del xs[a:b]
    xs.append(q)
    return sum(((k + 1) * v * v for k, v in enumerate(xs)))


def list_slice_replaced(v, n):
    xs = [v[0], v[1], v[2], v[3]]
    ys = [v[0] * k for k in range(n)]
    xs[1:3] = ys
    xs[0] = xs[1] if n else xs[0]
    return sum(((k + 1) * a * a for k, a in enumerate(xs))) + 0.0


def list_sort_by_lambda(v):
    xs = [v[0], v[1], v[2] * v[0], v[2]]
    xs.sort(key=lambda a: -a)
    return sum(((k + 1) * a * a for k, a in enumerate(xs))) + 0.0


def list_of_arrays_popped(v):
    xs = [v, v * v, v + 1]
    a = xs.pop(0)
    xs.insert(1, a * xs[0])
    xs.reverse()
    return sum(((k + 1) * (p * p).sum() for k, p in enumerate(xs)))


def list_growing_in_its_loop(x):
    xs = [x]
    for v in xs:
        if len(xs) < 5:
            xs.append(v * x + 1)
    return sum(((k + 1) * v * v for k, v in enumerate(xs)))


def list_read_and_rotated(x, n):
    xs = [x, x * 2, x * x]
    t = 0.0
    for i in range(n):
        for a in xs:
            t += a * a * x
        xs.append(t)
        xs.pop(0)
    return t


def list_extended_by_generator(x, n):
    xs = [x]
    xs.extend(x * k for k in range(n))
    xs.extend(np.array([1.0, 2.0]) * x)
    return sum(((k + 1) * a * a for k, a in enumerate(xs))) + 0.0


def list_remove(x):
    xs = [x, 2.0, x * x, 2.0, 3 * x]
    xs.remove(2.0)
    t = 0.0
    for k, v in enumerate(xs):
        t += (k + 1) * v * v
    return t


def dict_get_default(x, y, keys):
    d = {'a': x * 2}
    t = 0.0
    for k in keys:
        t += d.get(k, y * y) * x
        d[k] = t
    return t


def dict_pop_default(x, y, k):
    d = {'a': x, 'b': x * x}
    v = d.pop(k, y * 3)
    return v * v * sum(d.values())


def dict_update_by_dict(x, keys):
    d = {k: x * i for i, k in enumerate(keys)}
    e = {k + 'b': x * x * i for i, k in enumerate(keys)}
    e[keys[0]] = x ** 3
    d.update(e)
    t = 0.0
    for i, (k, v) in enumerate(d.items()):
        t += (i + 1) * v * v
    return t


def dict_merge_by_computed_key(x, k):
    a = {'a': x, k: x * x}
    b = {k: x * 3, 'z': x + 1}
    m = {**a, **b, 'a': x ** 3}
    n = a | b
    return sum(((i + 1) * v * v for i, v in enumerate(m.values()))) + n['a'] * n[k]


def dict_setdefault(x, keys):
    d = {}
    t = 0.0
    for i, k in enumerate(keys):
        v = d.setdefault(k, x * (i + 1))
        t += v * v
        d[k] = v * x
    return t + sum(d.values())


def dict_emptied_by_popitem(x):
    d = {'a': x, 'b': x * x, 'c': x + 2}
    t = 0.0
    while d:
        k, v = d.popitem()
        t = t * x + v * v
    return t


def dict_iterated_and_changed(x, keys):
    d = {k: x * (i + 1) for i, k in enumerate(keys)}
    t = 0.0
    for k in d:
        t += d[k] * x
        d[k] = t
    for k, v in d.items():
        t += v * v
    d.pop(keys[0])
    for i, v in enumerate(d.values()):
        t += i * v * v
    for k in sorted(d.keys()):
        t *= d[k]
    return t


def dict_of_arrays_changed(v, keys):
    d = {}
    for i, k in enumerate(keys):
        d[k] = v * i + v * v
    p = d.pop(keys[0])
    d[keys[1]] = p * d[keys[1]]
    d.setdefault('n', v * 3)
    q = d.get('zz', p)
    return sum((a * a).sum() for a in d.values()) + (p * q).sum()


K = ['a', 'b', 'a']


PROGRAMS = [
    program(list_remove, (0.7,), analytic=True),
    # two lists of cotangents are added
    program(list_sort_by_lambda, (arr(3),), helpers=True),
    program(list_del_slice, (0.7, 1, 3), (0.7, None, 2), (0.7, -3, -1), (0.7, 2, 2), (0.7, 4, 1), analytic=True),
    # the slice may have any length, and so may the list of cotangents
    program(list_slice_replaced, (arr(4), 0), (arr(4), 1), (arr(4), 4), analytic=True, helpers=True),
    # what is extended by may be a list or an array of any length
    program(list_extended_by_generator, (0.7, 3), (0.7, 0), analytic=True, helpers=True),
    program(stack_machine, (0.7, 5), (0.7, 0), analytic=True),
    program(list_as_queue, (0.7, 5), (0.7, 0), analytic=True),
    program(list_insert_in_a_loop, (0.7, 5), (0.7, 0), analytic=True),
    program(list_changed_in_one_arm, (0.7, True), (0.7, False), analytic=True),
    program(list_popped_until_break, (0.7,), golden=True),
    program(list_and_early_return, (0.7, 2), (0.7, 6), analytic=True),
    program(list_of_arrays_popped, (arr(3),), analytic=True),
    program(list_growing_in_its_loop, (0.7,), analytic=True),
    program(list_read_and_rotated, (0.7, 3), (0.7, 0), analytic=True),
    program(dict_get_default, (0.7, 0.4, K), argnums=(0, 1), analytic=True),
    # the number of values to be summed is not known
    program(dict_pop_default, (0.7, 0.4, 'a'), (0.7, 0.4, 'q'), argnums=(0, 1), analytic=True, helpers=True),
    program(dict_emptied_by_popitem, (0.7,), analytic=True),
    # which entries the update stores is not known
    program(dict_update_by_dict, (0.7, ['a', 'b']), analytic=True, helpers=True),
    program(dict_merge_by_computed_key, (0.7, 'k'), (0.7, 'a'), analytic=True),
    # the number of values to be summed is not known
    program(dict_setdefault, (0.7, K), analytic=True, helpers=True),
    program(dict_of_arrays_changed, (arr(3), ['a', 'b', 'c']), analytic=True),
    # the keys in their order, which a change may not keep
    program(dict_iterated_and_changed, (0.7, ['a', 'b', 'c']), analytic=True, helpers=True),
]

"""Arrays that containers hand out under other names, and changes of them there."""

import functools
import operator

import numpy as np


def merged_display(v, x):
    D = dict(u=v * x, w=v)
    E = {**D, "u": v * 2}
    for k in E:
        E[k] *= x
    return np.sum(v * v) + np.sum(E["u"] * E["w"])


def starred_display(v, x):
    D = [v * x, v]
    E = [*D, v * 2]
    for e in E:
        e *= x
    return np.sum(v * v) + np.sum(E[0] * E[1])


def union_of_dicts(v, x):
    D = {"u": v}
    D.update(w=v)
    E = D | {"a": v}
    E["a"] *= x
    E["u"][0] = x
    return np.sum(v * v) + np.sum(E["u"] * E["w"])


def starred_target(v, x):
    a, *r = [v, v * x, v * 2]
    r[0] *= x
    a *= x
    return np.sum(v * v) + np.sum(r[0] * r[1])


def chosen_tuple(v, x):
    t = (v, x)
    u, _ = t + (1,) if x < 0 else t
    u[0] *= x
    return np.sum(v * v)


def dict_of_zip(v, x):
    D = dict(zip(["u", "w"], [v, v * 2]))
    D["u"] *= x
    return np.sum(v * v) + D["w"][0]


def zip_of_lists(v, x):
    for t in zip([v, v * 2], [x, 2.0]):
        t[0][1:] *= t[1]
    return np.sum(v * v)


def enumerated_list(v, x):
    for k, t in enumerate([v, v * 2]):
        t *= x
    for t in reversed([v, v * 2]):
        t *= x
    return np.sum(v * v)


def larger_by_key(v, x):
    w = max([v, v * 2], key=lambda t: t[0])
    w *= x
    return np.sum(v * v)


def sorted_by_key(v, x):
    ws = sorted([v, v * 2], key=lambda t: t[0])
    ws[0] *= x
    return np.sum(v * v)


def mapped(v, x):
    ws = list(map(lambda t: t, [v, v * 2]))
    ws[0] *= x
    return np.sum(v * v)


def next_of_iter(v, x):
    w = next(iter([v, v * 2]))
    w *= x
    return np.sum(v * v)


def chosen_by_and(v, x):
    w = v or None if False else v
    z = w and w if len(w) < 0 else w if x > 0 else w
    z *= x
    return np.sum(v * v)


def loop_target_is_an_item(v, x):
    w, *_ = [v]
    for w[0] in [x, x * 2]:
        pass
    return np.sum(v * v)


def displays_taken_apart(v, x):
    w = [v][0]
    u = (v,)[0]
    z = {"a": v}["a"]
    w[0] = x
    u[1] *= x
    z[2] += x
    return np.sum(v * v)


def returned_by_inner(v, x):

    def inner():
        return v

    w = inner()
    w *= x
    return np.sum(v * v)


def default_of_inner(v, x):

    def inner(a=v):
        a[0] *= x

    inner()
    return np.sum(v * v)


def default_of_get(v, x):
    D = {"u": v * 2}
    w = D.get("z", v)
    w *= x
    return np.sum(v * v) + np.sum(D["u"])


def default_of_setdefault(v, x):
    D = {"u": v * 2}
    w = D.setdefault("z", v)
    w *= x
    D["z"][0] = x
    return np.sum(v * v) + np.sum(D["u"])


def default_of_pop(v, x):
    D = {"u": v * 2}
    w = D.pop("z", v)
    w *= x
    return np.sum(v * v) + np.sum(D["u"])


def popped_item(v, x):
    D = {"u": v}
    k, w = D.popitem()
    w *= x
    return np.sum(v * v)


def values_and_items(v, x):
    D = {"u": v, "w": v * 2}
    for w in D.values():
        w *= x
    for k, w in D.items():
        w[0] += x
    return np.sum(v * v) + np.sum(D["w"])


def operator_getitem(v, x):
    w = operator.getitem([v], 0)
    w *= x
    return np.sum(v * v)


def reduced(v, x):
    w = functools.reduce(lambda a, b: a, [v, v * 2])
    w *= x
    return np.sum(v * v)


def starred_zip(v, x):
    for a, b in zip(*[[v, v * 2], [v * 3, v]]):
        a *= x
        b[0] = x
    return np.sum(v * v)


def filtered(v, x):
    ws = [w for w in filter(lambda t: t[0] > 0, [v, v * 2])]
    ws[0] *= x
    return np.sum(v * v)


def lists_in_a_list(v, x):
    ws = [[v], [v * 2]]
    us = [u[0] for u in ws]
    us[0] *= x
    ws[0].extend(ws[1])
    ws[0][1][0] = x
    return np.sum(v * v) + np.sum(us[1])


def inserted_and_extended(v, x):
    ws = [v]
    ws.insert(0, v * 2)
    ws += [v]
    ws[2][0] *= x
    ws[1][1] *= x
    ws.extend((v, v * 3))
    ws[-2][2] = x
    return np.sum(v * v)


def swapped_and_reversed(v, x):
    ws = [v, v * 2]
    ws[0], ws[1] = (ws[1], ws[0])
    ws[1] *= x
    ws.reverse()
    ws[0][0] = x * x
    return np.sum(v * v)


def sliced_and_deleted(v, x):
    ws = [v, v * 2]
    us = ws[::-1]
    us[1] *= x
    del ws[0]
    ws[0][0] = x
    return np.sum(v * v) + np.sum(us[0])


def two_targets(v, x):
    a = b = v
    a, b = (b * 2, a)
    b *= x
    return np.sum(v * v) + np.sum(a)


def args_and_kwargs(v, x):

    def g(*args, **kw):
        args[0][0] *= x
        kw["w"][1] = x
        return (args, kw)

    r, s = g(v, w=v)
    r[0][2] = x
    s["w"][0] += x
    return np.sum(v * v)


def default_argument(v, x):

    def g(w, d=None):
        d = d if d is not None else w
        d *= x
        return d

    z = g(v)
    z[0] = g(z, v)[1]
    return np.sum(v * v)


def pushed_by_closure(v, x):
    st = []

    def push(a):
        st.append(a)

    push(v)
    push(v * 2)
    st[0] *= x
    return np.sum(v * v) + np.sum(st[1])


def entry_from_entry(v, x):
    d = {}
    d["a"] = v
    d["b"] = d["a"]
    d["b"] *= x
    d2 = {k: t for k, t in d.items()}
    d2["a"][0] = x
    return np.sum(v * v)


def rows_of_a_matrix(v, x):
    A = np.outer(v, v)
    rows = list(A)
    rows[0] *= x
    r0, *rest = A
    rest[0][1] = x
    cols = list(A.T)
    cols[2] += v
    return np.sum(A * A)


def rows_and_columns(v, x):
    A = np.outer(v, v)
    for i, r in enumerate(A[::-1]):
        r[i] = x
    for a, b in zip(A, A.T):
        a += b * x
    return np.sum(A * A)


def basic_indices(v, x):
    w = v[...]
    w *= x
    w = v[()]
    w[0] *= x
    w = v[None, :][0]
    w[1] *= x
    w = v[slice(1, None)]
    w += x
    return np.sum(v * v)


def copies(v, x):
    w = np.where(v > 0, v, v)
    w *= x
    w = v[[0, 1, 2]]
    w *= x
    w = v[v > -9]
    w *= x
    w = v.take([0, 1])
    w *= x
    w = np.concatenate([v])
    w *= x
    w = np.copy(v)
    w *= x
    w = +v
    w *= x
    w = v.flatten()
    w *= x
    w = v.repeat(2)
    w *= x
    w = abs(v)
    w *= x
    w = np.add(v, 0)
    w *= x
    return np.sum(v * v) + w.sum()


def views_and_copies(v, x):
    w = v.T.ravel()
    w *= x
    w = v.swapaxes(0, 0)
    w[0] = x
    w = np.roll(v, 1)
    w *= x
    w = np.flip(v)
    w[0] *= x
    return np.sum(v * v) + w.sum()


def tuple_of_views(v, x):
    for w in (v, v[1:], v[::-1]):
        w[0] *= x
    return np.sum(v * v)


def conditional_pair(v, x):
    w, u = (v, v * 2) if x > 0 else (v * 2, v)
    w *= x
    u[0] += w[1]
    return np.sum(v * v) + u.sum()


def through_lambdas(v, x):
    f = lambda t: t
    w = f(v)
    w *= x
    w = (lambda t: t[1:])(v)
    w *= x
    return np.sum(v * v)


PROGRAMS = [
    merged_display,
    starred_display,
    union_of_dicts,
    starred_target,
    chosen_tuple,
    dict_of_zip,
    zip_of_lists,
    enumerated_list,
    larger_by_key,
    sorted_by_key,
    mapped,
    next_of_iter,
    chosen_by_and,
    loop_target_is_an_item,
    displays_taken_apart,
    returned_by_inner,
    default_of_inner,
    default_of_get,
    default_of_setdefault,
    default_of_pop,
    popped_item,
    values_and_items,
    operator_getitem,
    reduced,
    starred_zip,
    filtered,
    lists_in_a_list,
    inserted_and_extended,
    swapped_and_reversed,
    sliced_and_deleted,
    two_targets,
    args_and_kwargs,
    default_argument,
    pushed_by_closure,
    entry_from_entry,
    rows_of_a_matrix,
    rows_and_columns,
    basic_indices,
    copies,
    views_and_copies,
    tuple_of_views,
    conditional_pair,
    through_lambdas,
]

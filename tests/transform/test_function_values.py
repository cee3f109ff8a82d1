"""Functions as values, each program compared with differences in both modes, with kinds known and unknown.

What cannot be followed is a located error.
"""

from __future__ import annotations

import functools
import operator
from functools import partial, reduce

import numpy as np
import pytest

import srcad
from srcad import api

X = 1.3
V = np.array([0.3, -1.2, 0.7])


def square(x):
    return x * x


def cube(x):
    return x * x * x


def inactive_rec_case(x):

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    return x ** fib(4) + fib(5) * x


def inactive_rec_cap_case(x):
    k = 3

    def go(n):
        return k if n == 0 else 1 + go(n - 1)

    k = 2
    return x ** go(2)


def list_changes_case(x):
    fs = [np.sin, square]
    fs[0] = np.cos
    return fs[0](x)


def list_mut2_case(x):
    fs = [np.sin, square]
    gs = fs
    gs[0] = np.cos
    return fs[0](x)


def list_mut3_case(x):
    fs = [np.sin, square]

    def change(given):
        given[0] = np.cos

    change(fs)
    return fs[0](x)


def change_mod(given):
    given.append(np.cos)


def list_mut4_case(x):
    fs = [np.sin, square]
    change_mod(fs)
    y = x
    for f in fs:
        y = f(y)
    return y


def list_mut5_case(x):
    fs = [lambda t: t * x, np.sin]
    fs[0] = np.cos
    return fs[0](x)


def list_mut6_case(x):
    fs = [lambda t: t * x, np.sin]
    gs = fs
    gs[0] = lambda t: t * 3.0
    return fs[0](x)


def list_mut7_case(x):
    fs = [lambda t: t * x, np.sin]
    if x > 0:
        fs[0] = np.cos
    return fs[0](x)


def dict_mut_case(x):
    d = {"a": np.sin}
    d["a"] = np.cos
    d["b"] = square
    return d["a"](x) * d["b"](x)


def dict_upd_case(x):
    d = {"a": np.sin}
    d.update(a=np.cos)
    return d["a"](x)


def dict_upd2_case(x):
    d = {"a": lambda t: t * x}
    d.update(a=np.cos)
    return d["a"](x)


def dict_pop_case(x):
    d = {"a": lambda t: t * x, "b": np.sin}
    f = d.pop("a")
    return f(x) * len(d)


def cond_mut_case(x):
    c = [1]
    f = np.sin if c else np.cos
    c.pop()
    return f(x)


def cond_arr_case(x):
    c = np.array([x > 0])
    f = np.sin if c else np.cos
    c[0] = False
    return f(x)


def cond_partial_case(x):
    if x > 0:
        k = x * 2
        f = partial(operator.mul, k)
    else:
        k = x * 3
        f = partial(operator.mul, k * 2)
    k = 100.0
    return f(x)


def cond_partial_n_case(x):
    if x > 0:
        k = x * 2
        f = partial(operator.mul, k)
    else:
        k = x * 3
        f = partial(operator.mul, k * 2)
    return f(x) * k


def cond_clos_case(x):
    if x > 0:
        k = x * 2
        f = lambda t, k=k: t * k
    else:
        f = lambda t: t + x
    k = 5.0
    return f(x)


def cond_clos_fact_case(x):

    def mk(k):
        j = k * k
        return lambda t: t * j

    f = mk(x) if x > 0 else mk(2.0 * x)
    return f(x)


def cond_clos_fact_n_case(x):

    def mk(k):
        j = k * k
        return lambda t: t * j

    f = mk(x) if x > 0 else mk(2.0 * x)
    return f(x)


def early_ret_case(x):

    def pick(n):
        if n > 1:
            return np.sin
        if n > 0:
            return lambda t: t * x
        return square

    return pick(2)(x) + pick(1)(x) + pick(0)(x)


def early_ret_rt_case(x, m):

    def pick(n):
        if n > 1:
            return np.sin
        if n > 0:
            return lambda t: t * x
        return square

    return pick(m)(x)


def nonlocal_two_case(x):

    def make():
        c = x

        def inc():
            nonlocal c
            c = c * x
            return c

        def get():
            return c

        return (inc, get)

    i, g = make()
    j, h = make()
    i()
    i()
    j()
    return g() * h()


def nonlocal_loop_case(x):

    def make():
        c = x

        def inc():
            nonlocal c
            c = c * x
            return c

        return inc

    inc = make()
    for _ in range(3):
        inc()
    return inc()


def nonlocal_cond_case(x):

    def make():
        c = x

        def inc():
            nonlocal c
            if c > 1:
                c = c * x
            else:
                c = c + 1
            return c

        return inc

    inc = make()
    if x > 0:
        inc()
    return inc()


def loop_def_case(x):
    y = 0.0
    for i in range(3):

        def g(t):
            return t * i + x

        y += g(x)
    return y + g(x)


def loop_rebind_case(x):
    f = np.sin
    y = x
    for i in range(3):
        y = f(y)
        f = np.cos
    return y


def loop_rebind_l_case(x):
    f = lambda t: t * x
    y = x
    for i in range(3):
        y = f(y)
        f = lambda t: t + x
    return y


def loop_wrap_case(x):
    f = lambda t: t * x
    for i in range(3):
        g = f
        f = lambda t, g=g: g(t) + 1.0
    return f(x)


def unroll_cont_case(x):
    y = 0.0
    for f, w in ((np.sin, 1), (square, 2), (np.cos, 3)):
        if w == 2:
            continue
        y += f(x) * w
    return y


def unroll_ret_case(x):
    for f in (np.sin, square, np.cos):
        y = f(x)
        if y > 1.0:
            return y * x
    return 0.0 * x


def unroll_ret2_case(x):
    for f in (np.sin, square, np.cos):
        y = f(x)
        if y > 1.0:
            return y * x
    return 2.0 * x


def unroll_break_else_case(x):
    z = 1.0
    for f in (square, np.sin):
        z = z * f(x)
        if z < -5:
            break
    else:
        z = z + x
    return z


def unroll_nested_case(x):
    y = 0.0
    for f in (np.sin, square):
        for g in (np.cos, cube):
            y += f(g(x))
    return y


def unroll_in_loop_case(x):
    y = x
    for i in range(2):
        for f in (np.sin, np.cos):
            y = f(y) * x
            if y < 0.1:
                break
    return y


def unroll_after_case(x):
    for f in (np.sin, np.cos):
        pass
    return f(x)


def deco_cnt_case(x):
    calls = []

    def log(f):

        @functools.wraps(f)
        def w(*a, **k):
            calls.append(len(a))
            return f(*a, **k)

        return w

    @log
    def g(a, b=2.0):
        return a * b

    y = g(x) * g(x, x) * g(a=x)
    return y * len(calls) * calls[1]


def kwmut(**k):
    k["s"] = k["s"] * 2.0
    return k["s"]


def kwargs_mut2_case(x):
    o = {"s": x}
    return kwmut(**o) * o["s"]


def kwdef(a, b=2.0, *r, c=3.0, **k):
    return a * b + sum(r) * c + sum(k.values())


def forms_case(x):
    t = (x, 2.0)
    return kwdef(x) + kwdef(*t) + kwdef(*t, x, c=x) + kwdef(x, x, x, x, z=x, c=x, y=2.0) + kwdef(b=x, a=2.0)


def kwrec(n, *a, **k):
    return a[0] * k["z"] if n == 0 else kwrec(n - 1, a[0] * k["z"], *a[1:], **k)


def kwrec_case(x):
    return kwrec(3, x, 2.0, z=x)


def longvar(*xs, scale=1.0):
    t = 0.0
    for i, v in enumerate(xs):
        if i % 2 == 0:
            t = t + v * scale
            t = t * 1.1
            t = t - 0.1
        else:
            t = t - v * v
            t = t * 0.9
            t = t + v
        if t > 100:
            t = t / 2
        if t > 200:
            t = t / 3
        if t > 300:
            t = t / 4
        if t < -100:
            t = t / 2
        if t < -200:
            t = t / 3
        if t < -300:
            t = t / 4
    u = t * t
    for j in range(3):
        u = u + np.sin(u)
        u = u * 0.5
        u = u - 0.01
    return u


def longvar_case(x):
    return longvar(x, x * x, 2.0, scale=x) + longvar(x)


def longvar_arr_case(x):
    return longvar(*x) + longvar(*x[1:], x[0])


G = 2.0


def useg(f, x):
    return f(x) * G


def globdata_case(x):
    return useg(lambda t: t * x, x)


def mkcell(k):
    arr = [k]

    def g(f, x):
        return f(x) * k * arr[0]

    return g


GC = mkcell(3.0)


def celldata_case(x):
    return GC(lambda t: t * x, x)


def partial_kw_override_case(x):
    f = partial(kwdef, 2.0, c=x)
    return f(x, x) + f(x, x, c=2.0) + f(q=x)


def partial_late_case(x):
    k = x
    f = partial(operator.mul, k)
    k = 10.0
    return f(x) * k


def lambda_late_case(x):
    k = x
    f = lambda t: t * k
    k = k * 2.0
    return f(x)


def default_late_case(x):
    k = x
    f = lambda t, k=k: t * k
    k = k * 2.0
    return f(x) * k


def fn_in_tuple_ret_case(x):

    def mk():
        return {"f": np.sin, "g": lambda t: t * x}

    d = mk()
    return d["f"](x) * d["g"](x)


def dict_key_rt_case(x, name):
    d = {"f": np.sin, "g": lambda t: t * x, "h": square}
    return d[name](x)


def list_idx_lam_case(x, i):
    fs = [np.sin, lambda t: t * x, square]
    return fs[i](x) * fs[-2](x)


def or2_case(x):

    def ap(f=None):
        f = f or (lambda t: t * x)
        return f(x)

    return ap() + ap(np.sin)


def eqf_case(x):
    fs = (np.sin, np.cos)
    return sum(f(x) * (2.0 if f is np.sin else 3.0) for f in fs)


def none_choice_case(x):
    f = np.sin if x > 0 else None
    if f is not None:
        return f(x)
    return x


def none_choice_n_case(x):
    f = np.sin if x > 0 else None
    if f is not None:
        return f(x)
    return x * x


def none_choice_l_case(x):
    f = (lambda t: t * x) if x > 0 else None
    return f(x) if f else x * x


def walrus_case(x):
    return (f := (lambda t: t * x))(x) + f(2.0)


def reduce_compose_case(x):
    comp = lambda *fs: reduce(lambda f, g: lambda t: g(f(t)), fs)
    return comp(np.sin, square, lambda t: t * x)(x)


def cps_case(x):

    def add(a, b, k):
        return k(a + b)

    def mul(a, b, k):
        return k(a * b)

    return add(x, 2.0, lambda s: mul(s, x, lambda m: m * m))


def cps_rec_case(x):

    def fact(n, k):
        return k(1.0) if n == 0 else fact(n - 1, lambda r: k(r * x))

    return fact(3, lambda r: r)


def fn_attr_case(x):

    def g(t):
        return t * x

    g.k = 3.0
    return g(x) * g.k


def lambda_args_case(x):
    return (lambda a, /, b=2.0, *c, d=1.0, **e: a * b + sum(c) + d + e["z"])(x, x, x, x, d=x, z=x)


def map_method_case(x):
    return sum(map(np.ndarray.sum, [x, x * x]))


def sort_key_capt_case(x):
    w = x * 2
    return (
        sorted(list(x), key=lambda t: -t)[0] * min(x, key=lambda t: abs(t)) * max([0, 1, 2], key=lambda i: w[i]) * w[0]
    )


def any_case(x):
    fs = (lambda t: t > 5, lambda t: t > 0)
    return x[0] * 2.0 if any(f(x[0]) for f in fs) else x[1]


def next_case(x):
    return next(f(x[0]) for f in (np.cos, np.sin) if f(x[0]) < 0.5)


def dictcomp_case(x):
    d = {k: lambda t, k=k: t**k for k in (1, 2, 3)}
    return d[2](x) * d[3](x)


def dictcomp2_case(x):
    d = {n: f for n, f in zip("ab", (np.sin, square))}
    return d["a"](x) * d["b"](x)


def items_loop_case(x):
    d = {"a": lambda t: t * x, "b": np.sin}
    y = 0.0
    for k, f in d.items():
        y += f(x) * (2.0 if k == "a" else 1.0)
    return y


def vals_case(x):
    return sum(f(x) for f in {"a": lambda t: t * x, "b": np.sin}.values())


def starred_fs_case(x):
    fs = (np.sin, lambda t: t * x)
    a, *b = (*fs, square)
    return a(x) * b[0](x) * b[1](x)


def rec_default_case(x):

    def go(n, t=x):
        return t if n == 0 else go(n - 1, t * x)

    return go(3)


def rec_kw_case(x):

    def go(*, n, t):
        return t if n == 0 else go(t=t * x, n=n - 1)

    return go(n=3, t=1.0)


def rec_two_calls_case(x):

    def go(t, n):
        return t if n == 0 else go(t * x, n - 1)

    a = go(1.0, 2)
    x = x * 2.0
    return a * go(x, 2)


def rec_in_loop_case(x):
    y = 0.0
    for k in range(3):

        def go(n):
            return x * k if n == 0 else go(n - 1) * x

        y += go(k)
    return y


def rec_nested_case(x):

    def outer(n):

        def inner(m):
            return x if m == 0 else inner(m - 1) * x

        return inner(n) if n == 0 else outer(n - 1) + inner(n)

    return outer(2)


def rec_tree_case(x):

    def s(t):
        return s(t[0]) * 1.5 + s(t[1]) ** 2 if isinstance(t, tuple) else t * t

    return s(((x, 1.2), (x * x, 0.3)))


TT = [np.sin, np.cos]


def glob_chg_case(x):
    y = TT[0](x)
    return y * TT[1](x)


class Box:
    def __init__(self, f):
        self.f = f


BX = Box(np.sin)


def is_partial_case(x):
    f = partial(square)
    g = f
    return x * x if f is g else x


def namedexpr_loop_case(x):
    i = 0
    while (f := [np.sin, np.cos][i % 2])(x) > 0.2 and i < 3:
        x = f(x) * 1.5
        i += 1
    return x


def vec_case(x):
    apply = lambda f, *a, **k: f(*a, **k)
    return apply(np.add, x, x) * apply(lambda a, b=2.0: a * b, x, b=x) * apply(pow, x, 2)


def nums(x):
    yield x
    yield (x * x)


def pairs(x, n):
    for i in range(n):
        for j in range(i):
            if (i + j) % 3 == 0:
                continue
            yield (i, x * j + i)


def early(x, n):
    for i in range(n):
        if i == 3:
            return
        yield (x * i)
    yield (x * 100.0)


def chain(*gs):
    for g in gs:
        yield from g


def inf(x):
    while True:
        yield x
        x = x * 1.3


def tree(t):
    if isinstance(t, tuple):
        yield from tree(t[0])
        yield from tree(t[1])
    else:
        yield t


def generator_pairs_case(x):
    y = 0.0
    for i, a in pairs(x, 4):
        y = y * 0.5 + a * a * i
    return y


def generator_pairs_break_case(x):
    y = 0.0
    for i, a in pairs(x, 5):
        if a > 6:
            break
        y = y * 0.5 + a * a * i
    else:
        y = y * 100.0
    return y


def generator_early_case(x):
    y = 1.0
    for a in early(x, 6):
        y = y * (a + 1.0)
    return y + sum(early(x, 2))


def generator_chain_case(x):
    return sum(chain(nums(x), nums(x * 2), early(x, 3)))


def generator_chain_break_case(x):
    y = 0.0
    for a in chain(nums(x), nums(x * 2), early(x, 3)):
        if a > 2.5:
            break
        y += a * a
    return y


def generator_inf_case(x):
    y = 0.0
    for a in inf(x):
        y += a
        if a > 4:
            break
    return y


def generator_inf_ret_case(x):
    for a in inf(x):
        if a > 4:
            return a * x


def generator_inf_cont_case(x):
    y = 0.0
    for a in inf(x):
        if a < 2:
            continue
        if a > 6:
            break
        y += a * a
    return y


def generator_tree_case(x):
    return sum(tree(((x, 1.0), x * x)))


def generator_twice_case(x):
    g = nums(x)
    return sum(g) + sum(g)


def generator_lazy_late_case(x):
    k = 1.0

    def gen():
        yield (k * x)
        yield (k * 2)

    g = gen()
    k = x
    return sum(g)


def generator_inloop_case(x):
    y = 0.0
    for i in range(3):
        for a in nums(x * i):
            y += a * a
    return y


def generator_outofloop_case(x):
    g = nums(x)
    y = 0.0
    for i in range(2):
        for a in g:
            y += a
    return y


def generator_comp_case(x):
    return sum([a * a for a in nums(x)]) + sum(a for a in nums(x) if a > 1.5)


def generator_map_case(x):
    return sum(map(lambda t: t * x, nums(x)))


def generator_interleave_case(x):
    y = x * 1.0

    def gen():
        for i in range(3):
            yield y[i]

    t = 0.0
    for v in gen():
        t += v
        y[2] = y[2] + v
    return t


def generator_buf_case(x):

    def gen():
        buf = np.zeros(3)
        for i in range(3):
            buf[i] = x[i] * 2
            yield buf

    t = 0.0
    for b in gen():
        t += np.sum(b * x)
    return t


def generator_buf_list_case(x):

    def gen():
        buf = np.zeros(3)
        for i in range(3):
            buf[i] = x[i] * 2
            yield buf

    return sum([np.sum(b * x) for b in list(gen())])


def generator_nonlocal_case(x):
    n = 0.0

    def gen():
        nonlocal n
        for i in range(3):
            n = n + x
            yield (n * i)

    y = 0.0
    for a in gen():
        y += a * n
    return y * n


def generator_nested_case(x):

    def a(n):
        for i in range(n):
            yield (x * i)

    def b(n):
        for v in a(n):
            if v > 2:
                yield (v * v)
            else:
                yield v
                yield (v + 1)

    y = 0.0
    for v in b(4):
        if v > 14:
            break
        y = y * 0.9 + v
    return y


def generator_while_case(x):

    def g(v):
        while v < 20:
            yield v
            v = v * v + 0.1

    return sum(g(x))


def generator_enum_case(x):
    return sum((i * a for i, a in enumerate(list(nums(x)))))


def generator_val_case(x):

    def g():
        r = yield x  # noqa: F841
        yield (x * 2)

    return sum(g())


def generator_cond_case(x):
    g = nums(x) if x > 0 else nums(2 * x)
    return sum(g)


def generator_arg_case(x):

    def total(it):
        t = 0.0
        for v in it:
            t += v * v
        return t

    return total(nums(x)) + total(early(x, 2))


def mtotal(it):
    t = 0.0
    for v in it:
        t += v * v
    return t


def generator_arg_mod_case(x):
    return mtotal(nums(x))


def generator_any_case(x):
    return x if any(v > 1.5 for v in nums(x)) else x * x


def generator_retgen_case(x):

    def mk(k):
        return (k * i for i in range(3))

    return sum(mk(x))


WORKS = [
    (inactive_rec_case, (X,)),
    (inactive_rec_cap_case, (X,)),
    (list_changes_case, (X,)),
    (list_mut2_case, (X,)),
    (list_mut3_case, (X,)),
    (list_mut4_case, (X,)),
    (list_mut5_case, (X,)),
    (list_mut6_case, (X,)),
    (dict_mut_case, (X,)),
    (dict_upd_case, (X,)),
    (dict_pop_case, (X,)),
    (cond_mut_case, (X,)),
    (cond_arr_case, (X,)),
    (cond_partial_case, (X,)),
    (cond_partial_n_case, (-X,)),
    (cond_clos_case, (X,)),
    (cond_clos_fact_case, (X,)),
    (cond_clos_fact_n_case, (-X,)),
    (early_ret_case, (X,)),
    (
        early_ret_rt_case,
        (
            X,
            1,
        ),
    ),
    (nonlocal_two_case, (X,)),
    (nonlocal_loop_case, (X,)),
    (nonlocal_cond_case, (X,)),
    (loop_rebind_case, (X,)),
    (unroll_cont_case, (X,)),
    (unroll_ret_case, (X,)),
    (unroll_ret2_case, (0.3,)),
    (unroll_break_else_case, (X,)),
    (unroll_nested_case, (X,)),
    (unroll_in_loop_case, (X,)),
    (unroll_after_case, (X,)),
    (deco_cnt_case, (X,)),
    (kwargs_mut2_case, (X,)),
    (forms_case, (X,)),
    (kwrec_case, (X,)),
    (longvar_case, (X,)),
    (longvar_arr_case, (V,)),
    (globdata_case, (X,)),
    (celldata_case, (X,)),
    (partial_kw_override_case, (X,)),
    (partial_late_case, (X,)),
    (lambda_late_case, (X,)),
    (default_late_case, (X,)),
    (fn_in_tuple_ret_case, (X,)),
    (
        dict_key_rt_case,
        (
            X,
            "g",
        ),
    ),
    (
        list_idx_lam_case,
        (
            X,
            2,
        ),
    ),
    (or2_case, (X,)),
    (eqf_case, (X,)),
    (none_choice_case, (X,)),
    (none_choice_n_case, (-X,)),
    (none_choice_l_case, (-X,)),
    (walrus_case, (X,)),
    (reduce_compose_case, (X,)),
    (cps_case, (X,)),
    (lambda_args_case, (X,)),
    (map_method_case, (V,)),
    (sort_key_capt_case, (V,)),
    (any_case, (V,)),
    (next_case, (V,)),
    (dictcomp_case, (X,)),
    (dictcomp2_case, (X,)),
    (items_loop_case, (X,)),
    (vals_case, (X,)),
    (starred_fs_case, (X,)),
    (rec_default_case, (X,)),
    (rec_kw_case, (X,)),
    (rec_two_calls_case, (X,)),
    (rec_in_loop_case, (X,)),
    (rec_nested_case, (X,)),
    (rec_tree_case, (X,)),
    (glob_chg_case, (X,)),
    (is_partial_case, (X,)),
    (namedexpr_loop_case, (X,)),
    (vec_case, (X,)),
    (generator_pairs_case, (X,)),
    (generator_pairs_break_case, (X,)),
    (generator_early_case, (X,)),
    (generator_chain_case, (X,)),
    (generator_chain_break_case, (X,)),
    (generator_inf_case, (X,)),
    (generator_inf_ret_case, (X,)),
    (generator_inf_cont_case, (X,)),
    (generator_lazy_late_case, (X,)),
    (generator_inloop_case, (X,)),
    (generator_comp_case, (X,)),
    (generator_map_case, (X,)),
    (generator_interleave_case, (V,)),
    (generator_buf_case, (V,)),
    (generator_buf_list_case, (V,)),
    (generator_nonlocal_case, (X,)),
    (generator_nested_case, (X,)),
    (generator_while_case, (X,)),
    (generator_enum_case, (X,)),
    (generator_arg_case, (X,)),
    (generator_arg_mod_case, (X,)),
    (generator_any_case, (X,)),
    (generator_retgen_case, (X,)),
]
#: Which function is called is known only where kinds are.
KNOWN_ONLY = (glob_chg_case,)


@pytest.mark.parametrize(("f", "args"), WORKS, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_derivatives(f, args, known):
    if not known and f in KNOWN_ONLY:
        with pytest.raises(srcad.SrcadError, match="line "), api.compile_options(kinds=False):
            srcad.grad(f)(*args)
        return
    with api.compile_options(kinds=known):
        assert srcad.check(f, args)


REFUSED = [
    (list_mut7_case, (X,), "changes in a branch or loop"),
    (dict_upd2_case, (X,), "used as a value"),
    (loop_def_case, (X,), "may be one of several"),
    (loop_rebind_l_case, (X,), "may be one of several"),
    (loop_wrap_case, (X,), "may be one of several"),
    (cps_rec_case, (X,), "with other functions"),
    (fn_attr_case, (X,), "used as a value"),
    (generator_tree_case, (X,), "generator function"),
    (generator_twice_case, (X,), "more than once"),
    (generator_outofloop_case, (X,), "more than once"),
    (generator_val_case, (X,), "yields inside"),
    (generator_cond_case, (X,), "used as a value"),
]


@pytest.mark.parametrize(("f", "args", "what"), REFUSED, ids=lambda v: getattr(v, "__name__", ""))
def test_what_cannot_be_followed(f, args, what):
    for run in (lambda: srcad.grad(f)(*args), lambda: srcad.jvp(f, args, (1.0,) * len(args))):
        with pytest.raises(srcad.SrcadError, match=what) as caught:
            run()
        assert caught.value.where is not None

"""Small functions that each use one construct, with the arguments to call them with.

`PROGRAMS` lists (function, several tuples of arguments); a call may raise.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import math
import operator
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np

PROGRAMS: list[tuple[Any, tuple[tuple[Any, ...], ...]]] = []
SCALE = 3.0
COUNT = 0
V = np.array([1.0, -2.0, 3.0])
M = np.arange(6.0).reshape(2, 3)
Point = namedtuple("Point", "x y")


@dataclass
class Box:
    """A mutable object."""

    value: float
    items: Any = None

    def scaled(self, k: float) -> float:
        return self.value * k


def case(*calls: tuple[Any, ...]) -> Any:
    def register(fn: Any) -> Any:
        PROGRAMS.append((fn, calls))
        return fn

    return register


def helper(x, k=2.0):
    return x * k


# -- expressions ------------------------------------------------------------------------------------------


@case((2.0, 3.0), (-1.5, 0.5))
def arithmetic(a, b):
    return (a + b) * (a - b) / (b * b + 1) - a // b + a % b + (a * a) ** b.real - -a + (+b)


@case((6, 3), (5, 1))
def integers(a, b):
    return (a & b) + (a | b) + (a ^ b) + (a << b) + (a >> 1) + ~a


@case((M, V),)
def matrix(m, v):
    return m @ v


@case((1, 2), (2, 2), (3, 2))
def comparisons(a, b):
    return a < b, a <= b, a > b, a >= b, a == b, a != b, a is b, a is not b, not a, a in [1, b], a not in (1, b)


@case((0.5, []), (-1.0, []), (2.0, []), (5.0, []))
def chained(x, log):
    def note(v):
        log.append(v)
        return v

    return note(0) < note(x) < note(1) < note(3), log


@case((0, 1), (2, 0), (0, 0), (3, 4), ([], ()))
def boolean(a, b):
    return a and b, a or b, not a or b, a and b or 7, (a or b) and a


@case((1, 0), (0, 0), (2, 1))
def short_circuit(a, b):
    return a == 0 or b / a > 0.1 or "no"


@case((1.0,), (-1.0,))
def conditional(x):
    return x * 2 if x > 0 else -x


@case((1.0,), (-1.0,), (0.0,))
def nested_conditional(x):
    return (1 if x > 0 else 2 if x < 0 else 3) + (x and 4 or 5)


@case((3.0,), (-3.0,))
def walrus(x):
    y = (z := x * 2) + z
    if (w := y - 1) > 0:
        return w + z
    return w - z


@case((3.14159, 7), (-1.0, 12))
def fstring(x, n):
    return f"{x:.3f} and {x!r:>{n}} {n=} {{}} {'q'}" f" {n:03d}"


@case(([1, 2, 3],),)
def starred(xs):
    return [0, *xs, 4], (*xs, *xs), {*xs, 9}, max(*xs, 2), {**{"a": 1}, "b": 2, **{"a": 3}}


@case((np.arange(12.0),), (list(range(12)),))
def slices(x):
    return x[1:5], x[::2], x[::-1], x[-3:], x[:4:2], x[3], x[-1]


@case((np.arange(12.0).reshape(3, 4),))
def indices(x):
    return x[1:, 2], x[..., 0], x[None, 1], x[:, np.newaxis].shape, x[[0, 2]], x[x > 5], x[1, 2], x[*(0, 1)]


@case((V,))
def attributes(x):
    return x.shape[0], x.T.sum(), x.sum(axis=0), x.astype("f4").dtype, np.pi, np.linalg.norm(x), math.tau


@case((2.0,))
def keywords(x):
    return helper(x), helper(k=x, x=1.0), helper(x, k=3), helper(*(x, 2)), helper(**{"x": x}), helper(*[x], **{"k": 5})


@case(([1, -2, 3],), ([],))
def comprehensions(xs):
    return (
        [x * 2 for x in xs],
        [x for x in xs if x > 0 if x < 3],
        {x: x * x for x in xs},
        {abs(x) for x in xs},
        [(x, y) for x in xs for y in range(x) if y != 1],
        [[y + x for y in xs] for x in xs],
    )


@case(([1, -2, 3],), ([],))
def comprehension_scope(x):
    y = [x for x in x]
    z = [x + i for i, x in enumerate(y)]
    return x, y, z


@case(([1, 2, 5, 3],), ([],))
def comprehension_walrus(xs):
    total = 0
    partial = [total := total + x for x in xs]
    return partial, total


@case(([1.0, 2.0],), ([],), ([0.0, -1.0],))
def generators(xs):
    a = sum(x * x for x in xs)
    b = list(x + 1 for x in xs)
    c = tuple(x for x in xs if x)
    d = "-".join(str(x) for x in xs)
    return a, b, c, d, any(x < 0 for x in xs), all(x > 0 for x in xs), dict((x, 1) for x in xs)


@case(([1.0, 0.0, 2.0], []), ([0.0], []), ([], []))
def early_any(xs, log):
    def test(x):
        log.append(x)
        return 1 / x > 0.9

    return any(test(x) for x in xs), log


@case(([[1, 2], [3]],), ([],), ([[1], [0]],))
def all_nested(rows):
    return all(x > 0 for row in rows for x in row), next((x for row in rows for x in row if x > 1), None)


@case(([1, 2],), ([],))
def next_raises(xs):
    return next(x for x in xs if x > 1)


@case((2.0,))
def lambdas(x):
    double = lambda v: v * 2
    return double(x) + (lambda a, b=3: a * b)(x) + double(double(x))


@case((M,))
def method_chain(m):
    return m.T.reshape(-1).sum() + m.sum(axis=1).max()


@case((2,))
def constants(n):
    return -1, -2.5, -1j, ..., None, True, "s", b"b", -n, (), [], {}


@case((3.0, 2), (0.5, 0))
def globals_and_builtins(x, n):
    return abs(x) * SCALE + len([n]) + pow(x, n) + float(n) + round(x)


@case((1.0,))
def unknown_name(x):
    y = x + 1
    return y + undefined_name  # noqa: F821


@case((0,), (1,), (5,))
def is_none(n):
    x = None if n == 0 else n
    return x is None, "none" if x is None else "some"


# -- assignment -------------------------------------------------------------------------------------------


@case((1.0, 2.0))
def swap(a, b):
    a, b = b, a
    a, b, c = b, a + 1, a
    return a, b, c


@case(((1, (2, 3), 4),), ((1, (2,), 4),), ((1, 2),))
def unpacking(t):
    a, (b, c), d = t
    [e, f] = b, c
    return a + b * c - d, e, f


@case(([1, 2, 3, 4],), ([1, 2],), ([1],))
def star_unpacking(xs):
    first, *rest, last = xs
    *init, _ = xs
    a, *b = init
    return first, rest, last, init, a, b


@case((2.0,))
def several_targets(x):
    a = b = c = x * 2
    d = e = [x]
    d.append(1)
    (f, g) = h = (a, b)
    return a, b, c, d, e, f, g, h


@case((2.0,), (3,))
def annotated(x):
    y: float = x * 2
    z: int
    z = 3
    return y + z


@case((2.0, 3.0), (np.array([1.0, 2.0]), 2.0), ([1], [2]))
def augmented(x, y):
    z = x
    x += y
    return x, z


@case((7, 2))
def augmented_all(a, b):
    c = d = a
    c -= b
    c *= 3
    c //= b
    c %= 5
    c **= 2
    c <<= 1
    c >>= 1
    c |= 8
    c &= 13
    c ^= 3
    d /= b
    return c, d


@case(([1.0, 2.0, 3.0], 1), ([1.0], 0), ([1.0], 4))
def augmented_items(xs, i):
    xs[i] += 2
    xs[i] *= xs[0]
    xs[-1] -= 1
    return xs


@case(([5, 6, 7],))
def augmented_order(xs):
    xs[0] += xs.pop()
    return xs


@case((Box(2.0, [1, 2]),))
def augmented_attributes(box):
    box.value += 1
    box.items += [3]
    box.other = box.value * 2
    return box.value, box.items, box.other, box.scaled(2)


@case((np.zeros((3, 3)), 2.0))
def stores(x, v):
    x[0] = v
    x[1, 2] = v * 2
    x[:, 0] += 1
    x[x > 1] -= 0.5
    x[[0, 2], 1] = 7
    x[1:, 1:] *= 2
    return x


@case(({"a": 1},), ({},))
def dict_stores(d):
    d["b"] = 2
    d["a"] += 5
    return d


@case(([1, 2, 3],))
def deletes(xs):
    y = xs[0]
    del xs[0]
    box = Box(1.0)
    box.extra = 2
    del box.extra
    z = y
    del y, xs[0]
    return xs, z, hasattr(box, "extra")


@case((1.0,))
def deleted_name(x):
    y = x
    del y
    return y  # noqa: F821


@case((2.0, 3), (2.0, 0))
def global_store(x, n):
    global COUNT
    COUNT = 0
    for _ in range(n):
        COUNT = COUNT + 1
    COUNT += 1
    return x * COUNT


@case((1.0,))
def unbound(x):
    SCALE = SCALE + x  # noqa: F823
    return SCALE


@case((1.0,), (-1.0,))
def maybe_unbound(x):
    if x > 0:
        y = x
    z = y
    return z


@case((3,), (0,))
def unbound_loop_variable(n):
    for i in range(n):
        pass
    return i


@case((2.0,))
def same_value_both(x):
    if x > 1:
        y = x
    else:
        y = x
    y = y * 2
    return y


# -- branches ---------------------------------------------------------------------------------------------


@case((1.0,), (0.0,), (-1.0,))
def elif_chain(x):
    y = 0.0
    if x > 0:
        y = x * 2
    elif x == 0:
        y = 5.0
    else:
        y = -x
    return y + 1


@case((1.0,), (0.0,), (-1.0,))
def early_returns(x):
    if x > 0:
        return "pos"
    elif x == 0:
        return "zero"
    x = x * 2
    return x


@case((1, 1), (1, 0), (0, 1), (0, 0))
def return_in_both(a, b):
    if a:
        if b:
            return "ab"
        y = 1
    else:
        if b:
            return "b"
        y = 2
    y += 10
    return y


@case((1,), (0,))
def no_result(a):
    if a:
        return 5


@case((1,), (-1,))
def bare_return(a):
    if a > 0:
        return
    print("x", end="")
    return a


@case((1.0,), (-1.0,))
def raising(x):
    if x < 0:
        raise ValueError(f"negative: {x}")
    y = math.sqrt(x)
    return y


@case((1.0,), (-1.0,), (0.0,))
def raise_in_else(x):
    if x > 0:
        y = 1.0
    elif x < 0:
        y = x
    else:
        raise KeyError("zero") from ValueError("cause")
    return y


@case((1.0, []), (-1.0, []))
def asserting(x, log):
    assert x > -5, "too small"
    assert x > 0, log.append(x) or f"not {x}"
    assert x
    return x


@case(
    (0,), ("a",), ((1, 2),), ((1, 2, 3, 4),), ({"k": 3, "z": 1},), (Point(0, 5),), (Box(2.0),), (7.5,), (None,), (-3,)
)
def matching(v):
    match v:
        case 0 | 1:
            r = "small"
        case "a":
            r = "text"
        case Point(0, y):
            r = ("axis", y)
        case (a, b):
            r = a + b
        case [a, *rest, z] if len(rest) == 2:
            r = (a, rest, z)
        case {"k": k, **others}:
            r = (k, others)
        case Box(value=value) as box:
            r = (value, box.items)
        case float(x) if x > 0:
            r = x
        case None:
            return "none"
        case _:
            r = "other"
    return r


@case(((1, 2),), (("p", 3),), (("q", 3),), (5,))
def match_returns(v):
    match v:
        case ("p", n) | (n, 2):
            return n
        case (str(), int(n)):
            n += 1
        case _:
            n = 0
    return n * 10


# -- loops ------------------------------------------------------------------------------------------------


@case((3, 2.0), (0, 2.0))
def accumulate(n, x):
    y = 1.0
    t = 0.0
    for i in range(n):
        t = x * i
        y = y + t
    return y


@case((M,), (np.zeros((0, 3)),))
def rows(m):
    s = 0.0
    for row in m:
        for x in row:
            s += x * x
    return s


@case(({"a": 1.0, "b": 2.0},), ({},))
def dict_views(d):
    s = 0.0
    for k in d:
        s += d[k]
    for k, v in d.items():
        s += v * len(k)
    for v in d.values():
        s -= v
    return s


@case(([1, 2, 3], [4, 5, 6]), ([], []))
def iterators(a, b):
    out = []
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        out.append(i * x + y)
    for x in reversed(a):
        out.append(x)
    for x in sorted(b, reverse=True):
        out.append(x)
    for idx in np.ndindex(2, 2):
        out.append(idx)
    return out


@case((100.0, 1e-6), (0.0, 1.0))
def newton(a, tol):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


@case(([1, 2, -1, 3],), ([1, 2],), ([],))
def breaks(xs):
    s = 0
    for x in xs:
        if x < 0:
            break
        s += x
    else:
        s += 100
    return s


@case(([1, 2, -1, 3],), ([],))
def continues(xs):
    s = 0
    for x in xs:
        if x < 0:
            continue
        s += x
        if x == 2:
            continue
        s *= 2
    return s


@case(([1, 2, -1, 3, 9, 4],), ([1, 9],), ([],), ([7, 1],))
def mixed_jumps(xs):
    s = 0
    for x in xs:
        if x < 0:
            s += 1
            if s > 100:
                break
        elif x == 9:
            return "nine", s
        elif x == 7:
            break
        else:
            if x == 2:
                s -= 1
                continue
            s += 2
        s = s * 2
    else:
        s += 1000
    return s


@case(([[1, 2], [3, 0], [5]],), ([[1]],), ([],), ([[4, 4], [0]],))
def nested_jumps(rows):
    total = 0
    for row in rows:
        for x in row:
            if x == 0:
                break
            if x == 5:
                return "five", total
            total += x
        else:
            total += 100
            continue
        total *= 2
    return total


@case((5,), (0,), (50,))
def while_jumps(n):
    i = s = 0
    while i < n:
        i += 1
        if i % 2:
            continue
        if i > 20:
            return "big", s
        s += i
    else:
        s = -s
    return s, i


@case((3,), (40,))
def while_true(n):
    k = 0
    while True:
        k += 1
        if k * k > n:
            return k


@case((3,), (40,))
def while_true_break(n):
    k = 0
    while 1:
        k += 1
        if k * k > n:
            break
    return k


@case(([1, 2, 3],), ([],))
def while_walrus(xs):
    it = iter(xs)
    s = 0
    while (x := next(it, None)) is not None:
        if x == 2:
            continue
        s += x
    return s, x


@case(([1, 2, 3],), ([1, 3],))
def while_walrus_else(xs):
    it = iter(xs)
    while (x := next(it, None)) is not None:
        if x == 2:
            break
    else:
        return "end"
    return "two"


@case(([3, 1, 2],), ([],))
def loop_variable_after(xs):
    x = 10
    for x in xs:
        pass
    return x


@case((4,), (0,), (1,))
def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case((np.zeros(4), [0, 1, 1, 3]),)
def targets_that_store(x, order):
    for x[0] in order:
        x[1] += x[0]
    return x


@case(([(1, 2), (3, 4)],))
def target_attribute(pairs):
    box = Box(0.0)
    s = 0
    for box.value, (*box.items,) in [(a, [b]) for a, b in pairs]:
        s += box.value
    return s, box.value, box.items


@case((3,), (0,))
def conditional_definition(n):
    for i in range(n):
        if i == 0:
            y = 1
        else:
            y = y + i
    return y if n else None


@case((3,), (0,))
def single_pass(n):
    for i in range(n):
        break
    else:
        return "none"
    return i


@case((3,), (10,))
def loop_in_with(n):
    with np.errstate(all="ignore"), contextlib.nullcontext(n) as k:
        for i in range(k):
            if i > 5:
                return i
        y = k
    return y, k


@case((3,), (10,), (1,))
def with_in_loop(n):
    s = 0
    for i in range(n):
        with contextlib.nullcontext((i, 2)) as (a, b):
            if a == 0:
                continue
            if a == 7:
                break
            if n == 4:
                return "four"
            s += a * b
        s += 1
    return s


@case(([1.0, 2.0, 3.0],))
def swap_buffers(xs):
    a, b = np.array(xs), np.zeros(3)
    for _ in range(3):
        b[:] = a * 2
        a, b = b, a
    return a, b


@case(([2, 3, 4],), ([1],))
def while_and(xs):
    i = 0
    while i < len(xs) and xs[i] < 4:
        i += 1
    return i


@case((5,))
def endless_returns(n):
    i = 0
    while True:
        for j in range(n):
            if i * j > 6:
                return i, j
        i += 1


@case((1, 2), (0, 2), (2, 2))
def raises_in_loop(a, n):
    for i in range(n):
        if a == 1:
            raise IndexError(i)
        if a == 2:
            y = i
    return y


# -- local functions --------------------------------------------------------------------------------------


@case((2.0,), (-2.0,))
def nested_def(x):
    k = 2

    def inner(v, *, w=3, m=k):
        if v < 0:
            return -v
        t = v * k + w
        return t * m

    k = 5
    a = inner(x)
    k = x
    return a + inner(x, w=1) + inner(v=-1)


@case((2.0,))
def nonlocal_counter(x):
    n = 0

    def bump(by=1):
        nonlocal n
        n += by
        return n * x

    s = 0
    for _ in range(3):
        s += bump()
    if x > 1:
        bump(by=10)
    return s, n


@case(([3, -1, 2], 2), ([], 1))
def higher_order(xs, k):
    a = list(map(lambda v: v * k, xs))
    b = list(filter(lambda v: v > 0, xs))
    c = sorted(xs, key=lambda v: -v)
    d = sorted(xs, key=lambda v: v % 2, reverse=True)
    e = functools.reduce(lambda s, v: s + v * k, xs, 0)
    return a, b, c, d, e, list(map(abs, xs)), list(map(lambda u, v: u * v, xs, a)), list(filter(None, xs))


@case(([3, -1, 2],), ([],))
def extremes(xs):
    return min(xs, key=lambda v: v * v), max(xs, key=lambda v: -v)


@case((3.0,))
def passes_local_function(x):
    def twice(f, v):
        return f(f(v))

    def add(v):
        return v + x

    alias = add
    return twice(add, 1.0) + twice(lambda v: v * x, 2.0) + alias(1)


@case((3,), (0,))
def captured_loop_variable(n):
    out = []
    for i in range(n):
        g = lambda v: v * i
        out.append(g(2))

        def h(v):
            for k in range(v):
                if k == 2:
                    return i
            return -i

        out.append(h(i + 1))
    return out


@case((2.0,))
def local_varargs(x):
    def f(a, *rest, **named):
        return a, rest, named

    return f(x), f(x, 1, 2), f(x, 1, k=2, a2=3)


@case((2.0,))
def local_always_raises(x):
    def fail(v):
        raise ValueError(v)

    return fail(x) + 1


@case((2.0, 1), (2.0, 0))
def shadowed_names(x, flag):
    y = 1

    def f(y):
        x = y * 2
        return x

    if flag:
        y = f(x)
    return x, y


# -- statements -------------------------------------------------------------------------------------------


@case((2.0,))
def imports(x):
    import math as m
    import os.path
    from collections import OrderedDict as Ordered
    from math import cos, pi

    return m.sin(x) + cos(x) * pi, Ordered(a=x), os.path.join("a", "b")


@case((2.0,))
def lazy_import(x):
    import colorsys

    return colorsys.rgb_to_hsv(x, 0.0, 0.0)


@case((2.0,))
def docstring(x):
    """A docstring."""
    "another"
    pass
    ...
    print(end="")
    return x


@case((2.0,), (0.0,))
def only_effects(x):
    out = []
    if x:
        out.append(x)
    for _ in range(2):
        out.append(1)
    return out


@case((np.array([1.0, 2.0]),), (1.0,), (0.0,))
def truth_of_array(x):
    if x:
        pass
    return x


@case((1, 2, 3), (1,))
def varargs(a, *rest, k=3, **named):
    return a, rest, k, named


@case((2.0,))
def deque_and_operator(x):
    q = collections.deque([1, 2])
    q.append(x)
    q.popleft()
    return operator.mul(x, 3), list(q), operator.itemgetter(0)(q)


@case((4,), (1,), (9,))
def everything_nested(n):
    result = []
    for i in range(n):
        with contextlib.nullcontext():
            k = 0
            while True:
                k += 1
                if k == i:
                    break
                for j in range(3):
                    if j == k:
                        continue
                    if i + j + k > 12:
                        return "out", result
                    result.append(j)
                if k > 4:
                    break
        if len(result) > 60:
            break
    else:
        return "else", result
    return result

"""The table "What is supported, and what not yet" of the README, line by line: where it says "not yet", the compiler
says so with a located error, and where it says that something works, it does.

A program that begins to work moves to the column where it belongs, here and in the README.
"""

import collections
import functools
import itertools

import numpy as np
import pytest

import srcad

X = np.array([0.3, -1.2, 0.7])
Pair = collections.namedtuple("Pair", "a b")


class Model:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return self.w * x * x

    def loss(self, x):
        return self.w * x


MODEL = Model(3.0)


def twice(f):
    @functools.wraps(f)
    def wrapped(*args):
        return 2.0 * f(*args)

    return wrapped


@twice
def decorated(x):
    return x * x


@functools.lru_cache
def cached(x):
    return x * x


def numbers(x):
    yield x
    yield x * x


def adder(a):
    def add(v):
        return a + v * v

    return add


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def recursion(x):
    return power(x, 4)


def wrapped_callee(x):
    return decorated(x) * x


def varargs(*xs, scale=2.0):
    return xs[0] * xs[1] * scale


def product(a, b):
    return a * b * b


def two(x):
    return varargs(x, x, scale=3.0)


def view(x):
    y = x * 2.0
    v = y[1:]
    v[0] = x[0] * x[0]
    z = y
    z[2] = v[0] * x[1]
    return np.sum(y * v[0])


def repeated_index(x):
    y = x * 2.0
    y[[0, 0, 1]] += x
    y[y > 0.5] = x[0]
    return np.sum(y * y)


def filled(x):
    y = np.zeros(3)
    y.fill(x[0])
    return np.sum(y * x)


def into_out(x):
    y = np.zeros_like(x)
    np.multiply(x, x, out=y, where=x > 0.0)
    return np.sum(y)


def mutated_by_functions(x):
    y = x * 2.0
    np.copyto(y[1:], x[:-1], where=x[1:] > 0.0)
    np.add.at(y, [0, 0, 1], x)
    np.multiply.at(y, [1, 1], x[:2])
    np.put(y, [2, 0], x[1:])
    np.putmask(y, y > 1.0, x)
    np.place(y, y < -1.0, x[:1])
    y.sort()
    y.partition(1)
    z = np.outer(y, x)
    np.fill_diagonal(z, y)
    np.put_along_axis(z, np.argmax(z, axis=1, keepdims=True), x[0], axis=1)
    return np.sum(z * z)


def context(x):
    with np.errstate(all="ignore"):
        y = np.log(x)
    return y


def popped(x):
    xs = [x, x * x]
    y = xs.pop()
    return y * xs[0]


def inserted(x):
    xs = [x]
    xs.insert(0, x * x)
    return xs[0] * xs[1]


def updated(x):
    d = {"a": x}
    d.update(b=x * x)
    return d["a"] * d["b"]


def deleted(x):
    xs = [x, x * x]
    del xs[0]
    return xs[0]


def of_a_named_tuple(p):
    return p.a * p.b


def looped(x):
    for _ in range(3):
        x = x * x + 0.1
    return x


def calling_what_is_returned(x):
    return adder(x)(x)


def remembered(x):
    return cached(x) * x


def from_a_table(x):
    table = {"sin": np.sin, "scale": lambda t: t * x}
    return table["sin"](x) * table["scale"](x)


def with_partials(x):
    return functools.partial(np.power, x)(functools.partial(product, x, b=2.0)())


def chosen(x):
    f = np.sin if x > 1.0 else adder(x)
    return f(x) * x


def local_recursion(x):
    def go(n):
        return x if n == 0 else go(n - 1) * x

    return go(3)


def from_a_generator(x):
    return sum(numbers(x))


def in_a_container(x):
    y = x * 2.0
    rows = [y]
    y[0] = x[1] * x[2]
    return np.sum(rows[0] * x)


def chosen_by_a_branch(x):
    y = x * 2.0
    w = y if x[0] > 0 else x * 3.0
    w[0] = x[1] * x[2]
    return np.sum(y * w)


def swapped_in_a_loop(x):
    a, b = x.copy(), np.zeros(3)
    for _ in range(3):
        b[1:] = a[:-1] * 2.0
        b[0] = a[0]
        a, b = b, a
    return np.sum(a * a)


WORKS = [
    (recursion, (1.3,)),
    (wrapped_callee, (1.3,)),
    (two, (1.3,)),
    (view, (X,)),
    (repeated_index, (X,)),
    (filled, (X,)),
    (into_out, (X,)),
    (mutated_by_functions, (X,)),
    (context, (1.3,)),
    (calling_what_is_returned, (1.3,)),
    (remembered, (1.3,)),
    (from_a_table, (1.3,)),
    (with_partials, (1.3,)),
    (chosen, (1.3,)),
    (local_recursion, (1.3,)),
    (from_a_generator, (1.3,)),
    (in_a_container, (X,)),
    (chosen_by_a_branch, (X,)),
    (swapped_in_a_loop, (X,)),
    (MODEL, (1.3,)),
    (MODEL.loss, (1.3,)),
    (functools.partial(product, 2.0), (1.3,)),
    (popped, (1.3,)),
    (inserted, (1.3,)),
    (updated, (1.3,)),
    (deleted, (1.3,)),
    (of_a_named_tuple, (Pair(1.5, 2.5),)),
    (srcad.grad(lambda x: np.sin(x) * x), (1.3,)),
    (srcad.grad(looped), (0.5,)),
    (lambda x: np.sum(np.linalg.inv(np.outer(x, x) + np.eye(3))), (X,)),
    (lambda x: np.fft.irfft(np.fft.rfft(x) * np.arange(2), 3) @ x + np.abs(np.fft.fft(x)[1]), (X,)),
]


@pytest.mark.parametrize(("f", "args"), WORKS, ids=lambda v: getattr(v, "__name__", ""))
def test_it_works(f, args):
    assert srcad.check(f, args)


def tried(x):
    try:
        return x * x
    finally:
        pass


def with_a_class(x):
    class Local:
        pass

    Local.x = x
    return Local.x


def flat(x):
    return x.flat[0] * x[1]


def with_a_deque(x):
    d = collections.deque([x])
    return d[0] * x


def of_an_instance(m):
    return m.w * m.w


def calling_a_method(x):
    return MODEL.loss(x)


def constructing(x):
    return Model(x).w * x


def functions_of_a_loop(x):
    scales = []
    for k in range(int(x) + 2):
        scales.append(lambda t: k * t)
    return sum(scale(x) for scale in scales)


def kept_generator(x):
    values = numbers(x)
    return next(values) * next(values)


def with_product(x):
    total = 0.0
    for a, b in itertools.product([x, 1.0], [x]):
        total += a * b
    return total


def with_its_own_gradient(x):
    return srcad.grad(looped)(x) * x


NOT_YET = [
    (tried, (1.3,)),
    (with_a_class, (1.3,)),
    (flat, (X,)),
    (with_a_deque, (1.3,)),
    (of_an_instance, (Model(2.0),)),
    (calling_a_method, (1.3,)),
    (constructing, (1.3,)),
    (functions_of_a_loop, (1.3,)),
    (kept_generator, (1.3,)),
    (with_product, (1.3,)),
    (with_its_own_gradient, (1.3,)),
    (lambda x: np.linalg.svd(np.outer(x, x))[1][0], (X,)),
    (lambda x: np.median(x), (X,)),
    (lambda x: np.add.reduce(x), (X,)),
]


@pytest.mark.parametrize(("f", "args"), NOT_YET, ids=lambda v: getattr(v, "__name__", ""))
def test_it_is_refused(f, args):
    with pytest.raises((srcad.UnsupportedSyntax, srcad.MissingRule, srcad.NonDifferentiable), match="line "):
        srcad.grad(f)(*args)
    with pytest.raises((srcad.UnsupportedSyntax, srcad.MissingRule, srcad.NonDifferentiable), match="line "):
        srcad.jvp(f, args, args)

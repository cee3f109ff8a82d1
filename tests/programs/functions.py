"""Programs about functions as values: closures, functions in containers, chosen by a condition, made by others."""

import functools
import operator

import numpy as np

from tests.programs import library
from tests.programs.table import arr, program


def double(x):
    return 2.0 * x * x


def closures_in_a_list(x):
    fs = []
    for i in range(3):
        fs.append(lambda t: t * i + x)
    return sum(f(x) * f(2.0) for f in fs)


def closures_with_defaults(x):
    fs = [lambda t, k=k: t**k for k in (1, 2, 3)]
    y = 0.0
    for f in fs:
        y += f(x)
    return y * fs[1](x)


def counter_with_nonlocal(x):
    def make():
        count = x

        def step():
            nonlocal count
            count = count * x
            return count

        def get():
            return count

        return step, get

    step, get = make()
    other, _ = make()
    for _ in range(2):
        step()
    other()
    return get() * other()


def late_binding(x):
    k = 1.0
    scale = lambda t: t * k
    before = scale(x)
    k = x
    return before + scale(x)


def layers_of_functions(x):
    for f in (np.sin, double, lambda t: t * x):
        x = f(x) + 0.5
        if x > 3.0:
            break
    else:
        x = x * 2.0
    return x


def table_of_operators(x, y):
    table = {"+": operator.add, "*": operator.mul, "-": lambda a, b: a - b * x}
    return table["+"](x, table["*"](x, y)) * table["-"](x, y)


def chosen_by_a_condition(x):
    f = np.sin if x > 0.0 else lambda t: t * x
    return f(x) * f(2.0 * x)


def chosen_by_branches(x, n):
    if n == 0:
        scale = x * x
        f = functools.partial(operator.mul, scale)
    elif n == 1:
        f = np.cos
    else:
        f = double
    return f(x) + f(0.3)


def optional_function(x, n):
    f = np.sin if n else None
    y = x * x if f is None else f(x)
    return y if not f else y * f(y)


def chosen_in_a_loop(x):
    f = np.sin
    for _ in range(3):
        x = f(x) * 1.3
        f = np.cos if f is np.sin else np.sin
    return x


def adder(a):
    def add(v):
        return a + v * v

    return add


def function_from_a_factory(x):
    add, other = adder(x * x), adder(2.0)
    return add(other(x))


def compose(*functions):
    return functools.reduce(lambda f, g: lambda t: g(f(t)), functions)


def composed(x):
    return compose(np.sin, double, lambda t: t * x)(x)


def continuation(x):
    def add(a, b, then):
        return then(a + b)

    return add(x, 2.0, lambda s: add(s, s * x, lambda t: t * t))


def nested_partials(x):
    power = functools.partial(np.power, x)
    scaled = functools.partial(functools.partial(library.damped, x), shift=x)
    return power(functools.partial(operator.mul, x)(2.0)) * scaled()


def local_recursion(x, n):
    def go(t, k):
        return t if k == 0 else go(t * x, k - 1)

    return go(1.0, n) + go(x, 2)


def local_mutual_recursion(x):
    def even(t, n):
        return t if n == 0 else odd(t * x, n - 1)

    def odd(t, n):
        return t + x if n == 0 else even(np.sin(t), n - 1)

    return even(x, 3)


def recursion_without_a_derivative(x):
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    return x ** fibonacci(4) + fibonacci(5) * x


def local_tree_sum(v):
    def total(part):
        if len(part) == 1:
            return part[0]
        half = len(part) // 2
        return total(part[:half]) * total(part[half:]) + v[0]

    return total(v)


def iterate(f, x, n):
    return x if n == 0 else f(iterate(f, x, n - 1))


def recursion_with_a_function(x):
    return iterate(lambda t: t * x, x, 3) + iterate(np.sin, x, 2)


def twice(f):
    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        return 2.0 * f(*args, **kwargs)

    return wrapped


def times(k):
    def decorate(f):
        def wrapped(*args):
            return k * f(*args)

        return wrapped

    return decorate


@twice
@times(3.0)
def decorated(x, y):
    return x * y * y


def decorated_callee(x):
    @twice
    def local(t, u=2.0):
        return t * u * x

    return decorated(x, 0.5 * x) * local(x) * local(t=x, u=x)


def all_kinds(a, b=2.0, *rest, c=3.0, **more):
    return a * b + sum(rest) * c + sum(more.values())


def all_forms_of_arguments(x):
    pair = (x, 2.0)
    some = {"c": x, "z": x * x}
    return all_kinds(x) + all_kinds(*pair, x, **some) * all_kinds(b=x, a=2.0, y=x) + all_kinds(x, *pair, x, c=2.0)


def forwarded_arguments(x):
    def inner(a, b=2.0, *, c=1.0):
        return a * b + c

    call = lambda f, *args, **kwargs: f(*args, **kwargs)
    return call(inner, x) * call(inner, x, x, c=x) + call(np.multiply, x, x)


def recursive_with_stars(n, *values, **named):
    return values[0] * named["z"] if n == 0 else recursive_with_stars(n - 1, values[0] * named["z"], **named)


def stars_in_recursion(x):
    return recursive_with_stars(3, x, z=x)


@functools.lru_cache
def remembered(x):
    return x * x * x


def cached_callee(x):
    return remembered(x) * x + remembered(x + 1.0)


def getters(x):
    first, both = operator.itemgetter("a"), operator.itemgetter(1, 0)
    pair = both((x, x * x))
    return first({"a": x}) * pair[0] + pair[1] * operator.methodcaller("sum")(np.ones(2) * x)


def keys_of_sorting(v):
    w = v * 2.0
    best = max([0, 1, 2], key=lambda i: w[i])
    return sorted(v, key=lambda t: -t)[0] * min(v, key=np.abs) * w[best]


def functions_as_arguments(f, g, x):
    return f(g(x)) * g(f(x))


def list_of_functions(fs, x):
    for f in fs:
        x = f(x) * 1.1
    return x


def picked_by_name(x, name):
    table = {"sin": np.sin, "scale": lambda t: t * x, "double": double}
    return table[name](x)


def products(x, n):
    for i in range(n):
        for j in range(i):
            if (i + j) % 3 == 0:
                continue
            yield i, x * j + i


def growing(x):
    while True:
        yield x
        x = x * 1.3


def chained(*generators):
    for generator in generators:
        yield from generator


def generator_in_a_loop(x):
    y = 0.0
    for i, a in products(x, 5):
        if a > 6.0:
            break
        y = y * 0.5 + a * a * i
    else:
        y = y * 100.0
    return y


def endless_generator(x):
    y = 0.0
    for a in growing(x):
        if a < 2.0:
            continue
        if a > 6.0:
            break
        y += a * a
    return y


def chained_generators(x):
    def powers(n):
        for k in range(n):
            yield x**k

    return sum(chained(powers(3), (a * i for i, a in products(x, 3)))) + sum([a * x for a in powers(2)])


def generator_and_consumer_interleaved(v):
    y = v * 1.0

    def items():
        for i in range(3):
            yield y[i]

    total = 0.0
    for item in items():
        total += item
        y[2] = y[2] + item
    return total


PROGRAMS = [
    program(closures_in_a_list, (1.3,), analytic=True),
    program(closures_with_defaults, (1.3,), analytic=True),
    program(counter_with_nonlocal, (1.3,), analytic=True),
    program(late_binding, (1.3,), analytic=True),
    program(layers_of_functions, (1.3,), (0.2,), (2.9,)),
    program(table_of_operators, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(chosen_by_a_condition, (1.3,), (-0.4,)),
    program(chosen_by_branches, (1.3, 0), (1.3, 1), (1.3, 2), analytic=True),
    program(optional_function, (1.3, 0), (1.3, 1), analytic=True),
    program(chosen_in_a_loop, (1.3,), analytic=True),
    program(function_from_a_factory, (1.3,), analytic=True),
    program(composed, (1.3,), analytic=True),
    program(continuation, (1.3,), analytic=True),
    program(nested_partials, (1.3,)),
    program(local_recursion, (1.3, 4), (1.3, 0), analytic=True),
    program(local_mutual_recursion, (1.3,), analytic=True),
    program(recursion_without_a_derivative, (1.3,), analytic=True, helpers=True),  # the local function itself
    program(local_tree_sum, (arr(5),), analytic=True),
    program(recursion_with_a_function, (1.3,), analytic=True),
    program(decorated_callee, (1.3,), analytic=True, helpers=True),  # the variable of a decorator
    program(all_forms_of_arguments, (1.3,), analytic=True, helpers=True),  # `sum` of what **kwargs collects
    program(forwarded_arguments, (1.3,), analytic=True),
    program(stars_in_recursion, (1.3,), analytic=True),
    program(cached_callee, (1.3,), analytic=True, golden=True),
    program(generator_in_a_loop, (1.3,), (0.7,)),
    program(endless_generator, (1.3,)),
    program(chained_generators, (1.3,), analytic=True, helpers=True),  # `sum` of a list that a generator fills
    program(generator_and_consumer_interleaved, (arr(3),), analytic=True),
    program(getters, (1.3,), analytic=True),
    program(keys_of_sorting, (arr(3),), helpers=True),  # the items of an array as a list
    program(functions_as_arguments, (np.sin, double, 1.3), argnums=2, analytic=True, known_only=True),
    program(list_of_functions, ([np.sin, double], 1.3), ((double,), 1.3), argnums=1, analytic=True, known_only=True),
    program(picked_by_name, (1.3, "scale"), (1.3, "sin"), (1.3, "double"), analytic=True),
]

"""Programs about calls of user functions: argument forms, recursion, mutual calls, other files, mutation by callees."""

import functools
import math

import numpy as np

from tests.programs import library
from tests.programs.library import pair
from tests.programs.table import arr, pos, program


def square(x):
    return x * x


def affine(x, slope=2.0, intercept=0.5):
    return slope * x + intercept


def mix(a, b, /, c, *, d):
    return a * b + c * d - a / d


def one_call(x):
    return square(x) + x


def nested_user_calls(x):
    return square(square(x) + affine(x))


def call_in_loop(x, n):
    for _ in range(n):
        x = affine(x, 0.7)
    return square(x)


def call_same_argument_twice(x):
    return mix(x, x, x, d=x)


def call_forms(x, y):
    return affine(x) + affine(x, y) * affine(intercept=x, x=y) + affine(x, intercept=y) + mix(x, y, d=x, c=2.0)


def call_other_file(x, y):
    return library.damped(x) * library.damped(x, y) + library.damped(y, shift=x)


def call_returning_tuple(x, y):
    a, b = pair(x, y)
    c, _ = pair(a, b)
    return a * b + c


def call_with_array(v):
    return (square(v) * library.pair(v, 2.0)[0]).sum()


def scalar_and_array_versions(x, v):
    return square(x) * square(v).sum()


def factorial_like(x, n):
    if n == 0:
        return 1.0
    return (x + n) * factorial_like(x, n - 1)


def power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = power_by_squaring(x, n // 2)
    if n % 2:
        return half * half * x
    return half * half


def power(x, n):
    return x if n == 1 else x * power(x, n - 1)


def recursion_with_constant(x):
    return power(x, 5) + power(2.0 * x, 2)


def even(x, n):
    return x if n == 0 else odd(x * 1.1, n - 1)


def odd(x, n):
    return -x if n == 0 else even(math.sin(x), n - 1)


def mutual_recursion(x, n):
    return even(x, n) * x


def tree_sum(tree):
    if isinstance(tree, tuple):
        return tree_sum(tree[0]) * 1.5 + tree_sum(tree[1]) ** 2
    return tree * tree


def fibonacci(x, n):
    return x if n < 2 else fibonacci(x, n - 1) + x * fibonacci(x, n - 2)


def early_return_helper(x):
    if x > 1.0:
        return x * x
    for _ in range(3):
        x = x * 1.7
        if x > 2.0:
            return x
    return -x


def call_with_branches(x):
    return early_return_helper(x) * early_return_helper(2.0 * x)


def function_argument(f, x):
    return f(x) * f(f(x))


def call_with_function(x):
    return function_argument(square, x) + function_argument(lambda t: t + x, x)


def make_scaler(k):
    def scaler(t):
        return k * t

    return scaler


def returned_function(x):
    scale = make_scaler(x * x)
    return scale(x) + scale(2.0)


def inner_function(x, y):
    def helper(a, b=y):
        return a * b + x

    return helper(x) * helper(2.0, x)


def inner_recursion(x):
    def go(t, n):
        return t if n == 0 else go(t * x, n - 1)

    return go(1.0, 4)


def varargs(*values):
    total = 1.0
    for value in values:
        total = total * value + 1.0
    return total


def call_with_star(x, y):
    values = (x, y, 2.0)
    return varargs(*values) + varargs(x, *[y]) + varargs()


def keyword_bag(x, **options):
    return x * options["scale"] + options.get("shift", 0.0)


def call_with_keywords(x, y):
    options = {"scale": y, "shift": x}
    return keyword_bag(x, **options) * keyword_bag(x, scale=2.0)


def scale_in_place(v, c):
    v *= c
    v[0] += 1.0


def callee_mutates(v, c):
    y = v * 1.0
    scale_in_place(y, c)
    scale_in_place(y, 0.5)
    return (y * v).sum()


def push(values, x):
    values.append(x)
    return len(values)


def callee_appends(x):
    values = [x]
    n = push(values, x * x)
    push(values, values[0] * values[1])
    return sum(values) * n


def read_at(v, i):
    return v[i] * v[i]


def callee_reads_element(v):
    total = 0.0
    for i in range(len(v)):
        total += read_at(v, i) * i
    return total


def identity(v):
    return v


def callee_returns_argument(v):
    w = identity(v)
    return (w * v).sum()


def partial_application(x, y):
    f = functools.partial(affine, slope=y)
    return f(x) * f(x, intercept=1.0)


def reduce_with_lambda(v):
    return functools.reduce(lambda a, b: a * b + a, v)


def map_and_filter(v):
    kept = filter(lambda t: t > 0.0, v)
    return sum(map(square, kept)) + sum(map(lambda a, b: a * b, v, v[1:]))


def default_from_global(x, n=3):
    for _ in range(n):
        x = x * 0.9 + 0.1 * square(x)
    return x


def newton(x, f, df, steps):
    for _ in range(steps):
        x = x - f(x) / df(x)
    return x


def solver_with_closures(a):
    return newton(1.0, lambda x: x**3 - a, lambda x: 3.0 * x**2, 2)


def layer(params, x, activation=np.tanh):
    return activation(x @ params["w"] + params["b"])


def small_network(params, x):
    h = layer(params["hidden"], x)
    y = layer(params["out"], h, activation=lambda z: z)
    return np.mean(y * y)


def no_effect_on_gradient(x):
    square(x)
    return affine(x)


def inactive_call(x, n):
    k = square(n)
    return x**k + math.floor(affine(2.5))


PROGRAMS = [
    program(one_call, (1.3,), analytic=True, golden=True),
    program(nested_user_calls, (1.3,), analytic=True),
    program(call_in_loop, (1.3, 3), (1.3, 0), analytic=True, golden=True),
    program(call_same_argument_twice, (1.3,), analytic=True),
    program(call_forms, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(call_other_file, (1.3, 0.4), argnums=(0, 1)),
    program(call_returning_tuple, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(call_with_array, (arr(3),), analytic=True),
    program(scalar_and_array_versions, (0.7, arr(3)), argnums=(0, 1), analytic=True),
    program(factorial_like, (1.3, 4), (1.3, 0), analytic=True, golden=True),
    program(power_by_squaring, (1.3, 6), (1.3, 0), analytic=True),
    program(recursion_with_constant, (1.3,), analytic=True),
    program(mutual_recursion, (0.7, 4), (0.7, 3), (0.7, 0)),
    program(tree_sum, (((0.5, 1.2), 0.7),), (0.7,), (((0.5, 0.1), (1.2, 0.9)),)),
    program(fibonacci, (0.7, 6), analytic=True),
    program(call_with_branches, (1.3,), (0.6,), (0.2,)),
    program(call_with_function, (1.3,), analytic=True),
    program(returned_function, (1.3,), analytic=True),
    program(inner_function, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(inner_recursion, (1.3,), analytic=True),
    program(call_with_star, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(call_with_keywords, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(callee_mutates, (arr(3), 1.3), argnums=(0, 1), analytic=True, known_only=True),
    program(callee_appends, (1.3,), analytic=True),
    program(callee_reads_element, (arr(4),), analytic=True, golden=True),
    program(callee_returns_argument, (arr(3),), analytic=True),
    program(partial_application, (1.3, 0.4), argnums=(0, 1), analytic=True),
    # items of unknown kind are collected
    program(reduce_with_lambda, (arr(4),), analytic=True, helpers=True),
    # how many items a filter leaves is known only at run time
    program(map_and_filter, (arr(5),), (-pos(3),)),
    program(default_from_global, (1.3,), (1.3, 0), analytic=True),
    program(solver_with_closures, (1.7,), analytic=True),
    program(
        small_network,
        ({"hidden": {"w": arr(3, 4), "b": arr(4)}, "out": {"w": arr(4, 2), "b": arr(2)}}, arr(5, 3)),
        argnums=(0, 1),
        analytic=True),
    program(no_effect_on_gradient, (1.3,), analytic=True),
    program(inactive_call, (1.3, 2), analytic=True),
]

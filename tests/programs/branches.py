"""Programs about branches: if, elif, match, early return, values bound on some paths only."""

import math

import numpy as np

from tests.programs.table import arr, program


def if_else(x):
    if x > 1.0:
        y = x * x
    else:
        y = 3.0 * x
    return y * x


def if_only(x, y):
    z = x * y
    if z > 1.0:
        z = math.log(z)
    return z * x


def elif_chain(x):
    if x < 0.0:
        y = -x
    elif x < 1.0:
        y = x * x
    elif x < 2.0:
        y = math.sin(x)
    else:
        y = 1.0
    return y + 2.0 * y * x


def nested_if(x, y):
    if x > 0.0:
        if y > 0.0:
            z = x * y
        else:
            z = x - y * y
            if z > 2.0:
                z = z * x
    else:
        z = y**3
    return z * z + x


def early_return(x):
    if x < 0.0:
        return x * x
    y = x + 1.0
    if y > 3.0:
        return y * x
    z = y * y
    return z * x


def return_in_both(x):
    if x > 0.0:
        return 2.0 * x
    else:
        return -3.0 * x


def both_bind_the_same(x, flag):
    y = x * x
    if flag:
        z = y
    else:
        z = y
    return z * y


def bound_on_one_branch(x, flag):
    if flag:
        factor = x * x
    y = x + 1.0
    if flag:
        y = y * factor
    return y


def returns_constant(x):
    if x > 10.0:
        return 1.0
    return x * 2.0


def branch_on_array(v):
    if (v > 0.0).all():
        return v.prod()
    if np.any(v > 1.0):
        return (v * v).sum()
    return v.sum() * v[0]


def branch_on_integer(x, n):
    if n % 2 == 0:
        x = x**n
    if not n:
        x = x + 5.0
    return x * (n + 1)


def branch_on_length(v):
    if len(v) > 2:
        w = v[:2]
    else:
        w = v
    return (w * w).sum()


def same_name_other_kind(x, flag):
    if flag:
        y = x
    else:
        y = np.array([x, x * x])
    return np.sum(y * y)


def match_literals(x, k):
    match k:
        case 0:
            return x
        case 1 | 2:
            y = x * x
        case -1:
            y = 1.0 / x
        case "log":
            y = math.log(x)
        case None:
            y = 4.0 * x
        case _:
            y = x**3
    return y + x


def match_sequence(pair):
    match pair:
        case (a,):
            return a * a
        case (a, b) if a > b:
            return a - 2.0 * b * a
        case (a, b):
            return a * b
        case [a, *rest]:
            return a * sum(rest)


def match_mapping(config, x):
    match config:
        case {"power": 2}:
            return x * x
        case {"power": p, "scale": s}:
            return s * x**p
        case _:
            return x


def match_capture(x, k):
    match k:
        case int() as n if n > 3:
            return x * n
        case int(n):
            return x**2 * n
        case other:
            return x if other else -x


def condition_uses_call(x):
    if math.sin(x) > 0.5 and math.cos(x) > 0.0:
        return math.sin(x) * x
    return math.cos(x)


def branch_untaken_is_singular(x):
    if x > 0.0:
        y = math.sqrt(x)
    else:
        y = 0.0 * x
    return y + x


def where_untaken_is_singular(v):
    positive = v > 0.0
    return np.sum(np.where(positive, np.sqrt(np.where(positive, v, 1.0)), v * v))


def nested_conditional_expressions(x):
    y = 1.0 if x > 5.0 else x * x if x > 1.0 else (x if x > 0.0 else -2.0 * x)
    return y * (x if x else 1.0)


def accumulate_over_branches(x, y):
    total = 0.0
    if x > 0.0:
        total += x * y
    if y > 0.0:
        total += x * x
    if x > y:
        total *= y
    return total


def deep_chain_of_ifs(x):
    y = x
    if y > 0.2:
        y = y * 1.3
        if y > 0.4:
            y = y * y
            if y > 0.6:
                y = math.exp(y)
            y = y + x
        y = y * x
    return y


PROGRAMS = [
    program(if_else, (0.5,), (2.0,), golden=True),
    program(if_only, (0.5, 0.6), (2.0, 3.0), argnums=(0, 1)),
    program(elif_chain, (-0.5,), (0.5,), (1.5,), (2.5,)),
    program(nested_if, (1.0, 2.0), (1.0, -0.5), (2.0, -1.5), (-1.0, 0.7), argnums=(0, 1)),
    program(early_return, (-1.0,), (1.0,), (5.0,), golden=True),
    program(return_in_both, (1.5,), (-1.5,)),
    program(both_bind_the_same, (1.3, True), (1.3, False)),
    program(bound_on_one_branch, (1.3, True), (1.3, False)),
    program(returns_constant, (1.3,), (11.0,)),
    program(branch_on_array, (np.array([0.5, 1.2, 0.7]),), (np.array([0.5, -1.2, 1.7]),), (np.array([0.5, -1.2]),)),
    program(branch_on_integer, (1.3, 0), (1.3, 3), (1.3, 4)),
    program(branch_on_length, (arr(2),), (arr(5),)),
    program(same_name_other_kind, (1.3, True), (1.3, False), helpers=True),
    program(match_literals, (1.3, 0), (1.3, 1), (1.3, 2), (1.3, -1), (1.3, "log"), (1.3, None), (1.3, 9)),
    # a pattern that tests for any sequence
    program(match_sequence, ((1.3,),), ((1.3, 0.4),), ((0.4, 1.3),), ([0.4, 1.3, 0.5],), helpers=True),
    # a pattern that tests for any mapping; x ** p of an integer p
    program(match_mapping, ({"power": 2}, 1.3), ({"power": 3, "scale": 0.5}, 1.3), ({}, 1.3), argnums=1, helpers=True),
    # a pattern that tests for a class
    program(match_capture, (1.3, 5), (1.3, 2), (1.3, ""), helpers=True),
    program(condition_uses_call, (0.8,), (2.8,)),
    program(branch_untaken_is_singular, (0.5,), (-0.5,)),
    program(where_untaken_is_singular, (arr(5),)),
    program(nested_conditional_expressions, (6.0,), (2.0,), (0.5,), (-0.5,)),
    program(accumulate_over_branches, (1.0, 0.5), (-1.0, 0.5), (1.0, -2.0), (-2.0, -1.0), argnums=(0, 1)),
    program(deep_chain_of_ifs, (0.1,), (0.25,), (0.5,), (0.9,)),
]

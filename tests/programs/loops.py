"""Programs about loops: everything that can be iterated, and every way to leave a loop."""

import math

import numpy as np

from tests.programs.table import arr, pos, program


def for_range(x, n):
    y = x
    for i in range(n):
        y = math.sin(y) + i * x
    return y


def range_with_step(x):
    y = 0.0
    for i in range(10, 1, -3):
        y = y * x + i
    return y


def polynomial(x, coefficients):
    y = 0.0
    for c in coefficients:
        y = y * x + c
    return y


def over_rows(A, v):
    total = 0.0
    for row in A:
        total = total + (row @ v) ** 2
    return total


def over_list(values):
    product = 1.0
    for value in values:
        product = product * value + value
    return product


def over_tuple_display(x, y):
    total = 0.0
    for t in (x, y, x * y):
        total += t * t
    return total


def over_dict(table):
    total = 0.0
    for key in table:
        total += table[key] * len(key)
    return total * total


def over_dict_views(table):
    total = 1.0
    for value in table.values():
        total *= value
    for key, value in table.items():
        total += value * value * len(key)
    return total + len(table.keys())


def over_zip(a, b):
    total = 0.0
    for x, y in zip(a, b):
        total += x * y * y
    return total


def over_enumerate(v):
    total = 0.0
    for i, x in enumerate(v, start=1):
        total += x**i
    return total


def over_enumerate_zip(a, b):
    total = 0.0
    for i, (x, y) in enumerate(zip(a, b)):
        total += i * x * y
    return total


def over_reversed(v):
    y = 0.0
    for t in reversed(v):
        y = y * 0.5 + t * t
    return y


def over_reversed_range(x, n):
    y = x
    for i in reversed(range(n)):
        y = y * x + i
    return y


def over_sorted(values):
    y = 0.0
    for t in sorted(values):
        y = y * 0.5 + t * t
    return y


def over_ndindex(A):
    total = 0.0
    for i, j in np.ndindex(*A.shape):
        total += A[i, j] ** 2 * (i + 2 * j)
    return total


def over_ndenumerate(A):
    total = 0.0
    for (i, j), a in np.ndenumerate(A):
        total += a * a * (i - j)
    return total


def over_generator(v, n):
    total = 0.0
    for t in (u * u for u in v):
        total += t * n
    return total


def while_on_data(x):
    n = 0
    while x < 100.0:
        x = x * 1.7 + 0.1
        n += 1
    return x / n if n else x


def while_counter(x, n):
    y = 1.0
    while n > 0:
        y *= x
        n -= 1
    return y


def fast_power(x, n):
    result = 1.0
    base = x
    while n:
        if n % 2:
            result = result * base
        base = base * base
        n = n // 2
    return result


def while_true(x):
    k = 0
    while True:
        x = math.cos(x) * 1.1
        k += 1
        if k > 4 or x < 0.0:
            break
    return x


def break_in_for(v, limit):
    total = 0.0
    for x in v:
        total += x * x
        if total > limit:
            total = total * x
            break
    return total


def continue_in_for(v):
    total = 0.0
    for x in v:
        if x < 0.0:
            continue
        total += x * x
        if x > 1.0:
            total *= x
            continue
        total -= x
    return total


def break_and_continue(v):
    total = 1.0
    for i in range(len(v)):
        if i == 1:
            continue
        if v[i] < -1.0:
            break
        total = total * v[i]
    return total


def for_else(v, target):
    best = 0.0
    for x in v:
        if x > target:
            best = x * x
            break
        best += x
    else:
        best = best * 3.0
    return best * target


def while_else(x):
    k = 0
    while k < 5:
        x = x * 1.3
        if x > 4.0:
            break
        k += 1
    else:
        x = x * x
    return x + 1.0


def return_in_loop(v, limit):
    total = 0.0
    for x in v:
        total = total + x * x
        if total > limit:
            return total * x
    return -total


def return_in_nested_loop(A, limit):
    total = 0.0
    for row in A:
        for a in row:
            total += a * a
            if total > limit:
                return total * a
        total *= 1.1
    return total


def nested_loops(A, v):
    total = 0.0
    for i in range(len(A)):
        for j in range(i + 1):
            total = total * 0.9 + A[i, j] * v[j]
    return total * total


def nested_while(x, n):
    y = x
    for i in range(n):
        k = 0
        while y < 10.0 * (i + 1):
            y = y * 1.5 + x
            k += 1
        y = y / (k + 1.0)
    return y


def triple_nest(x):
    for i in range(2):
        for j in range(i + 2):
            for k in range(j + 1):
                x = x + 0.1 * math.sin(x * (i + j + k))
    return x


def loop_after_loop(v):
    total = 0.0
    for x in v:
        total += x * x
    for x in v:
        total = total * x
    for x in v:
        total = total + x
    return total


def loop_carries_two(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b * a, a + 0.5 * b
    return a * b


def loop_invariant(x, y, n):
    c = math.exp(y)
    for _ in range(n):
        x = x * c - y
    return x


def loop_variable_after(v):
    y = 1.0
    x = 0.5
    for x in v:
        y = y * 2.0
    return x * y


def branch_in_loop(v):
    y = 1.0
    for x in v:
        if x > 0.0:
            y = y * x
        else:
            y = y - x * y * y
    return y


def recurrence(W, h, n):
    for _ in range(n):
        h = np.tanh(W @ h)
    return h.sum()


def stack_rows(x, n):
    rows = []
    for i in range(n):
        rows.append(x * (i + 1.0))
    return (np.stack(rows) ** 2).sum()


def unpacking_target(pairs):
    total = 0.0
    for (a, b), *rest in pairs:
        total += a * b * sum(rest)
    return total


def uses_saved_at_end(v):
    last = 0.0
    product = 1.0
    for x in v:
        last = product
        product = product * x
    return product * last


def newton_two_variables(a, b):
    x, y = 1.0, 1.0
    for _ in range(3):
        f, g = x * x + y - a, x + y * y - b
        det = 4.0 * x * y - 1.0
        x, y = x - (2.0 * y * f - g) / det, y - (2.0 * x * g - f) / det
    return x * y


def zero_division_free_loop(v):
    total = 0.0
    for x in v:
        if x == 0.0:
            continue
        total += 1.0 / x
    return total


PROGRAMS = [
    program(for_range, (0.7, 3), (0.7, 1), (0.7, 0)),
    program(range_with_step, (1.3,), analytic=True),
    program(polynomial, (1.3, [0.5, -1.0, 2.0]), (1.3, []), (0.7, arr(4)), argnums=(0, 1), analytic=True, golden=True),
    program(over_rows, (arr(3, 2), arr(2)), (arr(0, 2), arr(2)), argnums=(0, 1), analytic=True, golden=True),
    program(over_list, ([0.5, 1.2, -0.3],), ([],), ([2.0],), analytic=True),
    program(over_tuple_display, (0.5, 1.2), argnums=(0, 1), analytic=True),
    program(over_dict, ({"a": 0.5, "bcd": 1.2},), ({},), analytic=True),
    program(over_dict_views, ({"a": 0.5, "bcd": 1.2},), analytic=True),
    program(over_zip, (arr(3), arr(3, seed=1)), ([0.5, 0.7], [1.0, 2.0, 3.0]), argnums=(0, 1), analytic=True),
    program(over_enumerate, (arr(3),), (arr(0),), analytic=True),
    program(over_enumerate_zip, (arr(3), arr(3, seed=1)), argnums=(0, 1), analytic=True),
    program(over_reversed, (arr(4),), ([0.5, 1.5],), analytic=True),
    program(over_reversed_range, (1.3, 4), (1.3, 0), analytic=True),
    # the cotangents go back through the permutation
    program(over_sorted, ([0.5, -1.2, 0.9],), helpers=True),
    program(over_ndindex, (arr(2, 3),), analytic=True),
    program(over_ndenumerate, (arr(2, 3),), analytic=True),
    program(over_generator, (arr(3), 2), analytic=True),
    program(while_on_data, (1.3,), (150.0,), golden=True),
    program(while_counter, (1.3, 4), (1.3, 0), analytic=True),
    program(fast_power, (1.3, 11), (1.3, 0), analytic=True),
    program(while_true, (0.5,)),
    program(break_in_for, (arr(6), 1.0), (arr(6), 100.0), (arr(0), 1.0), golden=True),
    program(continue_in_for, (arr(6),), (-pos(3),)),
    program(break_and_continue, (np.array([0.5, 0.7, 1.2, -1.3, 0.9]),), (pos(3),), (arr(0),)),
    program(for_else, (pos(4), 0.9), (pos(4), 9.0), ([], 0.5), argnums=(0, 1)),
    program(while_else, (0.5,), (2.0,), (1.3,)),
    program(return_in_loop, (arr(5), 1.0), (arr(5), 100.0), (arr(0), 1.0), golden=True),
    program(return_in_nested_loop, (arr(3, 2), 2.0), (arr(3, 2), 100.0)),
    program(nested_loops, (arr(3, 3), arr(3)), argnums=(0, 1), analytic=True, golden=True),
    program(nested_while, (0.7, 3), (0.7, 0), (21.3, 2)),
    program(triple_nest, (0.7,)),
    program(loop_after_loop, (arr(3),), (arr(0),), analytic=True),
    program(loop_carries_two, (0.7, 4), (0.7, 0), analytic=True),
    program(loop_invariant, (0.7, 0.2, 3), argnums=(0, 1)),
    program(loop_variable_after, (arr(3),), (arr(0),), analytic=True),
    program(branch_in_loop, (arr(5),), (pos(2),)),
    program(recurrence, (arr(3, 3), arr(3), 4), (arr(3, 3), arr(3), 0), argnums=(0, 1), analytic=True, golden=True),
    # the number of rows is known only at run time
    program(stack_rows, (arr(2), 3), analytic=True, helpers=True),
    # lists of tuples of different kinds
    program(unpacking_target, ([((0.5, 1.2), 0.3), ((0.7, -0.4), 1.1)],), analytic=True, helpers=True),
    program(uses_saved_at_end, (arr(4),), analytic=True),
    program(newton_two_variables, (2.3, 1.9), argnums=(0, 1), analytic=True),
    program(zero_division_free_loop, ([0.5, 1.3, -0.7],)),
]

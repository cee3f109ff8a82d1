"""Programs that once broke a prototype of the compiler, and variations on them."""

import numpy as np

from tests.programs.table import arr, program

# -- structure --------------------------------------------------------------------------------------------


def both_branches_bind_one_new_value(x, flag):
    if flag:
        y = x * x
        z = y
    else:
        y = x * x
        z = y
    w = z
    return w * y + z


def both_branches_bind_one_array(u, flag):
    if flag:
        y = u * u
        z = y
    else:
        y = u * u
        z = y
    z[0] *= 3.0
    return (y * z * u).sum()


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


def power_of_an_array(x, n):
    if n == 0:
        return np.ones(len(x))
    return x * power_of_an_array(x, n - 1)


def shrinking(x, n):
    """The length of the argument, and the integer, differ at every level."""
    if n == 0:
        return x.sum()
    return x[0] * shrinking(x[1:] * x[:-1], n - 1) + x.sum()


def powers_by_recursion(x, v, n):
    return power(x, n) * power_of_an_array(v, n).sum() + shrinking(v, len(v) - 1)


def defined_on_a_branch_only(x, flag, n):
    total = 0.0
    for i in range(n):
        if flag and i % 2 == 0:
            part = np.sin(x) * i
            more = part * x
        x = x * 1.1
        if flag and i % 2 == 0:
            total = total + part * more
    if flag:
        total = total + part
    return total * x


def array_defined_on_a_branch_only(u, flag):
    if flag:
        w = u * u
        w[0] = u[1]
    u = u * 2.0
    if flag:
        w[1] *= u[0]
        return (w * u).sum()
    return u.sum()


def while_in_nested_loops(x, n):
    """The inner loop's passes are those of this pass of the outer one only."""
    total = x
    for i in range(n):
        y = x * (i + 1.0)
        while y < 5.0 + i:
            y = y * y * 0.5 + x
        for _ in range(i):
            while y > 2.0:
                y = y * 0.7 - 0.01 * x * y
        total = total * 0.5 + y * x
    return total


# -- memory -----------------------------------------------------------------------------------------------


def cotangent_is_memory_restored_later(u, v):
    w = u * 1.0
    p = (w * v).sum()
    w[0] = v[1] * 3.0
    w *= w
    return p * (w * v).sum() + (w * u).sum()


def one_cotangent_for_two_owners(x, y, n):
    z = x + y
    for _ in range(n):
        x = x * 0.5 + z
        y = y + z
        z = x + y
    return (z * z).sum() + (x * y).sum()


def times_itself(b, n):
    b = b * 1.0
    c = b
    for _ in range(n):
        b *= b
        c *= 0.9 + b
    return (b * c).sum()


def zeros_and_an_addition_apart(x, u):
    y = np.zeros(3)
    before = y.sum() + (y * u).sum()
    w = y
    w[1] = x
    y += u * x
    y += u
    return (y * w * u).sum() + before


def changes_its_first(a, b):
    a *= b
    a[0] += b[1] * b[0]
    return (a * b).sum()


def one_array_for_both(v):
    y = v * 1.0
    return changes_its_first(y, y) * y[1] + (y * v).sum()


def one_argument_for_both(v):
    return changes_its_first(v, v) * v[1]


def changes_and_hands_back(u, c):
    u[1:] *= c
    return u


def hands_back_a_part(u, k):
    return u[k:] if k else u


def helpers_that_change_and_alias(v, c, k):
    y = v * v
    z = changes_and_hands_back(y, c)
    w = hands_back_a_part(z, k)
    w[0] *= y[0] + c
    changes_and_hands_back(w, y[1])
    return (y * v).sum() + (z * w[0]).sum()


def allocated_in_a_loop(x, u, n):
    kept = []
    total = 0.0
    for i in range(n):
        y = np.zeros(len(u))
        y[i % 3] = x * (i + 1.0)
        y += u
        y[0] *= y[1]
        total = total + (y * y).sum()
        kept.append(y)
    for y in kept:
        total = total * 0.5 + y[0] * y[2]
    return total


def swapped_under_a_condition(u, v, n):
    a, b = u * 1.0, v * 1.0
    for i in range(n):
        b[1:] = a[:-1] * 0.5 + b[1:] * a[1:]
        if (a.sum() > b.sum()) == (i % 2 == 0):
            a, b = b, a
        a[0] *= 0.9
    return (a * u).sum() + (b * a).sum()


def shadow_of_what_it_merges_with(u, n):
    v = u
    for _ in range(n):
        w = v * 0.9
        w[1:] += v[:-1] * u[0]
        v = w
    return (v * v * u).sum()


def length_of_one_inside(u):
    u[1:-1] += 0.3 * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
    u[1:-1] *= u[2:]
    return (u * u).sum()


def middle_of_any_length(u, w, n):
    for _ in range(n):
        w = w * 0.5 + u[1:-1] * w.sum()
    return (u[1:-1] * w).sum()


def builtin_sum_of_an_array(x):
    return sum(x) * sum(x * x)


def builtin_sum_of_rows(A):
    s = sum(A)
    return (s * s).sum() + sum(sum(A)) ** 2 + sum(A[0], A[1, 1])


def sum_whose_cotangent_is_a_number(A, v):
    return np.mean(np.sum(A * A, axis=0)) + np.sum(np.sum(A, axis=1, keepdims=True)) * np.mean(A @ v)


PROGRAMS = [
    program(both_branches_bind_one_new_value, (1.3, True), (1.3, False)),
    program(powers_by_recursion, (1.3, arr(3), 3), (1.3, arr(3), 0), argnums=(0, 1)),
    program(defined_on_a_branch_only, (1.3, True, 4), (1.3, False, 3)),
    program(while_in_nested_loops, (0.8, 4), (1.3, 0)),
    program(cotangent_is_memory_restored_later, (arr(3), arr(3, seed=1)), argnums=(0, 1)),
    program(one_cotangent_for_two_owners, (arr(3), arr(3, seed=1), 3), (arr(3), arr(3, seed=1), 0), argnums=(0, 1)),
    program(zeros_and_an_addition_apart, (0.7, arr(3)), argnums=(0, 1)),
    program(length_of_one_inside, (arr(3),), (arr(5),), (arr(2),)),
    # the slice may have length 1, or be broadcast
    program(middle_of_any_length, (arr(3), arr(1), 2), (arr(5), arr(3), 2), (arr(5), arr(1), 2),
            argnums=(0, 1), helpers=True),
    program(builtin_sum_of_an_array, (arr(4),), (arr(1),)),
    # the sum begins as the number 0 and becomes an array
    program(builtin_sum_of_rows, (arr(2, 3),), (arr(3, 2),), helpers=True),
    program(sum_whose_cotangent_is_a_number, (arr(2, 3), arr(3)), (arr(1, 1), arr(1)), argnums=(0, 1)),
    program(both_branches_bind_one_array, (arr(3), True), (arr(3), False), known_only=True),
    program(array_defined_on_a_branch_only, (arr(3), True), (arr(3), False), known_only=True),
    program(times_itself, (arr(3), 2), (arr(3), 0), known_only=True),
    program(one_array_for_both, (arr(3),), known_only=True),
    program(one_argument_for_both, (arr(3),), known_only=True),
    program(helpers_that_change_and_alias, (arr(4), 0.7, 1), (arr(4), 0.7, 0), argnums=(0, 1), known_only=True),
    program(allocated_in_a_loop, (0.7, arr(3), 4), (0.7, arr(3), 0), argnums=(0, 1)),
    # a slice may have length 1
    program(swapped_under_a_condition, (arr(3), arr(3, seed=1), 4), (arr(3), arr(3, seed=1), 1),
            argnums=(0, 1), known_only=True, helpers=True),
    program(shadow_of_what_it_merges_with, (arr(4), 3), (arr(4), 0), known_only=True),
]

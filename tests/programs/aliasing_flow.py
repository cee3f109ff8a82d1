"""Programs in which branches, loops and calls decide which memory a name refers to."""

import numpy as np

from tests.programs import library
from tests.programs.table import arr, program


def conditional_alias(u, v, flag):
    a, b = u * u, v * 2.0
    w = a if flag else b
    w[0] = u[1] * w[2]
    w[1:] += v[:-1]
    return (a * v).sum() + (b * u).sum() + w[0]


def conditional_alias_on_data(u, v):
    a, b = u * u, v * v
    w = a if a.sum() > b.sum() else b
    w *= u[0]
    a[1] += b[1] * v[2]
    return (a * b).sum() + w[1]


def alias_in_one_branch(v, flag):
    y = v * v
    z = v * 3.0
    if flag:
        z = y
    z[0] *= v[1]
    y[2] += z[0]
    return (y * v).sum() + (z * z).sum()


def change_in_one_branch(v, x):
    y = v * v
    z = y[1:]
    if x > 0.5:
        z[0] = x * y[0]
    else:
        z = z * x
    z[1] += x
    return (y * v).sum() + (z * z).sum()


def view_chosen_by_branch(v, k):
    y = v * v
    if k == 0:
        w = y[:2]
    elif k == 1:
        w = y[1:3]
    else:
        w = y[::-1][:2]
    w *= v[0]
    w[0] += y[2]
    return (y * v).sum()


def chosen_in_each_pass(v, n):
    even, odd = v * v, v * 2.0
    for i in range(n):
        w = even if i % 2 == 0 else odd
        w[i % 3] += even[0] * odd[1] * 0.5
        w *= 0.9
    return (even * v).sum() + (odd * odd).sum()


def swapped_buffers(u, steps):
    old, new = u.copy(), np.zeros_like(u)
    for _ in range(steps):
        new[1:-1] = old[1:-1] + 0.3 * (old[2:] - 2.0 * old[1:-1] + old[:-2])
        new[0], new[-1] = old[0] * old[1], old[-1]
        old, new = new, old
    return (old * u).sum() + (new * new).sum()


def swapped_under_condition(u, w, steps):
    a, b = u * u, w * 1.0
    for k in range(steps):
        a[k % 3] = b[0] * a[1] + 0.5
        if a[0] > b[0]:
            a, b = b, a
        b[1] += a[2] * 0.3
    return (a * u).sum() + (b * b).sum()


def three_buffers(u, steps):
    a, b, c = u * 1.0, u * u, np.zeros(3)
    for _ in range(steps):
        c[:] = 0.5 * a + b * b * 0.2
        c[0] += a[2]
        a, b, c = b, c, a
    return (a * u).sum() + (b * c).sum()


def wave_equation(u, c, steps):
    before, now = u.copy(), u.copy()
    after = np.empty_like(u)
    for _ in range(steps):
        after[1:-1] = 2.0 * now[1:-1] - before[1:-1] + c * (now[2:] - 2.0 * now[1:-1] + now[:-2])
        after[0] = after[-1] = 0.0
        before, now, after = now, after, before
    return (now * now).sum() + (before * u).sum()


def rebound_and_changed(v, n):
    y = v
    for i in range(n):
        y = y * 0.8 + v
        y[i % 3] *= v[0]
        y[1:] += y[:-1]
    return (y * y).sum()


def rebound_to_a_view(v, n):
    y = v * v
    z = y
    for _ in range(n):
        z[0] *= 1.3
        z[-1] += v[0]
        z = z[1:]
    return (y * v).sum() + z.sum()


def mixed_fresh_and_alias(u, n):
    v = u * u
    for i in range(n):
        w = v * 0.5 + u
        w[1:] += v[:-1] * u[0]
        v = w
    return (v * u).sum()


def alias_made_in_loop(A, n):
    B = A * A
    total = 0.0
    for i in range(n):
        row = B[i % 2]
        row[0] += row[1] * A[0, 0]
        other = B[(i + 1) % 2]
        other *= row
        total += other.sum()
    return total + (B * A).sum()


def while_with_swap(u, tol):
    a, b = u * u, u * 0.1
    steps = 0
    while abs(a[0] - b[0]) > tol and steps < 4:
        b[:] = 0.5 * (a + b)
        a, b = b, a
        steps += 1
    return (a * u).sum() + b[1] ** 2


def break_after_store(v, bound):
    y = v * v
    w = y
    for i in range(len(v)):
        w[i] *= v[0]
        if w[i] > bound:
            w = y[::-1]
            break
        w[i] += 1.0
    w[0] += v[1]
    return (y * v).sum() + w[1]


def early_return_of_alias(v, flag):
    y = v * v
    w = pick(y, v * 3.0, flag)
    w[0] = v[1] * y[2]
    return (y * v).sum() + (w * w).sum()


def pick(a, b, flag):
    if flag:
        return a
    return b


def increase(u, c):
    u += c * u[::-1]
    u[0] *= c


def changed_by_callee(v, c):
    y = v * v
    tail = y[1:]
    increase(tail, c)
    increase(y, 0.5)
    return (y * v).sum() + tail[0]


def smoothed(u, c):
    u[1:] += c * u[:-1]
    u[:-1] *= u[1:]
    return u


def callee_returns_its_argument(v, c):
    y = v * v
    z = smoothed(y, c)
    z[0] += y[1]
    y[2] *= z[0]
    return (y * v).sum() + (z * z).sum()


def tail_of(u):
    return u[1:]


def callee_returns_a_view(v):
    y = v * v
    t = tail_of(tail_of(y))
    t *= v[0]
    y[2] += t[1]
    return (y * v).sum()


def shared_argument(a, b):
    a[0] += b[1] * b[0]
    b[1] *= a[2]
    a *= b


def same_array_twice(v):
    y = v * v
    shared_argument(y, y)
    return (y * v).sum()


def overlapping_arguments(v):
    y = v * v
    shared_argument(y[:-1], y[1:])
    return (y * v).sum()


def prefix_products(u, k):
    if k < len(u):
        u[k] *= u[k - 1]
        prefix_products(u, k + 1)
        u[k - 1] += u[k]


def changed_by_recursion(v):
    y = v * v
    prefix_products(y, 1)
    return (y * v).sum()


def recursion_on_views(u, c):
    if len(u) < 2:
        return
    half = len(u) // 2
    recursion_on_views(u[:half], c)
    recursion_on_views(u[half:], c)
    u[:half] += c * u[half : 2 * half]
    u[-1] *= u[0]


def divided_and_changed(v, c):
    y = v * v
    recursion_on_views(y, c)
    return (y * v).sum()


def recursion_returns_alias(u, k):
    if k == 0:
        return u
    u[k] += u[0] * 0.5
    return recursion_returns_alias(u, k - 1)


def alias_from_recursion(v, k):
    y = v * v
    z = recursion_returns_alias(y, k)
    z[0] *= v[1]
    return (y * v).sum() + z[1]


def changed_by_library(v, x):
    y = v * v
    z = library.relaxed(y, x)
    z[0] = y[1] * x
    library.relaxed(y[1:], x)
    return (y * v).sum() + (z * z).sum()


def changed_by_closure(v, c):
    y = v * v

    def push(i, amount):
        y[i] += amount * c

    push(0, v[1])
    y[1] *= y[0]
    push(-1, y[1])
    return (y * v).sum()


def closure_over_alias(v, n):
    y = v * v
    w = y[1:]

    def step():
        w[0] += y[0] * v[1]
        w[1] *= w[0]

    for _ in range(n):
        step()
    return (y * v).sum()


def closure_keeps_a_buffer(v, n):
    total = np.zeros(3)

    def add(a):
        nonlocal total
        total += a
        total = total * 0.9

    for i in range(n):
        add(v * (i + 1.0))
        total[i % 3] *= v[0]
    return (total * v).sum()


def mutated_argument_used_again(u, c):
    before = u.sum()
    w = u
    u[1:] += c * u[:-1]
    w[0] *= before
    return (u * w).sum() + before


def argument_returned_by_callee(u, c):
    w = smoothed(u, c)
    w[1] = c * w[0]
    return (u * u).sum()


def view_outlives_its_name(v):
    y = v * v
    w = y[1:]
    y = v * 2.0
    w[0] *= y[0]
    y[0] += w[1]
    return (y * v).sum() + (w * w).sum()


def alias_after_loop(v, n):
    y = v * v
    last = y
    for i in range(n):
        last = y[i:]
        last[0] += v[i] * 0.5
    last *= v[0]
    return (y * v).sum()


PROGRAMS = [
    program(conditional_alias, (arr(4), arr(4, seed=1), True), (arr(4), arr(4, seed=1), False),
            argnums=(0, 1), known_only=True),
    program(conditional_alias_on_data, (arr(3), arr(3, seed=1)), (arr(3, seed=1), arr(3)),
            argnums=(0, 1), known_only=True),
    program(alias_in_one_branch, (arr(4), True), (arr(4), False), known_only=True),
    program(change_in_one_branch, (arr(4), 0.7), (arr(4), 0.3), argnums=(0, 1), known_only=True),
    program(view_chosen_by_branch, (arr(4), 0), (arr(4), 1), (arr(4), 2), known_only=True),
    program(chosen_in_each_pass, (arr(3), 4), (arr(3), 1), (arr(3), 0), known_only=True),
    program(swapped_buffers, (arr(5), 3), (arr(5), 2), (arr(5), 0), known_only=True),
    program(swapped_under_condition, (arr(3), arr(3, seed=1), 4), (arr(3), arr(3, seed=1), 0),
            argnums=(0, 1), known_only=True, helpers=True),
    program(three_buffers, (arr(3), 4), (arr(3), 1), (arr(3), 0), known_only=True),
    program(wave_equation, (arr(5), 0.2, 4), (arr(5), 0.2, 0), argnums=(0, 1), known_only=True),
    program(rebound_and_changed, (arr(3), 3), (arr(3), 0), known_only=True),
    program(rebound_to_a_view, (arr(5), 3), (arr(5), 0), known_only=True),
    program(mixed_fresh_and_alias, (arr(4), 3), (arr(4), 0), known_only=True),
    program(alias_made_in_loop, (arr(2, 2), 3), known_only=True),
    program(while_with_swap, (arr(3), 0.05), (arr(3), 10.0), known_only=True),
    program(break_after_store, (arr(4), 0.5), (arr(4), 50.0), known_only=True),
    program(early_return_of_alias, (arr(4), True), (arr(4), False), known_only=True),
    program(changed_by_callee, (arr(4), 0.7), argnums=(0, 1), known_only=True),
    program(callee_returns_its_argument, (arr(4), 0.7), argnums=(0, 1)),
    program(callee_returns_a_view, (arr(5),), known_only=True),
    program(same_array_twice, (arr(4),), known_only=True),
    program(overlapping_arguments, (arr(5),), known_only=True),
    program(changed_by_recursion, (arr(4),), (arr(1),), known_only=True),
    program(divided_and_changed, (arr(5), 0.7), argnums=(0, 1), known_only=True, helpers=True),
    program(alias_from_recursion, (arr(4), 3), (arr(4), 0), known_only=True),
    program(changed_by_library, (arr(4), 0.7), argnums=(0, 1), known_only=True),
    program(changed_by_closure, (arr(4), 0.7), argnums=(0, 1)),
    program(closure_over_alias, (arr(4), 2), (arr(4), 0), known_only=True),
    program(closure_keeps_a_buffer, (arr(3), 3)),
    program(mutated_argument_used_again, (arr(4), 0.7), argnums=(0, 1)),
    program(argument_returned_by_callee, (arr(4), 0.7), argnums=(0, 1)),
    program(view_outlives_its_name, (arr(4),), known_only=True),
    program(alias_after_loop, (arr(4), 3), (arr(4), 0), known_only=True),
]

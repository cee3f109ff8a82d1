"""Programs about stores into arrays and reads from them, without aliasing questions."""

import numpy as np

from tests.programs.table import arr, pos, program


def fill_by_index(x, n):
    y = np.zeros(n)
    for i in range(n):
        y[i] = x * (i + 1.0)
    return (y * y).sum()


def recurrence_in_array(x, n):
    u = np.zeros(n + 2)
    u[0] = x
    u[1] = 0.5
    for i in range(n):
        u[i + 2] = u[i + 1] * u[i] + x
    return u[-1] * u[2]


def overwrite(x, y):
    a = np.ones(3)
    a[0] = x
    b = a[0] * x
    a[0] = y
    return b * a[0] + a.sum()


def store_slice(v):
    y = np.zeros(len(v) + 2)
    y[1:-1] = v * v
    return (y[1:] * y[:-1]).sum() + y[1] ** 2


def store_scalar_to_slice(x, v):
    y = v * 1.0
    y[1:3] = x
    return (y * y * v).sum()


def store_broadcast_row(v, n):
    A = np.zeros((n, len(v)))
    A[:] = v
    A[0] = v * v
    return (A.sum(axis=0) ** 2).sum()


def store_column(A, v):
    B = A.copy()
    B[:, 1] = v
    B[0, :] = B[0, :] * v[0]
    return (B * B * A).sum()


def store_fancy(v, k):
    y = np.zeros(5)
    y[k] = v
    return (y * np.arange(5.0)).sum() * y[k[0]]


def store_mask(v):
    y = v * v
    y[v > 0.0] = 2.0
    y[v < -1.0] = v[v < -1.0] * 3.0
    return (y * v).sum()


def masked_update(v, c):
    y = v * v
    y[y > 0.5] *= c
    return (y * v).sum()


def update_by_index(v, x):
    y = v * 2.0
    y[0] += x
    y[1] *= y[0]
    y[2] -= y[1] * x
    y[0] /= y[2]
    y[1] **= 2
    return (y * v).sum()


def update_slice(v, c):
    y = v * 1.0
    y[1:] += c * v[:-1]
    y[:-1] *= v[1:]
    y[::2] -= c
    return (y * y).sum()


def update_repeated_fancy(v, x):
    y = v * v
    y[[0, 0, 1]] += x
    return (y * y).sum()


def accumulate_in_place(A):
    total = np.zeros(A.shape[1])
    for row in A:
        total += row * row
    return (total * total).sum()


def in_place_operators(v, w):
    y = v * w
    y += v
    y *= w
    y -= 2.0
    y /= v
    y **= 2
    return y.sum()


def in_place_on_itself(v):
    b = v * 1.0
    b *= b
    b += 0.1 * b
    b -= b * b
    return (b * v).sum()


def in_place_broadcast(A, v):
    B = A * 1.0
    B += v
    B *= v[0]
    return (B * B).sum()


def caller_array_mutated(u, c):
    u += 0.1 * u
    u[0] = c * u[1]
    return (u * u).sum()


def caller_list_mutated(values):
    values[0] = values[0] * values[1]
    values.append(values[0] + 1.0)
    return values[0] * values[-1]


def stencil(u, steps):
    for _ in range(steps):
        v = np.zeros_like(u)
        v[1:-1] = 0.5 * u[1:-1] + 0.25 * (u[2:] + u[:-2])
        u = v
    return (u * u).sum()


def array_made_in_loop(x, n):
    total = 0.0
    for i in range(n):
        y = np.zeros(3)
        y[0] = x * i
        y[1] = y[0] * x
        y[2] = y[1] + y[0]
        total += (y * y).sum()
    return total


def read_then_write(v):
    y = v * 1.0
    for i in range(1, len(v)):
        y[i] = y[i] * y[i - 1] + y[i - 1] ** 2
    return y[-1] + y.sum()


def read_in_loop(v, n):
    total = 0.0
    for i in range(n):
        total += v[i % len(v)] ** 2 * i
    return total


def store_integer_array(x, n):
    counts = np.zeros(3, dtype=int)
    total = 0.0
    for i in range(n):
        counts[i % 3] += 1
        total += x * counts[i % 3]
    return total * x


def store_in_branch(v, flag):
    y = v * v
    if flag:
        y[0] = v[1] * 3.0
    else:
        y[1] = v[0]
    return (y * v).sum()


def store_two_dimensional(x, n):
    A = np.ones((n, n))
    for i in range(n):
        for j in range(i):
            A[i, j] = A[i - 1, j] * x + j
    return (A * A).sum()


def cumulative_by_hand(v):
    y = np.empty_like(v)
    y[0] = v[0]
    for i in range(1, len(v)):
        y[i] = y[i - 1] + v[i]
    return (y * y).sum()


def store_bounds(x, i):
    y = np.zeros(3)
    y[i] = x
    return (y * y).sum()


def unread_index_sum(x):
    y = x * 2
    z = y[10]
    return z


def length_one_slice(u):
    u = u * 1.0
    u[1:-1] += u[2:] * u[:-2]
    return (u * u).sum()


def triangular_solve(L, b):
    x = np.zeros(len(b))
    for i in range(len(b)):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return (x * b).sum()


PROGRAMS = [
    program(fill_by_index, (0.7, 3), (0.7, 0), golden=True),
    program(recurrence_in_array, (0.7, 3), (0.7, 1)),
    program(overwrite, (0.7, 1.2), argnums=(0, 1)),
    program(store_slice, (arr(4),), (arr(1),)),
    program(store_scalar_to_slice, (0.7, arr(4)), argnums=(0, 1)),
    program(store_broadcast_row, (arr(3), 4)),
    program(store_column, (arr(3, 3), arr(3)), argnums=(0, 1)),
    # indices may repeat: the last store wins
    program(store_fancy, (arr(3), np.array([4, 0, 2])), (arr(2), [1, 3]), helpers=True),
    # how many elements a mask takes is known only at run time
    program(store_mask, (arr(6),), (pos(3),), helpers=True),
    program(masked_update, (arr(6), 1.3), argnums=(0, 1)),
    program(update_by_index, (pos(3), 0.7), argnums=(0, 1)),
    program(update_slice, (arr(5), 0.7), argnums=(0, 1)),
    # indices may repeat: the last store wins
    program(update_repeated_fancy, (arr(3), 0.7), argnums=(0, 1), helpers=True),
    program(accumulate_in_place, (arr(4, 3),), (arr(0, 3),), golden=True),
    program(in_place_operators, (pos(3), pos(3, seed=1)), argnums=(0, 1)),
    program(in_place_on_itself, (arr(3),)),
    program(in_place_broadcast, (arr(3, 2), arr(2)), argnums=(0, 1)),
    program(caller_array_mutated, (arr(4), 0.7), argnums=(0, 1)),
    program(caller_list_mutated, ([0.5, 1.2, 0.4],)),
    # the buffer is another one in each pass
    program(stencil, (arr(6), 3), (arr(6), 0), known_only=True),
    program(array_made_in_loop, (0.7, 4), (0.7, 0)),
    program(read_then_write, (arr(4),), (arr(1),)),
    program(read_in_loop, (arr(3), 7), golden=True),
    program(store_integer_array, (0.7, 7)),
    program(store_in_branch, (arr(3), True), (arr(3), False)),
    program(store_two_dimensional, (0.7, 4)),
    program(cumulative_by_hand, (arr(5),)),
    program(store_bounds, (0.7, 2), (0.7, -1), raising=((0.7, 3),)),
    program(unread_index_sum, (arr(11),), raising=((arr(3),),)),
    program(length_one_slice, (arr(3),), (arr(5),), (arr(2),)),
    program(triangular_solve, (pos(3, 3), arr(3)), argnums=(0, 1)),
]

"""Programs about functions that store into an array: `ufunc.at`, `copyto`, `put`, `place`, `sort` and their kin."""

import numpy as np

from tests.programs.table import arr, program


def add_at_two_axes(x, w):
    y = np.zeros((3, 4))
    np.add.at(y, ([0, 0, 2], [1, 1, 3]), w)
    np.add.at(y, (slice(None), [0, 0]), w[:2] * x[0])
    np.add.at(y, 1, x)
    return np.sum(y * y)


def multiply_at_zero(x, w):
    y = x * 1.0
    np.multiply.at(y, [0, 0, 2, 0], w * np.array([1.0, 0.0, 1.0, 1.0]))
    return np.sum(y * x)


def power_at(x, w):
    y = x * x + 0.5
    np.power.at(y, [0, 0, 1], w)
    np.power.at(y, [2], 3.0)
    return np.sum(y)


def maximum_at(x, w):
    y = x * 1.0
    np.maximum.at(y, [0, 0, 1, 3], w)
    np.minimum.at(y, [1, 1, 0, 2], w * 0.5)
    return np.sum(y * x)


def unary_at(x):
    y = x * 1.0
    np.negative.at(y, [0, 1, 0, 2])
    np.exp.at(y, [3, 3])
    return np.sum(y * x)


def at_in_a_loop(x, w):
    y = np.zeros(4)
    for k in range(3):
        np.add.at(y, [k, k + 1, k], w * x[:3])
        np.multiply.at(y, [k, k], x[1])
    return np.sum(y * y)


def copied_to(x, w):
    y = np.zeros((2, 4))
    np.copyto(y, x)
    np.copyto(y[1], w[0])
    np.copyto(y, x * w, where=x > 0.0)
    np.copyto(y, 3.0, where=y > 1.0)
    np.copyto(dst=y[0], src=x * x, where=[True, False, False, True])
    np.copyto(y[0], w[1], where=y[0] < 0.0)
    return np.sum(y * y * x)


def copied_within(x):
    y = x * 1.0
    np.copyto(y[1:], y[:-1])
    np.copyto(y[:2], y[2:], where=np.array([True, False]))
    return np.sum(y * x)


def filled_parts(x):
    y = np.empty((2, 3))
    y.fill(x[0])
    y[0].fill(x[1] * 2.0)
    y.T[1].fill(3.0)
    return np.sum(y * y * x[2])


def put_repeated(x, w):
    y = x * 1.0
    np.put(y, [0, 2, 0], w)
    np.put(y, [3, 1], w[:1] * 2.0)
    np.put(y, 2, x[0] * x[1])
    y.put([1, 1], [x[2], w[1]])
    return np.sum(y * y)


def put_two_axes(x, w):
    y = x * 1.0
    np.put(y, [0, 5, 9, -1], w)
    np.put(y, [20, -30], w[2:], mode="clip")
    np.put(a=y, ind=[13, 14], v=w[1], mode="wrap")
    np.put(y.T, [1], w[0])
    return np.sum(y * y)


def placed(x, w):
    y = x * 1.0
    np.place(y, y > 0.0, w)
    np.place(y, y < -0.5, [w[0] * 2.0])
    np.place(y, [0, 1, 0, 0], x[3:])
    return np.sum(y * y * x)


def put_by_mask(x, w):
    y = x * 1.0
    np.putmask(y, y > 0.0, w)
    np.putmask(y, y < -0.5, w[0])
    np.putmask(y, x > 0.7, x * x)
    np.putmask(y, [True, False, False, True], w)
    return np.sum(y * y * x)


def put_along(x, w):
    y = x * 1.0
    i = np.argmax(y, axis=1, keepdims=True)
    np.put_along_axis(y, i, w[:3, None], axis=1)
    np.put_along_axis(y, np.array([[0, 0, 1, 2]]), w[None], axis=0)
    np.put_along_axis(y, np.array([[3], [3], [0]]), w[0] * w[1], 1)
    np.put_along_axis(y[0], np.array([1, 1]), w[:2], 0)
    return np.sum(y * y * x)


def diagonal_filled(x, w):
    y = x * 1.0
    np.fill_diagonal(y, w[0])
    z = y * x
    np.fill_diagonal(z, w[:3])
    np.fill_diagonal(z[1:], w[:2])
    u = np.outer(np.arange(7.0), w[:2])
    np.fill_diagonal(u, w[1], wrap=True)
    np.fill_diagonal(u, w[1:3], True)
    return np.sum(y * y) + np.sum(z * z) + np.sum(u * u)


def singular_behind_a_diagonal(x):
    y = np.sqrt(x)
    np.fill_diagonal(y, 1.0)
    return np.sum(y * y * y)


def stores_in_a_loop(x, w):
    y = x * 1.0
    total = 0.0
    for k in range(3):
        np.put(y, [k, k + 1], w[:2] * y[k])
        np.copyto(y, w, where=y > 0.9)
        total += np.sum(np.exp(y))
        np.putmask(y, y > 0.8, y[k])
        total += y[0] * y[1]
    return total


def sorted_in_place(x, w):
    y = x * w
    y.sort()
    z = np.outer(x, w)
    z.sort(axis=0)
    z.sort(kind="stable")
    z[1].sort()
    return np.sum(y * np.arange(4.0)) + np.sum(z * np.arange(16.0).reshape(4, 4))


def sorted_in_a_loop(x, w):
    y = x * 1.0
    total = 0.0
    for _ in range(3):
        y.sort()
        y *= w
        total += y[0] * y[1]
    return total


def partitioned(x, w):
    y = x * 1.0
    y.partition(10)
    z = x.reshape(3, 7) * 1.0
    z.partition((1, 2), axis=0)
    z.partition(3)
    return np.sum(y * w) + np.sum(z.ravel() * w)


def through_a_transpose(x):
    y = x * 1.0
    y.T[0] = x[:, 1]
    np.exp(y.T, out=y.T)
    np.copyto(y.T[1], x[:, 0])
    return np.sum(y * x)


def rank_zero(x):
    y = np.array(x)
    np.multiply(y, y, out=y)
    np.exp(y, out=y, where=y > 0.0)
    y.fill(y * x)
    np.copyto(y, x * y)
    return y * x


def overwritten_by_a_constant(x):
    y = x * 1.0
    z = np.exp(y)
    y.fill(2.0)
    z *= y
    np.copyto(z[:1], 1.0)
    np.put(z, [1], 5.0)
    return np.sum(z * x)


def list_of_values(x):
    y = np.zeros(4)
    np.put(y, [0, 3], [x[0], x[1] * x[2]])
    np.copyto(y[1:3], [x[3], 2.0 * x[0]])
    np.add.at(y, [0, 0], [x[1], x[0]])
    return np.sum(y * y)


X3, X4, W3, W4 = arr(3), arr(4), arr(3, seed=1), arr(4, seed=1)
M34 = arr(3, 4)

PROGRAMS = [
    # how often a value is repeated is known only at run time
    program(add_at_two_axes, (X4, W3), argnums=(0, 1), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(multiply_at_zero, (X3, W4), argnums=(0, 1), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(power_at, (X3, W3), argnums=(0, 1), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(maximum_at, (X4, W4), argnums=(0, 1), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(unary_at, (X4,), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(at_in_a_loop, (X4, W3), argnums=(0, 1), helpers=True),
    program(copied_to, (X4, W4), argnums=(0, 1)),
    program(copied_within, (X4,), known_only=True),
    program(filled_parts, (X3,)),
    # which value ends where is known only at run time
    program(put_repeated, (X4, W3), argnums=(0, 1), helpers=True),
    # which value ends where is known only at run time
    program(put_two_axes, (M34, W4), argnums=(0, 1), helpers=True),
    # which value ends where is known only at run time
    program(placed, (X4, W3), argnums=(0, 1), helpers=True),
    # which value ends where is known only at run time
    program(put_by_mask, (X4, W3), argnums=(0, 1), helpers=True),
    # which value ends where is known only at run time
    program(put_along, (M34, W4), argnums=(0, 1), known_only=True, helpers=True),
    # which value ends where is known only at run time
    program(diagonal_filled, (M34, W4), argnums=(0, 1), known_only=True, helpers=True),
    # which value ends where is known only at run time
    program(stores_in_a_loop, (X4, W4), argnums=(0, 1), helpers=True),
    program(sorted_in_place, (X4, W4), argnums=(0, 1), known_only=True),
    program(sorted_in_a_loop, (X4, W4), argnums=(0, 1), known_only=True),
    program(partitioned, (arr(21), arr(21, seed=1)), argnums=(0, 1)),
    program(through_a_transpose, (arr(3, 3),), known_only=True),
    program(rank_zero, (0.7,)),
    program(overwritten_by_a_constant, (X3,), known_only=True),
    # which value ends where is known only at run time
    program(list_of_values, (X4,), helpers=True),
]

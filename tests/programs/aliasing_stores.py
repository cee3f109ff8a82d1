"""Programs about every way to change an array in place: `out=`, `ufunc.at`, `copyto`, masks, fancy indices, ..."""

import numpy as np

from tests.programs.table import arr, pos, program


def out_of_ufunc(v, w):
    y = np.zeros_like(v)
    np.multiply(v, w, out=y)
    z = y[1:]
    np.sin(y, out=y)
    np.add(y, v, out=y)
    return (y * w).sum() + (z * z).sum()


def out_is_an_operand(v, x):
    y = v * v
    np.subtract(y, x * v, out=y)
    np.exp(y[1:], out=y[1:])
    return (y * v).sum()


def out_of_reduction(A):
    total = np.empty(A.shape[1])
    np.sum(A * A, axis=0, out=total)
    total[0] *= A[0, 0]
    np.cumsum(total, out=total)
    return (total * A[0]).sum()


def out_of_dot(A, v):
    y = np.empty(len(A))
    for _ in range(2):
        np.dot(A, v, out=y)
        v = y * 0.5 + v
    return (y * v).sum()


def out_as_result(v):
    buffer = np.empty_like(v)
    y = np.multiply(v, v, out=buffer)
    y[0] = v[1]
    return (buffer * v).sum() + y[2]


def out_twice_in_loop(v, steps):
    work = np.zeros_like(v)
    y = v.copy()
    for _ in range(steps):
        np.multiply(y, 0.3, out=work)
        work += v * y
        np.tanh(work, out=y)
    return (y * work).sum()


def where_of_ufunc(v, w):
    y = v * w
    np.divide(v, w, out=y, where=w > 0.1)
    np.negative(y, out=y, where=v > 0.0)
    return (y * w).sum()


def add_at(v, k):
    y = np.zeros(4)
    np.add.at(y, k, v * v)
    y[1:] *= v[0]
    np.add.at(y, k, v)
    return (y * y).sum()


def subtract_at(v, k):
    y = np.arange(4.0)
    np.subtract.at(y, k, v)
    return (y ** 3).sum()


def multiply_at(v, k, x):
    y = v * v
    np.multiply.at(y, k, x)
    return (y * v).sum()


def copyto(v, w):
    y = v * v
    window = y[1:]
    np.copyto(window, w[1:] * v[:-1])
    np.copyto(y, window[0], where=v > 0.3)
    return (y * v * w).sum()


def put(v, x):
    y = v * v
    np.put(y, [0, 2], [x, x * y[1]])
    y.put([1], y[2] * x)
    return (y * v).sum()


def put_along_axis(A, v):
    B = A * A
    order = np.argsort(A, axis=1)
    np.put_along_axis(B, order[:, :1], v[:, None], axis=1)
    return (B * A).sum()


def fill(v, x):
    y = v * v
    p = y.sum()
    y[1:].fill(x * x)
    return (y * v).sum() + p * y[1]


def fill_diagonal(A, x):
    B = A * A
    np.fill_diagonal(B, x * x)
    return (B @ B * A).sum()


def sort_in_place(v, w):
    y = v * w
    y.sort()
    return (y * w).sum() + y[0] ** 2


def sort_rows_in_place(A):
    B = A * A
    B.sort(axis=0)
    B[1].sort()
    return (B * A).sum()


def sort_through_a_view(v):
    y = v * v
    y[1:].sort()
    y[::2] *= v[0]
    return (y * v).sum()


def partition_in_place(v):
    y = v * 1.5
    y.partition(2)
    return y[2] ** 2 + y[:2].sum() * y[3:].sum()


def augmented_modulo_index(v, n):
    a = np.zeros(3)
    for i in range(n):
        a[i % 3] += v[i % len(v)] * (a[(i + 1) % 3] + 1.0)
    return (a * a).sum()


def augmented_index_expression(v, n):
    y = v * v
    for i in range(n):
        y[(2 * i + 1) % len(y)] *= 1.0 + 0.1 * y[i % len(y)]
        y[-1 - i % len(y)] -= y[0] * 0.2
    return (y * v).sum()


def repeated_fancy_store(v, k):
    y = np.ones(4)
    y[k] = v
    y[k] += v * v
    return (y * np.arange(1.0, 5.0)).sum() * y[k[0]]


def fancy_update_reads_once(v, x):
    y = v * v
    y[[1, 1, 2]] *= x
    y[[0, 0]] += y[[1, 2]]
    return (y * v).sum()


def fancy_pairs(A, v):
    B = A * A
    rows, columns = np.array([0, 2, 0]), np.array([1, 0, 1])
    B[rows, columns] = v
    B[rows, columns] -= v * v
    B[np.ix_([0, 1], [0, 1])] *= v[0]
    return (B * A).sum()


def fancy_through_view(v):
    y = v * v
    z = y[1:]
    z[[0, 2]] = z[[2, 0]]
    z[[0, 0]] += y[[3, 0]]
    return (y * v).sum()


def mask_store(v, x):
    y = v * v
    mask = v > 0.0
    y[mask] = x * v[mask]
    y[~mask] += x
    z = y[1:]
    z[z > 0.5] *= x
    return (y * v).sum()


def mask_two_dimensional(A, x):
    B = A * x
    B[B < 0.0] = 0.0
    B[:, B[0] > 0.1] *= x
    return (B * A).sum()


def where_against_store(v):
    y = np.where(v > 0.0, v, v * v)
    y[y > 0.8] = v[0]
    w = np.where(y > 0.4, y, 0.0)
    y *= w
    return (y * v).sum()


def delayed_read_of_product(v):
    y = v * v
    p = y[0] * y[1]
    y[0] = p * v[2]
    q = y[0] * y[1]
    y[1] = q
    y[0] *= y[1]
    return p + q * y[0] + y.sum()


def in_place_powers(v):
    y = v * 1.0
    z = y
    y **= 2
    z += 1.0
    y **= 1.5
    z /= y * y + v
    return (z * v).sum()


def in_place_matmul(A, B):
    C = A * 1.0
    D = C
    C @= B
    D += A
    return (C * B).sum()


def broadcast_store_rows(A, v, x):
    B = A * A
    B[1:] = v
    B[:, 0] = x
    B[0] += x
    B[:, 1:] *= v[1:]
    return (B * A).sum()


def undone_in_a_branch(v, x):
    s = v @ v
    if x > 0.0:
        w = v[::-1]
        w[2] += x
    else:
        w = v * 2.0
    return (w * w).sum() + s * x


def array_global_weights(v):
    y = WEIGHTS * v
    y[0] += WEIGHTS[1]
    z = WEIGHTS.copy()
    z *= y
    return (z * v).sum()


WEIGHTS = np.array([0.5, -1.2, 0.3])


PROGRAMS = [
    program(out_of_ufunc, (arr(4), arr(4, seed=1)), argnums=(0, 1), known_only=True),
    program(out_is_an_operand, (arr(4), 0.7), argnums=(0, 1), known_only=True),
    program(out_of_reduction, (arr(3, 2),)),
    program(out_of_dot, (arr(3, 3), arr(3)), argnums=(0, 1)),
    program(out_as_result, (arr(4),)),
    program(out_twice_in_loop, (arr(4), 3), (arr(4), 0), known_only=True, golden=True),
    program(where_of_ufunc, (arr(5), arr(5, seed=1)), argnums=(0, 1)),
    # how many indices a list has, and so how often a value is repeated, is known only at run time
    program(add_at, (arr(4), np.array([0, 2, 2, 3])), (arr(3), [1, 1, 1]), helpers=(1,)),
    # as add_at
    program(subtract_at, (arr(3), [3, 3, 0]), helpers=True),
    # an index may be repeated: the elements are followed one occurrence at a time
    program(multiply_at, (arr(4), [1, 1, 3], 0.7), argnums=(0, 2), helpers=True),
    program(copyto, (arr(4), arr(4, seed=1)), argnums=(0, 1), known_only=True),
    # indices may repeat, and so may values
    program(put, (arr(4), 0.7), argnums=(0, 1), helpers=True),
    # indices may repeat: the last store wins
    program(put_along_axis, (arr(3, 3), arr(3)), argnums=(0, 1), helpers=True),
    program(fill, (arr(4), 0.7), argnums=(0, 1), known_only=True),
    program(fill_diagonal, (arr(3, 3), 0.7), argnums=(0, 1)),
    program(sort_in_place, (arr(5), arr(5, seed=1)), argnums=(0, 1), known_only=True),
    program(sort_rows_in_place, (arr(3, 3),), known_only=True),
    program(sort_through_a_view, (arr(5),), known_only=True),
    program(partition_in_place, (arr(6),)),
    program(augmented_modulo_index, (arr(4), 7), (arr(4), 0), golden=True),
    program(augmented_index_expression, (arr(4), 6)),
    # indices may repeat: the last store wins
    program(repeated_fancy_store, (arr(3), np.array([2, 0, 2])), (arr(3), [1, 3, 0]), helpers=True),
    # indices may repeat: the last store wins
    program(fancy_update_reads_once, (arr(4), 0.7), argnums=(0, 1), helpers=True),
    # indices may repeat: the last store wins
    program(fancy_pairs, (arr(3, 2), arr(3)), argnums=(0, 1), helpers=True),
    # indices may repeat: the last store wins
    program(fancy_through_view, (arr(5),), known_only=True, helpers=True),
    # how many elements a mask takes is known only at run time
    program(mask_store, (arr(6), 0.7), argnums=(0, 1), known_only=True, helpers=True),
    # how many columns a mask takes is known only at run time
    program(mask_two_dimensional, (arr(3, 3), 0.7), argnums=(0, 1), helpers=True),
    program(where_against_store, (arr(6),), known_only=True),
    program(delayed_read_of_product, (arr(4),)),
    program(in_place_powers, (pos(4),), known_only=True),
    program(in_place_matmul, (arr(3, 3), arr(3, 3, seed=1)), argnums=(0, 1), known_only=True),
    program(broadcast_store_rows, (arr(3, 3), arr(3), 0.7), argnums=(0, 1, 2)),
    program(array_global_weights, (arr(3),)),
    program(undone_in_a_branch, (arr(3), 0.7), (arr(3), -0.7), argnums=(0, 1), known_only=True),
]

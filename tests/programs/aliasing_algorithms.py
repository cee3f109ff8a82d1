"""In-place algorithms as they are in textbooks and solvers: eliminations, sweeps, butterflies, double buffers."""

import numpy as np

from tests.programs.table import arr, pos, program


def gauss_seidel(A, b, sweeps):
    x = np.zeros(len(b))
    for _ in range(sweeps):
        for i in range(len(b)):
            x[i] = (b[i] - A[i, :i] @ x[:i] - A[i, i + 1 :] @ x[i + 1 :]) / (3.0 + A[i, i])
    return (x * b).sum()


def thomas(lower, diagonal, upper, d):
    n = len(d)
    c, y = upper.copy(), d.copy()
    c[0] /= diagonal[0]
    y[0] /= diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        c[i] /= pivot
        y[i] = (y[i] - lower[i] * y[i - 1]) / pivot
    for i in range(n - 2, -1, -1):
        y[i] -= c[i] * y[i + 1]
    return (y * y).sum()


def lu_in_place(A, b):
    U = A + 3.0 * np.eye(len(A))
    for k in range(len(A)):
        for i in range(k + 1, len(A)):
            U[i, k] /= U[k, k]
            U[i, k + 1 :] -= U[i, k] * U[k, k + 1 :]
    x = b.copy()
    for i in range(1, len(x)):
        x[i] -= U[i, :i] @ x[:i]
    for i in range(len(x) - 1, -1, -1):
        x[i] = (x[i] - U[i, i + 1 :] @ x[i + 1 :]) / U[i, i]
    return (x * x).sum()


def gauss_jordan(A, b):
    M = np.zeros((3, 4))
    M[:, :3] = A + 2.0 * np.eye(3)
    M[:, 3] = b
    for k in range(3):
        pivot = M[k]
        pivot /= pivot[k]
        for i in range(3):
            if i != k:
                row = M[i]
                row -= row[k] * pivot
    return (M[:, 3] ** 2).sum()


def cholesky_in_place(A):
    L = A @ A.T + 2.0 * np.eye(len(A))
    for j in range(len(L)):
        L[j, j] = np.sqrt(L[j, j] - L[j, :j] @ L[j, :j])
        for i in range(j + 1, len(L)):
            L[i, j] = (L[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
            L[j, i] = 0.0
    return (L * A).sum()


def walsh_butterflies(v):
    y = v * v
    h = 1
    while h < len(y):
        for start in range(0, len(y), 2 * h):
            a, b = y[start : start + h], y[start + h : start + 2 * h]
            t = a * 0.8
            a += b
            b *= -1.0
            b += t
        h *= 2
    return (y * v).sum() + y[1] ** 2


def fft_butterflies(re, im):
    a, b = re.copy(), im.copy()
    a[1], a[2] = a[2], a[1]
    b[1], b[2] = b[2], b[1]
    for size in (2, 4):
        half = size // 2
        for start in range(0, 4, size):
            for k in range(half):
                angle = -2.0 * np.pi * k / size
                c, s = np.cos(angle), np.sin(angle)
                i, j = start + k, start + k + half
                p, q = a[j] * c - b[j] * s, a[j] * s + b[j] * c
                a[j], b[j] = a[i] - p, b[i] - q
                a[i] += p
                b[i] += q
    return (a * a * re).sum() + (b * b * im).sum() + a[1] * b[3]


def leapfrog(q, p, steps):
    q, p = q.copy(), p.copy()
    for _ in range(steps):
        p -= 0.05 * np.sin(q)
        q += 0.1 * p
        p -= 0.05 * np.sin(q)
    return (p * p).sum() + np.cos(q).sum()


def leapfrog_buffers(q, p, steps):
    force, spare = -np.sin(q), np.empty_like(q)
    q, p = q.copy(), p.copy()
    for _ in range(steps):
        q += 0.1 * p + 0.005 * force
        spare[:] = -np.sin(q)
        p += 0.05 * (force + spare)
        force, spare = spare, force
    return (p * p).sum() + (force * q).sum()


def life(grid, c, steps):
    now, then = grid.copy(), np.zeros_like(grid)
    for _ in range(steps):
        then[:] = now
        then[1:-1, 1:-1] = c * (now[:-2, 1:-1] + now[2:, 1:-1] + now[1:-1, :-2] + now[1:-1, 2:]) * now[1:-1, 1:-1]
        now, then = then, now
    return (now * grid).sum() + then[1, 1] ** 2


def red_black(u, c, sweeps):
    u = u.copy()
    for _ in range(sweeps):
        u[1:-1:2] += c * (u[:-2:2] - 2.0 * u[1:-1:2] + u[2::2])
        u[2:-2:2] += c * (u[1:-3:2] - 2.0 * u[2:-2:2] + u[3:-1:2])
    return (u * u).sum()


def insertion_sort(v, w):
    y = v * w
    for i in range(1, len(y)):
        key = y[i]
        j = i - 1
        while j >= 0 and y[j] > key:
            y[j + 1] = y[j]
            j -= 1
        y[j + 1] = key
    return (y * w).sum() + y[0] * y[-1]


def bubble_sort_rows(A):
    B = A * A
    for end in range(len(B) - 1, 0, -1):
        for k in range(end):
            if B[k, 0] > B[k + 1, 0]:
                B[[k, k + 1]] = B[[k + 1, k]]
    return (B * A).sum()


def quicksort(y, low, high):
    if low >= high:
        return
    pivot, k = y[high], low
    for j in range(low, high):
        if y[j] < pivot:
            y[j], y[k] = y[k], y[j]
            k += 1
    y[k], y[high] = y[high], y[k]
    quicksort(y, low, k - 1)
    quicksort(y, k + 1, high)


def sorted_by_quicksort(v, w):
    y = v * w
    quicksort(y, 0, len(y) - 1)
    return (y * w).sum() + y[1] ** 2


def horner_in_place(c, x):
    a = c.copy()
    for i in range(len(a) - 1):
        for k in range(len(a) - 2, i - 1, -1):
            a[k] += x * a[k + 1]
    return (a * a).sum()


def divided_differences(x, y, at):
    c = y.copy()
    for k in range(1, len(c)):
        c[k:] = (c[k:] - c[k - 1 : -1]) / (x[k:] - x[:-k])
    value = c[-1]
    for k in range(len(c) - 2, -1, -1):
        value = value * (at - x[k]) + c[k]
    return value


def edit_table(v, w):
    D = np.zeros((len(v) + 1, len(w) + 1))
    D[0, 1:] = np.cumsum(w * w)
    D[1:, 0] = np.cumsum(v * v)
    for i in range(1, len(D)):
        for j in range(1, D.shape[1]):
            D[i, j] = min(D[i - 1, j] + v[i - 1] ** 2, D[i, j - 1], D[i - 1, j - 1]) + (v[i - 1] - w[j - 1]) ** 2
    return D[-1, -1] + D[1, 2] * D[2, 1]


def de_casteljau(points, t):
    p = points.copy()
    for k in range(1, len(p)):
        p[:-k] = (1.0 - t) * p[:-k] + t * p[1 : len(p) - k + 1]
    return (p[0] * p[1]).sum()


def gram_schmidt(A):
    Q = A.copy()
    for j in range(Q.shape[1]):
        q = Q[:, j]
        for i in range(j):
            q -= (Q[:, i] @ q) * Q[:, i]
        q /= np.sqrt(q @ q)
    return (Q * A * A).sum()


def householder(A):
    R = A.copy()
    for k in range(R.shape[1]):
        v = R[k:, k].copy()
        v[0] += np.copysign(np.sqrt(v @ v), v[0])
        block = R[k:, k:]
        block -= np.outer(v, (2.0 / (v @ v)) * (v @ block))
    return (R * R * A).sum()


def rank_one_updates(B, s, y, n):
    H = B @ B.T + np.eye(len(s))
    for _ in range(n):
        Hs = H @ s
        H += np.outer(y, y) / (1.0 + y @ s)
        H -= np.outer(Hs, Hs) / (s @ Hs)
        s = s * 0.5 + Hs * 0.1
    return (H * B).sum()


def upwind(u, speed, steps):
    for _ in range(steps):
        flux = speed * u * u
        u[1:] -= 0.2 * (flux[1:] - flux[:-1])
        u[0] -= 0.2 * (flux[0] - flux[-1])
    return (u * u).sum()


def prefix_sums_tree(v):
    y = v * v
    step = 1
    while step < len(y):
        y[2 * step - 1 :: 2 * step] += y[step - 1 :: 2 * step][: len(y) // (2 * step)]
        step *= 2
    return (y * v).sum() * y[-1]


def union_of_intervals(v, w):
    y = np.concatenate([v, w])
    a, b = y[: len(v)], y[len(v) :]
    a += b[0]
    b *= a[-1]
    y[0] = y[1] * y[-1]
    return (y * y).sum()


def rows_changed_in_loop(A, c):
    B = A * 1.0
    for row in B:
        row *= row[0]
        row[1:] += c * row[:-1]
    return (B * B).sum()


def rows_changed_with_index(A):
    B = A * A
    for i, row in enumerate(B):
        row += i * A[0]
        row[i % 2] *= B[0, 1]
    return (B * A).sum()


def column_by_column(A):
    B = A.copy()
    for j in range(1, B.shape[1]):
        column = B[:, j]
        column -= (column @ B[:, 0]) * B[:, 0]
        B[:, j] = column / (1.0 + column @ column)
    return (B * A).sum()


PROGRAMS = [
    program(gauss_seidel, (arr(3, 3), arr(3), 2), (arr(3, 3), arr(3), 0), argnums=(0, 1)),
    program(thomas, (arr(4), pos(4) + 2.0, arr(4, seed=1), arr(4, seed=2)), argnums=(0, 1, 2, 3)),
    # how long a slice is, is known only at run time
    program(lu_in_place, (arr(3, 3), arr(3)), argnums=(0, 1), helpers=True),
    program(gauss_jordan, (pos(3, 3), arr(3)), argnums=(0, 1)),
    program(cholesky_in_place, (arr(3, 3),)),
    # how long a slice is, is known only at run time
    program(walsh_butterflies, (arr(4),), (arr(8),), (arr(2),), known_only=True, helpers=True),
    # whether an index is a number is not known while compiling
    program(fft_butterflies, (arr(4), arr(4, seed=1)), argnums=(0, 1), known_only=True),
    program(leapfrog, (arr(3), arr(3, seed=1), 3), (arr(3), arr(3, seed=1), 0), argnums=(0, 1), golden=True),
    program(leapfrog_buffers, (arr(3), arr(3, seed=1), 3), (arr(3), arr(3, seed=1), 0),
            argnums=(0, 1), known_only=True),
    program(life, (pos(4, 4), 0.3, 3), (pos(4, 4), 0.3, 0), argnums=(0, 1), known_only=True),
    # how long a slice is, is known only at run time
    program(red_black, (arr(7), 0.3, 2), argnums=(0, 1), helpers=True),
    program(insertion_sort, (arr(5), arr(5, seed=1)), argnums=(0, 1), known_only=True),
    # indices may repeat: the last store wins
    program(bubble_sort_rows, (arr(4, 2),), helpers=True),
    program(sorted_by_quicksort, (arr(5), arr(5, seed=1)), argnums=(0, 1), known_only=True),
    program(horner_in_place, (arr(4), 0.7), argnums=(0, 1)),
    # how long a slice is, is known only at run time
    program(divided_differences, (np.array([0.1, 0.7, 1.1, 1.9]), arr(4), 0.4), argnums=(0, 1, 2), helpers=True),
    program(edit_table, (arr(3), arr(3, seed=1)), argnums=(0, 1)),
    # how long a slice is, is known only at run time
    program(de_casteljau, (arr(4, 2), 0.3), argnums=(0, 1), helpers=True),
    program(gram_schmidt, (arr(4, 3),), known_only=True),
    # how long a slice is, is known only at run time
    program(householder, (arr(4, 3),), known_only=True, helpers=True),
    program(rank_one_updates, (arr(3, 3), pos(3), pos(3, seed=1), 2), argnums=(0, 1, 2)),
    program(upwind, (arr(5), 0.7, 3), (arr(5), 0.7, 0), argnums=(0, 1), golden=True),
    # how long a slice is, is known only at run time
    program(prefix_sums_tree, (arr(8),), (arr(4),), known_only=True, helpers=True),
    # the lengths of joined arrays are known only at run time
    program(union_of_intervals, (arr(3), arr(2)), argnums=(0, 1), known_only=True, helpers=True),
    program(rows_changed_in_loop, (arr(3, 4), 0.7), argnums=(0, 1), known_only=True),
    program(rows_changed_with_index, (arr(3, 2),), known_only=True),
    program(column_by_column, (arr(4, 3),), known_only=True),
]

"""The programs with loops that are timed, each with a gradient written by hand, statement by statement.

They are plain functions; a peer runs the same code with its own array module in place of ``np``. Where it cannot (no
stores in place, no loops inside a compiled function), there is another form of the program for it.
"""

import numpy as np


def recurrence(s):
    """1000 passes on a small array."""
    for _ in range(1000):
        s = s * 0.999 + np.sin(s) * 0.001
    return np.sum(s)


def recurrence_by_hand(s):
    saved = []
    for _ in range(1000):
        saved.append(s)
        s = s * 0.999 + np.sin(s) * 0.001
    s_bar = np.ones_like(s)
    while saved:
        s = saved.pop()
        s_bar = 0.999 * s_bar + np.cos(s) * (0.001 * s_bar)
    return s_bar


def recurrence_compiled(s):
    from jax import lax

    return np.sum(lax.fori_loop(0, 1000, lambda _, s: s * 0.999 + np.sin(s) * 0.001, s))


def scalar_loop(x):
    """10,000 passes on one Python float."""
    y = 0.5
    for _ in range(10_000):
        y = y * x * (1.0 - y) + 0.01
    return y


def scalar_loop_by_hand(x):
    y = 0.5
    saved = []
    for _ in range(10_000):
        saved.append(y)
        y = y * x * (1.0 - y) + 0.01
    y_bar = 1.0
    x_bar = 0.0
    while saved:
        y = saved.pop()
        t_bar = (1.0 - y) * y_bar
        x_bar += y * t_bar
        y_bar = x * t_bar - y * x * y_bar
    return x_bar


def scalar_loop_simplified(x):
    y = 0.5
    saved = []
    for _ in range(10_000):
        saved.append(y)
        y = y * x * (1.0 - y) + 0.01
    y_bar = 1.0
    x_bar = 0.0
    while saved:
        y = saved.pop()
        x_bar += y * (1.0 - y) * y_bar
        y_bar = x * (1.0 - 2.0 * y) * y_bar
    return x_bar


def scalar_loop_compiled(x):
    from jax import lax

    return lax.fori_loop(0, 10_000, lambda _, y: y * x * (1.0 - y) + 0.01, 0.5)


def heat(u, alpha, steps):
    """Diffusion, stored in place."""
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def heat_by_hand(u, alpha, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    u_bar = 2 * u
    for _ in range(steps):
        t_bar = alpha * u_bar[1:-1]
        u_bar[2:] += t_bar
        u_bar[1:-1] -= 2 * t_bar
        u_bar[:-2] += t_bar
    return u_bar


def heat_cloned(u, alpha, steps):
    """For a peer that stores in place, but not into an argument."""
    u = u.clone()
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def heat_functional(u, alpha, steps):
    for _ in range(steps):
        u = np.concatenate((u[:1], u[1:-1] + alpha * (u[2:] - 2 * u[1:-1] + u[:-2]), u[-1:]))
    return np.sum(u**2)


def heat_compiled(u, alpha, steps):
    from jax import lax

    def step(_, u):
        return u.at[1:-1].add(alpha * (u[2:] - 2 * u[1:-1] + u[:-2]))

    return np.sum(lax.fori_loop(0, steps, step, u) ** 2)


def neighbours(x):
    """Reads of elements."""
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i] * x[i + 1]
    return total


def neighbours_by_hand(x):
    x_bar = np.zeros_like(x)
    for i in range(len(x) - 2, -1, -1):
        x_bar[i] += x[i + 1]
        x_bar[i + 1] += x[i]
    return x_bar


def neighbours_compiled(x):
    from jax import lax

    return lax.fori_loop(0, len(x) - 1, lambda i, total: total + x[i] * x[i + 1], 0.0)


def cholesky(A):
    """A factorisation by loops over elements, stored in place."""
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
        L[i, i] = np.sqrt(A[i, i] - L[i, :i] @ L[i, :i])
    return np.sum(np.sin(L))


def cholesky_by_hand(A):
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
        L[i, i] = np.sqrt(A[i, i] - L[i, :i] @ L[i, :i])
    L_bar = np.cos(L)
    A_bar = np.zeros_like(A)
    for i in range(n - 1, -1, -1):
        t_bar = 0.5 / L[i, i] * L_bar[i, i]
        A_bar[i, i] += t_bar
        L_bar[i, :i] -= 2.0 * t_bar * L[i, :i]
        for j in range(i - 1, -1, -1):
            t_bar = L_bar[i, j] / L[j, j]
            A_bar[i, j] += t_bar
            L_bar[j, j] -= t_bar * L[i, j]
            L_bar[i, :j] -= t_bar * L[j, :j]
            L_bar[j, :j] -= t_bar * L[i, :j]
    return A_bar


def cholesky_functional(A):
    """For peers that cannot store into an array that they have read: a list of rows, themselves lists."""
    n = len(A)
    L = []
    for i in range(n):
        row = []
        for j in range(i):
            row.append((A[i, j] - sum(a * b for a, b in zip(row, L[j][:j]))) / L[j][j])
        row.append(np.sqrt(A[i, i] - sum(a * a for a in row)))
        L.append(row)
    return sum(np.sin(item) for row in L for item in row)


def cholesky_compiled(A):
    from jax import lax

    n = len(A)

    def entry(i, j, L):
        quotient = (A[i, j] - L[i] @ L[j]) / np.where(j < i, L[j, j], 1.0)
        return L.at[i, j].set(np.where(j < i, quotient, 0.0))

    def row(i, L):
        L = lax.fori_loop(0, n, lambda j, L: entry(i, j, L), L)
        return L.at[i, i].set(np.sqrt(A[i, i] - L[i] @ L[i]))

    return np.sum(np.sin(lax.fori_loop(0, n, row, np.zeros((n, n)))))


def tiny(x):
    """Next to nothing: what is left is the cost of the call."""
    return x * x


def tiny_by_hand(x):
    return 2.0 * x

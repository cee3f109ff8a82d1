"""Programs in which arrays are in lists, tuples and dicts, and are changed there or under another name."""

import numpy as np

from tests.programs.table import arr, program


def array_in_list_changed(v):
    y = v * v
    kept = [y, v * 2.0]
    y[0] = v[1] * y[2]
    kept[0][1] += kept[1][0]
    kept[1] *= v
    return (kept[0] * v).sum() + (kept[1] * y).sum()


def array_in_tuple_changed(v):
    pair = (v * v, v * 0.5)
    first, second = pair
    first[1] = second[0] * v[2]
    second += first
    return (pair[0] * pair[1]).sum()


def array_in_dict_changed(v, x):
    state = {"u": v * v, "w": v * x}
    u = state["u"]
    u[0] += x * u[1]
    state["w"][1:] = u[:-1]
    state["u"] *= x
    return (state["u"] * v).sum() + (state["w"] * u).sum()


def same_array_in_list_twice(v):
    y = v * v
    pair = [y, y]
    pair[0][0] = v[1]
    pair[1][1] *= pair[0][0]
    pair[0] = v * 3.0
    pair[0][2] += y[2]
    return (y * v).sum() + (pair[0] * pair[1]).sum()


def nested_list_inner_alias(x, y):
    rows = [[x, y], [x * y, 1.5]]
    first = rows[0]
    first[1] = x * first[0]
    rows[1][0] += first[1]
    first.append(y * y)
    return rows[0][1] * rows[0][2] + rows[1][0] * rows[1][1]


def list_second_name(x, y):
    a = [x, y, x * y]
    b = a
    b[0] = a[2] * y
    a.append(b[0] * x)
    b += [x]
    return sum(a) * b[-2]


def list_copy_is_shallow(v):
    rows = [v * v, v * 2.0]
    copy = list(rows)
    copy[0][0] = v[1] * v[2]
    copy[1] = v * v * v
    rows[1][1] += copy[1][0]
    return (rows[0] * copy[1]).sum() + (rows[1] * v).sum()


def list_of_rows(A):
    rows = [A[0] * 1.0, A[1] * A[0], A[2] * 2.0]
    for k in range(1, 3):
        rows[k] -= rows[k - 1] * A[k, 0]
        rows[k][0] *= 0.5
    return sum((row * row).sum() for row in rows)


def rotated_list_of_buffers(v, n):
    history = [v * 1.0, v * v, v * 0.5]
    for i in range(n):
        history[0][i % 3] = history[1][0] + history[2][2] * v[1]
        history = history[1:] + history[:1]
    return (history[0] * v).sum() + (history[1] * history[2]).sum()


def buffers_popped_and_inserted(v, n):
    history = [v * 1.0, v * v]
    for _ in range(n):
        oldest = history.pop(0)
        oldest[1:] += 0.5 * history[0][:-1]
        history.append(oldest)
    return (history[0] * v).sum() + (history[1] ** 2).sum()


def history_of_copies(v, n):
    y = v * v
    history = []
    for i in range(n):
        history.append(y.copy())
        y[i % 3] *= v[0]
        y += history[0] * 0.2
    return sum((h * v).sum() for h in history) + y[0]


def history_without_copies(v, n):
    y = v * v
    history = []
    for i in range(n):
        history.append(y)
        y[i % 3] *= v[0]
    return sum((h * v).sum() for h in history) + y[0]


def list_of_views(A):
    B = A * A
    rows = [B[i] for i in range(len(B))]
    rows[0][1] = A[1, 0]
    B[1] *= rows[0]
    rows[1] += A[0]
    return (B * A).sum() + rows[1][0]


def swapped_in_list(v, n):
    pair = [v * v, v * 0.3]
    for _ in range(n):
        pair[1][:] = pair[0] * v + pair[1]
        pair[0], pair[1] = pair[1], pair[0]
    return (pair[0] * v).sum() + (pair[1] ** 2).sum()


def loop_over_list_changes_items(v, c):
    parts = [v * v, v[1:] * 2.0, v[:1] * c]
    for part in parts:
        part *= c
        part[0] += c * c
    return sum((part * part).sum() for part in parts)


def zip_changes_items(v, c):
    values = [v * v, v * c]
    steps = [v * 0.1, v[::-1] * c]
    for value, step in zip(values, steps):
        value -= step * c
        step[0] = value[1]
    return (values[0] * steps[1]).sum() + (values[1] * steps[0]).sum()


def sgd(p, x, n):
    w = {"a": p["a"].copy(), "b": p["b"].copy()}
    for _ in range(n):
        error = np.tanh(x @ w["a"]) - w["b"]
        w["a"] -= 0.1 * (x.T @ error)
        w["b"] += 0.1 * error
    return (w["a"] ** 2).sum() + (w["b"] * error).sum()


def momentum(p, x, n):
    velocity = {k: np.zeros_like(v) for k, v in p.items()}
    for _ in range(n):
        slope = {"w": x.T @ (x @ p["w"] + p["b"]), "b": x @ p["w"] + p["b"]}
        for k in p:
            velocity[k] *= 0.9
            velocity[k] += 0.1 * slope[k]
            p[k] -= 0.2 * velocity[k]
    return (p["w"] ** 2).sum() + (p["b"] * velocity["b"]).sum()


def adam(w, x, n):
    m, s = np.zeros_like(w), np.zeros_like(w)
    w = w.copy()
    for t in range(1, n + 1):
        g = x.T @ np.tanh(x @ w)
        m *= 0.9
        m += 0.1 * g
        s *= 0.99
        s += 0.01 * g * g
        w -= 0.1 * (m / (1.0 - 0.9 ** t)) / (np.sqrt(s / (1.0 - 0.99 ** t)) + 1e-3)
    return (w * w).sum()


def update_in_place(params, slopes, rate):
    for k in range(len(params)):
        params[k] -= rate * slopes[k]


def parameters_changed_by_callee(W, b, x):
    params = [W * 1.0, b * 1.0]
    for _ in range(2):
        h = np.tanh(params[0] @ x + params[1])
        update_in_place(params, [np.outer(h, x), h], 0.1)
    return (params[0] * W).sum() + (params[1] * h).sum()


def dict_argument_changed(p, x):
    p["u"][0] = x * p["u"][1]
    p["w"] = p["u"] * x
    p["u"] += p["w"]
    return (p["u"] * p["w"]).sum()


def list_argument_changed(parts, x):
    first = parts[0]
    first *= x
    parts[1][0] += first[1]
    parts.append(first * parts[1])
    return (parts[2] * first).sum()


def dict_of_lists(x, y):
    table = {"a": [x, x * y], "b": [y]}
    rows = table["a"]
    rows[0] *= y
    table["b"].append(rows[0] + rows[1])
    table["a"][1] = table["b"][1] * x
    return rows[0] * rows[1] + sum(table["b"])


def matrix_of_lists(x, n):
    grid = [[x * (i + 1.0) + j for j in range(3)] for i in range(2)]
    for k in range(n):
        row = grid[k % 2]
        row[k % 3] *= 1.0 + 0.1 * grid[(k + 1) % 2][0]
    return sum(sum(row) for row in grid) * grid[0][0]


def list_of_zeros_rows(v):
    table = [np.zeros(3)] * 2
    table[0][1] = v[0] * v[1]
    table[1][2] += v[2] + table[0][1]
    return (table[0] * v).sum() + table[1][1]


def stack_of_arrays(v):
    stack = [v * v]
    while len(stack) < 3:
        top = stack[-1]
        stack.append(top * v)
        top[0] += v[1]
    low = stack.pop()
    low *= stack.pop()[0]
    return (low * v).sum() + (stack[0] ** 2).sum()


PROGRAMS = [
    program(array_in_list_changed, (arr(3),), known_only=True),
    program(array_in_tuple_changed, (arr(3),), known_only=True),
    program(array_in_dict_changed, (arr(3), 0.7), argnums=(0, 1), known_only=True),
    program(same_array_in_list_twice, (arr(3),), known_only=True),
    program(nested_list_inner_alias, (0.7, 1.2), argnums=(0, 1), known_only=True),
    # two lists of cotangents are added
    program(list_second_name, (0.7, 1.2), argnums=(0, 1), helpers=True),
    program(list_copy_is_shallow, (arr(3),), known_only=True),
    program(list_of_rows, (arr(3, 2),), known_only=True),
    program(rotated_list_of_buffers, (arr(3), 4), (arr(3), 0), known_only=True),
    program(buffers_popped_and_inserted, (arr(3), 3), (arr(3), 0), known_only=True),
    program(history_of_copies, (arr(3), 3), (arr(3), 1), known_only=True),
    program(history_without_copies, (arr(3), 3), (arr(3), 0), known_only=True),
    program(list_of_views, (arr(2, 2),), known_only=True),
    program(swapped_in_list, (arr(3), 3), (arr(3), 0), known_only=True),
    program(loop_over_list_changes_items, (arr(3), 0.7), argnums=(0, 1), known_only=True),
    program(zip_changes_items, (arr(3), 0.7), argnums=(0, 1), known_only=True),
    program(sgd, ({"a": arr(2), "b": arr(3)}, arr(3, 2), 2), argnums=(0, 1), known_only=True, helpers=True),
    program(momentum, ({"w": arr(2), "b": arr(3)}, arr(3, 2), 2), argnums=(0, 1), later="reverse"),
    program(adam, (arr(2), arr(3, 2), 2), argnums=(0, 1)),
    program(parameters_changed_by_callee, (arr(2, 3), arr(2), arr(3)), argnums=(0, 1, 2),
            known_only=True, helpers=True),
    program(dict_argument_changed, ({"u": arr(3)}, 0.7), argnums=(0, 1), known_only=True, helpers=True),
    program(list_argument_changed, ([arr(3), arr(3, seed=1)], 0.7), argnums=(0, 1), known_only=True, helpers=True),
    program(dict_of_lists, (0.7, 1.2), argnums=(0, 1), known_only=True, helpers=True),
    program(matrix_of_lists, (0.7, 5), (0.7, 0), later="reverse"),
    program(list_of_zeros_rows, (arr(3),)),
    program(stack_of_arrays, (arr(3),), known_only=True),
]

"""Programs about tuples, lists and dicts: as arguments, which the gradient mirrors, and as locals."""

import numpy as np

from tests.programs.table import arr, program


def tuple_argument(pair):
    a, b = pair
    return a * b + pair[0] ** 2


def nested_tuple_argument(tree):
    (a, b), c = tree
    return a * b * c + tree[0][1]


def list_argument(layers):
    h = layers[0]
    for w in layers[1:]:
        h = np.tanh(w @ h)
    return h.sum()


def tuple_slices(p, flag):
    q = p[1:] if flag else p[:-1]
    backwards = p[::-1]
    total = q[0] * q[1] ** 2 + p[-2:][1] * backwards[2]
    for x in p[1:]:
        total += x * x * p[0]
    return total + sum(p[:2])


def dict_argument(params, x):
    h = np.tanh(x @ params["w1"] + params["b1"])
    y = h @ params["w2"]
    return np.mean(y * y) + params["scale"] ** 2


def nested_dict_argument(params):
    return params["a"]["x"] * params["a"]["y"] + params["b"][0] ** 2 * params["b"][1]


def dict_with_inactive_entries(config):
    y = config["x"] * config["repeat"]
    if config["name"] == "square":
        y = y * y
    return y


def list_of_pairs(layers, x):
    for w, b in layers:
        x = np.tanh(w @ x + b)
    return x @ x


def unused_entries(params):
    return params["a"] * 2.0


def tuple_local(x, y):
    pair = (x * y, x - y)
    other = pair + (x,)
    return pair[0] * other[-1] + len(other) * other[1]


def list_append(x, n):
    values = []
    for i in range(n):
        values.append(x * i)
        x = x + 0.5
    return sum(values) * values[-1]


def list_methods(x):
    values = [x, x * x]
    values.extend([1.0, 2.0 * x])
    values.insert(1, x**3)
    last = values.pop()
    first = values.pop(0)
    values.reverse()
    return last * first + values[0] * values[1] + len(values)


def list_concatenate(x, y):
    values = [x] + [y, x * y]
    twice = values * 2
    values += [2.0]
    return sum(a * b for a, b in zip(values, twice)) + twice[4]


def list_slices(v):
    values = [v[0], v[1], v[2], v[3]]
    head = values[:2]
    values[1:3] = [v[0] * v[3]]
    return head[0] * head[1] + sum(values) * values[1]


def list_of_lists(x):
    table = [[x, 1.0], [2.0, x * x]]
    table[0][1] = x + 2.0
    return table[0][0] * table[1][1] + table[0][1]


def dict_local(x):
    table = {"a": x, "b": x * x}
    table["c"] = table["a"] * table["b"]
    del table["b"]
    return sum(table.values()) * table["c"]


def dict_methods(x):
    table = {"a": x}
    table.update({"b": 2.0 * x, "c": 1.0})
    c = table.pop("c")
    d = table.setdefault("d", x * x)
    missing = table.get("z", 3.0)
    return table.get("a") * table["b"] + c * d * missing + len(table)


def dict_merge(x):
    base = {"a": x, "b": 1.0}
    merged = {**base, "b": x * x, **{"c": 2.0}}
    union = base | {"a": x + 1.0}
    return merged["a"] * merged["b"] * merged["c"] + union["a"] * union["b"]


def dict_by_computed_key(x, keys):
    table = {}
    for i, key in enumerate(keys):
        table[key] = table.get(key, 0.0) + x * (i + 1.0)
    return sum(value * value for value in table.values())


def memo_table(x, n):
    memo = {0: x, 1: 1.0}
    for i in range(2, n + 1):
        memo[i] = memo[i - 1] * x + memo[i - 2]
    return memo[n]


def arrays_in_list(v):
    parts = [v, v * v]
    parts.append(parts[0] + parts[1])
    return sum((p * p).sum() for p in parts)


def list_in_loop_of_loops(x):
    rows = []
    for i in range(3):
        row = []
        for j in range(2):
            row.append(x * (i + j))
        rows.append(row)
    return sum(sum(row) * row[1] for row in rows)


def tuple_swap_in_loop(pair, n):
    for _ in range(n):
        pair = (pair[1], pair[0] * pair[1])
    return pair[0] + pair[1]


def returns_from_tuple(x):
    pair = divmod(x, 2.0)
    return pair[1] * pair[1] + (x, 3.0 * x)[1]


def same_array_in_two_places(params):
    a, b = params
    return (a * b).sum() + (a * a).sum()


def membership_and_length(x, names):
    seen = []
    for name in names:
        if name not in seen:
            seen.append(name)
            x = x * 1.3
    return x * len(seen)


def adam_step(params, x):
    state = {}
    for name, w in params.items():
        m = 0.1 * w * x
        state[name] = w - 0.01 * m / (np.sqrt(m * m) + 1e-2)
    return sum((w * w).sum() for w in state.values())


PROGRAMS = [
    program(tuple_argument, ((1.3, 0.4),), analytic=True, golden=True),
    program(nested_tuple_argument, (((1.3, 0.4), -0.7),), analytic=True),
    # the arrays of a list have no common rank
    program(list_argument, ([arr(3), arr(2, 3), arr(4, 2)],), analytic=True, helpers=True),
    program(tuple_slices, ((1.3, 0.4, -0.7), True), ((1.3, 0.4, -0.7), False), analytic=True),
    program(
        dict_argument,
        ({"w1": arr(3, 4), "b1": arr(4), "w2": arr(4), "scale": 0.7}, arr(5, 3)),
        argnums=(0, 1),
        analytic=True,
        golden=True,
    ),
    # two lists of cotangents are added
    program(nested_dict_argument, ({"a": {"x": 0.5, "y": 1.2}, "b": [0.7, -1.1]},), analytic=True, helpers=True),
    program(
        dict_with_inactive_entries,
        ({"x": 0.7, "repeat": 3, "name": "square"},),
        ({"x": 0.7, "repeat": 2, "name": "plain"},),
    ),
    # the arrays of a list have no common shape
    program(
        list_of_pairs,
        ([(arr(3, 2), arr(3)), (arr(2, 3), arr(2))], arr(2)),
        argnums=(0, 1),
        analytic=True,
        helpers=True,
    ),
    # a list of a float and an integer
    program(unused_entries, ({"a": 0.7, "b": arr(3), "c": [1.0, 2]},), helpers=True),
    program(tuple_local, (1.3, 0.4), argnums=(0, 1), analytic=True),
    # two lists of cotangents are added
    program(list_append, (0.7, 4), (0.7, 1), analytic=True, helpers=True),
    program(list_methods, (0.7,), analytic=True),
    # two lists of cotangents are added
    program(list_concatenate, (0.7, 1.2), argnums=(0, 1), analytic=True, helpers=True),
    # two lists of cotangents are added
    program(list_slices, (arr(4),), analytic=True, helpers=True),
    program(list_of_lists, (0.7,), analytic=True, known_only=True),
    # the number of values to be summed is not known
    program(dict_local, (0.7,), analytic=True, helpers=True),
    # a look-up under a key that is not there gives the default
    program(dict_methods, (0.7,), analytic=True, helpers=True),
    program(dict_merge, (0.7,), analytic=True),
    program(dict_by_computed_key, (0.7, ["a", "b", "a"]), analytic=True),
    program(memo_table, (0.7, 6), (0.7, 0), analytic=True, golden=True),
    program(arrays_in_list, (arr(3),), analytic=True),
    program(list_in_loop_of_loops, (0.7,), analytic=True, known_only=True, helpers=True),
    program(tuple_swap_in_loop, ((0.7, 1.2), 4), ((0.7, 1.2), 0), analytic=True),
    program(returns_from_tuple, (7.3,)),
    program(same_array_in_two_places, ((arr(3), arr(3, seed=1)),), analytic=True),
    program(membership_and_length, (0.7, ["a", "b", "a"]), analytic=True),
    # entries of different lengths in one loop
    program(adam_step, ({"w": arr(3), "b": arr(2)}, 0.8), argnums=(0, 1), helpers=True),
]

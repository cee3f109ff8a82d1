"""Programs about assignment: targets of every form, augmented assignment, scopes."""

import numpy as np

from tests.programs.table import arr, program

SCALE = 1.75
TABLE = {"rate": 0.3, "power": 2}
WEIGHTS = np.array([0.5, -1.5, 2.5])
CALLS = 0


def rebinding(x):
    x = x * x
    x = x + 1.0
    y = x
    x = x * y
    return x - y


def tuple_targets(x, y):
    a, b = x * y, x - y
    (c, d), e = (a, b), a * b
    return c * d + e


def starred_target(v):
    first, *middle, last = v[0], v[1], v[2], v[3]
    return first * last + sum(middle) * middle[0]


def unpack_array(v):
    a, b, c = v
    return a * b - c / a


def unpack_rows(A):
    top, bottom = A
    return (top * bottom).sum() + top @ top


def several_targets(x):
    a = b = x * x
    a = a + 1.0
    return a * b


def annotated(x):
    y: float = x * x
    z: float
    z = y + x
    return z * y


def augmented_names(x, y):
    z = x
    z += y
    z -= 2.0 * x
    z *= y
    z /= x
    z **= 2
    return z + x


def augmented_modulo(x):
    z = 7.5 * x
    z %= 2.0
    w = z
    w //= 0.5
    return z * w


def swap(x, y):
    x, y = y, x * y
    x, y = y, x
    return x / y


def rotate_three(a, b, c):
    for _ in range(4):
        a, b, c = b * 1.1, c, a + b
    return a * b - c


def delete(x):
    y = x * x
    z = y * x
    del y
    y = z + 1.0
    return y * z


def reads_global(x):
    return SCALE * x**2 + (WEIGHTS * x).sum() * TABLE["rate"]


def writes_global(x):
    global CALLS
    CALLS += 1
    return x * x


def global_of_the_same_name(x):
    scale = SCALE
    k = scale * x
    return k * k


def make_counter(x):
    total = x

    def add(amount):
        nonlocal total
        total = total * 1.5 + amount
        return total

    add(x)
    add(2.0)
    return total * x


def closure_variable(x):
    factor = x * x

    def scaled(t):
        return factor * t

    return scaled(x) + scaled(2.0)


def augmented_subscript_of_list(x):
    values = [x, 2.0 * x, 1.0]
    values[0] += 3.0
    values[1] *= values[0]
    values[-1] -= x
    return values[0] * values[1] + values[2]


def augmented_subscript_of_dict(x):
    table = {"a": x, "b": 1.0}
    table["a"] *= x
    table["b"] += table["a"]
    return table["a"] * table["b"]


def chained_value(v):
    a = v
    b = a
    c = b * b
    return (a * b * c).sum()


def shadowed_builtin(x):
    sum = x * x
    return sum * 2.0


def names_that_clash(x, x_bar, t, x_saved):
    x_dot = x * x_bar
    y = x_dot * t
    return y * x_saved + x_bar


PROGRAMS = [
    program(rebinding, (1.3,), analytic=True, golden=True),
    program(tuple_targets, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(starred_target, (arr(4),), analytic=True),
    program(unpack_array, (arr(3),), analytic=True, raising=((arr(4),), (arr(2),))),
    program(unpack_rows, (arr(2, 3),), analytic=True),
    program(several_targets, (1.3,), analytic=True),
    program(annotated, (1.3,), analytic=True),
    program(augmented_names, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(augmented_modulo, (0.91,)),
    program(swap, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(rotate_three, (1.3, 0.4, -0.8), argnums=(0, 1, 2), analytic=True),
    program(delete, (1.3,), analytic=True),
    program(reads_global, (1.3,), analytic=True),
    program(writes_global, (1.3,)),
    program(global_of_the_same_name, (1.3,), analytic=True),
    program(make_counter, (1.3,), analytic=True),
    program(closure_variable, (1.3,), analytic=True),
    program(augmented_subscript_of_list, (1.3,), analytic=True),
    program(augmented_subscript_of_dict, (1.3,), analytic=True),
    program(chained_value, (arr(3),), analytic=True),
    program(shadowed_builtin, (1.3,), analytic=True),
    program(names_that_clash, (1.3, 0.4, 2.0, -0.7), argnums=(0, 1, 2, 3), analytic=True, golden=True),
]

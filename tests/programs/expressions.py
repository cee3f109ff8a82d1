"""Programs about expressions: operators, comparisons, indexing, lambdas, comprehensions."""

import math
import operator

import numpy as np

from tests.programs.table import arr, pos, program


def arithmetic(x, y):
    return x + y * x - y / x


def powers(x, y):
    return x**2 + x**3.0 + x**y + 2.0**x + x**-1.5


def unary(x):
    return -x * +x - -(x**3)


def integer_division(x, y):
    return x // y + x % y + x * (7 // 2) + 10 % 4


def divmod_pair(x, y):
    q, r = divmod(x, y)
    return q * x + r * r


def matmul_forms(A, B, v):
    return (A @ B).sum() + v @ (A @ v) + (A @ v) @ (v @ B)


def batched_matmul(A, B):
    return np.sum((A @ B) ** 2)


def broadcasting(x, y, c):
    z = x + y
    w = z * c + x * y
    return np.sum(w * w)


def precedence(a, b, c):
    return (a - (b - c)) / (a * (b / c)) ** 2 - -(a**-2) * (a - b) ** c


def comparisons(x, y):
    less = x < y
    both = (x <= y) + 2 * (x != y) + (x == y) + 4 * (x > y) + 8 * (x >= y)
    return x * less + y * both


def chained_comparison(x):
    return x * x if 0.0 < x <= 1.0 < 2.0 else 3.0 * x


def boolean_operators(x, y):
    if x > 0.0 and y > 0.0:
        return x * y
    if x > 0.0 or y > 0.0:
        return x * x * y
    if not x > y:
        return y - 2.0 * x
    return x / y


def boolean_values(x, y):
    z = x or y
    w = x and y
    return z * w * w


def identity_and_membership(x, mode=None):
    if mode is None:
        return x * x
    if mode in ("cube", "third"):
        return x**3
    if mode not in ["plain"] and mode is not None:
        return -x
    return x


def conditional_expression(x):
    return (x if x > 1.0 else x * x) * (2.0 * x if x < 3.0 else 1.0)


def walrus(x):
    if (y := x * x) > 1.0:
        return y * x
    return (z := y + 1.0) * z


def f_string(x, n):
    label = f"n={n:>3d} {n!r}"
    return x * len(label) if label.endswith("3") else x


def starred_display(x, y):
    parts = [x, *(y, x * y), *[2.0]]
    return sum(parts) * parts[-2]


def indexing(A, v):
    return A[1, 2] * v[0] + A[-1][0] * v[-1] + A[0, 1] * A[0, 1]


def slicing(v):
    a = v[1:-1] * v[:-2]
    b = v[::-1] * v[::2].sum()
    return a.sum() * b[1] + (v[4:1:-2] ** 2).sum()


def ellipsis_and_none(A):
    outer = A[:, None, 0] * A[None, :, 1]
    return (outer * A[..., 0]).sum() + A[..., -1].sum() ** 2


def index_with_tuple(A, i, j):
    place = (i, j)
    return A[place] ** 2 + A[i][j] * A[j, i]


def slice_object(v, s):
    return (v[s] * v[slice(0, 2)]).sum()


def fancy_read(v, k):
    return (v[k] * v[[0, 0, 1]]).sum() * v[np.array([2])][0]


def mask_read(v):
    return (v[v > 0.0] ** 2).sum() + v[v <= 0.0].sum()


def mixed_index(A):
    return (A[[0, 2], 1:] * A[1, [0, 1]][:, None]).sum()


def attributes(A):
    return A.T[0] @ A[:, 0] * A.size + A.ndim * A[0, 0] + A.shape[0] * A.mean()


def lambda_local(x):
    square = lambda t: t * t
    scale = lambda t, k=3.0: k * t
    return square(x) + scale(x) * scale(x, k=x)


def lambda_in_call(x, y):
    return (lambda a, b: a * b - a)(x, y)


def list_comprehension(v):
    squares = [t * t for t in v]
    return sum(squares) * squares[0]


def filtered_comprehension(v):
    return sum([t * t for t in v if t > 0.0]) - sum([t if t > 0.5 else -t for t in v])


def nested_comprehension(A):
    table = [[a * a for a in row] for row in A]
    flat = [a * i for i, row in enumerate(A) for a in row]
    return sum(table[0]) * table[1][1] + sum(flat)


def dict_comprehension(v):
    table = {i: v[i] * i for i in range(len(v))}
    return sum(value * key for key, value in table.items())


def set_comprehension(x, keys):
    kept = {key % 3 for key in keys}
    return x ** len(kept)


def generator_expression(v):
    return sum(t * t for t in v) * max(t for t in v)


def comprehension_scope(x):
    t = 2.0 * x
    parts = [t * i for t in (x, x * x) for i in (1.0, 2.0)]
    return t * sum(parts)


def builtin_functions(x, y):
    return abs(x) * min(x, y) + max(x, y, 0.1) * pow(x, 2) + float(x) * round(2.6) - sum((x, y)) * len((x, y))


def math_functions(x):
    return math.sin(x) * math.exp(-x) + math.sqrt(x) * math.log(x + 1.0) - math.atan2(x, 2.0) + math.hypot(x, 3.0)


def numpy_functions(v):
    return np.sum(np.tanh(v) * np.exp(-v) + np.sqrt(v) + np.log1p(v) - np.arctan(v) / np.cosh(v))


def operator_module(x, y):
    return operator.mul(x, y) + operator.truediv(x, operator.add(y, 1.0)) - operator.neg(x)


def nested_calls(x):
    return math.sin(math.cos(math.exp(math.sin(x)) * x) + x)


def same_argument_twice(x):
    y = x * x
    return y * y + (y - y) * x + y / y


def unused_values(x):
    x * 3.0
    waste = math.sin(x)
    del waste
    return x * x


PROGRAMS = [
    program(arithmetic, (1.5, 0.7), (-2.0, 3.0), argnums=(0, 1), analytic=True, golden=True),
    # float ** float may be complex
    program(powers, (1.5, 0.7), (0.3, -1.2), argnums=(0, 1), analytic=True, helpers=True),
    program(unary, (1.3,), (-0.4,), analytic=True),
    program(integer_division, (7.3, 2.1), (-7.3, 2.1), argnums=(0, 1)),
    program(divmod_pair, (7.3, 2.1), (9.9, -2.1), argnums=(0, 1)),
    program(matmul_forms, (arr(3, 3), arr(3, 3, seed=1), arr(3)), argnums=(0, 1, 2), analytic=True, golden=True),
    program(batched_matmul, (arr(2, 3, 4), arr(4, 2)), (arr(3, 4), arr(5, 4, 2)), argnums=(0, 1), analytic=True),
    program(
        broadcasting,
        (arr(4, 3), arr(3), 0.7),
        (arr(4, 1), arr(3), 0.7),
        (arr(3), arr(2, 4, 3), 1.1),
        (arr(1, 3), arr(4, 1), 1.2),
        (0.4, arr(2), 0.3),
        argnums=(0, 1, 2),
        analytic=True,
        golden=True,
    ),
    # float ** float may be complex
    program(precedence, (1.1, 0.4, 2.3), argnums=(0, 1, 2), helpers=True),
    program(comparisons, (1.0, 2.0), (2.0, 1.0), argnums=(0, 1)),
    program(chained_comparison, (0.5,), (1.5,), (-0.5,)),
    program(boolean_operators, (1.0, 2.0), (1.0, -2.0), (-1.0, 2.0), (-2.0, -1.0), (-1.0, -2.0), argnums=(0, 1)),
    program(boolean_values, (1.5, 2.0), argnums=(0, 1)),
    program(identity_and_membership, (1.5,), (1.5, "cube"), (1.5, "plain"), (1.5, "other")),
    program(conditional_expression, (0.5,), (2.0,), (4.0,), golden=True),
    program(walrus, (0.5,), (2.0,)),
    program(f_string, (1.5, 3), (1.5, 4)),
    # two lists of cotangents are added
    program(starred_display, (1.5, 0.4), argnums=(0, 1), analytic=True, helpers=True),
    program(indexing, (arr(3, 3), arr(4)), argnums=(0, 1), analytic=True, golden=True),
    program(slicing, (arr(5),), (arr(7),), analytic=True),
    program(ellipsis_and_none, (arr(3, 3),), analytic=True),
    program(index_with_tuple, (arr(3, 3), 0, 2), (arr(3, 3), -1, 1), analytic=True, raising=((arr(3, 3), 0, 5),)),
    # v[s] may have length 1
    program(slice_object, (arr(5), slice(1, 5, 2)), analytic=True, helpers=True),
    # the length of a list is not part of its kind: v[k] may have length 1
    program(fancy_read, (arr(4), np.array([3, 1, 3])), (arr(4), [0, -1, 2]), analytic=True, helpers=(1,)),
    program(mask_read, (arr(6),), (pos(3),)),
    program(mixed_index, (arr(3, 3),), analytic=True),
    program(attributes, (arr(3, 2),), analytic=True),
    program(lambda_local, (1.2,), analytic=True),
    program(lambda_in_call, (1.2, 0.3), argnums=(0, 1), analytic=True),
    # two lists of cotangents are added
    program(list_comprehension, (arr(4),), (arr(1),), analytic=True, helpers=True),
    program(filtered_comprehension, (arr(5),), (-pos(3),)),
    # two lists of cotangents are added
    program(nested_comprehension, (arr(2, 3),), analytic=True, helpers=True),
    # the keys are computed
    program(dict_comprehension, (arr(4),), analytic=True, helpers=True),
    program(set_comprehension, (1.3, [1, 2, 3, 4, 5]), analytic=True),
    # two lists of cotangents are added; the place of the maximum of a list
    program(generator_expression, (arr(4),), helpers=True),
    program(comprehension_scope, (1.3,), analytic=True),
    program(builtin_functions, (1.3, 0.4), (-0.6, 0.9), argnums=(0, 1)),
    program(math_functions, (0.8,)),
    program(numpy_functions, (pos(4),), (pos(2, 3),), analytic=True),
    program(operator_module, (1.3, 0.4), argnums=(0, 1), analytic=True),
    program(nested_calls, (0.7,)),
    program(same_argument_twice, (1.3,), analytic=True),
    program(unused_values, (1.3,)),
]

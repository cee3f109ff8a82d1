"""Programs about results that are written to an array: `out=` and `where=` of NumPy's functions and methods."""

import numpy as np

from tests.programs.table import arr, pos, program


def result_is_the_output(x):
    buf = np.empty_like(x)
    y = np.exp(x, out=buf)
    y *= x
    return np.sum(buf * y)


def output_in_a_tuple(x):
    buf = np.empty_like(x)
    y = np.exp(x, out=(buf,))
    y[0] = x[1]
    return np.sum(buf * buf)


def output_by_position(x):
    buf = np.zeros(3)
    np.multiply(x, x, buf)
    np.add(buf, x, buf)
    return np.sum(buf**2)


def operand_is_the_output(a, b):
    a = a * 1.0
    np.multiply(a, b, out=a)
    np.divide(a, b + 3.0, out=a)
    np.subtract(b, a, out=a)
    return np.sum(a * b)


def both_operands_are_the_output(a):
    a = a * 1.0
    np.multiply(a, a, out=a)
    np.power(a, a, out=a)
    return np.sum(a)


def result_is_read_by_the_rule(a):
    a = a * 1.0
    np.exp(a, out=a)
    np.sqrt(a, out=a)
    np.tanh(a, a)
    np.reciprocal(a, a)
    return np.sum(a * a)


def overlapping_views(a, b):
    y = a * 1.0
    np.multiply(y[1:], b, out=y[:-1])
    np.exp(y[:-1], out=y[1:])
    np.power(y[1:] + 2.0, y[:-1], out=y[1:])
    np.add(y[::-1], y, out=y)
    return np.sum(y * a)


def output_is_a_view(a):
    y = np.zeros((3, 4))
    np.sin(a, out=y[1])
    np.cos(a[:3], out=y[:, 2])
    np.multiply(y[1], 2.0, out=y.T[:, 0])
    return np.sum(y * np.arange(12.0).reshape(3, 4))


def operands_are_broadcast(a, x):
    y = np.zeros((3, 4))
    np.add(a, x, out=y)
    np.multiply(y, a, out=y)
    np.exp(x, out=y[0])
    z = np.empty((2, 3, 4))
    np.subtract(y, a, out=z)
    return np.sum(z * y)


def argument_is_the_output(x, w):
    np.multiply(x, w, out=x)
    np.sin(x, out=x)
    return np.sum(x * w)


def overwritten_before_it_is_read(x):
    buf = x * x
    s = np.sum(buf * buf)
    np.exp(x, out=buf)
    np.negative(x, out=buf)
    return s + np.sum(buf**3)


def reductions_with_out(x):
    s = np.zeros(4)
    np.sum(x, axis=0, out=s)
    t = np.zeros(3)
    x.mean(axis=1, out=t)
    np.max(x, axis=1, out=t[:])
    u = np.zeros((1, 4))
    x.prod(0, None, u[0])
    v = np.zeros(4)
    np.std(x, axis=0, out=v)
    return np.sum(s * s) + np.sum(t**3) + np.sum(u * v)


def reductions_into_a_number(x):
    s = np.zeros(())
    y = np.sum(x, out=s)
    y *= 2.0
    np.multiply(s, s, out=s)
    return s * x[0, 0]


def products_with_out(a, x):
    y = np.zeros(3)
    np.dot(a, x, out=y)
    z = np.empty((3, 3))
    np.matmul(a, a.T, out=z)
    np.outer(y, y, out=z)
    a.dot(x, y)
    w = np.empty((3,))
    np.matmul(z, y, out=w)
    np.einsum("ij,j->i", a, x, out=y)
    return np.sum(w * y) + np.sum(z)


def running_sums(x):
    y = np.empty_like(x)
    np.cumsum(x, out=y)
    np.cumsum(y, 0, None, y)
    y.cumprod(out=y)
    return np.sum(y * x)


def clipped_in_place(x):
    y = x * 2.0
    np.clip(y, -0.5, 0.5, out=y)
    z = x * 1.0
    z.clip(-0.2, 1.0, z)
    x.clip(0.0, 1.0, out=z[:])
    return np.sum(y * x) + np.sum(z * z * x)


def output_made_in_each_pass(x, n):
    total = 0.0
    for k in range(n):
        buf = np.empty_like(x)
        np.multiply(x, k + 1.0, out=buf)
        np.exp(buf, out=buf)
        total += np.sum(buf) * x[0]
    return total


def output_in_a_branch(x, flag):
    y = x * x
    if flag:
        np.exp(x, out=y)
    else:
        np.multiply(y, x, out=y)
    if x[0] > 0.0:
        np.negative(y, out=y)
    return np.sum(y * x)


def output_while(x):
    y = x * 1.0
    while np.sum(y * y) > 0.1:
        np.multiply(y, 0.5, out=y)
        np.sin(y, out=y)
    return np.sum(y * x)


def written_by(x, buf):
    return np.multiply(x, buf, out=buf)


def output_in_a_callee(x):
    buf = x * x
    y = written_by(x, buf)
    y[0] *= x[1]
    return np.sum(buf * y)


def extrema_with_out(x, w):
    y = x * 1.0
    np.maximum(y, w, out=y)
    np.minimum(y, 0.9, out=y)
    np.fmax(y, -w, y)
    return np.sum(y * x)


def fortran_order_with_out(x):
    y = np.zeros((4, 3), order="F").T
    np.multiply(x, x, out=y)
    np.sum(y, axis=0, out=y[0])
    y.sort(axis=0)
    np.cumsum(y, axis=1, out=y)
    return np.sum(y * x)


def strided_output(x):
    y = np.zeros(8)
    np.sin(x, out=y[::2])
    np.exp(y[::-2], out=y[1::2])
    np.multiply(y[::2], y[1::2], out=y[::-2])
    return np.sum(y * np.arange(8.0))


def chosen_elements(x, w):
    y = w * 1.0
    np.sqrt(x, out=y, where=x > 0.0)
    np.log(x, out=y, where=x > 0.5)
    return np.sum(y * x)


def chosen_in_place(x):
    y = x * 1.0
    np.multiply(y, y, out=y, where=y < 0.0)
    np.exp(y, out=y, where=y > 0.5)
    np.divide(1.0, y, out=y, where=y > 0.3)
    return np.sum(y * x)


def chosen_divisor(x, w):
    y = np.zeros((2, 3))
    np.divide(x, np.maximum(w, 0.0), out=y, where=w > 0.0)
    return np.sum(y * y)


def mask_is_broadcast(x, w):
    y = np.ones((3, 4))
    m = np.array([True, False, True, False])
    np.multiply(x, w * w, out=y, where=m)
    np.power(y, x, out=y, where=np.array([[True], [False], [True]]))
    return np.sum(y * x)


X3, X4, W3, W4 = arr(3), arr(4), arr(3, seed=1), arr(4, seed=1)
M34 = arr(3, 4)

PROGRAMS = [
    program(result_is_the_output, (X3,), known_only=True),
    program(output_in_a_tuple, (X3,)),
    program(output_by_position, (X3,)),
    program(operand_is_the_output, (X3, W3), argnums=(0, 1)),
    program(both_operands_are_the_output, (pos(3),)),
    program(result_is_read_by_the_rule, (X3,)),
    program(overlapping_views, (pos(4), W3), argnums=(0, 1), known_only=True),
    program(output_is_a_view, (X4,)),
    program(operands_are_broadcast, (M34, X4), argnums=(0, 1)),
    program(argument_is_the_output, (X3, W3), argnums=(0, 1)),
    program(overwritten_before_it_is_read, (X3,)),
    program(reductions_with_out, (M34,)),
    program(reductions_into_a_number, (M34,)),
    program(products_with_out, (M34, X4), argnums=(0, 1), known_only=True),
    # the adjoint of cumprod is a loop
    program(running_sums, (X4,), helpers=True),
    program(clipped_in_place, (X4,), known_only=True),
    program(output_made_in_each_pass, (X3, 3)),
    program(output_in_a_branch, (X3, True), (-X3, False)),
    program(output_while, (X3,), golden=True),
    program(output_in_a_callee, (X3,)),
    program(extrema_with_out, (X4, W4), argnums=(0, 1)),
    program(fortran_order_with_out, (M34,), (np.asfortranarray(M34),)),
    program(strided_output, (X4,)),
    program(chosen_elements, (X4, W4), argnums=(0, 1)),
    program(chosen_in_place, (X4,)),
    program(chosen_divisor, (arr(2, 3), arr(2, 3, seed=1)), argnums=(0, 1)),
    program(mask_is_broadcast, (pos(3, 4), X4), argnums=(0, 1)),
]

"""Functions and methods of NumPy that change arrays in place: in both modes, with kinds known and unknown.

Each program is compared with finite differences; the value that the derivative returns is the program's own, bit for
bit, and the arguments stay as they were.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import srcad
from tests.programs.modes import MODES, compiling


def arr(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-1.5, 1.5, shape)


def pos(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(0.4, 1.8, shape)


# --- out= ------------------------------------------------------------------------------------------------------------


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


def output_is_none(x):
    return np.sum(np.exp(x, None) * np.cumsum(x, out=None))


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


def reductions(x):
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


def reduction_into_its_operand(x):
    y = x * 1.0
    np.sum(y, axis=0, out=y[0])
    np.sum(y * y, axis=0, out=y[1])
    return np.sum(y * x)


def products(a, x):
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


def clipped(x):
    y = x * 2.0
    np.clip(y, -0.5, 0.5, out=y)
    z = x * 1.0
    z.clip(-0.2, 1.0, z)
    x.clip(0.0, 1.0, out=z[:])
    return np.sum(y * x) + np.sum(z * z * x)


def taken(x):
    y = np.empty(4)
    np.take(x, [0, 0, 2, 1], out=y)
    x.take([1, 2], out=y[:2])
    z = np.empty(7)
    np.concatenate([x, y], out=z)
    w = np.empty((2, 3))
    np.stack([x, z[:3]], out=w)
    return np.sum(z * np.arange(7.0)) * np.sum(w * w)


def output_in_a_loop(x, n):
    y = x * 1.0
    t = np.empty_like(x)
    for _ in range(n):
        np.sin(y, out=t)
        np.multiply(t, x, out=t)
        np.add(y, t, out=y)
    return np.sum(y * y)


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


def inactive_output_first(x):
    buf = np.ones(3)
    np.add(buf, 1.0, out=buf)
    s = np.sum(buf)
    np.multiply(buf, x, out=buf)
    return np.sum(buf) * s


def inactive_result(x):
    buf = x * 1.0
    s = np.sum(buf * buf)
    np.sign(x, out=buf)
    np.add(np.ones(3), 1.0, out=buf)
    return s * np.sum(buf) + np.sum(buf * x)


def compared_into_an_output(x):
    m = np.empty(3, dtype=bool)
    np.greater(x, 0.1, out=m)
    k = np.empty(3)
    np.floor(x * 3.0, out=k)
    return np.sum(np.where(m, x * x, x) * k)


def single_precision_output(x):
    y = np.empty(3, dtype=np.float32)
    np.multiply(x, 2.0, out=y)
    z = np.zeros(3)
    np.add(y, x, out=z)
    return np.sum(z * x)


def complex_output(x):
    z = np.empty(3, dtype=complex)
    np.multiply(x, 1.0 + 2.0j, out=z)
    np.exp(z, out=z)
    r = np.empty(3)
    np.absolute(z, out=r)
    np.add(x, 1.0, out=z)
    return np.sum(r) + np.sum((z * z).real)


def maxima(x, w):
    y = x * 1.0
    np.maximum(y, w, out=y)
    np.minimum(y, 0.9, out=y)
    np.fmax(y, -w, y)
    return np.sum(y * x)


def fortran_order(x):
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


# --- where= ----------------------------------------------------------------------------------------------------------


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
    np.divide(x, w, out=y, where=w != 0.0)
    return np.sum(y * y)


def mask_is_broadcast(x, w):
    y = np.ones((3, 4))
    m = np.array([True, False, True, False])
    np.multiply(x, w * w, out=y, where=m)
    np.power(y, x, out=y, where=np.array([[True], [False], [True]]))
    return np.sum(y * x)


def mask_is_a_number(x, flag):
    y = x * 1.0
    np.exp(x, out=y, where=flag)
    np.sin(y, out=y, where=True)
    return np.sum(y * y)


def mask_from_values(x):
    y = np.full(4, 2.0)
    for k in range(3):
        np.multiply(y, x, out=y, where=x > 0.3 * k)
    return np.sum(y * y)


def chosen_maximum(x, w):
    y = w * 2.0
    np.maximum(x, w, out=y, where=x > 0.0)
    return np.sum(y * y * x)


def sums_where(x):
    m = x > 0.2
    a = np.sum(x * x, where=m) + np.mean(x, where=m) + np.prod(x, where=m)
    return a + np.max(x, where=m, initial=-5.0) * np.min(x, where=~m, initial=5.0)


# --- ufunc.at --------------------------------------------------------------------------------------------------------


def add_at(x, w):
    y = x * x
    np.add.at(y, [0, 0, 2], w)
    np.subtract.at(y, np.array([1, 1, 1]), w * w)
    np.add.at(y, slice(1, 3), x[0])
    np.add.at(y, x > 0.0, 2.0 * x[1])
    return np.sum(y * x)


def add_at_two_axes(x, w):
    y = np.zeros((3, 4))
    np.add.at(y, ([0, 0, 2], [1, 1, 3]), w)
    np.add.at(y, (slice(None), [0, 0]), w[:2] * x[0])
    np.add.at(y, 1, x)
    return np.sum(y * y)


def multiply_at(x, w):
    y = x * 1.0
    np.multiply.at(y, [0, 0, 2, 0], w)
    np.divide.at(y, [1, 1, 1, 2], w + 2.0)
    return np.sum(y * x)


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


def at_operand_is_the_array(x):
    y = x * 1.0
    np.add.at(y, [0, 0, 1, 2], y)
    return np.sum(y * x)


# --- copyto, fill, put, place, putmask, put_along_axis, fill_diagonal ---------------------------------------------


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


def filled(x):
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


# --- sort, partition --------------------------------------------------------------------------------------------------


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


def partition_of_many(x):
    return np.sum(np.partition(x, 50) * np.arange(101.0))


# --- views of other kinds, names of all kinds -----------------------------------------------------------------------


def through_a_transpose(x):
    y = x * 1.0
    y.T[0] = x[:, 1]
    np.exp(y.T, out=y.T)
    np.copyto(y.T[1], x[:, 0])
    return np.sum(y * x)


def zero_size(x):
    y = x[:0] * 2.0
    np.exp(y, out=y)
    y.sort()
    np.add.at(y, [], 1.0)
    np.copyto(y, 3.0)
    y.fill(x[0])
    np.multiply.at(y, np.array([], dtype=int), x[0])
    np.put(y, [], x[0])
    return np.sum(y) + x[0] * x[1]


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
    (result_is_the_output, (X3,)),
    (output_in_a_tuple, (X3,)),
    (output_by_position, (X3,)),
    (output_is_none, (X3,)),
    (operand_is_the_output, (X3, W3)),
    (both_operands_are_the_output, (pos(3),)),
    (result_is_read_by_the_rule, (X3,)),
    (overlapping_views, (pos(4), W3)),
    (output_is_a_view, (X4,)),
    (operands_are_broadcast, (M34, X4)),
    (argument_is_the_output, (X3, W3)),
    (overwritten_before_it_is_read, (X3,)),
    (reductions, (M34,)),
    (reductions_into_a_number, (M34,)),
    (reduction_into_its_operand, (M34,)),
    (products, (M34, X4)),
    (running_sums, (X4,)),
    (clipped, (X4,)),
    (taken, (X3,)),
    (output_in_a_loop, (X3, 3)),
    (output_in_a_loop, (X3, 0)),
    (output_made_in_each_pass, (X3, 3)),
    (output_in_a_branch, (X3, True)),
    (output_in_a_branch, (-X3, False)),
    (output_while, (X3,)),
    (output_in_a_callee, (X3,)),
    (inactive_output_first, (X3,)),
    (inactive_result, (X3,)),
    (compared_into_an_output, (X3,)),
    (complex_output, (X3,)),
    (maxima, (X4, W4)),
    (fortran_order, (M34,)),
    (fortran_order, (np.asfortranarray(M34),)),
    (strided_output, (X4,)),
    (chosen_elements, (X4, W4)),
    (chosen_in_place, (X4,)),
    (chosen_divisor, (arr(2, 3), arr(2, 3, seed=1) * np.array([1.0, 0.0, 1.0]))),
    (mask_is_broadcast, (pos(3, 4), X4)),
    (mask_is_a_number, (X3, True)),
    (mask_is_a_number, (X3, False)),
    (mask_from_values, (X4,)),
    (chosen_maximum, (X4, W4)),
    (sums_where, (X4,)),
    (add_at, (X3, W3)),
    (add_at_two_axes, (X4, W3)),
    (multiply_at, (X3, W4)),
    (multiply_at_zero, (X3, W4)),
    (power_at, (X3, W3)),
    (maximum_at, (X4, W4)),
    (unary_at, (X4,)),
    (at_in_a_loop, (X4, W3)),
    (at_operand_is_the_array, (X4,)),
    (copied_to, (X4, W4)),
    (copied_within, (X4,)),
    (filled, (X3,)),
    (put_repeated, (X4, W3)),
    (put_two_axes, (M34, W4)),
    (placed, (X4, W3)),
    (put_by_mask, (X4, W3)),
    (put_along, (M34, W4)),
    (diagonal_filled, (M34, W4)),
    (stores_in_a_loop, (X4, W4)),
    (sorted_in_place, (X4, W4)),
    (sorted_in_a_loop, (X4, W4)),
    (partitioned, (arr(21), arr(21, seed=1))),
    (partition_of_many, (arr(101),)),
    (through_a_transpose, (arr(3, 3),)),
    (zero_size, (X3,)),
    (rank_zero, (0.7,)),
    (overwritten_by_a_constant, (X3,)),
    (list_of_values, (X4,)),
]


#: Where nothing is known of the arguments, whether these change a number, a list or an array, or what is a view of it,
#: is not known either.
NEEDS_KINDS = [
    result_is_the_output,
    overlapping_views,
    reduction_into_its_operand,
    products,
    clipped,
    inactive_result,
    copied_within,
    put_along,
    diagonal_filled,
    sorted_in_place,
    sorted_in_a_loop,
    through_a_transpose,
    zero_size,
    overwritten_by_a_constant,
]


@pytest.mark.parametrize("function", NEEDS_KINDS)
def test_what_is_not_known_is_a_located_error(function) -> None:
    args = next(args for fn, args in PROGRAMS if fn is function)
    with compiling("unknown"), pytest.raises(srcad.UnsupportedSyntax, match="line "):
        srcad.grad(function)(*copy.deepcopy(args))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("function", "args"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_both_modes_agree_with_differences(function, args, mode) -> None:
    if mode == "unknown" and function in NEEDS_KINDS:
        return
    given = copy.deepcopy(args)
    floats = tuple(k for k, a in enumerate(args) if isinstance(a, (float, np.ndarray)))
    with compiling(mode), warnings.catch_warnings():
        if mode == "known":
            warnings.simplefilter("error")
        assert srcad.check(function, list(args), argnums=floats)
        value, gradient = srcad.value_and_grad(function, floats)(*args)
    assert value == function(*copy.deepcopy(given))
    for k, g in zip(floats, gradient, strict=True):
        assert np.shape(g) == np.shape(args[k])
        np.testing.assert_array_equal(args[k], given[k])


def test_the_gradient_through_single_precision() -> None:
    value, gradient = srcad.value_and_grad(single_precision_output)(X3)
    assert value == single_precision_output(X3)
    np.testing.assert_allclose(gradient, 6.0 * X3, rtol=1e-6)

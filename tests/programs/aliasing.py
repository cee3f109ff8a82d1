"""Programs about two names for one memory: views of views, overlapping slices, what copies and what does not."""

import numpy as np

from tests.programs.table import arr, program


def views_of_views(v):
    y = v * v
    inner = y[1:]
    every = inner[::2]
    every[0] *= v[0]
    inner[1] = every[1] * v[2] + every[0]
    y[3] += inner[0]
    return (y * v).sum() + every[0] * inner[2]


def view_of_view_of_view(A):
    B = A * A
    rows = B[1:]
    columns = rows[:, ::2]
    last = columns[-1]
    last[0] = A[0, 1] * last[1]
    columns[0] += last
    return (B * A).sum() + rows[0, 0] * B[2, 0]


def base_written_through_base(v):
    y = v * 2.0
    window = y[1:4]
    before = window * v[0]
    y[2] = y[0] * v[1]
    return (window * before[::-1]).sum() + window[1] ** 3


def base_written_through_view(v):
    y = v * v
    window = y[1:-1]
    window[0] = v[3] * window[1]
    window[:] = window * window[::-1]
    return y[1] * v[0] + (y ** 2).sum()


def overlapping_shift_right(v):
    y = v * v
    y[1:] = y[:-1] * v[1:]
    y[:-1] = y[1:] + v[0]
    return (y * v).sum()


def overlapping_update(u, c):
    y = u * 1.5
    y[1:] += c * y[:-1]
    y[:-1] -= y[1:] * y[:-1]
    y[2:] *= y[:-2]
    return (y * y).sum()


def two_overlapping_views(v):
    y = v * v
    left, right = y[:-1], y[1:]
    left *= v[0]
    right += left
    left -= right * v[1]
    return (left * right).sum() + y[0]


def reversed_in_place(v):
    y = v * v
    y[:] = y[::-1]
    y[0] *= v[1]
    return (y * v).sum()


def negative_stride_view(v, x):
    y = v * 1.0
    back = y[::-1]
    back[0] = x * back[1]
    back[1:] += back[:-1] * v[0]
    return (back * v).sum() + y[0] * y[-1]


def strided_views(v):
    y = v * v
    even, odd = y[::2], y[1::2]
    even += odd * v[0]
    odd -= even * even
    return (y * v).sum()


def strided_backwards(v, x):
    y = v.copy()
    y[::-2] *= x
    y[-2::-2] += y[::-2][:2] * x
    return (y ** 3).sum()


def transpose_is_a_view(A):
    B = A * A
    T = B.T
    T[0] = A[:, 1] * T[1]
    B[1] += T[2]
    return (T * A.T).sum() + B[0, 2] ** 2


def transposed_update(A, c):
    B = A * 1.0
    B.T[:] *= c
    B += c * B.T
    np.transpose(B)[0, 1] = B[0, 0] * B[2, 1]
    return (B * A).sum()


def reshape_is_a_view(v):
    y = v * v
    M = y.reshape(2, 3)
    M[1] *= M[0]
    y[0] = M[1, 2] * v[1]
    return (M * M).sum() + y[4]


def reshape_that_copies(A):
    B = A * A
    flat = B.T.reshape(6)
    flat[2] = A[0, 0] * flat[0]
    B[1, 0] = flat[2] + A[1, 1]
    return (B * A).sum() + (flat * flat).sum()


def ravel_is_a_view(A, x):
    B = A * x
    flat = B.ravel()
    flat[1:] += flat[:-1] * x
    B[0] *= B[1]
    return (flat * flat).sum() + B[1, 1]


def ravel_that_copies(A, x):
    B = A * x
    flat = np.ravel(B.T)
    flat[0] = x * x
    B[0, 0] += flat[1]
    return (flat * flat).sum() + (B * A).sum()


def flatten_always_copies(A):
    B = A * A
    flat = B.flatten()
    flat[0] *= A[1, 1]
    B[0, 1] = flat[0]
    return (flat * flat).sum() + (B * A).sum()


def fortran_order(A, v):
    B = A * A
    C = np.asfortranarray(B)
    C[0] = v
    B[1] *= v
    return (B * C).sum() + C[1, 1] * v[0]


def ravel_of_argument(A, x):
    flat = A.ravel()
    flat[0] = x * flat[1]
    return (A * A).sum() + flat[0] * flat[2]


def asarray_of_array(v):
    y = v * v
    z = np.asarray(y)
    z[0] = v[1] * v[2]
    return (y * v).sum() + z[0]


def asarray_of_list(x, y):
    items = [x, y, x * y]
    a = np.asarray(items)
    a[0] = y * y
    items[1] = x * x
    return (a * a).sum() + items[0] * items[1]


def array_copies(v):
    y = v * v
    z = np.array(y)
    w = y.copy()
    z[0] = v[1]
    w[1] *= v[2]
    y[2] += z[0] * w[1]
    return (y * z).sum() + (w * w).sum()


def second_name(v):
    y = v * v
    z = y
    z[0] = v[1] * y[1]
    y[1] *= z[0]
    return (y * v).sum() + z[1]


def rebinding_against_in_place(v):
    y = v * v
    z = y
    y = y + v
    z[0] = y[1] * v[0]
    y += z
    z *= y
    return (y * z).sum()


def float_rebinds_array_changes(x, v):
    a = x
    b = a
    b += x * x
    y = v * 1.0
    z = y
    z += a * v
    return a * b + (y * v).sum() + (z * y).sum()


def element_is_a_number(v):
    y = v * v
    first = y[0]
    y[0] = v[1]
    first += y[1]
    return first * y[0] + y.sum()


def zero_dimensional_names(x):
    a = np.array(x)
    b = a
    a += x * x
    b[...] = b * x
    c = a[()]
    a *= 2.0
    return c * b + a * x


def one_element_slice(v):
    y = v * v
    part = y[1:2]
    part *= v[0]
    part[0] += y[1]
    return y.sum() * part[0]


def zero_size(v, n):
    y = v * v
    none = y[n:]
    none += 3.0
    none[:] = none * v[0]
    y[:0] = 1.0
    return (y * v).sum() + none.sum()


def expanded_axes(v):
    y = v * v
    column = y[:, None]
    column *= v[0]
    row = y[None]
    row[0, 1] = column[2, 0] * v[1]
    return (column @ row).sum() + y[0]


def ellipsis_view(A):
    B = A * A
    last = B[..., -1]
    last *= A[..., 0]
    B[..., 0] += last
    return (B * A).sum() + last.sum() ** 2


def diagonal_by_stride(A, x):
    B = A * x
    diagonal = B.reshape(-1)[:: B.shape[1] + 1]
    diagonal += x * x
    B[0, 1] = diagonal[1]
    return (B * A).sum()


def swapped_axes(A, v):
    B = A * A
    S = np.swapaxes(B, 0, 1)
    S[0] += v
    M = np.moveaxis(B, 0, -1)
    M[1, 0] *= v[0]
    return (B * A).sum() + S[1, 0] * M[0, 1]


def flipped_view(A):
    B = A * A
    F = np.flip(B, axis=0)
    F[0] *= A[0]
    B[0] += F[0]
    G = np.fliplr(B)
    G[1, 0] = F[1, 1] * A[1, 0]
    return (B * A).sum()


def squeezed_view(v):
    y = (v * v).reshape(1, -1)
    z = y.squeeze()
    z[1] = z[0] * v[2]
    y[0, 0] = z[2]
    return (z * v).sum() + y[0, 1]


def split_views(v):
    y = v * v
    left, right = np.split(y, 2)
    left *= right
    right[0] = left[1] * v[0]
    return (y * v).sum()


def unpacked_rows(A):
    B = A * A
    first, second = B
    first += second * A[0]
    second[0] = first[1]
    return (B * A).sum()


def saved_view_is_not_a_copy(v):
    y = v * v
    z = y[1:]
    p = (z * z).sum()
    y[1] = v[0]
    q = (z * z).sum()
    y *= v
    return p * q + (z * v[1:]).sum()


def float32_views(v):
    y = v * v
    half = y[::2]
    half *= v[1]
    y[1:] += y[:-1] * 0.5
    return (y * half[0]).sum()


def strided_argument(v, x):
    v[0] = x * v[1]
    v[1:] *= v[:-1]
    return (v * v).sum()


PROGRAMS = [
    program(views_of_views, (arr(6),), golden=True, known_only=True),
    # how long a slice is, is known only at run time
    program(view_of_view_of_view, (arr(3, 4),), known_only=True, helpers=True),
    program(base_written_through_base, (arr(5),), known_only=True),
    program(base_written_through_view, (arr(6),), known_only=True),
    program(overlapping_shift_right, (arr(5),), (arr(1),)),
    program(overlapping_update, (arr(5), 0.7), argnums=(0, 1)),
    program(two_overlapping_views, (arr(5),), known_only=True),
    program(reversed_in_place, (arr(5),), (arr(4),), known_only=True),
    program(negative_stride_view, (arr(4), 0.7), argnums=(0, 1), known_only=True),
    # how long a slice is, is known only at run time
    program(strided_views, (arr(6),), known_only=True, helpers=True),
    # how long a slice is, is known only at run time
    program(strided_backwards, (arr(5), 1.3), argnums=(0, 1), helpers=True),
    program(transpose_is_a_view, (arr(3, 3),)),
    program(transposed_update, (arr(3, 3), 0.7), argnums=(0, 1)),
    # whether it is a view is known only at run time
    program(reshape_is_a_view, (arr(6),), known_only=True, helpers=True),
    program(reshape_that_copies, (arr(2, 3),), later="reverse"),
    program(ravel_is_a_view, (arr(2, 3), 0.7), (np.asfortranarray(arr(2, 3)), 0.7), argnums=(0, 1), later="reverse"),
    program(ravel_that_copies, (arr(2, 3), 0.7), argnums=(0, 1), later="reverse"),
    program(flatten_always_copies, (arr(2, 3),)),
    program(fortran_order, (arr(3, 2), arr(2)), (np.asfortranarray(arr(3, 2)), arr(2)),
            argnums=(0, 1), later="reverse"),
    program(ravel_of_argument, (arr(2, 2), 0.7), (np.asfortranarray(arr(2, 2)), 0.7), argnums=(0, 1), later="reverse"),
    # whether it is a view is known only at run time
    program(asarray_of_array, (arr(4),), known_only=True, helpers=True),
    # a list of cotangents becomes an array
    program(asarray_of_list, (0.7, 1.2), argnums=(0, 1), helpers=True),
    program(array_copies, (arr(4),)),
    program(second_name, (arr(4),), golden=True),
    program(rebinding_against_in_place, (arr(4),)),
    program(float_rebinds_array_changes, (0.7, arr(3)), argnums=(0, 1), known_only=True),
    program(element_is_a_number, (arr(3),), known_only=True),
    program(zero_dimensional_names, (0.7,), known_only=True),
    program(one_element_slice, (arr(3),), known_only=True),
    # how long a slice is, is known only at run time
    program(zero_size, (arr(3), 3), (arr(3), 1), (arr(3), 7), known_only=True, helpers=True),
    program(expanded_axes, (arr(3),), known_only=True),
    program(ellipsis_view, (arr(3, 2),), (arr(2, 2, 3),), known_only=True),
    # whether it is a view is known only at run time
    program(diagonal_by_stride, (arr(3, 3), 0.7), argnums=(0, 1), known_only=True, helpers=True),
    program(swapped_axes, (arr(3, 3), arr(3)), argnums=(0, 1)),
    program(flipped_view, (arr(2, 3),)),
    # whether it is a view is known only at run time
    program(squeezed_view, (arr(4),), known_only=True, helpers=True),
    program(split_views, (arr(4),), later="reverse"),
    program(unpacked_rows, (arr(2, 3),), later="reverse"),
    program(saved_view_is_not_a_copy, (arr(4),), known_only=True),
    program(float32_views, (arr(5).astype(np.float32),), rtol=1e-4, known_only=True),
    program(strided_argument, (arr(8)[::2], 0.7), (arr(4)[::-1], 0.7), argnums=(0, 1)),
]

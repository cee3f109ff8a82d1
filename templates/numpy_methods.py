"""Methods and attributes of arrays that have no function of the same signature.

Methods that have one share its template: ``x.sum`` is with `np.sum`, ``x.T`` with `np.transpose`.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import linear, nondifferentiable, sample


@linear(np.ndarray.item, wrt=("a",), kind="item")
def item(a, *index, ans, ans_bar):
    """The only element, or the one at an index (a number counts in order of rows)."""
    if len(index) == 0:
        return np.full(np.shape(a), ans_bar, dtype=a.dtype)
    a_bar = np.zeros(np.shape(a), dtype=a.dtype)
    if len(index) == 1 and not isinstance(index[0], tuple):
        np.reshape(a_bar, -1)[index[0]] = ans_bar
    else:
        a_bar[index[0] if len(index) == 1 else index] = ans_bar
    return a_bar


@linear(np.ndarray.tolist, wrt=("a",), kind="unknown")
def tolist(a, *, ans, ans_bar):
    """The cotangents of the items of the list, as an array."""
    return np.reshape(np.array(ans_bar, dtype=a.dtype), np.shape(a))


@linear(np.ndarray.real, kind="elementwise_real", views=("a",))
def real(a, *, ans, ans_bar):
    """The cotangent, as a complex number where `a` is complex."""
    if np.iscomplexobj(a):
        return ans_bar + 0j
    return ans_bar


@linear(np.ndarray.imag, kind="elementwise_real", views=("a",))
def imag(a, *, ans, ans_bar):
    """-i times the cotangent; the imaginary part of real numbers is a constant."""
    if np.iscomplexobj(a):
        return -1j * ans_bar
    return 0.0


@linear(np.ndarray.conj, np.ndarray.conjugate, kind="elementwise", views=("a",))
def conj(a, *, ans, ans_bar):
    """The conjugate of the cotangent."""
    return np.conjugate(ans_bar)


nondifferentiable(np.ndarray.round, kind="same")
nondifferentiable(np.ndarray.shape, np.ndarray.size, np.ndarray.ndim, np.ndarray.dtype, of_form=True, raises="never")
nondifferentiable(
    np.ndarray.strides, np.ndarray.itemsize, np.ndarray.nbytes, np.ndarray.flags, of_form=True, raises="never"
)
nondifferentiable(np.ndarray.__len__, of_form=True)
nondifferentiable(np.shape, np.size, np.ndim, of_form=True)

SAMPLES = [
    sample(np.ndarray.item, "a: (1, 1)"),
    sample(np.ndarray.item, "a: (2, 3) f4, index: =", 4),
    sample(np.ndarray.item, "a: (2, 3), i: =, j: =", 1, -1),
    sample(np.ndarray.item, "a: (2, 3), index: =", (0, 2)),
    sample(np.ndarray.tolist, "a: (2, 3)"),
    sample(np.ndarray.tolist, "a: ()"),
    sample(np.ndarray.real, "a: (2, 3) c16"),
    sample(np.ndarray.real, "a: (3,) f4"),
    sample(np.ndarray.imag, "a: (2, 3) c16"),
    sample(np.ndarray.imag, "a: (3,)"),
    sample(np.ndarray.conj, "a: (3,) c16"),
    sample(np.ndarray.conjugate, "a: (2, 3)"),
]

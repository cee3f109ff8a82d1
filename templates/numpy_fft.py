"""`numpy.fft`: discrete Fourier transforms along one axis or several, shifts, and the frequencies of a transform.

With ``w = exp(-2 pi i / n)`` the transform is ``y_k = s sum_j w^(jk) x_j``: a matrix that is symmetric, so without a
conjugation its adjoint is the transform itself. What the argument was cut or padded to is undone by `fitted`. The
transforms of real data, and to it, keep half of the coefficients, because the others are their conjugates (J. Cooley,
P. Lewis and P. Welch, "The fast Fourier transform algorithm: programming considerations in the calculation of sine,
cosine and Laplace transforms", 1970, section 2). The scale s, which is 1, 1/n or 1/sqrt(n), stays with the direction of
the exponent: where an adjoint goes the other way, `opposite` names the same scale for that direction.
"""

from __future__ import annotations

import numpy as np

from srcad.rules import adjoint, linear, sample, tangent
from srcad.templates._array_helpers import part, real_like


@linear(np.fft.fft, kind="fft")
def fft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """The matrix is symmetric: the adjoint is the same transform."""
    if axis == -1 and norm is None:
        return fitted(real_like(np.fft.fft(ans_bar), a), a, n, axis)
    return fitted(real_like(np.fft.fft(ans_bar, None, axis, norm), a), a, n, axis)


@linear(np.fft.ifft, kind="fft")
def ifft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """The matrix is symmetric: the adjoint is the same transform."""
    if axis == -1 and norm is None:
        return fitted(real_like(np.fft.ifft(ans_bar), a), a, n, axis)
    return fitted(real_like(np.fft.ifft(ans_bar, None, axis, norm), a), a, n, axis)


@linear(np.fft.rfft, kind="rfft")
def rfft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """``a_bar_j = Re(s sum_k w^(jk) g_k)``, over the coefficients that were kept: the others count as 0."""
    length = np.shape(a)[axis] if n is None else n
    if axis == -1 and norm is None:
        return fitted(np.real(np.fft.fft(ans_bar, length)), a, n, axis)
    return fitted(np.real(np.fft.fft(ans_bar, length, axis, norm)), a, n, axis)


@linear(np.fft.irfft, kind="irfft")
def irfft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """``a_bar_k = c_k s sum_j w^(-jk) g_j``; c_k is 1 where k has no mirror image, at 0 and n/2, and 2 elsewhere."""
    if axis == -1 and norm is None:
        half = np.conj(np.fft.rfft(ans_bar, norm="forward"))
    else:
        half = np.conj(np.fft.rfft(ans_bar, None, axis, opposite(norm)))
    doubled = half + half * along(has_mirror(np.shape(ans)[axis]), half, axis)
    return real_like(fitted(doubled, a, n, axis), a)


@linear(np.fft.hfft, kind="irfft")
def hfft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """As `irfft` of the conjugate, scaled as the other direction is."""
    half = np.fft.rfft(ans_bar, None, axis, norm)
    doubled = half + half * along(has_mirror(np.shape(ans)[axis]), half, axis)
    return real_like(fitted(doubled, a, n, axis), a)


@linear(np.fft.ihfft, kind="rfft")
def ihfft(a, n=None, axis=-1, norm=None, *, ans, ans_bar):
    """As `rfft` in the other direction: ``a_bar_j = Re(s sum_k w^(-jk) g_k)``."""
    length = np.shape(a)[axis] if n is None else n
    return fitted(np.real(np.fft.ifft(ans_bar, length, axis, norm)), a, n, axis)


@linear(np.fft.fftn, kind="fftn")
def fftn(a, s=None, axes=None, norm=None, *, ans, ans_bar):
    """Symmetric along each axis."""
    return fitted_all(real_like(np.fft.fftn(ans_bar, None, chosen(s, axes), norm), a), a, s, axes)


@linear(np.fft.ifftn, kind="fftn")
def ifftn(a, s=None, axes=None, norm=None, *, ans, ans_bar):
    """Symmetric along each axis."""
    return fitted_all(real_like(np.fft.ifftn(ans_bar, None, chosen(s, axes), norm), a), a, s, axes)


@linear(np.fft.fft2, kind="fftn")
def fft2(a, s=None, axes=(-2, -1), norm=None, *, ans, ans_bar):
    """Symmetric along each axis."""
    return fitted_all(real_like(np.fft.fft2(ans_bar, None, axes, norm), a), a, s, axes)


@linear(np.fft.ifft2, kind="fftn")
def ifft2(a, s=None, axes=(-2, -1), norm=None, *, ans, ans_bar):
    """Symmetric along each axis."""
    return fitted_all(real_like(np.fft.ifft2(ans_bar, None, axes, norm), a), a, s, axes)


@linear(np.fft.rfftn, kind="unknown")
def rfftn(a, s=None, axes=None, norm=None, *, ans, ans_bar):
    """As `rfft` along the last axis, and symmetric along the others."""
    return real_transform_bar(ans_bar, a, s, chosen(s, axes), norm)


@linear(np.fft.rfft2, kind="unknown")
def rfft2(a, s=None, axes=(-2, -1), norm=None, *, ans, ans_bar):
    """As `rfft` along the last axis, and symmetric along the other."""
    return real_transform_bar(ans_bar, a, s, axes, norm)


def real_transform_bar(g, a, s, axes, norm):
    """The cotangent of the real argument of a transform along `axes`, all of them where None."""
    last = -1 if axes is None else axes[-1]
    others = tuple(range(np.ndim(a) - 1)) if axes is None else tuple(axes[:-1])
    length = np.shape(a)[last] if s is None else s[-1]
    along_others = np.fft.fftn(g, None, others, norm)
    return fitted_all(np.real(np.fft.fft(along_others, length, last, norm)), a, s, axes)


@linear(np.fft.irfftn, kind="unknown")
def irfftn(a, s=None, axes=None, norm=None, *, ans, ans_bar):
    """As `irfft` along the last axis, and symmetric along the others."""
    return real_result_bar(ans_bar, a, s, chosen(s, axes), norm)


@linear(np.fft.irfft2, kind="unknown")
def irfft2(a, s=None, axes=(-2, -1), norm=None, *, ans, ans_bar):
    """As `irfft` along the last axis, and symmetric along the other."""
    return real_result_bar(ans_bar, a, s, axes, norm)


def real_result_bar(g, a, s, axes, norm):
    """The cotangent of the half of the coefficients from that of the real result."""
    last = -1 if axes is None else axes[-1]
    half = np.conj(np.fft.rfftn(g, None, axes, opposite(norm)))
    doubled = half + half * along(has_mirror(np.shape(g)[last]), half, last)
    return real_like(fitted_all(doubled, a, s, axes), a)


def chosen(s, axes):
    """The axes of a transform: where only lengths are given, the last ones."""
    if axes is None and s is not None:
        return tuple(range(-len(s), 0))
    return axes


@linear(np.fft.fftshift, wrt=("x",), kind="same")
def fftshift(x, axes=None, *, ans, ans_bar):
    """A rotation by half the length; the other function rotates back, also where the length is odd."""
    return np.fft.ifftshift(ans_bar, axes)


@linear(np.fft.ifftshift, wrt=("x",), kind="same")
def ifftshift(x, axes=None, *, ans, ans_bar):
    """As `fftshift`."""
    return np.fft.fftshift(ans_bar, axes)


def opposite(norm):
    """The name that the scale of one direction has in the other one."""
    if norm is None:
        return "forward"
    return {"backward": "forward", "ortho": "ortho", "forward": "backward"}[norm]


def has_mirror(n):
    """Which of the coefficients 0 ... n // 2 of a real transform stand for their conjugates, too."""
    return 2 * np.arange(n // 2 + 1) % n != 0


def along(mask, x, axis):
    """A vector, to be multiplied with `x` along one of its axes."""
    if axis == -1 or np.ndim(x) == 1:
        return mask
    return np.reshape(mask, (-1,) + (1,) * (np.ndim(x) - 1 - axis % np.ndim(x)))


def fitted(g, a, n, axis):
    """The cotangent `g` of `a` after that was cut, or padded with zeros, to the length that `n` asks for."""
    if n is None:
        return g
    a_bar = np.zeros(np.shape(a), dtype=g.dtype)
    if np.ndim(a) == 1:
        a_bar[: np.shape(g)[0]] = g[: np.shape(a)[0]]
    else:
        short = part(a_bar, slice(None, np.shape(g)[axis], None), axis)
        short[...] = part(g, slice(None, np.shape(a)[axis], None), axis)
    return a_bar


def fitted_all(g, a, s, axes):
    """As `fitted`, for the lengths `s` along `axes`."""
    if s is None:
        return g
    a_bar = np.zeros(np.shape(a), dtype=g.dtype)
    common = tuple([slice(None, min(n, m), None) for n, m in zip(np.shape(g), np.shape(a), strict=True)])
    a_bar[common] = g[common]
    return a_bar


@adjoint(np.fft.fftfreq, np.fft.rfftfreq, wrt=("d",), kind="fftfreq", broadcasts=True)
def fftfreq(n, d=1.0, *, ans, ans_bar):
    """``k / (n d)``: the partial with respect to the spacing is ``-ans / d``."""
    return -ans / d * ans_bar


@tangent(np.fft.fftfreq, np.fft.rfftfreq)
def fftfreq_tangent(n, d=1.0, *, ans, d_dot):
    """``-ans / d`` times the tangent of the spacing."""
    return -ans / d * d_dot


SAMPLES = [
    *[sample(f, "a: (5,)") for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft)],
    *[sample(f, "a: (4,) f4") for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)],
    *[sample(f, "a: (6,) c16") for f in (np.fft.fft, np.fft.ifft, np.fft.irfft, np.fft.hfft)],
    *[sample(f, "a: (6,), n: =", n) for f in (np.fft.fft, np.fft.rfft, np.fft.irfft, np.fft.ihfft) for n in (5, 9)],
    *[sample(f, "a: (5,) c16, n: =", n) for f in (np.fft.ifft, np.fft.irfft, np.fft.hfft) for n in (1, 7, 12)],
    *[
        sample(f, "a: (3, 4, 2)", n=5, axis=axis, norm=norm)
        for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft)
        for axis, norm in ((1, "ortho"), (-3, "forward"), (-1, "backward"))
    ],
    *[
        sample(f, "a: (3, 4)")
        for f in (np.fft.fftn, np.fft.ifftn, np.fft.fft2, np.fft.ifft2, np.fft.rfftn, np.fft.rfft2)
    ],
    *[sample(f, "a: (3, 4) c16") for f in (np.fft.fftn, np.fft.ifft2, np.fft.irfftn, np.fft.irfft2)],
    *[
        sample(f, "a: (3, 4, 5)", s=(4, 3), axes=axes, norm=norm)
        for f in (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn, np.fft.fft2, np.fft.irfft2)
        for axes, norm in (((0, -1), "ortho"), ((-1, 1), "forward"))
    ],
    *[sample(f, "x: (5,)") for f in (np.fft.fftshift, np.fft.ifftshift)],
    *[sample(f, "x: (3, 5) f4", axes=1) for f in (np.fft.fftshift, np.fft.ifftshift)],
    *[sample(f, "n: =, d: () positive", 5) for f in (np.fft.fftfreq, np.fft.rfftfreq)],
]

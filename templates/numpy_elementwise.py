"""NumPy's elementwise functions of one argument, but for the operators' ufuncs, which are in `operators`.

A partial multiplies cotangents and tangents as it is, also for complex numbers. What is not complex differentiable
(abs, real, imag, conj, angle, sign) has an adjoint of its own: for a real-valued f of z = x + i y, the cotangent of z
is that of f times df/dx - i df/dy.
"""

import math

import numpy as np

from srcad.rules import adjoint, elementwise, linear, nondifferentiable, sample, tangent
from srcad.runtime.special import i0_derivative, sinc_derivative
from srcad.templates._helpers import masked, nonzero


@elementwise(np.exp, singular=True, raises="never")
def exp(x, *, ans):
    """d exp(x) = exp(x) dx."""
    return ans


@elementwise(np.exp2, singular=True, raises="never")
def exp2(x, *, ans):
    """d 2^x = 2^x log(2) dx."""
    return ans * math.log(2)


@elementwise(np.expm1, singular=True, raises="never")
def expm1(x, *, ans):
    """d(exp(x) - 1) = exp(x) dx."""
    return ans + 1


@elementwise(np.log, singular=True, raises="never")
def log(x, *, ans):
    """d log(x) = dx / x."""
    return 1 / x


@elementwise(np.log2, singular=True, raises="never")
def log2(x, *, ans):
    """d log2(x) = dx / (x log(2))."""
    return 1 / (x * math.log(2))


@elementwise(np.log10, singular=True, raises="never")
def log10(x, *, ans):
    """d log10(x) = dx / (x log(10))."""
    return 1 / (x * math.log(10))


@elementwise(np.log1p, singular=True, raises="never")
def log1p(x, *, ans):
    """d log(1 + x) = dx / (1 + x)."""
    return 1 / (1 + x)


@elementwise(np.sqrt, singular=True, raises="never")
def sqrt(x, *, ans):
    """d sqrt(x) = dx / (2 sqrt(x))."""
    return 0.5 / ans


@elementwise(np.cbrt, singular=True, raises="never")
def cbrt(x, *, ans):
    """d x^(1/3) = dx / (3 x^(2/3))."""
    return 1 / (3 * ans * ans)


@elementwise(np.square, raises="never")
def square(x, *, ans):
    """d x^2 = 2 x dx."""
    return 2 * x


@elementwise(np.reciprocal, singular=True, raises="never")
def reciprocal(x, *, ans):
    """d(1 / x) = -dx / x^2."""
    return -ans * ans


@elementwise(np.sin, raises="never")
def sin(x, *, ans):
    """d sin(x) = cos(x) dx."""
    return np.cos(x)


@elementwise(np.cos, raises="never")
def cos(x, *, ans):
    """d cos(x) = -sin(x) dx."""
    return -np.sin(x)


@elementwise(np.tan, singular=True, raises="never")
def tan(x, *, ans):
    """d tan(x) = (1 + tan(x)^2) dx."""
    return 1 + ans * ans


@elementwise(np.sinh, singular=True, raises="never")
def sinh(x, *, ans):
    """d sinh(x) = cosh(x) dx."""
    return np.cosh(x)


@elementwise(np.cosh, singular=True, raises="never")
def cosh(x, *, ans):
    """d cosh(x) = sinh(x) dx."""
    return np.sinh(x)


@elementwise(np.tanh, raises="never")
def tanh(x, *, ans):
    """d tanh(x) = (1 - tanh(x)^2) dx."""
    return 1 - ans * ans


@elementwise(np.arcsin, singular=True, raises="never")
def arcsin(x, *, ans):
    """d arcsin(x) = dx / sqrt(1 - x^2)."""
    return 1 / np.sqrt(1 - x * x)


@elementwise(np.arccos, singular=True, raises="never")
def arccos(x, *, ans):
    """d arccos(x) = -dx / sqrt(1 - x^2)."""
    return -1 / np.sqrt(1 - x * x)


@elementwise(np.arctan, singular=True, raises="never")
def arctan(x, *, ans):
    """d arctan(x) = dx / (1 + x^2); singular for complex x only."""
    return 1 / (1 + x * x)


@elementwise(np.arcsinh, singular=True, raises="never")
def arcsinh(x, *, ans):
    """d arcsinh(x) = dx / sqrt(1 + x^2); singular for complex x only."""
    return 1 / np.sqrt(1 + x * x)


@elementwise(np.arccosh, singular=True, raises="never")
def arccosh(x, *, ans):
    """d arccosh(x) = dx / (sqrt(x - 1) sqrt(x + 1)); the product of roots has the branch cut of arccosh."""
    return 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))


@elementwise(np.arctanh, singular=True, raises="never")
def arctanh(x, *, ans):
    """d arctanh(x) = dx / (1 - x^2)."""
    return 1 / (1 - x * x)


@elementwise(np.deg2rad, np.radians, raises="never")
def deg2rad(x, *, ans):
    """A degree is pi / 180 radians."""
    return math.pi / 180


@elementwise(np.rad2deg, np.degrees, raises="never")
def rad2deg(x, *, ans):
    """A radian is 180 / pi degrees."""
    return 180 / math.pi


@elementwise(np.i0, singular=True)
def i0(x, *, ans):
    """The modified Bessel function of order 1."""
    return i0_derivative(1, x)


@elementwise(np.sinc)
def sinc(x, *, ans):
    """(cos(pi x) - sinc(x)) / x, and 0 at 0."""
    return sinc_derivative(1, x)


@elementwise(np.fabs, raises="never")
def fabs(x, *, ans):
    """The sign of x: 0 at 0, a subgradient."""
    return np.sign(x)


@linear(np.real, np.generic.real, float.real, complex.real, kind="elementwise_real", views=("val",))
def real(val, *, ans, ans_bar):
    """The cotangent, as a complex number where `val` is one."""
    if np.iscomplexobj(val):
        return ans_bar + 0j
    return ans_bar


@linear(np.imag, np.generic.imag, float.imag, complex.imag, kind="elementwise_real", views=("val",))
def imag(val, *, ans, ans_bar):
    """-i times the cotangent; the imaginary part of a real number is a constant."""
    if np.iscomplexobj(val):
        return -1j * ans_bar
    return 0.0


@linear(
    np.conjugate, np.generic.conj, np.generic.conjugate, float.conjugate, complex.conjugate,
    kind="elementwise", raises="never",
)  # fmt: skip
def conjugate(x, *, ans, ans_bar):
    """The conjugate of the cotangent."""
    return np.conjugate(ans_bar)


@adjoint(np.angle, wrt=("z",), kind="elementwise_real", singular=True)
def angle(z, deg=False, *, ans, ans_bar):
    """The imaginary part of log(z), whose derivative is 1 / z; that of a real number is constant but for its sign."""
    if not np.iscomplexobj(z):
        return 0.0
    if deg:
        return -1j * (ans_bar * (180 / math.pi)) / z
    return -1j * ans_bar / z


@tangent(np.angle)
def angle_tangent(z, deg=False, *, ans, z_dot):
    """Im(dz / z)."""
    if not np.iscomplexobj(z):
        return 0.0
    if deg:
        return np.imag(z_dot / z) * (180 / math.pi)
    return np.imag(z_dot / z)


@adjoint(np.sign, kind="elementwise", raises="never")
def sign(x, *, ans, ans_bar):
    """s = x / |x|: ds = i s Im(conj(s) dx) / |x|, and 0 at 0; constant but for jumps where x is real."""
    if not np.iscomplexobj(x):
        return 0.0
    return 1j * np.conj(ans) * np.imag(ans_bar * ans) / nonzero(np.abs(x))


@tangent(np.sign)
def sign_tangent(x, *, ans, x_dot):
    """The turn of the unit vector s = x / |x|."""
    if not np.iscomplexobj(x):
        return 0.0
    return 1j * ans * np.imag(np.conj(ans) * x_dot) / nonzero(np.abs(x))


@adjoint(np.nan_to_num, kind="same", wrt=("x",))
def nan_to_num(x, nan=0.0, posinf=None, neginf=None, *, ans, ans_bar):
    """The cotangent of finite numbers; the others are replaced by constants."""
    return masked(np.isfinite(x), ans_bar)


@tangent(np.nan_to_num)
def nan_to_num_tangent(x, nan=0.0, posinf=None, neginf=None, *, ans, x_dot):
    """The tangent of finite numbers."""
    return masked(np.isfinite(x), x_dot)


@adjoint(np.real_if_close, wrt=("a",), views=("a",))
def real_if_close(a, tol=100, *, ans, ans_bar):
    """The identity, or the real part."""
    return ans_bar + 0j if np.iscomplexobj(a) else ans_bar


@tangent(np.real_if_close)
def real_if_close_tangent(a, tol=100, *, ans, a_dot):
    """The tangent, or its real part where the result is real."""
    return a_dot if np.iscomplexobj(ans) else np.real(a_dot)


@elementwise(np.unwrap, wrt=("p",), kind="same")
def unwrap(p, discont=None, axis=-1, *, period=2 * math.pi, ans):
    """Multiples of the period are added, which are constants."""
    return 1


# Constant but for jumps.
nondifferentiable(
    np.ceil, np.floor, np.fix, np.rint, np.round, np.around, np.trunc, np.spacing,
    kind="elementwise",
)  # fmt: skip

# Predicates.
nondifferentiable(
    np.isfinite, np.isinf, np.isnan, np.isnat, np.signbit, np.logical_not,
    np.isneginf, np.isposinf, np.iscomplex, np.isreal,
    kind="elementwise_bool",
)  # fmt: skip
nondifferentiable(np.invert, kind="elementwise")
nondifferentiable(np.bitwise_count, kind="elementwise_int")
nondifferentiable(np.iscomplexobj, np.isrealobj, kind="bool", of_form=True)


_SMOOTH = (
    np.exp, np.exp2, np.expm1, np.square, np.reciprocal, np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arctan,
    np.arcsinh,
)  # fmt: skip

SAMPLES = [
    *(sample(f, "x: (2, 3)") for f in _SMOOTH),
    *(sample(f, "x: (3,) f4") for f in _SMOOTH),
    *(sample(f, "x: float") for f in _SMOOTH),
    *(sample(f, "x: (3,) ball c16") for f in _SMOOTH if f not in (np.exp2, np.cbrt)),
    *(sample(f, "x: (3,) positive") for f in (np.log, np.log2, np.log10, np.log1p, np.sqrt)),
    *(sample(f, "x: (3,) positive c16") for f in (np.log, np.log2, np.log10, np.log1p, np.sqrt)),
    *(sample(f, "x: (3,) positive f4") for f in (np.log, np.log2, np.log10, np.log1p, np.sqrt)),
    sample(np.cbrt, "x: (3,)"),
    sample(np.cbrt, "x: (3,) f4"),
    sample(np.tan, "x: (3,) ball"),
    sample(np.tan, "x: () ball"),
    sample(np.arcsin, "x: (3,) ball"),
    sample(np.arccos, "x: (3,) ball"),
    sample(np.arccosh, "x: (3,) over1"),
    sample(np.arccosh, "x: (3,) c16"),
    sample(np.arcsin, "x: (3,) c16"),
    sample(np.arccos, "x: (3,) c16"),
    sample(np.arctanh, "x: (3,) ball"),
    sample(np.arctanh, "x: (3,) c16"),
    sample(np.deg2rad, "x: (3,) f4"),
    sample(np.radians, "x: (3,)"),
    sample(np.rad2deg, "x: (3,)"),
    sample(np.degrees, "x: (3,) f4"),
    sample(np.i0, "x: (3,)"),
    sample(np.i0, "x: (3,) f4"),
    sample(np.sinc, "x: (3,)"),
    sample(np.fabs, "x: (3,)"),
    sample(np.fabs, "x: (3,) f4"),
    sample(np.real, "val: (3,) c16"),
    sample(np.real, "val: (3,)"),
    sample(np.real, "val: float"),
    sample(np.imag, "val: (3,) c16"),
    sample(np.imag, "val: (3,)"),
    sample(float.real, "val: float"),
    sample(float.imag, "val: float"),
    sample(float.conjugate, "x: float"),
    sample(complex.real, "val: complex"),
    sample(np.generic.real, "val: =", np.float64(1.5)),
    sample(np.generic.imag, "val: =", np.complex128(1.5 - 0.5j)),
    sample(np.generic.conj, "x: =", np.complex128(1.5 - 0.5j)),
    sample(np.generic.conjugate, "x: =", np.float64(1.5)),
    sample(complex.imag, "val: complex"),
    sample(complex.conjugate, "x: complex"),
    sample(np.conjugate, "x: (3,) c16"),
    sample(np.conjugate, "x: (3,)"),
    sample(np.angle, "z: (3,) c16"),
    sample(np.angle, "z: (3,) c16", deg=True),
    sample(np.angle, "z: (3,)"),
    sample(np.sign, "x: (3,)"),
    sample(np.sign, "x: (3,) c16"),
    sample(np.nan_to_num, "x: (2, 3)"),
    sample(np.nan_to_num, "x: float"),
    sample(np.nan_to_num, "x: (3,)", copy=True, nan=5.0),
    sample(np.real_if_close, "a: (3,)"),
    sample(np.real_if_close, "a: (3,) c16"),
    sample(np.unwrap, "p: (5,) big"),
    sample(np.unwrap, "p: (2, 5) big", axis=0),
]

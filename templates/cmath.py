"""The functions of `cmath`: complex numbers in, a Python complex out."""

import cmath
import math

import numpy as np

from srcad.rules import adjoint, elementwise, nondifferentiable, sample, tangent
from srcad.templates._helpers import real_like

COMPLEX = "python_complex"


@elementwise(cmath.exp, kind=COMPLEX)
def exp(z, *, ans):
    """d exp(z) = exp(z) dz."""
    return ans


@elementwise(cmath.log, wrt=("z", "base"), kind=COMPLEX, singular=True)
def log(z, base=None, *, ans):
    """log(z) / log(base); the natural logarithm without a base."""
    if base is None:
        return 1 / z, 0.0
    return 1 / (z * cmath.log(base)), -ans / (base * cmath.log(base))


@elementwise(cmath.log10, kind=COMPLEX, singular=True)
def log10(z, *, ans):
    """d log10(z) = dz / (z log(10))."""
    return 1 / (z * math.log(10))


@elementwise(cmath.sqrt, kind=COMPLEX, singular=True)
def sqrt(z, *, ans):
    """d sqrt(z) = dz / (2 sqrt(z))."""
    return 0.5 / ans


@elementwise(cmath.sin, kind=COMPLEX)
def sin(z, *, ans):
    """d sin(z) = cos(z) dz."""
    return cmath.cos(z)


@elementwise(cmath.cos, kind=COMPLEX)
def cos(z, *, ans):
    """d cos(z) = -sin(z) dz."""
    return -cmath.sin(z)


@elementwise(cmath.tan, kind=COMPLEX)
def tan(z, *, ans):
    """d tan(z) = (1 + tan(z)^2) dz."""
    return 1 + ans * ans


@elementwise(cmath.sinh, kind=COMPLEX)
def sinh(z, *, ans):
    """d sinh(z) = cosh(z) dz."""
    return cmath.cosh(z)


@elementwise(cmath.cosh, kind=COMPLEX)
def cosh(z, *, ans):
    """d cosh(z) = sinh(z) dz."""
    return cmath.sinh(z)


@elementwise(cmath.tanh, kind=COMPLEX)
def tanh(z, *, ans):
    """d tanh(z) = (1 - tanh(z)^2) dz."""
    return 1 - ans * ans


@elementwise(cmath.asin, kind=COMPLEX, singular=True)
def asin(z, *, ans):
    """d arcsin(z) = dz / sqrt(1 - z^2)."""
    return 1 / cmath.sqrt(1 - z * z)


@elementwise(cmath.acos, kind=COMPLEX, singular=True)
def acos(z, *, ans):
    """d arccos(z) = -dz / sqrt(1 - z^2)."""
    return -1 / cmath.sqrt(1 - z * z)


@elementwise(cmath.atan, kind=COMPLEX, singular=True)
def atan(z, *, ans):
    """d arctan(z) = dz / (1 + z^2)."""
    return 1 / (1 + z * z)


@elementwise(cmath.asinh, kind=COMPLEX, singular=True)
def asinh(z, *, ans):
    """d arcsinh(z) = dz / sqrt(1 + z^2)."""
    return 1 / cmath.sqrt(1 + z * z)


@elementwise(cmath.acosh, kind=COMPLEX, singular=True)
def acosh(z, *, ans):
    """d arccosh(z) = dz / (sqrt(z - 1) sqrt(z + 1)); the product of roots has the branch cut of arccosh."""
    return 1 / (cmath.sqrt(z - 1) * cmath.sqrt(z + 1))


@elementwise(cmath.atanh, kind=COMPLEX, singular=True)
def atanh(z, *, ans):
    """d arctanh(z) = dz / (1 - z^2)."""
    return 1 / (1 - z * z)


@adjoint(cmath.phase, kind="python_float", singular=True)
def phase(z, *, ans, ans_bar):
    """The imaginary part of log(z), whose derivative is 1 / z."""
    return real_like(-1j * ans_bar / z, z)


@tangent(cmath.phase)
def phase_tangent(z, *, ans, z_dot):
    """Im(dz / z)."""
    return (z_dot / z).imag


@adjoint(cmath.polar, kind="unknown", singular=True)
def polar(z, *, ans, ans_bar):
    """The real and the imaginary part of log(z), the first one without the logarithm."""
    return real_like(ans_bar[0] * np.conj(np.sign(z)) - 1j * ans_bar[1] / z, z)


@tangent(cmath.polar)
def polar_tangent(z, *, ans, z_dot):
    """(Re(conj(z) dz) / |z|, Im(dz / z))."""
    return np.real(np.conj(np.sign(z)) * z_dot), np.imag(z_dot / z)


@adjoint(cmath.rect, kind=COMPLEX)
def rect(r, phi, *, ans, ans_bar):
    """d(r e^(i phi)) = e^(i phi) (dr + i r dphi)."""
    return (ans_bar * cmath.exp(1j * phi)).real, (1j * ans_bar * ans).real


@tangent(cmath.rect)
def rect_tangent(r, phi, *, ans, r_dot, phi_dot):
    """e^(i phi) (dr + i r dphi)."""
    return cmath.exp(1j * phi) * r_dot + 1j * ans * phi_dot


nondifferentiable(cmath.isclose, cmath.isfinite, cmath.isinf, cmath.isnan, kind="scalar_bool")


_HOLOMORPHIC = (
    cmath.exp, cmath.log, cmath.log10, cmath.sqrt, cmath.sin, cmath.cos, cmath.tan, cmath.sinh, cmath.cosh, cmath.tanh,
    cmath.asin, cmath.acos, cmath.atan, cmath.asinh, cmath.acosh, cmath.atanh,
)  # fmt: skip

SAMPLES = [
    *(sample(f, "z: complex") for f in _HOLOMORPHIC),
    *(sample(f, "z: float unit") for f in _HOLOMORPHIC),
    sample(cmath.log, "z: complex, base: complex"),
    sample(cmath.phase, "z: complex"),
    sample(cmath.polar, "z: complex"),
    sample(cmath.rect, "r: float, phi: float"),
]

"""The functions of `math`: real numbers in, a Python float out. Those of complex numbers are in `cmath`."""
# ruff: noqa: B905 (the lengths are equal: the primal has checked them)

import math

from srcad.rules import adjoint, elementwise, linear, multilinear, nondifferentiable, sample, tangent
from srcad.runtime.special import digamma
from srcad.templates._helpers import items_like, nonzero, power_slope

FLOAT = "scalar_float"


@elementwise(math.exp, kind=FLOAT)
def exp(x, *, ans):
    """d exp(x) = exp(x) dx."""
    return ans


@elementwise(math.exp2, kind=FLOAT)
def exp2(x, *, ans):
    """d 2^x = 2^x log(2) dx."""
    return ans * math.log(2)


@elementwise(math.expm1, kind=FLOAT)
def expm1(x, *, ans):
    """d(exp(x) - 1) = exp(x) dx."""
    return ans + 1


@elementwise(math.log, wrt=("x", "base"), kind=FLOAT, singular=True)
def log(x, base=None, *, ans):
    """log(x) / log(base); the natural logarithm without a base."""
    if base is None:
        return 1 / x, 0.0
    return 1 / (x * math.log(base)), -ans / (base * math.log(base))


@elementwise(math.log2, kind=FLOAT, singular=True)
def log2(x, *, ans):
    """d log2(x) = dx / (x log(2))."""
    return 1 / (x * math.log(2))


@elementwise(math.log10, kind=FLOAT, singular=True)
def log10(x, *, ans):
    """d log10(x) = dx / (x log(10))."""
    return 1 / (x * math.log(10))


@elementwise(math.log1p, kind=FLOAT, singular=True)
def log1p(x, *, ans):
    """d log(1 + x) = dx / (1 + x)."""
    return 1 / (1 + x)


@elementwise(math.sqrt, kind=FLOAT, singular=True)
def sqrt(x, *, ans):
    """d sqrt(x) = dx / (2 sqrt(x))."""
    return 0.5 / ans


@elementwise(math.cbrt, kind=FLOAT, singular=True)
def cbrt(x, *, ans):
    """d x^(1/3) = dx / (3 x^(2/3))."""
    return 1 / (3 * ans * ans)


@elementwise(math.pow, kind=FLOAT, singular=True)
def pow(x, y, *, ans):
    """As the operator ``**``."""
    return power_slope(x, y), ans * log_of_base(x)


def log_of_base(x):
    """log(x); 0 at x = 0, where x^y does not depend on y > 0; NaN where x^y is defined for integers y only."""
    return math.log(x) if x > 0 else 0.0 if x == 0 else math.nan


@elementwise(math.sin, kind=FLOAT)
def sin(x, *, ans):
    """d sin(x) = cos(x) dx."""
    return math.cos(x)


@elementwise(math.cos, kind=FLOAT)
def cos(x, *, ans):
    """d cos(x) = -sin(x) dx."""
    return -math.sin(x)


@elementwise(math.tan, kind=FLOAT)
def tan(x, *, ans):
    """d tan(x) = (1 + tan(x)^2) dx."""
    return 1 + ans * ans


@elementwise(math.asin, kind=FLOAT, singular=True)
def asin(x, *, ans):
    """d arcsin(x) = dx / sqrt(1 - x^2)."""
    return 1 / math.sqrt(1 - x * x)


@elementwise(math.acos, kind=FLOAT, singular=True)
def acos(x, *, ans):
    """d arccos(x) = -dx / sqrt(1 - x^2)."""
    return -1 / math.sqrt(1 - x * x)


@elementwise(math.atan, kind=FLOAT)
def atan(x, *, ans):
    """d arctan(x) = dx / (1 + x^2)."""
    return 1 / (1 + x * x)


@elementwise(math.atan2, kind=FLOAT, singular=True)
def atan2(y, x, *, ans):
    """d arctan2(y, x) = (x dy - y dx) / (x^2 + y^2)."""
    square = x * x + y * y
    return x / square, -y / square


@elementwise(math.sinh, kind=FLOAT)
def sinh(x, *, ans):
    """d sinh(x) = cosh(x) dx."""
    return math.cosh(x)


@elementwise(math.cosh, kind=FLOAT)
def cosh(x, *, ans):
    """d cosh(x) = sinh(x) dx."""
    return math.sinh(x)


@elementwise(math.tanh, kind=FLOAT)
def tanh(x, *, ans):
    """d tanh(x) = (1 - tanh(x)^2) dx."""
    return 1 - ans * ans


@elementwise(math.asinh, kind=FLOAT)
def asinh(x, *, ans):
    """d arcsinh(x) = dx / sqrt(1 + x^2)."""
    return 1 / math.sqrt(1 + x * x)


@elementwise(math.acosh, kind=FLOAT, singular=True)
def acosh(x, *, ans):
    """d arccosh(x) = dx / sqrt(x^2 - 1)."""
    return 1 / math.sqrt(x * x - 1)


@elementwise(math.atanh, kind=FLOAT, singular=True)
def atanh(x, *, ans):
    """d arctanh(x) = dx / (1 - x^2)."""
    return 1 / (1 - x * x)


@elementwise(math.degrees, kind=FLOAT)
def degrees(x, *, ans):
    """A radian is 180 / pi degrees."""
    return 180 / math.pi


@elementwise(math.radians, kind=FLOAT)
def radians(x, *, ans):
    """A degree is pi / 180 radians."""
    return math.pi / 180


@elementwise(math.erf, kind=FLOAT)
def erf(x, *, ans):
    """d erf(x) = 2 / sqrt(pi) exp(-x^2) dx."""
    return 2 / math.sqrt(math.pi) * math.exp(-x * x)


@elementwise(math.erfc, kind=FLOAT)
def erfc(x, *, ans):
    """d erfc(x) = -2 / sqrt(pi) exp(-x^2) dx."""
    return -2 / math.sqrt(math.pi) * math.exp(-x * x)


@elementwise(math.gamma, kind=FLOAT)
def gamma(x, *, ans):
    """d gamma(x) = gamma(x) digamma(x) dx."""
    return ans * digamma(x)


@elementwise(math.lgamma, kind=FLOAT)
def lgamma(x, *, ans):
    """d log|gamma(x)| = digamma(x) dx."""
    return digamma(x)


@elementwise(math.fabs, kind=FLOAT)
def fabs(x, *, ans):
    """The sign of x: 0 at 0, a subgradient."""
    return (x > 0) - (x < 0)


@elementwise(math.copysign, kind=FLOAT)
def copysign(x, y, *, ans):
    """The product of the signs; constant in y but for its sign."""
    return ((x > 0) - (x < 0)) * math.copysign(1.0, y), 0.0


@elementwise(math.fmod, math.remainder, kind=FLOAT)
def fmod(x, y, *, ans):
    """x - n y with the integer n = (x - ans) / y, constant but for jumps."""
    return 1, -round((x - ans) / y)


@elementwise(math.nextafter, kind=FLOAT)
def nextafter(x, y, *, ans):
    """x, moved by the smallest step towards y."""
    return 1, 0.0


@linear(math.ldexp, wrt=("x",), kind=FLOAT)
def ldexp(x, i, *, ans, ans_bar):
    """d(x 2^i) = 2^i dx."""
    return math.ldexp(ans_bar, i)


@adjoint(math.frexp, kind="unknown")
def frexp(x, *, ans, ans_bar):
    """The mantissa x 2^-e, and the integer exponent e."""
    return math.ldexp(ans_bar[0], -ans[1])


@tangent(math.frexp)
def frexp_tangent(x, *, ans, x_dot):
    """The tangent of the mantissa, and 0."""
    return math.ldexp(x_dot, -ans[1]), 0


@adjoint(math.modf, kind="unknown")
def modf(x, *, ans, ans_bar):
    """The fraction x - n, and the integer n, constant but for jumps."""
    return ans_bar[0]


@tangent(math.modf)
def modf_tangent(x, *, ans, x_dot):
    """The tangent of the fraction, and 0."""
    return x_dot, 0.0


@adjoint(math.hypot, kind=FLOAT)
def hypot(*coordinates, ans, ans_bar):
    """d|x| = x . dx / |x|, and 0 at the origin: a subgradient."""
    scale = ans_bar / nonzero(ans)
    return tuple([scale * x for x in coordinates])


@tangent(math.hypot)
def hypot_tangent(*coordinates, ans, coordinates_dot):
    """x . dx / |x|."""
    return sum([x * x_dot for x, x_dot in zip(coordinates, coordinates_dot)]) / nonzero(ans)


@adjoint(math.dist, kind=FLOAT)
def dist(p, q, *, ans, ans_bar):
    """d|p - q| = (p - q) . (dp - dq) / |p - q|, and 0 where p = q: a subgradient."""
    scale = ans_bar / nonzero(ans)
    p_bar = [scale * (a - b) for a, b in zip(p, q)]
    return items_like(p_bar, p), items_like([-g for g in p_bar], q)


@tangent(math.dist)
def dist_tangent(p, q, *, ans, p_dot, q_dot):
    """(p - q) . (dp - dq) / |p - q|."""
    p_part = sum([(a - b) * d for a, b, d in zip(p, q, tangents(p_dot, p))])
    q_part = sum([(a - b) * d for a, b, d in zip(p, q, tangents(q_dot, q))])
    return (p_part - q_part) / nonzero(ans)


def tangents(dots, items):
    """The tangents of items, of which a parameter that carries none has the single one 0.0."""
    return [0.0 for _ in items] if isinstance(dots, float) else dots


@linear(math.fsum, kind=FLOAT)
def fsum(seq, *, ans, ans_bar):
    """Every item gets the cotangent of the sum."""
    return items_like([ans_bar for _ in seq], seq)


@adjoint(math.prod, wrt=("iterable", "start"), kind="unknown")
def prod(iterable, *, start=1, ans, ans_bar):
    """Each item gets the product of the others, computed without division: exact with zeros."""
    items_bar = [ans_bar * start * g for g in products_of_others(iterable)]
    return items_like(items_bar, iterable), ans_bar * math.prod(iterable)


@tangent(math.prod)
def prod_tangent(iterable, *, start=1, ans, iterable_dot, start_dot):
    """The sum over the items of tangent times product of the others."""
    parts = [d * g for d, g in zip(tangents(iterable_dot, iterable), products_of_others(iterable))]
    return start * sum(parts) + start_dot * math.prod(iterable)


def products_of_others(items):
    """For each item, what is before it times what is after it."""
    after = [1.0]
    for item in reversed(items):
        after.append(after[-1] * item)
    before = 1.0
    products = []
    for k, item in enumerate(items):
        products.append(before * after[len(items) - 1 - k])
        before = before * item
    return products


if hasattr(math, "sumprod"):  # Python 3.12

    @multilinear(math.sumprod, kind="unknown")
    def sumprod(p, q, *, ans, ans_bar):
        """Each item gets its partner."""
        return items_like([ans_bar * b for b in q], p), items_like([ans_bar * a for a in p], q)


if hasattr(math, "fma"):  # Python 3.13

    @elementwise(math.fma, kind=FLOAT)
    def fma(x, y, z, *, ans):
        """d(x y + z) = y dx + x dy + dz."""
        return y, x, 1


# Constant but for jumps, predicates, and functions of integers.
nondifferentiable(math.ceil, math.floor, math.trunc, kind="scalar_int")
nondifferentiable(math.comb, math.factorial, math.gcd, math.isqrt, math.lcm, math.perm, kind="scalar_int")
nondifferentiable(math.isclose, math.isfinite, math.isinf, math.isnan, kind="scalar_bool")
nondifferentiable(math.ulp, kind=FLOAT)


_SMOOTH = (
    math.exp, math.exp2, math.expm1, math.cbrt, math.sin, math.cos, math.atan, math.sinh, math.cosh, math.tanh,
    math.asinh, math.degrees, math.radians, math.erf, math.erfc, math.fabs,
)  # fmt: skip

SAMPLES = [
    *(sample(f, "x: float") for f in _SMOOTH),
    *(sample(f, "x: float positive") for f in (math.log, math.log2, math.log10, math.log1p, math.sqrt)),
    *(sample(f, "x: float ball") for f in (math.tan, math.asin, math.acos, math.atanh)),
    sample(math.log, "x: float positive, base: float over1"),
    sample(math.acosh, "x: float over1"),
    sample(math.pow, "x: float positive, y: float"),
    sample(math.pow, "x: float, y: =", 3),
    sample(math.atan2, "y: float, x: float"),
    sample(math.gamma, "x: float positive"),
    sample(math.gamma, "x: float fractional"),
    sample(math.lgamma, "x: float positive"),
    sample(math.lgamma, "x: float fractional"),
    sample(math.copysign, "x: float, y: float"),
    sample(math.fmod, "x: float big, y: float unit"),
    sample(math.remainder, "x: float big, y: float unit"),
    sample(math.nextafter, "x: float, y: float"),
    sample(math.ldexp, "x: float, i: =", -3),
    sample(math.frexp, "x: float big"),
    sample(math.modf, "x: float fractional"),
    sample(math.hypot, "*coordinates: [float, float, float]"),
    sample(math.hypot, "*coordinates: [float]"),
    sample(math.dist, "p: [float, float], q: <float, float>"),
    sample(math.dist, "p: (3,), q: (3,)"),
    sample(math.fsum, "seq: [float, float, float]"),
    sample(math.fsum, "seq: (3,)"),
    sample(math.prod, "iterable: [float, float, float]"),
    sample(math.prod, "iterable: (3,), start: float keyword"),
]
if hasattr(math, "sumprod"):
    SAMPLES += [sample(math.sumprod, "p: [float, float], q: [float, float]"), sample(math.sumprod, "p: (3,), q: (3,)")]
if hasattr(math, "fma"):
    SAMPLES += [sample(math.fma, "x: float, y: float, z: float")]

"""NumPy's elementwise functions of two arguments, but for the operators' ufuncs, which are in `operators`."""

import numpy as np

from srcad.rules import adjoint, elementwise, linear, nondifferentiable, sample, tangent
from srcad.runtime import unbroadcast
from srcad.templates._helpers import items_like, masked, nonzero, picked, shared


@adjoint(np.maximum, kind="elementwise", broadcasts=True, smaller=True, raises="never")
def maximum(x, y, *, ans, ans_bar):
    """The larger one gets the cotangent, equal ones half of it each; NaN is larger than anything."""
    ties = x == y
    return shared(x < y, ties, ans_bar), shared(x > y, ties, ans_bar)


@tangent(np.maximum)
def maximum_tangent(x, y, *, ans, x_dot, y_dot):
    """The tangent of the larger one, the mean for equal ones."""
    return picked(x < y, x == y, x_dot, y_dot)


@adjoint(np.minimum, kind="elementwise", broadcasts=True, smaller=True, raises="never")
def minimum(x, y, *, ans, ans_bar):
    """The smaller one gets the cotangent, equal ones half of it each; NaN is smaller than anything."""
    ties = x == y
    return shared(x > y, ties, ans_bar), shared(x < y, ties, ans_bar)


@tangent(np.minimum)
def minimum_tangent(x, y, *, ans, x_dot, y_dot):
    """The tangent of the smaller one, the mean for equal ones."""
    return picked(x > y, x == y, x_dot, y_dot)


@adjoint(np.fmax, kind="elementwise", broadcasts=True, smaller=True, raises="never")
def fmax(x, y, *, ans, ans_bar):
    """As `maximum`, but a number wins over NaN."""
    ties = x == y
    return shared((x < y) | np.isnan(x), ties, ans_bar), shared((x > y) | np.isnan(y), ties, ans_bar)


@tangent(np.fmax)
def fmax_tangent(x, y, *, ans, x_dot, y_dot):
    """The tangent of the one that is the result."""
    return picked((x < y) | np.isnan(x), x == y, x_dot, y_dot)


@adjoint(np.fmin, kind="elementwise", broadcasts=True, smaller=True, raises="never")
def fmin(x, y, *, ans, ans_bar):
    """As `minimum`, but a number wins over NaN."""
    ties = x == y
    return shared((x > y) | np.isnan(x), ties, ans_bar), shared((x < y) | np.isnan(y), ties, ans_bar)


@tangent(np.fmin)
def fmin_tangent(x, y, *, ans, x_dot, y_dot):
    """The tangent of the one that is the result."""
    return picked((x > y) | np.isnan(x), x == y, x_dot, y_dot)


@elementwise(np.hypot, raises="never")
def hypot(x, y, *, ans):
    """d sqrt(x^2 + y^2) = (x dx + y dy) / sqrt(x^2 + y^2), and 0 at the origin: a subgradient."""
    size = nonzero(ans)
    return x / size, y / size


@elementwise(np.arctan2, singular=True, raises="never")
def arctan2(y, x, *, ans):
    """d arctan2(y, x) = (x dy - y dx) / (x^2 + y^2)."""
    square = x * x + y * y
    return x / square, -y / square


@elementwise(np.logaddexp, raises="never")
def logaddexp(x, y, *, ans):
    """d log(e^x + e^y) = (e^x dx + e^y dy) / (e^x + e^y)."""
    return np.exp(x - ans), np.exp(y - ans)


@elementwise(np.logaddexp2, raises="never")
def logaddexp2(x, y, *, ans):
    """d log2(2^x + 2^y) = (2^x dx + 2^y dy) / (2^x + 2^y)."""
    return np.exp2(x - ans), np.exp2(y - ans)


@elementwise(np.fmod)
def fmod(x, y, *, ans):
    """fmod(x, y) = x - n y with the integer n = (x - ans) / y, constant but for jumps."""
    return 1, -np.rint((x - ans) / y)


@elementwise(np.copysign, raises="never")
def copysign(x, y, *, ans):
    """The signs of x and of the result; constant in y but for its sign."""
    return np.sign(x) * np.sign(ans), 0.0


@adjoint(np.heaviside, kind="elementwise", broadcasts=True, raises="never")
def heaviside(x, y, *, ans, ans_bar):
    """Constant in x but for the jump; the value of y where x is 0."""
    return 0.0, masked(x == 0, ans_bar)


@tangent(np.heaviside)
def heaviside_tangent(x, y, *, ans, x_dot, y_dot):
    """The tangent of y where x is 0."""
    return picked(x != 0, False, y_dot, 0.0)


@elementwise(np.nextafter, raises="never")
def nextafter(x, y, *, ans):
    """x, moved by the smallest step towards y."""
    return 1, 0.0


@linear(np.ldexp, wrt=("x",), kind="elementwise", broadcasts=True)
def ldexp(x, i, *, ans, ans_bar):
    """d(x 2^i) = 2^i dx."""
    return np.ldexp(ans_bar, i)


@adjoint(np.frexp, kind="elementwise")
def frexp(x, *, ans, ans_bar):
    """The mantissa x 2^-e, and the integer exponent e."""
    return np.ldexp(ans_bar[0], -ans[1])


@tangent(np.frexp)
def frexp_tangent(x, *, ans, x_dot):
    """The tangent of the mantissa, and 0."""
    return np.ldexp(x_dot, -ans[1]), 0.0


@adjoint(np.modf, kind="elementwise")
def modf(x, *, ans, ans_bar):
    """The fraction x - n, and the integer n, constant but for jumps."""
    return ans_bar[0]


@tangent(np.modf)
def modf_tangent(x, *, ans, x_dot):
    """The tangent of the fraction, and 0."""
    return x_dot, 0.0


@adjoint(np.choose, wrt=("choices",))
def choose(a, choices, *, mode="raise", ans, ans_bar):
    """Each choice gets the cotangent where it was taken."""
    zero = np.zeros_like(ans_bar)
    nothing = [zero for _ in choices]
    choices_bar = [np.choose(a, put_at(nothing, k, ans_bar), mode=mode) for k in range(len(choices))]
    return items_like([unbroadcast(g, item) for g, item in zip(choices_bar, choices, strict=True)], choices)


@tangent(np.choose)
def choose_tangent(a, choices, *, mode="raise", ans, choices_dot):
    """The tangent of what was taken."""
    return np.choose(a, choices_dot, mode=mode)


def put_at(items, k, item):
    """A copy of a list with another item number `k`."""
    return [*items[:k], item, *items[k + 1 :]]


# Constant but for jumps, and functions of integers.
nondifferentiable(np.gcd, np.lcm, np.left_shift, np.right_shift, kind="elementwise")
nondifferentiable(np.bitwise_and, np.bitwise_or, np.bitwise_xor, kind="elementwise")

# Comparisons.
nondifferentiable(
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.isclose,
    kind="elementwise_bool",
)  # fmt: skip


SAMPLES = [
    *(sample(f, "x: (2, 3), y: (3,)") for f in (np.maximum, np.minimum, np.fmax, np.fmin)),
    *(sample(f, "x: (3,) f4, y: (3,) f4") for f in (np.maximum, np.minimum, np.fmax, np.fmin)),
    *(sample(f, "x: float, y: float") for f in (np.maximum, np.minimum, np.fmax, np.fmin)),
    *(sample(f, "x: (2, 3), y: (3,)") for f in (np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign)),
    *(sample(f, "x: (3,) f4, y: (3,) f4") for f in (np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign)),
    *(sample(f, "x: float, y: float") for f in (np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign)),
    sample(np.fmod, "x: (2, 3) big, y: (3,) unit"),
    sample(np.fmod, "x: (3,), y: (3,) over1"),
    sample(np.heaviside, "x: =, y: (2, 3)", np.array([0, 1, -1])),
    sample(np.heaviside, "x: (3,), y: float"),
    sample(np.nextafter, "x: (3,), y: (2, 3)"),
    sample(np.ldexp, "x: (2, 3), i: (3,) i8"),
    sample(np.ldexp, "x: (3,) f4, i: (3,) i4"),
    sample(np.frexp, "x: (3,) unit"),
    sample(np.modf, "x: (3,) fractional"),
    sample(np.choose, "a: =, choices: [(3,), (2, 3)]", np.array([0, 1, 1])),
    sample(np.choose, "a: =, choices: (2, 3)", np.array([0, 1, 1])),
    sample(np.choose, "a: =, choices: [(3,), (3,)]", np.array([3, 1, 0]), mode="wrap"),
]

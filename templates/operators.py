"""Python's operators, and the ufuncs that they call on arrays.

A partial of an operator on arrays is multiplied with the cotangent by the compiler, which also sums it to the shape of
its operand.
"""

import operator

import numpy as np

from srcad.rules import adjoint, elementwise, nondifferentiable, sample, structural, tangent
from srcad.runtime import is_numpy
from srcad.templates._helpers import nonzero, power_slope


@elementwise(operator.iadd, writes=("x",), views=("x",))
@elementwise(operator.add, np.add, raises="never")
def add(x, y, *, ans):
    """d(x + y) = dx + dy."""
    return 1, 1


@elementwise(operator.isub, writes=("x",), views=("x",))
@elementwise(operator.sub, np.subtract, raises="never")
def sub(x, y, *, ans):
    """d(x - y) = dx - dy."""
    return 1, -1


@elementwise(operator.imul, writes=("x",), views=("x",))
@elementwise(operator.mul, np.multiply, raises="never")
def mul(x, y, *, ans):
    """d(x y) = y dx + x dy."""
    return y, x


@elementwise(operator.itruediv, writes=("x",), views=("x",), singular=True)
@elementwise(operator.truediv, np.divide, np.true_divide, singular=True)
def truediv(x, y, *, ans):
    """d(x / y) = dx / y - x / y^2 dy; of NumPy's, one operation less with the result."""
    if is_numpy(ans):
        return 1 / y, -ans / y
    return 1 / y, -x / (y * y)


@elementwise(operator.imod, writes=("x",), views=("x",))
@elementwise(operator.mod, np.remainder)
def mod(x, y, *, ans):
    """x % y = x - y floor(x / y), whose floor is constant almost everywhere."""
    return 1, -(x // y)


@elementwise(operator.ipow, writes=("x",), views=("x",), singular=True)
@elementwise(operator.pow, np.power, np.float_power, singular=True)
def power(x, y, *, ans):
    """d(x^y) = y x^(y-1) dx + x^y log(x) dy; 0 for the second at x = 0, where x^y does not depend on y > 0."""
    return power_slope(x, y), ans * np.log(nonzero(x))


@elementwise(operator.neg, np.negative, raises="never")
def neg(x, *, ans):
    """d(-x) = -dx."""
    return -1


@elementwise(operator.pos, np.positive, raises="never")
def pos(x, *, ans):
    """d(+x) = dx."""
    return 1


@adjoint(operator.abs, abs, np.absolute, kind="elementwise_real", broadcasts=True, smaller=True, raises="never")
def absolute(x, *, ans, ans_bar):
    """d|x| = Re(conj(sign(x)) dx) with sign(x) = x / |x|, and 0 at 0: a subgradient."""
    if np.iscomplexobj(x):
        return ans_bar * np.conj(np.sign(x))
    return ans_bar * np.sign(x)


@tangent(operator.abs, abs, np.absolute)
def absolute_tangent(x, *, ans, x_dot):
    """d|x| = Re(conj(sign(x)) dx)."""
    if np.iscomplexobj(x):
        return np.real(np.conj(np.sign(x)) * x_dot)
    return np.sign(x) * x_dot


@adjoint(divmod, np.divmod, kind="elementwise", broadcasts=True)
def divmod_(x, y, *, ans, ans_bar):
    """The pair of x // y, which is constant almost everywhere, and x % y."""
    return ans_bar[1], -ans[0] * ans_bar[1]


@tangent(divmod, np.divmod)
def divmod_tangent(x, y, *, ans, x_dot, y_dot):
    """The pair of 0 and the tangent of x % y."""
    return 0.0, x_dot - ans[0] * y_dot


nondifferentiable(operator.floordiv, np.floor_divide, kind="elementwise")
nondifferentiable(operator.ifloordiv, kind="elementwise", writes=("a",), views=("a",))

# Comparisons and truth.
nondifferentiable(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge, kind="elementwise_bool")
nondifferentiable(operator.not_, operator.truth, operator.is_, operator.is_not, operator.contains, kind="bool")
nondifferentiable(operator.countOf, operator.indexOf, operator.length_hint, operator.index, kind="int")

# Bitwise operators: for integers and bools only, which carry no derivative. (`|` also merges dicts and sets of them.)
nondifferentiable(operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift, kind="elementwise")
nondifferentiable(operator.invert, operator.inv, kind="elementwise")
nondifferentiable(
    operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift,
    kind="elementwise", writes=("a",), views=("a",),
)  # fmt: skip

# Moving references: sequences joined, and functions that make functions.
structural(operator.concat, operator.iconcat)
structural(operator.attrgetter, operator.itemgetter, operator.methodcaller)
if hasattr(operator, "call"):
    structural(operator.call)


SAMPLES = [
    sample(operator.add, "x: (2, 3), y: (3,)"),
    sample(operator.add, "x: float, y: float"),
    sample(operator.add, "x: (2,) c16, y: (3, 1)"),
    sample(operator.iadd, "x: (2, 3), y: (3,)"),
    sample(np.add, "x: (2, 1), y: (3,)"),
    sample(np.add, "x: (3,) f4, y: (3,) f4"),
    sample(operator.sub, "x: (3,), y: (2, 3)"),
    sample(operator.isub, "x: (2, 3), y: (3,)"),
    sample(np.subtract, "x: (2, 3), y: ()"),
    sample(operator.mul, "x: (2, 3), y: (3,)"),
    sample(operator.mul, "x: (3,) f4, y: float"),
    sample(operator.mul, "x: (3,) c16, y: (3,)"),
    sample(operator.imul, "x: (2, 3), y: (3,)"),
    sample(np.multiply, "x: (2, 3), y: (2, 1)"),
    sample(operator.truediv, "x: (2, 3), y: (3,) nonzero"),
    sample(operator.truediv, "x: float, y: float"),
    sample(operator.truediv, "x: (3,) c16, y: (3,) c16"),
    sample(operator.itruediv, "x: (2, 3), y: (3,)"),
    sample(np.divide, "x: (3,) f4, y: (3,) f4"),
    sample(operator.mod, "x: (2, 3), y: (3,) over1"),
    sample(operator.mod, "x: float big, y: float unit"),
    sample(operator.imod, "x: (2, 3), y: (3,) over1"),
    sample(np.remainder, "x: (3,) big, y: (3,) unit"),
    sample(operator.pow, "x: (2, 3) positive, y: (3,)"),
    sample(operator.pow, "x: (2, 3), y: =", 3),
    sample(operator.pow, "x: float, y: =", -2),
    sample(operator.pow, "x: float positive, y: float"),
    sample(operator.pow, "x: (3,) f4 positive, y: float"),
    sample(operator.pow, "x: (3,) c16 positive, y: (3,) c16"),
    sample(operator.pow, "x: (3,), y: (2, 3) i8"),
    sample(operator.ipow, "x: (2, 3) positive, y: (3,)"),
    sample(np.power, "x: (2, 3) positive, y: ()"),
    sample(np.float_power, "x: (3,) positive, y: (3,)"),
    sample(operator.neg, "x: (2, 3)"),
    sample(np.negative, "x: (3,) f4"),
    sample(operator.pos, "x: (2, 3)"),
    sample(np.positive, "x: float"),
    sample(operator.abs, "x: (2, 3)"),
    sample(abs, "x: float"),
    sample(abs, "x: complex"),
    sample(np.absolute, "x: (3,) c16"),
    sample(np.absolute, "x: (3,) f4"),
    sample(divmod, "x: float big, y: float unit"),
    sample(np.divmod, "x: (2, 3) big, y: (3,) unit"),
]

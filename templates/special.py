"""Rules of the special functions that other templates call, so that derivatives of every order exist."""

from srcad.rules import elementwise, sample
from srcad.runtime.special import digamma, i0_derivative, polygamma, sinc_derivative


@elementwise(digamma)
def digamma_(x, *, ans):
    """The trigamma function."""
    return polygamma(1, x)


@elementwise(polygamma, wrt=("x",))
def polygamma_(n, x, *, ans):
    """The polygamma function of the next order."""
    return polygamma(n + 1, x)


@elementwise(i0_derivative, wrt=("x",))
def i0_derivative_(n, x, *, ans):
    """The derivative of the next order."""
    return i0_derivative(n + 1, x)


@elementwise(sinc_derivative, wrt=("x",))
def sinc_derivative_(n, x, *, ans):
    """The derivative of the next order."""
    return sinc_derivative(n + 1, x)


SAMPLES = [
    sample(digamma, "x: (3,) fractional"),
    sample(digamma, "x: (3,) f4 positive"),
    sample(polygamma, "n: =, x: (3,) fractional", 1),
    sample(polygamma, "n: =, x: (3,) positive", 2),
    sample(i0_derivative, "n: =, x: (3,)", 1),
    sample(i0_derivative, "n: =, x: (3,)", 2),
    sample(sinc_derivative, "n: =, x: (3,)", 1),
    sample(sinc_derivative, "n: =, x: (3,)", 2),
]

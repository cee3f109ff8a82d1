"""Rules of the functions that generated code calls, so that a derivative can be differentiated again."""

from srcad.rules import linear, nondifferentiable, sample
from srcad.runtime import broadcast_like, gradient_like, own, seed, unbroadcast


@linear(unbroadcast, wrt=("g",), kind="unknown", views=("g",))
def unbroadcast_(g, x, *, ans, ans_bar):
    """What is summed gets the cotangent of the sum."""
    return broadcast_like(ans_bar, g)


@linear(broadcast_like, wrt=("g",), kind="unknown", views=("g",))
def broadcast_like_(g, x, *, ans, ans_bar):
    """What is repeated gets the sum of the cotangents."""
    return unbroadcast(ans_bar, g)


@linear(gradient_like, wrt=("g",), kind="unknown")
def gradient_like_(g, x, *, ans, ans_bar):
    """As `broadcast_like`."""
    return unbroadcast(ans_bar, g)


@linear(own, kind="same")
def own_(x, *, ans, ans_bar):
    """The identity."""
    return ans_bar


nondifferentiable(seed, kind="scalar_float")

SAMPLES = [
    sample(unbroadcast, "g: (2, 3), x: (3,)"),
    sample(unbroadcast, "g: (2, 3) f4, x: (2, 1) f4"),
    sample(broadcast_like, "g: (3,), x: (2, 3)"),
    sample(gradient_like, "g: (3,), x: (2, 3)"),
    sample(own, "x: (3,)"),
]

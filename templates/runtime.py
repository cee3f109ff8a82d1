"""Rules of the functions that generated code calls, so that a derivative can be differentiated again."""

from srcad.rules import adjoint, linear, nondifferentiable, sample, tangent
from srcad.runtime import as_view, broadcast_like, gradient_like, own, seed, unbroadcast


@adjoint(unbroadcast, wrt=("g", "x"), kind="unknown", views=("g",))
def unbroadcast_(g, x, *, ans, ans_bar):
    """What is summed gets the cotangent of the sum; of `x` only the shape matters."""
    return broadcast_like(ans_bar, g), 0.0


@tangent(unbroadcast)
def unbroadcast_tangent(g, x, *, ans, g_dot, x_dot):
    """It is linear in `g`."""
    return unbroadcast(g_dot, x)


@adjoint(broadcast_like, wrt=("g", "x"), kind="unknown", views=("g",))
def broadcast_like_(g, x, *, ans, ans_bar):
    """What is repeated gets the sum of the cotangents; of `x` only the shape matters."""
    return unbroadcast(ans_bar, g), 0.0


@tangent(broadcast_like)
def broadcast_like_tangent(g, x, *, ans, g_dot, x_dot):
    """It is linear in `g`."""
    return broadcast_like(g_dot, x)


@adjoint(gradient_like, wrt=("g", "x"), kind="unknown")
def gradient_like_(g, x, *, ans, ans_bar):
    """As `broadcast_like`."""
    return unbroadcast(ans_bar, g), 0.0


@tangent(gradient_like)
def gradient_like_tangent(g, x, *, ans, g_dot, x_dot):
    """It is linear in `g`."""
    return gradient_like(g_dot, x)


@linear(own, kind="same")
def own_(x, *, ans, ans_bar):
    """The identity."""
    return ans_bar


@linear(as_view, wrt=("view",), kind="same", views=("view",))
def as_view_(view, x, *, ans, ans_bar):
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

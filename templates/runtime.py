"""Rules of the functions that generated code calls, so that a derivative can be differentiated again."""

from srcad.rules import adjoint, linear, nondifferentiable, sample, tangent
from srcad.runtime import (
    as_view,
    broadcast_like,
    check_finite,
    gradient_like,
    into_memory,
    laid_out,
    memory_of,
    note_value,
    own,
    seed,
    tangent_of_memory,
    unbroadcast,
    unless_integers,
    watch_values,
)


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


@linear(unless_integers, wrt=("g",), kind="unknown", views=("g",))
def unless_integers_(g, made, *, ans, ans_bar):
    """As for what is rounded itself."""
    return unless_integers(ans_bar, made)


@linear(as_view, wrt=("view",), kind="same", views=("view",))
def as_view_(view, x, *, ans, ans_bar):
    """The identity."""
    return ans_bar


@adjoint(memory_of, wrt=("arrays",), kind="memory")
def memory_of_(*arrays, ans, ans_bar):
    """What moves an array moves its part of the memory, under whatever name that is read."""
    return tuple([laid_out(ans_bar, x, *arrays[:k], *arrays[k + 1 :]) for k, x in enumerate(arrays)])


@tangent(memory_of)
def memory_of_tangent(*arrays, ans, arrays_dot):
    """An element moves with every array that it is in."""
    return tangent_of_memory(arrays_dot, ans, *arrays)


@adjoint(tangent_of_memory, wrt=("tangents", "memory", "arrays"), kind="memory")
def tangent_of_memory_(tangents, memory, *arrays, ans, ans_bar):
    """Each tangent gets the part of the memory that its array is."""
    parts = [laid_out(ans_bar, x, *arrays[:k], *arrays[k + 1 :]) for k, x in enumerate(arrays)]
    return parts, 0.0, tuple([0.0 for _ in arrays])


@tangent(tangent_of_memory)
def tangent_of_memory_tangent(tangents, memory, *arrays, ans, tangents_dot, memory_dot, arrays_dot):
    """It is linear in `tangents`."""
    return tangent_of_memory(tangents_dot, memory, *arrays)


@adjoint(laid_out, wrt=("memory", "x", "others"), kind="laid_out", views=("memory",))
def laid_out_(memory, x, *others, ans, ans_bar):
    """A view: each element goes back to where it is; of the arrays only the layout matters."""
    return into_memory(ans_bar, memory, x, *others), 0.0, tuple([0.0 for _ in others])


@tangent(laid_out)
def laid_out_tangent(memory, x, *others, ans, memory_dot, x_dot, others_dot):
    """It is linear in `memory`."""
    return laid_out(memory_dot, x, *others)


@adjoint(into_memory, wrt=("g", "memory", "x", "others"), kind="unknown")
def into_memory_(g, memory, x, *others, ans, ans_bar):
    """The part of the memory that belongs to `x`."""
    return laid_out(ans_bar, x, *others), 0.0, 0.0, tuple([0.0 for _ in others])


@tangent(into_memory)
def into_memory_tangent(g, memory, x, *others, ans, g_dot, memory_dot, x_dot, others_dot):
    """It is linear in `g`."""
    return into_memory(g_dot, memory, x, *others)


nondifferentiable(seed, kind="scalar_float", of_form=True)
nondifferentiable(check_finite, note_value, watch_values, kind="none", impure=True)

SAMPLES = [
    sample(unbroadcast, "g: (2, 3), x: (3,)"),
    sample(unbroadcast, "g: (2, 3) f4, x: (2, 1) f4"),
    sample(broadcast_like, "g: (3,), x: (2, 3)"),
    sample(gradient_like, "g: (3,), x: (2, 3)"),
    sample(own, "x: (3,)"),
    sample(memory_of, "x: (3,)"),
    sample(laid_out, "memory: (3,), x: (3,)"),
]

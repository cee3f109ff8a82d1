"""srcad's own functions."""

from srcad.rules import adjoint, nondifferentiable, tangent
from srcad.runtime import as_updated, as_updated_number, stop_gradient

nondifferentiable(stop_gradient, kind="same", views=("x",))


@adjoint(as_updated, as_updated_number, wrt=("result", "before"), kind="identity")
def as_updated_(result, before, *, ans, ans_bar):
    """The result in the dtype of what it replaces; what it replaces does not matter."""
    return ans_bar, 0.0


@tangent(as_updated, as_updated_number)
def as_updated_tangent(result, before, *, ans, result_dot, before_dot):
    """The tangent of the result."""
    return result_dot

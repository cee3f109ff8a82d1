"""srcad's own functions."""

from srcad.rules import nondifferentiable
from srcad.runtime import stop_gradient

nondifferentiable(stop_gradient, kind="same", views=("x",))

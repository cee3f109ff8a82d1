"""NumPy's scalar types as functions, and questions about types and memory."""

import numpy as np

from srcad.rules import linear, nondifferentiable, sample
from srcad.templates._helpers import real_like


@linear(np.float32, np.float64, np.longdouble, np.complex64, np.complex128, wrt=("x",), kind="unknown", views=("x",))
def float_type(x=0, *, ans, ans_bar):
    """The same number in another precision."""
    return real_like(ans_bar, x)


nondifferentiable(
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
    kind="unknown",
)  # fmt: skip

# Questions about types, shapes and memory.
nondifferentiable(np.dtype, np.finfo, np.iinfo, kind="unknown", of_form=True)
nondifferentiable(np.result_type, np.promote_types, np.min_scalar_type, np.common_type, kind="unknown", of_form=True)
nondifferentiable(
    np.can_cast, np.issubdtype, np.isdtype, np.isscalar, np.isfortran, np.iterable, kind="bool", of_form=True
)
nondifferentiable(np.may_share_memory, np.shares_memory, kind="bool", of_form=True)
nondifferentiable(np.broadcast_shapes, kind="unknown", of_form=True)


SAMPLES = [
    sample(np.float64, "x: float"),
    sample(np.float64, "x: () f4"),
    sample(np.float32, "x: () f4"),
    sample(np.longdouble, "x: float"),
    sample(np.complex128, "x: complex"),
    sample(np.complex128, "x: float"),
    sample(np.complex64, "x: () c8"),
]

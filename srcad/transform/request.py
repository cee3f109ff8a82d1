"""What is asked of a derivative: with respect to what, and what comes back."""

from __future__ import annotations

from srcad.ir.record import record


@record(frozen=True)
class Request:
    """Which derivative is wanted.

    Args:
        wrt: positions of the parameters to differentiate with respect to.
        single: whether one gradient is returned bare (`argnums` an int) or in a tuple.
        value: whether the value is returned too.
        has_aux: whether the function returns ``(value, aux)``.
        name: the name of the generated function.
        check_finite: whether every adjoint or tangent is checked to be finite.
        strict: whether a statement that cuts the path of a derivative is an error.
    """

    wrt: tuple[int, ...]
    single: bool = True
    value: bool = False
    has_aux: bool = False
    name: str = "f_grad"
    check_finite: bool = False
    strict: bool = False

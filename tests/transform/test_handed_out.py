"""Arrays that containers hand out under other names, changed there: forward mode is right, reverse mode or refused."""

import numpy as np
import pytest

import srcad
from srcad.errors import InternalError, SrcadError
from tests.programs import modes, numeric
from tests.programs.test_programs import located
from tests.transform.handed_out import PROGRAMS, next_of_iter

#: In forward mode, too.
ONLY_REFUSED = [next_of_iter]

V, X = np.array([0.3, 1.2, -0.4]), 0.7
V_DOT, X_DOT = np.array([0.2, -0.3, 0.5]), 0.3


@pytest.mark.parametrize("mode", modes.MODES)
@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_right(fn, mode):
    v = V.copy()
    value = fn(V.copy(), X)
    slope = numeric.central(fn, (V, X), {0: V_DOT, 1: X_DOT})
    with modes.compiling(mode):
        forward = unless_refused(lambda: srcad.jvp(fn, (v, X), (V_DOT, X_DOT)))
        reverse = unless_refused(lambda: srcad.value_and_grad(fn, argnums=(0, 1))(v, X))
    assert numeric.identical(v, V), "the caller's data has changed"
    assert (forward is None) == (fn in ONLY_REFUSED)
    if forward is not None:
        got, tangent = forward
        assert numeric.identical(got, value) and numeric.close(float(tangent), slope, 1e-7, 1.0)
    if reverse is not None:
        got, (v_bar, x_bar) = reverse
        assert numeric.identical(got, value)
        assert numeric.close(float(v_bar @ V_DOT + x_bar * X_DOT), slope, 1e-7, 1.0)


def unless_refused(derivative):
    """What the derivative returns; None where it is refused with a place in the source."""
    try:
        return derivative()
    except InternalError:
        raise
    except SrcadError as error:
        assert located(error), str(error)
        return None

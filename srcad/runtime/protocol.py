"""Arrays of other libraries: of a class that takes part in NumPy's functions and operators by its protocols.

What such a class says of itself is believed: ``dtype``, ``shape``, and that NumPy's functions, operators and methods
mean for it what they mean for NumPy's arrays. Not that its slices are views, or that ``+=`` changes an array.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_other_array(x: Any) -> bool:
    """Whether `x` is an array of another library than NumPy.

    Numbers with units follow the protocols, too, but are none: the derivative of such a number has another unit.

    >>> is_other_array(np.zeros(2)), is_other_array([1.0])
    (False, False)
    """
    cls: Any = type(x)
    if not hasattr(cls, "__array_function__") or not hasattr(cls, "__array_ufunc__"):
        return False
    if isinstance(x, (np.ndarray, np.generic)) or hasattr(cls, "units") or hasattr(cls, "unit"):
        return False
    return isinstance(getattr(x, "dtype", None), np.dtype) and isinstance(getattr(x, "shape", None), tuple)


def is_array(x: Any) -> bool:
    """Whether `x` is an array, of NumPy or of another library.

    >>> is_array(np.zeros(2)), is_array(np.float64(1.0))
    (True, False)
    """
    return isinstance(x, np.ndarray) or is_other_array(x)


def is_complex(x: Any) -> bool:
    """Whether `x` has complex numbers: `numpy.iscomplexobj`, which not every library has.

    >>> is_complex(1j), is_complex(np.zeros(2))
    (True, False)
    """
    return bool(x.dtype.kind == "c") if is_other_array(x) else np.iscomplexobj(x)


def filled_like(x: Any, g: Any) -> Any:
    """A fresh array of the library, shape and dtype of `x` with the values of `g`, which broadcasts to it.

    >>> filled_like(np.zeros(2), 3.0)
    array([3., 3.])
    """
    made = np.zeros_like(x) + g
    return made if made.dtype == x.dtype else made.astype(x.dtype)

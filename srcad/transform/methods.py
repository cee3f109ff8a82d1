"""Methods and attributes of values of known class, as functions of the class: ``x.sum`` as ``np.ndarray.sum``."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.atoms import is_hashable
from srcad.ir.kinds import Array, Kind, Numeric, Scalar, Unknown
from srcad.rules import rule_for
from srcad.transform.algebra import class_of


def resolve_method(kind: Kind, name: str) -> Any:
    """The function of the class that ``value.name(...)`` calls, or None where the class is not known.

    A receiver of unknown class is taken for an array where arrays have a derivative rule under that name: the printed
    code still calls the method on whatever the value is.
    """
    cls = class_of(kind)
    if cls is None and isinstance(kind, Unknown) and not hasattr(np.ndarray, name):
        cls = next((c for c in (list, dict) if hasattr(c, name) and name != "pop"), None)
        return None if cls is None else getattr(cls, name)
    if cls is None and isinstance(kind, (Numeric, Unknown)):
        cls = np.ndarray
    if isinstance(kind, Scalar) and (cls is None or hasattr(cls, name)):
        cls = np.ndarray  # numbers have some of the methods of arrays; the printed code calls the number's own
    function = getattr(cls, name, None)
    if function is None:
        return None
    if isinstance(kind, (Array, Numeric, Unknown, Scalar)) and rule_for(function) is None:
        return None
    return function


def resolve_attribute(kind: Kind, name: str) -> Any:
    """The descriptor of an array attribute that has a derivative rule (``np.ndarray.T``), or None."""
    if not isinstance(kind, (Array, Numeric, Unknown, Scalar)):
        return None
    descriptor = getattr(np.ndarray, name, None)
    rule = None if descriptor is None else rule_for(descriptor)
    return None if rule is None or rule.nondifferentiable else descriptor


#: Functions whose methods do the same for an array, in half the time.
_METHODS: dict[Any, Any] = {
    np.sum: np.ndarray.sum,
    np.mean: np.ndarray.mean,
    np.max: np.ndarray.max,
    np.min: np.ndarray.min,
    np.reshape: np.ndarray.reshape,
    np.ravel: np.ndarray.ravel,
    np.cumsum: np.ndarray.cumsum,
}


def method_for(fn: Any, kind: Kind) -> Any:
    """The method that does for a value of this kind what a function of NumPy does, or None where there is none.

    >>> method_for(np.sum, Array("f8", None)) is np.ndarray.sum
    True
    """
    return _METHODS.get(fn) if isinstance(kind, Array) and is_hashable(fn) else None

"""The gradient checker: compares a derivative with finite differences, and reverse mode with forward mode.

It knows nothing of the compiler: it is handed the functions to compare, so that it can judge them (`srcad.check`
hands it those of srcad). It is itself tested with gradients that are deliberately wrong.
"""

from srcad.checking.compare import check_derivatives, float_arguments
from srcad.checking.differences import Difference, differentiate
from srcad.checking.report import CheckReport, Comparison

__all__ = ["CheckReport", "Comparison", "Difference", "check_derivatives", "differentiate", "float_arguments"]

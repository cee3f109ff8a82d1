"""The gradient checker: compares a derivative with finite differences, and reverse mode with forward mode.

`gradients.py` hands over srcad's derivatives; all the rest knows nothing of the compiler, so that it can judge it, and is
itself tested with gradients that are deliberately wrong.
"""

from srcad.checking.compare import check_derivatives
from srcad.checking.differences import Difference, differentiate
from srcad.checking.gradients import check
from srcad.checking.report import CheckReport, Comparison

__all__ = ["CheckReport", "Comparison", "Difference", "check", "check_derivatives", "differentiate"]

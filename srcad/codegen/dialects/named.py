"""The dialects by name. Loaded only where one is asked for: printing for Python needs none of the others."""

from __future__ import annotations

from srcad.codegen.dialects.base import NUMPY
from srcad.codegen.dialects.numba import NUMBA

DIALECTS = {dialect.name: dialect for dialect in (NUMPY, NUMBA)}

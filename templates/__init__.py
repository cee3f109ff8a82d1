"""Derivative templates: formulas only, one module per area; see `srcad.rules` for the decorators.

Every module of this package is loaded at the first look-up of a rule. One whose name begins with ``scipy_`` is loaded
only once the part of SciPy that it is about has been imported (``scipy_special`` with ``scipy.special``), and one whose
name begins with ``_`` holds helpers of the others.
"""

import pkgutil


def _library(name: str) -> str | None:
    """The optional library that a template module needs."""
    return "scipy." + name.removeprefix("scipy_") if name.startswith("scipy_") else None


#: Template module -> the optional library it needs, or None.
MODULES: dict[str, str | None] = {
    name: _library(name) for name in sorted(m.name for m in pkgutil.iter_modules(__path__)) if not name.startswith("_")
}

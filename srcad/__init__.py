"""srcad: a source-to-source automatic-differentiation compiler for Python and NumPy."""

from srcad.api import Derivative, Graph, check, compile_options, dump, grad, graph, jvp, stop_gradient, value_and_grad
from srcad.errors import (
    ArgumentError,
    InternalError,
    MissingRule,
    NonDifferentiable,
    NotFinite,
    RuleError,
    SourceUnavailable,
    SrcadError,
    UnsupportedSyntax,
)
from srcad.explanation import Explanation, explain
from srcad.rules import adjoint, elementwise, linear, multilinear, nondifferentiable, sample, tangent

__all__ = [
    "ArgumentError",
    "Derivative",
    "Explanation",
    "Graph",
    "InternalError",
    "MissingRule",
    "NonDifferentiable",
    "NotFinite",
    "RuleError",
    "SourceUnavailable",
    "SrcadError",
    "UnsupportedSyntax",
    "adjoint",
    "check",
    "compile_options",
    "dump",
    "elementwise",
    "explain",
    "grad",
    "graph",
    "jvp",
    "linear",
    "multilinear",
    "nondifferentiable",
    "sample",
    "stop_gradient",
    "tangent",
    "value_and_grad",
]


def __getattr__(name: str) -> str:
    """`__version__` is read from the metadata when it is asked for: that import is slow, this one stays fast."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("srcad")
    except PackageNotFoundError:
        return "0+not.installed"

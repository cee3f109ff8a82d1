"""srcad: a source-to-source automatic-differentiation compiler for Python and NumPy."""


def __getattr__(name: str) -> str:
    """`__version__` is read from the installed metadata when it is asked for: that import is slow, this one stays fast."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("srcad")
    except PackageNotFoundError:
        return "0+not.installed"

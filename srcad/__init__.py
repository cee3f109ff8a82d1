"""srcad: a source-to-source automatic-differentiation compiler for Python and NumPy."""

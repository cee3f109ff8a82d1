"""Computational graphs of functions in SSA form: `build` makes a `model`, `dot` writes it, `svg` lays it out."""

"""Passes: SSA to SSA, one a file."""

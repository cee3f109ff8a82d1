"""From a Python function to structured SSA: finding the source, desugaring, lowering, name resolution."""

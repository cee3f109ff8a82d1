"""From SSA to Python text, and from the text to functions: folding, naming, printing, loading."""

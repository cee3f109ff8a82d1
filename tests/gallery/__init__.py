"""The gallery: programs from many fields, their generated gradients, and what is counted of these."""

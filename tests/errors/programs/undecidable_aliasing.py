import numpy as np

import srcad


def ambiguous(v, k):
    mixed = [v * 1.0, k, "a name"]
    chosen = mixed[k]
    chosen[0] = 3.0
    return np.sum(mixed[k] * v)


srcad.grad(ambiguous)(np.array([1.0, 2.0]), 0)

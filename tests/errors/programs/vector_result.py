import numpy as np

import srcad


def squares(v):
    return v * v


srcad.grad(squares)(np.array([1.0, 2.0]))

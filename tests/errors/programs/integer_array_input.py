import numpy as np

import srcad


def energy(v):
    return np.sum(v * v)


srcad.grad(energy)(np.arange(3))

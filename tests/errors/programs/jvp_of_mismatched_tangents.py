import numpy as np

import srcad


def energy(v):
    return np.sum(v * v)


srcad.jvp(energy, (np.ones(3),), (np.ones(4),))

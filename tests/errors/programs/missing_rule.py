import numpy as np

import srcad


def smooth(v):
    w = v * 2.0
    return np.sum(np.bartlett(5) * np.unwrap(w))


srcad.grad(smooth)(np.array([0.1, 0.5, 0.2, 0.4, 0.3]))

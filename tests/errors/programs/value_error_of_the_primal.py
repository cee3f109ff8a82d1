import math

import srcad


def root(x):
    y = x - 5.0
    return math.sqrt(y) * x


srcad.value_and_grad(root)(2.0)

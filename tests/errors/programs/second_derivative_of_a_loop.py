import math

import srcad


def iterate(x):
    y = x
    for _ in range(4):
        y = math.sin(y) * x
    return y


srcad.grad(srcad.grad(iterate))(1.0)

import math

import srcad


def median(x):
    values = [x, math.sin(x), x * x]
    values.sort()
    return values[1]


srcad.grad(srcad.grad(median))(1.0)

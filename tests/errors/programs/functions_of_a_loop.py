import srcad


def uses_each(x, n):
    scales = []
    for k in range(n):
        scales.append(lambda t: k * t)
    return sum(scale(x) for scale in scales)


srcad.grad(uses_each)(2.0, 3)

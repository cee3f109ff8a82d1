import srcad


def energy(x):
    return x**3


def force(x):
    return -srcad.grad(energy)(x)


srcad.grad(force)(2.0)

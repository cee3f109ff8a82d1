import srcad


def product(x, y):
    return x * y


srcad.grad(product)(2.0)

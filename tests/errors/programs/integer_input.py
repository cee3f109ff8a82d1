import srcad


def power(x, n):
    return x**n


srcad.grad(power)(3, 2)

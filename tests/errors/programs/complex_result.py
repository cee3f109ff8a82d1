import srcad


def rotate(z):
    return z * 1j


srcad.grad(rotate)(1.0 + 2.0j)

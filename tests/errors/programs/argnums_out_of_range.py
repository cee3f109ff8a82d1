import srcad


def product(x, y):
    return x * y


srcad.grad(product, argnums=(0, 2))(1.0, 2.0)

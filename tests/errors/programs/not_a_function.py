import srcad


def square(x):
    return x * x


srcad.grad(square(2.0))

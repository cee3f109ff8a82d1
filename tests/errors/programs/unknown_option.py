import srcad


def square(x):
    return x * x


srcad.grad(square, has_auxiliary=True)

import srcad


def unbound(x):
    if x > 5.0:
        y = x
    return y * x


srcad.grad(unbound)(2.0)

import srcad


def formula(x):
    return eval("x * x")


srcad.grad(formula)(2.0)

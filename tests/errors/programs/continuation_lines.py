import srcad


def long_sum(x, y):
    # fmt: off
    total = (
        x * x
        + y
        + eval("x")
        - 1.0
    )
    # fmt: on
    return total


srcad.grad(long_sum)(2.0, 3.0)

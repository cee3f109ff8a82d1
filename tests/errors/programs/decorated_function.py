import functools

import srcad


def logged(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args)

    return wrapper


@logged
def decorated(x):
    y = x * x
    return y * eval("x")


srcad.grad(decorated)(2.0)
